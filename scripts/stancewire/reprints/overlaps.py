"""How much of their wording texts share: their sets of 5-grams, compared two by two or many at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .candidates import PairList
from .shingles import Hashes, Places, Words, hash_batch, hash_shingles, places_of, sort_apart
from .tokens import rising

SORTED_AT_ONCE = 100_000  # 5-grams of pairs that are sorted together, so that they stay in a cache
MUCH_LONGER = 8  # a text so many times longer than the other is not sorted with it
_SET_BITS = np.uint64(48)  # of a hash, in a text's set: two 5-grams of one pair agree in them once in a billion pairs


def hash_sets(texts: Sequence[str]) -> tuple[Words, Hashes, Places]:
    """Words and 5-grams of some texts: text i has `[starts[i]:starts[i + 1]]` of the latter, sorted and distinct."""
    words = hash_batch(texts)
    return words, *_sets_of(words)


def _sets_of(words: Words) -> tuple[Hashes, Places]:
    """The 5-grams of each text sorted and distinct, as numbers of 48 bits, and where each text's begin."""
    sets, starts = sort_apart(*hash_shingles(words))
    sets >>= np.uint64(64) - _SET_BITS
    return sets, starts


def share_sets(sets: Sequence[Hashes], pairs: PairList) -> tuple[Places, Places]:
    """How many members the two sets of each pair have in common; n rows of how many each has."""
    lengths = np.array([len(one) for one in sets])
    starts = places_of(lengths)
    joined = np.concatenate(sets)
    sizes = lengths[pairs]
    shared = np.zeros(len(pairs), np.int64)
    much_longer = sizes.max(axis=1) > MUCH_LONGER * sizes.min(axis=1)
    for number in np.flatnonzero(much_longer).tolist():
        a, b = pairs[number].tolist()
        shared[number] = _count_shared(sets[a], sets[b])
    rest = np.flatnonzero(~much_longer)
    ends = np.cumsum(sizes[rest].sum(axis=1))
    low = 0
    while low < len(rest):
        reached = (ends[low - 1] if low else 0) + SORTED_AT_ONCE
        high = max(low + 1, int(np.searchsorted(ends, reached, "right")))
        some = rest[low:high]
        both = np.concatenate([pairs[some, 0], pairs[some, 1]])
        counts = lengths[both]
        at = np.repeat(starts[both] - places_of(counts)[:-1], counts)
        at += np.arange(len(at))
        keys = joined[at]
        keys |= np.repeat(np.tile(np.arange(len(some), dtype=np.uint64) << _SET_BITS, 2), counts)
        keys.sort()
        same = keys[:-1][keys[1:] == keys[:-1]]
        shared[some] = np.bincount((same >> _SET_BITS).astype(np.int64), minlength=len(some))
        low = high
    return shared, sizes


def overlap(a: Hashes, b: Hashes) -> tuple[float, float]:
    """Jaccard and containment of two sets."""
    if not len(a) or not len(b):
        return 0.0, 0.0
    shared = _count_shared(a, b)
    return shared / (len(a) + len(b) - shared), shared / min(len(a), len(b))


def _count_shared(a: Hashes, b: Hashes) -> int:
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    if not len(small):
        return 0
    at = np.searchsorted(large, small)
    at[at == len(large)] = 0
    return int(np.count_nonzero(large[at] == small))


def aligned_by_anchors(a: Hashes, b: Hashes) -> int:
    """Words in order, counted from shingles unique in both texts and the equal runs around them: a lower bound."""
    shingles_a, shingles_b = (hash_shingles(Words(words, places_of(np.array([len(words)]))))[0] for words in (a, b))
    left, first_a, count_a = np.unique(shingles_a, return_index=True, return_counts=True)
    right, first_b, count_b = np.unique(shingles_b, return_index=True, return_counts=True)
    once_a, once_b = count_a == 1, count_b == 1
    _, in_a, in_b = np.intersect1d(left[once_a], right[once_b], assume_unique=True, return_indices=True)
    places = np.column_stack([first_a[once_a][in_a], first_b[once_b][in_b]])
    places = places[np.argsort(places[:, 0])]
    aligned, end_a, end_b = 0, 0, 0
    for i, j in places[rising(places[:, 1].tolist())].tolist():
        if i < end_a or j < end_b:
            continue
        low = 0
        while i - low > end_a and j - low > end_b and a[i - low - 1] == b[j - low - 1]:
            low += 1
        run = _equal_run(a[i:], b[j:])
        aligned += low + run
        end_a, end_b = i + run, j + run
    return aligned


def _equal_run(a: Hashes, b: Hashes) -> int:
    """How many words two texts have in common at their beginnings."""
    room, step = min(len(a), len(b)), 64
    while True:
        differ = np.flatnonzero(a[: min(room, step)] != b[: min(room, step)])
        if len(differ) or step >= room:
            return int(differ[0]) if len(differ) else room
        step *= 8
