"""Stories: groups of reprints, each checked against its weakest link.

Pairs are taken from the strongest to the weakest. A pair joins two groups only when every member of one shares at least
`WEAKEST` of its wording with every member of the other: an article that embeds two unrelated stories joins the nearer
of them, and a chain of ever-changing versions ends where its ends have nothing in common. Pairs that are kept apart so
are listed all the same, as pairs across stories. In groups beyond `WITNESSES`
members a fixed choice of members stands for all, so that ten thousand versions are grouped in linear time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar, overload

import numpy as np

from ..engine import Crew
from ..tables import row_id
from .candidates import FREQUENT
from .known import Known
from .pairs import Link, Measured, Pair, find_pairs
from .shingles import Places
from .spool import Spool
from .witness import Heading, Witness

T = TypeVar("T")
Row = dict[str, object]

WEAKEST = 0.2  # containment below which two texts are never of one story; independent reports reach some 0.36
WITNESSES = 24  # members of a group that a newcomer is compared with
ALL_PAIRS = 12  # a story up to this size lists all its reprint pairs; a larger one its members against the head
HELD_TEXTS = 4_096  # texts read at once for the comparison of their groups


@dataclass(frozen=True)
class Story:
    """Texts of one story by number, sorted; `head` is the fullest version."""

    story_id: str
    head: int
    members: tuple[int, ...]


@dataclass(frozen=True)
class TextGroups:
    """Which texts belong together.

    Attributes:
        groups: numbers of two texts and more, sorted, identical texts included.
        pairs: verified reprints among the distinct texts.
        refused: those of them that the weakest link kept apart.
    """

    groups: tuple[tuple[int, ...], ...]
    pairs: tuple[Link, ...]
    refused: tuple[Link, ...]
    measured: Measured


@dataclass(frozen=True)
class Grouping:
    """The stories of two documents and more, and all reprint pairs.

    Attributes:
        story_of: of each document the number of its story; -1 for one that stands alone.
        across: reprint pairs of documents in different stories, which the weakest link kept apart; of equal documents
            the first stands for all.
        bounded: pairs too long for a comparison of all words: their aligned share is a lower bound.
    """

    stories: tuple[Story, ...]
    pairs: tuple[Pair, ...]
    across: tuple[Pair, ...]
    story_of: Places
    measured: Measured
    bounded: tuple[tuple[int, int], ...] = ()


class _Readings(Sequence[str]):
    """The reading texts of witnesses, made when they are asked for: kept, they would double the corpus."""

    def __init__(self, witnesses: Sequence[Witness]) -> None:
        self.witnesses = witnesses

    def __len__(self) -> int:
        return len(self.witnesses)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        if isinstance(self.witnesses, Spool):
            return self.witnesses.reading_text(at)
        return self.witnesses[at].reading_text


def headings_of(witnesses: Sequence[Witness]) -> Sequence[Heading | Witness]:
    """What is known of the documents without their texts, which a spool would read."""
    return witnesses.headings if isinstance(witnesses, Spool) else witnesses


def group_witnesses(witnesses: Sequence[Witness], workers: Crew = 1, known: Known | None = None) -> Grouping:
    """Stories of witnesses sorted by doc_id; the outcome depends neither on the corpus's order nor on `workers`."""
    found = group_texts(_Readings(witnesses), workers, known)
    measured = found.measured
    headings = headings_of(witnesses)
    stories = sorted((_story(headings, group) for group in found.groups), key=lambda story: story.members)
    story_of = np.full(len(witnesses), -1)
    for number, story in enumerate(stories):
        story_of[list(story.members)] = number
    listed = []
    for some in _held_together(measured, stories, lambda story: measured.unread(_listed(story), is_aligned=True)):
        listed += [pair for story in some for pair in _story_pairs(measured, story)]
    apart = [link for link in found.pairs if story_of[link.a] != story_of[link.b]]
    across = []
    for links in _held_together(measured, apart, lambda link: measured.unread([(link.a, link.b)], is_aligned=True)):
        across += [measured.pair(link.a, link.b) for link in links]
    bounded = tuple(sorted(measured.bounded))
    return Grouping(tuple(stories), tuple(sorted(listed)), tuple(across), story_of, measured, bounded)


