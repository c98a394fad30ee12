"""Pairs of texts that share so much wording that one was made from the other, or both from a third.

Candidates come from sampled shingles; each is then verified on all of them (`thresholds` has the rule). What is found
waits on disk where it is much (`runs`): in memory are a few numbers a text, and the words of some thousand texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rapidfuzz.distance import LCSseq

from ..engine import Crew, run
from .candidates import Looked, Numbers, find_candidates
from .known import ALIGNED_UNKNOWN, Known, Shares
from .overlaps import aligned_by_anchors, hash_sets, overlap, share_sets
from .runs import Rows, Runs, pack, unpack
from .shingles import Hashes, Places, cut_batches
from .sketched import sketch_new_texts, sketch_texts
from .sketches import SAMPLE, THREADS, Sketches
from .thresholds import ALIGNED, CONTAINMENT, LOW_ALIGNED, LOW_CONTAINMENT, REWRITTEN, is_plain_reprint, is_reprint

LCS_CELLS = 400_000_000  # beyond this many word pairs the aligned share is a lower bound
HELD_WORDS = 4_000_000  # words of texts under comparison that are in memory, with as many shingles
HELD_SHARES = 200_000  # pairs whose shares are, of some 300 bytes each; all where an earlier run is remembered
CHUNK = 8_192  # pairs compared before the texts of the next are read; their number needs 16 bits
CHUNK_WORDS = 8_000_000  # of the texts of such pairs, each as often as it stands in one

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
    """The texts, some numbers of each, and what was worked out about them lately.

    Attributes:
        texts: read again, by number, where two are compared; they may come from a file.
        n_words: of each text.
        twins: of each text the first with identical folded words; itself where it has none.
        looked: sampled shingles of all texts.
        parts, digests: sketches of all texts, and digests of the texts as they stand, in order; only where an earlier
            run is remembered.
        folder: gets what does not fit into memory.
        bounded: pairs too long for a comparison of all words, whose aligned share is a lower bound.
        n_frequent: sampled passages that are too common to pair all their texts.
    """

    texts: Sequence[str]
    n_words: Numbers
    twins: Numbers
    looked: Looked | None
    parts: list[Sketches] = field(default_factory=list)
    digests: Hashes | None = None
    folder: Path | None = None
    bounded: set[tuple[int, int]] = field(default_factory=set)
    n_frequent: int = 0
    _held: dict[int, tuple[Hashes, Hashes]] = field(default_factory=dict)
    _held_words: int = 0
    _overlaps: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)
    _aligned: dict[tuple[int, int], float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, texts: Sequence[str], workers: Crew = 1, known: Known | None = None, folder: Path | None = None
    ) -> Measured:
        """Sketch all texts, in so many processes; with `known`, in this one, what it does not know yet."""
        if known is None:
            sketched = sketch_texts(texts, workers, folder)
            return cls(texts, sketched.n_words, sketched.find_twins(), sketched.looked, folder=folder)
        sketched, parts, digests = sketch_new_texts(texts, known, folder)
        measured = cls(texts, sketched.n_words, sketched.find_twins(), sketched.looked, parts, digests, folder)
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
        """Let go of all that only finding needed; what was measured stays."""
        self.looked, self.parts = None, []

    def let_go(self) -> None:
        """Let go of what was worked out where it has become much; to be called between pieces of work."""
        if self._held_words > HELD_WORDS:
            self._held.clear()
            self._held_words = 0
        if self.digests is None and len(self._overlaps) > HELD_SHARES:
            self._overlaps.clear()
            self._aligned.clear()

    def know(self, links: Iterable[Link]) -> None:
        """Take over what was measured before."""
        for link in links:
            self._overlaps[link.a, link.b] = link.jaccard, link.containment

    def hold(self, numbers: Iterable[int]) -> None:
        """Read the words of these texts, at once, which is quicker than one after the other."""
        wanted = [number for number in numbers if number not in self._held]
        at = 0
        batches = list(cut_batches(map(self.texts.__getitem__, wanted)))
        for words, sets, starts in run(hash_sets, batches, threads=THREADS if len(batches) > 1 else 1):
            self._held_words += len(words.hashes)
            for number in range(len(words.counts)):
                self._held[wanted[at]] = words.of(number), sets[starts[number] : starts[number + 1]]
                at += 1

    def _of(self, number: int) -> tuple[Hashes, Hashes]:
        if number not in self._held:
            if self._held_words > 2 * HELD_WORDS:
                self._held.clear()
                self._held_words = 0
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
            found = self._overlaps[a, b] = overlap(self._of(a)[1], self._of(b)[1])
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
        return aligned_by_anchors(*words) / shorter

    def find_candidates(self, merged: Numbers | None = None) -> Runs:
        """Packed pairs worth comparing; also notes how many passages were too common for that (see `candidates`).

        Raises:
            ValueError: the shingles were let go of.
        """
        if self.looked is None:
            raise ValueError("candidates cannot be found after `forget`")
        found = find_candidates(self.looked, self.twins, merged)
        self.n_frequent = found.n_frequent
        return found.pairs

    def verify(self, candidates: Runs) -> Links:
        """Those of the candidates that are reprints; words are compared where containment does not decide."""
        found = Links(self.folder)
        for pairs in _neighbours_together(candidates, len(self.texts), self.folder):
            a, b = unpack(pairs)
            for start, end in self._chunks(a, b):
                self.let_go()
                chunk = list(zip(a[start:end].tolist(), b[start:end].tolist(), strict=True))
                self._overlap_all(chunk)
                shares = np.array([self._overlaps[pair] for pair in chunk])
                chosen = shares[:, 1] >= CONTAINMENT
                for number in np.flatnonzero(~chosen & (shares[:, 1] >= LOW_CONTAINMENT)).tolist():
                    chosen[number] = self.pair(*chunk[number]).is_reprint
                found.add(pairs[start:end][chosen], shares[chosen])
        return found

    def _chunks(self, a: Places, b: Places) -> Iterator[tuple[int, int]]:
        """Places between which pairs are compared together: not too many, and not of too many words."""
        ends = np.cumsum(self.n_words[a].astype(np.int64) + self.n_words[b])
        start = 0
        while start < len(ends):
            reached = (ends[start - 1] if start else 0) + CHUNK_WORDS
            end = min(start + CHUNK, max(start + 1, int(np.searchsorted(ends, reached, "right"))))
            yield start, end
            start = end

    def _overlap_all(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Jaccard and containment of many pairs of distinct texts (a < b), at once."""
        new = [pair for pair in pairs if pair not in self._overlaps]
        if not new:
            return
        numbers, rows = np.unique(np.array(new), return_inverse=True)
        self.hold(numbers.tolist())
        shared, sizes = share_sets([self._held[number][1] for number in numbers.tolist()], rows.reshape(-1, 2))
        smaller = np.maximum(1, sizes.min(axis=1))
        jaccard, containment = shared / np.maximum(1, sizes.sum(axis=1) - shared), shared / smaller
        self._overlaps.update(zip(new, zip(jaccard.tolist(), containment.tolist(), strict=True), strict=True))


