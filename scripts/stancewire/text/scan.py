"""Many texts at once as one array of code points: their words, their lines, and what each line could be.

What a `Scan` says is no guess: a bit that it leaves out of `may` (`segments`) has been ruled out. Where it would take a
rule to know, or where a line holds an unusual character, the bit stays, and the rules are asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from . import triggers
from .letters import ALNUM, DIGIT, LOWER, MARK, ODD, SPACE, STOP, classes, letters
from .lexicon import Lexicon
from .patterns import MAX_DATELINE
from .segments import ANY, BY_ITSELF, BYLINE, CLOSER, DATELINE, HEADER, MAX_REPEATED_WORDS, NOTE, REPEATED

Places = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# What the rules say of lengths, in characters; none names anything longer.
MAX_FURNITURE, MAX_PHOTO_CREDIT, MAX_CAPTION, MAX_CREDIT, MAX_HEADER, MAX_BYLINE = 250, 120, 900, 450, 600, 160
MAX_CREDIT_TAIL, MAX_CLOSER = 140, 80
# Names of agencies fill at most 80 characters, so 40 words; the words before them (`mit Material von`) are three.
MAX_WIRE_WORDS = 43

_DASHES = tuple(map(ord, "-–—―_"))
_BRACKETS = tuple(map(ord, "(["))
_SLASH, _COPYRIGHT, _COMMA, _UNDERSCORE = map(ord, "/©,_")


class Readers:
    """What a lexicon's rules are asked by: made once, used for all texts."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.triggers = triggers.read_triggers(lexicon)
        # A line with more words is no known piece of furniture.
        self.furniture_words = max([3, *(len(key.split()) for key in lexicon.furniture)])


class Scan:
    """Texts joined by line feeds, with one before the first.

    Attributes:
        joined: all of it. base: where each text begins. points: code points. classes: their bits (`letters`).
        word_starts, word_ends: places of all words, as `str.split()` finds them; ends are the place after.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        # More than the longest look ahead stands after the last text.
        self.joined = "\n" + "\n".join(texts) + "\n" * 16
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        self.base = np.cumsum(lengths + 1) - lengths
        self.points = np.frombuffer(self.joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        self.classes = classes().take(self.points, mode="clip")
        space = (self.classes & SPACE).view(np.bool_)
        borders = np.flatnonzero(space[1:] != space[:-1]) + 1
        self.word_starts, self.word_ends = borders[::2], borders[1::2]
        alnum = (self.classes & ALNUM) > 0
        self._runs = np.flatnonzero(alnum[1:] > alnum[:-1]) + 1
        self._alnum_words = self.word_starts[alnum[self.word_starts]]
        self._odd = np.flatnonzero(self.classes & ODD)
        self._marks = np.flatnonzero(self.classes & MARK)

    def count_words(self, starts: Places, ends: Places) -> Places:
        """Words of spans that begin and end in a character that is no white space."""
        return np.searchsorted(self.word_starts, ends) - np.searchsorted(self.word_starts, starts, "right") + 1

    def has_odd(self, starts: Places, ends: Places) -> Bools:
        """Which spans hold a character of which nothing is claimed?"""
        return _any(self._odd, starts, ends)

    def are_figures(self, places: Places) -> Bools:
        """Which characters are decimal figures?"""
        return letters().take(self.points[places], mode="clip") == DIGIT

    def codes(self, places: Places) -> npt.NDArray[np.int64]:
        """The triple of letter codes that begins at each place."""
        table = letters()
        found = np.zeros(len(places), np.int64)
        for step in range(3):
            found *= 32
            found += table.take(self.points[places + step], mode="clip")
        return found

    def may(self, starts: Places, ends: Places, readers: Readers) -> npt.NDArray[np.int64]:
        """What the rules could make of each of these lines or paragraphs, as bits; they are in order."""
        points, length = self.points, ends - starts
        n_words = self.count_words(starts, ends)
        n_alnum = _count(self._alnum_words, starts, ends)
        # Where a line has no letter the bits are those of another; it is asked about anyway.
        nearest = np.searchsorted(self._runs, starts)
        begins = readers.triggers[self.codes(np.append(self._runs, 0)[nearest])]

        def begin(bit: int) -> Bools:
            return (begins & bit) > 0

        marks = self._marks
        mark_points = points[marks]
        dashes = marks[np.isin(mark_points, _DASHES)]
        brackets_or_dashes = np.sort(np.concatenate((dashes, marks[np.isin(mark_points, _BRACKETS)])))
        slashes = marks[mark_points == _SLASH]
        tails = np.maximum(starts, ends - MAX_CREDIT_TAIL)
        by_itself = (
            (begin(triggers.FURNITURE) & (length <= MAX_FURNITURE))
            | (n_alnum <= readers.furniture_words)
            | (begin(triggers.PHOTO) & (length <= MAX_PHOTO_CREDIT))
            | (begin(triggers.CAPTION) & (length <= MAX_CAPTION))
            | (begin(triggers.WIRE) & (n_alnum <= MAX_WIRE_WORDS))
            | (begin(triggers.CREDIT) & (length <= MAX_CREDIT))
            | ((length <= MAX_CAPTION) & _any(slashes, tails, ends))
            | ((length <= MAX_CAPTION) & _any(self._photo_words(readers), tails, ends))
            | ((length <= MAX_CREDIT) & _any(self._contributed(), starts, ends))
            | _any(marks[mark_points == _COPYRIGHT], starts, ends)
        )
        heads = np.minimum(ends, starts + MAX_DATELINE)
        # Beyond Latin-1 the rules' ranges of capitals hold small letters, too.
        is_lower = ((self.classes[starts] & LOWER) > 0) & (points[starts] < 0x100)
        last = self.classes[ends - 1]
        spaced = brackets_or_dashes[(self.classes[brackets_or_dashes - 1] & SPACE) > 0]
        joints = marks[(mark_points != _UNDERSCORE) & ~np.isin(mark_points, _BRACKETS)]
        found = by_itself * BY_ITSELF
        found |= (begin(triggers.HEADER) & (length <= MAX_HEADER)) * HEADER
        found |= begin(triggers.NOTE) * NOTE
        found |= (
            (length <= MAX_BYLINE)
            & (begin(triggers.BYLINE) | (~is_lower & _any(joints, starts, ends)))
        ) * BYLINE  # fmt: skip
        found |= ((~is_lower | begin(triggers.MONTH)) & _any(brackets_or_dashes, starts, heads)) * DATELINE
        found |= _any(spaced, np.maximum(starts, ends - MAX_CLOSER), ends) * CLOSER
        found |= (
            (n_words >= 2) & (n_words <= MAX_REPEATED_WORDS) & (length <= 60) & ((last & STOP) == 0)
        ) * REPEATED  # fmt: skip
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
        table, runs = letters(), self._runs
        for step, letter in enumerate("contributed"):
            code = table.take(self.points[runs + step], mode="clip")
            runs = runs[(code == ord(letter) - 96) | (code == triggers.WILD)]
        return runs


def _count(places: Places, starts: Places, ends: Places) -> Places:
    """How many of the places lie in each span."""
    return np.searchsorted(places, ends) - np.searchsorted(places, starts)


def _any(places: Places, starts: Places, ends: Places) -> Bools:
    return _count(places, starts, ends) > 0
