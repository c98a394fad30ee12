"""`corpus/withdrawn.csv`: a document that is named there is in no table and in no later release; the rest goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from flavoured import ROOT, WORDS, copy_of_the_seeds, find_runs, grams

from stancewire.build import build_project
from stancewire.checks.project_checks import check_project
from stancewire.cli import main
from stancewire.corpus import convert_corpus
from stancewire.errors import ReleaseError, SourceError
from stancewire.judgements import stage
from stancewire.judgements.stage import write_judgements
from stancewire.project import Project
from stancewire.release.freeze import release
from stancewire.release.package import compare_packages, package_into
from stancewire.release.packages import find_release, open_package
from stancewire.release.state import TABLES
from stancewire.release.verify import verify
from stancewire.sources import read_withdrawn
from stancewire.tables import file_sha256

KEPT, GONE = "000_3a545f5dff7ed8e6", "001_6488bdc6352e6c22"
HEAD = "doc_id,date,reason,by\n"
REASON = "the publisher asked for it"


def withdraw(project: Project, *doc_ids: str) -> None:
    lines = [f"{doc_id},2026-11-23,{REASON},ed-one\n" for doc_id in doc_ids]
    project.withdrawn_csv.write_text(HEAD + "".join(lines), encoding="utf-8")


def problems(project: Project) -> list[str]:
    return [str(item) for item in check_project(project) if item.severity == "problem"]


def cells(folder: Path, name: str) -> list[str]:
    """Every text of a table."""
    table = open_package(folder).table(name)
    return [value for row in table.to_pylist() for value in row.values() if isinstance(value, str)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The seeds without the second, built and released in full."""
    project = copy_of_the_seeds(tmp_path_factory.mktemp("seeds"))
    withdraw(project, GONE)
    build_project(project)
    release(project, flavour="full")
    return project


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    shutil.copytree(built.root, tmp_path / "seeds")
    return Project(tmp_path / "seeds")


def test_no_table_of_the_next_release_knows_the_document(built: Project) -> None:
    folder = built.releases / "0.3.0"
    assert verify(folder).problems == []
    for name in set(TABLES) - {"changes"}:
        assert not [value for value in cells(folder, name) if GONE in value], name
    assert open_package(folder).table("documents").column("doc_id").to_pylist() == [KEPT]