class Links:
    """Verified pairs, each once, sorted.

    Args:
        folder: gets what does not fit into memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._runs = Runs(folder, width=3, share=4)

    def __len__(self) -> int:
        return sum(map(len, self.blocks()))

    def __iter__(self) -> Iterator[Link]:
        for rows in self.blocks():
            yield from links_of(rows)

    def add(self, pairs: Hashes, shares: Shares) -> None:
        """Packed pairs, and rows of jaccard and containment; some may be there already."""
        self._runs.add(pairs, *(np.ascontiguousarray(shares[:, number]).view(np.uint64) for number in range(2)))

    def put(self, links: Sequence[Link]) -> None:
        """As `add`, from values."""
        if links:
            pairs = pack(*(np.array([getattr(link, name) for link in links], np.int64) for name in ("a", "b")))
            self.add(pairs, np.array([(link.jaccard, link.containment) for link in links]))

    def join(self, others: Links) -> bool:
        """Add other links; is any of them new?"""
        before = len(self)
        for rows in others.blocks():
            self._runs.add(*rows.T)
        return len(self) > before

    def blocks(self) -> Iterator[Rows]:
        """Rows of a packed pair and the bits of its jaccard and containment."""
        for rows in self._runs.blocks():
            fresh = np.ones(len(rows), bool)
            np.not_equal(rows[1:, 0], rows[:-1, 0], out=fresh[1:])
            yield rows if fresh.all() else rows[fresh]


def links_of(rows: Rows) -> list[Link]:
    """As values, from rows of a packed pair and the bits of its jaccard and containment."""
    a, b = unpack(rows[:, 0])
    jaccard, containment = (np.ascontiguousarray(rows[:, number]).view(np.float64) for number in (1, 2))
    return [Link(*of) for of in zip(a.tolist(), b.tolist(), jaccard.tolist(), containment.tolist(), strict=True)]


def _neighbours_together(pairs: Runs, n_texts: int, folder: Path | None) -> Iterator[Hashes]:
    """The pairs in another order: those of one story after each other, so that its texts are read once."""
    label: Numbers = np.arange(n_texts, dtype=np.int32)
    for _ in range(3):  # larger stories are in few pieces
        for block in pairs.firsts():
            a, b = unpack(block)
            for one, other in ((a, b), (b, a)):
                np.minimum.at(label, one, label[other])
    ordered = Runs(folder, width=2, share=4)
    for block in pairs.firsts():
        ordered.add(label[unpack(block)[0]].astype(np.uint64), block)
    for rows in ordered.blocks():
        yield rows[:, 1]


def find_pairs(measured: Measured) -> Links:
    """Verified pairs among the distinct texts. Identical texts are no pairs: see `Measured.twins`."""
    return measured.verify(measured.find_candidates())
