"""Pairs of texts that share so much wording that one was made from the other, or both from a third.

Candidates come from sampled shingles; each is then verified on all of them. The thresholds stand between what reprints
show (the seeds: Jaccard 0.48, containment 0.74 before folding) and what independent reports of one event share (quotes
and names: Jaccard below 0.21, containment up to 0.36).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import LCSseq

from .shingles import Hashes, Places, Words, hash_shingles, hash_words
from .tokens import rising

SAMPLE = 4  # a shingle of a long text is looked up when its hash is 0 modulo this
SHORT_SHINGLES = 64  # texts up to this many shingles are looked up with all of them
FREQUENT = 24  # a shingle in more texts than this makes candidates of neighbours only
ESTIMATE = 0.15  # share of the shorter text's sampled shingles that makes a candidate
SOME_FREQUENT = 0.1  # from this share of frequent shingles on in the shorter text
RARE_ESTIMATE = 0.3  # the rare ones alone must show this much
MOSTLY_FREQUENT = 0.6  # beyond this share the frequent ones count too: nothing else is left to compare
CONTAINMENT = 0.5  # verified by this alone
LOW_CONTAINMENT = 0.38  # or by this with ALIGNED of the shorter text's words in order
ALIGNED = 0.65
FEWEST_WORDS = 12  # a shorter text is a reprint only of its equals
LCS_CELLS = 400_000_000  # beyond this many word pairs the aligned share is a lower bound

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
    twins: list[int]  # of each text the first with identical folded words; itself where it has none
    _sets: dict[int, Hashes] = field(default_factory=dict)
    _pairs: dict[tuple[int, int], Pair] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Sequence[str]) -> Measured:
        """Hash all texts."""
        words = hash_words(texts)
        return cls(words, *hash_shingles(words), _find_twins(words))

    @property
    def distinct(self) -> list[int]:
        """The first of each group of identical texts; texts without words are left out."""
        return [n for n, twin in enumerate(self.twins) if n == twin and self.words.counts[n]]

    def shingle_set(self, text_no: int) -> Hashes:
        """Sorted distinct shingles of one text."""
        found = self._sets.get(text_no)
        if found is None:
            found = np.unique(self.shingles[self.starts[text_no] : self.starts[text_no + 1]])
            self._sets[text_no] = found
        return found

    def overlap(self, a: int, b: int) -> tuple[float, float]:
        """Jaccard and containment of two texts."""
        a, b = self.twins[a], self.twins[b]
        return (1.0, 1.0) if a == b else _overlap(self.shingle_set(a), self.shingle_set(b))

    def pair(self, a: int, b: int) -> Pair:
        """Measure two texts, on all their shingles and words."""
        key = min(self.twins[a], self.twins[b]), max(self.twins[a], self.twins[b])
        if key[0] == key[1]:
            return Pair(min(a, b), max(a, b), 1.0, 1.0, 1.0)
        known = self._pairs.get(key)
        if known is None:
            jaccard, containment = self.overlap(*key)
            aligned = self._aligned_share(*key) if containment else 0.0
            known = self._pairs[key] = Pair(*key, jaccard, containment, aligned)
        return replace(known, a=min(a, b), b=max(a, b))


    def _aligned_share(self, a: int, b: int) -> float:
        words = self.words.of(a), self.words.of(b)
        shorter = min(map(len, words))
        if len(words[0]) * len(words[1]) <= LCS_CELLS:
            return float(LCSseq.similarity(words[0].tolist(), words[1].tolist())) / shorter
        shingles = [self.shingles[self.starts[n] : self.starts[n + 1]] for n in (a, b)]
        return _aligned_by_anchors(*words, *shingles) / shorter


def _overlap(a: Hashes, b: Hashes) -> tuple[float, float]:
    if not len(a) or not len(b):
        return 0.0, 0.0
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    at = np.searchsorted(large, small)
    at[at == len(large)] = 0
    shared = int(np.count_nonzero(large[at] == small))
    return shared / (len(a) + len(b) - shared), shared / len(small)


def _aligned_by_anchors(a: Hashes, b: Hashes, shingles_a: Hashes, shingles_b: Hashes) -> int:
    """Words in order, counted from shingles unique in both texts and the equal runs around them: a lower bound."""
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


def _find_twins(words: Words) -> list[int]:
    """Of each text the number of the first one with the same folded words."""
    firsts: dict[bytes, int] = {}
    twins = []
    for text_no in range(len(words.counts)):
        some = words.of(text_no)
        digest = hashlib.blake2b(some.tobytes(), digest_size=16).digest()
        twins.append(firsts.setdefault(digest, text_no) if len(some) else text_no)
    return twins


def find_pairs(measured: Measured) -> list[Pair]:
    """Verified pairs among the distinct texts, sorted. Identical texts are no pairs: see `Measured.twins`."""
    return [pair for a, b in _candidates(measured) if (pair := measured.pair(a, b)).is_reprint]


def _candidates(measured: Measured) -> list[tuple[int, int]]:
    """Pairs of texts that share enough of their looked-up shingles, sorted.

    A shingle is frequent when more than `FREQUENT` texts have it: boilerplate, or a story with very many versions. It
    is looked up between neighbours only, which keeps such a story connected and costs a boilerplate passage one
    comparison a text; and texts that consist of such shingles for the smaller part are compared by the rest.
    """
    keys, owners, is_sample = _looked_up(measured)
    if not len(keys):
        return []
    n_texts = len(measured.twins)
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    size = np.diff(np.append(first, len(keys)))
    room = np.repeat(size, size) - (np.arange(len(keys)) - np.repeat(first, size))
    is_rare = np.repeat(size <= FREQUENT, size)
    rare = np.bincount(owners[is_sample & is_rare], minlength=n_texts)
    frequent = np.bincount(owners[is_sample & ~is_rare], minlength=n_texts)

    lefts, rights, rares = [], [], []
    here = np.arange(len(keys))
    for step in range(1, FREQUENT):
        here = here[(room[here] > step) & (is_rare[here] if step > 1 else True)]
        lefts.append(owners[here])
        rights.append(owners[here + step])
        rares.append(is_rare[here])
    left, right = np.concatenate(lefts).astype(np.uint64), np.concatenate(rights).astype(np.uint64)
    pairs, inverse, shared = np.unique(left * np.uint64(n_texts) + right, return_inverse=True, return_counts=True)
    shared_rare = np.bincount(inverse, weights=np.concatenate(rares), minlength=len(pairs))
    a, b = (pairs // np.uint64(n_texts)).astype(np.int64), (pairs % np.uint64(n_texts)).astype(np.int64)

    shorter = np.where(rare[a] + frequent[a] <= rare[b] + frequent[b], a, b)
    common_share = frequent[shorter] / np.maximum(1, rare[shorter] + frequent[shorter])
    least = np.where(common_share > SOME_FREQUENT, RARE_ESTIMATE, ESTIMATE)
    by_rare = shared_rare >= np.maximum(1, least * np.minimum(rare[a], rare[b]))
    by_all = (shared >= np.maximum(1, ESTIMATE * (rare + frequent)[shorter])) & (common_share > MOSTLY_FREQUENT)
    kept = by_rare | by_all
    return list(zip(a[kept].tolist(), b[kept].tolist(), strict=True))


def _looked_up(measured: Measured) -> tuple[Hashes, Places, npt.NDArray[np.bool_]]:
    """Looked-up shingles of the distinct texts, sorted with the texts they are of; which of them belong to the sample.

    Long texts have their sample looked up, short ones all shingles.
    """
    counts = np.diff(measured.starts)
    chosen = np.zeros(len(counts), bool)
    chosen[measured.distinct] = True
    chosen &= measured.words.counts >= FEWEST_WORDS
    kept = measured.shingles % np.uint64(SAMPLE) == 0
    kept |= np.repeat(counts <= SHORT_SHINGLES, counts)
    kept &= np.repeat(chosen, counts)
    keys, owners = measured.shingles[kept], np.repeat(np.arange(len(counts)), counts)[kept]
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    fresh = np.concatenate(([True], (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])))[: len(keys)]
    keys, owners = keys[fresh], owners[fresh]
    return keys, owners, keys % np.uint64(SAMPLE) == 0
