"""Text with marks that may overlap, cut into pieces that do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Marked:
    """A mark on [start, end), or where these are equal on the place before the character `start`; `key` names it."""

    start: int
    end: int
    key: str


@dataclass(frozen=True)
class Piece:
    """A stretch of text with the marks that cover all of it. An empty place is a piece without text.

    Attributes:
        keys: of the marks, in the order given. ends: those of them that end with this piece. begins: that begin in it.
    """

    text: str
    keys: tuple[str, ...]
    begins: tuple[str, ...]
    ends: tuple[str, ...]


def cut_spans(text: str, spans: Sequence[tuple[int, int]], marks: Sequence[Marked]) -> list[list[Piece]]:
    """Each of some spans, which rise and do not overlap, in pieces; an empty place is seen in one of them only."""
    found = []
    shown: set[str] = set()
    at = 0
    ordered = sorted(marks, key=lambda mark: (mark.start, -mark.end, mark.key))
    reaching: list[Marked] = []
    for start, end in spans:
        while at < len(ordered) and ordered[at].start <= end:
            reaching.append(ordered[at])
            at += 1
        reaching = [mark for mark in reaching if mark.end >= start and mark.key not in shown]
        pieces = cut_pieces(text, start, end, reaching)
        shown |= {key for piece in pieces if not piece.text for key in piece.begins}
        found.append(pieces)
    return found


def cut_pieces(text: str, start: int, end: int, marks: Sequence[Marked]) -> list[Piece]:
    """Text [start, end) in pieces; joined they are that text again.

    A mark that reaches over an edge is seen up to it; an empty place at an edge is seen on both sides of it, so callers
    who show adjoining stretches hand it to one of them.
    """
    inside = [mark for mark in marks if mark.start < end and start < mark.end and mark.start < mark.end]
    empty = [mark for mark in marks if mark.start == mark.end and start <= mark.start <= end]
    edges = {start, end, *(mark.start for mark in empty)}
    edges |= {min(max(place, start), end) for mark in inside for place in (mark.start, mark.end)}
    pieces = []
    ordered = sorted(edges)
    for number, low in enumerate(ordered):
        for mark in empty:
            if mark.start == low:
                around = tuple(other.key for other in inside if other.start < low < other.end)
                pieces.append(Piece("", (mark.key, *around), (mark.key,), (mark.key,)))
        if number + 1 == len(ordered):
            break
        high = ordered[number + 1]
        over = [mark for mark in inside if mark.start <= low and high <= mark.end]
        begins = tuple(mark.key for mark in over if max(mark.start, start) == low)
        ends = tuple(mark.key for mark in over if min(mark.end, end) == high)
        pieces.append(Piece(text[low:high], tuple(mark.key for mark in over), begins, ends))
    return pieces
