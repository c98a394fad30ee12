"""Reading made tables: only ones that match their manifest, in exactly their schema."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import TableError
from .schema import TableSchema
from .write import MANIFEST, read_manifest, shards_of

_MAKES = {"convert": "stancewire convert", "judgements": "stancewire build", "gold": "stancewire merge"}


def read_table(directory: Path, schema: TableSchema, columns: Sequence[str] | None = None) -> pa.Table:
    """Table `schema.name` of `directory`, its bytes checked against the manifest.

    Raises:
        TableError: it is missing, is not what the manifest names, cannot be read, or has other columns; the message
            names the command that makes it anew.
    """
    path = directory / f"{schema.name}.parquet"
    entry = find_in_manifest(directory, schema.name)[1]
    remedy = remedy_for(directory, schema.name)
    if path.is_dir():
        return _read_folder(path, schema, columns, entry, remedy)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise TableError(f"{path} is missing; {remedy}") from None
    if entry is None:
        raise TableError(f"{path}: {directory / MANIFEST} does not name it (an unfinished run?); {remedy}")
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise TableError(f"{path} is not the file that {MANIFEST} names (changed, or an unfinished run); {remedy}")
    return parse_table(path, data, schema, columns)


def remedy_for(directory: Path, name: str) -> str:
    """What to do about table `name` where it cannot be used: the command that makes it anew."""
    return f"run: {_MAKES.get(find_in_manifest(directory, name)[0] or '', 'stancewire build')}"


def _read_folder(
    folder: Path, schema: TableSchema, columns: Sequence[str] | None, entry: dict[str, object] | None, remedy: str
) -> pa.Table:
    """A table that is a folder: its parts one after the other, each in key order."""
    if entry is None:
        raise TableError(f"{folder}: {folder.parent / MANIFEST} does not name it (an unfinished run?); {remedy}")
    parts = shards_of(folder)
    tables, lines = [], []
    for part in parts:
        data = part.read_bytes()
        lines.append(f"{hashlib.sha256(data).hexdigest()}  {part.name}\n")
        tables.append(parse_table(part, data, schema, columns))
    if hashlib.sha256("".join(lines).encode()).hexdigest() != entry["sha256"]:
        raise TableError(f"{folder} is not the folder that {MANIFEST} names (changed, or an unfinished run); {remedy}")
    return pa.concat_tables(tables)


def parse_table(path: Path, data: bytes, schema: TableSchema, columns: Sequence[str] | None = None) -> pa.Table:
    """The bytes of a Parquet file as a table of this schema.

    Raises:
        TableError: it is not Parquet, or its columns are others.
    """
    try:
        table = decode_parquet(data, columns)
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TableError(f"{path} cannot be read as Parquet ({reason}); run: stancewire build") from None
    wanted = schema.arrow if columns is None else pa.schema([schema.arrow.field(name) for name in columns])
    if table.schema.remove_metadata() != wanted:
        names = table.column_names
        strange = [n for n in names if n not in wanted.names] or [n for n in wanted.names if n not in names]
        strange = strange or [f.name for f in wanted if table.schema.field(f.name).type != f.type] or ["their order"]
        raise TableError(
            f"{path}: columns differ from schema/tables/{schema.name}.json ({strange[0]}); run: stancewire build"
        )
    return table


def decode_parquet(data: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """The table in the bytes of a Parquet file; of `columns` those that it has, in their order.

    Not by `pyarrow.parquet.read_table`: its scanner may outlive the call when it reads from memory, and then some runs
    end with "terminate called without an active exception" instead of their exit code (pyarrow 26, apache/arrow#34314).

    Raises:
        pyarrow.ArrowException, OSError, ValueError: it is not Parquet, or is damaged.
    """
    table = pq.ParquetFile(pa.BufferReader(data)).read(columns=None if columns is None else list(columns))
    return table if columns is None else table.select([name for name in columns if name in table.column_names])


def read_columns(path: Path, columns: Sequence[str]) -> pa.Table:
    """Columns of a table that this process has just written, a file or a folder; nothing is checked."""
    parts = shards_of(path) if path.is_dir() else [path]
    return pa.concat_tables([pq.ParquetFile(part).read(columns=list(columns)) for part in parts])


def find_in_manifest(directory: Path, name: str) -> tuple[str | None, dict[str, object] | None]:
    """The stage that made table `name` and its manifest entry, or two Nones."""
    for stage, part in read_manifest(directory).items():
        entry = part.get("tables", {}).get(name) if isinstance(part, dict) else None
        if isinstance(entry, dict) and "sha256" in entry:
            return stage, entry
    return None, None
