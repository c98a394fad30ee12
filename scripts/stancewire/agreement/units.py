"""Units: what several annotators said about one thing, and who had the chance to say it.

Only current judgements whose place is the same count (`may_vote`). An annotator has one voice a document and pass: the
latest round that they submitted. Whoever submitted and marked nothing at a unit votes against it, except where that is
not known: one of their judgements was made on an older text and stands (`moved`) in this very unit, or nobody knows
where it stands (`lost`). They then abstain. Who was not shown the words (their task held other passages of the document
only) had no chance to mark them, and is none of those who submitted, as far as this unit goes.

What came of a suggestion projected from another version of the story, accepted or edited, is no independent judgement:
beside an independent one it does not count, and its annotator abstains; alone, all that say the same are one voice.
Nor is a document's stance that was given on some of its passages: the same holds for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..codebook.model import Rules
from ..engine import without_collector
from ..judgements.shown import Shown, Task, covers
from ..label_studio.model import PROJECTED
from .align import Span, align
from .values import LAYER_FIELDS, Row, field_value

LAYER_PASS = {"mention": "entities", "stance": "stances", "document_stance": "stances"}


@dataclass(frozen=True)
class Vote:
    """One annotator's judgement of a unit; `start`, `end` without edge white space (None for a document stance)."""

    judgement_id: str
    annotator_id: str
    start: int | None
    end: int | None
    row: Row


@dataclass(frozen=True)
class Unit:
    """One thing judged.

    Attributes:
        target_id: the folded target; None for mentions.
        votes: at most one an annotator, sorted by annotator.
        submitted: all who submitted this document and pass and were shown these words, sorted. abstained: those of them
        whose silence means nothing. suggested: were suggestions shown to any of those who submitted? is_projected: all
        votes came of what was projected from another version of the story, or are about a document that was shown in
        part; there is no independent judgement in it. n_aside: judgements that do not count as votes for that reason.
    """

    layer: str
    doc_id: str
    target_id: str | None
    votes: tuple[Vote, ...]
    submitted: tuple[str, ...]
    abstained: frozenset[str]
    suggested: bool
    is_projected: bool = False
    n_aside: int = 0

    @cached_property
    def judgement_ids(self) -> tuple[str, ...]:
        """Ids of the votes' judgements, sorted."""
        return tuple(sorted(vote.judgement_id for vote in self.votes))

    @cached_property
    def voters(self) -> tuple[str, ...]:
        """Those who speak for or against the unit, by a mark or by silence."""
        if not self.abstained:
            return self.submitted
        marked = {vote.annotator_id for vote in self.votes}
        return tuple(name for name in self.submitted if name in marked or name not in self.abstained)


def may_vote(row: Row, reviewed: frozenset[str] = frozenset()) -> bool:
    """Does this judgement count? Current ones do, if their place is the same.

    Args:
        reviewed: ids of moved judgements that a person has confirmed at their new place. Nothing writes such reviews
        yet;
            whoever does hands them in here, and all that is built on units follows.
    """
    return row["status"] == "current" and (row["anchor"] == "same" or row["judgement_id"] in reviewed)


def is_projected(row: Row) -> bool:
    """Did this judgement come of a suggestion that was projected from another version of the story?"""
    return row["origin"] != "manual" and (row["suggested_by"] or "").startswith(PROJECTED)


def independent_votes(votes: list[Vote], dependent: Collection[str] = ()) -> tuple[list[Vote], bool]:
    """The votes of a unit that count, in their order, and whether none of them is independent.

    Args:
        dependent: annotators whose judgement of this unit is no independent one, wherever it came from.
    """
    own = [vote for vote in votes if not is_projected(vote.row) and vote.annotator_id not in dependent]
    if own or not votes:
        return own, False
    layer = votes[0].row["layer"]
    said = {(vote.start, vote.end, *(field_value(vote.row, name) for name in LAYER_FIELDS[layer])) for vote in votes}
    return (votes[:1] if len(said) == 1 else votes), True


