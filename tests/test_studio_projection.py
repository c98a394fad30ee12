"""Projection through a real Label Studio: heads first, then what differs, with where each suggestion came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from story_project import make_story_project
from studio_browser import answer_document, browser_page, click_text, open_label_stream, press, sign_in, submit
from studio_project import CAMPAIGN, DATASET, write_gold

from stancewire.codebook import read_campaign, read_codebook
from stancewire.gold.evidence import read_rows
from stancewire.gold.stage import write_gold as merge_gold
from stancewire.judgements.stage import write_judgements
from stancewire.label_studio.client import Client
from stancewire.label_studio.enter import enter_answers
from stancewire.label_studio.exports import Given, read_submissions
from stancewire.label_studio.projection import PROVIDER
from stancewire.label_studio.pull import pull_all
from stancewire.label_studio.push import push_pass
from stancewire.label_studio.restore import restore_all
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
    new_project: Callable[..., Project], studio_client: Client, other_server: Client
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
    assert text == "\n\n".join(words for _, words in ARTICLES["local"][:2]), "what is unchanged is not shown again"
    assert there["local"]["data"]["meta_line"].endswith(f"only the passages that differ from {head}")
    sent = {text[r["value"]["start"] : r["value"]["end"]]: r["meta"] for r in prediction["result"] if r.get("meta")}
    assert set(sent) == {"Harbour Post", "pact of Vik"}
    assert all(meta["suggested_by"] == PROVIDER and meta["from"].startswith(f"{head}:") for meta in sent.values())
    assert not push_pass(project, studio_client, "entities", reprints="differing").changed

    mentions = [
        {"quote": "Harbour Post", "label": "ORG", "kind": "name", "entity": f"{head}#harbour-post"},
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

    second = read_campaign(project.campaign_yaml).rounds[0].annotators[1]
    restore_all(project, other_server)
    for name in (annotator, second):  # who has answered, and who has not begun
        put_back = tasks(other_server, project, name)
        assert put_back["local"]["data"]["text"] == text
        assert {
            r["meta"]["from"] for r in put_back["local"]["predictions"][0]["result"] if r.get("meta", {}).get("from")
        }
        assert put_back[head]["data"]["text"] == there[head]["data"]["text"]
    assert not restore_all(project, other_server).changed


# the whole way, with stances

PARTS = (
    "Ministers weigh the fishing pact",
    "Ada Berg told the Harbour Post that the pact of Vik has kept the peace since the war ended. "
    "Lind called the treaty a burden on the voters of the north.",
    "“The accord must stay,” Berg said in the long debate about the northern islands on Tuesday evening.",
    "Lind wants out of the pact before the summer fishing season begins in the north of both countries.",
    "The fleets of both countries meet every spring in the waters around the northern islands.",
)
CHANGED = (
    PARTS[0],
    PARTS[1].replace("a burden", "a heavy burden"),
    PARTS[2],
    PARTS[3].replace("before the summer fishing season", "before the next fishing season"),
)
TREATY = "us-japan-security-treaty"


def story(tmp_path: Path, name: str) -> tuple[Project, tuple[str, str]]:
    project = make_story_project(tmp_path / "story", v1=PARTS, v2=CHANGED)
    people = (f"ann-{name}-a", f"ann-{name}-b")
    described = "\n".join(f"  {name}: {{kind: human, languages: [en]}}" for name in people)
    campaign = CAMPAIGN.format(annotators=", ".join(people), described=described)
    project.campaign_yaml.write_text(campaign.replace("suggestions: false", "suggestions: true"))
    project.dataset_yaml.write_text(DATASET.format(name=name))
    return project, people


def merge(project: Project, client: Client) -> None:
    pull_all(project, client)
    write_judgements(project)
    merge_gold(project)


def task_of(project: Project, client: Client, task_pass: str, who: str, doc_id: str) -> dict[str, Any]:
    room = find_rooms(client, corpus_name(project))[Given(task_pass, 1, who)]
    return next(t for t in client.tasks(room.remote.id, room.remote.title) if t["data"]["doc_id"] == doc_id)


def suggested(task: dict[str, Any]) -> list[dict[str, Any]]:
    """What is suggested in a task, region by region: span, and values by control."""
    regions: dict[str, dict[str, Any]] = {}
    for prediction in task["predictions"]:
        for result in prediction["result"]:
            value = result["value"]
            one = regions.setdefault(result["id"], {"span": (value["start"], value["end"])})
            one[result["from_name"]] = value.get("labels") or value.get("choices") or value.get("text")
            one["by"] = (result.get("meta") or {}).get("suggested_by")
            one["words"] = task["data"]["text"][value["start"] : value["end"]]
    return list(regions.values())


def as_mention(one: dict[str, Any]) -> dict[str, Any]:
    """A suggested mention as an answer."""
    start, end = one["span"]
    said = {"start": start, "end": end, "label": one["mention"][0], "kind": one["kind"][0]}
    return said | ({"entity": one["entity"][0]} if "entity" in one else {})


def as_stance(one: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """A suggested stance as an answer, or altered."""
    start, end = one["span"]
    said = {name: one[name][0] for name in ("target", "stance", "attribution", "via") if name in one}
    return {"start": start, "end": end, "holders": one["holder"]} | said | changed


def rows(project: Project, name: str) -> list[dict[str, Any]]:
    return read_rows(project, project.annotations, name)


BERG, LIND, POST = "v1#ada-berg", "v1#lind", "v1#harbour-post"
REPORTED = {"target": TREATY, "attribution": "reported"}


def silence(project: Project) -> dict[str, str]:
    """No stance of the author's own on any target."""
    return dict.fromkeys((target.id for target in read_codebook(project.codebook_yaml).document_targets), "none")


