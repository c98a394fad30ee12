"""The task view: what an annotator reads, and the way back from its offsets to the canonical text.

The view is the segments whose roles a pass lists, in text order, joined by blank lines. Each piece of it is a copy of
one segment, so a place in the view is a place in the text, and back:

    text   | headline | ad | par 1 | photo | par 2 |          pieces: (view_start, start, end, seg_no)
    view   | headline |    | par 1 |       | par 2 |
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .model import Segment

JOINT = "\n\n"


@dataclass(frozen=True)
class Piece:
    """One segment's copy in the view: view code points [view_start, view_start + end - start) are text [start, end)."""

    view_start: int
    start: int
    end: int
    seg_no: int

    @property
    def view_end(self) -> int:
        """View code point after the piece."""
        return self.view_start + self.end - self.start


@dataclass(frozen=True)
class View:
    """The pieces of a view in order; `text` is the view's own string where it is known."""

    pieces: tuple[Piece, ...]
    n_chars: int

    def to_text(self, view_start: int, view_end: int) -> tuple[int, int] | str:
        """The canonical span of a view span, or the reason why there is none.

        A span may begin or end in a joint (the blank line between pieces); it is then cut back to the nearest piece.
        A span over text that the view leaves out has no place: its words do not stand together in the text.
        """
        if view_start < 0 or view_end > self.n_chars:
            return f"outside the task's text (0-{self.n_chars})"
        if view_start >= view_end:
            return "empty span"
        starts = [piece.view_start for piece in self.pieces]
        first = bisect.bisect_right(starts, view_start) - 1
        if view_start >= self.pieces[first].view_end:  # begins in a joint
            first += 1
            if first == len(self.pieces):
                return "only white space between paragraphs"
        last = bisect.bisect_left(starts, view_end) - 1
        if last < first:
            return "only white space between paragraphs"
        for left, right in zip(self.pieces[first:last], self.pieces[first + 1 : last + 1], strict=True):
            if right.seg_no != left.seg_no + 1:
                return f"runs over text that was left out of the task (between {left.end} and {right.start})"
        a, b = self.pieces[first], self.pieces[last]
        start = a.start + max(0, view_start - a.view_start)
        end = b.start + min(view_end, b.view_end) - b.view_start
        return start, end

    def to_view(self, start: int, end: int) -> tuple[int, int] | None:
        """The view span of a canonical span; None where it begins or ends outside the view's pieces."""
        begin = finish = None
        for piece in self.pieces:
            if piece.start <= start < piece.end:
                begin = piece.view_start + start - piece.start
            if piece.start < end <= piece.end:
                finish = piece.view_start + end - piece.start
        return None if begin is None or finish is None or begin >= finish else (begin, finish)


def make_view(text: str, segments: Iterable[Segment], roles: Sequence[str]) -> tuple[str, View]:
    """The view's string and its map, of the segments that have one of `roles`."""
    shown = [segment for segment in segments if segment.role in roles]
    pieces: list[Piece] = []
    parts: list[str] = []
    position = 0
    for segment in shown:
        if parts:
            position += len(JOINT)
        pieces.append(Piece(position, segment.start, segment.end, segment.seg_no))
        parts.append(text[segment.start : segment.end])
        position += segment.end - segment.start
    return JOINT.join(parts), View(tuple(pieces), position)
