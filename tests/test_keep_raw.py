"""`convert --keep-raw`: sources byte for byte in the collection's own folder, which alone gives the same tables."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stancewire.checks.project_checks import check_project
from stancewire.cli import main
from stancewire.corpus import convert_corpus
from stancewire.errors import SourceError, UsageError
from stancewire.project import Project
from stancewire.sources import keep
from stancewire.sources.files import find_sources
from stancewire.sources.found import stored_name
from stancewire.sources.keep import keep_sources, real_name
from stancewire.sources.readers import ENDINGS, open_source
from stancewire.tables import read_table, read_table_schema

ROOT = Path(__file__).parents[1]
BODY = "The committee met on Monday in the old town hall and agreed on nothing, its chairman said."


def put(path: Path, raw: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def rows(folder: Path, name: str = "documents") -> list[dict[str, Any]]:
    return read_table(folder, read_table_schema(name)).to_pylist()


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Files of several formats, one of which cannot be read, and one that is hidden."""
    folder = tmp_path / "collection"
    put(folder / "2019" / "06" / "26" / "a.txt", f"Town votes\n\n{BODY}\n")
    put(folder / "b.jsonl", "".join(json.dumps({"id": f"r{n}", "text": f"{BODY} {n}"}) + "\n" for n in range(3)))
    put(folder / "Reuters: c.txt", f"Rain\r\n\r\n{BODY}")
    put(folder / "empty.txt", b"")
    put(folder / "strange.xyz", b"\x00\x01")
    put(folder / ".hidden", b"x")
    put(Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9 %41.txt")), BODY)
    with zipfile.ZipFile(folder / "d.zip", "w") as archive:
        archive.writestr("in/e.txt", f"Sun\n\n{BODY}")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Project:
    shutil.copytree(ROOT / "schema", tmp_path / "project" / "schema")
    return Project(tmp_path / "project")


def test_kept_sources_alone_give_the_same_tables(collection: Path, tmp_path: Path) -> None:
    before = tree(collection)
    convert_corpus(None, [collection], tmp_path / "plain")
    report = convert_corpus(None, [collection], tmp_path / "kept", keep_raw=True)
    assert report.kept is not None and len(report.kept.copied) == 7 and report.kept.there == {}
    assert tree(collection) == before
    wanted = {name: raw for name, raw in before.items() if name != ".hidden"}
    assert tree(tmp_path / "kept" / "sources") == wanted
    convert_corpus(None, [tmp_path / "kept" / "sources"], tmp_path / "again")
    for name in ("documents", "segments", "sentences", "stories", "reprints", "variants", "rejects"):
        file = f"{name}.parquet"
        made = {(tmp_path / out / file).read_bytes() for out in ("plain", "kept", "again")}
        assert len(made) == 1, name
    assert {row["doc_id"] for row in rows(tmp_path / "kept")} == {
        *("2019/06/26/a", "Reuters: c", "caf%E9 %2541", "d/in/e", "r0", "r1", "r2"),
    }


def test_without_it_nothing_is_copied_and_the_source_is_named_by_path_record_and_hash(
    collection: Path, tmp_path: Path
) -> None:
    convert_corpus(None, [collection], tmp_path / "out")
    assert not (tmp_path / "out" / "sources").exists()
    lines = (collection / "b.jsonl").read_bytes().splitlines()
    found = {row["doc_id"]: (row["source_path"], row["record_no"], row["raw_sha256"]) for row in rows(tmp_path / "out")}
    assert found["r1"] == ("b.jsonl", 1, hashlib.sha256(lines[1]).hexdigest())


def test_project_names_what_it_keeps_and_is_valid(collection: Path, project: Project, tmp_path: Path) -> None:
    project.corpus.mkdir()
    header = "source_path,sha256,outlet,date,url,rights,license,encoding,received,note\n"
    project.sources_csv.write_text(header + "d.zip,,The Gull,,,open,,,,decided before\n", encoding="utf-8")
    before = project.sources_csv.read_text(encoding="utf-8")
    report = convert_corpus(project, [collection], keep_raw=True)
    # Its beginning looks like that of an address, so no row may name it.
    assert [(p.path, p.check) for p in report.problems] == [("Reuters: c.txt", "source-unlisted")]
    text = project.sources_csv.read_text(encoding="utf-8")
    assert text.startswith(before) and len(text.splitlines()) == 7
    sha256 = hashlib.sha256((collection / "b.jsonl").read_bytes()).hexdigest()
    assert f"b.jsonl,{sha256},,,,,,,,kept by convert\n" in text
    assert {row["doc_id"]: row["outlet"] for row in rows(project.corpus)}["d/in/e"] == "The Gull"
    made = {path.name: path.read_bytes() for path in project.corpus.glob("*.parquet")}
    again = convert_corpus(project)
    assert again.changes is not None and again.changes.is_none
    convert_corpus(project, anew=True)
    assert {path.name: path.read_bytes() for path in project.corpus.glob("*.parquet")} == made
    found = [p for p in check_project(project) if p.check.startswith(("source-", "document-", "segment-"))]
    assert [p for p in found if p.severity == "problem"] == []


def test_second_batch_is_added_to_the_first(collection: Path, project: Project, tmp_path: Path) -> None:
    convert_corpus(project, [collection], keep_raw=True)
    put(tmp_path / "second" / "2020" / "z.txt", f"Snow\n\n{BODY}")
    report = convert_corpus(project, [tmp_path / "second"], keep_raw=True)
    assert report.kept is not None and list(report.kept.copied) == ["2020/z.txt"]
    assert report.changes is not None and report.changes.added == ["2020/z.txt"]
    assert {"2020/z", "r0"} <= {row["doc_id"] for row in rows(project.corpus)}
    report = convert_corpus(project, [collection], keep_raw=True)
    assert report.kept is not None and (report.kept.copied, len(report.kept.there)) == ({}, 7)


def test_other_bytes_are_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "a" / "x.txt", f"One. {BODY}")
    put(tmp_path / "b" / "x.txt", f"Two. {BODY}")
    put(tmp_path / "b" / "y.txt", f"Three. {BODY}")
    convert_corpus(None, [tmp_path / "a"], tmp_path / "out", keep_raw=True)
    command = ["convert", str(tmp_path / "b"), "--out", str(tmp_path / "out"), "--keep-raw"]
    assert main(command) == 1
    assert "x.txt: [1 source-duplicate] another file of this name" in capsys.readouterr().out
    assert main([*command, "--allow-rejects"]) == 0
    assert tree(tmp_path / "out" / "sources") == {
        "x.txt": f"One. {BODY}".encode(),
        "y.txt": f"Three. {BODY}".encode(),
    }
    assert {row["doc_id"] for row in rows(tmp_path / "out")} == {"x", "y"}


