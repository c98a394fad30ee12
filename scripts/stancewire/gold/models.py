"""Votes settled by models: Dawid-Skene or MACE for values, the boundary model for spans.

Each layer and field is one fit over all its units. Fields with a common list of values (label, kind, stance,
attribution) go to the method that was asked for; values that only their unit knows (entity, holder, via) to
`mace.trusted_vote`; whether there is a span, and where, to `boundaries`. A model needs three annotators or more:
between two who differ it has nobody to ask. Chances are rounded to six decimals, far above what two machines compute
apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..agreement.units import Unit
from ..agreement.values import DROP, KEEP, LAYER_FIELDS, boundary_value, field_value
from ..errors import UsageError
from .ballots import Ballots, Fit, make_ballots
from .boundaries import SpanFit, fit_boundaries
from .dawid_skene import dawid_skene
from .mace import mace, trusted_vote
from .methods import Method, by_layer

Model = Callable[[Ballots], Fit]
MODEL_METHODS: dict[str, tuple[str, Model]] = {"dawid_skene": ("Dawid-Skene", dawid_skene), "mace": ("MACE", mace)}
OPEN_VALUES: tuple[str, Model] = ("trusted vote", trusted_vote)
LEAST_ANNOTATORS = 3
_OPEN = ("entity_id", "holder", "via")
_MEANS = {"Dawid-Skene": "chance to be right", "MACE": "competence", "trusted vote": "chance to be right"}


@dataclass(frozen=True)
class Settled:
    """One field of one unit: its value (None where two are equally probable), and the chance of each value."""

    value: str | None
    shares: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Learnt:
    """What a model learnt about one annotator in one layer: the full name of the measure, and its value."""

    layer: str
    measure: str
    annotator_id: str
    value: float
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class ModelVotes:
    """`settled` by position of the unit in the list given, and field."""

    settled: Mapping[tuple[int, str], Settled]
    learnt: tuple[Learnt, ...]


def settle_by_model(units: Sequence[Unit], methods: Method, allow_few: bool = False) -> ModelVotes:
    """Every field of every unit of a layer whose method is a model, as the model has it.

    Raises:
        UsageError: a layer has fewer than three annotators, and `allow_few` is not said.
    """
    settled: dict[tuple[int, str], Settled] = {}
    learnt: list[Learnt] = []
    for layer, method in by_layer(methods).items():
        if method not in MODEL_METHODS:
            continue
        numbers = [number for number, unit in enumerate(units) if unit.layer == layer]
        chosen = [units[number] for number in numbers]
        names = sorted({name for unit in chosen for name in unit.submitted})
        if chosen and len(names) < LEAST_ANNOTATORS and not allow_few:
            raise UsageError(
                f"{method} learns whom to trust from {LEAST_ANNOTATORS} annotators or more; {layer} has {len(names)}: "
                "merge with majority, or say --allow-few (or gold: {allow_few: true} in schema/codebook.yaml)"
            )
        if layer != "document_stance" and chosen:
            fit = fit_boundaries(chosen)
            settled |= _settled_spans(fit, numbers)
            learnt += _learnt_spans(fit, layer, chosen)
        for field in LAYER_FIELDS[layer] if chosen else ():
            found, of_names = _settle_field(chosen, numbers, field, method, names)
            settled |= found
            learnt += [Learnt(layer, measure, name, value, tuple(chosen)) for measure, name, value in of_names]
    return ModelVotes(settled, tuple(learnt))


def _settled_spans(fit: SpanFit, numbers: Sequence[int]) -> dict[tuple[int, str], Settled]:
    settled = {}
    for at, number in enumerate(numbers):
        there = float(fit.exists[at])
        settled[number, "exists"] = likeliest([(KEEP, there), (DROP, 1 - there)])
        settled[number, "boundary"] = likeliest([(boundary_value(a, b), chance) for a, b, chance in fit.spans[at]])
    return settled


def _learnt_spans(fit: SpanFit, layer: str, units: Sequence[Unit]) -> list[Learnt]:
    columns = {
        "chance to mark a true span": fit.marks_true,
        "chance to mark a false one": fit.marks_false,
        "chance of an exact start": fit.exact_start,
        "chance of an exact end": fit.exact_end,
    }
    return [
        Learnt(layer, f"annotator reliability, boundary model: {name}", who, float(values[i]), tuple(units))
        for name, values in columns.items()
        for i, who in enumerate(fit.names)
    ]


def _settle_field(
    units: Sequence[Unit], numbers: Sequence[int], field: str, method: str, names: Sequence[str]
) -> tuple[dict[tuple[int, str], Settled], list[tuple[str, str, float]]]:
    said = [
        (at, vote.annotator_id, field_value(vote.row, field)) for at, unit in enumerate(units) for vote in unit.votes
    ]
    if field in _OPEN:  # values are numbered within their unit: nobody else could have said them
        within: list[dict[str, int]] = [{} for _ in units]
        for at, _, value in sorted(said, key=lambda vote: (vote[0], vote[2])):
            within[at].setdefault(value, len(within[at]))
        title, model = OPEN_VALUES
    else:
        common = {value: i for i, value in enumerate(sorted({value for _, _, value in said}))}
        within = [common] * len(units)
        title, model = MODEL_METHODS[method]
    position = {name: i for i, name in enumerate(names)}
    votes = [(at, position[name], within[at][value]) for at, name, value in said]
    fit = model(make_ballots(votes, len(units), len(names), max(map(len, within), default=0)))
    settled = {}
    for at, number in enumerate(numbers):
        settled[number, field] = likeliest([(value, float(fit.posterior[at, i])) for value, i in within[at].items()])
    voting = {name for _, name, _ in said}
    measure = f"annotator reliability, {title}, {_MEANS[title]}: {field}"
    return settled, [(measure, name, float(fit.reliability[position[name]])) for name in names if name in voting]


def likeliest(chances: Iterable[tuple[str, float]]) -> Settled:
    """The most probable value; None where the second is as probable to six decimals."""
    rounded = sorted(((value, round(chance, 6)) for value, chance in chances), key=lambda item: (-item[1], item[0]))
    tie = len(rounded) > 1 and rounded[0][1] == rounded[1][1]
    return Settled(None if tie or not rounded else rounded[0][0], tuple(rounded))
