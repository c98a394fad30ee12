"""The same articles in every format give the same text and metadata; the content says the format, not the name."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sys
import tarfile
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from stancewire.cli import main
from stancewire.codebook import read_dataset
from stancewire.corpus import ConvertReport, convert_corpus
from stancewire.errors import MissingExtra, SourceError, UsageError
from stancewire.project import Project
from stancewire.sources import (
    ENDINGS,
    READERS,
    ReadOptions,
    SourceRecord,
    find_sources,
    is_json_lines,
    read_map,
    read_sources,
    read_span,
)
from stancewire.sources.sniff import sniff
from stancewire.tables import read_table, read_table_schema

ROOT = Path(__file__).parents[1]
FORMATS = Path(__file__).parent / "data" / "formats"
ANSWER = json.loads((FORMATS / "articles.json").read_text(encoding="utf-8"))
NOT_SOURCES = ("README.md", "articles.json", "sources.csv")
ARTICLE = "The committee met on Monday in the old town hall and agreed on nothing.\n\nIt will meet again in June."


def rows(directory: Path, name: str) -> list[dict[str, Any]]:
    return read_table(directory, read_table_schema(name)).to_pylist()


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[ConvertReport, Path]:
    """All files of tests/data/formats, converted as a project's sources."""
    root = tmp_path_factory.mktemp("formats")
    shutil.copytree(ROOT / "schema", root / "schema")
    (root / "corpus" / "sources").mkdir(parents=True)
    for path in FORMATS.iterdir():
        if path.name not in NOT_SOURCES:
            shutil.copy(path, root / "corpus" / "sources")
    shutil.copy(FORMATS / "sources.csv", root / "corpus")
    return convert_corpus(Project(root), workers=1), root / "corpus"


def convert(tmp_path: Path, *sources: Path | str, **options: Any) -> tuple[ConvertReport, list[dict[str, Any]]]:
    """Sources outside any project: the report and the documents."""
    report = convert_corpus(None, sources, tmp_path / "out", **options)
    return report, rows(tmp_path / "out", "documents")


