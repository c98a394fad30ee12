"""Plain tasks are read many at a time: the same values, the same bytes as one by one, for any number of processes."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import textwrap
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from foreign_exports import ANA, BO, annotation, result, span, task, write_export
from hypothesis import given, settings
from hypothesis import strategies as st

from stancewire.imports import comparing, people, plain, plan
from stancewire.imports.into import import_into
from stancewire.imports.mapping import LabelMapping
from stancewire.imports.plan import plan_import
from stancewire.imports.stage import import_files, take_stock
from stancewire.judgements import columns, write_judgements
from stancewire.judgements import stage as judgements_stage
from stancewire.label_studio.conforming import first_fault
from stancewire.label_studio.exports import StoredTask
from stancewire.label_studio.foreign import LABELS, Mark
from stancewire.label_studio.foreign_json import read_said
from stancewire.label_studio.plain import read_plain
from stancewire.label_studio.plain_exports import read_plain_said
from stancewire.project import Project, schema_directory
from stancewire.tables import file_sha256

ASTRAL = "A \U0001f54a dove. " + BO
Row = dict[str, Any]


def odd_shapes() -> list[Row]:
    """A plain task, and tasks that differ from it in one thing each."""
    made = []
    for change in (
        {},
        {"id": 7},
        {"type": "hypertextlabels"},
        {"origin": "prediction"},
        {"origin": None},
        {"meta": {"text": ["a note"]}},
        {"from_name": "mood"},
        {"score": 0.5, "hidden": False},
        {"value": {"start": 9, "end": 17, "text": "Ana Ruiz", "labels": ["Person", "Woman"]}},
        {"value": {"start": 9, "end": 17, "text": "Ana Ruiz", "labels": []}},
        {"value": {"start": 9, "end": 17, "labels": ["Person"]}},
        {"value": {"start": 9, "end": 17, "text": "Ana  Ruiz ", "labels": ["Person"]}},
        {"value": {"start": 9, "end": 17, "text": "Ana@example.org", "labels": ["Person"]}},
        {"value": {"start": 9, "end": 17, "text": "Ann", "labels": ["Person"]}},
        {"value": {"start": 9, "end": 9, "text": "", "labels": ["Person"]}},
        {"value": {"start": 19, "end": 9, "text": "", "labels": ["Person"]}},
        {"value": {"start": -1, "end": 9, "text": "x", "labels": ["Person"]}},
        {"value": {"start": 9.0, "end": 17.0, "text": "Ana Ruiz", "labels": ["Person"]}},
        {"value": {"start": True, "end": 17, "text": "Ana Ruiz", "labels": ["Person"]}},
        {"value": {"start": 9, "end": 9_999, "text": "Ana Ruiz", "labels": ["Person"]}},
        {"value": {"start": 9, "end": 2**40, "text": "Ana Ruiz", "labels": ["Person"]}},
        {"value": {"start": 9, "end": 17, "text": "Ana Ruiz", "labels": ["Person"], "globalOffsets": {"start": 1}}},
        {"value": {"start": 9, "end": 17, "text": "Ana Ruiz", "labels": ["x@example.org"]}},
    ):
        text = f"{ANA} {len(made)}"
        marks = [span(text, "Ana Ruiz", "Person") | change, span(text, "Kure", "Place")]
        made.append(task(text, annotation(1, *marks), annotation({"id": 2}, marks[1])))
    for other in (
        {"drafts": [{"user": 1, "result": [span(ANA, "Lee", "Person")]}]},
        {"predictions": [3, 4]},
        {"predictions": [{"model_version": "m", "result": [span(ANA, "Lee", "Person")]}]},
        {"annotations": [], "completions": [annotation(1, span(ANA, "Lee", "Person"))]},
        {"annotations": []},
        {"project": 9},
    ):
        text = f"{ANA} {len(made)}"
        made.append(task(text, annotation(1, span(text, "Lee", "Person"))) | other)
    for text, people_ in (
        ("\ufeff" + ANA + "\r\nmore", (1,)),
        (ASTRAL, (1, 2)),
        (BO, (1, 2)),
        (BO, (3,)),  # one text in two tasks
        (f"{BO} once", (1, 1)),  # one annotator twice
        (f"{BO} twice", ("ana@example.org", None)),
        ("   ", (1,)),
    ):
        marks = [span(text, "Bo Lee", "Person")] if "Bo" in text else []
        made.append(task(text, *(annotation(who, *marks) for who in people_)))
    for other in (
        {"was_cancelled": True},
        {"result": None},
        {"result": []},
        {"lead_time": None},
        {"lead_time": 1e-9},
        {"lead_time": 12},
        {"created_at": None, "updated_at": None},
        {"created_at": 1_600_000_000},
        {"unique_id": "u-1"},
        {"ground_truth": True},
        {"created_username": "ana@example.org, 1"},
    ):
        text = f"{BO} {len(made)}"
        made.append(task(text, annotation(1, span(text, "Lee", "Person")) | other))
    made[-1]["data"]["name"] = "named"
    made.append(task(f"{BO} choice", annotation(1, result("mood", "choices", {"choices": ["happy"]}))))
    return made


@pytest.mark.parametrize("number", range(len(odd_shapes())))
def test_plain_task_says_what_any_task_says(number: int) -> None:
    one = odd_shapes()[number]
    data = json.dumps(one).encode()
    quick, slow = read_plain_said(data), read_said(data, Path("e.json"), 1)
    if quick is None:
        return
    assert (quick.text, quick.name, quick.project) == (slow.text, slow.name, slow.project)
    assert not slow.predictions and slow.own is None
    marked = [
        tuple(
            Mark(s.id, s.value.start, s.value.end, s.value.text, s.from_name, LABELS, tuple(s.value.labels))
            for s in spans
        )
        for _, spans in quick.answers
    ]
    assert marked == [answer.marks for answer in slow.answers]
    for (answer, _), other in zip(quick.answers, slow.answers, strict=True):
        for name in ("people", "state", "created", "updated", "seconds", "ground_truth", "answer_id"):
            assert getattr(answer, name) == getattr(other, name), name


def test_most_shapes_are_told_apart() -> None:
    plain_ones = [read_plain_said(json.dumps(one).encode()) is not None for one in odd_shapes()]
    assert plain_ones[0] and 15 < sum(plain_ones) < len(plain_ones) - 12


def imported(path: Path, into: Path, monkeypatch: pytest.MonkeyPatch, workers: int = 1) -> dict[str, str]:
    """Hashes of what an import stores and makes, under pseudonyms that are always the same."""
    numbers = count(1)
    with monkeypatch.context() as patch:
        patch.setattr(people, "new_pseudonym", lambda: f"nobody{next(numbers)}")
        project, _ = import_into(into, plan_import([path], "label-studio", workers=workers), LabelMapping())
    made = [*project.exports.rglob("*.json"), *project.annotations.glob("*.parquet"), project.campaign_yaml]
    return {path.relative_to(project.root).as_posix(): file_sha256(path) for path in made}


def test_import_of_plain_tasks_stores_the_same_bytes_as_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_export(tmp_path / "e.json", *odd_shapes())
    taken: list[int] = []
    monkeypatch.setattr(comparing, "RESULTS_AT_ONCE", 12)
    monkeypatch.setattr(judgements_stage, "LARGE", 0)
    with monkeypatch.context() as patch:
        store = plain._store
        patch.setattr(plain, "_store", lambda *args: taken.append(1) or store(*args))
        quick = imported(path, tmp_path / "quick", monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(plain, "read_plain_said", lambda *_: None)
        patch.setattr(columns, "read_plain", lambda *_: None)
        slow = imported(path, tmp_path / "slow", monkeypatch)
    assert quick == slow
    assert len(taken) > 15 and len([name for name in quick if name.endswith(".json")]) > 5


def test_import_by_two_processes_stores_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = odd_shapes()
    path = write_export(tmp_path / "e.json", *shapes, *(task(f"{n} {ANA}", annotation(1)) for n in range(40)))
    monkeypatch.setattr(plan, "LARGE", 0)
    monkeypatch.setattr(plain, "BYTES_A_RUN", 2_000)
    monkeypatch.setattr(judgements_stage, "LARGE", 0)
    one = imported(path, tmp_path / "one", monkeypatch)
    assert imported(path, tmp_path / "two", monkeypatch, workers=2) == one


def test_inventory_is_the_same_task_by_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_export(tmp_path / "e.json", *odd_shapes())
    monkeypatch.setattr(plain, "BYTES_A_RUN", 1_000)
    quick = take_stock(plan_import([path], "label-studio"))
    monkeypatch.setattr(plain, "read_plain_said", lambda *_: None)
    assert take_stock(plan_import([path], "label-studio")) == quick
    assert quick.projects == {1, 9} and quick.tasks == len(odd_shapes())


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_stored_task_that_is_read_as_plain_conforms_to_the_schema(data: st.DataObject) -> None:
    mark = {"id": "r", "from_name": "mention", "to_name": "text", "type": "labels", "origin": "manual"}
    mark |= {"quote": "Kure", "before": "in ", "after": ".", "value": {"start": 3, "end": 7, "labels": ["GPE"]}}
    answer = {"completed_by": "ann-x", "created_at": "2024-05-01", "updated_at": "2024-05-02", "unique_id": "u"}
    answer |= {"was_cancelled": False, "ground_truth": False, "lead_time": 1.5, "result": [mark]}
    stored = {"doc_id": "d", "text_sha256": "0" * 64, "codebook_version": "1.0.0", "suggestions_shown": False}
    stored |= {"view": [[0, 0, 9, 0]], "entities": [], "predictions": [], "drafts": [], "annotations": [answer]}
    assert read_plain(json.dumps(stored).encode()) is not None
    changed = copy.deepcopy(stored)
    places = [changed, changed["annotations"][0], changed["annotations"][0]["result"][0]]
    places.append(places[2]["value"])
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from(places))
        name = data.draw(st.sampled_from([*sorted(place), "other"]))
        odd = (None, True, 0, -1, 1.5, 2**70, "", "x" * 40, "2024-13-01", "2024-05-01\n", "Ann", "ann-x\n", "1.0", [],
               [[0, 0, 9]], [[0, 0, 9, 0, 0]], ["a", "b"], {}, "drop")  # fmt: skip
        value = data.draw(st.sampled_from(odd))
        if value == "drop":
            place.pop(name, None)
        else:
            place[name] = value
    if read_plain(json.dumps(changed).encode()) is not None:
        about = {"format": "stancewire-export/1", "sequence": 1, "task_pass": "entities", "round": 1}
        about |= {"annotator_id": "ann-x", "project": "p", "tasks": [changed]}
        assert first_fault(about, schema_directory(), "export") is None


# killed imports

KILLED = """
    import os, sys
    from pathlib import Path
    from stancewire.imports import comparing
    from stancewire.label_studio import exports
    from stancewire.cli import main

    comparing.RESULTS_AT_ONCE = 4
    at, place = int(sys.argv[1]), sys.argv[2]
    real = getattr(exports.os, "replace")
    done = []

    def replace(source, target):
        if place in str(target):
            done.append(target)
            if len(done) > at:
                os._exit(9)  # as kill -9: nothing is cleaned up
        real(source, target)

    exports.os.replace = replace
    sys.exit(main(sys.argv[3:]))
