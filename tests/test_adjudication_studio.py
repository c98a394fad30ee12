"""The whole way of a disagreement: judged by two, decided by a third in a real browser, merged, and stale again."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stancewire.codebook import read_campaign, read_codebook
from stancewire.errors import UsageError
from stancewire.gold import explain, write_gold
from stancewire.gold.adjudicate import take_in
from stancewire.gold.adjudication_project import send_cases, take_answers
from stancewire.gold.adjudication_status import adjudication_status, status_lines
from stancewire.gold.cases import open_cases
from stancewire.gold.decisions import read_decisions
from stancewire.gold.evidence import read_evidence, read_rows
from stancewire.gold.findings import validate_project
from stancewire.judgements.stage import write_judgements
from stancewire.label_studio.accounts import Accounts
from stancewire.label_studio.adjudication import find_case_rooms
from stancewire.label_studio.client import Client
from stancewire.label_studio.enter import enter_answers
from stancewire.label_studio.exports import Given
from stancewire.label_studio.pull import pull_all
from stancewire.label_studio.push import push_pass
from stancewire.label_studio.restore import post_answer
from stancewire.label_studio.rooms import corpus_name
from stancewire.project import Project

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.studio

ARTICLES = {
    "a-1": [
        ("headline", "Berg <b>weighs</b> the treaty"),
        ("furniture", "ADVERTISEMENT"),
        ("body", "Ada Berg 🕊 said the old treaty must stay, aides told us."),
        ("body", "Lind wants out of the treaty."),
    ]
}
TREATY, ALLIANCE = "us-japan-security-treaty", "us-japan-alliance"
BERG = "a-1#ada-berg"


def said_entities(who: int) -> dict[str, Any]:
    """Both mark Ada Berg and Lind; one takes Lind for an organisation, and one alone marks the treaty."""
    label = ("PERSON", "ORG")[who]
    found = [
        {"quote": "Ada Berg", "label": "PERSON", "kind": "name", "entity_name": "Ada Berg"},
        {"quote": "Lind", "label": label, "kind": "name", "entity_name": "Lind"},
    ]
    if who == 0:
        found.append({"quote": "old treaty", "label": "LAW", "kind": "nominal", "entity_name": "The old treaty"})
    return {"a-1": {"mentions": found, "flags": [], "comment": ""}}


def said_stances(who: int, project: Project, stance: str | None = None) -> dict[str, Any]:
    """They differ in words, stance and source of one stance, and in one answer for the document."""
    targets = [target.id for target in read_codebook(project.codebook_yaml).document_targets]
    one = {"target": TREATY, "attribution": "indirect_quote", "holders": [BERG], "comment": "<i>so</i>"}
    one |= {"quote": "treaty must stay", "stance": stance or "favor", "via": None}
    if who == 1:
        one |= {"quote": "must stay", "stance": "neutral", "via": "unnamed"}
    answers = dict.fromkeys(targets, "none") | ({ALLIANCE: "neutral"} if who == 1 else {})
    return {"a-1": {"stances": [one], "document_stances": answers, "flags": [], "comment": ""}}


def make_judged(new_project: Callable[..., Project], client: Client) -> tuple[Project, tuple[str, ...], str]:
    """A project judged by two in Label Studio, pulled and merged; its annotators and its adjudicator."""
    project = new_project(ARTICLES)
    annotators = read_campaign(project.campaign_yaml).rounds[0].annotators
    third = annotators[0].replace("ann-a", "adj-")
    text = project.campaign_yaml.read_text(encoding="utf-8")
    text = text.replace("adjudicators: []", f"adjudicators: [{third}]").replace(
        "annotators:\n  ", f"annotators:\n  {third}: {{kind: human, languages: [en]}}\n  "
    )
    project.campaign_yaml.write_text(text, encoding="utf-8")
    for task_pass in ("entities", "stances"):
        push_pass(project, client, task_pass)
        for who, name in enumerate(annotators):
            answers = said_entities(who) if task_pass == "entities" else said_stances(who, project)
            report = enter_answers(project, client, Given(task_pass, 1, name), answers)
            assert not report.problems, report.problems
        refresh(project, client)
    return project, annotators, third


def refresh(project: Project, client: Client) -> None:
    pull_all(project, client)
    write_judgements(project)
    write_gold(project)


def open_ones(project: Project) -> set[tuple[str, str]]:
    rows = read_rows(project, project.annotations, "conflicts")
    return {(row["layer"], row["field"]) for row in rows if row["status"] != "decided"}


def pick(page: Page, field: str, words: str) -> None:
    page.locator(f".field-{field} label", has_text=words).first.click()
    page.wait_for_timeout(100)


def press_choice(page: Page, field: str, words: str) -> None:
    """Press the key that stands before a choice's words; then that choice alone is chosen."""
    from studio_browser import press

    choice = page.locator(f".field-{field} label", has_text=words).first
    said = choice.inner_text().split()[0]
    press(page, f"Shift+{said[-1].upper()}" if said.startswith("\u21e7") else said)
    chosen = page.locator(f".field-{field} label:has(input:checked)")
    assert [chosen.nth(n).inner_text() for n in range(chosen.count())] == [choice.inner_text()]


