"""Alignment: which spans of several annotators are one unit.

Within one document, layer and (folded) target, spans of different annotators are linked where they overlap enough, best
pairs first, and a unit keeps at most one span of each annotator:

    text     Top Japanese and American military officials affirmed
    ann-1        ────────     ──────── ──────────────────
    ann-2        ────────     ───────────────────────────
    ann-3                              ──────────────────
    units        1            2        3

ann-2's long span overlaps "American" by 8 of 27 characters (0.30) and "military officials" by 18 of 27 (0.67): it joins
unit 3, which ann-1 and ann-3, whose spans are equal (1.00), have founded. Unit 2 is ann-1's alone.

A pair's overlap is the Jaccard index of its characters, |A ∩ B| / |A ∪ B|. Equal overlaps are taken in this order: same
holder, same via, same attribution (the spans' `ties`), then position in the text. So a span that names two holders (two
spans on the same words) meets each of them at the other annotator. The result depends on the spans, not on their order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """One annotator's span, white space at its edges already off; half-open code points.

    Attributes:
        id: unique among the spans given. ties: values compared in turn where overlaps are equal.
    """

    id: str
    annotator_id: str
    start: int
    end: int
    ties: tuple[str, ...] = ()


def jaccard(a: Span, b: Span) -> float:
    """Shared characters over all characters of two spans, 0 to 1."""
    shared = min(a.end, b.end) - max(a.start, b.start)
    return max(0, shared) / (a.end - a.start + b.end - b.start - max(0, shared))


def align(spans: Iterable[Span], least: float) -> list[tuple[Span, ...]]:
    """Units of the spans of one document, layer and target, in text order; each span is in exactly one.

    Args:
        least: smallest overlap (Jaccard index) at which two spans may be linked.

    Time grows with the number of overlapping pairs, not with the square of the spans.
    """
    ordered = sorted(spans, key=lambda span: (span.start, span.end, span.ties, span.annotator_id, span.id))
    pairs = []
    for i, a in enumerate(ordered):
        for j in range(i + 1, len(ordered)):
            b = ordered[j]
            if b.start >= a.end:
                break
            overlap = jaccard(a, b)
            if a.annotator_id != b.annotator_id and overlap >= least:
                differ = tuple(x != y for x, y in zip(a.ties, b.ties, strict=True))
                pairs.append((-overlap, differ, i, j))
    unit_of = list(range(len(ordered)))
    members = [[i] for i in unit_of]
    annotators = [{span.annotator_id} for span in ordered]
    for _, _, i, j in sorted(pairs):
        one, other = unit_of[i], unit_of[j]
        if one == other or annotators[one] & annotators[other]:
            continue
        for k in members[other]:
            unit_of[k] = one
        members[one] += members[other]
        annotators[one] |= annotators[other]
        members[other] = []
    units = [tuple(ordered[k] for k in sorted(group)) for group in members if group]
    return sorted(
        units, key=lambda unit: [(span.start, span.end, span.ties, span.annotator_id, span.id) for span in unit]
    )
