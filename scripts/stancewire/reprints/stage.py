"""The stage that makes the tables `stories`, `reprints` and `variants` from documents, segments and sentences."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..engine import cut_shards, run
from .caps import describe_caps
from .known import Known
from .stories import Grouping, group_witnesses, pair_rows, story_rows
from .variants import collate
from .witness import Witness, read_witnesses

PAIRS_PER_SHARD = 64
REMEMBERED = 2_000  # documents from which on remembering pays: fewer take a tenth of a second


Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Found:
    """Rows of `stories`, `reprints` and `variants`, and in which respects not all was compared with all."""

    rows: dict[str, Rows]
    capped: tuple[str, ...]


def make_reprint_tables(
    documents: pa.Table, segments: pa.Table, sentences: pa.Table, workers: int = 1, remember: Path | None = None
) -> dict[str, Rows]:
    """Rows of `stories`, `reprints` and `variants` for a whole corpus.

    Args:
        documents, segments, sentences: the tables of these names (any order of rows; `role` may be a dictionary).
        workers: processes; the rows are the same for any number.
        remember: the file of `known.Known` that is read before and written after, in corpora of `REMEMBERED` documents
            and more; without it, and without the file, the rows are the same.

    Every document has one row in `stories`. Pairs and variants are those of documents in one story, with
    doc_id_a < doc_id_b: all reprint pairs of a small story, each member with the head in a larger one
    (`stories.ALL_PAIRS`); and those across stories.
    """
    return find_reprints(read_witnesses(documents, segments, sentences), workers, remember).rows


def find_reprints(witnesses: Sequence[Witness], workers: int = 1, remember: Path | None = None) -> Found:
    """As `make_reprint_tables`, for witnesses sorted by doc_id."""
    known = Known.read(remember) if remember is not None and len(witnesses) >= REMEMBERED else None
    grouping = group_witnesses(witnesses, workers, known)
    if remember is not None and known is not None:
        with contextlib.suppress(OSError):  # a full or read-only disk costs time in the next run, and nothing else
            grouping.measured.remember().write(remember)
    rows: dict[str, Rows] = {
        "stories": story_rows(witnesses, grouping),
        "reprints": pair_rows(witnesses, grouping),
        "variants": list(variant_rows(witnesses, grouping, workers)),
    }
    return Found(rows, tuple(describe_caps(witnesses, grouping)))


def variant_rows(witnesses: Sequence[Witness], grouping: Grouping, workers: int = 1) -> Iterator[dict[str, Any]]:
    """Rows of the table `variants`. Where many documents are copies, each two contents are collated once."""
    contents: dict[tuple[object, ...], int] = {}
    number_of = {}
    listed = sorted((*grouping.pairs, *grouping.across))
    for number in sorted({number for pair in listed for number in (pair.a, pair.b)}):
        witness = witnesses[number]
        content = (witness.text, witness.lang, witness.paragraphs, witness.sentences)
        number_of[number] = contents.setdefault(content, number)
    wanted = [(number_of[pair.a], number_of[pair.b]) for pair in listed]
    uses = Counter(wanted)
    pairs = [(witnesses[a], witnesses[b]) for a, b in uses]
    collated = (rows for part in run(_collate_all, cut_shards(pairs, PAIRS_PER_SHARD), workers) for rows in part)
    keys = iter(list(uses))
    kept: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for pair, key in zip(listed, wanted, strict=True):
        while key not in kept:
            kept[next(keys)] = next(collated)
        names = {"doc_id_a": witnesses[pair.a].doc_id, "doc_id_b": witnesses[pair.b].doc_id}
        yield from ({**row, **names} for row in kept[key])
        uses[key] -= 1
        if not uses[key]:
            del kept[key]


def _collate_all(pairs: Sequence[tuple[Witness, Witness]]) -> list[list[dict[str, Any]]]:
    return [collate(a, b) for a, b in pairs]
