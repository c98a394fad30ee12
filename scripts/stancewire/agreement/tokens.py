"""Tokens, where agreement and merging count in them: runs of word characters, and other characters one by one."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping

_TOKEN = re.compile(r"\w+|[^\w\s]")


def token_places(text: str) -> tuple[list[int], list[int]]:
    """Starts and ends of a text's tokens, half-open code points."""
    found = [match.span() for match in _TOKEN.finditer(text)]
    return [start for start, _ in found], [end for _, end in found]


class Tokens:
    """The tokens of several texts (doc_id -> text), found when they are first asked for."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._places: dict[str, tuple[list[int], list[int]]] = {}

    def within(self, doc_id: str, start: int, end: int) -> range:
        """Numbers of the tokens that a span touches."""
        if doc_id not in self._places:
            self._places[doc_id] = token_places(self._texts[doc_id])
        starts, ends = self._places[doc_id]
        return range(bisect_right(ends, start), bisect_left(starts, end))
