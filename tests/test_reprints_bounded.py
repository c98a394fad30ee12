"""Bounded memory: blocks, halves and files give what all at once gives; and what was capped is told."""

from __future__ import annotations

import datetime
import hashlib
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reprint_seeds import plain_tables, seed_tables
from test_reprints import article, edited, text_of

from stancewire.errors import TableError
from stancewire.reprints import (
    candidates,
    collating,
    group_witnesses,
    groups,
    make_reprint_tables,
    overlaps,
    pairs,
    read_witnesses,
    runs,
)
from stancewire.reprints.caps import describe_caps
from stancewire.reprints.groups import group_texts
from stancewire.reprints.known import Known
from stancewire.reprints.runs import Runs
from stancewire.reprints.spool import Spool
from stancewire.reprints.stage import find_reprints
from stancewire.tables import write_parquet

TEXTS = [text_of(edited(article(n // 3), n, 0.03)) for n in range(300)]


def hardly_any_memory(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """All that is in memory at a time is a few rows; returns the sizes of the runs that go to disk."""
    for module, name, size in (
        (runs, "MOST", 3000),
        (pairs, "HELD_WORDS", 3000),
        (pairs, "HELD_SHARES", 40),
        (pairs, "CHUNK", 16),
        (pairs, "CHUNK_WORDS", 5000),
        (overlaps, "SORTED_AT_ONCE", 5000),
        (candidates, "SLICE", 200),
        (groups, "HELD_TEXTS", 20),
        (groups, "HELD_TEXT_WORDS", 2000),
        (collating, "PAIRS_PER_SHARD", 3),
    ):
        monkeypatch.setattr(module, name, size)
    written: list[int] = []
    write = Runs._write

    def write_counted(self: Runs) -> None:
        before = len(self)
        write(self)
        assert len(self) == before
        written.append(self._runs[-1])

    monkeypatch.setattr(Runs, "_write", write_counted)
    return written


def test_what_goes_to_disk_comes_back_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions, copies, a story of more than `FREQUENT`, boilerplate, a roundup: all that takes a way of its own."""
    notice = text_of(article(77, 100))
    large = [text_of(edited(article(500), n, 0.04)) for n in range(30)]
    shared = [text_of(article(600 + n, 140)) + "\n" + notice for n in range(40)]
    both = [text_of(article(0) + article(1)), text_of(article(2) + article(3))]
    texts = [*TEXTS, *TEXTS[:40], *large, *large[:3], *shared, *both, "", "one line", "one line", "-"]
    random.Random(1).shuffle(texts)
    plain = group_texts(texts)
    dates = {f"d{n:04}": datetime.date(2020, 1, 1 + n % 28) for n in range(0, len(texts), 3)}
    tables = plain_tables({f"d{n:04}": text for n, text in enumerate(texts)}, date=dates)
    made = make_reprint_tables(*tables)
    assert max(map(len, plain.groups)) > 24 and plain.refused, "or this test shows little"
    assert any(row["method"].startswith("across") for row in made["reprints"])
    assert any(row["inferred_from"] for row in made["stories"])
    written = hardly_any_memory(monkeypatch)
    again = group_texts(texts)
    assert (again.groups, again.pairs, again.refused) == (plain.groups, plain.pairs, plain.refused)
    assert again.measured.n_frequent == plain.measured.n_frequent
    assert len(written) > 30 and max(written) <= 3000
    (tmp_path / "tables").mkdir()
    with Spool(spooled(tables, tmp_path / "tables", 4), tmp_path / "work") as spool:
        for workers in (1, 2):
            assert {name: list(rows) for name, rows in find_reprints(spool, workers).rows.items()} == made
    assert list((tmp_path / "work").iterdir()) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.tuples(*[st.integers(0, 9) | st.integers(0, 2**64 - 1)] * 2), max_size=30), max_size=12),
    st.integers(1, 2),
    st.sampled_from([2, 7, 40, 1000]),
    st.sampled_from([0, 2, 60]),
)
def test_runs_give_back_all_rows_sorted(
    added: list[list[tuple[int, int]]], width: int, most: int, together: int
) -> None:
    before, runs.MOST = runs.MOST, most
    try:
        kept = Runs(width=width)
    finally:
        runs.MOST = before
    for rows in added:
        columns = np.array(rows, np.uint64).reshape(-1, 2).T
        kept.add(*columns[:width])
    expected = sorted(row[:width] for rows in added for row in rows)
    assert len(kept) == len(expected)
    for _ in range(2):
        blocks = list(kept.blocks(together))
        assert [tuple(row) for block in blocks for row in block.tolist()] == expected
        ends = [int(row[0]) >> together for block in blocks for row in (block[0], block[-1])]
        assert all(end < begin for end, begin in zip(ends[1::2], ends[2::2], strict=False)), "what belongs together is"
    kept.add(*np.array([[3], [4]], np.uint64)[:width])
    assert sum(map(len, kept.blocks())) == len(expected) + 1


def test_two_numbers_are_packed_as_they_sort() -> None:
    a, b = np.array([0, 0, 1, 2**31 - 1]), np.array([0, 2**31 - 1, 0, 5], np.int32)
    assert (np.diff(runs.pack(a, b).astype(float)) > 0).all()
    assert [column.tolist() for column in runs.unpack(runs.pack(a, b))] == [a.tolist(), b.tolist()]


@pytest.mark.parametrize("name", ["documents", "segments"])
def test_tables_out_of_order_are_refused(name: str, tmp_path: Path) -> None:
    paths = spooled(plain_tables({f"d{n}": text for n, text in enumerate(TEXTS[:4])}), tmp_path)
    table = pq.read_table(paths[name])
    write_parquet(paths[name], table.take(pa.array(range(table.num_rows))[::-1]))
    with pytest.raises(TableError, match=f"{name}.parquet: .*convert anew"):
        Spool(paths, tmp_path / "work")
    assert list((tmp_path / "work").iterdir()) == []


def spooled(tables: tuple[pa.Table, pa.Table, pa.Table], folder: Path, n_shards: int = 1) -> dict[str, Path]:
    """The tables written as `convert` writes them: sorted by key, as files or as folders of shards."""
    paths = {}
    for name, key, table in zip(
        ("documents", "segments", "sentences"), (None, "seg_no", "sent_no"), tables, strict=True
    ):
        keys = [("doc_id", "ascending"), *([(key, "ascending")] if key else [])]
        table = table.sort_by(keys)
        paths[name] = folder / f"{name}.parquet"
        if n_shards == 1:
            write_parquet(paths[name], table)
            continue
        paths[name].mkdir()
        bits = n_shards.bit_length() - 1 + (name == "segments")  # each table has as many shards as it needs
        shard_of = [hash_of(doc_id) >> (8 - bits) for doc_id in table.column("doc_id").to_pylist()]
        for number in range(1 << bits):
            some = table.filter(pa.array([shard == number for shard in shard_of], pa.bool_()))
            write_parquet(paths[name] / f"{number:0{-(-bits // 4)}x}.parquet", some)
    return paths


def hash_of(doc_id: str) -> int:
    return hashlib.sha256(doc_id.encode("utf-8")).digest()[0]


@pytest.mark.parametrize("n_shards", [1, 4, 16])
def test_witnesses_from_files_are_those_from_tables(
    n_shards: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stancewire.reprints.spool.GROUP_ROWS", 7)  # documents lie across the borders of batches
    monkeypatch.setattr("stancewire.reprints.spool.READ_AT_ONCE", 5)
    texts = {f"d{n:02}é": text + "\n𐐀 ünï" for n, text in enumerate(TEXTS[:40])} | {"empty": "", "z": "one line"}
    for number, tables in enumerate((seed_tables(), plain_tables(texts, date={"z": datetime.date(2020, 1, 1)}))):
        (tmp_path / str(number)).mkdir()
        expected = read_witnesses(*tables)
        with Spool(spooled(tables, tmp_path / str(number), n_shards), tmp_path / "work") as spool:
            assert list(spool) == expected
            assert [spool.reading_text(n) for n in range(len(spool))] == [w.reading_text for w in expected]
            found = find_reprints(spool)
            assert {name: list(rows) for name, rows in found.rows.items()} == make_reprint_tables(*tables)
        assert list((tmp_path / "work").iterdir()) == [], "nothing is left behind"


def test_no_documents_have_no_witnesses(tmp_path: Path) -> None:
    with Spool(spooled(plain_tables({}), tmp_path), tmp_path / "work") as spool:
        assert list(spool) == []
        assert {name: list(rows) for name, rows in find_reprints(spool).rows.items()} == {
            "stories": [], "reprints": [], "variants": []
        }  # fmt: skip


def capped(texts: dict[str, str]) -> list[str]:
    witnesses = read_witnesses(*plain_tables(texts))
    return list(describe_caps(witnesses, group_witnesses(witnesses)))


def test_nothing_is_told_where_nothing_was_capped() -> None:
    assert capped({f"d{n:02}": text for n, text in enumerate(TEXTS[:60])}) == []


def test_common_passages_are_told() -> None:
    notice = text_of(article(77, 100))
    (said,) = capped({f"d{n:02}": text_of(article(n, 140)) + "\n" + notice for n in range(60)})
    assert "sampled passages stand in more than 24 documents" in said


def test_large_stories_and_long_texts_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = article(5)
    told = capped({f"d{n:02}": text_of(edited(whole, n, 0.04)) for n in range(13)})
    assert len(told) == 1 and told[0].startswith("1 story has more than 12 versions (most: s-")
    told = capped({f"d{n:02}": text_of(edited(whole, n, 0.04)) for n in range(26)})
    assert "held against 24 of them" in told[-1]
    monkeypatch.setattr(pairs, "LCS_CELLS", 1000)
    (said,) = capped({"a": text_of(whole), "b": text_of(edited(whole, 1, 0.02))})
    assert said.startswith("1 pair is too long to align word by word (first: a - b)")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 2)), max_size=14), st.randoms())
def test_any_corpus_in_any_order_and_in_two_runs_has_the_same_stories(
    drawn: list[tuple[int, int, int]], shuffled: random.Random
) -> None:
    """Versions of few articles: whole, edited, cut, and one inside another; some twice."""
    texts = []
    for story, seed, kind in drawn:
        sentences = edited(article(story, 160), seed, 0.03)
        whole = [sentences, sentences[:4], [*article(story + 1, 160), *sentences]][kind]
        texts.append(text_of(whole))
    named = {f"{n:02}": text for n, text in enumerate(texts)}
    tables = plain_tables(named)
    made = make_reprint_tables(*tables)
    order = pa.array(shuffled.sample(range(len(texts)), len(texts)), pa.int64())
    assert make_reprint_tables(tables[0].take(order), *tables[1:]) == made
    before = group_texts(texts[: len(texts) // 2], known=Known.nothing()).measured.remember()
    added, anew = group_texts(texts, known=before), group_texts(texts)
    assert (added.groups, added.pairs) == (anew.groups, anew.pairs)
