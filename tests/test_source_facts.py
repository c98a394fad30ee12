"""sources.csv about files, members and records: the more precise row wins, and a row about nothing is told."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stancewire.checks.project_checks import check_project
from stancewire.corpus import ConvertReport, convert_corpus
from stancewire.errors import SourceError
from stancewire.project import Project, split_place
from stancewire.sources import SourceFacts, facts_by_file, read_sources_csv
from stancewire.tables import read_table, read_table_schema

ROOT = Path(__file__).parents[1]
HEADER = "source_path,sha256,outlet,date,url,rights,license,encoding,received,note\n"
BODY = "The committee met on Monday in the old town hall and agreed on nothing, its chairman said."
GERMAN = "Der Ausschuß tagte am Montag für eine Stunde und prüfte die Gebühren für das Café am Kölner Tor."


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    shutil.copytree(ROOT / "schema", root / "schema")
    (root / "corpus" / "sources").mkdir(parents=True)
    return Project(root)


def row(source_path: str, **facts: str) -> str:
    cells = {"source_path": source_path} | facts
    return ",".join(cells.get(name, "") for name in HEADER.strip().split(",")) + "\n"


def convert(project: Project, *rows: str, **options: Any) -> tuple[ConvertReport, dict[str, dict[str, Any]]]:
    project.sources_csv.write_text(HEADER + "".join(rows), encoding="utf-8")
    report = convert_corpus(project, **options)
    documents = read_table(project.corpus, read_table_schema("documents")).to_pylist()
    return report, {document["doc_id"]: document for document in documents}


def zipped(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, raw in members.items():
            archive.writestr(zipfile.ZipInfo(name), raw)
    return made.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, raw in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return made.getvalue()


def lines(*names: str) -> bytes:
    return "".join(json.dumps({"id": name, "text": f"{BODY} {name}."}) + "\n" for name in names).encode()


def found(problems: list[Any]) -> list[tuple[str, str, str]]:
    return [(problem.place, problem.check, problem.severity) for problem in problems]


def test_longest_path_that_is_a_file_counts() -> None:
    files = {"a.zip", "b!c.txt", "b", "d#1"}
    assert split_place("a.zip", files) == ("a.zip", "")
    assert split_place("a.zip!x/y.txt", files) == ("a.zip", "!x/y.txt")
    assert split_place("a.zip#3", files) == ("a.zip", "#3")
    assert split_place("b!c.txt", files) == ("b!c.txt", "")
    assert split_place("b!c.txt#0", files) == ("b!c.txt", "#0")
    assert split_place("d#1#2", files) == ("d#1", "#2")
    assert split_place("e.zip!x", files) is None


def test_rows_are_gathered_by_file_and_keep_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "sources.csv"
    path.write_text(HEADER + row("a.zip", outlet="A") + row("a.zip!b.txt", outlet="B") + row("gone.txt!x"))
    facts = facts_by_file(read_sources_csv(path), {"a.zip"})
    assert facts == {
        "a.zip": SourceFacts(outlet="A", line=2, inside={"!b.txt": SourceFacts(outlet="B", line=3)}),
        "gone.txt!x": SourceFacts(line=4),
    }


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_member_wins_over_its_folder_and_that_over_the_file(project: Project, kind: str) -> None:
    inner = zipped({"deep.txt": f"Rain\n\n{BODY} Deep.\n".encode()})
    members = {
        "2019/a.txt": f"Rain falls\n\n{BODY}\n".encode(),
        "2019/b.txt": f"Rain stops\n\n{BODY}\n".encode(),
        "c.txt": f"Sun shines\n\n{BODY}\n".encode(),
        "inner.zip": inner,
    }
    name = f"pages.{kind}"
    (project.sources / name).write_bytes(zipped(members) if kind == "zip" else tarred(members))
    report, documents = convert(
        project,
        row(name, outlet="File", rights="restricted", license="L", date="2001-01-01"),
        row(f"{name}!2019", outlet="Folder", date="2019-01-01"),
        row(f"{name}!2019/b.txt", outlet="Member", rights="open", url="https://n.example/b"),
        row(f"{name}!inner.zip/deep.txt", outlet="Deep"),
    )
    assert found(report.problems) == []
    told = {
        doc_id.partition("/")[2]: tuple(str(document[key]) for key in ("outlet", "date", "rights", "license", "url"))
        for doc_id, document in documents.items()
    }
    assert told == {
        "2019/a": ("Folder", "2019-01-01", "restricted", "L", "None"),
        "2019/b": ("Member", "2019-01-01", "open", "L", "https://n.example/b"),
        "c": ("File", "2001-01-01", "restricted", "L", "None"),
        "inner/deep": ("Deep", "2001-01-01", "restricted", "L", "None"),
    }
    assert {document["outlet_source"] for document in documents.values()} == {"sources_csv"}


def test_record_is_named_by_its_number(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.sources / "a.jsonl").write_bytes(lines("x", "y", "z"))
    (project.sources / "b.csv").write_text(f'id,text\nk,"{BODY}"\nl,"{BODY} Yes."\n', encoding="utf-8")
    (project.sources / "p.zip").write_bytes(zipped({"in.jsonl": lines("m", "n")}))
    rows = (
        row("a.jsonl", outlet="File"),
        row("a.jsonl#1", outlet="Second", sha256=hashlib.sha256(lines("y").rstrip()).hexdigest()),
        row("b.csv#1", date="2019-06-26"),
        row("p.zip!in.jsonl", outlet="Member"),
        row("p.zip#1", outlet="Record"),
    )
    report, documents = convert(project, *rows)
    assert found(report.problems) == [("", "source-unlisted", "warning")] * 2  # b.csv and p.zip as a whole
    told = {doc_id: (document["outlet"], document["date_source"]) for doc_id, document in documents.items()}
    assert told == {
        **{"x": ("File", None), "y": ("Second", None), "z": ("File", None)},
        **{"k": (None, None), "l": (None, "sources_csv"), "m": ("Member", None), "n": ("Record", None)},
    }
    assert [problem.check for problem in check_project(project) if problem.check.startswith("source-")] == [
        *("source-unlisted",) * 2,
    ]
    _, quick = convert(project, *rows, fields="text")
    assert {doc_id: (document["outlet"], document["date_source"]) for doc_id, document in quick.items()} == told
    # Cut into spans, the numbers are those of the whole file.
    monkeypatch.setattr("stancewire.conversion.parcels.BYTES_A_PARCEL", 120)
    convert_corpus(project, anew=True)
    again = read_table(project.corpus, read_table_schema("documents")).to_pylist()
    assert {document["doc_id"]: document for document in again} == documents


def test_rows_about_nothing_and_other_bytes_are_problems(project: Project) -> None:
    (project.sources / "a.jsonl").write_bytes(lines("x", "y") + b"{\n")
    (project.sources / "p.zip").write_bytes(zipped({"a.txt": b"Rain falls.\n", "in.jsonl": lines("m", "n")}))
    report, _ = convert(
        project,
        row("a.jsonl"),
        row("p.zip"),
        row("a.jsonl#2", outlet="refused but there"),
        row("a.jsonl#7"),
        row("p.zip!b.txt"),
        row("gone.zip!a.txt"),
        row("p.zip!a.txt", sha256="0" * 64),
        row("a.jsonl#0", sha256="0" * 64),
        row("p.zip!in.jsonl", sha256="0" * 64),
    )
    assert sorted((p.path, *found([p])[0]) for p in report.problems) == [
        ("a.jsonl", "record 0", "source-hash", "problem"),
        ("corpus/sources.csv", "5", "source-missing", "problem"),
        ("corpus/sources.csv", "6", "source-missing", "problem"),
        ("corpus/sources.csv", "7", "source-missing", "problem"),
        ("p.zip", "record 0", "source-hash", "problem"),
        ("p.zip", "record 1", "source-hash", "warning"),
    ]
    # The same is told again where nothing was read anew.
    assert convert_corpus(project).problems == report.problems
    told = {(p.path, p.check) for p in check_project(project) if p.check.startswith("source-")}
    assert told == {
        ("corpus/sources/a.jsonl#7", "source-missing"),
        ("corpus/sources/a.jsonl#0", "source-hash"),
        ("corpus/sources/gone.zip!a.txt", "source-missing"),
    }


def test_sha256_of_a_member_holds(project: Project) -> None:
    raw = b"Rain falls\n\nIt fell all day on the old harbour.\n"
    (project.sources / "p.zip").write_bytes(zipped({"a.txt": raw}))
    report, _ = convert(project, row("p.zip"), row("p.zip!a.txt", sha256=hashlib.sha256(raw).hexdigest()))
    assert report.problems == []


def test_changed_row_of_a_member_converts_its_file_anew(project: Project) -> None:
    (project.sources / "p.zip").write_bytes(zipped({"a.txt": b"Rain falls on the harbour.\n"}))
    (project.sources / "b.txt").write_bytes(b"Sun shines on the harbour.\n")
    convert(project, row("p.zip"), row("b.txt"), row("p.zip!a.txt", outlet="One"))
    report, documents = convert(project, row("p.zip"), row("b.txt"), row("p.zip!a.txt", outlet="Two"))
    assert report.changes is not None and report.changes.changed == ["p.zip"]
    assert documents["p/a"]["outlet"] == "Two"


@pytest.mark.parametrize("path", ["a.zip!../b.txt", "a.zip!/etc/passwd!..", "../a.zip!b.txt", "a.zip!b/../c", "/a#1"])
def test_paths_that_lead_out_are_refused(project: Project, path: str) -> None:
    with pytest.raises(SourceError, match="source_path"):
        convert(project, row(path))
    assert "source-row" in {problem.check for problem in check_project(project)}


def test_encoding_of_a_member_and_of_a_record(project: Project) -> None:
    """Bytes that both encodings explain: only the row can know."""
    cyrillic = "Комитет собрался в понедельник в старой ратуше и ни о чём не договорился, сказал председатель."
    members = {"a.txt": cyrillic.encode("koi8-r"), "b.txt": cyrillic.encode("cp1251")}
    (project.sources / "p.zip").write_bytes(zipped(members))
    line = json.dumps({"text": cyrillic}, ensure_ascii=False)
    (project.sources / "q.jsonl").write_bytes(b"".join(line.encode(codec) + b"\n" for codec in ("koi8-r", "cp1251")))
    report, documents = convert(
        project,
        *(row("p.zip", encoding="koi8-r"), row("p.zip!b.txt", encoding="cp1251")),
        *(row("q.jsonl", encoding="koi8-r"), row("q.jsonl#1", encoding="windows-1251")),
    )
    assert found(report.problems) == []
    assert {d["doc_id"]: (d["text"], d["encoding"], d["encoding_score"]) for d in documents.values()} == {
        "p/a": (cyrillic, "koi8-r", 1.0),
        "p/b": (cyrillic, "cp1251", 1.0),
        "q/0": (cyrillic, "koi8-r", 1.0),
        "q/1": (cyrillic, "cp1251", 1.0),
    }
