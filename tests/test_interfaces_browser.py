"""The labelling interfaces in a real browser: what an annotator drags and types is what is pulled, to the character."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from studio_browser import (
    answer_document,
    browser_page,
    open_label_stream,
    press,
    select_text,
    sign_in,
    submit,
    type_into,
)
from studio_project import write_gold

from stancewire.codebook import read_campaign
from stancewire.label_studio.client import Client
from stancewire.label_studio.exports import Given, read_submissions
from stancewire.label_studio.model import Submission
from stancewire.label_studio.pull import pull_all
from stancewire.label_studio.push import push_pass
from stancewire.label_studio.rooms import corpus_name, find_rooms
from stancewire.project import Project

pytestmark = [pytest.mark.studio, pytest.mark.browser]

# Two articles; that with emoji of one and of several code points comes first in the work list.
ARTICLES = {
    "a-pigeon": [
        ("headline", "Berg 🕊 weighs the treaty"),
        ("furniture", "ADVERTISEMENT"),
        ("body", "OSLO – Ada Berg 👩‍✈️ told the Post that Lind “cannot stand” the old treaty with Norway."),
        ("body", "It has kept the peace — so far."),
    ],
    "b-plain": [("headline", "Ministers meet"), ("body", "They met in Oslo.")],
}
GOLD = [
    ("a-pigeon", "Ada Berg", "PERSON", "a-pigeon#ada-berg"),
    ("a-pigeon", "Post", "ORG", "a-pigeon#post"),
    ("a-pigeon", "Lind", "PERSON", "a-pigeon#lind"),
    ("a-pigeon", "treaty", "LAW", "us-japan-security-treaty"),
]
TARGETS = ("us-japan-security-treaty", "us-japan-alliance", "north-korea-denuclearization", "other")


def task_text(client: Client, project: Project, given: Given) -> tuple[int, str]:
    """The project's number and the text of its first task."""
    room = find_rooms(client, corpus_name(project))[given]
    tasks = client.tasks(room.remote.id, room.remote.title)
    return room.remote.id, next(task["data"]["text"] for task in tasks if task["data"]["doc_id"] == "a-pigeon")


def place(text: str, words: str) -> tuple[int, int]:
    start = text.index(words)
    return start, start + len(words)


def spans(submission: Submission, text: str) -> list[dict[str, Any]]:
    """Every span: the words at its exported offsets, and what was chosen for it."""
    found = []
    for mark in submission.marks:
        if mark.view_start is not None and mark.view_end is not None:
            words = text[mark.view_start : mark.view_end]
            assert mark.quote == words
            found.append({"words": words} | {name: " ".join(values) for name, values in mark.values})
    return found


def pulled(project: Project, client: Client, given: Given) -> Submission:
    pull_all(project, client)
    mine = (given.task_pass, given.annotator_id, "a-pigeon")
    found = [item for item in read_submissions(project) if (item.task_pass, item.annotator_id, item.doc_id) == mine]
    assert found[-1].state == "submitted"
    return found[-1]


