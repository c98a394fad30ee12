"""Witnesses of a large corpus, kept in files beside its tables: each is read again when it is asked for.

Texts and stretches are copied once, a row group at a time, from the written tables `documents`, `segments` and
`sentences`: files sorted by doc_id, or folders of such shards, each of the documents whose hash begins with its name
(`conversion.gather`). The rows of a document follow each other in each of them. Documents are numbered by doc_id, and
stand in the files as they stand in the tables, so that both are read from one end to the other.
"""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, overload

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import TableError
from ..tables import remove, shards_of
from .records import Records
from .runs import Runs, pack, unpack
from .witness import JOINT, READ_ROLES, Heading, Stretch, Witness, inside

Places = npt.NDArray[np.int64]
GROUP_ROWS = 16_384  # rows read at once
READ_AT_ONCE = 512  # documents
HEADINGS = ("n_words", "date", "wire", "lang")
MEMORY = "256MB"  # beyond it DuckDB goes to disk
_ROW = 24  # bytes of a stretch: its number, start and end

_decode = msgspec.msgpack.Decoder(tuple[str, int, datetime.date | None, str | None, str | None]).decode


class Headings(Sequence[Heading]):
    """What is known of each document without reading its text, sorted by doc_id."""

    def __init__(self, records: Records, count: int) -> None:
        self._records = records
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Heading]:
        for first in range(0, self._count, GROUP_ROWS):
            for data in self._records.many(first, min(GROUP_ROWS, self._count - first)):
                yield Heading(*_decode(data))

    @overload
    def __getitem__(self, at: int) -> Heading: ...

    @overload
    def __getitem__(self, at: slice) -> list[Heading]: ...

    def __getitem__(self, at: int | slice) -> Heading | list[Heading]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        return Heading(*_decode(self._records[range(self._count)[at]]))


