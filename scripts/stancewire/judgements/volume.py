"""Judgements of more stored exports than memory should hold: the same rows, by way of files on disk.

    stored exports ──► a bucket of documents at a time ──► rows, spread by the first character of their id ──► tables

All that was ever said of one document is in one bucket, so history sees all of it. Ids are hashes, so that the parts of
a table are of like size; each is sorted by itself, and they follow each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from ..engine import Spill
from ..errors import TableError
from ..label_studio.exports import Given, read_stored, task_submissions
from ..label_studio.model import Submission
from ..project import Project
from ..tables import ContentHash, ParquetFile, TableSchema, Written, file_sha256, make_table
from .reading import Row

LARGE = 32 << 20  # bytes of stored exports; fewer are read at once


def stored_bytes(exports: Path) -> int:
    """Size of all stored exports."""
    return sum(path.stat().st_size for path in exports.rglob("*.json"))


def read_buckets(project: Project, exports: Path | None = None) -> Iterator[list[Submission]]:
    """All submissions, those on one document together; no more than some documents' at a time.

    Raises:
        ExportError: a file cannot be read, breaks the schema, or stands in another's place.
    """
    root = project.exports if exports is None else exports
    with Spill(stored_bytes(root)) as spill:
        for given, path, document in read_stored(project, exports):
            about = [given.task_pass, given.round, given.annotator_id, document["sequence"], path, document["project"]]
            for task in document["tasks"]:
                spill.add(task["doc_id"], [*about, task])
        for records in spill.buckets():
            found: list[Submission] = []
            for task_pass, round_, annotator_id, sequence, path, title, task in records:
                found += task_submissions(task, Given(task_pass, round_, annotator_id), sequence, path, title)
            yield found


class SpreadTable:
    """Rows of one table on disk, until all are there and can be written in order.

    Args:
        schema: of a table whose key is one column of row ids. folder: for its parts; the caller removes it.
    """

    def __init__(self, schema: TableSchema, folder: Path) -> None:
        self.schema, self.folder = schema, folder
        (self.key,) = schema.key
        self.plain = pa.schema([(f.name, f.arrow if f.categories is None else pa.string()) for f in schema.fields])
        self._parts: dict[str, pa.RecordBatchStreamWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in self._parts.values():
            part.close()

    def add(self, rows: list[Row]) -> None:
        """Keep these rows.

        Raises:
            TableError: one has a column that the table has not, or a value of another type.
        """
        unknown = {name for row in rows for name in row} - set(self.schema.by_name)
        if unknown:
            raise TableError(f"table {self.schema.name}: unknown column {min(unknown)!r}")
        try:
            table = pa.Table.from_pylist(rows, schema=self.plain)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise TableError(f"table {self.schema.name}: {error}") from None
        first = pc.utf8_slice_codeunits(table.column(self.key), 0, 1)
        for sign in pc.unique(first).to_pylist():
            if sign not in self._parts:
                self._parts[sign] = pa.ipc.new_stream(str(self._path(sign)), self.plain)
            self._parts[sign].write_table(table.filter(pc.equal(first, sign)).combine_chunks())

    def _path(self, sign: str) -> Path:
        return self.folder / f"{self.schema.name}-{sign}.arrows"

    def write(self, path: Path) -> Written:
        """The whole table as one Parquet file.

        Raises:
            TableError: a value outside its vocabulary, a null where one is required, a repeated key.
        """
        for part in self._parts.values():
            part.close()
        hashed = ContentHash(self.schema)
        with ParquetFile(path, self.schema.arrow) as file:
            for sign in sorted(self._parts):
                with pa.OSFile(str(self._path(sign))) as source:
                    table = make_table(self.schema, pa.ipc.open_stream(source).read_all())
                hashed.update(table)
                file.write(table)
        entry: Mapping[str, Any] = {
            "sha256": file_sha256(path),
            "bytes": path.stat().st_size,
            "rows": hashed.rows,
            "content_sha256": hashed.hexdigest(),
        }
        return Written(path, dict(entry))
