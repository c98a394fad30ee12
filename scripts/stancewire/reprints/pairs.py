"""Pairs of texts that share so much wording that one was made from the other, or both from a third.

Candidates come from sampled shingles; each is then verified on all of them. The thresholds stand between what reprints
show (the seeds: Jaccard 0.48, containment 0.74 before folding) and what independent reports of one event share (quotes
and names: Jaccard below 0.21, containment up to 0.36).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from rapidfuzz.distance import LCSseq

from .shingles import Hashes, Places, Words, hash_shingles, hash_words

SAMPLE = 4  # a shingle of a long text is looked up when its hash is 0 modulo this
SHORT_SHINGLES = 64  # texts up to this many shingles are looked up with all of them
FREQUENT = 24  # a shingle in more texts than this makes candidates of neighbours only
ESTIMATE = 0.15  # share of the shorter text's looked-up shingles that makes a candidate
CONTAINMENT = 0.5  # verified by this alone
LOW_CONTAINMENT = 0.38  # or by this with ALIGNED of the shorter text's words in order
ALIGNED = 0.65
FEWEST_WORDS = 12  # a shorter text is a reprint only of its equals
LCS_CELLS = 400_000_000  # beyond this many word pairs the aligned share is a lower bound, by unique shingles

METHOD = (
    f"5-gram candidates (1/{SAMPLE}), containment >= {CONTAINMENT:g} or >= {LOW_CONTAINMENT:g} "
    f"with aligned share >= {ALIGNED:g}"
)


@dataclass(frozen=True, order=True)
class Pair:
    """Two texts by number (a < b) and what they share.

    Attributes:
        jaccard: of their sets of folded word 5-grams.
        containment: share of the smaller set that is in the larger.
        aligned_share: share of the shorter text's words that stand in the longer in the same order (longest common
            subsequence).
    """

    a: int
    b: int
    jaccard: float
    containment: float
    aligned_share: float

    @property
    def is_reprint(self) -> bool:
        """Do the thresholds hold?"""
        return self.containment >= CONTAINMENT or (
            self.containment >= LOW_CONTAINMENT and self.aligned_share >= ALIGNED
        )


@dataclass
class Measured:
    """The texts as word and shingle hashes, with what was already worked out about them."""

    words: Words
    shingles: Hashes
    starts: Places
    _sets: dict[int, Hashes] = field(default_factory=dict)
    _pairs: dict[tuple[int, int], Pair] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Sequence[str]) -> Measured:
        """Hash all texts."""
        words = hash_words(texts)
        return cls(words, *hash_shingles(words))

    def shingle_set(self, text_no: int) -> Hashes:
        """Sorted distinct shingles of one text."""
        found = self._sets.get(text_no)
        if found is None:
            found = np.unique(self.shingles[self.starts[text_no] : self.starts[text_no + 1]])
            self._sets[text_no] = found
        return found

    def overlap(self, a: int, b: int) -> tuple[float, float]:
        """Jaccard and containment of two texts."""
        return _overlap(self.shingle_set(a), self.shingle_set(b))

    def pair(self, a: int, b: int) -> Pair:
        """Measure two texts, on all their shingles and words."""
        a, b = min(a, b), max(a, b)
        known = self._pairs.get((a, b))
        if known is None:
            jaccard, containment = self.overlap(a, b)
            aligned = _aligned_share(self.words.of(a), self.words.of(b)) if containment else 0.0
            known = self._pairs[a, b] = Pair(a, b, jaccard, containment, aligned)
        return known


def _overlap(a: Hashes, b: Hashes) -> tuple[float, float]:
    if not len(a) or not len(b):
        return 0.0, 0.0
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    at = np.searchsorted(large, small)
    at[at == len(large)] = 0
    shared = int(np.count_nonzero(large[at] == small))
    return shared / (len(a) + len(b) - shared), shared / len(small)


def _aligned_share(a: Hashes, b: Hashes) -> float:
    if not len(a) or not len(b):
        return 0.0
    if len(a) * len(b) > LCS_CELLS:
        return _aligned_by_anchors(a, b) / min(len(a), len(b))
    return LCSseq.similarity(a.tolist(), b.tolist()) / min(len(a), len(b))


def _aligned_by_anchors(a: Hashes, b: Hashes) -> int:
    """Words in order, counted from words that are unique in both texts and the equal runs around them: a lower bound."""
    left, first_a, count_a = np.unique(a, return_index=True, return_counts=True)
    right, first_b, count_b = np.unique(b, return_index=True, return_counts=True)
    _, ia, ib = np.intersect1d(
        left[count_a == 1], right[count_b == 1], assume_unique=True, return_indices=True
    )
    if not len(ia):
        return 0
    places = np.column_stack([first_a[count_a == 1][ia], first_b[count_b == 1][ib]])
    places = places[np.argsort(places[:, 0])]
    aligned, end_a, end_b = 0, 0, 0
    for i, j in places[_rising(places[:, 1])].tolist():
        if i < end_a or j < end_b:
            continue
        low = 0
        while i - low > end_a and j - low > end_b and a[i - low - 1] == b[j - low - 1]:
            low += 1
        room = min(len(a) - i, len(b) - j)
        differ = np.flatnonzero(a[i : i + room] != b[j : j + room])
        run = int(differ[0]) if len(differ) else room
        aligned += low + run
        end_a, end_b = i + run, j + run
    return aligned


def _rising(values: Places) -> list[int]:
    """Positions of a longest rising subsequence."""
    import bisect

    tops: list[int] = []
    last: list[int] = []
    before = [-1] * len(values)
    for position, value in enumerate(values.tolist()):
        at = bisect.bisect_left(tops, value)
        before[position] = last[at - 1] if at else -1
        if at == len(tops):
            tops.append(value)
            last.append(position)
        else:
            tops[at] = value
            last[at] = position
    chain, position = [], last[-1] if last else -1
    while position >= 0:
        chain.append(position)
        position = before[position]
    return chain[::-1]


def collapse(measured: Measured) -> tuple[list[list[int]], list[int]]:
    """Groups of texts with identical folded words, and the texts without words; both in order of text number."""
    groups: dict[bytes, list[int]] = {}
    empty = []
    for text_no in range(len(measured.starts) - 1):
        some = measured.words.of(text_no)
        if len(some):
            groups.setdefault(hashlib.blake2b(some.tobytes(), digest_size=16).digest(), []).append(text_no)
        else:
            empty.append(text_no)
    return list(groups.values()), empty


def find_pairs(measured: Measured, heads: Sequence[int]) -> list[Pair]:
    """Verified pairs among the texts `heads` (one of each group of identical texts), sorted."""
    return [
        pair
        for a, b in _candidates(measured, heads)
        if min(measured.words.counts[a], measured.words.counts[b]) >= FEWEST_WORDS
        and (pair := measured.pair(a, b)).is_reprint
    ]


def _candidates(measured: Measured, heads: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of texts that share enough of their looked-up shingles."""
    keys, owners = _looked_up(measured, np.asarray(heads, np.int64))
    if not len(keys):
        return []
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    fresh = np.concatenate(([True], (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])))
    keys, owners = keys[fresh], owners[fresh]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    size = np.diff(np.append(first, len(keys)))
    rare = np.repeat(size <= FREQUENT, size)
    n_texts = len(measured.starts) - 1
    rare_counts = np.bincount(owners[rare], minlength=n_texts)
    all_counts = np.bincount(owners, minlength=n_texts)

    rank = np.arange(len(keys)) - np.repeat(first, size)
    room = np.repeat(size, size)
    lefts, rights, rares = [], [], []
    for step in range(1, FREQUENT):
        # members `step` apart in one run; frequent shingles join neighbours only, which keeps a story of thousands
        # of versions connected and costs a boilerplate passage no more than one comparison a text
        from_here = np.flatnonzero((rank + step < room) & (rare if step > 1 else True))
        if not len(from_here):
            break
        lefts.append(owners[from_here])
        rights.append(owners[from_here + step])
        rares.append(rare[from_here])
    if not lefts:
        return []
    left, right, is_rare = np.concatenate(lefts), np.concatenate(rights), np.concatenate(rares)
    joint = left.astype(np.uint64) * np.uint64(n_texts) + right.astype(np.uint64)
    pairs, inverse, shared = np.unique(joint, return_inverse=True, return_counts=True)
    shared_rare = np.bincount(inverse, weights=is_rare, minlength=len(pairs))
    a, b = (pairs // np.uint64(n_texts)).astype(np.int64), (pairs % np.uint64(n_texts)).astype(np.int64)
    enough_rare = shared_rare >= np.maximum(1, ESTIMATE * np.minimum(rare_counts[a], rare_counts[b]))
    enough = shared >= np.maximum(2, 2 * ESTIMATE * np.minimum(all_counts[a], all_counts[b]))
    kept = enough_rare | enough
    return list(zip(a[kept].tolist(), b[kept].tolist(), strict=True))


def _looked_up(measured: Measured, heads: Places) -> tuple[Hashes, Places]:
    """Sampled shingles of the texts `heads`, and which text each is of."""
    counts = np.diff(measured.starts)
    chosen = np.zeros(len(counts), bool)
    chosen[heads] = measured.words.counts[heads] >= FEWEST_WORDS
    kept = (measured.shingles % np.uint64(SAMPLE) == 0) | np.repeat(counts <= SHORT_SHINGLES, counts)
    kept &= np.repeat(chosen, counts)
    return measured.shingles[kept], np.repeat(np.arange(len(counts)), counts)[kept]
