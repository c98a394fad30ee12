"""A parcel into parts with segments, sentences and metadata: ordinary lines of JSON decoded straight into columns.

Ordinary is what it is in `columnar`. Whatever else there is goes through `records`, record by record, into the same
parts; the rows are the same either way.
"""

from __future__ import annotations

import codecs
import datetime
import functools
import gc
import io
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np

from ..sources import Reject, SourceFacts, SourceFile, SourceRecord
from ..sources.columns import as_words
from ..sources.entries import Entry, clean_name
from ..sources.json_records import LINES, LineReader
from ..sources.known_lines import KnownLine, known_lines
from ..sources.limits import over_record_limit
from ..sources.readers import is_json_lines
from ..sources.spans import Span
from ..text.article import JOINT, Stated, one_line
from ..text.columnwise import find_suspects
from ..text.decode import doubtful_characters
from ..text.metadata import find_metadata, find_told, no_language
from ..text.model import KnownBlock, Segment
from ..text.stated_columns import EPOCH, Row, stated_columns
from .parcels import Conversion, Parcel
from .parts import Account, Tally, read_account
from .records import CHARS_A_PART, CHARS_AT_ONCE, Rows, read_parcel
from .records import get_ready as get_ready  # is called in each worker

MOST_BYTES = 32 << 20  # of a file that is not cut into spans; longer ones are streamed


def convert_parcel(conversion: Conversion, parcel: Parcel) -> Account:
    """Write the parts of a parcel and its account, as `records.convert_parcel`."""
    done = read_account(conversion.folder, parcel.key)
    if done is not None:
        return done
    n_files = 0 if parcel.span and parcel.span.first_record else len(parcel.files)
    rows = Rows(conversion, Account(parcel.key, n_files, parcel.n_bytes), parcel.is_large)
    for file, facts in zip(parcel.files, parcel.facts, strict=True):
        _take_file(rows, file, facts, parcel)
    rows.write_part()
    rows.account.write(conversion.folder)
    return rows.account


def _take_file(rows: Rows, file: SourceFile, facts: SourceFacts, parcel: Parcel) -> None:
    """All records of a file, or of a span of it."""
    span, conversion = parcel.span, rows.conversion
    raw = None if facts.inside else _read(file, span)
    if raw is None:
        is_first = span is None or (span.is_batch and span.start == 0)
        rows.take_file(file, facts, read_parcel(file, parcel, facts, conversion), is_first)
        return
    options = replace(conversion.reading, facts=facts, encoding=conversion.encoding)
    lines = Lines(rows, file, facts, Entry(file, io.BytesIO(), LINES, file.name, options))
    collects = gc.isenabled()
    gc.disable()  # many objects wait to be taken apart, none of them in a circle
    try:
        lines.take_all(raw, 0 if span is None else span.first_record)
    finally:
        if collects:
            gc.enable()
    lines.tally()
    if span is None:
        rows.account.hashes.append((file.root, file.source_path, sha256(raw).hexdigest()))


def _read(file: SourceFile, span: Span | None) -> bytes | None:
    """The bytes of a span or small file of JSON lines; None where it is something else, or cannot be read."""
    if (span is None and file.format != LINES) or not is_json_lines(file):
        return None
    start, most = (0, MOST_BYTES) if span is None else (span.start, span.end - span.start)
    if most > MOST_BYTES:
        return None
    try:
        with open(file.path, "rb", buffering=0) as source:
            source.seek(start)
            raw = source.read(most)
            while len(raw) < most and (more := source.read(most - len(raw))):
                raw += more
    except OSError:
        return None
    return raw if span is not None or 0 < len(raw) < most else None