def test_neither_its_source_nor_what_was_said_of_it_is_in_the_package(built: Project) -> None:
    folder = built.releases / "0.3.0"
    assert [path.name for path in (folder / "corpus/sources").iterdir()] == [f"{KEPT}.txt"]
    holding = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and GONE.encode() in path.read_bytes() and path.suffix != ".parquet"
    }
    assert holding == {"corpus/withdrawn.csv", "csv/changes.csv"}
    exports = sorted((folder / "annotations/exports").rglob("*.json"))
    assert len(exports) == len(list(built.exports.rglob("*.json")))
    for path in exports:
        assert {task["doc_id"] for task in json.loads(path.read_bytes())["tasks"]} == {KEPT}
    lines = (folder / "annotations/adjudications.jsonl").read_text(encoding="utf-8").splitlines()
    before = (built.root / "annotations/adjudications.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines == [line for line in before if json.loads(line)["doc_id"] == KEPT] and len(lines) < len(before)


def test_words_that_only_the_withdrawn_article_has_are_gone(built: Project) -> None:
    other, own = ((built.sources / f"{name}.txt").read_text(encoding="utf-8") for name in (GONE, KEPT))
    runs = set(grams(WORDS[0](other))) - set(grams(WORDS[0](own)))
    assert len(runs) > 100
    sources = [" ".join(run) for run in runs]
    assert find_runs(built.releases / "0.3.0", sources) == set()
    assert find_runs(built.releases / "0.2.0", sources)


def test_what_was_received_and_earlier_releases_stay(built: Project) -> None:
    for name in ("corpus/sources", "annotations/exports", "corpus/releases/0.1.0", "corpus/releases/0.2.0"):
        for path in (ROOT / name).rglob("*"):
            if path.is_file():
                assert (built.root / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
    assert verify(built.root).problems == []


def test_changes_name_it_with_the_reason_and_the_change_is_major(built: Project) -> None:
    changes = find_release(built, "0.3.0").table("changes").to_pylist()
    gone = [row for row in changes if (row["table"], row["key"]) == ("documents", GONE)]
    assert [(row["change"], row["reason"]) for row in gone] == [("removed", f"withdrawn: {REASON}")]
    segments = [row for row in changes if row["table"] == "segments"]
    assert segments and {row["reason"] for row in segments} == {f"withdrawn: {REASON}"}
    assert json.loads(built.datapackage_json.read_bytes())["version"] == "0.3.0"


def test_project_is_valid_and_its_package_is_the_release(built: Project, tmp_path: Path) -> None:
    assert problems(built) == []
    package_into(built, tmp_path / "again")
    assert compare_packages(tmp_path / "again", built.releases / "0.3.0") == []


def test_release_rebuilds_itself_without_the_document(built: Project, tmp_path: Path) -> None:
    """What is left is a whole: built from the release's own files, every table is the same, agreement included."""
    shutil.copytree(built.releases / "0.3.0", tmp_path / "alone")
    alone = Project(tmp_path / "alone")
    before = {name: file_sha256(alone.table_path(name)) for name in TABLES if name != "changes"}
    (tmp_path / "alone/SHA256SUMS").unlink()
    build_project(alone)
    assert {name: file_sha256(alone.table_path(name)) for name in before} == before


def test_many_judgements_leave_it_out_alike(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [file_sha256(project.table_path(name)) for name in ("assignments", "judgements", "quarantine")]
    assert write_judgements(project).counts["withdrawn_assignments"] == 4
    monkeypatch.setattr(stage, "LARGE", -1)
    assert write_judgements(project).counts["withdrawn_assignments"] == 4
    assert [file_sha256(project.table_path(name)) for name in ("assignments", "judgements", "quarantine")] == before


def test_document_comes_back_with_its_row_gone(project: Project) -> None:
    project.withdrawn_csv.unlink()
    build_project(project)
    for name in set(TABLES) - {"changes"}:
        assert file_sha256(project.table_path(name)) == file_sha256(Project(ROOT).table_path(name)), name


def test_text_free_release_leaves_it_out_too(project: Project) -> None:
    made = release(project, flavour="text-free")
    assert verify(made.folder).problems == []
    sources = [path.read_text(encoding="utf-8") for path in project.sources.iterdir()]
    assert find_runs(made.folder, sources) == set()


def test_withdrawn_document_that_still_stands_stops_a_release(project: Project) -> None:
    withdraw(project, GONE, KEPT)
    with pytest.raises(ReleaseError, match=r"withdrawn"):
        release(project, flavour="full")
    assert any("still in the tables; run: stancewire build" in line for line in problems(project))


def test_document_that_was_never_here_is_named(project: Project) -> None:
    withdraw(project, GONE, "002_never")
    found = [line for line in problems(project) if "withdrawn-document" in line]
    assert found == [
        "corpus/withdrawn.csv:3: [1 withdrawn-document] there is no document '002_never', and no release has one; "
        "mend doc_id, or take the row out"
    ]


def test_document_whose_source_was_deleted_is_known_by_its_releases(project: Project) -> None:
    (project.sources / f"{GONE}.txt").unlink()
    rows = project.sources_csv.read_text(encoding="utf-8").splitlines(keepends=True)
    project.sources_csv.write_text("".join(row for row in rows if GONE not in row), encoding="utf-8")
    build_project(project)
    assert problems(project) == []


# converting


def make_lines(folder: Path, n: int = 4) -> Project:
    """A project whose sources are records of one file and a file of its own."""
    assert main(["init", str(folder)]) == 0
    project = Project(folder)
    texts = {f"rec-{number}": f"Article {number}\n\nIts one paragraph is number {number}." for number in range(n)}
    lines = [json.dumps({"id": name, "text": text}) + "\n" for name, text in texts.items()]
    (project.sources / "lines.jsonl").write_text("".join(lines))
    (project.sources / "alone.txt").write_text("Alone\n\nAnother paragraph, in a file of its own.\n")
    return project


def document_ids(project: Project) -> list[str]:
    return pq.ParquetFile(project.table_path("documents")).read(["doc_id"]).column("doc_id").to_pylist()


@pytest.mark.parametrize("fields", ["all", "text"])
@pytest.mark.parametrize("workers", [1, 2])
def test_records_are_left_out_one_by_one(fields: str, workers: int, tmp_path: Path) -> None:
    project = make_lines(tmp_path / "lines")
    withdraw(project, "rec-1", "alone")
    report = convert_corpus(project, fields=fields, workers=workers)
    assert document_ids(project) == ["rec-0", "rec-2", "rec-3"]
    assert (report.counts["withdrawn"], report.counts["written"]) == (2, 3)
    manifest = json.loads((project.corpus / "manifest.json").read_bytes())
    assert manifest["convert"]["settings"] == {"withdrawn": {"alone": "alone.txt", "rec-1": "lines.jsonl#1"}}


def test_next_convert_hears_of_a_withdrawal_and_of_its_end(tmp_path: Path) -> None:
    project = make_lines(tmp_path / "lines")
    convert_corpus(project)
    whole = file_sha256(project.table_path("documents"))
    withdraw(project, "rec-2")
    convert_corpus(project)
    assert document_ids(project) == ["alone", "rec-0", "rec-1", "rec-3"]
    convert_corpus(project)  # nothing has changed: what is left out is known from the last run
    assert "rec-2" in (project.corpus / "manifest.json").read_text(encoding="utf-8")
    withdraw(project)
    convert_corpus(project)
    assert file_sha256(project.table_path("documents")) == whole


def test_file_that_holds_others_too_is_no_source_of_a_full_release(tmp_path: Path) -> None:
    project = make_lines(tmp_path / "lines")
    withdraw(project, "rec-2")
    build_project(project)
    with pytest.raises(ReleaseError, match=r"lines\.jsonl holds a withdrawn document beside others.*text-free"):
        release(project, flavour="full")
    made = release(project, flavour="text-free")
    assert open_package(made.folder).table("documents").num_rows == 4


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,2024-05-04,,ed-one", "line 2: reason is empty"),
        (",2024-05-04,asked,ed-one", "line 2: doc_id is empty"),
        ("a,,asked,ed-one", "line 2: date is empty"),
        ("a,tomorrow,asked,", "line 2: date 'tomorrow' is no day"),
        ("a,2024-05-04,asked,\na,2024-05-05,asked,", "line 3: 'a' stands on line 2 already"),
        ("a,2024-05-04,asked", "line 2: 3 values for 4 columns"),
    ],
)
def test_wrong_rows_are_refused_by_line(row: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "withdrawn.csv").write_text(HEAD + row + "\n")
    with pytest.raises(SourceError, match=message):
        read_withdrawn(tmp_path / "withdrawn.csv")
    assert read_withdrawn(tmp_path / "none.csv") == {}
