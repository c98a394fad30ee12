"""Checks of rows by their table schemas: keys, required columns, vocabularies, foreign keys. Needs pyarrow alone."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import Problem
from ..tables import TableSchema
from .catalogue import problem
from .loading import MAX_LINES, Loaded, table_file


def check_rows(loaded: Loaded) -> list[Problem]:
    """Keys, nulls, vocabularies and foreign keys of all loaded tables."""
    found: list[Problem] = []
    for name, table in loaded.tables.items():
        schema = loaded.schemas[name]
        found += _check_key(schema, table)
        found += _check_nulls(schema, table)
        found += _check_vocabularies(schema, table)
        found += _check_foreign_keys(schema, table, loaded)
    return found


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without its dictionary and with one string type, so that columns of two tables compare."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.large_string()) if pa.types.is_string(column.type) else column


def key_at(schema: TableSchema, table: pa.Table, row: int) -> str:
    """The key of one row as it is printed."""
    return " ".join(str(table.column(name)[row].as_py()) for name in schema.key)


def _check_key(schema: TableSchema, table: pa.Table) -> Iterator[Problem]:
    if table.num_rows < 2:
        return
    greater, equal = pa.scalar(False), pa.scalar(True)
    for name in schema.key:
        column = plain(table.column(name)).combine_chunks()
        categories = schema.by_name[name].categories
        if categories is not None:
            column = pc.index_in(column, value_set=pa.array(categories, pa.large_string()))
        before, after = column.slice(0, len(column) - 1), column.slice(1)
        greater = pc.or_(greater, pc.and_(equal, pc.fill_null(pc.greater(before, after), False)))
        equal = pc.and_(equal, pc.fill_null(pc.equal(before, after), False))
    for what, mask in (("stands on two rows", equal), ("comes after a row with a greater key", greater)):
        if pc.any(mask).as_py():
            place = key_at(schema, table, mask.index(True).as_py() + 1)
            times = pc.sum(mask).as_py()
            rest = f" ({times} such rows)" if times > 1 else ""
            yield problem("table-key", table_file(schema.name), place, f"the key {what}{rest}")


def _check_nulls(schema: TableSchema, table: pa.Table) -> Iterator[Problem]:
    for field in schema.fields:
        column = table.column(field.name)
        if field.required and column.null_count:
            row = pc.index(pc.is_null(column).combine_chunks(), True).as_py()
            message = f"{field.name} is null ({column.null_count} rows), and must not be"
            yield problem("table-null", table_file(schema.name), key_at(schema, table, row), message)


def _check_vocabularies(schema: TableSchema, table: pa.Table) -> Iterator[Problem]:
    for field in schema.fields:
        if field.categories is None:
            continue
        column = plain(table.column(field.name)).combine_chunks()
        known = pc.is_in(column, value_set=pa.array(field.categories, pa.large_string()))
        strange = pc.and_(pc.is_valid(column), pc.invert(known))
        if pc.any(strange).as_py():
            row = strange.index(True).as_py()
            words = ", ".join(field.categories[:12])
            message = f"{field.name} is {column[row].as_py()!r}; known: {words}"
            yield problem("table-vocabulary", table_file(schema.name), key_at(schema, table, row), message)


def _check_foreign_keys(schema: TableSchema, table: pa.Table, loaded: Loaded) -> Iterator[Problem]:
    for columns, other, keys in schema.foreign_keys:
        if other not in loaded.tables or not table.num_rows:
            continue
        ours = pa.table({name: plain(table.column(name)) for name in columns})
        ours = ours.append_column("__row", pa.array(range(table.num_rows), pa.int64()))
        for name in columns:
            ours = ours.filter(pc.is_valid(ours.column(name)))
        theirs = pa.table(
            {name: plain(loaded.tables[other].column(key)) for name, key in zip(columns, keys, strict=True)}
        )
        lost = (
            ours.join(theirs, keys=list(columns), join_type="left anti", use_threads=False).column("__row").to_pylist()
        )
        for row in sorted(lost)[:MAX_LINES]:
            value = " ".join(str(table.column(name)[row].as_py()) for name in columns)
            message = f"{', '.join(columns)} is {value!r}, which {other} does not hold"
            yield problem("foreign-key", table_file(schema.name), key_at(schema, table, row), message)
        if len(lost) > MAX_LINES:
            yield problem("foreign-key", table_file(schema.name), "", f"and {len(lost) - MAX_LINES} more rows")