class Line:
    """An ordinary record whose text is read, and not yet taken apart (`records.Waiting`)."""

    __slots__ = (
        *("name", "source_path", "record_no", "text", "encoded", "blocks", "title"),
        *("stated", "said", "others", "facts", "raw_sha256"),
    )
    raw_map = None
    is_own = False  # a record that has corrections is no ordinary one

    def __init__(
        self,
        name: str,
        place: tuple[str, int],
        words: tuple[str, bytes, str, list[KnownBlock] | None],
        stated: Row,
        said: tuple[Any, tuple[str, ...]],
        facts: SourceFacts,
        raw_sha256: str,
    ) -> None:
        self.name = name
        self.source_path, self.record_no = place
        self.text, self.encoded, self.title, self.blocks = words
        self.stated = stated
        self.said, self.others = said
        self.facts = facts
        self.raw_sha256 = raw_sha256

    def row(self, rows: Rows, segments: list[Segment], n_words: int, n_sentences: int) -> tuple[Any, ...]:
        """The row of `documents`, but for the language that is detected.

        Args:
            segments: its first headline, and those of other roles that metadata are read from.
        """
        if any(segment.role == "header" for segment in segments):
            title, stated = self._with_headers(rows, segments)
        else:
            title, stated = self._with_told(rows, segments)
        date, date_source, outlet, outlet_source, dateline, byline, credit, wire, url, lang, rights, license = stated
        return (
            self.name, self.source_path, self.record_no, LINES, None,
            title, date, date_source, outlet, outlet_source,
            dateline, byline, credit, wire, url, lang, None, self.encoded, len(self.text), n_words, n_sentences,
            "utf-8", 1.0, self.raw_sha256, sha256(self.encoded).hexdigest(), rights, license,
        )  # fmt: skip

    def _with_told(self, rows: Rows, segments: list[Segment]) -> tuple[str | None, Row]:
        """Title and other metadata: what is stated, and what the segments say where it is not."""
        title, dated, *told = find_told(self.text, segments, rows.conversion.lexicon)
        day, date_source, outlet, outlet_source, dateline, byline, credit, wire, *rest = self.stated
        date = None if day is None else _date(day)
        if date is None and dated is not None:
            date, date_source = dated, "dateline"
        columns = date, date_source, outlet, outlet_source
        # The text's own words come before a column's, but for the agency.
        marked = told[0] or dateline, told[1] or byline, told[2] or credit, wire or told[3]
        return title or self.title or None, (*columns, *marked, *rest)

    def _with_headers(self, rows: Rows, segments: list[Segment]) -> tuple[str | None, Row]:
        said = {ours: as_words(ours, getattr(self.said, ours)) or "" for ours in (*_NAMED, *self.others)}
        stated = Stated(**{ours: one_line(words) for ours, words in said.items() if ours != "encoding"})
        lexicon = rows.conversion.lexicon
        found = find_metadata(self.text, segments, self.facts, lexicon, stated, no_language)
        columns = found.date, found.date_source, found.outlet, found.outlet_source, found.dateline, found.byline
        return found.title, (*columns, found.credit, found.wire, found.url, found.lang, *self.stated[-2:])


@functools.lru_cache(maxsize=4096)
def _date(day: int) -> datetime.date:
    return EPOCH + datetime.timedelta(day)


_NAMED = ("title", "date", "outlet", "url")


