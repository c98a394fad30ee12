"""The two sides of one stretch of alignment, as continuous strings whose places lead back to the canonical texts.

Witnesses are cut into *units*: a sentence with the white space up to the next one in its paragraph, so that the units
of a paragraph tile it. What keeps its order is one frame; each run of sentences that moved is a frame of its own.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from .align import Bead, align_stretches
from .witness import Witness


@dataclass(frozen=True)
class Unit:
    """Canonical code points [start, end) of a sentence and the space after it; `paragraph` counts from 0."""

    start: int
    end: int
    paragraph: int
    sent_no: int | None


@dataclass(frozen=True)
class Side:
    """Some units of one witness, joined without anything between them. Places in `text` are called frame places."""

    witness: Witness
    units: tuple[Unit, ...]

    @cached_property
    def text(self) -> str:
        """The units' text."""
        return "".join(self.witness.text[unit.start : unit.end] for unit in self.units)

    @cached_property
    def starts(self) -> list[int]:
        """Frame place where each unit begins, and the end of the last."""
        places = [0]
        for unit in self.units:
            places.append(places[-1] + unit.end - unit.start)
        return places

    @cached_property
    def breaks(self) -> list[int]:
        """Frame places where units meet that do not stand together in the canonical text."""
        return [
            self.starts[n] for n, (left, right) in enumerate(pairwise(self.units), 1) if left.end != right.start
        ]

    @cached_property
    def starts_set(self) -> frozenset[int]:
        """`starts` for look-up."""
        return frozenset(self.starts)

    @cached_property
    def breaks_set(self) -> frozenset[int]:
        """`breaks` for look-up."""
        return frozenset(self.breaks)

    def unit_at(self, place: int) -> int:
        """Number of the unit that holds the character at a frame place."""
        return min(bisect.bisect_right(self.starts, place) - 1, len(self.units) - 1)

    def canonical(self, place: int) -> int:
        """Canonical place of the character at a frame place."""
        number = self.unit_at(place)
        return self.units[number].start + place - self.starts[number]

    def cut(self, start: int, end: int) -> list[tuple[int, int]]:
        """The frame span cut where its units do not stand together; one empty span stays as it is."""
        low, high = bisect.bisect_right(self.breaks, start), bisect.bisect_left(self.breaks, end)
        edges = [start, *self.breaks[low:high], end]
        return list(pairwise(edges))


@dataclass(frozen=True)
class Frame:
    """Two sides and the beads between their units (numbered within the frame). `is_moved`: it stands elsewhere in b."""

    a: Side
    b: Side
    beads: tuple[Bead, ...]
    is_moved: bool

    @cached_property
    def begins(self) -> list[tuple[int, int]]:
        """Frame places in a and b where each bead begins; for an empty side, where the next that has one does."""
        places = []
        next_a, next_b = self.a.starts[-1], self.b.starts[-1]
        for bead in reversed(self.beads):
            next_a = self.a.starts[bead.a[0]] if bead.a else next_a
            next_b = self.b.starts[bead.b[0]] if bead.b else next_b
            places.append((next_a, next_b))
        return places[::-1]


def make_units(witness: Witness) -> tuple[Unit, ...]:
    """The units of a witness; a paragraph without known sentences is one unit."""
    units = []
    sentences, at = witness.sentences, 0
    for number, paragraph in enumerate(witness.paragraphs):
        inside = []
        while at < len(sentences) and sentences[at].start < paragraph.end:
            inside.append(sentences[at])
            at += 1
        starts = [paragraph.start, *(sentence.start for sentence in inside[1:]), paragraph.end]
        sent_nos: list[int | None] = [sentence.number for sentence in inside]
        for (start, end), sent_no in zip(pairwise(starts), sent_nos or [None], strict=True):
            units.append(Unit(start, end, number, sent_no))
    return tuple(units)


def make_frames(a: Witness, b: Witness) -> list[Frame]:
    """The frame of what keeps its order, then one for each moved run, in order of its place in a."""
    units_a, units_b = make_units(a), make_units(b)
    alignment = align_stretches(*([w.text[u.start : u.end] for u in us] for w, us in ((a, units_a), (b, units_b))))
    frames = [_frame(a, b, units_a, units_b, alignment.beads, False)]
    for run in _runs(alignment.moved, units_a, units_b):
        frames.append(_frame(a, b, units_a, units_b, [Bead((i,), (j,)) for i, j in run], True))
    return frames


def _runs(
    moved: Sequence[tuple[int, int]], units_a: Sequence[Unit], units_b: Sequence[Unit]
) -> list[list[tuple[int, int]]]:
    """Moved pairs that follow one another in both texts, within one paragraph of each."""
    runs: list[list[tuple[int, int]]] = []
    for i, j in moved:
        if runs and runs[-1][-1] == (i - 1, j - 1):
            follows = units_a[i].start == units_a[i - 1].end and units_b[j].start == units_b[j - 1].end
            if follows and units_a[i].paragraph == units_a[i - 1].paragraph:
                runs[-1].append((i, j))
                continue
        runs.append([(i, j)])
    return runs


def _frame(
    a: Witness, b: Witness, units_a: Sequence[Unit], units_b: Sequence[Unit], beads: Sequence[Bead], is_moved: bool
) -> Frame:
    numbers_a, numbers_b = [n for bead in beads for n in bead.a], [n for bead in beads for n in bead.b]
    new_a, new_b = {n: at for at, n in enumerate(numbers_a)}, {n: at for at, n in enumerate(numbers_b)}
    renumbered = tuple(
        Bead(tuple(new_a[n] for n in bead.a), tuple(new_b[n] for n in bead.b)) for bead in beads
    )
    side_a = Side(a, tuple(units_a[n] for n in numbers_a))
    return Frame(side_a, Side(b, tuple(units_b[n] for n in numbers_b)), renumbered, is_moved)
