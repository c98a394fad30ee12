"""Gold of the head where other versions say the same and nobody was asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from reprint_seeds import ROOT
from story_project import HEAD, OTHER, entity, given_in, head_of, judge, make_story_project, shown_only, stance

import stancewire
from stancewire.errors import ReleaseError, UsageError
from stancewire.gold.carried import carried_rows
from stancewire.gold.evidence import read_rows
from stancewire.gold.stage import write_gold
from stancewire.label_studio.model import Submission
from stancewire.label_studio.tasks import read_articles
from stancewire.project import Project
from stancewire.report.collation import read_collation
from stancewire.report.collation_page import collation_page


@pytest.fixture
def project(tmp_path: Path) -> Project:
    extra = "The talks about quotas, nets and harbour fees began in March, and they have since been held in Bergen."
    made = make_story_project(tmp_path, v1=(*HEAD, extra), v2=OTHER, v3=(*HEAD[:4], extra))
    assert head_of(made) == "v1"
    return made


def head_work(project: Project) -> list[Submission]:
    """Of the head: a mention in an unchanged and in a changed sentence, a stance in each, and one across two."""
    return [
        given_in(project, "v1", "ann-a", ("Harbour Post", entity("ORG")), ("islands on Tuesday", entity("LOC"))),
        given_in(
            project, "v1", "ann-a", ("wants out of the pact", stance("against", "v1", "lind")),
            ("The pact must stay", stance("favor", "v1")),
            ("since the war ended. She praised", stance("favor", "v1")), task_pass="stances",
        ),
    ]  # fmt: skip


def merged(project: Project, patch: pytest.MonkeyPatch, *submissions: Submission) -> None:
    judge(project, patch, *submissions)
    write_gold(project)


def carried(project: Project, name: str, doc_id: str) -> set[str]:
    return {row["text"] for row in carried_rows(project, name) if row["doc_id"] == doc_id}


def test_what_stands_in_unchanged_sentences_is_carried_to_its_place(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged(project, monkeypatch, *head_work(project))
    texts = {doc_id: article.text for doc_id, article in read_articles(project).items()}
    for name in ("mentions", "stances", "stances_wide"):
        gold = {row[key]: row for row in read_rows(project, project.annotations, name) for key in list(row)[:1]}
        rows = carried_rows(project, name)
        assert rows
        for row in rows:
            assert texts[row["doc_id"]][row["start"] : row["end"]] == row["text"] == gold[row["carried_from"]]["text"]
            assert row["n_votes"] == 1
    assert carried(project, "mentions", "v2") == {"Harbour Post"}
    unchanged = {"wants out of the pact", "since the war ended. She praised"}
    assert carried(project, "stances", "v2") == unchanged
    assert carried(project, "stances", "v3") == unchanged | {"The pact must stay"}
    assert carried(project, "stances", "v1") == set()


def test_nothing_is_carried_where_somebody_was_asked(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {
        article.text[segment.start : segment.end]: segment.seg_no
        for article in [read_articles(project)["v2"]]
        for segment in article.segments
    }
    whole = given_in(project, "v2", "ann-b", task_pass="stances")
    merged(project, monkeypatch, *head_work(project), whole)
    assert carried(project, "stances", "v2") == set(), "who was shown it did not mark it"
    merged(project, monkeypatch, *head_work(project), shown_only(whole, numbers[OTHER[2]], numbers[OTHER[4]]))
    assert carried(project, "stances", "v2") == {"since the war ended. She praised"}
    merged(project, monkeypatch, *head_work(project), shown_only(whole, numbers[OTHER[5]]))
    assert carried(project, "stances", "v2") == {"wants out of the pact", "since the war ended. She praised"}
    assert carried(project, "mentions", "v2") == {"Harbour Post"}, "the other pass was not given out"


def test_carried_rows_in_pandas(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    merged(project, monkeypatch, *head_work(project))
    corpus = stancewire.open(project.root)
    frame = corpus.carried("stances_wide")
    assert list(frame.columns) == [*corpus.stances_wide.columns, "carried_from"]
    assert set(frame["carried_from"]) <= set(corpus.stances_wide["stance_id"])
    assert not set(frame["stance_id"]) & set(corpus.stances_wide["stance_id"]) and frame["stance_id"].is_unique
    assert set(frame["doc_id"]) == {"v2", "v3"} and not frame["is_story_head"].any()
    assert set(frame["title"][frame["doc_id"] == "v2"]) == {OTHER[0]}
    with pytest.raises(UsageError, match="known: mentions, stances"):
        corpus.carried("documents")
    release = sorted((ROOT / "corpus/releases").iterdir())[-1]
    with pytest.raises(ReleaseError, match="is a release"):
        stancewire.open(release).carried("stances")


def test_the_seeds_carry_nothing_since_both_were_judged() -> None:
    assert all(carried_rows(Project(ROOT), name) == [] for name in ("mentions", "stances", "stances_wide"))


def test_the_collation_shows_what_is_carried_as_such(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    merged(project, monkeypatch, *head_work(project))
    collation = read_collation(project, "v1")
    said = {(stance.siglum, stance.text): stance.carried for stance in collation.stances}
    assert said["A", "wants out of the pact"] is False and said["B", "wants out of the pact"] is True
    assert ("B", "The pact must stay") not in said
    page = collation_page(collation)
    assert "carried over: nobody judged it in this witness" in page
    assert "carried over" not in collation_page(read_collation(Project(ROOT), "000_3a"))
