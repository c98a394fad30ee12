"""Adjudication on the server: cases out, answers in. What a case is, and what becomes of an answer, `gold` knows.

Each adjudicator has one project, found again by a marker in its description (not that of annotators' projects: a pull
of annotations never sees it). A task is one case; its id, what is asked, and the map from the passage to the canonical
text travel in its data. What is agreed goes along as a prediction, so that it is filled in.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..codebook import read_campaign, read_codebook
from ..codebook.adjudication_interface import adjudication_xml
from ..errors import StudioError
from ..project import Project
from .accounts import Accounts
from .case_exports import answer_day, latest_cases, store_cases, stored_case
from .case_tasks import AGREED, PASS, CaseAnswer, CaseTask, case_task, read_answer
from .client import Client, UnsureError
from .delivery import PAUSE_SECONDS, Delivery, PushReport, is_touched
from .environment import Say, quiet
from .exports import Given
from .pull import known_pseudonyms
from .rooms import TITLE_CHARACTERS, Room, changed_settings, corpus_name, guidelines_html

_MARKER = re.compile(r"\[stancewire corpus=(\S+) adjudicator=(\S+)\]")


STATES = ("submitted", "skipped", "begun", "waiting")

# cases out


def push_cases(
    project: Project,
    client: Client,
    adjudicator: str,
    cases: Sequence[CaseTask],
    doc_id: str | None = None,
    dry_run: bool = False,
    say: Say = quiet,
) -> PushReport:
    """Bring these cases before an adjudicator, and no case before two.

    A case that somebody has begun or answered, or that waits for another adjudicator, is not sent again; one that is
    no longer open, and that nobody has begun, is taken away from whomever it waits for.

    Args:
        cases: all that are open (of one document, where `doc_id` is given: then all others stay as they are).

    Raises:
        StudioError: the server is away, refuses, or lost something; run again, it goes on.
    """
    report = PushReport()
    corpus = corpus_name(project)
    rooms = find_case_rooms(client, corpus)
    tasks = {name: our_tasks(client, room) for name, room in rooms.items()}
    current = {case.case_id: case for case in cases}
    for task in (task for listed in tasks.values() for task in listed):
        data = task["data"]
        if data["case_id"] not in current and doc_id in (None, data["doc_id"]) and not is_touched(task):
            report.counts["tasks_withdrawn"] += 1
            if not dry_run:
                client.delete_task(int(task["id"]))
    begun = _begun(tasks, adjudicator, current)
    wanted = {}
    for case in cases:
        holder = _who_has(case, begun)
        if holder is None or holder == (adjudicator, case.case_id):
            wanted[case.case_id] = case_task(case, adjudicator)
        else:
            report.counts["cases_asked_already"] += 1
            report.notes.append(
                f"{case.doc_id}: {case.title}: a task of {holder[0]} asks this already; when it is answered: "
                "stancewire adjudicate --pull"
            )
    if not wanted:
        return report
    with Accounts(client, project.people_json) as accounts:
        room = case_room(project, client, accounts, adjudicator, rooms, report, dry_run)
    if room is None:
        report.counts["tasks_sent"] += len(wanted)
        return report
    Delivery(client, room, wanted, report, dry_run, say, key="case_id").deliver()
    return report


def find_case_rooms(client: Client, corpus: str) -> dict[str, Room]:
    """The adjudicators' projects of a corpus, by pseudonym.

    Raises:
        StudioError: two projects bear the same marker.
    """
    rooms: dict[str, Room] = {}
    for remote in client.projects():
        found = _MARKER.search(remote.description)
        if found is None or found.group(1) != corpus:
            continue
        name = found.group(2)
        if name in rooms:
            raise StudioError(
                f"two projects on {client.url} are for the adjudicator {name}: numbers {rooms[name].remote.id} and "
                f"{remote.id}; delete the copy, or remove the [stancewire ...] line from its description"
            )
        rooms[name] = Room(Given(PASS, 1, name), remote)
    return rooms


Begun = dict[tuple[str, ...], list[tuple[str, str, frozenset[str]]]]


def _begun(
    tasks: Mapping[str, Sequence[Mapping[str, Any]]], adjudicator: str, current: Mapping[str, CaseTask]
) -> Begun:
    """By judgements: (adjudicator, case, open fields) of each task that must not be asked of `adjudicator` again.

    These are the tasks that anyone has begun or answered, those that they skipped themselves, and those that wait for
    somebody else.
    """
    found: Begun = {}
    for name, listed in tasks.items():
        for task in listed:
            data, own = task["data"], name == adjudicator
            skipped = any(item["was_cancelled"] for item in task["annotations"][-1:])
            waits = not own and data["case_id"] in current and not is_touched(task)
            if waits or (is_touched(task) and (own or not skipped)):
                asked = (name, data["case_id"], frozenset(data["open_fields"]))
                found.setdefault(tuple(data["judgement_ids"]), []).append(asked)
    return found


def _who_has(case: CaseTask, begun: Begun) -> tuple[str, str] | None:
    """Whose task asks all that the case asks, and which."""
    for name, case_id, fields in begun.get(case.judgement_ids, ()):
        if fields.issuperset(case.open_fields):
            return name, case_id
    return None


def case_room(
    project: Project,
    client: Client,
    accounts: Accounts,
    adjudicator: str,
    rooms: Mapping[str, Room],
    report: PushReport,
    dry_run: bool,
) -> Room | None:
    """The adjudicator's project as it should be; None in a dry run where there is none."""
    settings = _settings(project, adjudicator)
    room = rooms.get(adjudicator)
    if not dry_run:
        accounts.prepare([adjudicator])
    if room is None:
        report.counts["projects_made"] += 1
        if dry_run:
            return None
        try:
            return Room(Given(PASS, 1, adjudicator), client.create_project(**settings))
        except UnsureError:  # it may be there all the same
            time.sleep(PAUSE_SECONDS)
            found = find_case_rooms(client, corpus_name(project)).get(adjudicator)
            if found is None:
                raise
            return found
    changed = changed_settings(room, settings)
    if changed:
        report.counts["projects_updated"] += 1
        if not dry_run:
            client.update_project(room.remote.id, room.remote.title, **changed)
    return room


