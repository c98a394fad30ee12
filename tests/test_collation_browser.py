"""The collation page in a real browser: what is lit, hidden and told, and that nothing is fetched or run."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from reprint_seeds import ROOT, SEEDS
from studio_browser import browser_page
from test_collation import HOSTILE, versions_of

from stancewire.project import Project
from stancewire.report.collation import Collation, collate_versions, read_collation
from stancewire.report.collation_page import collation_page

pytestmark = pytest.mark.browser


def open_page(page: Page, collation: Collation, folder: Path) -> list[str]:
    """Opens the collation; the list fills with whatever the page complains of or asks the network for."""
    path = folder / "page.html"
    path.write_text(collation_page(collation), encoding="utf-8")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(path.as_uri())
    return said


def test_witnesses_stand_side_by_side_and_a_variant_lights_up_in_both(chromium: str, tmp_path: Path) -> None:
    with browser_page(chromium) as page:
        said = open_page(page, read_collation(Project(ROOT), SEEDS["a"]), tmp_path)
        cells = page.locator(".collation tbody tr").nth(1).locator("td")
        left, right = cells.nth(0).bounding_box(), cells.nth(1).bounding_box()
        assert left and right and left["y"] == right["y"]
        assert left["x"] + left["width"] <= right["x"] and abs(left["width"] - right["width"]) < 2
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        too = page.locator(".collation .k-deletion", has_text="too")
        background = too.evaluate("element => getComputedStyle(element).backgroundColor")
        assert background != "rgba(0, 0, 0, 0)", "the style sheet is let through by the policy"
        too.click()
        assert page.locator(".collation .on").count() == 2
        told = page.locator("#detail").inner_text()
        assert "deletion" in told and "substantive" in told and "no words here" in told
        assert "sees the accord with Japan as too one-sided" in told

        page.keyboard.press("Escape")
        assert page.locator("#detail").is_hidden() and page.locator(".on").count() == 0
        page.keyboard.press("n")
        assert "20 abbreviation" in page.locator("#detail").inner_text(), "it goes on from the one that was chosen"
        assert said == []


def test_kinds_weights_and_stances_can_be_hidden(chromium: str, tmp_path: Path) -> None:
    with browser_page(chromium) as page:
        open_page(page, read_collation(Project(ROOT), SEEDS["a"]), tmp_path)
        rows = page.locator("#apparatus tbody tr:visible")
        assert rows.count() == 24
        page.locator("[data-kind=punctuation].chip").click()
        assert rows.count() == 17
        assert page.locator(".collation .k-punctuation:not(.off)").count() == 0
        page.locator("#only-substantive").click()
        assert rows.count() == 3
        assert page.locator(".collation .v:not(.off):not(.sub)").count() == 0
        line = "element => getComputedStyle(element).textDecorationLine"
        stance = page.locator(".collation .s-favor").first
        assert stance.evaluate(line) == "underline"
        page.locator("#show-stances").click()
        assert stance.evaluate(line) == "none"


def test_a_row_of_the_stances_lights_its_words(chromium: str, tmp_path: Path) -> None:
    with browser_page(chromium) as page:
        open_page(page, read_collation(Project(ROOT), SEEDS["a"]), tmp_path)
        row = page.locator("#stances tbody tr", has_text="too one-sided")
        row.click()
        lit = "".join(page.locator(".collation .lit").all_text_contents())
        assert lit == "sees the accord with Japan as too one-sided".replace("too one", "tooone")


def test_hostile_text_is_shown_and_does_nothing(chromium: str, tmp_path: Path) -> None:
    plain = "The treaty holds, he said on Monday, and the pact does too."
    texts = {"a": f"{plain}\n{HOSTILE}", "b": f"{plain} Yes.\n{HOSTILE} <svg onload=alert(3)>", "c": HOSTILE}
    with browser_page(chromium) as page:
        said = open_page(page, collate_versions("s-x", versions_of(texts)), tmp_path)
        assert page.locator("td[data-column=A] p").nth(1).text_content() == HOSTILE
        page.keyboard.press("n")
        page.locator("[data-witness=B]").click()
        assert page.locator("td[data-column=B]").first.is_hidden()
        assert page.locator("td[data-column=C]").first.is_visible()
        blocked = page.evaluate(
            """async () => {
                try { await fetch("http://127.0.0.1:9/"); return "fetched"; } catch (error) { return "refused"; }
            }"""
        )
        assert blocked == "refused"
        assert not any("alert" in line or line in "123" for line in said)
        assert any("Content Security Policy" in line for line in said), "it was the policy that refused"


def test_it_can_be_read_on_a_narrow_screen_and_printed(chromium: str, tmp_path: Path) -> None:
    with browser_page(chromium) as page:
        open_page(page, read_collation(Project(ROOT), SEEDS["a"]), tmp_path)
        page.set_viewport_size({"width": 600, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        left, right = (page.locator(".collation tbody tr").nth(1).locator("td").nth(n).bounding_box() for n in (0, 1))
        assert left and right and left["y"] == right["y"]

        page.set_viewport_size({"width": 400, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        cells = page.locator(".collation tbody tr").nth(1).locator("td")
        left, right = cells.nth(0).bounding_box(), cells.nth(1).bounding_box()
        assert left and right and left["x"] == right["x"] and left["y"] + left["height"] <= right["y"], (
            "one below another"
        )
        siglum = "element => getComputedStyle(element, '::before').content"
        assert [cells.nth(n).evaluate(siglum) for n in (0, 1)] == ['"A"', '"B"']

        page.set_viewport_size({"width": 1000, "height": 1400})
        assert page.locator("#legend").is_hidden()
        page.emulate_media(media="print")
        assert page.locator(".tools").is_hidden()
        assert page.locator(".collation").is_visible() and page.locator("#legend").is_visible()


def test_the_legend_names_every_kind_that_is_marked(chromium: str, tmp_path: Path) -> None:
    with browser_page(chromium) as page:
        collation = read_collation(Project(ROOT), SEEDS["a"])
        said = open_page(page, collation, tmp_path)
        button = page.locator("#show-legend")
        assert button.get_attribute("aria-expanded") == "false"
        button.click()
        assert button.get_attribute("aria-expanded") == "true"
        told = page.locator("#legend").inner_text()
        assert all(kind in told for kind in collation.counts())
        assert "substantive" in told and "favor" in told and "against" in told and "lent by a reprint" in told
        button.click()
        assert page.locator("#legend").is_hidden() and said == []


def test_families_of_kinds_differ_without_colour(chromium: str, tmp_path: Path) -> None:
    with browser_page(chromium) as page:
        open_page(page, read_collation(Project(ROOT), SEEDS["a"]), tmp_path)
        style = "element => getComputedStyle(element).outlineStyle"
        kinds = ("punctuation", "lexis", "insertion", "deletion")
        drawn = [page.locator(f".collation .v.k-{kind}:not(.gap)").first.evaluate(style) for kind in kinds]
        assert drawn == ["dotted", "solid", "double", "dashed"]


def test_everything_can_be_reached_by_the_keyboard(chromium: str, tmp_path: Path) -> None:
    with browser_page(chromium) as page:
        open_page(page, read_collation(Project(ROOT), SEEDS["a"]), tmp_path)
        page.locator(".collation .k-deletion", has_text="too").focus()
        page.keyboard.press("Enter")
        assert "too one-sided" in page.locator("#detail").inner_text()
        page.keyboard.press("Escape")
        page.locator("#stances tbody tr").first.focus()
        page.keyboard.press("Enter")
        assert page.locator(".collation .lit").count() > 0
