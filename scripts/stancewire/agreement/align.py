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

from collections.abc import Iterable, Iterator
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

    Equal spans of different annotators are taken together first (nothing overlaps them better), so that time grows with
    the spans and with the overlapping pairs of *different* ones: a thousand annotators cost what they differ.
    """
    units: list[tuple[Span, ...]] = []
    for group in _overlapping(sorted(spans, key=_place)):
        units += _align_group(group, least) if len(group) > 1 else [(group[0],)]
    return units


def _overlapping(ordered: list[Span]) -> Iterator[list[Span]]:
    """Spans in text order, cut where none reaches across: what no span joins can be aligned by itself."""
    group: list[Span] = []
    reach = 0
    for span in ordered:
        if group and span.start >= reach:
            yield group
            group = []
        reach = max(reach, span.end) if group else span.end
        group.append(span)
    if group:
        yield group


def _align_group(ordered: list[Span], least: float) -> list[tuple[Span, ...]]:
    members = _equal_spans(ordered)
    pairs = []
    for i, (a, *_) in enumerate(members):
        for j in range(i + 1, len(members)):
            b = members[j][0]
            if b.start >= a.end:
                break
            overlap = jaccard(a, b)
            if overlap >= least:
                differ = tuple(x != y for x, y in zip(a.ties, b.ties, strict=True))
                pairs.append((-overlap, differ, i, j))
    unit_of = list(range(len(members)))
    parts = [[i] for i in unit_of]
    annotators = [{span.annotator_id for span in group} for group in members]
    for _, _, i, j in sorted(pairs):
        one, other = unit_of[i], unit_of[j]
        if one == other or not annotators[one].isdisjoint(annotators[other]):
            continue
        for k in parts[other]:
            unit_of[k] = one
        parts[one] += parts[other]
        annotators[one] |= annotators[other]
        parts[other] = []
    units = [tuple(sorted((span for k in part for span in members[k]), key=_place)) for part in parts if part]
    return sorted(units, key=lambda unit: [_place(span) for span in unit])


def _place(span: Span) -> tuple[int, int, tuple[str, ...], str, str]:
    return span.start, span.end, span.ties, span.annotator_id, span.id


def _equal_spans(ordered: list[Span]) -> list[list[Span]]:
    """Groups of equal spans (place and ties), one span an annotator in each: who has two is in two groups."""
    groups: list[list[Span]] = []
    key = None
    first = 0
    taken: dict[str, int] = {}
    for span in ordered:
        if key != (span.start, span.end, span.ties):
            key, first, taken = (span.start, span.end, span.ties), len(groups), {}
        nth = taken.get(span.annotator_id, 0)
        taken[span.annotator_id] = nth + 1
        if first + nth == len(groups):
            groups.append([])
        groups[first + nth].append(span)
    return groups
