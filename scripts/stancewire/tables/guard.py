"""Texts that a spreadsheet opens as texts: what it might take for a formula gets one `'` before it, and loses it again.

A text that begins with `'` itself gets one, too, so that what was written can be told from what was guarded.
"""

from __future__ import annotations

import re

BOM = b"\xef\xbb\xbf"
GUARD = "'"
FORMULA = "^[=+\\-@\t\r\n'＝＋－＠]"  # a regular expression of Python's and of RE2

_FORMULA = re.compile(FORMULA)


def guarded(text: str) -> str:
    """A text as it is written to a cell."""
    return GUARD + text if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """A cell's text, also where a person typed it: only a `'` that `guarded` can have written is taken away."""
    return cell[1:] if cell.startswith(GUARD) and _FORMULA.match(cell[1:]) else cell
