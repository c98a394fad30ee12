"""Words and marks of a text with folded keys, and the matching of two such sequences."""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from .folding import UNSPACED

MATCH_CELLS = 250_000  # beyond this many token pairs, the texts are first cut at unique runs
ANCHOR_RUN = 4  # of so many tokens

_LETTER = rf"[^\W\d_{UNSPACED}]"
_SIGN = rf"[^\W{UNSPACED}]"
_HYPHENS = "-\u2010\u2011"
_APOSTROPHES = "'\u2018\u2019\u201b\u02bc`\u00b4"
_ATOM = rf"(?:(?:{_LETTER}\.)+{_LETTER}(?!{_SIGN})\.?|\d+(?:[.,:]\d+)+(?!{_SIGN})|{_SIGN}+)"
_TOKEN = re.compile(
    rf"(?P<word>[{UNSPACED}]|{_ATOM}(?:[{_HYPHENS}{_APOSTROPHES}&]{_ATOM})*)"
    rf"|[{_APOSTROPHES}]{{2}}|--+|\.\.+|\S"
)
_KEYLESS = str.maketrans("", "", _APOSTROPHES + _HYPHENS + "\u00ad\u200b")
_DOTTED = re.compile(rf"(?<!{_SIGN})(?:{_LETTER}\.)+{_LETTER}?(?!{_SIGN})")
_MARK_KEYS = (
    dict.fromkeys("\"\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u300c\u300d\u300e\u300f\uff02", '"')
    | dict.fromkeys((*_APOSTROPHES, "\u201a\u2039\u203a\u2032"), "'")
    | dict.fromkeys("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | {"\u2026": "..."}
)


class Token(NamedTuple):
    """A word or a mark at [start, end) of the text it was found in; tokens are equal in wording when keys are equal."""

    start: int
    end: int
    key: str
    is_word: bool


def find_tokens(text: str, offset: int = 0) -> list[Token]:
    """All words and marks of a text; `offset` is added to their places. White space alone lies outside tokens."""
    tokens = []
    for match in _TOKEN.finditer(text):
        is_word = match["word"] is not None
        surface = match[0]
        key = word_key(surface) if is_word else mark_key(surface)
        tokens.append(Token(match.start() + offset, match.end() + offset, key, is_word))
    return tokens


def word_key(surface: str) -> str:
    """A word without case, apostrophes, hyphens and the periods of its abbreviations: `Japan-U.S.` is `japanus`."""
    if not surface.isascii():
        surface = unicodedata.normalize("NFC", surface)
    if "." in surface:
        surface = _DOTTED.sub(lambda match: match[0].replace(".", ""), surface)
    return surface.translate(_KEYLESS).lower() or surface


def mark_key(surface: str) -> str:
    """A mark of punctuation in its plainest form: all double quotes are `"`, all dashes `-`."""
    if len(surface) == 2 and surface[0] in _APOSTROPHES:
        return '"'
    if surface.startswith("--"):
        return "-"
    return "..." if surface.startswith("..") else _MARK_KEYS.get(surface, surface)


@lru_cache(4096)  # the head of a story meets every other witness
def word_keys(text: str) -> tuple[str, ...]:
    """The keys of a text's words, marks left aside."""
    return tuple(token.key for token in find_tokens(text) if token.is_word)


def is_unspaced(char: str) -> bool:
    """Is it of a script, or the punctuation of one, that puts no spaces between words?"""
    return _UNSPACED_CHAR.match(char) is not None


_UNSPACED_CHAR = re.compile(f"[{UNSPACED}\u3000-\u303f\uff00-\uffef]")


def match_keys(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pairs of positions with equal keys, rising in both sequences: common ends, then the longest common runs first.

    Sequences too long for that (`MATCH_CELLS`) are first cut at short runs of keys that occur once in both.
    """
    low = 0
    while low < min(len(a), len(b)) and a[low] == b[low]:
        low += 1
    high = 0
    while high < min(len(a), len(b)) - low and a[-1 - high] == b[-1 - high]:
        high += 1
    ends = [(n, n) for n in range(low)], [(len(a) - n, len(b) - n) for n in range(high, 0, -1)]
    middle = _match_middle(a[low : len(a) - high], b[low : len(b) - high])
    return [*ends[0], *((i + low, j + low) for i, j in middle), *ends[1]]


def _match_middle(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    if not a or not b:
        return []
    if len(a) * len(b) <= MATCH_CELLS:
        blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
        return [(block.a + n, block.b + n) for block in blocks for n in range(block.size)]
    anchors = _anchors(a, b)
    if not anchors:
        return []
    found, i, j = [], 0, 0
    for next_i, next_j in [*anchors, (len(a), len(b))]:
        if next_i < i or next_j < j:
            continue
        found += [(i + x, j + y) for x, y in match_keys(a[i:next_i], b[j:next_j])]
        if next_i < len(a):
            found.append((next_i, next_j))
        i, j = next_i + 1, next_j + 1
    return found


def _anchors(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Positions, rising in both, where runs of `ANCHOR_RUN` keys begin that occur once in each."""
    runs = [list(zip(*(keys[n:] for n in range(ANCHOR_RUN)), strict=False)) for keys in (a, b)]
    once_a, once_b = ({run for run, n in Counter(side).items() if n == 1} for side in runs)
    where = {run: j for j, run in enumerate(runs[1]) if run in once_b}
    anchors = [(i, where[run]) for i, run in enumerate(runs[0]) if run in once_a and run in where]
    return [anchors[n] for n in rising([j for _, j in anchors])]


def rising(values: Sequence[int]) -> list[int]:
    """Positions of a longest strictly rising subsequence."""
    tops: list[int] = []
    last: list[int] = []
    before = [-1] * len(values)
    for position, value in enumerate(values):
        at = bisect.bisect_left(tops, value)
        before[position] = last[at - 1] if at else -1
        if at == len(tops):
            tops.append(value)
            last.append(position)
        else:
            tops[at] = value
            last[at] = position
    chain, position = [], last[-1] if last else -1
    while position >= 0:
        chain.append(position)
        position = before[position]
    return chain[::-1]
