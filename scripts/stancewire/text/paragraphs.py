"""A text into paragraphs, however its lines are laid out.

Three layouts: paragraphs between blank lines; one line a paragraph; and hard-wrapped lines, where a paragraph is a
block between blank lines (or, without any, ends in a short line or before an indented one). Which of them it is, the
line ends tell: a wrapped line ends in the middle of a sentence, and the next line's first word had no room on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from .endings import ends_sentence

# No one wraps wider; a longer line is a paragraph.
MAX_WRAPPED_WIDTH = 130


@dataclass(frozen=True)
class Line:
    """A line's words: code points [start, end) without the white space around them; `indent` counts what stood before.

    `block` numbers stretches without blank lines.
    """

    start: int
    end: int
    indent: int
    block: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Code points [start, end) of one paragraph, which begins and ends in a character that is no white space."""

    start: int
    end: int
    text: str
    block: int


def read_lines(text: str) -> list[Line]:
    """The lines that are not blank. Lines end in LF and nowhere else (`str.splitlines` cuts at U+2028 and others)."""
    lines: list[Line] = []
    block, position, was_blank = 0, 0, False
    for row in text.split("\n"):
        words = row.strip()
        if not words:
            was_blank = True
        else:
            if was_blank and lines:
                block += 1
            was_blank = False
            indent = len(row) - len(row.lstrip())
            start = position + indent
            lines.append(Line(start, start + len(words), indent, block, words))
        position += len(row) + 1
    return lines


def read_paragraphs(text: str, stands_alone: Callable[[str], bool], begins: Callable[[str], bool]) -> list[Paragraph]:
    """The paragraphs of a text.

    Args:
        stands_alone: says of a line that it is never part of a wrapped paragraph (header, byline, furniture, ...).
        begins: says of a line that a paragraph begins with it (dateline, bullet, `Q:`).
    """
    lines = read_lines(text)
    width = wrapped_width(lines)
    if width is None:  # a line is a paragraph
        return [Paragraph(line.start, line.end, line.text, line.block) for line in lines]
    found: list[list[Line]] = []
    alone = True
    for line in lines:
        joins = bool(found) and not alone and _continues(found[-1], line, width) and not begins(line.text)
        # A line like `Reuters` may also be the rest of a wrapped sentence.
        mid_sentence = joins and not ends_sentence(found[-1][-1].text)
        alone = stands_alone(line.text) and not mid_sentence
        if joins and not alone:
            found[-1].append(line)
        else:
            found.append([line])
    return [Paragraph(part[0].start, part[-1].end, text[part[0].start : part[-1].end], part[0].block) for part in found]


def wrapped_width(lines: list[Line]) -> int | None:
    """The width to which the lines are wrapped, None where a line is a paragraph."""
    if not lines:
        return None
    width = max(line.end - line.start for line in lines)
    if width > MAX_WRAPPED_WIDTH:
        return None
    pairs = [(a, b) for a, b in pairwise(lines) if a.block == b.block]
    soft = [(a, b) for a, b in pairs if _is_soft(a, b, width)]
    running = [b for _, b in soft if b.text[0].islower()]
    return width if is_wrapped(len(pairs), len(soft), len(running), lines[-1].block) else None


def is_wrapped(n_pairs: int, n_soft: int, n_running: int, n_blank: int) -> bool:
    """Are lines wrapped, of which so many follow one another, were broken for want of room, and run on?

    Args:
        n_blank: stretches of blank lines between them. Without any, a line is a paragraph unless sentences clearly run
            on.
    """
    if n_blank > 0:
        return n_soft * 2 > n_pairs
    return n_pairs >= 4 and n_soft >= 0.4 * n_pairs and n_running >= 0.2 * n_pairs


def _is_soft(line: Line, following: Line, width: int) -> bool:
    """Was the line broken for want of room?"""
    if ends_sentence(line.text) or line.text.endswith(":"):
        return False
    return following.text[0].islower() or not _had_room(line, following, width)


def _had_room(line: Line, following: Line, width: int) -> bool:
    first_word = len(following.text.split(maxsplit=1)[0])
    return line.end - line.start + 1 + first_word <= 0.8 * width


def _continues(paragraph: list[Line], line: Line, width: int) -> bool:
    """Does a line of a wrapped text go on with the paragraph before it?"""
    last = paragraph[-1]
    if last.block != line.block or line.indent > paragraph[-1].indent + 1:
        return False
    if not _had_room(last, line, width):
        return True
    if ends_sentence(last.text) or last.text.endswith(":"):
        return False
    return line.text[0].islower() or re.match(r"[\d(\"“‘„«]", line.text) is not None or len(paragraph) > 1
