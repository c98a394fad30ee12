"""Parts into tables: sorted by key, as one file, or beyond a size as a folder of shards; at most a shard in memory.

A shard holds the documents whose sha256(doc_id) begins with its bits, so a new article changes one shard of each
table. Its file is named for these bits, in hexadecimal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..sources import Reject
from ..tables import ContentHash, ParquetFile, TableSchema, Written, file_sha256, make_table, remove
from ..tables.parquet import ROW_GROUP_ROWS
from .parcels import MAX_BYTES
from .parts import BUCKET, copied, duplicate, find_buckets, open_part, read_part
from .taken import Reused

# Beyond either a table is a folder. Bytes are those of values (`parts.value_bytes`), so that they depend on rows alone.
MAX_ROWS = 2_000_000
# Also where the articles are so long that one row group would take more than this.
MAX_GROUP_BYTES = 256 << 20
# What a shard holds at most, if hashes are spread evenly.
SHARD_ROWS = 500_000
SHARD_BYTES = 48 << 20
MAX_BITS = 16
MOST_WAITING = 8  # pieces of a table that wait to be compressed
ROWS_AT_ONCE = 20_000  # of tables that are made row by row

Seen = Callable[[pa.Table], None] | None


@dataclass
class Parts:
    """The parts of all tables, in the order of the sources.

    Attributes:
        paths: by table. rows, bytes: of all parts, by table.
        dropped: by number of the part, the documents whose id another had before. rejects: these, as rejects.
    """

    paths: dict[str, list[Path]]
    rows: dict[str, int]
    bytes: dict[str, int]
    dropped: dict[int, set[str]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    _sorted: dict[Path, bool] = field(default_factory=dict, repr=False)
    _buckets: dict[Path, npt.NDArray[np.uint16]] = field(default_factory=dict, repr=False)

    def in_shard(self, path: Path, number: int, bits: int) -> pa.Table:
        """The rows of a part that belong to a shard.

        Each shard looks into every part. Where rows are sorted by bucket its own stand together, and only these pages
        of the file are read; else all are, and let go again.
        """
        table = open_part(path)
        if BUCKET in table.column_names:
            buckets = np.asarray(find_buckets(table))
        else:
            if path not in self._buckets:
                self._buckets[path] = np.array(find_buckets(table))
            buckets = self._buckets[path]
        if path not in self._sorted:
            self._sorted[path] = bool((buckets[:-1] <= buckets[1:]).all())
        shift = MAX_BITS - bits
        if self._sorted[path]:
            start, end = np.searchsorted(buckets, [number << shift, (number + 1) << shift])
            return copied(table.slice(start, end - start))
        return read_part(path).take(pa.array(np.flatnonzero((buckets >> np.uint16(shift)) == number)))


def shard_bits(rows: int, n_bytes: int) -> int | None:
    """How many bits of the hash shard a table; None where it is one file."""
    group = n_bytes / rows * min(rows, ROW_GROUP_ROWS) if rows else 0
    if rows <= MAX_ROWS and n_bytes <= MAX_BYTES and group <= MAX_GROUP_BYTES:
        return None
    shards = max(rows / SHARD_ROWS, n_bytes / SHARD_BYTES, 2)
    return min(MAX_BITS, int(np.ceil(np.log2(shards))))


def write_table(
    parts: Parts,
    schema: TableSchema,
    path: Path,
    threads: int = 1,
    seen: Seen = None,
    reused: Reused | None = None,
) -> Written:
    """Write one table beside its place; `documents` first, since it finds out which ids stand twice.

    Args:
        path: the file or folder to make. threads: shards that are sorted and compressed at a time.
        reused: shards of the last conversion that are as they should be; no part has their rows.
    """
    bits = shard_bits(parts.rows[schema.name], parts.bytes[schema.name])
    if bits is None:
        one = OneFile(path, schema, seen)
        for table in _in_order(parts, schema):
            one.write(table)
        return one.close()
    remove(path)
    path.mkdir()
    pa.default_memory_pool().release_unused()
    hashed = ContentHash(schema)

    def write_shard(number: int) -> pa.Table:
        place = path / f"{number:0{-(-bits // 4)}x}.parquet"
        if reused is not None and number in reused.shards:
            return concat(schema, [reused.put(number, place)])
        table = _shard(parts, schema, number, bits)
        with ParquetFile(place, schema.arrow) as file:
            file.write(table)
        return table

    # Documents one by one: a later shard's duplicates are told in the order of the shards.
    for table in _ahead(write_shard, range(1 << bits), threads):
        hashed.update(table)
        if seen is not None:
            seen(table)
        del table
        pa.default_memory_pool().release_unused()  # the system keeps it for each thread
    size = sum(shard.stat().st_size for shard in path.iterdir())
    entry = {"sha256": file_sha256(path), "bytes": size, "rows": hashed.rows, "content_sha256": hashed.hexdigest()}
    return Written(path, entry)


def write_rows(rows: Iterable[Mapping[str, Any]], schema: TableSchema, path: Path) -> Written:
    """Write a table beside its place from rows that come sorted by key, some at a time; always one file."""
    file = OneFile(path, schema)
    left = iter(rows)
    while some := list(islice(left, ROWS_AT_ONCE)):
        file.write(make_table(schema, some))
    return file.close()


class OneFile:
    """A table on its way into one file; rows come in key order.

    Args:
        beside: compress in a thread of its own, while what comes next is hashed; Arrow lets go of the interpreter.
    """

    def __init__(self, path: Path, schema: TableSchema, seen: Seen = None, beside: bool = False) -> None:
        remove(path)
        self.path = path
        self.seen = seen
        self._hashed = ContentHash(schema)
        self._file = ParquetFile(path, schema.arrow)
        self._thread = ThreadPoolExecutor(1) if beside else None
        self._waiting: deque[Future[None]] = deque()

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        if self._thread is None:
            self._file.write(table)
        else:
            self._waiting.append(self._thread.submit(self._file.write, table))
        self._hashed.update(table)
        if self.seen is not None:
            self.seen(table)
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft().result()

    def close(self) -> Written:
        """The finished file and its manifest entry."""
        if self._thread is not None:
            self._thread.shutdown(wait=True)
        while self._waiting:
            self._waiting.popleft().result()
        with self._file:
            pass
        entry = {
            "sha256": self._file.sha256,
            "bytes": self.path.stat().st_size,
            "rows": self._hashed.rows,
            "content_sha256": self._hashed.hexdigest(),
        }
        return Written(self.path, entry)

    def give_up(self) -> None:
        """Take away what was written."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
        self._file.give_up()
        remove(self.path)


