"""A parcel into parts where only texts, hashes and metadata are wanted: ordinary records as columns.

Ordinary are lines of JSON that `lines` says are so, and files of plain text. Whatever else there is goes
through `records`, one by one; the rows are the same either way.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from operator import lt
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ..errors import Problem
from ..sources import ReadOptions, Reject, SourceFacts, SourceFile
from ..sources.json_encodings import wide_codec
from ..sources.json_records import LINES
from ..sources.line_blocks import read_block
from ..sources.readers import format_of
from ..sources.sniff import HEAD_BYTES
from ..sources.spans import Span
from ..tables import TableSchema, read_table_schema
from ..text import Undecodable, decode
from ..text.article import JOINT
from ..text.columnwise import Leads, count_words, find_suspects
from ..text.decode import _MAGIC, Doubt, doubtful_characters
from ..text.stated_columns import COLUMNS as STATED
from ..text.stated_columns import stated_columns
from .arrays import column, hexadecimal, texts
from .blocks import make_documents
from .lines import LinesOfFile, OrdinaryLine, OtherLine
from .parcels import Conversion, Parcel
from .parts import Account, duplicate, read_account, write_documents

if TYPE_CHECKING:
    from .records import Rows

# Characters of text after which a part is written, as in `records`; files and spans beyond this are streamed there.
CHARS_A_PART = 8 << 20
MOST_BYTES = 32 << 20
MOST_REFUSED = 3  # blocks of a file's lines, beyond those that were taken, after which all are taken one by one

# What a row holds, in order; all other columns of `documents` are null but for the two that are counted.
ROW = (
    *("doc_id", "source_path", "record_no", "format", "title", *STATED),
    *("text", "n_chars", "encoding", "encoding_score", "raw_sha256", "text_sha256"),
)
DIGESTS = ("raw_sha256", "text_sha256")  # as bytes
COUNTED = ("n_words", "n_sentences")
EMPTY = ("extractor", "lang_score")
# What `decode` has to look at although it is valid UTF-8.
NOT_PLAIN = (codecs.BOM_UTF8, *(magic for magic, _ in _MAGIC))


def convert_parcel(conversion: Conversion, parcel: Parcel) -> Account:
    """Write the parts of a parcel and its account, as `records.convert_parcel`."""
    schema = read_table_schema("documents", conversion.schemas)
    if {item.name for item in schema.fields} != {*ROW, *COUNTED, *EMPTY}:
        from .records import convert_parcel as convert_any

        return convert_any(conversion, parcel)
    done = read_account(conversion.folder, parcel.key)
    if done is not None:
        return done
    batch = Batch(conversion, schema, Account(parcel.key, parcel.n_files, parcel.n_bytes), parcel.is_large)
    for file, facts in zip(parcel.files, parcel.facts, strict=True):
        batch.take_file(file, facts, parcel)
    batch.write_part()
    batch.account.write(conversion.folder)
    return batch.account


@dataclass
class Batch:
    """The documents of the part on its way; `others` takes those that are not ordinary."""

    conversion: Conversion
    schema: TableSchema
    account: Account
    is_large: bool = False
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    n_chars: int = 0
    others: Rows | None = None
    places: dict[str, tuple[str, int | None]] = field(default_factory=dict)

    def take_file(self, file: SourceFile, facts: SourceFacts, parcel: Parcel) -> None:
        """All records of a file, or of the parcel's span of it."""
        span = parcel.span
        raw = None if span is not None and (span.groups or span.is_batch) else _read(file, span)
        format = digest = None
        # What is known of single records, what is withdrawn, and JSON in UTF-16 and -32, are not ordinary.
        if raw is not None and not facts.inside and not self.conversion.withdrawn:
            format = "jsonl" if span is not None else format_of(file, raw[:HEAD_BYTES])
            format = None if format == "jsonl" and wide_codec(raw[:4]) is not None else format
        if raw is not None and format == "jsonl":
            self._take_lines(raw, file, facts, 0 if span is None else span.first_record, len(parcel.files) == 1)
        elif raw is not None and format == "txt" and len(raw) <= self.conversion.reading.limits.record_bytes:
            self._take_text(raw, digest := sha256(raw).digest(), file, facts)
        else:
            from .records import read_parcel

            self.general().take_file(file, facts, read_parcel(file, parcel, facts, self.conversion), parcel.is_first)
            self.keep_places()
            return
        if span is None:
            self.account.hashes.append((file.root, file.source_path, (digest or sha256(raw).digest()).hex()))

    def general(self) -> Rows:
        """What takes all that is not ordinary."""
        if self.others is None:
            from .records import Rows

            self.others = Rows(self.conversion, self.account)
            self.others.places = self.places
        return self.others

    def keep_places(self) -> None:
        """The general way may have written a part, and begun a new account of where documents stand."""
        assert self.others is not None
        self.places.update(self.others.places)
        self.others.places = self.places

    def _take_lines(self, data: bytes, file: SourceFile, facts: SourceFacts, first: int, are_all: bool) -> None:
        """Whole lines of a file of JSON lines, of which the first is record `first`; `are_all`: the parcel has no more,
        so that they can be a part of their own."""
        options = replace(self.conversion.reading, facts=facts, encoding=self.conversion.encoding)
        lines = Lines(self, file, facts, options)
        plain = data.removeprefix(codecs.BOM_UTF8)
        if not are_all or len(data) > CHARS_A_PART or not lines.take_block(plain, first):
            lines.take_all(data, first)
        lines.tally()

    def _take_text(self, raw: bytes, digest: bytes, file: SourceFile, facts: SourceFacts) -> None:
        """A file of plain text, and its SHA-256."""
        declared = facts.encoding or self.conversion.encoding
        encoding, score = "utf-8", 1.0
        doubts: Sequence[Doubt] = ()  # of UTF-8 they are found in all texts at once
        text = None if declared or not raw or raw.startswith(NOT_PLAIN) or b"\x00" in raw else _utf_8(raw)
        if text is None or text.isspace():
            try:
                decoded = decode(raw, declared)
            except Undecodable as error:
                self.account.rejects.append(Reject(file.source_path, -1, error.check, str(error)))
                return
            text, encoding, score, is_raw = decoded.text, decoded.encoding, decoded.score, decoded.is_raw
            doubts = () if encoding == "utf-8" else decoded.doubts
        else:
            is_raw = b"\r" not in raw
            if not is_raw:
                text = text.replace("\r\n", "\n").replace("\r", "\n")
        if file.name in self.places:
            self.account.rejects.append(duplicate(file.name, self.places[file.name], file.source_path, -1))
            return
        self.places[file.name] = file.source_path, None
        encoded = raw if is_raw else text.encode()
        self.n_chars += len(text)
        self.rows.append(
            (
                file.name, file.source_path, None, "txt", None,
                *(stated_columns(facts, self.conversion.lexicon).row(None, None, None, path=file.source_path) or ()),
                encoded, len(text), encoding, score, digest,
                digest if is_raw else sha256(encoded).digest(),
            )
        )  # fmt: skip
        self.warn(file.source_path, None, doubts)
        if self.n_chars > CHARS_A_PART:
            self.write_part()

    def warn(self, source_path: str, record_no: int | None, doubts: Sequence[Doubt]) -> None:
        place = "" if record_no is None else f"record {record_no}"
        self.account.problems += [
            Problem(source_path, place, doubt.check, 1, doubt.message, "warning") for doubt in doubts
        ]

    def write_part(self) -> None:
        """Write what came since the last part."""
        table = self._table() if self.rows else None
        general = None if self.others is None else self.others.take_documents(self.schema)
        if general is not None:
            table = general if table is None else _merged(table, general)
        if table is not None:
            self.add_part(table)
        self.rows, self.n_chars = [], 0
        self.places.clear()

    def add_part(self, documents: pa.Table) -> None:
        """Write documents, sorted by key, as a part."""
        folder, number = self.conversion.folder, len(self.account.parts)
        self.account.parts.append(write_documents(folder, self.account.key, number, documents, self.is_large))

    def _table(self) -> pa.Table:
        """The ordinary rows, sorted by key."""
        ids = [row[0] for row in self.rows]
        if not all(map(lt, ids, ids[1:])):
            self.rows.sort(key=lambda row: row[0])
        columns: dict[str, Sequence[Any]] = dict(zip(ROW, zip(*self.rows, strict=True), strict=True))
        text, data, offsets = texts(columns["text"])
        leads = Leads.of(data)
        columns["n_words"] = count_words(data, offsets, leads)
        for number in find_suspects(data, offsets, leads):
            row = self.rows[number]
            if row[ROW.index("encoding")] == "utf-8":  # `decode` has looked at all others
                self.warn(row[1], row[2], doubtful_characters(row[ROW.index("text")].decode()))
        made = []
        for item in self.schema.fields:
            values = columns.get(item.name, (None,) if item.name in EMPTY else (0,))
            if item.name == "text":
                made.append(text)
            elif item.name in DIGESTS:
                made.append(hexadecimal(values))
            else:
                made.append(column(values, len(ids), item.arrow, item.categories))
        return pa.Table.from_arrays(made, schema=self.schema.arrow)


