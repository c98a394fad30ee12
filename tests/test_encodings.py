"""The same article in any encoding and format: a mark, strict UTF-8, what is stated, the detector, in that order."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stancewire.corpus import ConvertReport, convert_corpus
from stancewire.project import Project
from stancewire.tables import read_table, read_table_schema

ROOT = Path(__file__).parents[1]
HEADER = "source_path,sha256,outlet,date,url,rights,license,encoding,received,note\n"
TEXTS = {
    "koi8-r": "Комитет собрался в понедельник в старой ратуше и ни о чём не договорился, сказал председатель.",
    "cp932": "委員会は月曜日に旧庁舎で開かれ、表決には至らなかったと議長が述べた。"
    "ソフト開発の予算案も能力の問題で見送られた。",
    "cp1252": "Der Ausschuß tagte am Montag für eine Stunde im alten Rathaus und prüfte die Gebühren für Cafés.",
}
TITLES = {"koi8-r": "Комитет не решил", "cp932": "表決できず", "cp1252": "Ausschuß prüft Gebühren"}
PAGE = "<html><head>{meta}<title>{title}</title></head><body><article><h1>{title}</h1>{text}</article></body></html>"
NITF = (
    "{first}<nitf><body><body.head><hedline><hl1>{title}</hl1></hedline></body.head>"
    "<body.content>{text}</body.content></body></nitf>"
)
FORMATS = ("txt", "csv", "tsv", "jsonl", "json", "one.json", "html", "xml")


def source(kind: str, name: str, stated: str = "") -> str:
    """The article of that language in a format; `stated` is an encoding that the document itself states."""
    title, text = TITLES[name], TEXTS[name]
    if kind == "txt":
        return f"{title}\n\n{text}\n"
    if kind in ("csv", "tsv"):
        sheet = io.StringIO()
        writer = csv.writer(sheet, delimiter="," if kind == "csv" else "\t", lineterminator="\n")
        given = ["encoding"] if stated else []
        writer.writerows([["title", "text", *given], [title, text, *([stated] if stated else [])]])
        return sheet.getvalue()
    if kind.endswith(("jsonl", "json")):
        item = json.dumps({"title": title, "text": text} | ({"encoding": stated} if stated else {}), ensure_ascii=False)
        return {"jsonl": f"{item}\n", "json": f"[\n{item}]", "one.json": item}[kind]
    paragraphs = f"<p>{text}</p><p>{text[:-1]}?</p>"
    if kind == "html":
        return PAGE.format(meta=f'<meta charset="{stated}">' if stated else "", title=title, text=paragraphs)
    first = f'<?xml version="1.0" encoding="{stated}"?>\n' if stated else ""
    return NITF.format(first=first, title=title, text=paragraphs)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    shutil.copytree(ROOT / "schema", root / "schema")
    (root / "corpus" / "sources").mkdir(parents=True)
    return Project(root)


def convert(project: Project, encoding: str = "", **options: Any) -> tuple[ConvertReport, list[dict[str, Any]]]:
    """Convert the project's sources; `encoding`: what sources.csv states of each file."""
    names = [path.relative_to(project.sources).as_posix() for path in sorted(project.sources.rglob("*.*"))]
    cells = "".join(f"{name},,,,,,,{encoding},,\n" for name in names)
    project.sources_csv.write_text(HEADER + cells, encoding="utf-8")
    report = convert_corpus(project, **options)
    return report, read_table(project.corpus, read_table_schema("documents")).to_pylist()


def put(project: Project, name: str, raw: bytes) -> None:
    (project.sources / name).write_bytes(raw)


def check(documents: list[dict[str, Any]], name: str, encoding: str, n_documents: int = 1) -> None:
    assert len(documents) == n_documents
    for document in documents:
        assert TEXTS[name] in document["text"], document["doc_id"]
        if document["format"] != "txt":  # there the headline is a guess
            assert document["title"] == TITLES[name], document["doc_id"]
        assert document["encoding"] == encoding, document["doc_id"]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("where", ["sources.csv", "command line"])
def test_stated_encoding_is_heeded_in_every_format(project: Project, name: str, where: str) -> None:
    for kind in FORMATS:
        put(project, f"{kind.replace('.', '-')}.{kind.rpartition('.')[2]}", source(kind, name).encode(name))
    given = {"encoding": name} if where == "sources.csv" else {}
    report, documents = convert(project, given.get("encoding", "")) if given else _by_option(project, name)
    assert report.rejects == []
    check(documents, name, name, len(FORMATS))
    assert {document["encoding_score"] for document in documents} == {1.0}


