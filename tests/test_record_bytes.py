"""A record's raw bytes: those of its element in a message, and for a row of Parquet one JSON object, by the letter."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stancewire.corpus import ConvertReport, convert_corpus
from stancewire.sources import Limits, ReadOptions
from stancewire.tables import read_table, read_table_schema

FORMATS = Path(__file__).parent / "data" / "formats"
WORDS = "Der Ausschuß tagte am Montag für eine Stunde im alten Rathaus und prüfte die Gebühren für Cafés."
ITEM = (
    '<{p}newsItem guid="{guid}"><{p}itemMeta><{p}title>Zum Café {guid}</{p}title></{p}itemMeta>'
    "<{p}contentSet><{p}inlineXML><h:html><h:body><h:p>{words} {guid}</h:p></h:body></h:html></{p}inlineXML>"
    "</{p}contentSet></{p}newsItem >"
)
MESSAGE = (
    "{first}<{p}newsMessage xmlns{c}='http://iptc.org/std/nar/2006-10-01/' xmlns:h='http://www.w3.org/1999/xhtml'>"
    "<{p}header/><{p}itemSet>\n{items}\n</{p}itemSet></{p}newsMessage>"
)


def convert(root: Path, **options: Any) -> tuple[ConvertReport, list[dict[str, Any]]]:
    report = convert_corpus(None, [root / "in"], root / "out", **options)
    return report, read_table(root / "out", read_table_schema("documents")).to_pylist()


def message(*guids: str, prefix: str = "", encoding: str = "utf-8", state: bool = True) -> str:
    first = f"<?xml version='1.0' encoding='{encoding}'?>\n" if state else ""
    items = "\n".join(ITEM.format(p=prefix, guid=guid, words=WORDS) for guid in guids)
    return MESSAGE.format(first=first, p=prefix, c=":" + prefix[:-1] if prefix else "", items=items)


def put(root: Path, name: str, raw: bytes) -> bytes:
    (root / "in").mkdir(exist_ok=True)
    (root / "in" / name).write_bytes(raw)
    return raw


@pytest.mark.parametrize("prefix", ["", "nar:"])
@pytest.mark.parametrize(
    ("codec", "mark", "expected"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8"),
        ("iso-8859-1", b"", "iso8859-1"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
    ],
)
def test_item_of_a_message_is_its_own_stretch_of_the_file(
    tmp_path: Path, prefix: str, codec: str, mark: bytes, expected: str
) -> None:
    text = message("urn:a", "urn:b", prefix=prefix, encoding=codec[:6] if "16" in codec else codec)
    raw = put(tmp_path, "m.xml", mark + text.encode(codec))
    report, documents = convert(tmp_path)
    assert report.rejects == []
    for document, guid in zip(documents, ("urn:a", "urn:b"), strict=True):
        own = ITEM.format(p=prefix, guid=guid, words=WORDS).encode(codec)
        assert own in raw
        assert document["raw_sha256"] == hashlib.sha256(own).hexdigest()
        assert document["text"] == f"Zum Café {guid}\n\n{WORDS} {guid}"
        assert (document["doc_id"], document["encoding"]) == (guid, expected)


def test_shipped_message_is_cut_into_bytes_of_the_file(tmp_path: Path) -> None:
    raw = put(tmp_path, "m.xml", (FORMATS / "newsml-message.xml").read_bytes())
    _, documents = convert(tmp_path)
    starts = [place for place in range(len(raw)) if raw.startswith(b"<newsItem", place)]
    own = [raw[start : raw.index(b"</newsItem>", start) + 11] for start in starts]
    hashes = [hashlib.sha256(item).hexdigest() for item in own]
    found = {document["record_no"]: document["raw_sha256"] for document in documents}
    assert len(own) == 2 and [found[number] for number in range(2)] == hashes


def test_long_message_is_read_in_pieces_and_no_item_may_be_longer_than_an_article(tmp_path: Path) -> None:
    """The message itself may be as long as it likes."""
    guids = [f"urn:{number:04}" for number in range(1500)]
    raw = put(tmp_path, "m.xml", message(*guids).encode())
    limit = 20_000
    assert len(raw) > 20 * limit
    report, documents = convert(tmp_path, reading=ReadOptions(Limits(record_bytes=limit)), fields="text")
    assert report.rejects == [] and [document["doc_id"] for document in documents] == guids
    raw = put(tmp_path, "m.xml", message("urn:a").encode() + b"")
    put(tmp_path, "m.xml", raw.replace(WORDS.encode(), WORDS.encode() * 3000))
    report, documents = convert(tmp_path, reading=ReadOptions(Limits(record_bytes=limit)), fields="text")
    assert [(p.path, p.check) for p in report.rejects] == [("m.xml", "source-limit")] and documents == []


def test_damage_costs_what_comes_after_it_and_damage_within_an_item_that_item(tmp_path: Path) -> None:
    raw = message("urn:a", "urn:b", "urn:c").encode()
    put(tmp_path, "cut.xml", raw[: raw.index(b"urn:c")])
    put(tmp_path, "inner.xml", message("urn:d", "urn:e").encode().replace("Café urn:d".encode(), b"Caf\xe9\x81 urn:d"))
    report, documents = convert(tmp_path)
    assert [(p.path, p.place, p.check) for p in report.rejects] == [
        ("cut.xml", "", "source-damaged"),
        ("inner.xml", "record 0", "source-encoding"),
    ]
    assert [document["doc_id"] for document in documents] == ["urn:a", "urn:b", "urn:e"]


def test_message_with_a_document_type_is_hostile(tmp_path: Path) -> None:
    bomb = "<!DOCTYPE newsMessage [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]>"
    put(tmp_path, "m.xml", (bomb + message("urn:a", state=False)).encode())
    report, documents = convert(tmp_path)
    assert [(p.path, p.check) for p in report.rejects] == [("m.xml", "source-hostile")] and documents == []


def test_row_of_parquet_is_one_json_object_of_the_columns_that_are_read(tmp_path: Path) -> None:
    odd = 'quote " back \\ slash / del \x7f tab \t line\nend é 委 😀 \x01 </p>'
    rows = [
        {"text": odd, "id": 7, "source": {"name": "Gull", "id": None}, "date": datetime.date(2019, 6, 26)},
        {"text": "Rain fell.", "id": 8, "source": None, "date": None},
    ]
    table = pa.Table.from_pylist(rows).append_column("unused", pa.array([[1.5], None]))
    (tmp_path / "in").mkdir()
    pq.write_table(table, tmp_path / "in" / "a.parquet")
    _, documents = convert(tmp_path)
    hashes = {document["doc_id"]: document["raw_sha256"] for document in documents}
    for row in rows:
        as_json = {name: value.isoformat() if name == "date" and value else value for name, value in row.items()}
        raw = json.dumps(as_json, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        assert hashes[str(row["id"])] == hashlib.sha256(raw).hexdigest()
    # However the file is laid out.
    shuffled = table.select(["unused", "source", "text", "date", "id"])
    pq.write_table(shuffled, tmp_path / "in" / "a.parquet", compression="zstd", row_group_size=1)
    assert {d["doc_id"]: d["raw_sha256"] for d in convert(tmp_path)[1]} == hashes


def test_binary_values_and_times_have_one_spelling(tmp_path: Path) -> None:
    when = datetime.datetime(2019, 6, 26, 10, 15, tzinfo=datetime.UTC)
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({"text": [WORDS.encode("cp1252")], "published": [when]}), tmp_path / "in" / "a.parquet")
    _, (document,) = convert(tmp_path, encoding="cp1252")
    words = base64.b64encode(WORDS.encode("cp1252")).decode()
    raw = f'{{"published":"2019-06-26T10:15:00Z","text":"{words}"}}'.encode()
    assert (document["text"], str(document["date"])) == (WORDS, "2019-06-26")
    assert document["raw_sha256"] == hashlib.sha256(raw).hexdigest()
