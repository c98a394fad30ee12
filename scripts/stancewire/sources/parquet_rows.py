"""Parquet: an article a row, read batch by batch.

A row has no bytes of its own. What stands for them, and what `documents.raw_sha256` is the hash of, is one JSON object
of the columns that are read (those that `--map` names or common names match; others are never fetched): UTF-8, keys
sorted by code point, no white space, only `"`, `\\` and control characters escaped, null for null and for numbers that
are none, dates and times in ISO 8601, binary values in Base64, decimals as strings. Any JSON library makes the same
bytes, and neither compression, row groups nor the order of columns changes them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO

import msgspec

from .columns import match_columns
from .entries import Entry
from .json_records import ColumnMatcher, make_record
from .limits import over_record_limit, read_all
from .model import Reject, SourceRecord

FORMAT = "parquet"
_ROWS = 1024


def read_parquet(entry: Entry, groups: range | None = None) -> Iterator[SourceRecord | Reject]:
    """The rows of a Parquet file, or of some of its row groups; only the columns that are used are read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream: IO[bytes] = entry.stream
    if entry.container or not stream.seekable():
        stream = io.BytesIO(read_all(stream, entry.options.limits))  # its list of contents stands at its end
    encoder = msgspec.json.Encoder(order="sorted")
    try:
        with pq.ParquetFile(pa.PythonFile(stream, mode="r")) as file:
            names = file.schema_arrow.names
            columns = match_columns(names, entry.options.columns)
            if not {"text", "html"} & {ours for ours, theirs in columns.items() if theirs.split(".")[0] in names}:
                message = f"no column is known to be the text (there are: {', '.join(names[:12])}); say --map text=..."
                yield entry.refuse_whole("source-columns", message)
                return
            used = [name for name in names if name in {theirs.split(".")[0] for theirs in columns.values()}]
            matcher = ColumnMatcher(entry)
            for batch in file.iter_batches(_ROWS, groups, columns=used):
                for row in batch.to_pylist():
                    raw = encoder.encode(row)
                    if len(raw) > entry.options.limits.record_bytes:
                        yield entry.refuse("source-limit", over_record_limit(entry.options.limits))
                        continue
                    yield make_record(entry, matcher, FORMAT, raw, row)
    except (pa.ArrowException, OSError) as error:
        words = str(error).splitlines() or [type(error).__name__]
        yield entry.refuse_whole("source-damaged", f"it is no sound Parquet ({words[0]}); fetch it again")
