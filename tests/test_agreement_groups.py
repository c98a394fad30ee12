"""The table agreement: every grouping, tokens and tuples, precision and recall; and data that give no figure."""

from __future__ import annotations

import dataclasses
import datetime
import random
from pathlib import Path
from typing import Any

import pytest
from crowd import CAREFUL, USUAL, judgement, span_crowd
from hypothesis import given, settings
from hypothesis import strategies as st
from made_submissions import CODEBOOK, mark, read, stance, submission
from merged_project import given_in, judge, make_project, said, table, usual

from stancewire.agreement import Span, align, jaccard, make_units, measure_agreement
from stancewire.agreement.columns import MOST_ANNOTATORS, make_columns
from stancewire.agreement.found import SHARE, found_sums
from stancewire.agreement.levels import METRICS, level_lines, meaning_notes
from stancewire.agreement.units import Unit, Vote, make_rounds
from stancewire.cli import main
from stancewire.gold import write_gold
from stancewire.project import schema_directory
from stancewire.tables import make_table, read_table_schema

# Seconds after which work is given up that should take few: what grows with the square of its input takes hours.
QUADRATIC = 300

Row = dict[str, Any]
Key = tuple[str, str, str, str]
TEXT = "Ana Ruiz \U0001f54a met Lee.\n\nAD\n\n\u201cThe pact must stay,\u201d Ruiz\u2019s aide said.\nLee wants out."
MEAN = "mean over annotator pairs"


def measured(*submissions: Any, **other: Any) -> dict[Key, Row]:
    """Rows by layer, measure, by, group; they fit the table's schema."""
    found = read(*submissions)
    units = make_units(found.judgements, found.assignments, CODEBOOK.rules)
    rounds = make_rounds(found.judgements, found.assignments, CODEBOOK.rules)
    rows = measure_agreement(units, {"d1": "s1"}, texts={"d1": TEXT}, codebook=CODEBOOK, rounds=rounds, **other)
    schema = read_table_schema("agreement", schema_directory() / "tables")
    assert make_table(schema, rows).num_rows == len(rows)
    keyed = {(row["layer"], row["measure"], row["by"], row["group"]): row for row in rows}
    assert len(keyed) == len(rows)
    return keyed


def test_the_worked_example_of_measure() -> None:
    rows = measured(
        submission(mark("Ana Ruiz", label="PERSON"), mark("Lee", label="PERSON"), mark("pact", label="LAW")),
        submission(mark("Ana Ruiz", label="PERSON"), mark("The pact", label="LAW"), who="ann-b"),
    )
    pair = ("annotator pair", "ann-a ann-b")
    against = "second annotator against first"
    assert rows["mention", f"span F1, exact, {MEAN}", "all", "all"]["value"] == pytest.approx(0.4)
    assert rows["mention", f"span F1, overlapping, {MEAN}", "all", "all"]["value"] == pytest.approx(0.8)
    assert rows["mention", SHARE, "all", "all"]["value"] == pytest.approx(2 / 3)
    assert rows["mention", f"span recall, overlapping, {against}", *pair]["value"] == pytest.approx(2 / 3)
    assert rows["mention", f"span precision, overlapping, {against}", *pair]["value"] == 1
    assert rows["mention", f"span precision, exact, {against}", *pair]["value"] == 0.5
    assert rows["mention", SHARE, *pair]["value"] == pytest.approx(2 / 3)
    # tokens: Ana Ruiz | Lee | pact against Ana Ruiz | The pact: 3 of both, 4 + 4 marked
    assert rows["mention", f"token F1, {MEAN}", "all", "all"]["value"] == pytest.approx(2 * 3 / 8)


def test_tuples_ask_for_span_target_stance_and_holder_at_once() -> None:
    one = [stance("The pact"), stance("must stay"), stance("wants out")]
    two = [stance("The pact"), stance("must stay", side="neutral"), stance("Lee wants out")]
    rows = measured(submission(*one, task_pass="stances"), submission(*two, task_pass="stances", who="ann-b"))
    name = "tuple F1 (span, target, stance, holder), {} spans, " + MEAN
    assert rows["stance", name.format("exact"), "all", "all"]["value"] == pytest.approx(1 / 3)
    assert rows["stance", name.format("overlapping"), "all", "all"]["value"] == pytest.approx(2 / 3)
    assert rows["stance", "Krippendorff's alpha, interval: stance", "all", "all"]["n_units"] == 3
    assert rows["stance", "prevalence: stance = neutral", "all", "all"]["value"] == pytest.approx(1 / 6)
    confusion = "confusion, share of judgement pairs: stance: favor / neutral"
    assert rows["stance", confusion, "all", "all"]["value"] == pytest.approx(1 / 3)


