"""Agreement: alignment independent of order, coefficients as published, no number for what is undefined."""

from __future__ import annotations

import dataclasses
import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_submissions import CODEBOOK, TEXT, mark, read, stance, submission

from stancewire.agreement import Span, align, jaccard, krippendorff_alpha, make_units, percent_agreement
from stancewire.agreement.coefficients import alpha_of, alpha_sums, f1_of, interval
from stancewire.agreement.found import FOUND_EXACT, FOUND_OVERLAP, SHARE
from stancewire.agreement.judged import ALPHA, PERCENT
from stancewire.agreement.measure import FEW_STORIES, MODELS_ONLY, measure_agreement
from stancewire.agreement.values import parse_party, party_value
from stancewire.project import schema_directory
from stancewire.tables import make_table, read_table_schema

Row = dict[str, Any]


def spans(*given: tuple[str, int, int, str]) -> list[Span]:
    return [Span(f"{who}{start}-{end}{tie}", who, start, end, (tie,)) for who, start, end, tie in given]


def names(units: list[tuple[Span, ...]]) -> list[set[str]]:
    return [{span.id for span in unit} for unit in units]


# alignment


def test_the_drawing_in_the_docstring_is_what_happens() -> None:
    text = "Top Japanese and American military officials affirmed"
    marked = {"1": ("Japanese", "American", "military officials"), "2": ("Japanese", "American military officials")}
    marked["3"] = ("military officials",)
    given = [
        Span(f"{who}:{words}", who, text.index(words), text.index(words) + len(words))
        for who, all_words in marked.items()
        for words in all_words
    ]
    assert round(jaccard(given[1], given[4]), 2) == 0.30
    assert round(jaccard(given[2], given[4]), 2) == 0.67
    assert names(align(given, 0.25)) == [
        {"1:Japanese", "2:Japanese"},
        {"1:American"},
        {"1:military officials", "2:American military officials", "3:military officials"},
    ]


def test_equal_spans_of_two_holders_meet_the_same_holder() -> None:
    given = spans(("a", 0, 9, "x"), ("a", 0, 9, "y"), ("b", 0, 9, "y"), ("b", 0, 9, "x"))
    assert names(align(given, 0.1)) == [{"a0-9x", "b0-9x"}, {"a0-9y", "b0-9y"}]


def test_overlap_comes_before_holder() -> None:
    given = spans(("a", 0, 10, "x"), ("b", 0, 10, "y"), ("b", 0, 8, "x"))
    assert {"a0-10x", "b0-10y"} in names(align(given, 0.1))


def test_spans_under_the_least_overlap_or_of_one_annotator_stay_apart() -> None:
    assert len(align(spans(("a", 0, 10, ""), ("b", 6, 16, "")), 0.5)) == 2
    assert len(align(spans(("a", 0, 10, ""), ("a", 0, 10, "y")), 0.1)) == 2
    assert len(align(spans(("a", 0, 10, ""), ("b", 10, 16, "")), 0.0001)) == 2
    assert align([], 0.5) == []


SPANS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 20), st.integers(1, 12), st.sampled_from("xy")), max_size=14
)


@given(SPANS, st.randoms(use_true_random=False))
def test_alignment_is_a_partition_independent_of_order(
    given: list[tuple[str, int, int, str]], order: random.Random
) -> None:
    listed = [Span(str(i), who, start, start + size, (tie,)) for i, (who, start, size, tie) in enumerate(given)]
    units = align(listed, 0.3)
    assert sorted(span.id for unit in units for span in unit) == sorted(span.id for span in listed)
    for unit in units:
        assert len({span.annotator_id for span in unit}) == len(unit)
    shuffled = list(listed)
    order.shuffle(shuffled)
    assert align(shuffled, 0.3) == units


@given(SPANS, st.permutations("abcd"))
def test_equal_work_is_one_unit_each_whoever_did_it(given: list[tuple[str, int, int, str]], who: list[str]) -> None:
    places = sorted({(start, start + size, tie) for _, start, size, tie in given})
    listed = [Span(f"{name}{i}", name, a, b, (tie,)) for name in who[:3] for i, (a, b, tie) in enumerate(places)]
    units = align(listed, 0.5)
    assert len(units) == len(places)
    assert all(len(unit) == 3 and len({(s.start, s.end, s.ties) for s in unit}) == 1 for unit in units)


