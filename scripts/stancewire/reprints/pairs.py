"""Pairs of texts that share so much wording that one was made from the other, or both from a third.

Candidates come from sampled shingles; each is then verified on all of them (`thresholds` has the rule).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from rapidfuzz.distance import LCSseq

from ..engine import Crew, run
from .candidates import PairList, find_candidates
from .known import ALIGNED_UNKNOWN, Known
from .shingles import Hashes, Places, Words, cut_batches, hash_batch, hash_shingles, places_of, sort_apart
from .sketches import SAMPLE, THREADS, Sketches, sketch_texts
from .thresholds import ALIGNED, CONTAINMENT, LOW_ALIGNED, LOW_CONTAINMENT, REWRITTEN, is_plain_reprint, is_reprint
from .tokens import rising

LCS_CELLS = 400_000_000  # beyond this many word pairs the aligned share is a lower bound
HELD_WORDS = 8_000_000  # words of texts under comparison that are in memory, with as many shingles
CHUNK = 8_192  # pairs compared before the texts of the next are read; their number needs 16 bits
SORTED_AT_ONCE = 100_000  # 5-grams of pairs that are sorted together, so that they stay in a cache
MUCH_LONGER = 8  # a text so many times longer than the other is not sorted with it
_SET_BITS = np.uint64(48)  # of a hash, in a text's set: two 5-grams of one pair agree in them once in a billion pairs

METHOD = (
    f"5-gram candidates (1/{SAMPLE}), containment >= {CONTAINMENT:g} or >= {LOW_CONTAINMENT:g} "
    f"with aligned share >= {ALIGNED:g}"
)
LOW_METHOD = f" or >= {LOW_ALIGNED:g} where jaccard >= {REWRITTEN:g}"


@dataclass(frozen=True, order=True)
class Link:
    """Two texts by number (a < b) and how much of their wording they share.

    Attributes:
        jaccard: of their sets of folded word 5-grams.
        containment: share of the smaller set that is in the larger.
    """

    a: int
    b: int
    jaccard: float
    containment: float


@dataclass(frozen=True, order=True)
class Pair(Link):
    """Two texts with all that is measured of them.

    Attributes:
        aligned_share: share of the shorter text's words that stand in the longer in the same order (longest common
            subsequence).
    """

    aligned_share: float

    @property
    def is_reprint(self) -> bool:
        """Do the thresholds hold?"""
        return is_reprint(self.jaccard, self.containment, self.aligned_share)

    @property
    def method(self) -> str:
        """How it was found, and by which thresholds it would be a reprint."""
        is_low = self.is_reprint and not is_plain_reprint(self.containment, self.aligned_share)
        return METHOD + LOW_METHOD if is_low else METHOD


@dataclass
class Measured:
    """The texts with their sketches, and what was already worked out about them.

    Attributes:
        texts: read again, by number, where two are compared; they may come from a file.
        parts: sketches of all texts, in order.
        twins: of each text the first with identical folded words; itself where it has none.
        bounded: pairs too long for a comparison of all words, whose aligned share is a lower bound.
        n_frequent: sampled passages that are too common to pair all their texts.
        digests: of the texts as they stand; only where an earlier run is remembered.
    """

    texts: Sequence[str]
    parts: list[Sketches]
    twins: Places
    digests: Hashes | None = None
    bounded: set[tuple[int, int]] = field(default_factory=set)
    n_frequent: int = 0
    _held: dict[int, tuple[Hashes, Hashes]] = field(default_factory=dict)
    _held_words: int = 0
    _overlaps: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)
    _aligned: dict[tuple[int, int], float] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Sequence[str], workers: Crew = 1, known: Known | None = None) -> Measured:
        """Sketch all texts, in so many processes; with `known`, in this one, what it does not know yet."""
        if known is None:
            parts = sketch_texts(texts, workers)
            return cls(texts, parts, _find_twins(parts))
        both = list(run(known.sketch, cut_batches(texts), threads=THREADS))
        parts = [part for _, part in both]
        digests = np.concatenate([np.empty((0, 2), np.uint64), *(found for found, _ in both)])
        measured = cls(texts, parts, _find_twins(parts), digests)
        measured._recall(known, digests)
        return measured

    def _recall(self, known: Known, digests: Hashes) -> None:
        """Take over the shares of pairs of which both texts are there."""
        places = known.find(digests)
        number_of = np.full(len(known.digests), -1)
        there = np.flatnonzero(places >= 0)[::-1]
        number_of[places[there]] = self.twins[there]
        numbers = np.sort(number_of[known.pairs], axis=1)
        kept = (numbers[:, 0] >= 0) & (numbers[:, 0] < numbers[:, 1])
        for (a, b), shares in zip(numbers[kept].tolist(), known.shares[kept].tolist(), strict=True):
            jaccard, containment, aligned, is_bound = shares
            self._overlaps[a, b] = jaccard, containment
            if aligned != ALIGNED_UNKNOWN:
                self._aligned[a, b] = aligned
                if is_bound:
                    self.bounded.add((a, b))

    def remember(self) -> Known:
        """All that was worked out, for a later run.

        Raises:
            ValueError: the texts were read without their digests (`of` was not given anything known).
        """
        if self.digests is None:
            raise ValueError("digests are kept only where `known` was given; give Known.nothing()")
        pairs = np.array(list(self._overlaps), dtype=np.int64).reshape(-1, 2)
        shares = np.array(
            [
                (*shares, self._aligned.get(pair, ALIGNED_UNKNOWN), pair in self.bounded)
                for pair, shares in self._overlaps.items()
            ]
        )
        return Known.of(self.digests, self.parts, pairs, shares.reshape(-1, 4))

    def forget(self) -> None:
        """Let go of all that only finding and comparing needed; what was measured stays."""
        self.n_words  # noqa: B018 (kept)
        self.parts = []
        self._held = {}
        self._held_words = 0

    @cached_property
    def n_words(self) -> Places:
        """Words of each text."""
        return np.concatenate([np.empty(0, np.int64), *(part.n_words for part in self.parts)])

    def hold(self, numbers: Iterable[int]) -> None:
        """Read the words of these texts, at once, which is quicker than one after the other."""
        if self._held_words > HELD_WORDS:
            self._held.clear()
            self._held_words = 0
        wanted = [number for number in numbers if number not in self._held]
        at = 0
        batches = list(cut_batches(map(self.texts.__getitem__, wanted)))
        for words, sets, starts in run(_hash_sets, batches, threads=THREADS if len(batches) > 1 else 1):
            self._held_words += len(words.hashes)
            for number in range(len(words.counts)):
                self._held[wanted[at]] = words.of(number), sets[starts[number] : starts[number + 1]]
                at += 1

    def _of(self, number: int) -> tuple[Hashes, Hashes]:
        if number not in self._held:
            self.hold([number])
        return self._held[number]

    def unread(self, pairs: Iterable[tuple[int, int]], is_aligned: bool) -> set[int]:
        """Texts that have to be read before the overlap of all these pairs, or all of `pair`, is known."""
        done = self._aligned if is_aligned else self._overlaps
        firsts = ((int(self.twins[a]), int(self.twins[b])) for a, b in pairs)
        return {number for a, b in firsts if a != b and (min(a, b), max(a, b)) not in done for number in (a, b)}

    def overlap(self, a: int, b: int) -> tuple[float, float]:
        """Jaccard and containment of two texts."""
        a, b = sorted((int(self.twins[a]), int(self.twins[b])))
        if a == b:
            return 1.0, 1.0
        found = self._overlaps.get((a, b))
        if found is None:
            found = self._overlaps[a, b] = _overlap(self._of(a)[1], self._of(b)[1])
        return found

    def pair(self, a: int, b: int) -> Pair:
        """Measure two texts, on all their shingles and words."""
        low, high = sorted((int(self.twins[a]), int(self.twins[b])))
        if low == high:
            return Pair(min(a, b), max(a, b), 1.0, 1.0, 1.0)
        jaccard, containment = self.overlap(low, high)
        aligned = self._aligned.get((low, high))
        if aligned is None:
            aligned = self._aligned[low, high] = self._align(low, high) if containment else 0.0
        return Pair(min(a, b), max(a, b), jaccard, containment, aligned)

    def _align(self, a: int, b: int) -> float:
        words = self._of(a)[0], self._of(b)[0]
        shorter = min(map(len, words))
        if len(words[0]) * len(words[1]) <= LCS_CELLS:
            return float(LCSseq.similarity(words[0].tolist(), words[1].tolist())) / shorter
        self.bounded.add((a, b))
        return _aligned_by_anchors(*words) / shorter

    def find_candidates(self, merged: Places | None = None) -> PairList:
        """Pairs worth comparing; also notes how many passages were too common for that (see `candidates`)."""
        found = find_candidates(self.parts, self.twins, merged)
        self.n_frequent = found.n_frequent
        return found.pairs

    def verify(self, candidates: PairList) -> list[Link]:
        """Those of the candidates that are reprints, sorted; words are compared where containment does not decide."""
        found = []
        candidates = _neighbours_together(candidates, len(self.texts))
        for start in range(0, len(candidates), CHUNK):
            chunk = candidates[start : start + CHUNK]
            self._overlap_all(chunk)
            for a, b in chunk.tolist():
                jaccard, containment = self._overlaps[a, b]
                if containment >= CONTAINMENT or (containment >= LOW_CONTAINMENT and self.pair(a, b).is_reprint):
                    found.append(Link(a, b, jaccard, containment))
        return sorted(found)

    def _overlap_all(self, pairs: PairList) -> None:
        """Jaccard and containment of many pairs of distinct texts (a < b), at once."""
        new = [(a, b) for a, b in pairs.tolist() if (a, b) not in self._overlaps]
        if not new:
            return
        numbers, rows = np.unique(np.array(new), return_inverse=True)
        self.hold(numbers.tolist())
        shared, sizes = _share_sets([self._held[number][1] for number in numbers.tolist()], rows.reshape(-1, 2))
        smaller = np.maximum(1, sizes.min(axis=1))
        jaccard, containment = shared / np.maximum(1, sizes.sum(axis=1) - shared), shared / smaller
        self._overlaps.update(zip(new, zip(jaccard.tolist(), containment.tolist(), strict=True), strict=True))


def _neighbours_together(pairs: PairList, n_texts: int) -> PairList:
    """The pairs in another order: those of one story after each other, so that its texts are read once."""
    label = np.arange(n_texts)
    for _ in range(3):  # larger stories are in few pieces
        for a, b in ((0, 1), (1, 0)):
            np.minimum.at(label, pairs[:, a], label[pairs[:, b]])
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0], label[pairs[:, 0]]))]


def _hash_sets(texts: Sequence[str]) -> tuple[Words, Hashes, Places]:
    words = hash_batch(texts)
    return words, *_sets_of(words)


def _sets_of(words: Words) -> tuple[Hashes, Places]:
    """The 5-grams of each text sorted and distinct, as numbers of 48 bits, and where each text's begin."""
    sets, starts = sort_apart(*hash_shingles(words))
    sets >>= np.uint64(64) - _SET_BITS
    return sets, starts


