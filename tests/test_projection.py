"""Projection: what is said of one witness, proposed where its words stand in another, and nowhere else."""

from __future__ import annotations

import copy
import dataclasses
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as for_every
from hypothesis import settings
from hypothesis import strategies as st
from merged_project import TREATY, given_in, held, judge, make_project, said, table
from reprint_seeds import ROOT, SEEDS, plain_tables, seed_tables
from test_variants import witness

from stancewire.agreement.units import is_projected
from stancewire.codebook import read_codebook
from stancewire.gold.stage import write_gold
from stancewire.label_studio.exports import read_marks
from stancewire.label_studio.projection import PROVIDER, Projector
from stancewire.label_studio.tasks import (
    article_view,
    offered_in_entity_pass,
    offered_in_stance_pass,
    read_articles,
    read_gold,
)
from stancewire.project import Project
from stancewire.reprints import Witness, read_witnesses
from stancewire.reprints.projection import KNOWN, REVIEW, SAME, Projection


def witnesses(a: str, b: str) -> tuple[Witness, Witness]:
    first, second = read_witnesses(*plain_tables({"a": a, "b": b}))
    return first, second


def landed(a: str, b: str, words: str, *names: str) -> tuple[str, str] | None:
    """How the first of some words of `a` lands in `b`, and on which words."""
    one, other = witnesses(a, b)
    landing = Projection(one, other).land(a.index(words), a.index(words) + len(words), names)
    return None if landing is None else (landing.how, b[landing.start : landing.end])


# places

SOME = ["treaty", "pact", "Tokyo", "said", "not", "the", "of", "U.S.", "12", "“a”", "🕊", "條", "約", "Ruiz", "e\u0301"]
TEXTS = st.lists(st.lists(st.sampled_from(SOME), max_size=10).map(" ".join), max_size=5).map("\n".join)


@settings(max_examples=300, deadline=None)
@for_every(TEXTS, TEXTS, st.data())
def test_what_lands_as_the_same_is_the_same_words_within_what_is_read(a: str, b: str, data: st.DataObject) -> None:
    one, other = witnesses(a, b)
    for source, target in ((one, other), (other, one)):
        start, end = sorted(data.draw(st.integers(0, len(source.text))) for _ in range(2))
        landing = Projection(source, target).land(start, end, ["pact", "Ruiz"])
        if landing is None:
            continue
        words = target.text[landing.start : landing.end]
        assert any(part.start <= landing.start < landing.end <= part.end for part in target.paragraphs) or "\n" in words
        if landing.how == SAME:
            assert words == source.text[start:end]
        if landing.how == KNOWN:
            assert words in ("pact", "Ruiz")


@settings(max_examples=60, deadline=None)
@for_every(TEXTS.filter(str.strip), st.data())
def test_in_a_copy_everything_lands_where_it_stood(text: str, data: st.DataObject) -> None:
    one, other = witnesses(text, text)
    projection = Projection(one, other)
    assert projection.is_identical
    part = data.draw(st.sampled_from(one.paragraphs))
    start, end = sorted(data.draw(st.integers(part.start, part.end)) for _ in range(2))
    landing = projection.land(start, end)
    assert (landing is None) == (start == end)
    assert landing is None or (landing.start, landing.end, landing.how) == (start, end, SAME)


TOLD = ("The pact holds.", "Lind said no.", "條約 stays 🕊.", "The pact held.", "Berg left for Tokyo at noon, he said.")
PARAGRAPHS = st.lists(st.lists(st.sampled_from(TOLD), min_size=1, max_size=3).map(" ".join), max_size=5)


@settings(max_examples=200, deadline=None)
@for_every(PARAGRAPHS, PARAGRAPHS)
def test_what_is_called_unchanged_stands_in_both_to_the_character(left: list[str], right: list[str]) -> None:
    a, b = witness("a", *left), witness("b", *right)
    projection = Projection(a, b)
    pairs = projection.unchanged_sentences
    assert all(a.text[one.start : one.end] == b.text[two.start : two.end] for one, two in pairs)
    assert len({one for one, _ in pairs}) == len({two for _, two in pairs}) == len(pairs), "each has one partner"
    said = {a.text[one.start : one.end] for one in a.sentences}
    changed = set(projection.changed_paragraphs)
    for part in b.paragraphs:
        sentences = [b.text[one.start : one.end] for one in b.sentences if part.start <= one.start < part.end]
        assert part in changed or said.issuperset(sentences)
    assert left != right or not changed


def test_words_inside_a_changed_place_are_found_if_they_stand_there_once() -> None:
    assert landed("He left the treaty that holds.", "He left the treaty, which holds.", "treaty") == (SAME, "treaty")
    assert landed("The U.S. troops stay in Japan.", "The US troops stay in Japan.", "U.S.", "US") == (KNOWN, "US")
    assert landed("The U.S. troops stay in Japan.", "The US troops stay in Japan.", "U.S.") == (REVIEW, "US")