@without_collector
def make_units(
    judgements: Iterable[Row],
    assignments: Iterable[Row],
    rules: Rules,
    reviewed: frozenset[str] = frozenset(),
    shown: Mapping[Task, Shown] | None = None,
    parts: Mapping[str, Sequence[tuple[int, int]]] | None = None,
) -> list[Unit]:
    """The units of all documents, sorted by document, layer, target and place.

    Args:
        judgements, assignments: rows of these tables, in any order.
        rules: the codebook's; its overlaps say how much two spans must share to be one unit.
        shown: what assignments showed, where that is known; the others showed all there is to mark.
        parts: doc_id -> headline and body of the documents in `shown`: whoever was not shown all of them answers for
            the document on a part of it.
    """
    rounds, suggested = latest_rounds(assignments)
    seen = shown or {}
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in judgements:
        task = (row["doc_id"], row["task_pass"])
        if row["status"] != "current" or row["layer"] not in LAYER_PASS:
            continue
        if rounds.get(task, {}).get(row["annotator_id"]) == row["round"]:
            groups.setdefault((row["doc_id"], row["layer"], row["target_id"] or ""), []).append(row)
    units = []
    for (doc_id, layer, target), rows in sorted(groups.items()):
        task = (doc_id, LAYER_PASS[layer])
        submitted = tuple(sorted(rounds.get(task, ())))
        frame = (layer, doc_id, target or None, submitted, suggested.get(task, False))
        views = {
            name: seen[*task, rounds[task][name], name].spans
            for name in submitted
            if (*task, rounds[task][name], name) in seen
        }
        if layer == "document_stance":
            whole = (parts or {}).get(doc_id, ())
            partly = {name for name, spans in views.items() if not all(covers(spans, *part) for part in whole)}
            units += _document_unit(rows, frame, reviewed, partly)
        else:
            least = rules.mention_overlap if layer == "mention" else rules.stance_overlap
            units += span_units(rows, frame, least, reviewed, views)
    return units


def make_rounds(
    judgements: Sequence[Row],
    assignments: Sequence[Row],
    rules: Rules,
    reviewed: frozenset[str] = frozenset(),
    shown: Mapping[Task, Shown] | None = None,
    parts: Mapping[str, Sequence[tuple[int, int]]] | None = None,
) -> dict[int, list[Unit]]:
    """The units of each round by itself: also of those who judged a document again later."""
    return {
        number: make_units(
            [row for row in judgements if row["round"] == number],
            [row for row in assignments if row["round"] == number],
            rules,
            reviewed,
            shown,
            parts,
        )
        for number in sorted({row["round"] for row in assignments})
    }


def latest_rounds(
    assignments: Iterable[Row],
) -> tuple[dict[tuple[str, str], dict[str, int]], dict[tuple[str, str], bool]]:
    """Of each (document, pass): the latest submitted round of each annotator, and whether any saw suggestions in it."""
    latest: dict[tuple[str, str], dict[str, tuple[int, bool]]] = {}
    for row in assignments:
        if row["state"] == "submitted":
            of_task = latest.setdefault((row["doc_id"], row["task_pass"]), {})
            before = of_task.get(row["annotator_id"], (0, False))
            of_task[row["annotator_id"]] = max(before, (row["round"], row["suggestions_shown"]))
    rounds = {task: {name: number for name, (number, _) in names.items()} for task, names in latest.items()}
    return rounds, {task: any(shown for _, shown in names.values()) for task, names in latest.items()}


Frame = tuple[str, str, str | None, tuple[str, ...], bool]


