"""Adjudication put back into an empty server: its project, every case as it was, and what was answered, on its day."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_adjudication_studio import make_judged, refresh, said_stances

from stancewire.cli import main
from stancewire.codebook.adjudication_interface import OTHER_SPAN
from stancewire.gold.adjudicate import take_in
from stancewire.gold.adjudication_project import send_cases, take_answers
from stancewire.gold.adjudication_restore import restore_adjudication
from stancewire.gold.adjudication_status import adjudication_status
from stancewire.gold.decisions import read_decisions
from stancewire.label_studio.accounts import Accounts
from stancewire.label_studio.adjudication import find_case_rooms, our_tasks
from stancewire.label_studio.case_exports import latest_cases
from stancewire.label_studio.client import Client
from stancewire.label_studio.enter import enter_answers
from stancewire.label_studio.exports import Given
from stancewire.label_studio.restore import post_answer, restore_all
from stancewire.label_studio.rooms import corpus_name
from stancewire.label_studio.server import find_server
from stancewire.project import Project

pytestmark = pytest.mark.studio
Row = dict[str, Any]


def tasks_of(project: Project, client: Client, adjudicator: str) -> dict[str, Row]:
    room = find_case_rooms(client, corpus_name(project))[adjudicator]
    return {task["data"]["case_id"]: task for task in our_tasks(client, room)}


def chosen(name: str, *values: str, kind: str = "choices") -> Row:
    value = {"text" if kind == "textarea" else "choices": list(values)}
    return {"id": f"r-{name}", "from_name": name, "to_name": "text", "type": kind, "value": value, "origin": "manual"}


def answer(client: Client, accounts: Accounts, who: str, task: Row, *results: Row, skip: bool = False) -> None:
    body = {"result": list(results), "was_cancelled": skip, "ground_truth": False, "lead_time": 3.5}
    post_answer(client, accounts, who, int(task["id"]), body, "answering")


def date_back(project: Project, adjudicator: str, day: str) -> None:
    """As if the last pull had been on another day."""
    path = sorted((project.adjudications / adjudicator).glob("*.json"))[-1]
    stored = json.loads(path.read_text(encoding="utf-8"))
    for task in stored["tasks"]:
        for given in task["annotations"]:
            given["created_at"] = given["updated_at"] = day
    path.write_text(json.dumps(stored), encoding="utf-8")
    lines = [json.loads(line) for line in project.adjudications_jsonl.read_text(encoding="utf-8").splitlines()]
    written = "".join(json.dumps(line | {"decided_at": day}, ensure_ascii=False) + "\n" for line in lines)
    project.adjudications_jsonl.write_text(written, encoding="utf-8")


def adjudicated(new_project: Callable[..., Project], client: Client) -> tuple[Project, tuple[str, ...], str]:
    """Four cases: one decided (and otherwise by a file, later), one skipped, one begun, one stale by now."""
    project, annotators, third = make_judged(new_project, client)
    send_cases(project, client, None)
    tasks = tasks_of(project, client, third).values()
    about = {(task["data"]["layer"], *task["data"]["open_fields"]): task for task in tasks}
    with Accounts(client, project.people_json) as accounts:
        reason = chosen("reason", "Lind is no firm.", kind="textarea")
        answer(client, accounts, third, about["mention", "label"], chosen("label", "NORP"), reason)
        answer(client, accounts, third, about["mention", "exists"], skip=True)
        stance = about["stance", "boundary", "stance", "via"]
        start = stance["data"]["text"].index("treaty must stay")
        own = {"start": start - 4, "end": start + 16, "text": "old treaty must stay", "labels": [OTHER_SPAN]}
        marked = {"id": "o1", "from_name": "span", "to_name": "text", "type": "labels", "value": own}
        fields = [chosen("boundary", OTHER_SPAN), chosen("stance", "favor"), chosen("via", "unnamed")]
        answer(client, accounts, third, stance, marked, *fields, chosen("reason", "So it says.", kind="textarea"))
        draft = {"result": [chosen("document_stance", "none")], "lead_time": 2.5}
        accounts[third].post(f"/api/tasks/{about['document_stance', 'stance']['id']}/drafts", draft, "drafting")
    taken = take_answers(project, client)
    assert (taken.problems, len(taken.appended), taken.counts["skipped"], taken.counts["begun"]) == ((), 4, 1, 1)
    date_back(project, third, "2024-05-02")
    label = next(item for item in read_decisions(project.adjudications_jsonl) if item.field == "label")
    other = {"judgement_ids": list(label.judgement_ids), "field": "label", "value": "PERSON", "reason": "Asked again."}
    path = project.root / "mine.jsonl"
    path.write_text(json.dumps(other), encoding="utf-8")
    take_in(project, path, third, datetime.date(2024, 5, 3))
    enter_answers(project, client, Given("stances", 1, annotators[0]), said_stances(0, project, stance="against"))
    refresh(project, client)
    return project, annotators, third


def test_adjudication_goes_back_into_an_empty_server_as_it_was(
    new_project: Callable[..., Project],
    studio_client: Client,
    other_server: Client,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    project, _, third = adjudicated(new_project, studio_client)
    before = tasks_of(project, studio_client, third)
    decisions = project.adjudications_jsonl.read_bytes()
    stored = latest_cases(project.adjudications / third)
    status = adjudication_status(project, studio_client)

    would = restore_adjudication(project, other_server, dry_run=True)
    assert (would.counts["projects_made"], would.counts["tasks_sent"], would.counts["answers_restored"]) == (1, 4, 3)
    restore_all(project, other_server)
    report = restore_adjudication(project, other_server)
    assert [report.counts[name] for name in ("tasks_sent", "answers_restored", "drafts_restored")] == [4, 3, 1]
    assert report.notes == []
    after = tasks_of(project, other_server, third)
    shown = {key: task["data"] for key, task in before.items()}
    assert {key: task["data"] for key, task in after.items()} == shown, "every word that was before the adjudicator"
    for key, task in after.items():
        filled = sorted(task["predictions"][0]["result"], key=lambda item: item["id"])
        for one, other in zip(
            filled, sorted(before[key]["predictions"][0]["result"], key=lambda item: item["id"]), strict=True
        ):
            assert (one["id"], one["from_name"]) == (other["id"], other["from_name"])
            assert one["value"].get("choices") == other["value"].get("choices")
            assert one["value"].get("start") == other["value"].get("start")

    # twice changes nothing, also by the command; nothing is taken in or stored twice, nothing decided is overruled
    running = find_server(tmp_path / "other" / ".studio")
    assert running is not None and running.url == other_server.url
    monkeypatch.setenv("LABEL_STUDIO_URL", running.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", running.token)
    assert main(["--project", str(project.root), "push", "--restore", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is False
    again = take_answers(project, other_server)
    assert (again.appended, again.problems, again.stored) == ((), (), ())
    assert any("was taken in before" in note for note in again.notes), "the file's later decision stands"
    assert project.adjudications_jsonl.read_bytes() == decisions
    assert latest_cases(project.adjudications / third) == stored
    there = adjudication_status(project, other_server)
    assert there["cases"] == status["cases"]
    for row in (*there["projects"], *status["projects"]):
        row.pop("url")
    assert there["projects"] == status["projects"]

    # and the work goes on: what is open now is asked, what an adjudicator changes there counts as of today
    assert send_cases(project, other_server, None).counts["tasks_sent"] == 1
    case = next(task for task in after.values() if task["data"]["open_fields"] == ["label"])
    with Accounts(other_server, project.people_json) as accounts:
        reason = chosen("reason", "On reflection.", kind="textarea")
        answer(other_server, accounts, third, case, chosen("label", "GPE"), reason)
    later = take_answers(project, other_server)
    assert [(item.field, item.value) for item in later.appended] == [("label", "GPE")]
    assert later.appended[0].decided_at > datetime.date(2024, 5, 3)
    assert restore_adjudication(project, other_server).counts["answers_restored"] == 0


def test_new_answers_are_left_alone_and_what_cannot_go_back_is_said(
    new_project: Callable[..., Project], studio_client: Client, other_server: Client
) -> None:
    project, _, third = adjudicated(new_project, studio_client)
    restore_all(project, other_server)
    send_cases(project, other_server, None)
    there = tasks_of(project, other_server, third)
    case = next(task for task in there.values() if task["data"]["open_fields"] == ["exists"])
    with Accounts(other_server, project.people_json) as accounts:
        reason = chosen("reason", "Needed.", kind="textarea")
        answer(other_server, accounts, third, case, chosen("exists", "keep"), reason)
    (file,) = (project.adjudications / third).glob("*.json")
    document = json.loads(file.read_text(encoding="utf-8"))
    gone = dict(document["tasks"][0]) | {"case_id": "a" * 26, "judgement_ids": ["b" * 26]}
    other = dict(document["tasks"][0]) | {"case_id": "c" * 26, "text_sha256": "0" * 64}
    away = dict(document["tasks"][0]) | {"case_id": "d" * 26, "doc_id": "nowhere"}
    document["tasks"] += [gone, other, away]
    file.write_text(json.dumps(document), encoding="utf-8")
    report = restore_adjudication(project, other_server)
    assert report.counts["tasks_left_alone"] == 1
    assert sorted(note.rpartition(": ")[2] for note in report.notes) == [
        "stancewire build", "the document has another text now", "the document is not in the corpus",
    ]  # fmt: skip
    task = tasks_of(project, other_server, third)[case["data"]["case_id"]]
    assert [item["was_cancelled"] for item in task["annotations"]] == [False]


def test_without_stored_adjudication_nothing_is_done(
    new_project: Callable[..., Project], studio_client: Client
) -> None:
    project = new_project()
    assert not restore_adjudication(project, studio_client).changed
    assert find_case_rooms(studio_client, corpus_name(project)) == {}
