"""Candidates for the codebook's furniture: short lines that come again in many different stories.

Reprints are grouped first, so that a sentence which fifty papers took from one agency counts once. Nothing is decided
here: a person reads `corpus/furniture_candidates.csv` and puts what is furniture under `furniture` in the codebook. The
next conversion gives these lines that role; no offset changes.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ..text import furniture_key

CANDIDATES = "furniture_candidates.csv"
COLUMNS = ("line", "key", "stories", "documents", "role")
MIN_STORIES = 5
MAX_CHARS = 80
ROLES = ("headline", "body", "caption")  # the others are known for what they are
MEMORY = "256MB"  # beyond it DuckDB goes to disk


def find_candidates(documents: Path, segments: Path, stories: Path, scratch: Path) -> str:
    """The candidates as CSV, the one in most stories first; empty where there is none.

    Args:
        documents, segments, stories: the written tables, files or folders.
        scratch: a folder for what does not fit in memory.

    Columns: `line` as it is spelt most often; its `key` (case and digits folded: `text.furniture_key`); different
    `stories` and `documents` that have it as a paragraph; the `role` that it mostly has now.
    """
    import duckdb

    base = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(scratch), "threads": 2})
    try:
        base.create_function("furniture_key", furniture_key, ["VARCHAR"], "VARCHAR")
        rows = base.execute(
            """
            with told as (select doc_id, story_id from read_parquet(?)),
            lines as (
                select doc_id, cast(role as varchar) as role, substring(text, start + 1, "end" - start) as line
                from read_parquet(?) as parts join read_parquet(?) as texts using (doc_id)
                where "end" - start <= ? and role in (?, ?, ?)
            ),
            keyed as (select *, furniture_key(line) as key from lines join told using (doc_id)),
            counted as (
                select key, count(distinct story_id) as stories, count(distinct doc_id) as documents
                from keyed where key <> '' group by key having stories >= ?
            ),
            spelt as (
                select key, line, role, row_number() over (partition by key order by count(*) desc, line, role) as place
                from keyed where key in (select key from counted) group by key, line, role
            )
            select line, key, stories, documents, role from counted join spelt using (key) where place = 1
            order by stories desc, documents desc, key
            """,
            [_glob(stories), _glob(segments), _glob(documents), MAX_CHARS, *ROLES, MIN_STORIES],
        ).fetchall()
    finally:
        base.close()
    if not rows:
        return ""
    written = io.StringIO()
    sheet = csv.writer(written, lineterminator="\n")
    sheet.writerow(COLUMNS)
    sheet.writerows(rows)
    return written.getvalue()


def _glob(path: Path) -> str:
    return str(path / "*.parquet" if path.is_dir() else path)
