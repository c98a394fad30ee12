"""A parcel into parts: each record's canonical text, segments, sentences and metadata as rows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pyarrow as pa

from ..errors import Problem
from ..sources import LeftAside, Reject, SourceFacts, SourceFile, SourceRecord, read_sources, read_span
from ..sources.readers import Item, open_source
from ..tables import TableSchema, make_table, read_table_schema
from ..text import Undecodable, split_sentences
from ..text.corrections import check_quotes, correct_metadata, correct_roles, sentence_places
from ..text.language import detect_languages
from ..text.metadata import Metadata, find_metadata, rights_of
from ..text.model import Segment, Sentence
from ..text.prepare import Prepared, prepare
from .parcels import Conversion, Parcel
from .parts import PART_TABLES, Account, Tally, duplicate, read_account, write_part

# Characters of text after which a part is written: a parcel may be one file with millions of records.
CHARS_A_PART = 8 << 20


def convert_parcel(conversion: Conversion, parcel: Parcel) -> Account:
    """Write the parts of a parcel and its account; a parcel that a killed run finished is not done again."""
    done = read_account(conversion.folder, parcel.key)
    if done is not None:
        return done
    n_files = 0 if parcel.span and parcel.span.first_record else len(parcel.files)
    rows = Rows(conversion, Account(parcel.key, n_files, parcel.n_bytes))
    for file, facts in zip(parcel.files, parcel.facts, strict=True):
        rows.take_file(file, facts, _read(file, parcel, facts, conversion), parcel.span is None)
    rows.write_part()
    rows.account.write(conversion.folder)
    return rows.account


def _read(file: SourceFile, parcel: Parcel, facts: SourceFacts, conversion: Conversion) -> Iterator[Item]:
    options = replace(conversion.reading, facts=facts, encoding=conversion.encoding)
    if parcel.span is None:
        return read_sources([file], options)
    return read_span(file, parcel.span.start, parcel.span.end, parcel.span.first_record, options)


@dataclass
class Rows:
    """The rows of the part on its way."""

    conversion: Conversion
    account: Account
    documents: list[tuple[Any, ...]] = field(default_factory=list)
    segments: list[tuple[Any, ...]] = field(default_factory=list)
    sentences: list[tuple[Any, ...]] = field(default_factory=list)
    places: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    samples: dict[int, str] = field(default_factory=dict)
    n_chars: int = 0

    def take_file(self, file: SourceFile, facts: SourceFacts, came: Iterator[Item], is_whole: bool) -> None:
        """All records of a file; its own hash is known from its bytes where these are one record."""
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
        if is_whole:
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
            if self._take(item, known, is_own, raw_sha256) and item.columns:
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
        stated, text = prepared.stated, prepared.text
        if conversion.fields == "text":
            metadata = find_metadata(
                text, (), facts, conversion.lexicon, stated, lambda _: (None, None), record.own_path
            )
            n_words, n_sentences = len(text.split()), 0
        else:
            metadata, n_words, n_sentences = self._analyse(record, prepared, facts, is_own)
        self.places[record.name] = record.source_path, record.record_no
        self.n_chars += len(text)
        if raw_sha256 is None:
            raw_sha256 = hashlib.sha256(record.raw).hexdigest()
        encoded = text.encode("utf-8")
        self.documents.append(
            (
                record.name, record.source_path, record.record_no, record.format, prepared.extractor,
                metadata.title, metadata.date, metadata.date_source, metadata.outlet, metadata.outlet_source,
                metadata.dateline, metadata.byline, metadata.credit, metadata.wire, metadata.url,
                metadata.lang, metadata.lang_score, encoded, len(text), n_words, n_sentences,
                prepared.encoding, prepared.score, raw_sha256,
                raw_sha256 if prepared.is_raw else hashlib.sha256(encoded).hexdigest(),
                rights_of(facts, stated), facts.license or stated.license or None,
            )
        )  # fmt: skip
        place = "" if record.record_no is None else f"record {record.record_no}"
        for doubt in prepared.doubts:
            self.account.problems.append(Problem(record.source_path, place, doubt.check, 1, doubt.message, "warning"))
        return True

    def _analyse(
        self, record: SourceRecord, prepared: Prepared, facts: SourceFacts, is_own: bool
    ) -> tuple[Metadata, int, int]:
        """Segments, sentences and metadata; which language it is in is asked for all documents of the part at once."""
        text, lexicon = prepared.text, self.conversion.lexicon
        corrections = self.conversion.corrections.get(record.name, ()) if is_own else ()
        check_quotes(text, corrections)
        segments = prepared.segments
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

        metadata = find_metadata(text, segments, facts, lexicon, prepared.stated, detect_later, record.own_path)
        metadata = correct_metadata(metadata, corrections) if corrections else metadata
        if not any(row.field == "lang" for row in corrections):
            self.samples[len(self.documents)] = samples[0]
        self._add_segments(record, segments, prepared)
        self.sentences += [(record.name, s.sent_no, s.seg_no, s.start, s.end) for s in sentences]
        return metadata, *_count(text, segments, sentences)

    def _add_segments(self, record: SourceRecord, segments: list[Segment], prepared: Prepared) -> None:
        to_raw = None if prepared.raw_map is None else prepared.raw_map.to_raw
        name = record.name
        for s in segments:
            raw = (None, None) if to_raw is None else to_raw(s.start, s.end)
            self.segments.append((name, s.seg_no, s.role, s.start, s.end, *raw, s.rule))

    def take_documents(self, schema: TableSchema) -> pa.Table | None:
        """The rows of documents so far, which are then no longer held; None where there are none."""
        rows, self.documents, self.n_chars = self.documents, [], 0
        return make_table(schema, _table(schema, _columns(schema, rows))) if rows else None

    def write_part(self) -> None:
        """Write what came since the last part."""
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
        for name, rows in (("segments", self.segments), ("sentences", self.sentences)):
            tables[name] = _table(schemas[name], _columns(schemas[name], rows))
        account = self.account
        account.parts.append(write_part(self.conversion.folder, account.key, len(account.parts), schemas, tables))
        self.documents, self.segments, self.sentences, self.samples = [], [], [], {}
        self.places, self.n_chars = {}, 0


def _file_hash(file: SourceFile) -> str | None:
    try:
        with open_source(file) as source:
            return hashlib.file_digest(cast("Any", source), "sha256").hexdigest()
    except OSError:
        return None


def _count(text: str, segments: list[Segment], sentences: list[Sentence]) -> tuple[int, int]:
    """Words and sentences of the body."""
    body = {segment.seg_no for segment in segments if segment.role == "body"}
    n_words = sum(len(text[s.start : s.end].split()) for s in segments if s.role == "body")
    return n_words, sum(sentence.seg_no in body for sentence in sentences)


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
