"""Tasks that show only what differs from the head: what is shown, and what their answers speak for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from merged_project import TREATY
from story_project import HEAD, OTHER, entity, given_in, head_of, judge, make_story_project, shown_only, stance

from stancewire.checks.guideline import check_guideline, partly_shown
from stancewire.checks.loading import Loaded
from stancewire.codebook import read_codebook
from stancewire.gold.evidence import read_evidence, read_rows
from stancewire.gold.explain_place import explain_place
from stancewire.gold.stage import write_gold
from stancewire.label_studio.model import Submission
from stancewire.label_studio.projection import Projector
from stancewire.label_studio.tasks import read_articles, read_gold
from stancewire.project import Project
from stancewire.tables import read_table, read_table_schema


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = make_story_project(
        tmp_path,
        v1=(
            *HEAD,
            "The talks about quotas, nets and harbour fees began in March, and they have since been held in Bergen.",
        ),
        v2=OTHER,
    )
    assert head_of(made) == "v1"
    return made


def projector_of(project: Project) -> Projector:
    return Projector(project, read_codebook(project.codebook_yaml), read_gold(project))


def segments(project: Project, doc_id: str = "v2") -> dict[int, str]:
    article = read_articles(project)[doc_id]
    return {segment.seg_no: article.text[segment.start : segment.end] for segment in article.segments}


def merged(project: Project, patch: pytest.MonkeyPatch, *submissions: Submission) -> dict[str, list[dict[str, Any]]]:
    judge(project, patch, *submissions)
    write_gold(project)
    return {
        name: read_rows(project, project.annotations, name) for name in ("mentions", "conflicts", "document_stances")
    }


# what is shown


def test_a_task_shows_the_segments_that_differ_and_no_other(project: Project) -> None:
    projector = projector_of(project)
    codebook, articles = read_codebook(project.codebook_yaml), read_articles(project)
    text, view = projector.view(articles["v2"], codebook.pass_named("stances"))
    assert text.split("\n\n") == [OTHER[0], OTHER[2], OTHER[5]], "not what is unchanged or stands elsewhere"
    assert all(
        articles["v2"].text[piece.start : piece.end] == text[piece.view_start : piece.view_end] for piece in view.pieces
    )
    assert [segments(project)[piece.seg_no] for piece in view.pieces] == text.split("\n\n")


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        (HEAD[:-1], []),  # cut short
        ((HEAD[0], HEAD[2], HEAD[1], *HEAD[3:]), []),  # in another order
        ((HEAD[0], f"{HEAD[1]} {HEAD[2]}", *HEAD[3:]), []),  # cut into other paragraphs
        ((HEAD[0], HEAD[1].replace("crews of both", "crews of the two"), *HEAD[2:]), [1]),
        ((HEAD[0], HEAD[1].replace(" since the war ended", ""), *HEAD[2:]), [1]),
        ((HEAD[0], HEAD[1].replace(" She praised", " On Monday, she praised"), *HEAD[2:]), [1]),
        (("Crews fish on", *HEAD[1:]), [0]),
    ],
)
def test_what_counts_as_different(tmp_path: Path, version: tuple[str, ...], shown: list[int]) -> None:
    project = make_story_project(
        tmp_path,
        v1=(
            *HEAD,
            "The talks about quotas, nets and harbour fees began in March, and they have since been held in Bergen.",
        ),
        v2=version,
    )
    projector = projector_of(project)
    words = segments(project)
    assert [words[number] for number in sorted(projector.differing("v2"))] == [version[number] for number in shown]
    assert projector.queued(["v1", "v2"], "differing") == ((["v2"], []) if shown else ([], ["v2"]))


def test_passages_that_do_not_differ_are_neither_proposed_nor_for_review(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged(
        project,
        monkeypatch,
        given_in(project, "v1", "ann-a", ("Ada Berg", entity("PERSON")), ("islands on Tuesday", entity("LOC")),
                 ("fishing pact", entity("LAW"))),
    )  # fmt: skip
    projector = projector_of(project)
    _, view = projector.view(read_articles(project)["v2"], read_codebook(project.codebook_yaml).pass_named("entities"))
    results, taken = projector.mentions("v2", view, [])
    said = {result["meta"]["from"] for result in results}
    text = read_articles(project)["v1"].text
    (origin,) = {item.partition(":")[2] for item in said} - {
        f"{text.index('fishing pact')}-{text.index('fishing pact') + 12}"
    }
    assert text[slice(*map(int, origin.split("-")))] == "islands on Tuesday"
    assert len(taken) == 2 and projector.review == []


# what answers speak for


def test_silence_outside_what_was_shown_is_no_vote(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    changed, new = (next(n for n, text in segments(project).items() if text == words) for words in (OTHER[2], OTHER[5]))
    whole = given_in(project, "v2", "ann-a", ("Ada Berg", entity("PERSON")), ("cod", entity("PRODUCT")))
    tables = merged(project, monkeypatch, whole, given_in(project, "v2", "ann-b"))
    assert {row["text"] for row in tables["conflicts"]} == {"Ada Berg", "cod"}, "whoever was shown all of it"

    part = shown_only(given_in(project, "v2", "ann-b"), changed, new)
    tables = merged(project, monkeypatch, whole, part)
    (berg,) = tables["mentions"]
    assert (berg["text"], berg["n_annotators"], berg["decided_by"]) == ("Ada Berg", 1, "single")
    assert {row["text"] for row in tables["conflicts"]} == {"cod"}, "but where it was shown, silence counts"
    assert write_gold(project).counts["documents_judged_in_part"] == 1, "which merge says"


def test_explain_says_that_nobody_was_asked_there(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    new = next(number for number, text in segments(project).items() if text == OTHER[5])
    merged(project, monkeypatch, shown_only(given_in(project, "v2", "ann-b"), new))
    text = read_articles(project)["v2"].text
    for words, verdict in (("Ada Berg", "showed other passages only, so nobody was asked"), ("cod", "nobody marked")):
        about = explain_place(project, "v2", text.index(words), text.index(words) + len(words))
        assert verdict in about["verdict"]
        assert about["readers"]["entities"] == ([] if words == "Ada Berg" else ["ann-b"])


def test_agreement_asks_only_those_who_were_shown_the_words(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    new = next(number for number, text in segments(project).items() if text == OTHER[5])
    whole = given_in(project, "v2", "ann-a", ("Ada Berg", entity("PERSON")), ("cod", entity("PRODUCT")))
    part = shown_only(given_in(project, "v2", "ann-b", ("cod", entity("PRODUCT"))), new)
    judge(project, monkeypatch, whole, part)
    evidence = read_evidence(project)
    rows = [row for row in evidence.agreement(evidence.units(), {}) if (row["layer"], row["by"]) == ("mention", "all")]
    (found,) = [row for row in rows if row["measure"].startswith("span F1, exact")]
    assert found["value"] == 1, "Ada Berg was not ann-b's to find"


def test_the_stance_of_a_document_that_was_shown_in_part_is_not_independent(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from made_submissions import mark

    def answer(who: str, side: str) -> Submission:
        made = given_in(project, "v2", who, task_pass="stances")
        import dataclasses

        return dataclasses.replace(made, marks=(mark(doc={TREATY: side}),))

    new = next(number for number, text in segments(project).items() if text == OTHER[5])
    part = shown_only(answer("ann-b", "against"), new)
    (row,) = merged(project, monkeypatch, answer("ann-a", "favor"), part)["document_stances"]
    assert (row["stance"], row["n_votes"], row["decided_by"]) == ("favor", 1, "single")
    (row,) = merged(project, monkeypatch, part)["document_stances"]
    assert (row["stance"], row["n_votes"]) == ("against", 1), "alone it is all there is"
    evidence = read_evidence(project)
    assert all(unit.is_projected for unit in evidence.units())


def test_who_is_mentioned_in_what_was_not_shown_is_mentioned(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    new = next(number for number, text in segments(project).items() if text == OTHER[5])
    head = [
        given_in(project, "v1", "ann-a", ("Ada Berg", entity("PERSON", entity="v1#berg"))),
        given_in(project, "v1", "ann-a", task_pass="stances"),
    ]
    said = ("will meet again", stance("favor", "v1"))
    offered = (("v1#berg", "Ada Berg", "PERSON"),)
    other = given_in(project, "v2", "ann-a", said, task_pass="stances", entities=offered)
    codebook = read_codebook(project.codebook_yaml)

    def found(*submissions: Submission) -> list[str]:
        merged(project, monkeypatch, *head, *submissions)
        tables = {
            name: read_table(folder, read_table_schema(name, project.table_schemas))
            for folder, names in (
                (project.corpus, ("documents", "stories")),
                (project.annotations, ("mentions", "stances", "assignments")),
            )
            for name in names
        }
        loaded = Loaded(tables=tables)
        problems = check_guideline(loaded, codebook, partly_shown(project, codebook, loaded))
        return [problem.check for problem in problems if problem.place.startswith("v2")]

    assert found(shown_only(other, new)) == []
    assert found(other) == ["holder-mentioned"], "whoever was shown all of it has not marked the holder"
