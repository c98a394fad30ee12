"""Candidates for the codebook's furniture: short lines that come again in many different stories.

Reprints are grouped first, so that a sentence which fifty papers took from one agency counts once. Nothing is decided
here: a person reads `corpus/furniture_candidates.csv` and puts what is furniture under `furniture` in the codebook. The
next conversion gives these lines that role; no offset changes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..reprints.beside import MEMORY, Shards, Walk
from ..tables import remove
from ..text import furniture_key

CANDIDATES = "furniture_candidates.csv"
COLUMNS = ("line", "key", "stories", "documents", "role")
MIN_STORIES = 5
MAX_CHARS = 80
ROLES = ("headline", "body", "caption")  # the others are known for what they are
LINES = pa.schema([(name, pa.string()) for name in ("doc_id", "role", "line", "key")])


def find_candidates(documents: Path, segments: Path, stories: Path, scratch: Path) -> str:
    """The candidates as CSV, the one in most stories first; empty where there is none.

    Args:
        documents, segments, stories: the written tables, files or folders.
        scratch: a folder for what does not fit in memory.

    Columns: `line` as it is spelt most often; its `key` (case and digits folded: `text.furniture_key`); different
    `stories` and `documents` that have it as a paragraph; the `role` that it mostly has now.
    """
    import duckdb

    lines = scratch / "short-lines.parquet"
    with pq.ParquetWriter(lines, LINES) as file:
        for batch in _short_lines(Shards(documents), Shards(segments)):
            file.write_batch(batch)
    base = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(scratch), "threads": 2})
    base.execute("set preserve_insertion_order = false")
    try:
        # Grouped step by step, since counts of different values are not put on disk.
        rows = base.execute(
            """
            with common as (select key from read_parquet($1) group by key having count(*) >= $3),
            keyed as (
                select key, line, role, doc_id, story_id
                from read_parquet($1) as lines join common using (key) join read_parquet($2) as told using (doc_id)
            ),
            counted as (
                select key, count(*) as stories from (select distinct key, story_id from keyed)
                group by key having count(*) >= $3
            ),
            held as (select key, count(*) as documents from (select distinct key, doc_id from keyed) group by key),
            spelt as (
                select key, line, role, row_number() over (partition by key order by count(*) desc, line, role) as place
                from keyed group by key, line, role
            )
            select line, key, stories, documents, role from counted join held using (key) join spelt using (key)
            where place = 1 order by stories desc, documents desc, key
            """,
            [str(lines), str(stories / "*.parquet" if stories.is_dir() else stories), MIN_STORIES],
        ).fetchall()
    finally:
        base.close()
        remove(lines)
    if not rows:
        return ""
    written = io.StringIO()
    sheet = csv.writer(written, lineterminator="\n")
    sheet.writerow(COLUMNS)
    sheet.writerows(rows)
    return written.getvalue()


def _short_lines(documents: Shards, segments: Shards) -> Iterator[pa.RecordBatch]:
    """Paragraphs of one short line each, with their keys."""
    for shard in range(len(segments.paths)):
        walk = Walk(documents.beside(segments, shard, ("text",)), segments.path.name)
        for batch in segments.batches(("doc_id", "role", "start", "end"), shard):
            roles = batch.column("role").cast(pa.string())
            starts, ends = (np.asarray(batch.column(name)) for name in ("start", "end"))
            short = np.asarray(pc.is_in(roles, value_set=pa.array(ROLES))) & (ends - starts <= MAX_CHARS)
            ids, roles = (column.take(pa.array(np.flatnonzero(short))) for column in (batch.column("doc_id"), roles))
            texts = (walk.find(doc_id)[2] for doc_id in ids.to_pylist())
            places = zip(starts[short].tolist(), ends[short].tolist(), strict=True)
            lines = [text[start:end] for text, (start, end) in zip(texts, places, strict=True)]
            keys = list(map(furniture_key, lines))
            columns = [ids.cast(pa.string()), roles, pa.array(lines, pa.string()), pa.array(keys, pa.string())]
            found = pa.RecordBatch.from_arrays(columns, schema=LINES)
            yield found.filter(pc.not_equal(found.column("key"), ""))