def annotate_head(project: Project, client: Client, people: Sequence[str]) -> None:
    """Both passes of the head, in which all say the same."""
    mentions = [
        {"quote": "Ada Berg", "label": "PERSON", "entity_name": "Ada Berg"},
        {"quote": "Harbour Post", "label": "ORG", "entity_name": "Harbour Post"},
        {"quote": "pact of Vik", "label": "LAW", "entity_name": "pact of Vik"},
        {"quote": "Lind", "occurrence": 1, "label": "PERSON", "entity_name": "Lind"},
    ]
    push_pass(project, client, "entities", reprints="heads")
    for who in people:
        enter_answers(project, client, Given("entities", 1, who), {"v1": {"mentions": mentions}})
    merge(project, client)
    stances = [
        REPORTED | {"quote": "the pact of Vik has kept the peace", "stance": "favor", "holders": [BERG], "via": POST},
        REPORTED | {"quote": "called the treaty a burden", "stance": "against", "holders": [LIND]},
        REPORTED
        | {"quote": "The accord must stay", "stance": "favor", "holders": [BERG], "attribution": "direct_quote"},
        REPORTED | {"quote": "wants out of the pact", "stance": "against", "holders": [LIND]},
    ]
    held_back = push_pass(project, client, "stances", reprints="differing")
    assert held_back.counts["tasks_sent"] == 0, "first the head"
    push_pass(project, client, "stances", reprints="heads")
    for who in people:
        answer = {"stances": stances, "document_stances": silence(project)}
        assert enter_answers(project, client, Given("stances", 1, who), {"v1": answer}).problems == []
    merge(project, client)
    assert len(rows(project, "stances")) == 4


def accept_mentions(project: Project, client: Client, people: Sequence[str]) -> None:
    """The entity pass of what differs, the second paragraph and the fourth: all accept what is projected."""
    push_pass(project, client, "entities", reprints="differing")
    for who in people:
        task = task_of(project, client, "entities", who, "v2")
        assert task["data"]["text"] == f"{CHANGED[1]}\n\n{CHANGED[3]}"
        answer = {"mentions": [as_mention(one) for one in suggested(task) if one["by"] == PROVIDER]}
        assert len(answer["mentions"]) == 4
        assert enter_answers(project, client, Given("entities", 1, who), {"v2": answer}).problems == []
    merge(project, client)


