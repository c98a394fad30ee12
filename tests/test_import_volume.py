"""What is larger than memory should hold gives the same rows by way of files on disk."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from foreign_exports import ANA, BO, annotation, span, task, write_export
from hypothesis import given, settings
from hypothesis import strategies as st

from stancewire.engine import Spill, spill
from stancewire.errors import TableError
from stancewire.imports import comparing
from stancewire.imports.into import import_into
from stancewire.imports.mapping import LabelMapping
from stancewire.imports.plan import plan_import
from stancewire.imports.stage import import_files
from stancewire.judgements import stage as judgements_stage
from stancewire.judgements import write_judgements
from stancewire.judgements.volume import SpreadTable, fineness_for
from stancewire.project import Project
from stancewire.tables import file_sha256, make_table, read_table, read_table_schema, write_parquet

ROOT = Path(__file__).parents[1]
TABLES = ("assignments", "judgements", "quarantine")


def many_tasks(count: int, people: tuple[Any, ...] = (1, 2, "cara@example.org")) -> list[dict[str, Any]]:
    made = []
    for number in range(count):
        text = f"Story {number}. {ANA}"
        answers = [
            annotation(who, span(text, "Kure", "Place"), span(text, "Lee", "Person"), span(text, "met", "Act", "mit"))
            for who in people
        ]
        made.append(task(text, *answers))
    return made


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything goes by way of the disk."""
    monkeypatch.setattr(judgements_stage, "LARGE", 0)
    monkeypatch.setattr(spill, "BUCKET_BYTES", 2_000)
    monkeypatch.setattr(spill, "_WAITING", 500)
    monkeypatch.setattr(comparing, "RESULTS_AT_ONCE", 5)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers())), st.integers(0, 100_000_000))
@settings(deadline=None, max_examples=30)
def test_values_of_one_key_stay_together_in_order(values: list[tuple[str, int]], expected: int) -> None:
    with Spill(expected) as waiting:
        for key, value in values:
            waiting.add(key, [key, value])
        buckets = list(waiting.buckets())
    for letter in "abcdef":
        holding = [bucket for bucket in buckets if any(key == letter for key, _ in bucket)]
        assert len(holding) <= 1
        found = [value for bucket in holding for key, value in bucket if key == letter]
        assert found == [value for key, value in values if key == letter]


def test_shipped_judgements_are_the_same_bytes_by_way_of_the_disk(tmp_path: Path, small_pieces: None) -> None:
    for name in ("annotations", "corpus", "schema"):
        shutil.copytree(ROOT / name, tmp_path / "copy" / name)
    project = Project(tmp_path / "copy")
    before = {name: file_sha256(project.table_path(name)) for name in TABLES}
    manifest = (project.annotations / "manifest.json").read_text()
    for name in TABLES:
        project.table_path(name).unlink()
    report = write_judgements(project)
    assert {name: file_sha256(project.table_path(name)) for name in TABLES} == before
    assert report.counts["judgements"] > 100
    assert (project.annotations / "manifest.json").read_text() == manifest
    assert not list(project.annotations.glob(".*.writing"))


def rows(project: Project, name: str) -> list[dict[str, Any]]:
    found = read_table(project.table_path(name).parent, read_table_schema(name, project.table_schemas)).to_pylist()
    people = sorted({row["annotator_id"] for row in found})
    order = dict.fromkeys(people, "")  # pseudonyms are random: who is who does not matter here
    return [row | {"annotator_id": order[row["annotator_id"]], "judgement_id": ""} for row in found]