def _by_option(project: Project, name: str) -> tuple[ConvertReport, list[dict[str, Any]]]:
    cells = "".join(f"{path.name},,,,,,,,,\n" for path in sorted(project.sources.iterdir()))
    project.sources_csv.write_text(HEADER + cells, encoding="utf-8")
    report = convert_corpus(project, encoding=name)
    return report, read_table(project.corpus, read_table_schema("documents")).to_pylist()


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "html", "xml"])
@pytest.mark.parametrize("name", ["koi8-r", "cp1252"])
def test_document_that_states_its_encoding_needs_no_option_and_beats_it(project: Project, kind: str, name: str) -> None:
    put(project, f"a.{kind}", source(kind, name, stated=name).encode(name))
    _, documents = convert(project)
    check(documents, name, name)
    _, documents = (
        convert_corpus(project, encoding="cp1250"),
        read_table(project.corpus, read_table_schema("documents")).to_pylist(),
    )
    check(documents, name, name)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "html", "xml"])
def test_sources_csv_beats_what_the_document_states(project: Project, kind: str) -> None:
    put(project, f"a.{kind}", source(kind, "koi8-r", stated="windows-1251").encode("koi8-r"))
    _, documents = convert(project, "koi8-r")
    check(documents, "koi8-r", "koi8-r")


@pytest.mark.parametrize("kind", FORMATS)
def test_strict_utf8_comes_before_whatever_is_stated(project: Project, kind: str) -> None:
    put(project, f"a.{kind}", source(kind, "koi8-r", stated="cp1251").encode())
    report, documents = convert(project, "cp1252")
    check(documents, "koi8-r", "utf-8")
    assert report.problems == []


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("kind", ["txt", "csv", "jsonl", "json", "html", "xml"])
def test_mark_of_a_wide_encoding_decides(project: Project, kind: str, codec: str) -> None:
    mark = "\ufeff" if kind != "jsonl" else "\ufeff\n"  # a blank line first: records are numbered like lines
    put(project, f"a.{kind}", (mark + source(kind, "cp1252")).encode(codec))
    report, documents = convert(project, "cp1252")
    assert report.rejects == []
    assert len(documents) == 1 and documents[0]["title"] == TITLES["cp1252"]
    assert documents[0]["encoding"] in (codec, codec[:6])
    if kind == "jsonl":
        assert documents[0]["record_no"] == 1


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_zeros_show_a_wide_encoding_without_a_mark(project: Project, kind: str) -> None:
    put(project, f"a.{kind}", source(kind, "cp1252").encode("utf-16-le"))
    _, documents = convert(project)
    check(documents, "cp1252", "utf-16-le")


@pytest.mark.parametrize("kind", FORMATS)
def test_detector_reads_what_nothing_states_and_its_confidence_is_kept(project: Project, kind: str) -> None:
    put(project, f"a.{kind}", source(kind, "koi8-r").encode("koi8-r"))
    report, documents = convert(project)
    assert len(documents) == 1 and documents[0]["encoding"] != "utf-8"
    score = documents[0]["encoding_score"]
    assert 0 < score <= 1
    doubts = [problem.check for problem in report.problems]
    assert doubts == (["encoding-doubtful"] if score < 0.8 else [])
    if score >= 0.8:
        assert TEXTS["koi8-r"] in documents[0]["text"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "txt"])
def test_doubtful_guess_is_told(project: Project, kind: str) -> None:
    sheet = {"csv": "text\nCaf\xe9 no\n", "jsonl": '{"text": "Caf\xe9 no"}\n', "json": '[{"text": "Caf\xe9 no"}]'}
    put(project, f"a.{kind}", sheet.get(kind, "Caf\xe9 no\n").encode("latin-1"))
    report, documents = convert(project)
    assert [problem.check for problem in report.problems] == ["encoding-doubtful"]
    assert documents[0]["encoding_score"] < 0.8


def test_json_with_bytes_and_escapes_has_to_state_its_encoding(project: Project) -> None:
    """Once the escapes are read, nothing tells them from the bytes any more."""
    line = b'{"title": "Caf\\u00e9", "text": "' + TEXTS["cp1252"].encode("cp1252") + b'"}\n'
    put(project, "a.jsonl", line)
    put(project, "b.json", b"[" + line + b"]")
    report, documents = convert(project)
    assert [(p.path, p.check) for p in report.rejects] == [
        ("a.jsonl", "source-encoding"),
        ("b.json", "source-encoding"),
    ]
    assert "declare its encoding" in report.rejects[0].message
    _, documents = convert(project, "cp1252")
    assert {(d["title"], d["text"].partition("\n\n")[2]) for d in documents} == {("Café", TEXTS["cp1252"])}


