"""Judgements and decisions of which little can be made: a clear statement, no crash, no number that means nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from judged_project import make_judged_project

from stancewire.cli import main
from stancewire.gold.decisions import conflict_id
from stancewire.gold.evidence import read_rows
from stancewire.project import Project
from stancewire.tables import make_table, read_table_schema, write_stage

Row = dict[str, Any]
Change = Callable[[str, Row], bool]


def rewritten(project: Project, change: Change) -> Project:
    """The project with those judgements and assignments that `change` keeps (it may change them, too)."""
    made = {}
    for name in ("assignments", "judgements", "quarantine"):
        schema = read_table_schema(name, project.table_schemas)
        rows = [row for row in read_rows(project, project.annotations, name) if change(name, row)]
        made[name] = (schema, make_table(schema, rows))
    write_stage(project.annotations, "judgements", made, {})
    return project


def run(project: Project, capsys: pytest.CaptureFixture[str], *command: str) -> tuple[str, Row]:
    """What a command says, as text and as JSON; both runs must succeed."""
    assert main(["--project", str(project.root), *command]) == 0
    said = capsys.readouterr()
    assert "nan" not in said.out.casefold().split() and not said.err
    assert main(["--project", str(project.root), *command, "--json"]) == 0

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} in the JSON of {' '.join(command)}")

    return said.out, json.loads(capsys.readouterr().out, parse_constant=refuse)


def through(
    project: Project, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
) -> dict[str, tuple[str, Row]]:
    """What agree, merge and adjudicate say. No number of agreement stands without what it needs to mean something."""
    said = {name: run(project, capsys, name) for name in ("agree", "merge", "adjudicate")}
    for row in said["agree"][1]["agreement"]:
        if row["value"] is None:
            assert row["reason"] and row["low"] is None
        else:
            assert row["n_annotators"] >= 2 and row["n_units"] >= 1
        if row["n_stories"] < 10:
            assert row["low"] is None and row["reason"]
    patch.setattr("sys.stdin", io.StringIO("s\nq\n"))
    assert main(["--project", str(project.root), "adjudicate", "--text"]) == 0
    assert "0 decisions appended" in capsys.readouterr().out
    assert main(["--project", str(project.root), "validate"]) in (0, 1)  # no whole project: it must not crash
    capsys.readouterr()
    return said


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., Project]:
    def make(documents: int = 3, annotators: int = 2, **other: Any) -> Project:
        return make_judged_project(tmp_path / "judged", documents, annotators=annotators, merge=False, **other)

    return make


def test_one_annotator_only(
    judged: Callable[..., Project], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = through(judged(annotators=1), capsys, monkeypatch)
    assert "one annotator only (ann-aa): agreement needs two" in said["agree"][0]
    assert {row["value"] for row in said["agree"][1]["agreement"]} == {None}
    assert "note: one annotator only (ann-aa): gold is what they said" in said["merge"][0]
    assert said["merge"][1]["counts"]["mentions"] > 0
    assert "0 open conflicts" in said["adjudicate"][0]


def test_annotators_who_share_no_document(
    judged: Callable[..., Project], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"ann-aa": "d000000", "ann-ab": "d000001"}
    project = rewritten(judged(), lambda _, row: own[row["annotator_id"]] == row["doc_id"])
    said = through(project, capsys, monkeypatch)
    assert "no document was judged by two annotators: there is nothing to compare" in said["agree"][0]
    assert {row["value"] for row in said["agree"][1]["agreement"]} == {None}
    assert "no document was judged by two annotators: gold is what each of them said" in said["merge"][0]
    assert "0 open conflicts" in said["adjudicate"][0]


def test_one_who_shares_no_document_with_the_others(
    judged: Callable[..., Project], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = rewritten(
        judged(annotators=3), lambda _, row: (row["annotator_id"] == "ann-ac") == (row["doc_id"] == "d000002")
    )
    said = through(project, capsys, monkeypatch)
    assert "not compared, since they share no document with anybody: ann-ac" in said["agree"][0]


def test_all_of_one_label(
    judged: Callable[..., Project], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def one(_: str, row: Row) -> bool:
        if "layer" in row:
            row["label"] = {"mention": "PERSON", "stance": "favor", "document_stance": "none"}[row["layer"]]
        return True

    said = through(rewritten(judged(), one), capsys, monkeypatch)
    alphas = [row for row in said["agree"][1]["agreement"] if row["measure"] == "Krippendorff's alpha, nominal: label"]
    assert alphas and {row["value"] for row in alphas} == {None}
    assert all(row["reason"].startswith("only one value was used (PERSON)") for row in alphas)
    assert "only one value was used (favor)" in said["agree"][0]


def test_documents_in_which_nobody_marked_anything(
    judged: Callable[..., Project], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = through(rewritten(judged(), lambda name, _: name == "assignments"), capsys, monkeypatch)
    assert "nothing was judged: there is no agreement to measure" in said["agree"][0]
    assert {row["value"] for row in said["agree"][1]["agreement"]} == {None}
    assert "note: nothing was judged: gold is empty" in said["merge"][0]
    assert "0 open conflicts" in said["adjudicate"][0]


def test_one_empty_document_among_others_changes_no_figure(
    judged: Callable[..., Project], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = rewritten(judged(), lambda name, row: name == "assignments" or row["doc_id"] != "d000002")
    with_empty = through(project, capsys, monkeypatch)["agree"][1]["agreement"]
    without = through(rewritten(project, lambda _, row: row["doc_id"] != "d000002"), capsys, monkeypatch)
    assert with_empty == without["agree"][1]["agreement"] != []


def test_a_thousand_annotators(
    judged: Callable[..., Project], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = judged(documents=1, annotators=1000, sentences=2)
    said = through(project, capsys, monkeypatch)
    assert "1 document of 1 story: no coefficient below means anything" in said["agree"][0]
    measured = [row for row in said["agree"][1]["agreement"] if row["value"] is not None]
    assert measured and {row["n_annotators"] for row in measured} == {1000}
    assert "0 open conflicts" in said["adjudicate"][0]
    words, listed = run(project, capsys, "adjudicate", "--method", "unanimous")
    conflicts = listed["conflicts"]
    assert len(conflicts) > 3
    for conflict in conflicts:  # what is said alike is one version: nobody reads a thousand
        assert len(conflict["versions"]) <= 40
        assert sum(version.get("times", 1) for version in conflict["versions"]) == 1000
    assert len(words) < 20_000


def conflicts_of(project: Project) -> list[Row]:
    return read_rows(project, project.annotations, "conflicts")


def write_decision(project: Project, ids: list[str], field: str, value: str, **other: Any) -> None:
    line = {"conflict_id": conflict_id(ids, field), "judgement_ids": sorted(ids), "layer": "mention", "field": field}
    line |= {"doc_id": "d000000", "value": value, "decided_by": "adj-z", "reason": "so", "codebook_version": "1.0.0"}
    with project.adjudications_jsonl.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line | {"decided_at": "2024-05-03"} | other) + "\n")


def test_decisions_that_contradict_each_other(
    judged: Callable[..., Project], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = judged(annotators=3)
    through(project, capsys, monkeypatch)
    row = next(row for row in conflicts_of(project) if row["layer"] == "document_stance")
    ids, about = row["judgement_ids"].split(), {"layer": "document_stance", "doc_id": row["doc_id"]}
    write_decision(project, ids, "stance", "favor", **about)
    write_decision(project, ids, "stance", "neutral", **about)
    said = through(project, capsys, monkeypatch)
    assert "overruled by line 2: 'neutral' instead of 'favor'" in said["merge"][0]
    settled = read_rows(project, project.annotations, "document_stances")
    assert [item["stance"] for item in settled if item["doc_id"] == row["doc_id"]] == ["neutral"]


def test_decisions_on_judgements_that_are_no_more(
    judged: Callable[..., Project], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = judged(annotators=3)
    through(project, capsys, monkeypatch)
    before = read_rows(project, project.annotations, "mentions")
    write_decision(project, ["a" * 26], "label", "ORG")
    write_decision(project, ["a" * 26, "b" * 26], "exists", "drop")
    said = through(project, capsys, monkeypatch)
    assert said["merge"][0].count("rests on a judgement that no longer votes; decide again: stancewire adjudicate") == 2
    assert read_rows(project, project.annotations, "mentions") == before
    assert {row["stale"] for row in read_rows(project, project.annotations, "adjudications")} == {True}
    assert main(["--project", str(project.root), "validate"]) == 1
    assert "rests on judgement 'aaaaaaaaaaaaaaaaaaaaaaaaaa', which does not exist" in capsys.readouterr().out


@pytest.mark.parametrize("method", ["majority", "mace", "dawid_skene"])
def test_nothing_is_said_of_annotators_whom_nobody_can_be_held_against(
    judged: Callable[..., Project], capsys: pytest.CaptureFixture[str], method: str
) -> None:
    """ann-ac shares no document with the others: gold is what they said, and a model has nobody to learn it from."""
    project = rewritten(
        judged(documents=30, annotators=3),
        lambda _, row: (row["annotator_id"] == "ann-ac") == (row["doc_id"] >= "d000020"),
    )
    run(project, capsys, "merge", "--method", method)
    rows = [row for row in read_rows(project, project.annotations, "agreement") if row["by"] == "annotator"]
    alone = [row for row in rows if row["group"] == "ann-ac"]
    assert alone and {row["value"] for row in alone} == {None}
    for row in alone:
        assert "nobody else was asked" in row["reason"] or "that others were asked about" in row["reason"]
    others = [row for row in rows if row["group"] != "ann-ac"]
    assert all(row["value"] is not None for row in others if "F1" in row["measure"])
    assert (method == "majority") == (not [row for row in rows if "model's estimate" in (row["reason"] or "")])


def test_a_model_that_was_told_to_learn_from_two_says_that_it_means_little(
    judged: Callable[..., Project], capsys: pytest.CaptureFixture[str]
) -> None:
    project = judged(documents=12, annotators=2)
    said, _ = run(project, capsys, "merge", "--method", "mace", "--allow-few")
    assert "stance: mace learnt from 2 of the 3 annotators it takes" in said and "its chances mean little" in said
    rows = [row for row in read_rows(project, project.annotations, "agreement") if "MACE" in row["measure"]]
    assert rows and all("fewer than 3 annotators" in row["reason"] for row in rows)
