"""Coefficients of agreement, each as sums that add up over stories.

A coefficient is a pair: `..._sums` gives one row of numbers a unit, and `..._of` turns added-up rows into the value.
So the value for any set of stories, and for a thousand bootstrap samples of them, is one matrix product away. `..._of`
takes arrays of any shape (..., k), and gives NaN where the coefficient is undefined.

Counts are arrays (units, categories): how many annotators gave the unit that category.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Finish = Callable[[Floats], Floats]
Drawn = npt.NDArray[np.unsignedinteger]

LEAST_STORIES = 10  # under this many stories a bootstrap interval says nothing
SAMPLES = 1000
PIECE = 200_000  # multiplications at once; OpenBLAS begins to share them out at 262,144


def alpha_sums(counts: npt.ArrayLike) -> Floats:
    """For `alpha_of`: per unit the agreeing pairs over (judgements - 1), then the judgements by category.

    Units with fewer than two judgements have no pairs and count nothing.
    """
    n = np.asarray(counts, dtype=np.float64)
    judgements = n.sum(axis=1)
    paired = judgements >= 2
    agreeing = (n * (n - 1)).sum(axis=1) / np.where(paired, judgements - 1, 1)
    return np.column_stack([agreeing * paired, n * paired[:, None]])


def alpha_of(sums: Floats) -> Floats:
    """Krippendorff's alpha for nominal data: 1 - (n - 1) (n - A) / (n^2 - sum of n_c^2).

    n judgements in pairable units, A agreeing pairs, n_c judgements of category c. Undefined where only one category,
    or nothing, was used: then no disagreement could be expected. Source: K. Krippendorff, Content Analysis, ch. 11 (the
    coincidence matrix for nominal data, any number of observers, missing values).

    A worked example: two units, judged (yes, yes) and (yes, no). n = 4, A = 2 (the first unit's two judgements, over
    2 - 1), n_yes = 3, n_no = 1: alpha = 1 - 3 * (4 - 2) / (16 - 10) = 0.

    The same data k times over do *not* keep alpha, as they keep every kappa: (n - 1) corrects for small samples, so
    that 1 - alpha grows by the factor (kn - 1) / (kn - k). The example given twice: n = 8, A = 4, n_yes = 6, n_no = 2,
    alpha = 1 - 7 * (8 - 4) / (64 - 40) = -0.167. With 20 judgements, 1 - alpha is 2.6% more; with 2,000, 0.03%.
    """
    agreeing, by_category = sums[..., 0], sums[..., 1:]
    n = by_category.sum(axis=-1)
    expected = n**2 - (by_category**2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (n - 1) * (n - agreeing) / expected, np.nan)


def percent_sums(counts: npt.ArrayLike) -> Floats:
    """For `ratio_of`: per unit the pairs of judgements that agree, and all pairs."""
    n = np.asarray(counts, dtype=np.float64)
    judgements = n.sum(axis=1)
    return np.column_stack([(n * (n - 1)).sum(axis=1), judgements * (judgements - 1)])


def ratio_of(sums: Floats) -> Floats:
    """First sum over second; undefined over nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums[..., 1] > 0, sums[..., 0] / sums[..., 1], np.nan)


def f1_of(sums: Floats) -> Floats:
    """Mean F1 over annotator pairs; sums are (spans of both, spans of one + spans of the other) for each pair in turn.

    For a pair, F1 = 2 |both| / (|one| + |other|), whichever of the two is taken as the reference. Pairs that marked
    nothing are left out; undefined where all are.
    """
    both, total = sums[..., 0::2], sums[..., 1::2]
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = np.where(total > 0, 2 * both / total, 0)
        defined = (total > 0).sum(axis=-1)
        return np.where(defined > 0, scores.sum(axis=-1) / defined, np.nan)


def count_values(codes: npt.ArrayLike, categories: int) -> Floats:
    """Counts (units, categories) of codes (units, annotators): 0 .. categories - 1, negative where missing."""
    given = np.asarray(codes)
    cells = (given + np.arange(len(given))[:, None] * categories)[given >= 0]
    counted = np.bincount(cells, minlength=len(given) * categories)
    return counted.reshape(len(given), categories).astype(np.float64)


def krippendorff_alpha(counts: npt.ArrayLike) -> float | None:
    """Krippendorff's nominal alpha of a table of counts (units, categories); None where undefined."""
    return as_number(alpha_of(alpha_sums(counts).sum(axis=0)))


def percent_agreement(counts: npt.ArrayLike) -> float | None:
    """Share of the pairs of judgements of one unit that agree; None where there is no pair."""
    return as_number(ratio_of(percent_sums(counts).sum(axis=0)))


def interval(by_story: Floats, finish: Finish, quadratic: Floats | None = None) -> tuple[float, float] | None:
    """95% percentile bootstrap interval over stories; None under ten stories or where the value is mostly undefined.

    Args:
        by_story: sums, one row a story. quadratic: those that add up with squared weights.
    """
    stories = len(by_story)
    if stories < LEAST_STORIES:
        return None
    drawn = _draws(stories)
    sums = _products(drawn, by_story)
    if quadratic is not None:
        sums = np.concatenate([sums, _products(drawn, quadratic, squared=True)], axis=1)
    values = finish(sums)
    values = values[~np.isnan(values)]
    if len(values) < SAMPLES // 2:
        return None
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _products(drawn: Drawn, table: Floats, squared: bool = False) -> Floats:
    """`drawn @ table` (or drawn squared) in pieces so small that no library shares them out among threads.

    The products are narrow: threads cost eight times what they compute, and the order of sums would depend on them.
    """
    rows = max(1, PIECE // max(1, table.size))
    pieces = (drawn[at : at + rows].astype(np.float64) for at in range(0, len(drawn), rows))
    return np.concatenate([(piece**2 if squared else piece) @ table for piece in pieces])


@lru_cache(maxsize=4)
def _draws(stories: int) -> Drawn:
    """How often each of so many stories is drawn into each sample: the same draws each time.

    Kept as the smallest numbers that hold them: a hundred thousand stories take 100 MB.
    """
    generator = np.random.Generator(np.random.PCG64(20190626))
    shares = np.full(stories, 1 / stories)
    rows = max(1, min(SAMPLES, 2_000_000 // stories))
    pieces = [generator.multinomial(stories, shares, min(rows, SAMPLES - at)) for at in range(0, SAMPLES, rows)]
    most = max(int(piece.max()) for piece in pieces)
    return np.concatenate([piece.astype(np.min_scalar_type(most)) for piece in pieces])


def sum_by(numbers: npt.NDArray[np.int64], table: Floats, length: int) -> Floats:
    """Rows of a table added up by number: `length` rows."""
    columns = [np.bincount(numbers, column, minlength=length) for column in table.T]
    return np.column_stack(columns) if columns else np.zeros((length, 0))


def as_number(value: Floats) -> float | None:
    """A scalar array as a number; None for NaN."""
    return None if np.isnan(value) else float(value)
