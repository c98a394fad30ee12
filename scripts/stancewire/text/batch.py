"""Segments, sentences and word counts of many texts at once: the same as `segments` and `sentences` make of each.

Where the paragraphs lie, and which rules could name them, is read off the joined texts (`scan`, `layout`); the rules
themselves are those of `segments` and `sentences`, asked only where they could say something.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .corrections import Correction, check_quotes, correct_roles, sentence_places
from .layout import Paragraphs, read_all_paragraphs
from .lexicon import Lexicon
from .model import KnownBlock, Segment
from .naming import UNNAMED, Candidates, Kinds, Namer
from .scan import Places, Readers, Scan
from .segments import ANY, known_part, segment_blocks
from .sentence_batch import split_spans
from .sentences import ROLES, split_sentences

Blocks = Sequence[KnownBlock]


# Roles whose segments have sentences, by numbers above 0.
_ROLES = {role: number for number, role in enumerate(ROLES, 1)}


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
    """Segments of many documents, in order; `docs` numbers the documents. Offsets are those of each document.

    Role and rule are given as a number: a place in `listed`.
    """

    docs: Places
    seg_nos: Places
    kinds: Places
    starts: Places
    ends: Places
    listed: Sequence[tuple[str, str]]

    def of(self, number: int) -> list[Segment]:
        """The segments of one document."""
        first, last = np.searchsorted(self.docs, (number, number + 1))
        rows = zip(*(each[first:last].tolist() for each in (self.kinds, self.starts, self.ends)), strict=True)
        return [
            Segment(seg_no, self.listed[kind][0], start, end, self.listed[kind][1])
            for seg_no, (kind, start, end) in enumerate(rows)
        ]


@dataclass(frozen=True)
class Analysed:
    """What texts are made of: segments and sentences as rows, and counts of their bodies.

    Attributes:
        marked: by document, if it has any, the segments that metadata are read from: the first headline, and all of
            other roles that say something of the article.
        readings: the reading texts with their headlines, as a language detector is shown them.
    """

    segments: SegmentRows
    sentences: SentenceRows
    n_words: list[int]
    n_sentences: list[int]
    marked: dict[int, list[Segment]]
    readings: list[str]


class Analyser:
    """Takes texts apart with one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.readers = Readers(lexicon)
        self.kinds = Kinds()

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
        gc.disable()  # many objects are made and none of them in a circle: to look for one costs a sixth of the time
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
        segments = self.segment(scan, texts, blocks)
        if corrections:
            segments = self._correct(segments, texts, corrections)
        docs = segments.docs
        roles = np.array([_ROLES.get(role, 0) for role, _ in self.kinds.listed], np.int8)[segments.kinds]
        in_body = roles == _ROLES["body"]
        offsets = scan.base[docs]
        begins, stops = segments.starts + offsets, segments.ends + offsets
        words = scan.count_words(begins[in_body], stops[in_body])
        n_words = np.bincount(docs[in_body], words, len(texts)).astype(np.int64)

        spans = np.flatnonzero(roles > 0)
        is_whole = roles[spans] == _ROLES["headline"]
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
        marked, readings = _marked(segments), _readings(scan, segments, len(texts))
        analysed = Analysed(segments, sentences, n_words.tolist(), n_sentences.tolist(), marked, readings)
        return _mend_sentences(analysed, texts, corrections) if corrections else analysed

    def segment(self, scan: Scan, texts: Sequence[str], blocks: Sequence[Blocks | None]) -> SegmentRows:
        """The segments of each text, as `segment_text` or, where it has blocks, `segment_blocks` makes them.

        Args:
            scan: of the texts.
        """
        base = scan.base.tolist()
        begins, ends, owners = [], [], []
        given: list[tuple[int, int, int, int]] = []
        alone = []
        for number, (text, known) in enumerate(zip(texts, blocks, strict=True)):
            offset = base[number]
            if known is None:
                begins.append(offset)
                ends.append(offset + len(text))
                owners.append(number)
            elif all(_is_whole(text, block) for block in known):
                for block in known:
                    if not block.role:
                        begins.append(offset + block.start)
                        ends.append(offset + block.end)
                        owners.append(number)
                    else:
                        for part in known_part(text, block):
                            kind = self.kinds.number(part.role, part.rule)
                            given.append((number, offset + part.start, offset + part.end, kind))
            else:
                alone.append(number)
        found = read_all_paragraphs(scan, _array(begins), _array(ends), self.readers)
        candidates = _candidates(scan, found, _array(owners), given)
        named = Namer(scan, candidates, len(texts), self.readers.lexicon, self.kinds).name_all()
        docs, offsets = named.docs, scan.base[named.docs]
        places = named.starts - offsets, named.ends - offsets
        rows = SegmentRows(docs, _number_within(docs), named.kinds, *places, self.kinds.listed)
        made = {number: segment_blocks(texts[number], blocks[number] or (), self.readers.lexicon) for number in alone}
        return self._replaced(rows, made) if made else rows

    def _correct(
        self, rows: SegmentRows, texts: Sequence[str], corrections: Mapping[int, Sequence[Correction]]
    ) -> SegmentRows:
        made = {}
        for number, decided in corrections.items():
            check_quotes(texts[number], decided)
            made[number] = correct_roles(rows.of(number), texts[number], decided)
        return self._replaced(rows, made)

    def _replaced(self, rows: SegmentRows, made: Mapping[int, Sequence[Segment]]) -> SegmentRows:
        """The rows with those of single documents in place of what they have."""
        kept = ~np.isin(rows.docs, list(made))
        found = [(number, segment) for number, segments in made.items() for segment in segments]
        number = self.kinds.number
        columns = (
            (rows.docs, [doc for doc, _ in found]),
            (rows.kinds, [number(segment.role, segment.rule) for _, segment in found]),
            (rows.starts, [segment.start for _, segment in found]),
            (rows.ends, [segment.end for _, segment in found]),
        )
        docs, kinds, starts, ends = (np.concatenate((old[kept], _array(new))) for old, new in columns)
        order = np.lexsort((starts, docs))
        docs, kinds, starts, ends = docs[order], kinds[order], starts[order], ends[order]
        return SegmentRows(docs, _number_within(docs), kinds, starts, ends, self.kinds.listed)


