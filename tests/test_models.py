"""Votes settled by models: better than counting where annotators differ in care, the same where they agree."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from crowd import (
    CAREFUL,
    RUNS_ON,
    SPAMMER,
    TAKES_ARTICLES,
    USUAL,
    Crowd,
    Habit,
    Place,
    exact_f1,
    judgement,
    span_crowd,
    token_f1,
    token_majority,
    value_crowd,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from merged_project import decide, judge, judge_crowd, make_project, table, usual

from stancewire.agreement.units import Unit, Vote
from stancewire.agreement.values import parse_boundary
from stancewire.cli import main
from stancewire.errors import UsageError
from stancewire.gold import METHODS, merge_units, write_gold
from stancewire.gold.ballots import make_ballots, plurality
from stancewire.gold.boundaries import fit_boundaries
from stancewire.gold.dawid_skene import dawid_skene
from stancewire.gold.decisions import DecisionIndex
from stancewire.gold.mace import _digamma, _expect, mace, trusted_vote
from stancewire.gold.merge import count_votes, settle_votes
from stancewire.gold.models import MODEL_METHODS, settle_by_model

NO_DECISIONS = DecisionIndex([], frozenset())


def spans_of(crowd: Crowd, method: str) -> set[Place]:
    """The spans that gold has."""
    outcomes = merge_units(crowd.units, NO_DECISIONS, method)
    settled = [(o.unit.doc_id, o.value("boundary")) for o in outcomes if o.value("exists") == "keep"]
    return {(doc_id, *parse_boundary(place)) for doc_id, place in settled if place is not None}


CROWDS: dict[str, dict[str, Habit]] = {
    "two take articles, one runs on, one does not look": {
        "a": CAREFUL, "b": USUAL, "c": TAKES_ARTICLES, "d": TAKES_ARTICLES, "e": RUNS_ON, "f": SPAMMER, "g": USUAL
    },
    "five alike": dict.fromkeys("abcde", USUAL),
    "two of five do not look": {"a": CAREFUL, "b": USUAL, "c": SPAMMER, "d": SPAMMER, "e": USUAL},
}  # fmt: skip


@pytest.mark.parametrize("crowd", CROWDS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_boundary_model_beats_token_majority_on_generated_crowds(crowd: str, seed: int) -> None:
    made = span_crowd(CROWDS[crowd], seed)
    found, counted = spans_of(made, "dawid_skene"), token_majority(made)
    assert exact_f1(found, made.truth) > exact_f1(counted, made.truth) + 0.02
    assert token_f1(found, made.truth) > token_f1(counted, made.truth)
    assert exact_f1(found, made.truth) > exact_f1(spans_of(made, "majority"), made.truth) + 0.02


def test_the_boundary_model_learns_the_habits() -> None:
    crowd = span_crowd(CROWDS["two take articles, one runs on, one does not look"], 0, documents=80)
    fit = fit_boundaries(crowd.units)
    by_name = dict(zip(fit.names, zip(fit.marks_true, fit.exact_start, fit.exact_end, strict=True), strict=True))
    assert by_name["c"][1] < 0.2 < 0.85 < by_name["c"][2]  # the truth: starts exact in 10%, ends in 95%
    assert by_name["e"][2] < 0.2 < 0.85 < by_name["e"][1]
    assert by_name["a"][0] == pytest.approx(0.9, abs=0.06)
    # who does not look overlaps a true span now and then, and is rarely where it begins and ends
    assert min(by_name, key=lambda name: by_name[name][0]) == "f"
    assert max(by_name["f"][1:]) < 0.5


CONFUSIONS = np.array(
    [[[0.85, 0.1, 0.05], [0.1, 0.85, 0.05], [0.1, 0.1, 0.8]]] * 3
    + [[[0.1, 0.85, 0.05], [0.85, 0.1, 0.05], [0.1, 0.1, 0.8]]]  # takes favor for against, and the reverse
    + [[[0.9, 0.05, 0.05]] * 3] * 2  # says nearly always the first
)


def accuracy(posterior: Any, truth: Any) -> float:
    return float((posterior.argmax(axis=1) == truth).mean())


@pytest.mark.parametrize("model", [dawid_skene, mace])
def test_a_model_beats_plurality_where_some_do_not_look(model: Any) -> None:
    truth, votes = value_crowd(CONFUSIONS, 600, 5, 1, [0.3, 0.4, 0.3])
    ballots = make_ballots(votes, 600, len(CONFUSIONS), 3)
    fit = model(ballots)
    counted = plurality(ballots)
    assert accuracy(fit.posterior, truth) > float((counted == truth).mean()) + 0.05
    assert np.allclose(fit.posterior.sum(axis=1), 1)
    assert min(fit.reliability[:3]) > max(fit.reliability[3:])


def test_dawid_skene_reads_who_always_says_the_reverse() -> None:
    truth, votes = value_crowd(CONFUSIONS[[0, 1, 3]], 400, 3, 3, [0.5, 0.5, 0.0])
    fit = dawid_skene(make_ballots(votes, 400, 3, 3))
    assert accuracy(fit.posterior, truth) > 0.9
    assert fit.reliability[2] < 0.25


def test_a_trusted_vote_prefers_those_who_are_often_right() -> None:
    chance = random.Random(5)
    votes, n = [], 300
    for item in range(n):
        for who, right in enumerate((0.9, 0.9, 0.35, 0.35, 0.35)):
            votes.append((item, who, 0 if chance.random() < right else chance.randint(1, 2)))
    ballots = make_ballots(votes, n, 5, 3)
    fit = trusted_vote(ballots)
    assert (fit.posterior.argmax(axis=1) == 0).mean() > (plurality(ballots) == 0).mean() + 0.05
    assert min(fit.reliability[:2]) > 0.8 > 0.6 > max(fit.reliability[2:])


def test_digamma_is_digamma() -> None:
    # digamma(1) = -0.5772156649 (Euler), digamma(1/2) = -gamma - 2 ln 2, digamma(x + 1) = digamma(x) + 1/x
    euler = 0.5772156649015329
    assert _digamma(np.array([1.0, 0.5])) == pytest.approx([-euler, -euler - 2 * np.log(2)], abs=1e-8)
    x = np.linspace(0.01, 20, 50)
    assert _digamma(x + 1) == pytest.approx(_digamma(x) + 1 / x, abs=1e-8)


BALLOTS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 2)),
    min_size=1,
    max_size=25,
    unique_by=lambda vote: vote[:2],
)


@given(BALLOTS)
def test_plurality_of_columns_is_plurality_of_votes(votes: list[tuple[int, int, int]]) -> None:
    found = plurality(make_ballots(votes, 6, 5, 3))
    for item in range(6):
        settled = settle_votes(count_votes([(str(a), str(v)) for i, a, v in votes if i == item]), "majority")
        assert found[item] == (-1 if settled is None else int(settled))


@settings(max_examples=40)
@given(BALLOTS, st.permutations(range(5)), st.randoms(use_true_random=False))
def test_who_is_called_what_changes_nothing(
    votes: list[tuple[int, int, int]], names: list[int], order: random.Random
) -> None:
    others = [(item, names[who], value) for item, who, value in votes]
    order.shuffle(others)
    for model in (dawid_skene, trusted_vote):
        one, other = (model(make_ballots(given, 6, 5, 3)) for given in (votes, others))
        voted = sorted({item for item, _, _ in votes})
        assert np.allclose(one.posterior[voted], other.posterior[voted], atol=1e-6)


def mention_unit(doc: int, labels: list[str], said: list[bool]) -> Unit:
    names = tuple(f"ann-{i}" for i in range(len(said)))
    votes = tuple(
        Vote(f"{doc}{name}", name, 0, 3, judgement(name, f"d{doc}", 0, 3, "Lee", label=label))
        for name, label, is_said in zip(names, labels, said, strict=True)
        if is_said
    )
    return Unit("mention", f"d{doc}", None, votes, names, frozenset(), False)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["PERSON", "ORG", "GPE"]), min_size=1, max_size=8), st.integers(3, 5))
def test_unanimous_judgements_are_returned_by_every_method_but_adjudicated(labels: list[str], people: int) -> None:
    units = [mention_unit(doc, [label] * people, [True] * people) for doc, label in enumerate(labels)]
    for method in set(METHODS) - {"adjudicated"}:
        merged = merge_units(units, NO_DECISIONS, method)
        assert [outcome.value("label") for outcome in merged] == labels
        assert all(outcome.is_gold and outcome.decided_by == "unanimous" for outcome in merged)
    assert not any(outcome.is_gold for outcome in merge_units(units, NO_DECISIONS, "adjudicated"))


@pytest.mark.parametrize("method", MODEL_METHODS)
def test_models_refuse_two_annotators_unless_told(method: str) -> None:
    units = [mention_unit(0, ["PERSON", "ORG"], [True, True])]
    with pytest.raises(UsageError, match=r"3 annotators or more; mention has 2.*--allow-few"):
        merge_units(units, NO_DECISIONS, method)
    told = settle_by_model(units, method, allow_few=True)
    (outcome,) = merge_units(units, NO_DECISIONS, method, told)
    assert outcome.value("boundary") == "0:3"


@pytest.mark.parametrize("method", MODEL_METHODS)
def test_soft_labels_are_chances_and_votes_stay_on_each_row(method: str) -> None:
    units = [mention_unit(doc, ["PERSON", "PERSON", "ORG"], [True] * 3) for doc in range(9)]
    units += [mention_unit(9, ["PERSON", "ORG", "ORG"], [True] * 3)]
    for outcome in merge_units(units, NO_DECISIONS, method):
        (label,) = (item for item in outcome.fields if item.field == "label")
        assert sum(share for _, share in label.shares) == pytest.approx(1, abs=1e-5)
        assert sum(len(names) for _, names in label.votes) == 3
        assert outcome.decided_by == "model"
        assert label.shares[0][0] == label.value


@pytest.mark.parametrize("method", MODEL_METHODS)
def test_a_thousand_annotators_and_one_that_meets_nobody(method: str) -> None:
    many = mention_unit(0, ["PERSON"] * 700 + ["ORG"] * 300, [True] * 1000)
    alone = mention_unit(1, ["GPE"], [True])
    lonely = dataclasses.replace(
        alone,
        submitted=("zed",),
        votes=tuple(dataclasses.replace(vote, annotator_id="zed") for vote in alone.votes),
    )
    outcomes = merge_units([many, lonely], NO_DECISIONS, method)
    assert [outcome.value("label") for outcome in outcomes] == ["PERSON", "GPE"]


# the tables


@pytest.fixture
def crowded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Three annotators, of whom the third says what the first says."""
    return judge_crowd(tmp_path / "project", monkeypatch)


