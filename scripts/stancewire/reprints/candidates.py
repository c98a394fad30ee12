"""Candidates: pairs of texts that share enough of their sampled shingles to be worth a full comparison.

A shingle is frequent when more than `FREQUENT` texts have it: boilerplate, or a story with very many versions. Frequent
ones pair each of their texts with the first and the next only, so that the work stays linear, and they count only for
texts in which there is little else. A second round counts stories instead of texts (`merged`): what is frequent within
one large story only is then as good as rare.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .runs import Runs, pack
from .shingles import Hashes, Places
from .sketches import IN_SAMPLE

FREQUENT = 24  # a shingle in more texts than this makes candidates of the first and of neighbours only
ESTIMATE = 0.15  # share of the shorter text's sampled shingles that makes a candidate
SOME_FREQUENT = 0.1  # from this share of frequent shingles on in the shorter text
RARE_ESTIMATE = 0.3  # the rare ones alone must show this much
MOSTLY_FREQUENT = 0.6  # beyond this share the frequent ones count too: nothing else is left to compare
SLICE = 500_000  # shingles looked at together, so that they stay in a cache

PairList = npt.NDArray[np.int64]  # n rows of two numbers, a < b
Numbers = npt.NDArray[np.int32]  # one for each text: no corpus has two thousand million


@dataclass(frozen=True)
class Candidates:
    """Pairs of texts worth comparing.

    Attributes:
        pairs: packed (`runs.pack`).
        n_frequent: sampled shingles that more than `FREQUENT` texts have; not all of those texts were paired by them.
    """

    pairs: Runs
    n_frequent: int


@dataclass
class _Counted:
    """Sampled shingles of each text: all, and those that are frequent."""

    sampled: Numbers
    frequent: Numbers
    n_frequent: int = 0


class Looked:
    """Looked-up shingles of texts, each in one number with its text: the hash's upper bits, then the text's number.

    Args:
        n_texts: numbers are below it. folder: gets what does not fit into memory.
    """

    def __init__(self, n_texts: int, folder: Path | None = None) -> None:
        self.n_texts = n_texts
        self.folder = folder
        self.bits = np.uint64(max(1, (n_texts - 1).bit_length()))
        self.mask = (np.uint64(1) << self.bits) - np.uint64(1)
        self._keys = Runs(folder)

    def add(self, numbers: Places, counts: Places, keys: Hashes) -> None:
        """The shingles of some texts; of each so many, one text's after the other's."""
        owners = np.repeat(numbers.astype(np.uint64), counts)
        owners |= keys >> self.bits << self.bits
        self._keys.add(owners)

    def blocks(self, firsts: Numbers, merged: Numbers | None) -> Iterator[Hashes]:
        """All of them, sorted, each once; a shingle is in one block. See `find_candidates`."""
        chosen = firsts == np.arange(self.n_texts, dtype=firsts.dtype)
        is_all = bool(chosen.all())
        for block in self._keys.firsts(together=int(self.bits)):
            if not is_all:
                block = block[chosen[(block & self.mask).view(np.int64)]]
            if merged is not None:
                owners = merged[(block & self.mask).view(np.int64)].astype(np.uint64)
                owners |= block & ~self.mask
                owners.sort()
                block = owners[_heads(owners)]
            yield block

    def cut(self, block: Hashes) -> Iterator[tuple[int, int]]:
        """Places between which slices of a block stand, cut where a shingle begins."""
        start = 0
        while start < len(block):
            end = len(block)
            if start + SLICE < end:
                end = int(np.searchsorted(block, block[start + SLICE] | self.mask, "right"))
            yield start, end
            start = end


def find_candidates(looked: Looked, firsts: Numbers, merged: Numbers | None = None) -> Candidates:
    """Pairs of texts worth comparing; texts that are equal to an earlier one are left aside.

    Args:
        looked: the shingles of all texts that are long enough to be compared.
        firsts: of each text the first that equals it: itself where none does.
        merged: of each text the one that stands for its story; shingles then count by stories, and the pairs are
            those of the texts that stand for them. None: every text by itself.
    """
    counted = _Counted(np.zeros(looked.n_texts, np.int32), np.zeros(looked.n_texts, np.int32))
    events = Runs(looked.folder)
    for block in looked.blocks(firsts, merged):
        for start, end in looked.cut(block):
            for found in _share_slice(block[start:end], looked, counted):
                events.add(found)
    pairs = Runs(looked.folder, share=2)
    for block in events.firsts(together=1):
        both = block >> np.uint64(1)
        heads = _heads(both)
        shared: Places = np.diff(np.append(heads, len(both)))
        rare = np.add.reduceat(block & np.uint64(1), heads).astype(np.int64)
        both = both[heads]
        for start in range(0, len(both), SLICE):
            some = slice(start, start + SLICE)
            columns = (both[some] >> looked.bits).astype(np.int64), (both[some] & looked.mask).astype(np.int64)
            chosen = _select(counted, np.column_stack(columns), shared[some], rare[some])
            pairs.add(pack(chosen[:, 0], chosen[:, 1]))
    return Candidates(pairs, counted.n_frequent)


def _share_slice(packed: Hashes, of: Looked, counted: _Counted) -> list[Hashes]:
    """Pairs that share a shingle of the slice, once for each: first text, second, and whether the shingle is rare.

    Works on links, which are neighbours in the slice that have the same shingle: runs of links one after the other are
    the texts of one shingle.
    """
    n_sampled = int(np.searchsorted(packed, IN_SAMPLE))
    _count(counted.sampled, packed[:n_sampled] & of.mask)
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
        found.append(_events(left[far], right[far], of, 0))
        anchored = first != left[far]  # the neighbour of the first is among those before
        found.append(_events(first[anchored], right[far][anchored], of, 0))
        many = sizes >= FREQUENT
        last = (heads + sizes - 1)[many]
        for texts, places in ((left[far], at[far]), (right[last], at[last])):
            _count(counted.frequent, texts[places < n_sampled])
        counted.n_frequent += int(np.count_nonzero(at[last] < n_sampled))
        here = np.flatnonzero(is_rare)
    for step in range(FREQUENT - 1):
        here = here[room[here] > step] if step else here
        found.append(_events(left[here], right[here + step], of, 1))
    return found


def _count(into: Numbers, texts: Hashes) -> None:
    """Add one for each time that a text stands there."""
    if len(into) <= 8 * len(texts):
        into += np.bincount(texts.view(np.int64), minlength=len(into)).astype(np.int32)
    else:
        np.add.at(into, texts.view(np.int64), np.int32(1))


def _events(left: Hashes, right: Hashes, of: Looked, is_rare: int) -> Hashes:
    both = left << of.bits
    both |= right
    both <<= np.uint64(1)
    both |= np.uint64(is_rare)
    return both


def _heads(ordered: Hashes) -> Places:
    """Where runs of equal numbers begin."""
    fresh = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return np.flatnonzero(fresh)


def _select(counted: _Counted, pairs: PairList, shared: Places, shared_rare: Places) -> PairList:
    """The pairs that share enough."""
    sampled, frequent = counted.sampled[pairs], counted.frequent[pairs]
    rare = sampled - frequent
    shares = frequent / np.maximum(1, sampled)
    shorter = sampled[:, 0] <= sampled[:, 1]
    common_share = np.where(shorter, shares[:, 0], shares[:, 1])
    least = np.where(common_share > SOME_FREQUENT, RARE_ESTIMATE, ESTIMATE)
    by_rare = shared_rare >= np.maximum(1, least * rare.min(axis=1))
    # In both: a text of boilerplate alone is no version of all that end with it.
    mostly = shares.min(axis=1) > MOSTLY_FREQUENT
    by_all = (shared >= np.maximum(1, ESTIMATE * sampled.min(axis=1))) & mostly
    return pairs[by_rare | by_all]
