"""Runs of an article's words within other words, and the places that stand for them: `⟦doc_id:start-end⟧`.

A comment may quote. In a text-free package the quote becomes the place where it stands in `documents.text` (half-open,
code points), and `fill_places` puts the words back. Words are compared without regard to case and to what stands
between them; only what is the same character by character is replaced, in stretches of two words or more. Where that
leaves a run too long (a quote in capitals, say), the whole is withheld.

Words: runs of letters and digits; in scripts without spaces each character is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..reprints.shingles import UNSPACED

WORD = re.compile(f"[{UNSPACED}]|[^\\W_{UNSPACED}]+")
PLACE = re.compile(r"⟦([^⟦⟧]*):(\d+)-(\d+)⟧")


@dataclass(frozen=True)
class Said:
    """Words to be looked at.

    Attributes:
        least: words in a row of its own document that are too many. of_any: likewise of any document.
    """

    text: str
    doc_id: str | None
    least: int
    of_any: int


@dataclass(frozen=True)
class Found:
    """A word of what was said that stands in an article: its number there, its place, and what follows it there."""

    doc_id: str
    number: int
    start: int
    end: int
    word: str
    gap: str


Covered = dict[int, Found]


def find_covered(said: Sequence[Said], documents: Iterable[tuple[str, str]]) -> list[Covered]:
    """Of each of the things said, which of its words (by number) belong to a run that stands in an article.

    Args:
        documents: id and text; each is looked at once and not kept.
    """
    words = [[match.group().casefold() for match in WORD.finditer(item.text)] for item in said]
    own: dict[tuple[str, int], dict[tuple[str, ...], list[tuple[int, int]]]] = {}
    anyone: dict[int, dict[tuple[str, ...], list[tuple[int, int]]]] = {}
    for number, (item, listed) in enumerate(zip(said, words, strict=True)):
        _add(anyone.setdefault(item.of_any, {}), number, listed, item.of_any)
        if item.doc_id is not None and item.least < item.of_any:
            _add(own.setdefault((item.doc_id, item.least), {}), number, listed, item.least)
    sizes = {least for _, least in own}
    covered: list[Covered] = [{} for _ in said]
    for doc_id, text in documents:
        folded = [word.casefold() for word in WORD.findall(text)]
        wanted = [(least, own[doc_id, least], True) for least in sorted(sizes) if (doc_id, least) in own]
        wanted += [(least, grams, False) for least, grams in anyone.items()]
        matches: list[re.Match[str]] = []
        for least, grams, is_own in wanted:
            shared = grams.keys() & set(_grams(folded, least))
            if not shared:
                continue
            matches = matches or list(WORD.finditer(text))
            for first, gram in enumerate(_grams(folded, least)):
                if gram not in shared:
                    continue
                shared.discard(gram)  # where it stands once more, nothing is new
                for number, place in grams[gram]:
                    _cover(covered[number], place, doc_id, text, matches, range(first, first + least), is_own)
    return covered


def _add(
    grams: dict[tuple[str, ...], list[tuple[int, int]]], number: int, words: Sequence[str], least: int
) -> None:
    for place, gram in enumerate(_grams(words, least)):
        grams.setdefault(gram, []).append((number, place))


def _grams(words: Sequence[str], least: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[offset:] for offset in range(least)), strict=False)


def _cover(
    covered: Covered,
    place: int,
    doc_id: str,
    text: str,
    matches: Sequence[re.Match[str]],
    numbers: range,
    is_own: bool,
) -> None:
    """Note the words of a run; those that were found before stay, but for another document's."""
    for number in numbers:
        there = covered.get(place)
        if there is None or (is_own and there.doc_id != doc_id):
            match = matches[number]
            after = matches[number + 1].start() if number + 1 < len(matches) else len(text)
            gap = text[match.end() : after]
            covered[place] = Found(doc_id, number, match.start(), match.end(), match.group(), gap)
        place += 1


def place_of(doc_id: str, start: int, end: int) -> str:
    """What stands for the words at a place."""
    return f"⟦{doc_id}:{start}-{end}⟧"


def hide_words(said: Sequence[Said], documents: Iterable[tuple[str, str]]) -> list[str | None]:
    """What was said, with places for the runs that stand in an article; None where that cannot be done."""
    return [
        _hide(item, covered) if covered else item.text
        for item, covered in zip(said, find_covered(said, documents), strict=True)
    ]


def _hide(item: Said, covered: Covered) -> str | None:
    matches = list(WORD.finditer(item.text))
    made, position, left = [], 0, 0
    for first, last in _stretches(item.text, matches, covered):
        if first == last:
            continue  # one word
        left = max(left, _longest(covered, range(position, first)))
        made.append((first, last))
        position = last + 1
    if max(left, _longest(covered, range(position, len(matches)))) >= item.least:
        return None
    parts, at = [], 0
    for first, last in made:
        parts.append(item.text[at : matches[first].start()])
        parts.append(place_of(covered[first].doc_id, covered[first].start, covered[last].end))
        at = matches[last].end()
    return "".join([*parts, item.text[at:]])


def _stretches(text: str, matches: Sequence[re.Match[str]], covered: Covered) -> Iterator[tuple[int, int]]:
    """First and last word of each stretch that stands in one article just so."""
    first = -1
    for number, match in enumerate(matches):
        found = covered.get(number)
        if found is None or match.group() != found.word:
            if first >= 0:
                yield first, number - 1
            first = -1
            continue
        before = covered.get(number - 1)
        goes_on = (
            first >= 0
            and before is not None
            and (before.doc_id, before.number + 1) == (found.doc_id, found.number)
            and text[matches[number - 1].end() : match.start()] == before.gap
        )
        if not goes_on:
            if first >= 0:
                yield first, number - 1
            first = number
    if first >= 0:
        yield first, len(matches) - 1


def _longest(covered: Covered, numbers: range) -> int:
    """The longest run of covered words among these."""
    longest = run = 0
    for number in numbers:
        run = run + 1 if number in covered else 0
        longest = max(longest, run)
    return longest


def fill_places(text: str, text_of: Callable[[str], str | None]) -> str | None:
    """What was said, with the words in the places; None where an article that is needed is not there."""
    missing = False

    def words(match: re.Match[str]) -> str:
        nonlocal missing
        there, start, end = text_of(match[1]), int(match[2]), int(match[3])
        if there is None or not start < end <= len(there):
            missing = True
            return match[0]
        return there[start:end]

    filled = PLACE.sub(words, text)
    return None if missing else filled