def group_texts(texts: Sequence[str], workers: Crew = 1, known: Known | None = None) -> TextGroups:
    """Groups of texts that are reprints of one another, each checked against its weakest link.

    Args:
        texts: read once in order, and some of them again by number.
        workers: processes that read them first; the outcome is the same for any number.
        known: what `measured.remember()` gave in an earlier run: then only texts and pairs that are new are worked on,
            with the same outcome. `Known.nothing()` for the first run.
    """
    measured = Measured.of(texts, workers, known)
    pairs = find_pairs(measured)
    groups, refused = _grow(measured, pairs)
    if any(len(group) > FREQUENT for group in groups):
        # Shingles of a large story looked like boilerplate: look again, each story counted once.
        merged = np.arange(len(texts))
        n_words = measured.n_words
        for group in groups:
            merged[group] = max(group, key=lambda number: (n_words[number], -number))
        seen = {(pair.a, pair.b) for pair in pairs}
        fresh = [pair for pair in measured.verify(measured.find_candidates(merged)) if (pair.a, pair.b) not in seen]
        if fresh:
            pairs = sorted([*pairs, *fresh])
            groups, refused = _grow(measured, pairs)
    twins = measured.twins
    copied, counts = np.unique(twins, return_counts=True)
    grown = {member for group in groups for member in group}
    groups += [[first] for first in copied[counts > 1].tolist() if first not in grown]
    copies: dict[int, list[int]] = {}
    for number in np.flatnonzero(twins != np.arange(len(twins))).tolist():
        copies.setdefault(int(twins[number]), []).append(number)
    whole = sorted(tuple(sorted(n for first in group for n in (first, *copies.get(first, ())))) for group in groups)
    return TextGroups(tuple(whole), tuple(pairs), tuple(refused), measured)


def _grow(measured: Measured, pairs: Sequence[Link]) -> tuple[list[list[int]], list[Link]]:
    """Groups of two texts and more, and the pairs that were not allowed to join theirs."""
    groups: list[list[int]] = []
    refused: list[Link] = []

    def unread(linked: list[Link]) -> set[int]:
        texts = {number for pair in linked for number in (pair.a, pair.b)}
        return texts if len(texts) > WITNESSES else measured.unread(combinations(sorted(texts), 2), is_aligned=False)

    for some in _held_together(measured, _linked(pairs), unread):
        for linked in some:
            grown, apart = _grow_linked(measured, linked)
            groups += grown
            refused += apart
    return sorted(groups), sorted(refused, key=_strength)


def _strength(pair: Link) -> tuple[float, float, int, int]:
    """Sorts the strongest first."""
    return -pair.jaccard, -pair.containment, pair.a, pair.b


def _linked(pairs: Sequence[Link]) -> list[list[Link]]:
    """The pairs in runs that have no text in common with one another."""
    root: dict[int, int] = {}

    def find(number: int) -> int:
        while (above := root.setdefault(number, number)) != number:
            root[number] = root[above]
            number = root[number]
        return number

    for pair in pairs:
        low, high = sorted((find(pair.a), find(pair.b)))
        root[high] = low
    runs: dict[int, list[Link]] = {}
    for pair in pairs:
        runs.setdefault(find(pair.a), []).append(pair)
    return list(runs.values())


def _held_together(measured: Measured, items: Sequence[T], texts_of: Callable[[T], Iterable[int]]) -> Iterator[list[T]]:
    """The items in order, some at a time, after these texts of theirs were read: at once, which is quicker."""
    some: list[T] = []
    wanted: set[int] = set()
    for item in items:
        texts = set(texts_of(item))
        if some and len(wanted) + len(texts) > HELD_TEXTS:
            measured.hold(sorted(wanted))
            yield some
            some, wanted = [], set()
        some.append(item)
        if len(texts) <= HELD_TEXTS:
            wanted |= texts
    measured.hold(sorted(wanted))
    yield some


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


def _story(headings: Sequence[Heading | Witness], members: Sequence[int]) -> Story:
    head = min(members, key=lambda number: _fullness(headings[number]))
    return Story(_story_id(headings[head].doc_id), head, tuple(members))


def _story_id(head: str) -> str:
    return "s-" + row_id("story", head)


