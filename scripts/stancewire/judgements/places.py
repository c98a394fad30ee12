"""Places of spans: from the task view to the text a judgement was made on, and from there to today's text.

A judgement keeps for ever where it was made (`made_start`, `made_end`, in the text of `made_text_sha256`). Its place in
today's text is the same place while the text is unchanged; in a changed text it is looked for by its words and the 32
characters on either side, and `anchor` says what came of it:

    same    the words stand where they stood, among the words they stood among
    moved   they stand elsewhere; the judgement votes only after review
    lost    they are not there, or in several places that the context does not tell apart; it does not vote
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..text.view import Piece, View

_ENOUGH_CONTEXT = 8  # characters, of up to 64, that must agree before one of several places is believed


@dataclass(frozen=True)
class Document:
    """What judgements need to know of a document: its id and today's canonical text with its hash."""

    doc_id: str
    text: str
    text_sha256: str


@dataclass(frozen=True)
class Place:
    """Half-open code points in the text it was made on, and in today's (None where lost)."""

    made_start: int
    made_end: int
    start: int | None
    end: int | None
    anchor: str


def fold_space(text: str) -> str:
    """White space runs as one space, edges off: how a slice and its quote are compared."""
    return " ".join(text.split())


def place_span(
    view: tuple[Piece, ...],
    view_start: int,
    view_end: int,
    quote: str,
    context: tuple[str, str],
    made_on: str,
    today: Document,
) -> Place | str:
    """Where a marked span stands, or the reason why it stands nowhere.

    Args:
        view: the map of the task view. view_start, view_end: half-open code points of it, as exported.
        quote: the span's words, and `context` what stood before and after, as exported (empty: not compared).
        made_on: SHA-256 of the text the task was made from. today: the document as it is now.
    """
    found = View(view, view[-1].view_end if view else 0).to_text(view_start, view_end)
    if isinstance(found, str):
        return found
    start, end = found
    if made_on != today.text_sha256:
        now = find_words(today.text, quote, context, start)
        if now is None:
            return Place(start, end, None, None, "lost")
        if now[0] == start + len(quote) - len(quote.lstrip()) and fold_space(today.text[start:end]) == fold_space(
            quote
        ):
            return Place(start, end, start, end, "same")
        return Place(start, end, *now, "moved")
    if end > len(today.text):
        return f"ends at {end}, after the end of the text ({len(today.text)})"
    words = today.text[start:end]
    if quote and fold_space(words) != fold_space(quote):
        return f"the text has {_short(words)} there, the export says {_short(quote)}"
    return Place(start, end, start, end, "same")


def find_words(text: str, quote: str, context: tuple[str, str], near: int) -> tuple[int, int] | None:
    """The place of `quote` in `text` that its context fits best, or None where none is believable.

    White space is folded. Of places that the context fits equally well the one nearest to `near` is taken; where the
    words stand several times and the context fits nowhere, none is.
    """
    words = quote.split()
    if not words:
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    before, after = fold_space(context[0]), fold_space(context[1])
    width = len(context[0]) + len(context[1])
    places = [
        (
            _fit(text, match.start(), match.end(), before, after, width),
            -abs(match.start() - near),
            -match.start(),
            match.end(),
        )
        for match in pattern.finditer(text)
    ]
    if not places:
        return None
    fit, _, start, end = max(places)
    if len(places) > 1 and fit < min(_ENOUGH_CONTEXT, len(before) + len(after)):
        return None
    return -start, end


def _fit(text: str, start: int, end: int, before: str, after: str, width: int) -> int:
    """How many characters of the context agree, counted outward from the span."""
    left = fold_space(text[max(0, start - 2 * width) : start])
    right = fold_space(text[end : end + 2 * width])
    return _common_prefix(left[::-1], before[::-1]) + _common_prefix(right, after)


def _common_prefix(one: str, other: str) -> int:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length


def _short(words: str) -> str:
    folded = fold_space(words)
    return repr(folded if len(folded) <= 40 else folded[:39] + "\u2026")
