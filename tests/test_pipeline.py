"""The main job against a real Label Studio: what is shipped comes back, and nothing is left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stancewire.label_studio.server import find_server, server_python
from stancewire.pipeline import NOT_COMPARED
from stancewire.project import Project
from stancewire.tables import read_table_schema

ROOT = Path(__file__).parents[1]
pytestmark = [pytest.mark.studio, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def server_installed() -> None:
    """The environment of the server, made by the project's own script where it is missing."""
    server_python()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the repository's project, as a checkout of its own."""
    for name in ("corpus", "schema", "annotations"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("people.json"))
    shutil.copy(ROOT / "datapackage.json", tmp_path)
    return tmp_path


def command(checkout: Path) -> list[str]:
    return [sys.executable, "-m", "stancewire", "--project", str(checkout), "pipeline", "--json"]


def files_of(checkout: Path) -> dict[str, bytes]:
    return {
        path.relative_to(checkout).as_posix(): path.read_bytes()
        for path in checkout.rglob("*")
        if path.is_file() and ".studio" not in path.parts and path.name != ".stancewire.lock"
    }


def test_every_judgement_and_table_comes_back(checkout: Path) -> None:
    before = files_of(checkout)
    done = subprocess.run(command(checkout), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["differences"] == []
    assert report["judgements"] > 100
    columns = [field.name for field in read_table_schema("judgements").fields]
    assert report["compared"] == [name for name in columns if name not in NOT_COMPARED]
    assert files_of(checkout) == before
    assert find_server(checkout / ".studio" / "run" / ".studio") is None


def test_a_changed_judgement_is_noticed(checkout: Path) -> None:
    """The proof can fail: a shipped table that its exports do not make is reported."""
    table = Project(checkout).table_path("judgements")
    table.write_bytes(table.read_bytes()[::-1])
    done = subprocess.run(command(checkout), capture_output=True, text=True)
    assert done.returncode == 1
    assert any("annotations/judgements.parquet" in line for line in json.loads(done.stdout)["differences"])


def test_killed_and_started_again_it_ends_well(checkout: Path) -> None:
    process = subprocess.Popen(command(checkout)[:-1], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    for line in iter(lambda: process.stderr.readline() if process.stderr else "", ""):
        if "sending tasks" in line or "starting Label Studio ... http" in line:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    server = Project(checkout / ".studio" / "run").studio
    deadline = time.monotonic() + 30
    while find_server(server) is not None and time.monotonic() < deadline:
        time.sleep(0.2)
    assert find_server(server) is None, "the server outlived the run that started it"
    done = subprocess.run(command(checkout), capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
