"""Answers by file: every mistake is named with its place before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stancewire.codebook import read_codebook
from stancewire.errors import UsageError
from stancewire.label_studio.enter import _Reader, read_answers
from stancewire.label_studio.exports import Given, read_marks
from stancewire.label_studio.pull import _stored_result

CODEBOOK = read_codebook(Path(__file__).parents[1] / "schema" / "codebook.yaml")
TEXT = "Trump 🕊 met Trump.\n\nJapan said yes."
TARGETS = [target.id for target in CODEBOOK.document_targets]
STANCE = {
    "quote": "Japan said yes",
    "target": "us-japan-alliance",
    "stance": "favor",
    "attribution": "reported",
    "holders": ["japan"],
}
PREDICTION = {
    "id": 5,
    "result": [
        {"id": "s1", "from_name": "mention", "type": "labels", "value": {"start": 20, "end": 25, "labels": ["GPE"]}},
        {"id": "s1", "from_name": "kind", "type": "choices", "value": {"start": 20, "end": 25, "choices": ["name"]}},
        {"id": "s1", "from_name": "entity", "type": "choices", "value": {"start": 20, "end": 25, "choices": ["japan"]}},
    ],
}


def reader(task_pass: str = "entities") -> _Reader:
    choices = [{"value": "Japan", "alias": "japan"}]
    fixed = [{"value": name, "alias": name} for name in ("unnamed", "other")]
    data = {"doc_id": "d1", "text": TEXT, "entities": choices, "vias": choices + fixed}
    data["holders"] = [{"value": "author", "alias": "author"}, *choices, *fixed]
    task = {"data": data, "predictions": [PREDICTION] if task_pass == "entities" else []}
    return _Reader(task, Given(task_pass, 1, "ann-one"), CODEBOOK, "answers.json")


def spans(results: list[dict[str, Any]]) -> list[tuple[str, str]]:
    stored = [_stored_result(result, TEXT, "1.0.0", {}) for result in results]
    return [(mark.quote, mark.origin) for mark in read_marks(stored, []) if mark.view_start is not None]


def problems(task_pass: str, answer: dict[str, Any]) -> list[str]:
    one = reader(task_pass)
    one.read(answer)
    return [str(problem) for problem in one.problems]


def stances(**changes: Any) -> dict[str, Any]:
    return {"stances": [STANCE | changes], "document_stances": dict.fromkeys(TARGETS, "none")}


def test_quote_is_found_by_its_occurrence_and_by_its_place() -> None:
    one = reader()
    said = {"label": "PERSON", "kind": "name"}
    results = one.read({"mentions": [{"quote": "Trump", "occurrence": 2} | said, {"start": 0, "end": 7} | said]})
    assert not one.problems
    assert [r["value"]["start"] for r in results if r["from_name"] == "mention"] == [12, 0]
    assert [quote for quote, _ in spans(results)] == ["Trump", "Trump 🕊"]


def test_answer_equal_to_a_suggestion_accepts_it_and_another_changes_it() -> None:
    japan = {"quote": "Japan", "label": "GPE", "kind": "name", "entity": "japan"}
    for said, origin in ((japan, "prediction"), (japan | {"label": "ORG"}, "prediction-changed")):
        results = reader().read({"mentions": [said]})
        assert {(r["id"], r["origin"]) for r in results} == {("s1", origin)}
    twice = reader().read({"mentions": [japan, japan]})
    assert [r["origin"] for r in twice if r["from_name"] == "mention"] == ["prediction", "manual"]


def test_same_answer_has_the_same_regions_and_an_edit_keeps_them() -> None:
    said, edited = stances(), stances(stance="against")
    first, again, later = (reader("stances").read(answer) for answer in (said, said, edited))
    assert first == again
    assert {r["id"] for r in first} == {r["id"] for r in later} and first != later


def test_words_used_twice_are_two_regions() -> None:
    results = reader("stances").read({**stances(), "stances": [STANCE, STANCE | {"target": TARGETS[0]}, STANCE]})
    assert len({r["id"] for r in results if "start" in r["value"]}) == 3


@pytest.mark.parametrize(
    ("mention", "message"),
    [
        ({"quote": "Abe"}, "'Abe' does not stand in the task's text"),
        ({"quote": "Trump"}, "stands 2 times; give occurrence 1 to 2"),
        ({"quote": "Trump", "occurrence": 3}, "it stands 2 times"),
        ({"quote": "Trump", "occurrence": "2"}, "occurrence '2'"),
        ({}, "give quote, or start and end"),
        ({"start": 3, "end": 99}, "is no span of the task's text (0-35)"),
        ({"start": 5, "end": 5}, "is no span"),
        ({"start": 0, "end": 5, "quote": "Japan"}, "at 0-5 stands 'Trump', not the quote 'Japan'"),
        ({"quote": "Japan", "label": "COUNTRY"}, "label 'COUNTRY' is not in the codebook; known: PERSON"),
        ({"quote": "Japan", "kind": "pronoun"}, "kind 'pronoun' is not in the codebook"),
        ({"quote": "Japan", "entity": "nippon"}, "entity 'nippon' is not offered with this task; offered: japan"),
        ({"quote": "Japan", "entity": "japan", "entity_name": "Japan"}, "not both"),
        ({"quote": "Japan", "lable": "GPE"}, "unknown key 'lable'"),
    ],
)
def test_mistake_in_a_mention_is_named(mention: dict[str, Any], message: str) -> None:
    found = problems("entities", {"mentions": [{"quote": "met", "label": "ORG"}, {"label": "GPE"} | mention]})
    assert len(found) == 1 and message in found[0] and found[0].startswith("answers.json:d1 mentions[1]: ")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "nato"}, "target 'nato' is not in the codebook"),
        ({"stance": "none"}, "stance 'none' is not in the codebook"),
        ({"attribution": "hearsay"}, "attribution 'hearsay'"),
        ({"holders": []}, "holders must be a list of at least one"),
        ({"holders": "japan"}, "holders must be a list"),
        ({"holders": ["nato"]}, "holder 'nato' is not offered"),
        ({"holders": ["author"]}, "attribution author if and only if"),
        ({"attribution": "author"}, "attribution author if and only if"),
        ({"attribution": "author", "holders": ["author"], "via": "japan"}, "have no via"),
        ({"via": "author"}, "via 'author' is not offered"),
        ({"holders": ["other"]}, "holder_text is given if and only if"),
        ({"holder_text": "someone"}, "holder_text is given if and only if"),
        ({"via": "other"}, "via_text is given if and only if"),
        ({"target": "other"}, "named in the comment"),
    ],
)
def test_mistake_in_a_stance_is_named(changes: dict[str, Any], message: str) -> None:
    found = problems("stances", stances(**changes))
    assert any(message in problem and "stances[0]" in problem for problem in found)


def test_every_target_is_answered_for_the_document() -> None:
    assert not problems("stances", stances())
    missing = stances()
    del missing["document_stances"][TARGETS[0]]
    assert f"target '{TARGETS[0]}' is not answered" in problems("stances", missing)[0]
    wrong = stances()
    wrong["document_stances"][TARGETS[0]] = "maybe"
    wrong["document_stances"]["nato"] = "none"
    assert len(problems("stances", wrong)) == 2


def test_mistakes_elsewhere_are_named() -> None:
    assert "unknown key 'stances'" in problems("entities", {"stances": []})[0]
    assert "flag 'boring' is not in the codebook" in problems("entities", {"flags": ["boring"]})[0]
    assert "must be a list" in problems("entities", {"mentions": {}})[0]
    assert "must be an object" in problems("entities", {"mentions": ["Japan"]})[0]


@pytest.mark.parametrize("content", [None, "{", "[]", '{"d1": []}'])
def test_file_that_holds_no_answers_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "answers.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=r"answers\.json"):
        read_answers(path)