def test_holder_types_targets_rounds_and_months_are_groups() -> None:
    first = {"task_pass": "stances", "round": 1}
    later = {"task_pass": "stances", "round": 2}
    rows = measured(
        submission(stance("The pact", side="favor"), **first),
        submission(stance("The pact", side="against"), who="ann-b", **first),
        submission(stance("The pact", side="favor"), **later),
        submission(stance("The pact", side="favor"), who="ann-b", **later),
    )
    percent = "percent agreement: stance"
    assert rows["stance", percent, "round", "1"]["value"] == 0
    assert rows["stance", percent, "round", "2"]["value"] == 1
    assert rows["stance", percent, "all", "all"]["value"] == 1  # the latest round is an annotator's voice
    assert rows["stance", percent, "holder type", "entity"]["value"] == 1
    assert rows["stance", percent, "target", "pact"]["value"] == 1
    assert rows["stance", percent, "month", "2024-05"]["value"] == 1
    assert not [key for key in rows if key[0] == "document_stance" and key[2] == "round"]


def test_document_stances_stand_beside_the_share_that_two_answered() -> None:
    rows = measured(
        submission(mark(doc={"pact": "favor"}), mark(doc={"talks": "none"}), task_pass="stances"),
        submission(mark(doc={"pact": "favor"}), task_pass="stances", who="ann-b"),
    )
    assert rows["document_stance", SHARE, "all", "all"]["value"] == pytest.approx(0.5)
    assert rows["document_stance", "percent agreement: stance", "all", "all"]["value"] == 1


def crowd_of(people: int, documents: int = 3) -> list[Unit]:
    """Units of many annotators who marked the same words; every tenth gave another label, every seventh was silent."""
    names = tuple(f"ann-{i:04}" for i in range(people))
    units = []
    for number in range(documents):
        votes = [
            Vote(f"{number}{name}", name, 0, 3,
                 judgement(name, f"d{number}", 0, 3, "Lee", label="ORG" if i % 10 == 0 else "PERSON"))
            for i, name in enumerate(names)
            if i % 7
        ]  # fmt: skip
        units.append(Unit("mention", f"d{number}", None, tuple(votes), names, frozenset(), False))
    return units


def test_document_stances_are_measured_by_pair_where_there_are_more_than_two() -> None:
    def answers(who: str, pact: str, talks: str) -> Any:
        return submission(mark(doc={"pact": pact}), mark(doc={"talks": talks}), who=who, task_pass="stances")

    two = [answers("ann-a", "favor", "none"), answers("ann-b", "favor", "neutral")]
    assert not [key for key in measured(*two) if (key[0], key[2]) == ("document_stance", "annotator pair")]
    rows = measured(*two, answers("ann-c", "against", "none"))
    value = {
        group: row["value"]
        for (layer, measure, by, group), row in rows.items()
        if (layer, measure, by) == ("document_stance", "percent agreement: stance", "annotator pair")
    }
    assert value == {"ann-a ann-b": 0.5, "ann-a ann-c": 0.5, "ann-b ann-c": 0.0}
    assert rows["document_stance", "percent agreement: stance", "annotator pair", "ann-a ann-b"]["n_annotators"] == 2


@pytest.mark.timeout(QUADRATIC)
def test_a_thousand_annotators_are_pooled() -> None:
    rows = measure_agreement(crowd_of(1000), {}, texts={f"d{i}": "Lee said" for i in range(3)})
    whole = {row["measure"]: row for row in rows if row["by"] == "all" and row["layer"] == "mention"}
    marked = 1000 - 143
    pooled = 2 * (marked * (marked - 1) / 2) / (marked * 999)
    assert whole["span F1, overlapping, pooled over annotator pairs"]["value"] == pytest.approx(pooled)
    assert whole["token F1, pooled over annotator pairs"]["value"] == pytest.approx(pooled)
    assert whole["Cohen's kappa, mean over annotator pairs: label"]["value"] is None
    assert "too many annotator pairs" in whole["Cohen's kappa, mean over annotator pairs: label"]["reason"]
    assert whole["Fleiss' kappa: label"]["value"] is not None
    assert not [row for row in rows if row["by"] == "annotator pair"]


