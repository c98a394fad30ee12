"""The preview of a labelling interface: all that the interface has, on a real task, escaped, without a network."""

from __future__ import annotations

import json
import re
import shutil
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest
from studio_browser import browser_page
from studio_project import ARTICLES, make_studio_project, write_gold

from stancewire.cli import main
from stancewire.codebook import read_codebook
from stancewire.codebook.interface import interface_xml
from stancewire.errors import UsageError
from stancewire.label_studio.example import example_task
from stancewire.project import Project
from stancewire.report.interface_page import interface_page

HOSTILE = "<script>alert(1)</script><img src=http://example.invalid/x onerror=alert(2)>"


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def having(self, attribute: str) -> list[str | None]:
        return [given[attribute] for _, given in self.tags if attribute in given]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_studio_project(tmp_path / "project", "preview")


def page_of(project: Project, task_pass: str, doc_id: str | None = None) -> str:
    codebook = read_codebook(project.codebook_yaml)
    example = example_task(project, codebook, task_pass, doc_id)
    return interface_page(codebook, task_pass, example.data, example.suggested, example.note)


@pytest.mark.parametrize("task_pass", ["entities", "stances"])
def test_page_has_every_label_choice_key_and_field_of_the_interface(project: Project, task_pass: str) -> None:
    page = Tags(page_of(project, task_pass))
    tree = ElementTree.fromstring(interface_xml(read_codebook(project.codebook_yaml), task_pass))
    labels = [item.get("alias", item.get("value")) for item in tree.iter("Label")]
    assert [given["data-label"] for tag, given in page.tags if tag == "button"] == labels
    keys = {item.get("hotkey") for item in tree.iter() if item.get("hotkey")}
    assert keys <= set(page.having("data-key"))
    choices = {(group.get("name"), c.get("alias", c.get("value"))) for group in tree.iter("Choices") for c in group}
    boxes = {(given.get("name"), given.get("value")) for tag, given in page.tags if tag == "input"}
    assert choices <= boxes
    assert {item.get("placeholder") for item in tree.iter("TextArea")} <= set(page.having("placeholder"))
    assert {item.get("value") for item in tree.iter("Header")} <= set(page.text)
    colors = {item.get("background") for item in tree.iter("Label")}
    assert colors <= set(re.findall(r"--color: (#\w+)", "".join(page.text)))
    assert "4. In doubt" in page.text, "the guidelines are there"


def test_page_shows_the_documents_view_and_its_suggestions(project: Project) -> None:
    page = page_of(project, "entities", "harbour/a-1")
    text = page.partition('data-text="text"')[2].partition("<details>")[0]
    assert "ADVERTISEMENT" not in page
    assert "Mark Esper" in text, "the entity pass shows captions"
    marked = re.findall(r'<mark class="region label-\d+" [^>]*data-label="(\w+)"[^>]*>([^<]+)</mark>', text)
    assert ("PERSON", "Donald Trump") in marked and ("ORG", "Bloomberg News") in marked
    regions = json.loads(page.partition('id="data">')[2].partition("</script>")[0])["regions"]
    assert {"mention": ["PERSON"], "kind": ["name"], "entity": ["donald-trump"]} in regions.values()
    assert page_of(project, "entities", "harbour/a-1") == page, "the same input gives the same bytes"


def test_stance_page_offers_the_documents_own_entities_once_they_are_merged(project: Project) -> None:
    assert "not merged yet" in page_of(project, "stances")
    write_gold(project, [("b-2", "Takeshi Iwaya", "PERSON", "takeshi-iwaya"), ("b-2", "Tokyo", "GPE", "tokyo")])
    page = page_of(project, "stances", "b-2")
    assert "not merged yet" not in page
    boxes = [given for tag, given in Tags(page).tags if tag == "input" and given.get("name") == "holder"]
    assert [given["value"] for given in boxes] == ["author", "takeshi-iwaya", "tokyo", "unnamed", "other"]
    assert [given["data-key"] for given in boxes][:2] == ["a", "z"]


def test_without_a_corpus_the_codebooks_own_example_is_shown(project: Project) -> None:
    shutil.rmtree(project.corpus)
    page = page_of(project, "entities")
    assert "the codebook&#39;s own example" in page and "Senator scorns defense pact" in page
    with pytest.raises(UsageError, match="stancewire convert"):
        page_of(project, "entities", "b-2")


def test_unknown_document_is_refused(project: Project) -> None:
    with pytest.raises(UsageError, match="no document 'b-3'"):
        page_of(project, "entities", "b-3")


def hostile_project(folder: Path) -> Project:
    project = make_studio_project(
        folder, "hostile", {HOSTILE: [("headline", HOSTILE), ("body", f"Tokyo {HOSTILE} </mark></div>")]}
    )
    text = project.codebook_yaml.read_text(encoding="utf-8")
    for name in ("name: Other target", "name: PERSON", "name: hard"):
        assert name in text
        text = text.replace(name, f"name: {json.dumps(HOSTILE)}", 1)
    project.codebook_yaml.write_text(text.replace("the minister's", HOSTILE), encoding="utf-8")
    return project


