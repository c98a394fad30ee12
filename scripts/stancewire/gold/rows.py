"""Outcomes to rows: `mentions`, `stances`, `document_stances`, `conflicts`, `adjudications`.

`mention_id` and `stance_id` are functions of place and key (document, span, label; or span, target, holder, via),
never of the stance or the votes: a stance that changes is a changed row, not another one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..agreement.values import Party, parse_boundary, parse_party
from ..errors import Problem
from ..judgements.reading import at_midnight, evidence_id
from ..tables import row_id
from .decisions import Decision, DecisionIndex
from .merge import Outcome

Row = dict[str, Any]
Sentences = Mapping[str, Sequence[tuple[int, int, int]]]
"""doc_id -> (start, end, sent_no) of its sentences, in text order."""

UNVOTED = {"p_favor": 0.0, "p_against": 0.0, "p_neutral": 0.0}


def mention_id(doc_id: str, start: int, end: int, label: str) -> str:
    """The id of a gold mention."""
    return row_id(doc_id, start, end, label)


def stance_id(doc_id: str, start: int, end: int, target_id: str, holder: Party, via: Party) -> str:
    """The id of a gold stance; holder and via are (type, entity_id, text)."""
    return row_id(doc_id, start, end, target_id, *holder, *via)


def outcome_key(outcome: Outcome) -> str:
    """The id of the gold row that an outcome makes (`doc_id/target_id` for a document stance, gold or not)."""
    unit = outcome.unit
    if unit.layer == "document_stance":
        return f"{unit.doc_id}/{unit.target_id}"
    start, end = _place(outcome)
    if unit.layer == "mention":
        return mention_id(unit.doc_id, start, end, str(outcome.value("label")))
    return stance_id(unit.doc_id, start, end, str(unit.target_id), _party(outcome, "holder"), _party(outcome, "via"))


def _place(outcome: Outcome) -> tuple[int, int]:
    return parse_boundary(str(outcome.value("boundary")))


def _party(outcome: Outcome, field: str) -> Party:
    return parse_party(str(outcome.value(field)))


def _votes(outcome: Outcome) -> Row:
    unit = outcome.unit
    return {"n_votes": len(unit.votes), "n_annotators": len(unit.submitted), "decided_by": outcome.decided_by}


def _shares(outcome: Outcome) -> Row:
    """Shares of the votes for each stance: p_favor and so on, also where a decision overrules them."""
    (field,) = (item for item in outcome.fields if item.field == "stance")
    total = sum(len(names) for _, names in field.votes)
    return {f"p_{value}": len(names) / total for value, names in field.votes}


def sentence_of(sentences: Sentences, doc_id: str, start: int) -> int | None:
    """Number of the sentence in which a place stands; None outside all sentences."""
    spans = sentences.get(doc_id, ())
    at = bisect_right(spans, start, key=lambda span: span[0]) - 1
    return spans[at][2] if at >= 0 and start < spans[at][1] else None


def mention_rows(
    outcomes: Iterable[Outcome], texts: Mapping[str, str], sentences: Sentences
) -> tuple[list[Row], list[Problem]]:
    """Gold mentions; `is_outer` says that no other gold mention of the document holds this one."""
    rows = []
    for outcome in outcomes:
        if outcome.unit.layer != "mention" or not outcome.is_gold:
            continue
        doc_id = outcome.unit.doc_id
        start, end = _place(outcome)
        row: Row = {
            "mention_id": outcome_key(outcome),
            "doc_id": doc_id,
            "start": start,
            "end": end,
            "text": texts[doc_id][start:end],
            "label": outcome.value("label"),
            "kind": outcome.value("kind"),
            "entity_id": outcome.value("entity_id") or None,
            "sent_no": sentence_of(sentences, doc_id, start),
        }
        rows.append(row | _votes(outcome))
    rows, problems = _without_repeats("mention_id", "mentions", rows)
    _mark_outer(rows)
    return rows, problems


def _mark_outer(rows: list[Row]) -> None:
    """A mention is outer if no longer one begins at or before it and ends at or after it."""
    rows.sort(key=lambda row: (row["doc_id"], row["start"], -row["end"]))
    doc_id, reach, widest = None, -1, (-1, -1)
    for row in rows:
        if row["doc_id"] != doc_id:
            doc_id, reach, widest = row["doc_id"], -1, (-1, -1)
        span = (row["start"], row["end"])
        row["is_outer"] = row["end"] > reach or span == widest
        if row["end"] > reach:
            reach, widest = row["end"], span


def stance_rows(
    outcomes: Iterable[Outcome], texts: Mapping[str, str], sentences: Sentences, method: str
) -> tuple[list[Row], list[Problem]]:
    """Gold stances."""
    rows, problems = [], []
    for outcome in outcomes:
        if outcome.unit.layer != "stance" or not outcome.is_gold:
            continue
        doc_id = outcome.unit.doc_id
        start, end = _place(outcome)
        holder, via = _party(outcome, "holder"), _party(outcome, "via")
        row: Row = {
            "stance_id": outcome_key(outcome),
            "doc_id": doc_id,
            "evidence_id": evidence_id(doc_id, start, end),
            "start": start,
            "end": end,
            "text": texts[doc_id][start:end],
            "sent_no": sentence_of(sentences, doc_id, start),
            "target_id": outcome.unit.target_id,
            "stance": outcome.value("stance"),
            "attribution": outcome.value("attribution"),
            "method": method,
        }
        row |= dict(zip(("holder_type", "holder_entity_id", "holder_text"), holder, strict=True))
        row |= dict(zip(("via_type", "via_entity_id", "via_text"), via, strict=True))
        rows.append(row | UNVOTED | _shares(outcome) | _votes(outcome))
    rows, repeats = _without_repeats("stance_id", "stances", rows)
    for row in rows:
        author = row["holder_type"] == "author"
        if author != (row["attribution"] == "author") or (author and row["via_type"] != "none"):
            said = f"holder {row['holder_type']}, attribution {row['attribution']}, via {row['via_type']}"
            message = (
                f"stance {row['stance_id']}: {said} do not go together; decide these fields: stancewire adjudicate"
            )
            place = f"{row['doc_id']}:{row['start']}-{row['end']}"
            problems.append(Problem("annotations/stances.parquet", place, "stance-attribution", 2, message))
    return rows, problems + repeats


def mirror_words(base: Row, mirror: Row) -> str:
    """What an annotator's two answers, on a target and on its mirror (folded), say against each other."""
    return f"{base['label']} on {base['target_id_given']} but, folded, {mirror['label']} on {mirror['target_id_given']}"


