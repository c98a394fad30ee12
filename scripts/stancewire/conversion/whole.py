"""A parcel into parts with segments, sentences and metadata: ordinary lines of JSON decoded straight into columns.

Ordinary is what it is in `lines`. Whatever else there is goes through `records`, record by record, into the same
parts; the rows are the same either way.
"""

from __future__ import annotations

import gc
from dataclasses import replace
from hashlib import sha256

import numpy as np

from ..sources import ReadOptions, SourceFacts, SourceFile
from ..sources.json_records import LINES
from ..sources.readers import is_json_lines
from ..sources.spans import Span
from ..text.article import JOINT
from ..text.columnwise import find_suspects
from ..text.decode import doubtful_characters
from ..text.model import KnownBlock
from .lines import LinesOfFile, OrdinaryLine, OtherLine
from .parcels import Conversion, Parcel
from .parts import Account, read_account
from .records import CHARS_A_PART, CHARS_AT_ONCE, Rows, read_parcel
from .records import get_ready as get_ready  # is called in each worker
from .waiting_line import WaitingLine

MOST_BYTES = 32 << 20  # of a file that is not cut into spans; longer ones are streamed


def convert_parcel(conversion: Conversion, parcel: Parcel) -> Account:
    """Write the parts of a parcel and its account, as `records.convert_parcel`."""
    done = read_account(conversion.folder, parcel.key)
    if done is not None:
        return done
    rows = Rows(conversion, Account(parcel.key, parcel.n_files, parcel.n_bytes), parcel.is_large)
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
        rows.take_file(file, facts, read_parcel(file, parcel, facts, conversion), parcel.is_first)
        return
    options = replace(conversion.reading, facts=facts, encoding=conversion.encoding)
    lines = Lines(rows, file, facts, options)
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


class Lines:
    """Lines of one file of JSON lines on their way into rows."""

    def __init__(self, rows: Rows, file: SourceFile, facts: SourceFacts, options: ReadOptions) -> None:
        self.rows = rows
        self.file = file
        self.facts = facts
        self.lines = LinesOfFile(file, facts, options, rows.conversion.lexicon)
        self.unseen: list[tuple[int, str, bytes]] = []
        self.n_unseen = 0

    def take_all(self, data: bytes, first: int) -> None:
        """Whole lines, of which the first is record `first`; those that are not ordinary go the general way."""
        rows, facts, source_path, met = self.rows, self.facts, self.file.source_path, self.lines.met
        corrections, withdrawn = rows.conversion.corrections, rows.conversion.withdrawn
        is_own = self.file.root in rows.conversion.own_roots
        for line in self.lines.read(data, first):
            if isinstance(line, OtherLine):
                self._take_generally(line)
                continue
            number, raw, kind, said, name, title, text, is_headed, stated = line
            blocks = None
            if is_headed:
                head = len(title)
                text = title + JOINT + text
                blocks = [KnownBlock(0, head, "headline", "title_column"), KnownBlock(head + len(JOINT), len(text))]
            try:
                encoded = text.encode()
            except UnicodeEncodeError:
                encoded = b""
            is_known = name in rows.places or name in withdrawn or (is_own and name in corrections)
            if not encoded or "\x00" in text or is_known:
                self._take_generally(line)
                continue
            rows.places[name] = source_path, number
            words = text, encoded, title, blocks
            rows.wait(
                WaitingLine(
                    name, (source_path, number), words, stated, (said, kind.others), facts, sha256(raw).hexdigest()
                )
            )
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

    def _take_generally(self, line: OrdinaryLine | OtherLine) -> None:
        item = self.lines.record(line)
        if item is None:
            return
        rows = self.rows
        rows.take(item, self.facts, self.file.root in rows.conversion.own_roots, None, self.lines.met)
        if rows.n_chars > CHARS_A_PART:
            rows.write_part()

    def tally(self) -> None:
        """Say what was met in the file."""
        self.rows.account.tallies += self.lines.tallies()
