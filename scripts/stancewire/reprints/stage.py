"""The stage that makes the tables `stories`, `reprints` and `variants` from documents, segments and sentences."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..engine import Crew
from .caps import describe_caps
from .collating import variant_rows
from .known import Known
from .stories import group_witnesses, pair_rows, story_rows
from .witness import Witness, read_witnesses

REMEMBERED = 2_000  # documents from which on remembering pays: fewer take a tenth of a second
MOST_REMEMBERED = 300_000  # and up to which: a kilobyte each, three times in memory while it is written


Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Found:
    """Rows of `stories`, `reprints` and `variants`, made as they are asked for, sorted by key.

    Attributes:
        rows: by table. capped: in which respects not all was compared with all.
    """

    rows: dict[str, Iterator[dict[str, Any]]]
    capped: tuple[str, ...]


def make_reprint_tables(
    documents: pa.Table, segments: pa.Table, sentences: pa.Table, workers: Crew = 1, remember: Path | None = None
) -> dict[str, Rows]:
    """Rows of `stories`, `reprints` and `variants` for a whole corpus.

    Args:
        documents, segments, sentences: the tables of these names (any order of rows; `role` may be a dictionary).
        workers: processes; the rows are the same for any number.
        remember: the file of `known.Known` that is read before and written after, in corpora of `REMEMBERED` to
            `MOST_REMEMBERED` documents; without it, and without the file, the rows are the same.

    Every document has one row in `stories`. Pairs and variants are those of documents in one story, with
    doc_id_a < doc_id_b: all reprint pairs of a small story, each member with the head in a larger one
    (`stories.ALL_PAIRS`); and those across stories.
    """
    found = find_reprints(read_witnesses(documents, segments, sentences), workers, remember)
    return {name: list(rows) for name, rows in found.rows.items()}


def find_reprints(witnesses: Sequence[Witness], workers: Crew = 1, remember: Path | None = None) -> Found:
    """As `make_reprint_tables`, for witnesses sorted by doc_id: those of a `Spool` are never all in memory."""
    is_remembered = remember is not None and REMEMBERED <= len(witnesses) <= MOST_REMEMBERED
    known = Known.read(remember) if remember is not None and is_remembered else None
    grouping = group_witnesses(witnesses, workers, known)
    if remember is not None and known is not None:
        with contextlib.suppress(OSError):  # a full or read-only disk costs time in the next run, and nothing else
            grouping.measured.remember().write(remember)
    grouping.measured.forget()
    rows: dict[str, Iterator[dict[str, Any]]] = {
        "stories": story_rows(witnesses, grouping),
        "reprints": pair_rows(witnesses, grouping),
        "variants": variant_rows(witnesses, grouping, workers),
    }
    return Found(rows, tuple(describe_caps(witnesses, grouping)))
