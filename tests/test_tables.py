"""Tables: one writer, the same bytes for the same rows, and readers that refuse what no manifest names."""

from __future__ import annotations

import datetime
import json
import os
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_project import annotation_rows, corpus_rows

from stancewire.errors import TableError
from stancewire.project import ANNOTATION_TABLES, CORPUS_TABLES, schema_directory
from stancewire.tables import (
    TableSchema,
    content_sha256,
    file_sha256,
    find_in_manifest,
    find_rows,
    make_table,
    number_repeats,
    read_manifest,
    read_table,
    read_table_schema,
    row_id,
    table_schema,
    write_parquet,
    write_stage,
)
from stancewire.tables.parquet import ParquetFile

ROWS = corpus_rows() | annotation_rows() | {"changes": []}
SCHEMA = table_schema(
    {
        "name": "things",
        "title": "Things",
        "description": "Of every type.",
        "stancewire:licence": "annotations",
        "primaryKey": ["kind", "number"],
        "fields": [
            {"name": "number", "type": "integer", "description": "n", "constraints": {"required": True}},
            {"name": "kind", "type": "string", "description": "k"}
            | {"constraints": {"required": True, "enum": ["zebra", "ant"]}},
            {"name": "small", "type": "integer", "description": "s", "stancewire:arrow": "int32"},
            {"name": "text", "type": "string", "description": "t", "stancewire:arrow": "large_string"},
            {"name": "share", "type": "number", "description": "p"},
            {"name": "is_so", "type": "boolean", "description": "b"},
            {"name": "day", "type": "date", "description": "d"},
            {"name": "time", "type": "datetime", "description": "u"},
        ],
    }
)
DAY = datetime.date(1969, 7, 20)
TIME = datetime.datetime(2024, 5, 2, 3, 4, 5, 678901, tzinfo=datetime.UTC)


def things(count: int) -> list[dict[str, Any]]:
    """Rows of every type, every third value null."""
    rows = []
    for number in range(count):
        row = {"small": -number, "text": f"né {number} 🕊", "share": number / 7, "is_so": number % 2 == 0}
        row |= {"day": DAY + datetime.timedelta(number), "time": TIME + datetime.timedelta(hours=number)}
        row = {key: None if (number + place) % 3 == 0 else value for place, (key, value) in enumerate(row.items())}
        rows.append(row | {"number": number, "kind": "zebra" if number % 2 else "ant"})
    return rows


def written(table: pa.Table, folder: Path) -> bytes:
    write_parquet(folder / "table.parquet", table)
    return (folder / "table.parquet").read_bytes()


# making


@pytest.mark.parametrize("name", [*CORPUS_TABLES, *ANNOTATION_TABLES])
def test_every_table_has_a_schema_that_its_rows_fit(name: str) -> None:
    schema = read_table_schema(name)
    table = make_table(schema, ROWS[name])
    assert table.schema == schema.arrow
    assert table.num_rows == len(ROWS[name])
    assert all(field.description for field in schema.fields)
    for columns, other, keys in schema.foreign_keys:
        assert set(columns) <= set(schema.by_name) and set(keys) <= set(read_table_schema(other).by_name)


def test_rows_are_sorted_by_key_and_vocabularies_in_the_order_of_the_codebook() -> None:
    table = make_table(SCHEMA, things(5))
    assert table.column("kind").to_pylist() == ["zebra", "zebra", "ant", "ant", "ant"]
    assert table.column("number").to_pylist() == [1, 3, 0, 2, 4]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"number": None}, "column 'number' must not be null"),
        ({"kind": "bee"}, "holds 'bee'; known values: zebra, ant"),
        ({"colour": "red"}, "unknown column 'colour'"),
        ({"small": 2**40}, "things"),
        ({"number": 1, "kind": "zebra"}, "stands on two rows"),
    ],
)
def test_row_that_breaks_the_schema_is_refused(edit: dict[str, Any], said: str) -> None:
    rows = things(3)
    rows[0] = rows[0] | edit
    with pytest.raises(TableError, match=said):
        make_table(SCHEMA, rows)


def test_missing_column_of_an_arrow_table_is_refused() -> None:
    with pytest.raises(TableError, match="column 'text' is missing"):
        make_table(SCHEMA, make_table(SCHEMA, things(3)).drop_columns(["text"]))


