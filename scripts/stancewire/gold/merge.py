"""Merge: votes and decisions to one value a field, or to none.

Of each unit these fields are settled, each by itself:

    mention           exists, boundary, label, kind, entity_id
    stance            exists, boundary, stance, holder (type, entity and words as one value), via, attribution
    document_stance   stance

`exists` is asked of all who submitted the document and pass (`Unit.voters`): marking votes keep, silence votes drop. So
with two annotators a span that one did not mark is a conflict. The other fields are asked of those who marked it.

    majority      the most frequent value; a tie is undecided
    unanimous     the value that all gave; anything else is undecided
    dawid_skene   the most probable value, given who errs how (`dawid_skene`), and the most probable span
                  (`boundaries`)
    mace          the same, given who knows and who guesses (`mace`)
    adjudicated   the value that all gave, but only in units about which an adjudicator has decided something

What all gave stands under every method. A decision in `adjudications.jsonl` wins over all of them. What is undecided by
the votes is a row of `conflicts`: `decided` where a decision settles it, `stale` where one did until its judgements
changed, else `open`. Gold holds units of which every field is settled; a unit that is voted or decided away (`drop`)
leaves no row and raises no further conflicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..agreement.units import Unit
from ..agreement.values import DROP, KEEP, LAYER_FIELDS, boundary_value, field_value
from .decisions import Decision, DecisionIndex, conflict_id
from .methods import Method, by_layer
from .models import MODEL_METHODS, ModelVotes, Settled, settle_by_model


@dataclass(frozen=True)
class FieldOutcome:
    """What came of one field.

    Attributes:
        votes: (value, who gave it), the most frequent first.
        voted: the value that the votes alone settle on; None where they do not.
        decision: the decision that holds, if any. stale: one that did, if the votes are undecided and none holds.
        settled: what a model makes of the votes, where the method is a model.
    """

    field: str
    votes: tuple[tuple[str, tuple[str, ...]], ...]
    voted: str | None
    decision: Decision | None
    stale: Decision | None
    settled: Settled | None = None

    @property
    def shares(self) -> tuple[tuple[str, float], ...]:
        """How probable each value is: by the model, else its share of the votes."""
        if self.settled is not None:
            return self.settled.shares
        total = sum(len(names) for _, names in self.votes)
        return tuple((value, len(names) / total) for value, names in self.votes)

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
    method: str = "majority"

    def value(self, field: str) -> str | None:
        """The settled value of a field (None where undecided, or where the layer has no such field)."""
        return next((item.value for item in self.fields if item.field == field), None)

    @property
    def is_dropped(self) -> bool:
        """Was the unit voted or decided away?"""
        return self.value("exists") == DROP

    @property
    def is_gold(self) -> bool:
        """Is every field settled, and the unit kept? Under `adjudicated` also: has anyone decided anything about it?"""
        if self.method == "adjudicated" and all(item.decision is None for item in self.fields):
            return False
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
        if all(item.is_unanimous for item in self.fields):
            return "unanimous"
        return "model" if self.method in MODEL_METHODS else "majority"

    def conflict_id(self, field: str) -> str:
        """The id that a conflict about this field has, or would have."""
        return conflict_id(self.unit.judgement_ids, field)


def merge_units(
    units: Iterable[Unit], decisions: DecisionIndex, method: Method = "majority", models: ModelVotes | None = None
) -> list[Outcome]:
    """What comes of each unit, in the order given.

    Args:
        models: what `models.settle_by_model` makes of these very units, where the method is a model (it is asked where
            it is not given).

    Raises:
        UsageError: there is no such method, or it is a model and there are fewer than three annotators.
    """
    methods = by_layer(method)
    listed = list(units)
    if models is None:
        models = settle_by_model(listed, methods)
    settled = models.settled
    return [_merge_unit(number, unit, decisions, methods[unit.layer], settled) for number, unit in enumerate(listed)]


def _merge_unit(
    number: int, unit: Unit, decisions: DecisionIndex, method: str, models: Mapping[tuple[int, str], Settled]
) -> Outcome:
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
        model = models.get((number, field))
        voted = settle_votes(votes, method) if model is None or len(votes) == 1 else model.value
        decision = decisions.holding(ids, field)
        stale = decisions.stale_on(ids, field) if voted is None and decision is None else None
        fields.append(FieldOutcome(field, votes, voted, decision, stale, model))
    return Outcome(unit, tuple(fields), method)


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
    if method in ("unanimous", "adjudicated") or not votes or len(votes[0][1]) == len(votes[1][1]):
        return None
    return votes[0][0]
