"""Candidates: pairs of texts that share enough of their sampled shingles to be worth a full comparison.

A shingle is frequent when more than `FREQUENT` texts have it: boilerplate, or a story with very many versions. Frequent
ones pair each of their texts with the first and the next only, so that the work stays linear, and they count only for
texts in which there is little else. A second round counts stories instead of texts (`merged`): what is frequent within
one large story only is then as good as rare.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .shingles import Hashes, Places
from .sketches import IN_SAMPLE, Sketches
from .thresholds import FEWEST_WORDS

FREQUENT = 24  # a shingle in more texts than this makes candidates of the first and of neighbours only
ESTIMATE = 0.15  # share of the shorter text's sampled shingles that makes a candidate
SOME_FREQUENT = 0.1  # from this share of frequent shingles on in the shorter text
RARE_ESTIMATE = 0.3  # the rare ones alone must show this much
MOSTLY_FREQUENT = 0.6  # beyond this share the frequent ones count too: nothing else is left to compare
BLOCK = 16_000_000  # shingles sorted at once, of eight bytes each
SLICE = 500_000  # of them looked at together, so that they stay in a cache
MOST_SHARED = 16_000_000  # pairs that share a shingle, counted at once, of eight bytes each, some three times over

PairList = npt.NDArray[np.int64]  # n rows of two numbers, a < b


@dataclass(frozen=True)
class Candidates:
    """Pairs of texts worth comparing.

    Attributes:
        pairs: sorted.
        n_frequent: sampled shingles that more than `FREQUENT` texts have; not all of those texts were paired by them.
    """

    pairs: PairList
    n_frequent: int


@dataclass
class _Counted:
    """Sampled shingles of each text: all, and those that are frequent."""

    sampled: Places
    frequent: Places
    n_frequent: int = 0


class _TooMany(Exception):
    """More shared shingles than are counted at once."""


def find_candidates(parts: Sequence[Sketches], firsts: Places, merged: Places | None = None) -> Candidates:
    """Pairs of texts worth comparing; texts that are equal to an earlier one are left aside.

    Args:
        parts: sketches of all texts, in order.
        firsts: of each text the first that equals it: itself where none does.
        merged: of each text the one that stands for its story; shingles then count by stories, and the pairs are
            those of the texts that stand for them. None: every text by itself.
    """
    packed = _Packed(parts, firsts, merged)
    found, counted = _find_within(packed, 0, len(firsts))
    return Candidates(found, counted.n_frequent)


def _find_within(packed: _Packed, low: int, high: int) -> tuple[PairList, _Counted]:
    """Candidates whose first text is in [low, high): all at once where they are few enough, else half by half."""
    counted = _Counted(np.zeros(packed.n_texts, np.int64), np.zeros(packed.n_texts, np.int64))
    sums = _Sums(2 * MOST_SHARED if high - low > 1 else None)
    try:
        for block in packed.blocks():
            for start, end in packed.cut(block):
                sums.add(_share_slice(block[start:end], packed, counted, low, high))
        pairs, shared, shared_rare = sums.total()
    except _TooMany:
        middle = (low + high) // 2
        before, _ = _find_within(packed, low, middle)
        after, counted = _find_within(packed, middle, high)
        return np.concatenate([before, after]), counted
    found: list[PairList] = [np.empty((0, 2), np.int64)]
    for start in range(0, len(pairs), SLICE):
        some = slice(start, start + SLICE)
        columns = (pairs[some] >> packed.bits).astype(np.int64), (pairs[some] & packed.mask).astype(np.int64)
        found.append(_select(counted, np.column_stack(columns), shared[some], shared_rare[some]))
    return np.concatenate(found), counted


class _Packed:
    """Looked-up shingles, each in one number with its text: the hash's upper bits, then the text."""

    def __init__(self, parts: Sequence[Sketches], firsts: Places, merged: Places | None) -> None:
        self.parts = parts
        self.n_texts = len(firsts)
        self.bits = np.uint64(max(1, (self.n_texts - 1).bit_length()))
        self.mask = (np.uint64(1) << self.bits) - np.uint64(1)
        self.merged = merged
        self.chosen = firsts == np.arange(self.n_texts)
        at = 0
        for part in parts:
            self.chosen[at : at + len(part)] &= part.n_words >= FEWEST_WORDS
            at += len(part)

    def blocks(self) -> Iterator[Hashes]:
        """All of them, sorted, each once; a shingle is in one block."""
        total = sum(len(part.keys) for part in self.parts)
        bounds = _bounds(self.parts, total) if total > BLOCK else [(0, 2**64 - 1, total)]
        for low, high, most in bounds:
            block: Hashes = np.empty(most, np.uint64)
            size, before = 0, 0
            for part in self.parts:
                piece = self._piece(part, before, np.uint64(low), np.uint64(high), len(bounds) == 1)
                block[size : size + len(piece)] = piece
                size, before = size + len(piece), before + len(part)
            block = block[:size]
            block.sort()
            yield block if self.merged is None else block[_heads(block)]

    def _piece(self, part: Sketches, before: int, low: np.uint64, high: np.uint64, is_all: bool) -> Hashes:
        chosen = self.chosen[before : before + len(part)]
        numbers = np.arange(before, before + len(part)) if self.merged is None else self.merged[before:][: len(part)]
        owners = np.repeat(numbers.astype(np.uint64), np.diff(part.starts))
        keys = part.keys
        kept = None if chosen.all() else np.repeat(chosen, np.diff(part.starts))
        if not is_all:
            within = (keys >= low) & (keys <= high)
            kept = within if kept is None else within & kept
        if kept is not None:
            keys, owners = keys[kept], owners[kept]
        owners |= keys >> self.bits << self.bits
        return owners

    def cut(self, block: Hashes) -> Iterator[tuple[int, int]]:
        """Places between which slices of a block stand, cut where a shingle begins."""
        start, step = 0, max(SLICE, self.n_texts)
        while start < len(block):
            end = len(block)
            if start + step < end:
                end = int(np.searchsorted(block, block[start + step] | self.mask, "right"))
            yield start, end
            start = end


