"""The descriptor `datapackage.json`: Data Package 2.0, one resource a table.

Besides what the standard names, the descriptor states `stancewire:contents_sha256`, a hash over all that makes the data
what it is (rows, schemas, sources, decisions, settings): two packages that agree in it are the same data. A table's
`stancewire:content_sha256` is over its logical rows (see `tables.content`) and does not depend on who wrote the file.
Parquet resources state no `bytes`, since frictionless fails every Parquet resource that does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..checks.packaged import FLAVOUR, FULL
from ..tables import TableSchema

if TYPE_CHECKING:
    from ..codebook.dataset import Contributor, Dataset

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
MEDIATYPE = "application/vnd.apache.parquet"
NOT_CONTENT = ("changes",)  # says how this package differs from another one


@dataclass(frozen=True)
class TableFile:
    """A table as a file of a package: `path` below its root, `sha256` of its bytes, `content_sha256` of its rows."""

    schema: TableSchema
    path: str
    sha256: str
    rows: int
    content_sha256: str


def make_descriptor(
    dataset: Dataset,
    tables: Sequence[TableFile],
    version: str,
    created: str | None,
    contents: str,
    flavour: str = FULL,
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The descriptor of a package.

    Args:
        version: of the data. created: a day recorded in the inputs (YYYY-MM-DD), never the clock's.
        contents: see `contents_sha256`. about: what else is to be said of the package, by the key it is said under.
    """
    head: dict[str, Any] = {"$schema": PROFILE, "name": dataset.name, "title": dataset.title}
    head["description"] = dataset.description
    if dataset.homepage is not None:
        head["homepage"] = dataset.homepage
    head["version"] = version
    if created is not None:
        head["created"] = f"{created}T00:00:00Z"
    head["licenses"] = [annotations_licence(dataset), text_licence(dataset)]
    head["contributors"] = [_contributor(item) for item in dataset.contributors]
    head["keywords"] = list(dataset.keywords)
    head[FLAVOUR] = flavour
    head["stancewire:contents_sha256"] = contents
    head |= about or {}
    head["resources"] = [_resource(dataset, table) for table in tables]
    return {key: value for key, value in head.items() if value != []}


def annotations_licence(dataset: Dataset) -> dict[str, str]:
    """The licence of every table without article text."""
    licence = dataset.annotations_licence
    return {"name": licence.name, "title": licence.title, "path": licence.path}


def text_licence(dataset: Dataset) -> dict[str, str]:
    """What stands in a licence's place where a table holds the words of articles: they are not ours to license."""
    return {"name": "other-closed", "title": f"Not licensed. {dataset.text_statement}"}


def _contributor(item: Contributor) -> dict[str, Any]:
    made: dict[str, Any] = {"title": item.title}
    if item.path is not None:
        made["path"] = item.path
    return made | ({"roles": list(item.roles)} if item.roles else {})


def _resource(dataset: Dataset, table: TableFile) -> dict[str, Any]:
    schema = table.schema
    licence = text_licence if schema.licence == "article_text" else annotations_licence
    return {
        "name": schema.name,
        "type": "table",
        "path": table.path,
        "title": schema.title,
        "description": schema.description,
        "scheme": "file",
        "format": "parquet",
        "mediatype": MEDIATYPE,
        "encoding": "utf-8",
        "hash": f"sha256:{table.sha256}",
        "licenses": [licence(dataset)],
        "stancewire:rows": table.rows,
        "stancewire:content_sha256": table.content_sha256,
        "schema": _table_schema(schema),
    }


def _table_schema(schema: TableSchema) -> dict[str, Any]:
    made: dict[str, Any] = {"fields": [_field(item) for item in schema.descriptor["fields"]]}
    made["primaryKey"] = list(schema.key)
    if schema.foreign_keys:
        made["foreignKeys"] = schema.descriptor["foreignKeys"]
    return made


def _field(item: Mapping[str, Any]) -> dict[str, Any]:
    """A field as the descriptor states it.

    An integer column that may be null is stated as number, since readers by way of pandas, frictionless among them, see
    its values as floats and its nulls as NaN, which no integer is; `stancewire:arrow` keeps the type of the file.
    """
    if item["type"] == "integer" and not item.get("constraints", {}).get("required"):
        return dict(item) | {"type": "number"}
    return dict(item)


def contents_sha256(tables: Sequence[TableFile], files: Mapping[str, str]) -> str:
    """Hash over what makes the data what it is.

    Args:
        tables: all tables; `changes` is left out.
        files: SHA-256 by path of every other file that is data: sources, what is decided, schemas.
    """
    named = [table for table in tables if table.schema.name not in NOT_CONTENT]
    return contents_of({table.path: table.content_sha256 for table in named}, files)


def contents_of(tables: Mapping[str, str], files: Mapping[str, str]) -> str:
    """`contents_sha256`, from the tables' content hashes by path."""
    whole = hashlib.sha256()
    for listed in (tables, files):
        for path in sorted(listed):
            whole.update(f"{path}\x1f{listed[path]}\x1e".encode())
    return whole.hexdigest()


def dump(descriptor: Mapping[str, Any]) -> bytes:
    """A descriptor as bytes: keys in the order given, one newline at the end."""
    return (json.dumps(descriptor, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