def _share_sets(sets: Sequence[Hashes], pairs: PairList) -> tuple[Places, Places]:
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


def _overlap(a: Hashes, b: Hashes) -> tuple[float, float]:
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


def _aligned_by_anchors(a: Hashes, b: Hashes) -> int:
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


def _find_twins(parts: Sequence[Sketches]) -> Places:
    """Of each text the number of the first one with the same folded words; texts without words have no twins."""
    n_words = np.concatenate([np.empty(0, np.int64), *(part.n_words for part in parts)])
    digests = np.concatenate([np.empty((0, 2), np.uint64), *(part.digests for part in parts)])
    numbers = np.arange(len(n_words))
    order = np.lexsort((numbers, n_words, digests[:, 1], digests[:, 0]))
    same = np.zeros(len(order), bool)
    same[1:] = (digests[order[1:]] == digests[order[:-1]]).all(axis=1) & (n_words[order[1:]] == n_words[order[:-1]])
    same &= n_words[order] > 0
    begins = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
    twins = np.empty(len(order), np.int64)
    twins[order] = order[begins]
    return twins


def find_pairs(measured: Measured) -> list[Link]:
    """Verified pairs among the distinct texts, sorted. Identical texts are no pairs: see `Measured.twins`."""
    return measured.verify(measured.find_candidates())
