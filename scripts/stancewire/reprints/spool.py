"""Witnesses of a large corpus, kept in files beside its tables: each is read again when it is asked for.

Texts and stretches are copied once, a row group at a time, from the written tables `documents`, `segments` and
`sentences` (files or folders of shards; the rows of a document follow each other in each of them).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..tables import shards_of
from .witness import READ_ROLES, Heading, Stretch, Witness, inside

Places = npt.NDArray[np.int64]
GROUP_ROWS = 16_384  # rows read at once
HEADINGS = ("n_words", "date", "wire", "lang")


class Headings(Sequence[Heading]):
    """What is known of each document without reading its text, sorted by doc_id; columns in memory."""

    def __init__(self, table: pa.Table) -> None:
        self.doc_ids: list[str] = table.column("doc_id").to_pylist()
        self._columns = [table.column(name).combine_chunks() for name in HEADINGS]

    def __len__(self) -> int:
        return len(self.doc_ids)

    @overload
    def __getitem__(self, at: int) -> Heading: ...

    @overload
    def __getitem__(self, at: slice) -> list[Heading]: ...

    def __getitem__(self, at: int | slice) -> Heading | list[Heading]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        n_words, date, wire, lang = (column[at].as_py() for column in self._columns)
        return Heading(self.doc_ids[at], n_words, date, wire, lang)


class Spool(Sequence[Witness]):
    """The witnesses of written tables, sorted by doc_id, in files of a folder as long as the spool is open.

    Args:
        tables: the places of `documents`, `segments` and `sentences`.
        folder: gets three files, which are removed at the end.
    """

    def __init__(self, tables: Mapping[str, Path], folder: Path) -> None:
        self._files: list[IO[bytes]] = []
        self._paths: list[Path] = []
        rows = [batch for _, batch in _batches(tables["documents"], ("doc_id", *HEADINGS))]
        nothing = pa.table({name: pa.array([], pa.string()) for name in ("doc_id", *HEADINGS)})
        table = pa.Table.from_batches(rows) if rows else nothing
        order = pc.sort_indices(table, sort_keys=[("doc_id", "ascending")])
        self.headings = Headings(table.take(order))
        self._numbers = {doc_id: number for number, doc_id in enumerate(self.headings.doc_ids)}
        self._texts = self._spool_texts(tables["documents"], folder / "spool-texts.bin")
        self._paragraphs = self._spool_stretches(tables["segments"], "seg_no", folder / "spool-segments.bin")
        self._sentences = self._spool_stretches(tables["sentences"], "sent_no", folder / "spool-sentences.bin")
        self._numbers = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()
        for path in self._paths:
            path.unlink(missing_ok=True)

    def __len__(self) -> int:
        return len(self.headings)

    @overload
    def __getitem__(self, at: int) -> Witness: ...

    @overload
    def __getitem__(self, at: slice) -> list[Witness]: ...

    def __getitem__(self, at: int | slice) -> Witness | list[Witness]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        heading = self.headings[at]
        paragraphs = self._stretches(1, self._paragraphs, at)
        sentences = inside(self._stretches(2, self._sentences, at), paragraphs)
        return Witness(
            heading.doc_id,
            self._read(0, self._texts, at).decode("utf-8"),
            paragraphs,
            sentences,
            heading.n_words,
            heading.date,
            heading.wire,
            heading.lang,
        )

    def reading_text(self, at: int) -> str:
        """As `Witness.reading_text`, without what it does not need."""
        text = self._read(0, self._texts, at).decode("utf-8")
        return Witness.join(text, self._stretches(1, self._paragraphs, at))

    def _read(self, file: int, places: Places, at: int) -> bytes:
        start, length = places[at].tolist()
        self._files[file].seek(start)
        return self._files[file].read(length)

    def _stretches(self, file: int, places: Places, at: int) -> tuple[Stretch, ...]:
        rows = np.frombuffer(self._read(file, places, at), np.int64).reshape(-1, 3).tolist()
        return tuple(Stretch(*row) for row in sorted(rows, key=lambda row: row[1]))

    def _open(self, path: Path) -> IO[bytes]:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "w+b")  # noqa: SIM115 (closed in __exit__)
        self._files.append(file)
        self._paths.append(path)
        return file

    def _spool_texts(self, table: Path, path: Path) -> Places:
        """Where each document's text begins, in bytes, and how many it has."""
        file = self._open(path)
        places = np.zeros((len(self), 2), np.int64)
        for doc_ids, batch in _batches(table, ("doc_id", "text")):
            texts = batch.column("text").cast(pa.large_string())
            ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
            numbers = [self._numbers[doc_id] for doc_id in doc_ids]
            places[numbers, 0] = file.tell() + ends[:-1] - ends[0]
            places[numbers, 1] = np.diff(ends)
            values = texts.buffers()[2]
            if values is not None:
                file.write(memoryview(values)[ends[0] : ends[-1]])
        return places

    def _spool_stretches(self, table: Path, number_column: str, path: Path) -> Places:
        """Where each document's rows begin, in bytes, and how many they have; of segments, those that are read."""
        file = self._open(path)
        places = np.zeros((len(self), 2), np.int64)
        columns = ["doc_id", number_column, "start", "end", *(["role"] if number_column == "seg_no" else [])]
        for doc_ids, batch in _batches(table, columns):
            numbers = np.array([self._numbers[doc_id] for doc_id in doc_ids], np.int64)
            rows = np.column_stack(
                [batch.column(name).cast(pa.int64()).to_numpy(zero_copy_only=False) for name in columns[1:4]]
            )
            kept = rows[:, 2] > rows[:, 1]
            if "role" in columns:
                roles = batch.column("role").cast(pa.string())
                kept &= pc.is_in(roles, value_set=pa.array(READ_ROLES)).to_numpy(zero_copy_only=False)
            rows, numbers = rows[kept], numbers[kept]
            heads = np.flatnonzero(np.diff(numbers, prepend=-1))
            fresh = places[numbers[heads], 1] == 0  # else its rows began in the batch before
            places[numbers[heads][fresh], 0] = file.tell() + 24 * heads[fresh]
            places[numbers[heads], 1] += 24 * np.diff(heads, append=len(numbers))
            file.write(rows.astype(np.int64).tobytes())
        return places


def _batches(table: Path, columns: Sequence[str]) -> Iterator[tuple[list[str], pa.RecordBatch]]:
    """Some rows at a time, with their doc_ids."""
    for path in shards_of(table) if table.is_dir() else [table]:
        file = pq.ParquetFile(path)
        for batch in file.iter_batches(GROUP_ROWS, columns=list(columns)):
            yield batch.column(batch.schema.get_field_index("doc_id")).to_pylist(), batch
