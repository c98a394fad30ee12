"""The mapping: which control of a foreign export is what of ours, and how its labels are spelt here.

    controls:                     # what each control of the export is
      ner: mention
      polarity: stance
      opinion: document_stance:us-japan-alliance
      mood: ignore                # left out, and counted
    labels:                       # spellings of the export, by what they are
      mention: {Pers: PERSON, Org: ORG}
      stance: {pro: favor}

A control without a line is what its name and its values say. A label without a line is that id, name or alias of the
codebook, whatever its case; any other is an error that offers the nearest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapidfuzz import process

from ..codebook.model import Choice, Codebook
from ..codebook.yaml_lines import YamlError, read_yaml
from ..errors import CodebookError, ExportError
from ..label_studio.foreign import CHOICES, LABELS, RELATION
from .inventory import Inventory

IGNORE, RELATIONS = "ignore", "relation"
DOCUMENT = "document_stance:"

# Our control by role. The left side is what a mapping says, the right side what a stored export holds.
SPAN_ROLES = {
    "mention": "mention",
    "kind": "kind",
    "entity": "entity",
    "entity_name": "entity_name",
    "target": "target",
    "stance": "stance",
    "attribution": "attribution",
    "holder": "holder",
    "holder_text": "holder_text",
    "via": "via",
    "via_text": "via_text",
    "comment": "span_comment",
}
TEXT_ROLES = {"flag": "flag", "document_comment": "comment"}
ENTITY_PASS = ("mention", "kind", "entity", "entity_name")
CLOSED = ("mention", "kind", "target", "stance", "attribution", "flag")


@dataclass
class LabelMapping:
    """A mapping file as it was read."""

    controls: dict[str, str] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)


def read_mapping(path: Path | None) -> LabelMapping:
    """The mapping in a YAML file; an empty one for None.

    Raises:
        CodebookError: it is missing, is not YAML, or names a role that does not exist.
    """
    if path is None:
        return LabelMapping()
    try:
        value = read_yaml(path).value
    except FileNotFoundError:
        raise CodebookError(f"{path}: there is no such mapping; make one with --write-mapping {path}") from None
    except YamlError as error:
        raise CodebookError(f"{path}:{error.line}: {error}") from None
    value = value or {}
    if not isinstance(value, dict) or set(value) - {"controls", "labels"}:
        raise CodebookError(f"{path}: a mapping has the keys controls and labels, and no other")
    found = LabelMapping(_strings(path, value.get("controls")), {})
    for role, spellings in (value.get("labels") or {}).items():
        found.labels[str(role)] = _strings(path, spellings)
    for name, role in found.controls.items():
        if role not in (*SPAN_ROLES, *TEXT_ROLES, IGNORE) and not role.startswith(DOCUMENT):
            known = [*SPAN_ROLES, *TEXT_ROLES, f"{DOCUMENT}<target>", IGNORE]
            raise CodebookError(f"{path}: control {name!r} cannot be {role!r}; known: {', '.join(known)}")
    return found


def _strings(path: Path, value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CodebookError(f"{path}: expected names with values, found {value!r}")
    return {str(key): str(item) for key, item in value.items()}


@dataclass(frozen=True)
class Unknown:
    """A label that the codebook does not know: its role, how it is spelt, how often, the nearest that it does know."""

    role: str
    label: str
    times: int
    nearest: str | None
    known: tuple[str, ...]

    def __str__(self) -> str:
        hint = f"; nearest is {self.nearest!r}" if self.nearest else f"; known: {', '.join(self.known[:20])}"
        return f"unknown {self.role} {self.label!r} ({self.times} times){hint}"


class Roles:
    """What each control is, and how each of its labels is called here.

    Args:
        codebook: whose labels count. inventory: what the export holds.
    """

    def __init__(self, codebook: Codebook, mapping: LabelMapping, inventory: Inventory) -> None:
        self.vocabularies = _vocabularies(codebook)
        self.labels = mapping.labels
        self.roles: dict[tuple[str, bool], str] = {}
        targets = {target.id for target in codebook.targets}
        for (name, of_spans), control in inventory.controls.items():
            role = mapping.controls.get(name) or guess_role(name, control.kind, of_spans, control.values)
            if of_spans and (role in TEXT_ROLES or role.startswith(DOCUMENT)):
                raise ExportError(f"control {name!r} marks spans, and cannot be {role!r}")
            if not of_spans and role in SPAN_ROLES:
                role = "document_comment" if role == "comment" else role
                if role in SPAN_ROLES:
                    raise ExportError(f"control {name!r} is about whole texts, and cannot be {role!r}; map it: flag, "
                                      f"document_comment, {DOCUMENT}<target> or {IGNORE}")  # fmt: skip
            if role.startswith(DOCUMENT) and role.removeprefix(DOCUMENT) not in targets:
                said = (
                    f"the codebook has no target {role.removeprefix(DOCUMENT)!r} (known: {', '.join(sorted(targets))})"
                )
                raise ExportError(f"control {name!r} is {role}, but {said}")
            self.roles[name, of_spans] = role
        self._known: dict[tuple[str, str], str | None] = {}

    def role(self, control: str, of_spans: bool) -> str:
        """What a control is."""
        return self.roles[control, of_spans]

    def read(self, role: str, label: str) -> str | None:
        """How a label is called in a stored export; None where nobody knows it."""
        key = (role, label)
        if key not in self._known:
            self._known[key] = self._read(role, label)
        return self._known[key]

    def _read(self, role: str, label: str) -> str | None:
        vocabulary = self.vocabularies.get("document_stance" if role.startswith(DOCUMENT) else role)
        if vocabulary is None:
            return label
        mapped = self.labels.get("document_stance" if role.startswith(DOCUMENT) else role, {}).get(label)
        if mapped is not None:
            return mapped if mapped in vocabulary else None
        if label in vocabulary:
            return label  # also an older spelling: judgements keep what was given
        folded = {spelling.casefold(): choice for spelling, choice in reversed(vocabulary.items())}
        return folded.get(label.casefold().strip())

    def unknown(self, inventory: Inventory) -> list[Unknown]:
        """Every label of the export that the codebook does not know, the most frequent first."""
        found = []
        for (name, of_spans), control in inventory.controls.items():
            role = self.role(name, of_spans)
            for label, times in control.values.items():
                if self.read(role, label) is None:
                    vocabulary = self.vocabularies["document_stance" if role.startswith(DOCUMENT) else role]
                    best = process.extractOne(label.casefold(), {i: i.casefold() for i in vocabulary}, score_cutoff=50)
                    found.append(Unknown(role, label, times, best[2] if best else None, tuple(vocabulary)))
        return sorted(found, key=lambda item: (-item.times, item.role, item.label))

    def passes(self, inventory: Inventory) -> tuple[str, ...]:
        """The passes that the export's controls belong to."""
        roles = {self.role(name, of_spans) for name, of_spans in inventory.controls}
        found = []
        if roles & set(ENTITY_PASS):
            found.append("entities")
        if roles - set(ENTITY_PASS) - {IGNORE, RELATIONS, "comment", *TEXT_ROLES} or not found:
            found.append("stances")
        return tuple(found)


