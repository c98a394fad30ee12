"""Releases: the descriptor, versions, differences; a release is written once and is the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from test_checks import edit_table, edit_yaml, restamp
from tiny_project import TARGET, make_tiny_project

from stancewire.checks.project_checks import check_project
from stancewire.cli import main
from stancewire.corpus_view import Corpus, open_corpus
from stancewire.errors import ReleaseError
from stancewire.project import ANNOTATION_TABLES, CORPUS_TABLES, Project
from stancewire.release import freeze
from stancewire.release.csv_tables import csv_bytes
from stancewire.release.diff import diff_packages
from stancewire.release.freeze import release, uncommitted, write_zip
from stancewire.release.package import compare_packages, package_into, write_package
from stancewire.release.packages import find_release, last_release, open_package
from stancewire.release.versions import Version, check_version, next_version, parse_version
from stancewire.tables import read_table, read_table_schema
from stancewire.tables.guard import BOM, unguarded

TABLES = (*CORPUS_TABLES, *ANNOTATION_TABLES)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_project(tmp_path_factory.mktemp("fresh") / "tiny").root


@pytest.fixture(scope="module")
def frozen(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("frozen") / "tiny"
    shutil.copytree(fresh, root)
    release(Project(root), flavour="full")
    return root


@pytest.fixture
def project(fresh: Path, tmp_path: Path) -> Project:
    shutil.copytree(fresh, tmp_path / "tiny")
    return Project(tmp_path / "tiny")


@pytest.fixture
def released(frozen: Path, tmp_path: Path) -> Project:
    shutil.copytree(frozen, tmp_path / "tiny")
    return Project(tmp_path / "tiny")


def descriptor(project: Project) -> dict[str, Any]:
    return json.loads(project.datapackage_json.read_bytes())


def edit_stance(project: Project) -> None:
    for name in ("stances", "stances_wide"):
        edit_table(project, name, {"set": [{"where": {"doc_id": "wire-1"}, "to": {"stance": "neutral"}}]})
    restamp(project)
    write_package(project)


# the descriptor


def test_descriptor_names_every_table_with_schema_hash_and_licence(project: Project) -> None:
    described = descriptor(project)
    assert [item["name"] for item in described["resources"]] == list(TABLES)
    for item in described["resources"]:
        schema = read_table_schema(item["name"], project.table_schemas)
        assert item["hash"].startswith("sha256:") and "bytes" not in item
        assert len(item["stancewire:content_sha256"]) == 64
        names = {licence["name"] for licence in item["licenses"]}
        assert names == ({"other-closed"} if schema.licence == "article_text" else {"CC-BY-4.0"})
        assert item["schema"]["primaryKey"] == list(schema.key)
        assert [field["name"] for field in item["schema"]["fields"]] == list(schema.by_name)


def test_created_is_the_latest_day_of_the_inputs(project: Project) -> None:
    assert descriptor(project)["created"] == "2024-05-02T00:00:00Z"


def test_version_before_any_release_is_a_development_version(project: Project) -> None:
    assert descriptor(project)["version"] == "0.1.0-dev"


@pytest.mark.parametrize("where", [".", "corpus/releases/0.1.0"])
def test_frictionless_finds_the_package_valid(frozen: Path, where: str) -> None:
    command = [str(Path(sys.executable).with_name("frictionless")), "validate", "datapackage.json"]
    done = subprocess.run(command, cwd=frozen / where, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "INVALID" not in done.stdout and done.stdout.count("VALID") >= len(TABLES)


# releasing


def test_release_holds_everything_and_verifies(released: Project) -> None:
    folder = released.releases / "0.1.0"
    for name in TABLES:
        schema = read_table_schema(name, released.table_schemas)
        ours = read_table(released.table_path(name).parent, schema)
        assert open_package(folder).table(name).equals(ours)
        assert (folder / "csv" / f"{name}.csv").read_bytes().startswith(BOM)
    for name in ("README.md", "DATA_DICTIONARY.md", "CITATION.cff", "croissant.json", "corpus/sources/wire-1.txt"):
        assert (folder / name).is_file(), name
    for name in ("schema/codebook.yaml", "annotations/adjudications.jsonl", "annotations/campaign.yaml"):
        assert (folder / name).read_bytes() == (released.root / name).read_bytes()
    assert (folder / "annotations/exports/entities-r1/ann-one/0001.json").is_file()


def test_released_project_bears_the_version_and_stays_valid(released: Project) -> None:
    assert descriptor(released)["version"] == "0.1.0"
    assert (released.releases / "0.1.0" / "datapackage.json").read_bytes() == released.datapackage_json.read_bytes()
    assert not [item for item in check_project(released) if item.severity == "problem"]


def test_sums_are_those_of_sha256sum(frozen: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"],
        cwd=frozen / "corpus/releases/0.1.0",
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout


def test_package_written_again_equals_the_release(released: Project, tmp_path: Path) -> None:
    package_into(released, tmp_path / "again")
    assert compare_packages(tmp_path / "again", released.releases / "0.1.0") == []
    write_package(released)
    assert descriptor(released)["version"] == "0.1.0"


def test_zip_is_the_same_bytes_each_time(frozen: Path, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        write_zip(frozen / "corpus/releases/0.1.0", tmp_path / name, "tiny")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_release_is_never_written_over(released: Project) -> None:
    before = (released.releases / "0.1.0" / "SHA256SUMS").read_bytes()
    edit_stance(released)
    with pytest.raises(ReleaseError, match="never changes"):
        release(released, "0.1.0", flavour="full")
    assert (released.releases / "0.1.0" / "SHA256SUMS").read_bytes() == before


def test_nothing_new_is_not_released(released: Project) -> None:
    with pytest.raises(ReleaseError, match=r"nothing has changed since release 0\.1\.0"):
        release(released, flavour="full")


@pytest.mark.parametrize("version", ["0.2.0", "0.1.1", "9.9.9", "0.0.1"])
def test_wrong_first_version_is_refused(project: Project, version: str) -> None:
    with pytest.raises(ReleaseError, match=r"0\.1\.0 or 1\.0\.0"):
        release(project, version, flavour="full")
    assert not project.releases.exists()


@pytest.mark.parametrize("version", ["1", "v0.1.0", "0.1.0-dev", "0.01.0", "../0.1.0", ""])
def test_what_is_no_version_is_refused(project: Project, version: str) -> None:
    with pytest.raises(ReleaseError, match=r"write one like 0\.1\.0"):
        release(project, version, flavour="full")


def test_invalid_state_is_refused(project: Project) -> None:
    (project.sources / "wire-1.txt").write_text("another article")
    with pytest.raises(ReleaseError, match="document-source"):
        release(project, flavour="full")


def test_dry_run_writes_nothing(project: Project) -> None:
    made = release(project, flavour="full", dry_run=True)
    assert (str(made.version), project.releases.exists()) == ("0.1.0", False)


def test_leftover_of_a_killed_release_is_replaced(project: Project) -> None:
    (project.releases / ".0.1.0.writing").mkdir(parents=True)
    (project.releases / ".0.1.0.writing" / "half").write_text("half")
    release(project, flavour="full")
    assert [path.name for path in project.releases.iterdir()] == ["0.1.0"]
    assert not (project.releases / "0.1.0" / "half").exists()


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@annotators.invalid"]
    subprocess.run(["git", "-C", str(root), *identity, *words], check=True, capture_output=True)


def test_uncommitted_changes_are_refused(project: Project) -> None:
    assert uncommitted(project.root) == []  # no repository
    git(project.root, "init", "-q")
    (project.root / ".gitignore").write_text(".stancewire.lock\n")
    git(project.root, "add", ".")
    git(project.root, "commit", "-qm", "all")
    (project.root / "notes.txt").write_text("not data, not known to git")
    assert uncommitted(project.root) == []
    (project.corpus / "notes.txt").write_text("new, and where data stands")
    with pytest.raises(ReleaseError, match=r"corpus/notes\.txt is not committed"):
        release(project, flavour="full")
    (project.corpus / "notes.txt").unlink()
    release(project, flavour="full")


def test_large_release_goes_into_a_zip(released: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze, "GIT_BYTES", 1000)
    edit_stance(released)
    made = release(released, flavour="full")
    assert made.archive == released.dist / "tiny-0.2.0.zip"
    assert sorted(path.name for path in made.folder.iterdir()) == [
        "ARCHIVE.json", "README.md", "SHA256SUMS", "annotations", "datapackage.json",
    ]  # fmt: skip
    assert not [item for item in check_project(released) if item.severity == "problem"]
    assert main(["verify", str(made.archive)]) == 0
    assert main(["verify", str(made.folder)]) == 0
    assert find_release(released, "0.2.0").table("documents").num_rows == 2
    made.archive.unlink()
    with pytest.raises(ReleaseError, match="documents"):
        find_release(released, "0.2.0").table("documents")


# versions and differences


def test_changed_row_is_listed_and_asks_for_a_minor_version(released: Project) -> None:
    edit_stance(released)
    assert descriptor(released)["version"] == "0.2.0-dev"
    schema = read_table_schema("changes", released.table_schemas)
    rows = read_table(released.annotations, schema).to_pylist()
    assert {(row["release"], row["table"], row["column"], row["old"], row["new"]) for row in rows} == {
        ("0.2.0", table, "stance", "favor", "neutral") for table in ("stances", "stances_wide")
    }
    release(released, "0.2.0", flavour="full")
    last = last_release(released)
    assert last is not None and last.table("changes").num_rows == 2
    assert descriptor(released)["version"] == "0.2.0"
    assert not [item for item in check_project(released) if item.severity == "problem"]


def test_added_and_removed_rows_are_listed(released: Project) -> None:
    edit_table(released, "splits", {"drop": [{"where": {"doc_id": "wire-1"}}]})
    row = {"doc_id": "local-1"}, {"entity_id": "zz", "name": "Zed"}
    edit_table(released, "entities", {"copy": [{"where": {"name": "Ana Ruiz"}, "to": row[1]}]})
    restamp(released)
    write_package(released)
    changes = diff_packages(find_release(released, "0.1.0"), open_package(released.root), "next")
    assert [(c["table"], c["key"], c["column"], c["change"]) for c in changes] == [
        ("entities", "zz", "*", "added"),
        ("splits", "wire-1", "*", "removed"),
    ]


def test_only_metadata_changed_is_a_patch(released: Project) -> None:
    edit_yaml(released.dataset_yaml, {"description": "Another description."})
    write_package(released)
    assert descriptor(released)["version"] == "0.1.1-dev"


def test_changed_text_is_major_which_raises_the_minor_below_1(released: Project) -> None:
    edit_table(released, "documents", {"set": [{"where": {"doc_id": "wire-1"}, "to": {"text_sha256": "0" * 64}}]})
    restamp(released)
    state = write_package(released)
    assert (state.level, state.label) == ("major", "0.2.0-dev")


def test_changed_meaning_of_a_label_is_major(released: Project) -> None:
    edit_yaml(released.codebook_yaml, {"targets.0.favor_means": "Something else altogether."})
    restamp(released)
    assert write_package(released).level == "major"


def test_long_values_are_listed_as_hashes(released: Project) -> None:
    edit_table(released, "documents", {"set": [{"where": {"doc_id": "wire-1"}, "to": {"title": "long " * 100}}]})
    restamp(released)
    write_package(released)
    found = diff_packages(find_release(released, "0.1.0"), open_package(released.root), "next")
    assert [row["new"][:7] for row in found] == ["sha256:"]


def test_diff_prints_each_change(released: Project, capsys: pytest.CaptureFixture[str]) -> None:
    edit_stance(released)
    assert main(["--project", str(released.root), "diff", "0.1.0", str(released.root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("changed: stances ") and lines[0].endswith("stance: 'favor' -> 'neutral'")
    assert lines[-1] == "2 changes, level minor: 0.1.0 -> 0.2.0-dev"


def test_unknown_release_is_answered_with_those_there_are(released: Project) -> None:
    with pytest.raises(ReleaseError, match=r"no release 3\.0\.0; releases: 0\.1\.0"):
        find_release(released, "3.0.0")


@pytest.mark.parametrize(
    ("last", "level", "following"),
    [
        (None, "minor", "0.1.0"),
        ("0.1.0", "patch", "0.1.1"),
        ("0.1.3", "minor", "0.2.0"),
        ("0.2.1", "major", "0.3.0"),
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "minor", "1.3.0"),
    ],
)
def test_next_version(last: str | None, level: Any, following: str) -> None:
    assert str(next_version(parse_version(last) if last else None, level)) == following


def test_version_may_say_more_than_the_change_but_not_less() -> None:
    last = Version(0, 2, 0)
    check_version(Version(1, 0, 0), last, "patch")
    check_version(Version(0, 3, 0), last, "patch")
    for wrong in (Version(0, 2, 1), Version(0, 4, 0), Version(0, 2, 0), Version(2, 0, 0)):
        with pytest.raises(ReleaseError, match=r"0\.3\.0"):
            check_version(wrong, last, "minor")


# what people read


def test_card_is_yaml_and_says_who_annotated(frozen: Path) -> None:
    text = (frozen / "corpus/releases/0.1.0/README.md").read_text(encoding="utf-8")
    _, head, body = text.split("---\n", 2)
    assert yaml.safe_load(head)["pretty_name"] == "Tiny: two invented articles"
    assert "a language model (Parrot 1)" in body and "not licensed" in body


def test_card_of_models_alone_says_that_no_human_has_reviewed_it(project: Project, tmp_path: Path) -> None:
    people = ("ann-one", "adj-one")
    edits = [{"where": {"annotator_id": name}, "to": {"kind": "model"}} for name in people]
    edit_table(project, "annotators", {"set": edits})
    restamp(project)
    package_into(project, tmp_path / "package")
    text = (tmp_path / "package" / "README.md").read_text(encoding="utf-8")
    assert "No human has reviewed" in text and "agreement between model passes" in text


def test_dictionary_explains_every_column(frozen: Path) -> None:
    text = (frozen / "corpus/releases/0.1.0/DATA_DICTIONARY.md").read_text(encoding="utf-8")
    for name in TABLES:
        section = text.split(f"## {name}\n")[1].split("\n## ")[0]
        for column in read_table_schema(name, frozen / "schema/tables").by_name:
            assert f"| {column} |" in section


def test_citation_bears_the_version_of_the_data(frozen: Path) -> None:
    cited = yaml.safe_load((frozen / "corpus/releases/0.1.0/CITATION.cff").read_text(encoding="utf-8"))
    assert (cited["version"], cited["type"]) == ("0.1.0", "dataset")


def test_croissant_names_every_file_and_column(frozen: Path) -> None:
    described = json.loads((frozen / "corpus/releases/0.1.0/croissant.json").read_bytes())
    assert {item["@id"] for item in described["recordSet"]} == set(TABLES)
    files = {item["@id"]: item["sha256"] for item in described["distribution"]}
    for records in described["recordSet"]:
        for field in records["field"]:
            assert field["source"]["fileObject"]["@id"] in files


# csv


@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")))))
def test_csv_texts_come_back(texts: list[str | None]) -> None:
    data = csv_bytes(pa.table({"n": range(len(texts)), "text": pa.array(texts, pa.string())}))
    read = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1:]
    assert [unguarded(row[1]) for row in read] == [text or "" for text in texts]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "'x", "=cmd|' /C calc'!A0"])
def test_formulas_are_neutralised(text: str) -> None:
    data = csv_bytes(pa.table({"text": pa.array([text])})).decode("utf-8-sig")
    [row] = list(csv.reader(io.StringIO(data, newline="")))[1:]
    assert row == ["'" + text]


def test_csv_tells_null_from_empty() -> None:
    data = csv_bytes(pa.table({"a": pa.array([None, ""]), "b": pa.array([1, 2])}))
    assert data == BOM + b'"a","b"\r\n,1\r\n"",2\r\n'


# reading it


def test_corpus_opens_project_release_and_zip_alike(frozen: Path, tmp_path: Path) -> None:
    write_zip(frozen / "corpus/releases/0.1.0", tmp_path / "tiny.zip", "tiny")
    frames = [
        open_corpus(path).stances_wide for path in (frozen, frozen / "corpus/releases/0.1.0", tmp_path / "tiny.zip")
    ]
    assert all(frame.equals(frames[0]) for frame in frames)
    assert list(frames[0]["target_id"]) == [TARGET, TARGET]


def test_frames_are_those_of_read_parquet(frozen: Path) -> None:
    import pandas as pd

    corpus = Corpus(frozen)
    for name in TABLES:
        pd.testing.assert_frame_equal(
            getattr(corpus, name), pd.read_parquet(Project(frozen).table_path(name)), check_frame_type=False
        )


def test_documents_are_a_frame_and_give_the_body_when_called(frozen: Path) -> None:
    corpus = Corpus(frozen)
    assert list(corpus.documents["doc_id"]) == ["local-1", "wire-1"]
    assert "body" not in corpus.documents.columns
    body = corpus.documents(body=True).set_index("doc_id")["body"]
    assert body["wire-1"] == "The envoy praised the security treaty on Monday. “We keep it,” Ana Ruiz said."


def test_unknown_table_is_answered_with_those_there_are(frozen: Path) -> None:
    with pytest.raises(AttributeError, match="stances_wide"):
        _ = Corpus(frozen).stance


def test_damaged_table_is_refused(released: Project) -> None:
    path = released.releases / "0.1.0" / "corpus" / "splits.parquet"
    path = path if path.exists() else released.releases / "0.1.0" / "annotations" / "splits.parquet"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ReleaseError, match=r"splits\.parquet is not the file"):
        _ = Corpus(released.releases / "0.1.0").splits
