"""Gold: votes and decisions to rows; what the votes do not settle is a conflict; decisions win until they are stale."""

from __future__ import annotations

import datetime
import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_submissions import CODEBOOK, mark, read, stance, submission
from made_submissions import TEXT as MADE_TEXT
from merged_project import (
    ALLIANCE,
    LEAVING,
    TEXT,
    TREATY,
    decide,
    given_in,
    held,
    judge,
    make_project,
    said,
    table,
    usual,
)

from stancewire.agreement import make_units
from stancewire.cli import gold as cli
from stancewire.errors import CodebookError, Problem, TableError, UsageError
from stancewire.gold import METHODS, merge_units, read_decisions, write_gold
from stancewire.gold.adjudicate import open_conflicts, take_in
from stancewire.gold.decisions import DecisionIndex
from stancewire.gold.evidence import read_evidence
from stancewire.gold.lookups import variant_stance_rows
from stancewire.gold.merge import Outcome, count_votes, settle_votes
from stancewire.gold.rows import mention_id, sentence_of, stance_id
from stancewire.project import Project
from stancewire.tables import file_sha256, read_manifest

Row = dict[str, Any]
TODAY = datetime.date(2024, 5, 4)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The usual judgements of two annotators."""
    made = make_project(tmp_path / "project")
    judge(made, usual(), monkeypatch)
    return made


def outcomes(*submissions: Any, method: str = "majority") -> list[Outcome]:
    found = read(*submissions)
    return merge_units(
        make_units(found.judgements, found.assignments, CODEBOOK.rules), DecisionIndex([], frozenset()), method
    )


def mentions(labels: dict[str, str], method: str = "majority") -> Outcome:
    """The one unit of annotators who gave these labels to the same words; an empty label marked nothing."""
    made = [submission(*([mark("Lee", label=label)] if label else []), who=who) for who, label in labels.items()]
    (outcome,) = outcomes(*made, method=method)
    return outcome


# counting


def test_one_annotator_alone_decides() -> None:
    outcome = mentions({"a": "PERSON"})
    assert (outcome.is_gold, outcome.decided_by) == (True, "single")


def test_of_two_annotators_a_span_that_one_did_not_mark_is_a_conflict() -> None:
    outcome = mentions({"a": "PERSON", "b": ""})
    assert [item.field for item in outcome.conflicts] == ["exists"]
    assert not outcome.is_gold
    assert not outcome.is_dropped


def test_the_more_frequent_value_wins_and_a_tie_is_undecided() -> None:
    won = mentions({"a": "PERSON", "b": "ORG", "c": "ORG"})
    assert (won.value("label"), won.decided_by) == ("ORG", "majority")
    assert [item.field for item in mentions({"a": "PERSON", "b": "ORG"}).conflicts] == ["label"]
    assert mentions({"a": "ORG", "b": "ORG"}).decided_by == "unanimous"


def test_who_marked_nothing_votes_against_and_can_outvote() -> None:
    dropped = mentions({"a": "PERSON", "b": "", "c": ""})
    assert dropped.is_dropped
    assert not dropped.conflicts
    assert not dropped.is_gold
    kept = mentions({"a": "PERSON", "b": "PERSON", "c": ""})
    assert (kept.is_gold, kept.decided_by) == (True, "majority")


def test_unanimous_asks_all_for_everything() -> None:
    assert mentions({"a": "ORG", "b": "ORG", "c": "ORG"}, "unanimous").is_gold
    assert [i.field for i in mentions({"a": "ORG", "b": "ORG", "c": "PERSON"}, "unanimous").conflicts] == ["label"]
    assert [i.field for i in mentions({"a": "ORG", "b": "ORG", "c": ""}, "unanimous").conflicts] == ["exists"]
    with pytest.raises(UsageError, match="majority, unanimous"):
        mentions({"a": "ORG"}, "guess")


def test_boundaries_are_the_most_frequent_pair_else_a_conflict() -> None:
    made = [("a", "The pact must stay"), ("b", "pact must stay"), ("c", "pact must stay")]
    given = [submission(stance(words), task_pass="stances", who=who) for who, words in made]
    start = MADE_TEXT.index("pact must")
    (won,) = outcomes(*given)
    assert won.value("boundary") == f"{start}:{start + 14}"
    (tied,) = outcomes(*given[:2])
    assert [item.field for item in tied.conflicts] == ["boundary"]


def test_holder_and_via_are_one_value_each_with_their_words() -> None:
    one = stance("The pact", holder="other", holder_text="old  friends", via="unnamed")
    two = stance("The pact", holder="other", holder_text="a friend", via="us")
    (outcome,) = outcomes(submission(one, task_pass="stances"), submission(two, task_pass="stances", who="b"))
    votes = {item.field: [value for value, _ in item.votes] for item in outcome.fields}
    assert votes["holder"] == ["other:a friend", "other:old friends"]
    assert votes["via"] == ["entity:us", "unnamed"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz")), max_size=6, unique_by=lambda v: v[0]))
def test_plurality_is_a_strict_maximum_whatever_the_order(ballot: list[tuple[str, str]]) -> None:
    votes = count_votes(ballot)
    assert all(count_votes(order) == votes for order in itertools.islice(itertools.permutations(ballot), 20))
    settled = settle_votes(votes, "majority")
    numbers = {value: sum(v == value for _, v in ballot) for value in "xyz"}
    best = [value for value, n in numbers.items() if n == max(numbers.values())]
    assert settled == (best[0] if ballot and len(best) == 1 else None)


WORDS = st.lists(st.sampled_from(["Ana Ruiz", "met", "Lee", "pact", "must stay", "aide"]), unique=True, max_size=6)


@settings(max_examples=40)
@given(WORDS, st.integers(1, 4), st.randoms(use_true_random=False))
def test_merging_unanimous_judgements_returns_them(words: list[str], people: int, order: random.Random) -> None:
    made = [submission(*(mark(w, label="ORG") for w in words), who=f"ann-{n}") for n in range(people)]
    found = read(*made)
    order.shuffle(found.judgements)
    order.shuffle(found.assignments)
    units = make_units(found.judgements, found.assignments, CODEBOOK.rules)
    for method in ("majority", "unanimous"):
        merged = merge_units(units, DecisionIndex([], frozenset()), method)
        assert all(outcome.is_gold for outcome in merged)
        assert {outcome.unit.votes[0].row["text"] for outcome in merged} == set(words)


# the tables


def test_gold_holds_what_is_settled_and_conflicts_the_rest(project: Project) -> None:
    report = write_gold(project)
    assert {row["text"] for row in table(project, "mentions")} == {"Ana Ruiz"}
    conflicts = {(row["layer"], row["text"], row["field"]): row["status"] for row in table(project, "conflicts")}
    assert set(conflicts) == {
        ("mention", "Lee", "label"),
        ("mention", "pact", "exists"),
        ("stance", "The pact must stay", "boundary"),
        ("stance", "The pact must stay", "stance"),
        ("stance", "The pact must stay", "via"),
        ("stance", "wants out of it", "exists"),
        ("document_stance", None, "stance"),
    }
    assert set(conflicts.values()) == {"open"}
    assert report.counts["open_conflicts"] == 7
    assert not report.problems
    (answer,) = table(project, "document_stances")
    assert (answer["target_id"], answer["stance"], answer["p_none"], answer["decided_by"]) == (
        TREATY,
        "none",
        1,
        "unanimous",
    )


def settle_all(project: Project) -> None:
    """Decide every conflict of the usual judgements, by the command's own function."""
    wanted = {"label": "PERSON", "boundary": f"{TEXT.index('The pact')}:{TEXT.index(',')}", "via": "other:aides"}
    values = {"mention": "drop", "stance": "keep"}
    lines = []
    for conflict in open_conflicts(read_evidence(project)):
        value = wanted.get(conflict["field"]) or values.get(conflict["layer"], "neutral")
        if conflict["field"] == "stance" and conflict["layer"] == "stance":
            value = "favor"
        lines.append(
            json.dumps({"conflict_id": conflict["conflict_id"], "value": value, "reason": "The words say so."})
        )
    file = project.root / "decided.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fresh, problems = take_in(project, file, "adj-d", TODAY)
    assert (len(fresh), problems) == (len(lines), [])


