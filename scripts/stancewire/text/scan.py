"""Many texts at once as one array of code points: their words, their lines, and what each line could be.

What a `Scan` says is no guess: a bit that it leaves out of `may` (`segments`) has been ruled out. Where it would take a
rule to know, or where a line holds an unusual character, the bit stays, and the rules are asked.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from . import triggers
from .letters import ALNUM, DIGIT, LAST, LOWER, MARK, ODD, SPACE, STOP, Codes, classes, letters, look_up
from .lexicon import Lexicon
from .patterns import MAX_DATELINE, MAX_SECTION
from .segments import (
    ANY,
    BYLINE,
    CAPTION,
    CLOSER,
    CREDIT,
    DATELINE,
    FURNITURE,
    HEADER,
    MAX_HEADLINE_CHARS,
    MAX_HEADLINE_WORDS,
    MAX_REPEATED,
    MAX_REPEATED_WORDS,
    NOTE,
    PHOTO_CREDIT,
    REPEATED,
    SECTION,
    SEPARATOR,
)

Places = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LOOK_AHEAD = 16  # more characters than are looked at after any place stand after the last text
# What the rules say of lengths, in characters; none names anything longer.
MAX_FURNITURE, MAX_PHOTO_CREDIT, MAX_CAPTION, MAX_CREDIT, MAX_HEADER, MAX_BYLINE = 250, 120, 900, 450, 600, 160
MAX_CREDIT_TAIL, MAX_CLOSER = 140, 80
# Names of agencies fill at most 80 characters, so 40 words; the words before them (`mit Material von`) are three.
MAX_WIRE_WORDS = 43

_COMMA, _PERIOD, _COLON, _SMALL_A, _SMALL_Z = map(ord, ",.:az")
# Kinds of marks, as bits.
_DASH, _BRACKET, _SLASH, _COPYRIGHT, _JOINT = 1, 2, 4, 8, 16


@functools.cache
def _mark_kinds() -> Codes:
    kinds = np.zeros(LAST + 1, np.uint8)
    for characters, kind in (("-–—―_", _DASH), ("([", _BRACKET), ("/", _SLASH), ("©", _COPYRIGHT), (",|/–—-", _JOINT)):
        kinds[list(map(ord, characters))] |= kind
    return kinds


class Readers:
    """What a lexicon's rules are asked by: made once, used for all texts."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.triggers = triggers.read_triggers(lexicon)
        # A line with more words is no known piece of furniture.
        self.furniture_words = max((len(key.split()) for key in lexicon.furniture), default=0)


