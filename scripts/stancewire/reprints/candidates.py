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
BLOCK = 24_000_000  # shared shingles counted at once, of eight bytes each, some five times over

Numbers = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
PairList = npt.NDArray[np.int64]  # n rows of two numbers, a < b


@dataclass(frozen=True)
class Owners:
    """Which texts have which looked-up shingles: shingle by shingle, the texts in order; lonely shingles are left out.

    Attributes:
        texts: numbers of texts. room: how many texts of the same shingle come after each.
        first: the first text of the same shingle. is_rare: has the shingle at most FREQUENT texts?
        rare, frequent: sampled shingles of each text, lonely ones among the rare.
    """

    texts: Numbers
    room: Numbers
    first: Numbers
    is_rare: Flags
    rare: Places
    frequent: Places


def find_candidates(parts: Sequence[Sketches], firsts: Places, merged: Places | None = None) -> PairList:
    """Pairs of texts worth comparing, sorted; texts that are equal to an earlier one are left aside.

    Args:
        parts: sketches of all texts, in order.
        firsts: of each text the first that equals it: itself where none does.
        merged: of each text the one that stands for its story; shingles then count by stories, and the pairs are
            those of the texts that stand for them. None: every text by itself.
    """
    owners = _find_owners(_pack(parts, firsts, merged), len(firsts))
    found = [_select(owners, *block) for block in _count_shared(owners, len(firsts))]
    return np.concatenate([np.empty((0, 2), np.int64), *found])


def _owner_bits(n_texts: int) -> np.uint64:
    return np.uint64(max(1, (n_texts - 1).bit_length()))


def _pack(parts: Sequence[Sketches], firsts: Places, merged: Places | None) -> Hashes:
    """Looked-up shingles, each in one number with its text: the hash's upper bits, then the text; sorted."""
    bits = _owner_bits(len(firsts))
    packed = np.empty(sum(len(part.keys) for part in parts), np.uint64)
    size, before = 0, 0
    for part in parts:
        numbers = np.arange(before, before + len(part))
        chosen = (firsts[numbers] == numbers) & (part.n_words >= FEWEST_WORDS)
        counts = np.diff(part.starts)
        kept = np.repeat(chosen, counts)
        owners = np.repeat(numbers if merged is None else merged[numbers], counts)[kept].astype(np.uint64)
        end = size + len(owners)
        packed[size:end] = part.keys[kept] >> bits << bits | owners
        size, before = end, before + len(part)
    packed[:size].sort()
    return packed[:size]


def _find_owners(packed: Hashes, n_texts: int) -> Owners:
    bits = _owner_bits(n_texts)
    rare, frequent = np.zeros(n_texts, np.int64), np.zeros(n_texts, np.int64)
    blocks: list[tuple[Numbers, Numbers, Numbers, Flags]] = []
    start = 0
    while start < len(packed):
        end = len(packed)
        if start + BLOCK < end:  # up to where a shingle begins
            key = packed[start + BLOCK] >> bits << bits
            end = int(np.searchsorted(packed, key))
            if end <= start:
                end = int(np.searchsorted(packed, key | _text_mask(n_texts), "right"))
        texts, room, first, is_rare, in_sample, lonely = _share_block(packed[start:end], n_texts)
        rare += lonely + np.bincount(texts[:in_sample][is_rare[:in_sample]], minlength=n_texts)
        frequent += np.bincount(texts[:in_sample][~is_rare[:in_sample]], minlength=n_texts)
        blocks.append((texts, room, first, is_rare))
        start = end
    nothing = np.empty(0, np.int32)
    return Owners(
        np.concatenate([nothing, *(block[0] for block in blocks)]),
        np.concatenate([nothing, *(block[1] for block in blocks)]),
        np.concatenate([nothing, *(block[2] for block in blocks)]),
        np.concatenate([nothing.astype(bool), *(block[3] for block in blocks)]),
        rare,
        frequent,
    )


def _text_mask(n_texts: int) -> np.uint64:
    return (np.uint64(1) << _owner_bits(n_texts)) - np.uint64(1)