def test_prefixes_keep_roots_apart_and_are_part_of_the_kept_paths(tmp_path: Path) -> None:
    for name in ("a", "b"):
        put(tmp_path / name / "2019" / "x.txt", f"From {name}. {BODY}")
    roots, prefixes = [tmp_path / "a", tmp_path / "b"], ["gull/", "crow-"]
    convert_corpus(None, roots, tmp_path / "plain", id_prefixes=prefixes)
    convert_corpus(None, roots, tmp_path / "kept", id_prefixes=prefixes, keep_raw=True)
    assert list(tree(tmp_path / "kept" / "sources")) == ["crow-2019/x.txt", "gull/2019/x.txt"]
    told = [[(row["doc_id"], row["text"]) for row in rows(tmp_path / out)] for out in ("plain", "kept")]
    assert told[0] == told[1] and [doc_id for doc_id, _ in told[0]] == ["crow-2019/x", "gull/2019/x"]


@pytest.mark.parametrize("prefix", ["../", "/", "a//", ".a/", "a%2F", "..", "a/./"])
def test_prefix_that_leads_elsewhere_is_refused(tmp_path: Path, prefix: str) -> None:
    put(tmp_path / "in" / "x.txt", BODY)
    with pytest.raises(SourceError, match="--id-prefix"):
        convert_corpus(None, [tmp_path / "in"], tmp_path / "out", id_prefixes=[prefix], keep_raw=True)
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["sources"]
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}


def test_source_and_collection_may_not_lie_within_each_other(project: Project, tmp_path: Path) -> None:
    put(project.sources / "sub" / "x.txt", BODY)
    for source in (project.root, project.sources / "sub"):
        with pytest.raises(UsageError, match="within each other"):
            convert_corpus(project, [source], keep_raw=True)
    with pytest.raises(UsageError, match="within each other"):
        convert_corpus(project, [project.sources], id_prefixes=["again/"], keep_raw=True)
    report = convert_corpus(project, keep_raw=True)
    assert report.kept is not None and list(report.kept.there) == ["sub/x.txt"]
    assert list(tree(project.sources)) == ["sub/x.txt"]