def test_dropped_words_land_nowhere_and_moved_ones_where_they_went() -> None:
    assert landed("President Donald Trump went home on Friday", "President Trump went home on Friday", "Donald") is None
    parts = [
        "Rice farmers in the north fear for their harvest this autumn.",
        "Two steel mills will close before the end of March.",
        "Ships of both navies met near Guam on Friday morning.",
    ]
    assert landed("\n".join(parts), "\n".join([*parts[1:], parts[0]]), "their harvest") == (SAME, "their harvest")


def test_a_changed_evidence_is_never_the_same() -> None:
    a, b = "He sees the accord as too one-sided by far.", "He sees the accord as one-sided by far."
    assert landed(a, b, "the accord as too one-sided") == (REVIEW, "the accord as one-sided")


# the seeds


@pytest.fixture(scope="module")
def projected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Projector]:
    root = tmp_path_factory.mktemp("projected")
    for name in ("schema", "corpus", "annotations"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("releases"))
    project = Project(root)
    return project, Projector(project, read_codebook(project.codebook_yaml), read_gold(project))


def regions(results: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for result in results:
        one = found.setdefault(result["id"], {"span": (result["value"]["start"], result["value"]["end"])})
        value = result["value"]
        one[result["from_name"]] = value.get("labels") or value.get("choices") or value.get("text")
        one["meta"] = result["meta"]
    return found


def test_mentions_of_one_seed_are_proposed_on_the_other(projected: tuple[Project, Projector]) -> None:
    project, projector = projected
    codebook, articles = read_codebook(project.codebook_yaml), read_articles(project)
    article = articles[SEEDS["b"]]
    text, view = article_view(article, codebook.pass_named("entities"))
    offered = [alias for alias, _, _ in offered_in_entity_pass(text, codebook)]
    projector.review.clear()
    results, taken = projector.mentions(SEEDS["b"], view, offered)
    found = regions(results)
    head = read_gold(project).mentions
    assert len(found) == len(taken) > 40
    gold = {(m.start, m.end, m.label) for m in head[SEEDS["b"]]}
    right = 0
    for one in found.values():
        start, end = view.to_text(*one["span"])
        assert article.text[start:end] == text[slice(*one["span"])]
        right += (start, end, one["mention"][0]) in gold
        origin, _, place = one["meta"]["from"].rpartition(":")
        a, b = map(int, place.split("-"))
        assert origin == SEEDS["a"] and one["meta"]["suggested_by"] == PROVIDER == "projection/1"
        if one["meta"]["how"] == SAME:
            assert articles[origin].text[a:b] == article.text[start:end]
    assert right >= 0.9 * len(found), f"{right} of {len(found)} are what the annotators found there themselves"
    assert len(found) + len(projector.review) == len(head[SEEDS["a"]])
    by_words = {text[slice(*one["span"])]: one for one in found.values()}
    assert by_words["US"]["meta"]["how"] in (SAME, KNOWN)


def test_stances_are_proposed_only_where_the_evidence_is_unchanged(projected: tuple[Project, Projector]) -> None:
    project, projector = projected
    codebook, articles = read_codebook(project.codebook_yaml), read_articles(project)
    article = articles[SEEDS["b"]]
    text, view = article_view(article, codebook.pass_named("stances"))
    offered = [alias for alias, _, _ in offered_in_stance_pass(SEEDS["b"], read_gold(project))]
    projector.review.clear()
    found = regions(projector.stances(SEEDS["b"], view, offered))
    assert len(found) >= 5
    for one in found.values():
        a, b = map(int, one["meta"]["from"].rpartition(":")[2].split("-"))
        assert articles[SEEDS["a"]].text[a:b] == text[slice(*one["span"])]
        assert set(one["holder"]) <= {*offered, "author", "unnamed", "other"}
    words = {text[slice(*one["span"])] for one in found.values()}
    assert "affirm security pact" in words and "sees the accord with Japan as one-sided" not in words
    reviewed = {item.words: item for item in projector.review}
    changed = reviewed["sees the accord with Japan as too one-sided"]
    assert changed.span is not None and article.text[slice(*changed.span)] == "sees the accord with Japan as one-sided"
    assert reviewed["Exiting the pact would jeopardize an alliance"].span is None
    chiefs = next(one for one in found.values() if text[slice(*one["span"])] == "affirm security pact")
    assert sorted(chiefs["holder"]) == ["mark-esper", "takeshi-iwaya"], "two holders of one stance are one region"


def test_heads_are_queued_first_then_what_differs(projected: tuple[Project, Projector]) -> None:
    _, projector = projected
    assert projector.queued(sorted(SEEDS.values()), "heads") == ([SEEDS["a"]], [])
    assert projector.queued(sorted(SEEDS.values()), "differing") == ([SEEDS["b"]], [])


def test_a_copy_to_the_character_is_not_queued(projected: tuple[Project, Projector]) -> None:
    project, _ = projected
    projector = Projector(project, read_codebook(project.codebook_yaml), read_gold(project))
    one, other = read_witnesses(*seed_tables())
    projector._witnesses = {one.doc_id: one, other.doc_id: dataclasses.replace(one, doc_id=other.doc_id)}
    projector._others = {}
    assert projector.queued([one.doc_id, other.doc_id], "differing") == ([], [other.doc_id])


# what comes of it


def test_where_a_mark_came_from_survives_the_export() -> None:
    meta = {"suggested_by": PROVIDER, "from": "d0:1-5", "how": "same"}
    value = {"start": 0, "end": 4, "labels": ["LAW"]}
    result: dict[str, Any] = {"id": "r1", "from_name": "mention", "to_name": "text", "type": "labels", "value": value}
    result |= {"quote": "pact", "before": "", "after": ""}
    prediction = {"model_version": "names/1", "result": [result | {"meta": meta}]}
    answered = copy.deepcopy(result) | {"origin": "prediction"}
    (accepted,) = read_marks([answered], [prediction])
    assert (accepted.origin, accepted.suggested_by) == ("accepted", PROVIDER)
    answered["value"]["labels"] = ["ORG"]
    (edited,) = read_marks([answered | {"origin": "prediction-changed"}], [prediction])
    assert (edited.origin, edited.suggested_by) == ("edited", PROVIDER)
    (own,) = read_marks([copy.deepcopy(result) | {"id": "r2", "origin": "manual"}], [prediction])
    assert (own.origin, own.suggested_by) == ("manual", None)


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Project]:
    def make(*submissions: Any) -> Project:
        project = make_project(tmp_path / f"p{random.randrange(10**9)}")
        judge(project, submissions, monkeypatch)
        write_gold(project)
        return project

    return make


