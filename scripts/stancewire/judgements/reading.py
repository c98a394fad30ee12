"""Reading: what one submission gives row by row, with the reasons for what it cannot give (`rows.py` says the rest)."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ..codebook.model import Entity
from ..errors import ExportError, Problem
from ..label_studio.model import Mark, Submission
from ..tables import number_repeats, row_id
from .names import NameIndex
from .places import Document, Place, place_span
from .terms import Terms, Vocabulary

Row = dict[str, Any]

_MAY_BE_NULL = (
    *("start", "end", "text", "made_start", "made_end", "label", "kind", "entity_id"),
    *("target_id", "target_id_given", "evidence_id", "attribution", "flag", "comment"),
    *("holder_type", "holder_entity_id", "holder_text", "via_type", "via_entity_id", "via_text"),
)


@dataclass(frozen=True)
class Judged:
    """A row, whether it goes to quarantine, and its slot: the region or control whose next state would replace it."""

    slot: tuple[str, str]
    row: Row
    quarantined: bool


@dataclass
class Reading:
    """What one submission says.

    Attributes:
        slots: every region and document-level control in it, whatever became of it.
        counts: values dropped by rule, by name.
    """

    judged: list[Judged] = field(default_factory=list)
    slots: set[tuple[str, str]] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Unreadable(Exception):
    """Why a mark, or a value of it, cannot become a judgement."""


class Reader:
    """What the layers' readers share: places, rows, ids, quarantine."""

    def __init__(self, submission: Submission, document: Document | None, terms: Terms, known: NameIndex) -> None:
        self.submission = submission
        self.document = document
        self.terms = terms
        offered = [Entity(entity_id, name, label) for entity_id, name, label in submission.entities]
        self.names = NameIndex(offered, known.rules, known)
        self.reading = Reading()
        self.keyed: list[tuple[tuple[object, ...], Judged]] = []

    def finish(self) -> Reading:
        """All rows, with their ids."""
        # A region that an export holds twice, alike in every value, is two rows: neither may vanish.
        self.keyed.sort(key=lambda item: [str(part) for part in item[0]])
        ids = [row_id(*key) for key in number_repeats(key for key, _ in self.keyed)]
        for judgement_id, (_, judged) in zip(ids, self.keyed, strict=True):
            judged.row["judgement_id"] = judgement_id
            self.reading.judged.append(judged)
        return self.reading

    def _place(self, mark: Mark, view_start: int, view_end: int) -> Place | str:
        if self.document is None:
            return self._no_document()
        made_on = self.submission.text_sha256
        return place_span(
            self.submission.view, view_start, view_end, mark.quote, (mark.before, mark.after), made_on, self.document
        )

    def _no_document(self) -> str:
        return f"the corpus has no document {self.submission.doc_id!r}"

    def _layer(self, mark: Mark) -> str:
        if mark.get("label") or mark.get("target"):
            return "mention" if mark.get("label") else "stance"
        return "mention" if self.submission.task_pass == "entities" else "stance"

    def _row(self, mark: Mark, layer: str, place: Place | None) -> Row:
        sub = self.submission
        if sub.created_at is None and sub.updated_at is None:
            raise ExportError(
                f"{sub.export_path}: the annotation of {sub.doc_id} by {sub.annotator_id} has no date; pull again"
            )
        row: Row = dict.fromkeys(_MAY_BE_NULL) | {
            "layer": layer,
            "doc_id": sub.doc_id,
            "annotator_id": sub.annotator_id,
            "task_pass": sub.task_pass,
            "round": sub.round,
            "region_id": mark.region_id or None,
            "made_text_sha256": sub.text_sha256,
            "anchor": "lost" if self.document is None else "same",
            "origin": mark.origin,
            "suggested_by": mark.suggested_by,
            "status": "current",
            "project": sub.project,
            "created_at": at_midnight(sub.created_at or sub.updated_at),
            "updated_at": at_midnight(sub.updated_at or sub.created_at),
            "seconds": sub.seconds,
            "codebook_version": sub.codebook_version,
        }
        if place is not None:
            row |= {"made_start": place.made_start, "made_end": place.made_end, "anchor": place.anchor}
            if place.start is not None and self.document is not None:
                row |= {"start": place.start, "end": place.end, "text": self.document.text[place.start : place.end]}
        return row

    def _key(self, mark: Mark, *given: object) -> tuple[object, ...]:
        sub = self.submission
        return (sub.annotator_id, sub.doc_id, sub.task_pass, sub.round, mark.region_id, *given)

    def _keep(self, slot: tuple[str, str], key: tuple[object, ...], row: Row) -> None:
        self.keyed.append((key, Judged(slot, row, quarantined=False)))

    def _quarantine(
        self,
        mark: Mark,
        layer: str,
        reason: str,
        place: Place | None = None,
        control: str | None = None,
        extra: Row | None = None,
    ) -> None:
        """One row of quarantine for a mark, or for one of its values (`extra` says which)."""
        why = self.terms.dated(reason, self.submission.codebook_version)
        row = self._row(mark, layer, place) | {"reason": why, "raw_start": mark.view_start, "raw_end": mark.view_end}
        row |= {"text": row.get("text") or mark.quote or None, "comment": text_of(mark, "comment")} | (extra or {})
        given = [part for name, chosen in mark.values for part in (name, *chosen)]
        key = self._key(
            mark, "quarantine", layer, mark.view_start, mark.view_end, *given, control, *(extra or {}).values()
        )
        self.keyed.append((key, Judged(_slot(mark, control), row, quarantined=True)))

    def _one(self, mark: Mark, control: str, vocabulary: Vocabulary) -> str | None:
        """The one value of a control; None where nothing was chosen.

        Raises:
            Unreadable: several values, or one the codebook does not know.
        """
        chosen = mark.get(control)
        if len(chosen) > 1:
            raise Unreadable(f"{len(chosen)} values where one {vocabulary.what} is asked: {', '.join(chosen)}")
        if not chosen:
            return None
        value = vocabulary.read(chosen[0])
        if value is None:
            raise Unreadable(vocabulary.unknown(chosen[0]))
        return value

    def _shown(self, mark: Mark, control: str, is_shown: bool) -> str | None:
        """What was typed into a control, if the state it was left in shows that control."""
        typed = text_of(mark, control)
        if typed is not None and not is_shown:
            self.reading.counts[f"dropped_{control}"] += 1
            return None
        return typed

    def _warn(self, mark: Mark, place: Place, check: str, message: str) -> None:
        sub = self.submission
        where = f"{sub.annotator_id} {sub.doc_id}:{place.made_start}-{place.made_end}"
        self.reading.problems.append(Problem(sub.export_path, where, check, 3, message, "warning"))


def evidence_id(doc_id: str, start: int | None, end: int | None) -> str | None:
    """The id that stances on the same words share; None for a place that is lost."""
    return None if start is None else row_id("evidence", doc_id, start, end)


def at_midnight(day: datetime.date | None) -> datetime.datetime | None:
    """A published time, which is cut to the day: its midnight in UTC."""
    return None if day is None else datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)


def _slot(mark: Mark, control: str | None) -> tuple[str, str]:
    return ("region", mark.region_id) if control is None else ("control", control)


def text_of(mark: Mark, control: str) -> str | None:
    return joined(mark.get(control))


def joined(values: tuple[str, ...]) -> str | None:
    """What was typed or chosen, as one line a value; None where it is empty."""
    joined = "\n".join(value.strip() for value in values).strip()
    return joined or None
