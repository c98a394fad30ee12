"""A parcel into parts where only texts, hashes and metadata are wanted: ordinary records as columns.

Ordinary are lines of JSON whose values have the usual types, and files of plain text. Whatever else there is goes
through `records`, one by one; the rows are the same either way.
"""

from __future__ import annotations

import codecs
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from operator import lt
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..errors import Problem
from ..sources import ReadOptions, Reject, SourceFacts, SourceFile, SourceRecord, read_sources, read_span
from ..sources.columns import as_words
from ..sources.entries import Entry, clean_name
from ..sources.json_encodings import wide_codec
from ..sources.json_records import LINES, LineReader
from ..sources.known_lines import KnownLine, KnownLines
from ..sources.limits import over_record_limit
from ..sources.readers import format_of
from ..sources.sniff import HEAD_BYTES
from ..tables import TableSchema, read_table_schema
from ..text import Undecodable, decode
from ..text.article import JOINT, one_line
from ..text.columnwise import Leads, count_words, find_suspects
from ..text.decode import _MAGIC, Doubt, doubtful_characters
from ..text.stated_columns import StatedColumns
from .arrays import codes, constant, days, integers, strings, texts
from .parcels import Conversion, Parcel
from .parts import Account, Tally, duplicate, read_account, write_documents

if TYPE_CHECKING:
    from .records import Rows

# Characters of text after which a part is written, as in `records`; files and spans beyond this are streamed there.
CHARS_A_PART = 8 << 20
MOST_BYTES = 32 << 20

# What a row holds, in order; all other columns of `documents` are null but for the two that are counted.
ROW = (
    *("doc_id", "source_path", "record_no", "format", "title", "date", "date_source", "outlet", "outlet_source"),
    *("dateline", "byline", "credit", "wire", "url", "lang", "rights", "license"),
    *("text", "n_chars", "encoding", "encoding_score", "raw_sha256", "text_sha256"),
)
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
    n_files = 0 if parcel.span and parcel.span.first_record else len(parcel.files)
    batch = Batch(conversion, schema, Account(parcel.key, n_files, parcel.n_bytes))
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
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    n_chars: int = 0
    others: Rows | None = None
    places: dict[str, tuple[str, int | None]] = field(default_factory=dict)

    def take_file(self, file: SourceFile, facts: SourceFacts, parcel: Parcel) -> None:
        """All records of a file, or of the parcel's span of it."""
        span = parcel.span
        raw = _read(file, *((0, MOST_BYTES) if span is None else (span.start, span.end - span.start)))
        format = None
        # What is known of single records, and UTF-16 and -32, are not ordinary.
        if raw is not None and not facts.inside and wide_codec(raw[:4]) is None:
            format = "jsonl" if span is not None else format_of(file, raw[:HEAD_BYTES])
        if raw is not None and format == "jsonl":
            self._take_lines(raw, file, facts, 0 if span is None else span.first_record)
        elif raw is not None and format == "txt" and len(raw) <= self.conversion.reading.limits.record_bytes:
            self._take_text(raw, file, facts)
        else:
            options = replace(self.conversion.reading, facts=facts, encoding=self.conversion.encoding)
            came = (
                read_sources([file], options)
                if span is None
                else read_span(file, span.start, span.end, span.first_record, options)
            )
            self.general().take_file(file, facts, came, span is None)
            self.keep_places()
            return
        if span is None:
            self.account.hashes.append((file.root, file.source_path, sha256(raw).hexdigest()))

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

    def _take_lines(self, data: bytes, file: SourceFile, facts: SourceFacts, first: int) -> None:
        """Whole lines of a file of JSON lines, of which the first is record `first`."""
        options = replace(self.conversion.reading, facts=facts, encoding=self.conversion.encoding)
        lines = Lines(self, file, facts, options)
        limit = options.limits.record_bytes
        numbered = enumerate(data.split(b"\n"), first)
        if data.startswith(b"\xef\xbb\xbf"):
            number, line = next(numbered)
            lines.take(number, line[3:], len(line) >= limit)
        for number, line in numbered:
            if line:
                lines.take(number, line, len(line) >= limit)
            if self.n_chars > CHARS_A_PART:
                self.write_part()
        lines.tally()

    def _take_text(self, raw: bytes, file: SourceFile, facts: SourceFacts) -> None:
        """A file of plain text."""
        declared = facts.encoding or self.conversion.encoding
        raw_sha256 = sha256(raw).hexdigest()
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
                *StatedColumns(facts, self.conversion.lexicon).row("", "", "", path=file.source_path),
                encoded, len(text), encoding, score, raw_sha256,
                raw_sha256 if is_raw else sha256(encoded).hexdigest(),
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
            self.account.parts.append(
                write_documents(self.conversion.folder, self.account.key, len(self.account.parts), table)
            )
        self.rows, self.n_chars = [], 0
        self.places.clear()

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
            made.append(text if item.name == "text" else _array(values, len(ids), item.arrow, item.categories))
        return pa.Table.from_arrays(made, schema=self.schema.arrow)


