"""A parcel into parts: each record's canonical text, segments, sentences and metadata as rows."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ..errors import Problem
from ..sources import Reject, SourceFacts, SourceFile, SourceRecord, read_sources
from ..sources.jsonl import FORMAT as JSON_LINES
from ..sources.jsonl import read_json_lines
from ..sources.listing import is_web_address
from ..tables import TableSchema, read_table_schema
from ..text import Decoded, Undecodable, decode, segment_text, split_sentences
from ..text.corrections import check_quotes, correct_metadata, correct_roles, sentence_places
from ..text.decode import read_string
from ..text.language import detect_languages
from ..text.metadata import Metadata, find_metadata
from ..text.model import Segment, Sentence
from .parcels import Conversion, Parcel
from .parts import PART_TABLES, Account, read_account, write_part

# Characters of text after which a part is written: a parcel may be one file with millions of records.
CHARS_A_PART = 8 << 20


def convert_parcel(conversion: Conversion, parcel: Parcel) -> Account:
    """Write the parts of a parcel and its account; a parcel that a killed run finished is not done again."""
    done = read_account(conversion.folder, parcel.key)
    if done is not None:
        return done
    n_files = 0 if parcel.span and parcel.span.first_record else len(parcel.files)
    rows = _Rows(conversion, Account(parcel.key, n_files, parcel.n_bytes))
    for file, facts in zip(parcel.files, parcel.facts, strict=True):
        rows.take_file(file, facts, _read(file, parcel))
    rows.write_part()
    rows.account.write(conversion.folder)
    return rows.account


def _read(file: SourceFile, parcel: Parcel) -> Iterator[SourceRecord | Reject]:
    if parcel.span is None or file.format != JSON_LINES:
        yield from read_sources([file])
        return
    try:
        yield from read_json_lines(file, parcel.span)
    except OSError as error:
        message = f"it cannot be read ({error.strerror or type(error).__name__}); mend its permissions"
        yield Reject(file.source_path, -1, "source-unreadable", message)


@dataclass
class _Rows:
    """The rows of the part on its way."""

    conversion: Conversion
    account: Account
    documents: list[tuple[Any, ...]] = field(default_factory=list)
    segments: list[tuple[Any, ...]] = field(default_factory=list)
    sentences: list[tuple[Any, ...]] = field(default_factory=list)
    places: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    samples: dict[int, str] = field(default_factory=dict)
    n_chars: int = 0

    def take_file(self, file: SourceFile, facts: SourceFacts, came: Iterator[SourceRecord | Reject]) -> None:
        """All records of a file; its own hash is known from its bytes where these are one record."""
        is_own = file.root in self.conversion.own_roots
        whole: str | None = None
        n_records = 0
        for item in came:
            n_records += 1
            if isinstance(item, Reject):
                self.account.rejects.append(item)
                continue
            if item.record_no is None:
                whole = hashlib.sha256(item.raw).hexdigest()
            try:
                self._take(item, facts, is_own, whole)
            except Undecodable as error:
                number = -1 if item.record_no is None else item.record_no
                self.account.rejects.append(Reject(item.source_path, number, error.check, str(error)))
            if self.n_chars > CHARS_A_PART:
                self.write_part()
        if file.format != JSON_LINES:
            whole = whole if n_records == 1 and whole is not None else _file_hash(file)
            if whole is not None:
                self.account.hashes.append((file.root, file.source_path, whole))

    def _take(self, record: SourceRecord, facts: SourceFacts, is_own: bool, raw_sha256: str | None) -> None:
        before = self.places.get(record.name)
        if before is not None:
            number = -1 if record.record_no is None else record.record_no
            self.account.rejects.append(duplicate(record.name, before, record.source_path, number))
            return
        if record.fields is not None:
            decoded = read_string(str(record.fields["text"]))
        else:
            decoded = decode(record.raw, facts.encoding or record.declared or self.conversion.encoding)
        self.places[record.name] = record.source_path, record.record_no
        self.n_chars += len(decoded.text)
        if self.conversion.fields == "text":
            metadata, n_words, n_sentences = _stated(record.fields, facts), len(decoded.text.split()), 0
        else:
            metadata, n_words, n_sentences = self._analyse(record, decoded, facts, is_own)
        if raw_sha256 is None:
            raw_sha256 = hashlib.sha256(record.raw).hexdigest()
        text = decoded.text.encode("utf-8")
        same = decoded.is_raw and record.fields is None
        self.documents.append(
            (
                record.name, record.source_path, record.record_no, record.format, None,
                metadata.title, metadata.date, metadata.date_source, metadata.outlet, metadata.outlet_source,
                metadata.dateline, metadata.byline, metadata.credit, metadata.wire, metadata.url,
                metadata.lang, metadata.lang_score, text, len(decoded.text), n_words, n_sentences,
                decoded.encoding, decoded.score, raw_sha256,
                raw_sha256 if same else hashlib.sha256(text).hexdigest(), facts.rights, facts.license,
            )
        )  # fmt: skip
        place = "" if record.record_no is None else f"record {record.record_no}"
        for doubt in decoded.doubts:
            self.account.problems.append(
                Problem(record.source_path, place, doubt.check, 1, doubt.message, "warning")
            )

    def _analyse(
        self, record: SourceRecord, decoded: Decoded, facts: SourceFacts, is_own: bool
    ) -> tuple[Metadata, int, int]:
        """Segments, sentences and metadata; which language it is in is asked for all documents of the part at once."""
        text, lexicon = decoded.text, self.conversion.lexicon
        corrections = self.conversion.corrections.get(record.name, ()) if is_own else ()
        check_quotes(text, corrections)
        segments = segment_text(text, lexicon)
        if corrections:
            segments = correct_roles(segments, text, corrections)
        sentences = split_sentences(text, segments)
        if corrections:
            breaks, joins = sentence_places(segments, sentences, corrections)
            if breaks or joins:
                sentences = split_sentences(text, segments, breaks, joins)
        samples: list[str] = []

        def detect_later(sample: str) -> tuple[None, None]:
            samples.append(sample)
            return None, None

        metadata = find_metadata(text, segments, facts, lexicon, detect_later)
        if record.fields is not None:
            metadata = _with_stated(metadata, _stated(record.fields, facts))
        metadata = correct_metadata(metadata, corrections) if corrections else metadata
        if metadata.lang is None and not any(row.field == "lang" for row in corrections):
            self.samples[len(self.documents)] = samples[0]
        self._add_segments(record, segments, decoded)
        self.sentences += [(record.name, s.sent_no, s.seg_no, s.start, s.end) for s in sentences]
        return metadata, *_count(text, segments, sentences)

    def _add_segments(self, record: SourceRecord, segments: list[Segment], decoded: Decoded) -> None:
        # What an API's JSON or a table's cell holds has no bytes of its own that an offset could lead to.
        to_raw = None if record.fields is not None else decoded.raw_map.to_raw
        name = record.name
        for s in segments:
            raw = (None, None) if to_raw is None else to_raw(s.start, s.end)
            self.segments.append((name, s.seg_no, s.role, s.start, s.end, *raw, s.rule))

    def write_part(self) -> None:
        """Write what came since the last part."""
        if not self.documents:
            return
        schemas = {name: read_table_schema(name, self.conversion.schemas) for name in PART_TABLES}
        documents = _columns(schemas["documents"], self.documents)
        if self.samples:
            answers = detect_languages(list(self.samples.values()))
            for name, position in (("lang", 0), ("lang_score", 1)):
                for row, answer in zip(self.samples, answers, strict=True):
                    documents[name][row] = answer[position]
        tables = {"documents": _table(schemas["documents"], documents)}
        for name, rows in (("segments", self.segments), ("sentences", self.sentences)):
            tables[name] = _table(schemas[name], _columns(schemas[name], rows))
        account = self.account
        account.parts.append(write_part(self.conversion.folder, account.key, len(account.parts), schemas, tables))
        self.documents, self.segments, self.sentences, self.samples = [], [], [], {}
        self.places, self.n_chars = {}, 0


def duplicate(doc_id: str, first: tuple[str, int | None], source_path: str, record_no: int) -> Reject:
    """The reject of a document whose id another has already."""
    there = first[0] if first[1] is None else f"{first[0]} record {first[1]}"
    here = source_path if record_no < 0 else f"{source_path} record {record_no}"
    message = f"its id {doc_id!r} is that of {there} already: this is {here}; give each document an id of its own"
    return Reject(source_path, record_no, "source-duplicate", message)


def _file_hash(file: SourceFile) -> str | None:
    try:
        with open(file.path, "rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError:
        return None


def _count(text: str, segments: list[Segment], sentences: list[Sentence]) -> tuple[int, int]:
    """Words and sentences of the body."""
    body = {segment.seg_no for segment in segments if segment.role == "body"}
    n_words = sum(len(text[s.start : s.end].split()) for s in segments if s.role == "body")
    return n_words, sum(sentence.seg_no in body for sentence in sentences)


def _stated(fields: Mapping[str, str | bytes] | None, facts: SourceFacts) -> Metadata:
    """What `sources.csv` and a record's own columns say; the former wins."""
    given = {name: str(value) for name, value in (fields or {}).items() if value}
    date, date_source = facts.date, "sources_csv" if facts.date else None
    if date is None and (found := _day(given.get("date", ""))) is not None:
        date, date_source = found, "metadata"
    outlet = facts.outlet or given.get("outlet")
    url = facts.url or given.get("url")
    return Metadata(
        title=given.get("title"),
        date=date,
        date_source=date_source,
        outlet=outlet,
        outlet_source=None if not outlet else "sources_csv" if facts.outlet else "metadata",
        byline=given.get("byline"),
        url=url if url and is_web_address(url) else None,
        lang=given.get("lang"),
        lang_score=1.0 if "lang" in given else None,
    )


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text[:10])
    except ValueError:
        return None


def _with_stated(found: Metadata, stated: Metadata) -> Metadata:
    return Metadata(**(vars(found) | {name: value for name, value in vars(stated).items() if value is not None}))


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
