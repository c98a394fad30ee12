"""Checks of packages in which texts are withheld, or were put back in part: places within texts that are not there.

What is withheld the table schemas say (`stancewire:withheld`); how long a text is, `documents.n_chars`. Needs pyarrow
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow.compute as pc

from ..errors import Problem
from ..tables import TableSchema
from .loading import Loaded, limited, table_file
from .packaged import TEXT_FREE
from .spans import SPANS, UNSLICED

WITHHELD = "stancewire:withheld"
_PLACE = re.compile("⟦[^⟦⟧]*:[0-9]+-[0-9]+⟧")
_SHA256 = re.compile("[0-9a-f]{64}")


def check_withheld(loaded: Loaded, flavour: str) -> list[Problem]:
    """Of a text-free package: no quote is there, each has its hash. Of both kinds: places lie within their texts."""
    found: list[Problem] = []
    if flavour == TEXT_FREE:
        for name, schema in loaded.schemas.items():
            if name in loaded.tables:
                found += limited("text-withheld", table_file(name), _wrong_values(loaded, name, schema))
    lengths = {
        doc_id: n_chars
        for doc_id, n_chars in loaded.columns("documents", "doc_id", "n_chars")
        if doc_id not in loaded.texts
    }
    if not lengths:
        return found
    for name in loaded.tables:
        if name not in UNSLICED:
            for columns in SPANS:
                if set(columns) <= set(loaded.schemas[name].by_name):
                    found += limited("text-slice", table_file(name), _wrong_places(loaded, name, columns, lengths))
    found += limited("segment-partition", table_file("segments"), _wrong_parts(loaded, "segments", lengths))
    found += limited("sentence-segment", table_file("sentences"), _wrong_parts(loaded, "sentences", lengths))
    return found


def _wrong_values(loaded: Loaded, name: str, schema: TableSchema) -> Iterator[tuple[str, str]]:
    for item in schema.descriptor["fields"]:
        if WITHHELD not in item:
            continue
        column, hashes = item["name"], f"{item['name']}_sha256"
        if item[WITHHELD] == "quote":
            there = [value for value in pc.unique(loaded.tables[name].column(column)).to_pylist() if value is not None]
            if not all(map(_PLACE.fullmatch, there)):
                yield column, "holds words, and all are to be withheld"
        if hashes not in schema.by_name:
            yield column, f"is withheld, and there is no column {hashes}"
            continue
        for value in pc.unique(loaded.tables[name].column(hashes)).to_pylist():
            if value is not None and not _SHA256.fullmatch(value):
                yield hashes, f"{value!r} is no SHA-256"
    marked = {item["name"] for item in schema.descriptor["fields"] if WITHHELD in item}
    if name == "documents" and "text" not in marked:
        yield "text", f"schema/tables/{name}.json does not say that it is withheld"


def _wrong_places(
    loaded: Loaded, name: str, columns: tuple[str, ...], lengths: dict[str, int]
) -> Iterator[tuple[str, str]]:
    empty_allowed = name == "variants"
    for doc_id, start, end, words in loaded.columns(name, *columns):
        n_chars = lengths.get(doc_id)
        if n_chars is None or (start is None and end is None):
            continue
        place = f"{doc_id}:{start}-{end}"
        if start is None or end is None:
            yield place, f"{columns[1]} and {columns[2]} must be both there or both null"
        elif not 0 <= start <= end <= n_chars or (start == end and not empty_allowed):
            yield place, f"the span is empty or outside the text (0-{n_chars})"
        elif words is not None and len(words) != end - start:
            yield place, f"{columns[3]} has {len(words)} characters, its place {end - start}"


def _wrong_parts(loaded: Loaded, name: str, lengths: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Segments or sentences that overlap, lie outside their text, or (sentences) outside their segment."""
    numbered = "seg_no" if name == "segments" else "sent_no"
    segments = {(d, n): (s, e) for d, n, s, e in loaded.columns("segments", "doc_id", "seg_no", "start", "end")}
    previous, position = "", 0
    for doc_id, number, seg_no, start, end in loaded.columns(name, "doc_id", numbered, "seg_no", "start", "end"):
        if doc_id not in lengths:
            continue
        if doc_id != previous:
            previous, position = doc_id, 0
        whole = (0, lengths[doc_id])
        first, last = segments.get((doc_id, seg_no), whole) if name == "sentences" else whole
        if not first <= start < end <= last:
            yield f"{doc_id}:{number}", f"{start}-{end} is empty or not within {first}-{last}"
        elif start < position:
            yield f"{doc_id}:{number}", f"begins at {start}, before the end of the one before ({position})"
        position = max(position, end)
