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
from ..agreement.values import DROP, KEEP, LAYER_FIELDS, boundary_value, value_getter
from ..engine import without_collector
from .decisions import Decision, DecisionIndex, conflict_id
from .methods import Method, by_layer
from .models import MODEL_METHODS, ModelVotes, Settled, settle_by_model

_REMEMBERED = 100_000  # ways in which a field was said by whom: equal ones of many units are one object


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
        for item in self.fields:
            if item.field == field:
                return item.value
        return None

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


@without_collector
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
    merger = _Merger(decisions, methods, models.settled)
    return [merger.merge(number, unit) for number, unit in enumerate(listed)]


class _Merger:
    """Merges units by their methods; what is said alike of many units is counted once."""

    def __init__(
        self, decisions: DecisionIndex, methods: Mapping[str, str], models: Mapping[tuple[int, str], Settled]
    ) -> None:
        self._decisions, self._methods, self._models = decisions, methods, models
        self._getters = {layer: [(f, value_getter(f)) for f in fields] for layer, fields in LAYER_FIELDS.items()}
        self._plain: dict[tuple[object, ...], FieldOutcome] = {}

    def merge(self, number: int, unit: Unit) -> Outcome:
        """What comes of a unit; `number` is its place among those that the models were asked about."""
        method = self._methods[unit.layer]
        votes = unit.votes
        names = tuple([vote.annotator_id for vote in votes])
        rows = [vote.row for vote in votes]
        decided = self._decisions.is_about(unit.judgement_ids)
        fields = []
        if unit.layer != "document_stance":
            voters = unit.voters
            marked = names if len(voters) == len(names) else frozenset(names)
            exists = [KEEP if marked is names or name in marked else DROP for name in voters]
            fields.append(self._field(number, unit, "exists", voters, exists, method, decided))
            places = [boundary_value(vote.start or 0, vote.end or 0) for vote in votes]
            fields.append(self._field(number, unit, "boundary", names, places, method, decided))
        for field, get in self._getters[unit.layer]:
            fields.append(self._field(number, unit, field, names, [get(row) for row in rows], method, decided))
        return Outcome(unit, tuple(fields), method)

    def _field(
        self,
        number: int,
        unit: Unit,
        field: str,
        names: tuple[str, ...],
        values: list[str],
        method: str,
        decided: bool,
    ) -> FieldOutcome:
        model = self._models.get((number, field)) if self._models else None
        if model is not None or decided:
            votes = count_votes(zip(names, values, strict=True))
            voted = settle_votes(votes, method) if model is None or len(votes) == 1 else model.value
            ids = unit.judgement_ids
            decision = self._decisions.holding(ids, field)
            stale = self._decisions.stale_on(ids, field) if voted is None and decision is None else None
            return FieldOutcome(field, votes, voted, decision, stale, model)
        key = (field, method, names, *values)
        found = self._plain.get(key)
        if found is None:
            votes = count_votes(zip(names, values, strict=True))
            found = FieldOutcome(field, votes, settle_votes(votes, method), None, None)
            if len(self._plain) >= _REMEMBERED:
                self._plain.clear()
            self._plain[key] = found
        return found


def count_votes(ballot: Iterable[tuple[str, str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
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
