"""One submission read into rows: what the annotator said, in the tables' words.

    a marked mention                     one row
    a stance span                        one row a holder; they share region_id and evidence_id
    a target's answer for the document   one row
    a flag                               one row; the document's comment stands on each, or alone on a row without a flag

What cannot be placed or understood becomes a row of `quarantine` with the reason. What a control left behind after it was
hidden (a `via` or a typed name that the shown state could not hold) is no statement of the annotator's: it is dropped by
rule and counted.

**An edit is a new id.** `judgement_id` is a function of annotator, document, pass, round, region and of everything the
annotator gave, as it was given: not of the server's ids, and not of what the codebook makes of it later (a new alias moves
no id). So an edited judgement is another judgement, and `status` keeps the history (`history.py`).
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..codebook.model import Entity
from ..errors import ExportError, Problem
from ..label_studio.model import Mark, Submission
from ..tables import number_repeats, row_id
from .names import NameIndex, local_entity_id, resolve_surfaces
from .places import Document, Place, place_span
from .terms import Terms, Vocabulary

Row = dict[str, Any]

AUTHOR, UNNAMED, OTHER, ENTITY, NONE = "author", "unnamed", "other", "entity", "none"
DOCUMENT_STANCE = "doc__"  # the prefix of a document stance's control: doc__<target id>


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


def read_submission(submission: Submission, document: Document | None, terms: Terms, known: NameIndex) -> Reading:
    """The rows of one submission; their status is `current` until `history.settle` compares pulls.

    Args:
        document: today's document, None where the corpus has none of that id (all goes to quarantine).
        known: the codebook's entities.

    Raises:
        ExportError: the submission has marks but no date, so that no row can say when they were made.
    """
    return _Reader(submission, document, terms, known).read()


class _Reader:
    """The state of reading one submission."""

    def __init__(self, submission: Submission, document: Document | None, terms: Terms, known: NameIndex) -> None:
        self.submission = submission
        self.document = document
        self.terms = terms
        offered = [Entity(entity_id, name, label) for entity_id, name, label in submission.entities]
        self.names = NameIndex(offered, known.rules, known)
        self.reading = Reading()
        self.keyed: list[tuple[tuple[object, ...], Judged]] = []

    def read(self) -> Reading:
        mentions: list[tuple[Mark, Place, str, str]] = []
        answers: list[tuple[Mark, str, tuple[str, ...]]] = []
        for mark in self.submission.marks:
            if mark.view_start is None or mark.view_end is None:
                answers += [(mark, control, chosen) for control, chosen in mark.values]
                continue
            self.reading.slots.add(("region", mark.region_id))
            place = self._place(mark, mark.view_start, mark.view_end)
            if isinstance(place, str):
                self._quarantine(mark, self._layer(mark), place)
            elif self._layer(mark) == "mention":
                mentions += self._read_label(mark, place)
            else:
                self._read_stance(mark, place)
        self._read_mentions(mentions)
        self._read_answers(answers)
        # A region that an export holds twice, alike in every value, is two rows: neither may vanish.
        self.keyed.sort(key=lambda item: [str(part) for part in item[0]])
        ids = [row_id(*key) for key in number_repeats(key for key, _ in self.keyed)]
        for judgement_id, (_, judged) in zip(ids, self.keyed, strict=True):
            judged.row["judgement_id"] = judgement_id
            self.reading.judged.append(judged)
        return self.reading

    # places and bookkeeping

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
            raise ExportError(f"{sub.export_path}: the annotation of {sub.doc_id} by {sub.annotator_id} has no date; pull again")
        row: Row = {
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
        self, mark: Mark, layer: str, reason: str, place: Place | None = None, control: str | None = None, extra: Row | None = None
    ) -> None:
        """One row of quarantine for a mark, or for one of its values (`extra` says which)."""
        row = self._row(mark, layer, place) | {"reason": reason, "raw_start": mark.view_start, "raw_end": mark.view_end}
        row |= {"text": row.get("text") or mark.quote or None, "comment": _text(mark, "comment")} | (extra or {})
        given = [part for name, chosen in mark.values for part in (name, *chosen)]
        key = self._key(mark, "quarantine", layer, mark.view_start, mark.view_end, *given, control, *(extra or {}).values())
        self.keyed.append((key, Judged(_slot(mark, control), row, quarantined=True)))

    def _one(self, mark: Mark, control: str, vocabulary: Vocabulary) -> str | None:
        """The one value of a control; None where nothing was chosen.

        Raises:
            _Unreadable: several values, or one the codebook does not know.
        """
        chosen = mark.get(control)
        if len(chosen) > 1:
            raise _Unreadable(f"{len(chosen)} values where one {vocabulary.what} is asked: {', '.join(chosen)}")
        if not chosen:
            return None
        value = vocabulary.read(chosen[0])
        if value is None:
            raise _Unreadable(vocabulary.unknown(chosen[0]))
        return value

    # mentions

    def _read_label(self, mark: Mark, place: Place) -> list[tuple[Mark, Place, str, str]]:
        """(mark, place, label given, label) of a marked mention; several where several labels were chosen."""
        if not mark.get("label"):
            self._quarantine(mark, "mention", "no label chosen", place)
        read = []
        for given in mark.get("label"):
            label = self.terms.labels.read(given)
            if label is None:
                self._quarantine(mark, "mention", self.terms.labels.unknown(given), place, extra={"label": given})
            else:
                read.append((mark, place, given, label))
        return read

    def _read_mentions(self, mentions: Sequence[tuple[Mark, Place, str, str]]) -> None:
        assert self.document is not None or not mentions
        text = self.document.text if self.document is not None else ""
        surfaces = [(mark.quote or text[place.made_start : place.made_end], label) for mark, place, _, label in mentions]
        resolved = resolve_surfaces(self.submission.doc_id, text, surfaces, self.names)
        for (mark, place, given, label), by_surface in zip(mentions, resolved, strict=True):
            try:
                kind = self._one(mark, "kind", self.terms.kinds) or self.terms.codebook.mention_kinds[0].id
                entity_id = self._entity(mark, label) or by_surface
            except _Unreadable as reason:
                self._quarantine(mark, "mention", str(reason), place, extra={"label": label})
                continue
            comment = _text(mark, "comment")
            row = self._row(mark, "mention", place) | {
                "label": label,
                "kind": kind,
                "entity_id": entity_id,
                "comment": comment,
            }
            key = self._key(
                mark, "mention", place.made_start, place.made_end, given, *(mark.get("kind") or (kind,)),
                *mark.get("entity"), _text(mark, "entity_name"), comment,
            )  # fmt: skip
            self._keep(("region", mark.region_id), key, row)

    def _entity(self, mark: Mark, label: str) -> str | None:
        """The entity that the annotator chose or typed; None where the surface is to decide."""
        chosen = mark.get("entity")
        if len(chosen) > 1:
            raise _Unreadable(f"{len(chosen)} entities chosen for one mention: {', '.join(chosen)}")
        if chosen:
            if chosen[0] not in self.names:
                raise _Unreadable(self._unknown_entity(chosen[0]))
            return chosen[0]
        typed = _text(mark, "entity_name")
        if typed is None:
            return None
        return self.names.find(typed, label) or local_entity_id(self.submission.doc_id, typed, self.names.rules)

    def _unknown_entity(self, given: str) -> str:
        return f"unknown entity {given!r}: neither offered with the task nor in the codebook"

    # stances

    def _read_stance(self, mark: Mark, place: Place) -> None:
        if not mark.get("target"):
            self._quarantine(mark, "stance", "no target chosen", place)
        for given in mark.get("target"):
            target = self.terms.targets.read(given)
            try:
                if target is None:
                    raise _Unreadable(self.terms.targets.unknown(given))
                stance = self._one(mark, "stance", self.terms.stances)
                attribution = self._one(mark, "attribution", self.terms.attributions)
                if stance is None:
                    raise _Unreadable("no stance chosen")
                self._read_holders(mark, place, (given, target), stance, attribution)
            except _Unreadable as reason:
                self._quarantine(mark, "stance", str(reason), place, extra={"target_id": target, "target_id_given": target})

    def _read_holders(
        self, mark: Mark, place: Place, target: tuple[str, str], stance: str, attribution: str | None
    ) -> None:
        """One row a holder."""
        holders = mark.get("holder") or ((AUTHOR,) if attribution == AUTHOR else ())
        if not holders:
            raise _Unreadable("no holder chosen")
        attribution = attribution or (AUTHOR if holders == (AUTHOR,) else None)
        if attribution is None:
            raise _Unreadable("no attribution chosen")
        if (attribution == AUTHOR) != (holders == (AUTHOR,)):
            self._warn(mark, place, "author-attribution", f"attribution {attribution} with holder {' + '.join(holders)}; the "
                       "author's own words have the author as only holder: ask the annotator")  # fmt: skip
        via = self._via(mark, attribution)
        holder_text = self._shown(mark, "holder_text", OTHER in holders)
        base, folded = self.terms.codebook.fold(target[1], stance)
        common = self._row(mark, "stance", place) | {
            "label": folded,
            "target_id": base,
            "target_id_given": target[1],
            "attribution": attribution,
            "comment": _text(mark, "comment"),
            "evidence_id": evidence_id(self.submission.doc_id, place.start, place.end),
        }
        common |= dict(zip(("via_type", "via_entity_id", "via_text"), via, strict=True))
        for holder in holders:
            if holder not in (AUTHOR, UNNAMED, OTHER) and holder not in self.names:
                named = {"target_id": base, "target_id_given": target[1], "label": folded, "holder_entity_id": holder}
                self._quarantine(mark, "stance", f"holder: {self._unknown_entity(holder)}", place, extra=named)
                continue
            is_entity = holder not in (AUTHOR, UNNAMED, OTHER)
            row = common | {
                "holder_type": ENTITY if is_entity else holder,
                "holder_entity_id": holder if is_entity else None,
                "holder_text": holder_text if holder == OTHER else None,
            }
            key = self._key(
                mark, "stance", place.made_start, place.made_end, target[0], *mark.get("stance"), attribution, holder,
                row["holder_text"], *via, row["comment"],
            )  # fmt: skip
            self._keep(("region", mark.region_id), key, row)

    def _via(self, mark: Mark, attribution: str) -> tuple[str, str | None, str | None]:
        """(via_type, via_entity_id, via_text); nothing where the author speaks, whatever a hidden control still holds."""
        chosen = mark.get("via")
        if attribution == AUTHOR:
            self.reading.counts["dropped_via"] += len(chosen)
            chosen = ()
        via_text = self._shown(mark, "via_text", OTHER in chosen)
        if len(chosen) > 1:
            raise _Unreadable(f"{len(chosen)} values where one via is asked: {', '.join(chosen)}")
        if not chosen:
            return NONE, None, None
        if chosen[0] in (UNNAMED, OTHER):
            return chosen[0], None, via_text
        if chosen[0] not in self.names:
            raise _Unreadable(f"via: {self._unknown_entity(chosen[0])}")
        return ENTITY, chosen[0], None

    def _shown(self, mark: Mark, control: str, is_shown: bool) -> str | None:
        """What was typed into a control, if the state it was left in shows that control."""
        typed = _text(mark, control)
        if typed is not None and not is_shown:
            self.reading.counts[f"dropped_{control}"] += 1
            return None
        return typed

    # the document as a whole

    def _read_answers(self, answers: Sequence[tuple[Mark, str, tuple[str, ...]]]) -> None:
        comments = [(mark, _joined(chosen)) for mark, control, chosen in answers if control == "comment"]
        comment = next((text for _, text in comments if text), None)
        flagged = False
        for mark, control, chosen in answers:
            self.reading.slots.add(("control", control))
            if self.document is None:
                layer = "document_stance" if control.startswith(DOCUMENT_STANCE) else "flag"
                extra = {"label": None if control == "comment" else _joined(chosen)}
                self._quarantine(mark, layer, self._no_document(), control=control, extra=extra)
            elif control.startswith(DOCUMENT_STANCE):
                self._read_document_stance(mark, control, chosen)
            elif control == "flag":
                for given in chosen:
                    flagged |= self._read_flag(mark, given, comment)
            elif control != "comment":
                said = f"control {control!r} (value {_joined(chosen)!r}) belongs to a span or to no codebook"
                self._quarantine(mark, "flag", said, control=control)
        if comment and not flagged and self.document is not None:
            mark = next(mark for mark, text in comments if text)
            self._keep(("control", "comment"), self._key(mark, "flag", None, comment), self._row(mark, "flag", None) | {"comment": comment})

    def _read_flag(self, mark: Mark, given: str, comment: str | None) -> bool:
        flag = self.terms.flags.read(given)
        if flag is None:
            self._quarantine(mark, "flag", self.terms.flags.unknown(given), control="flag", extra={"comment": comment, "label": given})
            return False
        row = self._row(mark, "flag", None) | {"flag": flag, "comment": comment}
        self._keep(("control", "flag"), self._key(mark, "flag", given, comment), row)
        return True

    def _read_document_stance(self, mark: Mark, control: str, chosen: tuple[str, ...]) -> None:
        given = control.removeprefix(DOCUMENT_STANCE)
        target = self.terms.targets.read(given)
        try:
            if target is None:
                raise _Unreadable(self.terms.targets.unknown(given))
            stance = self._one(mark, control, self.terms.document_stances)
        except _Unreadable as reason:
            extra = {"target_id": target, "target_id_given": target, "label": _joined(chosen)}
            self._quarantine(mark, "document_stance", str(reason), control=control, extra=extra)
            return
        if stance is None:
            return
        base, folded = self.terms.codebook.fold(target, stance)
        row = self._row(mark, "document_stance", None) | {"label": folded, "target_id": base, "target_id_given": target}
        self._keep(("control", control), self._key(mark, "document_stance", given, *chosen), row)

    def _warn(self, mark: Mark, place: Place, check: str, message: str) -> None:
        sub = self.submission
        where = f"{sub.annotator_id} {sub.doc_id}:{place.made_start}-{place.made_end}"
        self.reading.problems.append(Problem(sub.export_path, where, check, 3, message, "warning"))


class _Unreadable(Exception):
    """Why a mark cannot become a judgement."""


def evidence_id(doc_id: str, start: int | None, end: int | None) -> str | None:
    """The id that stances on the same words share; None for a place that is lost."""
    return None if start is None else row_id("evidence", doc_id, start, end)


def at_midnight(day: datetime.date | None) -> datetime.datetime | None:
    """A published time, which is cut to the day: its midnight in UTC."""
    return None if day is None else datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)


def _slot(mark: Mark, control: str | None) -> tuple[str, str]:
    return ("region", mark.region_id) if control is None else ("control", control)


def _text(mark: Mark, control: str) -> str | None:
    return _joined(mark.get(control))


def _joined(values: tuple[str, ...]) -> str | None:
    """What was typed or chosen, as one line a value; None where it is empty."""
    joined = "\n".join(value.strip() for value in values).strip()
    return joined or None
