"""Stories: the groups of reprints among documents, what is measured of their pairs, and the rows that tell of both.

Pairs that the weakest link kept apart (`groups`) are listed all the same, as pairs across stories.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from ..engine import Crew
from ..tables import row_id
from .candidates import Numbers
from .groups import TextGroups, group_texts, held_together, linked_texts
from .known import Known
from .made import Made
from .pairs import Link, Measured, Pair
from .runs import Runs, pack, unpack
from .shingles import Places
from .spool import Headings, Readings, Spool
from .witness import Heading, Witness

Row = dict[str, object]
Stated = Sequence[Heading | Witness] | Headings

ALL_PAIRS = 12  # a story up to this size lists all its reprint pairs; a larger one its members against the head


@dataclass(frozen=True)
class Story:
    """Texts of one story by number, sorted; `head` is the fullest version."""

    story_id: str
    head: int
    members: tuple[int, ...]


@dataclass(frozen=True)
class Stories(Made[Story]):
    """The stories of two documents and more, sorted by their first member; values are made when they are asked for."""

    headings: Stated
    members: Numbers
    starts: Places
    heads: Numbers

    def __len__(self) -> int:
        return len(self.heads)

    def make(self, number: int) -> Story:
        head = int(self.heads[number])
        return Story(_story_id(self.headings[head].doc_id), head, self.of(number))

    def of(self, number: int) -> tuple[int, ...]:
        """The members of one story."""
        return tuple(self.members[self.starts[number] : self.starts[number + 1]].tolist())

    @property
    def sizes(self) -> Places:
        """How many members each has."""
        return np.diff(self.starts)


@dataclass(frozen=True)
class Grouping:
    """The stories of two documents and more, and all reprint pairs.

    Attributes:
        story_of: of each document the number of its story; -1 for one that stands alone.
        lenders: packed, a document that lacks a date or an agency, and the one that lends it.
        bounded: pairs too long for a comparison of all words: their aligned share is a lower bound.
    """

    stories: Stories
    story_of: Numbers
    listed: Runs
    lenders: Runs
    measured: Measured
    bounded: tuple[tuple[int, int], ...] = ()

    def listed_pairs(self) -> Iterator[Pair]:
        """All pairs that are listed, sorted: of each story, and across stories."""
        for rows in self.listed.blocks():
            a, b = unpack(rows[:, 0])
            shares = np.ascontiguousarray(rows[:, 1:]).view(np.float64).tolist()
            for one, other, of in zip(a.tolist(), b.tolist(), shares, strict=True):
                yield Pair(one, other, *of)

    def is_across(self, pair: Link) -> bool:
        """Are the two in different stories? Of equal documents the first then stands for all."""
        return bool(self.story_of[pair.a] != self.story_of[pair.b])

    @property
    def pairs(self) -> Iterator[Pair]:
        """Pairs of documents in one story."""
        return (pair for pair in self.listed_pairs() if not self.is_across(pair))

    @property
    def across(self) -> Iterator[Pair]:
        """Reprint pairs of documents in different stories, which the weakest link kept apart."""
        return (pair for pair in self.listed_pairs() if self.is_across(pair))


class _Readings(Made[str]):
    """The reading texts of witnesses, made when they are asked for: kept, they would double the corpus."""

    def __init__(self, witnesses: Sequence[Witness]) -> None:
        self.witnesses = witnesses

    def __len__(self) -> int:
        return len(self.witnesses)

    def make(self, number: int) -> str:
        return self.witnesses[number].reading_text


def headings_of(witnesses: Sequence[Witness]) -> Stated:
    """What is known of the documents without their texts, which a spool would read."""
    return witnesses.headings if isinstance(witnesses, Spool) else witnesses


def group_witnesses(witnesses: Sequence[Witness], workers: Crew = 1, known: Known | None = None) -> Grouping:
    """Stories of witnesses sorted by doc_id; the outcome depends neither on the corpus's order nor on `workers`."""
    if isinstance(witnesses, Spool):
        found = group_texts(Readings(witnesses), workers, known, witnesses.folder)
    else:
        found = group_texts(_Readings(witnesses), workers, known)
    headings = headings_of(witnesses)
    sizes = np.diff(found.starts)
    heads: Numbers = np.empty(len(sizes), np.int32)
    stories = Stories(headings, found.members, found.starts, heads)
    for number in range(len(stories)):
        heads[number] = min(stories.of(number), key=lambda member: _fullness(headings[member]))
    story_of: Numbers = np.full(len(witnesses), -1, np.int32)
    story_of[found.members] = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    listed, lenders = _list_pairs(stories, story_of, found)
    return Grouping(stories, story_of, listed, lenders, found.measured, tuple(sorted(found.measured.bounded)))


def _fullness(witness: Heading | Witness) -> tuple[int, bool, str, str]:
    """Sorts the fullest version first: most body words, then the earliest date (none last), then the name."""
    return -witness.n_words, witness.date is None, str(witness.date or ""), witness.doc_id


