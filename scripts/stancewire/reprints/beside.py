"""Tables of the same documents, read side by side: files sorted by doc_id, or folders of such shards.

A shard holds the documents whose hash begins with its name (`conversion.gather`); each table has as many as it needs.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import TableError
from ..tables import shards_of

GROUP_ROWS = 16_384  # rows read at once
TEXT_ROWS = 1_024  # and where texts are among them
MEMORY = "256MB"  # beyond it DuckDB goes to disk


class Shards:
    """A table that is one file, or a folder of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.paths = shards_of(path) if path.is_dir() else [path]
        sizes = [pq.read_metadata(shard).num_rows for shard in self.paths]
        self.begins = np.cumsum([0, *sizes]).tolist()
        self.rows: int = self.begins[-1]
        self.bits = (len(self.paths) - 1).bit_length()

    def batches(self, columns: Sequence[str], shard: int | None = None) -> Iterator[pa.RecordBatch]:
        """Some rows at a time, of all files or of one."""
        size = TEXT_ROWS if "text" in columns else GROUP_ROWS
        for path in self.paths if shard is None else [self.paths[shard]]:
            with pq.ParquetFile(path, pre_buffer=False) as file:  # a row group of long texts is not held at once
                yield from file.iter_batches(size, columns=list(columns))

    def sorted_rows(self, columns: Sequence[str], scratch: Path) -> Iterator[pa.RecordBatch]:
        """All rows by doc_id; of a folder also the number of each as `row`. `scratch` is a file to be made."""
        if not self.bits:
            yield from self.batches(columns)
            return
        import duckdb

        base = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(scratch.parent), "threads": 2})
        try:
            base.register("begun", pa.table({"filename": list(map(str, self.paths)), "begin": self.begins[:-1]}))
            base.execute(
                f"""
                copy (
                    select {", ".join(columns)}, begin + file_row_number as row
                    from read_parquet(?, filename = true, file_row_number = true) join begun using (filename)
                    order by doc_id
                ) to '{str(scratch).replace("'", "''")}' (format parquet, row_group_size {GROUP_ROWS})
                """,
                [list(map(str, self.paths))],
            )
        finally:
            base.close()
        with pq.ParquetFile(scratch) as file:
            yield from file.iter_batches(GROUP_ROWS)

    def beside(self, other: Shards, shard: int, columns: Sequence[str] = ()) -> Iterator[tuple[Any, ...]]:
        """By doc_id, the documents that a shard of another table may tell of: id, row in this table, some columns."""
        return heapq.merge(
            *(self._rows_of(own, columns) for own in range(len(self.paths)) if self._meets(own, other, shard))
        )

    def _rows_of(self, shard: int, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        row = self.begins[shard]
        for batch in self.batches(("doc_id", *columns), shard):
            ids, *values = (batch.column(name).to_pylist() for name in ("doc_id", *columns))
            yield from zip(ids, range(row, row + len(ids)), *values, strict=True)
            row += len(ids)

    def _meets(self, shard: int, other: Shards, of_other: int) -> bool:
        """May the two shards tell of one document? Where names are not as they should be, all may."""
        numbers = []
        for table, at in ((self, shard), (other, of_other)):
            try:
                numbers.append(int(table.paths[at].stem, 16) if table.bits else 0)
            except ValueError:
                return True
            if len(table.paths) != 1 << table.bits or numbers[-1] != at * (table.bits > 0):
                return True
        bits = min(self.bits, other.bits)
        return numbers[0] >> (self.bits - bits) == numbers[1] >> (other.bits - bits)


class Walk:
    """Documents that are asked for in the order in which they come (`Shards.beside`).

    Args:
        table: the name of the one that asks.
    """

    def __init__(self, documents: Iterator[tuple[Any, ...]], table: str) -> None:
        self._documents, self._table = documents, table
        self._at: tuple[Any, ...] = (None,)

    def find(self, doc_id: str) -> tuple[Any, ...]:
        """This document, which is the last that was asked for or stands after it.

        Raises:
            TableError: it does not.
        """
        if self._at[0] != doc_id:
            for document in self._documents:
                if document[0] == doc_id:
                    self._at = document
                    break
            else:
                raise TableError(f"{self._table}: rows of {doc_id!r} are out of order, or of no document; convert anew")
        return self._at
