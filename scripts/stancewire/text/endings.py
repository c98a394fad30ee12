"""How lines end: as sentences do, or as headlines do."""

from __future__ import annotations

import re

# Emoji and end marks (■) after the last word count for nothing.
_AFTER_TEXT = re.compile(r"[^\w.!?…。！？؟।:;,\"'”’»›)\]」』%€$£*-]+$")
_TERMINAL = re.compile(r"[.!?…。！？؟।][\"'”’»›)\]」』]*$")
_ENDS_IN_INITIALS = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]\.){2,}$|\b(?:Inc|Corp|Co|Ltd|Jr|Sr|Bros|vs|No|St)\.$|(?:\.\.\.|…)$"
)


_ENDS = frozenset(".!?…。！？؟।")
_ENDS_CLAUSE = frozenset(":;,。")


def ends_sentence(text: str) -> bool:
    """Does it end as a sentence does (with an abbreviation's period, too)?"""
    last = text[-1:]
    if last.isalnum() or last in _ENDS:
        return last in _ENDS
    return _TERMINAL.search(_AFTER_TEXT.sub("", text[-20:])) is not None


def ends_in_period(text: str) -> bool:
    """Does it end in a period that closes a sentence, which a headline has not (`… says U.S.` is none)?"""
    last = text[-1:]
    if last.isalnum() or last in _ENDS_CLAUSE:
        return last in _ENDS_CLAUSE
    tail = _AFTER_TEXT.sub("", text[-40:]).rstrip("\"'”’»›)]」』")
    return tail.endswith((".", "。", ":", ";", ",")) and _ENDS_IN_INITIALS.search(tail) is None