class Spool(Sequence[Witness]):
    """The witnesses of written tables, sorted by doc_id, in files of a folder as long as the spool is open.

    Args:
        tables: the places of `documents`, `segments` and `sentences`.
        folder: gets the files, which are removed at the end.

    Raises:
        TableError: a table's rows are not in the order that is said above, or of documents that are not there.
    """

    def __init__(self, tables: Mapping[str, Path], folder: Path) -> None:
        self.folder = folder
        self._open: list[Records] = []
        try:
            self._fill(tables)
        except BaseException:
            self._close()
            raise

    def _fill(self, tables: Mapping[str, Path]) -> None:
        documents = _Shards(tables["documents"])
        self._count = documents.rows
        headings, order = self._records("headings"), Runs(self.folder, share=4)
        self._spool_headings(documents, headings, order)
        self.headings = Headings(headings, self._count)
        # Of each document by number its row, and the other way round; none where the two are the same.
        self._rows: Records | None = None
        self._numbers: Records | None = None
        if documents.bits:
            self._rows, self._numbers = self._spool_order(order)
        self._texts = self._records("texts")
        self._spool_texts(documents)
        self._paragraphs = self._records("segments")
        self._spool_stretches(documents, _Shards(tables["segments"]), "seg_no", self._paragraphs)
        self._sentences = self._records("sentences")
        self._spool_stretches(documents, _Shards(tables["sentences"]), "sent_no", self._sentences)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        for records in self._open:
            records.close()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Witness: ...

    @overload
    def __getitem__(self, at: slice) -> list[Witness]: ...

    def __getitem__(self, at: int | slice) -> Witness | list[Witness]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        heading, row = self.headings[at], self._row_of(at)
        paragraphs = _stretches(self._paragraphs[row])
        sentences = inside(_stretches(self._sentences[row]), paragraphs)
        return Witness(
            heading.doc_id,
            self._texts[row].decode("utf-8"),
            paragraphs,
            sentences,
            heading.n_words,
            heading.date,
            heading.wire,
            heading.lang,
        )

    def reading_text(self, at: int) -> str:
        """As `Witness.reading_text`, without what it does not need."""
        row = self._row_of(at)
        return _join(self._texts[row], self._paragraphs[row])

    def reading_texts(self) -> Iterator[tuple[int, str]]:
        """All of them with their numbers, in the order in which they stand in the file."""
        for first in range(0, self._count, READ_AT_ONCE):
            count = min(READ_AT_ONCE, self._count - first)
            texts, paragraphs = self._texts.many(first, count), self._paragraphs.many(first, count)
            numbers = range(first, first + count) if self._numbers is None else _integers(self._numbers, first, count)
            for number, text, places in zip(numbers, texts, paragraphs, strict=True):
                yield number, _join(text, places)

    def _row_of(self, at: int) -> int:
        number = range(self._count)[at]
        return number if self._rows is None else _integers(self._rows, number, 1)[0]

    def _records(self, name: str, count: int | None = None) -> Records:
        records = Records(self.folder / f"spool-{name}.bin", self._count if count is None else count)
        self._open.append(records)
        return records

    def _spool_headings(self, documents: _Shards, headings: Records, order: Runs) -> None:
        """Headings by doc_id; `order` gets the row of each in the table, packed with its number."""
        sorted_by_id = self.folder / "spool-sorted.parquet"
        last: list[str] = []
        done = 0
        try:
            for batch in documents.sorted_rows(sorted_by_id):
                columns = [batch.column(name).to_pylist() for name in ("doc_id", *HEADINGS)]
                ids = columns[0]
                if any(map(str.__ge__, [*last, *ids[:-1]], ids if last else ids[1:])):
                    raise TableError(f"{documents.path.name}: its rows are not sorted by doc_id; convert anew")
                values = [msgspec.msgpack.encode(of) for of in zip(*columns, strict=True)]
                lengths = np.fromiter(map(len, values), np.int64, len(values))
                starts = headings.size + np.cumsum(lengths) - lengths
                headings.append(b"".join(values))
                headings.place(slice(done, done + len(ids)), starts, lengths)
                if documents.bits:
                    order.add(pack(batch.column("row").to_numpy(), np.arange(done, done + len(ids))))
                last, done = ids[-1:], done + len(ids)
        finally:
            remove(sorted_by_id)

    def _spool_order(self, order: Runs) -> tuple[Records, Records]:
        of_number, of_row = self._records("rows", 0), self._records("numbers", 0)
        back = Runs(self.folder, share=4)
        for block in order.firsts():
            rows, numbers = unpack(block)
            of_row.append(numbers.tobytes())
            back.add(pack(numbers, rows))
        for block in back.firsts():
            of_number.append(unpack(block)[1].tobytes())
        return of_number, of_row

    def _spool_texts(self, documents: _Shards) -> None:
        done = 0
        for batch in documents.batches(("text",)):
            texts = batch.column("text").cast(pa.large_string())
            ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
            self._texts.place(slice(done, done + len(texts)), self._texts.size + ends[:-1] - ends[0], np.diff(ends))
            values = texts.buffers()[2]
            if values is not None:
                self._texts.append(memoryview(values)[ends[0] : ends[-1]])
            done += len(texts)

    def _spool_stretches(self, documents: _Shards, table: _Shards, number_column: str, to: Records) -> None:
        """Each document's rows: number, start, end; of segments, those that are read."""
        columns = ["doc_id", number_column, "start", "end", *(["role"] if number_column == "seg_no" else [])]
        last = -1  # the document of the last row
        for shard in range(len(table.paths)):
            walk = _Walk(documents.ids_beside(table, shard), table.path.name)
            for batch in table.batches(columns, shard):
                runs = pc.run_end_encode(batch.column("doc_id").cast(pa.string()))
                found = np.array([walk.find(doc_id) for doc_id in runs.values.to_pylist()], np.int64)
                owners = np.repeat(found, np.diff(runs.run_ends.to_numpy(), prepend=0))
                rows = np.column_stack(
                    [batch.column(name).cast(pa.int64()).to_numpy(zero_copy_only=False) for name in columns[1:4]]
                )
                kept = rows[:, 2] > rows[:, 1]
                if "role" in columns:
                    roles = batch.column("role").cast(pa.string())
                    kept &= pc.is_in(roles, value_set=pa.array(READ_ROLES)).to_numpy(zero_copy_only=False)
                rows, owners = rows[kept], owners[kept]
                if not len(owners):
                    continue
                heads = np.flatnonzero(np.diff(owners, prepend=-1))
                lengths = _ROW * np.diff(heads, append=len(owners))
                starts = to.size + _ROW * heads
                to.append(rows.astype(np.int64).tobytes())
                goes_on = int(owners[0] == last)
                if goes_on:  # its rows began in the batch before
                    to.lengthen(last, int(lengths[0]))
                to.place(owners[heads][goes_on:], starts[goes_on:], lengths[goes_on:])
                last = int(owners[-1])