def test_decisions_win_and_their_rows_say_so(project: Project) -> None:
    settle_all(project)
    report = write_gold(project)
    assert not report.problems
    assert report.counts["open_conflicts"] == 0
    assert {row["status"] for row in table(project, "conflicts")} == {"decided"}
    assert {(row["text"], row["label"], row["decided_by"]) for row in table(project, "mentions")} == {
        ("Ana Ruiz", "PERSON", "unanimous"),
        ("Lee", "PERSON", "adjudicated"),
    }
    stances = {row["text"]: row for row in table(project, "stances")}
    first, second = stances["The pact must stay"], stances["wants out of it"]
    assert (first["stance"], first["p_favor"], first["p_neutral"], first["n_votes"]) == ("favor", 0.5, 0.5, 2)
    assert (first["via_type"], first["via_text"], first["sent_no"]) == ("other", "aides", 1)
    assert (second["target_id"], second["stance"], second["n_votes"], second["n_annotators"]) == (
        TREATY,
        "against",
        1,
        2,
    )
    start, end = first["start"], first["end"]
    assert first["stance_id"] == stance_id(
        "d1", start, end, TREATY, ("entity", "d1#ana-ruiz", None), ("other", None, "aides")
    )
    answers = {row["target_id"]: row["stance"] for row in table(project, "document_stances")}
    assert answers == {TREATY: "none", ALLIANCE: "neutral"}
    decided = table(project, "adjudications")
    assert len(decided) == 7
    assert not any(row["stale"] for row in decided)


