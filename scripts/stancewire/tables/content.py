"""The content hash of a table: equal for equal logical rows, whatever wrote the file.

For each column in schema order: its name and Table Schema type, then three streams over the rows in key order:
validity (one byte a row), lengths (int64, strings only) and values (UTF-8 bytes, int64, float64, int32 days, int64
microseconds, one byte a boolean; zero where null), all little-endian. The table's hash is over the columns' hashes.
Row groups, chunks, dictionaries and library versions leave no trace in it.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .schema import Field, TableSchema

_FIXED = {"integer": "<i8", "number": "<f8", "date": "<i4", "datetime": "<i8", "boolean": "u1"}


def content_sha256(schema: TableSchema, table: pa.Table) -> str:
    """Hash of the logical rows of `table`, whose columns and order are those of `schema`."""
    whole = hashlib.sha256()
    for field in schema.fields:
        whole.update(_column_sha256(field, table.column(field.name)))
    return whole.hexdigest()


def _column_sha256(field: Field, column: pa.ChunkedArray) -> bytes:
    validity, lengths, values = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
    for chunk in column.chunks:
        validity.update(pc.is_valid(chunk).to_numpy(zero_copy_only=False).astype("u1").tobytes())
        if field.type == "string":
            text = chunk.cast(pa.string()) if pa.types.is_dictionary(chunk.type) else chunk
            text = pc.fill_null(text, "").cast(pa.large_binary())
            lengths.update(pc.binary_length(text).to_numpy(zero_copy_only=False).astype("<i8").tobytes())
            values.update(_binary_values(text))
        else:
            values.update(_fixed_values(field, chunk))
    head = hashlib.sha256(f"{field.name}\x1f{field.type}\x1f{len(column)}".encode())
    for part in (validity, lengths, values):
        head.update(part.digest())
    return head.digest()


def _binary_values(array: pa.LargeBinaryArray) -> memoryview | bytes:
    if len(array) == 0:
        return b""
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, dtype="<i8")[array.offset : array.offset + len(array) + 1]
    return b"" if data is None else memoryview(data)[int(bounds[0]) : int(bounds[-1])]


def _fixed_values(field: Field, chunk: pa.Array) -> bytes:
    if field.type == "date":
        chunk = chunk.cast(pa.int32())
    elif field.type == "datetime":
        chunk = chunk.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    elif field.type == "boolean":
        chunk = chunk.cast(pa.uint8())
    filled = pc.fill_null(chunk, 0)
    return filled.to_numpy(zero_copy_only=False).astype(_FIXED[field.type]).tobytes()
