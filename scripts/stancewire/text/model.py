"""What a text is made of. All offsets are half-open, in Unicode code points of the canonical text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Segment(NamedTuple):
    """A stretch of the canonical text with one role; segments of a text do not overlap and hold every non-space.

    `rule` names the rule that gave the role (or `correction`).
    """

    seg_no: int
    role: str
    start: int
    end: int
    rule: str


class Sentence(NamedTuple):
    """A sentence within one segment (headline, caption or body)."""

    sent_no: int
    seg_no: int
    start: int
    end: int


@dataclass(frozen=True)
class KnownBlock:
    """Code points [start, end) of a text that markup or a column sets apart; without a `role` the rules name them."""

    start: int
    end: int
    role: str = ""
    rule: str = ""
