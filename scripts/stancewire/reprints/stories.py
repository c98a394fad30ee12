"""Stories: groups of reprints, each checked against its weakest link.

Pairs are taken from the strongest to the weakest. A pair joins two groups only when every member of one shares at least
`WEAKEST` of its wording with every member of the other: an article that embeds two unrelated stories joins the nearer
of them, and a chain of ever-changing versions ends where its ends have nothing in common. In groups beyond `WITNESSES`
members a fixed choice of members stands for all, so that ten thousand versions are grouped in linear time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..tables import row_id
from .pairs import METHOD, Measured, Pair, find_pairs
from .witness import Witness

WEAKEST = 0.2  # containment below which two texts are never of one story; independent reports reach some 0.36
WITNESSES = 24  # members of a group that a newcomer is compared with
ALL_PAIRS = 12  # a story up to this size lists all its reprint pairs; a larger one its members against the head


@dataclass(frozen=True)
class Story:
    """Texts of one story by number, sorted; `head` is the fullest version."""

    story_id: str
    head: int
    members: tuple[int, ...]


@dataclass(frozen=True)
class Grouping:
    """All stories (also those of one document), their reprint pairs, and the pairs that the weakest link kept apart."""

    stories: tuple[Story, ...]
    pairs: tuple[Pair, ...]
    refused: tuple[Pair, ...]
    story_of: tuple[int, ...]
    measured: Measured


def group_witnesses(witnesses: Sequence[Witness]) -> Grouping:
    """Stories of witnesses sorted by doc_id; the outcome does not depend on the order of the corpus."""
    measured = Measured.of([witness.reading_text for witness in witnesses])
    groups, refused = _grow(measured, find_pairs(measured))
    copies: dict[int, list[int]] = {}
    for number, twin in enumerate(measured.twins):
        copies.setdefault(twin, []).append(number)
    grown = {first for group in groups for first in group}
    groups += [[first] for first in copies if first not in grown]
    members = [sorted(copy for first in group for copy in copies[first]) for group in groups]
    stories = sorted((_story(witnesses, group) for group in members), key=lambda story: story.members)
    story_of = [0] * len(witnesses)
    for number, story in enumerate(stories):
        for member in story.members:
            story_of[member] = number
    listed = sorted(pair for story in stories for pair in _story_pairs(measured, story))
    return Grouping(tuple(stories), tuple(listed), tuple(refused), tuple(story_of), measured)


def _grow(measured: Measured, pairs: Sequence[Pair]) -> tuple[list[list[int]], list[Pair]]:
    """Groups of two texts and more, and the pairs that were not allowed to join theirs."""
    group_of: dict[int, list[int]] = {}
    refused = []
    for pair in sorted(pairs, key=lambda p: (-p.jaccard, -p.containment, p.a, p.b)):
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
    return [sorted(group) for group in distinct.values()], refused


def _standing_for(group: list[int], joining: int) -> list[int]:
    """The members that a newcomer is compared with: all, or evenly chosen ones."""
    if len(group) <= WITNESSES:
        return group
    step = len(group) / (WITNESSES - 1)
    return [joining, *(group[int(step * at)] for at in range(WITNESSES - 1))]


def _story(witnesses: Sequence[Witness], members: Sequence[int]) -> Story:
    head = min(members, key=lambda number: _fullness(witnesses[number]))
    return Story("s-" + row_id("story", witnesses[head].doc_id), head, tuple(members))


def _fullness(witness: Witness) -> tuple[int, bool, str, str]:
    """Sorts the fullest version first: most body words, then the earliest date (none last), then the name."""
    return -witness.n_words, witness.date is None, str(witness.date or ""), witness.doc_id


def _story_pairs(measured: Measured, story: Story) -> list[Pair]:
    """The pairs listed in `reprints`: reprints of each other, and each member with the head."""
    members = story.members
    if len(members) > ALL_PAIRS:
        return [measured.pair(member, story.head) for member in members if member != story.head]
    every = [measured.pair(a, b) for at, a in enumerate(members) for b in members[at + 1 :]]
    return [pair for pair in every if pair.is_reprint or story.head in (pair.a, pair.b)]


def story_rows(witnesses: Sequence[Witness], grouping: Grouping) -> list[dict[str, object]]:
    """Rows of the table `stories`.

    `story_id` is made from the head's doc_id: it stays as documents are added, unless a fuller version arrives or two
    stories turn out to be one. A date or agency that a source does not state is lent by one other member: the one that
    has most to lend, then the one most like it, then the first by name.
    """
    rows: list[dict[str, object]] = []
    for number, witness in enumerate(witnesses):
        story = grouping.stories[grouping.story_of[number]]
        lender = _lender(witnesses, grouping, story, number)
        lent_date = lender.date if lender is not None and witness.date is None else None
        lent_wire = lender.wire if lender is not None and witness.wire is None else None
        rows.append(
            {
                "doc_id": witness.doc_id,
                "story_id": story.story_id,
                "is_story_head": story.head == number,
                "date_inferred": lent_date,
                "wire_inferred": lent_wire,
                "inferred_from": lender.doc_id if lender is not None else None,
            }
        )
    return rows


def _lender(witnesses: Sequence[Witness], grouping: Grouping, story: Story, number: int) -> Witness | None:
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


def pair_rows(witnesses: Sequence[Witness], grouping: Grouping) -> list[dict[str, object]]:
    """Rows of the table `reprints`."""
    return [
        {
            "doc_id_a": witnesses[pair.a].doc_id,
            "doc_id_b": witnesses[pair.b].doc_id,
            "story_id": grouping.stories[grouping.story_of[pair.a]].story_id,
            "jaccard": pair.jaccard,
            "containment": pair.containment,
            "aligned_share": pair.aligned_share,
            "method": METHOD if pair.is_reprint else f"with the head; {METHOD}",
        }
        for pair in grouping.pairs
    ]