def test_what_gold_refers_to_is_there(project: Project) -> None:
    settle_all(project)
    write_gold(project)
    entities = {row["entity_id"]: row for row in table(project, "entities")}
    assert entities.keys() == {"d1#ana-ruiz", "d1#lee"}
    assert (entities["d1#lee"]["name"], entities["d1#lee"]["label"], entities["d1#lee"]["n_mentions"]) == (
        "Lee",
        "PERSON",
        1,
    )
    people = {row["annotator_id"]: row for row in table(project, "annotators")}
    assert people["ann-a"]["languages"] == "en ja"
    assert people["ann-b"]["instructions_sha256"] == "0" * 64
    assert "adj-d" in people
    wide = {row["text"]: row for row in table(project, "stances_wide")}
    first = wide["The pact must stay"]
    assert (first["holder"], first["via"], first["story_id"], first["title"]) == ("Ana Ruiz", "aides", "s1", "A title")
    assert first["sentence"].startswith("\u201cThe pact must stay")
    assert wide["wants out of it"]["via"] is None
    (touched,) = table(project, "variant_stances")
    assert touched["stance_id"] == first["stance_id"]
    assert {row["target_id"] for row in table(project, "targets")} >= {TREATY, LEAVING, ALLIANCE}
    assert table(project, "splits") == table(project, "changes") == []
    assert table(project, "agreement")
    for row in (*table(project, "mentions"), *table(project, "stances"), *table(project, "conflicts")):
        assert row["start"] is None or TEXT[row["start"] : row["end"]] == row["text"]


def test_the_same_input_gives_the_same_bytes(project: Project, tmp_path: Path) -> None:
    settle_all(project)
    write_gold(project)
    names = read_manifest(project.annotations)["gold"]["tables"]
    before = {name: file_sha256(project.annotations / f"{name}.parquet") for name in names}
    write_gold(project, out=tmp_path / "beside", judgements=project.annotations)
    assert {name: file_sha256(tmp_path / "beside" / f"{name}.parquet") for name in names} == before
    assert read_manifest(tmp_path / "beside")["gold"] == read_manifest(project.annotations)["gold"]


