"""Table schemas: `schema/tables/*.json` (Data Package Table Schema) read once, and the Arrow schemas derived from them.

Types: string, integer (int64 unless `stancewire:arrow` says int32), number (float64), boolean, date (date32),
datetime (microseconds, UTC). A field whose vocabulary is closed (`constraints.enum`, written there by
`stancewire codebook build`) becomes a dictionary type, its categories in the codebook's order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import TableError
from ..project import schema_directory

_ARROW = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", "UTC"),
}
_NARROWER = {"int32": pa.int32(), "int64": pa.int64(), "large_string": pa.large_string()}


@dataclass(frozen=True)
class Field:
    """One column: its name, Table Schema type, meaning, whether it may be null, and its closed vocabulary if any."""

    name: str
    type: str
    description: str
    required: bool
    categories: tuple[str, ...] | None
    arrow: pa.DataType


@dataclass(frozen=True)
class TableSchema:
    """One table: `fields` in order, `key` (the primary key), `licence` (`annotations` or `article_text`)."""

    name: str
    title: str
    description: str
    licence: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    foreign_keys: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...]
    descriptor: dict[str, Any]

    @cached_property
    def arrow(self) -> pa.Schema:
        """The Arrow schema, without metadata."""
        return pa.schema([pa.field(field.name, field.arrow) for field in self.fields])

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by column name."""
        return {field.name: field for field in self.fields}


def read_table_schema(name: str, directory: Path | None = None) -> TableSchema:
    """The schema of table `name`, from `directory` (default: the folder that travels with the package).

    Raises:
        TableError: there is no such file, or it is not a table schema.
    """
    path = (directory or schema_directory() / "tables") / f"{name}.json"
    try:
        return table_schema(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise TableError(f"no table schema {path}; known tables stand in schema/tables") from None
    except (ValueError, KeyError, TypeError) as error:
        raise TableError(f"{path}: not a table schema ({error}); run: stancewire codebook build") from None


def table_schema(descriptor: dict[str, Any]) -> TableSchema:
    """A table schema from its JSON descriptor."""
    return TableSchema(
        name=descriptor["name"],
        title=descriptor["title"],
        description=descriptor["description"],
        licence=descriptor["stancewire:licence"],
        fields=tuple(_field(item) for item in descriptor["fields"]),
        key=tuple(descriptor["primaryKey"]),
        foreign_keys=tuple(
            (tuple(item["fields"]), item["reference"]["resource"], tuple(item["reference"]["fields"]))
            for item in descriptor.get("foreignKeys", ())
        ),
        descriptor=descriptor,
    )


def _field(item: dict[str, Any]) -> Field:
    constraints = item.get("constraints", {})
    categories = constraints.get("enum")
    if categories is not None:
        arrow = pa.dictionary(pa.int32(), pa.string())
    elif "stancewire:arrow" in item:
        arrow = _NARROWER[item["stancewire:arrow"]]
    else:
        arrow = _ARROW[item["type"]]
    return Field(
        name=item["name"],
        type=item["type"],
        description=item["description"],
        required=bool(constraints.get("required", False)),
        categories=None if categories is None else tuple(categories),
        arrow=arrow,
    )
