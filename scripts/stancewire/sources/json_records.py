"""JSON: lines of it, one object, an array of objects, or an object that holds such an array.

Each record's raw bytes are its own part of the file. JSON is UTF-8 (RFC 8259); `json_encodings` reads what is not.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import msgspec

from .columns import WrongValue, match_columns, pick_fields, shown
from .entries import Entry
from .json_encodings import is_one_byte, normal, read_foreign, wide_codec
from .limits import LimitReached, over_record_limit
from .model import Reject, SourceRecord

JSON, LINES = "json", "jsonl"
# Keys under which news interfaces put their articles.
WRAPPERS = (
    *("articles", "results", "items", "data", "docs", "documents", "records", "stories", "hits", "response", "rows"),
)
_CHUNK = 1 << 16
_SPACE = " \t\r\n"


class ColumnMatcher:
    """Our columns for records with the same keys, found once."""

    def __init__(self, entry: Entry) -> None:
        self.given = entry.options.columns
        self.found: dict[tuple[str, ...], tuple[dict[str, str], str]] = {}

    def match(self, names: tuple[str, ...]) -> tuple[dict[str, str], str]:
        """Ours -> theirs, and the same in one line."""
        known = self.found.get(names)
        if known is None:
            columns = match_columns(names, self.given)
            # A crawl of many sites has ever new sets of keys: what was found is a help, not an archive.
            if len(self.found) > 1000:
                self.found.clear()
            known = self.found[names] = columns, shown({k: v for k, v in columns.items() if v.split(".")[0] in names})
        return known


def make_record(
    entry: Entry, matcher: ColumnMatcher, format: str, raw: bytes, value: Any, declared: str | None = None
) -> SourceRecord | Reject:
    """The record that an object (column or key -> value) is."""
    if not isinstance(value, dict):
        return entry.refuse("source-type", f"this is {_what(value)}, not an object with a text; mend it or take it out")
    columns, line = matcher.match(tuple(value))
    try:
        fields = pick_fields(value, columns)
    except WrongValue as error:
        return entry.refuse("source-type", str(error))
    if "text" not in fields and "html" not in fields:
        if "text" in columns or "html" in columns:
            return entry.refuse("source-empty", f"its {columns.get('text') or columns['html']!r} is empty; take it out")
        keys = ", ".join(list(value)[:12]) or "none"
        return entry.refuse(
            "source-columns", f"no column is known to be the text (there are: {keys}); say --map text=..."
        )
    name, stated = (_as_text(fields.pop(ours, "")) for ours in ("id", "encoding"))
    if stated and any(isinstance(value, bytes) for value in fields.values()):
        declared = stated  # of words that are decoded already, a column says nothing any more
    return entry.record(format, name, raw, fields=fields, columns=line, declared=declared)


def _as_text(value: str | bytes) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def _what(value: Any) -> str:
    names = {str: "a string", list: "a list", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


class LineReader:
    """Reads single lines of a file of JSON lines; `read` takes a line without its end, which is not blank."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.matcher = ColumnMatcher(entry)
        self.decoder = msgspec.json.Decoder()

    def read(self, raw: bytes) -> SourceRecord | Reject:
        """The article that a line is."""
        try:
            value = self.decoder.decode(raw)
        except (ValueError, RecursionError) as error:
            return _read_doubtful(self.entry, self.matcher, LINES, raw, str(error))
        return make_record(self.entry, self.matcher, LINES, raw, value)


def read_lines(entry: Entry) -> Iterator[SourceRecord | Reject]:
    """JSON lines: each line that is not blank is an article. Lines end in LF and nowhere else."""
    reader = LineReader(entry)
    limit = entry.options.limits.record_bytes
    codec = wide_codec(cast("Any", entry.stream).peek(4)[:4])
    if codec is not None:
        yield from _read_wide_lines(entry, reader.matcher, codec)
        return
    first = True
    while line := entry.stream.readline(limit + 1):
        if len(line) > limit:
            _skip_line(entry)
            yield entry.refuse("source-limit", over_record_limit(entry.options.limits))
            continue
        if first:
            first, line = False, line.removeprefix(codecs.BOM_UTF8)
        raw = line.rstrip(b"\r\n")
        if not raw.strip():
            next(entry.numbers)  # records are numbered like lines, so that a file may be read in pieces
            continue
        yield reader.read(raw)


