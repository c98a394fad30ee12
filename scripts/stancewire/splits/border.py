"""Near-duplicates across the borders between parts of a collection: what leaks from train into test.

Two texts are alike when they are reprints by the measure of the room `reprints`: the same folded word 5-grams, the same
thresholds. Pairs within one part are never looked at. Needs numpy alone, so that a certificate can be checked anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..reprints.shingles import Hashes, Places, Words, hash_shingles, hash_words
from ..reprints.thresholds import FEWEST_WORDS, LOW_CONTAINMENT, is_reprint

SAMPLE = 4  # of a long text the 5-grams are looked up whose hash is 0 modulo this
SHORT_SHINGLES = 64  # texts up to this many are looked up with all
FREQUENT = 24  # a 5-gram in more texts than this is compared among neighbours only
NEIGHBOURS = 4
ESTIMATE = 0.1  # least share of the shorter text's looked-up 5-grams for a pair to be measured

METHOD = "containment of folded word 5-grams/2"
_PAIRS_AT_ONCE = 20_000_000


@dataclass(frozen=True)
class Alike:
    """Two texts of different parts by number, and what they share (see `reprints.pairs.Pair`)."""

    a: int
    b: int
    jaccard: float
    containment: float
    aligned_share: float

    @property
    def is_leak(self) -> bool:
        """Is one a reprint of the other?"""
        return is_reprint(self.jaccard, self.containment, self.aligned_share)


@dataclass(frozen=True)
class Border:
    """What was found between the parts.

    Attributes:
        n_checked: pairs that were measured: those that share at least a tenth of the looked-up 5-grams of the shorter,
            and identical ones. Of identical texts in one part the first stands for all.
        closest: the measured pair of greatest containment, if any.
        leaks: by containment, the greatest first, then by number.
        copies: number of a text that stands for others -> how many there are of it in its part.
    """

    n_checked: int
    closest: Alike | None
    leaks: tuple[Alike, ...]
    copies: dict[int, int]


def check_border(texts: Sequence[str], parts: Sequence[int]) -> Border:
    """Look for reprints between texts of different parts.

    Args:
        parts: the part of each text, as a number; texts of a negative part are left aside.
    """
    held = _Texts(texts, parts)
    measured = [held.measure(a, b) for a, b in held.candidates()]
    ordered = sorted(measured, key=lambda pair: (-pair.containment, -pair.jaccard, pair.a, pair.b))
    return Border(
        len(ordered),
        ordered[0] if ordered else None,
        tuple(pair for pair in ordered if pair.is_leak),
        held.copies,
    )


class _Texts:
    """The texts as hashes; of identical ones in one part only the first is looked at."""

    def __init__(self, texts: Sequence[str], parts: Sequence[int]) -> None:
        self.words: Words = hash_words(texts)
        self.shingles: Hashes
        self.starts: Places
        self.shingles, self.starts = hash_shingles(self.words)
        self.parts = np.asarray(parts, np.int64)
        self.copies: dict[int, int] = {}
        self._sets: dict[int, Hashes] = {}
        self._same: dict[bytes, dict[int, int]] = {}  # words -> part -> first text with them
        self._standing = np.zeros(len(texts), bool)
        for number in range(len(texts)):
            some = self.words.of(number)
            if not len(some) or parts[number] < 0:
                continue
            same = self._same.setdefault(hashlib.blake2b(some.tobytes(), digest_size=16).digest(), {})
            first = same.setdefault(parts[number], number)
            self._standing[number] = first == number
            self.copies[first] = self.copies.get(first, 0) + 1
        self.copies = {number: count for number, count in self.copies.items() if count > 1}

    def candidates(self) -> list[tuple[int, int]]:
        """Pairs to be measured, sorted."""
        found = {
            (min(one, two), max(one, two))
            for same in self._same.values()
            for one, two in zip(list(same.values()), list(same.values())[1:], strict=False)
        }
        return sorted(found | set(self._sharing()))

    def _sharing(self) -> Iterator[tuple[int, int]]:
        keys, owners = self._looked_up
        n_texts = len(self.parts)
        if not len(keys):
            return
        sizes = np.bincount(owners, minlength=n_texts)
        pairs, counts = self._count(keys, owners, n_texts)
        a, b = pairs // n_texts, pairs % n_texts
        enough = counts >= ESTIMATE * np.minimum(sizes[a], sizes[b])
        yield from zip(a[enough].tolist(), b[enough].tolist(), strict=True)

    @cached_property
    def _looked_up(self) -> tuple[Hashes, Places]:
        """Looked-up 5-grams with their texts, sorted by hash, then by an order of texts that mixes the parts."""
        counts = np.diff(self.starts)
        chosen = self._standing & (self.words.counts >= FEWEST_WORDS)
        kept = self.shingles % np.uint64(SAMPLE) == 0
        kept |= np.repeat(counts <= SHORT_SHINGLES, counts)
        kept &= np.repeat(chosen, counts)
        owners = np.repeat(np.arange(len(counts)), counts)[kept]
        keys = self.shingles[kept]
        mixed = np.arange(len(counts), dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        order = np.lexsort((mixed[owners], keys))
        keys, owners = keys[order], owners[order]
        once = np.ones(len(keys), bool)
        once[1:] = (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])
        return keys[once], owners[once]

    def _count(self, keys: Hashes, owners: Places, n_texts: int) -> tuple[Places, Places]:
        """Pairs of texts (as a * n + b, a < b) of different parts, and how many looked-up 5-grams they share."""
        first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        size = np.repeat(np.diff(np.append(first, len(keys))), np.diff(np.append(first, len(keys))))
        pairs: Places = np.empty(0, np.int64)
        counts: Places = np.empty(0, np.int64)
        waiting: list[Places] = []
        for step in range(1, FREQUENT):
            if step >= len(keys):
                break
            here = keys[step:] == keys[:-step]
            here &= self.parts[owners[step:]] != self.parts[owners[:-step]]
            if step > NEIGHBOURS:
                here &= size[step:] <= FREQUENT
            one, two = owners[:-step][here], owners[step:][here]
            waiting.append(np.minimum(one, two) * n_texts + np.maximum(one, two))
            if sum(map(len, waiting)) > _PAIRS_AT_ONCE:
                pairs, counts = _add(pairs, counts, waiting)
                waiting = []
        return _add(pairs, counts, waiting)

    def measure(self, a: int, b: int) -> Alike:
        """Measure two texts on all their 5-grams and words."""
        sets = self._set(a), self._set(b)
        small, large = sorted(sets, key=len)
        at = np.searchsorted(large, small)
        at[at == len(large)] = 0
        shared = int(np.count_nonzero(large[at] == small))
        containment = shared / len(small)
        aligned = 0.0
        if containment >= LOW_CONTAINMENT:
            aligned = 1.0 if containment == 1.0 and len(small) == len(large) else self._aligned(a, b)
        return Alike(a, b, shared / (len(small) + len(large) - shared), containment, aligned)

    def _set(self, number: int) -> Hashes:
        found = self._sets.get(number)
        if found is None:
            found = np.unique(self.shingles[self.starts[number] : self.starts[number + 1]])
            self._sets[number] = found
        return found

    def _aligned(self, a: int, b: int) -> float:
        words = sorted((self.words.of(a), self.words.of(b)), key=len)
        return common_in_order(words[0].tolist(), words[1].tolist()) / len(words[0])


def common_in_order(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the longest common subsequence, by bit vectors (Crochemore and others, 2001)."""
    places: dict[int, int] = {}
    for number, word in enumerate(a):
        places[word] = places.get(word, 0) | 1 << number
    full = (1 << len(a)) - 1
    open_ones = full
    for word in b:
        there = places.get(word)
        if there is not None:
            both = open_ones & there
            open_ones = ((open_ones + both) | (open_ones & ~there)) & full
    return len(a) - open_ones.bit_count()


def _add(pairs: Places, counts: Places, waiting: Sequence[Places]) -> tuple[Places, Places]:
    fresh, seen = np.unique(np.concatenate([np.empty(0, np.int64), *waiting]), return_counts=True)
    both, at = np.unique(np.concatenate([pairs, fresh]), return_inverse=True)
    total = np.bincount(at, weights=np.concatenate([counts, seen]), minlength=len(both)).astype(np.int64)
    return both, total
