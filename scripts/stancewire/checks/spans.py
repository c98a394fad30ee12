"""Checks of offsets: slices, the segment partition, sentences. Needs pyarrow alone.

All offsets are half-open code points of the canonical text. Python slices a text in constant time, so a check costs one
slice a row and never a loop over characters.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Problem
from .loading import Loaded, limited, table_file

UNSLICED = ("quarantine",)  # its rows have no place in today's text
SPANS = (
    ("doc_id", "start", "end", "text"),
    ("doc_id_a", "start_a", "end_a", "text_a"),
    ("doc_id_b", "start_b", "end_b", "text_b"),
)


def check_spans(loaded: Loaded) -> list[Problem]:
    """Slices of all tables, partition of all texts into segments, sentences within them."""
    found: list[Problem] = []
    if "documents" not in loaded.tables:
        return found
    for name in loaded.tables:
        if name not in UNSLICED:
            for columns in SPANS:
                if set(columns) <= set(loaded.schemas[name].by_name):
                    found += limited("text-slice", table_file(name), _wrong_slices(loaded, name, columns))
    if "segments" in loaded.tables:
        found += limited("segment-partition", table_file("segments"), _wrong_segments(loaded))
        found += limited("sentence-segment", table_file("sentences"), _wrong_sentences(loaded))
    return found


def _wrong_slices(loaded: Loaded, name: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    texts, empty_allowed = loaded.texts, name == "variants"
    for doc_id, start, end, words in loaded.columns(name, *columns):
        text = texts.get(doc_id)
        if text is None or (start is None and end is None and words is None):
            continue  # a foreign key's affair; a judgement on a whole document
        place = f"{doc_id}:{start}-{end}"
        if start is None or end is None or words is None:
            yield place, f"{', '.join(columns[1:])} must be all there or all null"
        elif not 0 <= start <= end <= len(text) or (start == end and not empty_allowed):
            yield place, f"the span is empty or outside the text (0-{len(text)})"
        elif text[start:end] != words:
            yield place, f"the text there is {_short(text[start:end])}, the row says {_short(words)}"


def _short(words: str) -> str:
    return repr(words if len(words) <= 40 else words[:37] + "...")


def _wrong_segments(loaded: Loaded) -> Iterator[tuple[str, str]]:
    texts = loaded.texts
    seen: set[str] = set()
    previous, position = "", 0
    for doc_id, seg_no, start, end in loaded.columns("segments", "doc_id", "seg_no", "start", "end"):
        text = texts.get(doc_id)
        if text is None:
            continue
        if doc_id != previous:
            yield from _uncovered(texts, previous, position)
            previous, position = doc_id, 0
            seen.add(doc_id)
        place = f"{doc_id}:{seg_no}"
        if not 0 <= start < end <= len(text):
            yield place, f"the segment {start}-{end} is empty or outside the text (0-{len(text)})"
            continue
        if start < position:
            yield place, f"the segment begins at {start}, before the end of the one before ({position})"
        elif _solid(text[position:start]):
            yield place, f"{_short(text[position:start].strip())} before it is in no segment"
        if text[start].isspace() or text[end - 1].isspace():
            yield place, "the segment begins or ends with white space"
        position = max(position, end)
    yield from _uncovered(texts, previous, position)
    for doc_id in texts:
        if doc_id not in seen and _solid(texts[doc_id]):
            yield doc_id, "the document has no segments"


def _uncovered(texts: dict[str, str], doc_id: str, position: int) -> Iterator[tuple[str, str]]:
    rest = texts.get(doc_id, "")[position:]
    if _solid(rest):
        yield f"{doc_id}:{position}", f"{_short(rest.strip())} at the end is in no segment"


def _solid(text: str) -> bool:
    return bool(text) and not text.isspace()


def _wrong_sentences(loaded: Loaded) -> Iterator[tuple[str, str]]:
    segments = {(d, n): (s, e) for d, n, s, e in loaded.columns("segments", "doc_id", "seg_no", "start", "end")}
    previous, position = "", 0
    columns = ("doc_id", "sent_no", "seg_no", "start", "end")
    for doc_id, sent_no, seg_no, start, end in loaded.columns("sentences", *columns):
        text = loaded.texts.get(doc_id)
        if text is None or (doc_id, seg_no) not in segments:
            continue
        if doc_id != previous:
            previous, position = doc_id, 0
        place, (first, last) = f"{doc_id}:{sent_no}", segments[doc_id, seg_no]
        if not first <= start < end <= last:
            yield place, f"the sentence {start}-{end} is not within its segment {first}-{last}"
        elif start < position:
            yield place, f"the sentence begins at {start}, before the end of the one before ({position})"
        elif text[start].isspace() or text[end - 1].isspace():
            yield place, "the sentence begins or ends with white space"
        position = max(position, end)
