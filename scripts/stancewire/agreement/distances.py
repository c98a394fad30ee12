"""Krippendorff's alpha where categories lie nearer to each other or farther apart: ordinal and interval.

    alpha = 1 - (n - 1) * sum of o_cd d(c, d)^2 / sum of n_c n_d d(c, d)^2

o is the coincidence matrix: each unit with m judgements adds, for each ordered pair of them, 1 / (m - 1) to its cell;
n_c are its row sums, n all of it. The distance d is

    interval   the difference of the two values
    ordinal    the judgements that lie between the two categories, half of both categories' own included

A worked example, interval, values -1 0 1: two units, judged (1, 1) and (1, 0). o_11 = 2, o_10 = o_01 = 1; n_1 = 3,
n_0 = 1, n = 4. Observed 2 * 1^2, expected 2 * 3 * 1^2: alpha = 1 - 3 * 2 / 6 = 0.

Source: K. Krippendorff, Content Analysis, ch. 11; Computing Krippendorff's Alpha-Reliability, 2011.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .coefficients import Finish, Floats, as_number


def coincidence_sums(counts: npt.ArrayLike) -> Floats:
    """For the alphas below: per unit its part of the coincidence matrix, row by row (categories^2 numbers).

    Args:
        counts: (units, categories), the categories in their order.
    """
    n = np.asarray(counts, dtype=np.float64)
    judgements = n.sum(axis=1)
    ordered_pairs = n[:, :, None] * n[:, None, :]
    diagonal = np.arange(n.shape[1])
    ordered_pairs[:, diagonal, diagonal] -= n
    weight = np.where(judgements >= 2, 1 / np.maximum(judgements - 1, 1), 0)
    return (ordered_pairs * weight[:, None, None]).reshape(len(n), n.shape[1] ** 2)


def distance_alpha_of(values: Sequence[float] | None) -> Finish:
    """Alpha of added-up coincidences: interval with the categories' values, ordinal where these are None."""

    def finish(sums: Floats) -> Floats:
        k = round(sums.shape[-1] ** 0.5)
        coincidences = sums.reshape(*sums.shape[:-1], k, k)
        by_category = coincidences.sum(axis=-1)
        if values is None:
            places = np.cumsum(by_category, axis=-1) - by_category / 2
        else:
            places = np.broadcast_to(np.asarray(values, dtype=np.float64), by_category.shape)
        distance = (places[..., :, None] - places[..., None, :]) ** 2
        n = by_category.sum(axis=-1)
        observed = (coincidences * distance).sum(axis=(-2, -1))
        expected = (by_category[..., :, None] * by_category[..., None, :] * distance).sum(axis=(-2, -1))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(expected > 0, 1 - (n - 1) * observed / expected, np.nan)

    return finish


def ordinal_alpha(counts: npt.ArrayLike) -> float | None:
    """Krippendorff's ordinal alpha of counts (units, categories in their order); None where undefined."""
    return as_number(distance_alpha_of(None)(coincidence_sums(counts).sum(axis=0)))


def interval_alpha(counts: npt.ArrayLike, values: Sequence[float]) -> float | None:
    """Krippendorff's interval alpha of counts (units, categories), with each category's value; None where undefined."""
    return as_number(distance_alpha_of(values)(coincidence_sums(counts).sum(axis=0)))
