"""Arrow arrays straight from their buffers.

`pa.array` looks at each value, and imports pandas to ask whether it was given a Series; both cost more here than all
the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def strings(values: Sequence[str | None]) -> pa.StringArray:
    """Words, or None where there are none."""
    valid, words = None, values
    if None in values:
        valid = _bits([value is not None for value in values])
        words = [value or "" for value in values]
    data = "".join(words)  # type: ignore[arg-type]
    lengths = map(len, words) if data.isascii() else (len(word.encode()) for word in words)  # type: ignore[union-attr,arg-type]
    offsets = _offsets(np.fromiter(lengths, np.int32, len(values)), np.dtype(np.int32))
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(data.encode()), valid)


def hexadecimal(values: Sequence[bytes]) -> pa.StringArray:
    """Bytes of one length as hexadecimal digits."""
    offsets = np.arange(len(values) + 1, dtype=np.int32) * np.int32(2 * len(values[0]))
    data = b"".join(values).hex().encode()
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(data))


@dataclass(frozen=True)
class Words:
    """Words without nulls: their UTF-8 bytes joined, and where each begins in these (and the last ends)."""

    data: bytes
    offsets: npt.NDArray[np.int64]

    @classmethod
    def of(cls, array: pa.StringArray) -> Words:
        """Those of an array without nulls; copied."""
        _, bounds, data = array.buffers()
        offsets = np.frombuffer(bounds, np.int32)[array.offset : array.offset + len(array) + 1].astype(np.int64)
        found = b"" if data is None else memoryview(data)[offsets[0] : offsets[-1]].tobytes()
        return cls(found, offsets - offsets[0])

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Bytes of each."""
        return np.diff(self.offsets)

    def spans(self) -> Iterator[tuple[int, int]]:
        """Where each begins and ends."""
        return pairwise(self.offsets.tolist())

    def listed(self) -> list[str]:
        """Each as a string."""
        if self.data.isascii():
            whole = self.data.decode()
            return [whole[start:end] for start, end in self.spans()]
        return [self.data[start:end].decode() for start, end in self.spans()]

    def large(self) -> pa.LargeStringArray:
        """An array over the same memory."""
        buffers = pa.py_buffer(self.offsets), pa.py_buffer(self.data)
        return pa.LargeStringArray.from_buffers(len(self.offsets) - 1, *buffers)


def texts(values: Sequence[bytes]) -> tuple[pa.LargeStringArray, bytes, npt.NDArray[np.int64]]:
    """Words that are UTF-8 already; also their bytes joined, and where each begins in these (and the last ends)."""
    data = b"".join(values)
    offsets = _offsets(np.fromiter(map(len, values), np.int64, len(values)), np.dtype(np.int64))
    return pa.LargeStringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(data)), data, offsets


def integers(values: Sequence[int | None] | npt.NDArray[np.int64]) -> pa.Int64Array:
    """Whole numbers, or None."""
    valid = None
    if not isinstance(values, np.ndarray) and None in values:
        valid = _bits([value is not None for value in values])
        values = [value or 0 for value in values]
    numbers = np.asarray(values, np.int64)
    return pa.Int64Array.from_buffers(pa.int64(), len(numbers), [valid, pa.py_buffer(numbers)])


def floats(values: Sequence[float | None]) -> pa.DoubleArray:
    """Numbers, or None."""
    valid = _bits([value is not None for value in values]) if None in values else None
    numbers = np.fromiter((0.0 if value is None else value for value in values), np.float64, len(values))
    return pa.DoubleArray.from_buffers(pa.float64(), len(numbers), [valid, pa.py_buffer(numbers)])


def days(values: Sequence[int | None]) -> pa.Date32Array:
    """Days since 1970, or None."""
    valid = _bits([value is not None for value in values]) if None in values else None
    numbers = np.fromiter((value or 0 for value in values), np.int32, len(values))
    return pa.Date32Array.from_buffers(pa.date32(), len(numbers), [valid, pa.py_buffer(numbers)])


def constant(value: str | float | int | None, count: int, kind: pa.DataType) -> pa.Array:
    """One value on every row."""
    if value is None:
        return pa.nulls(count, kind)
    if pa.types.is_string(kind):
        assert isinstance(value, str)
        data = value.encode()
        offsets = np.arange(count + 1, dtype=np.int32) * np.int32(len(data))
        return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data * count))
    number = np.float64 if pa.types.is_floating(kind) else np.int32 if kind.bit_width == 32 else np.int64
    return pa.Array.from_buffers(kind, count, [None, pa.py_buffer(np.full(count, value, number))])


def codes(places: npt.NDArray[np.int32], vocabulary: Sequence[str]) -> pa.DictionaryArray:
    """Values of a vocabulary by their places there."""
    numbers = pa.Array.from_buffers(pa.int32(), len(places), [None, pa.py_buffer(places)])
    return pa.DictionaryArray.from_arrays(numbers, strings(vocabulary))


def column(values: Sequence[Any], count: int, kind: pa.DataType, vocabulary: Sequence[str] | None) -> pa.Array:
    """A column of some values, or of one for all rows."""
    if vocabulary is not None:
        values = [values[0]] * count if len(values) == 1 else values
        places = {word: place for place, word in enumerate(vocabulary)}
        return codes(np.fromiter((places[value] for value in values), np.int32, count), vocabulary)
    if len(values) == 1 or values.count(values[0]) == count:
        return constant(values[0], count, kind)
    if pa.types.is_string(kind):
        return strings(values)
    if pa.types.is_date(kind):
        return days(values)
    return integers(values) if pa.types.is_integer(kind) else floats(values)


def _offsets(lengths: npt.NDArray[Any], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    offsets = np.zeros(len(lengths) + 1, kind)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _bits(valid: Sequence[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(valid, np.bool_), bitorder="little"))
