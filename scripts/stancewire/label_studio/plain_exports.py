"""Raw export tasks of the plainest kind: a text and answers that are labelled spans, and nothing else.

For exports of any size. `read_plain_said` says of such a task what `foreign_json` says of it, in a tenth of the time,
and nothing of any other: of whatever it does not know, it leaves the reading to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from .foreign import Answer
from .foreign_json import answer_of, in_order, is_own, name_of
from .offsets import canonical, is_beyond_plane
from .plain import NotEmpty, Place


class SpanValue(Struct, gc=False, forbid_unknown_fields=True):
    """Where a span stands, its label, its words as exported."""

    start: Place
    end: Place
    labels: Annotated[list[str], Meta(min_length=1, max_length=1)]
    text: str | None = None


class Span(Struct, gc=False):
    """One labelled span."""

    id: NotEmpty
    from_name: str
    type: Literal["labels"]
    value: SpanValue
    origin: Literal["manual"] | None = None
    meta: None = None


class _Answer(Struct, gc=False):
    id: Any = None
    completed_by: Any = None
    created_username: Any = None
    created_at: Any = None
    updated_at: Any = None
    lead_time: Any = None
    was_cancelled: Any = None
    skipped: Any = None
    ground_truth: Any = None
    unique_id: Any = None
    result: list[Span] | None = None


class _Task(Struct, gc=False):
    data: dict[str, Any]
    annotations: list[_Answer]
    drafts: Annotated[list[int], Meta(max_length=0)] | None = None
    predictions: list[int] | None = None
    project: int | None = None


_DECODER = msgspec.json.Decoder(_Task)


@dataclass(frozen=True)
class PlainSaid:
    """A text and its answers, in order, each with its spans (the answer itself has no marks)."""

    text: str
    name: str | None
    answers: list[tuple[Answer, list[Span]]]
    project: int | None


def read_plain_said(data: bytes, text_field: str | None = None) -> PlainSaid | None:
    """A task of a raw export, where it is plain: its text as it would be stored, and all of one plane.

    Args:
        text_field: the key of `data` that holds the text (default: `text`).
    """
    try:
        task = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    text = task.data.get(text_field or "text")
    if not isinstance(text, str) or not text.strip() or canonical(text) != text or is_beyond_plane(text):
        return None
    if is_own(task.data):
        return None
    spans = {}
    items = []
    for number, answer in enumerate(task.annotations):
        item = msgspec.structs.asdict(answer)
        spans[number] = item.pop("result") or []
        if any(span.value.start > span.value.end for span in spans[number]):
            return None
        items.append(item | {"number": number})
    answers = [(answer_of(item, {}), spans[item["number"]]) for item in in_order(items)]
    return PlainSaid(text, name_of(task.data), answers, task.project)
