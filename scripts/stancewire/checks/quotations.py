"""Where quotations stand in a paragraph, whatever marks they are set in.

Marks are taken from left to right; a mark that can open does so where nothing is open, and what is open is closed by a
mark that can close it; others in between are quotations within it. A quotation that is not closed runs to the end of
its paragraph (the next paragraph goes on with it), and a closing mark without an opening one ends what began before the
paragraph. A single mark between letters is an apostrophe, and so is one after a letter where none was opened.
"""

from __future__ import annotations

import re

_CLOSES = {
    "\u201c": ("\u201d", '"'),  # English
    "\u201e": ("\u201c", "\u201d", '"'),  # German, Polish
    "\u201d": ("\u201d",),  # Swedish, Finnish
    "\u201f": ("\u201d", "\u201c"),
    "\u00ab": ("\u00bb",),  # French
    "\u00bb": ("\u00ab", "\u00bb"),  # Danish, German books
    "\u2039": ("\u203a",),
    "\u203a": ("\u2039",),
    "\u300c": ("\u300d",),  # Japanese
    "\u300e": ("\u300f",),
    "\u2018\u2018": ("\u2019\u2019", "''", '"'),  # typed as two single marks
    "``": ("''", "\u2019\u2019", '"'),
    "''": ("''",),
    '"': ('"', "\u201d", "\u2019\u2019"),
    "\u2018": ("\u2019", "'"),
    "\u201a": ("\u2018", "\u2019"),
    "'": ("'",),
}
_ONLY_CLOSE = ("\u201d", "\u2019\u2019", "\u00bb", "\u203a", "\u300d", "\u300f")
_APOSTROPHES = ("\u2019", "'")
_MARK = re.compile("|".join(sorted({*_CLOSES, *sum(_CLOSES.values(), ())}, key=lambda mark: (-len(mark), mark))))


def quotations(paragraph: str) -> list[tuple[int, int]]:
    """Half-open spans of the outermost quotations, their marks included, in order."""
    found: list[tuple[int, int]] = []
    opened: tuple[str, int] | None = None
    for match in _MARK.finditer(paragraph):
        mark, (start, end) = match.group(), match.span()
        before, after = paragraph[start - 1 : start], paragraph[end : end + 1]
        if mark in _APOSTROPHES and before.isalnum() and after.isalnum():
            continue
        if opened is not None:
            if mark in _CLOSES[opened[0]] and not (mark in _APOSTROPHES and not before.strip()):
                found.append((opened[1], end))
                opened = None
        elif mark in _ONLY_CLOSE and before.strip() and not after.isalnum():
            if not found:
                found.append((0, end))
        elif mark in _CLOSES and not (mark in ("'", "\u2018", '"') and before.isalnum()):
            opened = (mark, start)
    if opened is not None and opened[0] not in ("'", "\u2018", "\u201a"):  # a single one was an apostrophe, after all
        found.append((opened[1], len(paragraph)))
    return found


def touches_quotation(text: str, start: int, end: int) -> bool:
    """Does a span lie inside a quotation of its paragraphs, or share a character or an edge with one?"""
    first = text.rfind("\n\n", 0, start) + 2 if "\n\n" in text[:start] else 0
    last = text.find("\n\n", end)
    paragraphs = text[first : last if last >= 0 else len(text)]
    at = first
    for paragraph in paragraphs.split("\n\n"):
        for low, high in quotations(paragraph):
            if at + low <= end and start <= at + high:
                return True
        at += len(paragraph) + 2
    return False