def _settings(project: Project, adjudicator: str) -> dict[str, Any]:
    codebook, campaign = read_codebook(project.codebook_yaml), read_campaign(project.campaign_yaml)
    guidelines = project.guidelines.read_text(encoding="utf-8") if project.guidelines.is_file() else ""
    tail = f" {PASS} {adjudicator}"
    return {
        "title": campaign.title_prefix[: TITLE_CHARACTERS - len(tail)].rstrip() + tail,
        "description": (
            f"What annotators differ about, for {adjudicator}. Stancewire finds this project by the following: "
            f"[stancewire corpus={corpus_name(project)} adjudicator={adjudicator}]"
        ),
        "label_config": adjudication_xml(codebook),
        "maximum_annotations": 1,
        "show_collab_predictions": True,  # with the next one: what is agreed is filled in
        "model_version": AGREED,
        "show_skip_button": True,
        "enable_empty_annotation": True,
        "expert_instruction": guidelines_html(guidelines),
        "show_instruction": False,
        "sampling": "Sequential sampling",
    }


# answers in


def pull_answers(project: Project, client: Client) -> tuple[list[CaseAnswer], dict[str, int], list[Path]]:
    """Every submitted answer of every adjudicator, counts of tasks by what became of them, and the files stored.

    Raises:
        StudioError: the server is away or refuses, or has no adjudication project of this corpus.
        ExportError: what was pulled cannot be stored.
    """
    rooms = find_case_rooms(client, corpus_name(project))
    if not rooms:
        raise StudioError(f"{client.url} has no adjudication project of this corpus; run: stancewire adjudicate --push")
    pseudonyms = known_pseudonyms(project)
    answers: list[CaseAnswer] = []
    counts = dict.fromkeys(STATES, 0)
    stored = []
    for name, room in sorted(rooms.items()):
        tasks = our_tasks(client, room)
        before = latest_cases(project.adjudications / name)
        path = store_cases(project, name, room.remote.title, tasks, pseudonyms)
        stored += [] if path is None else [path]
        for task in tasks:
            state, last = _state(task)
            counts[state] += 1
            if state == "submitted" and last is not None:
                day = answer_day(before.get(task["data"]["case_id"]), stored_case(task, pseudonyms))
                answers.append(read_answer(task, last, pseudonyms.of(last["completed_by"]["email"]), day))
    return answers, counts, stored


def _state(task: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """What became of a task, and its last answer: an adjudicator who answers anew means the later one."""
    given = sorted(task["annotations"], key=lambda item: (item["updated_at"], int(item["id"])))
    if not given:
        return ("begun" if task["drafts"] else "waiting"), None
    return ("skipped" if given[-1]["was_cancelled"] else "submitted"), given[-1]


@dataclass(frozen=True)
class Asked:
    """A task before an adjudicator: what it asks, and what became of it."""

    adjudicator_id: str
    case_id: str
    judgement_ids: tuple[str, ...]
    open_fields: frozenset[str]
    state: str


def read_case_progress(project: Project, client: Client) -> tuple[list[dict[str, Any]], list[Asked]]:
    """How far each adjudicator is: one row a project, with tasks by state and its address; and every task."""
    rows, asked = [], []
    for name, room in sorted(find_case_rooms(client, corpus_name(project)).items()):
        counts = dict.fromkeys(STATES, 0)
        for task in our_tasks(client, room):
            state, data = _state(task)[0], task["data"]
            counts[state] += 1
            fields = frozenset(data["open_fields"])
            asked.append(Asked(name, data["case_id"], tuple(sorted(data["judgement_ids"])), fields, state))
        address = f"{client.url}/projects/{room.remote.id}"
        rows.append({"adjudicator_id": name, "tasks": sum(counts.values()), **counts, "url": address})
    return rows, asked


def our_tasks(client: Client, room: Room) -> list[dict[str, Any]]:
    """The tasks of an adjudicator's project that are cases of ours."""
    tasks = client.tasks(room.remote.id, room.remote.title)
    return [task for task in tasks if isinstance(task["data"], dict) and "case_id" in task["data"]]
