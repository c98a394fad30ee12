"""Judgements of more stored exports than memory should hold: the same rows, by way of files on disk.

    stored exports ──► a bucket of documents at a time ──► rows, spread by the first character of their id ──► tables

All that was ever said of one document is in one bucket, so history sees all of it. Ids are hashes, so that the parts of
a table are of like size; each is sorted by itself, and they follow each other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from ..engine import Spill, Workers
from ..errors import TableError
from ..label_studio.exports import Given, read_stored, task_submissions
from ..label_studio.model import Submission
from ..label_studio.raw_exports import iter_raw
from ..project import Project
from ..tables import (
    ContentHash,
    ParquetFile,
    TableSchema,
    Written,
    file_sha256,
    iter_table,
    make_table,
    read_table_schema,
)
from .places import Document
from .reading import Row

LARGE = 32 << 20  # bytes of stored exports; fewer are read at once
TIMES = 3  # a bucket of stored states is larger than one of objects
PART = 8 << 20  # bytes of stored exports whose rows are sorted at once
ROWS_AT_ONCE = 40_000  # that wait to be put down
DOCUMENT = "document"
_SECOND = "234567abcdefghijklmnopqrstuvwxyz"  # the characters of ids, in their order


def fineness_for(stored: int) -> int:
    """Parts for each first character of ids, for so many bytes of stored exports."""
    return min(len(_SECOND), 1 << (stored // (PART * len(_SECOND))).bit_length())


def stored_bytes(exports: Path) -> int:
    """Size of all stored exports."""
    return sum(path.stat().st_size for path in exports.rglob("*.json"))


def iter_documents(corpus: Path, schemas: Path) -> Iterator[Document]:
    """Every document of a corpus folder, some of them in memory at a time.

    Raises:
        TableError: the tables are missing or stale.
    """
    columns = ["doc_id", "text", "text_sha256"]
    for batch in iter_table(corpus, read_table_schema("documents", schemas), columns):
        yield from (Document(**row) for row in batch.to_pylist())


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


def make_part(schema: TableSchema, path: Path) -> Path:
    """Sort a part of a table; the file of the rows in their order.

    Raises:
        TableError: as `make_table`.
    """
    with pa.OSFile(str(path)) as source:
        table = make_table(schema, pa.ipc.open_stream(source).read_all())
    made = path.with_suffix(".made")
    with pa.ipc.new_stream(str(made), schema.arrow) as sink:
        sink.write_table(table)
    path.unlink()
    return made


def plain_table(schema: TableSchema, rows: list[Row]) -> pa.Table:
    """Rows as columns without vocabularies, unsorted.

    Raises:
        TableError: a row has a column that the table has not, or a value of another type.
    """
    unknown = {name for row in rows for name in row} - set(schema.by_name)
    if unknown:
        raise TableError(f"table {schema.name}: unknown column {min(unknown)!r}")
    try:
        return pa.Table.from_pylist(rows, schema=_plain(schema))
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise TableError(f"table {schema.name}: {error}") from None


def _plain(schema: TableSchema) -> pa.Schema:
    return pa.schema([(f.name, f.arrow if f.categories is None else pa.string()) for f in schema.fields])


@dataclass(frozen=True)
class Spread:
    """Rows of a plain table, those whose ids begin alike together: (part, first row, row after the last) of each."""

    table: pa.Table
    bounds: tuple[tuple[str, int, int], ...]

    @classmethod
    def of(cls, schema: TableSchema, table: pa.Table, fineness: int = 1) -> Spread:
        """The rows of a plain table for a `SpreadTable` of the same fineness."""
        (key,) = schema.key
        first = pc.utf8_slice_codeunits(table.column(key), 0, 2).combine_chunks()
        order = pc.array_sort_indices(first)
        begun = first.take(order).value_counts()
        bounds: list[tuple[str, int, int]] = []
        at = 0
        for sign, count in zip(begun.field(0).to_pylist(), begun.field(1).to_pylist(), strict=True):
            part = f"{sign[0]}{_SECOND.index(sign[1]) * fineness // len(_SECOND):02}"
            start = bounds.pop()[1] if bounds and bounds[-1][0] == part else at
            at += count
            bounds.append((part, start, at))
        return cls(table.take(order).combine_chunks(), tuple(bounds))


@contextlib.contextmanager
def spread_states(project: Project, exports: Path | None = None) -> Iterator[Iterator[Path]]:
    """Buckets of (doc_id, whose state it is, JSON) and (doc_id, DOCUMENT, (text, SHA-256)): all that is known of some
    documents in each, for processes to read.

    Raises:
        ExportError: a stored file cannot be read or stands in another's place; its tasks are unchecked.
        TableError: the corpus tables are missing or stale.
    """
    root = project.exports if exports is None else exports
    with Spill(stored_bytes(root), TIMES) as spill:
        judged = set()
        for given, sequence, path, title, doc_id, data in iter_raw(project, exports):
            judged.add(doc_id)
            about = (given.task_pass, given.round, given.annotator_id, sequence, path, title)
            spill.add(doc_id, (doc_id, about, data))
        for document in iter_documents(project.corpus, project.table_schemas):
            if document.doc_id in judged:
                spill.add(document.doc_id, (document.doc_id, DOCUMENT, (document.text, document.text_sha256)))
        yield spill.files()


class SpreadTable:
    """Rows of one table on disk, until all are there and can be written in order.

    Args:
        schema: of a table whose key is one column of row ids. folder: for its parts; the caller removes it.
        fineness: parts for each first character of ids, up to 32.
    """

    def __init__(self, schema: TableSchema, folder: Path, fineness: int = 1) -> None:
        self.schema, self.folder, self.fineness = schema, folder, fineness
        self.plain = _plain(schema)
        self._parts: dict[str, pa.RecordBatchStreamWriter] = {}
        self._waiting: list[Spread] = []
        self._n_waiting = 0

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
        self.add_spread(Spread.of(self.schema, plain_table(self.schema, rows), self.fineness))

    def add_spread(self, rows: Spread) -> None:
        """Keep rows that are columns already."""
        self._waiting.append(rows)
        self._n_waiting += rows.table.num_rows
        if self._n_waiting > ROWS_AT_ONCE:
            self._put_down()

    def _put_down(self) -> None:
        found: dict[str, list[tuple[pa.Table, int, int]]] = {}
        for rows in self._waiting:
            for part, start, end in rows.bounds:
                found.setdefault(part, []).append((rows.table, start, end))
        for part, pieces in found.items():
            if part not in self._parts:
                self._parts[part] = pa.ipc.new_stream(str(self._path(part)), self.plain)
            tables = [table.slice(start, end - start) for table, start, end in pieces]
            self._parts[part].write_table(pa.concat_tables(tables).combine_chunks())
        self._waiting.clear()
        self._n_waiting = 0

    def _path(self, part: str) -> Path:
        return self.folder / f"{self.schema.name}-{part}.arrows"

    def write(self, path: Path, pool: Workers | None = None) -> Written:
        """The whole table as one Parquet file.

        Args:
            pool: processes that sort the parts.

        Raises:
            TableError: a value outside its vocabulary, a null where one is required, a repeated key.
        """
        self._put_down()
        for part in self._parts.values():
            part.close()
        hashed = ContentHash(self.schema)
        paths = [self._path(part) for part in sorted(self._parts)]
        with ParquetFile(path, self.schema.arrow) as file:
            for made in (pool or Workers(1)).run(make_part, paths, shared=self.schema):
                with pa.OSFile(str(made)) as source:
                    table = pa.ipc.open_stream(source).read_all()
                hashed.update(table)
                file.write(table)
                made.unlink()
        entry: Mapping[str, Any] = {
            "sha256": file_sha256(path),
            "bytes": path.stat().st_size,
            "rows": hashed.rows,
            "content_sha256": hashed.hexdigest(),
        }
        return Written(path, dict(entry))
