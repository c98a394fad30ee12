"""Names of things: how a surface becomes an entity id.

An entity is the codebook's (`donald-trump`) or local to a document (`<doc_id>#retired-diplomats`). Two annotators who
mark the same words reach the same id, since nothing here depends on who marked them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ..codebook.model import Entity, Rules
from ..tables import row_id

PERSON = "PERSON"
_WORDS = re.compile(r"\w+")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")
_QUOTES = {ord("\u2018"): "'", ord("\u2019"): "'", ord("\u201c"): '"', ord("\u201d"): '"'}


def fold_name(name: str, rules: Rules) -> str:
    """The key under which spellings of one name meet: `The U.S.’s` and `US` are both `us`.

    Compatibility forms, case, quotes, dashes, white space and full stops are folded; one leading article and one
    possessive ending, as the codebook lists them, are taken off. Empty where nothing is left.
    """
    return _folded(name, rules.leading_articles, rules.possessives)


@lru_cache(maxsize=65_536)  # the same few names stand in most articles
def _folded(name: str, articles: tuple[str, ...], possessives: tuple[str, ...]) -> str:
    key = _plain(name)
    for ending in _longest_first(possessives):
        if key.endswith(ending) and len(key) > len(ending):
            key = key[: -len(ending)].rstrip()
            break
    first, _, rest = key.partition(" ")
    if rest and first in _plain_words(articles):
        key = rest
    return " ".join(key.replace(".", "").split()).strip(" ,;:!?\"'")


@lru_cache
def _longest_first(endings: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(_plain_words(endings) - {""}, key=lambda item: (-len(item), item)))


@lru_cache
def _plain_words(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_plain, words))


def _plain(name: str) -> str:
    if name.isascii():  # which the first two leave as it is
        return " ".join(name.lower().split())
    folded = unicodedata.normalize("NFKC", name).translate(_DASHES | _QUOTES).casefold()
    return " ".join(folded.split())


def local_entity_id(doc_id: str, name: str, rules: Rules) -> str:
    """The id of an entity known in one document only: `<doc_id>#<slug>`, letters of any script kept."""
    slug = _slug(fold_name(name, rules))
    return f"{doc_id}#{slug or row_id(name)[:8]}"


@lru_cache(maxsize=65_536)
def _slug(key: str) -> str:
    return "-".join(_WORDS.findall(key))


class NameIndex:
    """Known entities by folded name; an index of a few (those offered with a task) may stand before a larger one.

    Args:
        entities: what is known here. rules: the codebook's. beneath: the index to go on with.
    """

    def __init__(self, entities: Iterable[Entity], rules: Rules, beneath: NameIndex | None = None) -> None:
        self.rules = rules
        self.beneath = beneath
        self._ids: set[str] = set()
        self._by_key: dict[str, list[Entity]] = {}
        self._persons_by_last: dict[str, list[Entity]] = {}
        for entity in entities:
            self._ids.add(entity.entity_id)
            for name in (entity.name, *entity.aliases):
                key = fold_name(name, rules)
                if not key:
                    continue
                self._by_key.setdefault(key, []).append(entity)
                if entity.label == PERSON and " " in key:
                    self._persons_by_last.setdefault(key.split()[-1], []).append(entity)

    def __contains__(self, entity_id: object) -> bool:
        return entity_id in self._ids or (self.beneath is not None and entity_id in self.beneath)

    def find(self, name: str, label: str | None) -> str | None:
        """The entity of this name: the one of this label; else the only one; else None."""
        named = self._named(fold_name(name, self.rules))
        if not named:  # as most are
            return None
        found = {entity.entity_id: entity for entity in named}
        alike = [entity_id for entity_id, entity in found.items() if entity.label == label] or list(found)
        return alike[0] if len(alike) == 1 else None

    def persons_with_last_name(self, key: str) -> list[Entity]:
        """Persons whose full name ends in this folded word."""
        return self._persons_by_last.get(key, []) + (self.beneath.persons_with_last_name(key) if self.beneath else [])

    def _named(self, key: str) -> list[Entity]:
        return self._by_key.get(key, []) + (self.beneath._named(key) if self.beneath else [])


def resolve_surfaces(doc_id: str, text: str, mentions: Sequence[tuple[str, str]], names: NameIndex) -> list[str]:
    """The entity of each mention that names none itself, given the others of the same document.

    By its surface: a known name or alias; else, for a person's single name, the one person of the document whose full
    name ends in it; else an entity local to the document.

    Args:
        text: the document's text, in which a known person must be named in full to lend a last name.
        mentions: (surface, label).
    """
    found = [names.find(surface, label) for surface, label in mentions]
    keys = [fold_name(surface, names.rules) for surface, _ in mentions]
    full: dict[str, set[str]] = {}
    for (surface, label), key, entity_id in zip(mentions, keys, found, strict=True):
        if label == PERSON and " " in key:
            full.setdefault(key.split()[-1], set()).add(entity_id or local_entity_id(doc_id, surface, names.rules))
    resolved = []
    for (surface, label), key, entity_id in zip(mentions, keys, found, strict=True):
        if entity_id is None and label == PERSON and " " not in key:
            known = {
                p.entity_id
                for p in names.persons_with_last_name(key)
                if any(n in text for n in (p.name, *p.aliases) if " " in n)
            }
            bearers = full.get(key, set()) | known
            entity_id = next(iter(bearers)) if len(bearers) == 1 else None
        resolved.append(entity_id or local_entity_id(doc_id, surface, names.rules))
    return resolved
