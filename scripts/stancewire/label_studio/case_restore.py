"""Stored adjudication back into a server: each adjudicator's project, its tasks as they were, and what was answered.

What a case says in words (its versions side by side, the names of what may be chosen) is not stored: `gold` makes it
anew of the judgements, which keep their history. Answers are entered in the adjudicator's own session under the unique
ids they had, and everything is read back. A task that has other answers on the server is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import StudioError
from ..project import Project
from ..text.view import Piece
from .accounts import Accounts, Pseudonyms
from .adjudication import case_room, find_case_rooms, our_tasks
from .case_exports import latest_cases, stored_adjudicators, stored_case
from .case_tasks import AGREED, CaseTask, case_task
from .client import Client
from .delivery import Delivery, PushReport, Wanted
from .environment import Say, quiet
from .pull import is_changed, known_pseudonyms
from .push import bare_result
from .restore import enter_answer, enter_draft, unique_ids
from .rooms import Room, corpus_name


@dataclass(frozen=True)
class AskedCase:
    """A stored case: what was asked, of which judgements, in which passage.

    Attributes:
        settled: field -> value that was filled in. offered: field -> values that could be chosen, in their order.
        pieces: where the passage's parts stand in the canonical text.
    """

    case_id: str
    doc_id: str
    text_sha256: str
    codebook_version: str
    layer: str
    judgement_ids: tuple[str, ...]
    open_fields: tuple[str, ...]
    settled: Mapping[str, str]
    offered: Mapping[str, tuple[str, ...]]
    pieces: tuple[Piece, ...]


def asked_cases(project: Project) -> dict[str, list[AskedCase]]:
    """Every stored case by adjudicator, in the order of documents and cases.

    Raises:
        ExportError: a stored file cannot be read.
    """
    found = {}
    for name in stored_adjudicators(project):
        tasks = latest_cases(project.adjudications / name).values()
        ordered = sorted(tasks, key=lambda task: (task["doc_id"], task["case_id"]))
        found[name] = [_asked(task) for task in ordered]
    return found


def _asked(task: Mapping[str, Any]) -> AskedCase:
    return AskedCase(
        case_id=task["case_id"],
        doc_id=task["doc_id"],
        text_sha256=task["text_sha256"],
        codebook_version=task["codebook_version"],
        layer=task["layer"],
        judgement_ids=tuple(task["judgement_ids"]),
        open_fields=tuple(task["open_fields"]),
        settled=dict(task["settled"]),
        offered={
            "stance" if field == "document_stance" else field: tuple(values)
            for field, values in task["offered"].items()
        },
        pieces=tuple(Piece(*piece) for piece in task["view"]),
    )


def restore_cases(
    project: Project,
    client: Client,
    adjudicator: str,
    cases: Sequence[CaseTask],
    dry_run: bool = False,
    say: Say = quiet,
) -> PushReport:
    """Put an adjudicator's stored cases back, with their answers and drafts; twice changes nothing.

    Args:
        cases: the stored cases of this adjudicator, worded anew; others stay in storage alone.

    Raises:
        StudioError: the server is away or refuses, or what it holds afterwards is not what was stored.
        ExportError: a stored file cannot be read.
    """
    report = PushReport()
    stored = latest_cases(project.adjudications / adjudicator)
    wanted = {case.case_id: _wanted(case, adjudicator, stored[case.case_id]) for case in cases}
    with Accounts(client, project.people_json) as accounts:
        rooms = find_case_rooms(client, corpus_name(project))
        room = case_room(project, client, accounts, adjudicator, rooms, report, dry_run)
        if room is None or dry_run:
            there = set() if room is None else {task["data"]["case_id"] for task in our_tasks(client, room)}
            report.counts["tasks_sent"] += len(wanted.keys() - there)
            lacking = [stored[case_id]["annotations"] for case_id in wanted.keys() - there]
            report.counts["answers_restored"] += sum(map(len, lacking))
            return report
        Delivery(client, room, wanted, report, dry_run, say, key="case_id").deliver()
        _restore_answers(client, room, accounts, {key: stored[key] for key in wanted}, report, say)
        _read_back(client, room, {key: stored[key] for key in wanted}, known_pseudonyms(project), report)
    return report


def _wanted(case: CaseTask, adjudicator: str, stored: Mapping[str, Any]) -> Wanted:
    """The task as it was, with what was filled in then."""
    filled = [bare_result(result) for item in stored["predictions"] for result in item["result"]]
    return Wanted(case_task(case, adjudicator).data, filled, AGREED)


def _restore_answers(
    client: Client,
    room: Room,
    accounts: Accounts,
    stored: Mapping[str, Mapping[str, Any]],
    report: PushReport,
    say: Say,
) -> None:
    for task in our_tasks(client, room):
        before = stored.get(task["data"]["case_id"])
        if before is None or not (before["annotations"] or before["drafts"]):
            continue
        there = {str(item["unique_id"]) for item in task["annotations"]}
        if there - {name for item in before["annotations"] for name in unique_ids(item, task)}:
            report.counts["tasks_left_alone"] += 1
            continue
        say(f"{room.remote.title}: putting back {before['doc_id']}")
        for answer in before["annotations"]:
            if there.isdisjoint(unique_ids(answer, task)):
                enter_answer(client, accounts, room.given, task, answer)
                report.counts["answers_restored"] += 1
        if not before["annotations"] and not task["drafts"]:
            for draft in before["drafts"]:
                enter_draft(client, accounts, room.given, task, draft)
                report.counts["drafts_restored"] += 1


def _read_back(
    client: Client,
    room: Room,
    stored: Mapping[str, Mapping[str, Any]],
    pseudonyms: Pseudonyms,
    report: PushReport,
) -> None:
    now = {task["data"]["case_id"]: task for task in our_tasks(client, room)}
    for case_id, before in stored.items():
        task = now[case_id]
        known = {name for item in before["annotations"] for name in unique_ids(item, task)}
        if {str(item["unique_id"]) for item in task["annotations"]} - known or (
            task["drafts"] and not before["drafts"] and not before["annotations"]
        ):
            continue  # somebody has gone on here: left alone
        if is_changed(before, stored_case(task, pseudonyms), suggestions=False):
            raise StudioError(
                f"{room.remote.title!r}: what the server holds of a case of {before['doc_id']!r} is not what was put "
                f"back (task {task['id']}); see it there, and the last file of annotations/adjudications/"
                f"{room.given.annotator_id}"
            )