def test_lists_and_objects_of_foreign_json_are_read_too(project: Project) -> None:
    item = {"source": {"name": "Möwenbote"}, "authors": ["Jörg Ä"], "body": [TEXTS["cp1252"], "Ja."]}
    put(project, "a.jsonl", json.dumps(item, ensure_ascii=False).encode("cp1252") + b"\n")
    _, (document,) = convert(project, "cp1252")
    assert (document["outlet"], document["byline"]) == ("Möwenbote", "Jörg Ä")
    _, (document,) = convert(project)
    assert (document["outlet"], document["byline"]) == ("Möwenbote", "Jörg Ä")
    assert document["text"] == TEXTS["cp1252"] + "\n\nJa."
    assert document["encoding"] == "cp1252"


def test_one_record_in_another_encoding_does_not_cost_the_others(project: Project) -> None:
    good = source("jsonl", "koi8-r").encode()
    put(project, "a.jsonl", good + source("jsonl", "cp1252").encode("cp1252") + good)
    records = [json.dumps({"text": TEXTS[name]}, ensure_ascii=False) for name in ("koi8-r", "cp1252", "koi8-r")]
    raw = b"[" + b",\n".join((records[0].encode(), records[1].encode("cp1252"), records[2].encode())) + b"]"
    put(project, "b.json", raw)
    report, documents = convert(project)
    assert report.rejects == []
    assert [(d["doc_id"], d["encoding"]) for d in documents] == [
        *(("a/0", "utf-8"), ("a/1", "cp1252"), ("a/2", "utf-8"), ("b/0", "utf-8"), ("b/1", "cp1252"), ("b/2", "utf-8")),
    ]


def test_unknown_and_wrong_encodings_are_rejects(project: Project) -> None:
    raw = source("jsonl", "cp1252", stated="latin-99").encode("cp1252")
    put(project, "a.jsonl", raw)
    put(project, "b.csv", source("csv", "cp1252", stated="latin-99").encode("cp1252"))
    put(project, "c.txt", source("txt", "cp1252").encode("cp1252"))
    report, documents = convert(project)
    assert [(p.path, p.check) for p in report.rejects] == [("a.jsonl", "source-encoding"), ("b.csv", "source-encoding")]
    assert all("latin-99" in p.message for p in report.rejects)
    report, documents = convert(project, "ascii")
    assert {p.check for p in report.rejects} == {"source-encoding"} and documents == []


def test_stateful_encoding_of_a_table(project: Project) -> None:
    """In ISO-2022-JP the bytes of commas and quotes are parts of other characters."""
    put(project, "a.csv", source("csv", "cp932").encode("iso2022_jp"))
    _, documents = convert(project, "iso-2022-jp")
    check(documents, "cp932", "iso2022_jp")


def test_binary_columns_of_parquet_have_an_encoding(project: Project) -> None:
    rows = {"text": [TEXTS["koi8-r"].encode("koi8-r"), TEXTS["koi8-r"].encode("cp1251")], "charset": ["koi8-r", ""]}
    pq.write_table(pa.table(rows), project.sources / "a.parquet")
    _, documents = convert(project)
    assert (documents[0]["text"], documents[0]["encoding"]) == (TEXTS["koi8-r"], "koi8-r")
    assert (documents[1]["text"], documents[1]["encoding"]) == (TEXTS["koi8-r"], "cp1251")  # detected
    _, documents = convert(project, "cp1251")  # sources.csv is believed, even where it is wrong
    assert [d["encoding"] for d in documents] == ["cp1251", "cp1251"]


def test_rtf_has_a_code_page_unless_sources_csv_knows_better(project: Project) -> None:
    escaped = "".join(f"\\'{byte:02x}" for byte in TEXTS["koi8-r"].encode("koi8-r"))
    put(project, "a.rtf", f"{{\\rtf1\\ansi\\ansicpg1251 {escaped}\\par}}".encode())
    _, documents = convert(project, "koi8-r")
    assert documents[0]["text"] == TEXTS["koi8-r"]
    _, documents = convert(project)
    assert documents[0]["encoding"] == "cp1251"


@pytest.mark.parametrize("kind", ["txt", "csv", "jsonl", "json", "html", "xml"])
def test_members_of_archives_are_decoded_like_files(project: Project, kind: str) -> None:
    with zipfile.ZipFile(project.sources / "p.zip", "w") as archive:
        for name in ("koi8-r", "cp1252"):
            archive.writestr(f"{name}.{kind}", source(kind, name).encode(name))
    rows = "p.zip,,,,,,,koi8-r,,\n" + f"p.zip!cp1252.{kind},,,,,,,windows-1252,,\n"
    project.sources_csv.write_text(HEADER + rows, encoding="utf-8")
    report = convert_corpus(project)
    assert (report.rejects, report.problems) == ([], [])
    documents = read_table(project.corpus, read_table_schema("documents")).to_pylist()
    assert {d["title"]: d["encoding"] for d in documents} == {TITLES[n]: n for n in ("koi8-r", "cp1252")}
