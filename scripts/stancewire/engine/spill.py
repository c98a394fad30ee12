"""Values that wait on disk: put down in any order, taken up a bucket at a time, those of one key together."""

from __future__ import annotations

import hashlib
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

BUCKET_BYTES = 2 << 20
MOST_BUCKETS = 1 << 12
_WAITING = 4 << 20  # bytes that wait to be written


class Spill:
    """Buckets of plain values (what JSON can say), each key's in one of them, in the order in which they came.

    Args:
        expected: bytes that will come, roughly; a bucket then holds some BUCKET_BYTES.
        times: a bucket holds so many times as much, where its values are small in memory.
    """

    def __init__(self, expected: int, times: int = 1) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="stancewire-")
        self._paths = [
            Path(self._folder.name) / f"{number:04}"
            for number in range(min(MOST_BUCKETS, expected // (BUCKET_BYTES * times) + 1))
        ]
        self._waiting: dict[int, bytearray] = {}
        self._held = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def add(self, key: str, value: Any) -> None:
        """Put a value down."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        place = int.from_bytes(digest[:4], "big") % len(self._paths)
        data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)  # read by nobody but this object, from its own folder
        self._waiting.setdefault(place, bytearray()).extend(len(data).to_bytes(4, "big") + data)
        self._held += len(data)
        if self._held > _WAITING:
            self._write()

    def _write(self) -> None:
        for place, data in self._waiting.items():
            with open(self._paths[place], "ab") as sink:
                sink.write(data)
        self._waiting.clear()
        self._held = 0

    def buckets(self) -> Iterator[list[Any]]:
        """Every bucket that holds anything, once; nothing can be added afterwards."""
        for path in self.files():
            yield read_bucket(path)
            path.unlink()

    def files(self) -> Iterator[Path]:
        """The files of these buckets, for `read_bucket` in any process, while this object is open."""
        self._write()
        yield from (path for path in self._paths if path.exists())


def read_bucket(path: Path) -> list[Any]:
    """All values of a bucket."""
    return list(_values(path.read_bytes()))


def _values(data: bytes) -> Iterator[Any]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield pickle.loads(data[at + 4 : at + 4 + size])
        at += 4 + size
