"""Tables as CSV that a spreadsheet opens without harm.

UTF-8 with a byte order mark, commas, CRLF after each row (RFC 4180). Texts are quoted; a null is an empty cell, an
empty text `""`. A text that a spreadsheet might take for a formula gets one `'` before it, and so does one that begins
with `'` itself: whoever takes one leading `'` away from each text that has one reads what was written. Dates are
YYYY-MM-DD, times YYYY-MM-DDTHH:MM:SSZ, booleans true and false.
"""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from ..checks.rows import plain
from ..tables.guard import BOM, FORMULA, GUARD


def csv_bytes(table: pa.Table) -> bytes:
    """A table as CSV."""
    columns = {name: _written(plain(table.column(name))) for name in table.column_names}
    sink = io.BytesIO()
    options = pa.csv.WriteOptions(include_header=False, quoting_style="needed", eol="\r\n")
    pa.csv.write_csv(pa.table(columns), sink, options)
    header = ",".join(f'"{name}"' for name in table.column_names)
    return BOM + f"{header}\r\n".encode() + sink.getvalue()


def _written(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_large_string(column.type):
        guarded = pc.binary_join_element_wise(pa.scalar(GUARD, column.type), column, pa.scalar("", column.type))
        return pc.if_else(pc.match_substring_regex(column, FORMULA), guarded, column)
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("s")), format="%Y-%m-%dT%H:%M:%SZ")
    return column
