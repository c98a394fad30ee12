"""Tables of a project as CSV files for spreadsheets and R (see `release.csv_tables` for the format)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..project import ANNOTATION_TABLES, CORPUS_TABLES, Project
from ..release.csv_tables import csv_bytes
from ..tables import read_table, read_table_schema, write_bytes


def export_csv(
    project: Project, folder: Path, names: Sequence[str] = (*CORPUS_TABLES, *ANNOTATION_TABLES)
) -> list[Path]:
    """Write tables as `<folder>/<name>.csv`; what stands there under these names is replaced.

    Raises:
        TableError: a table is missing, stale or damaged.
    """
    written = []
    for name in names:
        schema = read_table_schema(name, project.table_schemas)
        path = folder / f"{name}.csv"
        write_bytes(path, csv_bytes(read_table(project.table_path(name).parent, schema)))
        written.append(path)
    return written
