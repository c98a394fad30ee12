"""Explain: why a gold row is what it is, or why there is none.

Gold is a function of judgements and decisions, so the unit behind an id is merged again and shown with every vote;
what models made of it is kept from merging (`kept`). Any of these ids may be asked for: a mention, a stance, a document
stance (`doc_id/target_id`), a conflict, a decision, a judgement.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from rapidfuzz import process

from ..agreement.units import Unit, Vote, contradictions
from ..agreement.values import field_value
from ..codebook import read_codebook
from ..errors import UsageError
from ..project import Project
from ..tables import find_rows, read_table, read_table_schema
from .decisions import Decision, read_decisions
from .evidence import Evidence, evidence_on, read_rows
from .merge import FieldOutcome, Outcome
from .methods import merged_methods
from .rows import mirror_words, outcome_key, reach

CONTEXT = 80  # characters shown on either side of a span
_OF_A_JUDGEMENT = (
    "judgement_id",
    "annotator_id",
    "layer",
    "doc_id",
    "text",
    "label",
    "target_id_given",
    "comment",
    "origin",
    "suggested_by",
    "status",
    "anchor",
    "round",
    "codebook_version",
)

Explanation = dict[str, Any]


def explain(project: Project, asked: str) -> Explanation:
    """All that is known of one row, as plain values; `explanation_lines` words it.

    Raises:
        UsageError: there is no such id; the message names the nearest.
        StancewireError: judgements, decisions or gold cannot be read.
    """
    quarantined = read_rows(project, project.annotations, "quarantine", [asked], "judgement_id")
    if quarantined:
        return _explain_quarantine(quarantined[0])
    documents = _documents_of(project, asked)
    if documents:
        methods = merged_methods(project, read_codebook(project.codebook_yaml))
        evidence = evidence_on(project, documents, methods)
        for doc_id in documents:
            found = explain_in(evidence, evidence.outcomes(methods, doc_id), asked)
            if found is not None:
                return found
    raise UsageError(_unknown(project, asked))


def explain_in(evidence: Evidence, outcomes: Sequence[Outcome], asked: str) -> Explanation | None:
    """The explanation of an id among the outcomes of one document; None where it is not one of theirs."""
    decisions = {item.decision_id: item for item in evidence.decisions}
    judgement = next((row for row in evidence.judgements if row["judgement_id"] == asked), None)
    for outcome in outcomes:
        kind = _kind_in(outcome, asked, decisions.get(asked))
        if kind is not None:
            about = {"id": asked, "kind": kind} | _explain_outcome(outcome, evidence)
            return about if judgement is None else about | {"judgement": _judgement(judgement)}
    if judgement is not None:
        return {
            "id": asked,
            "kind": "judgement",
            "judgement": _judgement(judgement),
            "verdict": _why_no_vote(judgement, evidence),
        }
    if asked in decisions:
        item = decisions[asked]
        why = (
            "stale: it rests on a judgement that no longer votes"
            if asked in evidence.index.stale
            else "it decides nothing"
        )
        return {"id": asked, "kind": "decision", "doc_id": item.doc_id, "layer": item.layer} | {
            "decision": _decision(item),
            "verdict": why,
        }
    return None


def _kind_in(outcome: Outcome, asked: str, decision: Decision | None) -> str | None:
    """What the id is of this outcome, None where it is nothing of it."""
    has_key = outcome.is_gold or outcome.unit.layer == "document_stance"
    if has_key and outcome_key(outcome) == asked:
        return outcome.unit.layer
    if asked in outcome.unit.judgement_ids:
        return "judgement"
    if any(outcome.conflict_id(item.field) == asked for item in outcome.fields):
        return "conflict"
    holding = {item.decision.decision_id for item in outcome.fields if item.decision is not None}
    return "decision" if decision is not None and decision.decision_id in holding else None


def _explain_outcome(outcome: Outcome, evidence: Evidence) -> Explanation:
    unit = outcome.unit
    start, end = reach(outcome)
    about: Explanation = {
        "layer": unit.layer,
        "doc_id": unit.doc_id,
        "start": start,
        "end": end,
        "target_id": unit.target_id,
    }
    about |= _context(evidence.texts[unit.doc_id], start, end)
    about |= {
        "verdict": _verdict(outcome),
        "method": outcome.method,
        "decided_by": outcome.decided_by if outcome.is_gold else None,
        "gold_id": outcome_key(outcome) if outcome.is_gold else None,
        "submitted": list(unit.submitted),
        "abstained": sorted(set(unit.submitted) - set(unit.voters)),
        "votes": [_vote(vote, outcome) for vote in unit.votes],
        "fields": [_field(outcome, item) for item in outcome.fields],
    }
    if unit.layer == "document_stance":
        about["mirrors"] = _mirrors(unit, evidence)
    return about


def _verdict(outcome: Outcome) -> str:
    if outcome.is_gold:
        return "gold"
    if outcome.is_dropped:
        how = next(item for item in outcome.fields if item.field == "exists")
        return "dropped by decision" if how.decision is not None else "dropped by vote"
    undecided = ", ".join(item.field for item in outcome.conflicts if item.value is None)
    return f"undecided: {undecided}" if undecided else "not decided by an adjudicator, which this method asks for"


def _field(outcome: Outcome, item: FieldOutcome) -> Explanation:
    return {
        "field": item.field,
        "value": item.value,
        "votes": {value: list(names) for value, names in item.votes},
        "chances": None if item.settled is None else dict(item.settled.shares),
        "status": item.status or ("unanimous" if item.is_unanimous else _settled_by(outcome, item)),
        "conflict_id": outcome.conflict_id(item.field),
        "decision": None if item.decision is None else _decision(item.decision),
        "stale_decision": None if item.stale is None else _decision(item.stale),
    }


def _settled_by(outcome: Outcome, item: FieldOutcome) -> str:
    return "settled by votes" if item.settled is None else f"settled by {outcome.method}"


def _decision(item: Decision) -> Explanation:
    return {"decision_id": item.decision_id, "line": item.line} | item.as_json()


def _vote(vote: Vote, outcome: Outcome) -> Explanation:
    values = {
        item.field: field_value(vote.row, item.field)
        for item in outcome.fields
        if item.field not in ("exists", "boundary")
    }
    return {"annotator_id": vote.annotator_id, "start": vote.start, "end": vote.end} | values | _judgement(vote.row)


def _judgement(row: dict[str, Any]) -> Explanation:
    about = {name: row[name] for name in _OF_A_JUDGEMENT}
    return about | {name: row[name].date().isoformat() for name in ("created_at", "updated_at")}


def verdict_on_vote(row: dict[str, Any], evidence: Evidence) -> Explanation:
    """A judgement that is in no unit, and why it does not vote."""
    return _judgement(row) | {"verdict": _why_no_vote(row, evidence)}


def _mirrors(unit: Unit, evidence: Evidence) -> list[str]:
    return [
        f"{base['annotator_id']}: {mirror_words(base, mirror)}"
        for base, mirror in contradictions(row for row in evidence.judgements if row["doc_id"] == unit.doc_id)
        if base["target_id"] == unit.target_id
    ]


def _context(text: str, start: int | None, end: int | None) -> Explanation:
    if start is None or end is None:
        return {"text": None, "before": None, "after": None}
    return {
        "text": text[start:end],
        "before": text[max(0, start - CONTEXT) : start],
        "after": text[end : end + CONTEXT],
    }


def _why_no_vote(row: dict[str, Any], evidence: Evidence) -> str:
    if row["status"] != "current":
        return f"does not vote: {row['status']}"
    if row["layer"] == "flag":
        return "a flag: it is kept, and not voted on"
    if row["anchor"] != "same":
        return f"does not vote until it is reviewed: its place is {row['anchor']} since the text was changed"
    later = [
        item["round"]
        for item in evidence.assignments
        if item["state"] == "submitted"
        and all(item[name] == row[name] for name in ("doc_id", "task_pass", "annotator_id"))
        and item["round"] > row["round"]
    ]
    if later:
        return f"does not vote: the same annotator submitted round {max(later)} of this document later"
    return "does not vote: the same annotator's answer on the base target does"


def _explain_quarantine(row: dict[str, Any]) -> Explanation:
    about = {"id": row["judgement_id"], "kind": "quarantine", "judgement": _judgement(row)}
    return about | {
        "doc_id": row["doc_id"],
        "raw_start": row["raw_start"],
        "raw_end": row["raw_end"],
        "verdict": f"in quarantine: {row['reason']}",
    }


_ID_COLUMNS = (
    ("mentions", "mention_id"),
    ("stances", "stance_id"),
    ("conflicts", "conflict_id"),
    ("judgements", "judgement_id"),
)


def _documents_of(project: Project, asked: str) -> list[str]:
    """The documents in which the id may be found: mostly one."""
    decisions = read_decisions(project.adjudications_jsonl)
    found = {item.doc_id for item in decisions if asked in (item.decision_id, item.conflict_id)}
    sought = [(project.annotations, name, column, asked) for name, column in _ID_COLUMNS]
    if "/" in asked:
        sought.append((project.corpus, "documents", "doc_id", asked.rpartition("/")[0]))
    for folder, name, column, value in sought:
        schema = read_table_schema(name, project.table_schemas)
        found |= set(find_rows(folder, schema, column, [value], ["doc_id"]).column("doc_id").to_pylist())
    return sorted(found)


def _unknown(project: Project, asked: str) -> str:
    known = [item.decision_id for item in read_decisions(project.adjudications_jsonl)]
    for name, column in _ID_COLUMNS:
        schema = read_table_schema(name, project.table_schemas)
        known += read_table(project.annotations, schema, [column]).column(column).to_pylist()
    answers = read_rows(project, project.annotations, "document_stances")
    known += [f"{row['doc_id']}/{row['target_id']}" for row in answers]
    best = process.extractOne(asked, known)
    hint = f"; nearest is {best[0]}" if best else ""
    return f"no row {asked!r} among mentions, stances, document stances, conflicts, decisions and judgements{hint}"


def explanation_lines(about: Explanation) -> list[str]:
    """An explanation in words, for a terminal."""
    lines = [f"{about['kind']} {about['id']}: {about['verdict']}"]
    if about.get("text") is not None:
        before, after = (" ".join(about[side].split()) for side in ("before", "after"))
        quoted = f"\u2026{before} [{' '.join(about['text'].split())}] {after}\u2026"
        lines += textwrap.wrap(quoted, 100, initial_indent="  ", subsequent_indent="  ")
        lines.append(f"  {about['doc_id']}:{about['start']}-{about['end']}")
    elif "doc_id" in about:
        lines.append(f"  {about['doc_id']}")
    if about.get("target_id"):
        lines.append(f"  target {about['target_id']}")
    if "fields" in about:
        lines += _outcome_lines(about)
    elif "judgement" in about:
        lines += _judgement_lines(about["judgement"])
    if "decision" in about:
        lines += _decision_lines(about["decision"], "  ")
    return lines


def _outcome_lines(about: Explanation) -> list[str]:
    gold = f", gold row {about['gold_id']} ({about['decided_by']})" if about["gold_id"] else ""
    lines = [f"  method {about['method']}{gold}; submitted by {', '.join(about['submitted'])}"]
    if about["abstained"]:
        lines.append(f"  silent, not counted: {', '.join(about['abstained'])}")
    lines.append("  votes")
    for vote in about["votes"]:
        lines += _judgement_lines(vote)
    lines.append("  fields")
    for field in about["fields"]:
        votes = "; ".join(f"{value or 'none'}: {_names(names)}" for value, names in field["votes"].items())
        value = "?" if field["value"] is None else field["value"]
        lines.append(f"    {field['field']} = {value} ({field['status']}) {votes}")
        if field["chances"] is not None and len(field["votes"]) > 1:
            lines.append(f"      chances: {chance_words(field['chances'])}")
        for key, word in (("decision", ""), ("stale_decision", "stale ")):
            if field[key] is not None:
                lines += _decision_lines(field[key], "      ", word)
    return lines + [f"  mirror contradicts: {said}" for said in about.get("mirrors", ())]


def chance_words(chances: dict[str, float]) -> str:
    """How probable a model finds each value, the most probable first."""
    return ", ".join(f"{value or 'none'} {chance:.3f}" for value, chance in chances.items())


def _judgement_lines(vote: Explanation) -> list[str]:
    when = (
        vote["created_at"]
        if vote["created_at"] == vote["updated_at"]
        else f"{vote['created_at']}, edited {vote['updated_at']}"
    )
    words = f" {' '.join(vote['text'].split())!r}" if vote["text"] else ""
    said = [vote[name] for name in ("label", "holder", "via", "attribution", "kind", "entity_id") if vote.get(name)]
    origin = vote["origin"] + (f" from {vote['suggested_by']}" if vote["suggested_by"] else "")
    made = f"{origin}, {when}, {vote['status']} [{vote['judgement_id']}]"
    lines = [f"    {vote['annotator_id']}{words}: {', '.join(said)}; {made}"]
    return lines + ([f"      comment: {' '.join(vote['comment'].split())}"] if vote["comment"] else [])


def _decision_lines(item: Explanation, indent: str, word: str = "") -> list[str]:
    head = (
        f"{indent}{word}decision {item['decision_id']} by {item['decided_by']} on {item['decided_at']}: {item['value']}"
    )
    lines = [head, *textwrap.wrap(item["reason"], 96, initial_indent=indent + "  ", subsequent_indent=indent + "  ")]
    return lines + [f"{indent}  answered in {path}" for path in item.get("answered_in", ())]


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
