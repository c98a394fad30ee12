"""The overview page: its numbers are those of the tables, it loads nothing, and names in it are only text."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import stancewire
from stancewire.cli import main
from stancewire.report.overview import Bars, Overview, read_overview
from stancewire.report.overview_page import overview_page

ROOT = Path(__file__).parents[1]


def counts_of(bars: Bars) -> dict[str, dict[str, int]]:
    return {name: dict(parts) for name, parts in bars.rows}


def test_numbers_are_those_of_the_tables() -> None:
    corpus = stancewire.open(ROOT)
    overview = read_overview(corpus)
    facts = dict(overview.facts)
    assert facts["documents"] == len(corpus.documents) == 2
    assert facts["stories"] == 1 and facts["documents that are reprints"] == 1
    assert facts["words of body text"] == corpus.documents["n_words"].sum()
    by_target = corpus.stances_wide.groupby(["target", "stance"], observed=True).size()
    assert counts_of(overview.targets) == {
        target: by_target[target].to_dict() for target in by_target.index.get_level_values(0).unique()
    }
    assert sum(sum(parts.values()) for _, parts in overview.documents.rows) == len(corpus.document_stances)
    assert counts_of(overview.months) == {"2019-06": {"documents": 2}}
    assert {m.layer for m in overview.agreement} == {"mention", "stance", "document_stance"}
    assert all(m.reason and m.low is None for m in overview.agreement)  # one story: no interval, and why


def test_page_loads_nothing_and_says_who_annotated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "report.html"
    command = ["--project", str(ROOT), "report", "--out", str(path)]
    assert main(command) == 0
    first = path.read_text(encoding="utf-8")
    assert main([*command, "--json"]) == 0
    assert path.read_text(encoding="utf-8") == first
    said = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert dict(map(tuple, said["facts"]))["attributed stances"] == len(stancewire.open(ROOT).stances)
    assert "No human has reviewed them" in first
    assert "default-src 'none'" in first.replace("&#x27;", "'")
    assert not re.search(r"<script|\bsrc=|\bhref=|url\(|@import", first)


def test_report_of_a_release_and_its_zip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release = max((ROOT / "corpus" / "releases").iterdir())
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", release.parent, release.name)
    pages = []
    for source in (str(release), archive):
        out = tmp_path / f"{len(pages)}.html"
        assert main(["--project", str(ROOT), "report", "--of", source, "--out", str(out)]) == 0
        pages.append(out.read_text(encoding="utf-8"))
    assert pages[0] == pages[1]
    assert f"Data version {release.name}." in pages[0]


def test_a_project_without_annotations_has_an_overview(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "p"
    assert main(["init", str(root)]) == 0
    (root / "corpus" / "sources" / "a.txt").write_text("Bridge\n\nThe city builds a bridge over the river.\n")
    assert main(["--project", str(root), "build"]) == 0
    assert main(["--project", str(root), "report"]) == 0
    text = (root / "dist" / "report.html").read_text(encoding="utf-8")
    assert "Fewer than two annotators." in text


def overview(**changes: Any) -> Overview:
    empty = Bars(())
    names = ("targets", "holders", "attributions", "documents", "mentions", "months", "outlets", "kinds")
    values: dict[str, Any] = dict.fromkeys(names, empty)
    values |= {"facts": (), "annotators": {}, "n_undated": 0, "agreement": ()}
    return Overview(**values | changes)


def test_names_are_text_and_long_lists_say_what_they_leave_out() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    bars = Bars(((hostile, {"favor": 3, "against": 1}), ("b" * 60, {"neutral": 1})), n_left=7)
    made = overview(holders=bars, annotators={"human": 2, "model": 1}, n_undated=3)
    page = overview_page(hostile, hostile, "1", made)
    assert "<img" not in page
    assert "and 7 more with fewer." in page
    assert "2 human, 1 model" in page and "No human" not in page
    assert "3 without a date." in page


@pytest.mark.browser
def test_page_reads_in_a_browser(tmp_path: Path, chromium: str) -> None:
    from playwright.sync_api import sync_playwright

    path = tmp_path / "report.html"
    assert main(["--project", str(ROOT), "report", "--out", str(path)]) == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        assert asked == [path.as_uri()]
        widths = page.eval_on_selector_all("figure svg", "found => found.map(one => one.getBoundingClientRect().width)")
        assert len(widths) >= 8 and min(widths) > 600
        # The plot of stances by target: each bar's label lies within the drawing.
        inside = page.evaluate(
            "() => [...document.querySelectorAll('figure svg')].every(svg => { const box = svg.getBoundingClientRect();"
            " return [...svg.querySelectorAll('text')].every(text => text.getBoundingClientRect().left >= box.left - 1"
            " && text.getBoundingClientRect().right <= box.right + 1); })"
        )
        assert inside
        browser.close()
