"""A JSON file of many objects, object by object, in the memory of the largest of them.

A parser that has read one whole object says at which byte something else follows: that is where the object ends. So the
file is cut by the parser itself, at the speed at which it skips, and never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from ..errors import ExportError

LARGEST_TASK = 64 << 20  # bytes
BUFFER = 256 << 10
_SPACE = re.compile(rb"[ \t\r\n]*")
_FOLLOWED = re.compile(r"trailing characters \(byte (\d+)\)")
_PLACE = re.compile(r"\(byte (\d+)\)")
_HALF_CHARACTER = re.compile(rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|[c-fC-F])")


@dataclass(frozen=True)
class Run:
    """Neighbouring objects of one file: the number of the first (from 1), and where each stands, in bytes."""

    path: Path
    first: int
    places: tuple[tuple[int, int], ...]

    def objects(self) -> Iterator[tuple[int, bytes]]:
        """(number, bytes) of each; read anew, so that a run may be handed to another process."""
        (begin, _), (last, size) = self.places[0], self.places[-1]
        with open(self.path, "rb") as source:
            source.seek(begin)
            data = source.read(last + size - begin)
        for number, (at, size) in enumerate(self.places, self.first):
            yield number, data[at - begin : at - begin + size]


def read_objects(path: Path) -> Iterator[bytes]:
    """The top-level objects of a JSON array, or of a file of one object a line, each as its bytes.

    Raises:
        ExportError: the file is missing, is not JSON, or ends in the middle.
    """
    for _, data in _pieces(path):
        yield data


def read_runs(path: Path, size: int) -> Iterator[Run]:
    """The same objects as runs of some `size` bytes.

    Raises:
        ExportError: as `read_objects`; what stands before the fault has been given by then.
    """
    first, places, held = 1, [], 0
    for at, data in _pieces(path):
        places.append((at, len(data)))
        held += len(data)
        if held >= size:
            yield Run(path, first, tuple(places))
            first, places, held = first + len(places), [], 0
    if places:
        yield Run(path, first, tuple(places))


def _pieces(path: Path) -> Iterator[tuple[int, bytes]]:
    if not path.is_file():
        raise ExportError(f"{path}: there is no such file")
    if path.stat().st_size == 0:
        raise ExportError(f"{path} is empty; export it again")
    with open(path, "rb") as source:
        yield from _Pieces(path, source).objects()


class _Pieces:
    """The part of a file that is in memory: `at` is where reading goes on."""

    def __init__(self, path: Path, source: BinaryIO) -> None:
        self.path, self.source = path, source
        self.data = source.read(BUFFER).removeprefix(b"\xef\xbb\xbf")
        self.at = 0
        self.before = source.tell() - len(self.data)  # bytes of the file before `data`

    def objects(self) -> Iterator[tuple[int, bytes]]:
        """(place in the file, bytes) of each."""
        in_array = self._next() == b"["
        self.at += in_array
        number = 0
        while (sign := self._next()) and sign != b"]":
            if in_array and number:
                if sign != b",":
                    raise self._error(f"expected a comma, found {sign!r}")
                self.at += 1
                self._next()
            data = self._object()
            yield self.before + self.at - len(data), data
            number += 1
        if in_array != (sign == b"]"):
            raise self._cut() if in_array else self._error("a bracket closes what was not opened")
        self.at += in_array
        if self._next():
            raise self._error("something follows the array")

    def _next(self) -> bytes:
        """The next byte that is no white space, where reading stands then; empty at the end of the file."""
        while True:
            found = _SPACE.match(self.data, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.data) or not self._more(BUFFER):
                return self.data[self.at : self.at + 1]

    def _more(self, size: int) -> bool:
        read = self.source.read(size)
        self.before += self.at
        self.data, self.at = self.data[self.at :] + read, 0
        return bool(read)

    def _object(self) -> bytes:
        while True:
            view = memoryview(self.data)[self.at :]
            size = len(view)
            try:
                msgspec.json.decode(view, type=msgspec.Raw)
            except (msgspec.DecodeError, RecursionError) as error:
                followed = _FOLLOWED.search(str(error))
                if followed is None:
                    if size > LARGEST_TASK:
                        said = f"holds a task of more than {LARGEST_TASK >> 20} MiB"
                        raise ExportError(f"{self.path} {said}; take that one out and import the rest") from None
                    if self._is_inside(error, size) or not self._more(max(BUFFER, size)):
                        truncated = "truncated" in str(error)
                        raise self._cut() if truncated else self._error(str(error)) from None
                    continue
                size = int(followed[1]) - 1  # the parser counts from 1
            self.at += size
            return bytes(view[:size])

    def _is_inside(self, error: Exception, size: int) -> bool:
        """Whether a fault is in what was read, and not that a word or a character is cut at the end of it."""
        place = _PLACE.search(str(error))
        return place is not None and int(place[1]) + 16 < size

    def _cut(self) -> ExportError:
        if _HALF_CHARACTER.search(self.data, self.at):
            return self._error("")
        said = "ends in the middle (cut off while it was saved?); nothing was imported: export it again"
        return ExportError(f"{self.path} {said}")

    def _error(self, said: str) -> ExportError:
        if _HALF_CHARACTER.search(self.data, self.at):
            said = "holds half a character (a lone surrogate); mend that text where it was made, and export it again"
            return ExportError(f"{self.path} {said}")
        place = f"near byte {self.before + self.at}"
        return ExportError(f"{self.path} cannot be read as JSON ({said}, {place}); export it again as raw JSON")
