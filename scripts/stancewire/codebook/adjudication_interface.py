"""The codebook → the interface in which an adjudicator settles what annotators differ about.

One task is one thing judged. Above the passage its versions stand side by side; at the right each field has a control,
filled in where the annotators agree. Which fields a task shows, and which of them are open, is said by two hidden
controls that are filled in beforehand (`shown`, `open`): the front end has no other way to let a task's data show or
hide a control, and what is hidden in this way is not required either (of controls for the whole task; measured).
Leaving a thing out (`exists`) hides all else.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from .interface_style import ADJUDICATION_STYLE, VERSION_COLORS
from .model import Codebook
from .offers import OTHER, unreachable_keys

SPAN_FIELDS = ("boundary", "label", "kind", "entity_id", "stance", "holder", "via", "attribution")
FIELDS = ("exists", *SPAN_FIELDS, "document_stance")
"""The fields of all layers, in the order in which they are asked; `document_stance` is the one of that layer."""

OTHER_SPAN = "marked"  # of `boundary`: the words that the adjudicator marks in the passage
LEFT_OUT, KEPT = "drop", "keep"
OWN_COLOR = "#ffbf00"

_ASKS = {
    "boundary": "Which words?",
    "label": "Label",
    "kind": "Kind",
    "entity_id": "Who or what it is",
    "stance": "Stance",
    "holder": "Holder: who has it",
    "via": "Via: who reports it",
    "attribution": "Whose words",
}


def adjudication_xml(codebook: Codebook) -> str:
    """The interface as XML; made anew at each push, since no file of the project needs it."""
    keys = iter(unreachable_keys() + unreachable_keys("ctrl+alt+meta"))
    root = ElementTree.Element("View", className="stancewire adjudication")
    ElementTree.SubElement(root, "Style").text = ADJUDICATION_STYLE
    columns = _view(root, "cols")
    left = _view(columns, "left")
    ElementTree.SubElement(_view(left, "versions"), "HyperText", name="versions", value="$versions", inline="true")
    article = _view(left, "article")
    bar = ElementTree.SubElement(
        _shown(_view(article, "top"), "shown", "boundary"), "Labels", name="span", toName="text", showInline="true"
    )
    for number, color in enumerate(VERSION_COLORS):
        ElementTree.SubElement(bar, "Label", value=version_label(number), background=color, hotkey=next(keys))
    ElementTree.SubElement(bar, "Label", value="Other words", alias=OTHER_SPAN, background=OWN_COLOR, hotkey="0")
    ElementTree.SubElement(_view(article, "body"), "Text", name="text", value="$text")
    side = _view(columns, "side")
    flags = _view(side, "flags-of-fields")
    for name in ("shown", "open"):
        control = _choices(flags, name, "multiple")
        for field in FIELDS:
            ElementTree.SubElement(control, "Choice", value=field, hotkey=next(keys))
    _header(side, "What was agreed is filled in; decide what is marked open, with the key before each choice.", "hint")
    fields = _view(side, "fields")
    _exists(fields, keys)
    for field in SPAN_FIELDS:
        _span_field(fields, field, codebook)
    _document_stance(fields)
    reason = _view(side, "reason")
    _header(reason, "Why? Name the rule of the guidelines.")
    _text(reason, "reason", "A sentence or two; then click Submit", "3", "Write why you decided so")
    return ElementTree.tostring(root, encoding="unicode")


def version_label(number: int) -> str:
    """The neutral name of a version: A, B, ... Z, then 27, 28, ..."""
    return chr(ord("A") + number) if number < 26 else str(number + 1)


def _exists(parent: ElementTree.Element, keys: object) -> None:
    box = _shown(_view(parent, "field field-exists"), "shown", "exists")
    _title(box, "exists", "Does it belong in the data?")
    control = _choices(box, "exists", "single-radio", "Decide whether it belongs in the data")
    control.set("value", "$exists")


def _span_field(parent: ElementTree.Element, field: str, codebook: Codebook) -> None:
    outer = _shown(_view(parent, f"field field-{field}"), "shown", field)
    box = _shown(outer, "exists", KEPT)
    _title(box, field, _ASKS[field])
    # Hidden by either of two controls: the front end asks a required control and its parent, no further.
    holds = _view(box, "names", **_when("shown", field)) if field in ("entity_id", "holder", "via") else box
    control = _choices(holds, field, "single-radio", f"Still open: {_ASKS[field].rstrip('?')}")
    control.attrib |= {"value": f"${field}"} | _when("shown", field)
    if field in ("holder", "via"):
        inner = _shown(box, field, OTHER)
        _text(inner, f"{field}_text", "Who? As the article says it", "1", None)


def _document_stance(parent: ElementTree.Element) -> None:
    box = _shown(_view(parent, "field field-document_stance"), "shown", "document_stance")
    _title(box, "document_stance", "The article's own voice")
    control = _choices(box, "document_stance", "single-radio", "Still open: the article's own voice")
    control.set("value", "$document_stance")


def _title(parent: ElementTree.Element, field: str, words: str) -> None:
    row = _view(parent, "title")
    _header(row, words)
    _header(_shown(row, "open", field), "open", "open")


def _view(parent: ElementTree.Element, class_name: str | None = None, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, "View", ({"className": class_name} if class_name else {}) | attributes)


def _when(control: str, value: str) -> dict[str, str]:
    return {"visibleWhen": "choice-selected", "whenTagName": control, "whenChoiceValue": value}


def _shown(parent: ElementTree.Element, control: str, value: str) -> ElementTree.Element:
    return _view(parent, **_when(control, value))


def _header(parent: ElementTree.Element, words: str, class_name: str | None = None) -> None:
    ElementTree.SubElement(_view(parent, class_name) if class_name else parent, "Header", value=words, size="6")


def _choices(parent: ElementTree.Element, name: str, choice: str, required: str | None = None) -> ElementTree.Element:
    given = {"name": name, "toName": "text", "choice": choice, "showInline": "true"}
    if required:
        given |= {"required": "true", "requiredMessage": required}
    return ElementTree.SubElement(parent, "Choices", given)


def _text(parent: ElementTree.Element, name: str, placeholder: str, rows: str, required: str | None) -> None:
    given = {"name": name, "toName": "text", "rows": rows, "maxSubmissions": "1", "showSubmitButton": "false"}
    given["placeholder"] = placeholder
    if required:
        given |= {"required": "true", "requiredMessage": required}
    ElementTree.SubElement(parent, "TextArea", given)
