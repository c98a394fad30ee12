"""Units of one layer as arrays: computed once, then added up for any group of units.

Two kinds of rows. *Pair rows*: one for each unit and pair of annotators who both had the chance to mark it; what they
found. *Vote rows*: one for each vote; what it says of each field. A group of units, a pair of annotators, is a mask.

With more than `MOST_ANNOTATORS` annotators, pairs are not kept apart: each unit has one pair row, which holds the sums
over its pairs. So a thousand annotators cost as much as their votes, not as much as their pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from .coefficients import Floats
from .tokens import Tokens
from .units import Unit
from .values import LAYER_FIELDS, Row, value_getter

MOST_ANNOTATORS = 25  # 300 pairs; beyond, pairs are pooled
TUPLE_FIELDS = {"mention": ("label", "entity_id"), "stance": ("stance", "holder")}
FOUND = ("exact", "overlapping", "tuples, exact spans", "tuples, overlapping spans", "tokens")
"""What of a unit two annotators may both have found, in the order of `Columns.both`."""
TOKENS = FOUND.index("tokens")

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Columns:
    """The units of one layer.

    Attributes:
        names: all who submitted, sorted. pairs: positions in `names` of the pairs kept apart (none where pooled).
        row_unit, row_pair: of each pair row. both: pair rows x FOUND, what both have. first, second: what the earlier
        and the later of the two names have, alike; where pooled, `first` holds the sum of both and `second` nothing.
        vote_unit, vote_name: of each vote row.
    """

    layer: str
    units: tuple[Unit, ...]
    names: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    row_unit: Ints
    row_pair: Ints
    both: Floats
    first: Floats
    second: Floats
    vote_unit: Ints
    vote_name: Ints

    @property
    def is_pooled(self) -> bool:
        """Are pairs summed up rather than kept apart?"""
        return len(self.names) > MOST_ANNOTATORS

    @cached_property
    def fields(self) -> dict[str, tuple[Ints, tuple[str, ...]]]:
        """Of each field: the code of each vote row, and the values that the codes stand for, sorted."""
        found = {}
        for field in LAYER_FIELDS[self.layer]:
            get = value_getter(field)
            said = [get(vote.row) for unit in self.units for vote in unit.votes]
            values = tuple(sorted(set(said)))
            code = {value: i for i, value in enumerate(values)}
            found[field] = (np.array([code[value] for value in said], dtype=np.int64), values)
        return found


def make_columns(layer: str, units: Sequence[Unit], tokens: Tokens | None) -> Columns:
    """The arrays of one layer's units; without `tokens` nothing is counted token by token."""
    names = tuple(sorted({name for submitted in {unit.submitted for unit in units} for name in submitted}))
    position = {name: i for i, name in enumerate(names)}
    spans = layer != "document_stance"
    cells = _token_cells(units, tokens) if spans and tokens is not None else {}
    make = _pooled_table if len(names) > MOST_ANNOTATORS else _pair_table
    row_unit, first_name, second_name, table = make(layer, units if spans else (), position, cells)
    pairs = first_name * max(1, len(names)) + second_name
    kept, row_pair = np.unique(pairs, return_inverse=True)
    if len(names) > MOST_ANNOTATORS:
        kept, row_pair = kept[:0], np.zeros_like(row_unit)
    return Columns(
        layer,
        tuple(units),
        names,
        tuple((int(pair) // len(names), int(pair) % len(names)) for pair in kept),
        row_unit,
        row_pair.astype(np.int64, copy=False),
        table[:, 0],
        table[:, 1],
        table[:, 2],
        np.repeat(np.arange(len(units)), [len(unit.votes) for unit in units]).astype(np.int64, copy=False),
        np.array([position[vote.annotator_id] for unit in units for vote in unit.votes], dtype=np.int64),
    )


Rows = tuple[Ints, Ints, Ints, Floats]
"""Unit, first and second name of each row; and rows x (both, first, second) x FOUND."""
Cell = Mapping[str, frozenset[int]]


def _tuple_getter(layer: str) -> Callable[[Row], tuple[str, ...]]:
    getters = [value_getter(field) for field in TUPLE_FIELDS[layer]]
    return lambda row: tuple([get(row) for get in getters])


def _pair_table(layer: str, units: Sequence[Unit], position: Mapping[str, int], cells: Mapping[int, Cell]) -> Rows:
    """A row for each pair of a unit's voters, in the order of units and names."""
    who: list[int] = []
    places: list[int] = []  # of a voter's span, -1 where there is none; words: what is said of it, as a number
    words: list[int] = []
    known: dict[tuple[str, ...], int] = {}
    get = _tuple_getter(layer) if units else None
    for unit in units:
        marked = {vote.annotator_id: vote for vote in unit.votes}
        for name in unit.voters:
            who.append(position[name])
            vote = marked.get(name)
            if vote is None or get is None:
                places.append(-1)
                words.append(-1)
            else:
                places.append((vote.start or 0) << 32 | (vote.end or 0))
                words.append(known.setdefault(get(vote.row), len(known)))
    size = np.array([len(unit.voters) for unit in units], dtype=np.int64)
    first = np.cumsum(size) - size
    voter, place, said = (np.array(column, dtype=np.int64) for column in (who, places, words))
    parts: list[tuple[Ints, Ints, Ints, Floats]] = []
    for voters in np.unique(size[size >= 2]):
        chosen = np.flatnonzero(size == voters)
        grid = first[chosen, None] + np.arange(voters)
        for a, b in combinations(range(voters), 2):
            i, j = grid[:, a], grid[:, b]
            table = np.zeros((len(chosen), 3, len(FOUND)))
            table[:, 1, :TOKENS], table[:, 2, :TOKENS] = (place[i] >= 0)[:, None], (place[j] >= 0)[:, None]
            met = (place[i] >= 0) & (place[j] >= 0)
            same_place, same_words = met & (place[i] == place[j]), met & (said[i] == said[j])
            for at, column in enumerate((same_place, met, same_place & same_words, same_words)):
                table[:, 0, at] = column
            parts.append((chosen, voter[i], voter[j], table))
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return none, none, none, np.zeros((0, 3, len(FOUND)))
    row_unit, one, other, table = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((other, one, row_unit))
    row_unit, one, other, table = row_unit[order], one[order], other[order], table[order]
    names = sorted(position, key=position.__getitem__)
    for number, cell in cells.items():
        for row in range(*np.searchsorted(row_unit, (number, number + 1))):
            held = cell.get(names[one[row]], frozenset()), cell.get(names[other[row]], frozenset())
            table[row, :, TOKENS] = len(held[0] & held[1]), len(held[0]), len(held[1])
    return row_unit, one, other, table


def _pooled_table(layer: str, units: Sequence[Unit], position: Mapping[str, int], cells: Mapping[int, Cell]) -> Rows:
    """A row a unit: the sums over all pairs of its voters."""
    rows = [(n, _pooled_row(layer, unit, cells.get(n))) for n, unit in enumerate(units) if len(unit.voters) >= 2]
    table = np.array([row for _, row in rows], dtype=np.float64).reshape(len(rows), 3, len(FOUND))
    at = np.array([number for number, _ in rows], dtype=np.int64)
    one, other = (np.array([position[units[n].voters[i]] for n, _ in rows], dtype=np.int64) for i in (0, 1))
    return at, one, other, table


def _pooled_row(layer: str, unit: Unit, cell: Cell | None) -> tuple[list[float], list[float], list[float]]:
    voters = unit.voters
    get = _tuple_getter(layer)
    votes = [((vote.start, vote.end), get(vote.row)) for vote in unit.votes]
    alike: list[Counter[Any]] = [
        Counter(place for place, _ in votes),
        Counter([0] * len(votes)),
        Counter(votes),
        Counter(v for _, v in votes),
    ]
    both = [sum(n * (n - 1) / 2 for n in counted.values()) for counted in alike] + [0.0]
    marked = [float(len(votes) * (len(voters) - 1))] * TOKENS + [0.0]
    if cell is not None:
        asked = set(voters)
        times = Counter(token for name, held in cell.items() if name in asked for token in held)
        both[TOKENS] = sum(n * (n - 1) / 2 for n in times.values())
        marked[TOKENS] = float(sum(times.values()) * (len(voters) - 1))
    return both, marked, [0.0] * len(FOUND)


def _token_cells(units: Sequence[Unit], tokens: Tokens) -> dict[int, Cell]:
    """Tokens that each annotator marked of one document and target, at the number of the first of its units.

    A token counts however the spans that hold it were aligned, so these do not add up by unit.
    """
    cells: dict[tuple[str, str | None], tuple[int, dict[str, set[int]]]] = {}
    for number, unit in enumerate(units):
        _, marked = cells.setdefault((unit.doc_id, unit.target_id), (number, {}))
        for vote in unit.votes:
            held = marked.setdefault(vote.annotator_id, set())
            held.update(tokens.within(unit.doc_id, vote.start or 0, vote.end or 0))
    return {number: {name: frozenset(held) for name, held in marked.items()} for number, marked in cells.values()}