@pytest.mark.parametrize("method", sorted(MODEL_METHODS))
def test_gold_by_a_model_says_so_and_is_the_same_again(crowded: Any, method: str, tmp_path: Path) -> None:
    report = write_gold(crowded, method)
    stances = table(crowded, "stances")
    assert {row["method"] for row in stances} == {method}
    assert "model" in {row["decided_by"] for row in [*stances, *table(crowded, "mentions")]}
    for row in stances:
        assert row["p_favor"] + row["p_against"] + row["p_neutral"] == pytest.approx(1, abs=1e-5)
        assert (row["n_annotators"], row["n_votes"] <= 3) == (3, True)
    measures = {row["measure"] for row in table(crowded, "agreement") if row["by"] == "annotator"}
    title = MODEL_METHODS[method][0]
    assert any(measure.startswith(f"annotator reliability, {title}, ") for measure in measures)
    assert "annotator reliability, boundary model: chance to mark a true span" in measures
    assert write_gold(crowded, method).counts == report.counts
    assert table(crowded, "stances") == stances


def test_merge_by_a_model_is_refused_for_two_and_done_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(tmp_path / "project")
    judge(project, usual(), monkeypatch)
    command = ["--project", str(project.root), "merge", "--method", "dawid_skene"]
    assert main(command) == 2
    assert "merge with majority, or say --allow-few" in capsys.readouterr().err
    assert not (project.annotations / "stances.parquet").exists()
    assert main([*command, "--allow-few"]) == 0
    assert main(["--project", str(project.root), "explain", table(project, "mentions")[0]["mention_id"]]) == 0


