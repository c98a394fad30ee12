"""A parcel into parts: each record's canonical text, segments, sentences and metadata as rows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from ..errors import Problem
from ..sources import LeftAside, Reject, SourceFacts, SourceFile, SourceRecord, read_sources, read_span
from ..sources.readers import Item, open_source, read_groups
from ..tables import TableSchema, make_table, read_table_schema
from ..text import Undecodable
from ..text.corrections import correct_metadata
from ..text.language import detect_languages, share_model
from ..text.metadata import Metadata, find_metadata, no_language, rights_of
from ..text.prepare import Prepared, prepare
from .parcels import Conversion, Parcel
from .parts import PART_TABLES, Account, Tally, duplicate, read_account, write_part

if TYPE_CHECKING:
    from ..engine import Shelf
    from ..text.decode import Doubt
    from .pieces import Pieces
    from .waiting_line import WaitingLine

# Characters of text after which a part is written: a parcel may be one file with millions of records.
CHARS_A_PART = 8 << 20
# Characters of texts that are taken apart at once: some 20 MB of scratch.
CHARS_AT_ONCE = 1 << 20


def get_ready(shelf: Shelf) -> None:
    """Begin with what every parcel needs and takes long to load; called in each worker, before its first."""
    share_model(shelf)


def convert_parcel(conversion: Conversion, parcel: Parcel) -> Account:
    """Write the parts of a parcel and its account; a parcel that a killed run finished is not done again."""
    done = read_account(conversion.folder, parcel.key)
    if done is not None:
        return done
    rows = Rows(conversion, Account(parcel.key, parcel.n_files, parcel.n_bytes), parcel.is_large)
    for file, facts in zip(parcel.files, parcel.facts, strict=True):
        rows.take_file(file, facts, read_parcel(file, parcel, facts, conversion), parcel.is_first)
    rows.write_part()
    rows.account.write(conversion.folder)
    return rows.account


def read_parcel(file: SourceFile, parcel: Parcel, facts: SourceFacts, conversion: Conversion) -> Iterator[Item]:
    """What is in a file of a parcel, or in its span of it."""
    if parcel.span is not None and parcel.span.is_batch:
        return iter(parcel.items)
    options = replace(conversion.reading, facts=facts, encoding=conversion.encoding)
    if parcel.span is None:
        return read_sources([file], options)
    read = read_groups if parcel.span.groups else read_span
    return read(file, parcel.span.start, parcel.span.end, parcel.span.first_record, options)


@dataclass(frozen=True)
class Waiting:
    """A record whose text is read, and not yet taken apart: that is done for many at once."""

    record: SourceRecord
    prepared: Prepared
    facts: SourceFacts
    is_own: bool
    raw_sha256: str

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def text(self) -> str:
        return self.prepared.text


@dataclass
class Rows:
    """The rows of the part on its way."""

    conversion: Conversion
    account: Account
    is_large: bool = False
    documents: list[tuple[Any, ...]] = field(default_factory=list)
    waiting: list[Waiting | WaitingLine] = field(default_factory=list)
    n_waiting: int = 0
    places: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    samples: dict[int, str] = field(default_factory=dict)
    n_chars: int = 0

    def take_file(self, file: SourceFile, facts: SourceFacts, came: Iterator[Item], is_hashed: bool) -> None:
        """All records of a file, or of a piece of it; its hash is known from its bytes where these are one record."""
        is_own = file.root in self.conversion.own_roots
        whole: str | None = None
        n_records = 0
        met: Counter[tuple[str, str]] = Counter()
        for item in came:
            n_records += 1
            if isinstance(item, SourceRecord) and item.record_no is None:
                whole = hashlib.sha256(item.raw).hexdigest()
            self.take(item, facts, is_own, whole, met)
            if self.n_chars > CHARS_A_PART:
                self.write_part()
        self.account.tallies += [Tally(file.source_path, *what, count) for what, count in sorted(met.items())]
        if is_hashed:
            whole = whole if n_records == 1 and whole is not None else _file_hash(file)
            if whole is not None:
                self.account.hashes.append((file.root, file.source_path, whole))

    def take(
        self, item: Item, facts: SourceFacts, is_own: bool, raw_sha256: str | None, met: Counter[tuple[str, str]]
    ) -> None:
        """One record, or the reason why there is none."""
        if isinstance(item, Reject):
            self.account.rejects.append(item)
            return
        if isinstance(item, LeftAside):
            met["aside", item.why] += 1
            return
        known = facts
        for place, row in facts.rows_of(item.member, item.record_no):
            met["listed", place] += 1
            if row.sha256 is not None and met["listed", place] == 1:
                self._check_hash(item, place, row)
            known = facts.within(item.member, item.record_no)
        try:
            if item.name in self.conversion.withdrawn:
                place = "" if item.record_no is None else f"#{item.record_no}"
                met["withdrawn", f"{item.name}\n{place}"] += 1
            elif self._take(item, known, is_own, raw_sha256) and item.columns:
                met["columns", item.columns] += 1
        except Undecodable as error:
            number = -1 if item.record_no is None else item.record_no
            self.account.rejects.append(Reject(item.source_path, number, error.check, str(error)))

    def _check_hash(self, record: SourceRecord, place: str, row: SourceFacts) -> None:
        """A row's sha256 against the bytes of its record, or of a member that is one article."""
        is_member = record.own_path == place[1:] and record.container[-1] in ("zip", "tar") and record.format != "json"
        where = f"record {record.record_no}"
        if place != f"#{record.record_no}" and not is_member:
            message = f"the sha256 on line {row.line} of sources.csv is of no one article, so it is not checked"
            self.account.problems.append(Problem(record.source_path, where, "source-hash", 1, message, "warning"))
        elif hashlib.sha256(record.raw).hexdigest() != row.sha256:
            message = f"it is not what sources.csv line {row.line} describes (sha256 differs); put the old bytes back"
            self.account.problems.append(Problem(record.source_path, where, "source-hash", 1, message))

    def _take(self, record: SourceRecord, facts: SourceFacts, is_own: bool, raw_sha256: str | None) -> bool:
        """Was its id free, so that its rows were added?"""
        before = self.places.get(record.name)
        if before is not None:
            number = -1 if record.record_no is None else record.record_no
            self.account.rejects.append(duplicate(record.name, before, record.source_path, number))
            return False
        conversion = self.conversion
        prepared = prepare(record, facts.encoding, conversion.lexicon, conversion.fields != "text", conversion.encoding)
        self.places[record.name] = record.source_path, record.record_no
        waiting = Waiting(record, prepared, facts, is_own, raw_sha256 or hashlib.sha256(record.raw).hexdigest())
        if conversion.fields == "text":
            text, stated = prepared.text, prepared.stated
            metadata = find_metadata(text, (), facts, conversion.lexicon, stated, no_language, record.own_path)
            self.n_chars += len(text)
            self.documents.append(_row(waiting, metadata, len(text.split()), 0))
        else:
            self.wait(waiting)
        self.warn(record.source_path, record.record_no, prepared.doubts)
        return True

    def wait(self, item: Waiting | WaitingLine) -> None:
        """Take a record whose text is read, to take it apart with others."""
        self.n_chars += len(item.text)
        self.waiting.append(item)
        self.n_waiting += len(item.text)
        if self.n_waiting > CHARS_AT_ONCE:
            self._analyse()

    def warn(self, source_path: str, record_no: int | None, doubts: Sequence[Doubt]) -> None:
        """Say what is doubtful about a text."""
        place = "" if record_no is None else f"record {record_no}"
        self.account.problems += [
            Problem(source_path, place, doubt.check, 1, doubt.message, "warning") for doubt in doubts
        ]

    @cached_property
    def _pieces(self) -> Pieces:
        from .pieces import Pieces

        return Pieces(self.conversion.lexicon)

    def _analyse(self) -> None:
        """Segments, sentences and metadata of what waits; languages are asked for all documents of the part at once."""
        waiting, self.waiting, self.n_waiting = self.waiting, [], 0
        if not waiting:
            return
        lexicon = self.conversion.lexicon
        decided = [self.conversion.corrections.get(item.name, ()) if item.is_own else () for item in waiting]
        mended = {number: rows for number, rows in enumerate(decided) if rows}
        read = [item.prepared if isinstance(item, Waiting) else item for item in waiting]
        analysed = self._pieces.add(read, mended)
        for number, (item, corrections, n_words, n_sentences, reading) in enumerate(
            zip(waiting, decided, analysed.n_words, analysed.n_sentences, analysed.readings, strict=True)
        ):
            segments = analysed.marked.get(number, [])
            if not any(row.field == "lang" for row in corrections):
                self.samples[len(self.documents)] = reading
            if not isinstance(item, Waiting):
                self.documents.append(item.row(lexicon, segments, n_words, n_sentences))
                continue
            prepared = item.prepared
            metadata = find_metadata(
                prepared.text, segments, item.facts, lexicon, prepared.stated, no_language, item.record.own_path
            )
            metadata = correct_metadata(metadata, corrections) if corrections else metadata
            self.documents.append(_row(item, metadata, n_words, n_sentences))

    def take_documents(self, schema: TableSchema) -> pa.Table | None:
        """The rows of documents so far, which are then no longer held; None where there are none."""
        rows, self.documents, self.n_chars = self.documents, [], 0
        return make_table(schema, _table(schema, _columns(schema, rows))) if rows else None

    def write_part(self) -> None:
        """Write what came since the last part."""
        self._analyse()
        if not self.documents:
            return
        schemas = {name: read_table_schema(name, self.conversion.schemas) for name in PART_TABLES}
        documents = _columns(schemas["documents"], self.documents)
        if self.samples:
            answers = detect_languages(list(self.samples.values()))
            for row, (lang, score) in zip(self.samples, answers, strict=True):
                if lang is not None:  # else what the source states stays
                    documents["lang"][row], documents["lang_score"][row] = lang, score
        tables = {"documents": _table(schemas["documents"], documents)}
        if self.conversion.fields == "text":
            tables |= {name: _table(schemas[name], _columns(schemas[name], [])) for name in ("segments", "sentences")}
        else:
            tables |= self._pieces.tables([row[0] for row in self.documents])
            self._pieces.clear()
        account = self.account
        account.parts.append(
            write_part(self.conversion.folder, account.key, len(account.parts), schemas, tables, self.is_large)
        )
        self.documents, self.samples = [], {}
        self.places, self.n_chars = {}, 0