def _vocabularies(codebook: Codebook) -> dict[str, dict[str, str]]:
    """Every spelling (id, alias, name) of each closed vocabulary with its id."""
    lists: dict[str, Iterable[Choice]] = {
        "mention": codebook.mention_labels,
        "kind": codebook.mention_kinds,
        "target": codebook.targets,
        "stance": codebook.stances,
        "document_stance": codebook.document_stances,
        "attribution": codebook.attributions,
        "flag": codebook.flags,
    }
    found = {}
    for role, choices in lists.items():
        listed = list(choices)
        spellings = {choice.id: choice.id for choice in listed}
        spellings |= {alias: choice.id for choice in listed for alias in choice.aliases if alias not in spellings}
        spellings |= {choice.name: choice.id for choice in listed if choice.name not in spellings}
        found[role] = spellings
    return found


def guess_role(name: str, kind: str, of_spans: bool, values: Mapping[str, int]) -> str:
    """What a control is by its name and values, where the mapping does not say.

    Our own names are what they are. Labels of spans are mentions. What else is chosen or written for a span becomes
    part of its comment, what is written for a text a comment on it; choices for a text are its flags.
    """
    if kind == RELATION:
        return RELATIONS
    if of_spans:
        if name in SPAN_ROLES or name == "span_comment":
            return "comment" if name == "span_comment" else name
        return "mention" if kind == LABELS else "comment"
    if name.startswith("doc__"):
        return DOCUMENT + name.removeprefix("doc__")
    if name == "flag" or kind in (CHOICES, LABELS):
        return "flag"
    return "document_comment"


def proposed_mapping(roles: Roles, inventory: Inventory) -> str:
    """A mapping file for this export: every control, and every label that is unknown with the nearest known one."""
    lines = ["# What each control of the export is: " + ", ".join((*SPAN_ROLES, *TEXT_ROLES)) + ",",
             f"# {DOCUMENT}<target> or {IGNORE}.", "controls:"]  # fmt: skip
    import json

    listed = [(n, r) for (n, _), r in sorted(roles.roles.items()) if r != RELATIONS]
    lines += [f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(role)}" for name, role in dict(listed).items()]
    lines += ["" if listed else "  {}", "# How the export's labels are called in this codebook.", "labels:"]
    by_role: dict[str, list[Unknown]] = {}
    for item in roles.unknown(inventory):
        role = "document_stance" if item.role.startswith(DOCUMENT) else item.role
        by_role.setdefault(role, []).append(item)
    for role, items in sorted(by_role.items()):
        lines.append(f"  {role}:")
        for item in items:
            to = json.dumps(item.nearest, ensure_ascii=False) if item.nearest else '"?"'
            lines.append(f"    {json.dumps(item.label, ensure_ascii=False)}: {to}  # {item.times} times")
    return "\n".join([*lines, "" if by_role else "  {}"]).rstrip() + "\n"