def test_adjudicated_gold_holds_only_what_was_decided_about(crowded: Any) -> None:
    write_gold(crowded, "adjudicated")
    assert table(crowded, "mentions") == table(crowded, "stances") == []
    ids = [
        row["judgement_id"]
        for row in table(crowded, "judgements")
        if row["text"] == "Lee" and row["layer"] == "mention"
    ]
    decide(crowded, ids, "label", "ORG")
    write_gold(crowded, "adjudicated")
    assert [(row["text"], row["label"], row["decided_by"]) for row in table(crowded, "mentions")] == [
        ("Lee", "ORG", "adjudicated")
    ]


def test_the_worked_example_of_dawid_skene() -> None:
    said = {0: (0, 0, 1, 1), 1: (0, 0, 1, 1), 2: (1, 1, 0, 0)}
    votes = [(item, who, value) for who, values in said.items() for item, value in enumerate(values)]
    ballots = make_ballots(votes, 4, 3, 2)
    assert dawid_skene(ballots, iterations=1).posterior[0, 0] == pytest.approx(8 / 9, abs=5e-3)  # but for smoothing
    settled = dawid_skene(ballots)
    assert settled.posterior[0, 0] > 0.99
    assert settled.reliability[0] > 0.95 and settled.reliability[2] < 0.05


def test_the_worked_example_of_mace() -> None:
    competence, habit = np.array([0.9, 0.0]), np.array([[0.5, 0.5], [1.0, 0.0]])
    key, cell = np.array([0 * 2 + 1, 1 * 2 + 0]), np.array([1, 0])  # one item: ann-a says 1 (against), ann-b 0
    weights, _, _ = _expect(competence, habit, key, cell, 1)
    assert weights[1, 0] / weights.sum() == pytest.approx(0.95)
