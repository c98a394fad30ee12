"""What each annotator was shown: the words that their silence is about.

A task of a version that differs from the head of its story in some passages shows these alone. Whoever submitted it has
no voice on the rest. What it showed stands in the stored exports, as the map of its view; no table repeats it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..label_studio.model import Submission
from ..text.view import Piece

Span = tuple[int, int]
Task = tuple[str, str, int, str]  # doc_id, task_pass, round, annotator_id: the key of an assignment


@dataclass(frozen=True)
class Shown:
    """What one assignment showed.

    Attributes:
        spans: half-open code points of the canonical text, in text order; within one of them a span may be marked.
        is_projected: was anything suggested in it that had been carried over from another version of the story?
    """

    spans: tuple[Span, ...]
    is_projected: bool = False

    def covers(self, start: int, end: int) -> bool:
        """Could these words have been marked?"""
        return covers(self.spans, start, end)


def covers(spans: Sequence[Span], start: int, end: int) -> bool:
    """Do these code points lie in one of the spans (sorted, without overlaps)?"""
    at = bisect_right(spans, start, key=lambda span: span[0]) - 1
    return at >= 0 and start < end <= spans[at][1]


def shown_spans(view: Iterable[Piece]) -> tuple[Span, ...]:
    """The text that a view shows; neighbouring segments are one span, since a mark may run from one into the other."""
    spans: list[Span] = []
    last = None
    for piece in view:
        if spans and last is not None and piece.seg_no == last + 1:
            spans[-1] = (spans[-1][0], piece.end)
        else:
            spans.append((piece.start, piece.end))
        last = piece.seg_no
    return tuple(spans)


def shown_in(submissions: Iterable[Submission], texts: Mapping[str, str]) -> dict[Task, Shown]:
    """What submissions showed, the latest state of each assignment deciding.

    Args:
        texts: doc_id -> SHA-256 of today's text, of the documents that are asked for. What was shown of a text that
            has changed since is not known in today's code points, and is left out.
    """
    latest: dict[Task, Submission] = {}
    for item in submissions:
        task = (item.doc_id, item.task_pass, item.round, item.annotator_id)
        if texts.get(item.doc_id) == item.text_sha256 and item.pulled >= (latest[task].pulled if task in latest else 0):
            latest[task] = item
    return {task: Shown(shown_spans(item.view), item.is_projected) for task, item in latest.items()}
