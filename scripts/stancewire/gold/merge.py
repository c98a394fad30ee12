"""Merge: votes and decisions to one value a field, or to none.

Of each unit these fields are settled, each by itself:

    mention           exists, boundary, label, kind, entity_id
    stance            exists, boundary, stance, holder (type, entity and words as one value), via, attribution
    document_stance   stance

`exists` is asked of all who submitted the document and pass (`Unit.voters`): marking votes keep, silence votes drop. So
with two annotators a span that one did not mark is a conflict. The other fields are asked of those who marked it.

    majority    the most frequent value; a tie is undecided
    unanimous   the value that all gave; anything else is undecided

A decision in `adjudications.jsonl` wins over both. What is undecided by the votes is a row of `conflicts`: `decided`
where a decision settles it, `stale` where one did until its judgements changed, else `open`. Gold holds units of which
every field is settled; a unit that is voted or decided away (`drop`) leaves no row and raises no further conflicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..agreement.units import Unit
from ..agreement.values import DROP, KEEP, LAYER_FIELDS, boundary_value, field_value
from ..errors import UsageError
from .decisions import Decision, DecisionIndex, conflict_id

METHODS = ("majority", "unanimous")


@dataclass(frozen=True)
class FieldOutcome:
    """What came of one field.

    Attributes:
        votes: (value, who gave it), the most frequent first.
        voted: the value that the votes alone settle on; None where they do not.
        decision: the decision that holds, if any. stale: one that did, if the votes are undecided and none holds.
    """

    field: str
    votes: tuple[tuple[str, tuple[str, ...]], ...]
    voted: str | None
    decision: Decision | None
    stale: Decision | None

    @property
    def value(self) -> str | None:
        """The settled value, None while it is undecided."""
        return self.voted if self.decision is None else self.decision.value

    @property
    def is_unanimous(self) -> bool:
        """Did all give one value?"""
        return len(self.votes) == 1

    @property
    def status(self) -> str | None:
        """The conflict's status; None where the votes settled the field."""
        if self.voted is not None:
            return None
        if self.decision is not None:
            return "decided"
        return "open" if self.stale is None else "stale"


@dataclass(frozen=True)
class Outcome:
    """What came of one unit, field by field."""

    unit: Unit
    fields: tuple[FieldOutcome, ...]

    def value(self, field: str) -> str | None:
        """The settled value of a field (None where undecided, or where the layer has no such field)."""
        return next((item.value for item in self.fields if item.field == field), None)

    @property
    def is_dropped(self) -> bool:
        """Was the unit voted or decided away?"""
        return self.value("exists") == DROP

    @property
    def is_gold(self) -> bool:
        """Is every field settled, and the unit kept?"""
        return not self.is_dropped and all(item.value is not None for item in self.fields)

    @property
    def conflicts(self) -> tuple[FieldOutcome, ...]:
        """The fields that the votes did not settle; of a dropped unit only whether it exists."""
        return tuple(
            item for item in self.fields if item.status is not None and (item.field == "exists" or not self.is_dropped)
        )

    @property
    def decided_by(self) -> str:
        """How the row was settled, by the strongest means that any of its fields needed."""
        if any(item.decision is not None for item in self.fields):
            return "adjudicated"
        if len(self.unit.submitted) == 1 or (self.unit.n_aside and len(self.unit.voters) == 1):
            return "single"
        return "unanimous" if all(item.is_unanimous for item in self.fields) else "majority"

    def conflict_id(self, field: str) -> str:
        """The id that a conflict about this field has, or would have."""
        return conflict_id(self.unit.judgement_ids, field)


def merge_units(units: Iterable[Unit], decisions: DecisionIndex, method: str = "majority") -> list[Outcome]:
    """What comes of each unit, in the order given.

    Raises:
        UsageError: there is no such method.
    """
    if method not in METHODS:
        raise UsageError(f"no method {method!r}; known methods: {', '.join(METHODS)}")
    return [_merge_unit(unit, decisions, method) for unit in units]


def _merge_unit(unit: Unit, decisions: DecisionIndex, method: str) -> Outcome:
    ballots: list[tuple[str, list[tuple[str, str]]]] = []
    if unit.layer != "document_stance":
        marked = {vote.annotator_id for vote in unit.votes}
        ballots.append(("exists", [(name, KEEP if name in marked else DROP) for name in unit.voters]))
        ballots.append(("boundary", [(v.annotator_id, boundary_value(v.start or 0, v.end or 0)) for v in unit.votes]))
    for field in LAYER_FIELDS[unit.layer]:
        ballots.append((field, [(vote.annotator_id, field_value(vote.row, field)) for vote in unit.votes]))
    ids = unit.judgement_ids
    fields = []
    for field, ballot in ballots:
        votes = count_votes(ballot)
        voted = settle_votes(votes, method)
        decision = decisions.holding(ids, field)
        stale = decisions.stale_on(ids, field) if voted is None and decision is None else None
        fields.append(FieldOutcome(field, votes, voted, decision, stale))
    return Outcome(unit, tuple(fields))


def count_votes(ballot: Sequence[tuple[str, str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(value, annotators who gave it) from (annotator, value), the most frequent first, then by value."""
    by_value: dict[str, list[str]] = {}
    for name, value in ballot:
        by_value.setdefault(value, []).append(name)
    ordered = sorted(by_value.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((value, tuple(sorted(names))) for value, names in ordered)


def settle_votes(votes: Sequence[tuple[str, tuple[str, ...]]], method: str) -> str | None:
    """The value that counted votes settle on, None where they do not."""
    if len(votes) == 1:
        return votes[0][0]
    if method == "unanimous" or not votes or len(votes[0][1]) == len(votes[1][1]):
        return None
    return votes[0][0]
