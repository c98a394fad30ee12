"""How two packages differ, row by row and value by value.

A row of the answer is a row of table `changes`: (release, table, key, column, old, new, change, reason). `key` is the
row's key, its parts joined by a space; column `*` speaks of the whole row, key `*` of the whole column or table. Values
are given as text; a longer one than MAX_VALUE characters as `sha256:…`, so that no article travels in a list of
changes. Rows are found by DuckDB, which joins what does not fit into memory.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ..checks.rows import plain
from ..tables import TableSchema
from .descriptor import NOT_CONTENT
from .packages import Package

MAX_VALUE = 200
Change = dict[str, Any]
_ROW = "__row"


def diff_packages(old: Package, new: Package, release: str) -> list[Change]:
    """All differences from `old` to `new`, by table, key and column; `release` is what column `release` says."""
    found: list[Change] = []
    names = [*old.resources, *(name for name in new.resources if name not in old.resources)]
    for name in sorted(names):
        if name in NOT_CONTENT:
            continue
        for key, column, before, after, change in _diff_table(old, new, name):
            found.append(
                {"release": release, "table": name, "key": key, "column": column}
                | {"old": before, "new": after, "change": change, "reason": None}
            )
    return sorted(found, key=lambda row: (row["table"], row["key"], row["column"]))


_Row = tuple[str, str, str | None, str | None, str]


def _diff_table(old: Package, new: Package, name: str) -> Iterator[_Row]:
    if name not in new.resources:
        yield "*", "*", None, None, "removed"
        return
    if name not in old.resources:
        yield "*", "*", None, None, "added"
        return
    before, after = old.schema(name), new.schema(name)
    for column in before.by_name:
        if column not in after.by_name:
            yield "*", column, None, None, "removed"
    for column in after.by_name:
        if column not in before.by_name:
            yield "*", column, None, None, "added"
    same_rows = old.resources[name].get("stancewire:content_sha256") == new.resources[name].get(
        "stancewire:content_sha256"
    )
    if not (same_rows and list(before.by_name) == list(after.by_name)):
        yield from diff_tables(before, old.table(name), after, new.table(name))


def diff_tables(old_schema: TableSchema, old: pa.Table, new_schema: TableSchema, new: pa.Table) -> Iterator[_Row]:
    """(key, column, old, new, change) of all rows that differ; both tables must have the key of the new schema."""
    key = [name for name in new_schema.key if name in old_schema.by_name]
    shared = [name for name in new_schema.by_name if name in old_schema.by_name and name not in key]
    removed, added, changed = _match(old, new, key, shared)
    for row in removed:
        yield _key(old, key, row), "*", None, None, "removed"
    for row in added:
        yield _key(new, key, row), "*", None, None, "added"
    for old_row, new_row in changed:
        place = _key(new, key, new_row)
        for column in shared:
            before, after = _value(old, column, old_row), _value(new, column, new_row)
            if before != after:
                yield place, column, short_value(before), short_value(after), "changed"


def _match(
    old: pa.Table, new: pa.Table, key: list[str], shared: list[str]
) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """Row numbers: only in old, only in new, and pairs whose values may differ."""
    import duckdb

    def comparable(table: pa.Table) -> pa.Table:
        columns = {name: plain(table.column(name)) for name in [*key, *shared]}
        return pa.table(columns | {_ROW: pa.array(range(table.num_rows), pa.int64())})

    on = " AND ".join(f"o.{_quoted(name)} = n.{_quoted(name)}" for name in key)
    other = " OR ".join(_differs(name, old, new) for name in shared) or "false"
    with duckdb.connect() as connection:
        connection.register("old_rows", comparable(old))
        connection.register("new_rows", comparable(new))
        pairs = connection.execute(
            f"SELECT o.{_ROW}, n.{_ROW} FROM old_rows o FULL OUTER JOIN new_rows n ON {on} "
            f"WHERE o.{_ROW} IS NULL OR n.{_ROW} IS NULL OR {other}"
        ).fetchall()
    removed = sorted(before for before, after in pairs if after is None)
    added = sorted(after for before, after in pairs if before is None)
    return removed, added, sorted((b, a) for b, a in pairs if b is not None and a is not None)


def _differs(name: str, old: pa.Table, new: pa.Table) -> str:
    column = _quoted(name)
    if plain(old.column(name)).type == plain(new.column(name)).type:
        return f"o.{column} IS DISTINCT FROM n.{column}"
    return f"CAST(o.{column} AS VARCHAR) IS DISTINCT FROM CAST(n.{column} AS VARCHAR)"  # a retyped column


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _key(table: pa.Table, key: list[str], row: int) -> str:
    return " ".join(_value(table, name, row) or "" for name in key)


def _value(table: pa.Table, column: str, row: int) -> str | None:
    value = table.column(column)[row].as_py()
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def short_value(value: str | None) -> str | None:
    """A value as `changes` gives it."""
    if value is None or len(value) <= MAX_VALUE:
        return value
    return f"sha256:{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()}"
