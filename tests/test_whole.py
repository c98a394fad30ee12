"""The quick way through ordinary lines of JSON gives what the general way gives, with segments and sentences, too."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_columnar import LEXICON, anything, facts, lines, parcel_of, words
from test_text_batch import LINES

from stancewire.conversion import records, whole
from stancewire.conversion.parcels import Conversion, Parcel
from stancewire.conversion.parts import PART_TABLES, Account, open_part, part_path
from stancewire.sources import NOTHING_KNOWN, SourceFacts
from stancewire.sources.spans import Span
from stancewire.text.article import Stated
from stancewire.text.corrections import Correction

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from news_files import make_articles

Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def no_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    """Languages are asked about in one place, which has its own tests: here one that tells texts apart will do."""

    def detect(texts: list[str]) -> list[tuple[str | None, float | None]]:
        return [(None, None) if len(text) < 20 else (f"l{sum(map(ord, text)) % 97}", 0.5) for text in texts]

    monkeypatch.setattr(records, "detect_languages", detect)


def convert(module: Any, folder: Path, parcel: Parcel, **given: Any) -> tuple[Tables, Account]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    account: Account = module.convert_parcel(Conversion(LEXICON, folder=folder, **given), parcel)
    tables: Tables = {}
    for name in PART_TABLES:
        rows: list[dict[str, Any]] = []
        for number in range(len(account.parts)):
            path = part_path(folder, account.key, number, name)
            rows += open_part(path).to_pylist()
        numbers = {"documents": "doc_id", "segments": "seg_no", "sentences": "sent_no"}
        tables[name] = sorted(rows, key=lambda row, own=numbers[name]: (row["doc_id"], row[own]))
    return tables, account


def assert_same(tmp_path: Path, parcel: Parcel, **given: Any) -> Tables:
    """Both ways give the same rows, rejects, warnings, tallies and hashes; returns the rows."""
    quick, quickly = convert(whole, tmp_path / "quick", parcel, **given)
    slow, slowly = convert(records, tmp_path / "slow", parcel, **given)
    for name in PART_TABLES:
        assert quick[name] == slow[name]
    for name in ("rejects", "problems", "tallies", "hashes"):
        assert sorted(getattr(quickly, name), key=repr) == sorted(getattr(slowly, name), key=repr), name
    return quick


@anything
@given(found=st.lists(lines, min_size=1, max_size=12), known=facts, is_span=st.booleans(), declared=st.booleans())
def test_any_lines(tmp_path: Path, found: list[bytes], known: SourceFacts, is_span: bool, declared: bool) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(found))
    span = Span(0, path.stat().st_size, 0) if is_span else None
    assert_same(tmp_path, parcel_of(path, "jsonl", known, span), encoding="cp1252" if declared else None)


columns = st.fixed_dictionaries(
    {"text": st.lists(st.one_of(st.sampled_from(LINES), words), min_size=1, max_size=6).map("\n\n".join)},
    optional={
        "title": st.one_of(words, st.sampled_from(LINES)),
        **{
            name: st.one_of(words, st.sampled_from(("2019-06-26", "Reuters", "AP", "open", "https://a.example/2019/06/02/")))
            for name in (field.name for field in fields(Stated) if field.name != "title")
        },
        "encoding": words,
        "other": words,
    },
)


@settings(parent=anything, max_examples=400)
@given(found=st.lists(columns, min_size=1, max_size=6), known=facts)
def test_what_columns_and_segments_say(tmp_path: Path, found: list[dict[str, str]], known: SourceFacts) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(json.dumps(record).encode() for record in found))
    assert_same(tmp_path, parcel_of(path, "jsonl", known))


def test_made_up_articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(article.as_json() for article in make_articles(600)))
    general = []
    take = records.Rows.take
    monkeypatch.setattr(records.Rows, "take", lambda self, item, *rest: general.append(item) or take(self, item, *rest))
    tables = assert_same(tmp_path, parcel_of(path, "jsonl"))
    assert len(general) == len(tables["documents"]) == 600  # those of the general way's own run
    assert {row["date_source"] for row in tables["documents"]} == {"metadata"}
    assert len({row["wire"] for row in tables["documents"]}) > 4


def test_parts_that_are_written_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (whole, records):
        monkeypatch.setattr(module, "CHARS_A_PART", 3000)
        monkeypatch.setattr(module, "CHARS_AT_ONCE", 1000)
    path = tmp_path / "a.jsonl"
    text = "A title of words\n\nWörter of {}. They met."
    made = [{"id": f"{number}", "text": text.format(number) * 3} for number in range(90)]
    made[7]["text"] = "It was â€™ once."
    path.write_bytes(b"\n".join(json.dumps(record).encode() for record in made))
    assert len(convert(whole, tmp_path / "out", parcel_of(path, "jsonl"))[1].parts) > 2
    assert_same(tmp_path, parcel_of(path, "jsonl"))


def test_records_with_corrections_go_the_general_way(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    made = [{"id": name, "text": "A title of words\n\nHe came. She left.\n\nIt ended."} for name in "abc"]
    path.write_bytes(b"\n".join(json.dumps(record).encode() for record in made))
    correction = Correction("line 2", "p-b", 0, 16, "A title of words", "role", "furniture")
    given = {"corrections": {"p-b": [correction]}, "own_roots": frozenset({0})}
    tables = assert_same(tmp_path, parcel_of(path, "jsonl"), **given)
    roles = {row["doc_id"]: row["role"] for row in tables["segments"] if row["seg_no"] == 0}
    assert roles == {"p-a": "headline", "p-b": "furniture", "p-c": "headline"}


def test_a_row_about_one_record_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(json.dumps({"text": f"Words of {number}."}).encode() for number in range(3)))
    known = SourceFacts(inside={"#1": SourceFacts(outlet="Own", line=3)})
    documents = assert_same(tmp_path, parcel_of(path, "jsonl", known))["documents"]
    assert [row["outlet"] for row in documents] == [None, "Own", None]
    assert parcel_of(path, "jsonl").facts == (NOTHING_KNOWN,)