def visible_fields(page: Page) -> list[str]:
    names = ("exists", "boundary", "label", "kind", "entity_id", "stance", "holder", "via", "attribution")
    found = [name for name in (*names, "document_stance") if page.locator(f".field-{name} h4").first.is_visible()]
    return found


def marked_open(page: Page) -> int:
    return sum(
        page.locator(".title .open h4").nth(n).is_visible() for n in range(page.locator(".title .open h4").count())
    )


def refused(page: Page, message: str) -> None:
    """Submit is stopped, and says why."""
    page.get_by_role("button", name="Submit").first.click()
    page.get_by_text(message).wait_for()
    page.locator(".ant-modal button").first.click()
    page.locator(".ant-modal").wait_for(state="hidden")


def give_reason(page: Page, words: str) -> None:
    page.locator("textarea[name='reason']").fill(words)
    with page.expect_response(lambda r: r.request.method == "POST" and "/annotations" in r.url) as answer:
        page.get_by_role("button", name="Submit").first.click()
    assert answer.value.ok, answer.value.text()
    page.wait_for_timeout(1500)


def decide_in_browser(page: Page, shots: Path) -> list[str]:
    """Decide whatever case is before us; what it was about."""
    about = page.locator(".versions caption").inner_text()
    layer = about.split(" ·")[0].split(" on")[0]
    kind = "exists" if layer == "mention" and marked_open(page) == 1 and "not marked" in versions(page) else layer
    page.screenshot(path=str(shots / f"{kind.replace(' ', '-')}.png"))
    assert "ann-" not in page.content().split("versions")[1][:2000]
    from studio_browser import press, select_text

    if kind == "mention":
        assert visible_fields(page) == ["exists", "boundary", "label", "kind", "entity_id"]
        refused(page, "Still open: Label")
        press_choice(page, "label", "2 · NORP")
        press_choice(page, "label", "1 · PERSON")
        refused(page, "Write why you decided so")
        give_reason(page, "Lind is a person.")
    elif kind == "exists":
        press_choice(page, "exists", "1 · yes, keep it")
        press_choice(page, "exists", "2 · no, leave it out")
        assert visible_fields(page) == ["exists"]
        give_reason(page, "Nobody needs it.")
    elif kind == "stance":
        assert marked_open(page) == 3
        press(page, "0")
        passage = "Berg <b>weighs</b> the treaty\n\nAda Berg 🕊 said the old treaty must stay, aides told us."
        start = passage.index("old treaty must stay")
        select_text(page, start, start + len("old treaty must stay"))
        press(page, "Escape")
        pick(page, "boundary", "other words")
        press_choice(page, "stance", "w · against")
        press_choice(page, "stance", "q · favor")
        press_choice(page, "via", "other…")
        page.locator("input[name='via_text']").fill("aides")
        page.keyboard.press("Enter")
        give_reason(page, "The words say so; the aides told it.")
    else:
        assert visible_fields(page) == ["document_stance"]
        press_choice(page, "document_stance", "4 · none")
        give_reason(page, "The author does not speak of it.")
    return [kind, about]


