"""The certificate of a split, `annotations/splits_certificate.json`: made with the table, recomputed by `verify`.

It says between which parts nothing leaks, by which measure and thresholds, how many pairs of documents were close
enough to be measured, and how close the closest of them are. Needs numpy and pyarrow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..reprints.thresholds import ALIGNED, CONTAINMENT, FEWEST_WORDS, LOW_ALIGNED, LOW_CONTAINMENT, REWRITTEN
from .border import METHOD, Border, check_border
from .settings import PARTS

FILE = "annotations/splits_certificate.json"
FORMAT = "stancewire-split-certificate/1"


def certify(texts: Mapping[str, str], part_of: Mapping[str, str]) -> tuple[dict[str, Any], Border, list[str]]:
    """The certificate of a split; also what was found, and the doc_ids by the numbers in it.

    Args:
        texts: reading texts (headline and body) by doc_id, of all documents.
        part_of: doc_id -> part.
    """
    doc_ids = sorted(part_of)
    border = check_border([texts[doc_id] for doc_id in doc_ids], [PARTS.index(part_of[doc_id]) for doc_id in doc_ids])
    closest = border.closest
    said = {
        "format": FORMAT,
        "method": METHOD,
        "of": "headline and body",
        "thresholds": {
            "containment": CONTAINMENT,
            "or_containment": LOW_CONTAINMENT,
            "with_aligned_share": ALIGNED,
            "or_with_aligned_share": LOW_ALIGNED,
            "where_jaccard": REWRITTEN,
            "fewest_words": FEWEST_WORDS,
        },
        "documents": {part: sum(found == part for found in part_of.values()) for part in PARTS},
        "left_out": len(texts) - len(part_of),
        "checked_pairs": border.n_checked,
        "largest_containment": None if closest is None else round(closest.containment, 12),
        "closest_pair": None if closest is None else [doc_ids[closest.a], doc_ids[closest.b]],
        "leaks": len(border.leaks),
    }
    return said, border, doc_ids


def certificate_bytes(certificate: Mapping[str, Any]) -> bytes:
    """The file."""
    return (json.dumps(certificate, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def differing(stated: Any, found: Mapping[str, Any]) -> list[str]:
    """The keys in which a stated certificate is not the one that was found."""
    if not isinstance(stated, dict):
        return ["it is no JSON object"]
    return [
        f"{key} is {stated.get(key)!r}, recomputed {found.get(key)!r}"
        for key in dict.fromkeys([*found, *stated])
        if stated.get(key) != found.get(key) or (key in stated) != (key in found)
    ]


def reading_texts(rows: Sequence[tuple[str, str]], segments: Sequence[tuple[str, str, int, int]]) -> dict[str, str]:
    """Headline and body of each document, joined by blank lines.

    Args:
        rows: (doc_id, text). segments: (doc_id, role, start, end), in any order.
    """
    parts: dict[str, list[tuple[int, int]]] = {}
    for doc_id, role, start, end in segments:
        if role in ("headline", "body") and end > start:
            parts.setdefault(doc_id, []).append((start, end))
    return {
        doc_id: "\n\n".join(text[start:end] for start, end in sorted(parts.get(doc_id, ()))) for doc_id, text in rows
    }
