"""What the offsets of a foreign export count, and where they lie in the canonical text.

Most tools count code points, as we do; browsers and the JVM count UTF-16 units, which differ after each character
beyond the Basic Multilingual Plane. The export's own quotes tell: the reading that makes more slices equal to their
quotes is believed, answer by answer. A text's byte order mark and carriage returns are not in the canonical text, so
offsets move left by as many as stand before them.

    exported   a b 🕊 c d      code points  0 1 2 3 4        UTF-16 units  0 1 2 . 4 5
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterable

from .foreign import Mark

POINTS, UNITS = "code points", "UTF-16 units"

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_DROPPED = re.compile("\r(?=\n)")
_ESCAPED = re.compile(r"\\([nrt])")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def canonical(text: str) -> str:
    """The text as sources are decoded: no byte order mark, LF line ends, nothing else changed."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def is_beyond_plane(text: str) -> bool:
    """Does it hold a character that UTF-16 writes as two units?"""
    return not text.isascii() and _ASTRAL.search(text) is not None


def to_canonical(text: str) -> Callable[[int], int]:
    """From code points of an exported text to those of `canonical(text)`."""
    mark = 1 if text.startswith("\ufeff") else 0
    dropped = [match.start() for match in _DROPPED.finditer(text)] if "\r\n" in text else []
    if not mark and not dropped:
        return int
    return lambda place: max(0, place - mark - bisect.bisect_left(dropped, place))


def from_units(text: str) -> Callable[[int], int | None]:
    """From UTF-16 units of a text to its code points; None for a place inside a surrogate pair."""
    units = [match.start() + number for number, match in enumerate(_ASTRAL.finditer(text))]
    if not units:
        return int

    def point(place: int) -> int | None:
        before = bisect.bisect_left(units, place)  # astral characters that begin before the place
        if before and units[before - 1] + 1 == place:
            return None
        return place - before

    return point


def same_words(words: str, quote: str) -> bool:
    """Are these the same words but for white space? Quotes may hold line ends as a backslash and a letter."""
    if words == quote:
        return True
    folded = words.split()
    if folded == quote.split():
        return True
    return "\\" in quote and folded == _ESCAPED.sub(lambda match: _ESCAPES[match[1]], quote).split()


def counted_in(text: str, marks: Iterable[Mark]) -> str | None:
    """POINTS or UNITS, by the quotes of the marks; None where they do not tell."""
    if _ASTRAL.search(text) is None:
        return None
    votes = {POINTS: 0, UNITS: 0}
    point = from_units(text)
    for mark in marks:
        if mark.start is None or mark.end is None or mark.quote is None:
            continue
        start, end = point(mark.start), point(mark.end)
        if (start, end) == (mark.start, mark.end):
            continue
        votes[POINTS] += same_words(text[mark.start : mark.end], mark.quote)
        votes[UNITS] += start is not None and end is not None and same_words(text[start:end], mark.quote)
    if votes[POINTS] == votes[UNITS]:
        return None
    return POINTS if votes[POINTS] > votes[UNITS] else UNITS
