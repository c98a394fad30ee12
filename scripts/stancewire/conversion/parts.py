"""Parts: what came of a parcel, on disk, as Arrow files sorted by key; and the account of it, written last."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..errors import Problem
from ..sources import Reject

if TYPE_CHECKING:
    from ..tables import TableSchema

PART_TABLES = ("documents", "segments", "sentences")
BUCKET = "bucket"  # a part's own column: the first 16 bits of sha256(doc_id)


@dataclass(frozen=True)
class Tally:
    """How often something was met in a file: `aside` (no article: its kind), `columns` (read from these), `listed`
    (records that a row of sources.csv names by this place within the file), or `withdrawn` (a document's id, and behind
    a line break its place within the file)."""

    source_path: str
    kind: str
    what: str
    count: int


@dataclass
class Account:
    """What a parcel gave.

    Attributes:
        n_files, n_bytes: that were read; a file that is cut into spans counts with the first.
        parts: for each part rows and bytes of values by table. hashes: root, source path and SHA-256 of each file read.
    """

    key: str
    n_files: int = 0
    n_bytes: int = 0
    parts: list[dict[str, tuple[int, int]]] = field(default_factory=list)
    hashes: list[tuple[int, str, str]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write it beside its parts; a parcel that has an account is done."""
        data = vars(self) | {name: [as_json(item) for item in getattr(self, name)] for name in _SAID}
        # Not flushed to disk: a killed process loses nothing of it, and a part that lost power is made again.
        path = folder / f"{self.key}.json"
        beside = path.with_suffix(".writing")
        beside.write_bytes(json.dumps(data).encode())
        os.replace(beside, path)


_SAID = ("rejects", "problems", "tallies")