class Readings(Sequence[str]):
    """The reading texts of a spool, made when they are asked for."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def __len__(self) -> int:
        return len(self._spool)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        return self._spool.reading_text(at)

    def stored(self) -> Iterator[tuple[int, str]]:
        """All of them with their numbers, in the order in which they stand in the file."""
        return self._spool.reading_texts()


class _Shards:
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
        for path in self.paths if shard is None else [self.paths[shard]]:
            yield from pq.ParquetFile(path).iter_batches(GROUP_ROWS, columns=list(columns))

    def sorted_rows(self, scratch: Path) -> Iterator[pa.RecordBatch]:
        """What headings tell, by doc_id; of a folder also the number of each row. `scratch` is a file to be made."""
        if not self.bits:
            yield from self.batches(("doc_id", *HEADINGS))
            return
        import duckdb

        base = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(scratch.parent), "threads": 2})
        try:
            base.register("begun", pa.table({"filename": list(map(str, self.paths)), "begin": self.begins[:-1]}))
            base.execute(
                f"""
                copy (
                    select cast(doc_id as varchar) as doc_id, n_words, date, cast(wire as varchar) as wire,
                        cast(lang as varchar) as lang, begin + file_row_number as row
                    from read_parquet(?, filename = true, file_row_number = true) join begun using (filename)
                    order by doc_id
                ) to '{str(scratch).replace("'", "''")}' (format parquet, row_group_size {GROUP_ROWS})
                """,
                [list(map(str, self.paths))],
            )
        finally:
            base.close()
        yield from pq.ParquetFile(scratch).iter_batches(GROUP_ROWS)

    def ids_beside(self, other: _Shards, shard: int) -> Iterator[tuple[str, int]]:
        """By doc_id, the documents that a shard of another table may tell of, and the row of each in this table."""
        return heapq.merge(*(self._ids(own) for own in range(len(self.paths)) if self._meets(own, other, shard)))

    def _ids(self, shard: int) -> Iterator[tuple[str, int]]:
        row = self.begins[shard]
        for batch in self.batches(("doc_id",), shard):
            ids = batch.column("doc_id").to_pylist()
            yield from zip(ids, range(row, row + len(ids)), strict=True)
            row += len(ids)

    def _meets(self, shard: int, other: _Shards, of_other: int) -> bool:
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


class _Walk:
    """The rows of documents that are asked for in the order in which they come."""

    def __init__(self, ids: Iterator[tuple[str, int]], table: str) -> None:
        self._ids, self._table = ids, table
        self._at = "", -1

    def find(self, doc_id: str) -> int:
        """The row of this document, which is the last that was asked for or stands after it."""
        if self._at[0] != doc_id or self._at[1] < 0:
            for self._at in self._ids:  # noqa: B020 (this is where it stands)
                if self._at[0] == doc_id:
                    break
            else:
                raise TableError(f"{self._table}: rows of {doc_id!r} are out of order, or of no document; convert anew")
        return self._at[1]


def _stretches(data: bytes) -> tuple[Stretch, ...]:
    rows = np.frombuffer(data, np.int64).reshape(-1, 3).tolist()
    return tuple(Stretch(*row) for row in sorted(rows, key=lambda row: row[1]))


def _join(text: bytes, places: bytes) -> str:
    whole = text.decode("utf-8")
    rows = np.frombuffer(places, np.int64).reshape(-1, 3).tolist()
    return JOINT.join([whole[start:end] for _, start, end in sorted(rows, key=lambda row: row[1])])


def _integers(records: Records, first: int, count: int) -> list[int]:
    return np.frombuffer(records.read(8 * first, 8 * count), np.int64).tolist()