def test_no_link_is_followed_out_of_the_collection(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    put(outside / "secret.txt", "secret")
    put(tmp_path / "in" / "sub" / "x.txt", BODY)
    put(tmp_path / "in" / "y.txt", f"Rain. {BODY}")
    (tmp_path / "in" / "z.txt").symlink_to(outside / "secret.txt")
    sources = tmp_path / "out" / "sources"
    sources.mkdir(parents=True)
    (sources / "sub").symlink_to(outside)
    (sources / "y.txt").symlink_to(outside / "new.txt")
    report = convert_corpus(None, [tmp_path / "in"], tmp_path / "out", keep_raw=True)
    assert tree(outside) == {"secret.txt": b"secret"}
    assert not (outside / "x.txt").exists() and not (outside / "new.txt").exists()
    assert [(p.path, p.check) for p in report.rejects] == [
        *(("sub", "source-link"), ("sub/x.txt", "source-unreadable")),
        *(("y.txt", "source-link"), ("z.txt", "source-link")),
    ]
    assert "it cannot be kept (a link or folder of this name is there)" in report.rejects[2].message
    shutil.rmtree(sources)
    sources.symlink_to(outside)
    with pytest.raises(SourceError, match="link"):
        convert_corpus(None, [tmp_path / "in"], tmp_path / "out", keep_raw=True)
    assert tree(outside) == {"secret.txt": b"secret"}


def test_killed_copy_is_taken_up(collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = find_sources([collection], ENDINGS)
    put_real = keep._put
    done: list[Path] = []

    def put_some(beside: Path, target: Path) -> None:
        if len(done) == 3:
            shutil.copy(beside, tmp_path / "half")
            raise KeyboardInterrupt
        done.append(target)
        put_real(beside, target)

    monkeypatch.setattr(keep, "_put", put_some)
    with pytest.raises(KeyboardInterrupt):
        keep_sources(found.files, [""], tmp_path / "kept", open_source)
    monkeypatch.undo()
    # As after a kill, which leaves what was being written.
    left = done[-1].with_name(f".{list(found.files)[3].source_path.rpartition('/')[2]}.keeping")
    (tmp_path / "half").rename(left)
    stamps = {path: path.stat().st_mtime_ns for path in done}
    kept = keep_sources(found.files, [""], tmp_path / "kept", open_source)
    assert (len(kept.there), len(kept.copied), kept.rejects) == (3, 4, [])
    assert {path: path.stat().st_mtime_ns for path in done} == stamps
    wanted = {name: raw for name, raw in tree(collection).items() if name != ".hidden"}
    assert {name: raw for name, raw in tree(tmp_path / "kept").items() if not name.startswith(".")} == wanted


def test_copy_that_is_not_what_was_read_is_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "in" / "x.txt", BODY)
    hash_real = keep._hash
    monkeypatch.setattr(keep, "_hash", lambda source: hash_real(source)[::-1])
    found = find_sources([tmp_path / "in"], ENDINGS)
    kept = keep_sources(found.files, [""], tmp_path / "kept", open_source)
    assert [reject.check for reject in kept.rejects] == ["source-unreadable"]
    assert tree(tmp_path / "kept") == {}


def test_dry_run_keeps_nothing(tmp_path: Path) -> None:
    put(tmp_path / "in" / "x.txt", BODY)
    report = convert_corpus(None, [tmp_path / "in"], tmp_path / "out", keep_raw=True, dry_run=True)
    assert report.counts["written"] == 1 and not (tmp_path / "out").exists()


def test_what_stands_behind_an_address_is_kept_too(tmp_path: Path) -> None:
    import fsspec

    fsspec.filesystem("memory").pipe("/keep-raw/2019/x.txt", BODY.encode())
    convert_corpus(None, ["memory://keep-raw"], tmp_path / "out", keep_raw=True)
    assert tree(tmp_path / "out" / "sources") == {"2019/x.txt": BODY.encode()}
    assert [row["doc_id"] for row in rows(tmp_path / "out")] == ["2019/x"]


@pytest.mark.parametrize("name", [b"plain.txt", b"caf\xe9.txt", b"100%.txt", b"%41.txt", b"%25", b"a\tb", b"a:b\\c"])
def test_stored_name_leads_back_to_the_real_one(name: bytes) -> None:
    assert os.fsencode(real_name(stored_name(name))) == name
