"""Dawid and Skene's model: each annotator has a confusion matrix, learnt together with the truth.

Given the true value c, annotator a gives value v with probability conf[a, c, v]; values have a prior. From the shares
of votes on, two steps alternate: confusions and prior from the probable truth, and the probable truth from them.
Source: A. P. Dawid, A. M. Skene, Maximum likelihood estimation of observer error-rates using the EM algorithm, 1979.

A worked example: two annotators say F F G G of four items, a third says the reverse, G G F F. Shares of the votes make
the first item F by 2/3. From there, by hand and without smoothing: given F, the first annotator says F with
(2/3 + 2/3) / 2 = 2/3, the third says G with 2/3. So the first item is F by (2/3)^3 to (1/3)^3, which is 8/9: the
third's "G" now speaks for F. The next steps bring it near 1, and the third's matrix near the mirror of the others'.
"""

from __future__ import annotations

import numpy as np

from .ballots import Ballots, Fit, Floats, Ints, added, normalized, vote_counts

ITERATIONS = 100
SMOOTHING = 0.01  # added to each cell of a confusion matrix: nobody is certain never to say something


def dawid_skene(ballots: Ballots, iterations: int = ITERATIONS, tolerance: float = 1e-8) -> Fit:
    """Probable values; an annotator's reliability is their chance to be right, over the values as they occur.

    Args:
        tolerance: stops when no probability moves by more.
    """
    k, names = ballots.n_values, ballots.n_annotators
    key = ballots.annotator * k + ballots.value
    posterior = vote_counts(ballots) + 1e-12
    posterior /= posterior.sum(axis=1, keepdims=True)
    prior, confusion = _learn(posterior, key, ballots)
    for _ in range(iterations):
        says = np.log(confusion)  # true value x (annotator, given value)
        logs = np.empty((ballots.n_items, k))
        for true in range(k):
            logs[:, true] = added(ballots.item, says[true][key], ballots.n_items)
        fresh = normalized(logs + np.log(prior))
        moved = np.abs(fresh - posterior).max(initial=0.0)
        posterior = fresh
        prior, confusion = _learn(posterior, key, ballots)
        if moved < tolerance:
            break
    right = confusion.reshape(k, names, k)[np.arange(k), :, np.arange(k)]  # value x annotator
    return Fit(posterior, (prior[:, None] * right).sum(axis=0))


def _learn(posterior: Floats, key: Ints, ballots: Ballots) -> tuple[Floats, Floats]:
    """Prior of the values, and confusions as (true value, annotator * values + given value)."""
    k, names = ballots.n_values, ballots.n_annotators
    counted = np.empty((k, names * k))
    for true in range(k):
        counted[true] = added(key, posterior[ballots.item, true], names * k)
    table = counted.reshape(k, names, k) + SMOOTHING
    table /= table.sum(axis=2, keepdims=True)
    prior = posterior.sum(axis=0) + SMOOTHING
    return prior / prior.sum(), table.reshape(k, names * k)
