"""Suggestions for the entity pass: known names found in the article. Always predictions, never annotations.

Names come from the codebook's entities and from earlier gold mentions. Within a document one surface has one label
throughout, and the last name of a person whose full name stands there is that person. The longest name wins; a name
must begin and end at a word's edge, without leading article and possessive ending.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..codebook.model import Codebook, Rules
from ..tables import row_id
from .tasks import GoldMention

PROVIDER = "names/1"
PERSON, NAME, NOMINAL = "PERSON", "name", "nominal"

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Known:
    """What a surface stands for: label, kind, and the entity where it is known."""

    label: str
    kind: str
    entity_id: str | None


@dataclass(frozen=True)
class Suggestion:
    """A suggested mention: half-open code points of the task view."""

    start: int
    end: int
    known: Known


class Recognizer:
    """Finds known names in texts.

    Args:
        codebook: its entities' names and aliases come first.
        earlier: gold mentions of any document; nominals and local entities count within their own document only.
    """

    def __init__(self, codebook: Codebook, earlier: Iterable[GoldMention] = ()) -> None:
        self._rules = codebook.rules
        self._labels = {label.id for label in codebook.mention_labels}
        self._everywhere: dict[str, Known] = {}
        self._within: dict[str, dict[str, Known]] = {}
        votes: dict[str, Counter[Known]] = {}
        local: dict[str, dict[str, Counter[Known]]] = {}
        for mention in earlier:
            surface = strip_edges(mention.text, self._rules)
            if surface:
                known = Known(mention.label, mention.kind, mention.entity_id)
                local.setdefault(mention.doc_id, {}).setdefault(surface, Counter())[known] += 1
                if mention.kind == NAME:
                    shared = known if "#" not in (mention.entity_id or "") else Known(mention.label, NAME, None)
                    votes.setdefault(surface, Counter())[shared] += 1
        self._everywhere |= {surface: _winner(found) for surface, found in votes.items()}
        for entity in codebook.entities:
            for name in (entity.name, *entity.aliases):
                # A name without a capital letter, in a script that has them, describes: "the treaty".
                kind = NOMINAL if name.islower() else NAME
                self._everywhere[name] = Known(entity.label, kind, entity.entity_id)
                if kind == NAME and len(name) > 3:  # headlines in capitals; "US" in capitals would be "us"
                    self._everywhere.setdefault(name.upper(), self._everywhere[name])
        self._within = {doc: {s: _winner(found) for s, found in surfaces.items()} for doc, surfaces in local.items()}

    def suggest(self, doc_id: str, text: str) -> list[Suggestion]:
        """The suggestions for one task view, in text order; none overlaps another."""
        names = self._everywhere | self._within.get(doc_id, {})
        names = {surface: known for surface, known in names.items() if known.label in self._labels}
        found = _find(text, names)
        full = {(text[s.start : s.end], s.known) for s in found if s.known.label == PERSON and s.known.kind == NAME}
        last: dict[str, set[Known]] = {}
        for surface, known in full:
            words = surface.split()
            if len(words) > 1:
                last.setdefault(words[-1], set()).add(known)
        unclear = {surface for surface, bearers in last.items() if len(bearers) > 1}
        last_names = {surface: min(bearers, key=repr) for surface, bearers in last.items() if surface not in unclear}
        if last_names:
            # Who is named in full here is meant by the last name here, whoever else bears it.
            found = _find(text, names | last_names)
        return found


def strip_edges(surface: str, rules: Rules) -> str:
    """A surface without its leading article, its possessive ending and white space."""
    surface = " ".join(surface.split())
    first, _, rest = surface.partition(" ")
    if rest and first.casefold() in {article.casefold() for article in rules.leading_articles}:
        surface = rest
    for ending in sorted(rules.possessives, key=len, reverse=True):
        if surface.endswith(ending) and len(surface) > len(ending):
            return surface[: -len(ending)]
    return surface


def _winner(votes: Counter[Known]) -> Known:
    """The most frequent meaning; of equally frequent ones always the same."""
    return min(votes, key=lambda known: (-votes[known], repr(known)))


def _find(text: str, names: Mapping[str, Known]) -> list[Suggestion]:
    by_first: dict[str, list[str]] = {}
    for surface in names:
        match = _WORD.match(surface)
        if match is not None:
            by_first.setdefault(match.group(), []).append(surface)
    for surfaces in by_first.values():
        surfaces.sort(key=lambda surface: (-len(surface), surface))
    found, free = [], 0
    for word in _WORD.finditer(text):
        if word.start() < free:
            continue
        for surface in by_first.get(word.group(), ()):
            end = _match(text, word.start(), surface)
            if end is not None:
                found.append(Suggestion(word.start(), end, names[surface]))
                free = end
                break
    return found


def _match(text: str, start: int, surface: str) -> int | None:
    """Where `surface` ends if it stands at `start` and ends at a word's edge; one space may be one line break."""
    end = start + len(surface)
    there = text[start:end]
    if there != surface and there.replace("\n", " ") != surface:
        return None
    return None if surface[-1:].isalnum() and text[end : end + 1].isalnum() else end


def prediction_results(doc_id: str, suggestions: Sequence[Suggestion], offered: Iterable[str]) -> list[dict[str, Any]]:
    """The suggestions as results of the entity interface.

    An entity that the task does not offer is left out: the server would take it and show an empty choice.
    """
    known, results = set(offered), []
    for suggestion in suggestions:
        place = {"start": suggestion.start, "end": suggestion.end}
        region = row_id("suggestion", PROVIDER, doc_id, suggestion.start, suggestion.end)[:10]
        results.append(_result(region, "mention", "labels", place | {"labels": [suggestion.known.label]}))
        results.append(_result(region, "kind", "choices", place | {"choices": [suggestion.known.kind]}))
        if suggestion.known.entity_id in known:
            results.append(_result(region, "entity", "choices", place | {"choices": [suggestion.known.entity_id]}))
    return results


def _result(region: str, control: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": region, "from_name": control, "to_name": "text", "type": kind, "value": value}
