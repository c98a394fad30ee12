"""The stage that makes the tables `stories`, `reprints` and `variants` from documents, segments and sentences."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from .stories import group_witnesses, pair_rows, story_rows
from .variants import collate
from .witness import read_witnesses


def make_reprint_tables(
    documents: pa.Table, segments: pa.Table, sentences: pa.Table
) -> dict[str, list[dict[str, Any]]]:
    """Rows of `stories`, `reprints` and `variants` for a whole corpus.

    Args:
        documents, segments, sentences: the tables of these names (any order of rows; `role` may be a dictionary).

    Every document has one row in `stories`. Pairs and variants are those of documents in one story, with
    doc_id_a < doc_id_b: all reprint pairs of a small story, each member with the head in a larger one
    (`stories.ALL_PAIRS`).
    """
    witnesses = read_witnesses(documents, segments, sentences)
    grouping = group_witnesses(witnesses)
    return {
        "stories": story_rows(witnesses, grouping),
        "reprints": pair_rows(witnesses, grouping),
        "variants": [
            row for pair in grouping.pairs for row in collate(witnesses[pair.a], witnesses[pair.b])
        ],
    }