def _bounds(parts: Sequence[Sketches], total: int) -> list[tuple[int, int, int]]:
    """Least and greatest hash of each block, and how many there are."""
    upper = np.uint64(56)
    counts = np.zeros(256, np.int64)
    for part in parts:
        counts += np.bincount((part.keys >> upper).astype(np.int64), minlength=256)
    block_of = (np.cumsum(counts) - counts) // (total // -(-total // BLOCK) + 1)
    firsts = np.flatnonzero(np.diff(block_of, prepend=-1)).tolist()
    return [
        (low << 56, (high << 56) - 1, int(counts[low:high].sum()))
        for low, high in zip(firsts, [*firsts[1:], 256], strict=True)
    ]


def _share_slice(packed: Hashes, of: _Packed, counted: _Counted, low: int, high: int) -> list[Hashes]:
    """Pairs that share a shingle of the slice, once for each: first text, second, and whether the shingle is rare.

    Works on links, which are neighbours in the slice that have the same shingle: runs of links one after the other are
    the texts of one shingle.
    """
    n_sampled = int(np.searchsorted(packed, IN_SAMPLE))
    counted.sampled += np.bincount((packed[:n_sampled] & of.mask).view(np.int64), minlength=of.n_texts)
    at = np.flatnonzero(packed[1:] ^ packed[:-1] <= of.mask)
    if not len(at):
        return []
    left, right = packed[at] & of.mask, packed[at + 1] & of.mask
    heads = np.flatnonzero(np.diff(at, prepend=-2) != 1)
    sizes = np.diff(heads, append=len(at))
    is_rare = np.repeat(sizes < FREQUENT, sizes)
    room = np.repeat(heads + sizes, sizes)
    room -= np.arange(len(at))
    here: Places = np.arange(len(at))
    found = []
    if not is_rare.all():
        far = np.flatnonzero(~is_rare)
        first = np.repeat(left[heads], sizes)[far]
        found.append(_events(left[far], right[far], of, low, high, 0))
        anchored = first != left[far]  # the neighbour of the first is among those before
        found.append(_events(first[anchored], right[far][anchored], of, low, high, 0))
        many = sizes >= FREQUENT
        last = (heads + sizes - 1)[many]
        for texts, places in ((left[far], at[far]), (right[last], at[last])):
            some = texts[places < n_sampled].view(np.int64)
            counted.frequent += np.bincount(some, minlength=of.n_texts)
        counted.n_frequent += int(np.count_nonzero(at[last] < n_sampled))
        here = np.flatnonzero(is_rare)
    for step in range(FREQUENT - 1):
        here = here[room[here] > step] if step else here
        found.append(_events(left[here], right[here + step], of, low, high, 1))
    return found