def _fullness(witness: Heading | Witness) -> tuple[int, bool, str, str]:
    """Sorts the fullest version first: most body words, then the earliest date (none last), then the name."""
    return -witness.n_words, witness.date is None, str(witness.date or ""), witness.doc_id


def _story_pairs(measured: Measured, story: Story) -> list[Pair]:
    """The pairs listed in `reprints`: reprints of each other, and each member with the head."""
    every = [measured.pair(a, b) for a, b in _listed(story)]
    return [pair for pair in every if pair.is_reprint or story.head in (pair.a, pair.b)]


def _listed(story: Story) -> list[tuple[int, int]]:
    """The pairs of a story that are measured."""
    if len(story.members) > ALL_PAIRS:
        return [(member, story.head) for member in story.members if member != story.head]
    return list(combinations(story.members, 2))


def story_rows(witnesses: Sequence[Witness], grouping: Grouping) -> Iterator[Row]:
    """Rows of the table `stories`.

    `story_id` is made from the head's doc_id: it stays as documents are added, unless a fuller version arrives or two
    stories turn out to be one. A date or agency that a source does not state is lent by one other member: the one that
    has most to lend, then the one most like it, then the first by name.
    """
    headings = headings_of(witnesses)
    for number in range(len(headings)):
        document = headings[number]
        row: Row = {"doc_id": document.doc_id, "story_id": "", "is_story_head": True}
        row |= {"date_inferred": None, "wire_inferred": None, "inferred_from": None}
        told = int(grouping.story_of[number])
        if told < 0:
            yield row | {"story_id": _story_id(document.doc_id)}
            continue
        story = grouping.stories[told]
        row |= {"story_id": story.story_id, "is_story_head": story.head == number}
        lender = _lender(headings, grouping, story, number)
        if lender is not None:
            row["inferred_from"] = lender.doc_id
            row["date_inferred"] = lender.date if document.date is None else None
            row["wire_inferred"] = lender.wire if document.wire is None else None
        yield row


def _lender(
    witnesses: Sequence[Heading | Witness], grouping: Grouping, story: Story, number: int
) -> Heading | Witness | None:
    borrower = witnesses[number]

    def lends(other: int) -> int:
        lends_date = borrower.date is None and witnesses[other].date is not None
        return lends_date + (borrower.wire is None and witnesses[other].wire is not None)

    if len(story.members) > ALL_PAIRS:  # the order of a large story is by name alone: no comparison of all with all
        others = [other for other in story.members if other != number and lends(other)]
        best = min(others, key=lambda other: (-lends(other), other), default=None)
    else:
        others = [other for other in story.members if other != number and lends(other)]
        best = min(
            others,
            key=lambda other: (-lends(other), -grouping.measured.overlap(number, other)[0], other),
            default=None,
        )
    return None if best is None else witnesses[best]


def pair_rows(witnesses: Sequence[Witness], grouping: Grouping) -> Iterator[Row]:
    """Rows of the table `reprints`; `method` also says where a figure is a bound.

    A pair across stories, such as a roundup and a version of the second story in it, has that of its shorter text.
    """
    bounded = set(grouping.bounded)
    twins = grouping.measured.twins
    n_words = grouping.measured.n_words
    headings = headings_of(witnesses)
    for pair in sorted((*grouping.pairs, *grouping.across)):
        method = pair.method if pair.is_reprint else f"with the head; {pair.method}"
        shorter = min(pair.a, pair.b, key=lambda number: (n_words[number], number))
        if grouping.story_of[pair.a] != grouping.story_of[pair.b]:
            method = f"across stories, this one the shorter text's; {method}"
        low, high = sorted((int(twins[pair.a]), int(twins[pair.b])))
        if (low, high) in bounded:
            method = f"{method}; too long to align in full: aligned share at least"
        told = int(grouping.story_of[shorter])
        yield {
            "doc_id_a": headings[pair.a].doc_id,
            "doc_id_b": headings[pair.b].doc_id,
            "story_id": _story_id(headings[shorter].doc_id) if told < 0 else grouping.stories[told].story_id,
            "jaccard": pair.jaccard,
            "containment": pair.containment,
            "aligned_share": pair.aligned_share,
            "method": method,
        }