def _ahead(work: Callable[[int], pa.Table], items: Iterable[int], threads: int) -> Iterator[pa.Table]:
    """Results in order, computed by some threads (Arrow lets go of the interpreter), no more at a time than these."""
    waiting: deque[Future[pa.Table]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _shard(parts: Parts, schema: TableSchema, number: int, bits: int) -> pa.Table:
    found, origin = [], []
    for part_no, path in enumerate(parts.paths[schema.name]):
        rows = parts.in_shard(path, number, bits).select(schema.arrow.names)
        rows = _without(rows, parts.dropped.get(part_no))
        found.append(rows)
        origin.append(np.full(rows.num_rows, part_no))
    table = concat(schema, found)
    found.clear()
    return _sorted(parts, schema, table, np.concatenate([np.zeros(0, np.int64), *origin]))


def _in_order(parts: Parts, schema: TableSchema) -> Iterator[pa.Table]:
    """All rows in key order, in pieces of any size."""
    paths = parts.paths[schema.name]
    if not paths:
        return
    # A document's segments may go on in the next part, where parts are row groups of an older table.
    if parts.dropped == {} and _follow_each_other(paths, schema.name != "documents"):
        for path in paths:
            yield concat(schema, [open_part(path)])
        return
    ids, origin, places = [], [], []
    for part_no, path in enumerate(paths):
        column = open_part(path).column("doc_id").combine_chunks()
        kept: npt.NDArray[Any] = np.arange(len(column))
        if part_no in parts.dropped:
            gone = pc.is_in(column, value_set=pa.array(sorted(parts.dropped[part_no])))
            kept = np.flatnonzero(~np.asarray(gone))
            column = column.take(pa.array(kept))
        ids.append(column)
        origin.append(np.full(len(column), part_no))
        places.append(kept)
    # A stable sort: within a document the rows of its part are in order.
    order = np.asarray(pc.sort_indices(pa.chunked_array(ids)))
    part_of, place_of = np.concatenate(origin)[order], np.concatenate(places)[order]
    last: tuple[str, tuple[str, int | None]] | None = None
    for start in range(0, len(order), ROW_GROUP_ROWS):
        chosen, at = part_of[start : start + ROW_GROUP_ROWS], place_of[start : start + ROW_GROUP_ROWS]
        found, position = [], []
        for part_no in np.unique(chosen):
            mine = np.flatnonzero(chosen == part_no)
            found.append(open_part(paths[part_no]).take(pa.array(at[mine])))
            position.append(mine)
        back = np.argsort(np.concatenate(position), kind="stable")
        table = concat(schema, found).take(pa.array(back))
        if schema.name == "documents":
            table, last = _drop_repeated(parts, table, chosen, last)
        yield table


def _follow_each_other(paths: Sequence[Path], or_touch: bool) -> bool:
    """Does each part end before the next begins, or with the document that this begins with?"""
    before: str | None = None
    for path in paths:
        column = open_part(path).column("doc_id")
        if len(column):
            first = column[0].as_py()
            if before is not None and (before > first or (before == first and not or_touch)):
                return False
            before = column[-1].as_py()
    return True


def concat(schema: TableSchema, tables: Sequence[pa.Table]) -> pa.Table:
    """The tables as one, in the schema's own types, whatever a part's vocabularies are."""
    plain = [table.select(schema.arrow.names) for table in tables]
    if not plain:
        return schema.arrow.empty_table()
    return pa.concat_tables(plain).unify_dictionaries().cast(schema.arrow).combine_chunks()


def _without(rows: pa.Table, dropped: set[str] | None) -> pa.Table:
    if not dropped:
        return rows
    return rows.filter(pc.invert(pc.is_in(rows.column("doc_id"), value_set=pa.array(sorted(dropped)))))


def _sorted(parts: Parts, schema: TableSchema, table: pa.Table, origin: npt.NDArray[Any]) -> pa.Table:
    order = pc.sort_indices(table.column("doc_id"))
    table = table.take(order).combine_chunks()
    if schema.name == "documents":
        table, _ = _drop_repeated(parts, table, origin[np.asarray(order)], None)
    return table


def _drop_repeated(
    parts: Parts, table: pa.Table, origin: npt.NDArray[Any], last: tuple[str, tuple[str, int | None]] | None
) -> tuple[pa.Table, tuple[str, tuple[str, int | None]] | None]:
    """The documents without those whose id stands before them; `last` is the document before the first."""
    if table.num_rows == 0:
        return table, last
    ids = table.column("doc_id").combine_chunks()
    same = np.zeros(len(ids), bool)
    same[0] = last is not None and last[0] == ids[0].as_py()
    same[1:] = np.asarray(pc.equal(ids.slice(1), ids.slice(0, len(ids) - 1)))
    for row in np.flatnonzero(same):
        at = int(row)
        while at > 0 and same[at]:
            at -= 1
        first = last[1] if same[at] and last is not None else _place(table, at)
        source_path, record_no = _place(table, int(row))
        doc_id = ids[int(row)].as_py()
        parts.rejects.append(duplicate(doc_id, first, source_path, -1 if record_no is None else record_no))
        parts.dropped.setdefault(int(origin[row]), set()).add(doc_id)
    end = len(ids) - 1
    if not (same[end] and last is not None and last[0] == ids[end].as_py()):
        last = ids[end].as_py(), _place(table, end)
    return (table.filter(pa.array(~same)) if same.any() else table), last


def _place(table: pa.Table, row: int) -> tuple[str, int | None]:
    return table.column("source_path")[row].as_py(), table.column("record_no")[row].as_py()