def _events(left: Hashes, right: Hashes, of: _Packed, low: int, high: int, is_rare: int) -> Hashes:
    if high - low < of.n_texts:
        within = (left >= np.uint64(low)) & (left < np.uint64(high))
        left, right = left[within], right[within]
    both = left << of.bits
    both |= right
    both <<= np.uint64(1)
    both |= np.uint64(is_rare)
    return both


class _Sums:
    """How many shingles each pair shares, and how many rare ones: summed up whenever many wait."""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self.waiting: list[Hashes] = []
        self.n_waiting = 0
        self.pairs: Hashes = np.empty(0, np.uint64)
        self.shared: Places = np.empty(0, np.int64)
        self.rare: Places = np.empty(0, np.int64)

    def add(self, events: list[Hashes]) -> None:
        self.waiting += events
        self.n_waiting += sum(map(len, events))
        if self.n_waiting > MOST_SHARED:
            self.total()

    def total(self) -> tuple[Hashes, Places, Places]:
        """Pairs, sorted, with their counts.

        Raises:
            _TooMany: there are more pairs than asked for.
        """
        events = np.concatenate([np.empty(0, np.uint64), *self.waiting])
        self.waiting, self.n_waiting = [], 0
        events.sort()
        pairs = events >> np.uint64(1)
        heads = _heads(pairs)
        shared: Places = np.diff(np.append(heads, len(pairs))).astype(np.int64)
        events &= np.uint64(1)
        rare = np.add.reduceat(events, heads).astype(np.int64) if len(heads) else shared
        pairs = pairs[heads]
        if len(self.pairs):
            both = np.concatenate([self.pairs, pairs])
            order = np.argsort(both, kind="stable")
            both = both[order]
            heads = _heads(both)
            shared = np.add.reduceat(np.concatenate([self.shared, shared])[order], heads)
            rare = np.add.reduceat(np.concatenate([self.rare, rare])[order], heads)
            pairs = both[heads]
        self.pairs, self.shared, self.rare = pairs, shared, rare
        if self.most is not None and len(pairs) > self.most:
            raise _TooMany
        return pairs, shared, rare


def _heads(ordered: Hashes) -> Places:
    """Where runs of equal numbers begin."""
    fresh = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return np.flatnonzero(fresh)


def _select(counted: _Counted, pairs: PairList, shared: Places, shared_rare: Places) -> PairList:
    """The pairs that share enough."""
    a, b = pairs[:, 0], pairs[:, 1]
    frequent = counted.frequent
    rare = counted.sampled - frequent
    shorter = np.where(rare[a] + frequent[a] <= rare[b] + frequent[b], a, b)
    shares = frequent / np.maximum(1, rare + frequent)
    common_share = shares[shorter]
    least = np.where(common_share > SOME_FREQUENT, RARE_ESTIMATE, ESTIMATE)
    by_rare = shared_rare >= np.maximum(1, least * np.minimum(rare[a], rare[b]))
    # In both: a text of boilerplate alone is no version of all that end with it.
    mostly = np.minimum(shares[a], shares[b]) > MOSTLY_FREQUENT
    by_all = (shared >= np.maximum(1, ESTIMATE * (rare + frequent)[shorter])) & mostly
    return pairs[by_rare | by_all]
