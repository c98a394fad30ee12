"""Coefficients as published: facts of the textbooks to 5e-4, worked by hand where a comment says so."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from crowd import judgement
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stancewire.agreement import krippendorff_alpha, percent_agreement
from stancewire.agreement.coefficients import as_number, count_values
from stancewire.agreement.columns import make_columns
from stancewire.agreement.distances import interval_alpha, ordinal_alpha
from stancewire.agreement.judged import judged_sums
from stancewire.agreement.kappas import cohen_kappa, fleiss_kappa, gwet_ac1
from stancewire.agreement.units import Unit, Vote

# Krippendorff's twelve units and four observers (Content Analysis, ch. 11; Gwet's handbook has them too, as four raters
# on twelve subjects). '.' is missing.
FOUR = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")

# Fourteen raters, ten subjects, five categories: the table by which encyclopedias explain Fleiss' kappa
FOURTEEN = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def counts_of(*raters: str) -> Any:
    codes = [[-1 if rater[unit] == "." else int(rater[unit]) - 1 for rater in raters] for unit in range(len(raters[0]))]
    return count_values(codes, 5)


@pytest.mark.parametrize(
    ("measure", "published"),
    [
        (krippendorff_alpha, 0.743),
        (ordinal_alpha, 0.815),
        (lambda counts: interval_alpha(counts, [1, 2, 3, 4, 5]), 0.849),
    ],
)
def test_krippendorffs_example_at_every_level(measure: Callable[[Any], float | None], published: float) -> None:
    # K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), sections C and D
    assert measure(counts_of(*FOUR)) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize(
    ("measure", "published"), [(gwet_ac1, 0.77544), (fleiss_kappa, 0.76117), (krippendorff_alpha, 0.74342)]
)
def test_gwets_example_of_four_raters_with_missing_ratings(
    measure: Callable[[Any], float | None], published: float
) -> None:
    # K. L. Gwet, Handbook of Inter-Rater Reliability: the same data. Subject 12 has one rating: it tells how often a
    # category is used, and nothing of agreement.
    counts = counts_of(*FOUR)
    assert measure(counts) == pytest.approx(published, abs=5e-4)


def test_cohens_example_of_200_patients() -> None:
    # J. Cohen (1960): judges' margins 100 60 40 and 120 60 20, on the diagonal 88 40 12. By hand: observed 140,
    # expected 100 * 120 / 200 + 60 * 60 / 200 + 40 * 20 / 200 = 82; kappa = (140 - 82) / (200 - 82) = 58 / 118.
    table = [[88, 10, 2], [14, 40, 6], [18, 10, 12]]
    assert cohen_kappa(table) == pytest.approx(58 / 118, abs=1e-12)
    assert cohen_kappa(table) == pytest.approx(0.492, abs=5e-4)


def test_cohens_kappa_of_fifty_grants() -> None:
    # yes/yes 20, yes/no 5, no/yes 10, no/no 15. By hand: pa = 0.7, pe = 0.5 * 0.6 + 0.5 * 0.4 = 0.5, kappa = 0.4
    assert cohen_kappa([[20, 5], [10, 15]]) == pytest.approx(0.4, abs=1e-12)


def test_fleiss_table_of_fourteen_raters() -> None:
    # By hand: mean of the subjects' agreement 0.378, sum of squared shares 0.213; kappa = 0.165 / 0.787
    assert fleiss_kappa(FOURTEEN) == pytest.approx(0.210, abs=5e-4)
    assert percent_agreement(FOURTEEN) == pytest.approx(0.378, abs=5e-4)


def test_the_prevalence_trap_catches_kappa_and_not_ac1() -> None:
    # Gwet (2008). By hand: pa = 118/125; Cohen pe = (123 * 120 + 2 * 5) / 15625; AC1 pe = 2 * 0.028 * 0.972
    observed = 118 / 125
    cohen = (123 * 120 + 2 * 5) / 125**2
    gwet = 2 * 0.028 * 0.972
    assert cohen_kappa([[118, 5], [2, 0]]) == pytest.approx((observed - cohen) / (1 - cohen), abs=1e-12)
    assert cohen_kappa([[118, 5], [2, 0]]) == pytest.approx(-0.0234, abs=5e-4)
    counts = [[2, 0]] * 118 + [[1, 1]] * 7
    assert gwet_ac1(counts) == pytest.approx((observed - gwet) / (1 - gwet), abs=1e-12)
    assert gwet_ac1(counts) == pytest.approx(0.9408, abs=5e-4)


def test_the_worked_example_of_alpha_and_what_duplicating_does_to_it() -> None:
    example = [[2, 0], [1, 1]]
    assert krippendorff_alpha(example) == pytest.approx(0)
    assert krippendorff_alpha(example * 2) == pytest.approx(-1 / 6)


def test_the_worked_example_of_interval_alpha() -> None:
    assert interval_alpha([[0, 0, 2], [0, 1, 1]], [-1, 0, 1]) == pytest.approx(0)


def test_gwets_ac1_counts_categories_that_nobody_used() -> None:
    # two units (a, a), (a, b): pa = 0.5; p = 3/4, 1/4: pe = 2 * 3/16 / (q - 1)
    assert gwet_ac1([[2, 0], [1, 1]]) == pytest.approx((0.5 - 0.375) / (1 - 0.375))
    assert gwet_ac1([[2, 0, 0], [1, 1, 0]]) == pytest.approx((0.5 - 0.1875) / (1 - 0.1875))


MEASURES: list[Callable[[Any], float | None]] = [
    krippendorff_alpha,
    percent_agreement,
    fleiss_kappa,
    gwet_ac1,
    ordinal_alpha,
    lambda counts: interval_alpha(counts, [0, 1, 2]),
]
COUNTS = st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=15)


def same(one: float | None, other: float | None, tolerance: float = 1e-9) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, abs_tol=tolerance)


@given(COUNTS, st.randoms(use_true_random=False))
def test_the_order_of_units_changes_nothing(rows: list[list[int]], order: random.Random) -> None:
    shuffled = list(rows)
    order.shuffle(shuffled)
    assert all(same(measure(rows), measure(shuffled)) for measure in MEASURES)


CODES = st.lists(st.lists(st.integers(-1, 2), min_size=4, max_size=4), min_size=1, max_size=12)


@given(CODES, st.permutations(range(4)))
def test_the_order_of_annotators_changes_nothing(codes: list[list[int]], order: list[int]) -> None:
    one, other = count_values(codes, 3), count_values(np.array(codes)[:, order], 3)
    assert (one == other).all()
    pairs = [(row[0], row[1]) for row in codes if row[0] >= 0 and row[1] >= 0]
    table = np.zeros((3, 3))
    for a, b in pairs:
        table[a, b] += 1
    assert same(cohen_kappa(table), cohen_kappa(table.T))


@settings(max_examples=50)
@given(COUNTS, st.integers(2, 5))
def test_duplicating_the_data_keeps_kappas_and_brings_alpha_nearer_to_them(rows: list[list[int]], times: int) -> None:
    for measure in (percent_agreement, fleiss_kappa, gwet_ac1):
        assert same(measure(rows), measure(rows * times))
    # alpha's (n - 1) corrects for small samples: 1 - alpha grows by (kn - 1) / (kn - k) when the data stand k times
    n = sum(sum(row) for row in rows if sum(row) >= 2)
    for measure in (krippendorff_alpha, interval_and_values):
        one, many = measure(rows), measure(rows * times)
        if one is None or many is None:
            assert one is many
        else:
            assert math.isclose((1 - many), (1 - one) * (times * n - 1) / (times * n - times), abs_tol=1e-9)


def interval_and_values(counts: Any) -> float | None:
    return interval_alpha(counts, [-1, 0, 1])


@given(COUNTS)
def test_no_coefficient_exceeds_one_and_full_agreement_is_one(rows: list[list[int]]) -> None:
    for measure in MEASURES:
        value = measure(rows)
        assert value is None or value <= 1 + 1e-12
    agreed = [[2, 0, 0], [0, 3, 0], [0, 0, 2]]
    assert all(measure(agreed) == pytest.approx(1) for measure in MEASURES)


@pytest.mark.parametrize("measure", MEASURES[:1] + MEASURES[2:3] + MEASURES[4:])
def test_one_value_only_is_undefined(measure: Callable[[Any], float | None]) -> None:
    assert measure([[2, 0, 0], [3, 0, 0]]) is None
    assert cohen_kappa([[5, 0], [0, 0]]) is None


def test_nothing_judged_is_undefined() -> None:
    assert all(measure(np.zeros((0, 3))) is None for measure in MEASURES)
    assert cohen_kappa(np.zeros((2, 2))) is None


OPEN = st.lists(
    st.tuples(st.sampled_from(["d1", "d2", "d3"]), st.lists(st.integers(-1, 5), min_size=3, max_size=3)),
    min_size=1,
    max_size=14,
)


@settings(max_examples=80, deadline=None)
@given(OPEN, st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_values_without_a_common_list_have_the_same_coefficients(
    given: list[tuple[str, list[int]]], weights: list[int]
) -> None:
    """However often stories are drawn: as if the units stood there so often."""
    names = ("a", "b", "c")
    units, told = [], []
    for number, (doc_id, codes) in enumerate(given):
        said = {name: code for name, code in zip(names, codes, strict=True) if code >= 0}
        rows = {name: judgement(name, doc_id, 0, 3, "Lee", entity_id=f"e{code}") for name, code in said.items()}
        votes = tuple(Vote(f"{number}{name}", name, 0, 3, row) for name, row in rows.items())
        if votes:
            units.append(Unit("mention", doc_id, None, votes, names, frozenset(), False))
            told.append(codes)
    assume(units)  # where nobody marked anything there are no annotators to pair
    columns = make_columns("mention", units, None)
    every = np.ones(len(units), dtype=np.bool_)
    sums = {s.measure: s for s in judged_sums(columns, every, None, None, details=False)}
    often = dict(zip(("d1", "d2", "d3"), weights, strict=True))
    drawn = [(codes, often[unit.doc_id]) for unit, codes in zip(units, told, strict=True)]
    repeated = [codes for codes, times in drawn for _ in range(times) if sum(code >= 0 for code in codes) >= 2]
    counts = count_values(np.array(repeated, dtype=np.int64).reshape(-1, 3), 6)
    used = len({code for codes, _ in drawn if sum(c >= 0 for c in codes) >= 2 for code in codes if code >= 0})
    dense = {
        "Krippendorff's alpha, nominal: entity_id": krippendorff_alpha(counts),
        "Fleiss' kappa: entity_id": fleiss_kappa(counts),
        "Gwet's AC1: entity_id": None if used < 2 else gwet_of_used(counts, used),
        "percent agreement: entity_id": percent_agreement(counts),
        "Cohen's kappa, mean over annotator pairs: entity_id": mean_cohen(repeated),
    }
    for measure, expected in dense.items():
        made = sums[measure]
        weight = np.array([often[doc_id] for doc_id in made.docs], dtype=float)[:, None]
        total = (made.per_row * weight).sum(axis=0)
        if made.quadratic is not None:
            total = np.concatenate([total, (made.quadratic * weight**2).sum(axis=0)])
        assert same(as_number(made.finish(total)), expected), measure


def gwet_of_used(counts: Any, used: int) -> float | None:
    """AC1 of counts, the values that no drawn unit has left out of q, except those that others have."""
    kept = counts[:, counts.sum(axis=0) > 0]
    return gwet_ac1(np.hstack([kept, np.zeros((len(kept), used - kept.shape[1]))]))


def mean_cohen(rows: list[list[int]]) -> float | None:
    found = []
    for a, b in ((0, 1), (0, 2), (1, 2)):
        table = np.zeros((6, 6))
        for row in rows:
            if row[a] >= 0 and row[b] >= 0:
                table[row[a], row[b]] += 1
        found.append(cohen_kappa(table))
    defined = [value for value in found if value is not None]
    return sum(defined) / len(defined) if defined else None
