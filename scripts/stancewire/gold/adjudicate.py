"""Adjudication in the terminal: the open conflicts side by side under neutral names, and decisions taken in.

Who said what is not shown: the versions of a conflict are called A, B, ... in an order that does not follow the
annotators.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..agreement.values import DROP, field_value
from ..errors import Problem, UsageError
from ..project import Project
from ..tables import row_id, write_text
from .decisions import Decision, check_decisions, conflict_id, parse_decision
from .evidence import Evidence, read_evidence
from .explain import CONTEXT
from .merge import FieldOutcome, Outcome
from .rows import reach


def open_conflicts(evidence: Evidence, method: str = "majority", doc_id: str | None = None) -> list[dict[str, Any]]:
    """Every conflict that no decision settles, with its versions and the line that would decide it."""
    listed = []
    for outcome in evidence.outcomes(method, doc_id):
        for item in outcome.conflicts:
            if item.status != "decided":
                listed.append(_conflict(outcome, item, evidence))
    return listed


def _conflict(outcome: Outcome, item: FieldOutcome, evidence: Evidence) -> dict[str, Any]:
    unit = outcome.unit
    start, end = reach(outcome)
    text = evidence.texts[unit.doc_id]
    return {
        "conflict_id": outcome.conflict_id(item.field),
        "status": item.status,
        "layer": unit.layer,
        "doc_id": unit.doc_id,
        "start": start,
        "end": end,
        "text": None if start is None else text[start:end],
        "before": None if start is None else text[max(0, start - CONTEXT) : start],
        "after": None if end is None else text[end : end + CONTEXT],
        "target_id": unit.target_id,
        "field": item.field,
        "choices": [value for value, _ in item.votes],
        "versions": _versions(outcome, item, text),
        "judgement_ids": list(unit.judgement_ids),
        "earlier_decision": None if item.stale is None else item.stale.as_json(),
    }


def _versions(outcome: Outcome, item: FieldOutcome, text: str) -> list[dict[str, Any]]:
    """What each annotator said, under neutral names; silence is a version of whether it exists."""
    key = outcome.conflict_id(item.field)
    votes = {vote.annotator_id: vote for vote in outcome.unit.votes}
    asked = sorted(name for _, names in item.votes for name in names)
    asked.sort(key=lambda name: row_id(key, votes[name].judgement_id if name in votes else name))
    versions = []
    for number, name in enumerate(asked):
        said: dict[str, Any] = {"version": _letter(number)}
        vote = votes.get(name)
        if vote is None:
            said["exists"] = DROP
        else:
            if vote.start is not None and vote.end is not None:
                said |= {"boundary": f"{vote.start}:{vote.end}", "text": text[vote.start : vote.end]}
            fields = [field.field for field in outcome.fields if field.field not in ("exists", "boundary")]
            said |= {field: field_value(vote.row, field) for field in fields} | {"comment": vote.row["comment"]}
        versions.append(said)
    return versions


def _letter(number: int) -> str:
    return chr(ord("A") + number) if number < 26 else str(number + 1)


def conflict_lines(conflict: dict[str, Any]) -> list[str]:
    """A conflict in words."""
    about = conflict["layer"] + (f" on {conflict['target_id']}" if conflict["target_id"] else "")
    lines = [f"{conflict['conflict_id']}  {about}: {conflict['field']}?  ({conflict['status']})"]
    if conflict["text"] is not None:
        before, text, after = (" ".join(conflict[part].split()) for part in ("before", "text", "after"))
        lines.append(f"  {conflict['doc_id']}:{conflict['start']}-{conflict['end']}")
        lines.append(f"  \u2026{before} [{text}] {after}\u2026")
    else:
        lines.append(f"  {conflict['doc_id']}")
    for said in conflict["versions"]:
        values = [
            f"{name} {value!r}" if name in ("text", "comment") else f"{name} {value}"
            for name, value in said.items()
            if name != "version" and value not in (None, "")
        ]
        lines.append(f"  {said['version']}: {', '.join(values)}")
    return lines


def read_new_decisions(path: Path, evidence: Evidence, by: str, today: datetime.date) -> list[Decision]:
    """The decisions of a file, with what can be known filled in.

    A line needs `judgement_ids` (or the `conflict_id` of an open conflict), `field` (unless the conflict says it),
    `value` and `reason`; layer, doc_id, codebook_version, decided_by and decided_at are filled in where they are
    missing. A `decision_id` may stand there, and is computed anew.

    Raises:
        UsageError: the file cannot be read, or a line is decided by someone else than `by`.
        CodebookError: a line is not a decision.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read ({type(error).__name__}); give a UTF-8 file, one decision a line"
        ) from None
    conflicts = {item["conflict_id"]: item for item in open_conflicts(evidence)}
    rows = {row["judgement_id"]: row for row in evidence.judgements}
    decisions = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            place = f"{path}:{number}"
            filled = _filled(line, conflicts, rows, by, evidence.codebook.version, today)
            decision = parse_decision(filled, place, number)
            if decision.decided_by != by:
                raise UsageError(f"{place}: decided_by is {decision.decided_by!r}, but --by says {by!r}")
            decisions.append(decision)
    return decisions


