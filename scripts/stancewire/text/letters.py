"""Classes of characters as tables over all code points, for looking at many texts at once.

The tables say of a character what `str` and `re` say of it; where a character may turn into others when its case is
folded, they do not claim to know it (`ODD`, `WILD`).
"""

from __future__ import annotations

import functools
import re

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint8]

# What a character is: bits of one byte.
SPACE = 1  # str.isspace
ALNUM = 2  # str.isalnum
LOWER = 4  # str.islower
STOP = 8  # may end a sentence
CLOSE = 16  # may stand between that and the white space
MARK = 32  # one that bylines, datelines or credits have
ODD = 64  # nothing is claimed of a line that holds it

STOPS = ".!?…؟।。！？"
CLOSERS = "\"'”’»›)]」』）】"
MARKS = "-–—―_([/©|,"
# Marks that are no white space and yet nothing to read; and one that is no letter until its case is folded.
_ODD = "\ufeff\u200b\u2060\u0345"

# Letters as codes of five bits: 1 to 26 for ASCII letters of either case, 0 for what is no letter or figure.
DIGIT, RARE, OTHER, WILD = 27, 28, 30, 31
# First letters of the few words that rules know in other scripts.
_RARE = "чЧдД日"
# Letters that have an ASCII one among their other cases: they stand for any.
_WILD = "ßẞİıŉſǰẖẗẘẙẚﬀﬁﬂﬃﬄﬅﬆ\u212a"


LAST = 0xFFFF  # the tables' last code point, which is no character and stands for all beyond


@functools.cache
def classes() -> Codes:
    """The bits of each code point up to `LAST`. Of those beyond the Basic Multilingual Plane nothing is claimed."""
    table = np.zeros(LAST + 1, np.uint8)
    plane = _plane()
    for pattern, bit in ((r"\s+", SPACE), (r"[^\W_]+", ALNUM)):
        for match in re.finditer(pattern, plane):
            table[match.start() : match.end()] |= bit
    table[np.fromiter(map(str.islower, plane), np.bool_, LAST + 1)] |= LOWER
    for characters, bit in ((STOPS, STOP), (CLOSERS, CLOSE), (MARKS, MARK), (_ODD, ODD), (plane[LAST], ODD)):
        table[list(map(ord, characters))] |= bit
    return table


@functools.cache
def letters() -> Codes:
    """The letter code of each code point up to `LAST`."""
    table = np.where(classes() & ALNUM, np.uint8(OTHER), np.uint8(0))
    for match in re.finditer(r"\d+", _plane()):
        table[match.start() : match.end()] = DIGIT
    for number in range(26):
        table[[ord("a") + number, ord("A") + number]] = number + 1
    for characters, code in ((_RARE, RARE), (_WILD, WILD)):
        table[list(map(ord, characters))] = code
    return table


def look_up(points: npt.NDArray[np.uint32], *tables: Codes) -> list[Codes]:
    """What each table says of each code point.

    Most are below 256 in most scripts' texts, and bytes are translated three times as fast as a table is looked up.
    """
    beyond = np.flatnonzero(points > 0xFF)
    if len(beyond) > len(points) // 4:
        return [table.take(points, mode="clip") for table in tables]
    low, others = points.astype(np.uint8).tobytes(), points[beyond]
    found = []
    for table in tables:
        codes = np.frombuffer(low.translate(table[:256].tobytes()), np.uint8).copy()
        codes[beyond] = table.take(others, mode="clip")
        found.append(codes)
    return found


@functools.cache
def _plane() -> str:
    return np.arange(LAST + 1, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