class Lines:
    """Lines of one file of JSON lines on their way into a batch."""

    def __init__(self, batch: Batch, file: SourceFile, facts: SourceFacts, options: ReadOptions) -> None:
        self.batch = batch
        self.file = file
        self.facts = facts
        self.lines = LinesOfFile(file, facts, options, batch.conversion.lexicon)

    def take_block(self, data: bytes, first: int) -> bool:
        """Make a part of whole lines at once; False where they have to be taken one by one."""
        lines, known = self.lines, self.lines.known
        if known.refused == MOST_REFUSED:
            return False
        block = read_block(data, known, lines.options.limits.record_bytes)
        about = self.batch.schema, self.file, lines.metadata
        made = None if block is None else make_documents(*about, data, first, block)
        if block is None or made is None:
            known.refused += 1
            return False
        for number, doubts in made.doubts:
            self.batch.warn(self.file.source_path, number, doubts)
        known.refused = max(0, known.refused - 1)
        lines.met[block.kind.tally] += made.documents.num_rows
        self.batch.add_part(made.documents)
        return True

    def take_all(self, data: bytes, first: int) -> None:
        """Whole lines, of which the first is record `first`; those that are not ordinary go the general way."""
        batch, places, source_path, met = self.batch, self.batch.places, self.file.source_path, self.lines.met
        for line in self.lines.read(data, first):
            if isinstance(line, OtherLine):
                self._take_generally(line)
                continue
            number, raw, kind, _, name, title, text, is_headed, stated = line
            if is_headed:
                text = title + JOINT + text
            try:
                encoded = text.encode()
            except UnicodeEncodeError:
                encoded = b""
            if not encoded or b"\x00" in encoded or name in places:
                self._take_generally(line)
                continue
            places[name] = source_path, number
            batch.n_chars += len(text)
            batch.rows.append(
                (
                    name, source_path, number, LINES, title or None, *stated,
                    encoded, len(text), "utf-8", 1.0, sha256(raw).digest(), sha256(encoded).digest(),
                )
            )  # fmt: skip
            met[kind.tally] += 1
            if batch.n_chars > CHARS_A_PART:
                batch.write_part()

    def _take_generally(self, line: OrdinaryLine | OtherLine) -> None:
        item = self.lines.record(line)
        if item is None:
            return
        general = self.batch.general()
        general.take(item, self.facts, self.file.root in self.batch.conversion.own_roots, None, self.lines.met)
        self.batch.n_chars += general.n_chars
        general.n_chars = 0
        if self.batch.n_chars > CHARS_A_PART:
            self.batch.write_part()

    def tally(self) -> None:
        """Say what was met in the file."""
        self.batch.account.tallies += self.lines.tallies()


def _read(file: SourceFile, span: Span | None) -> bytes | None:
    """A file or the span; None where it cannot be read, is empty or too long, or not on this machine."""
    start, most = (0, MOST_BYTES) if span is None else (span.start, span.end - span.start)
    if file.address is not None or most > MOST_BYTES:
        return None
    size = -1
    if span is None and file.stamp is not None:
        size = file.stamp[0]
        most = min(most, size + 1)  # one more than there is, to see that there is no more
    try:
        source = os.open(file.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            if start:
                os.lseek(source, start, os.SEEK_SET)
            raw = os.read(source, most)
            while size != len(raw) < most and (more := os.read(source, most - len(raw))):
                raw += more
        finally:
            os.close(source)
    except OSError:
        return None
    return raw if span is not None or 0 < len(raw) < most else None


def _utf_8(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _merged(a: pa.Table, b: pa.Table) -> pa.Table:
    """The rows of both, sorted by key."""
    import pyarrow.compute as pc

    both = pa.concat_tables([a, b]).combine_chunks()
    return both.take(pc.sort_indices(both.column("doc_id"))).combine_chunks()