def test_stances_of_the_head_go_to_another_version_and_back(tmp_path: Path, studio_client: Client) -> None:
    project, people = story(tmp_path, "tests-story")
    annotate_head(project, studio_client, people)
    before = [row for row in rows(project, "agreement") if row["by"] in ("all", "annotator", "annotator pair")]
    accept_mentions(project, studio_client, people)
    found = {row["text"]: row for row in rows(project, "mentions") if row["doc_id"] == "v2"}
    assert (found["Ada Berg"]["n_votes"], found["Ada Berg"]["decided_by"]) == (1, "single"), "two who accept: one voice"
    assert found["Ada Berg"]["entity_id"] == BERG

    report = push_pass(project, studio_client, "stances", reprints="differing")
    changed = [item for item in report.review if item.layer == "stance"]
    assert [item.words for item in changed] == ["called the treaty a burden"]
    assert not push_pass(project, studio_client, "stances", reprints="differing").changed
    for who, sides in zip(people, (("favor", "against"), ("favor", "neutral")), strict=True):
        task = task_of(project, studio_client, "stances", who, "v2")
        offered = {one["words"]: one for one in suggested(task)}
        assert set(offered) == {"the pact of Vik has kept the peace", "wants out of the pact"}
        assert offered["the pact of Vik has kept the peace"]["via"] == [POST]
        said = [as_stance(one, stance=side) for one, side in zip(offered.values(), sides, strict=True)]
        own = {"quote": "called the treaty a heavy burden", "stance": "against", "holders": [LIND]}
        answer = {"stances": [*said, REPORTED | own], "document_stances": silence(project)}
        assert enter_answers(project, studio_client, Given("stances", 1, who), {"v2": answer}).problems == []
    merge(project, studio_client)

    made = {
        (row["annotator_id"], row["text"]): (row["origin"], row["suggested_by"])
        for row in rows(project, "judgements")
        if row["doc_id"] == "v2" and row["layer"] == "stance"
    }
    first, second = people
    for who in people:
        assert made[who, "the pact of Vik has kept the peace"] == ("accepted", PROVIDER)
        assert made[who, "called the treaty a heavy burden"] == ("manual", None)
    assert made[first, "wants out of the pact"] == ("accepted", PROVIDER)
    assert made[second, "wants out of the pact"] == ("edited", PROVIDER)

    gold = {row["text"]: row for row in rows(project, "stances") if row["doc_id"] == "v2"}
    assert {words: (row["n_votes"], row["decided_by"]) for words, row in gold.items()} == {
        "the pact of Vik has kept the peace": (1, "single"),
        "called the treaty a heavy burden": (2, "unanimous"),
    }
    assert [row["text"] for row in rows(project, "conflicts")] == ["wants out of the pact"], "they differ: a decision"
    after = [row for row in rows(project, "agreement") if row["by"] in ("all", "annotator", "annotator pair")]
    assert units_of(before, "stance", first) == {"all": 4, "annotator": 4}
    assert units_of(after, "stance", first) == {"all": 5, "annotator": 5}, "what was projected is in neither"
    assert units_of(after, "mention", first) == units_of(before, "mention", first)


@pytest.mark.browser
def test_an_annotator_sees_accepts_and_alters_what_is_projected(
    tmp_path: Path, studio_client: Client, chromium: str
) -> None:
    project, people = story(tmp_path, "tests-hands")
    annotate_head(project, studio_client, people)
    accept_mentions(project, studio_client, people)
    push_pass(project, studio_client, "stances", reprints="differing")
    who = people[0]
    task = task_of(project, studio_client, "stances", who, "v2")
    text = task["data"]["text"]
    password = json.loads(project.people_json.read_text(encoding="utf-8"))[who]["password"]
    with browser_page(chromium) as page:
        sign_in(page, studio_client.url, f"{who}@annotators.invalid", password)
        open_label_stream(page, studio_client.url, task["project"])
        assert "only the passages that differ from v1" in page.locator(".meta").inner_text()
        assert CHANGED[2] not in page.locator(".body").inner_text()
        click_text(page, text.index("wants out of the pact") + 7)
        press(page, "e")  # neutral
        for target in silence(project):
            answer_document(page, target, "none")
        submit(page)
    merge(project, studio_client)
    made = {
        row["text"]: row for row in rows(project, "judgements") if (row["doc_id"], row["layer"]) == ("v2", "stance")
    }
    assert {words: (row["label"], row["origin"], row["suggested_by"]) for words, row in made.items()} == {
        "the pact of Vik has kept the peace": ("favor", "accepted", PROVIDER),
        "wants out of the pact": ("neutral", "edited", PROVIDER),
    }
    kept = made["the pact of Vik has kept the peace"]
    assert (kept["holder_entity_id"], kept["via_entity_id"]) == (BERG, POST)


def units_of(table: list[dict[str, Any]], layer: str, who: str) -> dict[str, int]:
    """How many units agreement rests on, and how many the reliability of an annotator."""
    measures = {"all": "percent agreement", "annotator": "annotator reliability, share of own values"}
    return {
        row["by"]: row["n_units"]
        for row in table
        if row["layer"] == layer
        and row["group"] in ("all", who)
        and row["measure"].startswith(measures.get(row["by"], "?"))
    }
