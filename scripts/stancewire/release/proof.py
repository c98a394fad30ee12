"""The proof of a text-free package: no file of it holds 8 words of a source in a row.

Looked at is what stands on disk: each text of each table, each other file as a whole. CSV holds the cells of the same
tables. Values without white space are names and addresses, and so are the columns of ADDRESSES.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from ..checks.files import open_files
from ..checks.packaged import SUMS
from ..checks.rows import plain
from ..errors import ReleaseError
from ..tables import decode_parquet
from .flavours import PROMISED, QUOTES
from .places import WORD, Said, find_covered

ADDRESSES = ("doc_id", "doc_id_a", "doc_id_b", "inferred_from", "source_path", "url")


def prove_text_free(folder: Path, documents: pa.Table) -> None:
    """Look through every file of a package for words of its sources.

    Args:
        documents: the full table: texts, titles and the like are what must not be found.

    Raises:
        ReleaseError: some are left; the message says where.
    """
    strings = list(_strings(folder))
    said = [Said(text, None, PROMISED, PROMISED) for _, text in strings]
    for (place, text), covered in zip(strings, find_covered(said, _sources(documents)), strict=True):
        if covered:
            first, last = min(covered), min(covered) + PROMISED - 1
            matches = list(WORD.finditer(text))
            words = " ".join(text[matches[first].start() : matches[last].end()].split())
            raise ReleaseError(
                f"not released, for {place} holds words of {covered[first].doc_id} ({words!r}), and a text-free "
                f"package holds no {PROMISED} in a row; use other words, or run: stancewire release --flavour full"
            )


def _strings(folder: Path) -> Iterator[tuple[str, str]]:
    """(place, text) of all that may hold a quote."""
    files = open_files(folder)
    for name in files.names():
        if name.endswith(".parquet"):
            table = decode_parquet(files.read(name))
            for column in table.column_names:
                if column not in ADDRESSES and pa.types.is_large_string(plain(table.column(column)).type):
                    for value in plain(table.column(column)).unique().to_pylist():
                        if value is not None and len(value.split(maxsplit=1)) > 1:
                            yield f"{name}, column {column},", value
        elif not name.startswith("csv/") and name != SUMS:
            yield name, files.read(name).decode("utf-8", "replace")


def _sources(documents: pa.Table) -> Iterator[tuple[str, str]]:
    for batch in documents.select(["doc_id", *QUOTES["documents"]]).to_batches(max_chunksize=1_000):
        for doc_id, *parts in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield doc_id, "\n".join(part for part in parts if part)
