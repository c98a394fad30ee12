"""Tables as CSV files for spreadsheets and R (see `release.csv_tables` for the format)."""

from __future__ import annotations

from ..corpus_view import TABLES, Corpus
from ..release.csv_tables import csv_bytes
from .writing import Target


def write_csv_tables(target: Target, corpus: Corpus) -> None:
    """Write each table as `<name>.csv`.

    Raises:
        TableError, ReleaseError: a table is missing, stale or damaged.
    """
    for name in TABLES:
        table = corpus.arrow(name)
        (target.folder / f"{name}.csv").write_bytes(csv_bytes(table))
        target.report.files.append(f"{name}.csv")
        target.report.counts["rows"] += table.num_rows
