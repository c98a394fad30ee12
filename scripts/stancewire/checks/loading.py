"""Tables loaded for checking: those that can be read, and problems for those that cannot.

Needs pyarrow alone. A file whose hash is wrong is never parsed: damaged Parquet may decode to anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from ..errors import Problem
from ..project import ANNOTATION_TABLES, CORPUS_TABLES, real_name, stored_name
from ..tables import MANIFEST, TableSchema, decode_parquet
from ..tables.schema import table_schema
from .catalogue import problem
from .files import Files, sha256

MAX_LINES = 20  # of one check in one table; the last line counts the rest
_most_lines: ContextVar[int] = ContextVar("most_lines", default=MAX_LINES)
_MAKES = {"convert": "stancewire convert", "gold": "stancewire merge"}


def table_file(name: str) -> str:
    """Where table `name` stands below the root, e.g. `corpus/documents.parquet`."""
    return f"{'corpus' if name in CORPUS_TABLES else 'annotations'}/{name}.parquet"


@dataclass
class Loaded:
    """The tables that could be read, with their schemas."""

    schemas: dict[str, TableSchema] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)

    def columns(self, table: str, *names: str) -> Iterable[tuple[Any, ...]]:
        """Rows of some columns as tuples of Python values, batch by batch; nothing where the table is not there."""
        if table in self.tables:
            for batch in self.tables[table].select(list(names)).to_batches(max_chunksize=65_536):
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    @cached_property
    def texts(self) -> dict[str, str]:
        """Canonical texts by document, those that are there: a text-free package has none."""
        return {doc_id: text for doc_id, text in self.columns("documents", "doc_id", "text") if text is not None}


def load_tables(files: Files, names: Iterable[str], skip: Iterable[str] = ()) -> tuple[Loaded, list[Problem]]:
    """Read tables below a root by the schemas that stand there (`schema/tables`), except those in `skip`.

    Tables in `skip` are known to be damaged; they are not parsed.
    """
    loaded, found = Loaded(), []
    damaged = set(skip)
    for name in names:
        path = table_file(name)
        schema_path = f"schema/tables/{name}.json"
        try:
            loaded.schemas[name] = table_schema(json.loads(files.read(schema_path)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            found.append(problem("table-columns", schema_path, "", f"not a table schema ({one_line(error)})"))
            continue
        if name in damaged:
            continue
        if not files.has(path):
            found.append(problem("table-missing", path, "", "the table is missing; run: stancewire build"))
            continue
        table = read_parquet(files, path)
        if isinstance(table, str):
            found.append(problem("table-unreadable", path, "", f"cannot be read as Parquet ({table})"))
            continue
        difference = _column_difference(loaded.schemas[name], table.schema)
        if difference:
            found.append(
                problem("table-columns", path, difference, f"differs from {schema_path}; run: stancewire build")
            )
            continue
        loaded.tables[name] = table
    return loaded, found


def read_parquet(files: Files, path: str) -> pa.Table | str:
    """A Parquet file as a table whose strings are valid, or the reason why it cannot be read."""
    try:
        table = decode_parquet(files.read(path))
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, TypeError, MemoryError) as error:
        return one_line(error)
    return table


def one_line(error: BaseException) -> str:
    """The first line of an error, or its class where it says nothing."""
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


def _column_difference(schema: TableSchema, found: pa.Schema) -> str:
    wanted = schema.arrow
    if found.remove_metadata() == wanted:
        return ""
    for name in found.names:
        if name not in wanted.names:
            return f"column {name}"
    for column in wanted:
        if column.name not in found.names:
            return f"column {column.name} is missing"
        if found.field(column.name).type != column.type:
            return f"column {column.name} is {found.field(column.name).type} instead of {column.type}"
    return "the order of columns"


def check_manifests(files: Files) -> tuple[list[Problem], set[str]]:
    """Tables against their manifests, and manifests against their inputs; also the names of tables not to be parsed."""
    found: list[Problem] = []
    damaged: set[str] = set()
    for folder, names in (("corpus", CORPUS_TABLES), ("annotations", ANNOTATION_TABLES)):
        path = f"{folder}/{MANIFEST}"
        entries: dict[str, tuple[object, str]] = {}
        for stage, part in _object(read_json(files, path)).items():
            command = f"run: {_MAKES.get(stage, 'stancewire build')}"
            for name, entry in _object(_object(part).get("tables")).items():
                entries[name] = (_object(entry).get("sha256"), command)
            found += _stale(files, path, stage, _object(_object(part).get("inputs")), command)
        for name in names:
            if not files.has(table_file(name)):
                continue  # table-missing says so
            expected, command = entries.get(name, (None, "run: stancewire build"))
            if expected is None:
                found.append(problem("table-manifest", table_file(name), "", f"{path} does not name it; {command}"))
            elif sha256(files.read(table_file(name))) != expected:
                damaged.add(name)
                found.append(
                    problem("table-manifest", table_file(name), "", f"is not the file that {path} names; {command}")
                )
    return found, damaged


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _stale(files: Files, manifest: str, stage: str, inputs: dict[str, Any], command: str) -> Iterable[Problem]:
    for name, expected in inputs.items():
        if name.endswith("/"):  # too many files for a line each: one hash over all of the folder's
            below = (path for path in files.names_below(name.rstrip("/")) if files.has(path))  # no broken link
            stored = sorted((_stored(path.removeprefix(name)), path) for path in below)
            lines = (f"{sha256(files.read(path))}  {place}\n" for place, path in stored)
            if sha256("".join(lines).encode()) != expected:
                yield problem("table-stale", manifest, stage, f"files below {name} have changed since; {command}")
        elif not files.has(real_name(name)):
            if expected:
                yield problem(
                    "table-stale", manifest, stage, f"the tables were made from {name}, which is gone; {command}"
                )
        elif sha256(files.read(real_name(name))) != expected:
            yield problem("table-stale", manifest, stage, f"{name} has changed since the tables were made; {command}")


def _stored(path: str) -> str:
    return "/".join(map(stored_name, path.split("/")))


def read_json(files: Files, path: str) -> Any:
    """A JSON file's value; None where it is missing or no JSON."""
    try:
        return json.loads(files.read(path))
    except (OSError, ValueError, RecursionError):
        return None


@contextmanager
def every_line() -> Iterator[None]:
    """Inside this block no check leaves findings out: they are counted, not read one by one."""
    token = _most_lines.set(2**62)
    try:
        yield
    finally:
        _most_lines.reset(token)


def limited(check: str, path: str, findings: Iterable[tuple[object, str]]) -> list[Problem]:
    """At most MAX_LINES problems of (place, message); one more counts the rest."""
    listed, most = list(findings), _most_lines.get()
    found = [problem(check, path, place, message) for place, message in listed[:most]]
    if len(listed) > most:
        found.append(problem(check, path, "", f"and {len(listed) - most} more rows"))
    return found