def put(path: Path, raw: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return path


def test_every_format_gives_the_same_text_and_metadata(converted: tuple[ConvertReport, Path]) -> None:
    report, corpus = converted
    assert (report.rejects, [p for p in report.problems if p.severity == "problem"]) == ([], [])
    by_url: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows(corpus, "documents"):
        by_url[row["url"]].append(row)
    assert set(by_url) == {answer["url"] for answer in ANSWER}
    for answer in ANSWER:
        found = by_url[answer["url"]]
        assert len(found) == 19
        for row in found:
            told = {name: row[name] for name in ("title", "byline", "outlet", "lang", "text")}
            assert told == {name: answer[name] for name in told}, row["doc_id"]
            assert row["date"].isoformat() == answer["date"]
            assert (row["rights"], row["license"]) == ("open", "CC0")
            assert row["wire"] == ("Reuters" if answer["name"] == "harbour" else None)
            assert row["dateline"] == ("KOBE (Reuters) -" if answer["name"] == "harbour" else None)
    kinds = {row["format"] for row in rows(corpus, "documents")}
    assert kinds == set(READERS) - {"warc", "zip", "tar", "gz", "zst"}  # those hold the others
    assert len({row["text_sha256"] for row in rows(corpus, "documents")}) == len(ANSWER)


def test_every_format_gives_the_same_segments(converted: tuple[ConvertReport, Path]) -> None:
    by_document: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows(converted[1], "segments"):
        by_document[row["doc_id"]].append((row["role"], row["start"], row["end"]))
    by_text: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for row in rows(converted[1], "documents"):
        by_text[row["text_sha256"]].add(tuple(by_document[row["doc_id"]]))
    assert [len(kinds) for kinds in by_text.values()] == [1, 1, 1]
    assert {role for kinds in by_text.values() for kind in kinds for role, _, _ in kind} == {
        *("headline", "byline", "dateline", "body"),
    }


def test_where_a_date_and_an_outlet_came_from_is_told(converted: tuple[ConvertReport, Path]) -> None:
    told = {(row["format"], row["date_source"], row["outlet_source"]) for row in rows(converted[1], "documents")}
    plain = ("txt", "docx", "rtf")
    assert told == {(kind, *("sources_csv",) * 2) for kind in plain} | {
        (kind, "metadata", "metadata") for kind in ("html", "json", "jsonl", "csv", "tsv", "parquet", "nitf", "newsml")
    }


def test_extractor_is_recorded_and_raw_ranges_are_null_where_text_was_extracted(
    converted: tuple[ConvertReport, Path],
) -> None:
    documents = {row["doc_id"]: row for row in rows(converted[1], "documents")}
    extractors = {row["format"]: (row["extractor"] or "").partition(" ")[0] for row in documents.values()}
    assert extractors == {
        **dict.fromkeys(("txt", "json", "jsonl", "csv", "tsv", "parquet"), ""),
        **{"html": "trafilatura", "docx": "python-docx", "rtf": "striprtf", "nitf": "nitf", "newsml": "newsml-g2"},
    }
    assert all(row["extractor"].partition(" ")[2] for row in documents.values() if row["extractor"])
    for segment in rows(converted[1], "segments"):
        assert (segment["raw_start"] is None) == (documents[segment["doc_id"]]["format"] != "txt")


def test_raw_bytes_are_the_records_own(converted: tuple[ConvertReport, Path]) -> None:
    files = [file for file in find_sources([FORMATS], ENDINGS).files if file.source_path not in NOT_SOURCES]
    for record in read_sources(files):
        if isinstance(record, SourceRecord) and record.format not in ("parquet", "newsml", "docx"):
            whole = (FORMATS / record.source_path).read_bytes()
            while whole[:2] == b"\x1f\x8b":
                whole = gzip.decompress(whole)
            if record.container[:1] not in (("zip",), ("zst",)):
                assert record.raw in whole, record.name
            assert (record.record_no is None) == (whole == record.raw and not record.container), record.name


def test_ids_are_the_sources_own_names(converted: tuple[ConvertReport, Path]) -> None:
    ids = {row["doc_id"] for row in rows(converted[1], "documents")}
    assert {
        *("txt-harbour", "html-harbour", "jsonl-harbour", "csv-harbour", "parquet-harbour", "newsml-harbour"),
        *("pages.zip/2021/harbour", "pages.tar/texts/harbour", "more-pages/texts/harbour", "gz-harbour"),
    } <= ids


def test_what_is_no_article_is_counted(converted: tuple[ConvertReport, Path]) -> None:
    counts = converted[0].counts
    assert counts["left_aside"] == {"hidden": 1, "status 404": 2, "warc request": 6, "warc warcinfo": 2}
    assert sum(counts["by_columns"].values()) == 24


def test_number_of_processes_changes_no_byte(converted: tuple[ConvertReport, Path], tmp_path: Path) -> None:
    project = Project(converted[1].parent)
    convert_corpus(project, out=tmp_path, workers=2)
    for path in converted[1].glob("*.parquet"):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "kind", ["html", "jsonl", "array", "nitf", "newsml", "docx", "rtf", "crawl", "pages.zip", "tar"]
)
def test_content_says_the_format_whatever_the_name(kind: str, tmp_path: Path) -> None:
    names = {
        **{"html": "html-harbour.html", "jsonl": "lines.jsonl", "array": "array.json", "nitf": "nitf-harbour.xml"},
        **{
            "newsml": "newsml-message.xml",
            "docx": "docx-council.docx",
            "rtf": "rtf-gericht.rtf",
            "crawl": "crawl.warc",
        },
        **{"pages.zip": "pages.zip", "tar": "more-pages.tar.gz"},
    }
    put(tmp_path / "in" / "strange.txt", (FORMATS / names[kind]).read_bytes())
    put(tmp_path / "in" / "nameless", (FORMATS / names[kind]).read_bytes())
    report, documents = convert(tmp_path, tmp_path / "in")
    texts = {answer["text"] for answer in ANSWER}
    assert documents and {row["text"] for row in documents} <= texts
    assert {problem.check for problem in report.rejects} <= {"source-duplicate"}


