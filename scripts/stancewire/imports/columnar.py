"""A raw Label Studio export → one flat table of its labelled spans, about as fast as its JSON can be parsed.

For exports of any size, and for a first look without a project: DuckDB parses, unnests, slices and checks in one query,
the rows stream into a Parquet file. Each is a judgement of the entity pass as `import` would make it under these names,
with the same `judgement_id`, and `reason` says what would put it into quarantine. What is no labelled span (choices,
relations, texts) is a row with a reason as well; answers that were skipped or are drafts are left to `import`, and so
is who or what a span names. Documents are named for their texts (`text-` and 16 digits of the SHA-256), annotators for
their ids on the server (where the export has only an address, for its hash).

Offsets are taken as code points: a text whose offsets count UTF-16 units shows as rows whose words differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ..errors import ExportError
from ..label_studio.foreign_json import worded
from ..tables import row_id

LARGEST_TASK = 4 << 20  # bytes; a parser's buffer is a multiple of it, for each thread
ROWS_A_BATCH = 100_000
MEMORY = "320MB"

COLUMNS = """{
    'data': 'STRUCT("text" VARCHAR)',
    'annotations': 'STRUCT(completed_by JSON, updated_at VARCHAR, lead_time DOUBLE, was_cancelled BOOLEAN,
        result STRUCT(id VARCHAR, from_name VARCHAR, "type" VARCHAR, origin VARCHAR,
        "value" STRUCT("start" BIGINT, "end" BIGINT, "text" VARCHAR, labels VARCHAR[])
    )[])[]'
}"""

# The marks of all answers that were not skipped, one row a result; parameters: path, LARGEST_TASK.
MARKS = f"""
WITH tasks AS (
    SELECT data.text AS text, length(data.text) AS size, 'text-' || left(sha256(data.text), 16) AS doc_id,
           unnest(annotations) AS a
    FROM read_json(?, format = 'auto', columns = {COLUMNS}, maximum_object_size = ?)
), answers AS (
    SELECT text, size, doc_id, left(a.updated_at, 10) AS day, a.lead_time AS seconds,
           'annotator-' || CASE WHEN json_type(a.completed_by) IN ('UBIGINT', 'BIGINT') THEN a.completed_by ->> '$'
                                WHEN json_type(a.completed_by) = 'VARCHAR' THEN left(sha256(a.completed_by ->> '$'), 12)
                                ELSE coalesce(a.completed_by ->> '$.id', 'unknown') END AS annotator_id,
           unnest(a.result) AS r
    FROM tasks WHERE NOT coalesce(a.was_cancelled, false)
)
SELECT size, doc_id, day, seconds, annotator_id, r.id AS region_id, r.origin AS origin, r.from_name AS control,
       r.value.start AS s, r.value.end AS e, len(r.value.labels) AS n_labels, r.value.text AS quote,
       r.value.labels[1] AS label, CASE WHEN len(r.value.labels) > 1 THEN r.value.labels[2:] END AS more,
       CASE WHEN r.value.start >= 0 AND r.value.end > r.value.start AND r.value.end <= size
            THEN substring(text, r.value.start + 1, r.value.end - r.value.start) END AS words
FROM answers
"""
# Why a mark is no judgement; null where it is one. Parameters: the known labels, twice.
REASON = """
CASE WHEN s IS NULL OR e IS NULL THEN 'no labelled span: ' || coalesce(control, 'a relation')
     WHEN s < 0 OR e > size THEN 'outside the task''s text'
     WHEN e <= s THEN 'empty span'
     WHEN n_labels IS NULL THEN 'no labelled span: ' || control
     WHEN label IS NULL THEN 'no label chosen'
     WHEN len(?) > 0 AND NOT list_contains(?, label) THEN 'unknown mention label'
     WHEN quote IS NOT NULL AND quote <> words
          AND trim(regexp_replace(replace(quote, chr(92) || 'n', ' '), '\\s+', ' ', 'g'))
              <> trim(regexp_replace(words, '\\s+', ' ', 'g')) THEN 'other words than the export says'
END
"""
# Keys are as `judgements.rows` makes them for a mention of kind name with nothing else chosen or typed.
_QUERY = f"""
SELECT doc_id, annotator_id, region_id, s AS start, e AS "end", words AS text, label, origin, day AS updated_at,
       seconds,
       {REASON} AS reason,
       unhex(sha256(concat_ws(chr(31), annotator_id, doc_id, 'entities', '1', region_id, 'mention', s, e, label, 'name',
                              '', ''))) AS digest, more
