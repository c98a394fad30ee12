"""How adjudication stands: conflicts open, before whom, answered, decided; and how far each adjudicator is.

A case is a unit with open fields, as in `cases`; here it is known by its rows of the table `conflicts`, so that nothing
is merged anew. What was decided since the last merge counts as decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import StancewireError
from ..label_studio.adjudication import Asked, read_case_progress
from ..label_studio.client import Client
from ..project import Project
from .decisions import read_decisions
from .evidence import Row, read_rows

UNSENT, WAITING, ANSWERED = "unsent", "waiting", "answered"


def adjudication_status(project: Project, client: Client) -> dict[str, Any]:
    """Projects of adjudicators (`projects`), and cases by how they stand (`cases`; None where there is no gold yet).

    `cases` counts `open` cases, and among them those `unsent`, `waiting` for an adjudicator (not begun, begun, skipped)
    or `answered` and not yet taken in; then conflicts `decided`, and `stale` ones among the open.

    Raises:
        StudioError: the server is away or refuses. CodebookError: a line of adjudications.jsonl is no decision.
    """
    rows, asked = read_case_progress(project, client)
    decided = {item.conflict_id for item in read_decisions(project.adjudications_jsonl)}
    try:
        conflicts = read_rows(project, project.annotations, "conflicts")
    except StancewireError:
        return {"projects": rows, "cases": None}
    return {"projects": rows, "cases": count_cases(conflicts, asked, decided)}


def count_cases(conflicts: Iterable[Row], asked: Sequence[Asked], decided: set[str]) -> dict[str, int]:
    """Cases by how they stand.

    Args:
        conflicts: rows of the table. asked: every task on the server. decided: ids of conflicts that decisions name.
    """
    counts = Counter(dict.fromkeys(("open", UNSENT, WAITING, ANSWERED, "decided", "stale"), 0))
    fields: dict[str, set[str]] = {}
    for row in conflicts:
        if row["status"] == "decided" or row["conflict_id"] in decided:
            counts["decided"] += 1
            continue
        counts["stale"] += row["status"] == "stale"
        fields.setdefault(row["judgement_ids"], set()).add(row["field"])
    tasks: dict[str, list[Asked]] = {}
    for task in asked:
        tasks.setdefault(" ".join(task.judgement_ids), []).append(task)
    for judgements, open_fields in fields.items():
        states = {task.state for task in tasks.get(judgements, ()) if task.open_fields >= open_fields}
        counts["open"] += 1
        counts[ANSWERED if "submitted" in states else WAITING if states else UNSENT] += 1
    return dict(counts)


def status_lines(status: dict[str, Any]) -> list[str]:
    """The status in words: a line a project, and one about all cases; nothing where there is nothing to say."""
    lines = [
        f"adjudication  {row['adjudicator_id']:14} {row['submitted']:5} of {row['tasks']} submitted, "
        f"{row['begun']} begun, {row['skipped']} skipped, {row['waiting']} waiting  {row['url']}"
        for row in status["projects"]
    ]
    cases = status["cases"]
    if cases is None or not (cases["open"] or cases["decided"]):
        return lines
    said = [
        f"{cases[ANSWERED]} answered (take in: stancewire adjudicate --pull)" if cases[ANSWERED] else "",
        f"{cases[WAITING]} before an adjudicator" if cases[WAITING] else "",
        f"{cases[UNSENT]} not sent (stancewire adjudicate --push, or --text)" if cases[UNSENT] else "",
    ]
    about = f": {', '.join(filter(None, said))}" if cases["open"] else ""
    stale = f", {cases['stale']} stale" if cases["stale"] else ""
    one = "case" if cases["open"] == 1 else "cases"
    return [*lines, f"adjudication  {cases['open']} {one} open{about}; {cases['decided']} conflicts decided{stale}"]