def span_units(
    rows: list[Row],
    frame: Frame,
    least: float,
    reviewed: frozenset[str],
    views: Mapping[str, Sequence[tuple[int, int]]],
) -> list[Unit]:
    """The units of one document, layer and target.

    Args:
        frame: layer, doc_id, target, all who submitted, and whether any of them saw suggestions.
        views: of annotators whose task did not show all, or perhaps not all: the text that it showed.
    """
    layer, doc_id, target, submitted, suggested = frame
    ties = ("label", "entity_id", "kind") if layer == "mention" else ("holder", "via", "attribution")
    by_id = {row["judgement_id"]: row for row in rows if row["start"] is not None}
    lost = frozenset(row["annotator_id"] for row in rows if row["start"] is None)
    spans = [
        Span(key, row["annotator_id"], *trimmed(row), tuple(field_value(row, field) for field in ties))
        for key, row in by_id.items()
    ]
    units = []
    for members in align(spans, least):
        votes = [
            Vote(span.id, span.annotator_id, span.start, span.end, by_id[span.id])
            for span in members
            if may_vote(by_id[span.id], reviewed)
        ]
        votes.sort(key=lambda vote: vote.annotator_id)
        given = len(votes)
        votes, projected = independent_votes(votes)
        aside = given - len(votes)
        silent = {span.annotator_id for span in members} - {vote.annotator_id for vote in votes}
        if votes:
            abstained = lost | silent
            asked = _asked(submitted, members, views) if views else submitted
            units.append(Unit(layer, doc_id, target, tuple(votes), asked, abstained, suggested, projected, aside))
    return units


def _asked(
    submitted: tuple[str, ...], members: Sequence[Span], views: Mapping[str, Sequence[tuple[int, int]]]
) -> tuple[str, ...]:
    """Those who were shown a unit's words, or marked them."""
    place = min(span.start for span in members), max(span.end for span in members)
    marked = {span.annotator_id for span in members}
    return tuple(name for name in submitted if name in marked or name not in views or covers(views[name], *place))


def trimmed(row: Mapping[str, Any]) -> tuple[int, int]:
    """A row's span without the white space at its edges (its own where there is nothing else)."""
    start, end, text = row["start"], row["end"], row["text"]
    if not text.strip():
        return start, end
    return start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip())


def _document_unit(rows: list[Row], frame: Frame, reviewed: frozenset[str], partly: Collection[str]) -> list[Unit]:
    """The one unit of a document and base target: one answer an annotator.

    An annotator's answer on the base target is their vote. Where it is `none` or missing, what they said on a mirror
    target, folded, is: whoever finds that an article favors leaving a treaty has said something about the treaty.
    """
    layer, doc_id, target, submitted, suggested = frame
    answers: dict[str, list[Row]] = {}
    for row in rows:
        if may_vote(row, reviewed):
            answers.setdefault(row["annotator_id"], []).append(row)
    votes = []
    for name, given in sorted(answers.items()):
        row = min(
            given, key=lambda row: (row["label"] == "none", row["target_id_given"] != target, row["judgement_id"])
        )
        votes.append(Vote(row["judgement_id"], name, None, None, row))
    given_votes = len(votes)
    votes, projected = independent_votes(votes, partly)
    aside = given_votes - len(votes)
    marked = {vote.annotator_id for vote in votes}
    abstained = frozenset(name for name in submitted if name not in marked)
    unit = Unit(layer, doc_id, target, tuple(votes), submitted, abstained, suggested, projected, aside)
    return [unit] if votes else []


def contradictions(judgements: Iterable[Row]) -> list[tuple[Row, Row]]:
    """Answers of one annotator on a target and its mirror that take different sides (`none` contradicts nothing)."""
    answers: dict[tuple[str, str, str, int], list[Row]] = {}
    for row in judgements:
        if row["layer"] == "document_stance" and may_vote(row) and row["label"] != "none":
            key = (row["doc_id"], row["target_id"], row["annotator_id"], row["round"])
            answers.setdefault(key, []).append(row)
    found = []
    for _, rows in sorted(answers.items()):
        rows.sort(key=lambda row: (row["target_id_given"] != row["target_id"], row["judgement_id"]))
        found += [(rows[0], other) for other in rows[1:] if other["label"] != rows[0]["label"]]
    return found
