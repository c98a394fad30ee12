"""A labelling interface as a page to look at: what an annotator would see, without a server.

Made of the very interface that Label Studio gets (`codebook.interface_xml`), element by element, under its own style
sheet, with the data of a task. Marks can be clicked, keys pressed and words marked, as far as a look needs it; nothing
is kept.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..codebook.guidelines import guidelines_markdown
from ..codebook.interface import interface_xml
from ..codebook.model import Codebook
from ..label_studio.rooms import guidelines_html
from ..pages.elements import Html, element
from ..pages.template import render_page
from . import TEMPLATES

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_PLAIN = "#b3b3b3"  # a label without a colour of its own
Result = Mapping[str, Any]


def interface_page(
    codebook: Codebook, task_pass: str, data: Mapping[str, Any], suggested: Sequence[Result] = (), note: str = ""
) -> str:
    """The page.

    Args:
        data: of a task (see task.schema.json). suggested: results of its interface, shown as marks.
        note: a sentence on what is shown, below the title.
    """
    root = ElementTree.fromstring(interface_xml(codebook, task_pass))
    drawn = _Drawn(data, suggested)
    body = drawn.element(root)
    title = codebook.pass_named(task_pass).title
    return render_page(
        TEMPLATES,
        "interface",
        {"regions": drawn.regions},
        more_style="\n".join(drawn.styles),
        title=title,
        task_pass=task_pass,
        version=codebook.version,
        doc_id=data["doc_id"],
        note=note,
        n_suggested=len(drawn.regions),
        interface=body,
        guidelines=guidelines_html(guidelines_markdown(codebook)),
    )


class _Drawn:
    """One interface in the making.

    Attributes:
        styles: rules beside the page's own: the interface's style sheet and the labels' colours.
        regions: what is suggested, by region: control -> values.
    """

    def __init__(self, data: Mapping[str, Any], suggested: Sequence[Result]) -> None:
        self.data = data
        self.styles: list[str] = []
        self.regions: dict[str, dict[str, list[str]]] = {}
        self.marks: dict[str, tuple[int, int, str]] = {}
        self._labels: dict[str, tuple[str, str]] = {}
        for result in suggested:
            value = result["value"]
            said = [*value.get("labels", ()), *value.get("choices", ())]
            self.regions.setdefault(result["id"], {})[result["from_name"]] = said
            if "labels" in value:
                self.marks[result["id"]] = (value["start"], value["end"], value["labels"][0])

    def element(self, node: ElementTree.Element) -> Html:
        """An element of the interface, as the front end draws it."""
        if node.tag == "Style":
            self.styles.append(node.text or "")
            return Html("")
        draw = {
            "Labels": self._bar,
            "Header": self._header,
            "Choices": self._choices,
            "TextArea": self._text_area,
            "Text": self._text,
        }.get(node.tag, self._view)
        return draw(node)

    def _view(self, node: ElementTree.Element) -> Html:
        given: dict[str, object] = {"class": node.get("className", "")}
        if node.get("visibleWhen"):
            given |= {"data-when": node.get("visibleWhen")}
            given |= {"data-of": node.get("whenTagName", ""), "data-values": node.get("whenChoiceValue", "")}
        return element("div", [self.element(child) for child in node], attributes=given)

    def _header(self, node: ElementTree.Element) -> Html:
        return element("h4", node.get("value", ""))

    def _bar(self, node: ElementTree.Element) -> Html:
        buttons = []
        for number, label in enumerate(node):
            color, name = label.get("background", ""), f"label-{number}"
            self.styles.append(f".{name} {{ --color: {color if _COLOR.fullmatch(color) else _PLAIN}; }}")
            shown = label.get("value", "")
            alias = label.get("alias", shown)
            self._labels[alias] = (name, shown)
            given = {"class": f"lsf-label {name}", "type": "button", "data-label": alias, "data-shown": shown}
            hint = _hint(label.get("hotkey"))
            buttons.append(element("button", shown, hint, attributes=given | _key(label.get("hotkey"))))
        return element("div", buttons, attributes={"class": "lsf-labels", "data-control": node.get("name", "")})

    def _choices(self, node: ElementTree.Element) -> Html:
        name, source = node.get("name", ""), node.get("value", "")
        offered: Iterable[Mapping[str, str]] = (
            self.data.get(source[1:], ()) if source.startswith("$") else [choice.attrib for choice in node]
        )
        kind = "radio" if node.get("choice") == "single-radio" else "checkbox"
        drawn = []
        for choice in offered:
            shown, hotkey = choice["value"], choice.get("hotkey")
            alias = choice.get("alias") or shown
            given = {"type": kind, "name": name, "value": alias, "data-shown": shown} | _key(hotkey)
            box = element("span", Html(_void("input", given)), attributes={"class": f"ant-{kind}"})
            label = element("label", box, element("span", shown, _hint(hotkey)), attributes={"class": _CHOICE})
            drawn.append(element("div", label, attributes={"class": "lsf-choice"}))
        about = {"class": "lsf-choices", "data-control": name, "title": node.get("requiredMessage", "")}
        about |= {"data-of-span": "yes"} if node.get("perRegion") else {}
        about |= {"data-single": "yes"} if node.get("choice") == "single" else {}
        return element("div", drawn, attributes=about)

    def _text_area(self, node: ElementTree.Element) -> Html:
        words = node.get("placeholder", "")
        given = {"class": "ant-input", "type": "text", "placeholder": words, "aria-label": words}
        about = {"class": "lsf-text-area"} | ({"data-of-span": "yes"} if node.get("perRegion") else {})
        return element("div", Html(_void("input", given)), attributes=about)

    def _text(self, node: ElementTree.Element) -> Html:
        words = str(self.data.get(node.get("value", "")[1:], ""))
        marks = sorted((start, end, region) for region, (start, end, _) in self.marks.items())
        if node.get("name") != "text":
            marks = []
        lines, start = [], 0
        for line in words.split("\n"):
            held = [mark for mark in marks if start <= mark[0] and mark[1] <= start + len(line)]
            drawn = list(self._marked(line, start, held)) or [Html("<br>")]
            lines.append(element("div", drawn, attributes={"class": "lsf-richtext__line", "dir": "auto"}))
            start += len(line) + 1
        about = {"class": "lsf-htx-richtext lsf-richtext__container", "data-text": node.get("name", "")}
        about |= {"data-granularity": node.get("granularity", "symbol")}
        return element("div", lines, attributes=about)

    def _marked(self, line: str, offset: int, marks: Sequence[tuple[int, int, str]]) -> Iterable[str]:
        """The parts of a line; marks that overlap an earlier one are left out."""
        at = 0
        for start, end, region in marks:
            if start - offset < at:
                continue
            if start - offset > at:
                yield line[at : start - offset]
            alias = self.marks[region][2]
            name, shown = self._labels.get(alias, ("", alias))
            given = {"class": f"region {name}", "data-region": region, "data-label": alias, "data-shown": shown}
            yield element("mark", line[start - offset : end - offset], attributes=given)
            at = end - offset
        if line[at:]:
            yield line[at:]


_CHOICE = "lsf-choice__checkbox"


def _void(tag: str, attributes: Mapping[str, object]) -> str:
    return element(tag, attributes=attributes).removesuffix(f"</{tag}>")


def _key(hotkey: str | None) -> dict[str, str]:
    return {"data-key": hotkey} if hotkey else {}


def _hint(hotkey: str | None) -> Html:
    return element("sup", hotkey, attributes={"class": "lsf-hint"}) if hotkey else Html("")
