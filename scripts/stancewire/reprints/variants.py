"""Collation: the places where two witnesses differ, each with its place in both texts, and the way back.

Conventions of the table `variants`:

- Places are canonical (half-open, code points); `text_a == a.text[start_a:end_a]`, and the same for b. A variant lies
  within one paragraph on each side. Words that only one side has face an empty place on the other.
- Paragraph breaks are no variants: the paragraphs themselves say where they are. The white space of a sentence end that
  became a paragraph end is one, of kind punctuation.
- A run of sentences that stands elsewhere in b is a variant of kind `order`; what differs within it are variants of
  their own, whose places lie inside it on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .changes import Change, find_changes
from .classify import Verdict, classify
from .frames import Frame, Side, make_frames
from .witness import JOINT, Stretch, Witness


def collate(a: Witness, b: Witness) -> list[dict[str, Any]]:
    """Rows of the table `variants` for two witnesses, in order of their place in a."""
    if a.paragraph_texts == b.paragraph_texts:
        return []
    rows: list[dict[str, Any]] = []
    lang = a.lang if a.lang == b.lang else a.lang or b.lang
    for frame in make_frames(a, b):
        if frame.is_moved:
            rows.append(_row(frame, Change(0, len(frame.a.text), 0, len(frame.b.text), 0), Verdict("order", False)))
        for change in find_changes(frame):
            rows.append(_row(frame, change, _judge(frame, change, lang)))
    rows.sort(key=lambda row: (row["start_a"], row["start_b"], -row["end_a"], -row["end_b"], row["kind"]))
    head = {"doc_id_a": a.doc_id, "doc_id_b": b.doc_id}
    return [head | {"variant_no": number} | row for number, row in enumerate(rows)]


def _judge(frame: Frame, change: Change, lang: str | None) -> Verdict:
    a, b = frame.a.text, frame.b.text
    return classify(
        a[change.a0 : change.a1],
        b[change.b0 : change.b1],
        lang,
        is_whole=change.is_whole,
        before=a[max(0, change.a0 - 40) : change.a0],
    )


def _row(frame: Frame, change: Change, verdict: Verdict) -> dict[str, Any]:
    row: dict[str, Any] = {}
    sent_nos: dict[str, int | None] = {}
    for name, side, span in (
        ("a", frame.a, (change.a0, change.a1)),
        ("b", frame.b, (change.b0, change.b1)),
    ):
        start, end, sent_no = _place(frame, side, span, change)
        row |= {f"start_{name}": start, f"end_{name}": end, f"text_{name}": side.witness.text[start:end]}
        sent_nos[f"sent_no_{name}"] = sent_no
    return row | {"kind": verdict.kind, "substantive": verdict.substantive} | sent_nos


def _place(frame: Frame, side: Side, span: tuple[int, int], change: Change) -> tuple[int, int, int | None]:
    """Canonical span and sentence of a frame span."""
    start, end = span
    if end > start:
        unit = side.units[side.unit_at(start)]
        return side.canonical(start), side.canonical(end - 1) + 1, unit.sent_no
    if not side.units:
        place = side.witness.paragraphs[0].start if side.witness.paragraphs else 0
        return place, place, None
    after_start = _belongs_after(frame, side, start, change)
    place = side.canonical(start) if after_start else side.canonical(start - 1) + 1
    unit = side.units[side.unit_at(start if after_start else start - 1)]
    return place, place, None if change.is_whole else unit.sent_no


def _belongs_after(frame: Frame, side: Side, place: int, change: Change) -> bool:
    """Does an empty place stand before the character at it (rather than after the one that precedes it)?

    It matters between paragraphs alone. Words go with the sentence they are part of; a dropped sentence with the
    paragraph it opened, else it stands at the end of what precedes it.
    """
    if place == 0 or place == side.starts[-1]:
        return place == 0
    if not change.is_whole:
        bead = frame.beads[change.bead]
        units = bead.a if side is frame.a else bead.b
        return bool(units) and place == side.starts[units[0]]
    other, end = (frame.b, change.b1) if side is frame.a else (frame.a, change.a1)
    begin = change.b0 if side is frame.a else change.a0
    opens = begin == 0 or begin in other.breaks_set
    return opens and end < len(other.text) and end not in other.breaks_set


def apply_variants(
    text_a: str, rows: Iterable[Mapping[str, Any]], paragraphs_a: Sequence[Stretch], paragraphs_b: Sequence[Stretch]
) -> str:
    """The reading text of b, from the text of a and the variants: the inverse of `collate`.

    Args:
        text_a: canonical text of a.
        rows: all variants of the pair.
        paragraphs_a, paragraphs_b: headline and body segments of both (places only).

    What no variant touches is the same in both and in the same order, once moved runs are set aside; a moved run's
    remaining characters are those of its counterpart. So the variants' own words are put at their places in b, and
    the places left over are filled from a.

    Raises:
        ValueError: the rows do not fit the paragraphs.
    """
    rows = list(rows)
    codes_a = _codes(text_a)
    end_b = max((part.end for part in paragraphs_b), default=0)
    frame_a, frame_b = _inside(paragraphs_a, len(codes_a)), _inside(paragraphs_b, end_b)
    moved = [row for row in rows if row["kind"] == "order"]
    for number, row in enumerate(moved, 1):
        frame_a[row["start_a"] : row["end_a"]] = number
        frame_b[row["start_b"] : row["end_b"]] = number
    codes_b = np.zeros(end_b, np.uint32)
    for row in rows:
        if row["kind"] != "order":
            frame_a[row["start_a"] : row["end_a"]] = -1
            frame_b[row["start_b"] : row["end_b"]] = -1
            codes_b[row["start_b"] : row["end_b"]] = _codes(row["text_b"])
    for number in range(len(moved) + 1):
        from_a, to_b = np.flatnonzero(frame_a == number), np.flatnonzero(frame_b == number)
        if len(from_a) != len(to_b):
            raise ValueError(f"{len(from_a)} unchanged characters of a for {len(to_b)} of b: rows of another pair?")
        codes_b[to_b] = codes_a[from_a]
    whole = codes_b.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    return JOINT.join(whole[part.start : part.end] for part in paragraphs_b)


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _inside(paragraphs: Sequence[Stretch], n_chars: int) -> npt.NDArray[np.int32]:
    """Zero within paragraphs, -1 elsewhere."""
    frame = np.full(n_chars, -1, np.int32)
    for part in paragraphs:
        frame[part.start : part.end] = 0
    return frame