def test_annotators_marks_are_pulled_as_they_were_made(
    new_project: Callable[..., Project], studio_client: Client, chromium: str
) -> None:
    project = new_project(ARTICLES)
    write_gold(project, GOLD, ARTICLES)
    push_pass(project, studio_client)
    annotator = read_campaign(project.campaign_yaml).rounds[0].annotators[0]
    password = json.loads(project.people_json.read_text(encoding="utf-8"))[annotator]["password"]
    given = {name: Given(name, 1, annotator) for name in ("entities", "stances")}

    with browser_page(chromium) as page:
        sign_in(page, studio_client.url, f"{annotator}@annotators.invalid", password)

        number, text = task_text(studio_client, project, given["entities"])
        open_label_stream(page, studio_client.url, number)
        press(page, "1")
        select_text(page, *place(text, "Ada Berg 👩‍✈️"))
        press(page, "q", "Escape", "8")
        select_text(page, *place(text, "treaty with Norway"))  # after the emoji: UTF-16 units would be off
        press(page, "w")
        type_into(page, "entity_name", "Treaty of Oslo")
        press(page, "Escape", "4")
        select_text(page, *place(text, "Norway"))  # inside the span before
        submit(page)

        entities = spans(pulled(project, studio_client, given["entities"]), text)
        assert {"words": "Ada Berg 👩‍✈️", "label": "PERSON", "kind": "name"} in entities
        assert {
            "words": "treaty with Norway",
            "label": "LAW",
            "kind": "nominal",
            "entity_name": "Treaty of Oslo",
        } in entities
        assert {"words": "Norway", "label": "GPE"} in entities

        number, text = task_text(studio_client, project, given["stances"])
        open_label_stream(page, studio_client.url, number)
        press(page, "1")
        select_text(page, *place(text, "🕊 weighs the treaty"))
        press(page, "e", "f", "z", "Escape", "1")
        select_text(page, *place(text, "“cannot stand” the old treaty"))
        press(page, "w", "s", "c", "Shift+Z")  # holder Lind, via Ada Berg
        press(page, "Control+d", "2")  # the same words for another target
        press(page, "c", "h")  # not Lind, but somebody else
        type_into(page, "holder_text", "Lind's men")
        type_into(page, "span_comment", "a comment")
        press(page, "Escape", "1")
        select_text(page, *place(text, "has kept the peace"))
        press(page, "q", "a")  # one key says author twice
        assert submit(page, expect="The article needs an answer: US-Japan security treaty") is False
        for target, stance in zip(TARGETS, ("favor", "neutral", "none", "none"), strict=True):
            answer_document(page, target, stance)
        assert submit(page)

    submission = pulled(project, studio_client, given["stances"])
    assert spans(submission, text) == [
        {
            "words": "🕊 weighs the treaty",
            "target": "us-japan-security-treaty",
            "stance": "neutral",
            "attribution": "reported",
            "holder": "a-pigeon#ada-berg",
        },
        {
            "words": "“cannot stand” the old treaty",
            "target": "us-japan-security-treaty",
            "stance": "against",
            "attribution": "direct_quote",
            "holder": "a-pigeon#lind",
            "via": "a-pigeon#ada-berg",
        },
        {
            "words": "“cannot stand” the old treaty",
            "target": "us-japan-alliance",
            "stance": "against",
            "attribution": "direct_quote",
            "holder": "other",
            "holder_text": "Lind's men",
            "via": "a-pigeon#ada-berg",
            "comment": "a comment",
        },
        {
            "words": "has kept the peace",
            "target": "us-japan-security-treaty",
            "stance": "favor",
            "attribution": "author",
            "holder": "author",
        },
    ]
    answers = {name: value for mark in submission.marks for name, (value,) in mark.values if name.startswith("doc__")}
    assert answers == {f"doc__{t}": s for t, s in zip(TARGETS, ("favor", "neutral", "none", "none"), strict=True)}


def test_article_and_answers_fit_the_window(
    new_project: Callable[..., Project], studio_client: Client, chromium: str
) -> None:
    project = new_project({"long": [("headline", "Long"), *[("body", f"Sentence {n}. " * 30) for n in range(40)]]})
    push_pass(project, studio_client, "entities")
    annotator = read_campaign(project.campaign_yaml).rounds[0].annotators[0]
    password = json.loads(project.people_json.read_text(encoding="utf-8"))[annotator]["password"]
    room = find_rooms(studio_client, corpus_name(project))[Given("entities", 1, annotator)]
    with browser_page(chromium) as page:
        sign_in(page, studio_client.url, f"{annotator}@annotators.invalid", password)
        open_label_stream(page, studio_client.url, room.remote.id)
        for size in ((1440, 900), (1024, 700)):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.locator(".article").evaluate("element => element.scrollTo(0, element.scrollHeight)")
            for part in (".top", ".span", ".doc"):  # none goes away when the article is scrolled
                box = page.locator(part).first.bounding_box()
                assert box is not None and box["y"] >= 0 and box["y"] + box["height"] <= size[1], (part, size, box)
        line = page.locator(".body .lsf-richtext__line").nth(2)
        assert line.evaluate("element => getComputedStyle(element).fontSize") == "17px"
