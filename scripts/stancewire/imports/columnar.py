"""A raw Label Studio export → one flat table of its labelled spans, in little more time than its JSON takes to parse.

For exports of any size, and for a first look without a project. Each span is a judgement of the entity pass as `import`
would make it under these names, with the same `judgement_id`, and `reason` says what would put it into quarantine. What
is no labelled span (choices, relations, texts) is a row with a reason as well; answers that were skipped or are drafts
are left to `import`, and so is who or what a span names. Documents are named for their texts (`text-` and 16 digits of
the SHA-256), annotators for their ids on the server (where the export has only an address, for its hash).

Offsets are taken as code points: a text whose offsets count UTF-16 units shows as rows whose words differ.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..engine import Workers
from ..label_studio.offsets import same_words
from ..label_studio.regions import Columns, span_columns
from ..label_studio.splitting import Run, read_runs
from ..tables.bulk_ids import row_ids

BYTES_A_RUN = 2 << 20  # of tasks: few enough that their spans stay in a processor's cache
LARGE = 64 << 20  # bytes of a file that are worth a second process
Ints = npt.NDArray[np.int64]
_FARTHEST = 2**62
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
# Why a span is no judgement, in the order in which it is asked; beside these: no labelled span, and its control.
REASONS = (
    "outside the task's text",
    "empty span",
    "no label chosen",
    "unknown mention label",
    "other words than the export says",
)


@dataclass
class Scan:
    """What a table was made of: rows, and how many bear which reason."""

    rows: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Marked:
    """Spans as an export has them, unchecked.

    Attributes:
        columns: those of SCHEMA but `judgement_id` and `reason`. size: code points of each one's text.
        quote: the words as exported, where they are others. unlabelled: row -> control of what is no labelled span.
    """

    columns: dict[str, pa.Array]
    size: Ints
    quote: pa.Array
    unlabelled: dict[int, str]


def marked_spans(columns: Columns) -> Marked:
    """Lists as Arrow columns; what is said once an answer is repeated for its spans."""
    counts, *said = zip(*columns.answers, strict=True)
    answer = np.repeat(np.arange(len(counts)), counts)
    at = pa.array(answer)
    kinds = {"doc_id": pa.string(), "size": pa.int64(), "annotator_id": pa.string(), "updated_at": pa.string()}
    repeated = {
        name: pa.array(values, kind).take(at)
        for (name, kind), values in zip((kinds | {"seconds": pa.float64()}).items(), said, strict=True)
    }
    size = repeated.pop("size").to_numpy()
    own = {
        "region_id": _texts(columns.region_id),
        "origin": _texts(columns.origin),
        "start": _places(columns.start),
        "end": _places(columns.end),
        "text": _texts(columns.words),
        "label": _texts(columns.label),
    }
    return Marked(repeated | own, size, _texts(columns.quote), columns.unlabelled)


@dataclass(frozen=True)
class _Asked:
    """What is made of each run: the labels that are known, whether ids, which field is the text."""

    labels: tuple[str, ...]
    ids: bool
    text_field: str | None


def read_span_batches(
    path: Path, labels: Sequence[str] = (), ids: bool = True, text_field: str | None = None, workers: int = 1
) -> Iterator[pa.RecordBatch]:
    """The labelled spans of an export (SCHEMA), batch by batch, in the order of the file.

    Args:
        labels: the labels that are known (default: all are).
        ids: whether `judgement_id` is computed, a SHA-256 a row; else it is null.
        workers: processes that decode; the rows are the same for any number.

    Raises:
        ExportError: it is missing, cut off, or of another shape.
    """
    asked = _Asked(tuple(labels), ids, text_field)
    with Workers(workers, __name__) as pool:
        for batch in pool.run(_run_batch, read_runs(path, BYTES_A_RUN), shared=asked):
            if len(batch):
                yield batch


def _run_batch(asked: _Asked, tasks: Run) -> pa.RecordBatch:
    columns = span_columns(tasks, asked.text_field)
    if not columns.start:
        return pa.RecordBatch.from_pylist([], schema=SCHEMA)
    marked = marked_spans(columns)
    found = dict(marked.columns)
    found["reason"] = span_reasons(marked, asked.labels)
    found["judgement_id"] = _ids(columns) if asked.ids else pa.nulls(len(columns.start), pa.string())
    return pa.record_batch([found[name] for name in SCHEMA.names], schema=SCHEMA)


def span_reasons(marked: Marked, labels: Sequence[str] = ()) -> pa.Array:
    """Why each span is no judgement; null where it is one.

    Args:
        labels: the labels that are known (default: all are).
    """
    found = marked.columns
    at, to = (pc.fill_null(found[name], -1).to_numpy() for name in ("start", "end"))
    label, quote = found["label"], marked.quote
    known = pc.is_in(label, pa.array(list(labels), pa.string())) if labels else pc.is_valid(label)
    asked = [
        (at < 0) | (to > marked.size),
        to <= at,
        label.is_null().to_numpy(zero_copy_only=False),
        ~known.to_numpy(zero_copy_only=False),
        quote.is_valid().to_numpy(zero_copy_only=False),
    ]
    codes = np.full(len(at), -1, dtype=np.int64)
    for number in range(len(asked) - 1, -1, -1):
        codes[asked[number]] = number
    differing = np.flatnonzero(codes == len(REASONS) - 1)
    there, said = (column.take(pa.array(differing)).to_pylist() for column in (found["text"], quote))
    # white space and escaped line ends are no difference
    codes[[row for row, *both in zip(differing, there, said, strict=True) if same_words(*both)]] = -1
    words = list(REASONS)
    for row, control in marked.unlabelled.items():
        if codes[row] not in (0, 1) or found["start"][row].as_py() is None:
            words.append(f"no labelled span: {control}")
            codes[row] = len(words) - 1
    return pa.array(words, pa.string()).take(pa.array(codes, mask=codes < 0))


def _ids(columns: Columns) -> pa.Array:
    """`judgement_id` as `judgements.rows` makes it for a mention of kind name with nothing else chosen or typed."""
    starts = [
        start
        for count, doc_id, _, who, _, _ in columns.answers
        for start in [f"{who}\x1f{doc_id}\x1fentities\x1f1\x1f"] * count
    ]
    rest = zip(starts, columns.region_id, columns.start, columns.end, columns.label, strict=True)
    keys = [f"{a}{b}\x1fmention\x1f{c}\x1f{d}\x1f{e}\x1fname\x1f\x1f".encode() for a, b, c, d, e in rest]
    return row_ids(keys)


def _texts(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # hand-made: an id that is a number
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _places(values: list[int | None]) -> pa.Array:
    try:
        return pa.array(values, pa.int64())
    except (pa.ArrowInvalid, OverflowError):  # hand-made: a place further off than a text can be long
        return pa.array([None if v is None else max(min(v, _FARTHEST), -_FARTHEST) for v in values], pa.int64())


def write_span_table(
    path: Path, out: Path, labels: Sequence[str] = (), text_field: str | None = None, workers: int | None = None
) -> Scan:
    """Write the table of an export's labelled spans; written beside and moved, so that a failed run leaves none.

    Args:
        workers: processes that decode (default: two for a file of more than LARGE bytes, where there are two).

    Raises:
        ExportError: the export cannot be read.
    """
    import pyarrow.parquet as pq

    scan = Scan()
    if workers is None:
        workers = min(2, os.cpu_count() or 1) if path.is_file() and path.stat().st_size > LARGE else 1
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.writing")
    try:
        repeated = ["doc_id", "annotator_id", "label", "origin", "updated_at", "reason"]
        options: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "use_dictionary": repeated}
        with pq.ParquetWriter(beside, SCHEMA, **options) as sink:
            for batch in read_span_batches(path, labels, text_field=text_field, workers=workers):
                sink.write_batch(batch)
                scan.rows += len(batch)
                if batch.column("reason").null_count < len(batch):
                    for item in pc.value_counts(batch.column("reason").drop_null()).to_pylist():
                        scan.reasons[item["values"]] = scan.reasons.get(item["values"], 0) + item["counts"]
        os.replace(beside, out)
    finally:
        beside.unlink(missing_ok=True)
    return scan