class Lines:
    """Lines of one file of JSON lines on their way into a batch."""

    def __init__(self, batch: Batch, file: SourceFile, facts: SourceFacts, options: ReadOptions) -> None:
        self.batch = batch
        self.file = file
        self.facts = facts
        self.options = options
        self.known = KnownLines(options.columns)
        self.metadata = StatedColumns(facts, batch.conversion.lexicon)
        self.met: Counter[tuple[str, str]] = Counter()
        self.entry = Entry(file, io.BytesIO(), LINES, file.name, options)
        self.reader = LineReader(self.entry)

    def take(self, number: int, raw: bytes, is_long: bool) -> None:
        """One line, without its end; where it is not ordinary, the general reader takes it."""
        raw = raw.rstrip(b"\r")
        self.entry.numbers.upcoming = number
        if is_long:
            item: SourceRecord | Reject = self.entry.refuse("source-limit", over_record_limit(self.options.limits))
        elif self._take_known(number, raw) or not raw.strip():
            return
        else:
            item = self.reader.read(raw)
        general = self.batch.general()
        general.take(item, self.facts, self.file.root in self.batch.conversion.own_roots, None, self.met)
        self.batch.n_chars += general.n_chars
        general.n_chars = 0

    def _take_known(self, number: int, raw: bytes) -> bool:
        """Take a line with keys that were met before; False where it is none, or what it says is not ordinary."""
        for kind in self.known.kinds:
            try:
                values = kind.decode(raw)
            except (ValueError, RecursionError):
                continue
            return self._add(number, raw, kind, values)
        try:
            value = self.reader.decoder.decode(raw)
        except (ValueError, RecursionError):
            return False
        if not isinstance(value, dict) or not self.known.learn(tuple(value)):
            return False
        kind = self.known.kinds[0]
        return self._add(number, raw, kind, kind.decode(raw))

    def _add(self, number: int, raw: bytes, kind: KnownLine, values: Any) -> bool:
        """Add the row of a record; False where it is not ordinary."""
        batch, file = self.batch, self.file
        text = values.text if values.text.__class__ is str else as_words("text", values.text)
        title = _line("title", values.title)
        date = _line("date", values.date)
        outlet = _line("outlet", values.outlet)
        url = _line("url", values.url)
        own = values.id if values.id.__class__ is str else _line("id", values.id)
        if not text or text.isspace() or title is None or date is None or outlet is None or url is None or own is None:
            return False
        others = None
        if kind.others:
            others = {}
            for ours in kind.others:
                words = _line(ours, getattr(values, ours))
                if words is None:
                    return False
                others[ours] = words
        # What stands here in most cases is what `clean_name` gives.
        if not own.isascii() or not own.isprintable() or "%" in own or own[:1] == " " or own[-1:] == " ":
            own = clean_name(own)
        name = file.prefix + own if own else f"{file.name}/{number}"
        if name in batch.places:
            return False
        if title and not text.startswith(title):
            begin = one_line(text[: 2 * len(title) + 20])
            if not begin.casefold().startswith(title.casefold()):
                text = title + JOINT + text
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if "\x00" in text:
            return False
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            return False
        batch.places[name] = file.source_path, number
        batch.n_chars += len(text)
        batch.rows.append(
            (
                name, file.source_path, number, LINES, title or None, *self.metadata.row(date, outlet, url, others),
                encoded, len(text), "utf-8", 1.0, sha256(raw).hexdigest(), sha256(encoded).hexdigest(),
            )
        )  # fmt: skip
        self.met["columns", kind.line] += 1
        return True

    def tally(self) -> None:
        """Say what was met in the file."""
        self.batch.account.tallies += [
            Tally(self.file.source_path, *what, count) for what, count in sorted(self.met.items())
        ]


def _line(ours: str, value: Any) -> str | None:
    """Words in one line, empty where there are none; None where the type is not one for this column."""
    if value is None:
        return ""
    words = value if value.__class__ is str else as_words(ours, value)
    return None if words is None else " ".join(words.split())


def _read(file: SourceFile, start: int, most: int) -> bytes | None:
    """Bytes of a file; None where it cannot be read, is empty or too long, or not on this machine."""
    if file.address is not None or most > MOST_BYTES:
        return None
    try:
        with open(file.path, "rb", buffering=0) as source:
            if start:
                source.seek(start)
            raw = source.read(most)
            return raw if start or 0 < len(raw) < MOST_BYTES else None
    except OSError:
        return None


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


def _array(values: Sequence[Any], count: int, kind: pa.DataType, vocabulary: Sequence[str] | None) -> pa.Array:
    """A column of some values, or of one for all rows."""
    if vocabulary is not None:
        places = {word: place for place, word in enumerate(vocabulary)}
        return codes(np.fromiter((places[value] for value in values), np.int32, count), vocabulary)
    if len(values) == 1 or values.count(values[0]) == count:
        return constant(values[0], count, kind)
    if pa.types.is_string(kind):
        return strings(values)
    if pa.types.is_date(kind):
        return days(values)
    if pa.types.is_integer(kind):
        return integers(values)
    return pa.array(values, kind)
