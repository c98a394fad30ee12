"""Bad input is a row in `rejects` with reason and place; the rest is converted, nothing is written but the output."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from stancewire.cli import main
from stancewire.corpus import ConvertReport, convert_corpus
from stancewire.errors import UsageError
from stancewire.sources import Limits, ReadOptions, find_sources, read_limits, read_sources
from stancewire.sources.limits import DEFAULT_LIMITS
from stancewire.sources.readers import ENDINGS
from stancewire.tables import read_table, read_table_schema

FORMATS = Path(__file__).parent / "data" / "formats"
ARTICLE = "The committee met on Monday in the old town hall and agreed on nothing.\n\nIt will meet again in June."
LINE = json.dumps({"text": ARTICLE}) + "\n"


def put(path: Path, raw: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return path


def convert(root: Path, limits: Limits = DEFAULT_LIMITS) -> tuple[ConvertReport, list[str], list[tuple[str, int, str]]]:
    """The report, the documents' ids, and the rejects as (file, record, check); one good file is always beside."""
    put(root / "in" / "good.txt", ARTICLE)
    before = {path for path in tree(root) if not path.startswith("out")}
    report = convert_corpus(None, [root / "in"], root / "out", reading=ReadOptions(limits))
    assert {path for path in tree(root) if not path.startswith("out")} == before
    tables = {name: read_table(root / "out", read_table_schema(name)).to_pylist() for name in ("documents", "rejects")}
    ids = [row["doc_id"] for row in tables["documents"]]
    assert "good" in ids
    assert all(row["message"] for row in tables["rejects"])
    return report, ids, [(row["source_path"], row["record_no"], row["check"]) for row in tables["rejects"]]


