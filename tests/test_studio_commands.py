"""The commands of the campaign, as they are typed, against a real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from studio_project import ARTICLES

from stancewire.cli import main
from stancewire.codebook import read_campaign
from stancewire.label_studio.server import Studio
from stancewire.project import Project
from stancewire.tables import read_table, read_table_schema

pytestmark = pytest.mark.studio


@pytest.fixture
def run(
    new_project: Callable[..., Project],
    studio_server: Studio,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., dict[str, Any]]:
    """Runs a command on a project of its own and gives its JSON."""
    monkeypatch.setenv("LABEL_STUDIO_URL", studio_server.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio_server.token)
    project = new_project()

    def command(*arguments: str, code: int = 0) -> dict[str, Any]:
        assert main(["--project", str(project.root), *arguments, "--json"]) == code
        output = capsys.readouterr()
        assert studio_server.token not in output.out + output.err
        return {"project": project, **json.loads(output.out)}

    return command


def test_campaign_by_commands(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    assert run("push", "--pass", "entities", "--dry-run")["tasks_sent"] == 4
    first = run("push", "--pass", "entities")
    project: Project = first["project"]
    assert first["changed"] and not run("push", "--pass", "entities")["changed"]
    name = read_campaign(project.campaign_yaml).rounds[0].annotators[0]
    answers = tmp_path / "answers.json"
    said = {"mentions": [{"quote": "Takeshi Iwaya", "label": "PERSON", "entity": "takeshi-iwaya"}]}
    entered = ("enter", str(answers), "--pass", "entities", "--annotator", name)
    answers.write_text(json.dumps({"b-2": said, "nowhere": {}, "harbour/a-1": {"mentions": [{"quote": "Abe"}]}}))
    refused = run(*entered, code=1)
    assert [problem["place"] for problem in refused["problems"]] == ["nowhere", "harbour/a-1 mentions[0]"]
    answers.write_text(json.dumps({doc_id: {"mentions": []} for doc_id in ARTICLES} | {"b-2": said}))
    assert run(*entered, "--dry-run").get("entered") is None
    assert run(*entered)["entered"] == 2
    rows = {row["annotator_id"]: row for row in run("status")["projects"]}
    assert rows[name]["submitted"] == 2
    aside = tmp_path / "aside"
    assert run("pull", "--out", str(aside))["submitted"] == 2
    assert not project.exports.exists() and len(list(aside.rglob("*.json"))) == 2
    pulled = run("pull")
    assert len(pulled["stored"]) == 2 and pulled["tables"]["judgements"] == 1 and pulled["problems"] == []
    assert run("pull")["stored"] == []
    judgements = read_table(project.annotations, read_table_schema("judgements", project.table_schemas)).to_pylist()
    assert [(row["text"], row["entity_id"], row["origin"]) for row in judgements] == [
        ("Takeshi Iwaya", "takeshi-iwaya", "accepted")
    ]
    assert run("push", "--restore")["changed"] is False


def test_campaign_that_gives_out_nothing_says_what_it_has(
    run: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    project = run("push", "--pass", "entities", "--dry-run")["project"]
    assert main(["--project", str(project.root), "push", "--round", "7"]) == 2
    assert "entities round 1" in capsys.readouterr().err


def test_embedded_server_by_commands(
    new_project: Callable[..., Project],
    studio_server: Studio,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    project = new_project()

    def command(*arguments: str, code: int = 0) -> str:
        assert main(["--project", str(project.root), *arguments]) == code
        return capsys.readouterr().out

    assert "not running" in command("studio", "status", code=1)
    try:
        said = command("studio", "start")
        keys = json.loads((project.studio / "secrets.json").read_text())
        assert "http://127.0.0.1:" in said and keys["password"] not in said and keys["token"] not in said
        assert keys["password"] in command("studio", "start", "--show-password")
        assert "runs at" in command("studio", "status")
        assert "tasks sent" in command("push", "--pass", "entities")
        assert "copied the database" in command("studio", "backup")
    finally:
        assert "stopped" in command("studio", "stop")
    assert "was not running" in command("studio", "stop")
    assert "stancewire studio start" not in command("studio", "stop")
