"""Arrow arrays straight from their buffers.

`pa.array` looks at each value, and imports pandas to ask whether it was given a Series; both cost more here than all
the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def _offsets(lengths: npt.NDArray[Any], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    offsets = np.zeros(len(lengths) + 1, kind)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _bits(valid: Sequence[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(valid, np.bool_), bitorder="little"))
