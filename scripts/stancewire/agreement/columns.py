"""Units of one layer as arrays: computed once, then added up for any group of units.

Two kinds of rows. *Pair rows*: one for each unit and pair of annotators who both had the chance to mark it; what they
found. *Vote rows*: one for each vote; what it says of each field. A group of units, a pair of annotators, is a mask.

With more than `MOST_ANNOTATORS` annotators, pairs are not kept apart: each unit has one pair row, which holds the sums
over its pairs. So a thousand annotators cost as much as their votes, not as much as their pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from .coefficients import Floats
from .tokens import Tokens
from .units import Unit, Vote
from .values import LAYER_FIELDS, field_value

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
            said = [field_value(vote.row, field) for unit in self.units for vote in unit.votes]
            values = tuple(sorted(set(said)))
            code = {value: i for i, value in enumerate(values)}
            found[field] = (np.array([code[value] for value in said], dtype=np.int64), values)
        return found


def make_columns(layer: str, units: Sequence[Unit], tokens: Tokens | None) -> Columns:
    """The arrays of one layer's units; without `tokens` nothing is counted token by token."""
    names = tuple(sorted({name for unit in units for name in unit.submitted}))
    position = {name: i for i, name in enumerate(names)}
    rows: list[tuple[int, int, int]] = []
    sums: list[tuple[list[float], list[float], list[float]]] = []
    spans = layer != "document_stance"
    pooled = len(names) > MOST_ANNOTATORS
    cells = _token_cells(units, tokens) if spans and tokens is not None else {}
    for number, unit in enumerate(units if spans else ()):
        marked = _pooled_rows(unit, cells.get(number)) if pooled else _pair_rows(unit, cells.get(number))
        for a, b, *counted in marked:
            rows.append((number, position[a], position[b]))
            sums.append((counted[0], counted[1], counted[2]))
    kept = [] if pooled else sorted({(a, b) for _, a, b in rows})
    column = {pair: i for i, pair in enumerate(kept)}
    table = np.array(sums, dtype=np.float64).reshape(len(rows), 3, len(FOUND))
    return Columns(
        layer,
        tuple(units),
        names,
        tuple(kept),
        np.array([number for number, _, _ in rows], dtype=np.int64),
        np.array([column.get((a, b), 0) for _, a, b in rows], dtype=np.int64),
        table[:, 0],
        table[:, 1],
        table[:, 2],
        np.array([number for number, unit in enumerate(units) for _ in unit.votes], dtype=np.int64),
        np.array([position[vote.annotator_id] for unit in units for vote in unit.votes], dtype=np.int64),
    )


Counted = tuple[str, str, list[float], list[float], list[float]]
Cell = Mapping[str, frozenset[int]]


def _tuple(vote: Vote, layer: str) -> tuple[str, ...]:
    return tuple(field_value(vote.row, field) for field in TUPLE_FIELDS[layer])


def _pair_rows(unit: Unit, cell: Cell | None) -> list[Counted]:
    said = {vote.annotator_id: ((vote.start, vote.end), _tuple(vote, unit.layer)) for vote in unit.votes}
    rows: list[Counted] = []
    for a, b in combinations(unit.voters, 2):
        both = [0.0] * len(FOUND)
        if a in said and b in said:
            same_place, same_words = said[a][0] == said[b][0], said[a][1] == said[b][1]
            both = [float(same_place), 1.0, float(same_place and same_words), float(same_words), 0.0]
        first, second = ([float(name in said)] * TOKENS + [0.0] for name in (a, b))
        if cell is not None:
            one, other = cell.get(a, frozenset()), cell.get(b, frozenset())
            both[TOKENS], first[TOKENS], second[TOKENS] = float(len(one & other)), float(len(one)), float(len(other))
        rows.append((a, b, both, first, second))
    return rows


def _pooled_rows(unit: Unit, cell: Cell | None) -> list[Counted]:
    """One row: sums over all pairs of voters, from counts."""
    voters = unit.voters
    if len(voters) < 2:
        return []
    votes = [((vote.start, vote.end), _tuple(vote, unit.layer)) for vote in unit.votes]
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
    return [(voters[0], voters[1], both, marked, [0.0] * len(FOUND))]


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
