"""Sentences of many texts at once: the same as `sentences` finds in each.

Most stops leave no doubt: a word of some length before a period and a capital after it. Only where an abbreviation, a
figure, a quotation or another script is near, the rules of `sentences` are asked.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from .dates import MONTH_NUMBER
from .letters import ALNUM, CLOSE, DIGIT, LOWER, SPACE, STOP, WILD, Codes
from .scan import Bools, Places, Scan
from .sentences import ALWAYS_BEFORE, BEFORE_ORDINAL, EITHER_WAY, NEVER_LAST, ends_at
from .sentences import STOP as STOP_PATTERN
from .triggers import first_codes

_PERIOD, _EXCLAMATION, _QUESTION = map(ord, ".!?")
_WIDE_STOPS = tuple(map(ord, "。！？"))
_QUOTES = tuple(map(ord, "\"'“”‘„‚"))
# No abbreviation that the rules know, points apart, is longer.
LONGEST = 6


@dataclass(frozen=True)
class Sentences:
    """Sentences of all spans, in order: [start, end) in the scan, and the number of the span."""

    starts: Places
    ends: Places
    spans: Places


def split_spans(scan: Scan, starts: Places, ends: Places, is_whole: Bools) -> Sentences:
    """The sentences of spans that begin and end in a character that is no white space, in order.

    Args:
        is_whole: which spans are one sentence whatever is in them.
    """
    begins, stops = _find_breaks(scan, starts, ends, is_whole)
    all_starts = np.sort(np.concatenate((starts, begins)))
    all_ends = np.sort(np.concatenate((ends, stops)))
    return Sentences(all_starts, all_ends, np.searchsorted(starts, all_starts, "right") - 1)


def _find_breaks(scan: Scan, starts: Places, ends: Places, is_whole: Bools) -> tuple[Places, Places]:
    """Where sentences begin within the spans, and where those before them end."""
    points, kinds = scan.points, scan.classes
    places = scan.stops
    spans = np.searchsorted(starts, places, "right") - 1
    inside = spans >= 0
    if len(ends):
        inside &= (places + 1 < ends[spans]) & ~is_whole[spans]
    wide = np.isin(points[places], _WIDE_STOPS)
    inside &= wide | ((kinds[places + 1] & (SPACE | STOP | CLOSE)) > 0)
    places, spans, wide = places[inside], spans[inside], wide[inside]
    if not len(places):
        return places, places

    stop, before = points[places], kinds[places - 1]
    after = places + 1 + ((kinds[places + 1] & CLOSE) > 0)
    following = after + 1
    spaced = ~wide & ((kinds[after] & SPACE) > 0) & ((before & STOP) == 0)
    quoted = np.isin(points[following], _QUOTES)
    first = kinds[following + quoted]
    spaced &= following + quoted < ends[spans]
    is_letter, is_lower = (first & ALNUM) > 0, (first & LOWER) > 0
    # A sentence does not go on in a small letter, whatever the stop.
    known = spaced & is_letter & ~quoted & is_lower
    capital = spaced & is_letter & ~is_lower
    long, word = _words_before(scan, places, starts[spans])
    period = capital & (stop == _PERIOD)
    special = _kinds_of(word)
    is_break = period & (long | ((word > 0) & (special == 0)))
    known |= period & (special == _NEVER) | (period & (special == _EITHER) & ~quoted & scan.are_figures(following))
    shouted = capital & ((stop == _EXCLAMATION) | (stop == _QUESTION)) & (after == places + 1)
    is_break |= shouted & ((before & ALNUM) > 0)
    is_break |= period & _ends_in_figure(scan, places, starts[spans], following)

    begins, stops = following[is_break], after[is_break]
    doubtful = np.flatnonzero(~known & ~is_break)
    if len(doubtful):
        more = _ask(scan, places[doubtful], starts[spans[doubtful]], ends[spans[doubtful]], begins)
        begins = np.concatenate((begins, np.array([begin for begin, _ in more], np.int64)))
        stops = np.concatenate((stops, np.array([stop for _, stop in more], np.int64)))
    return begins, stops


def _ask(scan: Scan, places: Places, starts: Places, ends: Places, sure: Places) -> list[tuple[int, int]]:
    """What the rules say of doubtful stops, in order: each beginning of a sentence, and the end of the one before."""
    found: list[tuple[int, int]] = []
    nearest = np.searchsorted(sure, places, "right") - 1
    before = np.where(nearest >= 0, sure[nearest], 0) if len(sure) else np.zeros(len(places), np.int64)
    own, text, passed, begin = -1, "", 0, 0
    for place, start, end, sure_begin in zip(
        places.tolist(), starts.tolist(), ends.tolist(), before.tolist(), strict=True
    ):
        if start != own:
            own, text, passed, begin = start, scan.joined[start:end], start, start
        if place < passed:
            continue
        match = STOP_PATTERN.match(text, place - start)
        if match is None:
            continue
        passed = start + match.end()
        begin = max(begin, sure_begin)
        if passed < end and ends_at(text, begin - start, match):
            begin = passed
            found.append((passed, place + len(match.group().rstrip())))
    return found


def _words_before(scan: Scan, places: Places, starts: Places) -> tuple[Bools, Places]:
    """Which stops a word of more than `LONGEST` letters precedes, and the others' words as numbers; 0: no plain word.

    A plain word has two letters or more, those of ASCII alone, and stands after white space.
    """
    codes = scan.letters[places[:, None] - np.arange(1, LONGEST + 2)].astype(np.int64)
    long = ((codes > 0) & (codes != DIGIT)).all(axis=1) & (places - codes.shape[1] >= starts)
    plain = np.logical_and.accumulate((codes > 0) & (codes <= 26), axis=1)
    lengths = plain.sum(axis=1)
    begins = places - lengths
    is_word = (lengths > 1) & (lengths <= LONGEST) & (begins >= starts) & ((scan.classes[begins - 1] & SPACE) > 0)
    return long, ((codes * plain) << _SHIFTS).sum(axis=1) * is_word


def _ends_in_figure(scan: Scan, places: Places, starts: Places, following: Places) -> Bools:
    """Before which stops stands a number of at most three figures that is no ordinal for sure?"""
    figures = np.logical_and.accumulate(scan.are_figures(places[:, None] - np.arange(1, 5)), axis=1).sum(axis=1)
    gaps = places - figures - 1
    found = (figures > 0) & (figures < 4) & (gaps > starts) & ((scan.classes[gaps] & SPACE) > 0)
    found &= ~_months()[scan.codes(following)]
    chosen = np.flatnonzero(found)
    long, words = _words_before(scan, gaps[chosen], starts[chosen])
    plain = (words > 0) & ~np.isin(words, _ordinals())
    found[chosen] = long | plain | ((scan.classes[gaps[chosen] - 1] & (ALNUM | SPACE)) == 0)
    return found


@functools.cache
def _months() -> Bools:
    """Which triples of letter codes could begin the name of a month."""
    table = np.zeros((32, 32, 32), np.bool_)
    for name in MONTH_NUMBER:
        table[tuple(first_codes(name))] = True
    for axis in range(3):
        table[(slice(None),) * axis + (WILD,)] = True
    return table.reshape(-1)


@functools.cache
def _ordinals() -> Places:
    return np.array([_number_of(word) for word in BEFORE_ORDINAL], np.int64)


def _number_of(word: str) -> int:
    return sum(ord(letter) - 96 << 5 * place for place, letter in enumerate(reversed(word)))


def _kinds_of(words: Places) -> Codes:
    """Which of these words, given as numbers, the rules know as abbreviations, and of what kind."""
    known, kinds = _abbreviations()
    places = np.minimum(np.searchsorted(known, words), len(known) - 1)
    return np.where(known[places] == words, kinds[places], np.uint8(0))


_SHIFTS = 5 * np.arange(LONGEST + 1)
_NEVER, _EITHER, _OTHER = 1, 2, 3


@functools.cache
def _abbreviations() -> tuple[Places, Codes]:
    found = {}
    for kind, words in ((_OTHER, ALWAYS_BEFORE), (_EITHER, EITHER_WAY), (_NEVER, NEVER_LAST)):
        for word in words:
            if word.isascii() and word.isalpha():
                found[_number_of(word)] = kind
    numbers = sorted(found)
    return np.array(numbers, np.int64), np.array([found[number] for number in numbers], np.uint8)
