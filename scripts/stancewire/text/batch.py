"""Segments, sentences and word counts of many texts at once: the same as `segments` and `sentences` make of each.

Where the paragraphs lie, and which rules could name them, is read off the joined texts (`scan`, `layout`); the rules
themselves are those of `segments` and `sentences`, asked only where they could say something.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from .corrections import Correction, check_quotes, correct_roles, sentence_places
from .layout import read_all_paragraphs
from .lexicon import Lexicon
from .model import KnownBlock, Segment
from .scan import Places, Readers, Scan
from .segments import Part, known_part, name_parts, segment_blocks, take_stray_marks
from .sentence_batch import split_spans
from .sentences import ROLES, split_sentences

Blocks = Sequence[KnownBlock]


# Roles whose segments have sentences, by numbers above 0.
_KINDS = defaultdict(int, {role: number for number, role in enumerate(ROLES, 1)})


@dataclass(frozen=True)
class SentenceRows:
    """Sentences of many documents, in order; `docs` numbers the documents. Offsets are those of each document."""

    docs: Places
    sent_nos: Places
    seg_nos: Places
    starts: Places
    ends: Places


@dataclass(frozen=True)
class SegmentRows:
    """Segments of many documents, in order; `docs` numbers the documents. Offsets are those of each document."""

    docs: Places
    seg_nos: Places
    roles: Sequence[str]
    starts: Places
    ends: Places
    rules: Sequence[str]


@dataclass(frozen=True)
class Analysed:
    """What texts are made of: segments by document and as rows, sentences, and counts of their bodies."""

    by_document: list[list[Segment]]
    segments: SegmentRows
    sentences: SentenceRows
    n_words: list[int]
    n_sentences: list[int]


class Analyser:
    """Takes texts apart with one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.readers = Readers(lexicon)

    def analyse(
        self,
        texts: Sequence[str],
        blocks: Sequence[Blocks | None],
        corrections: Mapping[int, Sequence[Correction]] | None = None,
    ) -> Analysed:
        """Segments, sentences and counts of each text.

        Args:
            blocks: of each text, as for `segment_blocks`; None for a plain one.
            corrections: decided for single texts, by their number.

        Raises:
            SourceError: a correction does not fit its text.
        """
        collects = gc.isenabled()
        gc.disable()  # many tuples are made and none of them in a circle: to look for one costs a sixth of the time
        try:
            return self._analyse(texts, blocks, corrections or {})
        finally:
            if collects:
                gc.enable()

    def _analyse(
        self,
        texts: Sequence[str],
        blocks: Sequence[Blocks | None],
        corrections: Mapping[int, Sequence[Correction]],
    ) -> Analysed:
        scan = Scan(texts)
        by_document = self.segment(scan, texts, blocks)
        for number, rows in corrections.items():
            check_quotes(texts[number], rows)
            by_document[number] = correct_roles(by_document[number], texts[number], rows)
        counts = np.fromiter(map(len, by_document), np.int64, len(texts))
        docs = np.repeat(np.arange(len(texts)), counts)
        flat = list(chain.from_iterable(by_document))
        seg_nos, roles, starts, ends, rules = zip(*flat, strict=True) if flat else ((),) * 5
        segments = SegmentRows(docs, _array(seg_nos), roles, _array(starts), _array(ends), rules)
        kinds = np.fromiter(map(_KINDS.__getitem__, roles), np.int8, len(roles))
        in_body = kinds == _KINDS["body"]
        begins, stops = segments.starts + scan.base[docs], segments.ends + scan.base[docs]
        words = scan.count_words(begins[in_body], stops[in_body])
        n_words = np.bincount(docs[in_body], words, len(texts)).astype(np.int64)

        spans = np.flatnonzero(kinds > 0)
        is_whole = kinds[spans] == _KINDS["headline"]
        found = split_spans(scan, begins[spans], stops[spans], is_whole)
        rows_of = spans[found.spans]
        sent_docs = docs[rows_of]
        offsets = scan.base[sent_docs]
        sentences = SentenceRows(
            sent_docs,
            _number_within(sent_docs),
            segments.seg_nos[rows_of],
            found.starts - offsets,
            found.ends - offsets,
        )
        n_sentences = np.bincount(sent_docs[in_body[rows_of]], minlength=len(texts))
        analysed = Analysed(by_document, segments, sentences, n_words.tolist(), n_sentences.tolist())
        return _mend_sentences(analysed, texts, corrections) if corrections else analysed

    def segment(self, scan: Scan, texts: Sequence[str], blocks: Sequence[Blocks | None]) -> list[list[Segment]]:
        """The segments of each text, as `segment_text` or, where it has blocks, `segment_blocks` makes them.

        Args:
            scan: of the texts.
        """
        lexicon = self.readers.lexicon
        base = scan.base.tolist()
        begins, ends = [], []
        alone = set()
        for number, (text, known) in enumerate(zip(texts, blocks, strict=True)):
            if known is None:
                begins.append(base[number])
                ends.append(base[number] + len(text))
            elif all(_is_whole(text, block) for block in known):
                begins += [base[number] + block.start for block in known if not block.role]
                ends += [base[number] + block.end for block in known if not block.role]
            else:
                alone.add(number)
        found = read_all_paragraphs(scan, np.array(begins, np.int64), np.array(ends, np.int64), self.readers)
        counts = np.bincount(found.stretches, minlength=len(begins)).tolist()
        rows = list(zip(found.starts.tolist(), found.ends.tolist(), found.may.tolist(), strict=True))
        joined, segments = scan.joined, []
        stretch = row = 0

        def next_parts(offset: int) -> list[Part]:
            nonlocal stretch, row
            own = rows[row : row + counts[stretch]]
            stretch += 1
            row += len(own)
            parts = [Part(start - offset, end - offset, joined[start:end], "", "", may) for start, end, may in own]
            return take_stray_marks(parts)

        for number, (text, known) in enumerate(zip(texts, blocks, strict=True)):
            if number in alone:
                segments.append(segment_blocks(text, known or (), lexicon))
                continue
            if known is None:
                parts = next_parts(base[number])
            else:
                parts = []
                for block in known:
                    parts += known_part(text, block) if block.role else next_parts(base[number])
            segments.append(name_parts(parts, lexicon))
        return segments


