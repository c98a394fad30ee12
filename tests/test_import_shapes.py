"""Shapes that real exports have, and hostile ones: each is read, or refused with a clear statement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from foreign_exports import ANA, BO, annotation, result, span, task, write_export

from stancewire.build import build_project
from stancewire.cli import main
from stancewire.errors import ExportError
from stancewire.gold.decisions import conflict_id
from stancewire.gold.stage import write_gold
from stancewire.imports.into import import_into
from stancewire.imports.mapping import LabelMapping
from stancewire.imports.plan import ImportReport, plan_import
from stancewire.imports.stage import import_files
from stancewire.judgements import write_judgements
from stancewire.label_studio.exports import read_stored
from stancewire.project import Project
from stancewire.tables import read_table, read_table_schema

Row = dict[str, Any]


def rows(project: Project, name: str) -> list[Row]:
    return read_table(project.table_path(name).parent, read_table_schema(name, project.table_schemas)).to_pylist()


def bring(tmp_path: Path, *tasks: Row) -> tuple[Project, ImportReport]:
    path = write_export(tmp_path / "export.json", *tasks)
    return import_into(tmp_path / "made", plan_import([path], "label-studio"), LabelMapping())


def again(project: Project, tmp_path: Path, *tasks: Row, **options: Any) -> ImportReport:
    path = write_export(tmp_path / "later.json", *tasks)
    with project.writing():
        report = import_files(
            project, plan_import([path], "label-studio", "label-studio export"), LabelMapping(), **options
        )
        write_judgements(project)
    return report


def test_ground_truth_on_ordinary_work_is_kept_and_votes_like_any_other(tmp_path: Path) -> None:
    mine = annotation(1, span(ANA, "Kure", "Place"), ground_truth=True)
    project, _ = bring(tmp_path, task(ANA, mine, annotation(2, span(ANA, "Kure", "Place"))))
    stored = [answer["ground_truth"] for *_, document in read_stored(project) for answer in _answers(document)]
    assert sorted(stored) == [False, True]
    (mention,) = rows(project, "mentions")
    assert (mention["n_votes"], mention["decided_by"]) == (2, "unanimous")


def _answers(document: Row) -> list[Row]:
    return [answer for one in document["tasks"] for answer in one["annotations"]]


def test_suggestions_in_full_say_what_was_accepted_and_by_ids_say_nothing(tmp_path: Path) -> None:
    kure, lee = span(ANA, "Kure", "Place"), span(ANA, "Lee", "Person")
    suggested = [
        {"id": 9, "model_version": "ner-2", "result": [{k: v for k, v in r.items() if k != "id"} | {"id": r["id"]}]}
        for r in (kure, lee)
    ]
    edited = lee | {"origin": "prediction-changed", "value": lee["value"] | {"labels": ["Place"]}}
    answer = annotation(1, kure | {"origin": "prediction"}, edited, span(ANA, "pact", "Law"))
    one = task(ANA, answer, predictions=suggested)
    other = task(BO, annotation(1, span(BO, "Bo Lee", "Person") | {"origin": "prediction"}), predictions=[4, 5])
    project, _ = bring(tmp_path, one, other)
    found = {r["text"]: (r["origin"], r["suggested_by"]) for r in rows(project, "judgements")}
    assert found == {
        "Kure": ("accepted", "ner-2"),
        "Lee": ("edited", "ner-2"),
        "pact": ("manual", None),
        "Bo Lee": ("accepted", None),
    }
    shown = {r["doc_id"]: r["suggestions_shown"] for r in rows(project, "assignments")}
    assert sorted(shown.values()) == [False, True]


def test_first_versions_wrote_completions_and_seconds(tmp_path: Path) -> None:
    old = {"id": 1, "created_at": 1714557600, "result": [span(ANA, "Kure", "Place")], "lead_time": 2.0}
    skipped = {"id": 2, "created_at": 1714557600, "skipped": True, "result": []}
    one = {"id": 1, "data": {"text": ANA}, "completions": [old]}
    two = {"id": 2, "data": {"text": BO}, "completions": [skipped]}
    project, _ = bring(tmp_path, one, two)
    (row,) = rows(project, "judgements")
    assert (row["text"], row["created_at"].date().isoformat()) == ("Kure", "2024-05-01")
    assert sorted(r["state"] for r in rows(project, "assignments")) == ["skipped", "submitted"]


def test_several_controls_on_one_span_and_several_on_the_text(tmp_path: Path) -> None:
    marked = span(ANA, "Ana Ruiz", "Person") | {"id": "r1"}
    place = {"start": 5, "end": 13, "text": "Ana Ruiz"}
    more = [
        result("second", "labels", place | {"labels": ["Envoy"]}, id="r1"),
        result("sure", "choices", place | {"choices": ["very"]}, id="r1"),
        result("stars", "rating", place | {"rating": 3}, id="r1"),
        result("why", "textarea", place | {"text": ["named", "twice"]}, id="r1"),
        result("kind of", "taxonomy", place | {"taxonomy": [["A", "B"]]}, id="r1"),
        result("mood", "choices", {"choices": ["sad"]}),
        result("length", "number", {"number": 7}),
    ]
    project, _ = bring(tmp_path, task(ANA, annotation(1, marked, *more)))
    judged = rows(project, "judgements")
    spans = {r["label"]: (r["text"], r["comment"]) for r in judged if r["layer"] == "mention"}
    said = "sure: very\nstars: 3\nwhy: named\nwhy: twice\nkind of: A/B"
    assert spans == {"Person": ("Ana Ruiz", said), "Envoy": ("Ana Ruiz", said)}
    assert [(r["flag"], r["comment"]) for r in judged if r["layer"] == "flag"] == [("sad", "length: 7")]
    assert not rows(project, "quarantine")


def test_labels_of_an_older_codebook_are_read_by_their_aliases(tmp_path: Path) -> None:
    project, _ = bring(tmp_path, task(ANA, annotation(1, span(ANA, "Kure", "Place"))))
    text = project.codebook_yaml.read_text(encoding="utf-8")
    project.codebook_yaml.write_text(text.replace('- id: "Place"', '- id: "LOC"\n    aliases: ["Place"]', 1), "utf-8")
    build_project(project)
    report = again(project, tmp_path, task(ANA, annotation(2, span(ANA, "Kure", "Place"))))
    assert report.stored
    assert {(r["text"], r["label"]) for r in rows(project, "judgements")} == {("Kure", "LOC")}
    with pytest.raises(ExportError, match=r"unknown mention 'Places' \(1 times\); nearest is 'Place'"):
        again(project, tmp_path, task(ANA, annotation(3, span(ANA, "Kure", "Places"))))


def test_a_thousand_annotators(tmp_path: Path) -> None:
    answers = [
        annotation(n, span(ANA, "Kure", "Place"), *([span(ANA, "Lee", "Person")] * (n % 2))) for n in range(1000)
    ]
    project, report = bring(tmp_path, task(ANA, *answers))
    assert report.counts["judgements"] == 1500
    gold = {(r["text"], r["n_votes"], r["n_annotators"]) for r in rows(project, "mentions")}
    assert gold == {("Kure", 1000, 1000)}  # half of them are against the other: a tie
    assert [r["field"] for r in rows(project, "conflicts")] == ["exists"]
    assert main(["--project", str(project.root), "validate"]) == 0


def test_one_annotator_is_told_that_nothing_can_be_said_of_agreement(tmp_path: Path) -> None:
    project, report = bring(tmp_path, task(ANA, annotation(1, span(ANA, "Kure", "Place"))))
    assert "one annotator only: nothing can be said about agreement" in report.notes
    pairs = [r for r in rows(project, "agreement") if r["by"] == "all" and r["layer"] == "mention"]
    assert pairs and all(r["value"] is None and r["reason"] for r in pairs if "reliability" not in r["measure"])


def test_export_of_empty_texts_alone_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_export(tmp_path / "export.json", task(""), task(" \n"))
    assert main(["import", str(path), "--from", "label-studio", "--into", str(tmp_path / "made")]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "made").exists()


def test_decision_on_a_judgement_that_a_later_export_removed_is_stale(tmp_path: Path) -> None:
    person, place = span(ANA, "Ana Ruiz", "Person"), span(ANA, "Ana Ruiz", "Place")
    project, _ = bring(tmp_path, task(ANA, annotation(1, person), annotation(2, place)))
    ids = sorted(row["judgement_id"] for row in rows(project, "judgements"))
    decision = {"conflict_id": conflict_id(ids, "label"), "judgement_ids": ids, "layer": "mention", "field": "label"}
    decision |= {"doc_id": rows(project, "documents")[0]["doc_id"], "value": "Person", "decided_by": "adj-one"}
    decision |= {"reason": "named", "codebook_version": "0.1.0", "decided_at": "2024-06-01"}
    project.adjudications_jsonl.write_text(json.dumps(decision) + "\n", encoding="utf-8")
    with project.writing():
        write_gold(project)
    assert [(r["label"], r["decided_by"]) for r in rows(project, "mentions")] == [("Person", "adjudicated")]
    report = again(project, tmp_path, task(ANA, annotation(1, person), annotation(2)))
    assert report.counts["changed"] == 1
    with project.writing():
        merged = write_gold(project)
    assert [problem.check for problem in merged.problems] == ["decision-stale"]
    assert [r["stale"] for r in rows(project, "adjudications")] == [True]


@pytest.mark.parametrize("at", [0.2, 0.5, 0.9, 0.999])
def test_truncated_export_stores_nothing_wherever_it_was_cut(tmp_path: Path, at: float) -> None:
    project, _ = bring(tmp_path, task(ANA, annotation(1, span(ANA, "Kure", "Place"))), task(BO, annotation(1)))
    before = sorted(project.exports.rglob("*"))
    data = (tmp_path / "export.json").read_bytes()
    cut = tmp_path / "cut.json"
    cut.write_bytes(data[: int(len(data) * at)])
    with project.writing(), pytest.raises(ExportError, match=r"cut.json (ends in the middle|.*is not JSON)"):
        import_files(project, plan_import([cut], "label-studio", "label-studio export"), LabelMapping())
    assert sorted(project.exports.rglob("*")) == before


def test_places_far_beyond_any_text_are_in_quarantine(tmp_path: Path) -> None:
    far = span(ANA, "Kure", "Place")
    far["value"] |= {"start": 10**30, "end": 10**31}
    project, _ = bring(tmp_path, task(ANA, annotation(1, far)), task(ANA, annotation(2)))
    (row,) = rows(project, "quarantine")
    assert row["text"] == "Kure" and row["reason"]
    stored = [r for *_, document in read_stored(project) for answer in _answers(document) for r in answer["result"]]
    assert "is outside any text" in stored[0]["meta"]["place"]
