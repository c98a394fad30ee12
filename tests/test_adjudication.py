"""Cases, the terminal, and what becomes of answers: no decision without a reason, nothing asked twice."""

from __future__ import annotations

import argparse
import datetime
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from merged_project import ALLIANCE, TEXT, TREATY, decide, given_in, held, judge, make_project, said, table, usual

import stancewire.cli.gold as cli
from stancewire.agreement.values import DROP
from stancewire.codebook.adjudication_interface import FIELDS, OTHER_SPAN, adjudication_xml
from stancewire.errors import ExportError, UsageError
from stancewire.gold import adjudication_project, write_gold
from stancewire.gold.adjudicate import open_conflicts, take_in
from stancewire.gold.adjudicate_text import ask_cases
from stancewire.gold.adjudication_project import ON_SERVER, answer_decisions, case_task, take_answers
from stancewire.gold.adjudication_status import count_cases, status_lines
from stancewire.gold.cases import Case, Wording, combination_fault, open_cases
from stancewire.gold.decisions import read_decisions
from stancewire.gold.evidence import read_evidence
from stancewire.label_studio import case_tasks
from stancewire.label_studio.accounts import Pseudonyms
from stancewire.label_studio.adjudication import Asked
from stancewire.label_studio.case_exports import store_cases
from stancewire.label_studio.case_tasks import CaseAnswer, CaseTask
from stancewire.label_studio.tasks import Article
from stancewire.project import Project
from stancewire.release.account import account, account_lines
from stancewire.release.account_page import account_html
from stancewire.text.model import Segment

