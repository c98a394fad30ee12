"""Two flavours of a release: full, and text-free.

A text-free release says everything about the articles but what stands in them: offsets, roles, labels, stances, votes,
and a hash for each quote, so that a reader who has the articles can put the words back (`rebuild`) and know that they
are the right ones. It holds no sources and no exports, and no 8 words of a source in a row, in any file.

- *Quotes*: a column whose value is a piece of an article is null, however short it is; column `<name>_sha256` has the
  SHA-256 of the value in UTF-8. Where its words stand the row's own offsets say, or another table's; of a quarantined
  row, which may have none, the place itself.
- *Own words*: what annotators, adjudicators and editors wrote stays, but for runs of words that stand in an article:
  these become their place, `⟦doc_id:start-end⟧` (see `places`), and `<name>_sha256` has the hash of the whole value.
  Names of people and things say who is meant; they are own words too. A word is a run of letters and digits. What a
  reject says of a table's columns is withheld whole.
- Hashes are there to check by. Of a name or two words anyone can guess what is hashed; they hide no secret.
- An entity's id that spells 8 words or more is `<doc_id>#sha256-…`, a hash of the id.
- Addresses (`url`, `source_path`, `doc_id`) stay: by them a reader finds the article.

The same holds for text files: codebook, campaign, lists and decisions. Table schemas say what was done to a column
(`stancewire:withheld`), so that the full schema can be had back. In the end every file is looked through once more
(`proof`); a package in which 8 words of a source are left is not released.

Which one: text-free, unless every document is open or permitted or `--flavour full` says that the texts may be passed
on. Versions are compared in the flavour that both have: text-free, where one of them is.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..checks.packaged import FULL, TEXT_FREE
from ..tables import TableSchema, table_schema

OPEN_RIGHTS = ("open", "permitted")
PROMISED = 8  # words of a source in a row that a text-free package does not hold
LONG = 7  # words of any article that become a place; one less, for a dash between spaces may be taken for a word
QUOTED = 5  # words of their own article that become a place, where someone gives reasons

QUOTES: dict[str, tuple[str, ...]] = {
    "documents": ("title", "dateline", "byline", "credit", "text"),
    "variants": ("text_a", "text_b"),
    "judgements": ("text",),
    "quarantine": ("text",),
    "mentions": ("text",),
    "stances": ("text",),
    "conflicts": ("text",),
    "stances_wide": ("text", "sentence", "title"),
}
_TYPED = {"holder_text": LONG, "via_text": LONG}
OWN_WORDS: dict[str, dict[str, int]] = {
    "rejects": {"message": LONG},
    "judgements": {"comment": QUOTED, **_TYPED},
    "quarantine": {"comment": QUOTED, "reason": QUOTED, **_TYPED},
    "stances": _TYPED,
    "stances_wide": {"target": LONG, "holder": LONG, "via": LONG, **_TYPED},
    "adjudications": {"value": LONG, "reason": QUOTED},
    "entities": {"name": LONG, "aliases": LONG},
    "targets": {"name": LONG, "definition": LONG, "favor_means": LONG, "against_means": LONG},
}
# The check whose messages list the columns of a table: of one without a header these are its first article.
LISTS_COLUMNS = "source-columns"
ENTITY_IDS = ("entity_id", "holder_entity_id", "via_entity_id")
WITHHELD, REQUIRED, HASH_OF, LICENCE = (
    f"stancewire:{name}" for name in ("withheld", "required", "hash_of", "full_licence")
)
_HASHED = "sha256-"


def default_flavour(rights: Iterable[str]) -> str:
    """The flavour that the documents' rights ask for."""
    return FULL if all(kind in OPEN_RIGHTS for kind in rights) else TEXT_FREE


def closed_rights(rights: Iterable[str]) -> dict[str, int]:
    """How many documents are neither open nor permitted, by what they are."""
    return dict(sorted(Counter(kind for kind in rights if kind not in OPEN_RIGHTS).items()))


def withheld_columns(table: str) -> tuple[str, ...]:
    """Columns of a table that are not the same in both flavours, entity ids aside."""
    return (*QUOTES.get(table, ()), *OWN_WORDS.get(table, {}))


def hash_column(column: str) -> str:
    """The column that holds the hashes of a withheld one."""
    return f"{column}_sha256"


def value_sha256(value: str) -> str:
    """SHA-256 of a value in UTF-8."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def text_free_schema(schema: TableSchema) -> TableSchema:
    """The schema of a table in the text-free flavour."""
    made: dict[str, Any] = copy.deepcopy(schema.descriptor)
    fields = []
    for item in made["fields"]:
        name = item["name"]
        if name not in withheld_columns(schema.name):
            fields.append(item)
            continue
        is_quote = name in QUOTES.get(schema.name, ())
        fields.append(_optional(item) | {WITHHELD: "quote" if is_quote else "own words"})
        if hash_column(name) not in schema.by_name:
            whose = "which is withheld" if is_quote else "where words of an article in it were replaced by their place"
            said = f"SHA-256 of the full {name} in UTF-8, {whose}."
            fields.append({"name": hash_column(name), "type": "string", "description": said, HASH_OF: name})
    made["fields"] = fields
    if schema.licence != "annotations":
        made[LICENCE], made["stancewire:licence"] = schema.licence, "annotations"
    return table_schema(made)


def full_schema(schema: TableSchema, nullable: bool = False) -> TableSchema:
    """The schema of a table in the full flavour, from that of the text-free one.

    Args:
        nullable: leave withheld columns nullable, for a table that could be restored in part.
    """
    made: dict[str, Any] = copy.deepcopy(schema.descriptor)
    made["fields"] = [_plain(item, nullable) for item in made["fields"] if HASH_OF not in item]
    if LICENCE in made:
        made["stancewire:licence"] = made.pop(LICENCE)
    return table_schema(made)


def _optional(item: dict[str, Any]) -> dict[str, Any]:
    """A field that may be null; where it might not be, that is noted in the same place."""
    made: dict[str, Any] = {}
    for key, value in item.items():
        if key == "constraints" and value.get("required"):
            made[REQUIRED] = True
            value = {name: constraint for name, constraint in value.items() if name != "required"}
        if key != "constraints" or value:
            made[key] = value
    return made


def _plain(item: dict[str, Any], nullable: bool) -> dict[str, Any]:
    """A field as it was before `_optional`; or without the note, where it stays nullable."""
    made: dict[str, Any] = {}
    for key, value in item.items():
        if key == REQUIRED and not nullable:
            made["constraints"] = {"required": True}
        elif key == "constraints":
            made["constraints"] = made.get("constraints", {}) | value
        elif key not in (WITHHELD, REQUIRED):
            made[key] = value
    return made


def free_entity_id(entity_id: str) -> str:
    """An entity's id as a text-free package gives it: hashed where it spells as many words as may not be passed on."""
    doc_id, sign, slug = entity_id.rpartition("#")
    if not sign or len(re.findall(r"[^\W_]+", slug)) < LONG:
        return entity_id
    return f"{doc_id}#{_HASHED}{value_sha256(entity_id)[:16]}"


def is_hashed_id(entity_id: str) -> bool:
    """Was this id made by `free_entity_id`?"""
    return entity_id.rpartition("#")[2].startswith(_HASHED)