def read_account(folder: Path, key: str) -> Account | None:
    """The account of a parcel that an earlier run finished; None where there is none, or a part of it is damaged."""
    try:
        data = json.loads((folder / f"{key}.json").read_bytes())
        for number, part in enumerate(data["parts"]):
            for name, (rows, _) in part.items():
                if rows and not _is_whole(part_path(folder, key, number, name)):
                    return None
        return Account(
            data["key"],
            data["n_files"],
            data["n_bytes"],
            [{name: tuple(size) for name, size in part.items()} for part in data["parts"]],
            [tuple(item) for item in data["hashes"]],
            [Reject(**item) for item in data["rejects"]],
            [Problem(**item) for item in data["problems"]],
            [Tally(**item) for item in data["tallies"]],
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _is_whole(path: Path) -> bool:
    """Does an Arrow file end as it should? One that lost power may not."""
    try:
        with open(path, "rb") as source:
            source.seek(-6, os.SEEK_END)
            return source.read() == b"ARROW1"
    except OSError:
        return False


def as_json(item: Reject | Problem | Tally) -> dict[str, Any]:
    """What was said as a plain dict."""
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def part_path(folder: Path, key: str, number: int, table: str) -> Path:
    """Where a part's rows of one table stand."""
    return folder / f"{key}-{number}.{table}.arrow"


def write_part(
    folder: Path,
    key: str,
    number: int,
    schemas: Mapping[str, TableSchema],
    tables: Mapping[str, pa.Table],
    by_bucket: bool = False,
) -> dict[str, tuple[int, int]]:
    """Write the rows of a part, documents first, with each row's bucket; returns rows and bytes of values by table.

    Args:
        by_bucket: sort the rows by their bucket, since the tables will be folders: a shard's rows then stand together.
    """
    import pyarrow.compute as pc

    from ..tables import make_table

    sizes = {}
    doc_ids = buckets = None
    for name, rows in tables.items():
        table = make_table(schemas[name], rows)
        ids = table.column("doc_id")
        if doc_ids is None:
            doc_ids, buckets = ids.combine_chunks(), pa.array(map(bucket, ids.to_pylist()), pa.uint16())
            found = buckets
        else:
            found = pc.take(buckets, pc.index_in(ids, value_set=doc_ids)).cast(pa.uint16())
        made = table.append_column(BUCKET, found)
        write_arrow(part_path(folder, key, number, name), [_by_bucket(made) if by_bucket else made])
        sizes[name] = (table.num_rows, value_bytes(table))
    return sizes


def duplicate(doc_id: str, first: tuple[str, int | None], source_path: str, record_no: int) -> Reject:
    """The reject of a document whose id another has already."""
    there = first[0] if first[1] is None else f"{first[0]} record {first[1]}"
    here = source_path if record_no < 0 else f"{source_path} record {record_no}"
    message = (
        f"its id {doc_id!r} is that of {there} already: this is {here}; "
        "give one of them another id, or each source an --id-prefix"
    )
    return Reject(source_path, record_no, "source-duplicate", message)


def write_documents(
    folder: Path, key: str, number: int, documents: pa.Table, by_bucket: bool
) -> dict[str, tuple[int, int]]:
    """Write a part of made documents alone; returns rows and bytes of values by table.

    Args:
        by_bucket: also write each row's bucket, and sort by it, since the tables will be folders.
    """
    nothing = dict.fromkeys(PART_TABLES, (0, 0))
    sizes = {**nothing, "documents": (documents.num_rows, value_bytes(documents))}
    if by_bucket:
        documents = _by_bucket(documents.append_column(BUCKET, find_buckets(documents)))
    write_arrow(part_path(folder, key, number, "documents"), [documents])
    return sizes


def _by_bucket(part: pa.Table) -> pa.Table:
    """Rows sorted by bucket; those of one document stay together, in order."""
    order = np.argsort(np.asarray(part.column(BUCKET).combine_chunks()), kind="stable")
    return part.take(pa.array(order)).combine_chunks()


def bucket(doc_id: str) -> int:
    """The first 16 bits of sha256(doc_id)."""
    return int.from_bytes(hashlib.sha256(doc_id.encode("utf-8", "surrogatepass")).digest()[:2])


def find_buckets(part: pa.Table) -> pa.Array:
    """The bucket of each row, written beside it or not."""
    if BUCKET in part.column_names:
        return part.column(BUCKET).combine_chunks()
    return pa.array(np.fromiter(map(bucket, part.column("doc_id").to_pylist()), np.uint16, part.num_rows))


def write_arrow(path: Path, tables: Iterable[pa.Table]) -> None:
    """Write tables of one schema as one Arrow file, beside its place and renamed; what is lost is made again."""
    beside = path.with_name(f".{path.name}.writing")
    writer = None
    try:
        with open(beside, "wb") as sink:
            for table in tables:
                writer = writer or pa.ipc.new_file(sink, table.schema)
                writer.write_table(table)
            if writer is not None:
                writer.close()
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def value_bytes(table: pa.Table) -> int:
    """Bytes of the values of a table, as they would lie in memory: a function of the rows alone."""
    return sum(_value_bytes(chunk) for column in table.columns for chunk in column.chunks)


def _value_bytes(array: pa.Array) -> int:
    if pa.types.is_dictionary(array.type):
        return 4 * len(array)
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        bounds = memoryview(array.buffers()[1]).cast("B").cast("q" if pa.types.is_large_string(array.type) else "i")
        return 4 * len(array) + int(bounds[array.offset + len(array)] - bounds[array.offset]) if len(array) else 0
    return len(array) * array.type.bit_width // 8


def open_part(path: Path) -> pa.Table:
    """A part's rows, mapped and not read: what is not looked at stays on disk."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def read_part(path: Path) -> pa.Table:
    """A part's rows, read: nothing of the file stays mapped where some of them, or a vocabulary, are kept."""
    with pa.OSFile(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def copied(rows: pa.Table) -> pa.Table:
    """Rows in memory of their own, vocabularies too, so that the file they were mapped from is let go."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return pa.ipc.open_stream(sink.getvalue()).read_all()
