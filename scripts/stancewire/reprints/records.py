"""Values of bytes in a file, by number; where each stands is in a second file: in memory is none of them."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

PLACE_BYTES = 16  # where a value begins, and how many bytes it has

Places = npt.NDArray[np.int64]


class Records:
    """So many values; each is empty until it is put in its place.

    Args:
        path: of the values; the places stand in a file of the same name, with another ending. `close` removes both.

    Raises:
        OSError: the disk is full.
    """

    def __init__(self, path: Path, count: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._count = count
        self._paths = path, path.with_suffix(".places")
        self._values: IO[bytes] = open(path, "w+b")  # noqa: SIM115 (closed in `close`)
        self._index: IO[bytes] = open(self._paths[1], "w+b", buffering=0)  # noqa: SIM115
        self._index.truncate(PLACE_BYTES * count)
        self.size = 0

    def close(self) -> None:
        """Take the files away."""
        for file, path in zip((self._values, self._index), self._paths, strict=True):
            file.close()
            path.unlink(missing_ok=True)

    def append(self, data: bytes | memoryview) -> None:
        """Bytes of one value or of many, before they have a place; `size` is where they begin."""
        self._values.seek(self.size)
        self._values.write(data)
        self.size += len(data)

    def place(self, numbers: Places | slice, starts: Places, lengths: Places) -> None:
        """Say where values stand."""
        if len(starts):
            index = np.memmap(self._index, np.int64, "r+", shape=(self._count, 2))  # only these pages come to memory
            index[numbers] = np.column_stack([starts, lengths])

    def lengthen(self, number: int, more: int) -> None:
        """A value goes on."""
        index = np.memmap(self._index, np.int64, "r+", shape=(self._count, 2))
        index[number, 1] += more

    def place_of(self, first: int, count: int = 1) -> Places:
        """Rows of start and length of some values."""
        self._index.seek(PLACE_BYTES * first)
        return np.frombuffer(self._index.read(PLACE_BYTES * count), np.int64).reshape(-1, 2)

    def __getitem__(self, number: int) -> bytes:
        return self.read(*self.place_of(number)[0].tolist())

    def many(self, first: int, count: int) -> list[bytes]:
        """Values of neighbours, at once where they also stand so in the file."""
        places = self.place_of(first, count)
        starts, lengths = places[:, 0], places[:, 1]
        if (starts[1:] != starts[:-1] + lengths[:-1]).any():
            return [self.read(*place) for place in places.tolist()]
        whole = self.read(int(starts[0]), int(lengths.sum())) if len(places) else b""
        begins = np.cumsum(lengths) - lengths
        return [whole[at : at + size] for at, size in zip(begins.tolist(), lengths.tolist(), strict=True)]

    def read(self, start: int, length: int) -> bytes:
        """Bytes of the file of values."""
        if not length:
            return b""
        self._values.seek(start)
        return self._values.read(length)
