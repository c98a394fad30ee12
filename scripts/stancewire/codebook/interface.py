"""The codebook → the two labelling interfaces.

What shapes them, each learnt from a real browser:
- every choice has a key of its own, rare ones an unreachable one, since the front end hands out arbitrary keys else;
- nothing is preselected (a preselected choice of a span leaves a stray answer without a span);
- `required` holds also while a control is hidden, so nothing that is hidden at times is required;
- one control per target instead of a repeater, whose answers do not survive an import;
- choices with several values that come from the task store aliases, which are entity ids.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable

from .interface_style import ENTITY_STYLE, STANCE_STYLE
from .model import Choice, Codebook
from .offers import AUTHOR, OTHER, unreachable_keys

MADE_BY = "Made from schema/codebook.yaml by: stancewire codebook build. Edit that file, not this one."


def interface_xml(codebook: Codebook, task_pass: str) -> str:
    """The labelling interface of one pass (`entities` or `stances`) as XML."""
    root = {"entities": _entities, "stances": _stances}[task_pass](codebook)
    ElementTree.indent(root)
    return f"<!-- {MADE_BY} -->\n{ElementTree.tostring(root, encoding='unicode')}\n"


def _entities(codebook: Codebook) -> ElementTree.Element:
    keys = iter(unreachable_keys())
    root = _root(ENTITY_STYLE)
    _bar(root, "mention", codebook.mention_labels, keys)
    side = _columns(root, word_by_word=False)
    span = _view(side, "span")
    _hint(span, "Press a key of the bar, then drag over a name. Click a mark to see its kind, and who or what it is.")
    selected = _view(span, visibleWhen="region-selected")
    _header(selected, "A key of the bar changes this mark; for the next one, Esc first.")
    kind = _choices(selected, "kind", "single-radio", perRegion="true")
    _add_choices(kind, codebook.mention_kinds, keys)
    _header(selected, "Who or what it is (nothing chosen: found by its words)")
    _choices(_view(selected, "names"), "entity", "single", perRegion="true", value="$entities")
    _header(selected, "Not in the list? Its full name:")
    _text_area(selected, "entity_name", "then Enter", perRegion="true")
    _document_end(_view(side, "doc"), codebook, keys)
    return root


def _stances(codebook: Codebook) -> ElementTree.Element:
    keys = iter(unreachable_keys())
    root = _root(STANCE_STYLE)
    _bar(root, "target", codebook.targets, keys)
    side = _columns(root, word_by_word=True)
    span = _view(side, "span")
    _hint(
        span,
        "Press a target's key, then drag over the words that show a stance; then stance, whose words, holder. "
        "Below, answer for the article as a whole.",
    )
    selected = _view(span, visibleWhen="region-selected")
    _header(selected, "A target's key changes this span; for the next one, Esc first.")
    stance = _choices(selected, "stance", "single-radio", "A span needs a stance: favor, against or neutral")
    stance.set("perRegion", "true")
    _add_choices(stance, codebook.stances, keys)
    _header(selected, "Whose words")
    attribution = _choices(selected, "attribution", "single-radio", "A span needs an attribution: whose words it is")
    attribution.set("perRegion", "true")
    _add_choices(attribution, codebook.attributions, keys)
    who = _view(selected, "who")
    left = _view(who)
    _header(left, "Holder(s): who has it")
    holders = _choices(_view(left, "names holders"), "holder", "multiple", "A span needs a holder: who has the stance")
    holders.attrib |= {"perRegion": "true", "value": "$holders"}
    _text_area(_shown_when(left, "holder", (OTHER,)), "holder_text", "Name, then Enter", perRegion="true")
    relayed = [choice.name for choice in codebook.attributions if choice.id != AUTHOR]
    right = _shown_when(who, "attribution", relayed)
    _header(right, "Via: who reports it (Shift)")
    _choices(_view(right, "names via"), "via", "single", perRegion="true", value="$vias")
    _text_area(_shown_when(right, "via", (OTHER,)), "via_text", "Name, then Enter", perRegion="true")
    _text_area(selected, "span_comment", "Comment, or the other target's name; then Enter", perRegion="true")
    document = _view(side, "doc")
    _answer_grid(document, codebook, keys)
    _document_end(document, codebook, keys)
    return root


def _answer_grid(document: ElementTree.Element, codebook: Codebook, keys: Iterable[str]) -> None:
    """A row for each target, a column for each stance: the words of the choices stand once, above them."""
    head = _view(document, "row head")
    _header(head, "The article's own voice on")
    cells = _view(head, "cells")
    for choice in codebook.document_stances:
        _header(cells, choice.name)
    for target in codebook.document_targets:
        row = _view(document, f"row row-{target.id}")
        _header(row, target.name)
        answers = _choices(row, f"doc__{target.id}", "single-radio", f"The article needs an answer: {target.name}")
        _add_choices(answers, codebook.document_stances, keys, own_keys=False)


def _root(style: str) -> ElementTree.Element:
    root = ElementTree.Element("View", className="stancewire")
    ElementTree.SubElement(root, "Style").text = style
    return root


def _view(parent: ElementTree.Element, class_name: str | None = None, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, "View", ({"className": class_name} if class_name else {}) | attributes)


def _shown_when(parent: ElementTree.Element, control: str, values: Iterable[str]) -> ElementTree.Element:
    return _view(parent, visibleWhen="choice-selected", whenTagName=control, whenChoiceValue=",".join(values))


def _bar(root: ElementTree.Element, name: str, choices: Iterable[Choice], keys: Iterable[str]) -> None:
    labels = ElementTree.SubElement(_view(root, "top"), "Labels", name=name, toName="text", showInline="true")
    rare = iter(keys)
    for choice in choices:
        attributes = {"value": choice.name} | ({} if choice.id == choice.name else {"alias": choice.id})
        attributes["hotkey"] = choice.hotkey or next(rare)
        if choice.color:
            attributes["background"] = choice.color
        ElementTree.SubElement(labels, "Label", attributes)


def _columns(root: ElementTree.Element, word_by_word: bool) -> ElementTree.Element:
    """The article and, returned, the panel beside it."""
    columns = _view(root, "cols")
    article = _view(columns, "article")
    ElementTree.SubElement(_view(article, "meta"), "Text", name="meta", value="$meta_line")
    text = {"name": "text", "value": "$text"} | ({"granularity": "word"} if word_by_word else {})
    ElementTree.SubElement(_view(article, "body"), "Text", text)
    return _view(columns, "side")


def _header(parent: ElementTree.Element, words: str) -> None:
    ElementTree.SubElement(parent, "Header", value=words, size="6")


def _hint(parent: ElementTree.Element, words: str) -> None:
    _header(_view(parent, "hint", visibleWhen="no-region-selected"), words)


def _choices(
    parent: ElementTree.Element, name: str, choice: str, required: str | None = None, **attributes: str
) -> ElementTree.Element:
    given = {"name": name, "toName": "text", "choice": choice, "showInline": "true"} | attributes
    if required:
        given |= {"required": "true", "requiredMessage": required}
    return ElementTree.SubElement(parent, "Choices", given)


def _add_choices(
    parent: ElementTree.Element, choices: Iterable[Choice], keys: Iterable[str], own_keys: bool = True
) -> None:
    rare = iter(keys)
    for choice in choices:
        attributes = {"value": choice.name} | ({} if choice.id == choice.name else {"alias": choice.id})
        attributes["hotkey"] = (choice.hotkey if own_keys else None) or next(rare)
        ElementTree.SubElement(parent, "Choice", attributes)


def _text_area(parent: ElementTree.Element, name: str, placeholder: str, **attributes: str) -> None:
    given = {
        "name": name,
        "toName": "text",
        "rows": "1",
        "maxSubmissions": "1",
        "showSubmitButton": "false",
        "placeholder": placeholder,
    }
    ElementTree.SubElement(parent, "TextArea", given | attributes)


def _document_end(parent: ElementTree.Element, codebook: Codebook, keys: Iterable[str]) -> None:
    flags = _choices(_view(parent, "flags"), "flag", "multiple")
    _add_choices(flags, codebook.flags, keys)
    _text_area(parent, "comment", "Comment on the article (saved with Submit)")
