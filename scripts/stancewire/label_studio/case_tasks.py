"""A case as a task of the labelling interface, and a submitted task as an answer: the edge of Label Studio's words."""

from __future__ import annotations

import datetime
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..codebook.adjudication_interface import OTHER_SPAN, version_label
from ..codebook.interface_style import VERSION_COLORS
from ..codebook.offers import OTHER, unreachable_keys
from ..text.view import Piece, View
from .delivery import Wanted

PASS = "adjudication"
NOTHING, COMMENT = "\u2013", "comment"  # in the versions' rows: what a silent version says, and the row of comments
AGREED = "agreed"  # who made the predictions: nobody but the annotators together
_MODIFIERS = ("ctrl+shift+meta", "alt+shift+meta", "ctrl+alt+shift+meta")  # with these no hand presses a key by chance
# A row of the keyboard for each open field, from above; 0 marks other words, and u is the front end's own.
_ROWS = ("123456789", "qwertyiop", "asdfghjkl", "zxcvbnm")
KEYS = (*(tuple(row) for row in _ROWS), *(tuple(f"shift+{key}" for key in row) for row in _ROWS[1:]))


@dataclass(frozen=True)
class CaseTask:
    """A case as it is sent.

    Attributes:
        judgement_ids: the judgements that it rests on.
        title: what is asked, in one line. passage, pieces: the words shown, and where they stand in the text.
        versions: names of the versions. rows: (what, one cell a version), as they stand side by side.
        spans: (number of the version, start, end), half-open code points of the passage.
        options: field -> (value, words) of what may be chosen. settled: field -> value filled in.
    """

    case_id: str
    doc_id: str
    text_sha256: str
    layer: str
    judgement_ids: tuple[str, ...]
    codebook_version: str
    title: str
    passage: str
    pieces: tuple[Piece, ...]
    versions: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    spans: tuple[tuple[int, int, int], ...]
    options: Mapping[str, tuple[tuple[str, str], ...]]
    settled: Mapping[str, str]
    open_fields: tuple[str, ...]


@dataclass(frozen=True)
class CaseAnswer:
    """What an adjudicator submitted.

    Attributes:
        values: field -> value, of all fields that were shown and filled in.
        marked: canonical span of the words marked instead of the versions' ones; a reason where it has none.
        number: the task's number on the server, for messages.
    """

    case_id: str
    doc_id: str
    layer: str
    judgement_ids: tuple[str, ...]
    codebook_version: str
    open_fields: tuple[str, ...]
    settled: Mapping[str, str]
    values: Mapping[str, str]
    marked: tuple[int, int] | str | None
    reason: str
    decided_by: str
    day: datetime.date
    number: int

    @property
    def place(self) -> str:
        """Where the answer stands, for messages."""
        return f"task {self.number} ({self.doc_id})"


def case_task(case: CaseTask, adjudicator: str) -> Wanted:
    """The task of a case, and what is filled in."""
    data: dict[str, Any] = {
        "case_id": case.case_id,
        "doc_id": case.doc_id,
        "text": case.passage,
        "text_sha256": case.text_sha256,
        "task_pass": PASS,
        "round": 1,
        "annotator_id": adjudicator,
        "layer": case.layer,
        "judgement_ids": list(case.judgement_ids),
        "codebook_version": case.codebook_version,
        "view": [[piece.view_start, piece.start, piece.end, piece.seg_no] for piece in case.pieces],
        "versions": versions_html(case),
        "open_fields": list(case.open_fields),
        "settled": dict(case.settled),
    }
    for field in (*_SLOTS, "document_stance"):
        data[field] = []
    spare = (key for modifier in _MODIFIERS for key in unreachable_keys(modifier))
    row_of = dict(zip(case.open_fields, KEYS, strict=False))
    for field, options in sorted(case.options.items(), key=lambda item: len(item[1])):
        keys = iter(row_of.get(field, ()))
        data[_slot(case.layer, field)] = [_keyed(value, words, next(keys, None), spare) for value, words in options]
    return Wanted(data, _filled_in(case), AGREED)


_SLOTS = ("exists", "boundary", "label", "kind", "entity_id", "stance", "holder", "via", "attribution")


def _slot(layer: str, field: str) -> str:
    """The control of a field: the document's stance has one of its own."""
    return "document_stance" if layer == "document_stance" else field


