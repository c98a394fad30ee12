"""Words put back into text-free tables: each from where it stands, and only where its hash says that it is the one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ..checks.spans import SPANS
from ..tables import TableSchema, make_table
from .diff import short_value
from .flavours import (
    ENTITY_IDS,
    HASH_OF,
    QUOTES,
    WITHHELD,
    free_entity_id,
    full_schema,
    hash_column,
    is_hashed_id,
    value_sha256,
    withheld_columns,
)
from .places import fill_places

if TYPE_CHECKING:
    from ..codebook.model import Rules

Row = dict[str, Any]
# What a document's columns may be, besides its text: (doc_id, column) -> values, the likeliest first.
Candidates = Callable[[str, str], Iterable[str | None]]


@dataclass
class Restored:
    """Rows of a table; `held` are the numbers of those that had something withheld, `lost` of those that still have."""

    schema: TableSchema
    rows: list[Row]
    held: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)

    def make(self) -> tuple[TableSchema, pa.Table]:
        """The table with its full schema; its withheld columns may be null where something is lost."""
        schema = full_schema(self.schema, nullable=bool(self.lost))
        hashes = {item["name"] for item in self.schema.descriptor["fields"] if HASH_OF in item}
        return schema, make_table(schema, [{k: v for k, v in row.items() if k not in hashes} for row in self.rows])


@dataclass
class Restorer:
    """Makes tables of a text-free package full.

    Attributes:
        texts: canonical texts by document, of those that there are copies of.
        candidates: what else a document's columns may say.
        sentences: place by document and number. messages: why files were refused.
    """

    texts: Mapping[str, str]
    candidates: Candidates
    sentences: Mapping[tuple[str, int], tuple[int, int]]
    messages: Iterable[str] = ()
    titles: dict[str, str | None] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def restore(self, schema: TableSchema, table: pa.Table) -> Restored:
        """A table with its words, as far as these are there. Of documents first, since they have the titles."""
        made = Restored(schema, table.to_pylist())
        withheld = {
            item["name"]: item[WITHHELD] == "quote" for item in schema.descriptor["fields"] if WITHHELD in item
        }
        for number, row in enumerate(made.rows):
            for column, is_quote in withheld.items():
                if row[hash_column(column)] is not None:
                    made.held.add(number)
                    value = self._value(schema.name, column, row)
                    if value is None:
                        made.lost.add(number)
                    if value is not None or is_quote:  # own words keep their places
                        row[column] = value
            if schema.name == "documents":
                self.titles[row["doc_id"]] = row["title"]
        return made

    def _value(self, table: str, column: str, row: Row) -> str | None:
        """The value that has the hash; None where it cannot be had."""
        digest = row[hash_column(column)]
        found = (value for value in self._values(table, column, row) if value is not None)
        return next((value for value in found if value_sha256(value) == digest), None)

    def _values(self, table: str, column: str, row: Row) -> Iterator[str | None]:
        if row[column] is not None:  # with places
            yield fill_places(row[column], self.texts.get)
        elif table == "rejects":
            yield from self.messages
        elif table == "documents":
            yield self.texts.get(row["doc_id"])
            yield from self.candidates(row["doc_id"], column)
        elif column == "title":
            yield self.titles.get(row["doc_id"])
        elif column == "sentence":
            yield self._slice(row["doc_id"], *self.sentences.get((row["doc_id"], row["sent_no"]), (None, None)))
        elif column in QUOTES.get(table, ()):
            doc_id, start, end = next(place[:3] for place in SPANS if place[3] == column)
            yield self._slice(row[doc_id], row[start], row[end])
            if "made_start" in row:
                yield self._slice(row["doc_id"], row["made_start"], row["made_end"])

    def _slice(self, doc_id: str, start: int | None, end: int | None) -> str | None:
        text = self.texts.get(doc_id)
        return None if text is None or start is None or end is None else text[start:end]

    def restore_ids(self, tables: Mapping[str, Restored], rules: Rules) -> None:
        """Put back the entity ids that were hashed: they are among those that the words of their documents give."""
        hashed = {
            name: [column for column in ENTITY_IDS if column in made.schema.by_name] for name, made in tables.items()
        }
        hashed["adjudications"] = ["value"]
        doc_ids = {
            _document_of(row[column])
            for name, columns in hashed.items()
            for row in tables[name].rows
            for column in columns
            if is_hashed_id(row[column] or "")
        }
        self._learn_ids(tables, doc_ids, rules)
        for name, columns in hashed.items():
            for number, row in enumerate(tables[name].rows):
                for column in columns:
                    if is_hashed_id(row[column] or ""):
                        tables[name].held.add(number)
                        row[column] = self.plain_id(row[column])
                        if is_hashed_id(row[column]):
                            tables[name].lost.add(number)

    def _learn_ids(self, tables: Mapping[str, Restored], doc_ids: set[str], rules: Rules) -> None:
        from ..judgements.names import local_entity_id

        for name in ("judgements", "quarantine", "mentions", "entities") if doc_ids else ():
            for row in tables[name].rows:
                doc_id = row["doc_id"] if "doc_id" in row else row["entity_id"].rpartition("#")[0]
                for surface in (row.get("text"), row.get("name")) if doc_id in doc_ids else ():
                    if surface:
                        entity_id = local_entity_id(doc_id, surface, rules)
                        self.ids[free_entity_id(entity_id)] = entity_id

    def plain_id(self, value: str) -> str:
        """An entity id, or a decision about one (`entity:<id>`), as it was, where that is known."""
        kind, sign, rest = value.partition(":") if value.startswith("entity:") else ("", "", value)
        return kind + sign + self.ids.get(rest, rest)


def _document_of(value: str) -> str:
    return value.removeprefix("entity:").rpartition("#")[0]


def restore_changes(made: Restored, tables: Mapping[str, Restored], plain_id: Callable[[str], str]) -> None:
    """New values of `changes`, which are those of today's rows; old ones stay hashes, as their texts are not there."""
    values: dict[str, dict[str, Row]] = {}
    for number, row in enumerate(made.rows):
        name, column = row["table"], row["column"]
        for place in ("key", "old", "new"):
            if is_hashed_id(row[place] or ""):
                made.held.add(number)
                row[place] = plain_id(row[place])
                if is_hashed_id(row[place]):
                    made.lost.add(number)
        if name not in tables or column not in withheld_columns(name):
            continue
        for side in ("old", "new"):
            digest = row[side]
            if digest is None or not digest.startswith("sha256:"):
                continue
            made.held.add(number)
            if name not in values:
                key = tables[name].schema.key
                values[name] = {" ".join(str(one[part]) for part in key): one for one in tables[name].rows}
            value = values[name].get(row["key"], {}).get(column)
            if value is not None and f"sha256:{value_sha256(value)}" == digest:
                row[side] = short_value(value)
            else:
                made.lost.add(number)
