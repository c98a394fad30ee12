"""The boundary model: is there a span, and where does it begin and end, given who tends to err how.

A unit's tokens are a short sequence, and its hidden state is a whole span of them, or none; so tokens are never decided
one by one, and the start may come from one annotator and the end from another.

    text        the  Russian  defence  minister  Shoigu  said
    ann-1                     ────────────────────────
    ann-2       ──────────────────────────────────────           ann-2 is known to take articles in
    ann-3            ─────────────────────────────────
    ann-4            ─────────────────────────────────────────   ann-4 is known to run on
    settled          ─────────────────────────────────

An annotator marks a true span with chance d and a false one with chance f. What they mark begins S and ends E tokens
off the truth, -3 to 3 and beyond counted as these; S and E are learnt for each annotator, drawn towards those of all. A
span that is none of the truth's lies anywhere: 1/7 for each of either end. Truth and habits are learnt in turn (EM),
from the shares of votes on. Votes that nobody else supports thus weigh what their giver has earned elsewhere.

The idea of aggregating whole segments with a model of each annotator follows A. T. Nguyen et al., Aggregating and
predicting sequence labels from crowd annotations, 2017, and E. Simpson, I. Gurevych, A Bayesian approach for sequence
tagging with crowds, 2019; the model of shifts is this project's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..agreement.tokens import token_places
from ..agreement.units import Unit
from .ballots import Floats, Ints, added

ITERATIONS = 50
REACH = 3  # shifts of more tokens count as this many
SHIFTS = 2 * REACH + 1
MOST_PLACES = 8  # starts, and ends, that are considered in one unit: its most frequent ones
_HIT, _MISS = 2.0, 1.0  # votes that an annotator is given beforehand: marked true spans, unmarked ones
_POOL = 10.0  # votes' worth of everybody's shifts in each annotator's


@dataclass(frozen=True)
class SpanFit:
    """What the model makes of units, in their order.

    Attributes:
        exists: chance that there is a span at all. spans: (start, end, chance) of each candidate, given that there is.
        names: annotators, sorted. marks_true, marks_false: their d and f. exact_start, exact_end: no shift.
    """

    exists: Floats
    spans: tuple[tuple[tuple[int, int, float], ...], ...]
    names: tuple[str, ...]
    marks_true: Floats
    marks_false: Floats
    exact_start: Floats
    exact_end: Floats


def fit_boundaries(units: Sequence[Unit], iterations: int = ITERATIONS) -> SpanFit:
    """The model of one layer's units; votes are spans without edge white space."""
    names = tuple(sorted({name for unit in units for name in unit.submitted}))
    rows = _Rows(units, {name: i for i, name in enumerate(names)})
    candidate_unit, marker, shift_start, shift_end = rows.candidate_unit, rows.who, rows.start, rows.end
    n, count = len(units), len(names)
    own = rows.first_shares
    exists = rows.marked_share
    d: Floats = np.full(count, 0.5)
    f = d
    starts: Floats = np.full((count, SHIFTS), 1 / SHIFTS)
    ends = starts
    for _ in range(iterations):
        chance = own * exists[candidate_unit]
        # habits from the probable truth
        there, absent = exists[rows.voter_unit], 1 - exists[rows.voter_unit]
        d = (added(rows.voter, there * rows.voter_marked, count) + _HIT) / (
            added(rows.voter, there, count) + _HIT + _MISS
        )
        f = (added(rows.voter, absent * rows.voter_marked, count) + _MISS) / (
            added(rows.voter, absent, count) + _HIT + _MISS
        )
        weight = chance[rows.candidate]
        starts, ends = _shifts(marker, shift_start, weight, count), _shifts(marker, shift_end, weight, count)
        share = (exists.sum() + 1) / (n + 2)
        # the probable truth from habits
        fits = np.log(starts[marker, shift_start]) + np.log(ends[marker, shift_end])
        score = added(rows.candidate, fits, len(candidate_unit)) - 2 * np.log(SHIFTS)
        on = np.where(rows.voter_marked > 0, np.log(d[rows.voter]), np.log1p(-d[rows.voter]))
        off = np.where(rows.voter_marked > 0, np.log(f[rows.voter]) - 2 * np.log(SHIFTS), np.log1p(-f[rows.voter]))
        top = np.full(n, -np.inf)
        np.maximum.at(top, candidate_unit, score)
        weights = np.exp(score - top[candidate_unit])
        total = added(candidate_unit, weights, n)
        own = weights / total[candidate_unit]
        yes = np.log(share) + added(rows.voter_unit, on, n) + top + np.log(total)
        no = np.log1p(-share) + added(rows.voter_unit, off, n)
        exists = 1 / (1 + np.exp(np.clip(no - yes, -700, 700)))
    spans: list[list[tuple[int, int, float]]] = [[] for _ in units]
    for number, (start, end), chance_of in zip(candidate_unit, rows.places, own, strict=True):
        spans[number].append((start, end, float(chance_of)))
    middle = REACH
    return SpanFit(exists, tuple(tuple(listed) for listed in spans), names, d, f, starts[:, middle], ends[:, middle])


