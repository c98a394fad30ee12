"""Tasks: the view of a pass with its map, the entities offered, and what cannot be sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as for_every
from hypothesis import strategies as st
from studio_project import ARTICLES, make_studio_project, write_gold

from stancewire.codebook import Entity, read_codebook
from stancewire.label_studio.exports import Given
from stancewire.label_studio.rooms import guidelines_html
from stancewire.label_studio.tasks import (
    MOST_OFFERED,
    Article,
    article_view,
    make_task,
    offered_in_entity_pass,
    offered_in_stance_pass,
    read_articles,
    read_gold,
    stored_view,
    task_fault,
)
from stancewire.project import Project
from stancewire.text.model import Segment

SCHEMA = Path(__file__).parents[1] / "schema"
CODEBOOK = read_codebook(SCHEMA / "codebook.yaml")
GIVEN = Given("entities", 1, "ann-one")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_studio_project(tmp_path / "project", "tests")


def article(*parts: tuple[str, str]) -> Article:
    segments, text = [], ""
    for number, (role, words) in enumerate(parts):
        segments.append(Segment(number, role, len(text), len(text) + len(words), "test"))
        text += words + "\n"
    return Article("d1", text, "0" * 64, "d1", tuple(segments))


def task(one: Article, task_pass: str = "entities") -> dict[str, Any]:
    given = Given(task_pass, 1, "ann-one")
    return make_task(one, given, article_view(one, CODEBOOK.pass_named(task_pass)), [], CODEBOOK.version, True)


def test_task_fits_its_schema_in_both_passes(project: Project) -> None:
    for one in read_articles(project).values():
        for task_pass in ("entities", "stances"):
            data = task(one, task_pass)
            assert task_fault(data, SCHEMA) is None
            for view_start, start, end, _ in data["view"]:
                assert data["text"][view_start : view_start + end - start] == one.text[start:end]


def test_meta_line_says_what_is_known(project: Project) -> None:
    assert read_articles(project)["b-2"].meta_line == "2024-05-01 · b-2"


@for_every(
    st.lists(st.tuples(st.sampled_from(["headline", "body", "furniture", "caption"]), st.text(min_size=1)), max_size=6)
)
def test_stored_map_gives_the_same_view_of_the_same_text(parts: list[tuple[str, str]]) -> None:
    one = article(*parts)
    text, view = article_view(one, CODEBOOK.pass_named("entities"))
    pieces = [(piece.view_start, piece.start, piece.end, piece.seg_no) for piece in view.pieces]
    assert stored_view(one, pieces) == (text, view)


@pytest.mark.parametrize(
    ("words", "reason"),
    [("lone \ud800 surrogate", "lone surrogate"), ("\ufeffFirst word", "task.schema.json at data/text")],
)
def test_text_that_would_break_a_project_is_not_sent(words: str, reason: str) -> None:
    fault = task_fault(task(article(("body", words))), SCHEMA)
    assert fault is not None and reason in fault


def test_article_without_anything_to_show_is_not_sent() -> None:
    fault = task_fault(task(article(("furniture", "ADVERTISEMENT"))), SCHEMA)
    assert fault is not None and "no segment" in fault


def test_entities_are_offered_in_the_order_of_the_text_then_the_rest() -> None:
    offered = [alias for alias, _, _ in offered_in_entity_pass("Tokyo: Esper and Trump", CODEBOOK)]
    assert offered[:3] == ["tokyo", "mark-esper", "donald-trump"]
    assert sorted(offered) == sorted(entity.entity_id for entity in CODEBOOK.entities)


def test_long_list_offers_only_what_the_text_names() -> None:
    from dataclasses import replace

    many = tuple(Entity(f"e{n}", f"Name{n}", "PERSON") for n in range(MOST_OFFERED + 1))
    offered = offered_in_entity_pass("Name7 and Name3, not Name33x", replace(CODEBOOK, entities=many))
    assert [alias for alias, _, _ in offered] == ["e7", "e3"]


def test_stance_pass_offers_the_entities_of_gold_in_text_order(project: Project) -> None:
    write_gold(
        project,
        [
            ("b-2", "officials", "PERSON", "b-2#officials"),
            ("b-2", "Takeshi Iwaya", "PERSON", "takeshi-iwaya"),
            ("harbour/a-1", "Japan", "GPE", "japan"),
        ],
    )
    gold = read_gold(project)
    assert gold.merged == set(ARTICLES)
    assert offered_in_stance_pass("b-2", gold) == [
        ("takeshi-iwaya", "Takeshi Iwaya", "PERSON"),
        ("b-2#officials", "officials", "PERSON"),
    ]


def test_without_gold_nothing_is_merged(project: Project) -> None:
    assert read_gold(project).merged == frozenset()


def test_guidelines_are_shown_as_text_and_nothing_in_them_runs() -> None:
    shown = guidelines_html(
        "# A <script>\n\n- **one** `x`\n- two\n  more\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<b onclick=x>p</b>"
    )
    assert shown == (
        "<h2>A &lt;script&gt;</h2><ul><li><b>one</b> <code>x</code></li><li>two more</li></ul>"
        "<table><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></table><p>&lt;b onclick=x&gt;p&lt;/b&gt;</p>"
    )
