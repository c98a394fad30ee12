"""What a JSON Schema cannot say of a codebook: ids are unique, what is referred to exists, hotkeys do not collide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .conform import Findings, did_you_mean
from .offers import ENTITY_KEYS, HOLDER_KEYS, RESERVED_IDS, VIA_KEYS
from .yaml_lines import Place

CHOICE_LISTS = (
    "mention_labels",
    "mention_kinds",
    "targets",
    "stances",
    "document_stances",
    "attributions",
    "holder_types",
    "via_types",
    "flags",
)
# Columns and rules of the tool rest on these: p_favor, holder_type = "author", kind = "nominal", ...
EXACTLY = {
    "mention_kinds": ("name", "nominal"),
    "stances": ("favor", "against", "neutral"),
    "document_stances": ("favor", "against", "neutral", "none"),
    "attributions": ("author", "direct_quote", "indirect_quote", "reported"),
    "holder_types": ("author", "entity", "unnamed", "other"),
    "via_types": ("none", "entity", "unnamed", "other"),
}
INTERFACES = {
    "entities": (("mention_labels", "mention_kinds", "flags"), ENTITY_KEYS),
    "stances": (("targets", "stances", "attributions", "flags"), HOLDER_KEYS + VIA_KEYS),
}


def check_meaning(findings: Findings) -> None:
    """Note the problems of a codebook that conforms to its schema."""
    value: dict[str, Any] = findings.file.value
    _check_ids(value, findings)
    _check_vocabularies(value, findings)
    _check_targets(value, findings)
    _check_entities(value, findings)
    _check_passes(value, findings)
    _check_hotkeys(value, findings)
    _check_examples(value, findings)
    if "walkthrough" in value:
        _check_walkthrough(value, findings)


def _ids(value: dict[str, Any], name: str) -> list[str]:
    return [item["id"] for item in value[name]]


def _check_ids(value: dict[str, Any], findings: Findings) -> None:
    for name in CHOICE_LISTS:
        seen: dict[str, Place] = {}
        for index, item in enumerate(value[name]):
            spellings = [(item["id"], ("id",)), *((a, ("aliases", i)) for i, a in enumerate(item.get("aliases", ())))]
            for spelling, rest in spellings:
                _once(findings, seen, spelling, (name, index, *rest), "id")


def _once(findings: Findings, seen: dict[str, Place], spelling: str, place: Place, what: str) -> None:
    if spelling in seen:
        message = f"the {what} {spelling!r} stands already on {findings.at(seen[spelling])}"
        findings.add("codebook-duplicate", 2, place, message)
    else:
        seen[spelling] = place


def _check_vocabularies(value: dict[str, Any], findings: Findings) -> None:
    for name, needed in EXACTLY.items():
        found = _ids(value, name)
        unknown = [(index, item) for index, item in enumerate(found) if item not in needed]
        for index, item in unknown:
            message = f"{item!r} is not one of the tool's own{did_you_mean(item, needed)}"
            findings.add("codebook-vocabulary", 2, (name, index, "id"), message)
        for item in needed:
            if item not in found and not unknown:  # else it is likely the misspelt one
                findings.add("codebook-vocabulary", 2, (name,), f"{item!r} is missing; the tables' columns rest on it")


def _check_targets(value: dict[str, Any], findings: Findings) -> None:
    bases = [item["id"] for item in value["targets"] if "inverse_of" not in item]
    for index, item in enumerate(value["targets"]):
        base = item.get("inverse_of")
        if base is None or base in bases:
            continue
        if base in _ids(value, "targets"):
            message = f"{base!r} is itself a mirror; name the target that both go back to"
        else:
            message = f"{base!r} is not a target{did_you_mean(base, bases)}"
        findings.add("codebook-reference", 2, ("targets", index, "inverse_of"), message)


def _check_entities(value: dict[str, Any], findings: Findings) -> None:
    labels = _ids(value, "mention_labels")
    ids: dict[str, Place] = {}
    names: dict[str, Place] = {}
    for index, item in enumerate(value.get("entities", ())):
        place: Place = ("entities", index)
        _once(findings, ids, item["entity_id"], (*place, "entity_id"), "entity_id")
        if item["entity_id"] in RESERVED_IDS:
            message = f"{item['entity_id']!r} is a holder of every document; choose another id"
            findings.add("codebook-duplicate", 2, (*place, "entity_id"), message)
        if item["label"] not in labels:
            message = f"{item['label']!r} is not a mention label{did_you_mean(item['label'], labels)}"
            findings.add("codebook-reference", 2, (*place, "label"), message)
        _once(findings, names, item["name"], (*place, "name"), "name")
        for number, alias in enumerate(item.get("aliases", ())):
            _once(findings, names, alias, (*place, "aliases", number), "name")


def _check_passes(value: dict[str, Any], findings: Findings) -> None:
    seen: dict[str, Place] = {}
    for index, item in enumerate(value["passes"]):
        _once(findings, seen, item["name"], ("passes", index, "name"), "pass")
    for name in INTERFACES:
        if name not in seen:
            findings.add("codebook-vocabulary", 2, ("passes",), f"the pass {name!r} is missing")


def _check_hotkeys(value: dict[str, Any], findings: Findings) -> None:
    for title, (lists, offered) in INTERFACES.items():
        seen: dict[str, Place] = {}
        for name in lists:
            for index, item in enumerate(value[name]):
                key = item.get("hotkey")
                if key is None:
                    continue
                place: Place = (name, index, "hotkey")
                if key in offered and (name, item["id"]) != ("attributions", "author"):  # one key says author twice
                    message = f"{key!r} chooses from the document's list in the pass {title!r}; choose another key"
                    findings.add("codebook-hotkey", 2, place, message)
                elif key in seen:
                    where = findings.at(seen[key])
                    message = f"{key!r} is taken on {where}, in the same pass {title!r}; choose another key"
                    findings.add("codebook-hotkey", 2, place, message)
                else:
                    seen[key] = place


def _all_examples(value: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    for name in CHOICE_LISTS:
        for index, item in enumerate(value[name]):
            for kind in ("examples", "counter_examples", "borderline"):
                for number, example in enumerate(item.get(kind, ())):
                    yield (name, index, kind, number, "text"), example["text"]


def _check_examples(value: dict[str, Any], findings: Findings) -> None:
    for place, text in _all_examples(value):
        if re.search(r"[\[\]]", re.sub(r"\[[^\[\]]+\]", "", text)):
            findings.add("codebook-example", 2, place, "the square brackets around the marked words do not match")


def _check_walkthrough(value: dict[str, Any], findings: Findings) -> None:
    walk: dict[str, Any] = value["walkthrough"]
    paragraphs = [" ".join(text.split()) for text in walk["paragraphs"]]
    known = {
        "label": _ids(value, "mention_labels"),
        "kind": _ids(value, "mention_kinds"),
        "target": _ids(value, "targets"),
        "stance": _ids(value, "stances"),
        "attribution": _ids(value, "attributions"),
    }
    for name in ("mentions", "stances"):
        for index, item in enumerate(walk[name]):
            place: Place = ("walkthrough", name, index)
            words = " ".join(item["text"].split())
            if not any(words in paragraph for paragraph in paragraphs):
                findings.add("codebook-example", 2, (*place, "text"), f"{words!r} does not stand in the paragraphs")
            for key, ids in known.items():
                if key in item and item[key] not in ids:
                    message = f"{item[key]!r} is not known{did_you_mean(item[key], ids)}"
                    findings.add("codebook-reference", 2, (*place, key), message)
    asked = [item["id"] for item in value["targets"] if item.get("document", "inverse_of" not in item)]
    answered = [item["target"] for item in walk["documents"]]
    for index, item in enumerate(walk["documents"]):
        if item["target"] not in asked:
            message = f"{item['target']!r} is not asked of documents{did_you_mean(item['target'], asked)}"
            findings.add("codebook-reference", 2, ("walkthrough", "documents", index, "target"), message)
        if item["stance"] not in _ids(value, "document_stances"):
            message = f"{item['stance']!r} is not known{did_you_mean(item['stance'], _ids(value, 'document_stances'))}"
            findings.add("codebook-reference", 2, ("walkthrough", "documents", index, "stance"), message)
    for target in asked:
        if target not in answered:
            message = f"the target {target!r} is not answered"
            findings.add("codebook-reference", 2, ("walkthrough", "documents"), message)
