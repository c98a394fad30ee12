"""The content hash of a table: equal for equal logical rows, whatever wrote the file.

For each column in schema order: its name and Table Schema type, then three streams over the rows in key order:
validity (one byte a row), lengths (int64, strings only) and values (UTF-8 bytes, int64, float64, int32 days, int64
microseconds, one byte a boolean; zero where null), all little-endian. The table's hash is over the columns' hashes.
Row groups, chunks, dictionaries and library versions leave no trace in it.
"""

from __future__ import annotations

import functools
import hashlib
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .schema import Field, TableSchema

_FIXED = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.int32(),
    "datetime": pa.int64(),
    "boolean": pa.uint8(),
}


def content_sha256(schema: TableSchema, table: pa.Table) -> str:
    """Hash of the logical rows of `table`, whose columns and order are those of `schema`."""
    hashed = ContentHash(schema)
    hashed.update(table)
    return hashed.hexdigest()


class ContentHash:
    """The content hash of a table that comes in pieces, in key order; where it is cut leaves no trace."""

    def __init__(self, schema: TableSchema) -> None:
        self.schema = schema
        self.rows = 0
        self._streams = {field.name: tuple(hashlib.sha256() for _ in range(3)) for field in schema.fields}

    def update(self, table: pa.Table) -> None:
        """Add the rows of a piece."""
        self.rows += table.num_rows
        for field in self.schema.fields:
            for chunk in table.column(field.name).chunks:
                _update(field, chunk, *self._streams[field.name])

    def hexdigest(self) -> str:
        """The hash of all rows so far."""
        whole = hashlib.sha256()
        for field in self.schema.fields:
            head = hashlib.sha256(f"{field.name}\x1f{field.type}\x1f{self.rows}".encode())
            for part in self._streams[field.name]:
                head.update(part.digest())
            whole.update(head.digest())
        return whole.hexdigest()


def _update(field: Field, chunk: pa.Array, validity: Any, lengths: Any, values: Any) -> None:
    validity.update(_fixed(pc.is_valid(chunk).cast(pa.uint8())))
    if field.type == "string":
        text = chunk.cast(pa.string()) if pa.types.is_dictionary(chunk.type) else chunk
        # Where nothing is null the bytes can be hashed as they lie.
        text = (pc.fill_null(text, _nothing(text.type)) if text.null_count else text).cast(pa.large_binary())
        lengths.update(_fixed(pc.binary_length(text).cast(pa.int64())))
        values.update(_binary(text))
    else:
        if field.type == "datetime":
            chunk = chunk.cast(pa.timestamp("us", "UTC"))
        chunk = chunk.cast(_FIXED[field.type])
        values.update(_fixed(pc.fill_null(chunk, _nothing(chunk.type)) if chunk.null_count else chunk))


@functools.cache
def _nothing(kind: pa.DataType) -> pa.Scalar:
    """What stands for null: an empty string, or zero. (`pa.scalar` would import pandas first.)"""
    zeros = pa.py_buffer(bytes(16))
    is_string = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return pa.Array.from_buffers(kind, 1, [None, zeros, pa.py_buffer(b"")] if is_string else [None, zeros])[0]


def _fixed(array: pa.Array) -> memoryview | bytes:
    """The values of an array of one fixed width, as they lie in memory; numpy is not asked for."""
    if len(array) == 0:
        return b""
    width = array.type.bit_width // 8
    data = memoryview(array.buffers()[1])
    return data[array.offset * width : (array.offset + len(array)) * width]


def _binary(array: pa.LargeBinaryArray) -> memoryview | bytes:
    if len(array) == 0:
        return b""
    _, offsets, data = array.buffers()
    bounds = memoryview(offsets).cast("B").cast("q")
    first, last = bounds[array.offset], bounds[array.offset + len(array)]
    return b"" if data is None else memoryview(data)[first:last]
