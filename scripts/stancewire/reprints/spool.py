"""Witnesses of a large corpus, kept in files beside its tables: each is read again when it is asked for.

Texts and stretches are copied once, a row group at a time, from the written tables `documents`, `segments` and
`sentences`: files sorted by doc_id, or folders of such shards, each of the documents whose hash begins with its name
(`conversion.gather`). The rows of a document follow each other in each of them. Documents are numbered by doc_id, and
stand in the files as they stand in the tables, so that both are read from one end to the other.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import TableError
from ..tables import remove
from .beside import Shards, Walk
from .made import Made
from .records import Records
from .runs import Runs, pack, unpack
from .witness import JOINT, READ_ROLES, Heading, Stretch, Witness, inside

Places = npt.NDArray[np.int64]
READ_AT_ONCE = 512  # texts
HEADINGS_AT_ONCE = 8_192
HEADINGS = ("n_words", "date", "wire", "lang")
_ROW = 24  # bytes of a stretch: its number, start and end

_decode = msgspec.msgpack.Decoder(tuple[str, int, datetime.date | None, str | None, str | None]).decode


class Headings(Made[Heading]):
    """What is known of each document without reading its text, sorted by doc_id."""

    def __init__(self, records: Records, count: int) -> None:
        self._records = records
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Heading]:
        for first in range(0, self._count, HEADINGS_AT_ONCE):
            for data in self._records.many(first, min(HEADINGS_AT_ONCE, self._count - first)):
                yield Heading(*_decode(data))

    def make(self, number: int) -> Heading:
        return Heading(*_decode(self._records[range(self._count)[number]]))


class Spool(Made[Witness]):
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
        documents = Shards(tables["documents"])
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
        self._spool_stretches(documents, Shards(tables["segments"]), "seg_no", self._paragraphs)
        self._sentences = self._records("sentences")
        self._spool_stretches(documents, Shards(tables["sentences"]), "sent_no", self._sentences)

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

    def make(self, number: int) -> Witness:
        heading, row = self.headings[number], self._row_of(number)
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

    def _spool_headings(self, documents: Shards, headings: Records, order: Runs) -> None:
        """Headings by doc_id; `order` gets the row of each in the table, packed with its number."""
        sorted_by_id = self.folder / "spool-sorted.parquet"
        last: list[str] = []
        done = 0
        try:
            for batch in documents.sorted_rows(("doc_id", *HEADINGS), sorted_by_id):
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

    def _spool_texts(self, documents: Shards) -> None:
        done = 0
        for batch in documents.batches(("text",)):
            texts = batch.column("text").cast(pa.large_string())
            ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
            self._texts.place(slice(done, done + len(texts)), self._texts.size + ends[:-1] - ends[0], np.diff(ends))
            values = texts.buffers()[2]
            if values is not None:
                self._texts.append(memoryview(values)[ends[0] : ends[-1]])
            done += len(texts)

    def _spool_stretches(self, documents: Shards, table: Shards, number_column: str, to: Records) -> None:
        """Each document's rows: number, start, end; of segments, those that are read."""
        columns = ["doc_id", number_column, "start", "end", *(["role"] if number_column == "seg_no" else [])]
        last = -1  # the document of the last row
        for shard in range(len(table.paths)):
            walk = Walk(documents.beside(table, shard), table.path.name)
            for batch in table.batches(columns, shard):
                runs = pc.run_end_encode(batch.column("doc_id").cast(pa.string()))
                found = np.array([walk.find(doc_id)[1] for doc_id in runs.values.to_pylist()], np.int64)
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


class Readings(Made[str]):
    """The reading texts of a spool, made when they are asked for."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def __len__(self) -> int:
        return len(self._spool)

    def make(self, number: int) -> str:
        return self._spool.reading_text(number)

    def stored(self) -> Iterator[tuple[int, str]]:
        """All of them with their numbers, in the order in which they stand in the file."""
        return self._spool.reading_texts()


def _stretches(data: bytes) -> tuple[Stretch, ...]:
    rows = np.frombuffer(data, np.int64).reshape(-1, 3).tolist()
    return tuple(Stretch(*row) for row in sorted(rows, key=lambda row: row[1]))


def _join(text: bytes, places: bytes) -> str:
    whole = text.decode("utf-8")
    rows = np.frombuffer(places, np.int64).reshape(-1, 3).tolist()
    return JOINT.join([whole[start:end] for _, start, end in sorted(rows, key=lambda row: row[1])])


def _integers(records: Records, first: int, count: int) -> list[int]:
    return np.frombuffer(records.read(8 * first, 8 * count), np.int64).tolist()
