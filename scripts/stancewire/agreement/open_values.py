"""Nominal coefficients for values without a common list: entities, holders, sources.

There may be as many such values as there are people in the news, but most occur in one document only. The coefficients
ask of them no more than their sum and the sum of their squares; and when a story is drawn w times, the squares of what
stands in it alone grow by w^2. So each document's own values need one column that adds up by w, and one that adds up by
w^2 (`Sums.quadratic`), however many they are; values of several documents keep a column each. The results are those of
`coefficients` and `kappas`, to the last digits.

The sums end with the quadratic ones; what the others are is said at each function.
"""

from __future__ import annotations

import numpy as np

from .coefficients import Finish, Floats


def open_alpha_of(sums: Floats) -> Floats:
    """Krippendorff's nominal alpha: agreeing pairs, own judgements, judgements of each common value; own squares."""
    common = sums[..., 2:-1]
    n = sums[..., 1] + common.sum(axis=-1)
    expected = n**2 - (common**2).sum(axis=-1) - sums[..., -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 1e-9, 1 - (n - 1) * (n - sums[..., 0]) / expected, np.nan)


def open_fleiss_of(sums: Floats) -> Floats:
    """Fleiss' kappa: agreement, units, share of each common value; own squares."""
    return _kappa(sums, lambda squares: squares)


def open_gwet_of(values: int) -> Finish:
    """Gwet's AC1, of so many values (those that were used): the same sums."""

    def finish(sums: Floats) -> Floats:
        if values < 2:
            return np.full(sums.shape[:-1], np.nan)
        return _kappa(sums, lambda squares: (1 - squares) / (values - 1))

    return finish


def _kappa(sums: Floats, chance: Finish) -> Floats:
    units = sums[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = ((sums[..., 2:-1] ** 2).sum(axis=-1) + sums[..., -1]) / units**2
        expected = chance(squares)
        return np.where(expected < 1 - 1e-12, (sums[..., 0] / units - expected) / (1 - expected), np.nan)


def open_cohen_of(pairs: int) -> Finish:
    """Cohen's kappa, mean over pairs for which it is defined.

    Of each pair in turn: units, agreed, counts of the common values by the first, and by the second; then the own
    products of each pair.
    """

    def finish(sums: Floats) -> Floats:
        each = sums[..., :-pairs].reshape(*sums.shape[:-1], pairs, -1)
        units, agreed = each[..., 0], each[..., 1]
        k = (each.shape[-1] - 2) // 2
        products = (each[..., 2 : 2 + k] * each[..., 2 + k :]).sum(axis=-1) + sums[..., -pairs:]
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = products / units**2
            kappas = np.where(expected < 1 - 1e-12, (agreed / units - expected) / (1 - expected), np.nan)
            defined = (~np.isnan(kappas)).sum(axis=-1)
            return np.where(defined > 0, np.nansum(kappas, axis=-1) / defined, np.nan)

    return finish