def _read_doubtful(entry: Entry, matcher: ColumnMatcher, format: str, raw: bytes, why: str) -> SourceRecord | Reject:
    """A record that is no JSON in UTF-8: in another encoding, or none."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return make_record(entry, matcher, format, raw, *read_foreign(entry, raw))
        except UnicodeDecodeError as error:
            message = f"byte {error.start} is not {error.encoding}; declare its encoding (sources.csv, --encoding)"
            return entry.refuse("source-encoding", message)
        except LookupError as error:
            return entry.refuse("source-encoding", f"{error}; declare another (sources.csv, --encoding)")
        except (ValueError, RecursionError) as error:
            message = f"it is not JSON ({error}), nor UTF-8; declare its encoding (--encoding), or fetch it again"
            return entry.refuse("source-damaged", message)
    return entry.refuse("source-damaged", f"it is not JSON ({why}); mend it or fetch it again")


def _read_wide_lines(entry: Entry, matcher: ColumnMatcher, codec: str) -> Iterator[SourceRecord | Reject]:
    """JSON lines in UTF-16 or UTF-32; a line's raw bytes are its own, without mark and line end."""
    limit = entry.options.limits.record_bytes
    decoder = codecs.getincrementaldecoder(codec)()
    held, too_long, at_end, first = "", False, False, True
    while not at_end:
        data = entry.stream.read(_CHUNK)
        at_end = not data
        came = decoder.decode(data, final=at_end)
        if first and came:
            first, came = False, came.removeprefix("\ufeff")
        *lines, held = (held + came).split("\n")
        for line in [*lines, held] if at_end else lines:
            raw = line.rstrip("\r").encode(codec, "surrogatepass")
            if too_long or len(raw) > limit:
                too_long = False
                yield entry.refuse("source-limit", over_record_limit(entry.options.limits))
            elif not line.strip():
                next(entry.numbers)
            else:
                try:
                    yield make_record(entry, matcher, LINES, raw, msgspec.json.decode(line), codec)
                except (ValueError, RecursionError) as error:
                    yield entry.refuse("source-damaged", f"it is not JSON ({error}); mend the line or fetch it again")
        if len(held) > limit:
            held, too_long = "", True


def _skip_line(entry: Entry) -> None:
    """Go on to the end of a line that is too long, without holding it."""
    while (part := entry.stream.readline(_CHUNK)) and not part.endswith(b"\n"):
        pass


def read_json(entry: Entry) -> Iterator[SourceRecord | Reject]:
    """JSON of any layout, streamed: an array is never held as a whole."""
    scanner = _Scanner(entry)
    matcher = ColumnMatcher(entry)
    try:
        while mark := scanner.peek():
            for words, value in scanner.articles():
                raw, declared = scanner.raw(words), scanner.codec if scanner.codec != "utf-8" else None
                if len(raw) > entry.options.limits.record_bytes:
                    yield entry.refuse("source-limit", over_record_limit(entry.options.limits))
                    continue
                if declared is None and not words.isascii() and not _is_utf8(raw):
                    made = _read_doubtful(entry, matcher, JSON, raw, "")
                else:
                    made = make_record(entry, matcher, JSON, raw, value, declared)
                if (
                    mark == "{"
                    and scanner.is_article
                    and isinstance(made, SourceRecord)
                    and made.name == f"{entry.name}/0"
                ):
                    # a file that is one article is called like it
                    made = replace(made, name=entry.name, own_path=entry.path)
                yield made
    except UnicodeDecodeError as error:
        message = f"it is not {error.encoding} ({error.reason}); declare another encoding (sources.csv, --encoding)"
        yield entry.refuse_whole("source-encoding", message)
    except LookupError as error:
        yield entry.refuse_whole("source-encoding", f"{error}; declare another (sources.csv, --encoding)")
    except (json.JSONDecodeError, RecursionError) as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        message = f"it is not JSON from character {scanner.read_before + scanner.place} on ({why}); fetch it again"
        yield entry.refuse_whole("source-damaged", message)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wraps(value: Any) -> bool:
    """Does an object hold articles, rather than be one?"""
    if not isinstance(value, dict):
        return False
    columns = match_columns(value, {})
    if any(isinstance(value[columns[ours]], str) for ours in ("text", "html") if ours in columns):
        return False
    return any(
        key.lower() in WRAPPERS
        and (isinstance(held, dict) or (isinstance(held, list) and isinstance((held or [0])[0], dict)))
        for key, held in value.items()
    )