# coefficients


def counts_of(*raters: str) -> np.ndarray[Any, Any]:
    """Counts (units, categories) of raters' values written as strings, one character a unit, '.' where missing."""
    categories = sorted(set("".join(raters)) - {"."})
    return np.array([[[r[u] for r in raters].count(c) for c in categories] for u in range(len(raters[0]))])


def test_alpha_of_krippendorffs_example_with_four_observers_and_missing_data() -> None:
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: nominal alpha = 0.743.
    # By hand: unit 12 has one value and is left out, so n = 40; n_c = 9, 13, 10, 5, 3. Agreeing pairs over (m - 1):
    # 3 + 2 + 4 + 4 + 4 + 0 + 4 + 2 + 4 + 3 + 2 = 32. alpha = 1 - 39 (40 - 32) / (1600 - 384) = 1 - 312 / 1216.
    counts = counts_of("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
    assert counts.sum() == 41
    assert krippendorff_alpha(counts) == pytest.approx(1 - 312 / 1216, abs=1e-12)
    assert krippendorff_alpha(counts) == pytest.approx(0.743, abs=5e-4)


def test_alpha_of_krippendorffs_binary_example_with_two_observers() -> None:
    # The same paper, section A: ten units, nominal alpha = 0.095. By hand: six units agree, so the diagonal holds 12 of
    # n = 20; n_0 = 14, n_1 = 6; alpha = 1 - 19 * 8 / (400 - 196 - 36) = 1 - 152 / 168.
    counts = counts_of("0100000010", "1110010000")
    assert krippendorff_alpha(counts) == pytest.approx(1 - 152 / 168, abs=1e-12)
    assert krippendorff_alpha(counts) == pytest.approx(0.095, abs=5e-4)
    assert percent_agreement(counts) == pytest.approx(0.6)


@pytest.mark.parametrize("raters", [("aaa", "aaa"), ("ab.", "..c")])
def test_alpha_is_undefined_where_no_disagreement_could_be_expected(raters: tuple[str, ...]) -> None:
    assert krippendorff_alpha(counts_of(*raters)) is None
    assert krippendorff_alpha(np.zeros((0, 0))) is None


RATINGS = st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=20)


@given(RATINGS, st.randoms(use_true_random=False))
def test_alpha_and_percent_do_not_depend_on_the_order_of_units_or_categories(
    rows: list[list[int]], order: random.Random
) -> None:
    shuffled = [list(row) for row in rows]
    order.shuffle(shuffled)
    column = list(range(3))
    order.shuffle(column)
    other = np.array(shuffled)[:, column]
    for measure in (krippendorff_alpha, percent_agreement):
        one, two = measure(rows), measure(other)
        assert (one is None) == (two is None)
        assert one is None or two is None or math.isclose(one, two, abs_tol=1e-12)