def test_import_in_pieces_is_the_import_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = many_tasks(12)
    tasks += [task(BO, annotation(who, span(BO, "Bo Lee", "Person"))) for who in (1, 2, 3)]  # one text, three tasks
    path = write_export(tmp_path / "export.json", *tasks)
    later = write_export(tmp_path / "later.json", *many_tasks(10), *tasks[12:13])
    found = []
    for name, pieces in (("once", False), ("pieces", True)):
        with monkeypatch.context() as patch:
            if pieces:
                patch.setattr(judgements_stage, "LARGE", 0)
                patch.setattr(spill, "BUCKET_BYTES", 2_000)
                patch.setattr(comparing, "RESULTS_AT_ONCE", 5)
            project, report = import_into(tmp_path / name, plan_import([path], "label-studio"), LabelMapping())
            with project.writing():
                plan = plan_import([later], "label-studio", "label-studio export")
                again = import_files(project, plan, LabelMapping())
                write_judgements(project)
        told = {
            key: (report.counts[key], again.counts[key]) for key in ("added", "changed", "removed", "same", "tasks")
        }
        said = sorted(
            map(
                repr,
                [(r["doc_id"], r["text"], r["label"], r["status"], r["project"]) for r in rows(project, "judgements")],
            )
        )
        found.append((told, said, len(rows(project, "assignments")), len(rows(project, "quarantine"))))
        n_files = len(list(project.exports.rglob("*.json")))
        assert n_files > 10 if pieces else n_files < 10
    assert found[0] == found[1]
    assert len(found[0][1]) > 70


def test_later_export_is_compared_without_holding_the_first(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.json", *many_tasks(3))
    project, _ = import_into(tmp_path / "made", plan_import([path], "label-studio"), LabelMapping())
    before = sorted(project.exports.rglob("*.json"))
    with project.writing():
        report = import_files(project, plan_import([path], "label-studio", "label-studio export"), LabelMapping())
    assert report.counts["same"] == 9 and sorted(project.exports.rglob("*.json")) == before


def test_spread_table_is_the_table_and_refuses_what_it_refuses(tmp_path: Path) -> None:
    schema = read_table_schema("judgements", ROOT / "schema" / "tables")
    listed = read_table(ROOT / "annotations", schema).to_pylist()
    assert len({row["judgement_id"][0] for row in listed}) > 10
    with SpreadTable(schema, tmp_path) as spread:
        for start in range(0, len(listed), 7):
            spread.add(listed[start : start + 7][::-1])
        written = spread.write(tmp_path / "spread.parquet")
    write_parquet(tmp_path / "whole.parquet", make_table(schema, listed))
    assert written.entry["sha256"] == file_sha256(tmp_path / "whole.parquet")
    (tmp_path / "twice").mkdir()
    with SpreadTable(schema, tmp_path / "twice") as spread:
        spread.add(listed[:3])
        spread.add(listed[2:4])
        with pytest.raises(TableError, match="stands on two rows"):
            spread.write(tmp_path / "twice.parquet")
        with pytest.raises(TableError, match="unknown column 'odd'"):
            spread.add([listed[0] | {"odd": 1}])


def test_process_without_pandas_makes_arrays_all_the_same() -> None:
    script = """
        import sys
        from stancewire.engine import leave_out_pandas
        leave_out_pandas()
        import pyarrow as pa
        assert pa.array(["a", None]).to_pylist() == ["a", None]
        assert "pandas" not in sys.modules
        import pandas
        assert pandas.DataFrame({"a": [1]}).a.sum() == 1
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_parts_of_a_table_follow_each_other_however_fine(tmp_path: Path) -> None:
    schema = read_table_schema("judgements", ROOT / "schema" / "tables")
    listed = read_table(ROOT / "annotations", schema).to_pylist()
    found = set()
    for fineness in (1, 2, 8, 32):
        (tmp_path / str(fineness)).mkdir()
        with SpreadTable(schema, tmp_path / str(fineness), fineness) as spread:
            spread.add(listed[::-1])
            found.add(spread.write(tmp_path / f"{fineness}.parquet").entry["sha256"])
    write_parquet(tmp_path / "whole.parquet", make_table(schema, listed))
    assert found == {file_sha256(tmp_path / "whole.parquet")}
    assert [fineness_for(size << 20) for size in (0, 255, 256, 800, 4_400, 10**6)] == [1, 1, 2, 4, 32, 32]
