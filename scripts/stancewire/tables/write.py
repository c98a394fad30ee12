"""The one place that makes and writes Parquet tables.

A table is first *made* (`make_table`: columns, types, vocabularies, required values, key, order), then a stage *writes*
all its tables at once (`write_stage`): each beside its place, flushed to disk, renamed, and `manifest.json` last. A
table too large for memory is written beside its place piece by piece (`ParquetFile`) and handed on as `Written`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import TableError
from .content import content_sha256
from .parquet import ParquetFile, empty_table
from .schema import Field, TableSchema

MANIFEST = "manifest.json"
FLOAT_DECIMALS = 12


def make_table(schema: TableSchema, rows: Iterable[Mapping[str, Any]] | pa.Table) -> pa.Table:
    """An Arrow table of exactly this schema, sorted by key.

    Args:
        rows: dicts (missing columns are null, unknown ones refused) or an Arrow table (columns in any order).

    Raises:
        TableError: an unknown or missing column, a value outside its vocabulary, a null where one is required, a
            repeated key.
    """
    if not isinstance(rows, pa.Table):
        listed = list(rows)
        unknown = {name for row in listed for name in row} - set(schema.by_name)
        if unknown:
            raise TableError(f"table {schema.name}: unknown column {sorted(unknown)[0]!r}")
        if not listed:
            return empty_table(schema.arrow)
        plain = pa.schema([(f.name, pa.string() if f.categories is not None else f.arrow) for f in schema.fields])
        try:
            rows = pa.Table.from_pylist(listed, schema=plain)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise TableError(f"table {schema.name}: {error}") from None
    missing = [field.name for field in schema.fields if field.name not in rows.column_names]
    if missing:
        raise TableError(f"table {schema.name}: column {missing[0]!r} is missing")
    columns = [_make_column(schema.name, field, rows.column(field.name)) for field in schema.fields]
    table = pa.Table.from_arrays(columns, schema=schema.arrow)
    order = pc.sort_indices(_sortable(table, schema), sort_keys=[(name, "ascending") for name in schema.key])
    table = table.take(order).combine_chunks()
    _check_key(schema, table)
    return table


def _sortable(table: pa.Table, schema: TableSchema) -> pa.Table:
    """The key columns, dictionaries as positions so that a vocabulary sorts in the codebook's order."""
    return pa.table({name: _positions(table.column(name)) for name in schema.key})