def _list_pairs(stories: Stories, story_of: Numbers, found: TextGroups) -> tuple[Runs, Runs]:
    """All pairs that are listed, and who lends to whom; texts of stories that are linked are read together."""
    measured, folder = found.measured, found.measured.folder
    listed, lenders = Runs(folder, width=4, share=4), Runs(folder, share=8)
    told = np.zeros(len(stories), bool)

    def unread(links: list[Link]) -> set[int]:
        measured.know(links)
        across = [(link.a, link.b) for link in links if story_of[link.a] != story_of[link.b]]
        within = (pair for number in _stories_of(links, story_of) for pair in _listed(stories, number))
        return measured.unread(chain(across, within), is_aligned=True)

    def put(pairs: list[Pair]) -> None:
        if pairs:
            packed = pack(*(np.array([getattr(pair, side) for pair in pairs], np.int64) for side in ("a", "b")))
            shares = np.array([(pair.jaccard, pair.containment, pair.aligned_share) for pair in pairs])
            listed.add(packed, *shares.T.copy().view(np.uint64))

    def lend(number: int) -> None:
        some = _find_lenders(stories, number, measured)
        if some:
            lenders.add(pack(*np.array(some, np.int64).T))

    for some in held_together(measured, linked_texts(found.links, len(story_of)), unread):
        for links in some:
            apart = [link for link in links if story_of[link.a] != story_of[link.b]]
            put([measured.pair(link.a, link.b) for link in apart])
            for number in _stories_of(links, story_of):
                put(_story_pairs(measured, stories, number))
                lend(number)
                told[number] = True
    for number in np.flatnonzero(~told).tolist():  # of copies alone
        put(_story_pairs(measured, stories, number))
        lend(number)
    return listed, lenders


def _stories_of(links: Sequence[Link], story_of: Numbers) -> list[int]:
    numbers = {int(story_of[number]) for link in links for number in (link.a, link.b)}
    return sorted(numbers - {-1})


def _story_pairs(measured: Measured, stories: Stories, number: int) -> list[Pair]:
    """The pairs listed in `reprints`: reprints of each other, and each member with the head."""
    head = int(stories.heads[number])
    every = (measured.pair(a, b) for a, b in _listed(stories, number))
    return [pair for pair in every if pair.is_reprint or head in (pair.a, pair.b)]


def _listed(stories: Stories, number: int) -> list[tuple[int, int]]:
    """The pairs of a story that are measured."""
    members = stories.of(number)
    if len(members) > ALL_PAIRS:
        head = int(stories.heads[number])
        return [(member, head) for member in members if member != head]
    return list(combinations(members, 2))


def _find_lenders(stories: Stories, number: int, measured: Measured) -> list[tuple[int, int]]:
    """Members that lack a date or an agency, and who lends it.

    That is the one that has most to lend, then the one most like it, then the first by name.
    """
    members = stories.of(number)
    headings = {member: stories.headings[member] for member in members}
    lacks = {member: (heading.date is None, heading.wire is None) for member, heading in headings.items()}
    found = []
    best: dict[tuple[bool, bool], int | None] = {}
    for member in members:
        has_none = lacks[member]
        if not any(has_none):
            continue

        def lends(other: int, has_none: tuple[bool, bool] = has_none) -> int:
            return sum(lacked and not lacks_too for lacked, lacks_too in zip(has_none, lacks[other], strict=True))

        lender: int | None
        if len(members) > ALL_PAIRS:  # by name alone, and so the same for all that lack the same
            if has_none not in best:
                best[has_none] = min(filter(lends, members), key=lambda other: (-lends(other), other), default=None)
            lender = best[has_none]
        else:
            lender = min(
                filter(lends, members),
                key=lambda other: (-lends(other), -measured.overlap(member, other)[0], other),
                default=None,
            )
        if lender is not None:
            found.append((member, lender))
    return found


def story_rows(witnesses: Sequence[Witness], grouping: Grouping) -> Iterator[Row]:
    """Rows of the table `stories`.

    `story_id` is made from the head's doc_id: it stays as documents are added, unless a fuller version arrives or two
    stories turn out to be one. A date or agency that a source does not state is lent by one other member.
    """
    headings = headings_of(witnesses)
    lent = (pair for block in grouping.lenders.firsts() for pair in np.column_stack(unpack(block)).tolist())
    borrower, lends = next(lent, [-1, -1])
    for number, document in enumerate(headings):
        row: Row = {"doc_id": document.doc_id, "story_id": "", "is_story_head": True}
        row |= {"date_inferred": None, "wire_inferred": None, "inferred_from": None}
        told = int(grouping.story_of[number])
        if told < 0:
            yield row | {"story_id": _story_id(document.doc_id)}
            continue
        head = int(grouping.stories.heads[told])
        row |= {"story_id": _story_id(headings[head].doc_id), "is_story_head": head == number}
        if borrower == number:
            lender = headings[lends]
            row["inferred_from"] = lender.doc_id
            row["date_inferred"] = lender.date if document.date is None else None
            row["wire_inferred"] = lender.wire if document.wire is None else None
            borrower, lends = next(lent, [-1, -1])
        yield row


def pair_rows(witnesses: Sequence[Witness], grouping: Grouping) -> Iterator[Row]:
    """Rows of the table `reprints`; `method` also says where a figure is a bound.

    A pair across stories, such as a roundup and a version of the second story in it, has that of its shorter text.
    """
    bounded = set(grouping.bounded)
    twins = grouping.measured.twins
    n_words = grouping.measured.n_words
    headings = headings_of(witnesses)
    for pair in grouping.listed_pairs():
        method = pair.method if pair.is_reprint else f"with the head; {pair.method}"
        shorter = min(pair.a, pair.b, key=lambda number: (n_words[number], number))
        if grouping.is_across(pair):
            method = f"across stories, this one the shorter text's; {method}"
        low, high = sorted((int(twins[pair.a]), int(twins[pair.b])))
        if (low, high) in bounded:
            method = f"{method}; too long to align in full: aligned share at least"
        told = int(grouping.story_of[shorter])
        yield {
            "doc_id_a": headings[pair.a].doc_id,
            "doc_id_b": headings[pair.b].doc_id,
            "story_id": _story_id(headings[shorter if told < 0 else int(grouping.stories.heads[told])].doc_id),
            "jaccard": pair.jaccard,
            "containment": pair.containment,
            "aligned_share": pair.aligned_share,
            "method": method,
        }


def _story_id(head: str) -> str:
    return "s-" + row_id("story", head)
