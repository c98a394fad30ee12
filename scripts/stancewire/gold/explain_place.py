"""Explain a place, `DOC_ID:START-END`: what is said there, by whom, and why there is nothing where there is nothing."""

from __future__ import annotations

import re
from typing import Any

from rapidfuzz import process

from ..agreement.units import LAYER_PASS
from ..codebook import read_codebook
from ..errors import UsageError
from ..project import Project
from ..tables import find_rows, read_table, read_table_schema
from .evidence import Evidence, evidence_on, read_rows
from .explain import CONTEXT, Explanation, explain_in, verdict_on_vote
from .merge import Outcome
from .methods import merged_methods

_PLACE = re.compile(r"(?s)(.+):(\d+)-(\d+)")


def parse_place(asked: str) -> tuple[str, int, int] | None:
    """(doc_id, start, end) of `DOC_ID:START-END`; None where it is not of this form."""
    found = _PLACE.fullmatch(asked)
    return None if found is None else (found.group(1), int(found.group(2)), int(found.group(3)))


def explain_place(project: Project, doc_id: str, start: int, end: int) -> Explanation:
    """Everything whose span touches the half-open code points [start, end) of a document, gold or not.

    Raises:
        UsageError: there is no such document (the nearest is named), or the place lies outside its text.
    """
    text = _text(project, doc_id)
    if not 0 <= start < end <= len(text):
        raise UsageError(f"{doc_id}:{start}-{end} does not lie within the text (0-{len(text)}, start before end)")
    methods = merged_methods(project, read_codebook(project.codebook_yaml))
    evidence = evidence_on(project, [doc_id], methods)
    units = []
    voting: set[str] = set()
    for outcome in evidence.outcomes(methods, doc_id):
        if outcome.unit.layer != "document_stance" and _touches(outcome, start, end):
            about = explain_in(evidence, [outcome], outcome.unit.judgement_ids[0])
            voting |= set(outcome.unit.judgement_ids)
            if about is not None:
                about.pop("judgement", None)
                shown = about["gold_id"] or outcome.unit.judgement_ids[0]
                units.append(about | {"id": shown, "kind": outcome.unit.layer})
    others = [row for row in _judgements_at(evidence, doc_id, start, end) if row["judgement_id"] not in voting]
    quarantined = [
        row
        for row in read_rows(project, project.annotations, "quarantine", [doc_id])
        if _overlap(row["raw_start"], row["raw_end"], start, end)
    ]
    about = {
        "id": f"{doc_id}:{start}-{end}",
        "kind": "place",
        "doc_id": doc_id,
        "start": start,
        "end": end,
        "text": text[start:end],
        "before": text[max(0, start - CONTEXT) : start],
        "after": text[end : end + CONTEXT],
        "segments": _segments(project, evidence, doc_id, start, end),
        "readers": _readers(evidence, doc_id, start, end),
        "submitted": any(row["doc_id"] == doc_id and row["state"] == "submitted" for row in evidence.assignments),
        "units": units,
        "others": [verdict_on_vote(row, evidence) for row in others],
        "quarantine": [
            {"judgement_id": row["judgement_id"], "annotator_id": row["annotator_id"], "reason": row["reason"]}
            for row in quarantined
        ],
    }
    return about | {"verdict": _verdict(about)}


def _text(project: Project, doc_id: str) -> str:
    schema = read_table_schema("documents", project.table_schemas)
    texts = find_rows(project.corpus, schema, "doc_id", [doc_id], ["text"]).column("text").to_pylist()
    if texts:
        return str(texts[0])
    ids = read_table(project.corpus, schema, ["doc_id"]).column("doc_id").to_pylist()
    best = process.extractOne(doc_id, ids)
    raise UsageError(f"no document {doc_id!r}" + (f"; nearest is {best[0]}" if best else "; the corpus is empty"))


def _touches(outcome: Outcome, start: int, end: int) -> bool:
    return any(_overlap(vote.start, vote.end, start, end) for vote in outcome.unit.votes)


def _overlap(a: int | None, b: int | None, start: int, end: int) -> bool:
    return a is not None and b is not None and a < end and start < b


def _judgements_at(evidence: Evidence, doc_id: str, start: int, end: int) -> list[dict[str, Any]]:
    return [
        row
        for row in evidence.judgements
        if row["doc_id"] == doc_id
        and (
            _overlap(row["start"], row["end"], start, end)
            or (row["anchor"] == "lost" and _overlap(row["made_start"], row["made_end"], start, end))
        )
    ]


def _segments(project: Project, evidence: Evidence, doc_id: str, start: int, end: int) -> list[dict[str, Any]]:
    """The segments that the place touches, and which passes show them."""
    if not project.table_path("segments").is_file():
        return []
    rows = read_rows(project, project.corpus, "segments", [doc_id])
    passes = evidence.codebook.passes
    return [
        {"seg_no": row["seg_no"], "role": row["role"]}
        | {"shown_in": [item.name for item in passes if row["role"] in item.roles]}
        for row in rows
        if _overlap(row["start"], row["end"], start, end)
    ]


def _readers(evidence: Evidence, doc_id: str, start: int, end: int) -> dict[str, list[str]]:
    """Pass -> who submitted the document in it, and was shown any of the place."""
    found: dict[str, set[str]] = {name: set() for name in dict.fromkeys(LAYER_PASS.values())}
    for row in evidence.assignments:
        if row["doc_id"] == doc_id and row["state"] == "submitted":
            shown = evidence.versions.shown.get((doc_id, row["task_pass"], row["round"], row["annotator_id"]))
            if shown is not None and not any(_overlap(*span, start, end) for span in shown.spans):
                continue
            found.setdefault(row["task_pass"], set()).add(row["annotator_id"])
    return {name: sorted(who) for name, who in found.items()}


def _verdict(about: Explanation) -> str:
    gold = sum(unit["gold_id"] is not None for unit in about["units"])
    if about["units"]:
        rest = len(about["units"]) - gold
        return f"{gold} in gold" + (f", {rest} not" if rest else "")
    if about["others"] or about["quarantine"]:
        return "nothing in gold: what was marked here does not vote"
    roles = {segment["role"] for segment in about["segments"]}
    if roles and not any(segment["shown_in"] for segment in about["segments"]):
        return f"nothing in gold: no pass shows {', '.join(sorted(roles))}, so nobody was asked"
    if not any(about["readers"].values()) and about["submitted"]:
        return "nothing in gold: tasks of this document showed other passages only, so nobody was asked"
    if not any(about["readers"].values()):
        return "nothing in gold: nobody has submitted this document yet"
    return "nothing in gold: nobody marked anything here"


def place_lines(about: Explanation) -> list[str]:
    """The place in words; its units are worded each by itself."""
    before, text, after = (" ".join(about[part].split()) for part in ("before", "text", "after"))
    lines = [f"place {about['id']}: {about['verdict']}", f"  \u2026{before} [{text}] {after}\u2026"]
    for item in about["segments"]:
        shown = f"shown in {', '.join(item['shown_in'])}" if item["shown_in"] else "shown in no pass"
        lines.append(f"  segment {item['seg_no']}, {item['role']}: {shown}")
    for task_pass, who in about["readers"].items():
        lines.append(f"  {task_pass}: " + (f"submitted by {', '.join(who)}" if who else "submitted by nobody"))
    for item in about["others"]:
        lines.append(f"  {item['annotator_id']} {item['label'] or ''} {item['judgement_id']}: {item['verdict']}")
    for item in about["quarantine"]:
        lines.append(f"  {item['annotator_id']} {item['judgement_id']}: in quarantine: {item['reason']}")
    return lines