def test_pooling_two_pairs_sums_what_stands_apart() -> None:
    units = crowd_of(MOST_ANNOTATORS + 1, 2)
    pooled = make_columns("mention", units, None)
    few = make_columns(
        "mention", [dataclasses.replace(u, submitted=u.submitted[:9], votes=u.votes[:7]) for u in units], None
    )
    assert (pooled.is_pooled, few.is_pooled) == (True, False)
    assert len(few.pairs) == 9 * 8 / 2
    every = pooled.row_unit >= 0
    assert found_sums(pooled, every[:2], None)[1].per_row.shape == (2, 2)


def test_one_annotator_alone_and_two_who_never_meet_give_no_number() -> None:
    alone = measured(submission(mark("Lee", label="PERSON")))
    assert all(row["value"] is None and row["reason"] for row in alone.values())
    apart = []
    for i, unit in enumerate(crowd_of(2)):
        votes = tuple(vote for vote in unit.votes if vote.annotator_id == "ann-0001")
        one = tuple(dataclasses.replace(vote, annotator_id=f"ann-{i}") for vote in votes)
        apart.append(dataclasses.replace(unit, submitted=(f"ann-{i}",), votes=one))
    for row in measure_agreement(apart, {}):
        assert row["value"] is None
        assert row["reason"]


def test_what_must_be_said_before_any_figure() -> None:
    two = crowd_of(2)
    assert meaning_notes([], {}, []) == ["nothing was judged: there is no agreement to measure"]
    assert meaning_notes(crowd_of(1), {}, ["ann-0000"]) == ["one annotator only (ann-0000): agreement needs two"]
    said = meaning_notes(two[:2], {"d0": "s", "d1": "s"}, ["ann-0000", "ann-0001"])
    assert said == ["2 documents of 1 story: no coefficient below means anything about annotators or about news"]
    apart = [dataclasses.replace(unit, submitted=(f"ann-{i}",)) for i, unit in enumerate(two)]
    assert meaning_notes(apart, {}, ["ann-0", "ann-1", "ann-2"])[0].startswith("no document was judged by two")
    lonely = meaning_notes([*two, apart[2]], {}, ["ann-0000", "ann-0001", "ann-2"])
    assert lonely[0] == "not compared, since they share no document with anybody: ann-2"
    assert meaning_notes(crowd_of(2, 12), {}, ["ann-0000", "ann-0001"]) == []


def figure(measure: str, value: float | None = 0.75, layer: str = "stance", **other: Any) -> Row:
    row: Row = {"layer": layer, "by": "all", "measure": measure, "value": value, "n_stories": 12, "reason": "why"}
    return row | other


def test_levels_are_told_and_never_stop_anything() -> None:
    row = figure("span F1, overlapping, x", layer="mention")
    undefined = figure("Krippendorff's alpha, nominal: label", None, "mention")
    lines, below = level_lines(
        [row, undefined, row | {"layer": "stance"}], (("mention", "", "", 0.8), ("stance", "", "", 0.7))
    )
    assert below == [lines[0]] == ["warning: mention: span F1, overlapping, x is 0.750, under the codebook's 0.8"]
    assert lines[1].endswith("is undefined (why)")
    assert lines[2].endswith("0.750, met")


def test_levels_by_metric_and_field_speak_of_these_alone() -> None:
    found = measured(
        submission(stance("pact must stay"), stance("wants out", side="against"), task_pass="stances"),
        submission(stance("pact must"), stance("wants out", side="neutral"), who="ann-b", task_pass="stances"),
    )
    rows = [row for row in found.values() if row["layer"] == "stance"]
    told: set[str] = set()
    for metric, names in METRICS.items():
        lines, _ = level_lines(rows, [("stance", metric, "", 1.0)])
        assert lines and all(any(name in line for name in names) for line in lines), metric
        assert told.isdisjoint(lines), "two metrics mean one measure"
        told |= set(lines)
    (of_field,) = level_lines(rows, [("stance", "judged_percent", "holder", 1.0)])[0]
    assert "percent agreement: holder is 1.000, met" in of_field
    assert level_lines([], [("stance", "judged_alpha", "via", 0.5)])[0] == [
        "level 0.5 of stance: judged_alpha of via was not measured"
    ]


def test_a_level_met_on_few_stories_means_nothing_and_says_so() -> None:
    rows = [figure("span F1, exact, x", n_stories=9), figure("token F1, x", 0.9, n_stories=9)]
    lines, below = level_lines(rows, [("stance", "found_f1_exact", "", 0.8), ("stance", "found_token_f1", "", 0.8)])
    assert [line.endswith("with fewer than ten stories no coefficient means anything") for line in lines] == [True] * 2
    assert below == lines[:1]


