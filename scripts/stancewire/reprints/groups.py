"""Groups of reprints, each checked against its weakest link.

Pairs are taken from the strongest to the weakest. A pair joins two groups only when every member of one shares at least
`WEAKEST` of its wording with every member of the other: an article that embeds two unrelated stories joins the nearer
of them, and a chain of ever-changing versions ends where its ends have nothing in common. In groups beyond `WITNESSES`
members a fixed choice of members stands for all, so that ten thousand versions are grouped in linear time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ..engine import Crew
from .candidates import FREQUENT, Numbers
from .known import Known
from .pairs import Link, Links, Measured, find_pairs, links_of
from .runs import Runs, unpack
from .shingles import Places, places_of

T = TypeVar("T")

WEAKEST = 0.2  # containment below which two texts are never of one story; independent reports reach some 0.36
WITNESSES = 24  # members of a group that a newcomer is compared with
HELD_TEXTS = 4_096  # texts read at once for the comparison of their groups
HELD_TEXT_WORDS = 4_000_000  # and their words


@dataclass(frozen=True)
class TextGroups:
    """Which texts belong together.

    Attributes:
        members: numbers of all texts that are in a group, sorted within each; of identical texts all are there.
        starts: group i has `members[starts[i]:starts[i + 1]]`; groups are sorted by their first member.
        links: verified reprints among the distinct texts.
        apart: those of them that the weakest link kept apart.
    """

    members: Numbers
    starts: Places
    links: Links
    apart: Links
    measured: Measured

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Numbers of two texts and more, sorted."""
        ends = self.starts.tolist()
        return tuple(tuple(self.members[start:end].tolist()) for start, end in pairwise(ends))

    @property
    def pairs(self) -> tuple[Link, ...]:
        """All links, sorted."""
        return tuple(self.links)

    @property
    def refused(self) -> tuple[Link, ...]:
        """Those that were kept apart, the strongest first."""
        return tuple(sorted(self.apart, key=_strength))


def group_texts(
    texts: Sequence[str], workers: Crew = 1, known: Known | None = None, folder: Path | None = None
) -> TextGroups:
    """Groups of texts that are reprints of one another, each checked against its weakest link.

    Args:
        texts: read once in order, and some of them again by number.
        workers: processes that read them first; the outcome is the same for any number.
        known: what `measured.remember()` gave in an earlier run: then only texts and pairs that are new are worked on,
            with the same outcome. `Known.nothing()` for the first run.
        folder: gets what does not fit into memory.
    """
    measured = Measured.of(texts, workers, known, folder)
    links = find_pairs(measured)
    grown = _grow(measured, links)
    if (grown.sizes > FREQUENT).any():
        # Shingles of a large story looked like boilerplate: look again, each story counted once.
        again = measured.verify(measured.find_candidates(grown.merged(measured.n_words)))
        if links.join(again):
            grown = _grow(measured, links)
    return TextGroups(*_with_copies(grown, measured.twins), links, grown.refused, measured)