@pytest.mark.parametrize("task_pass", ["entities", "stances"])
def test_texts_and_codebook_never_become_markup(tmp_path: Path, task_pass: str) -> None:
    page = page_of(hostile_project(tmp_path / "project"), task_pass)
    assert "<img" not in page
    assert [given for tag, given in Tags(page).tags if tag == "script"] == [
        {"type": "application/json", "id": "data"},
        {},
    ]
    policy = next(p for p in Tags(page).having("content") if p and "default-src" in p)
    assert policy.startswith("default-src 'none'")


def test_command_writes_a_page_for_each_pass(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["--project", str(project.root), "codebook", "preview"]
    assert main(call) == 0
    assert {path.name for path in (project.dist / "preview").iterdir()} == {"entities.html", "stances.html"}
    capsys.readouterr()
    out = project.root / "elsewhere"
    assert main([*call, "--pass", "stances", "--document", "b-2", "--out", str(out), "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)["pages"]
    assert (told["pass"], told["doc_id"], Path(told["page"])) == ("stances", "b-2", out / "stances.html")
    assert main([*call, "--document", "nothing"]) == 2


@pytest.mark.browser
def test_page_works_in_a_browser_and_asks_for_nothing(chromium: str, tmp_path: Path, project: Project) -> None:
    path = tmp_path / "page.html"
    said: list[str] = []
    with browser_page(chromium) as page:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda r: said.append(r.url) if not r.url.startswith("file:") else None)
        path.write_text(page_of(project, "entities", "harbour/a-1"), encoding="utf-8")
        page.goto(path.as_uri())
        assert page.locator(".hint").is_visible() and page.locator("input[name=kind]").first.is_hidden()
        first = page.locator("mark", has_text="Donald Trump")
        assert first.evaluate("e => getComputedStyle(e).backgroundColor") != "rgba(0, 0, 0, 0)"
        article, side = page.locator(".article").bounding_box(), page.locator(".side").bounding_box()
        assert article and side and article["x"] + article["width"] <= side["x"]
        first.click()
        assert page.locator("input[name=entity][value=donald-trump]").is_checked()
        assert page.locator("input[name=kind][value=name]").is_checked() and page.locator(".hint").is_hidden()
        page.keyboard.press("w")
        assert page.locator("input[name=kind][value=nominal]").is_checked()
        page.locator("input[name=entity]").nth(1).click()
        assert page.locator("input[name=entity]:checked").count() == 1, "boxes, of which one counts, as there"
        page.keyboard.press("3")
        assert first.get_attribute("data-label") == "ORG"
        page.keyboard.press("Escape")
        assert page.locator(".hint").is_visible()

        path.write_text(page_of(project, "stances", "b-2"), encoding="utf-8")
        page.goto(path.as_uri())
        page.keyboard.press("1")
        line = page.locator(".body .lsf-richtext__line").last.bounding_box()
        assert line
        page.mouse.move(line["x"] + 3, line["y"] + 14)
        page.mouse.down()
        page.mouse.move(line["x"] + 150, line["y"] + 14, steps=5)
        page.mouse.up()
        words = page.locator("mark").inner_text()
        assert words.startswith("Takeshi Iwaya") and words in ARTICLES["b-2"][1][1]
        assert page.locator("mark").get_attribute("data-label") == "us-japan-security-treaty"
        via = page.locator("input[name=via]").first
        assert via.is_hidden()
        page.keyboard.press("s")
        assert via.is_visible(), "who reports it is asked for a direct quote"

        path.write_text(page_of(hostile_project(tmp_path / "hostile"), "entities"), encoding="utf-8")
        page.goto(path.as_uri())
        assert HOSTILE in page.locator(".lsf-richtext__line").nth(1).inner_text()
    assert said == []


# pictures from a real Label Studio


@pytest.mark.studio
@pytest.mark.browser
def test_screenshots_show_each_pass_in_a_real_label_studio(
    chromium: str, studio_server: object, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["--project", str(project.root), "codebook", "preview", "--document", "harbour/a-1", "--screenshots"]
    assert main([*call, "--json"]) == 0
    pages = json.loads(capsys.readouterr().out)["pages"]
    pictures = [Path(path) for page in pages for path in page["screenshots"]]
    names = ["entities.png", "entities-selected.png", "stances.png", "stances-selected.png"]
    assert [path.name for path in pictures] == names
    found = [path.read_bytes() for path in pictures]
    assert len(set(found)) == 4, "a span is selected in every second one"
    for data in found:
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert [int.from_bytes(data[at : at + 4]) for at in (16, 20)] == [1440, 900]
        assert len(data) > 40_000, "not an empty page"


def test_screenshots_name_what_is_missing(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["--project", str(project.root), "codebook", "preview", "--screenshots"]
    monkeypatch.setenv("PATH", str(project.root))
    monkeypatch.delenv("STANCEWIRE_CHROMIUM", raising=False)
    assert main(call) == 1
    assert "there is no Chromium here; install it" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    assert main(call) == 1
    assert "pip install 'stancewire[screenshots]'" in capsys.readouterr().err