def test_without_any_judgement_gold_is_empty(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(project, [], monkeypatch)
    report = write_gold(project)
    assert report.counts["mentions"] == report.counts["stances"] == report.counts["conflicts"] == 0
    assert all(row["value"] is None for row in table(project, "agreement"))


def test_gold_is_not_made_of_stale_judgements(project: Project) -> None:
    (project.annotations / "judgements.parquet").write_bytes(b"PAR1")
    with pytest.raises(TableError, match="stancewire build"):
        write_gold(project)


def test_ids_do_not_depend_on_stance_or_votes(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [given_in(held("The pact must stay", side=side), task_pass="stances") for side in ("favor", "against")]
    ids = []
    for one in made:
        judge(project, [one], monkeypatch)
        write_gold(project)
        ids.append([row["stance_id"] for row in table(project, "stances")])
    assert ids[0] == ids[1] != []
    assert mention_id("d", 1, 2, "ORG") != mention_id("d", 1, 2, "GPE")


def test_nested_mentions_are_not_outer(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = [
        said("Ana Ruiz met Lee", label="ORG"),
        said("Ruiz", label="PERSON"),
        said("Lee", label="PERSON"),
        said("Lee", label="ORG", region="again"),
        said("pact", label="LAW"),
        said("pact must", label="LAW"),
    ]
    judge(project, [given_in(*marks)], monkeypatch)
    write_gold(project)
    outer = {(row["text"], row["label"]): row["is_outer"] for row in table(project, "mentions")}
    assert outer == {
        ("Ana Ruiz met Lee", "ORG"): True,
        ("Ruiz", "PERSON"): False,
        ("Lee", "PERSON"): False,
        ("Lee", "ORG"): False,
        ("pact", "LAW"): False,
        ("pact must", "LAW"): True,
    }


def test_a_place_outside_all_sentences_has_no_sentence() -> None:
    sentences = {"d": [(0, 5, 0), (8, 12, 1)]}
    assert [sentence_of(sentences, "d", at) for at in (0, 4, 5, 8, 11, 12)] == [0, 0, None, 1, 1, None]
    assert sentence_of({}, "d", 3) is None


def test_a_variant_touches_what_it_overlaps_and_an_insertion_what_it_stands_at() -> None:
    stances = [{"doc_id": "b", "start": 10, "end": 20, "stance_id": "s"}]

    def touched(start: int, end: int) -> bool:
        variant = {"doc_id_a": "a", "doc_id_b": "b", "variant_no": 0, "start_a": 0, "end_a": 3}
        return bool(variant_stance_rows([variant | {"start_b": start, "end_b": end}], stances))

    assert [touched(*span) for span in ((5, 10), (5, 11), (19, 25), (20, 25))] == [False, True, True, False]
    assert [touched(at, at) for at in (9, 10, 15, 20, 21)] == [False, True, True, True, False]


# decisions


def ids_of(project: Project, words: str) -> list[str]:
    return [row["judgement_id"] for row in table(project, "judgements") if row["text"] == words]


def test_a_decision_on_what_nobody_disputed_wins_too(project: Project) -> None:
    decide(project, ids_of(project, "Ana Ruiz"), "label", "ORG")
    write_gold(project)
    (row,) = table(project, "mentions")
    assert (row["label"], row["decided_by"]) == ("ORG", "adjudicated")
    assert not [row for row in table(project, "conflicts") if row["text"] == "Ana Ruiz"]


def test_a_decision_is_stale_once_a_judgement_was_edited(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    decide(project, ids_of(project, "Lee"), "label", "PERSON")
    write_gold(project)
    assert "Lee" in {row["text"] for row in table(project, "mentions")}
    edited = given_in(said("Ana Ruiz", label="PERSON"), said("Lee", label="GPE"), who="ann-b", pulled=2)
    judge(project, [*usual(), edited], monkeypatch)
    report = write_gold(project)
    assert "Lee" not in {row["text"] for row in table(project, "mentions")}
    assert [row["status"] for row in table(project, "conflicts") if row["text"] == "Lee"] == ["stale"]
    assert [row["stale"] for row in table(project, "adjudications")] == [True]
    assert [(problem.check, problem.severity) for problem in report.problems] == [("decision-stale", "warning")]
    (conflict,) = [item for item in open_conflicts(read_evidence(project)) if item["text"] == "Lee"]
    assert conflict["earlier_decision"]["value"] == "PERSON"


def test_a_decision_holds_when_a_further_annotator_joins(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    decide(project, ids_of(project, "Lee"), "label", "GPE")
    joined = given_in(said("Lee", label="PERSON"), who="ann-c")
    judge(project, [*usual(), joined], monkeypatch)
    write_gold(project)
    assert ("Lee", "GPE") in {(row["text"], row["label"]) for row in table(project, "mentions")}


def test_of_two_decisions_the_later_line_wins_with_a_warning(project: Project) -> None:
    ids = ids_of(project, "Lee")
    decide(project, ids, "label", "ORG")
    decide(project, ids, "label", "GPE")
    report = write_gold(project)
    assert ("Lee", "GPE") in {(row["text"], row["label"]) for row in table(project, "mentions")}
    (problem,) = report.problems
    assert (problem.check, problem.place) == ("decision-overruled", "1")
    assert "'GPE' instead of 'ORG'" in problem.message


def test_a_decision_on_vanished_judgements_is_stale(project: Project) -> None:
    decide(project, ["a" * 26], "label", "ORG")
    report = write_gold(project)
    assert [problem.check for problem in report.problems] == ["decision-stale"]
    assert len(table(project, "conflicts")) == 7


def test_a_decision_to_drop_leaves_no_row_and_no_other_conflict(project: Project) -> None:
    pairs = [row["judgement_id"] for row in table(project, "judgements") if "must stay" in (row["text"] or "")]
    decide(project, pairs, "exists", "drop", layer="stance")
    write_gold(project)
    assert not [row for row in table(project, "conflicts") if "must stay" in (row["text"] or "")]


def test_two_units_that_come_to_one_row_are_one_with_a_warning(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = given_in(held("wants out"), held("wants out of it"), task_pass="stances")
    judge(project, [twice], monkeypatch)
    (short,) = ids_of(project, "wants out")
    start = TEXT.index("wants out")
    decide(project, [short], "boundary", f"{start}:{start + 15}", layer="stance")
    report = write_gold(project)
    assert len(table(project, "stances")) == 1
    assert [(problem.check, problem.severity) for problem in report.problems] == [("gold-repeat", "warning")]


def test_sides_of_a_target_and_its_mirror_that_contradict_are_named(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = given_in(said(doc={TREATY: "favor"}), said(doc={LEAVING: "favor"}), task_pass="stances")
    judge(project, [both], monkeypatch)
    report = write_gold(project)
    (problem,) = report.problems
    assert problem.check == "mirror-contradiction"
    assert f"favor on {TREATY} but, folded, against on {LEAVING}" in problem.message
    assert [row["stance"] for row in table(project, "document_stances")] == ["favor"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "not a JSON object"),
        ("[]", "is not of type 'object'"),
        ('{"value": "x"}', "is a required property"),
    ],
)
def test_a_line_that_is_no_decision_is_named(project: Project, line: str, why: str) -> None:
    project.adjudications_jsonl.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(CodebookError, match=rf"adjudications\.jsonl:1: .*{why}"):
        read_decisions(project.adjudications_jsonl)


def faults(project: Project, **line: Any) -> list[Problem]:
    conflict = next(item for item in open_conflicts(read_evidence(project)) if item["text"] == "Lee")
    file = project.root / "new.jsonl"
    given = {"conflict_id": conflict["conflict_id"], "value": "ORG", "reason": "It is."} | line
    file.write_text(json.dumps({key: value for key, value in given.items() if value is not None}), encoding="utf-8")
    fresh, problems = take_in(project, file, str(line.get("decided_by", "adj-d")), TODAY)
    assert not (fresh and problems)
    return problems


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"value": "ROBOT"}, "label cannot be 'ROBOT'; known values: PERSON"),
        ({"decided_by": "ann-a"}, "'ann-a' is no adjudicator"),
        ({"judgement_ids": ["a" * 26]}, "does not exist"),
        ({"field": "stance", "value": "favor"}, "layer mention has no field 'stance'"),
        ({"field": "exists", "value": "maybe"}, "exists cannot be 'maybe'"),
        ({"field": "boundary", "value": "9"}, "is not START:END"),
        ({"field": "boundary", "value": "5:5000"}, "does not lie within the text"),
        ({"field": "boundary", "value": "8:12"}, "has white space at its edge"),
        ({"field": "entity_id", "value": "nobody"}, "unknown entity 'nobody'"),
    ],
)
def test_a_decision_that_cannot_stand_is_refused_whole(project: Project, line: Row, why: str) -> None:
    if "field" in line:
        evidence = read_evidence(project)
        line = line | {"conflict_id": None, "judgement_ids": ids_of(project, "Lee")}
        assert evidence.decisions == []
    problems = faults(project, **line)
    assert any(why in problem.message for problem in problems)
    assert not project.adjudications_jsonl.exists()


@pytest.mark.parametrize(
    ("field", "value", "ok"),
    [
        ("holder", "author", True),
        ("holder", "entity:d1#lee", True),
        ("holder", "other:an aide", True),
        ("holder", "none", False),
        ("holder", "other:", False),
        ("holder", "entity:nobody", False),
        ("via", "none", True),
        ("via", "author", False),
        ("attribution", "reported", True),
    ],
)
def test_the_value_of_a_holder_or_via_has_its_form(project: Project, field: str, value: str, ok: bool) -> None:
    ids = ids_of(project, "wants out of it")
    problems = faults(project, conflict_id=None, judgement_ids=ids, field=field, value=value)
    assert bool(problems) is not ok


def test_a_decision_taken_in_twice_stands_once(project: Project) -> None:
    settle_all(project)
    before = project.adjudications_jsonl.read_bytes()
    fresh, problems = take_in(project, project.adjudications_jsonl, "adj-d", TODAY)
    assert (fresh, problems) == ([], [])
    assert project.adjudications_jsonl.read_bytes() == before


def test_conflicts_are_shown_under_neutral_names(project: Project) -> None:
    listed = open_conflicts(read_evidence(project))
    assert len(listed) == 7
    assert "ann-" not in json.dumps(listed)
    (pact,) = [item for item in listed if item["text"] == "pact"]
    assert sorted(version.get("exists", "marked") for version in pact["versions"]) == ["drop", "marked"]
    assert pact["choices"] == ["drop", "keep"]


# the commands


def run(project: Project, *arguments: str) -> int:
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--project")
    cli.register(parser.add_subparsers(required=True))
    args = parser.parse_args(["--project", str(project.root), *arguments])
    return int(args.run(args))


def test_the_commands_go_from_judgements_to_settled_gold(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(project, "merge") == 0
    assert "open_conflicts: 7" in capsys.readouterr().out
    assert run(project, "adjudicate", "--json") == 0
    listed = json.loads(capsys.readouterr().out)["conflicts"]
    file = project.root / "mine.jsonl"
    file.write_text(
        "".join(
            json.dumps({"conflict_id": item["conflict_id"], "value": item["choices"][0], "reason": "As it says."})
            + "\n"
            for item in listed
        ),
        encoding="utf-8",
    )
    assert run(project, "adjudicate", "--decide", str(file), "--by", "adj-d") == 0
    assert "7 decisions appended" in capsys.readouterr().out
    assert run(project, "merge", "--json") == 0
    assert json.loads(capsys.readouterr().out)["counts"]["open_conflicts"] == 0
    assert run(project, "adjudicate") == 0
    assert capsys.readouterr().out == "0 open conflicts\n"
    assert run(project, "agree") == 0
    assert "span F1, exact, mean over annotator pairs: 0.800" in capsys.readouterr().out


def test_the_commands_offer_every_method() -> None:
    assert cli.METHODS == METHODS


def test_adjudicate_needs_a_name_and_a_file(project: Project) -> None:
    with pytest.raises(UsageError, match="--by"):
        run(project, "adjudicate", "--by", "adj-d")


def test_a_refused_decision_exits_with_one_line(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    file = project.root / "bad.jsonl"
    line = {"judgement_ids": ids_of(project, "Lee"), "field": "label", "value": "ROBOT", "reason": "x"}
    file.write_text(json.dumps(line), encoding="utf-8")
    assert run(project, "adjudicate", "--decide", str(file), "--by", "adj-d") == 1
    out = capsys.readouterr().out
    assert "bad.jsonl:1: [2 decision-format] label cannot be 'ROBOT'" in out
    assert not project.adjudications_jsonl.exists()