@pytest.mark.parametrize(
    ("head", "format"),
    [
        (b"Plain words.\n", None),
        (b"title,text\na,b\n", None),
        (b"{CORRECTED} The minister said", None),
        (b"[[File:x.jpg]] Words", None),
        (b'["quoted", he said]', None),
        (b"<p>A fragment", None),
        (b"<rss version='2.0'><channel/></rss>", None),
        (b'\n{"a": 1}\n{"a": 2}\n', "jsonl"),
        (b'{"a": 1}\n', "json"),
        (b'[\n {"a": 1}]', "json"),
        ("\ufeff<!DOCTYPE html><p>x".encode(), "html"),
        ("\ufeff<html><p>x".encode("utf-16-le"), "html"),
        (b"<!-- saved --><!doctype HTML PUBLIC '-//W3C//DTD'>\n<HTML>", "html"),
        (b"<?xml version='1.0'?>\n<!-- c --><!DOCTYPE nitf SYSTEM 'nitf.dtd'><nitf>", "nitf"),
        (b"<?xml version='1.0'?><a:newsItem xmlns:a='x'>", "newsml"),
        (b"WARC/1.0\r\n", "warc"),
        (b"PAR1....", "parquet"),
    ],
)
def test_first_bytes_show_a_format_or_leave_it_open(head: bytes, format: str | None) -> None:
    assert sniff(head) == format


def test_columns_are_guessed_shown_overridden_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "project"
    shutil.copytree(ROOT / "schema", root / "schema")
    put(root / "corpus" / "sources" / "a.csv", f'Headline,Teaser,words\nTown votes,A teaser,"{ARTICLE}"\n')
    put(
        root / "corpus" / "sources.csv",
        (ROOT / "corpus" / "sources.csv").read_text().splitlines()[0] + "\na.csv,,,,,,,,,\n",
    )
    before = (root / "schema" / "dataset.yaml").read_text()
    assert main(["--project", str(root), "convert"]) == 1
    assert "no column is known to be the text (there are: Headline, Teaser, words)" in capsys.readouterr().out
    assert main(["--project", str(root), "convert", "--map", "text=words"]) == 0
    assert "title=Headline,text=words 1" in capsys.readouterr().out
    kept = (root / "schema" / "dataset.yaml").read_text()
    assert kept.startswith(before.rstrip())
    assert read_dataset(root / "schema" / "dataset.yaml").columns == {"text": "words"}
    assert main(["--project", str(root), "convert"]) == 0  # from then on
    assert main(["--project", str(root), "convert", "--map", "title=Teaser"]) == 0
    assert read_dataset(root / "schema" / "dataset.yaml").columns == {"text": "words", "title": "Teaser"}
    (document,) = rows(root / "corpus", "documents")
    assert (document["title"], document["doc_id"], document["record_no"]) == ("A teaser", "a/0", 0)
    assert main(["--project", str(root), "convert", "--map", "tittle=x"]) == 2


def test_map_takes_paths_into_objects() -> None:
    assert read_map(["text=content.body,title=head", "date=when"]) == {
        **{"text": "content.body", "title": "head", "date": "when"}
    }
    with pytest.raises(UsageError, match="OURS=THEIRS"):
        read_map(["headline"])


def test_keys_inside_objects_can_be_named(tmp_path: Path) -> None:
    put(tmp_path / "in.jsonl", json.dumps({"content": {"body": ARTICLE}, "meta": {"published": "2020-01-02"}}))
    options = ReadOptions(columns=read_map(["text=content.body,date=meta.published"]))
    _, (document,) = convert(tmp_path, tmp_path / "in.jsonl", reading=options)
    assert (document["text"], str(document["date"]), document["date_source"]) == (ARTICLE, "2020-01-02", "metadata")