@given(RATINGS)
def test_sums_over_stories_add_up_to_the_whole(rows: list[list[int]]) -> None:
    parts = alpha_sums(rows)
    halves = parts[: len(parts) // 2].sum(axis=0) + parts[len(parts) // 2 :].sum(axis=0)
    assert np.allclose(alpha_of(halves), alpha_of(parts.sum(axis=0)), equal_nan=True)


def test_f1_is_the_mean_over_pairs_that_marked_anything() -> None:
    # pair 1: 2 of both, 3 + 2 marked: 4/5; pair 2: nothing; pair 3: 0 of both, 1 marked: 0
    assert float(f1_of(np.array([2.0, 5, 0, 0, 0, 1]))) == pytest.approx(0.4)
    assert np.isnan(f1_of(np.array([0.0, 0])))
    assert np.isnan(f1_of(np.array([])))


def test_an_interval_needs_ten_stories_and_is_the_same_each_time() -> None:
    rows = alpha_sums(np.array([[2, 0], [0, 2], [1, 1], [2, 0]] * 4))
    assert interval(rows[:9], alpha_of) is None
    found = interval(rows, alpha_of)
    assert found is not None
    assert found == interval(rows, alpha_of)
    assert found[0] < float(alpha_of(rows.sum(axis=0))) < found[1]


def test_a_party_is_written_and_read_back() -> None:
    for party in (("author", None, None), ("entity", "d1#a:b", None), ("unnamed", None, None), ("other", None, "a: b")):
        assert parse_party(party_value(party)) == party


# units


def units_of(*submissions: Any, reviewed: frozenset[str] = frozenset(), **other: Any) -> Any:
    found = read(*submissions, **other)
    return make_units(found.judgements, found.assignments, CODEBOOK.rules, reviewed)


def test_only_those_who_submitted_are_asked() -> None:
    units = units_of(
        submission(mark("Lee", label="PERSON")),
        submission(who="ann-b"),
        submission(mark("Lee", label="PERSON"), who="ann-c", state="draft", created_at=None, updated_at=None),
        submission(who="ann-d", state="skipped"),
        submission(who="ann-e", state="assigned", created_at=None, updated_at=None),
    )
    (unit,) = units
    assert unit.submitted == unit.voters == ("ann-a", "ann-b")


def test_edge_white_space_is_folded_for_comparison() -> None:
    (unit,) = units_of(submission(mark(" met ", label="ORG")), submission(mark("met", label="ORG"), who="ann-b"))
    assert {(vote.start, vote.end) for vote in unit.votes} == {(11, 14)}


def test_the_latest_submitted_round_of_an_annotator_speaks() -> None:
    (unit,) = units_of(submission(mark("Lee", label="PERSON")), submission(mark("pact", label="LAW"), round=2))
    assert unit.votes[0].row["text"] == "pact"


def test_moved_judgements_abstain_until_they_are_reviewed() -> None:
    changed = "Update. " + TEXT
    old = submission(mark("Lee", label="PERSON"))
    view_moved = {"text": changed}
    new = submission(mark("Lee", changed, label="PERSON"), who="ann-b", **view_moved)
    (unit,) = units_of(old, new, text=changed)
    assert [vote.annotator_id for vote in unit.votes] == ["ann-b"]
    assert (unit.voters, unit.abstained) == (("ann-b",), frozenset({"ann-a"}))
    ids = frozenset(row["judgement_id"] for row in read(old, text=changed).judgements)
    (unit,) = units_of(old, new, text=changed, reviewed=ids)
    assert unit.voters == ("ann-a", "ann-b") == tuple(vote.annotator_id for vote in unit.votes)


def test_a_mirror_answers_for_a_base_that_was_not_addressed() -> None:
    def votes(*answers: Any) -> list[str]:
        (unit,) = units_of(submission(*answers, task_pass="stances"))
        return [vote.row["label"] for vote in unit.votes]

    assert votes(mark(doc={"pact": "none"}), mark(doc={"leaving": "favor"})) == ["against"]
    assert votes(mark(doc={"pact": "favor"}), mark(doc={"leaving": "none"})) == ["favor"]
    assert votes(mark(doc={"pact": "favor"}), mark(doc={"leaving": "favor"})) == ["favor"]
    assert votes(mark(doc={"pact": "none"}), mark(doc={"leaving": "none"})) == ["none"]


# the table


def measured(*submissions: Any, models: frozenset[str] = frozenset()) -> dict[tuple[str, str, str, str], Row]:
    rows = measure_agreement(units_of(*submissions), {"d1": "s1"}, models)
    schema = read_table_schema("agreement", schema_directory() / "tables")
    assert make_table(schema, rows).num_rows == len(rows)
    return {(row["layer"], row["measure"], row["by"], row["group"]): row for row in rows}


def test_found_and_judged_are_told_apart() -> None:
    rows = measured(
        submission(mark("Lee", label="PERSON"), mark("Ana Ruiz", label="PERSON"), mark("pact", label="LAW")),
        submission(mark("Lee", label="ORG"), mark("Ana Ruiz \U0001f54a", label="PERSON"), who="ann-b"),
    )
    whole = {measure: row for (layer, measure, by, _), row in rows.items() if layer == "mention" and by == "all"}
    assert whole[FOUND_EXACT]["value"] == pytest.approx(2 * 1 / 5)
    assert whole[FOUND_OVERLAP]["value"] == pytest.approx(2 * 2 / 5)
    assert whole[SHARE]["value"] == pytest.approx(2 / 3)
    assert whole[PERCENT.format("label")]["value"] == pytest.approx(1 / 2)
    # labels of the two matched units: PERSON ORG, PERSON PERSON; n = 4, A = 2: alpha = 1 - 3 * 2 / (16 - 9 - 1) = 0
    assert whole[ALPHA.format("label")]["value"] == pytest.approx(0)
    assert whole[PERCENT.format("label")]["n_units"] == 2
    assert whole[SHARE]["n_units"] == 3
    assert rows["mention", FOUND_OVERLAP, "label", "PERSON"]["value"] == pytest.approx(2 * 1 / 3)


def test_the_value_speaks_for_these_documents_only_under_ten_stories() -> None:
    rows = measured(submission(mark("Lee", label="PERSON")), submission(mark("Lee", label="PERSON"), who="ann-b"))
    row = rows["mention", FOUND_EXACT, "all", "all"]
    assert (row["value"], row["low"], row["high"], row["reason"]) == (1.0, None, None, FEW_STORIES)


def test_undefined_is_null_with_the_reason() -> None:
    alone = measured(submission(mark("Lee", label="PERSON")))
    assert alone["mention", FOUND_EXACT, "all", "all"]["reason"] == "fewer than two annotators"
    both = measured(submission(mark("Lee", label="PERSON")), submission(mark("Lee", label="PERSON"), who="ann-b"))
    row = both["mention", ALPHA.format("label"), "all", "all"]
    assert (row["value"], row["reason"]) == (None, "only one value was used (PERSON)")
    apart = measured(submission(mark("Lee", label="PERSON")), submission(mark("pact", label="LAW"), who="ann-b"))
    row = apart["mention", PERCENT.format("label"), "all", "all"]
    assert (row["value"], row["n_units"], row["reason"]) == (None, 0, "no unit was judged by two annotators")
    assert all(row["value"] is None for row in measured().values())


def test_passes_of_models_are_not_called_inter_annotator_agreement() -> None:
    two = (submission(mark("Lee", label="PERSON")), submission(mark("Lee", label="PERSON"), who="ann-b"))
    rows = measured(*two, models=frozenset({"ann-a", "ann-b"}))
    assert all(row["reason"].endswith(MODELS_ONLY) for key, row in rows.items() if key[0] == "mention")
    mixed = measured(*two, models=frozenset({"ann-b"}))["mention", FOUND_EXACT, "all", "all"]
    assert mixed["reason"].endswith("some of the annotators are models")


def test_suggestions_and_targets_are_reported_apart() -> None:
    rows = measured(
        submission(mark("Lee", label="PERSON"), suggestions_shown=True),
        submission(stance("The pact"), stance("wants out", target="leaving"), task_pass="stances"),
        submission(stance("The pact", target="talks"), task_pass="stances", who="ann-b"),
    )
    groups = {(layer, by, group) for layer, _, by, group in rows}
    assert ("mention", "suggestions", "shown") in groups
    assert ("stance", "suggestions", "not shown") in groups
    assert {group for layer, by, group in groups if layer == "stance" and by == "target"} == {"pact", "talks"}


def test_document_stances_are_measured_with_and_without_none() -> None:
    rows = measured(
        submission(mark(doc={"pact": "none"}), mark(doc={"talks": "favor"}), task_pass="stances"),
        submission(mark(doc={"pact": "none"}), mark(doc={"talks": "against"}), task_pass="stances", who="ann-b"),
    )
    assert rows["document_stance", PERCENT.format("stance"), "all", "all"]["value"] == pytest.approx(0.5)
    assert rows["document_stance", PERCENT.format("stance, without none"), "all", "all"]["value"] == 0


@settings(max_examples=30)
@given(st.integers(1, 4), st.randoms(use_true_random=False))
def test_doubling_the_stories_keeps_every_value(times: int, order: random.Random) -> None:
    base = units_of(
        submission(mark("Lee", label="PERSON"), mark("pact", label="LAW"), mark("aide", label="PERSON")),
        submission(mark("Lee", label="ORG"), mark("pact", label="LAW"), who="ann-b"),
    )
    many = [dataclasses.replace(unit, doc_id=f"{unit.doc_id}-{i}") for i in range(times) for unit in base]
    order.shuffle(many)
    one = {(r["layer"], r["measure"], r["by"], r["group"]): r for r in measure_agreement(base, {})}
    for row in measure_agreement(many, {}):
        before = one[row["layer"], row["measure"], row["by"], row["group"]]
        if row["measure"].startswith("Krippendorff"):  # alpha's (n - 1) makes it move a little with the sample
            continue
        assert row["value"] == pytest.approx(before["value"]) if before["value"] is not None else row["value"] is None
        assert row["n_units"] == times * before["n_units"]
