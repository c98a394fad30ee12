"""Cohen's and Fleiss' kappa and Gwet's AC1, as sums that add up over stories (see `coefficients`).

All three compare the observed share of agreeing pairs, pa, with a share pe that chance would give:
(pa - pe) / (1 - pe). They differ in what chance is:

    Cohen    two annotators, each drawing from their own distribution      pe = sum of r_c s_c
    Fleiss   all annotators drawing from one distribution                  pe = sum of p_c^2
    Gwet     annotators who guess only where a unit is hard                pe = sum of p_c (1 - p_c) / (q - 1)

r, s, p are shares of category c and q the number of categories. Where nearly all judgements are of one category,
Cohen's and Fleiss' pe nears 1, and they fall although annotators agree (the prevalence trap); AC1 does not. A worked
example: two annotators agree on "no" 118 times, differ 5 + 2 times and never agree on "yes" (125 units). pa = 118/125 =
0.944; Cohen's pe = (123 * 120 + 2 * 5) / 125^2 = 0.9453, kappa = -0.023; Gwet's p_yes = (2 + 5) / 250 = 0.028,
pe = 2 * 0.028 * 0.972 = 0.0544, AC1 = 0.941.

Sources: J. Cohen, A coefficient of agreement for nominal scales, 1960. J. L. Fleiss, Measuring nominal scale agreement
among many raters, 1971. K. L. Gwet, Computing inter-rater reliability and its variance in the presence of high
agreement, 2008; his handbook for units that not all have judged.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .coefficients import Finish, Floats, as_number


def kappa_sums(counts: npt.ArrayLike) -> Floats:
    """For `fleiss_of` and `gwet_of`, per unit: share of agreeing pairs, has it pairs, is it judged, category shares.

    A unit that one annotator judged has no pairs, but tells how often a category is used.

    Args:
        counts: (units, categories). Categories that nobody used may stand there: Gwet's q counts them.
    """
    n = np.asarray(counts, dtype=np.float64)
    judgements = n.sum(axis=1)
    pairs = judgements * (judgements - 1)
    agreeing = (n * (n - 1)).sum(axis=1) / np.where(pairs > 0, pairs, 1)
    shares = n / np.where(judgements > 0, judgements, 1)[:, None]
    return np.column_stack([agreeing, pairs > 0, judgements > 0, shares])


def _observed(sums: Floats) -> Floats:
    return sums[..., 0] / sums[..., 1]


def _shares(sums: Floats) -> Floats:
    return sums[..., 3:] / sums[..., 2:3]


def fleiss_of(sums: Floats) -> Floats:
    """Fleiss' kappa, every unit weighing the same however many judged it; NaN where only one category was used."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _corrected(_observed(sums), (_shares(sums) ** 2).sum(axis=-1))


def gwet_of(sums: Floats) -> Floats:
    """Gwet's AC1; NaN where there are fewer than two categories to choose from."""
    q = sums.shape[-1] - 3
    with np.errstate(divide="ignore", invalid="ignore"):
        p = _shares(sums)
        expected = (p * (1 - p)).sum(axis=-1) / (q - 1) if q > 1 else np.full(sums.shape[:-1], np.nan)
        return _corrected(_observed(sums), expected)


def _corrected(observed: Floats, expected: Floats) -> Floats:
    """(pa - pe) / (1 - pe); NaN where chance alone would agree always."""
    return np.where(expected < 1 - 1e-12, (observed - expected) / (1 - expected), np.nan)


def cohen_of(categories: int) -> Finish:
    """Mean of Cohen's kappa over the annotator pairs for which it is defined.

    The sums are, for each pair in turn: units both judged, units they agree on, how often the first gave each category,
    how often the second did; 2 + 2 `categories` numbers.
    """

    def finish(sums: Floats) -> Floats:
        each = sums.reshape(*sums.shape[:-1], -1, 2 + 2 * categories)
        units, agreed = each[..., 0], each[..., 1]
        first, second = each[..., 2 : 2 + categories], each[..., 2 + categories :]
        with np.errstate(divide="ignore", invalid="ignore"):
            kappas = _corrected(agreed / units, (first * second).sum(axis=-1) / units**2)
            defined = (~np.isnan(kappas)).sum(axis=-1)
            return np.where(defined > 0, np.nansum(kappas, axis=-1) / defined, np.nan)

    return finish


def cohen_kappa(confusion: npt.ArrayLike) -> float | None:
    """Cohen's kappa of a square table: units by the first annotator's category (rows) and the second's (columns)."""
    table = np.asarray(confusion, dtype=np.float64)
    sums = np.concatenate([[table.sum(), np.trace(table)], table.sum(axis=1), table.sum(axis=0)])
    return as_number(cohen_of(len(table))(sums))


def fleiss_kappa(counts: npt.ArrayLike) -> float | None:
    """Fleiss' kappa of a table of counts (units, categories); None where undefined."""
    return as_number(fleiss_of(kappa_sums(counts).sum(axis=0)))


def gwet_ac1(counts: npt.ArrayLike) -> float | None:
    """Gwet's AC1 of a table of counts (units, categories), used or not; None where undefined."""
    return as_number(gwet_of(kappa_sums(counts).sum(axis=0)))