def tree(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*")}


def zipped(*members: tuple[str, bytes | str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members:
            archive.writestr(zipfile.ZipInfo(name), raw, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def tarred(*members: tuple[str, bytes | str], mode: str = "w") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        for name, raw in members:
            data = raw.encode() if isinstance(raw, str) else raw
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return made.getvalue()


@pytest.mark.parametrize("kind", ["zip", "gz", "zst", "tar.gz"])
def test_bomb_is_stopped_at_the_ratio(kind: str, tmp_path: Path) -> None:
    zeros = b"a" * (24 << 20)
    packed = {
        "zip": lambda: zipped(("a.txt", zeros)),
        "gz": lambda: gzip.compress(zeros),
        "zst": lambda: pa.compress(zeros, codec="zstd", asbytes=True),
        "tar.gz": lambda: tarred(("a.txt", zeros), mode="w:gz"),
    }[kind]()
    put(tmp_path / "in" / f"bomb.txt.{kind}", packed)
    report, ids, rejects = convert(tmp_path)
    assert ids == ["good"]
    assert {check for _, _, check in rejects} == {"source-limit"}
    assert any("unpacked_ratio" in problem.message for problem in report.rejects)


def test_bomb_in_a_bomb_is_stopped_at_the_depth(tmp_path: Path) -> None:
    raw = b"x"
    for _ in range(6):
        raw = gzip.compress(raw)
    put(tmp_path / "in" / "deep.gz", raw)
    report, _, rejects = convert(tmp_path)
    assert rejects == [("deep.gz", -1, "source-limit")]
    assert "archive_depth" in report.rejects[0].message


def test_limits_on_total_and_count(tmp_path: Path) -> None:
    put(tmp_path / "in" / "many.zip", zipped(*((f"{n}.txt", f"{n} {ARTICLE}") for n in range(9))))
    report, ids, rejects = convert(tmp_path, Limits(archive_members=3))
    assert ids == ["good", "many/0", "many/1", "many/2"]
    assert rejects == [("many.zip", -1, "source-limit")]
    assert "archive_members" in report.rejects[0].message
    report, ids, rejects = convert(tmp_path, Limits(unpacked_bytes=4 * len(ARTICLE)))
    assert ids == ["good", "many/0", "many/1", "many/2"]
    assert [check for _, _, check in rejects] == ["source-limit"] * 2  # the member, then the archive's rest
    assert "unpacked_bytes" in report.rejects[0].message


def test_limits_by_name_on_the_command_line(tmp_path: Path) -> None:
    assert read_limits(["record_bytes=5", "archive_depth=1"]) == Limits(record_bytes=5, archive_depth=1)
    for wrong in ("bytes=5", "record_bytes=0", "record_bytes=many", "record_bytes"):
        with pytest.raises(UsageError, match="record_bytes, unpacked_bytes"):
            read_limits([wrong])
    put(tmp_path / "in" / "a.txt", ARTICLE)
    command = ["convert", str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    assert main([*command, "--limit", "record_bytes=20"]) == 1
    assert main([*command, "--limit", "record_bytes=20", "--allow-rejects"]) == 0
    assert main(command) == 0


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "C:\\out.txt", "a//b.txt"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_path_that_leads_out_of_an_archive(name: str, kind: str, tmp_path: Path) -> None:
    members = ((name, ARTICLE), ("fine.txt", ARTICLE))
    put(tmp_path / "in" / f"a.{kind}", zipped(*members) if kind == "zip" else tarred(*members))
    _, ids, rejects = convert(tmp_path)
    assert ids == ["a/fine", "good"]
    assert rejects == [(f"a.{kind}", 0, "source-path")]


def test_links_and_devices_in_archives_are_refused(tmp_path: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, kind in (("link.txt", tarfile.SYMTYPE), ("hard.txt", tarfile.LNKTYPE), ("dev.txt", tarfile.CHRTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
    put(tmp_path / "in" / "a.tar", made.getvalue())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive_zip:
        info = zipfile.ZipInfo("link.txt")
        info.external_attr = 0o120777 << 16
        archive_zip.writestr(info, "/etc/passwd")
    put(tmp_path / "in" / "b.zip", packed.getvalue())
    _, ids, rejects = convert(tmp_path)
    assert ids == ["good"]
    assert rejects == [*(("a.tar", n, "source-link") for n in range(3)), ("b.zip", 0, "source-link")]


BOMBS = {
    "billion": '<!DOCTYPE nitf [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><nitf>&c;</nitf>',
    "external": '<!DOCTYPE nitf [<!ENTITY x SYSTEM "file:///etc/passwd">]><nitf><body><p>&x;</p></body></nitf>',
    "parameter": '<!DOCTYPE nitf [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd">%x;]><nitf/>',
}


@pytest.mark.parametrize("kind", sorted(BOMBS))
def test_xml_with_entities_is_refused(kind: str, tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.xml", BOMBS[kind])
    put(tmp_path / "in" / "b.xml", BOMBS[kind].replace("nitf", "newsMessage"))
    _, ids, rejects = convert(tmp_path)
    assert ids == ["good"]
    assert [path for path, _, _ in rejects] == ["a.xml", "b.xml"]
    assert {check for _, _, check in rejects} <= {"source-hostile", "source-damaged"}


def test_html_and_word_expand_no_entities(tmp_path: Path) -> None:
    page = (
        (FORMATS / "html-council.html")
        .read_text()
        .replace("<!DOCTYPE html>", '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]>')
    )
    put(tmp_path / "in" / "a.html", page.replace("<article>", "<article><p>Before &x; after, in a paragraph.</p>"))
    made = io.BytesIO()
    with zipfile.ZipFile(FORMATS / "docx-council.docx") as old, zipfile.ZipFile(made, "w") as new:
        for member in old.infolist():
            raw = old.read(member)
            if member.filename == "word/document.xml":
                declared = b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
                raw = raw.replace(b"<w:document", declared + b"<w:document", 1).replace(b"By Sam", b"&x; By Sam")
            new.writestr(member, raw)
    put(tmp_path / "in" / "b.docx", made.getvalue())
    convert(tmp_path)
    texts = read_table(tmp_path / "out", read_table_schema("documents")).column("text").to_pylist()
    assert len(texts) >= 2
    assert not any("root:" in text for text in texts)


@pytest.mark.parametrize("kind", ["jsonl", "csv", "txt", "json"])
def test_line_longer_than_an_article_may_be(kind: str, tmp_path: Path) -> None:
    long = "word " * 4000
    content = {
        "jsonl": LINE + json.dumps({"text": long}) + "\n" + LINE,
        "csv": f'text\n"{ARTICLE}"\n"{long}"\n"{ARTICLE}"\n',
        "txt": long,
        "json": json.dumps([{"text": ARTICLE}, {"text": long}]),
    }[kind]
    put(tmp_path / "in" / f"a.{kind}", content)
    report, ids, rejects = convert(tmp_path, Limits(record_bytes=10_000))
    expected = {"jsonl": (["a/0", "a/2"], 1), "csv": (["a/0", "a/2"], 1), "txt": ([], -1), "json": (["a/0"], 1)}[kind]
    assert ids == [*expected[0], "good"]
    assert rejects == [(f"a.{kind}", expected[1], "source-limit")]
    assert "record_bytes" in report.rejects[0].message


def test_line_of_two_gigabytes_is_skipped_in_bounded_memory(tmp_path: Path) -> None:
    """A sparse file of NULs without a line end: it takes no disk, and reading it as one line would take 2 GB."""
    path = put(tmp_path / "big.jsonl", LINE)
    with open(path, "r+b") as file:
        file.truncate(2 << 30)
        file.seek(2 << 30)
        file.write(b"\n" + LINE.encode())
    script = """
        import resource, sys
        from pathlib import Path
        from stancewire.sources import find_sources, read_sources
        from stancewire.sources.readers import ENDINGS
        files = find_sources([Path(sys.argv[1])], ENDINGS).files
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        came = [getattr(item, "check", item.__class__.__name__) for item in read_sources(files)]
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        print(came, grown < 300)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['SourceRecord', 'source-limit', 'SourceRecord'] True"


def test_nul_bytes_are_no_text(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.txt", b"words\x00words")
    put(tmp_path / "in" / "b.jsonl", '{"text": "wor\\u0000ds"}\n' + LINE)
    put(tmp_path / "in" / "c.csv", b"text\nwor\x00ds\nfine words here\n")
    put(tmp_path / "in" / "d.html", (FORMATS / "html-council.html").read_bytes().replace(b"town", b"to\x00wn"))
    _, ids, rejects = convert(tmp_path)
    assert ids == ["b/1", "c/1", "good"]
    assert [(path, number) for path, number, _ in rejects] == [
        ("a.txt", -1),
        ("b.jsonl", 0),
        ("c.csv", 0),
        ("d.html", -1),
    ]
    assert {check for _, _, check in rejects} == {"source-binary"}


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize(
    "name", ["crawl.warc", "crawl-packed.warc.gz", "packed.jsonl.gz", "packed.csv.zst", "pages.tar"]
)
def test_file_that_was_cut_off(name: str, share: float, tmp_path: Path) -> None:
    whole = (FORMATS / name).read_bytes().rstrip(b"\0")  # a tar's own end is a stretch of zeros
    put(tmp_path / "in" / name, whole[: int(len(whole) * share)])
    _, ids, rejects = convert(tmp_path)
    assert len(ids) <= 4
    assert rejects and {(path, check) for path, _, check in rejects} == {(name, "source-damaged")}


@pytest.mark.parametrize(
    "name", ["pages.zip", "table.parquet", "docx-council.docx", "more-pages.tar.gz", "rtf-council.rtf"]
)
def test_file_without_its_end_is_refused(name: str, tmp_path: Path) -> None:
    put(tmp_path / "in" / name, (FORMATS / name).read_bytes()[:-30])
    _, _, rejects = convert(tmp_path)
    assert {check for _, _, check in rejects} == {"source-damaged"}


def test_one_bad_member_does_not_cost_the_others(tmp_path: Path) -> None:
    raw = bytearray(zipped(("a.txt", random.Random(1).randbytes(5000).hex()), ("b.txt", ARTICLE)))
    raw[200:260] = bytes(60)
    put(tmp_path / "in" / "a.zip", bytes(raw))
    _, ids, rejects = convert(tmp_path)
    assert (ids, rejects) == (["a/b", "good"], [("a.zip", 0, "source-damaged")])


WRONG_JSON = {
    '{"text": 7}': "source-type",
    '{"text": true}': "source-type",
    '{"text": {"a": 1}}': "source-type",
    '{"text": [1, 2]}': "source-type",
    '{"text": "x", "title": ["a"]}': "source-type",
    '{"text": "x", "id": 1.5}': "source-type",
    '{"text": ""}': "source-empty",
    '{"text": null}': "source-empty",
    '{"title": "only"}': "source-columns",
    "{}": "source-columns",
    "7": "source-type",
    '"text"': "source-type",
    "null": "source-type",
    "[]": "source-type",
    '{"text": "x"': "source-damaged",
    '{"text": "\\ud800"}': "source-damaged",
    "[" * 100_000: "source-damaged",
}


def test_json_with_wrong_types(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.jsonl", LINE + "".join(f"{line}\n" for line in WRONG_JSON) + LINE)
    _, ids, rejects = convert(tmp_path)
    assert ids == ["a/0", f"a/{len(WRONG_JSON) + 1}", "good"]
    told = {number: check for _, number, check in rejects}
    for number, (line, check) in enumerate(WRONG_JSON.items(), start=1):
        assert told[number] == check, line[:40]


@pytest.mark.parametrize("tail", ["", ",", "]]", '{"text": ', '"text": "x"}'])
def test_json_array_that_breaks_off_keeps_what_came_before(tail: str, tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.json", f"[{LINE.strip()}, {LINE.strip()}{tail}")
    _, ids, rejects = convert(tmp_path)
    assert ids == ["a/0", "a/1", "good"]
    assert rejects == [("a.json", -1, "source-damaged")]


def test_deeply_nested_json_ends_no_process(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.json", '{"text": ' + "[" * 200_000)
    put(tmp_path / "in" / "b.json", '{"data": ' * 200_000)
    _, ids, rejects = convert(tmp_path)
    assert ids == ["good"]
    assert [check for _, _, check in rejects] == ["source-damaged"] * 2


def test_ragged_rows_and_loose_quotes(tmp_path: Path) -> None:
    rows = ['"a","first text here"', '"b","too","many"', '"c"', '"d","loose"quote"', '"e","last text\nin two lines"']
    put(tmp_path / "in" / "a.csv", "\n".join(["id,text", *rows]) + "\n")
    report, ids, rejects = convert(tmp_path)
    assert ids == ["a", "e", "good"]
    assert rejects == [("a.csv", number, "source-damaged") for number in (1, 2, 3)]
    assert "line 3: 3 values for 2 columns" in report.rejects[0].message
    put(tmp_path / "in" / "a.csv", 'id,text\n"a","never closed\nand so on\n')
    _, ids, rejects = convert(tmp_path)
    assert (ids, rejects) == (["good"], [("a.csv", 0, "source-damaged")])


def test_symbolic_links_in_a_circle(tmp_path: Path) -> None:
    put(tmp_path / "in" / "sub" / "a.txt", ARTICLE)
    (tmp_path / "in" / "sub" / "up").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "x.jsonl").symlink_to(tmp_path / "in" / "y.jsonl")
    (tmp_path / "in" / "y.jsonl").symlink_to(tmp_path / "in" / "x.jsonl")
    _, ids, rejects = convert(tmp_path)
    assert ids == ["good", "sub/a"]
    assert rejects == [(name, -1, "source-link") for name in ("sub/up", "x.jsonl", "y.jsonl")]


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "in")
    os.mkdir(folder)
    with open(os.path.join(folder, b"caf\xe9.jsonl"), "wb") as file:
        file.write(LINE.encode())
    raw = tarred((os.fsdecode(b"na\xefve.txt"), ARTICLE))
    put(tmp_path / "in" / "a.tar", raw)
    _, ids, rejects = convert(tmp_path)
    assert (ids, rejects) == (["a/na%EFve", "caf%E9/0", "good"], [])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_file_that_may_not_be_read() -> None:
    """In a child that is nobody in particular, since root may read everything."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        for name in ("a.txt", "b.jsonl", "shut/c.txt", "good.txt"):
            put(root / name, ARTICLE if name.endswith("txt") else LINE)
        for name in ("a.txt", "b.jsonl", "shut"):
            (root / name).chmod(0)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                if os.geteuid() == 0:
                    os.setgroups([])
                    os.setgid(65534)
                    os.setuid(65534)
                found = find_sources([root], ENDINGS)
                came: list[Any] = [*found.rejects, *read_sources(found.files)]
                told = sorted((item.source_path, getattr(item, "check", "read")) for item in came)
                os.write(writing, json.dumps(told).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with open(reading, "rb") as answer:
            told = json.loads(answer.read())
        os.waitpid(child, 0)
        (root / "shut").chmod(0o755)
    assert told == [
        ["a.txt", "source-unreadable"],
        ["b.jsonl", "source-unreadable"],
        ["good.txt", "read"],
        ["shut", "source-unreadable"],
    ]


def test_empty_files_of_every_ending(tmp_path: Path) -> None:
    for ending in ENDINGS:
        put(tmp_path / "in" / f"empty{ending}", b"")
    _, ids, rejects = convert(tmp_path)
    assert ids == ["good"]
    refused = {path for path, _, _ in rejects}
    assert {f"empty{ending}" for ending in ENDINGS} == refused


@pytest.mark.parametrize("seed", range(6))
def test_damaged_bytes_are_read_or_refused_but_never_crash(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    for path in sorted(FORMATS.iterdir()):
        raw = bytearray(path.read_bytes())
        for _ in range(chance.choice((1, 3, 20))):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        put(tmp_path / "in" / path.name, bytes(raw))
    _, ids, _ = convert(tmp_path)
    assert len(set(ids)) == len(ids)


def test_very_many_empty_files_are_a_summary_and_not_a_flood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3000):
        path = tmp_path / "in" / f"{number // 500}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    put(tmp_path / "in" / "good.txt", ARTICLE)
    command = ["convert", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--workers", "2"]
    assert main(command) == 1
    told = capsys.readouterr().out.splitlines()
    assert "3001 read, 1 written, 3000 rejected" in told
    assert "  rejected: source-empty 3000" in told
    assert len(told) < 120 and "rejected: 2900 more; all are in the table rejects, or say --json" in told
    assert read_table(tmp_path / "out", read_table_schema("rejects")).num_rows == 3000
    assert main([*command, "--allow-rejects"]) == 0
    assert main([*command, "--json"]) == 1
    capsys.readouterr()


@pytest.mark.parametrize("fields", ["all", "text"])
def test_folder_that_is_called_like_a_file_and_a_file_that_the_system_keeps_shut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: str
) -> None:
    """What the system refuses is refused to root, too."""
    put(tmp_path / "in" / "folder.txt" / "inside.txt", ARTICLE)
    put(tmp_path / "in" / "good.txt", ARTICLE)
    for name in ("shut.txt", "shut.jsonl", "shut.zip"):
        put(tmp_path / "in" / name, LINE)
    really_open, really_open_number = open, os.open

    def guarded(path: Any, *given: Any, **named: Any) -> Any:
        if "shut." in os.fspath(path):
            raise PermissionError(13, "Permission denied", path)
        return really_open(path, *given, **named)

    def guarded_number(path: Any, *given: Any, **named: Any) -> int:
        if isinstance(path, (str, os.PathLike)) and "shut." in os.fspath(path):
            raise PermissionError(13, "Permission denied", path)
        return really_open_number(path, *given, **named)

    with monkeypatch.context() as patched:
        patched.setattr("builtins.open", guarded)
        patched.setattr(os, "open", guarded_number)
        report = convert_corpus(None, [tmp_path / "in"], tmp_path / "out", fields=fields)
    assert [(p.path, p.check) for p in report.rejects] == [
        (f"shut.{ending}", "source-unreadable") for ending in ("jsonl", "txt", "zip")
    ]
    assert "Permission denied" in report.rejects[0].message
    ids = read_table(tmp_path / "out", read_table_schema("documents")).column("doc_id").to_pylist()
    assert ids == ["folder.txt/inside", "good"]
    again = convert_corpus(None, [tmp_path / "in"], tmp_path / "out", fields=fields, anew=True)
    assert "source-unreadable" not in {problem.check for problem in again.rejects}


@pytest.mark.parametrize("kind", ["csv", "txt", "json", "xml", "html"])
def test_endless_line_is_skipped_or_refused_in_bounded_memory(kind: str, tmp_path: Path) -> None:
    """A sparse file of a gigabyte without a line end, in every format that is read as text."""
    begin = {"csv": b"text\n", "txt": b"x", "json": b'[{"text": "', "xml": b"<nitf>", "html": b"<html>"}[kind]
    path = put(tmp_path / f"big.{kind}", begin)
    with open(path, "r+b") as file:
        file.truncate(1 << 30)
    script = """
        import resource, sys
        from pathlib import Path
        from stancewire.sources import Limits, ReadOptions, find_sources, read_sources
        from stancewire.sources.readers import ENDINGS
        files = find_sources([Path(sys.argv[1])], ENDINGS).files
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        came = [getattr(item, "check", item.__class__.__name__) for item in read_sources(files)]
        print(came, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024 < 400)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("['source-limit'] True", "['source-damaged'] True")