class Scan:
    """Texts joined by line feeds, with one before the first.

    Attributes:
        joined: all of it. base: where each text begins. points: code points. classes: their bits (`letters`).
        letters: their letter codes.
        word_starts, word_ends: places of all words, as `str.split()` finds them; ends are the place after.
        stops: places of what may end a sentence.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.joined = "\n" + "\n".join(texts) + "\n" * (LOOK_AHEAD + 1)
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        self.base = np.cumsum(lengths + 1) - lengths
        self.points = np.frombuffer(self.joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        self.classes, self.letters = look_up(self.points, classes(), letters())
        space = (self.classes & SPACE).view(np.bool_)
        borders = np.flatnonzero(space[1:] != space[:-1]) + 1
        self.word_starts, self.word_ends = borders[::2], borders[1::2]
        alnum = (self.classes & ALNUM) > 0
        self._runs = np.flatnonzero(alnum[1:] > alnum[:-1]) + 1
        self._runs_and_end = np.append(self._runs, [len(self.points) - LOOK_AHEAD] * 2)
        self._alnum_words = self.word_starts[alnum[self.word_starts]]
        signs = np.flatnonzero((self.classes & (STOP | MARK | ODD)) != 0)
        kinds = self.classes[signs]
        self.stops = signs[(kinds & STOP) > 0]
        self._marks = signs[(kinds & MARK) > 0]
        self._odd = signs[(kinds & ODD) > 0]

    def count_words(self, starts: Places, ends: Places) -> Places:
        """Words of spans that begin and end in a character that is no white space."""
        return np.searchsorted(self.word_starts, ends) - np.searchsorted(self.word_starts, starts, "right") + 1

    def has_odd(self, starts: Places, ends: Places) -> Bools:
        """Which spans hold a character of which nothing is claimed?"""
        return _any(self._odd, starts, ends)

    def are_figures(self, places: Places) -> Bools:
        """Which characters are decimal figures?"""
        return self.letters[places] == DIGIT

    def end_plainly(self, starts: Places, ends: Places) -> Bools:
        """Which lines end in a period after a word of five small letters or more, which is no abbreviation?"""
        found = (self.points[ends - 1] == _PERIOD) & (ends - starts > 6)
        chosen = np.flatnonzero(found)
        before = self.points[ends[chosen][:, None] - np.arange(2, 7)]
        found[chosen] = ((before >= _SMALL_A) & (before <= _SMALL_Z)).all(axis=1)
        return found

    def are_headlines(self, starts: Places, ends: Places) -> Bools:
        """Which lines are headlines if they stand first, and a closed paragraph after them? Not all that are are found.

        They have some words, begin and end in a letter or figure, and hold no sign that ends a sentence, nor a colon
        where it could be a speaker's.
        """
        n_words = self.count_words(starts, ends)
        found = (ends - starts <= MAX_HEADLINE_CHARS) & (n_words >= 2) & (n_words <= MAX_HEADLINE_WORDS)
        found &= (self.classes[starts] & ALNUM > 0) & (self.classes[ends - 1] & ALNUM > 0)
        found &= ~_any(self.stops, starts, ends) & ~self.has_odd(starts, ends)
        return found & ~(self.points[starts[:, None] + np.arange(LOOK_AHEAD)] == _COLON).any(axis=1)

    def codes(self, places: Places) -> npt.NDArray[np.int64]:
        """The triple of letter codes that begins at each place."""
        found = self.letters[places].astype(np.int64)
        for step in (1, 2):
            found *= 32
            found += self.letters[places + step]
        return found

    def leads(self, starts: Places) -> npt.NDArray[np.int64]:
        """The letter codes with which the first word of each of these lines begins.

        Where a line has no letter they are those of another.
        """
        return self.codes(self._runs_and_end[np.searchsorted(self._runs, starts)])

    def may(
        self, starts: Places, ends: Places, readers: Readers, leads: npt.NDArray[np.int64] | None = None
    ) -> npt.NDArray[np.int64]:
        """What the rules could make of each of these lines or paragraphs, as bits; they are in order."""
        points, length = self.points, ends - starts
        n_words = self.count_words(starts, ends)
        n_alnum = _count(self._alnum_words, starts, ends)
        # A line without letters is a separator, and asked about anyway.
        begins = readers.triggers[self.leads(starts) if leads is None else leads]
        further = self._runs_and_end[np.searchsorted(self._runs, starts) + 1]
        goes_on = (further >= ends) | ((readers.triggers[self.codes(further)] & triggers.NAME) > 0)

        def begin(bit: int) -> Bools:
            return (begins & bit) > 0

        marks = self._marks
        kinds = _mark_kinds()[points[marks]]
        turns = marks[(kinds & (_DASH | _BRACKET)) > 0]
        tails = np.maximum(starts, ends - MAX_CREDIT_TAIL)
        # Few marks and words of credits are in a text: to look them up takes longer than to find none.
        credited = (length <= MAX_CAPTION) & (
            _any(marks[(kinds & _SLASH) > 0], tails, ends) | _any(self._photo_words(readers), tails, ends)
        )
        signed = _any(marks[(kinds & _COPYRIGHT) > 0], starts, ends)
        heads = np.minimum(ends, starts + MAX_DATELINE)
        # Beyond Latin-1 the rules' ranges of capitals hold small letters, too.
        is_lower = ((self.classes[starts] & LOWER) > 0) & (points[starts] < 0x100)
        ends_open = (self.classes[ends - 1] & STOP) == 0
        spaced = turns[(self.classes[turns - 1] & SPACE) > 0]
        bits = {
            FURNITURE: (length <= MAX_FURNITURE)
            & (begin(triggers.FURNITURE) | (begin(triggers.KEY) & (n_alnum <= readers.furniture_words))),
            SEPARATOR: n_alnum == 0,
            PHOTO_CREDIT: (length <= MAX_PHOTO_CREDIT) & (begin(triggers.PHOTO) | credited | signed),
            CAPTION: (length <= MAX_CAPTION) & (begin(triggers.CAPTION) | credited | signed),
            CREDIT: (begin(triggers.WIRE) & goes_on & (n_alnum <= MAX_WIRE_WORDS))
            | ((length <= MAX_CREDIT) & (begin(triggers.CREDIT) | signed | _any(self._contributed(), starts, ends))),
            SECTION: (length <= MAX_SECTION) & begin(triggers.SECTION),
            HEADER: (length <= MAX_HEADER) & begin(triggers.HEADER),
            NOTE: begin(triggers.NOTE),
            BYLINE: (length <= MAX_BYLINE)
            & (begin(triggers.BYLINE) | (~is_lower & _any(marks[(kinds & _JOINT) > 0], starts, ends))),
            DATELINE: (~is_lower | begin(triggers.MONTH)) & _any(turns, starts, heads),
            CLOSER: _any(spaced, np.maximum(starts, ends - MAX_CLOSER), ends),
            REPEATED: (n_words >= 2) & (n_words <= MAX_REPEATED_WORDS) & (length <= MAX_REPEATED) & ends_open,
        }
        found = np.zeros(len(starts), np.int64)
        for bit, holds in bits.items():
            found |= holds * bit
        found[_any(self._odd, starts, ends)] = ANY
        return found

    def _photo_words(self, readers: Readers) -> Places:
        """Words that a picture's credit could begin with, but for those that go on in a clause."""
        runs = self._runs[self._runs >= 2]
        before = self.classes[runs - 1] & SPACE
        further = runs - 2
        goes_on = (before > 0) & (((self.classes[further] & ALNUM) > 0) | (self.points[further] == _COMMA))
        runs = runs[~goes_on]
        return runs[(readers.triggers[self.codes(runs)] & triggers.PHOTO) > 0]

    def _contributed(self) -> Places:
        """Where the word `contributed` could stand."""
        runs = self._runs
        for step, letter in enumerate("contributed"):
            code = self.letters[runs + step]
            runs = runs[(code == ord(letter) - 96) | (code == triggers.WILD)]
        return runs


def _count(places: Places, starts: Places, ends: Places) -> Places:
    """How many of the places lie in each span."""
    return np.searchsorted(places, ends) - np.searchsorted(places, starts)


def _any(places: Places, starts: Places, ends: Places) -> Bools:
    return _count(places, starts, ends) > 0
