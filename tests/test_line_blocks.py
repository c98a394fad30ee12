"""Blocks of lines of JSON that are taken at once give what each line alone gives, and nothing doubtful is taken so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_columnar import addresses, assert_same, convert, days, facts, parcel_of, words

from stancewire.conversion import columnar
from stancewire.sources import SourceFacts
from stancewire.sources.known_lines import KnownLines
from stancewire.sources.line_blocks import is_utf_8, read_block
from stancewire.sources.spans import Span
from stancewire.text.article import one_line
from stancewire.text.columnwise import Leads, are_lines, count_chars

LIMIT = 1 << 20
plain = st.sampled_from(("The gull", "The gull\n\nIt flew.", "the  gull", " It flew.", "Ärger“ 中🙂", "a", "Story 1"))
values: dict[str, Any] = {
    "id": st.one_of(words, st.integers(0, 99).map(str)), "title": st.one_of(words, plain),
    "text": st.one_of(words, plain, plain), "date": st.one_of(days, words), "outlet": st.one_of(plain, words),
    "url": st.one_of(addresses, words), "lang": st.sampled_from(("en", "de", "xx", "")), "byline": plain,
    "rights": st.sampled_from(("open", "none at all", "")), "extra": plain,
    "n": st.one_of(st.integers(-5, 2**70), st.floats(allow_nan=False), st.none()), "is_x": st.booleans(),
}  # fmt: skip
alike = st.sets(st.sampled_from(sorted(values))).flatmap(
    lambda keys: st.lists(st.fixed_dictionaries({key: values[key] for key in {*keys, "text"}}), min_size=1, max_size=9)
)
anything = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def as_lines(records: list[dict[str, Any]], ascii: bool = False) -> bytes:
    return b"\n".join(json.dumps(record, ensure_ascii=ascii).encode("utf-8", "surrogatepass") for record in records)


@anything
@given(alike, facts, st.booleans(), st.booleans(), st.sampled_from((b"", b"\n", b"\r\n")))
def test_records_with_the_same_keys(
    tmp_path: Path, records: list[dict[str, Any]], known: SourceFacts, ascii: bool, is_span: bool, end: bytes
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(as_lines(records, ascii) + end)
    span = Span(0, path.stat().st_size, 7) if is_span else None
    assert_same(tmp_path, parcel_of(path, "jsonl", known, span))


ARTICLES: list[dict[str, Any]] = [
    {"id": "a/1", "title": "A gull flew", "text": "A gull flew\n\nOver the sea.", "date": "2019-06-26"},
    {"id": "a/2", "title": "Ein Mädchen sang", "text": "„Ja“, sagte sie.\n", "date": "1066-10-14"},
    {"id": "b/1", "title": "The SEA", "text": "the sea is wide 中 🙂", "date": "2020-02-29"},
]


def changed(**values: Any) -> list[dict[str, Any]]:
    return [{**article, **values} for article in ARTICLES]


@pytest.mark.parametrize(
    "articles",
    [
        *(ARTICLES, ARTICLES[::-1], ARTICLES[:1], changed(outlet="The Gull", url="https://gull.example/1")),
        *(changed(outlet="The Gull", url="http://gull.example/2020/05/06/x", date=""), changed(date="26 June 2019")),
        *(changed(url="https://gull.example/ 1"), changed(byline="By Ana Ruiz", lang="de", wire="AP", rights="open")),
        *(changed(title=""), changed(title=" A  gull\u2003flew "), changed(n=5, is_x=True, extra="x", none=None)),
        [{key: article[key] for key in ("text", "title")} for article in ARTICLES],
        [{"text": article["text"]} for article in ARTICLES],
        [{**article, "id": f" {article['id']}%41\u0001ä"} for article in ARTICLES],
        [{**article, "text": f"Ã©, {article['text']}\ufffd"} for article in ARTICLES],
    ],
)
def test_plain_records_are_taken_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, articles: list[dict[str, Any]]
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + as_lines(articles) + b"\n")
    by_line = convert_by_line(tmp_path, parcel_of(path, "jsonl"), monkeypatch)
    monkeypatch.setattr(columnar.Lines, "take_all", lambda *_: pytest.fail("taken line by line"))
    rows = assert_same(tmp_path, parcel_of(path, "jsonl"))
    assert len(rows) == len(articles)
    assert by_line == rows


def convert_by_line(tmp_path: Path, parcel: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    with monkeypatch.context() as patch:
        patch.setattr(columnar.Lines, "take_block", lambda *_: False)
        return convert(columnar, tmp_path / "by_line", parcel)[0]


PLAIN = b'{"id": "1", "text": "a", "n": 1}'


@pytest.mark.parametrize(
    "line",
    [
        *(b'{"id": "1", "text": "a", "n": NaN}', b'{"id": "1", "text": "a", "n": -Infinity}', b'{"id": "1", "n": 2}'),
        *(b'{"id": "1", "text": null, "n": 1}', b'{"id": "1", "text": "a", "body": "b"}', b'{"id": "1", "text": 5}'),
        *(b'{"id": "1", "text": "a"}{"id": "2", "text": "b"}', b'{"id": "1",\n"text": "a"}', b'{"text": "a"'),
        *(b'{"id": "1", "id": "2", "text": "a"}', b'{"text": "\xe9"}', b'{"id": "1", "text": "\xed\xa0\x80"}'),
        *(b'{"id": "1", "text": "a\\ud83d"}', b'{"id": "1", "text": "a\nb"}', b' {"id": "1", "text": "a"}', b"", b"  "),
        *(b'{"id": "1", "text": "a"} ', b'{"id": "1", "text": "a",}', b'{"id": "1", "text": "a", "n": 1e999}', b"[]"),
        *(b'{"id": "1", "text": "a", "n": ' + b"9" * 30 + b"}", b'{"id": "1", "text": "a", "n": [1]}', b"[" * 200_000),
        *(b'{"id": "1", "text": "a", "n": ' + b'{"n": ' * 200_000 + b"1" + b"}" * 200_001, b"\xef\xbb\xbf" + PLAIN),
        *(b'{"id": "1", "text": "' + b"a" * LIMIT + b'"}', PLAIN + b"\r", b'{"id": "1", "text": "a\x00"}'),
    ],
)
def test_doubtful_lines_are_not_taken_at_once(line: bytes) -> None:
    for data in (PLAIN + b"\n" + line + b"\n" + PLAIN, line + b"\n" + PLAIN):
        known = KnownLines({})
        known.learn(("id", "text", "n"))
        assert read_block(data, known, LIMIT) is None
    known = KnownLines({})
    known.learn(("id", "text", "n"))
    block = read_block(PLAIN + b"\n" + PLAIN, known, LIMIT)
    assert block is not None
    assert block.columns["text"].to_pylist() == ["a", "a"]
    assert (block.starts.tolist(), block.ends.tolist()) == ([0, len(PLAIN) + 1], [len(PLAIN), 2 * len(PLAIN) + 1])


def test_a_file_of_doubtful_blocks_is_soon_read_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(as_lines([{"id": "1", "text": "a", "tags": ["x"]}]))
    asked = []
    monkeypatch.setattr(columnar, "read_block", lambda *_: asked.append(1))
    for _ in range(columnar.MOST_REFUSED + 4):
        rows, _ = convert(columnar, tmp_path / "out", parcel_of(path, "jsonl"))
        assert len(rows) == 1
    assert len(asked) == columnar.MOST_REFUSED


@given(st.one_of(st.binary(max_size=12), st.text(max_size=6).map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_utf_8_is_what_python_decodes(data: bytes) -> None:
    try:
        data.decode()
        expected = True
    except UnicodeDecodeError:
        expected = False
    assert is_utf_8(data) == expected


@given(texts=st.lists(words, min_size=1, max_size=8))
def test_characters_and_lines_of_many_texts_at_once(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    encoded = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)])
    data = b"".join(encoded)
    assert count_chars(offsets, Leads.of(data)).tolist() == [len(text) for text in texts]
    if are_lines(data, offsets):
        assert all(text == one_line(text) for text in texts)
    clean = ["".join(mark for mark in one_line(text) if mark >= " ") for text in texts]
    once = [one_line(text).encode() for text in clean]
    assert are_lines(b"".join(once), np.cumsum([0, *map(len, once)]))