def versions(page: Page) -> str:
    return page.locator(".versions").inner_text()


@pytest.mark.browser
def test_what_two_differ_about_is_decided_by_a_third_and_asked_once(
    new_project: Callable[..., Project], studio_client: Client, chromium: str, tmp_path: Path
) -> None:
    from studio_browser import browser_page, open_label_stream, sign_in

    project, annotators, third = make_judged(new_project, studio_client)
    wanted = {("mention", "label"), ("mention", "exists"), ("document_stance", "stance")}
    wanted |= {("stance", field) for field in ("boundary", "stance", "via")}
    assert open_ones(project) == wanted

    assert send_cases(project, studio_client, None, dry_run=True).counts["tasks_sent"] == 4
    assert send_cases(project, studio_client, None).counts["tasks_sent"] == 4
    assert not send_cases(project, studio_client, None).changed
    room = find_case_rooms(studio_client, corpus_name(project))[third]
    password = json.loads(project.people_json.read_text(encoding="utf-8"))[third]["password"]
    with browser_page(chromium) as page:
        sign_in(page, studio_client.url, f"{third}@annotators.invalid", password)
        open_label_stream(page, studio_client.url, room.remote.id)
        done = [decide_in_browser(page, tmp_path) for _ in range(4)]
    assert sorted(kind for kind, _ in done) == ["document stance", "exists", "mention", "stance"]
    assert not send_cases(project, studio_client, None).changed  # answered, not yet taken in: not asked again
    before = adjudication_status(project, studio_client)
    assert before["projects"][0] | {"url": ""} == {
        "adjudicator_id": third, "tasks": 4, "submitted": 4, "skipped": 0, "begun": 0, "waiting": 0, "url": ""
    }  # fmt: skip
    assert before["cases"] == cases_that(open=4, answered=4)

    taken = take_answers(project, studio_client)
    assert (taken.problems, taken.counts["submitted"]) == ((), 4)
    decided = {(item.layer, item.field): item for item in read_decisions(project.adjudications_jsonl)}
    values = {key: item.value for key, item in decided.items()}
    text = "\n".join(words for _, words in ARTICLES["a-1"])
    start = text.index("old treaty must stay")
    assert values == {
        ("mention", "label"): "PERSON",
        ("mention", "exists"): "drop",
        ("stance", "boundary"): f"{start}:{start + len('old treaty must stay')}",
        ("stance", "stance"): "favor",
        ("stance", "via"): "other:aides",
        ("document_stance", "stance"): "none",
    }
    assert decided["mention", "label"].reason == "Lind is a person."
    assert {item.decided_by for item in decided.values()} == {third}

    assert adjudication_status(project, studio_client)["cases"] == cases_that(decided=6)
    assert [path.relative_to(project.root).as_posix() for path in taken.stored] == [
        f"annotations/adjudications/{third}/0001.json"
    ]
    stored = taken.stored[0].read_text(encoding="utf-8")
    assert "@" not in stored and ARTICLES["a-1"][2][1] not in stored
    answered = json.loads(stored)["tasks"]
    reasons = {
        item["value"]["text"][0]
        for task in answered
        for item in task["annotations"][-1]["result"]
        if item["from_name"] == "reason"
    }
    assert reasons == {item.reason for item in decided.values()}
    assert {(task["layer"], field) for task in answered for field in task["open_fields"]} == wanted

    write_gold(project)
    assert not [found for found in validate_project(project) if found.path.startswith("annotations/adjudications")]
    assert open_ones(project) == set()
    (stance,) = read_rows(project, project.annotations, "stances")
    assert (stance["text"], stance["stance"], stance["via_text"]) == ("old treaty must stay", "favor", "aides")
    assert stance["decided_by"] == "adjudicated"
    assert explain(project, stance["stance_id"])["verdict"] == "gold"
    assert not send_cases(project, studio_client, None).counts["tasks_sent"]
    later = take_answers(project, studio_client)
    assert (later.appended, later.stored) == ((), ())

    # one annotator thinks again: what was decided on it is stale, and only that is asked anew
    enter_answers(
        project, studio_client, Given("stances", 1, annotators[0]), said_stances(0, project, stance="against")
    )
    refresh(project, studio_client)
    assert open_ones(project) == {("stance", field) for field in ("boundary", "stance", "via")}
    again = take_answers(project, studio_client)
    assert (again.appended, again.problems) == ((), ())
    assert adjudication_status(project, studio_client)["cases"] == cases_that(open=1, unsent=1, decided=3, stale=3)
    assert send_cases(project, studio_client, None).counts["tasks_sent"] == 1
    assert adjudication_status(project, studio_client)["cases"] == cases_that(open=1, waiting=1, decided=3, stale=3)
    said = "\n".join(status_lines(adjudication_status(project, studio_client)))
    assert f"adjudication  {third:14} {4:5} of 5 submitted, 0 begun, 0 skipped, 1 waiting" in said
    assert "adjudication  1 case open: 1 before an adjudicator; 3 conflicts decided, 3 stale" in said
    (file,) = take_answers(project, studio_client).stored  # the task that was sent since; what was stored stays
    assert file.name == "0002.json" and taken.stored[0].read_text(encoding="utf-8") == stored


