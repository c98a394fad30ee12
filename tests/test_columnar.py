"""The quick way through ordinary records gives what the general way gives, whatever the records are."""

from __future__ import annotations

import codecs
import datetime
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stancewire.conversion import columnar, records
from stancewire.conversion.parcels import Conversion, Parcel
from stancewire.conversion.parts import Account, open_part, part_path
from stancewire.sources import NOTHING_KNOWN, ReadOptions, SourceFacts, SourceFile
from stancewire.sources.json_records import ColumnMatcher
from stancewire.sources.known_lines import KnownLines
from stancewire.sources.spans import Span
from stancewire.text import Lexicon
from stancewire.text.columnwise import count_words, find_suspects
from stancewire.text.decode import doubtful_characters

LEXICON = Lexicon.for_codebook(None)
# What a rule looks at somewhere: white space of all kinds, line ends, marks, controls, mojibake, NUL, surrogates.
ODD = (
    *("\r", "\r\n", "\n", "\x00", "\ufeff", "\x1c", "\x0b", "\x85", "\xa0", "\u1680", "\u2003", "\u2028", "\u202f"),
    *("\u205f", "\u3000", "\u200b", "Ã©", "Â°", "â€™", "ï»¿", "ã€", "\ufffd", "\x81", "\x07", "\x1b", " ", "  "),
    *("“", "中", "🙂", "ä", "a", "Ωmega", "%41", "\ud800", "{", "%PDF-", "PK\x03\x04", "GIF8", "{\\rtf", "\t"),
)
words = st.lists(st.one_of(st.sampled_from(ODD), st.text(max_size=6)), max_size=8).map("".join)
days = st.sampled_from(
    ("2019-06-26", "2019-06-26T10:00:00Z", "2019-02-30", "2019-W05-1", "2019-06-261", "26 June 2019", "٢٠١٩-٠٦-٢٦")
)
addresses = st.sampled_from(
    ("https://a.example/1", "http://", "https://a.example/ 1", "ftp://a", "HTTPS://A.example/x")
)
value = st.one_of(
    *(words, days, addresses, st.none(), st.booleans(), st.integers(-5, 2**70), st.floats(allow_nan=False)),
    *(st.lists(words, max_size=3), st.just({"name": "The Gull"}), st.just({"id": None, "name": None})),
)
names = st.sampled_from(
    (
        *("id", "title", "Title", "headline", "text", "body", "Text", "html", "date", "outlet", "source", "url"),
        *("byline", "author", "wire", "credit", "dateline", "lang", "rights", "licence", "encoding", "other"),
        *("a.b", 'k"', "é", ""),
    )
)
usual = st.fixed_dictionaries(
    {"id": st.one_of(words, st.integers(0, 9).map(str)), "text": words},
    optional={"title": words, "date": days, "outlet": words, "url": addresses, "lang": words, "rights": words},
)
records_of_any_kind = st.one_of(usual, usual, st.dictionaries(names, value, max_size=8), value)
lines = st.one_of(
    st.builds(
        lambda record, ascii: json.dumps(record, ensure_ascii=ascii).encode("utf-8", "surrogatepass"),
        records_of_any_kind,
        st.booleans(),
    ),
    st.sampled_from((b"", b"  ", b"\r", b"{", b"null", b'{"text": "\xe9"}', b'{"text": "a"}\r\r', b"\xef\xbb\xbf{}")),
    st.sampled_from((b'{"text": "a", "text": "b"}', b'{"te\\u0078t": "a"}', b'{"text": "\\ud83d"}', b"[" * 3000)),
)
facts = st.sampled_from(
    (
        NOTHING_KNOWN,
        SourceFacts(outlet="Own", date=datetime.date(2020, 1, 2), url="https://o.example/", rights="open", license="X"),
        SourceFacts(encoding="cp1252"),
    )
)