def _filled(
    line: str,
    conflicts: dict[str, dict[str, Any]],
    rows: dict[str, dict[str, Any]],
    by: str,
    version: str,
    today: datetime.date,
) -> str:
    """The line with what can be known added; as it is where it is no JSON object (the parser words the error)."""
    try:
        given = json.loads(line)
    except ValueError:
        return line
    if not isinstance(given, dict):
        return line
    given.pop("decision_id", None)
    conflict = conflicts.get(str(given.get("conflict_id")), {})
    for key in ("judgement_ids", "layer", "doc_id", "field"):
        if key in conflict:
            given.setdefault(key, conflict[key])
    ids = given.get("judgement_ids")
    if isinstance(ids, list) and ids and all(isinstance(key, str) for key in ids):
        if isinstance(given.get("field"), str):
            given.setdefault("conflict_id", conflict_id(ids, given["field"]))
        if ids[0] in rows:
            given.setdefault("layer", rows[ids[0]]["layer"])
            given.setdefault("doc_id", rows[ids[0]]["doc_id"])
    given.setdefault("decided_by", by)
    given.setdefault("codebook_version", version)
    given.setdefault("decided_at", today.isoformat())
    return json.dumps(given, ensure_ascii=False)


def take_in(project: Project, path: Path, by: str, today: datetime.date) -> tuple[list[Decision], list[Problem]]:
    """Append the decisions of a file to `adjudications.jsonl`; nothing is appended where any has a problem.

    Returns:
        the decisions appended (without those that stand there already), and the problems.

    Raises:
        StancewireError: the file, or something needed to check it, cannot be read.
    """
    evidence = read_evidence(project)
    given = read_new_decisions(path, evidence, by, today)
    judgements = {row["judgement_id"]: row for row in evidence.judgements}
    known = frozenset(entity.entity_id for entity in evidence.codebook.entities)
    problems = []
    for item in given:
        local = {row[column] for row in evidence.judgements if row["doc_id"] == item.doc_id
                 for column in ("entity_id", "holder_entity_id", "via_entity_id")}  # fmt: skip
        named = known | {entity_id for entity_id in local if entity_id}
        problems += check_decisions(
            [item], judgements, evidence.texts, named, evidence.codebook, evidence.campaign.adjudicators, str(path)
        )
    if problems:
        return [], problems
    last = {item.conflict_id: item.value for item in evidence.decisions}
    fresh = []
    for item in given:
        if last.get(item.conflict_id) != item.value:
            last[item.conflict_id] = item.value
            fresh.append(item)
    if fresh:
        append_decisions(project.adjudications_jsonl, fresh)
    return fresh, []


def append_decisions(path: Path, decisions: Sequence[Decision]) -> None:
    """Add lines at the end of the file, which is written beside and renamed."""
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    lines = (json.dumps(item.as_json(), ensure_ascii=False) + "\n" for item in decisions)
    write_text(path, before + "".join(lines))