def test_file_of_one_json_object_is_called_like_the_file(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.json", json.dumps({"title": "Town votes", "text": ARTICLE}, indent=1))
    put(tmp_path / "in" / "b.json", json.dumps({"id": 7, "text": ARTICLE}))
    _, documents = convert(tmp_path, tmp_path / "in")
    assert [row["doc_id"] for row in documents] == ["7", "a"]


def test_prefix_stands_before_ids_of_records_too(tmp_path: Path) -> None:
    put(tmp_path / "in.jsonl", json.dumps({"id": "x", "text": ARTICLE}))
    _, (document,) = convert(tmp_path, tmp_path / "in.jsonl", id_prefixes=["gull/"])
    assert document["doc_id"] == "gull/x"


@pytest.mark.parametrize("workers", [1, 2])
def test_an_id_given_twice_is_a_reject_that_names_both_places(tmp_path: Path, workers: int) -> None:
    put(tmp_path / "in" / "a.jsonl", "".join(json.dumps({"id": name, "text": ARTICLE + name}) + "\n" for name in "xyx"))
    put(tmp_path / "in" / "b.jsonl", "".join(json.dumps({"id": name, "text": ARTICLE + name}) + "\n" for name in "yz"))
    report, documents = convert(tmp_path, tmp_path / "in", workers=workers)
    assert [(row["doc_id"], row["source_path"]) for row in documents] == [
        *(("x", "a.jsonl"), ("y", "a.jsonl"), ("z", "b.jsonl")),
    ]
    assert [(p.path, p.place, p.check) for p in report.rejects] == [
        ("a.jsonl", "record 2", "source-duplicate"),
        ("b.jsonl", "record 0", "source-duplicate"),
    ]
    assert "a.jsonl record 0" in report.rejects[0].message
    assert "a.jsonl record 1" in report.rejects[1].message
    segments = rows(tmp_path / "out", "segments")
    assert {row["doc_id"] for row in segments} == set("xyz")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_table_in_another_encoding(tmp_path: Path, encoding: str) -> None:
    answer = ANSWER[1]
    body = answer["text"].partition("\n\n")[2]
    put(tmp_path / "a.csv", f'Title;Text;Outlet\r\n"{answer["title"]}";"{body}";Möwenbote\r\n'.encode(encoding))
    _, (document,) = convert(tmp_path, tmp_path / "a.csv", encoding="cp1252")
    assert (document["text"], document["outlet"]) == (answer["text"], "Möwenbote")
    assert document["encoding"] == {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    assert document["encoding_score"] == 1.0


def test_table_whose_encoding_no_one_states_is_detected_with_its_confidence(tmp_path: Path) -> None:
    body = ANSWER[1]["text"].partition("\n\n")[2].replace("\n", " ")
    put(tmp_path / "a.csv", f'title,text\r\n"{ANSWER[1]["title"]}","{body}"\r\n'.encode("cp1252"))
    _, (document,) = convert(tmp_path, tmp_path / "a.csv")
    assert document["text"].endswith(body)
    assert 0 < document["encoding_score"] <= 1


def test_pattern_names_its_files(tmp_path: Path) -> None:
    for name in ("2019/a.txt", "2019/b.md", "2020/c.txt"):
        put(tmp_path / "in" / name, f"{name}\n\n{ARTICLE}")
    _, documents = convert(tmp_path, str(tmp_path / "in" / "**" / "*.txt"))
    assert [row["doc_id"] for row in documents] == ["2019/a", "2020/c"]
    with pytest.raises(SourceError, match="no file is named like"):
        convert(tmp_path, str(tmp_path / "in" / "*.pdf"))


def test_address_is_read_like_a_folder(tmp_path: Path) -> None:
    import fsspec

    system = fsspec.filesystem("memory")
    for path in FORMATS.iterdir():
        if path.name not in NOT_SOURCES:
            system.pipe(f"/bucket/news/{path.name}", path.read_bytes())
    try:
        report, documents = convert(tmp_path, "memory://bucket/news")
        _, local = convert(tmp_path / "local", FORMATS)
        names = {row["doc_id"]: row["text_sha256"] for row in local if row["source_path"] not in NOT_SOURCES}
        assert {row["doc_id"]: row["text_sha256"] for row in documents} == names
        assert report.rejects == []
        _, (single,) = convert(tmp_path / "one", "memory://bucket/news/txt-council.txt")
        assert single["doc_id"] == "txt-council"
        with pytest.raises(SourceError, match="there is no source memory://nowhere"):
            convert(tmp_path, "memory://nowhere")
    finally:
        system.rm("/bucket", recursive=True)


def test_archives_within_archives_are_read(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.write(FORMATS / "lines.jsonl", "deep/lines.jsonl")
        archive.write(FORMATS / "docx-council.docx", "deep/office.docx")
    outer = io.BytesIO()
    with tarfile.open(fileobj=outer, mode="w:gz") as tar:
        entry = tarfile.TarInfo("inner.zip")
        entry.size = len(inner.getvalue())
        tar.addfile(entry, io.BytesIO(inner.getvalue()))
    put(tmp_path / "all.tgz", outer.getvalue())
    _, documents = convert(tmp_path, tmp_path / "all.tgz")
    assert [row["doc_id"] for row in documents] == [
        *("all/inner/deep/office", "jsonl-council", "jsonl-gericht", "jsonl-harbour"),
    ]
    assert {row["text"] for row in documents} == {answer["text"] for answer in ANSWER}
    assert [row["record_no"] for row in documents] == [3, 2, 1, 0]


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("html-harbour.html", "trafilatura", "html"),
        ("docx-harbour.docx", "docx", "docx"),
        ("rtf-harbour.rtf", "striprtf.striprtf", "rtf"),
        ("crawl.warc", "warcio.archiveiterator", "warc"),
        ("memory://x", "fsspec", "remote"),
    ],
)
def test_missing_extra_is_one_line_that_names_it(
    name: str, module: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stancewire.text import html_page

    html_page._trafilatura.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=rf"pip install 'stancewire\[{extra}\]'"):
        convert(tmp_path, name if "://" in name else FORMATS / name)


def test_html_in_a_column_is_extracted(tmp_path: Path) -> None:
    page = "".join(f"<p>{paragraph}</p>" for paragraph in ANSWER[2]["text"].split("\n\n")[2:])
    put(
        tmp_path / "a.jsonl",
        json.dumps({"webTitle": ANSWER[2]["title"], "bodyHtml": page, "author": [{"name": "Sam"}]}),
    )
    _, (document,) = convert(tmp_path, tmp_path / "a.jsonl")
    assert document["text"] == "\n\n".join(
        part for part in ANSWER[2]["text"].split("\n\n") if not part.startswith("By ")
    )
    assert (document["title"], document["byline"]) == (ANSWER[2]["title"], "Sam")


def test_outlet_of_last_resort_is_the_domain(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", json.dumps({"text": ARTICLE, "url": "https://www.gull.example/x"}))
    _, (document,) = convert(tmp_path, tmp_path / "a.jsonl")
    assert (document["outlet"], document["outlet_source"]) == ("gull.example", "domain")


@pytest.mark.parametrize("size", [1, 50, 300, 10_000])
def test_json_lines_in_spans_are_those_of_the_whole_file(size: int, tmp_path: Path) -> None:
    lines = [json.dumps({"id": str(n), "text": ARTICLE * (n % 3)}) for n in range(9)]
    raw = "\ufeff" + "\r\n".join([*lines[:4], "", "  ", "no json", *lines[4:]])
    (file,) = find_sources([put(tmp_path / "a.jsonl", raw)], ENDINGS).files
    assert is_json_lines(file)
    came, start, first, data = [], 0, 0, raw.encode()
    while start < len(data):
        end = data.find(b"\n", min(start + size, len(data))) + 1 or len(data)
        came += read_span(file, start, end, first)
        start, first = end, first + data[start:end].count(b"\n")
    assert came == list(read_sources([file]))
    assert [item.record_no for item in came if isinstance(item, SourceRecord)] == [1, 2, 7, 8, 10, 11]


def test_only_plain_local_lines_are_cut(tmp_path: Path) -> None:
    shutil.copy(FORMATS / "lines.jsonl", tmp_path / "lines.txt")
    files = {file.source_path: file for file in find_sources([FORMATS, tmp_path], ENDINGS).files}
    assert {name for name, file in files.items() if is_json_lines(file)} == {"lines.jsonl", "lines.txt"}


def test_text_decoded_twice_is_warned_about_in_every_format(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.jsonl", json.dumps({"text": ARTICLE.replace("hall", "cafÃ©")}))
    put(
        tmp_path / "in" / "b.xml", f"<nitf><body><body.content><p>The cafÃ©. {ARTICLE}</p></body.content></body></nitf>"
    )
    report, documents = convert(tmp_path, tmp_path / "in")
    assert [(p.path, p.check, p.severity) for p in report.problems] == [
        ("a.jsonl", "mojibake", "warning"),
        ("b.xml", "mojibake", "warning"),
    ]
    assert all("cafÃ©" in row["text"] for row in documents)  # never repaired unasked
