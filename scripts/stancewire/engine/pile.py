"""Values in order that are too many for memory: the last thousand in it, the others on disk, read as often as wanted.

What stands in the files is pickled by this process and read by no other; they have no name, and are gone with it.
"""

from __future__ import annotations

import heapq
import io
import pickle
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, Generic, TypeVar

Value = TypeVar("Value")

CHUNK = 1000
IN_MEMORY = 4 << 20  # bytes of a pile that need no file yet


class _Chunks:
    """Pickled values one behind the other in a file, found by number."""

    def __init__(self) -> None:
        self._file: IO[bytes] = io.BytesIO()
        self._is_on_disk = False
        self._starts = [0]

    def __len__(self) -> int:
        return len(self._starts) - 1

    def append(self, value: Any) -> None:
        data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        self._file.seek(self._starts[-1])
        self._file.write(data)
        self._starts.append(self._starts[-1] + len(data))
        if self._starts[-1] > IN_MEMORY and not self._is_on_disk:
            held, self._file = self._file, tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as this object)
            weakref.finalize(self, self._file.close)
            held.seek(0)
            shutil.copyfileobj(held, self._file)
            self._is_on_disk = True

    def load(self, number: int) -> Any:
        self._file.seek(self._starts[number])
        return pickle.loads(self._file.read(self._starts[number + 1] - self._starts[number]))


class Pile(Generic[Value]):
    """Values in the order in which they were added.

    Args:
        pack: makes something plain of some values, of which `unpack` makes them again.
    """

    def __init__(
        self,
        pack: Callable[[list[Value]], Any] = list,
        unpack: Callable[[Any], Sequence[Value]] = list,
    ) -> None:
        self._pack, self._unpack = pack, unpack
        self._chunks = _Chunks()
        self._last: list[Value] = []

    def __len__(self) -> int:
        return len(self._chunks) * CHUNK + len(self._last)

    def append(self, value: Value) -> None:
        """Add a value."""
        self._last.append(value)
        if len(self._last) == CHUNK:
            self._chunks.append(self._pack(self._last))
            self._last.clear()

    def __iter__(self) -> Iterator[Value]:
        for number in range(len(self._chunks)):
            yield from self._unpack(self._chunks.load(number))
        yield from self._last


class Runs(Generic[Value]):
    """Values that come in sorted runs, most of which follow each other, and are read in the order of all.

    Args:
        key: what they are sorted by; of equal ones those of the earlier run come first.
    """

    def __init__(self, key: Callable[[Value], Any]) -> None:
        self._key = key
        self._chunks = _Chunks()
        self._firsts: list[Any] = []
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def add(self, values: Sequence[Value]) -> None:
        """Add some, in any order."""
        run = sorted(values, key=self._key)
        for start in range(0, len(run), CHUNK):
            piece = run[start : start + CHUNK]
            self._firsts.append(self._key(piece[0]))
            self._chunks.append(piece)
        self._n += len(run)

    def __iter__(self) -> Iterator[Value]:
        """All of them; in memory are the runs that overlap."""
        order = sorted(range(len(self._firsts)), key=self._firsts.__getitem__)
        order.reverse()
        open_runs: list[tuple[Any, int, Value, Iterator[Value]]] = []
        while order or open_runs:
            while order and (not open_runs or self._firsts[order[-1]] <= open_runs[0][0]):
                number = order.pop()
                values = iter(self._chunks.load(number))
                value = next(values)
                heapq.heappush(open_runs, (self._key(value), number, value, values))
            _, number, value, values = open_runs[0]
            yield value
            following = next(values, None)
            if following is None:
                heapq.heappop(open_runs)
            else:
                heapq.heapreplace(open_runs, (self._key(following), number, following, values))