def cases_that(**counts: int) -> dict[str, int]:
    return dict.fromkeys(("open", "unsent", "waiting", "answered", "decided", "stale"), 0) | counts


def test_no_case_comes_before_two_adjudicators(new_project: Callable[..., Project], studio_client: Client) -> None:
    project, _, third = make_judged(new_project, studio_client)
    fourth = f"{third}b"
    text = project.campaign_yaml.read_text(encoding="utf-8")
    text = text.replace(f"adjudicators: [{third}]", f"adjudicators: [{third}, {fourth}]")
    text = text.replace("annotators:\n  ", f"annotators:\n  {fourth}: {{kind: human}}\n  ", 1)
    project.campaign_yaml.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="name one of several"):
        send_cases(project, studio_client, None)
    assert send_cases(project, studio_client, third).counts["tasks_sent"] == 4
    refused = send_cases(project, studio_client, fourth)
    assert (refused.changed, refused.counts["cases_asked_already"], len(refused.notes)) == (False, 4, 4)

    room = find_case_rooms(studio_client, corpus_name(project))[third]
    task = studio_client.tasks(room.remote.id, room.remote.title)[0]
    with Accounts(studio_client, project.people_json) as accounts:
        skip = {"result": [], "was_cancelled": True, "ground_truth": False}
        post_answer(studio_client, accounts, third, int(task["id"]), skip, "skipping")
    assert not send_cases(project, studio_client, third).changed
    assert send_cases(project, studio_client, fourth).counts["tasks_sent"] == 1  # what one skips another may decide
    assert take_answers(project, studio_client).counts == {"submitted": 0, "skipped": 1, "begun": 0, "waiting": 4}

    # decided elsewhere meanwhile: whoever has not begun it need not
    decided = next(case for case in open_cases(read_evidence(project)) if case.open_fields == ("label",))
    path = project.root / "mine.jsonl"
    line = {"judgement_ids": list(decided.unit.judgement_ids), "field": "label", "value": "PERSON", "reason": "so"}
    path.write_text(json.dumps(line), encoding="utf-8")
    take_in(project, path, third, datetime.date(2024, 5, 4))
    assert send_cases(project, studio_client, third, doc_id="elsewhere").counts["tasks_withdrawn"] == 0
    assert send_cases(project, studio_client, third).counts["tasks_withdrawn"] == 1
    assert not send_cases(project, studio_client, third).changed
