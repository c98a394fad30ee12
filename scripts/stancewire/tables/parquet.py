"""One Parquet file, written piece by piece; the same rows are the same bytes however they were cut."""

from __future__ import annotations

import hashlib
import io
import os
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 65_536
# Rows are laid together in blocks of these, in which the long texts of a group stay: they are never held twice. Arrow
# looks after every 1024 values whether a page is full, so that pages of long texts end where they would without blocks.
BLOCK_ROWS = 4096


def empty_table(schema: pa.Schema) -> pa.Table:
    """A table without rows; Arrow's own `empty_table` imports pandas."""
    return pa.Table.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


class ParquetFile:
    """A file on its way: zstd 3, exactly 65,536 rows a group (fewer in the last), flushed to disk when it is closed.

    No more than one group of rows is held in memory, besides what `write` is given.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.rows = 0
        self._schema = schema.remove_metadata()
        self._sink = _HashedFile(path, "wb")
        self._writer = pq.ParquetWriter(
            self._sink, self._schema, compression="zstd", compression_level=3, version="2.6"
        )
        self._waiting: deque[pa.Table] = deque()
        self._n_waiting = 0
        self._blocks: list[pa.Table] = []

    def __enter__(self) -> Self:
        return self

    @property
    def sha256(self) -> str:
        """SHA-256 of the closed file."""
        return self._sink.hashed.hexdigest()

    def write(self, table: pa.Table) -> None:
        """Add rows, which follow those before in key order."""
        self.rows += table.num_rows
        self._waiting.append(table.replace_schema_metadata(None))
        self._n_waiting += table.num_rows
        while self._n_waiting >= BLOCK_ROWS:
            self._take_block(BLOCK_ROWS)
            if len(self._blocks) * BLOCK_ROWS == ROW_GROUP_ROWS:
                self._write_group()

    def _take_block(self, count: int) -> None:
        taken = []
        missing = count
        while missing:
            table = self._waiting.popleft()
            if table.num_rows > missing:
                self._waiting.appendleft(table.slice(missing))
                table = table.slice(0, missing)
            taken.append(table)
            missing -= table.num_rows
        self._n_waiting -= count
        self._blocks.append(pa.concat_tables(taken).combine_chunks())

    def _write_group(self) -> None:
        group, self._blocks = pa.concat_tables(self._blocks), []
        columns = [
            column if pa.types.is_large_string(column.type) else column.combine_chunks() for column in group.columns
        ]
        # Each call begins a row group, and Arrow's own count of rows in a group starts anew with it.
        self._writer.write_table(pa.Table.from_arrays(columns, schema=group.schema), row_group_size=ROW_GROUP_ROWS)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if self._n_waiting:
                    self._take_block(self._n_waiting)
                if self._blocks:
                    self._write_group()
                if self.rows == 0:
                    self._writer.write_table(empty_table(self._schema), row_group_size=ROW_GROUP_ROWS)
            self._writer.close()
            if kind is None:
                os.fsync(self._sink.fileno())
        finally:
            self._sink.close()

    def give_up(self) -> None:
        """Close the file as it is, if it is still open; it is of no use, and neither is what waits for it."""
        self._waiting.clear()
        self._blocks.clear()
        if self._sink.closed:
            return
        with self._sink:
            self._writer.close()


class _HashedFile(io.FileIO):
    """A file, and the hash of all that was written."""

    def __init__(self, path: Path, mode: str) -> None:
        super().__init__(path, mode)
        self.hashed = hashlib.sha256()

    def write(self, data: Any, /) -> int:
        """All of the data."""
        whole = memoryview(data)
        self.hashed.update(whole)
        done = 0
        while done < len(whole):  # the system may take less
            done += super().write(whole[done:])
        return done
