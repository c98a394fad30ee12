"""CSV and TSV: a header, then an article a row; the row's own bytes are its raw bytes.

Rows are cut and unquoted as bytes: commas, quotes and line ends are the same bytes in every encoding but UTF-16 and
UTF-32, which are known by their mark or their zeros, and those with states (ISO-2022-JP), which have to be declared;
these are decoded line by line. A row that is not UTF-8 keeps its words as bytes for the text's decoder.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from typing import Any, cast

from .columns import match_columns
from .entries import Entry
from .json_encodings import has_states, normal, wide_codec
from .json_records import ColumnMatcher, make_record
from .limits import LimitReached, over_record_limit
from .model import Reject, SourceRecord

CSV, TSV = "csv", "tsv"


def read_csv(entry: Entry) -> Iterator[SourceRecord | Reject]:
    """Comma-separated values; semicolons or tabs where the header line holds these and no comma."""
    yield from _read(entry, CSV)


def read_tsv(entry: Entry) -> Iterator[SourceRecord | Reject]:
    """Tab-separated values."""
    yield from _read(entry, TSV)


def _read(entry: Entry, format: str) -> Iterator[SourceRecord | Reject]:
    limit = entry.options.limits.record_bytes
    csv.field_size_limit(limit)
    lines = _Lines(entry, limit)
    first = lines.peek()
    delimiter = "\t" if format == TSV else max(",;\t|", key=lambda mark: (first.count(mark), mark == ","))
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = next(rows, None)
    except csv.Error as error:
        yield entry.refuse_whole("source-damaged", f"its header is no {format.upper()} ({error}); mend it")
        return
    if not header or not any(header):
        yield entry.refuse_whole("source-empty", "there is no header line; take it out, or fetch it again")
        return
    text_names = [_decode_name(name, lines.codec, entry) for name in header]
    columns = match_columns(text_names, entry.options.columns)
    if not {columns.get("text"), columns.get("html")} & set(text_names):
        message = f"no column is known to be the text (there are: {', '.join(text_names[:12])}); say --map text=..."
        yield entry.refuse_whole("source-columns", message)
        return
    lines.take()
    yield from _rows(entry, format, lines, rows, text_names)


def _rows(entry: Entry, format: str, lines: _Lines, rows: Any, names: list[str]) -> Iterator[SourceRecord | Reject]:
    matcher = ColumnMatcher(entry)
    while True:
        line = lines.n_lines + 1
        try:
            values = next(rows, None)
        except csv.Error as error:
            lines.take()
            yield entry.refuse("source-damaged", f"line {line}: no {format.upper()} ({error}); mend its quotes")
            continue
        except _LineTooLong:
            lines.take()
            yield entry.refuse("source-limit", f"line {line}: {over_record_limit(entry.options.limits)}")
            continue
        raw = lines.take()
        if values is None:
            return
        if not any(values):
            continue
        if len(values) != len(names):
            message = f"line {line}: {len(values)} values for {len(names)} columns; mend its commas or quotes"
            yield entry.refuse("source-damaged", message)
            continue
        if lines.codec != "latin-1":
            yield make_record(entry, matcher, format, raw, dict(zip(names, values, strict=True)), lines.codec)
        else:
            yield make_record(entry, matcher, format, raw, dict(zip(names, _decode_row(values), strict=True)))


def _decode_row(values: list[str]) -> list[str] | list[str | bytes]:
    """A row's values out of the bytes that stand for them; bytes in all of the row where one value is not UTF-8."""
    try:
        return [value if value.isascii() else value.encode("latin-1").decode("utf-8") for value in values]
    except UnicodeDecodeError:
        return [value if value.isascii() else value.encode("latin-1") for value in values]


def _decode_name(value: str, codec: str, entry: Entry) -> str:
    """A column's name; letter for byte where nothing says what its bytes mean."""
    if codec != "latin-1" or value.isascii():
        return value
    raw = value.encode("latin-1")
    for name in ("utf-8", entry.vouched() or entry.options.encoding):
        try:
            if name is not None:
                return raw.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return value


class _LineTooLong(LimitReached):
    """A line is longer than an article may be."""


class _Lines:
    """Lines for the csv reader, which remembers the bytes of those that were read since `take`.

    `codec` is latin-1, a character for each byte, unless characters are wider than bytes or have states.
    """

    def __init__(self, entry: Entry, limit: int) -> None:
        self.stream = entry.stream
        self.limit = limit
        self.n_lines = 0
        self.held: list[bytes] = []
        self.n_held = 0
        head = cast("Any", self.stream).peek(4)[:4]
        declared = entry.vouched() or entry.options.encoding
        wide = wide_codec(head, declared)
        self.codec = wide or (normal(declared) if declared is not None and has_states(declared) else "latin-1")
        mark = codecs.BOM_UTF8 if wide is None else "\ufeff".encode(wide)
        if head.startswith(mark):
            self.stream.read(len(mark))
        width = 4 if "32" in self.codec else 2 if "16" in self.codec else 1
        self.end = "\n".encode(self.codec) if width > 1 else b"\n"
        self.width = width
        self.ahead: bytes | None = None

    def peek(self) -> str:
        """The first line, which stays unread."""
        self.ahead = self._read_line()
        return self.ahead.decode(self.codec, "replace")

    def take(self) -> bytes:
        """The bytes of the lines that were read since the last time, without the last line's end."""
        raw, self.held, self.n_held = b"".join(self.held), [], 0
        return raw.removesuffix(self.end).removesuffix("\r".encode(self.codec))

    def _read_line(self) -> bytes:
        if self.width == 1:
            return self.stream.readline(self.limit + 1)
        line = b""
        while part := self.stream.readline(self.limit + 1 - len(line)):
            line += part
            if line.endswith(b"\n") and self.end[0] == 0x0A:  # little-endian: the rest of the character follows
                line += self.stream.read(self.width - 1)
            if (line.endswith(self.end) and len(line) % self.width == 0) or len(line) > self.limit:
                break
        return line

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.ahead if self.ahead is not None else self._read_line()
        self.ahead = None
        if not line:
            raise StopIteration
        self.n_lines += 1
        self.n_held += len(line)
        if self.n_held > self.limit:
            self.held = []
            while not line.endswith(self.end) and (line := self.stream.readline(1 << 16)):
                pass
            raise _LineTooLong("a line is too long")
        self.held.append(line)
        return line.decode(self.codec)
