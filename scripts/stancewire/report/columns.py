"""A collation for the terminal: the witnesses in columns, variants in braces with their numbers, then the apparatus.

Article text is data: control characters, which a terminal would obey, are shown as U+FFFD.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from .collation import Collation, Place, Span, Variant, Version
from .marks import Marked, cut_spans

LEAST_COLUMN = 24  # cells; with less a column the witnesses stand one below the other
GAP = " \u2502 "
RAISED = str.maketrans("0123456789", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
LONG = 60  # longer variants are shortened in the apparatus


def collation_lines(collation: Collation, width: int) -> Iterator[str]:
    """The collation in lines of at most `width` cells (longer only where one word or name is).

    More than two witnesses are shown in pairs: the base with each other one.
    """
    base = collation.versions[0]
    yield f"story {collation.story_id}"
    for version in collation.versions:
        yield f"  {version.siglum}  {_describe(version)}"
    for version in collation.versions[1:]:
        yield ""
        yield from side_by_side_lines(collation, version, width, between=[""])
        yield from _apparatus(collation, base, version)
    if len(collation.versions) == 1:
        yield "one witness: nothing to collate"
        return
    counts = ", ".join(f"{count} {kind}" for kind, count in collation.counts().items())
    substantive = sum(variant.substantive for variant in collation.variants)
    yield ""
    yield f"{len(collation.variants)} variants ({counts or 'none'}); {substantive} substantive (*)"


def side_by_side_lines(
    collation: Collation, version: Version, width: int, between: Sequence[str] = ()
) -> Iterator[str]:
    """The base and one other witness in two columns.

    Args:
        between: lines after each row.
    """
    own = [variant for variant in collation.variants if variant.siglum == version.siglum]
    column = (width - len(GAP)) // 2
    left, right = _marked(collation.versions[0], own, True), _marked(version, own, False)
    for spans_a, spans_b in _pair_of(collation, version):
        yield from _side_by_side([left[span] for span in spans_a], [right[span] for span in spans_b], column)
        yield from between


def _describe(version: Version) -> str:
    known = [version.outlet, version.date and str(version.date), version.wire]
    parts = [version.doc_id, *(str(part) for part in known if part), f"{version.witness.n_words} words"]
    return plain(" \u00b7 ".join(parts) + (" \u00b7 head" if version.is_head else ""))


def _pair_of(collation: Collation, version: Version) -> Iterator[tuple[Sequence[Span], Sequence[Span]]]:
    at = collation.versions.index(version)
    for row in collation.rows:
        if row[0] or row[at]:
            yield row[0], row[at]


def _marked(version: Version, variants: Sequence[Variant], is_base: bool) -> dict[Span, str]:
    """The paragraphs of a version by their place, each one line, with the variants in braces."""
    labels = {variant.label: variant for variant in variants}
    places = {variant.label: variant.base if is_base else variant.other for variant in variants}
    marks = [Marked(place.start, place.end, label) for label, place in places.items()]
    found = {}
    spans = [(part.start, part.end) for part in version.witness.paragraphs]
    for span, pieces in zip(spans, cut_spans(version.witness.text, spans, marks), strict=True):
        shown = ""
        for piece in pieces:
            closed = "".join("}" + _raised(key, labels[key].substantive) for key in reversed(piece.ends))
            text = piece.text.rstrip() if closed else piece.text
            shown += "{" * len(piece.begins) + text + closed + piece.text[len(text) :]
        found[span] = plain(" ".join(shown.split()))
    return found


def _raised(label: str, is_substantive: bool) -> str:
    return label.translate(RAISED) + ("*" if is_substantive else "")


def _side_by_side(left: Sequence[str], right: Sequence[str], column: int) -> Iterator[str]:
    if column < LEAST_COLUMN:
        for mark, cells in (("A", left), ("B", right)):
            for cell in cells:
                for number, line in enumerate(wrap(cell, max(column * 2, 20))):
                    yield f"{mark if number == 0 else ' '} {line}"
        return
    a = [line for cell in left for line in wrap(cell, column)]
    b = [line for cell in right for line in wrap(cell, column)]
    for number in range(max(len(a), len(b))):
        one, other = (lines[number] if number < len(lines) else "" for lines in (a, b))
        yield (one + " " * (column - cells_of(one)) + GAP + other).rstrip()


def _apparatus(collation: Collation, base: Version, other: Version) -> Iterator[str]:
    stances = {stance.stance_id: stance for stance in collation.stances}
    for variant in (variant for variant in collation.variants if variant.siglum == other.siglum):
        mark = "*" if variant.substantive else ""
        yield (
            f"{variant.label:>4}{mark:1} {variant.kind}: {base.siglum} {_quoted(variant.base)} ] "
            f"{other.siglum} {_quoted(variant.other)}"
        )
        for stance_id in variant.stances:
            stance = stances[stance_id]
            via = f" (via {stance.via})" if stance.via else ""
            said = f"{stance.holder} {stance.stance} {stance.target}{via}: \u201c{stance.text}\u201d"
            yield plain(f"        on {stance.siglum}: {said}")


def _quoted(place: Place) -> str:
    words = " ".join(place.text.split())
    if not place.text:
        return "\u2014"
    if len(words) > LONG:
        words = f"{words[: LONG - 20]} \u2026 {words[-15:]}"
    return plain(f"\u201c{words}\u201d")


def plain(text: str) -> str:
    """The text without what a terminal would obey: control and format characters, lone surrogates."""
    return "".join(c if c == " " or unicodedata.category(c) not in ("Cc", "Cf", "Cs") else "\ufffd" for c in text)


def cells_of(text: str) -> int:
    """Terminal cells that a text takes: two for wide characters, none for combining ones."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1 for c in text
    )


def wrap(text: str, column: int) -> list[str]:
    """Lines of at most `column` cells; broken at spaces, and within a word only where it alone is wider."""
    lines, line, size = [], "", 0
    for word in text.split(" "):
        long = cells_of(word)
        if line and size + 1 + long > column:
            lines.append(line)
            line, size = "", 0
        while long > column:
            taken = _fitting(word, column - size - bool(line))
            lines.append(f"{line} {word[:taken]}" if line else word[:taken])
            word, line, size = word[taken:], "", 0
            long = cells_of(word)
        line = f"{line} {word}" if line else word
        size = cells_of(line)
    return [*lines, line] if line else lines


def _fitting(word: str, column: int) -> int:
    size = 0
    for number, char in enumerate(word):
        size += cells_of(char)
        if size > column:
            return max(number, 1)
    return len(word)