def convert(module: Any, folder: Path, parcel: Parcel, **settings: Any) -> tuple[list[dict[str, Any]], Account]:
    """Documents and account of a parcel."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    account: Account = module.convert_parcel(Conversion(LEXICON, fields="text", folder=folder, **settings), parcel)
    rows = []
    for number in range(len(account.parts)):
        part = open_part(part_path(folder, account.key, number, "documents"))
        # Where the parts are cut leaves no trace in the tables.
        rows += part.select([name for name in part.column_names if name != "bucket"]).to_pylist()
    return sorted(rows, key=lambda row: row["doc_id"]), account


def assert_same(tmp_path: Path, parcel: Parcel, **settings: Any) -> list[dict[str, Any]]:
    """Both ways give the same documents, rejects, warnings, tallies and hashes; returns the documents."""
    quick, quickly = convert(columnar, tmp_path / "quick", parcel, **settings)
    slow, slowly = convert(records, tmp_path / "slow", parcel, **settings)
    assert quick == slow
    for name in ("rejects", "problems", "tallies", "hashes"):
        assert sorted(getattr(quickly, name), key=repr) == sorted(getattr(slowly, name), key=repr), name
    return quick


def parcel_of(path: Path, format: str, known: SourceFacts = NOTHING_KNOWN, span: Span | None = None) -> Parcel:
    return Parcel("key", (SourceFile(path, path.name, 0, format, path.stem, "p-"),), (known,), span)


anything = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@anything
@given(found=st.lists(lines, min_size=1, max_size=12), known=facts, is_span=st.booleans(), declared=st.booleans())
def test_lines_of_json(tmp_path: Path, found: list[bytes], known: SourceFacts, is_span: bool, declared: bool) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(found))
    span = Span(0, path.stat().st_size, 0) if is_span else None
    encoding = "cp1252" if declared else None
    assert_same(tmp_path, parcel_of(path, "jsonl", known, span), encoding=encoding)


@anything
@given(text=words, known=facts, encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-le")))
def test_text_files(tmp_path: Path, text: str, known: SourceFacts, encoding: str) -> None:
    path = tmp_path / "a.txt"
    try:
        path.write_bytes(text.encode(encoding))
    except UnicodeEncodeError:
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert_same(tmp_path, parcel_of(path, "txt", known))


@given(texts=st.lists(words.filter(bool), min_size=1, max_size=8))
def test_words_and_doubts_of_many_texts_at_once(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    encoded = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)])
    data = b"".join(encoded)
    assert count_words(data, offsets) == [len(text.split()) for text in texts]
    doubted = {number for number, text in enumerate(texts) if doubtful_characters(text)}
    assert doubted <= set(find_suspects(data, offsets))


@given(kinds=st.lists(st.lists(names, unique=True, max_size=6), min_size=1, max_size=6))
def test_known_lines_find_the_columns_that_are_found_for_each_line(kinds: list[list[str]]) -> None:
    known = KnownLines({})
    for keys in kinds:
        known.learn(tuple(keys))
    matcher = ColumnMatcher.__new__(ColumnMatcher)
    matcher.given, matcher.found = {}, {}
    for keys in kinds:
        line = json.dumps({key: key for key in keys}).encode()
        for kind in known.kinds:
            try:
                found = kind.decode(line)
            except ValueError:
                continue
            columns, shown = matcher.match(tuple(keys))
            assert kind.columns == columns
            assert {ours: getattr(found, ours) for ours in columns} == columns
            assert kind.line == shown


def test_a_record_of_another_kind_does_not_slow_down_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    plain = [{"id": str(number), "text": "Some words.", "extra": number} for number in range(50)]
    odd = [{"text": ["a", "b"]}, {"id": "x", "headline": "H", "body": "B"}, {"text": 5}]
    path.write_bytes(b"\n".join(json.dumps(record).encode() for record in plain[:20] + odd + plain[20:]))
    general = []
    take = records.Rows.take
    monkeypatch.setattr(records.Rows, "take", lambda self, item, *rest: general.append(item) or take(self, item, *rest))
    rows = assert_same(tmp_path, parcel_of(path, "jsonl"))
    assert len(rows) == 52
    assert len(general) - 53 == 1  # the general way takes all 53 of its own run, the quick one hands it the wrong type


def test_parts_that_are_written_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (columnar, records):
        monkeypatch.setattr(module, "CHARS_A_PART", 200)
    path = tmp_path / "a.jsonl"
    made = [{"id": f"{number % 70}", "text": f"Words of {number}." * (number % 5)} for number in range(90)]
    path.write_bytes(b"\n".join(json.dumps(record).encode() for record in made))
    rows, account = convert(columnar, tmp_path / "out", parcel_of(path, "jsonl"))
    assert len(account.parts) > 5
    assert len({row["doc_id"] for row in rows}) == len({record["id"] for record in made if record["text"]})


@pytest.mark.parametrize("size", [columnar.MOST_BYTES - 1, columnar.MOST_BYTES + 1])
def test_a_very_long_line_goes_the_general_way(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.jsonl"
    line = b'{"text": "' + b"a " * ((size - 12) // 2) + b'"}'
    path.write_bytes(line + b" " * (size - len(line)))
    limits = replace(ReadOptions().limits, record_bytes=1 << 30)
    (row,) = assert_same(tmp_path, parcel_of(path, "jsonl"), reading=ReadOptions(limits))
    assert row["n_words"] == (size - 12) // 2
    assert assert_same(tmp_path, parcel_of(path, "jsonl"), reading=ReadOptions(replace(limits, record_bytes=99))) == []


def test_a_project_with_columns_of_its_own_goes_the_general_way(tmp_path: Path) -> None:
    from stancewire.project import schema_directory

    folder = tmp_path / "tables"
    folder.mkdir()
    for name in ("documents", "segments", "sentences"):
        table = json.loads((schema_directory() / "tables" / f"{name}.json").read_text(encoding="utf-8"))
        if name == "documents":
            table["fields"] = [item for item in table["fields"] if item["name"] != "license"]
        (folder / f"{name}.json").write_text(json.dumps(table), encoding="utf-8")
    path = tmp_path / "a.txt"
    path.write_bytes(codecs.BOM_UTF8 + b"Some words.\r\n")
    with pytest.raises(ValueError, match="zip"):  # as the general way says of it
        convert(records, tmp_path / "slow", parcel_of(path, "txt"), schemas=folder)
    with pytest.raises(ValueError, match="zip"):
        convert(columnar, tmp_path / "quick", parcel_of(path, "txt"), schemas=folder)


def test_parts_have_the_types_of_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"Some words.\n")
    folder = tmp_path / "out"
    _, account = convert(columnar, folder, parcel_of(path, "txt"))
    from stancewire.tables import read_table_schema

    part = open_part(part_path(folder, account.key, 0, "documents"))
    assert part.schema == read_table_schema("documents").arrow
    part.validate(full=True)
    assert isinstance(part, pa.Table)