def mentions_compared(project: Project) -> list[dict[str, Any]]:
    rows = [row for row in table(project, "agreement") if row["layer"] == "mention"]
    assert rows
    return rows


def from_projection(mark: Any, origin: str = "accepted") -> Any:
    return dataclasses.replace(mark, origin=origin, suggested_by=PROVIDER)


def test_two_who_accept_a_projected_mention_are_one_voice(judged: Callable[..., Project]) -> None:
    mark = said("pact", label="LAW")
    both = judged(given_in(from_projection(mark)), given_in(from_projection(mark), who="ann-b"))
    (row,) = table(both, "mentions")
    assert (row["n_votes"], row["n_annotators"], row["decided_by"]) == (1, 2, "single")
    assert all(is_projected(one) for one in table(both, "judgements") if one["layer"] == "mention")
    assert [one for one in mentions_compared(both) if one["value"] is not None or one["n_units"]] == []
    own = judged(given_in(mark), given_in(mark, who="ann-b"))
    (row,) = table(own, "mentions")
    assert (row["n_votes"], row["decided_by"]) == (2, "unanimous")
    assert any(one["value"] == 1 for one in mentions_compared(own))


def test_beside_an_independent_judgement_a_projected_one_does_not_count(judged: Callable[..., Project]) -> None:
    project = judged(
        given_in(from_projection(said("pact", label="LAW"), "edited")), given_in(said("pact", label="ORG"), who="ann-b")
    )
    (row,) = table(project, "mentions")
    assert (row["label"], row["n_votes"], row["decided_by"]) == ("ORG", 1, "single")
    assert table(project, "conflicts") == []
    stances = judged(
        given_in(from_projection(held("pact must stay")), task_pass="stances"),
        given_in(held("pact must stay", side="against"), who="ann-b", task_pass="stances"),
    )
    (row,) = table(stances, "stances")
    assert (row["stance"], row["target_id"], row["n_votes"]) == ("against", TREATY, 1)


def test_projected_judgements_that_differ_are_a_conflict(judged: Callable[..., Project]) -> None:
    project = judged(
        given_in(from_projection(said("pact", label="LAW"))),
        given_in(from_projection(said("pact", label="ORG"), "edited"), who="ann-b"),
    )
    assert table(project, "mentions") == [] and len(table(project, "conflicts")) >= 1


def test_suggestions_of_other_providers_still_count(judged: Callable[..., Project]) -> None:
    mark = dataclasses.replace(said("pact", label="LAW"), origin="accepted", suggested_by="names/1")
    (row,) = table(judged(given_in(mark), given_in(mark, who="ann-b")), "mentions")
    assert row["n_votes"] == 2