FROM ({MARKS})
"""
_WITHOUT_IDS = (
    _QUERY[: _QUERY.index("       unhex")] + "       NULL AS digest, more\n" + _QUERY[_QUERY.index("FROM (") :]
)
_LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)
SCHEMA = pa.schema(
    [
        ("judgement_id", pa.string()),
        *((name, pa.string()) for name in ("doc_id", "annotator_id", "region_id")),
        *((name, pa.int64()) for name in ("start", "end")),
        *((name, pa.string()) for name in ("text", "label", "origin", "updated_at")),
        ("seconds", pa.float64()),
        ("reason", pa.string()),
    ]
)


@dataclass
class Scan:
    """What a table was made of: rows, and how many bear which reason."""

    rows: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


def read_span_batches(
    path: Path, labels: Sequence[str] = (), threads: int = 2, ids: bool = True
) -> Iterator[pa.RecordBatch]:
    """The labelled spans of an export, batch by batch, in the order of the file.

    Args:
        labels: the labels that are known (default: all are).
        ids: whether `judgement_id` is computed, which costs a third of the time; else it is null.

    Raises:
        ExportError: it is missing, cut off, or of another shape.
    """
    import duckdb

    if not path.is_file():
        raise ExportError(f"{path}: there is no such file")
    config: dict[str, Any] = {"threads": threads, "memory_limit": MEMORY}
    with duckdb.connect(config=config) as database:
        try:
            known = list(labels)
            found = database.sql(_QUERY if ids else _WITHOUT_IDS, params=[known, known, str(path), LARGEST_TASK])
            for batch in found.to_arrow_reader(ROWS_A_BATCH):
                yield _with_ids(batch)
                if batch.column("more").null_count < len(batch):
                    yield _further_labels(batch, known)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise ExportError(f"{path} {worded(str(error))}") from None


def _with_ids(batch: pa.RecordBatch) -> pa.RecordBatch:
    width = len(batch)
    if batch.column("digest").null_count == width:
        columns = [pa.nulls(width), *(batch.column(name) for name in SCHEMA.names[1:])]
        return pa.record_batch([item.cast(SCHEMA.field(n).type) for n, item in enumerate(columns)], schema=SCHEMA)
    digests = batch.column("digest").cast(pa.binary(32))
    raw = np.frombuffer(digests.buffers()[1], dtype=np.uint8)[digests.offset * 32 : (digests.offset + width) * 32]
    letters = base32(raw.reshape(width, 32))
    offsets = np.arange(width + 1, dtype=np.int32) * 26
    ids = pa.StringArray.from_buffers(width, pa.py_buffer(offsets), pa.py_buffer(letters))
    named = {"judgement_id": ids} | {name: batch.column(name) for name in SCHEMA.names[1:]}
    return pa.record_batch([named[name].cast(SCHEMA.field(name).type) for name in SCHEMA.names], schema=SCHEMA)


def _further_labels(batch: pa.RecordBatch, known: Sequence[str]) -> pa.RecordBatch:
    """The rows of regions that bear several labels, for each label but the first."""
    import pyarrow.compute as pc

    rows = []
    for row in batch.filter(pc.is_valid(batch.column("more"))).to_pylist():
        key = (row["annotator_id"], row["doc_id"], "entities", 1, row["region_id"], "mention", row["start"], row["end"])
        placed = row["reason"] in (None, "unknown mention label")
        for label in row["more"]:
            unknown = "unknown mention label" if known and label not in known else None
            made = {"judgement_id": row_id(*key, label, "name", "", ""), "label": label}
            rows.append({**row, **made, "reason": unknown if placed else row["reason"]})
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def base32(digests: np.ndarray) -> np.ndarray:
    """The first 26 base32 characters of each digest (rows of 32 bytes), as `tables.row_id` writes them."""
    head = np.zeros((len(digests), 4, 8), dtype=np.uint8)  # 26 characters are 130 bits: 17 bytes, four groups of five
    head[:, :, 3:] = digests[:, :20].reshape(-1, 4, 5)
    words = head.reshape(-1, 32).view(">u8").astype(np.uint64)
    shifts = np.arange(35, -1, -5, dtype=np.uint64)
    places = (words[:, :, None] >> shifts) & np.uint64(31)
    return np.ascontiguousarray(_LETTERS[places.reshape(-1, 32)[:, :26].astype(np.uint8)])


def write_span_table(path: Path, out: Path, labels: Sequence[str] = ()) -> Scan:
    """Write the table of an export's labelled spans; written beside and moved, so that a failed run leaves none.

    Raises:
        ExportError: the export cannot be read.
    """
    import os

    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    scan = Scan()
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.writing")
    try:
        repeated = ["doc_id", "annotator_id", "label", "origin", "updated_at", "reason"]
        options: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "use_dictionary": repeated}
        with pq.ParquetWriter(beside, SCHEMA, **options) as sink:
            for batch in read_span_batches(path, labels):
                sink.write_batch(batch)
                scan.rows += len(batch)
                if batch.column("reason").null_count < len(batch):
                    for item in pc.value_counts(batch.column("reason").drop_null()).to_pylist():
                        scan.reasons[item["values"]] = scan.reasons.get(item["values"], 0) + item["counts"]
        os.replace(beside, out)
    finally:
        beside.unlink(missing_ok=True)
    return scan