def _row(waiting: Waiting, metadata: Metadata, n_words: int, n_sentences: int) -> tuple[Any, ...]:
    """A row of `documents`."""
    record, prepared, facts = waiting.record, waiting.prepared, waiting.facts
    encoded, raw_sha256 = prepared.text.encode("utf-8"), waiting.raw_sha256
    return (
        record.name, record.source_path, record.record_no, record.format, prepared.extractor,
        metadata.title, metadata.date, metadata.date_source, metadata.outlet, metadata.outlet_source,
        metadata.dateline, metadata.byline, metadata.credit, metadata.wire, metadata.url,
        metadata.lang, metadata.lang_score, encoded, len(prepared.text), n_words, n_sentences,
        prepared.encoding, prepared.score, raw_sha256,
        raw_sha256 if prepared.is_raw else hashlib.sha256(encoded).hexdigest(),
        rights_of(facts, prepared.stated), facts.license or prepared.stated.license or None,
    )  # fmt: skip


def _file_hash(file: SourceFile) -> str | None:
    try:
        with open_source(file) as source:
            return hashlib.file_digest(cast("Any", source), "sha256").hexdigest()
    except OSError:
        return None


def _columns(schema: TableSchema, rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    columns = list(map(list, zip(*rows, strict=True))) if rows else [[] for _ in schema.fields]
    return {field.name: column for field, column in zip(schema.fields, columns, strict=True)}


def _table(schema: TableSchema, columns: dict[str, list[Any]]) -> pa.Table:
    arrays = {}
    for item in schema.fields:
        if pa.types.is_large_string(item.arrow):  # bytes that are known to be UTF-8
            arrays[item.name] = pa.array(columns[item.name], pa.large_binary()).view(pa.large_string())
        else:
            kind = pa.string() if item.categories is not None else item.arrow
            arrays[item.name] = pa.array(columns[item.name], kind)
    return pa.table(arrays)