def _candidates(
    scan: Scan, found: Paragraphs, owners: Places, given: Sequence[tuple[int, int, int, int]]
) -> Candidates:
    """Paragraphs and known blocks, in order.

    Args:
        owners: the document of each stretch. given: document, place and kind of each known block.
    """
    opens = np.ones(len(found.starts), np.bool_)
    opens[1:] = found.stretches[1:] != found.stretches[:-1]
    unnamed = np.full(len(found.starts), UNNAMED)
    columns = owners[found.stretches], found.starts, found.ends, found.may, found.leads, unnamed, opens
    if not given:
        return Candidates(*columns)
    docs, starts, ends, kinds = map(_array, zip(*given, strict=True))
    added = docs, starts, ends, np.full(len(given), ANY), scan.leads(starts), kinds, docs < 0
    both = [np.concatenate(pair) for pair in zip(columns, added, strict=True)]
    order = np.argsort(both[1], kind="stable")
    return Candidates(*(column[order] for column in both))


_TELLING = ("header", "dateline", "byline", "credit")
_READ = ("headline", "body")


def _marked(rows: SegmentRows) -> dict[int, list[Segment]]:
    """The segments of each document that metadata are read from."""
    telling = np.array([role in _TELLING for role, _ in rows.listed], np.bool_)[rows.kinds]
    headlines = np.flatnonzero(np.array([role == "headline" for role, _ in rows.listed], np.bool_)[rows.kinds])
    own = rows.docs[headlines]
    telling[headlines[np.append(True, own[1:] != own[:-1])[: len(own)]]] = True
    columns = rows.docs, rows.seg_nos, rows.kinds, rows.starts, rows.ends
    found: dict[int, list[Segment]] = {}
    for doc, seg_no, kind, start, end in zip(*(column[telling].tolist() for column in columns), strict=True):
        role, rule = rows.listed[kind]
        found.setdefault(doc, []).append(_new(Segment, (seg_no, role, start, end, rule)))
    return found


def _readings(scan: Scan, rows: SegmentRows, n_docs: int) -> list[str]:
    """Headlines and body of each document, joined by blank lines."""
    read = np.flatnonzero(np.array([role in _READ for role, _ in rows.listed], np.bool_)[rows.kinds])
    docs, joined = rows.docs[read], scan.joined
    starts, ends = rows.starts[read] + scan.base[docs], rows.ends[read] + scan.base[docs]
    borders = np.searchsorted(docs, np.arange(n_docs + 1))
    # Where one follows the other after a blank line, and nothing between, they are joined as they stand.
    gaps = ends[:-1]
    apart = (starts[1:] != gaps + 2) | (scan.points[gaps] != _LINE_FEED) | (scan.points[gaps + 1] != _LINE_FEED)
    torn = np.zeros(n_docs, np.bool_)
    torn[docs[1:][apart & (docs[1:] == docs[:-1])]] = True
    begins, stops = starts.tolist(), ends.tolist()
    return [
        "\n\n".join([joined[begins[row] : stops[row]] for row in range(first, last)])
        if is_torn
        else joined[begins[first] : stops[last - 1]]
        if first < last
        else ""
        for first, last, is_torn in zip(borders[:-1].tolist(), borders[1:].tolist(), torn.tolist(), strict=True)
    ]


_LINE_FEED = ord("\n")
_new = tuple.__new__


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
        segments, text = analysed.segments.of(number), texts[number]
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
    return replace(analysed, sentences=SentenceRows(*columns), n_sentences=n_sentences)


def _is_whole(text: str, block: KnownBlock) -> bool:
    """Does a block without a role begin and end at line breaks?"""
    if block.role:
        return True
    return (not block.start or text[block.start - 1] == "\n") and (
        block.end == len(text) or text[block.end : block.end + 1] == "\n"
    )
