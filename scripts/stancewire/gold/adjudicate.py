"""Adjudication in the terminal: the open conflicts side by side under neutral names, and decisions taken in.

Who said what is not shown: the versions of a conflict are called A, B, ... in an order that does not follow the
annotators.
"""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..agreement.values import DROP, parse_boundary
from ..errors import Problem, UsageError
from ..project import Project
from ..tables import write_text
from .cases import versions_of
from .decisions import Decision, check_decisions, conflict_id, parse_decision
from .evidence import Evidence, read_evidence
from .explain import CONTEXT
from .merge import FieldOutcome, Outcome
from .methods import Method
from .rows import reach


def open_conflicts(evidence: Evidence, method: Method = "majority", doc_id: str | None = None) -> list[dict[str, Any]]:
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
        "versions": _versions(outcome, text),
        "judgement_ids": list(unit.judgement_ids),
        "earlier_decision": None if item.stale is None else item.stale.as_json(),
    }


def _versions(outcome: Outcome, text: str) -> list[dict[str, Any]]:
    """What each annotator said, under neutral names; silence is a version of whether it exists."""
    versions = []
    for version in versions_of(outcome):
        said: dict[str, Any] = {"version": version.name}
        if version.times > 1:
            said["times"] = version.times
        if version.values.get("exists") == DROP:
            said["exists"] = DROP
        else:
            if "boundary" in version.values:
                start, end = parse_boundary(version.values["boundary"])
                said |= {"boundary": version.values["boundary"], "text": text[start:end]}
            rest = {field: value for field, value in version.values.items() if field not in ("exists", "boundary")}
            said |= rest | {"comment": version.comment}
        versions.append(said)
    return versions


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

    A line needs `judgement_ids` (or the `conflict_id` of a field of today's units, in conflict or not), `field` (unless
    the conflict says it), `value` and `reason`; layer, doc_id, codebook_version, decided_by and decided_at are filled
    in where they are missing. A `decision_id` may stand there, and is computed anew.

    Raises:
        UsageError: the file cannot be read, a line is decided by someone else than `by`, or names a conflict that is
            no more.
        CodebookError: a line is not a decision.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read ({type(error).__name__}); give a UTF-8 file, one decision a line"
        ) from None
    conflicts = {
        outcome.conflict_id(item.field): {
            "judgement_ids": list(outcome.unit.judgement_ids),
            "layer": outcome.unit.layer,
            "doc_id": outcome.unit.doc_id,
            "field": item.field,
        }
        for outcome in evidence.outcomes("majority")  # ids of conflicts are the same under every method
        for item in outcome.fields
    }
    rows = {row["judgement_id"]: row for row in evidence.judgements}
    decisions = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            place = f"{path}:{number}"
            _refuse_vanished(line, conflicts, place)
            filled = _filled(line, conflicts, rows, by, evidence.codebook.version, today)
            decision = parse_decision(filled, place, number)
            if decision.decided_by != by:
                raise UsageError(f"{place}: decided_by is {decision.decided_by!r}, but --by says {by!r}")
            decisions.append(decision)
    return decisions


def _refuse_vanished(line: str, conflicts: dict[str, dict[str, Any]], place: str) -> None:
    """A bare conflict_id must be that of judgements that still vote together."""
    with contextlib.suppress(ValueError):
        given = json.loads(line)
        bare = isinstance(given, dict) and "judgement_ids" not in given and "conflict_id" in given
        if bare and given["conflict_id"] not in conflicts:
            raise UsageError(
                f"{place}: there is no conflict {given['conflict_id']!r} now: a judgement that it rests on was changed "
                "or deleted, or the id is mistyped; list the conflicts anew: stancewire adjudicate"
            )


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
    fresh, problems = admit(evidence, given, str(path))
    if problems:
        return [], problems
    if fresh:
        append_decisions(project.adjudications_jsonl, fresh)
    return fresh, []


def admit(evidence: Evidence, given: Sequence[Decision], path: str) -> tuple[list[Decision], list[Problem]]:
    """Check decisions that are about to be appended together.

    Args:
        path: where they come from, as it is printed; the place is each decision's `line`.

    Returns:
        those that say something new (of a field whose last decision has the same value, none), and what is wrong:
        with the decisions, or because two of them contradict each other.
    """
    judgements = {row["judgement_id"]: row for row in evidence.judgements}
    problems = []
    for item in given:
        named = known_entities(evidence, item.doc_id)
        problems += check_decisions(
            [item], judgements, evidence.texts, named, evidence.codebook, evidence.campaign.adjudicators, path
        )
    standing = {item.decision_id for item in evidence.decisions}
    said: dict[str, Decision] = {}
    for item in given:
        if item.decision_id not in standing:
            before = said.setdefault(item.conflict_id, item)
            if before.value != item.value:
                message = (
                    f"decides {item.field} {item.value!r} where line {before.line} decides {before.value!r}: two "
                    "decisions on one thing contradict each other; leave one"
                )
                problems.append(Problem(path, str(item.line), "decision-contradiction", 2, message))
    last = {item.conflict_id: item.value for item in evidence.decisions}
    fresh = []
    for item in given:
        if last.get(item.conflict_id) != item.value:
            last[item.conflict_id] = item.value
            fresh.append(item)
    return fresh, problems


def known_entities(evidence: Evidence, doc_id: str) -> frozenset[str]:
    """The entities that a decision in this document may name: the codebook's, and those that anyone named in it."""
    columns = ("entity_id", "holder_entity_id", "via_entity_id")
    local = {row[column] for row in evidence.judgements if row["doc_id"] == doc_id for column in columns}
    return frozenset(local - {None, ""}) | {entity.entity_id for entity in evidence.codebook.entities}


def append_decisions(path: Path, decisions: Sequence[Decision]) -> None:
    """Add lines at the end of the file, which is written beside and renamed."""
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    lines = (json.dumps(item.as_json(), ensure_ascii=False) + "\n" for item in decisions)
    write_text(path, before + "".join(lines))
