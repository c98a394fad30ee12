"""Projection through a real Label Studio: heads first, then what differs, with where each suggestion came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from studio_project import write_gold

from stancewire.codebook import read_campaign
from stancewire.label_studio.client import Client
from stancewire.label_studio.enter import enter_answers
from stancewire.label_studio.exports import Given, read_submissions
from stancewire.label_studio.projection import PROVIDER
from stancewire.label_studio.pull import pull_all
from stancewire.label_studio.push import push_pass
from stancewire.label_studio.rooms import corpus_name, find_rooms
from stancewire.project import Project
from stancewire.reprints import make_reprint_tables
from stancewire.tables import make_table, read_table, read_table_schema, write_stage

pytestmark = pytest.mark.studio

LEAD = "OSLO – Ada Berg told the Harbour Post that the pact of Vik with Norway has kept the peace since the war ended."
REST = "The minister then left for the northern islands, where the fishing fleets of both countries meet every spring."
ARTICLES = {
    "wire": [
        ("headline", "Berg praises the pact"),
        ("body", LEAD),
        ("body", REST),
        ("body", "Lind was against it."),
    ],
    "local": [("headline", "Berg praises pact"), ("body", LEAD.replace("Ada Berg", "Berg")), ("body", REST)],
    "copy": [
        ("headline", "Berg praises the pact"),
        ("furniture", "ADVERTISEMENT"),
        ("body", LEAD),
        ("body", REST),
        ("body", "Lind was against it."),
    ],
    "alone": [("headline", "Rain"), ("body", "It will rain in Oslo until Friday, and then it will snow for a week.")],
}
GOLD = [
    ("wire", "Ada Berg", "PERSON", "wire#ada-berg"),
    ("wire", "Harbour Post", "ORG", "wire#harbour-post"),
    ("wire", "pact of Vik", "LAW", "wire#pact-of-vik"),
    ("wire", "Lind", "PERSON", "wire#lind"),
]


def write_stories(project: Project) -> None:
    documents, segments, sentences = (
        read_table(project.corpus, read_table_schema(name, project.table_schemas))
        for name in ("documents", "segments", "sentences")
    )
    schema = read_table_schema("stories", project.table_schemas)
    rows = make_reprint_tables(documents, segments, sentences)["stories"]
    write_stage(project.corpus, "stories", {"stories": (schema, make_table(schema, rows))}, {})


def tasks(client: Client, project: Project, annotator: str) -> dict[str, dict[str, Any]]:
    room = find_rooms(client, corpus_name(project))[Given("entities", 1, annotator)]
    return {task["data"]["doc_id"]: task for task in client.tasks(room.remote.id, room.remote.title)}


def test_heads_first_then_what_differs_with_where_it_came_from(
    new_project: Callable[..., Project], studio_client: Client
) -> None:
    project = new_project(ARTICLES)
    write_stories(project)
    annotator = read_campaign(project.campaign_yaml).rounds[0].annotators[0]
    push_pass(project, studio_client, "entities", reprints="heads")
    (head,) = {"wire", "copy"} & set(tasks(studio_client, project, annotator))
    assert set(tasks(studio_client, project, annotator)) == {head, "alone"}
    held = push_pass(project, studio_client, "entities", reprints="differing")
    assert any("not merged yet" in note for note in held.notes)

    gold = [(head, words, label, entity.replace("wire", head)) for _, words, label, entity in GOLD]
    write_gold(project, gold, ARTICLES)
    report = push_pass(project, studio_client, "entities", reprints="differing")
    there = tasks(studio_client, project, annotator)
    assert set(there) == {head, "alone", "local"}, "the copy to the character is not given out"
    assert any("nothing new to annotate" in note for note in report.notes)
    assert {(item.doc_id, item.words) for item in report.review} == {("local", "Ada Berg"), ("local", "Lind")}
    (prediction,) = there["local"]["predictions"]
    text = there["local"]["data"]["text"]
    sent = {text[r["value"]["start"] : r["value"]["end"]]: r["meta"] for r in prediction["result"] if r.get("meta")}
    assert set(sent) == {"Harbour Post", "pact of Vik"}
    assert all(meta["suggested_by"] == PROVIDER and meta["from"].startswith(f"{head}:") for meta in sent.values())
    assert not push_pass(project, studio_client, "entities", reprints="differing").changed

    mentions = [
        {"quote": "Harbour Post", "label": "ORG", "kind": "name"},
        {"quote": "pact of Vik", "label": "EVENT", "kind": "name"},
        {"quote": "Norway", "label": "GPE", "kind": "name"},
    ]
    enter_answers(project, studio_client, Given("entities", 1, annotator), {"local": {"mentions": mentions}})
    pull_all(project, studio_client)
    (submission,) = [s for s in read_submissions(project) if s.doc_id == "local" and s.state == "submitted"]
    made = {mark.quote: (mark.origin, mark.suggested_by) for mark in submission.marks if mark.view_start is not None}
    assert made["Harbour Post"] == ("accepted", PROVIDER)
    assert made["pact of Vik"] == ("edited", PROVIDER)
    assert made["Norway"][1] != PROVIDER
