"""What is counted for many units at once is what counting unit by unit gives."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from judged_project import make_judged_project

from stancewire.agreement.columns import FOUND, TUPLE_FIELDS, make_columns
from stancewire.agreement.tokens import Tokens
from stancewire.agreement.units import Unit
from stancewire.agreement.values import DROP, KEEP, LAYER_FIELDS, boundary_value, field_value
from stancewire.gold.decisions import DecisionIndex
from stancewire.gold.evidence import Evidence, read_evidence
from stancewire.gold.merge import count_votes, merge_units, settle_votes


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    root: Path = tmp_path_factory.mktemp("bulk") / "judged"
    return read_evidence(make_judged_project(root, 12, annotators=4, seed=5, merge=False))


def ballot(unit: Unit, field: str) -> list[tuple[str, str]]:
    marked = {vote.annotator_id for vote in unit.votes}
    if field == "exists":
        return [(name, KEEP if name in marked else DROP) for name in unit.submitted]
    if field == "boundary":
        return [(vote.annotator_id, boundary_value(vote.start or 0, vote.end or 0)) for vote in unit.votes]
    return [(vote.annotator_id, field_value(vote.row, field)) for vote in unit.votes]


@pytest.mark.parametrize("method", ["majority", "unanimous", "adjudicated"])
def test_what_is_said_alike_of_many_units_is_counted_as_of_each(evidence: Evidence, method: str) -> None:
    units = evidence.units()
    outcomes = merge_units(units, DecisionIndex([], frozenset()), method)
    assert len(outcomes) == len(units) > 100
    shared = 0
    for unit, outcome in zip(units, outcomes, strict=True):
        spans = () if unit.layer == "document_stance" else ("exists", "boundary")
        assert [item.field for item in outcome.fields] == [*spans, *LAYER_FIELDS[unit.layer]]
        for item in outcome.fields:
            votes = count_votes(ballot(unit, item.field))
            assert (item.votes, item.voted) == (votes, settle_votes(votes, method))
            assert (item.decision, item.stale, item.settled) == (None, None, None)
            shared += len(votes) > 1
    assert shared > 20


@pytest.mark.parametrize("layer", ["mention", "stance"])
def test_pairs_of_annotators_are_laid_out_as_if_one_by_one(evidence: Evidence, layer: str) -> None:
    units = [unit for unit in evidence.units() if unit.layer == layer]
    silent = next(n for n, unit in enumerate(units) if len(unit.votes) < len(unit.submitted))
    gone = set(units[silent].submitted) - {vote.annotator_id for vote in units[silent].votes}
    units[silent] = replace(units[silent], abstained=frozenset(gone))
    columns = make_columns(layer, units, Tokens(evidence.texts))
    rows = []
    firsts = {(unit.doc_id, unit.target_id): number for number, unit in reversed(list(enumerate(units)))}
    tokens = Tokens(evidence.texts)
    for number, unit in enumerate(units):
        votes = {vote.annotator_id: vote for vote in unit.votes}
        for one, other in combinations(unit.voters, 2):
            a, b = votes.get(one), votes.get(other)
            both = [0.0] * len(FOUND)
            if a is not None and b is not None:
                place = (a.start, a.end) == (b.start, b.end)
                words = all(field_value(a.row, field) == field_value(b.row, field) for field in TUPLE_FIELDS[layer])
                both = [float(place), 1.0, float(place and words), float(words), 0.0]
            first, second = [float(a is not None)] * 4 + [0.0], [float(b is not None)] * 4 + [0.0]
            if firsts[unit.doc_id, unit.target_id] == number:
                held = [
                    {
                        token
                        for each in units
                        if (each.doc_id, each.target_id) == (unit.doc_id, unit.target_id)
                        for vote in each.votes
                        if vote.annotator_id == name
                        for token in tokens.within(each.doc_id, vote.start or 0, vote.end or 0)
                    }
                    for name in (one, other)
                ]
                both[-1] = float(len(held[0] & held[1]))
                first[-1], second[-1] = float(len(held[0])), float(len(held[1]))
            pair = columns.names.index(one), columns.names.index(other)
            rows.append((number, columns.pairs.index(pair), both, first, second))
    assert [row[0] for row in rows] == columns.row_unit.tolist()
    assert [row[1] for row in rows] == columns.row_pair.tolist()
    for at, name in ((2, "both"), (3, "first"), (4, "second")):
        assert np.array_equal(np.array([row[at] for row in rows]), getattr(columns, name))