def test_floats_are_rounded_and_zero_has_no_sign() -> None:
    rows = [{"number": n, "kind": "ant", "share": share} for n, share in enumerate([0.1 + 0.2, -0.0, 1 / 3])]
    shares = make_table(SCHEMA, rows).column("share").to_pylist()
    assert [repr(share) for share in shares] == ["0.3", "0.0", "0.333333333333"]


# writing


def test_same_rows_are_the_same_bytes_in_whatever_order_and_chunks(tmp_path: Path) -> None:
    rows = things(50)
    expected = written(make_table(SCHEMA, rows), tmp_path)
    random.Random(7).shuffle(rows)
    shuffled = make_table(SCHEMA, rows)
    chunked = pa.concat_tables([shuffled.slice(0, 7), shuffled.slice(7, 0), shuffled.slice(7)])
    reordered = chunked.select(sorted(chunked.column_names))
    for table in (shuffled, make_table(SCHEMA, chunked), make_table(SCHEMA, reordered)):
        assert written(table, tmp_path) == expected


def test_row_groups_hold_65536_rows_however_the_batches_came(tmp_path: Path) -> None:
    count = 2 * 65_536 + 10
    plain = pa.table({"number": range(count), "kind": ["ant"] * count})
    for field in SCHEMA.fields:
        if field.name not in plain.column_names:
            plain = plain.append_column(field.name, pa.nulls(count, field.arrow))
    cut = pa.concat_tables([plain.slice(start, 5_000) for start in range(0, count, 5_000)])
    for source in (plain, cut):
        write_parquet(tmp_path / "big.parquet", make_table(SCHEMA, source))
        about = pq.ParquetFile(tmp_path / "big.parquet").metadata
        assert [about.row_group(i).num_rows for i in range(about.num_row_groups)] == [65_536, 65_536, 10]
        assert about.row_group(0).column(0).compression == "ZSTD"
        assert b"pandas" not in about.metadata


