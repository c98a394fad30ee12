"""Against a real server: tasks go out once, answers come in once, and stored answers go back in as they were."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from studio_project import ARTICLES, write_corpus, write_gold

from stancewire.codebook import read_campaign, read_codebook
from stancewire.errors import StudioError
from stancewire.label_studio.accounts import Accounts
from stancewire.label_studio.client import Client
from stancewire.label_studio.enter import enter_answers
from stancewire.label_studio.exports import Given, read_submissions
from stancewire.label_studio.pull import pull_all, read_progress
from stancewire.label_studio.push import push_pass
from stancewire.label_studio.restore import restore_all
from stancewire.label_studio.rooms import corpus_name, find_rooms
from stancewire.project import Project

pytestmark = pytest.mark.studio

GOLD = [
    ("b-2", "Takeshi Iwaya", "PERSON", "takeshi-iwaya"),
    ("b-2", "officials", "PERSON", "b-2#officials"),
    ("harbour/a-1", "Donald Trump", "PERSON", "donald-trump"),
    ("harbour/a-1", "Takeshi Iwaya", "PERSON", "takeshi-iwaya"),
]
MENTIONS = {
    "mentions": [
        {"quote": "Takeshi Iwaya", "label": "PERSON", "kind": "name", "entity": "takeshi-iwaya"},
        {"quote": "Tokyo", "label": "LOC", "kind": "name", "entity": "tokyo"},
        {"quote": "officials", "label": "PERSON", "kind": "nominal", "entity_name": "the officials"},
    ],
    "flags": ["furniture"],
    "comment": "“Seen” 🕊",
}


def annotators(project: Project) -> tuple[str, str]:
    first, second = read_campaign(project.campaign_yaml).rounds[0].annotators
    return first, second


def stance(project: Project, **changes: Any) -> dict[str, Any]:
    said = {
        "quote": "We must keep the treaty.",
        "target": "us-japan-security-treaty",
        "stance": "favor",
        "attribution": "direct_quote",
        "holders": ["takeshi-iwaya", "unnamed"],
        "via": "donald-trump",
    }
    targets = read_codebook(project.codebook_yaml).document_targets
    return {"stances": [said | changes], "document_stances": {target.id: "none" for target in targets}}


def tasks_of(client: Client, project: Project, given: Given) -> list[dict[str, Any]]:
    room = find_rooms(client, corpus_name(project))[given]
    return client.tasks(room.remote.id, room.remote.title)


def said(project: Project, exports: Path | None = None) -> dict[tuple[Any, ...], Any]:
    """What the last pull knows of every assignment, but for what a server cannot give back."""
    return {
        (s.task_pass, s.round, s.annotator_id, s.doc_id): (
            (s.text_sha256, s.codebook_version, s.suggestions_shown, s.state, s.view, s.entities, s.marks, s.seconds)
        )
        for s in read_submissions(project, exports)
    }


def test_pushing_twice_changes_nothing(new_project: Callable[..., Project], studio_client: Client) -> None:
    project = new_project()
    first = push_pass(project, studio_client, "entities")
    assert (
        first.counts["projects_made"] == 2 and first.counts["tasks_sent"] == 4 and first.counts["suggestions_sent"] == 4
    )
    before = [tasks_of(studio_client, project, Given("entities", 1, name)) for name in annotators(project)]
    again = push_pass(project, studio_client, "entities")
    assert not again.changed, again
    assert [tasks_of(studio_client, project, Given("entities", 1, name)) for name in annotators(project)] == before
    assert not push_pass(project, studio_client, "entities", dry_run=True).changed


def test_dry_run_sends_nothing(new_project: Callable[..., Project], studio_client: Client) -> None:
    project = new_project()
    report = push_pass(project, studio_client, dry_run=True)
    assert report.counts["tasks_sent"] == 4
    assert not find_rooms(studio_client, corpus_name(project)) and not project.people_json.exists()


def test_task_shows_the_roles_of_its_pass_without_furniture(
    new_project: Callable[..., Project], studio_client: Client
) -> None:
    project = new_project()
    write_gold(project, GOLD)
    push_pass(project, studio_client)
    name = annotators(project)[0]
    texts = {}
    for task_pass in ("entities", "stances"):
        for task in tasks_of(studio_client, project, Given(task_pass, 1, name)):
            texts[task_pass, task["data"]["doc_id"]] = task["data"]["text"]
    assert all("ADVERTISEMENT" not in text for text in texts.values())
    assert "Yokosuka" in texts["entities", "harbour/a-1"] and "Yokosuka" not in texts["stances", "harbour/a-1"]


def test_stance_pass_waits_for_gold_and_offers_its_entities(
    new_project: Callable[..., Project], studio_client: Client
) -> None:
    project = new_project()
    held = push_pass(project, studio_client, "stances")
    assert held.counts["documents_held_back"] == 2 and "not merged yet" in held.notes[0]
    write_gold(project, GOLD)
    push_pass(project, studio_client, "stances")
    offered = {}
    for name in annotators(project):
        for task in tasks_of(studio_client, project, Given("stances", 1, name)):
            offered.setdefault(task["data"]["doc_id"], []).append([item["alias"] for item in task["data"]["holders"]])
    assert offered["b-2"] == [["author", "takeshi-iwaya", "b-2#officials", "unnamed", "other"]] * 2


def test_answers_come_back_as_given_and_a_second_pull_stores_nothing(
    new_project: Callable[..., Project], studio_client: Client
) -> None:
    project = new_project()
    push_pass(project, studio_client, "entities")
    first, second = annotators(project)
    given = Given("entities", 1, first)
    assert enter_answers(project, studio_client, given, {"b-2": MENTIONS}).counts["entered"] == 1
    assert enter_answers(project, studio_client, given, {"b-2": MENTIONS}).counts["already_there"] == 1
    report = pull_all(project, studio_client)
    assert len(report.stored) == 2 and report.counts["submitted"] == 1 and report.counts["assigned"] == 3
    assert not pull_all(project, studio_client).stored
    found = {(s.annotator_id, s.doc_id): s for s in read_submissions(project)}
    answer = found[first, "b-2"]
    assert answer.state == "submitted" and answer.seconds is None and answer.suggestions_shown
    spans = {mark.quote: mark for mark in answer.marks if mark.view_start is not None}
    assert spans["Takeshi Iwaya"].origin == "accepted" and spans["Takeshi Iwaya"].suggested_by == "names/1"
    assert spans["Tokyo"].origin == "edited" and spans["Tokyo"].get("label") == ("LOC",)
    assert spans["officials"].origin == "manual" and spans["officials"].get("entity_name") == ("the officials",)
    rest = {control: values for mark in answer.marks if mark.view_start is None for control, values in mark.values}
    assert rest == {"flag": ("furniture",), "comment": ("“Seen” 🕊",)}
    assert found[second, "b-2"].state == "assigned", "the other annotator sees nothing of it"


def test_edit_is_a_new_export_with_the_change_only(new_project: Callable[..., Project], studio_client: Client) -> None:
    project = new_project()
    push_pass(project, studio_client, "entities")
    given = Given("entities", 1, annotators(project)[0])
    enter_answers(project, studio_client, given, {"b-2": MENTIONS, "harbour/a-1": {"mentions": []}})
    pull_all(project, studio_client)
    fewer = MENTIONS | {"mentions": MENTIONS["mentions"][:1]}
    assert enter_answers(project, studio_client, given, {"b-2": fewer}).counts["changed"] == 1
    report = pull_all(project, studio_client)
    assert [path.name for path in report.stored] == ["0002.json"]
    stored = json.loads(report.stored[0].read_text())
    assert [task["doc_id"] for task in stored["tasks"]] == ["b-2"]
    assert [
        s.pulled for s in read_submissions(project) if s.doc_id == "b-2" and s.annotator_id == given.annotator_id
    ] == [1, 2]


def test_skip_and_draft_are_told_apart(new_project: Callable[..., Project], studio_client: Client) -> None:
    project = new_project()
    push_pass(project, studio_client, "entities")
    name = annotators(project)[0]
    given = Given("entities", 1, name)
    ids = {task["data"]["doc_id"]: task["id"] for task in tasks_of(studio_client, project, given)}
    mark = {"id": "x1", "from_name": "mention", "to_name": "text", "type": "labels", "origin": "manual"}
    mark["value"] = {"start": 0, "end": 9, "labels": ["PERSON"]}
    with Accounts(studio_client, project.people_json) as accounts:
        accounts[name].post(f"/api/tasks/{ids['b-2']}/annotations/", {"result": [], "was_cancelled": True}, "skipping")
        accounts[name].post(f"/api/tasks/{ids['harbour/a-1']}/drafts", {"result": [mark], "lead_time": 2.5}, "drafting")
    pull_all(project, studio_client)
    states = {s.doc_id: s for s in read_submissions(project) if s.annotator_id == name}
    assert states["b-2"].state == "skipped" and states["harbour/a-1"].state == "draft"
    assert [mark.quote for mark in states["harbour/a-1"].marks] == ["Trump 🕊 w"]
    row = next(row for row in read_progress(project, studio_client) if row["annotator_id"] == name)
    assert (row["skipped"], row["draft"], row["submitted"]) == (1, 1, 0)


def fill(project: Project, client: Client) -> None:
    """Both annotators answer both passes, with a skip and a draft among it; then everything is pulled."""
    first, second = annotators(project)
    push_pass(project, client, "entities")
    enter_answers(project, client, Given("entities", 1, first), {"b-2": MENTIONS, "harbour/a-1": {"mentions": []}})
    given = Given("entities", 1, second)
    ids = {task["data"]["doc_id"]: task["id"] for task in tasks_of(client, project, given)}
    mark = {"id": "d1", "from_name": "mention", "to_name": "text", "type": "labels", "origin": "manual"}
    mark["value"] = {"start": 16, "end": 29, "text": "not to be trusted", "labels": ["PERSON"]}
    with Accounts(client, project.people_json) as accounts:
        accounts[second].post(f"/api/tasks/{ids['b-2']}/drafts", {"result": [mark], "lead_time": 2.5}, "drafting")
        skipped = {"result": [mark], "was_cancelled": True, "lead_time": 7.25}
        accounts[second].post(f"/api/tasks/{ids['harbour/a-1']}/annotations/", skipped, "skipping")
    write_gold(project, GOLD)
    push_pass(project, client, "stances")
    enter_answers(project, client, Given("stances", 1, first), {"harbour/a-1": stance(project)})
    changed = stance(project, holders=["other"], holder_text="a minister", via=None, stance="neutral")
    enter_answers(project, client, Given("stances", 1, second), {"harbour/a-1": changed})
    pull_all(project, client)


def check_privacy(project: Project) -> None:
    """No address, no `value.text`, no paragraph of an article, nobody but the annotators in any stored export."""
    paths = list(project.exports.rglob("*.json"))
    assert len(paths) == 4
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert "@" not in text and "not to be trusted" not in text
        for paragraph in (words for parts in ARTICLES.values() for _, words in parts if len(words) > 80):
            assert paragraph not in text
        for task in json.loads(text)["tasks"]:
            assert {answer["completed_by"] for answer in task["annotations"]} <= set(annotators(project))


def test_stored_answers_go_back_into_an_empty_server_and_come_out_as_they_were(
    new_project: Callable[..., Project], studio_client: Client, other_server: Client, tmp_path: Path
) -> None:
    project = new_project()
    fill(project, studio_client)
    check_privacy(project)
    before = said(project)
    for path in ("mentions.parquet", "entities.parquet", "manifest.json"):
        (project.annotations / path).unlink()  # what was given out before needs no gold to be given out again
    with pytest.raises(StudioError, match="push --restore"):
        push_pass(project, other_server)  # tasks only: the server holds none of the answers
        pull_all(project, other_server)
    report = restore_all(project, other_server)
    assert report.counts["answers_restored"] == 5 and report.counts["drafts_restored"] == 1
    assert not restore_all(project, other_server).changed, "twice changes nothing"
    out = tmp_path / "pulled"
    pull_all(project, other_server, out=out)
    answered = {key: value for key, value in before.items() if value[3] != "assigned"}
    again = said(project, out)
    assert {key: again[key] for key in answered} == answered
    assert not pull_all(project, other_server).stored, "the project's own exports see no change either"


def test_restore_leaves_new_answers_alone(
    new_project: Callable[..., Project], studio_client: Client, other_server: Client
) -> None:
    project = new_project()
    fill(project, studio_client)
    push_pass(project, other_server, "entities")
    given = Given("entities", 1, annotators(project)[0])
    newer = {"mentions": [{"quote": "Nobody", "label": "PERSON", "kind": "nominal"}]}
    enter_answers(project, other_server, given, {"b-2": newer})
    report = restore_all(project, other_server)
    assert report.counts["tasks_left_alone"] == 1
    task = next(task for task in tasks_of(other_server, project, given) if task["data"]["doc_id"] == "b-2")
    assert len(task["annotations"]) == 1 and "Nobody" in task["data"]["text"]


def test_changed_text_keeps_the_task_and_is_said(new_project: Callable[..., Project], studio_client: Client) -> None:
    project = new_project()
    push_pass(project, studio_client, "entities")
    given = Given("entities", 1, annotators(project)[0])
    before = tasks_of(studio_client, project, given)
    changed = ARTICLES | {"b-2": [("headline", "Ministers met"), *ARTICLES["b-2"][1:]]}
    write_corpus(project, changed)
    report = push_pass(project, studio_client, "entities")
    assert not report.changed and any("b-2 has changed" in note for note in report.notes)
    assert tasks_of(studio_client, project, given) == before


def test_untouched_tasks_follow_a_new_codebook(new_project: Callable[..., Project], studio_client: Client) -> None:
    project = new_project()
    push_pass(project, studio_client, "entities")
    given = Given("entities", 1, annotators(project)[0])
    enter_answers(project, studio_client, given, {"b-2": MENTIONS})
    pull_all(project, studio_client)
    text = project.codebook_yaml.read_text()
    version = read_codebook(project.codebook_yaml).version
    project.codebook_yaml.write_text(text.replace(f"version: {version}", "version: 9.0.0"))
    report = push_pass(project, studio_client, "entities")
    assert report.counts["tasks_updated"] == 3
    versions = {t["data"]["doc_id"]: t["data"]["codebook_version"] for t in tasks_of(studio_client, project, given)}
    assert versions == {"b-2": version, "harbour/a-1": "9.0.0"}
    assert not push_pass(project, studio_client, "entities").changed


def test_document_that_cannot_be_sent_is_held_back(new_project: Callable[..., Project], studio_client: Client) -> None:
    project = new_project({"empty": [("furniture", "ADVERTISEMENT")], "good": [("body", "Donald Trump spoke.")]})
    report = push_pass(project, studio_client, "entities")
    assert report.counts["tasks_sent"] == 2 and report.counts["documents_held_back"] == 1
    assert "empty" in report.notes[0] and "no segment" in report.notes[0]


def test_silent_loss_of_suggestions_is_noticed(
    new_project: Callable[..., Project], studio_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = new_project()
    monkeypatch.setattr(Client, "import_predictions", lambda self, number, title, predictions: len(predictions))
    monkeypatch.setattr("stancewire.label_studio.delivery.PAUSE_SECONDS", 0.0)
    with pytest.raises(StudioError, match="suggestions of 'b-2' are not in"):
        push_pass(project, studio_client, "entities")
    monkeypatch.undo()
    assert push_pass(project, studio_client, "entities").counts["suggestions_sent"] == 4


def test_lost_answer_to_an_import_makes_no_duplicates(
    new_project: Callable[..., Project], studio_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stancewire.label_studio.client import UnsureError

    project = new_project()
    send = Client.import_tasks

    def send_and_lose(self: Client, number: int, title: str, data: Any) -> None:
        send(self, number, title, data)
        raise UnsureError("the answer was lost")

    monkeypatch.setattr(Client, "import_tasks", send_and_lose)
    monkeypatch.setattr("stancewire.label_studio.delivery.PAUSE_SECONDS", 0.0)
    push_pass(project, studio_client, "entities")
    for name in annotators(project):
        assert len(tasks_of(studio_client, project, Given("entities", 1, name))) == 2


def test_task_and_suggestions_sent_twice_are_there_once(
    new_project: Callable[..., Project], studio_client: Client
) -> None:
    project = new_project()
    push_pass(project, studio_client, "entities")
    given = Given("entities", 1, annotators(project)[0])
    room = find_rooms(studio_client, corpus_name(project))[given]
    tasks = tasks_of(studio_client, project, given)
    studio_client.import_tasks(room.remote.id, room.remote.title, [task["data"] for task in tasks])
    again = [{"task": t["id"], "model_version": "names/1", "result": t["predictions"][0]["result"]} for t in tasks]
    studio_client.import_predictions(room.remote.id, room.remote.title, again)
    report = push_pass(project, studio_client, "entities")
    assert report.counts["copies_removed"] == 4
    assert [len(task["predictions"]) for task in tasks_of(studio_client, project, given)] == [1, 1]
    assert not push_pass(project, studio_client, "entities").changed


def test_new_interface_reaches_the_projects_and_a_refused_one_is_told(
    new_project: Callable[..., Project], studio_client: Client
) -> None:
    project = new_project()
    push_pass(project, studio_client, "entities")
    enter_answers(project, studio_client, Given("entities", 1, annotators(project)[0]), {"b-2": MENTIONS})
    interface = project.labeling / "entities.xml"
    text = interface.read_text(encoding="utf-8")
    interface.write_text(text.replace("#0072b2", "#0072b3"), encoding="utf-8")
    assert push_pass(project, studio_client, "entities").counts["projects_updated"] == 2
    interface.write_text(text.replace('name="mention"', 'name="renamed"'), encoding="utf-8")
    with pytest.raises(StudioError, match="refused updating project") as error:
        push_pass(project, studio_client, "entities")
    assert "\n" not in str(error.value)


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")  # within the SDK
def test_personal_access_token_is_a_key_too(new_project: Callable[..., Project], studio_client: Client) -> None:
    project = new_project()
    token = studio_client.post_as_admin("/api/token/", {}, "making a token")["token"]
    with Client(studio_client.url, token) as client:
        client.check()
        push_pass(project, client, "entities")
        given = Given("entities", 1, annotators(project)[0])
        enter_answers(project, client, given, {"b-2": MENTIONS})
        assert pull_all(project, client).counts["submitted"] == 1


def test_server_that_goes_away_midway_is_told_and_the_push_goes_on_afterwards(
    new_project: Callable[..., Project], tmp_path: Path, studio_server: object
) -> None:
    from stancewire.label_studio.server import start_server, stop_server

    studio = tmp_path / ".studio"
    project = new_project({f"d{number:03}": [("body", f"Donald Trump spoke {number} times.")] for number in range(60)})
    started = start_server(studio, bound=True)
    stop = iter([False, False, True])

    def say(message: str) -> None:
        if "suggestions" in message and next(stop, False) is False:
            stop_server(studio)

    with (
        Client(started.url, started.token, started.log) as client,
        pytest.raises(StudioError, match=r"refused|broke") as error,
    ):
        push_pass(project, client, "entities", say=say)
    assert "\n" not in str(error.value) and "studio start" in str(error.value)
    started = start_server(studio, bound=True)
    with Client(started.url, started.token, started.log) as client:
        push_pass(project, client, "entities")
        for name in annotators(project):
            tasks = tasks_of(client, project, Given("entities", 1, name))
            assert len(tasks) == 60 and all(len(task["predictions"]) == 1 for task in tasks)
    stop_server(studio)


def test_push_killed_midway_and_run_again_completes(
    new_project: Callable[..., Project], studio_client: Client, studio_server: Any
) -> None:
    many = {f"d{number:03}": [("body", f"Donald Trump spoke {number} times.")] for number in range(100)}
    project = new_project(many)
    environment = {**os.environ, "LABEL_STUDIO_URL": studio_server.url, "LABEL_STUDIO_API_KEY": studio_server.token}
    code = (
        "import sys\n"
        "from stancewire.label_studio.client import connect\n"
        "from stancewire.label_studio.push import push_pass\n"
        "from stancewire.project import Project\n"
        "project = Project(sys.argv[1])\n"
        "push_pass(project, connect(project), 'entities')"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(project.root)], env=environment)
    deadline = time.monotonic() + 60
    given = Given("entities", 1, annotators(project)[0])
    while given not in find_rooms(studio_client, corpus_name(project)) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    push_pass(project, studio_client, "entities")
    for name in annotators(project):
        tasks = tasks_of(studio_client, project, Given("entities", 1, name))
        assert sorted(task["data"]["doc_id"] for task in tasks) == sorted(many)
        assert all(len(task["predictions"]) == 1 for task in tasks)
    assert not push_pass(project, studio_client, "entities").changed


def test_interrupted_pull_resumes(
    new_project: Callable[..., Project], studio_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = new_project()
    push_pass(project, studio_client, "entities")
    ask, calls = Client.tasks, []

    def ask_once(self: Client, number: int, title: str) -> list[dict[str, Any]]:
        calls.append(title)
        if len(calls) > 1:
            raise StudioError("away")
        return ask(self, number, title)

    monkeypatch.setattr(Client, "tasks", ask_once)
    with pytest.raises(StudioError):
        pull_all(project, studio_client)
    monkeypatch.undo()
    assert len(list(project.exports.rglob("*.json"))) == 1
    assert len(pull_all(project, studio_client).stored) == 1
    assert len(list(project.exports.rglob("*.json"))) == 2


def test_task_of_another_project_refuses_the_pull(new_project: Callable[..., Project], studio_client: Client) -> None:
    project, other = new_project(), new_project()
    push_pass(project, studio_client, "entities")
    push_pass(other, studio_client, "entities")
    foreign = tasks_of(studio_client, other, Given("entities", 1, annotators(other)[0]))[0]["data"]
    given = Given("entities", 1, annotators(project)[0])
    room = find_rooms(studio_client, corpus_name(project))[given]
    studio_client.import_tasks(room.remote.id, room.remote.title, [foreign])
    with pytest.raises(StudioError, match="an export of another project"):
        pull_all(project, studio_client)
    shutil.rmtree(other.root)


def test_pull_from_a_server_without_our_projects_says_so(
    new_project: Callable[..., Project], studio_client: Client
) -> None:
    with pytest.raises(StudioError, match="no project of this corpus"):
        pull_all(new_project(), studio_client)
