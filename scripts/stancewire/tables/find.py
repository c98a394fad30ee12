"""A few rows of a made table, found without reading the rest of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import TableError
from .read import find_in_manifest, remedy_for
from .schema import TableSchema
from .write import MANIFEST, file_sha256, shards_of


def find_rows(
    directory: Path, schema: TableSchema, column: str, values: Collection[str], columns: Sequence[str] | None = None
) -> pa.Table:
    """The rows of table `schema.name` whose `column` is one of `values`, in the table's order.

    The file is checked against the manifest as `read_table` does, but piece by piece; then one row group is in memory
    at a time, its other columns only where it holds such a row, and groups whose least and greatest value leave no
    room for any are skipped.

    Raises:
        TableError: as `read_table`.
    """
    path, _ = _checked(directory, schema)
    wanted = list(schema.arrow.names if columns is None else columns)
    shape = pa.schema([schema.arrow.field(name) for name in wanted])
    found = []
    for part in shards_of(path) if path.is_dir() else [path]:
        try:
            with pq.ParquetFile(part) as file:
                found += list(_matching(file, column, values, wanted))
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise TableError(f"{part} cannot be read as Parquet ({reason}); run: stancewire build") from None
    if any(table.schema.remove_metadata() != shape for table in found):
        raise TableError(f"{path}: columns differ from schema/tables/{schema.name}.json; run: stancewire build")
    return pa.concat_tables(found) if found else shape.empty_table()


def iter_table(
    directory: Path, schema: TableSchema, columns: Sequence[str], rows: int = 4096
) -> Iterator[pa.RecordBatch]:
    """Columns of a whole table, so many rows in memory at a time; checked against the manifest as `find_rows` does.

    Raises:
        TableError: as `read_table`.
    """
    path, remedy = _checked(directory, schema)
    for part in shards_of(path) if path.is_dir() else [path]:
        try:
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(rows, columns=list(columns)):
                    yield batch.select(list(columns))
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise TableError(f"{part} cannot be read as Parquet ({reason}); {remedy}") from None


def _checked(directory: Path, schema: TableSchema) -> tuple[Path, str]:
    """Where a table stands that is what the manifest names, and what to run where it cannot be used after all."""
    path = directory / f"{schema.name}.parquet"
    remedy = remedy_for(directory, schema.name)
    if not path.exists():
        raise TableError(f"{path} is missing; {remedy}")
    entry = find_in_manifest(directory, schema.name)[1]
    if entry is None or file_sha256(path) != entry["sha256"]:
        raise TableError(f"{path} is not what {MANIFEST} names (changed, or an unfinished run); {remedy}")
    return path, remedy


def _matching(file: pq.ParquetFile, column: str, values: Collection[str], wanted: list[str]) -> Iterator[pa.Table]:
    at = file.schema_arrow.names.index(column)
    sought = pa.array(sorted(values), pa.large_string())
    for number in range(file.num_row_groups):
        bounds = file.metadata.row_group(number).column(at).statistics
        if bounds is not None and bounds.has_min_max and not any(bounds.min <= item <= bounds.max for item in values):
            continue
        held = file.read_row_group(number, columns=[column]).column(0).cast(pa.large_string())
        mask = pc.is_in(held, value_set=sought)
        if pc.any(mask).as_py():
            yield file.read_row_group(number, columns=wanted).select(wanted).filter(mask)
