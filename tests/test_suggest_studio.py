"""`suggest` with a real Label Studio: predictions beside others, shown, sent once, and who made them is not lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from backend_server import Backend, backend_server, each, span
from studio_browser import browser_page, open_label_stream, sign_in, submit
from studio_project import ARTICLES

from stancewire.cli import main
from stancewire.codebook import read_campaign, read_codebook
from stancewire.errors import ProviderError
from stancewire.judgements.stage import write_judgements
from stancewire.label_studio.client import Client
from stancewire.label_studio.enter import enter_answers
from stancewire.label_studio.exports import Given, read_submissions
from stancewire.label_studio.providers import make_provider
from stancewire.label_studio.pull import pull_all
from stancewire.label_studio.push import push_pass
from stancewire.label_studio.restore import restore_all
from stancewire.label_studio.rooms import Room, corpus_name, find_rooms
from stancewire.label_studio.suggest import Suggesting, SuggestReport, rounds_with_suggestions, suggest_pass
from stancewire.project import Project
from stancewire.tables import read_table, read_table_schema

if TYPE_CHECKING:
    from stancewire.label_studio.server import Studio

pytestmark = pytest.mark.studio


def room_of(client: Client, project: Project, annotator: str) -> Room:
    return find_rooms(client, corpus_name(project))[Given("entities", 1, annotator)]


def predictions(client: Client, project: Project, annotator: str, doc_id: str) -> dict[str, list[dict[str, Any]]]:
    room = room_of(client, project, annotator)
    (task,) = [t for t in client.tasks(room.remote.id, room.remote.title) if t["data"]["doc_id"] == doc_id]
    assert task["annotations"] == [] or doc_id == "b-2", "a suggestion is never an annotation"
    made = [item["model_version"] for item in task["predictions"]]
    assert len(made) == len(set(made)), "nothing is sent twice"
    return {item["model_version"]: item["result"] for item in task["predictions"]}


def ask(project: Project, client: Client, backend: Backend | str, **more: Any) -> SuggestReport:
    url = backend if isinstance(backend, str) else backend.url
    codebook = read_codebook(project.codebook_yaml)
    provider = make_provider(url, codebook, "entities")
    try:
        suggesting = Suggesting(codebook, provider, "entities", SuggestReport())
        rounds = rounds_with_suggestions(project, "entities")
        return suggest_pass(project, client, suggesting, rounds, **more)
    finally:
        provider.close()


def find(text: str) -> list[dict[str, Any]]:
    known = {"Osaka": "GPE", "officials": "PERSON", "Nobody": "WHO", "👩‍✈️": "PERSON"}
    return [span(text, words, label) for words, label in known.items() if words in text]


def test_suggestions_of_a_server_go_beside_the_others_and_are_shown(
    new_project: Callable[..., Project], studio_client: Client, other_server: Client
) -> None:
    project = new_project()
    first, second = read_campaign(project.campaign_yaml).rounds[0].annotators
    with backend_server(each(find)) as backend:
        report = ask(project, studio_client, backend)
        assert [note.partition(":")[2] for note in report.notes] == [
            " nothing was given out yet; first: stancewire push"
        ] * 2
        assert backend.requests == []

        push_pass(project, studio_client, "entities")
        dry = ask(project, studio_client, backend, dry_run=True)
        assert dry.counts["documents_asked"] == 2 and backend.requests == []
        assert room_of(studio_client, project, first).remote.settings["model_version"] == "names/1"

        report = ask(project, studio_client, backend)
        assert report.counts["documents_asked"] == len(backend.texts) == 2, "one text goes out once"
        assert report.counts["suggestions_sent"] == 4 and report.counts["projects_updated"] == 2
        assert dict(report.reasons) == {"mention: 'WHO' is not in the codebook": 1}
        for annotator in (first, second):
            made = predictions(studio_client, project, annotator, "harbour/a-1")
            assert set(made) == {"names/1", "http/toy-1.0"}
            assert {r["value"]["labels"][0] for r in made["http/toy-1.0"]} == {"GPE", "PERSON"}
            assert {r["meta"]["suggested_by"] for r in made["http/toy-1.0"]} == {"http/toy-1.0"}
            settings = room_of(studio_client, project, annotator).remote.settings
            assert (settings["model_version"], settings["show_collab_predictions"]) == ("http/toy-1.0", True)

        again = ask(project, studio_client, backend)
        assert again.counts["tasks_suggested_before"] == 4 and len(backend.requests) == 1
        assert not again.counts["suggestions_sent"] and not again.counts["projects_updated"]
        assert not push_pass(project, studio_client, "entities").changed, "push keeps whose suggestions are shown"

        # An answer that took a suggestion over says whose it was, in the tables and on a restored server.
        mentions = [
            {"quote": "officials", "label": "PERSON", "kind": "nominal"},
            {"quote": "Tokyo", "label": "GPE", "kind": "name"},
        ]
        enter_answers(project, studio_client, Given("entities", 1, first), {"b-2": {"mentions": mentions}})
        backend.reply = each(find, "toy-2.0")
        newer = ask(project, studio_client, backend, again=True)
        assert newer.counts["tasks_begun"] == 1 and newer.counts["suggestions_sent"] == 3
        assert set(predictions(studio_client, project, first, "b-2")) == {"names/1", "http/toy-1.0"}
        assert set(predictions(studio_client, project, second, "b-2")) == {"names/1", "http/toy-1.0", "http/toy-2.0"}
        assert room_of(studio_client, project, first).remote.settings["model_version"] == "http/toy-2.0"

    pull_all(project, studio_client)
    (submission,) = [s for s in read_submissions(project) if s.state == "submitted"]
    by_words = {mark.quote: mark for mark in submission.marks if mark.view_start is not None}
    assert by_words["officials"].suggested_by == "http/toy-1.0" and by_words["officials"].origin != "manual"
    assert by_words["Tokyo"].suggested_by == "names/1"
    write_judgements(project)
    table = read_table(project.annotations, read_table_schema("judgements", project.table_schemas))
    told = {row["text"]: row["suggested_by"] for row in table.to_pylist() if row["layer"] == "mention"}
    assert told == {"officials": "http/toy-1.0", "Tokyo": "names/1"}

    restore_all(project, other_server)
    assert set(predictions(other_server, project, first, "b-2")) == {"names/1", "http/toy-1.0"}
    assert not restore_all(project, other_server).changed
    pull_all(project, other_server, out=project.root / "restored")
    restored = [s for s in read_submissions(project, project.root / "restored") if s.state == "submitted"]
    assert [(m.quote, m.origin, m.suggested_by) for m in restored[0].marks] == [
        (m.quote, m.origin, m.suggested_by) for m in submission.marks
    ]


@pytest.mark.browser
def test_annotator_sees_the_providers_suggestions_and_submits_them_as_such(
    new_project: Callable[..., Project], studio_client: Client, chromium: str
) -> None:
    project = new_project({"only": ARTICLES["harbour/a-1"]})
    first = read_campaign(project.campaign_yaml).rounds[0].annotators[0]
    push_pass(project, studio_client, "entities")
    with backend_server(each(find)) as backend:
        ask(project, studio_client, backend)
    password = json.loads(project.people_json.read_text(encoding="utf-8"))[first]["password"]
    room = room_of(studio_client, project, first)
    with browser_page(chromium) as page:
        sign_in(page, studio_client.url, f"{first}@annotators.invalid", password)
        open_label_stream(page, studio_client.url, room.remote.id)
        marked = page.locator(".body .htx-highlight")
        marked.first.wait_for()
        assert set(marked.all_inner_texts()) == {"👩‍✈️", "Osaka"}, "and not what push suggested"
        submit(page)
    pull_all(project, studio_client)
    (submission,) = [s for s in read_submissions(project) if s.state == "submitted"]
    found = {(mark.quote, mark.origin, mark.suggested_by) for mark in submission.marks if mark.view_start is not None}
    assert found == {("👩‍✈️", "accepted", "http/toy-1.0"), ("Osaka", "accepted", "http/toy-1.0")}


def test_provider_that_fails_midway_leaves_what_was_sent_and_goes_on(
    new_project: Callable[..., Project], studio_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stancewire.label_studio import suggest

    monkeypatch.setattr(suggest, "BATCH", 1)
    project = new_project()
    first, _ = read_campaign(project.campaign_yaml).rounds[0].annotators
    push_pass(project, studio_client, "entities")
    with backend_server(each(find)) as backend:
        whole = backend.reply
        backend.reply = lambda body: b"<html>" if len(backend.requests) > 1 else whole(body)
        with pytest.raises(ProviderError, match="no JSON"):
            ask(project, studio_client, backend)
        assert set(predictions(studio_client, project, first, "b-2")) == {"names/1", "http/toy-1.0"}
        assert set(predictions(studio_client, project, first, "harbour/a-1")) == {"names/1"}
        backend.reply = whole
        report = ask(project, studio_client, backend, annotators=[first])
        assert report.counts["tasks_suggested_before"] == 1 and report.counts["suggestions_sent"] == 1
        assert set(predictions(studio_client, project, first, "harbour/a-1")) == {"names/1", "http/toy-1.0"}


def test_command_sends_and_changes_nothing_a_second_time(
    new_project: Callable[..., Project],
    studio_server: Studio,
    studio_client: Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LABEL_STUDIO_URL", studio_server.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio_server.token)
    project = new_project()
    first, second = read_campaign(project.campaign_yaml).rounds[0].annotators
    push_pass(project, studio_client, "entities")
    call = ["--project", str(project.root), "suggest", "--pass", "entities", "--json"]

    def told(*more: str) -> dict[str, Any]:
        assert main([*call, *more]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    assert told("--provider", "codebook")["tasks_suggested_before"] == 4, "push has sent what the codebook suggests"
    again = told("--provider", "codebook", "--again")
    assert again["documents_asked"] == 2 and "suggestions_sent" not in again
    with backend_server(each(find)) as backend:
        only = ("--provider", backend.url, "--name", "toy", "--annotator", first, "--document", "b-2")
        assert told(*only)["suggestions_sent"] == 1
        assert "suggestions_sent" not in told(*only) and len(backend.texts) == 1
    assert set(predictions(studio_client, project, first, "b-2")) == {"names/1", "toy/toy-1.0"}
    assert set(predictions(studio_client, project, second, "b-2")) == {"names/1"}
    assert room_of(studio_client, project, second).remote.settings["model_version"] == "names/1"
    text = project.campaign_yaml.read_text(encoding="utf-8")
    project.campaign_yaml.write_text(text.replace("suggestions: true", "suggestions: false"), encoding="utf-8")
    assert main([*call, "--provider", "codebook"]) == 2
    assert "suggestions: true" in capsys.readouterr().err