TODAY = datetime.date(2024, 5, 4)
MUST_STAY = TEXT.index("pact must stay")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Judged by two who differ in seven fields of five units; nothing is decided."""
    made = make_project(tmp_path / "project")
    judge(made, usual(), monkeypatch)
    write_gold(made)
    return made


def case_on(project: Project, *fields: str, method: str = "majority") -> Case:
    (found,) = [case for case in open_cases(read_evidence(project), method) if case.open_fields == fields]
    return found


def stance_case(project: Project) -> Case:
    return case_on(project, "boundary", "stance", "via")


# cases


def test_a_case_holds_all_open_fields_of_a_unit(project: Project) -> None:
    cases = open_cases(read_evidence(project))
    assert sorted(case.open_fields for case in cases) == [
        ("boundary", "stance", "via"), ("exists",), ("exists",), ("label",), ("stance",),
    ]  # fmt: skip
    assert sum(len(case.open_fields) for case in cases) == len(open_conflicts(read_evidence(project)))
    case = stance_case(project)
    assert case.settled == {"exists": "keep", "holder": "entity:d1#ana-ruiz", "attribution": "direct_quote"}


def test_versions_bear_the_same_neutral_names_in_every_listing(project: Project) -> None:
    case = stance_case(project)
    said_of = {version.name: version.values["via"] for version in case.versions}
    assert set(said_of) == {"A", "B"}
    for item in open_conflicts(read_evidence(project)):
        if item["layer"] == "stance" and item["field"] in case.open_fields:
            assert {one["version"]: one["via"] for one in item["versions"]} == said_of


def test_a_decided_case_is_not_asked_again_and_a_changed_judgement_asks_anew(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_on(project, "label")
    decide(project, case.unit.judgement_ids, "label", "PERSON")
    assert case.case_id not in {item.case_id for item in open_cases(read_evidence(project))}
    first, second, *rest = usual()
    changed = given_in(said("Ana Ruiz", label="PERSON"), said("Lee", label="GPE"), who="ann-b", pulled=2)
    judge(project, [first, second, *rest, changed], monkeypatch)
    again = case_on(project, "label")
    assert again.case_id != case.case_id
    assert [item.value for item in again.earlier] == ["PERSON"]


# in the terminal


def talk(project: Project, *answers: str, **other: Any) -> tuple[int, str]:
    """Answer the questions in order; then the input ends. How many were appended, and all that was said."""
    left: Iterator[str] = iter(answers)
    heard: list[str] = []

    def ask(prompt: str) -> str:
        heard.append(prompt)
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    given = {"by": None, "method": "majority", "doc_id": None, "today": TODAY} | other
    return ask_cases(project, ask=ask, say=heard.append, **given), "\n".join(heard)


def test_in_the_terminal_each_decision_is_kept_at_once(project: Project) -> None:
    first = open_cases(read_evidence(project))[0]
    assert first.open_fields == ("stance",)  # the document's
    appended, heard = talk(project, "Z", "2", "", "  so  it is ")
    assert (appended, heard.count("why?")) == (1, 2)
    assert "'Z' is none of: A, B, 1-4" in heard
    (made,) = read_decisions(project.adjudications_jsonl)
    assert (made.value, made.reason, made.decided_by, made.decided_at) == ("against", "so it is", "adj-d", TODAY)
    assert made.judgement_ids == first.unit.judgement_ids
    _, heard = talk(project)
    assert heard.startswith("4 cases for adj-d")
    assert "ann-" not in heard


def test_in_the_terminal_other_words_and_other_sources_may_be_given(project: Project) -> None:
    case = stance_case(project)
    skipped = ["s"] * [item.case_id for item in open_cases(read_evidence(project))].index(case.case_id)
    appended, heard = talk(
        project, *skipped, "=nowhere", "=1:9999", "=must stay", "B", "=entity:nobody", "=her aides", "because"
    )
    assert appended == 3
    values = {item.field: item.value for item in read_decisions(project.adjudications_jsonl)}
    start = TEXT.index("must stay")
    (chosen,) = {version.values["stance"] for version in case.versions if version.name == "B"}
    assert values == {"boundary": f"{start}:{start + 9}", "stance": chosen, "via": "other:her aides"}
    assert "'=nowhere' is none of" in heard
    assert "does not lie within the text" in heard
    assert "unknown entity 'nobody'" in heard


def test_what_is_left_out_is_asked_nothing_more(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    both = (said("Ana Ruiz", label="PERSON"), said("Lee", label="PERSON"))
    extra = [given_in(*both, said("pact", label="ORG"), who="ann-c"), given_in(*both, who="ann-d")]
    judge(project, [*usual(), *extra], monkeypatch)
    case = case_on(project, "exists", "label")
    before = [item.case_id for item in open_cases(read_evidence(project))].index(case.case_id)
    appended, heard = talk(project, *["s"] * before, "2", "not needed")
    assert appended == 1
    assert "exists?" in heard and "label?" not in heard
    assert [item.field for item in read_decisions(project.adjudications_jsonl)] == ["exists"]


def test_fields_that_do_not_go_together_are_asked_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (
        given_in(held("wants out of it", **values), who=who, task_pass="stances")
        for who, values in (
            ("ann-a", {"attribution": "reported", "holder": "d1#lee"}),
            ("ann-b", {"attribution": "author", "holder": "author"}),
        )
    )
    judge(project, [one, two], monkeypatch)
    case = case_on(project, "holder", "attribution")
    author = next(item.name for item in case.versions if item.values["holder"] == "author")
    appended, heard = talk(project, author, "4", author, author, "the author says so")
    assert appended == 2
    assert "do not go together" in heard


@pytest.mark.parametrize(
    ("values", "good"),
    [
        ({"holder": "author", "attribution": "author", "via": "none"}, True),
        ({"holder": "author", "attribution": "author", "via": "unnamed"}, False),
        ({"holder": "unnamed", "attribution": "author", "via": "none"}, False),
        ({"holder": "author", "attribution": "reported", "via": "none"}, False),
        ({"exists": DROP, "holder": "author", "attribution": "reported"}, True),
        ({"label": "PERSON"}, True),
    ],
)
def test_an_author_speaks_for_themselves(values: dict[str, str], good: bool) -> None:
    assert (combination_fault(values) is None) is good


# tasks


def task_of(project: Project, case: Case) -> CaseTask:
    segments = (Segment(0, "headline", 0, 17, ""), Segment(1, "body", 19, len(TEXT), ""))
    return case_task(case, Article("d1", TEXT, "0" * 64, "d1", segments), Wording.of(read_evidence(project)))


def test_a_task_shows_the_versions_without_their_annotators_and_fills_in_what_is_agreed(project: Project) -> None:
    task = task_of(project, stance_case(project))
    wanted = case_tasks.case_task(task, "adj-d")
    assert "ann-" not in json.dumps([wanted.data, wanted.suggested])
    filled = {result["from_name"]: result["value"].get("choices") for result in wanted.suggested}
    assert filled["open"] == ["boundary", "stance", "via"]
    assert filled["exists"] == ["keep"] and filled["attribution"] == ["direct_quote"]
    assert not {"boundary", "stance", "via"} & filled.keys()
    for result in wanted.suggested:
        if result["from_name"] not in ("shown", "open", "span"):
            assert result["value"]["choices"][0] in {item["alias"] for item in wanted.data[result["from_name"]]}
    spans = [result["value"] for result in wanted.suggested if result["from_name"] == "span"]
    assert {task.passage[item["start"] : item["end"]] for item in spans} == {"The pact must stay", "pact must stay"}
    keys = [item["hotkey"] for field in FIELDS for item in wanted.data[field]]
    assert len(keys) == len(set(keys))
    # a row of the keyboard for each open field; what is agreed has keys that no hand presses by chance
    for field, row in (("boundary", "123456789"), ("stance", "qwertyiop"), ("via", "asdfghjkl")):
        offered = wanted.data[field]
        assert [item["hotkey"] for item in offered] == list(row[: len(offered)])
        assert all(item["value"].startswith(f"{item['hotkey']} \u00b7 ") for item in offered)
    for field in ("exists", "holder", "attribution"):
        assert all("+meta" in item["hotkey"] for item in wanted.data[field])


def test_what_annotators_wrote_is_escaped(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    nasty = [
        given_in(
            held("wants out of it", comment="<img src=x onerror=alert(1)>", side=side), who=who, task_pass="stances"
        )
        for who, side in (("ann-a", "favor"), ("ann-b", "against"))
    ]
    judge(project, nasty, monkeypatch)
    page = case_tasks.versions_html(task_of(project, case_on(project, "stance")))
    assert "<img" not in page and "&lt;img" in page
    ElementTree.fromstring(page)


def test_the_interface_asks_for_every_field_that_can_be_open(project: Project) -> None:
    root = ElementTree.fromstring(adjudication_xml(read_evidence(project).codebook))
    controls = {item.get("name"): item for item in root.iter() if item.get("toName")}
    assert set(FIELDS) <= controls.keys()
    assert all(controls[name].get("required") == "true" for name in (*FIELDS, "reason"))
    keys = [item.get("hotkey") for item in root.iter() if item.tag in ("Choice", "Label")]
    assert None not in keys and len(keys) == len(set(keys))


# answers


def answer_to(project: Project, case: Case, **changes: Any) -> CaseAnswer:
    task = task_of(project, case)
    given: dict[str, Any] = {
        "case_id": task.case_id, "doc_id": "d1", "layer": task.layer, "judgement_ids": task.judgement_ids,
        "codebook_version": task.codebook_version, "open_fields": task.open_fields, "settled": task.settled,
        "values": dict(task.settled), "marked": None, "reason": "because", "decided_by": "adj-d", "day": TODAY,
        "number": 7,
    }  # fmt: skip
    given["values"] |= changes.pop("values", {})
    return CaseAnswer(**given | changes)


OPEN = {"boundary": f"{MUST_STAY}:{MUST_STAY + 14}", "stance": "favor", "via": "none"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"values": OPEN, "reason": ""}, "no reason is given"),
        ({"values": {"stance": "favor", "via": "none"}}, "nothing is chosen for boundary"),
        ({"values": OPEN | {"boundary": OTHER_SPAN}}, "none are marked"),
        ({"values": OPEN | {"boundary": OTHER_SPAN}, "marked": "2 stretches"}, "2 stretches"),
        ({"values": OPEN | {"attribution": "author"}}, "do not go together"),
    ],
)
def test_an_answer_that_cannot_be_taken_says_why(project: Project, changes: dict[str, Any], why: str) -> None:
    made = answer_decisions(answer_to(project, stance_case(project), **changes), read_evidence(project))
    assert isinstance(made, str) and why in made


def test_agreed_parts_are_decided_only_where_they_were_changed(project: Project) -> None:
    answer = answer_to(project, stance_case(project), values=OPEN | {"attribution": "reported"})
    made = answer_decisions(answer, read_evidence(project))
    assert {item.field for item in made if not isinstance(item, str)} == {"boundary", "stance", "via", "attribution"}


def test_marked_words_lose_the_white_space_at_their_edges(project: Project) -> None:
    marked = (MUST_STAY - 1, MUST_STAY + 15)
    assert TEXT[slice(*marked)] != TEXT[slice(*marked)].strip()
    answer = answer_to(project, stance_case(project), values=OPEN | {"boundary": OTHER_SPAN}, marked=marked)
    made = answer_decisions(answer, read_evidence(project))
    boundary = next(item.value for item in made if not isinstance(item, str) and item.field == "boundary")
    assert TEXT[slice(*map(int, boundary.split(":")))] == TEXT[slice(*marked)].strip()


Give = Callable[..., Any]


@pytest.fixture
def pulled(project: Project, monkeypatch: pytest.MonkeyPatch) -> Give:
    """Takes in these answers, as if a server had them."""

    def take(*answers: CaseAnswer) -> Any:
        found = (list(answers), {"submitted": len(answers)}, [])
        monkeypatch.setattr(adjudication_project, "pull_answers", lambda *_: found)
        return take_answers(project, None)  # type: ignore[arg-type]

    return take


def test_answers_are_taken_in_once(project: Project, pulled: Give) -> None:
    answer = answer_to(project, stance_case(project), values=OPEN)
    assert len(pulled(answer).appended) == 3
    again = pulled(answer)
    assert (again.appended, again.problems) == ((), ())
    assert len(read_decisions(project.adjudications_jsonl)) == 3


def test_an_adjudicator_may_change_an_answer_and_older_ones_do_not_come_back(project: Project, pulled: Give) -> None:
    case = stance_case(project)
    first = answer_to(project, case, values=OPEN)
    pulled(first)
    later = answer_to(project, case, values=OPEN | {"stance": "neutral"}, day=TODAY + datetime.timedelta(1))
    assert [item.value for item in pulled(later).appended] == ["neutral"]
    old = pulled(first)
    assert old.appended == ()
    assert "was taken in before" in old.notes[0]


def test_adjudicators_who_contradict_each_other_are_told(project: Project, pulled: Give) -> None:
    text = project.campaign_yaml.read_text(encoding="utf-8")
    text = text.replace("adjudicators: [adj-d]", "adjudicators: [adj-d, ann-c]")
    project.campaign_yaml.write_text(text, encoding="utf-8")
    case = case_on(project, "label")
    one = answer_to(project, case, values={"label": "PERSON"})
    two = answer_to(project, case, values={"label": "ORG"}, decided_by="ann-c", number=9)
    found = pulled(one, two)
    assert [item.value for item in found.appended] == ["PERSON"]
    (problem,) = found.problems
    assert (problem.path, problem.place, problem.check) == (ON_SERVER, "task 9 (d1)", "decision-contradiction")
    assert "adj-d decided 'PERSON'" in problem.message
    with pytest.raises(UsageError, match="name one of several"):
        talk(project)


def test_an_answer_on_a_vanished_judgement_is_not_taken_in(
    project: Project, pulled: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = answer_to(project, case_on(project, "label"), values={"label": "PERSON"})
    changed = given_in(said("Ana Ruiz", label="PERSON"), said("Lee", label="GPE"), who="ann-b", pulled=2)
    judge(project, [*usual(), changed], monkeypatch)
    found = pulled(answer)
    assert found.appended == ()
    assert [(item.check, item.severity) for item in found.problems] == [("decision-judgement", "warning")]


def test_a_stranger_decides_nothing(project: Project, pulled: Give) -> None:
    answer = answer_to(project, case_on(project, "label"), values={"label": "PERSON"}, decided_by="ann-a")
    found = pulled(answer)
    assert found.appended == () and "no adjudicator" in found.problems[0].message
    assert not project.adjudications_jsonl.exists()


# what is stored


def server_task(project: Project, *answers: dict[str, Any], **other: Any) -> dict[str, Any]:
    """The task of the stance case as a server tells it, with these answers of its adjudicator."""
    wanted = case_tasks.case_task(task_of(project, stance_case(project)), "adj-d")
    person = {"email": "adj-d@annotators.invalid"}
    said = [
        {"id": number, "unique_id": f"u{number}", "completed_by": person, "created_at": "2024-05-03T10:11:12Z"}
        | {"updated_at": f"2024-05-03T10:11:{12 + number}Z", "lead_time": 9.5, "was_cancelled": False}
        | {"ground_truth": False, "result": [], **given}
        for number, given in enumerate(answers, 1)
    ]
    suggested = [{"id": 1, "model_version": "agreed", "result": wanted.suggested}]
    return {"id": 7, "data": wanted.data, "annotations": said, "drafts": [], "predictions": suggested} | other


def chosen(control: str, **value: Any) -> dict[str, Any]:
    kind = next(iter(value))
    return {"id": f"r-{control}", "from_name": control, "to_name": "text", "type": kind, "value": value}


def test_answers_are_stored_as_they_were_pulled_and_only_what_changed(project: Project) -> None:
    people = Pseudonyms(project.people_json, ["adj-d"])
    words = TEXT[MUST_STAY : MUST_STAY + 14]
    passage = server_task(project)["data"]["text"]
    start = passage.index(words)
    marked = {"id": "m", "from_name": "span", "to_name": "text", "type": "labels"}
    marked |= {"value": {"start": start, "end": start + 14, "text": "never this", "labels": ["marked"]}}
    answer = {"result": [chosen("stance", choices=["favor"]), chosen("reason", text=["As it says."]), marked]}
    waiting = server_task(project)
    first = store_cases(project, "adj-d", "P", [waiting], people)
    assert first is not None and store_cases(project, "adj-d", "P", [waiting], people) is None
    before = first.read_bytes()
    second = store_cases(project, "adj-d", "P", [server_task(project, answer)], people)
    assert second is not None and second.name == "0002.json" and first.read_bytes() == before
    (task,) = json.loads(second.read_text(encoding="utf-8"))["tasks"]
    assert task["open_fields"] == ["boundary", "stance", "via"]
    assert task["offered"]["stance"] == ["favor", "against", "neutral"]
    (given,) = task["annotations"]
    assert (given["completed_by"], given["created_at"]) == ("adj-d", "2024-05-03")
    span = next(item for item in given["result"] if item["from_name"] == "span")
    assert span["quote"] == words and "never this" not in second.read_text(encoding="utf-8")
    assert "ann-" not in second.read_text(encoding="utf-8")
    # a second answer is kept beside the first, and so is a task that was skipped
    again = store_cases(project, "adj-d", "P", [server_task(project, answer, {"was_cancelled": True})], people)
    assert again is not None and again.name == "0003.json"


def test_explain_names_the_stored_answer_that_a_decision_came_from(project: Project) -> None:
    case = stance_case(project)
    answer = {"result": [chosen("stance", choices=["favor"]), chosen("reason", text=["As it says."])]}
    people = Pseudonyms(project.people_json, ["adj-d"])
    store_cases(project, "adj-d", "P", [server_task(project)], people)  # asked, not answered
    store_cases(project, "adj-d", "P", [server_task(project, answer)], people)
    made = decide(project, case.unit.judgement_ids, "stance", "favor", layer="stance")
    decide(project, case_on(project, "label").unit.judgement_ids, "label", "ORG")  # in the terminal: nothing is stored
    write_gold(project)
    about = account(project, made["conflict_id"])
    (stance,) = [item["decision"] for item in about["fields"] if item["decision"] is not None]
    assert stance["answered_in"] == ["annotations/adjudications/adj-d/0002.json"]
    assert "        answered in annotations/adjudications/adj-d/0002.json" in account_lines(about)
    assert "answered in annotations/adjudications/adj-d/0002.json" in account_html(about)
    row = next(row for row in table(project, "mentions") if row["text"] == "Lee")
    decisions = [item["decision"] for item in account(project, row["mention_id"])["fields"] if item["decision"]]
    assert [item["answered_in"] for item in decisions] == [[]]


def test_a_damaged_or_malformed_store_is_refused_in_one_line(project: Project) -> None:
    people = Pseudonyms(project.people_json, ["adj-d"])
    path = store_cases(project, "adj-d", "P", [server_task(project)], people)
    assert path is not None
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ExportError, match=r"0001\.json cannot be read .* take it back from git"):
        store_cases(project, "adj-d", "P", [server_task(project)], people)
    path.write_bytes(whole)
    strange = server_task(project)
    strange["data"]["open_fields"] = ["mood"]
    with pytest.raises(ExportError, match=r"breaks adjudication\.schema\.json and is not stored: tasks/0/open_fields"):
        store_cases(project, "adj-d", "P", [strange], people)
    assert [item.name for item in path.parent.iterdir()] == ["0001.json"]


# how it stands


def test_cases_are_counted_by_how_they_stand() -> None:
    def conflict(judgements: str, field: str, status: str = "open") -> dict[str, Any]:
        return {"judgement_ids": judgements, "field": field, "status": status, "conflict_id": f"{judgements} {field}"}

    def task(judgements: str, state: str, *fields: str) -> Asked:
        return Asked("adj-d", "c", tuple(judgements.split()), frozenset(fields), state)

    rows = [conflict("a b", "stance"), conflict("a b", "via"), conflict("c", "exists"), conflict("d", "label", "stale")]
    rows += [conflict("e", "label"), conflict("f", "label", "decided"), conflict("g", "kind")]
    asked = [task("a b", "submitted", "stance", "via"), task("c", "begun", "exists"), task("d", "submitted", "kind")]
    found = count_cases(rows, asked, {"g kind"})
    assert found == {"open": 4, "unsent": 2, "waiting": 1, "answered": 1, "decided": 2, "stale": 1}
    (line,) = status_lines({"projects": [], "cases": found})
    assert "4 cases open: 1 answered (take in: stancewire adjudicate --pull), 1 before an adjudicator, 2 not" in line
    assert line.endswith("2 conflicts decided, 1 stale")
    assert status_lines({"projects": [], "cases": None}) == []
    assert status_lines({"projects": [], "cases": count_cases([], [], set())}) == []


# by file


def write_lines(project: Project, *lines: dict[str, Any]) -> Path:
    path = project.root / "mine.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_conflict_under_another_method_is_found_by_its_id(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    third = given_in(said("Ana Ruiz", label="PERSON"), said("Lee", label="PERSON"), who="ann-c")
    judge(project, [*usual(), third], monkeypatch)
    assert not [item for item in open_conflicts(read_evidence(project)) if item["field"] == "label"]
    (conflict,) = [item for item in open_conflicts(read_evidence(project), "unanimous") if item["field"] == "label"]
    path = write_lines(project, {"conflict_id": conflict["conflict_id"], "value": "ORG", "reason": "It is one."})
    fresh, problems = take_in(project, path, "adj-d", TODAY)
    assert ([item.value for item in fresh], problems) == (["ORG"], [])
    write_gold(project)
    assert {row["label"] for row in table(project, "mentions") if row["text"] == "Lee"} == {"ORG"}


def test_contradicting_lines_of_one_file_are_refused(project: Project) -> None:
    (conflict,) = [item for item in open_conflicts(read_evidence(project)) if item["field"] == "label"]
    line = {"conflict_id": conflict["conflict_id"], "reason": "so"}
    path = write_lines(project, line | {"value": "ORG"}, line | {"value": "PERSON"})
    fresh, problems = take_in(project, path, "adj-d", TODAY)
    assert fresh == []
    assert [(item.place, item.check) for item in problems] == [("2", "decision-contradiction")]
    assert not project.adjudications_jsonl.exists()


def test_a_conflict_that_is_no_more_is_named(project: Project) -> None:
    path = write_lines(project, {"conflict_id": "a" * 26, "value": "ORG", "reason": "so"})
    with pytest.raises(UsageError, match=r"mine\.jsonl:1: there is no conflict 'a{26}' now"):
        take_in(project, path, "adj-d", TODAY)


# the command


def run(project: Project, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--project")
    cli.register(parser.add_subparsers(required=True))
    args = parser.parse_args(["--project", str(project.root), *arguments])
    return int(args.run(args))


def test_the_command_talks_in_the_terminal(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("A\nas A says\nq\n"))
    assert run(project, "adjudicate", "--text") == 0
    assert "1 decisions appended; next: stancewire merge" in capsys.readouterr().out
    assert len(read_decisions(project.adjudications_jsonl)) == 1


@pytest.mark.parametrize("wrong", [["--by", "adj-d"], ["--dry-run"], ["--text", "--json"], ["--pull", "--by", "adj-d"]])
def test_options_that_mean_nothing_are_refused(project: Project, wrong: list[str]) -> None:
    with pytest.raises(UsageError):
        run(project, "adjudicate", *wrong)


def test_an_unknown_adjudicator_is_answered_with_the_known_ones(project: Project) -> None:
    with pytest.raises(UsageError, match=r"'ann-a' is no adjudicator.*adj-d"):
        talk(project, by="ann-a")


def test_targets_are_shown_by_name(project: Project) -> None:
    heard = talk(project)[1]
    names = {target.id: target.name for target in read_evidence(project).codebook.targets}
    assert names[ALLIANCE] in heard and TREATY not in heard
