"""Rows with shared values are the same rows."""

from __future__ import annotations

import datetime

import pyarrow as pa
import pytest

from stancewire.tables import shared_rows

DAY = datetime.datetime(2024, 5, 2, tzinfo=datetime.UTC)


def columns(times: int) -> dict[str, pa.Array]:
    words = ["ann-a", None, "ann-b", "ann-a"] * times
    return {
        "plain": pa.array(words),
        "own": pa.array([f"row {n}" for n in range(len(words))]),
        "vocabulary": pa.array(words).dictionary_encode(),
        "long": pa.array(words, pa.large_string()),
        "number": pa.array([1, None, 3, 1] * times),
        "share": pa.array([0.5, None, 0.25, -0.0] * times),
        "flag": pa.array([True, None, False, True] * times),
        "day": pa.array([DAY, None, DAY, DAY] * times, pa.timestamp("us", "UTC")),
        "date": pa.array([DAY.date(), None, DAY.date(), DAY.date()] * times),
        "nothing": pa.nulls(len(words)),
    }


@pytest.mark.parametrize("times", [0, 1, 7])
def test_rows_are_those_of_the_table(times: int) -> None:
    table = pa.table(columns(times))
    assert shared_rows(table) == table.to_pylist()
    cut = pa.concat_tables([table.slice(0, 2), table.slice(2)])
    assert shared_rows(cut) == table.to_pylist()
    assert [list(row) for row in shared_rows(table)] == [list(row) for row in table.to_pylist()]


def test_a_table_without_columns_or_with_another_vocabulary_in_each_piece() -> None:
    assert shared_rows(pa.table({})) == []
    pieces = [pa.array(values).dictionary_encode() for values in (["a", "b"], ["b", "c", None], ["c", "a"])]
    table = pa.table({"word": pa.chunked_array(pieces)})
    assert shared_rows(table) == table.to_pylist()


def test_what_is_said_again_is_one_object() -> None:
    rows = shared_rows(pa.table(columns(20)))
    for name in ("plain", "vocabulary", "long", "day"):
        assert len({id(row[name]) for row in rows if row[name] is not None}) <= 2
