"""MACE: each annotator either knows the true value or says something regardless of it; and a cousin for open values.

With competence t an annotator gives the true value; else they draw from a habit of their own. Learnt by variational
updates from several random starts, of which the most likely is kept.
Source: D. Hovy, T. Berg-Kirkpatrick, A. Vaswani, E. Hovy, Learning whom to trust with MACE, 2013; its settings
(Beta(0.5, 0.5) on competence, 10 starts, 50 iterations).

A worked example: an annotator who answers "favor" to everything agrees with the truth wherever that is "favor", and is
never alone in being right: their habit explains all they say, their competence goes to 0 and their votes weigh nothing.
"""

from __future__ import annotations

import numpy as np

from .ballots import Ballots, Fit, Floats, Ints, added, normalized

STARTS = 10
ITERATIONS = 50
ALPHA = BETA = 0.5
SMOOTHING = 0.1  # of habits, over all values
_SEED = 20190626


def mace(ballots: Ballots, starts: int = STARTS, iterations: int = ITERATIONS) -> Fit:
    """Probable values; an annotator's reliability is their competence."""
    k, names = ballots.n_values, ballots.n_annotators
    key = ballots.annotator * k + ballots.value
    cell = ballots.item * k + ballots.value
    random = np.random.Generator(np.random.PCG64(_SEED))
    best: tuple[float, Floats, Floats] | None = None
    for _ in range(starts):
        competence = random.uniform(0.3, 0.9, names)
        habit = random.uniform(0.5, 1.5, (names, k))
        habit /= habit.sum(axis=1, keepdims=True)
        for _ in range(iterations):
            posterior, _, by_habit, either = _expect(competence, habit, key, cell, ballots)
            right = posterior.ravel()[cell]
            knew = added(ballots.annotator, right * (1 - by_habit / either), names)
            drawn = added(key, 1 - right * (1 - by_habit / either), names * k).reshape(names, k)
            unsure = drawn.sum(axis=1)
            knows, guesses = np.exp(_digamma(knew + ALPHA)), np.exp(_digamma(unsure + BETA))
            competence = knows / (knows + guesses)
            habit = np.exp(_digamma(drawn + SMOOTHING / k))
            habit /= habit.sum(axis=1, keepdims=True)
        posterior, likelihood, _, _ = _expect(competence, habit, key, cell, ballots)
        if best is None or likelihood > best[0] + 1e-9:
            best = (likelihood, posterior, competence)
    if best is None:
        raise ValueError("MACE needs one start or more")
    return Fit(best[1], best[2])


def _expect(
    competence: Floats, habit: Floats, key: Ints, cell: Ints, ballots: Ballots
) -> tuple[Floats, float, Floats, Floats]:
    """Probable values, log likelihood, and of each vote its chance by habit alone and by either way if it is right."""
    k = ballots.n_values
    drawing = ((1 - competence)[:, None] * habit).ravel()
    by_habit = np.maximum(drawing, 1e-300)[key]
    either = by_habit + competence[ballots.annotator]
    wrong = added(ballots.item, np.log(by_habit), ballots.n_items)
    gain = added(cell, np.log(either / by_habit), ballots.n_items * k).reshape(-1, k)
    top = gain.max(axis=1, initial=0.0)
    likelihood = float((wrong + top + np.log(np.exp(gain - top[:, None]).sum(axis=1))).sum())
    return normalized(gain), likelihood, by_habit, either


def _digamma(x: Floats) -> Floats:
    """The logarithmic derivative of the gamma function, x > 0: recurrence up to 6, then the asymptotic series."""
    shifted, below = np.array(x, dtype=np.float64), np.zeros_like(x)
    for _ in range(6):
        small = shifted < 6
        below -= np.where(small, 1 / shifted, 0)
        shifted = shifted + small
    inverse = 1 / shifted**2
    series = inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse / 240)))
    return below + np.log(shifted) - 0.5 / shifted - series


def trusted_vote(ballots: Ballots, iterations: int = ITERATIONS) -> Fit:
    """For values without a common list (entities, holders): who is right how often, whatever they say when wrong.

    An annotator gives the true value with probability r, else one of the others that were given for this item or one
    more that was not. Posterior columns are values that the item has votes for; reliability is r.
    """
    k, names = ballots.n_values, ballots.n_annotators
    cell = ballots.item * k + ballots.value
    cells, at = np.unique(cell, return_inverse=True)
    item_of = cells // k
    given = added(item_of, None, ballots.n_items)
    others = given[ballots.item].astype(np.float64)  # the item's other values, and one that nobody gave
    right: Floats = np.full(names, 0.7)
    share: Floats = np.zeros(len(cells))
    for _ in range(iterations):
        odds = np.log(right[ballots.annotator] * others / (1 - right[ballots.annotator]))
        score = added(at, odds, len(cells))
        top = np.full(ballots.n_items, -np.inf)
        np.maximum.at(top, item_of, score)
        weight = np.exp(score - top[item_of])
        share = weight / added(item_of, weight, ballots.n_items)[item_of]
        hits = added(ballots.annotator, share[at], names)
        right = (hits + 2) / (added(ballots.annotator, None, names) + 3)
    posterior = np.zeros((ballots.n_items, k))
    posterior.ravel()[cells] = share
    return Fit(posterior, right)
