"""Numbers that are put down in any order and taken up sorted: in memory while they are few, else in a file.

What waits is sorted and written as one run whenever there is much of it; runs are read side by side, a piece of each at
a time. So memory does not grow with what is put down, and what is taken up is the same in either case.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

MOST = 12_000_000  # numbers that wait in memory, of eight bytes each; half as many are read of all runs together

Rows = npt.NDArray[np.uint64]

_LOW = np.uint64(32)
_LOW_BITS = np.uint64(2**32 - 1)


def pack(a: npt.NDArray[np.integer], b: npt.NDArray[np.integer]) -> Rows:
    """Two numbers below 2**32 as one that sorts as they do."""
    both = a.astype(np.uint64)
    both <<= _LOW
    both |= b.astype(np.uint64)
    return both


def unpack(both: Rows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The two numbers that were packed."""
    return (both >> _LOW).view(np.int64), (both & _LOW_BITS).view(np.int64)


class Runs:
    """Rows of numbers, sorted by their first, then by the second, and so on.

    Args:
        folder: where the file is made, if there is one; it has no name there. None: where temporary files are.
        width: numbers a row.
        share: divides what waits in memory, for those of which there are several at a time.

    Raises:
        OSError: the disk is full.
    """

    def __init__(self, folder: Path | None = None, width: int = 1, share: int = 1) -> None:
        self._folder = folder
        self._width = width
        self._most = max(1, MOST // (share * width))  # rows
        self._waiting: Rows = np.empty((0, width), np.uint64)
        self._n_waiting = 0
        self._file: IO[bytes] | None = None
        self._runs: list[int] = []  # rows of each
        self._is_sorted = False

    def __len__(self) -> int:
        return sum(self._runs) + self._n_waiting

    def add(self, *columns: Rows) -> None:
        """Put rows down, column by column."""
        size, at = len(columns[0]), 0
        self._is_sorted = False
        while at < size:
            if not len(self._waiting):
                self._waiting = np.empty((self._most, self._width), np.uint64)  # the system gives pages as they fill
            taken = min(size - at, self._most - self._n_waiting)
            room = self._waiting[self._n_waiting : self._n_waiting + taken]
            for number, column in enumerate(columns):
                room[:, number] = column[at : at + taken]
            self._n_waiting += taken
            at += taken
            if self._n_waiting == self._most:
                self._write()

    def blocks(self, together: int = 0) -> Iterator[Rows]:
        """All rows, sorted, many at a time; as often as they are asked for. They are not to be changed.

        Args:
            together: rows whose first numbers differ in so many lowest bits only are in one block.
        """
        if self._runs and self._n_waiting:
            self._write()
        if self._runs:
            self._waiting = np.empty((0, self._width), np.uint64)
            yield from self._merged(np.uint64(together))
        elif self._n_waiting:
            if not self._is_sorted:
                _sort(self._waiting[: self._n_waiting])
                self._is_sorted = True
            yield self._waiting[: self._n_waiting]

    def firsts(self, together: int = 0) -> Iterator[Rows]:
        """As `blocks`, but the first number of each row."""
        for block in self.blocks(together):
            yield block[:, 0]

    def _write(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder, prefix="stancewire-")  # noqa: SIM115 (see below)
            weakref.finalize(self, self._file.close)
        rows = self._waiting[: self._n_waiting]
        _sort(rows)
        self._file.seek(0, 2)
        self._file.write(rows.data.cast("B"))
        self._runs.append(self._n_waiting)
        self._n_waiting = 0

    def _merged(self, together: np.uint64) -> Iterator[Rows]:
        size = max(1, self._most // (2 * len(self._runs)))
        begins = np.cumsum([0, *self._runs])
        runs = [_Run(self, *bounds) for bounds in zip(begins[:-1].tolist(), begins[1:].tolist(), strict=True)]
        for run in runs:
            run.read(size)
        while runs:
            open_ends = [run.rows[-1, 0] >> together for run in runs if run.at < run.end]
            if not open_ends:
                yield _joined([run.rows for run in runs])
                return
            # Of the least of what the pieces end with, more may follow in the file.
            bound = min(open_ends)
            pieces = [run.take(bound << together) for run in runs]
            if any(map(len, pieces)):
                yield _joined(pieces)
                for run in runs:
                    run.read(size - len(run.rows))
            else:
                for run in runs:
                    if run.at < run.end and run.rows[-1, 0] >> together == bound:
                        run.read(size)
            runs = [run for run in runs if len(run.rows)]

    def _read(self, start: int, count: int) -> Rows:
        assert self._file is not None
        rows = np.empty((count, self._width), np.uint64)
        self._file.seek(8 * self._width * start)
        self._file.readinto(rows.data.cast("B"))  # type: ignore[attr-defined]
        return rows


class _Run:
    """A run on its way: rows of it in memory, and where in the file the next ones stand."""

    def __init__(self, of: Runs, at: int, end: int) -> None:
        self.of, self.at, self.end = of, at, end
        self.rows: Rows = np.empty((0, of._width), np.uint64)

    def read(self, count: int) -> None:
        """So many more rows, as far as there are any."""
        count = min(count, self.end - self.at)
        if count > 0:
            more = self.of._read(self.at, count)
            self.rows = np.concatenate([self.rows, more]) if len(self.rows) else more
            self.at += count

    def take(self, bound: np.uint64) -> Rows:
        """The rows before this number, which are then no more in it."""
        count = int(np.searchsorted(self.rows[:, 0], bound))
        taken, self.rows = self.rows[:count], self.rows[count:]
        return taken


def _joined(pieces: list[Rows]) -> Rows:
    rows = np.concatenate(pieces)
    _sort(rows)
    return rows


def _sort(rows: Rows) -> None:
    """Sort in place."""
    if rows.shape[1] == 1:
        rows[:, 0].sort()
        return
    first = rows[:, 0]
    if (first[1:] < first[:-1]).any():
        rows[:] = rows[np.argsort(first)]
    same = first[1:] == first[:-1]
    if same.any():  # the others stand where they belong
        tied = np.zeros(len(rows), bool)
        tied[1:] = same
        tied[:-1] |= same
        some = rows[tied]
        rows[tied] = some[np.lexsort(some.T[::-1])]
