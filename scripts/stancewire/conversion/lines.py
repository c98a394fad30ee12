"""Lines of JSON, one by one: ordinary ones as what stands in them, for `columnar` and `whole` to make rows of.

Ordinary are lines whose values have the usual types. All others are read as any record is, by the general reader.
"""

from __future__ import annotations

import codecs
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..sources import ReadOptions, Reject, SourceFacts, SourceFile, SourceRecord
from ..sources.columns import as_words
from ..sources.entries import Entry, clean_name
from ..sources.json_records import LINES, LineReader
from ..sources.known_lines import KnownLine, known_lines
from ..sources.limits import over_record_limit
from ..text.article import one_line
from ..text.lexicon import Lexicon
from ..text.stated_columns import Row, stated_columns
from .parts import Tally


class OrdinaryLine(NamedTuple):
    """What stands in a line.

    Attributes:
        number: of the record. raw: its bytes. kind: which columns it has. said: their values.
        text: with the newlines of the canonical text. is_headed: the text begins without the title.
    """

    number: int
    raw: bytes
    kind: KnownLine
    said: Any
    name: str
    title: str
    text: str
    is_headed: bool
    stated: Row


class OtherLine(NamedTuple):
    """A line that is not ordinary; `is_long`: it is longer than a record may be."""

    number: int
    raw: bytes
    is_long: bool = False


class LinesOfFile:
    """The lines of one file, or of spans of it, and what was met in them."""

    def __init__(self, file: SourceFile, facts: SourceFacts, options: ReadOptions, lexicon: Lexicon) -> None:
        self.file = file
        self.options = options
        self.known = known_lines(str(file.path), options.columns)
        self.metadata = stated_columns(facts, lexicon)
        self.met: Counter[tuple[str, str]] = Counter()
        self._entry = Entry(file, io.BytesIO(), LINES, file.name, options)
        self._reader = LineReader(self._entry)

    def read(self, data: bytes, first: int) -> Iterator[OrdinaryLine | OtherLine]:
        """Whole lines, of which the first is record `first`; empty ones are left out."""
        prefix, base, kinds, row_of = self.file.prefix, self.file.name, self.known.kinds, self.metadata.row
        limit = self.options.limits.record_bytes
        lines = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
        for number, raw in enumerate(lines, first):
            if not raw:
                continue
            if len(raw) + 4 > limit:  # its end counts, and a mark before the first
                mark = 3 if number == first and data.startswith(codecs.BOM_UTF8) else 0
                end = 0 if number == first + len(lines) - 1 else 1
                yield OtherLine(number, raw, is_long=mark + len(raw) + end > limit)
                continue
            if raw[-1] == 13:
                raw = raw.rstrip(b"\r")
            try:
                kind = kinds[0]
                said = kind.decode(raw)
            except (IndexError, ValueError, RecursionError):
                decoded = self._decode_otherwise(raw)
                if decoded is None:
                    yield OtherLine(number, raw)
                    continue
                kind, said = decoded
            text, title, own = said.text, said.title, said.id
            if text.__class__ is not str:
                text = as_words("text", text)
            title = "" if title is None else " ".join(title.split()) if title.__class__ is str else None
            if own.__class__ is not str:
                own = "" if own is None else as_words("id", own)
            stated = row_of(said.date, said.outlet, said.url, said if kind.others else None, kind.others)
            if not text or text.isspace() or title is None or own is None or stated is None:
                yield OtherLine(number, raw)
                continue
            # What stands here in most cases is what `clean_name` gives.
            if not own.isascii() or not own.isprintable() or "%" in own or own[:1] == " " or own[-1:] == " ":
                own = clean_name(own)
            name = prefix + own if own else f"{base}/{number}"
            if "\r" in text:
                text = text.replace("\r\n", "\n").replace("\r", "\n")
            is_headed = False
            if title and not text.startswith(title):
                begin = one_line(text[: 2 * len(title) + 20])
                is_headed = not begin.casefold().startswith(title.casefold())
            yield OrdinaryLine(number, raw, kind, said, name, title, text, is_headed, stated)

    def record(self, line: OtherLine | OrdinaryLine) -> SourceRecord | Reject | None:
        """A line as the general reader has it; None where there is nothing in it."""
        raw = line.raw.rstrip(b"\r")
        self._entry.numbers.upcoming = line.number
        if isinstance(line, OtherLine) and line.is_long:
            return self._entry.refuse("source-limit", over_record_limit(self.options.limits))
        return self._reader.read(raw) if raw.strip() else None

    def tallies(self) -> list[Tally]:
        """What was met in the file."""
        return [Tally(self.file.source_path, *what, count) for what, count in sorted(self.met.items())]

    def _decode_otherwise(self, raw: bytes) -> tuple[KnownLine, Any] | None:
        """A line whose keys are not those of the line before; None where it has to go the general way."""
        for kind in self.known.kinds[1:]:
            try:
                return kind, kind.decode(raw)
            except (ValueError, RecursionError):
                continue
        try:
            value = self._reader.decoder.decode(raw)
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict) or not self.known.learn(tuple(value)):
            return None
        kind = self.known.kinds[0]
        return kind, kind.decode(raw)