class _Scanner:
    """JSON values out of a stream, each with its own characters.

    What is not UTF-8 stands in these as Python's stand-ins for bytes (`surrogateescape`), and is looked at record by
    record; only where bytes of ASCII may be parts of other characters all is decoded as was declared.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.codec = _stream_codec(cast("Any", entry.stream).peek(_CHUNK), entry.vouched() or entry.options.encoding)
        errors = "surrogateescape" if self.codec == "utf-8" else "strict"
        self.decoder = codecs.getincrementaldecoder(self.codec)(errors)
        self.value = json.JSONDecoder()
        self.text = ""
        self.place = 0
        self.read_before = 0
        self.at_end = self.began = False
        self.is_article = False  # was the last object of the file's own level an article?

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            while self.place < len(self.text) and self.text[self.place] in _SPACE:
                self.place += 1
            if self.place < len(self.text) or not self._more(_CHUNK):
                return self.text[self.place : self.place + 1]

    def _more(self, size: int) -> bool:
        if self.at_end:
            return False
        self.read_before += self.place
        self.text, self.place = self.text[self.place :], 0
        data = self.entry.stream.read(size)
        self.at_end = not data
        came = self.decoder.decode(data, final=self.at_end)
        if not self.began and came:
            self.began, came = True, came.removeprefix("\ufeff")
        self.text += came
        return True

    def take(self, mark: str) -> None:
        """Go past one character, which must be `mark`."""
        if self.peek() != mark:
            raise json.JSONDecodeError(f"{mark!r} is missing", self.text, self.place)
        self.place += 1

    def next_value(self) -> tuple[str, Any]:
        """The value that begins here, with its characters."""
        self.peek()
        while True:
            try:
                value, end = self.value.raw_decode(self.text, self.place)
                # A number or a word may go on in what was not read yet.
                if end < len(self.text) or self.at_end:
                    words, self.place = self.text[self.place : end], end
                    return words, value
            except json.JSONDecodeError:
                if self.at_end:
                    raise
            held = len(self.text) - self.place
            if held > self.entry.options.limits.record_bytes:
                raise LimitReached(over_record_limit(self.entry.options.limits))
            self._more(max(_CHUNK, held))  # twice as much each time: a long value is not parsed too often

    def articles(self) -> Iterator[tuple[str, Any]]:
        """The articles in the value that begins here, with their characters."""
        mark = self.peek()
        if mark == "[":
            yield from self._elements()
        elif mark == "{":
            yield from self._object()
        else:
            yield self.next_value()

    def _elements(self) -> Iterator[tuple[str, Any]]:
        self.take("[")
        if self.peek() == "]":
            self.take("]")
            return
        while True:
            yield self.next_value()
            if self.peek() == "]":
                self.take("]")
                return
            self.take(",")

    def _object(self) -> Iterator[tuple[str, Any]]:
        """An object: an article, or what holds them under one of `WRAPPERS`."""
        start = self.place
        try:
            words, value = self.next_value()
        except LimitReached:  # an article is not that long, but what holds thousands of them is
            pass
        else:
            if not _wraps(value):
                self.is_article = True
                yield words, value
                return
            self.text, self.place = self.text[self.place - len(words) :], 0
            self.read_before += start
        self.is_article, n_wrapped = False, 0
        self.take("{")
        while self.peek() != "}":
            _, key = self.next_value()
            if not isinstance(key, str):
                raise json.JSONDecodeError("a key is no string", self.text, self.place)
            self.take(":")
            mark = self.peek()
            if key.lower() in WRAPPERS and self._holds_objects(mark):
                n_wrapped += 1
                yield from self.articles()
            else:
                self.next_value()  # the interface's own (status, paging)
            if self.peek() != ",":
                break
            self.take(",")
        self.take("}")
        if not n_wrapped:
            raise LimitReached(over_record_limit(self.entry.options.limits))

    def _holds_objects(self, mark: str) -> bool:
        """Is the value an object, or an array whose first element is one?"""
        if mark == "{":
            return True
        if mark != "[":
            return False
        while not (rest := self.text[self.place + 1 :].lstrip(_SPACE)):
            if not self._more(_CHUNK):
                return False
        return rest[0] == "{"

    def raw(self, words: str) -> bytes:
        """The bytes that characters of the stream came from."""
        return words.encode(self.codec, "surrogateescape" if self.codec == "utf-8" else "surrogatepass")


def _stream_codec(head: bytes, declared: str | None) -> str:
    """What a whole stream is decoded with: a wide encoding, one that was declared and may hide a quote, else UTF-8."""
    wide = wide_codec(head[:4], declared)
    if wide is not None or declared is None or is_one_byte(declared):
        return wide or "utf-8"
    try:
        known = not codecs.getincrementaldecoder("utf-8")().decode(head).isascii()
    except UnicodeDecodeError:
        known = False
    return "utf-8" if known else normal(declared)