def _positions(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_dictionary(column.type):
        return column
    return pa.chunked_array([chunk.indices for chunk in column.chunks], pa.int32())


def _make_column(table: str, field: Field, column: pa.ChunkedArray) -> pa.ChunkedArray:
    if field.required and column.null_count:
        raise TableError(f"table {table}: column {field.name!r} must not be null ({column.null_count} rows are)")
    if field.categories is not None:
        return _encode(table, field, column)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        column = column.cast(field.arrow)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TableError(f"table {table}: column {field.name!r}: {error}") from None
    if field.type == "number":
        # Arrow's own round makes 0.1 into 0.0999999999996 at twelve digits (pyarrow 26); Python's is exact. Adding zero
        # turns -0.0 into 0.0, which are one value and must be the same bytes.
        rounded = [None if value is None else round(value, FLOAT_DECIMALS) + 0.0 for value in column.to_pylist()]
        column = pa.chunked_array([pa.array(rounded, pa.float64())])
    return column


def _encode(table: str, field: Field, column: pa.ChunkedArray) -> pa.ChunkedArray:
    assert field.categories is not None
    vocabulary = pa.array(field.categories, pa.string())
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    column = column.cast(pa.string())
    positions = pc.index_in(column, value_set=vocabulary)
    strange = pc.and_(pc.is_valid(column), pc.is_null(positions))
    if pc.any(strange).as_py():
        value = column.filter(strange)[0].as_py()
        known = ", ".join(field.categories[:12]) + (", ..." if len(field.categories) > 12 else "")
        raise TableError(f"table {table}: column {field.name!r} holds {value!r}; known values: {known}")
    chunks = [pa.DictionaryArray.from_arrays(chunk.cast(pa.int32()), vocabulary) for chunk in positions.chunks]
    return pa.chunked_array(chunks, field.arrow)


def _check_key(schema: TableSchema, table: pa.Table) -> None:
    if table.num_rows < 2:
        return
    same: Any = None
    for name in schema.key:
        column = _positions(table.column(name)).combine_chunks()
        equal = pc.fill_null(pc.equal(column.slice(1), column.slice(0, len(column) - 1)), False)
        same = equal if same is None else pc.and_(same, equal)
    if pc.any(same).as_py():
        row = same.index(True).as_py()
        key = {name: table.column(name)[row].as_py() for name in schema.key}
        raise TableError(f"table {schema.name}: the key {key} stands on two rows")


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write one made table: zstd 3, 65,536 rows a group, no metadata but the Arrow schema; flushed to disk."""
    with ParquetFile(path, table.schema) as file:
        file.write(table)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, read in pieces; of a table's folder that of the lines `sha256sum` prints of its files."""
    if path.is_dir():
        lines = [f"{file_sha256(part)}  {part.name}\n" for part in shards_of(path)]
        return hashlib.sha256("".join(lines).encode()).hexdigest()
    with open(path, "rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def shards_of(folder: Path) -> list[Path]:
    """The files of a table that is a folder, in order."""
    return sorted(folder.glob("*.parquet"))


@dataclass(frozen=True)
class Written:
    """A table that stands beside its place already, and its manifest entry."""

    path: Path
    entry: dict[str, Any]


def write_stage(
    directory: Path,
    stage: str,
    tables: Mapping[str, tuple[TableSchema, pa.Table] | Written],
    inputs: Mapping[str, str],
    settings: Mapping[str, object] | None = None,
) -> None:
    """Write all tables of one stage into `directory`, then its part of `manifest.json`.

    Args:
        directory: where `<name>.parquet` go; made if missing.
        stage: the command that makes these tables, named to the reader whom a stale table stops.
        tables: made tables (see `make_table`) with their schemas, or ones that were written beside.
        inputs: what they were made from: a path relative to the project and its SHA-256.
        settings: what was said on the command line that the inputs do not say; noted where there is any.

    A table that is there already, byte for byte, is left alone. A run that dies leaves either the old tables, or a
    manifest that does not match them: readers then refuse.
    """
    directory.mkdir(parents=True, exist_ok=True)
    beside: dict[str, Path] = {}
    entries = {}
    try:
        for name, table in tables.items():
            if isinstance(table, Written):
                beside[name], entries[name] = table.path, table.entry
                continue
            beside[name] = directory / f".{name}.parquet.writing"
            write_parquet(beside[name], table[1])
            entries[name] = {
                "sha256": file_sha256(beside[name]),
                "bytes": beside[name].stat().st_size,
                "rows": table[1].num_rows,
                "content_sha256": content_sha256(*table),
            }
        for name, path in beside.items():
            if not _is_there(directory / f"{name}.parquet", entries[name]):
                _move(path, directory / f"{name}.parquet")
    finally:
        for path in beside.values():
            remove(path)
    manifest = read_manifest(directory)
    for part in manifest.values():  # a table belongs to the stage that wrote it last
        for name in entries:
            part.get("tables", {}).pop(name, None)
    manifest[stage] = {"inputs": dict(sorted(inputs.items())), "tables": dict(sorted(entries.items()))}
    if settings:
        manifest[stage]["settings"] = dict(settings)
    write_text(directory / MANIFEST, json.dumps(dict(sorted(manifest.items())), indent=1) + "\n")


def _is_there(path: Path, entry: Mapping[str, Any]) -> bool:
    """Is this table the one that its entry describes? It is read only where its size says that it may be."""
    if path.is_dir():
        size = sum(shard.stat().st_size for shard in path.iterdir())
    else:
        size = path.stat().st_size if path.is_file() else -1
    return size == entry["bytes"] and file_sha256(path) == entry["sha256"]


def _move(path: Path, target: Path) -> None:
    """Put a file or folder in the place of another; a folder is no bar to a file, nor a file to a folder."""
    if path.is_dir() or target.is_dir():
        aside = target.with_name(f".{target.name}.old")
        remove(aside)
        if target.exists():
            os.replace(target, aside)
        os.replace(path, target)
        remove(aside)
    else:
        os.replace(path, target)


def remove(path: Path) -> None:
    """Take away a file or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest of a folder of tables by stage; empty where there is none (or a crash left half of one)."""
    try:
        found = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_text(path: Path, text: str) -> None:
    """Write a text file beside its place, flush, and rename."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file beside its place, flush, and rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.writing")
    try:
        with open(beside, "wb") as sink:
            sink.write(data)
            sink.flush()
            os.fsync(sink.fileno())
        os.replace(beside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