def _array(numbers: Sequence[int]) -> Places:
    return np.array(numbers, np.int64)


def _number_within(docs: Places) -> Places:
    """Each row's number within its document, for rows in the order of documents."""
    return np.arange(len(docs)) - np.searchsorted(docs, docs)


def _mend_sentences(
    analysed: Analysed, texts: Sequence[str], corrections: Mapping[int, Sequence[Correction]]
) -> Analysed:
    """The same with the decided breaks and joins."""
    rows, n_sentences = analysed.sentences, list(analysed.n_sentences)
    columns = [rows.docs, rows.sent_nos, rows.seg_nos, rows.starts, rows.ends]
    for number, decided in corrections.items():
        segments, text = analysed.by_document[number], texts[number]
        breaks, joins = sentence_places(segments, split_sentences(text, segments), decided)
        if not breaks and not joins:
            continue
        found = split_sentences(text, segments, breaks, joins)
        body = {segment.seg_no for segment in segments if segment.role == "body"}
        n_sentences[number] = sum(sentence.seg_no in body for sentence in found)
        first, last = np.searchsorted(columns[0], (number, number + 1))
        mended = zip(*((number, *sentence) for sentence in found), strict=True)
        columns = [
            np.concatenate((column[:first], _array(own), column[last:]))
            for column, own in zip(columns, mended, strict=True)
        ]
    return Analysed(analysed.by_document, analysed.segments, SentenceRows(*columns), analysed.n_words, n_sentences)


def _is_whole(text: str, block: KnownBlock) -> bool:
    """Does a block without a role begin and end at line breaks?"""
    if block.role:
        return True
    return (not block.start or text[block.start - 1] == "\n") and (
        block.end == len(text) or text[block.end : block.end + 1] == "\n"
    )
