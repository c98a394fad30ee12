"""MACE: each annotator either knows the true value or says something regardless of it; and a cousin for open values.

With competence t an annotator gives the true value; else they draw from a habit of their own. Learnt by variational
updates from several random starts, of which the most likely is kept.
Source: D. Hovy, T. Berg-Kirkpatrick, A. Vaswani, E. Hovy, Learning whom to trust with MACE, 2013; its settings
(Beta(0.5, 0.5) on competence, 10 starts, 50 iterations).

A worked example: ann-a knows 0.9 of the values and else draws "favor" or "against" by halves; ann-b says "favor" to
everything, competence 0. On an item ann-a says "against", ann-b "favor". Were it against, ann-a would say so with
0.9 + 0.1 / 2 = 0.95; were it favor, with 0.05; ann-b says what they say either way. So it is against by 0.95: a vote
that a habit explains weighs nothing.
"""

from __future__ import annotations

import numpy as np

from .ballots import Ballots, Fit, Floats, Ints, added

STARTS = 10
ITERATIONS = 50
ALPHA = BETA = 0.5
SMOOTHING = 0.1  # of habits, over all values
_SEED = 20190626
_LEAST = 1e-300  # nothing is impossible


def mace(ballots: Ballots, starts: int = STARTS, iterations: int = ITERATIONS) -> Fit:
    """Probable values; an annotator's reliability is their competence.

    All that is asked of a vote depends on who gave which value: logarithms are taken once for each of these pairs, and
    votes are only looked up and added.
    """
    k, names, items = ballots.n_values, ballots.n_annotators, ballots.n_items
    key = ballots.annotator * k + ballots.value
    cell = ballots.value * items + ballots.item  # values first: numpy adds up long rows faster than many short ones
    given = added(key, None, names * k).reshape(names, k)
    # The votes of each pair together, since stretches are added up faster than heaps; small numbers are sorted fastest.
    cells_by_pair = cell[np.argsort(key.astype(np.min_scalar_type(names * k)), kind="stable")]
    pairs = np.flatnonzero(given)
    first = np.concatenate([[0], np.cumsum(given.ravel()[pairs])[:-1]]).astype(np.int64)
    random = np.random.Generator(np.random.PCG64(_SEED))
    best: tuple[float, Floats, Floats] | None = None
    for _ in range(starts):
        competence: Floats = random.uniform(0.3, 0.9, names)
        habit: Floats = random.uniform(0.5, 1.5, (names, k))
        habit /= habit.sum(axis=1, keepdims=True)
        for _ in range(iterations):
            weights, knows, _ = _expect(competence, habit, key, cell, items)
            weights /= weights.sum(axis=0)
            right = np.zeros(names * k)
            if len(pairs):
                right[pairs] = np.add.reduceat(weights.ravel().take(cells_by_pair), first)
            knew = right.reshape(names, k) * knows
            drawn = given - knew
            pseudo = [knew.sum(axis=1) + ALPHA, drawn.sum(axis=1) + BETA, *(drawn + SMOOTHING / k).T]
            sure, unsure, *drawing = np.exp(_digamma(np.stack(pseudo)))
            competence = sure / (sure + unsure)
            habit = np.stack(drawing, axis=1)
            habit /= habit.sum(axis=1, keepdims=True)
        weights, _, top = _expect(competence, habit, key, cell, items)
        total = weights.sum(axis=0)
        by_habit = np.maximum((1 - competence)[:, None] * habit, _LEAST)
        likelihood = float((given * np.log(by_habit)).sum() + top.sum() + np.log(total).sum())
        if best is None or likelihood > best[0] + 1e-9:
            best = (likelihood, weights / total, competence)
    if best is None:
        raise ValueError("MACE needs one start or more")
    return Fit(np.ascontiguousarray(best[1].T), best[2])


def _expect(competence: Floats, habit: Floats, key: Ints, cell: Ints, items: int) -> tuple[Floats, Floats, Floats]:
    """Weights (value, item); the chance of each (annotator, value) to be known if right; the weights' log scales."""
    by_habit = np.maximum((1 - competence)[:, None] * habit, _LEAST)
    either = by_habit + competence[:, None]
    logs = np.log(either / by_habit).ravel()
    table = added(cell, logs.take(key), items * habit.shape[1]).reshape(-1, items)
    top = table.max(axis=0, initial=0.0)
    table -= top
    return np.exp(table, out=table), 1 - by_habit / either, top


def _digamma(x: Floats) -> Floats:
    """Derivative of the log of the gamma function, x > 0: six steps of its recurrence, then the asymptotic series."""
    below = (1 / (x[..., None] + np.arange(6))).sum(axis=-1)
    shifted = x + 6
    inverse = 1 / shifted**2
    series = inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse / 240)))
    found: Floats = np.log(shifted) - 0.5 / shifted - series - below
    return found


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
