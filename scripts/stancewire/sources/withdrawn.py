"""`corpus/withdrawn.csv`: documents that are to be in no later release, because somebody may ask for that.

Columns: doc_id, date (the day it was decided), reason, by (a pseudonym; may be empty). `convert` leaves such a document
out of every table, and so do all stages after it: stories, reprints, agreement and splits are those of the corpus
without it. What was received stays as it was: its source, and what annotators said of it in stored exports, until a
person takes them away; `release` copies neither. Take the row out, and the document is back. Releases that were made
before never change.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from ..errors import SourceError
from .listing import read_csv_rows, read_day

COLUMNS = ("doc_id", "date", "reason", "by")


@dataclass(frozen=True)
class Withdrawal:
    """One row of `withdrawn.csv`."""

    line: int
    doc_id: str
    date: datetime.date
    reason: str
    by: str


def read_withdrawn(path: Path) -> dict[str, Withdrawal]:
    """The rows of `withdrawn.csv` by document; empty where there is no such file.

    Raises:
        SourceError: it is not UTF-8, has other columns, or a row is incomplete or stands twice; the message names it.
    """
    found: dict[str, Withdrawal] = {}
    for line, given in read_csv_rows(path, COLUMNS):
        row = {name: given.get(name, "").strip() for name in COLUMNS}
        where = f"{path.name} line {line}"
        for name in ("doc_id", "date", "reason"):
            if not row[name]:
                raise SourceError(f"{where}: {name} is empty; fill it in")
        if row["doc_id"] in found:
            raise SourceError(
                f"{where}: {row['doc_id']!r} stands on line {found[row['doc_id']].line} already; keep one row"
            )
        date = read_day(row["date"], f"{where}: date")
        assert date is not None  # it is not empty
        found[row["doc_id"]] = Withdrawal(line, row["doc_id"], date, row["reason"], row["by"])
    return found