def test_blocks_of_long_texts_leave_no_trace_in_the_bytes(tmp_path: Path) -> None:
    count = 65_536 + 30_000
    numbers = pa.array(range(count))
    # Words and texts, all different: they fill dictionary and data pages on the way.
    columns = {
        "number": numbers,
        "word": pa.array([f"https://outlet.example/{n}" for n in range(count)]),
        "text": pa.array(["x" * (n % 700) + str(n) for n in range(count)], pa.large_string()),
        "kind": pa.array(["ant", None] * (count // 2)).dictionary_encode(),
    }
    whole = pa.table(columns)
    options = {"compression": "zstd", "compression_level": 3, "version": "2.6"}
    with pq.ParquetWriter(tmp_path / "plain.parquet", whole.schema, **options) as plain:
        for start in range(0, count, 65_536):
            plain.write_table(whole.slice(start, 65_536).combine_chunks(), row_group_size=65_536)
    for size in (count, 4_999, 20_001):
        with ParquetFile(tmp_path / "blocks.parquet", whole.schema) as blocks:
            for start in range(0, count, size):
                blocks.write(whole.slice(start, size))
        assert (tmp_path / "blocks.parquet").read_bytes() == (tmp_path / "plain.parquet").read_bytes()


def test_table_reads_back_as_it_was_made(tmp_path: Path) -> None:
    table = make_table(SCHEMA, things(20))
    write_stage(tmp_path, "test", {"things": (SCHEMA, table)}, {})
    assert read_table(tmp_path, SCHEMA).equals(table)
    assert read_table(tmp_path, SCHEMA, ["text"]).column_names == ["text"]


def test_pandas_reads_categories_and_types(tmp_path: Path) -> None:
    import pandas as pd

    write_parquet(tmp_path / "things.parquet", make_table(SCHEMA, things(4)))
    frame = pd.read_parquet(tmp_path / "things.parquet")
    assert list(frame["kind"].cat.categories) == ["zebra", "ant"]
    assert str(frame["time"].dt.tz) == "UTC"


def test_failed_stage_leaves_the_old_tables_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = make_table(SCHEMA, things(3))
    write_stage(tmp_path, "test", {"things": (SCHEMA, old)}, {})
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_stage(tmp_path, "test", {"things": (SCHEMA, make_table(SCHEMA, things(5)))}, {})
    assert read_table(tmp_path, SCHEMA).equals(old)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "things.parquet"]


def test_table_belongs_to_the_stage_that_wrote_it_last(tmp_path: Path) -> None:
    for stage, count in (("b", 3), ("a", 4), ("b", 2)):
        write_stage(tmp_path, stage, {"things": (SCHEMA, make_table(SCHEMA, things(count)))}, {})
        assert find_in_manifest(tmp_path, "things")[0] == stage
        assert read_table(tmp_path, SCHEMA).num_rows == count


# refusing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_stage(tmp_path, "gold", {"things": (SCHEMA, make_table(SCHEMA, things(3)))}, {"x": "y"})
    return tmp_path


def test_missing_table_is_refused_with_the_command(folder: Path) -> None:
    (folder / "things.parquet").unlink()
    with pytest.raises(TableError, match=r"things\.parquet is missing; run: stancewire merge"):
        read_table(folder, SCHEMA)


def test_changed_table_is_refused(folder: Path) -> None:
    write_parquet(folder / "things.parquet", make_table(SCHEMA, things(2)))
    with pytest.raises(TableError, match=r"is not the file that manifest\.json names.*run: stancewire merge"):
        read_table(folder, SCHEMA)


@pytest.mark.parametrize("manifest", ["", "{", "[]", "{}", '{"gold": {"inputs": {}, "tables": {}}}'])
def test_table_that_no_manifest_names_is_refused(folder: Path, manifest: str) -> None:
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(TableError, match="does not name it"):
        read_table(folder, SCHEMA)


def test_damaged_parquet_is_refused_in_one_line(folder: Path) -> None:
    path = folder / "things.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    manifest = read_manifest(folder)
    manifest["gold"]["tables"]["things"]["sha256"] = file_sha256(path)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(TableError, match="cannot be read as Parquet") as refused:
        read_table(folder, SCHEMA)
    assert "\n" not in str(refused.value)


def test_other_columns_are_refused(folder: Path) -> None:
    other = table_schema(SCHEMA.descriptor | {"fields": SCHEMA.descriptor["fields"][:-1]})
    with pytest.raises(TableError, match=r"columns differ from schema/tables/things\.json \(time\)"):
        read_table(folder, other)


# hashes and ids


# a few rows


@pytest.fixture
def long_table(tmp_path: Path) -> tuple[Path, TableSchema, pa.Table]:
    """A table of three row groups, in a folder with its manifest."""
    schema = read_table_schema("entities", schema_directory() / "tables")
    rows = [
        {"entity_id": f"e{number:06}", "name": f"n{number % 7}", "label": "PERSON", "n_mentions": number}
        for number in range(140_000)
    ]
    table = make_table(schema, rows)
    write_stage(tmp_path, "gold", {"entities": (schema, table)}, {})
    return tmp_path, schema, table


@pytest.mark.parametrize("column", ["entity_id", "name"])
@pytest.mark.parametrize("shards", [1, 3])
def test_rows_found_are_those_of_the_whole_table(
    column: str, shards: int, long_table: tuple[Path, TableSchema, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, schema, table = long_table
    if shards > 1:
        cut_into_shards(folder, table, shards)
    values = {"entity_id": ["e000000", "e065536", "e139999", "e9"], "name": ["n3"]}[column]
    found = find_rows(folder, schema, column, values)
    assert found.to_pylist() == [row for row in read_table(folder, schema).to_pylist() if row[column] in values]
    assert found.schema.remove_metadata() == schema.arrow
    few = find_rows(folder, schema, column, values, ["name", "entity_id"])
    assert few.column_names == ["name", "entity_id"] and few.num_rows == found.num_rows
    read: list[int] = []
    whole = pq.ParquetFile.read_row_group

    def counted(file: Any, number: int, **other: Any) -> Any:
        read.append(number)
        return whole(file, number, **other)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counted)
    assert find_rows(folder, schema, "entity_id", ["e000001"]).num_rows == 1
    assert len(read) == 2, "the key's column and the row, of the one group that can hold it"
    assert find_rows(folder, schema, "entity_id", ["zzz"]).num_rows == 0 and len(read) == 2


def cut_into_shards(folder: Path, table: pa.Table, shards: int) -> None:
    path = folder / "entities.parquet"
    path.unlink()
    path.mkdir()
    for number in range(shards):
        size = -(-table.num_rows // shards)
        write_parquet(path / f"{number:02}.parquet", table.slice(number * size, size))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["gold"]["tables"]["entities"]["sha256"] = file_sha256(path)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_rows_are_not_sought_in_a_changed_table(long_table: tuple[Path, TableSchema, pa.Table]) -> None:
    folder, schema, table = long_table
    write_parquet(folder / "entities.parquet", table.slice(1))
    with pytest.raises(TableError, match=r"is not what manifest\.json names.*stancewire merge"):
        find_rows(folder, schema, "entity_id", ["e000001"])
    (folder / "entities.parquet").unlink()
    with pytest.raises(TableError, match="is missing; run: stancewire merge"):
        find_rows(folder, schema, "entity_id", ["e000001"])


def test_content_hash_leaves_out_chunks_row_groups_and_dictionaries(tmp_path: Path) -> None:
    table = make_table(SCHEMA, things(40))
    expected = content_sha256(SCHEMA, table)
    pq.write_table(table, tmp_path / "other.parquet", row_group_size=7, compression="snappy", use_dictionary=False)
    chunked = pq.read_table(tmp_path / "other.parquet")
    kind = chunked.schema.get_field_index("kind")
    plain = chunked.set_column(kind, "kind", chunked.column("kind").cast(pa.string()))
    sliced = pa.concat_tables([table.slice(0, 3), table.slice(3, 10), table.slice(13)])
    for same in (chunked, plain, sliced):
        assert content_sha256(SCHEMA, same) == expected


@pytest.mark.parametrize("column", [field.name for field in SCHEMA.fields])
def test_content_hash_sees_a_changed_value_and_a_null(column: str) -> None:
    rows = things(10)
    expected = content_sha256(SCHEMA, make_table(SCHEMA, rows))
    row = next(row for row in rows if row[column] is not None)
    changed: Any = {
        "kind": "zebra",
        "text": "other",
        "is_so": not row[column],
        "day": DAY.replace(1999),
        "time": TIME.replace(1999),
    }.get(column, 99)
    seen = {expected}
    for value in [changed] + ([None] if not SCHEMA.by_name[column].required else []):
        edited = [item | {column: value} if item is row else item for item in rows]
        seen.add(content_sha256(SCHEMA, make_table(SCHEMA, edited)))
    assert len(seen) == (2 if SCHEMA.by_name[column].required else 3)


def test_content_hash_tells_null_from_empty_and_where_texts_end() -> None:
    def of(*texts: str | None) -> str:
        rows = [{"number": n, "kind": "ant", "text": text} for n, text in enumerate(texts)]
        return content_sha256(SCHEMA, make_table(SCHEMA, rows))

    assert len({of("ab", "c"), of("a", "bc"), of("abc", ""), of("abc", None), of("abc")}) == 5


@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]))), max_size=8), st.data())
def test_content_hash_is_the_same_however_rows_are_cut(texts: list[str | None], data: st.DataObject) -> None:
    rows = [{"number": n, "kind": "ant", "text": text} for n, text in enumerate(texts)]
    table = make_table(SCHEMA, rows)
    cut = data.draw(st.integers(0, len(texts)))
    pieces = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    assert content_sha256(SCHEMA, pieces) == content_sha256(SCHEMA, table)


def test_row_ids_are_26_lower_case_base32_characters() -> None:
    assert row_id("doc", 1, None) == row_id("doc", "1", "") == row_id("doc", 1, None)
    assert len(row_id("x")) == 26 and set(row_id("x")) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert row_id("a", "b") != row_id("ab") and row_id("\udc80")


@given(st.lists(st.tuples(st.integers(0, 3))))
def test_repeated_keys_get_an_ordinal(keys: list[tuple[object, ...]]) -> None:
    numbered = number_repeats(sorted(keys))
    assert len(set(numbered)) == len(keys)
    assert [key[0] for key in numbered] == [key[0] for key in sorted(keys)]
