"""What a provider proposes, checked and made into suggestions: nothing of it is believed.

A proposal speaks the words of the labelling interface (`from_name`, `type`, `value`), as providers for Label Studio do.
Each region must stand on words of the task that it names rightly, bear one label that the interface has, and choose
what the task offers. What does not is left out and told, with the reason; ids, scores and all else that came along are
dropped: a suggestion's id is made of who suggests it and where, so that the same one is never sent twice.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..codebook.interface import interface_xml
from ..codebook.model import Codebook
from ..tables import row_id
from ..text.view import Piece, View

MAX_WORDS = 200  # code points of a text that is typed, e.g. the name of a holder
Result = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """A task before a provider: its text (the task view), the map of the view, and what the task offers to choose."""

    doc_id: str
    text: str
    view: View
    offered: Mapping[str, Sequence[Mapping[str, str]]]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Asked:
        """From a task's data (see task.schema.json)."""
        pieces = tuple(Piece(*piece) for piece in data["view"])
        offered = {name: data[name] for name in ("entities", "holders", "vias") if name in data}
        return cls(data["doc_id"], data["text"], View(pieces, pieces[-1].view_end if pieces else 0), offered)


@dataclass(frozen=True)
class Answer:
    """What was proposed for one task: by whom (`provider/model-version`), and the results, unchecked or `checked`."""

    version: str
    results: Sequence[Any]
    checked: bool = False


@dataclass(frozen=True)
class Control:
    """A control of the interface: its values by each spelling, or the list of the task that it offers (`source`)."""

    name: str
    kind: str
    of_span: bool
    is_multiple: bool
    values: Mapping[str, str]
    source: str = ""


@dataclass
class Checked:
    """The suggestions for a task, and why some were left out."""

    results: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    @property
    def n_regions(self) -> int:
        """How many regions (or answers on the whole document) are suggested."""
        return len({result["id"] for result in self.results})


def read_controls(codebook: Codebook, task_pass: str) -> dict[str, Control]:
    """The controls of a pass's interface, by name. Names, ids and older spellings of a value are all read."""
    older = {was: now.id for now in (*codebook.mention_labels, *codebook.targets) for was in now.aliases}
    found = {}
    for node in ElementTree.fromstring(interface_xml(codebook, task_pass)).iter():
        if node.tag not in ("Labels", "Choices", "TextArea"):
            continue
        source = node.get("value", "")
        ids = {child.get("value", ""): child.get("alias", child.get("value", "")) for child in node}
        values = {id_: id_ for id_ in ids.values()}
        values = {was: now for was, now in older.items() if now in values} | ids | values
        found[node.get("name", "")] = Control(
            name=node.get("name", ""),
            kind=node.tag.lower(),
            of_span=node.tag == "Labels" or node.get("perRegion") == "true",
            is_multiple=node.get("choice") == "multiple",
            values=values,
            source=source[1:] if source.startswith("$") else "",
        )
    return found


def check_answer(asked: Asked, answer: Answer, controls: Mapping[str, Control]) -> Checked:
    """An answer's suggestions, as the interface takes them; no two alike."""
    checked, seen = Checked(), set()
    if answer.checked:
        return Checked([dict(result) for result in answer.results])
    for group in _groups(answer.results):
        made = _check_group(asked, group, controls, checked.reasons)
        key = repr(made)
        if not made or key in seen:
            continue
        seen.add(key)
        region = row_id("suggestion", answer.version, asked.doc_id, key)[:10]
        about = {"id": region, "to_name": "text", "meta": {"suggested_by": answer.version}}
        checked.results += [{**about, **result} for result in made]
    return checked


def _groups(results: Sequence[Any]) -> Iterable[list[Result]]:
    """Results with one id are one region; a result without an id stands alone."""
    groups: dict[Any, list[Result]] = {}
    for number, result in enumerate(results):
        name = result.get("id")
        groups.setdefault(number if not isinstance(name, str) else name, []).append(result)
    return groups.values()


