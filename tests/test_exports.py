"""Stored exports: append-only, pseudonymous, without the article; a broken file is named; marks are what was marked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as for_every
from hypothesis import strategies as st
from studio_project import make_studio_project

from stancewire.errors import ExportError
from stancewire.label_studio.accounts import Pseudonyms
from stancewire.label_studio.exports import (
    CONTEXT,
    Given,
    export_text,
    latest_tasks,
    read_marks,
    read_submissions,
    write_export,
)
from stancewire.label_studio.pull import _stored_result, is_changed, stored_tasks
from stancewire.project import Project

GIVEN = Given("entities", 1, "ann-one")
VIEW_TEXT = "Trump 🕊 met Iwaya.\n\nHe left."


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_studio_project(tmp_path / "project", "tests")


def result(start: int, end: int, control: str = "mention", **changes: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": ["PERSON"]}
    return {"id": "r1", "from_name": control, "to_name": "text", "type": "labels", "value": value} | changes


def answer(
    results: list[dict[str, Any]], who: str = "ann-one", day: str = "2024-05-02", **changes: Any
) -> dict[str, Any]:
    return {
        "id": 1,
        "unique_id": "5f0c",
        "completed_by": {"id": 3, "email": f"{who}@annotators.invalid", "first_name": "", "last_name": ""},
        "created_at": f"{day}T10:20:30.000000Z",
        "updated_at": f"{day}T10:20:30.000000Z",
        "lead_time": 12.5,
        "was_cancelled": False,
        "ground_truth": False,
        "result": results,
    } | changes


def task(*annotations: dict[str, Any], drafts: Any = (), predictions: Any = (), doc_id: str = "d1") -> dict[str, Any]:
    """A task as the server exports it."""
    data = {
        "doc_id": doc_id,
        "text": VIEW_TEXT,
        "text_sha256": "0" * 64,
        "task_pass": "entities",
        "round": 1,
        "annotator_id": "ann-one",
        "codebook_version": "1.0.0",
        "suggestions_shown": True,
        "view": [[0, 0, 18, 0], [20, 40, 48, 2]],
        "entities_offered": [["donald-trump", "Donald Trump", "PERSON"]],
    }
    return {"id": 7, "data": data, "annotations": list(annotations), "drafts": drafts, "predictions": predictions}


def stored(tmp_path: Path, *tasks: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return stored_tasks(list(tasks), Pseudonyms(tmp_path / "people.json", ["ann-one", "ann-two"]))


def write(project: Project, *tasks: dict[str, Any]) -> Path:
    found = stored(project.root, *tasks)
    return write_export(project.exports, GIVEN, "Tests", list(found.values()), project.schema)


def test_files_are_numbered_and_never_touched(project: Project) -> None:
    first = write(project, task())
    content = first.read_bytes()
    second = write(project, task(answer([result(0, 5)])))
    assert (first.name, second.name) == ("0001.json", "0002.json")
    assert first.parent.relative_to(project.annotations).as_posix() == "exports/entities-r1/ann-one"
    assert first.read_bytes() == content
    assert latest_tasks(project.exports, GIVEN, project.schema)["d1"]["annotations"]


def test_stored_file_is_canonical_json(project: Project) -> None:
    text = write(project, task(answer([result(0, 7)]))).read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    assert "🕊" in text


def test_states_and_history_are_read_in_the_order_pulled(project: Project) -> None:
    write(project, task())
    write(project, task(answer([result(0, 5)])))
    write(project, task(answer([], was_cancelled=True)))
    found = read_submissions(project)
    assert [(s.pulled, s.state, len(s.marks)) for s in found] == [
        (1, "assigned", 0),
        (2, "submitted", 1),
        (3, "skipped", 0),
    ]
    assert found[1].export_path == "annotations/exports/entities-r1/ann-one/0002.json"
    assert found[1].seconds == 12.5 and str(found[1].updated_at) == "2024-05-02"


def test_more_than_9999_files_stay_in_order(project: Project) -> None:
    path = write(project, task())
    document = json.loads(path.read_text())
    for number in (9_999, 10_000):
        document["sequence"] = number
        (path.parent / f"{number:04d}.json").write_text(json.dumps(document))
    assert [s.pulled for s in read_submissions(project)] == [1, 9_999, 10_000]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"format": "stancewire-export/1", "tasks": [', "half-written"),
        (b"", "half-written"),
        (b"[]", "is not a stored export"),
        (b'{"format": "stancewire-export/2"}', "is not a stored export"),
        (b"\xff\xfe", "cannot be read as JSON"),
    ],
)
def test_broken_file_is_named(project: Project, content: bytes, message: str) -> None:
    write(project, task())
    path = project.exports / "entities-r1/ann-one/0002.json"
    path.write_bytes(content)
    with pytest.raises(ExportError, match=message) as error:
        read_submissions(project)
    assert "entities-r1/ann-one/0002.json" in str(error.value) and "\n" not in str(error.value)


def test_half_written_file_beside_is_no_export(project: Project) -> None:
    path = write(project, task())
    path.with_name(".0002.json.writing").write_text("{")
    assert len(read_submissions(project)) == 1
    assert write(project, task(answer([]))).name == "0002.json"


def test_file_of_another_annotator_is_refused(project: Project) -> None:
    path = write(project, task())
    other = project.exports / "entities-r1" / "ann-two"
    other.mkdir()
    path.rename(other / path.name)
    with pytest.raises(ExportError, match="stands in another place"):
        read_submissions(project)


def test_what_breaks_the_schema_is_not_stored(project: Project) -> None:
    broken = stored(project.root, task())["d1"] | {"codebook_version": "one"}
    with pytest.raises(ExportError, match="tasks/0/codebook_version"):
        write_export(project.exports, GIVEN, "Tests", [broken], project.schema)
    assert not list(project.exports.rglob("*"))


def test_no_address_and_no_full_time_is_stored(project: Project) -> None:
    draft = {"id": 1, "user": "jane.doe@example.org", "result": [result(0, 5)], "lead_time": 1.0}
    draft |= {"created_at": "2024-05-02T10:20:30Z", "updated_at": "2024-05-02T10:20:30Z", "annotation": None}
    text = write(project, task(answer([result(0, 5)]), drafts=[draft])).read_text()
    assert "@" not in text and "jane" not in text and "10:20" not in text
    minted = json.loads(text)["tasks"][0]["drafts"][0]["completed_by"]
    assert json.loads((project.root / "people.json").read_text())[minted] == {"email": "jane.doe@example.org"}
    assert (project.root / "people.json").stat().st_mode & 0o777 == 0o600


def test_address_keeps_its_pseudonym(tmp_path: Path) -> None:
    people = tmp_path / "people.json"
    first = Pseudonyms(people).of("Jane.Doe@example.org")
    assert Pseudonyms(people).of("jane.doe@example.org") == first
    assert Pseudonyms(people, ["ann-one"]).of("ann-one@annotators.invalid") == "ann-one"
    assert "jane" not in Pseudonyms(people).of("Jane.Doe@annotators.invalid")


def test_words_are_the_slice_and_not_what_the_server_says(tmp_path: Path) -> None:
    said = result(8, 18, value={"start": 8, "end": 18, "text": "met  Iwaya\\n", "labels": ["PERSON"]})
    kept = stored(tmp_path, task(answer([said])))["d1"]["annotations"][0]["result"][0]
    assert kept["quote"] == VIEW_TEXT[8:18] == "met Iwaya." and "text" not in kept["value"]
    assert (kept["before"], kept["after"]) == ("Trump 🕊 ", "\n\nHe left.")


def test_typed_text_is_kept(tmp_path: Path) -> None:
    for typed in ("a name", ["a name"]):
        said = result(0, 5, "entity_name", type="textarea", value={"start": 0, "end": 5, "text": typed})
        kept = stored(tmp_path, task(answer([said])))["d1"]["annotations"][0]["result"][0]
        assert kept["value"]["text"] == ["a name"] and kept["quote"] == "Trump"


@for_every(st.text(max_size=60), st.integers(-5, 80), st.integers(-5, 80))
def test_any_place_is_stored_within_the_text_or_as_none(text: str, start: int, end: int) -> None:
    kept = _stored_result(result(start, end), text, "1.0.0", {})
    value = kept["value"]
    assert kept["quote"] == text[value["start"] : value["end"]]
    assert len(kept["before"]) <= CONTEXT and len(kept["after"]) <= CONTEXT
    if 0 <= start <= end:
        assert (value["start"], value["end"]) == (start, end) and "meta" not in kept
        if end <= len(text):
            assert kept["before"] + kept["quote"] + kept["after"] in text
    else:
        assert (value["start"], value["end"]) == (0, 0) and kept["meta"]["place"] == [start, end]


def test_relation_stays_visible(project: Project) -> None:
    relation = {"type": "relation", "from_id": "r1", "to_id": "r2", "direction": "right"}
    write(project, task(answer([result(0, 5), relation])))
    marks = read_submissions(project)[0].marks
    assert [dict(mark.values) for mark in marks] == [{"label": ("PERSON",)}, {"relation": ("r1", "r2")}]


def test_changed_time_or_id_is_no_change(tmp_path: Path) -> None:
    before, later = answer([result(0, 5)]), answer([result(0, 5)], day="2024-06-01", unique_id="other")
    assert not is_changed(stored(tmp_path, task(before))["d1"], stored(tmp_path, task(later))["d1"])
    edited = answer([result(0, 7)], day="2024-06-01")
    assert is_changed(stored(tmp_path, task(before))["d1"], stored(tmp_path, task(edited))["d1"])


def test_last_answer_of_an_annotator_comes_last(project: Project) -> None:
    late = answer([result(0, 5)], day="2024-05-09", id=1)
    early = answer([result(8, 11)], day="2024-05-03", id=2)
    write(project, task(late, early))
    assert [s.marks[0].quote for s in read_submissions(project)] == ["met", "Trump"]


def test_answer_of_somebody_else_is_theirs(project: Project) -> None:
    write(project, task(answer([result(0, 5)], who="ann-two")))
    assert [(s.annotator_id, s.state) for s in read_submissions(project)] == [
        ("ann-one", "assigned"),
        ("ann-two", "submitted"),
    ]


def test_draft_beside_an_answer_does_not_count(project: Project) -> None:
    draft = {"id": 1, "user": "ann-one@annotators.invalid", "result": [], "lead_time": 1.0, "annotation": 1}
    draft |= {"created_at": "2024-05-02T10:20:30Z", "updated_at": "2024-05-02T10:20:30Z"}
    write(project, task(answer([result(0, 5)]), drafts=[draft]))
    assert [s.state for s in read_submissions(project)] == ["submitted"]


def test_values_of_one_region_are_one_mark() -> None:
    place = {"start": 0, "end": 5}
    said = [
        result(0, 5, "target", value=place | {"labels": ["us-japan-alliance"]}),
        result(0, 5, "holder", type="choices", value=place | {"choices": ["e2", "e1"]}),
        result(0, 5, "span_comment", type="textarea", value=place | {"text": ["why"]}),
        {"id": "x", "from_name": "doc__other", "to_name": "text", "type": "choices", "value": {"choices": ["none"]}},
    ]
    for item in said[:3]:
        item |= {"quote": "Trump", "before": "", "after": " 🕊"}
    span, document = read_marks(said, [])
    assert dict(span.values) == {"target": ("us-japan-alliance",), "holder": ("e2", "e1"), "comment": ("why",)}
    assert (span.view_start, span.view_end, span.quote) == (0, 5, "Trump")
    assert document.view_start is None and document.get("doc__other") == ("none",)


@pytest.mark.parametrize(
    ("origin", "label", "expected"),
    [
        ("prediction", "PERSON", "accepted"),
        ("prediction", "ORG", "edited"),
        ("prediction-changed", "ORG", "edited"),
        ("prediction-changed", "PERSON", "accepted"),
        ("manual", "PERSON", "manual"),
    ],
)
def test_accepted_means_as_suggested(origin: str, label: str, expected: str) -> None:
    words = {"quote": "Trump", "before": "", "after": ""}
    suggested = [{"model_version": "names/1", "result": [result(0, 5) | words]}]
    said = result(0, 5, origin=origin, value={"start": 0, "end": 5, "labels": [label]}) | words
    mark = read_marks([said], suggested)[0]
    assert (mark.origin, mark.suggested_by) == (expected, None if expected == "manual" else "names/1")


WORDS = st.text(st.characters(codec="utf-8")) | st.sampled_from(["\x00\x1f\x7f\u2028", '"\\/\b\f\n\r\t', "[1e5"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)


@for_every(st.dictionaries(WORDS, VALUES, max_size=4))
def test_stored_exports_are_written_as_the_standard_library_writes_them(document: dict[str, Any]) -> None:
    assert export_text(document) == json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