def _keyed(value: str, words: str, key: str | None, spare: Iterator[str]) -> dict[str, str]:
    """A choice: with its key before the words, where it has one; else with one that no hand presses by chance."""
    if key is not None:
        shown = f"\u21e7{key[-1]}" if "+" in key else key
        return {"value": f"{shown} \u00b7 {words}", "alias": value, "hotkey": key}
    other = next(spare, None)
    return {"value": words, "alias": value} | ({} if other is None else {"hotkey": other})


def _filled_in(case: CaseTask) -> list[dict[str, Any]]:
    shown = [_slot(case.layer, field) for field in case.options]
    results = [
        _chosen(case, "shown", shown),
        _chosen(case, "open", [_slot(case.layer, field) for field in case.open_fields]),
    ]
    results += [_chosen(case, _slot(case.layer, field), [value]) for field, value in case.settled.items()]
    for number, start, end in case.spans:
        label = version_label(min(number, len(VERSION_COLORS) - 1))
        value = {"start": start, "end": end, "text": case.passage[start:end], "labels": [label]}
        marked = {"from_name": "span", "to_name": "text", "type": "labels", "value": value}
        results.append({"id": f"{case.case_id[:8]}-{number}"} | marked)
    return results


def _chosen(case: CaseTask, control: str, values: list[str]) -> dict[str, Any]:
    name = f"{case.case_id[:8]}-{control}"
    return {"id": name, "from_name": control, "to_name": "text", "type": "choices", "value": {"choices": values}}


def versions_html(case: CaseTask) -> str:
    """The versions side by side, every word of article and annotators escaped."""
    cells = "".join(f"<th>{html.escape(name)}</th>" for name in case.versions)
    lines = [f"<table><caption>{html.escape(case.title)}</caption><tr><th></th>{cells}</tr>"]
    for what, said in case.rows:
        values = set(said) - {NOTHING}
        differs = ' class="differs"' if len(values) > 1 and what != COMMENT else ""
        cells = "".join(f"<td>{html.escape(value)}</td>" for value in said)
        lines.append(f"<tr{differs}><th>{html.escape(what)}</th>{cells}</tr>")
    return "".join(lines) + "</table>"


def read_answer(task: Mapping[str, Any], given: Mapping[str, Any], who: str, day: datetime.date) -> CaseAnswer:
    """A submitted task as an answer; `given` is the answer that counts, given by `who` on that day."""
    data = task["data"]
    chosen: dict[str, list[str]] = {}
    spans: list[tuple[Any, Any]] = []
    for result in given["result"]:
        value = result.get("value") or {}
        if result.get("from_name") == "span":
            if value.get("labels") == [OTHER_SPAN]:
                spans.append((value.get("start"), value.get("end")))
        elif "from_name" in result:
            said = value.get("choices") or value.get("text") or []
            chosen[result["from_name"]] = [said] if isinstance(said, str) else [str(item) for item in said]
    values = {}
    for field in (*data["settled"], *data["open_fields"]):
        slot = _slot(data["layer"], field)
        if chosen.get(slot):
            value = chosen[slot][0]
            if field in ("holder", "via") and value == OTHER:
                value = f"{OTHER}:{' '.join(' '.join(chosen.get(f'{field}_text', ())).split())}"
            values[field] = value
    return CaseAnswer(
        case_id=data["case_id"],
        doc_id=data["doc_id"],
        layer=data["layer"],
        judgement_ids=tuple(data["judgement_ids"]),
        codebook_version=data["codebook_version"],
        open_fields=tuple(data["open_fields"]),
        settled=data["settled"],
        values=values,
        marked=_marked(data, spans),
        reason=" ".join(" ".join(chosen.get("reason", ())).split()),
        decided_by=who,
        day=day,
        number=int(task["id"]),
    )


def _marked(data: Mapping[str, Any], spans: Sequence[tuple[Any, Any]]) -> tuple[int, int] | str | None:
    """The canonical span of what was marked as other words; why it has none; None where nothing was marked."""
    if not spans:
        return None
    if len(set(spans)) > 1:
        return f"{len(set(spans))} stretches of other words are marked; leave one"
    start, end = spans[0]
    pieces = tuple(Piece(*piece) for piece in data["view"])
    n_chars = pieces[-1].view_end if pieces else 0
    return View(pieces, n_chars).to_text(start, end)
