"""Stored tasks of the plainest kind, decoded straight into values: one answer at most, made of spans with one label.

What these classes take conforms to export.schema.json, so that it need not be checked against it once more; whatever
else a stored export may hold is not taken, and is read the long way. Their fields stand in the order in which a stored
export has its keys.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from .exports import indented

Place = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", min_length=10, max_length=10)]
Person = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=32)]
Version = Annotated[str, Meta(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
Words = Annotated[str, Meta(max_length=32)]
NotEmpty = Annotated[str, Meta(min_length=1)]
Nothing = Annotated[list[int], Meta(max_length=0)]


class PlainValue(Struct, gc=False, forbid_unknown_fields=True):
    """Where a span stands in its task's text, and its one label."""

    end: Place
    labels: Annotated[list[str], Meta(min_length=1, max_length=1)]
    start: Place


class PlainResult(Struct, gc=False, forbid_unknown_fields=True):
    """One marked mention."""

    after: Words
    before: Words
    from_name: Literal["mention"]
    id: NotEmpty
    origin: Literal["manual"]
    quote: str
    to_name: NotEmpty
    type: NotEmpty
    value: PlainValue


class PlainAnswer(Struct, gc=False, forbid_unknown_fields=True, kw_only=True):
    """What its annotator said."""

    completed_by: Person
    created_at: Day
    ground_truth: bool = False
    lead_time: float | None = None
    result: list[PlainResult]
    unique_id: NotEmpty
    updated_at: Day
    was_cancelled: bool


class PlainTask(Struct, gc=False, forbid_unknown_fields=True):
    """One task in which nothing was offered, suggested or begun."""

    annotations: Annotated[list[PlainAnswer], Meta(max_length=1)]
    codebook_version: Version
    doc_id: NotEmpty
    drafts: Nothing
    entities: Nothing
    predictions: Nothing
    suggestions_shown: bool
    text_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", max_length=64)]
    view: list[tuple[Place, Place, Place, Place]]


_DECODER = msgspec.json.Decoder(PlainTask)


def read_plain(data: bytes) -> PlainTask | None:
    """A stored task, where it is plain."""
    try:
        return _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def plain_text(task: PlainTask) -> bytes:
    """A plain task as it stands in a stored export (see `exports.StoredTask`)."""
    return indented(msgspec.json.format(msgspec.json.encode(task), indent=1))
