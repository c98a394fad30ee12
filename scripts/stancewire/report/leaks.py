"""Leaks for the terminal: each pair of near-duplicates side by side, where they begin to be alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..reprints import Stretch, Witness
from ..splits.border import Alike, Border
from ..splits.foreign import Entry
from .collation import Version, collate_versions
from .columns import plain, side_by_side_lines

EXCERPT = 700  # code points of each text that are shown
RUN = 5  # words in a row that both have: there the excerpt begins
_WORD = re.compile(r"\w+")


def leak_lines(border: Border, entries: Sequence[Entry], parts: Sequence[str], limit: int, width: int) -> Iterator[str]:
    """The leaks, `limit` of them side by side, then what was checked."""
    for number, pair in enumerate(border.leaks):
        if number == limit:
            yield f"... and {len(border.leaks) - limit} more (all of them: --json, or a larger --show)"
            break
        a, b = entries[pair.a], entries[pair.b]
        yield plain(f"{describe(a, border.copies.get(pair.a))}  \u2194  {describe(b, border.copies.get(pair.b))}")
        yield (
            f"  containment {pair.containment:.2f}, jaccard {pair.jaccard:.2f}, in the same order "
            f"{pair.aligned_share:.2f}"
        )
        yield from ("  " + line for line in _excerpts(a, b, width - 2))
        yield ""
    counts = ", ".join(plain(f"{part}: {sum(entry.part == part for entry in entries)}") for part in parts)
    closest = border.closest
    largest = "nothing shared" if closest is None else f"largest containment {closest.containment:.2f}"
    number = len(border.leaks)
    yield (
        f"{number} {'leak' if number == 1 else 'leaks'} between {len(parts)} parts ({counts}); "
        f"{border.n_checked} pairs measured, {largest}"
    )


def describe(entry: Entry, copies: int | None = None) -> str:
    """An entry by its part and id."""
    more = f" (and {copies - 1} identical)" if copies else ""
    return f"{entry.part}:{entry.key}{more}"


def pair_json(pair: Alike, entries: Sequence[Entry], border: Border) -> dict[str, object]:
    """A leak as a JSON object."""
    sides = {
        name: {
            "part": entries[number].part,
            "id": entries[number].key,
            "copies": border.copies.get(number, 1),
            "text": entries[number].text,
        }
        for name, number in (("a", pair.a), ("b", pair.b))
    }
    shares = {name: round(getattr(pair, name), 12) for name in ("jaccard", "containment", "aligned_share")}
    return sides | shares


def _excerpts(a: Entry, b: Entry, width: int) -> Iterator[str]:
    start_a, start_b = shared_place(a.text, b.text)
    versions = [
        Version(siglum, _witness(siglum, entry.text, start), entry.key, None, None, None, None, False, ())
        for siglum, entry, start in (("A", a, start_a), ("B", b, start_b))
    ]
    return side_by_side_lines(collate_versions("", versions), versions[1], width)


def _witness(name: str, text: str, start: int) -> Witness:
    """An excerpt as a witness; its lines are its paragraphs."""
    text = text[start : start + EXCERPT] + ("\u2026" if start + EXCERPT < len(text) else "")
    lines = [
        Stretch(number, match.start(), match.end()) for number, match in enumerate(re.finditer(r"[^\n]*\S[^\n]*", text))
    ]
    return Witness(name, text, tuple(lines), (), len(text.split()), None, None, None)


def shared_place(a: str, b: str) -> tuple[int, int]:
    """Where in both the first words in a row begin that they share; (0, 0) where there are none."""
    runs: dict[tuple[str, ...], int] = {}
    for run, start in _runs(a):
        runs.setdefault(run, start)
    for run, start in _runs(b):
        if run in runs:
            return runs[run], start
    return 0, 0


def _runs(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    words = [(match.group().casefold(), match.start()) for match in _WORD.finditer(text)]
    for at in range(len(words) - RUN + 1):
        yield tuple(word for word, _ in words[at : at + RUN]), words[at][1]
