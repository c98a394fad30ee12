"""Votes as arrays, for the models that learn how far to trust whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ballots:
    """One vote a position: `annotator` gave `item` the `value`, all as numbers from 0."""

    item: Ints
    annotator: Ints
    value: Ints
    n_items: int
    n_annotators: int
    n_values: int


@dataclass(frozen=True)
class Fit:
    """What a model makes of votes.

    Attributes:
        posterior: (items, values), how probable each value is; rows add up to 1.
        reliability: one number an annotator, 0 to 1; what it means is the model's to say.
    """

    posterior: Floats
    reliability: Floats


def make_ballots(votes: Sequence[tuple[int, int, int]], n_items: int, n_annotators: int, n_values: int) -> Ballots:
    """Ballots of (item, annotator, value)."""
    table = np.array(votes, dtype=np.int64).reshape(-1, 3)
    return Ballots(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy(), n_items, n_annotators, n_values)


def table_ballots(table: pa.Table, item: str, annotator: str, value: str) -> tuple[Ballots, tuple[pa.Array, pa.Array]]:
    """Ballots from three columns of text or numbers; and the items and values that their numbers stand for.

    Values are numbered in sorted order, so that no result hangs on the order of rows.
    """
    codes, words = zip(*(_coded(table.column(name)) for name in (item, annotator, value)), strict=True)
    order = pc.sort_indices(words[2]).to_numpy()
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    ballots = Ballots(codes[0], codes[1], rank[codes[2]], *(len(listed) for listed in words))
    return ballots, (words[0], words[2].take(pa.array(order)))


def _coded(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """A column as positions in its different values."""
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64, copy=False), encoded.dictionary


def added(at: Ints, weights: Floats | None, length: int) -> Floats:
    """Weights (ones where None) added up by position, `length` of them."""
    return np.bincount(at, weights, minlength=length).astype(np.float64, copy=False)


def vote_counts(ballots: Ballots) -> Floats:
    """How many votes each value has: (items, values)."""
    cells = ballots.item * ballots.n_values + ballots.value
    return added(cells, None, ballots.n_items * ballots.n_values).reshape(ballots.n_items, ballots.n_values)


def plurality(ballots: Ballots) -> Ints:
    """The most frequent value of each item; -1 where the first two are equal or nobody voted (undecided).

    The same rule as `merge.settle_votes`, for millions of votes at once.
    """
    counts = np.bincount(ballots.item * ballots.n_values + ballots.value, minlength=ballots.n_items * ballots.n_values)
    return most_frequent(counts.reshape(ballots.n_items, ballots.n_values))


def most_frequent(table: Ints) -> Ints:
    """The value with most votes in each row of counts (items, values); -1 where the first two are equal or none is."""
    best = table.argmax(axis=1)
    most = np.take_along_axis(table, best[:, None], axis=1)
    decided = (table == most).sum(axis=1) == 1
    return np.where(decided & (most[:, 0] > 0), best, -1)


def normalized(logarithms: Floats) -> Floats:
    """Rows of log weights as probabilities."""
    weights = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)