def many_stories(documents: int) -> list[Unit]:
    crowd = span_crowd({"a": CAREFUL, "b": USUAL, "c": USUAL}, 3, documents=documents, tokens=40)
    return crowd.units


def test_intervals_come_with_ten_stories_and_hold_the_value() -> None:
    rows = measure_agreement(many_stories(12), {})
    found = [row for row in rows if row["measure"].startswith("span F1") and row["by"] == "all"]
    assert found
    assert all(row["low"] < row["value"] < row["high"] for row in found if row["layer"] == "mention")
    few = measure_agreement(many_stories(9), {})
    assert all(
        row["low"] is None and "fewer than 10 stories" in row["reason"] for row in few if row["value"] is not None
    )


@settings(max_examples=15, deadline=None)
@given(st.permutations("abc"), st.randoms(use_true_random=False))
def test_names_and_order_change_no_value_of_the_whole(names: list[str], order: random.Random) -> None:
    units = many_stories(4)
    called = dict(zip("abc", names, strict=True))
    others = []
    for unit in units:
        votes = sorted(
            (dataclasses.replace(vote, annotator_id=called[vote.annotator_id]) for vote in unit.votes),
            key=lambda vote: vote.annotator_id,
        )
        others.append(dataclasses.replace(unit, votes=tuple(votes)))
    order.shuffle(others)
    for one, other in zip(measure_agreement(units, {}), measure_agreement(others, {}), strict=True):
        assert (one["measure"], one["by"]) == (other["measure"], other["by"])
        if one["by"] != "annotator pair":
            assert one["value"] == (None if other["value"] is None else pytest.approx(other["value"]))


@pytest.mark.parametrize("people", [10, 100, 1000])
def test_alignment_takes_any_number_of_annotators(people: int) -> None:
    spans = [
        Span(f"{who}-{at}", f"ann-{who}", 20 * at, 20 * at + 9 + who % 3) for who in range(people) for at in range(20)
    ]
    units = align(spans, 0.5)
    assert [len(unit) for unit in units] == [people] * 20


def test_alignment_compares_a_number_of_pairs_that_is_linear_in_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(a: Span, b: Span) -> float:
        asked.append(1)
        return jaccard(a, b)

    monkeypatch.setitem(align.__globals__, "jaccard", counted)
    for n in (1_000, 8_000):
        asked.clear()
        names = ("a", "bb", "ccc")
        align([Span(f"{who}-{at}", who, 20 * at, 20 * at + 9 + len(who)) for who in names for at in range(n)], 0.5)
        assert len(asked) == 3 * n  # each span of three different ones meets the two others, and nothing else


# the command


def test_agree_says_that_two_documents_mean_nothing_and_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(tmp_path / "project")
    judge(project, usual(), monkeypatch)
    assert main(["--project", str(project.root), "agree", "--by", "annotator-pair"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("note: 1 document of 1 story: no coefficient below means anything")
    assert "mention, annotator pair ann-a ann-b" in out
    assert "warning: mention: Krippendorff's alpha, nominal: label is" in out


def test_reliability_stands_by_annotator_and_says_when_it_means_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path / "project")
    third = given_in(said("Ana Ruiz", label="PERSON"), said("Lee", label="PERSON"), who="ann-c")
    judge(project, [*usual(), third], monkeypatch)
    write_gold(project)
    rows = {(r["layer"], r["measure"], r["group"]): r for r in table(project, "agreement") if r["by"] == "annotator"}
    labels = "annotator reliability, share of own values that gold has: label"
    assert rows["mention", labels, "ann-a"]["value"] == 1
    assert rows["mention", labels, "ann-b"]["value"] == 0.5  # Lee: an ORG to ann-b alone
    recall = "annotator reliability, spans against gold: precision, exact"
    assert rows["mention", recall, "ann-a"]["value"] == pytest.approx(2 / 3)  # pact is voted away
    stance_rows = [row for (layer, _, _), row in rows.items() if layer == "stance" and row["value"] is not None]
    assert stance_rows
    assert all(row["reason"].startswith("fewer than three annotators") for row in stance_rows)


def test_months_are_those_of_the_last_judgement() -> None:
    units = crowd_of(2, 2)
    later = datetime.datetime(2024, 7, 1, tzinfo=datetime.UTC)
    votes = tuple(dataclasses.replace(vote, row=vote.row | {"created_at": later}) for vote in units[1].votes)
    rows = measure_agreement([units[0], dataclasses.replace(units[1], votes=votes)], {})
    assert sorted({row["group"] for row in rows if row["by"] == "month"}) == ["2024-05", "2024-07"]