def document_stance_rows(outcomes: Iterable[Outcome], method: str) -> list[Row]:
    """Gold document stances."""
    rows: list[Row] = []
    for outcome in outcomes:
        if outcome.unit.layer == "document_stance" and outcome.is_gold:
            row: Row = {"doc_id": outcome.unit.doc_id, "target_id": outcome.unit.target_id, "method": method}
            row |= {"stance": outcome.value("stance")}
            rows.append(row | {"p_none": 0.0} | UNVOTED | _shares(outcome) | _votes(outcome))
    return rows


def _without_repeats(key: str, table: str, rows: list[Row]) -> tuple[list[Row], list[Problem]]:
    """One row a key: two units may come to one row, e.g. by decisions; that with more votes stays, with a warning."""
    kept: dict[str, Row] = {}
    problems = []
    for row in sorted(
        rows, key=lambda row: (row[key], -row["n_votes"], str(row.get("stance")), str(row.get("entity_id")))
    ):
        if row[key] not in kept:
            kept[row[key]] = row
            continue
        place = f"{row['doc_id']}:{row['start']}-{row['end']}"
        message = f"two units come to one row ({row[key]}, {row['text'][:40]!r}); decide exists = drop for one of them"
        problems.append(Problem(f"annotations/{table}.parquet", place, "gold-repeat", 2, message, "warning"))
    return list(kept.values()), problems


def conflict_rows(outcomes: Iterable[Outcome], texts: Mapping[str, str]) -> list[Row]:
    """A row for each field that the votes did not settle. The span is the settled one, else the reach of all votes."""
    rows = []
    for outcome in outcomes:
        unit = outcome.unit
        start, end = reach(outcome)
        for item in outcome.conflicts:
            rows.append(
                {
                    "conflict_id": outcome.conflict_id(item.field),
                    "layer": unit.layer,
                    "doc_id": unit.doc_id,
                    "start": start,
                    "end": end,
                    "text": None if start is None else texts[unit.doc_id][start:end],
                    "target_id": unit.target_id,
                    "field": item.field,
                    "judgement_ids": " ".join(unit.judgement_ids),
                    "status": item.status,
                }
            )
    return rows


def reach(outcome: Outcome) -> tuple[int | None, int | None]:
    """The settled span of a unit, else all that its votes reach; Nones for a document stance."""
    if outcome.unit.layer == "document_stance":
        return None, None
    settled = outcome.value("boundary")
    if settled is not None:
        return parse_boundary(settled)
    spans = [(vote.start or 0, vote.end or 0) for vote in outcome.unit.votes]
    return min(start for start, _ in spans), max(end for _, end in spans)


def adjudication_rows(decisions: Sequence[Decision], index: DecisionIndex) -> list[Row]:
    """Every decision, stale ones too; a decision written twice is one row, as the later line has it."""
    rows = {}
    for item in decisions:
        row = (
            {"decision_id": item.decision_id} | item.as_json() | {"judgement_ids": " ".join(sorted(item.judgement_ids))}
        )
        row |= {"decided_at": at_midnight(item.decided_at), "stale": item.decision_id in index.stale}
        rows[item.decision_id] = row
    return list(rows.values())
