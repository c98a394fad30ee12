"""What is taken over from the last conversion: rows of files that are as they were, and whole shards without a change.

A shard in which no document came, went or changed is not written again: the new folder gets the same file, by a link.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..tables import shards_of
from .parts import BUCKET, PART_TABLES, Account, bucket, part_path, value_bytes, write_arrow


@dataclass
class Reused:
    """Shards of one table that are as they should be: `shards` by number, of 2 ** `bits`; with their rows and bytes."""

    bits: int
    shards: dict[int, Path] = field(default_factory=dict)
    rows: int = 0
    bytes: int = 0

    def put(self, number: int, path: Path) -> pa.Table:
        """Give a shard its place in the new folder; returns its rows."""
        try:
            os.link(self.shards[number], path)
        except OSError:  # a file system without hard links
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            shutil.copy2(self.shards[number], path)
        return pq.ParquetFile(path).read()


def take_over(
    directory: Path, folder: Path, key: str, gone_paths: Sequence[str], changed: Collection[int] | None
) -> tuple[Account, dict[str, Reused]]:
    """The rows of files that are as they were, from the old tables, as parts; and shards in which nothing changes.

    Args:
        directory: of the old tables. folder: gets the parts. gone_paths: of files that are not as they were.
        changed: buckets of all documents that came anew; None: the rows of every shard are wanted as parts.
    """
    account, reused = Account(key), {}
    gone = _gone(directory, pa.array(gone_paths, pa.string()))
    touched = None if changed is None else {*changed, *map(bucket, gone.to_pylist())}
    for name in PART_TABLES:
        path = directory / f"{name}.parquet"
        files = shards_of(path) if path.is_dir() else [path]
        hit: set[int] | None = None
        if path.is_dir() and touched is not None:
            reused[name] = Reused(len(files).bit_length() - 1)
            hit = {number >> (16 - reused[name].bits) for number in touched}
        part_no = 0
        for number, file in enumerate(files):
            if hit is not None and number not in hit:
                rows, size = _measure(_groups(file))
                reused[name].shards[number] = file
                reused[name].rows += rows
                reused[name].bytes += size
                continue
            for group in _groups(file):  # each in a part of its own, so that no more is looked at at a time
                kept = _without(group, gone)
                write_arrow(part_path(folder, key, part_no, name), [_with_buckets(kept)])
                while len(account.parts) <= part_no:
                    account.parts.append(dict.fromkeys(PART_TABLES, (0, 0)))
                account.parts[part_no][name] = kept.num_rows, value_bytes(kept)
                part_no += 1
    return account, reused


def _gone(directory: Path, paths: pa.Array) -> pa.Array:
    """Ids of the documents of these files."""
    found: list[pa.Array] = []
    path = directory / "documents.parquet"
    for file in (shards_of(path) if path.is_dir() else [path]) if len(paths) else ():
        rows = pq.ParquetFile(file).read(columns=["doc_id", "source_path"])
        found += rows.filter(pc.is_in(rows.column("source_path"), value_set=paths)).column("doc_id").chunks
    return pa.concat_arrays(found) if found else pa.array([], pa.string())


def _groups(file: Path) -> Iterator[pa.Table]:
    """The rows of a file, group by group."""
    source = pq.ParquetFile(file)
    for group in range(source.num_row_groups):
        yield source.read_row_group(group)


def _measure(tables: Iterator[pa.Table]) -> tuple[int, int]:
    rows = size = 0
    for table in tables:
        rows += table.num_rows
        size += value_bytes(table)
    return rows, size


def _without(rows: pa.Table, gone: pa.Array) -> pa.Table:
    return rows.filter(pc.invert(pc.is_in(rows.column("doc_id"), value_set=gone))) if len(gone) else rows


def _with_buckets(rows: pa.Table) -> pa.Table:
    """The rows with each one's bucket; a document's rows stand together, so that its id is hashed once."""
    found, last, number = [], None, 0
    for doc_id in rows.column("doc_id").to_pylist():
        if doc_id != last:
            last, number = doc_id, bucket(doc_id)
        found.append(number)
    return rows.append_column(BUCKET, pa.array(found, pa.uint16()))
