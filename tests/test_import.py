"""Imports: whatever shape an export has, each label is a judgement or stands in quarantine with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from foreign_exports import ANA, BO, annotation, result, span, task, write_export

from stancewire.cli import imports as command
from stancewire.cli import main
from stancewire.errors import CodebookError, ExportError, UsageError
from stancewire.imports.into import import_into
from stancewire.imports.mapping import LabelMapping, read_mapping
from stancewire.imports.plan import READERS, plan_import
from stancewire.imports.stage import import_files
from stancewire.judgements.stage import write_judgements
from stancewire.label_studio.foreign import Mark
from stancewire.label_studio.offsets import POINTS, UNITS, counted_in, from_units, same_words, to_canonical
from stancewire.project import Project
from stancewire.tables import read_table, read_table_schema

Row = dict[str, Any]


def rows(project: Project, name: str) -> list[Row]:
    return read_table(project.table_path(name).parent, read_table_schema(name, project.table_schemas)).to_pylist()


def bring(tmp_path: Path, *tasks: Row, name: str = "export.json", **options: Any) -> Project:
    path = write_export(tmp_path / name, *tasks)
    return import_into(tmp_path / "made", plan_import([path], "label-studio", **options), LabelMapping())[0]


def again(project: Project, path: Path, format: str = "label-studio", **options: Any) -> Any:
    source = options.pop("source", "label-studio export")
    with project.writing():
        report = import_files(project, plan_import([path], format, source), LabelMapping(), **options)
        write_judgements(project)
    return report


def said(project: Project, status: str = "current") -> list[tuple[str, str]]:
    return sorted((r["text"], r["label"]) for r in rows(project, "judgements") if r["status"] == status and r["text"])


def everything_stored(project: Project) -> str:
    kept = [path for path in project.root.rglob("*") if path.is_file() and path != project.people_json]
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in kept if "sources" not in path.parts)


def test_command_knows_every_format() -> None:
    assert tuple(READERS) == command.FORMATS


# offsets


def marks(text: str, *words: str, units: bool) -> list[Mark]:
    found = []
    for item in words:
        before = text[: text.index(item)]
        start = len(before.encode("utf-16-le")) // 2 if units else len(before)
        size = len(item.encode("utf-16-le")) // 2 if units else len(item)
        found.append(Mark(item, start, start + size, item, "label", "labels", ("X",)))
    return found


@pytest.mark.parametrize("units", [False, True])
def test_quotes_tell_what_offsets_count(units: bool) -> None:
    text = "🕊 Ana met 🕊 Lee"
    assert counted_in(text, marks(text, "Ana", "Lee", units=units)) == (UNITS if units else POINTS)


def test_offsets_of_plain_text_tell_nothing() -> None:
    assert counted_in("Ana met Lee", marks("Ana met Lee", "Lee", units=False)) is None


def test_utf_16_units_inside_a_character_are_no_place() -> None:
    point = from_units("a🕊b🕊")
    assert [point(n) for n in range(7)] == [0, 1, None, 2, 3, None, 4]


def test_carriage_returns_and_byte_order_mark_move_offsets() -> None:
    text = "\ufeffa\r\nb\rc\r\n"
    move = to_canonical(text)
    assert [move(text.index(letter)) for letter in "abc"] == [0, 2, 4]


def test_quote_with_escaped_line_end_is_the_same_words() -> None:
    assert same_words("met\nLee  now", "met\\nLee now")
    assert not same_words("met Lee", "met Leo")


# Label Studio


def test_fresh_project_holds_texts_labels_and_judgements(tmp_path: Path) -> None:
    project = bring(tmp_path, task(ANA, annotation(1, span(ANA, "Ana Ruiz", "Person"), span(ANA, "Kure", "Place"))))
    assert said(project) == [("Ana Ruiz", "Person"), ("Kure", "Place")]
    assert [r["text"] for r in rows(project, "documents")] == [ANA]
    assert main(["--project", str(project.root), "validate"]) == 0
    assert main(["--project", str(project.root), "verify"]) == 0


def test_nobody_is_named_anywhere(tmp_path: Path) -> None:
    note = result("note", "textarea", {"text": ["ask Bob.Far@example.org"]})
    people: list[Any] = [3, {"id": 4, "email": "cara@example.org"}, "dan@example.org"]
    answers = [annotation(who, span(ANA, "Ana Ruiz", "Person"), note) for who in people]
    answers[0]["created_username"] = " Eve Far, eve@example.org 3"
    draft = annotation(5, span(ANA, "Kure", "Place")) | {"user": "finn@example.org", "annotation": None}
    project = bring(tmp_path, task(ANA, *answers, drafts=[draft]))
    stored = everything_stored(project)
    assert not [name for name in ("cara", "dan@", "eve@", "finn", "Bob.Far", "@example") if name in stored.casefold()]
    assert len({row["annotator_id"] for row in rows(project, "judgements")}) == 3
    assert {row["state"] for row in rows(project, "assignments")} == {"submitted", "draft"}
    assert "cara@example.org" in project.people_json.read_text(encoding="utf-8")


def test_id_and_address_of_one_person_are_one_annotator(tmp_path: Path) -> None:
    first = task(ANA, annotation({"id": 4, "email": "cara@example.org"}, span(ANA, "Kure", "Place")))
    project = bring(tmp_path, first, task(BO, annotation(4, span(BO, "Bo Lee", "Person"))))
    assert len({row["annotator_id"] for row in rows(project, "judgements")}) == 1


def test_same_text_in_several_tasks_is_one_document(tmp_path: Path) -> None:
    one = task(ANA, annotation(1, span(ANA, "Ana Ruiz", "Person")), id=1, project=1)
    other = task(ANA.replace("\n", "\r\n"), annotation(2, span(ANA, "Kure", "Place")), id=1, project=2)
    project = bring(tmp_path, one, other)
    assert len(rows(project, "documents")) == 1
    assert said(project) == [("Ana Ruiz", "Person"), ("Kure", "Place")]


def test_last_of_two_answers_of_one_annotator_counts(tmp_path: Path) -> None:
    old = annotation(1, span(ANA, "Ana Ruiz", "Place"), day="2024-05-01")
    new = annotation(1, span(ANA, "Ana Ruiz", "Person"), day="2024-05-02")
    project = bring(tmp_path, task(ANA, new, old))
    assert said(project) == [("Ana Ruiz", "Person")]
    assert said(project, "superseded") == [("Ana Ruiz", "Place")]


def test_skipped_empty_and_drafts_are_assignments_without_votes(tmp_path: Path) -> None:
    skipped = annotation(1, span(ANA, "Kure", "Place"), was_cancelled=True)
    draft = annotation(3, span(ANA, "Kure", "Place")) | {"user": 3}
    project = bring(tmp_path, task(ANA, skipped, annotation(2), drafts=[draft], predictions=[4, 5]))
    assert sorted(row["state"] for row in rows(project, "assignments")) == ["draft", "skipped", "submitted"]
    assert said(project) == []
    assert said(project, "deleted") == [("Kure", "Place")]


def test_spans_that_do_not_fit_are_in_quarantine_with_the_reason(tmp_path: Path) -> None:
    past = span(ANA, "Kure", "Place")
    past["value"] |= {"start": 500, "end": 504}
    wrong, nothing = span(ANA, "Ana Ruiz", "Person", quote="Bo Lee"), span(ANA, "Kure", "Place")
    del nothing["value"]["labels"]
    none = span(ANA, "pact", "Place") | {"value": {"start": None, "end": 4, "labels": ["Place"]}}
    edges = span(ANA, " Ana Ruiz ", "Person", quote="Ana Ruiz")
    project = bring(tmp_path, task(ANA, annotation(1, past, wrong, nothing, none, edges)))
    reasons = sorted(row["reason"] for row in rows(project, "quarantine"))
    assert len(reasons) == 4, reasons
    assert reasons[0] == "empty span" and reasons[1] == "no label chosen"
    assert reasons[2].startswith("outside the task's text")
    assert reasons[3] == "the text has 'Ana Ruiz' there, the export says 'Bo Lee'"
    assert said(project) == [(" Ana Ruiz ", "Person")]  # edge white space is kept


def test_utf_16_export_is_recognised_and_said_so(tmp_path: Path) -> None:
    text = "🕊🕊 Ana Ruiz met Lee."
    shifted = span(text, "Ana Ruiz", "Person", shift=2)
    path = write_export(tmp_path / "export.json", task(text, annotation(1, shifted)))
    project, report = import_into(tmp_path / "made", plan_import([path], "label-studio"), LabelMapping())
    assert said(project) == [("Ana Ruiz", "Person")]
    assert any("UTF-16 units" in note for note in report.notes)


def test_every_kind_of_control_is_kept_somewhere(tmp_path: Path) -> None:
    other = [
        result("mood", "choices", {"choices": ["happy", "sad"]}),
        result("topic", "taxonomy", {"taxonomy": [["World", "Asia"], ["War"]]}),
        result("stars", "rating", {"rating": 4}),
        result("note", "textarea", {"text": ["first", "second"]}),
        result("sure", "choices", {"choices": ["very"], "start": 4, "end": 12, "text": "Ana Ruiz"}, id="r1"),
        {"type": "relation", "from_id": "r1", "to_id": "r2", "labels": ["knows"]},
        {"type": "relation", "direction": "right"},
    ]
    marked = span(ANA, "Ana Ruiz", "Person") | {"id": "r1"}
    project = bring(tmp_path, task(ANA, annotation(1, marked, *other)))
    judged = rows(project, "judgements")
    assert {r["flag"] for r in judged if r["layer"] == "flag"} == {"happy", "sad", "World-Asia", "War"}
    assert {r["comment"] for r in judged if r["layer"] == "flag"} == {"stars: 4\nnote: first\nnote: second"}
    assert [r["comment"] for r in judged if r["layer"] == "mention"] == ["sure: very"]
    assert ["relation" in row["reason"] for row in rows(project, "quarantine")] == [True, True]


def test_choices_that_are_stances_become_document_stances(tmp_path: Path) -> None:
    chosen = result("the pact", "choices", {"choices": ["Favour"]})
    project = bring(tmp_path, task(ANA, annotation(1, chosen)))
    assert [(r["layer"], r["target_id"], r["label"]) for r in rows(project, "judgements")] == [
        ("document_stance", "the-pact", "favor")
    ]


def test_truncated_export_is_one_clear_error_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_export(tmp_path / "export.json", task(ANA, annotation(1, span(ANA, "Kure", "Place"))), task(BO))
    path.write_bytes(path.read_bytes()[:-30])
    assert main(["import", str(path), "--from", "label-studio", "--into", str(tmp_path / "made")]) == 1
    assert "ends in the middle" in capsys.readouterr().err
    assert [item.name for item in tmp_path.iterdir()] == ["export.json"]


@pytest.mark.parametrize("content", ["", "[]", "id,text\n1,x\n", '[{"id": 1, "text": "x", "label": []}]'])
def test_what_is_no_raw_export_is_refused_in_one_line(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "export.json"
    path.write_text(content)
    assert main(["import", str(path), "--from", "label-studio", "--into", str(tmp_path / "made")]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_empty_texts_are_left_out_and_said(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.json", task(""), task(ANA, annotation(1, span(ANA, "Kure", "Place"))))
    project, report = import_into(tmp_path / "made", plan_import([path], "label-studio"), LabelMapping())
    assert len(rows(project, "documents")) == 1
    assert report.counts["tasks without text"] == 1


def test_lone_surrogate_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([task("a\ud800b")]))
    with pytest.raises(ExportError, match="lone surrogate"):
        import_into(tmp_path / "made", plan_import([path], "label-studio"), LabelMapping())


# a later export, another project


def test_later_export_adds_changes_and_removes(tmp_path: Path) -> None:
    ana, kure = span(ANA, "Ana Ruiz", "Person"), span(ANA, "Kure", "Place")
    stays = task(BO, annotation(1, span(BO, "Bo Lee", "Person")))
    project = bring(tmp_path, task(ANA, annotation(1, ana), annotation(2, kure)), stays)
    later = write_export(
        tmp_path / "later.json",
        task(ANA, annotation(1, kure | {"id": ana["id"]}), annotation(3, ana), id=99),
        stays,
    )
    report = again(project, later)
    counts = {name: report.counts[name] for name in ("added", "changed", "removed", "same")}
    assert counts == {"added": 1, "changed": 1, "removed": 1, "same": 1}
    assert said(project) == [("Ana Ruiz", "Person"), ("Bo Lee", "Person"), ("Kure", "Place")]
    assert said(project, "superseded") == [("Ana Ruiz", "Person")]
    assert said(project, "deleted") == [("Kure", "Place")]
    report = again(project, later)
    assert not report.stored and report.counts["same"] == 3


def test_text_missing_from_a_later_export_stays_until_its_removal_is_accepted(tmp_path: Path) -> None:
    here = task(ANA, annotation(1, span(ANA, "Kure", "Place")))
    project = bring(tmp_path, here, task(BO, annotation(1, span(BO, "Bo Lee", "Person"))))
    later = write_export(tmp_path / "later.json", here)
    report = again(project, later)
    assert not report.stored and any("--accept-removals" in note for note in report.notes)
    again(project, later, accept_removals=True)
    assert said(project) == [("Kure", "Place")] and said(project, "deleted") == [("Bo Lee", "Person")]


def test_another_project_on_the_same_texts_gets_its_own_round(tmp_path: Path) -> None:
    person = {"id": 1, "email": "cara@example.org"}
    project = bring(tmp_path, task(ANA, annotation(person, span(ANA, "Ana Ruiz", "Person"))))
    other = write_export(tmp_path / "other.json", task(ANA, annotation(person, span(ANA, "Lee", "Person"))))
    again(project, other, source="another project")
    assert {(row["round"], row["text"]) for row in rows(project, "judgements")} == {(1, "Ana Ruiz"), (2, "Lee")}
    assert len({row["annotator_id"] for row in rows(project, "judgements")}) == 1


def test_unknown_label_offers_the_nearest_and_stores_nothing(tmp_path: Path) -> None:
    project = bring(tmp_path, task(ANA, annotation(1, span(ANA, "Ana Ruiz", "Person"))))
    later = write_export(tmp_path / "later.json", task(ANA, annotation(1, span(ANA, "Ana Ruiz", "Persn"))))
    before = sorted(project.exports.rglob("*.json"))
    with pytest.raises(ExportError, match=r"unknown mention 'Persn' \(1 times\); nearest is 'Person'"):
        again(project, later)
    assert sorted(project.exports.rglob("*.json")) == before
    mapping = tmp_path / "mapping.yaml"
    again(project, later, write_mapping=mapping)
    with project.writing():
        import_files(project, plan_import([later], "label-studio", "label-studio export"), read_mapping(mapping))
        write_judgements(project)
    assert said(project) == [("Ana Ruiz", "Person")]


def test_unknown_text_is_refused_or_added(tmp_path: Path) -> None:
    project = bring(tmp_path, task(ANA, annotation(1, span(ANA, "Ana Ruiz", "Person"))))
    later = write_export(tmp_path / "later.json", task(BO, annotation(1, span(BO, "Bo Lee", "Person"))))
    with pytest.raises(ExportError, match="1 texts are not in the corpus"):
        again(project, later)
    again(project, later, add_texts=True)
    assert said(project) == [("Ana Ruiz", "Person"), ("Bo Lee", "Person")]


def test_mapping_with_an_unknown_role_names_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("controls: {ner: mentions}\n")
    with pytest.raises(CodebookError, match="cannot be 'mentions'; known: mention"):
        read_mapping(path)


def test_fresh_project_is_not_made_over_another(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError):
        bring(tmp_path, task(ANA))


def test_fresh_project_is_rebuilt_from_what_it_ships(tmp_path: Path) -> None:
    project = bring(tmp_path, task(ANA, annotation(1, span(ANA, "Ana Ruiz", "Person"))))
    before = {path: path.read_bytes() for path in project.root.rglob("*.parquet")}
    for path in before:
        path.unlink()
    assert main(["--project", str(project.root), "build"]) == 0
    assert {path: path.read_bytes() for path in project.root.rglob("*.parquet")} == before
