"""`verify` finds one flipped byte, one changed offset, one deleted row: one line each, exit 1, never a traceback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from test_checks import edit_table, restamp
from tiny_project import make_tiny_project

from stancewire.checks.files import FolderFiles, is_safe_path, open_files
from stancewire.checks.packaged import check_sums
from stancewire.cli import main
from stancewire.errors import ReleaseError, StancewireError
from stancewire.project import ANNOTATION_TABLES, CORPUS_TABLES, Project
from stancewire.release.freeze import release, write_zip
from stancewire.release.package import write_package
from stancewire.release.verify import verify

TABLES = (*CORPUS_TABLES, *ANNOTATION_TABLES)


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = make_tiny_project(tmp_path_factory.mktemp("valid") / "tiny")
    release(project, "0.1.0", flavour="full")
    return project.root


@pytest.fixture
def project(valid: Path, tmp_path: Path) -> Project:
    shutil.copytree(valid, tmp_path / "tiny")
    return Project(tmp_path / "tiny")


def flip(path: Path, at: float) -> None:
    """Flip the lowest bit of one byte, `at` being its place between 0 and 1."""
    data = bytearray(path.read_bytes())
    data[min(int(len(data) * at), len(data) - 1)] ^= 1
    path.write_bytes(data)


def found_in(root: Path) -> set[str]:
    """Paths of the problems that verify finds, each of which is one line."""
    found = verify(root).problems
    assert all("\n" not in str(problem) for problem in found)
    return {problem.path for problem in found if problem.severity == "problem"}


def test_valid_project_release_and_zip_verify(project: Project, tmp_path: Path) -> None:
    frozen = project.releases / "0.1.0"
    write_zip(frozen, tmp_path / "tiny.zip", "tiny-0.1.0")
    for path, kind in ((project.root, "project"), (frozen, "release"), (tmp_path / "tiny.zip", "release")):
        result = verify(path)
        assert (result.problems, result.kind, result.n_tables) == ([], kind, len(TABLES))


@pytest.mark.parametrize("at", [0.0, 0.3, 0.7, 1.0])
def test_flipped_byte_in_any_table_is_found(project: Project, at: float) -> None:
    for name in TABLES:
        path = project.table_path(name)
        before = path.read_bytes()
        flip(path, at)
        assert project.relative(path) in found_in(project.root), name
        path.write_bytes(before)
    assert found_in(project.root) == set()


def test_flipped_byte_in_any_source_is_found(project: Project) -> None:
    for path in sorted(project.sources.iterdir()):
        before = path.read_bytes()
        flip(path, 0.5)
        assert project.relative(path) in found_in(project.root), path.name
        path.write_bytes(before)


def test_source_that_nobody_listed_is_compared_with_its_document(project: Project) -> None:
    project.sources_csv.unlink()
    flip(project.sources / "wire-1.txt", 0.5)
    assert "document-source" in {problem.check for problem in verify(project.root).problems}


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0])
def test_flipped_byte_in_any_file_of_a_release_is_found(project: Project, at: float) -> None:
    files = FolderFiles(project.releases / "0.1.0")
    for name in files.names():
        before = files.read(name)
        flip(files.root / name, at)
        found = {problem.path for problem in check_sums(files)[0]}
        assert found and (name in found or name == "SHA256SUMS"), name
        (files.root / name).write_bytes(before)
    assert check_sums(files) == ([], set())


@pytest.mark.parametrize(
    "name", ["README.md", "SHA256SUMS", "datapackage.json", "corpus/sources.csv", "csv/splits.csv"]
)
def test_flipped_byte_in_a_file_beside_the_tables_of_a_release_is_found(project: Project, name: str) -> None:
    flip(project.releases / "0.1.0" / name, 0.5)
    found = found_in(project.releases / "0.1.0")
    assert name in found or (name == "SHA256SUMS" and found)  # a hash that is changed accuses the file it is of


def test_changed_release_is_found_from_its_project(project: Project) -> None:
    flip(project.releases / "0.1.0" / "README.md", 0.5)
    assert found_in(project.root) == {"corpus/releases/0.1.0/README.md"}


def test_file_added_to_or_taken_from_a_release_is_found(project: Project) -> None:
    frozen = project.releases / "0.1.0"
    (frozen / "extra.txt").write_text("more")
    (frozen / "corpus" / "splits.parquet").write_text("more")
    (frozen / "README.md").unlink()
    assert found_in(frozen) == {"extra.txt", "corpus/splits.parquet", "README.md"}


def test_flipped_byte_in_a_zip_is_found(project: Project, tmp_path: Path) -> None:
    archive = tmp_path / "tiny.zip"
    write_zip(project.releases / "0.1.0", archive, "tiny-0.1.0")
    with zipfile.ZipFile(archive) as opened:
        entry = opened.getinfo("tiny-0.1.0/corpus/documents.parquet")
    data = bytearray(archive.read_bytes())
    data[entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2] ^= 1
    archive.write_bytes(data)
    assert "corpus/documents.parquet" in found_in(archive)


def test_changed_offset_is_found_though_every_hash_was_made_anew(project: Project) -> None:
    edit_table(project, "mentions", {"set": [{"where": {"doc_id": "wire-1", "label": "LAW"}, "shift": {"end": -1}}]})
    restamp(project)
    write_package(project)
    assert {problem.check for problem in verify(project.root).problems} == {"text-slice"}


def test_deleted_row_is_found_though_the_manifest_was_made_anew(project: Project) -> None:
    edit_table(project, "document_stances", {"drop": [{"where": {"doc_id": "wire-1"}}]})
    restamp(project)
    assert found_in(project.root) == {"annotations/document_stances.parquet"}


def test_deleted_segment_is_found_though_every_hash_was_made_anew(project: Project) -> None:
    edit_table(project, "segments", {"drop": [{"where": {"role": "furniture"}}]})
    restamp(project)
    write_package(project)
    assert {problem.check for problem in verify(project.root).problems} == {"segment-partition"}


def test_table_cut_short_or_emptied_is_one_line(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    for size in (0, 4, 100):
        path = project.table_path("documents")
        path.write_bytes(path.read_bytes()[:size])
        assert main(["--project", str(project.root), "verify"]) == 1
        printed = capsys.readouterr()
        assert printed.err == ""
        assert printed.out.count("corpus/documents.parquet") == 1


def test_missing_table_is_named_once(project: Project) -> None:
    project.table_path("splits").unlink()
    result = verify(project.root)
    assert [problem.path for problem in result.problems] == ["annotations/splits.parquet"]


@pytest.mark.parametrize(
    "garbage", ["", "[]", "null", '{"resources": 1}', '{"resources": [1, {"name": "documents"}]}', "{"]
)
def test_broken_descriptor_is_told(project: Project, garbage: str) -> None:
    project.datapackage_json.write_text(garbage)
    assert found_in(project.root) == {"datapackage.json"}


@pytest.mark.parametrize("garbage", ["", "[]", '{"convert": 1}', '{"convert": {"tables": [], "inputs": 3}}'])
def test_broken_manifest_is_told(project: Project, garbage: str) -> None:
    (project.corpus / "manifest.json").write_text(garbage)
    assert found_in(project.root) == {f"corpus/{name}.parquet" for name in CORPUS_TABLES}


def test_descriptor_that_points_outside_is_refused(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside.parquet"
    shutil.copyfile(project.table_path("splits"), outside)
    text = project.datapackage_json.read_text(encoding="utf-8")
    for path in ("../outside.parquet", str(outside), "file:///etc/hostname", "https://example.org/x.parquet"):
        project.datapackage_json.write_text(text.replace("annotations/splits.parquet", path), encoding="utf-8")
        assert "package-descriptor" in {problem.check for problem in verify(project.root).problems}


def test_link_that_leads_out_is_not_followed(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside.parquet"
    shutil.move(project.table_path("splits"), outside)
    project.table_path("splits").symlink_to(outside)
    assert "annotations/splits.parquet" in found_in(project.root)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../x", "a//x", "C:/x", "a\\x", "", ".", "file:x", "a\0b"])
def test_unsafe_paths_are_unsafe(name: str) -> None:
    assert not is_safe_path(name)


def test_zip_with_an_unsafe_or_repeated_path_is_refused(tmp_path: Path) -> None:
    for names in (["../x"], ["/x"], ["a/x", "a/x"]):
        path = tmp_path / "hostile.zip"
        with pytest.warns(UserWarning) if len(names) > 1 else _no_warning(), zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "x")
        with pytest.raises(ReleaseError, match="unsafe or repeated"):
            open_files(path)


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/x", b"\0" * 50_000_000)
    with pytest.raises(ReleaseError, match="unpacks to"):
        open_files(tmp_path / "bomb.zip")


def test_neither_folder_nor_zip_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.zip").write_text("no zip")
    for path in (tmp_path / "text.zip", tmp_path / "nothing"):
        assert main(["verify", str(path)]) == 1
        assert capsys.readouterr().err.count("\n") == 1


def test_json_is_one_object(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    flip(project.table_path("stances"), 0.5)
    assert main(["verify", str(project.root), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["counts"]["problems"] == len(answer["problems"]) == 1
    assert answer["kind"] == "project"


def test_verify_needs_pyarrow_alone(project: Project) -> None:
    code = (
        "import sys\n"
        "for name in ('numpy', 'pandas', 'duckdb', 'jsonschema', 'jsonschema_rs', 'yaml', 'msgspec', 'rapidfuzz',"
        " 'charset_normalizer', 'py3langid', 'tqdm', 'label_studio_sdk', 'httpx'):\n"
        "    sys.modules[name] = None\n"
        "from stancewire.cli import main\n"
        f"sys.exit(main(['verify', {str(project.root)!r}]) or main(['verify', {str(project.releases / '0.1.0')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_package_cannot_be_written_over_a_damaged_table(project: Project) -> None:
    flip(project.table_path("stances"), 0.5)
    with pytest.raises(StancewireError, match=r"stances\.parquet"):
        write_package(project)


def _no_warning() -> object:
    import contextlib

    return contextlib.nullcontext()
