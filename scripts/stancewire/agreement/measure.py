"""The `agreement` table: how far annotators *found* the same spans, and how far they *judged* alike what both found.

Finding and judging are kept apart, since in news finding a stance is hard and judging it easy; each figure about
judging stands beside the share of units it rests on. With fewer than ten stories there is no interval; where a value
is undefined it is null. `reason` says why, and says so where the annotators are models: two passes of language models
are two passes of models, not two readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from .coefficients import (
    LEAST_STORIES,
    Finish,
    Floats,
    alpha_of,
    alpha_sums,
    f1_of,
    interval,
    percent_sums,
    ratio_of,
)
from .units import LAYER_PASS, Unit
from .values import LAYER_FIELDS, Row, field_value

MODELS_ONLY = "agreement between model passes, not inter-annotator agreement"
FEW_STORIES = f"fewer than {LEAST_STORIES} stories: no interval, and the value speaks for these documents only"
FOUND_EXACT = "span F1, exact, mean over annotator pairs"
FOUND_OVERLAP = "span F1, overlapping, mean over annotator pairs"
SHARE = "share of units marked by two or more annotators"
PERCENT = "percent agreement: {}"
ALPHA = "Krippendorff's alpha, nominal: {}"
WITHOUT_NONE = "stance, without none"


@dataclass(frozen=True)
class Sums:
    """One measure before it is added up: sums of each unit, and what turns them into the value."""

    measure: str
    units: Sequence[Unit]
    per_unit: Floats
    finish: Finish
    undefined: str


def measure_agreement(
    units: Iterable[Unit], stories: Mapping[str, str], models: frozenset[str] = frozenset()
) -> list[Row]:
    """Rows of `agreement` for each layer: as a whole, by label or target, and with and without suggestions.

    Args:
        units: as `units.make_units` makes them; those without any independent judgement are left out.
        stories: doc_id -> story_id; reprints of one story are resampled together.
        models: annotators that are models.
    """
    by_layer: dict[str, list[Unit]] = {layer: [] for layer in LAYER_PASS}
    for unit in units:
        if not unit.is_projected:
            by_layer[unit.layer].append(unit)
    rows = []
    for layer, listed in by_layer.items():
        for (by, group), members in _groups(layer, listed).items():
            sums = _found(members) if layer != "document_stance" else []
            if by != "label":
                sums += _judged(layer, members)
            for measure in sums:
                rows.append({"layer": layer, "by": by, "group": group} | _row(measure, members, stories, models))
    return rows


def _groups(layer: str, units: Sequence[Unit]) -> dict[tuple[str, str], list[Unit]]:
    groups: dict[tuple[str, str], list[Unit]] = {("all", "all"): list(units)}
    for unit in units:
        groups.setdefault(("suggestions", "shown" if unit.suggested else "not shown"), []).append(unit)
        if unit.target_id is not None:
            groups.setdefault(("target", unit.target_id), []).append(unit)
        elif layer == "mention":
            for label in sorted({vote.row["label"] for vote in unit.votes}):
                votes = tuple(vote for vote in unit.votes if vote.row["label"] == label)
                groups.setdefault(("label", label), []).append(replace(unit, votes=votes))
    return groups


def _found(units: Sequence[Unit]) -> list[Sums]:
    """Span F1 over all pairs of annotators who both submitted, and the share of units that two or more marked."""
    names = sorted({name for unit in units for name in unit.submitted})
    column = {pair: 2 * i for i, pair in enumerate(combinations(names, 2))}
    exact = np.zeros((len(units), 2 * len(column)))
    overlap = np.zeros_like(exact)
    for number, unit in enumerate(units):
        spans = {vote.annotator_id: (vote.start, vote.end) for vote in unit.votes}
        for a, b in combinations(unit.voters, 2):
            at, marked = column[a, b], (a in spans) + (b in spans)
            exact[number, at] = marked == 2 and spans[a] == spans[b]
            overlap[number, at] = marked == 2
            exact[number, at + 1] = overlap[number, at + 1] = marked
    twice = np.array([[len(unit.votes) >= 2, len(unit.voters) >= 2] for unit in units], dtype=np.float64).reshape(-1, 2)
    nothing = "nothing was marked"
    return [
        Sums(FOUND_EXACT, units, exact, f1_of, nothing),
        Sums(FOUND_OVERLAP, units, overlap, f1_of, nothing),
        Sums(SHARE, units, twice, ratio_of, nothing),
    ]


def _judged(layer: str, units: Sequence[Unit]) -> list[Sums]:
    """Percent agreement and alpha of each field on the units that two or more annotators marked."""
    sums = []
    for field in LAYER_FIELDS[layer]:
        sums += _judged_field(units, field, field, frozenset())
        if layer == "document_stance":
            sums += _judged_field(units, field, WITHOUT_NONE, frozenset({"none"}))
    return sums


def _judged_field(units: Sequence[Unit], field: str, name: str, without: frozenset[str]) -> list[Sums]:
    said = [[value for vote in unit.votes if (value := field_value(vote.row, field)) not in without] for unit in units]
    matched = [number for number, values in enumerate(said) if len(values) >= 2]
    column = {value: i for i, value in enumerate(sorted({value for number in matched for value in said[number]}))}
    counts = np.zeros((len(matched), len(column)))
    for at, number in enumerate(matched):
        for value in said[number]:
            counts[at, column[value]] += 1
    chosen = [units[number] for number in matched]
    none = "no unit was judged by two annotators"
    one = f"only one value was used ({next(iter(column))})" if len(column) == 1 else none
    return [
        Sums(PERCENT.format(name), chosen, percent_sums(counts), ratio_of, none),
        Sums(ALPHA.format(name), chosen, alpha_sums(counts), alpha_of, one),
    ]


def _row(sums: Sums, group: Sequence[Unit], stories: Mapping[str, str], models: frozenset[str]) -> Row:
    names = {name for unit in group for name in unit.submitted}
    told = [stories.get(unit.doc_id, unit.doc_id) for unit in sums.units]
    numbers = {story: i for i, story in enumerate(sorted(set(told)))}
    by_story = np.zeros((len(numbers), sums.per_unit.shape[1]))
    np.add.at(by_story, [numbers[story] for story in told], sums.per_unit)
    value = float(sums.finish(by_story.sum(axis=0))) if len(names) >= 2 else np.nan
    between = interval(by_story, sums.finish) if not np.isnan(value) else None
    reasons = []
    if np.isnan(value):
        reasons.append("fewer than two annotators" if len(names) < 2 else sums.undefined)
    elif len(numbers) < LEAST_STORIES:
        reasons.append(FEW_STORIES)
    elif between is None:
        reasons.append("undefined in most bootstrap samples: no interval")
    if names and names <= models:
        reasons.append(MODELS_ONLY)
    elif names & models:
        reasons.append("some of the annotators are models")
    return {
        "measure": sums.measure,
        "value": None if np.isnan(value) else value,
        "low": between[0] if between else None,
        "high": between[1] if between else None,
        "n_units": len(sums.units),
        "n_stories": len(numbers),
        "n_annotators": len(names),
        "reason": "; ".join(reasons) or None,
    }
