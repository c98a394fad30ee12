"""Bounded memory: blocks, halves and files give what all at once gives; and what was capped is told."""

from __future__ import annotations

import datetime
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reprint_seeds import plain_tables, seed_tables
from test_reprints import article, edited, text_of

from stancewire.reprints import candidates, group_witnesses, make_reprint_tables, pairs, read_witnesses
from stancewire.reprints.caps import describe_caps
from stancewire.reprints.known import Known
from stancewire.reprints.spool import Spool
from stancewire.reprints.stage import find_reprints
from stancewire.reprints.stories import group_texts
from stancewire.tables import write_parquet

TEXTS = [text_of(edited(article(n // 3), n, 0.03)) for n in range(300)]


@pytest.mark.parametrize("most_shared", [10**6, 200, 10])
def test_the_outcome_does_not_depend_on_the_size_of_blocks(most_shared: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = group_texts(TEXTS)
    halves: list[tuple[int, int]] = []
    find_within = candidates._find_within

    def find_counted(packed: Any, low: int, high: int) -> Any:
        halves.append((low, high))
        return find_within(packed, low, high)

    monkeypatch.setattr(candidates, "_find_within", find_counted)
    for module, name, size in (
        (pairs, "HELD_WORDS", 3000),
        (pairs, "CHUNK", 16),
        (pairs, "SORTED_AT_ONCE", 5000),
        (candidates, "BLOCK", 3000),
        (candidates, "SLICE", 200),
        (candidates, "MOST_SHARED", most_shared),
    ):
        monkeypatch.setattr(module, name, size)
    again = group_texts(TEXTS)
    assert again.groups == plain.groups and again.pairs == plain.pairs and len(plain.groups) == 100
    assert (len(halves) > 1) == (most_shared == 10), "pairs beyond the most are counted half by half"


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
        shard_of = [hash_of(doc_id) % n_shards for doc_id in table.column("doc_id").to_pylist()]
        for number in range(n_shards):
            some = table.filter(pa.array([shard == number for shard in shard_of], pa.bool_()))
            write_parquet(paths[name] / f"{number}.parquet", some)
    return paths


def hash_of(doc_id: str) -> int:
    return sum(doc_id.encode("utf-8"))


@pytest.mark.parametrize("n_shards", [1, 3])
def test_witnesses_from_files_are_those_from_tables(
    n_shards: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stancewire.reprints.spool.GROUP_ROWS", 7)  # documents lie across the borders of batches
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
