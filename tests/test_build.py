"""The shipped corpus is what its inputs make: every made file, byte for byte, however it is built."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stancewire.build import made_files
from stancewire.project import ANNOTATION_TABLES, CORPUS_TABLES, Project

ROOT = Path(__file__).parents[1]


@pytest.fixture
def copy(tmp_path: Path) -> Project:
    """A copy of the repository's project."""
    for name in ("corpus", "schema", "annotations"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("people.json"))
    shutil.copy(ROOT / "datapackage.json", tmp_path)
    return Project(tmp_path)


def read_made(project: Project) -> dict[str, bytes]:
    return {project.relative(path): path.read_bytes() for path in made_files(project)}


def build(project: Project, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stancewire", "--project", str(project.root), "build", *options]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **environment}, cwd=project.schema
    )


def test_every_table_is_shipped() -> None:
    names = {path.stem for path in made_files(Project(ROOT)) if path.suffix == ".parquet"}
    assert names == {*CORPUS_TABLES, *ANNOTATION_TABLES}


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        ((), {}),
        (("--workers", "2"), {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "1"}),
        ((), {"TZ": "America/St_Johns", "PYTHONHASHSEED": "4242"}),
    ],
    ids=["as it is", "two workers, elsewhere", "another hash seed"],
)
def test_build_gives_back_the_committed_bytes(
    copy: Project, options: tuple[str, ...], environment: dict[str, str]
) -> None:
    committed = read_made(copy)
    for path in made_files(copy):
        path.unlink()
    done = build(copy, *options, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_made(copy) == committed


def test_build_heals_what_a_manifest_still_names(copy: Project) -> None:
    committed = read_made(copy)
    copy.table_path("documents").unlink()
    copy.table_path("stances").write_bytes(b"half a fi")
    (copy.annotations / "manifest.json").write_text('{"gold": {')
    done = build(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_made(copy) == committed


def test_build_says_what_it_made_as_json(copy: Project) -> None:
    done = build(copy, "--json")
    report = json.loads(done.stdout)
    assert report["problems"] == []
    assert report["rows"]["documents"] == 2
    assert set(report["rows"]) == {*CORPUS_TABLES, *ANNOTATION_TABLES}


def test_build_is_refused_while_another_command_writes(copy: Project) -> None:
    with copy.writing():
        done = build(copy)
    assert done.returncode == 1
    assert "another stancewire command is writing" in done.stderr
    assert "Traceback" not in done.stderr


def test_made_files_are_those_of_the_codebook(copy: Project) -> None:
    before = {path: path.read_bytes() for path in copy.schema.rglob("*") if path.is_file()}
    assert build(copy).returncode == 0
    assert {path: path.read_bytes() for path in copy.schema.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("command", [["validate", "--json"], ["verify", "--json"]], ids=" ".join)
def test_the_shipped_project_has_no_problems(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "stancewire", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["problems"] == []


def test_frictionless_finds_the_package_valid() -> None:
    command = [str(Path(sys.executable).with_name("frictionless")), "validate", "datapackage.json", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    report = json.loads(done.stdout)
    assert report["valid"], report["errors"]
    assert report["stats"]["tasks"] == len(CORPUS_TABLES) + len(ANNOTATION_TABLES)
    assert done.returncode == 0