@dataclass(frozen=True)
class _Grown:
    """Groups of distinct texts: the members of each after those of the one before, and how many each has."""

    members: Places
    sizes: Places
    refused: Links

    @property
    def group_of(self) -> Places:
        """Of each member the number of its group."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    def merged(self, n_words: Numbers) -> Numbers:
        """Of each text the one that stands for its group: that of most words, then the first."""
        order = np.lexsort((self.members, -n_words[self.members], self.group_of))
        heads = self.members[order][places_of(self.sizes)[:-1]]
        merged: Numbers = np.arange(len(n_words), dtype=np.int32)
        merged[self.members] = np.repeat(heads, self.sizes)
        return merged


def _with_copies(grown: _Grown, twins: Numbers) -> tuple[Numbers, Places]:
    """The groups, with the copies of their members, and those of copies alone; see `TextGroups`."""
    group: Numbers = np.full(len(twins), -1, np.int32)
    group[grown.members] = grown.group_of
    copies = np.flatnonzero(twins != np.arange(len(twins), dtype=twins.dtype))
    firsts = twins[copies]
    lonely = np.unique(firsts[group[firsts] < 0])
    group[lonely] = len(grown.sizes) + np.arange(len(lonely))
    group[copies] = group[firsts]
    members = np.flatnonzero(group >= 0)
    members = members[np.argsort(group[members], kind="stable")]
    starts = np.flatnonzero(np.diff(group[members], prepend=-1))
    sizes = np.diff(starts, append=len(members))
    order = np.argsort(members[starts])
    ends = places_of(sizes[order])
    at = np.repeat(starts[order] - ends[:-1], sizes[order]) + np.arange(len(members))
    return members[at].astype(np.int32), ends


def _grow(measured: Measured, links: Links) -> _Grown:
    """Groups of two texts and more, and the links that were not allowed to join theirs."""
    members: list[npt.NDArray[np.int32]] = [np.empty(0, np.int32)]
    sizes: list[npt.NDArray[np.int32]] = [np.empty(0, np.int32)]
    refused = Links(links.folder)

    def unread(linked: list[Link]) -> set[int]:
        if len(linked) == 1:  # two texts, and what they share is known
            return set()
        measured.know(linked)
        texts = {number for link in linked for number in (link.a, link.b)}
        return texts if len(texts) > WITNESSES else measured.unread(combinations(sorted(texts), 2), is_aligned=False)

    for some in held_together(measured, linked_texts(links, len(measured.n_words)), unread):
        grown: list[list[int]] = []
        apart: list[Link] = []
        for linked in some:
            if len(linked) == 1:
                grown.append([linked[0].a, linked[0].b])
                continue
            here, kept_apart = _grow_linked(measured, linked)
            grown += here
            apart += kept_apart
        members.append(np.array([number for group in grown for number in group], np.int32))
        sizes.append(np.array([len(group) for group in grown], np.int32))
        refused.put(apart)
    return _Grown(np.concatenate(members).astype(np.int64), np.concatenate(sizes).astype(np.int64), refused)


def _strength(pair: Link) -> tuple[float, float, int, int]:
    """Sorts the strongest first."""
    return -pair.jaccard, -pair.containment, pair.a, pair.b


def linked_texts(links: Links, n_texts: int) -> Iterator[list[Link]]:
    """The links in runs that have no text in common with one another, each sorted."""
    root = _find_roots(links, n_texts)
    ordered = Runs(links.folder, width=4, share=4)
    for rows in links.blocks():
        ordered.add(root[unpack(rows[:, 0])[0]].astype(np.uint64), *rows.T)
    del root
    for rows in ordered.blocks():
        found = links_of(rows[:, 1:])
        begins = np.flatnonzero(np.diff(rows[:, 0].view(np.int64), prepend=-1)).tolist()
        for start, end in zip(begins, [*begins[1:], len(found)], strict=True):
            yield found[start:end]


def _find_roots(links: Links, n_texts: int) -> Numbers:
    """Of each text the first of those that it is linked with, through others or not; itself where there is none."""
    root: Numbers = np.arange(n_texts, dtype=np.int32)
    is_open = True
    while is_open:
        is_open = False
        for rows in links.blocks():
            a, b = (root[numbers] for numbers in unpack(rows[:, 0]))
            differ = a != b
            if differ.any():
                is_open = True
                a, b = a[differ], b[differ]
                np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while is_open and not np.array_equal(above := root[root], root):
            root = above
    return root


def held_together(measured: Measured, items: Iterable[T], texts_of: Callable[[T], Iterable[int]]) -> Iterator[list[T]]:
    """The items in order, some at a time, after these texts of theirs were read: at once, which is quicker."""
    some: list[T] = []
    wanted: set[int] = set()
    n_words = 0
    for item in items:
        texts = set(texts_of(item))
        words = int(measured.n_words[list(texts)].sum())
        if some and (len(some) + len(wanted) + len(texts) > HELD_TEXTS or n_words + words > HELD_TEXT_WORDS):
            measured.hold(sorted(wanted))
            yield some
            measured.let_go()
            some, wanted, n_words = [], set(), 0
            texts = set(texts_of(item))  # again, after what is known was let go of
            words = int(measured.n_words[list(texts)].sum())
        some.append(item)
        if len(texts) <= HELD_TEXTS:
            wanted |= texts
            n_words += words
    measured.hold(sorted(wanted))
    yield some
    measured.let_go()


def _grow_linked(measured: Measured, pairs: Sequence[Link]) -> tuple[list[list[int]], list[Link]]:
    group_of: dict[int, list[int]] = {}
    refused = []
    for pair in sorted(pairs, key=_strength):
        left = group_of.setdefault(pair.a, [pair.a])
        right = group_of.setdefault(pair.b, [pair.b])
        if left is right:
            continue
        stand_left, stand_right = _standing_for(left, pair.a), _standing_for(right, pair.b)
        if all(measured.overlap(a, b)[1] >= WEAKEST for a in stand_left for b in stand_right):
            if len(left) < len(right):
                left, right = right, left
            left.extend(right)
            for member in right:
                group_of[member] = left
        else:
            refused.append(pair)
    distinct = {id(group): group for group in group_of.values()}
    return [sorted(group) for group in distinct.values() if len(group) > 1], refused


def _standing_for(group: list[int], joining: int) -> list[int]:
    """The members that a newcomer is compared with: all, or evenly chosen ones."""
    if len(group) <= WITNESSES:
        return group
    step = len(group) / (WITNESSES - 1)
    return [joining, *(group[int(step * at)] for at in range(WITNESSES - 1))]