"""


def run_killed(at: int, place: str, *command: str) -> int:
    """Exit code of an import that ends at once when it is about to move the file after `at` others to a place."""
    script = textwrap.dedent(KILLED)
    done = subprocess.run([sys.executable, "-c", script, str(at), place, *command], capture_output=True, text=True)
    assert done.returncode in (0, 9), done.stderr
    return done.returncode


@pytest.fixture
def export(tmp_path: Path) -> Path:
    texts = [f"{number} {ANA}" for number in range(6)]
    return write_export(
        tmp_path / "export.json",
        *(task(t, annotation(1, span(t, "Kure", "GPE")), annotation(2, span(t, "Lee", "PERSON"))) for t in texts),
    )


@pytest.fixture
def empty_project(tmp_path: Path) -> Project:
    from stancewire.corpus import convert_corpus
    from stancewire.new_project import make_project

    project = make_project(tmp_path / "project")
    convert_corpus(project)
    return project


@pytest.mark.parametrize("at,place", [(0, "sources/text-"), (3, "sources/text-"), (1, ".importing/"), (3, "exports/")])
def test_killed_import_leaves_nothing_half_and_the_next_ends_it(
    empty_project: Project, export: Path, at: int, place: str
) -> None:
    command = ["--project", str(empty_project.root), "import", str(export), "--from", "label-studio", "--add-texts"]
    assert run_killed(at, place, *command) == 9
    stored = list(empty_project.exports.rglob("*.json"))
    assert not stored or empty_project.exports_aside.is_dir()
    with empty_project.writing():
        whole = place == "exports/"
        if whole:  # killed while it put in what was whole: whatever reads stored exports next ends it
            assert write_judgements(empty_project).counts["judgements"] == 12
            assert not empty_project.exports_aside.exists()
        plan_ = plan_import([export], "label-studio")
        report = import_files(empty_project, plan_, LabelMapping(), add_texts=True)
        assert report.counts["same" if whole else "added"] == 12
        made = write_judgements(empty_project)
    assert (made.counts["judgements"], made.counts["assignments"]) == (12, 12)
    assert not empty_project.exports_aside.exists()
    assert len(list(empty_project.sources.glob("*.txt"))) == 6
    assert len(list(empty_project.exports.glob("*/*"))) == 2
    assert len(empty_project.sources_csv.read_text().splitlines()) == 7


def test_killed_import_of_a_fresh_project_is_begun_anew(tmp_path: Path, export: Path) -> None:
    command = ["import", str(export), "--from", "label-studio", "--into", str(tmp_path / "made")]
    assert run_killed(1, ".importing/", *command) == 9
    assert not (tmp_path / "made").exists() and (tmp_path / ".importing-made").is_dir()
    project, report = import_into(tmp_path / "made", plan_import([export], "label-studio"), LabelMapping())
    assert report.counts["judgements"] == 12 and project.root == tmp_path / "made"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.json", "made"]


def test_tasks_of_several_projects_are_told(tmp_path: Path) -> None:
    first, second = f"1 {ANA}", f"2 {ANA}"
    path = write_export(
        tmp_path / "e.json",
        task(first, annotation(1, span(first, "Kure", "Place")), project=3),
        task(first, annotation(2, span(first, "Kure", "Place")), project=7),
        task(second, annotation(1, span(second, "Kure", "Place")), project=7),
    )
    _, report = import_into(tmp_path / "made", plan_import([path], "label-studio"), LabelMapping())
    assert any("tasks of 2 projects (3, 7)" in note for note in report.notes)
    assert any("1 texts stand in several tasks" in note for note in report.notes)
    assert (report.counts["judgements"], report.counts["texts"]) == (3, 2)


def test_stored_task_is_written_as_any_other(tmp_path: Path) -> None:
    from stancewire.label_studio.exports import Given, indented, read_export, write_export

    tasks = []
    for name in ("b", "a", 'c"[]'):
        tasks.append({"doc_id": name, "text_sha256": "0" * 64, "codebook_version": "1.0.0", "suggestions_shown": False,
                      "view": [], "entities": [], "predictions": [], "drafts": [], "annotations": []})  # fmt: skip
    given = Given("entities", 1, "ann-x")
    slow = write_export(tmp_path / "slow", given, "a [] b", tasks, schema_directory())
    text = [json.dumps(one, indent=1, sort_keys=True).encode() for one in tasks]
    mixed = [StoredTask("b", indented(text[0])), tasks[1], StoredTask('c"[]', indented(text[2]))]
    quick = write_export(tmp_path / "quick", given, "a [] b", mixed, schema_directory())
    read_export(quick, given, schema_directory())
    assert json.loads(quick.read_bytes()) == json.loads(slow.read_bytes())
