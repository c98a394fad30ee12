"""A witness is one document's version of a story: the paragraphs a reader reads, without page furniture.

The *reading text* of a document is its headline and body segments in text order, joined by blank lines. Places are kept
in the canonical text (`documents.text`, half-open, code points) and never in the reading text, so they hold in every
table.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

READ_ROLES = ("headline", "body")
JOINT = "\n\n"
NO_SENTENCES = pa.schema(
    [("doc_id", pa.string()), ("sent_no", pa.int32()), ("start", pa.int64()), ("end", pa.int64())]
).empty_table()  # for grouping, which asks for no sentences


@dataclass(frozen=True)
class Stretch:
    """Canonical code points [start, end) of one segment or sentence; `number` is its seg_no or sent_no."""

    number: int
    start: int
    end: int


@dataclass(frozen=True)
class Heading:
    """What grouping needs to know of a document besides its text."""

    doc_id: str
    n_words: int
    date: datetime.date | None
    wire: str | None
    lang: str | None


@dataclass(frozen=True)
class Witness:
    """What collation and grouping need to know of a document."""

    doc_id: str
    text: str
    paragraphs: tuple[Stretch, ...]
    sentences: tuple[Stretch, ...]
    n_words: int
    date: datetime.date | None
    wire: str | None
    lang: str | None

    @property
    def paragraph_texts(self) -> list[str]:
        """Headline and body, paragraph by paragraph."""
        return [self.text[part.start : part.end] for part in self.paragraphs]

    @property
    def reading_text(self) -> str:
        """Headline and body, joined by blank lines."""
        return self.join(self.text, self.paragraphs)

    @staticmethod
    def join(text: str, paragraphs: Sequence[Stretch]) -> str:
        """The reading text of a canonical text."""
        return JOINT.join([text[part.start : part.end] for part in paragraphs])


def read_witnesses(documents: pa.Table, segments: pa.Table, sentences: pa.Table) -> list[Witness]:
    """One witness a row of `documents`, sorted by doc_id whatever the order of the rows.

    Args:
        documents: columns doc_id and text; n_words, date, wire, lang are used where present.
        segments: columns doc_id, seg_no, role, start, end.
        sentences: columns doc_id, sent_no, start, end; sentences outside headline and body are left aside.
    """
    doc_ids = documents.column("doc_id").to_pylist()
    order = sorted(range(len(doc_ids)), key=doc_ids.__getitem__)
    reading = pc.is_in(_plain(segments.column("role")), value_set=pa.array(READ_ROLES))
    paragraphs = _stretches(segments.filter(reading), "seg_no")
    told = _stretches(sentences, "sent_no")
    texts = documents.column("text")
    columns = {
        name: documents.column(name).to_pylist() if name in documents.column_names else [None] * len(doc_ids)
        for name in ("n_words", "date", "wire", "lang")
    }
    found = []
    for row in order:
        doc_id = doc_ids[row]
        parts = paragraphs.get(doc_id, ())
        text = texts[row].as_py()
        n_words = columns["n_words"][row]
        found.append(
            Witness(
                doc_id,
                text,
                parts,
                inside(told.get(doc_id, ()), parts),
                sum(len(text[p.start : p.end].split()) for p in parts) if n_words is None else n_words,
                columns["date"][row],
                columns["wire"][row],
                columns["lang"][row],
            )
        )
    return found


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string())


def _stretches(table: pa.Table, number: str) -> dict[str, tuple[Stretch, ...]]:
    """Stretches by document, in text order."""
    doc_ids = _plain(table.column("doc_id")).to_pylist()
    columns = [np.asarray(table.column(name)).tolist() for name in (number, "start", "end")]
    grouped: dict[str, list[Stretch]] = {}
    for doc_id, no, start, end in zip(doc_ids, *columns, strict=True):
        if end > start:
            grouped.setdefault(doc_id, []).append(Stretch(no, start, end))
    return {doc_id: tuple(sorted(parts, key=lambda part: part.start)) for doc_id, parts in grouped.items()}


def inside(sentences: Sequence[Stretch], paragraphs: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """The sentences that lie within one of the paragraphs."""
    kept, at = [], 0
    for sentence in sentences:
        while at < len(paragraphs) and paragraphs[at].end <= sentence.start:
            at += 1
        if at < len(paragraphs) and paragraphs[at].start <= sentence.start and sentence.end <= paragraphs[at].end:
            kept.append(sentence)
    return tuple(kept)