def _share_block(packed: Hashes, n_texts: int) -> tuple[Numbers, Numbers, Numbers, Flags, int, Places]:
    """Columns of `Owners` for some shingles; how many rows are of the sample; sampled lonely shingles of each text."""
    bits, mask = _owner_bits(n_texts), _text_mask(n_texts)
    fresh = np.ones(len(packed), bool)
    np.not_equal(packed[1:], packed[:-1], out=fresh[1:])
    packed = packed[fresh]
    keys = packed >> bits
    same = keys[1:] == keys[:-1]
    shared = np.zeros(len(packed), bool)
    shared[1:] = same
    shared[:-1] |= same
    begins = shared.copy()
    begins[1:] &= ~same
    begins = begins[shared]
    in_sample = int(np.searchsorted(packed, IN_SAMPLE))
    lonely = np.bincount((packed[:in_sample][~shared[:in_sample]] & mask).view(np.int64), minlength=n_texts)
    texts = (packed[shared] & mask).astype(np.int32)
    heads = np.flatnonzero(begins)
    sizes = np.diff(np.append(heads, len(texts)))
    is_rare = np.repeat(sizes <= FREQUENT, sizes)
    room = (np.repeat(heads + sizes, sizes) - np.arange(len(texts)) - 1).astype(np.int32)
    n_sampled = int(np.count_nonzero(shared[:in_sample]))
    return texts, room, np.repeat(texts[heads], sizes), is_rare, n_sampled, lonely


def _count_shared(owners: Owners, n_texts: int) -> Iterator[tuple[PairList, Places, Places]]:
    """Pairs that share looked-up shingles, with how many, and how many rare ones; a run of first texts at a time."""
    bits = _owner_bits(n_texts)
    mask = _text_mask(n_texts)
    events = np.bincount(owners.texts, np.where(owners.is_rare, owners.room, 2), minlength=n_texts)
    # What a frequent shingle pairs with its first text counts for that one, in whose block it must be.
    far = np.flatnonzero(~owners.is_rare & (owners.first != owners.texts))
    events += np.bincount(owners.first[far], minlength=n_texts)
    ends = np.cumsum(events)
    low = 0
    while low < n_texts:
        high = max(low + 1, int(np.searchsorted(ends, (ends[low - 1] if low else 0) + BLOCK, "right")))
        whole = low == 0 and high >= n_texts
        here = np.arange(len(owners.texts)) if whole else np.flatnonzero(
            (owners.texts >= low) & (owners.texts < high)
        )
        found = []
        for step in range(1, FREQUENT):
            here = here[(owners.room[here] >= step) & (owners.is_rare[here] if step > 1 else True)]
            found.append(_events(owners.texts[here], owners.texts[here + step], owners.is_rare[here], bits))
        anchored = far if whole else far[(owners.first[far] >= low) & (owners.first[far] < high)]
        # The neighbour of the first is counted above.
        anchored = anchored[owners.first[anchored] != owners.texts[anchored - 1]]
        found.append(_events(owners.first[anchored], owners.texts[anchored], owners.is_rare[anchored], bits))
        packed = np.concatenate(found)
        del found
        packed.sort()
        pairs = packed >> np.uint64(1)
        heads = np.flatnonzero(np.concatenate((np.ones(min(1, len(pairs)), bool), pairs[1:] != pairs[:-1])))
        shared = np.diff(np.append(heads, len(pairs)))
        rare = np.add.reduceat(packed & np.uint64(1), heads).astype(np.int64) if len(heads) else shared
        pairs = pairs[heads]
        yield np.column_stack([(pairs >> bits).astype(np.int64), (pairs & mask).astype(np.int64)]), shared, rare
        low = high


def _events(left: Numbers, right: Numbers, is_rare: Flags, bits: np.uint64) -> Hashes:
    both = left.astype(np.uint64) << bits | right.astype(np.uint64)
    return both << np.uint64(1) | is_rare


def _select(owners: Owners, pairs: PairList, shared: Places, shared_rare: Places) -> PairList:
    """The pairs that share enough."""
    a, b = pairs[:, 0], pairs[:, 1]
    rare, frequent = owners.rare, owners.frequent
    shorter = np.where(rare[a] + frequent[a] <= rare[b] + frequent[b], a, b)
    shares = frequent / np.maximum(1, rare + frequent)
    common_share = shares[shorter]
    least = np.where(common_share > SOME_FREQUENT, RARE_ESTIMATE, ESTIMATE)
    by_rare = shared_rare >= np.maximum(1, least * np.minimum(rare[a], rare[b]))
    # In both: a text of boilerplate alone is no version of all that end with it.
    mostly = np.minimum(shares[a], shares[b]) > MOSTLY_FREQUENT
    by_all = (shared >= np.maximum(1, ESTIMATE * (rare + frequent)[shorter])) & mostly
    return pairs[by_rare | by_all]
