"""The disagreement report: worst first, in context, and nothing in it is more than text."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from crowd import judgement
from merged_project import judge, make_project, usual

from stancewire.agreement.disagreements import disagreement_page, worst_first
from stancewire.agreement.measure import measure_agreement
from stancewire.agreement.units import Unit, Vote
from stancewire.cli import main
from stancewire.pages.elements import element, page

NASTY = 'He said <script>alert("x")</script> & <img src=http://example.invalid/x onerror=1> "loudly".'


def unit(doc_id: str, sides: list[str], text: str = NASTY, layer: str = "stance") -> Unit:
    names = tuple(f"ann-{i}" for i in range(len(sides)))
    values = {"holder_type": "other", "holder_entity_id": None, "holder_text": "<b>he</b>", "via_type": "none"}
    values |= {"via_entity_id": None, "via_text": None, "attribution": "reported", "comment": "</p><script>1</script>"}
    votes = tuple(
        Vote(f"{doc_id}{name}", name, 0, 7, judgement(name, doc_id, 0, 7, text[:7], layer=layer, label=side, **values))
        for name, side in zip(names, sides, strict=True)
        if side
    )
    return Unit(layer, doc_id, "<t>", votes, names, frozenset(), False)


UNITS = [
    unit("d1", ["favor", "favor"]),
    unit("d2", ["favor", "neutral"]),
    unit("d3", ["favor", "against"]),
    unit("d4", ["favor", ""]),
]


class Tags(HTMLParser):
    """Collects the elements of a page, and where it would load something from."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "action", "data", "onerror")]


def made_page() -> str:
    texts = {f"d{i}": NASTY for i in range(1, 5)}
    return disagreement_page(UNITS, measure_agreement(UNITS, {}), texts, ["2 < 3"], "T & <i>t</i>")


def test_the_worst_comes_first_and_what_is_agreed_is_not_there() -> None:
    assert [item.doc_id for _, item, _ in worst_first(UNITS)] == ["d3", "d2", "d4"]
    text = made_page()
    assert text.index("1. stance in d3") < text.index("2. stance in d2") < text.index("3. stance in d4")
    assert "in d1" not in text
    assert "3 of 4 units are disputed" in text
    assert "marked nothing" in text


def test_an_overview_counts_what_differs_and_pairs_are_compared() -> None:
    text = made_page()
    assert '<td>stance</td><td class="number">4</td><td class="number">3</td>' in text
    assert "stance 2, found by some only 1" in text
    assert text.index("Who sees things like whom") > text.index("How far they agree")
    assert "<td>ann-0 ann-1</td>" in text
    assert '<span class="differs">against</span>' in text


def test_context_is_cut_at_white_space_and_says_so() -> None:
    words = " ".join(f"word{number}" for number in range(200))
    at = words.index("word100")
    one = unit("d1", ["favor", "against"])
    moved = [dataclasses.replace(vote, start=at, end=at + 7) for vote in one.votes]
    text = disagreement_page([dataclasses.replace(one, votes=tuple(moved))], [], {"d1": words}, [], "T")
    assert "\u2026word" in text and "<mark>word100</mark> word101" in text
    assert not re.search(r"\bord\d|wor\u2026|wo\u2026|w\u2026|d1\u2026 ", text)
    unspaced = "\u6771\u4eac" * 400
    text = disagreement_page([dataclasses.replace(one, votes=tuple(moved))], [], {"d1": unspaced}, [], "T")
    assert unspaced[:300] in text or "\u6771\u4eac" * 90 in text


def test_nothing_in_a_text_or_comment_becomes_markup() -> None:
    tags = Tags()
    text = made_page()
    tags.feed(text)
    assert not {"script", "img", "b", "i", "iframe", "link"} & set(tags.seen)
    assert not tags.loads
    assert "default-src &#x27;none&#x27;" in text
    assert "&lt;script&gt;alert(" in text
    assert {"svg", "mark", "article", "table"} <= set(tags.seen)


def test_the_same_page_each_time() -> None:
    assert made_page() == made_page()


def test_elements_escape_their_children_and_values_once() -> None:
    inner = element("b", "<&>")
    assert element("p", inner, "<", ["a", inner], attributes={"title": '"<'}) == (
        '<p title="&quot;&lt;"><b>&lt;&amp;&gt;</b>&lt;a<b>&lt;&amp;&gt;</b></p>'
    )


def test_agree_writes_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path / "project")
    judge(project, usual(), monkeypatch)
    file = tmp_path / "week.html"
    assert main(["--project", str(project.root), "agree", "--report", str(file)]) == 0
    text = file.read_text(encoding="utf-8")
    assert "1 document of 1 story: no coefficient below means anything" in text
    assert "<mark>The pact must stay</mark>" in text


@pytest.mark.browser
def test_a_browser_shows_it_with_its_style_and_asks_the_network_for_nothing(chromium: str, tmp_path: Path) -> None:
    from studio_browser import browser_page

    file = tmp_path / "page.html"
    file.write_text(made_page(), encoding="utf-8")
    asked: list[str] = []
    said: list[Any] = []
    with browser_page(chromium) as shown:
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("console", lambda message: said.append(message.text))
        shown.goto(file.as_uri())
        colour = shown.evaluate("getComputedStyle(document.querySelector('mark')).backgroundColor")
        assert shown.locator("svg").first.is_visible()
        cut = "texts => texts.filter(e => e.getBBox().x < 0).map(e => e.textContent)"
        assert shown.locator("svg text").evaluate_all(cut) == []  # no name of a measure is cut off
    assert colour == "rgb(255, 224, 138)"
    assert asked == [file.as_uri()]
    assert said == []


def test_a_page_has_one_heading_and_a_language() -> None:
    text = page("T", element("p", "x"))
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert text.count("<h1>") == 1