class Lines:
    """Lines of one file of JSON lines on their way into rows."""

    def __init__(self, rows: Rows, file: SourceFile, facts: SourceFacts, entry: Entry) -> None:
        self.rows = rows
        self.file = file
        self.facts = facts
        self.entry = entry
        self.known = known_lines(str(file.path), entry.options.columns)
        self.metadata = stated_columns(facts, rows.conversion.lexicon)
        self.met: Counter[tuple[str, str]] = Counter()
        self.reader = LineReader(entry)
        self.unseen: list[tuple[int, str, bytes]] = []
        self.n_unseen = 0

    def take_all(self, data: bytes, first: int) -> None:
        """Whole lines, of which the first is record `first`; those that are not ordinary go the general way."""
        rows, file, prefix, facts, kinds = self.rows, self.file, self.file.prefix, self.facts, self.known.kinds
        source_path, row_of, met = file.source_path, self.metadata.row, self.met
        is_own, corrections = file.root in rows.conversion.own_roots, rows.conversion.corrections
        limit, withdrawn = self.entry.options.limits.record_bytes, rows.conversion.withdrawn
        lines = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
        for number, raw in enumerate(lines, first):
            if not raw:
                continue
            if len(raw) + 4 > limit:  # its end counts, and a mark before the first
                mark = 3 if number == first and data.startswith(codecs.BOM_UTF8) else 0
                end = 0 if number == first + len(lines) - 1 else 1
                self._take_generally(number, raw, is_long=mark + len(raw) + end > limit)
                continue
            if raw[-1] == 13:
                raw = raw.rstrip(b"\r")
            try:
                kind = kinds[0]
                said = kind.decode(raw)
            except (IndexError, ValueError, RecursionError):
                decoded = self._decode_otherwise(raw)
                if decoded is None:
                    self._take_generally(number, raw)
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
                self._take_generally(number, raw)
                continue
            # What stands here in most cases is what `clean_name` gives.
            if not own.isascii() or not own.isprintable() or "%" in own or own[:1] == " " or own[-1:] == " ":
                own = clean_name(own)
            name = prefix + own if own else f"{file.name}/{number}"
            if "\r" in text:
                text = text.replace("\r\n", "\n").replace("\r", "\n")
            head = 0
            if title and not text.startswith(title):
                begin = one_line(text[: 2 * len(title) + 20])
                if not begin.casefold().startswith(title.casefold()):
                    text, head = title + JOINT + text, len(title)
            try:
                encoded = text.encode()
            except UnicodeEncodeError:
                encoded = b""
            is_known = name in rows.places or name in withdrawn or (is_own and name in corrections)
            if not encoded or "\x00" in text or is_known:
                self._take_generally(number, raw)
                continue
            blocks = None
            if head:
                blocks = [KnownBlock(0, head, "headline", "title_column"), KnownBlock(head + len(JOINT), len(text))]
            rows.places[name] = source_path, number
            rows.wait(
                Line(
                    name, (source_path, number), (text, encoded, title, blocks), stated, (said, kind.others), facts,
                    sha256(raw).hexdigest(),
                )
            )  # fmt: skip
            if len(encoded) > len(text):
                self._look_at(number, text, encoded)
            met[kind.tally] += 1
            if rows.n_chars > CHARS_A_PART:
                rows.write_part()

        self._look_at_all()

    def _look_at(self, number: int, text: str, encoded: bytes) -> None:
        """Look for traces of mojibake in a text, soon."""
        self.unseen.append((number, text, encoded))
        self.n_unseen += len(encoded)
        if self.n_unseen > CHARS_AT_ONCE:
            self._look_at_all()

    def _look_at_all(self) -> None:
        if self.unseen:
            numbers, texts, encoded = zip(*self.unseen, strict=True)
            offsets = np.zeros(len(texts) + 1, np.int64)
            np.cumsum(np.fromiter(map(len, encoded), np.int64, len(texts)), out=offsets[1:])
            for suspect in find_suspects(b"".join(encoded), offsets):
                self.rows.warn(self.file.source_path, numbers[suspect], doubtful_characters(texts[suspect]))
        self.unseen, self.n_unseen = [], 0

    def _take_generally(self, number: int, raw: bytes, is_long: bool = False) -> None:
        raw = raw.rstrip(b"\r")
        self.entry.numbers.upcoming = number
        if is_long:
            message = over_record_limit(self.entry.options.limits)
            item: SourceRecord | Reject = self.entry.refuse("source-limit", message)
        elif not raw.strip():
            return
        else:
            item = self.reader.read(raw)
        rows = self.rows
        rows.take(item, self.facts, self.file.root in rows.conversion.own_roots, None, self.met)
        if rows.n_chars > CHARS_A_PART:
            rows.write_part()

    def tally(self) -> None:
        """Say what was met in the file."""
        self.rows.account.tallies += [
            Tally(self.file.source_path, *what, count) for what, count in sorted(self.met.items())
        ]

    def _decode_otherwise(self, raw: bytes) -> tuple[KnownLine, Any] | None:
        """A line whose keys are not those of the line before; None where it has to go the general way."""
        for kind in self.known.kinds[1:]:
            try:
                return kind, kind.decode(raw)
            except (ValueError, RecursionError):
                continue
        try:
            value = self.reader.decoder.decode(raw)
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict) or not self.known.learn(tuple(value)):
            return None
        kind = self.known.kinds[0]
        return kind, kind.decode(raw)
