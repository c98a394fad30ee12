"""One large file that cannot be cut is read by one process and worked on by many: same rows, same rejects."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from stancewire.conversion import batches, parcels, records
from stancewire.corpus import WORK, convert_corpus
from stancewire.sources import Limits, ReadOptions, Reject, SourceRecord

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))
from news_files import make_article

FORMATS = Path(__file__).parent / "data" / "formats"


def members() -> list[tuple[str, bytes]]:
    """Articles, and what is none, one or many: an empty file, a hidden one, lines of JSON, a name that leads out."""
    found = [(f"{make_article(number).id}.txt", make_article(number).as_file()) for number in range(40)]
    lines = b"".join(make_article(number).as_json() for number in range(50, 60))
    found[7:7] = [("empty.txt", b""), (".hidden.txt", b"x"), ("lines.jsonl", lines), ("../out.txt", b"It rained.")]
    again = ("00000/00000003.text", b"It rained. This id stands before.")
    return [*found, again, ("deep.txt.gz", gzip.compress(b"It rained twice."))]


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members():
            archive.writestr(zipfile.ZipInfo(name), raw, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def tarred() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, raw in members():
            entry = tarfile.TarInfo(name)
            entry.size = len(raw)
            archive.addfile(entry, io.BytesIO(raw))
    return made.getvalue()


def sheet() -> bytes:
    rows = [json.loads(make_article(number).as_json()) for number in range(40)]
    quoted = ['"' + row["text"].replace('"', '""') + '"' for row in rows]
    return ("id,text\n" + "\n".join(f"{row['id']},{text}" for row, text in zip(rows, quoted, strict=True))).encode()


PACKED: dict[str, Callable[[], bytes]] = {
    "a.zip": zipped,
    "a.tar.gz": tarred,
    "cut.tar.gz": lambda: tarred()[:-3000],
    "cut.zip": lambda: zipped().replace(make_article(5).id.encode(), b"?" * 14, 1),  # its own header differs
    "a.csv": sheet,
    "a.jsonl.zst": lambda: pa.compress(
        b"".join(make_article(number).as_json() for number in range(40)), codec="zstd", asbytes=True
    ),
    "a.warc.gz": lambda: gzip.compress((FORMATS / "crawl.warc").read_bytes()),
}


def tables(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".stancewire.lock")
    return {path.name: path.read_bytes() for path in found if WORK not in path.parts}


def in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels, "BYTES_A_PARCEL", 1000)
    monkeypatch.setattr(batches, "BYTES_A_BATCH", 2000)


@pytest.mark.parametrize("fields", ["all", "text"])
@pytest.mark.parametrize("name", PACKED)
def test_batches_give_the_rows_of_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, fields: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(PACKED[name]())
    options = {"fields": fields, "reprints": False}
    whole = convert_corpus(None, [tmp_path / "in"], tmp_path / "whole", **options)
    in_batches(monkeypatch)
    taken: list[int] = []
    original = records.Rows.take_file
    monkeypatch.setattr(records.Rows, "take_file", lambda *given: taken.append(1) or original(*given))
    one = convert_corpus(None, [tmp_path / "in"], tmp_path / "one", **options)
    assert len(taken) > 1
    monkeypatch.setattr(records.Rows, "take_file", original)
    two = convert_corpus(None, [tmp_path / "in"], tmp_path / "two", **options, workers=2)
    assert tables(tmp_path / "one") == tables(tmp_path / "two") == tables(tmp_path / "whole")
    for report in (one, two):
        assert (report.counts, report.rejects, report.problems) == (whole.counts, whole.rejects, whole.problems)
    again = convert_corpus(None, [tmp_path / "in"], tmp_path / "two", **options)
    assert again.counts == whole.counts and again.rejects == whole.rejects
    assert (again.changes is None) == ("source-duplicate" in whole.counts["rejected_by"])  # they convert all again
    assert tables(tmp_path / "two") == tables(tmp_path / "whole")


@pytest.mark.parametrize("limits", [Limits(archive_members=9), Limits(unpacked_bytes=9000), Limits(record_bytes=1500)])
def test_limits_are_those_of_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: Limits) -> None:
    (tmp_path / "a.zip").write_bytes(zipped())
    options = {"reading": ReadOptions(limits), "fields": "text"}
    whole = convert_corpus(None, [tmp_path / "a.zip"], tmp_path / "whole", **options)
    assert "source-limit" in whole.counts["rejected_by"]
    in_batches(monkeypatch)
    shared = convert_corpus(None, [tmp_path / "a.zip"], tmp_path / "shared", **options)
    assert (shared.counts, shared.rejects) == (whole.counts, whole.rejects)
    assert tables(tmp_path / "shared") == tables(tmp_path / "whole")


def test_finished_batches_of_a_killed_run_are_not_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.zip").write_bytes(zipped())
    convert_corpus(None, [tmp_path / "a.zip"], tmp_path / "whole", reprints=False)
    in_batches(monkeypatch)
    with monkeypatch.context() as killed:
        killed.setattr("stancewire.conversion.run.write_stage", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            convert_corpus(None, [tmp_path / "a.zip"], tmp_path / "o", reprints=False)
    accounts = sorted((tmp_path / "o" / WORK).glob("*.json"))
    assert len(accounts) > 3
    accounts[1].unlink()
    taken: list[int] = []
    original = records.Rows.take_file

    def watched(self: records.Rows, file: object, facts: object, came: object, is_hashed: bool) -> None:
        items = list(came)  # type: ignore[call-overload]
        taken.append(len(items))
        original(self, file, facts, iter(items), is_hashed)  # type: ignore[arg-type]

    monkeypatch.setattr(records.Rows, "take_file", watched)
    convert_corpus(None, [tmp_path / "a.zip"], tmp_path / "o", reprints=False)
    assert len(taken) == 1 and taken[0] > 0
    assert tables(tmp_path / "o") == tables(tmp_path / "whole")


def test_batches_are_bounded_by_bytes_and_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stancewire.sources import ENDINGS, find_sources

    (tmp_path / "a.zip").write_bytes(zipped())
    (file,) = find_sources([tmp_path / "a.zip"], ENDINGS).files
    monkeypatch.setattr(batches, "ITEMS_A_BATCH", 4)
    found = list(batches.read_batches(file, ReadOptions()))
    assert all(len(items) == 4 for items, _ in found[:-1]) and len(found) > 5
    assert all(size == sum(len(i.raw) for i in items if isinstance(i, SourceRecord)) for items, size in found)
    assert any(isinstance(item, Reject) for items, _ in found for item in items)