def _shifts(who: Ints, shift: Ints, weight: Floats, count: int) -> Floats:
    """Of each annotator: how often each shift, drawn towards what all do; all are drawn a little towards no shift."""
    table = added(who * SHIFTS + shift, weight, count * SHIFTS).reshape(count, SHIFTS)
    pooled = table.sum(axis=0) + 0.5
    pooled[REACH] += 2
    table = table + _POOL * pooled / pooled.sum()
    return table / table.sum(axis=1, keepdims=True)


class _Rows:
    """Units laid out: candidates, each marker's shift from each of them, and who had the chance to mark."""

    def __init__(self, units: Sequence[Unit], position: dict[str, int]) -> None:
        candidates: list[int] = []
        self.places: list[tuple[int, int]] = []
        rows: list[tuple[int, int, int, int]] = []
        voters: list[tuple[int, int, bool]] = []
        shares: list[float] = []
        for number, unit in enumerate(units):
            marked = {vote.annotator_id: (vote.start or 0, vote.end or 0) for vote in unit.votes}
            voters += [(number, position[name], name in marked) for name in unit.voters]
            starts, ends = _window(unit)
            first = {at: bisect_left(starts, at) for span in marked.values() for at in span}
            last = {at: bisect_left(ends, at) for span in marked.values() for at in span}
            for place in _candidates(list(marked.values())):
                for name, (start, end) in marked.items():
                    off = first[start] - first[place[0]], last[end] - last[place[1]]
                    by_start, by_end = (min(max(shift, -REACH), REACH) + REACH for shift in off)
                    rows.append((len(candidates), position[name], by_start, by_end))
                candidates.append(number)
                self.places.append(place)
                shares.append(sum(span == place for span in marked.values()) + 0.1)
        table = np.array(rows, dtype=np.int64).reshape(-1, 4)
        self.candidate, self.who, self.start, self.end = (table[:, i].copy() for i in range(4))
        asked = np.array(voters, dtype=np.int64).reshape(-1, 3)
        self.voter_unit, self.voter = asked[:, 0].copy(), asked[:, 1].copy()
        self.voter_marked = asked[:, 2].astype(np.float64)
        self.candidate_unit = np.array(candidates, dtype=np.int64)
        total = np.bincount(self.candidate_unit, shares, minlength=len(units))
        self.first_shares = np.array(shares) / total[self.candidate_unit]
        n_voters = np.bincount(self.voter_unit, minlength=len(units))
        self.marked_share = (np.bincount(self.voter_unit, self.voter_marked, minlength=len(units)) + 0.5) / (
            n_voters + 1
        )


def _window(unit: Unit) -> tuple[list[int], list[int]]:
    """Starts and ends of the tokens that the unit's spans reach, in the document's code points."""
    rows = [vote.row for vote in unit.votes]
    low, high = min(row["start"] for row in rows), max(row["end"] for row in rows)
    text = [" "] * (high - low)
    for row in rows:
        text[row["start"] - low : row["end"] - low] = row["text"]
    starts, ends = token_places("".join(text))
    return [low + at for at in starts], [low + at for at in ends]


def _candidates(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Every given start with every given end after it; of many, the most frequent."""
    starts, ends = (
        [at for at, _ in sorted(Counter(side).items(), key=lambda item: (-item[1], item[0]))[:MOST_PLACES]]
        for side in zip(*spans, strict=True)
    )
    return sorted((start, end) for start in starts for end in ends if start < end)
