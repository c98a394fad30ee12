"""Sentences as tokens with tags: what CoNLL and Hugging Face's token classification share.

Tokens are those that agreement counts in (runs of word characters, other characters one by one), cut besides wherever
a mention begins or ends, so that a tag never says more or less than the span it stands for:

    text     pre-Trump era       mention [4, 9)
    tokens   pre - Trump era     not: pre-Trump
    tags     O   O B-PERSON O

Nested mentions go to levels: the outermost to level 1, what lies within it to level 2, and so on. A mention that
crosses the border of a sentence, overlaps another without lying in it, or stands outside the sentences has no place in
such columns: it is counted, and named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..agreement.tokens import token_places
from .gathered import GoldDocument, Row

OUT = "O"


@dataclass(frozen=True)
class TaggedSentence:
    """A sentence's tokens: half-open code points of the document, words, and IOB2 tags by level (outermost first)."""

    sent_no: int
    start: int
    end: int
    places: tuple[tuple[int, int], ...]
    words: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]


def tag_sentences(document: GoldDocument) -> tuple[list[TaggedSentence], list[Row]]:
    """The sentences of a document, and the mentions that columns of tags cannot hold."""
    left = {row["mention_id"]: row for row in document.mentions}
    tagged = []
    for sentence in document.sentences:
        inside = [
            row for row in document.mentions if sentence["start"] <= row["start"] and row["end"] <= sentence["end"]
        ]
        levels = _levels(inside)
        placed = [row for level in levels for row in level]
        for row in placed:
            left.pop(row["mention_id"], None)
        places = list(_cut(document.text, sentence["start"], sentence["end"], placed))
        words = tuple(document.text[start:end] for start, end in places)
        tags = tuple(tuple(_tags(places, level)) for level in levels or [[]])
        tagged.append(
            TaggedSentence(sentence["sent_no"], sentence["start"], sentence["end"], tuple(places), words, tags)
        )
    return tagged, list(left.values())


def _levels(mentions: Sequence[Row]) -> list[list[Row]]:
    """Mentions by depth; one that overlaps another without lying in it, or lies where it does, is left out."""
    levels: list[list[Row]] = []
    open_ones: list[Row] = []  # those that hold the place that was come to, the outermost first
    for row in mentions:  # in text order, the longer first
        while open_ones and open_ones[-1]["end"] <= row["start"]:
            open_ones.pop()
        if open_ones:
            last = open_ones[-1]
            if row["end"] > last["end"] or (row["start"], row["end"]) == (last["start"], last["end"]):
                continue
        if len(levels) == len(open_ones):
            levels.append([])
        levels[len(open_ones)].append(row)
        open_ones.append(row)
    return levels


def _cut(text: str, start: int, end: int, mentions: Sequence[Row]) -> Iterator[tuple[int, int]]:
    borders = sorted({place for row in mentions for place in (row["start"], row["end"])})
    begins, ends = token_places(text[start:end])
    for begin, finish in zip(begins, ends, strict=True):
        begin, finish = begin + start, finish + start
        inner = [place for place in borders if begin < place < finish]
        yield from pairwise([begin, *inner, finish])


def _tags(places: Sequence[tuple[int, int]], mentions: Sequence[Row]) -> Iterator[str]:
    waiting = iter(mentions)
    current = next(waiting, None)
    begun = False
    for start, end in places:
        while current is not None and current["end"] <= start:
            current, begun = next(waiting, None), False
        if current is None or start < current["start"] or end > current["end"]:
            yield OUT
        else:
            yield f"{'I' if begun else 'B'}-{current['label']}"
            begun = True