def _check_group(
    asked: Asked, group: Sequence[Result], controls: Mapping[str, Control], reasons: list[str]
) -> list[dict[str, Any]]:
    """The results of one region as they are to be sent; empty where the region is left out."""
    placed = [result["value"] for result in group if "start" in result["value"] or "end" in result["value"]]
    place: dict[str, Any] = {}
    if placed:
        span = _check_place(asked.text, asked.view, placed)
        if isinstance(span, str):
            reasons.append(span)
            return []
        place = {"start": span[0], "end": span[1]}
    made, has_label = [], False
    for result in group:
        control = controls.get(result["from_name"])
        said = _check_values(asked, result, control, bool(placed))
        if isinstance(said, str):
            reasons.append(said)
            if control is None or control.kind == "labels":
                return []
            continue
        assert control is not None
        has_label |= control.kind == "labels"
        value = {**(place if control.of_span else {}), _KEYS[control.kind]: said}
        made.append({"from_name": control.name, "type": control.kind, "value": value})
    if placed and not has_label:
        reasons += ["a span without a label"] if made else []
        return []
    return sorted(made, key=lambda result: (result["type"] != "labels", result["from_name"]))


_KEYS = {"labels": "labels", "choices": "choices", "textarea": "text"}


def _check_place(text: str, view: View, placed: Sequence[Mapping[str, Any]]) -> tuple[int, int] | str:
    """The span that all values of a region name, without white space at its edges; or what is wrong with it."""
    spans = {(value.get("start"), value.get("end")) for value in placed}
    if len(spans) > 1:
        return "the results of one region stand at different places"
    start, end = placed[0].get("start"), placed[0].get("end")
    if not (_is_offset(start) and _is_offset(end)):
        return "a span whose offsets are no whole numbers"
    start, end = int(start or 0), int(end or 0)
    if not 0 <= start < end <= len(text):
        return f"a span outside the task's text (it has {len(text)} code points), or empty"
    words = text[start:end]
    said = next((value["text"] for value in placed if isinstance(value.get("text"), str)), None)
    if said is not None and said.split() != words.split():
        return f"other words than it names: {_short(said)} is said to stand where {_short(words)} stands"
    start += len(words) - len(words.lstrip())
    end -= len(words) - len(words.rstrip())
    if start >= end:
        return "a span of white space"
    found = view.to_text(start, end)
    return f"a span that {found}" if isinstance(found, str) else (start, end)


def _is_offset(value: Any) -> bool:
    if isinstance(value, float):  # JSON knows one kind of number
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _check_values(asked: Asked, result: Result, control: Control | None, is_span: bool) -> list[str] | str:
    """What a result says, in the interface's own spelling; or what is wrong with it."""
    if control is None:
        return f"the interface has no control {_short(result['from_name'])}"
    if result["type"] != control.kind:
        return f"{control.name} is of the type {control.kind}, not {_short(result['type'])}"
    if control.of_span != is_span:
        return f"{control.name} speaks of {'a span' if control.of_span else 'the whole document'}"
    given = result["value"].get(_KEYS[control.kind])
    said = given if isinstance(given, list) else [given]
    if not said or not all(isinstance(item, str) for item in said):
        return f"{control.name} without words"
    if control.kind == "textarea":
        folded = [" ".join(item.split()) for item in said]
        if any(not item or len(item) > MAX_WORDS or not item.isprintable() for item in folded):
            return f"{control.name}: words that are empty, too long or not printable"
        return folded
    known = dict(control.values)
    if control.source:
        listed = asked.offered.get(control.source, ())
        known = {item["value"]: item["alias"] for item in listed} | {item["alias"]: item["alias"] for item in listed}
    unknown = [item for item in said if item not in known]
    if unknown:
        return f"{control.name}: {_short(unknown[0])} is not {'offered' if control.source else 'in the codebook'}"
    values = list(dict.fromkeys(known[item] for item in said))
    if len(values) > 1 and not control.is_multiple:
        return f"{control.name}: more than one value"
    return values


def _short(text: str) -> str:
    """Foreign words as a message shows them: short, and nothing that a terminal would act on."""
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
