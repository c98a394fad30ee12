"""From a place in one witness to its place in another, through the variants between them.

A span is carried over when every character of it is unchanged and stands together in the other text. Where the words
were changed, the place is known all the same (what stands for them), but what was said of them need not hold there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .variants import collate
from .witness import Stretch, Witness

SAME, KNOWN, REVIEW = "same", "known", "review"


@dataclass(frozen=True)
class Landing:
    """Where a span lands: canonical code points [start, end) of the other text.

    `how`: *same* words; another *known* name of the same thing; or changed words, for *review*.
    """

    start: int
    end: int
    how: str


class Projection:
    """The way from witness `a` to witness `b`."""

    def __init__(self, a: Witness, b: Witness) -> None:
        self.a, self.b = a, b
        turned = a.doc_id > b.doc_id
        mine, other = ("b", "a") if turned else ("a", "b")
        rows = collate(b, a) if turned else collate(a, b)
        self._variants = [
            (row[f"start_{mine}"], row[f"end_{mine}"], row[f"start_{other}"], row[f"end_{other}"])
            for row in rows
            if row["kind"] != "order"
        ]
        moved = [row for row in rows if row["kind"] == "order"]
        frame_a, frame_b = _frame(a), _frame(b)
        for number, row in enumerate(moved, 1):
            frame_a[row[f"start_{mine}"] : row[f"end_{mine}"]] = number
            frame_b[row[f"start_{other}"] : row[f"end_{other}"]] = number
        for start_a, end_a, start_b, end_b in self._variants:
            frame_a[start_a:end_a] = -1
            frame_b[start_b:end_b] = -1
        self._to_b: npt.NDArray[np.int64] = np.full(len(a.text), -1, np.int64)
        for number in range(len(moved) + 1):
            self._to_b[np.flatnonzero(frame_a == number)] = np.flatnonzero(frame_b == number)

    @property
    def is_identical(self) -> bool:
        """Have both the same headline and body, to the character?"""
        return self.a.paragraph_texts == self.b.paragraph_texts

    @cached_property
    def unchanged_sentences(self) -> list[tuple[Stretch, Stretch]]:
        """The sentences of `a` that are a sentence of `b` too, to the character, each with that one; in a's order."""
        return self._unchanged(self.a.sentences, self.b.sentences)

    @cached_property
    def changed_paragraphs(self) -> tuple[Stretch, ...]:
        """The paragraphs of `b` that say anything which `a` does not say in the same words.

        A paragraph of unchanged sentences is none, however `a` cuts them into paragraphs; where words were left out
        between two sentences, or whole paragraphs, there is nothing new to read in `b`.
        """
        known = {there.start for _, there in self.unchanged_sentences}
        whole = {there.start for _, there in self._unchanged(self.a.paragraphs, self.b.paragraphs)}
        changed = []
        for part in self.b.paragraphs:
            inside = [sentence for sentence in self.b.sentences if part.start <= sentence.start < part.end]
            same = bool(inside) and all(sentence.start in known for sentence in inside)
            if not same and part.start not in whole:
                changed.append(part)
        return tuple(changed)

    def _unchanged(self, ours: Iterable[Stretch], theirs: Iterable[Stretch]) -> list[tuple[Stretch, Stretch]]:
        at = {(part.start, part.end): part for part in theirs}
        found = []
        for part in ours:
            there = self._to_b[part.start : part.end]
            if (there >= 0).all() and (np.diff(there) == 1).all():
                landed = at.get((int(there[0]), int(there[-1]) + 1))
                if landed is not None:
                    found.append((part, landed))
        return found

    def land(self, start: int, end: int, names: Iterable[str] = ()) -> Landing | None:
        """Where a span of `a` lands in `b`; None where `b` has nothing for it, or it is outside headline and body.

        Args:
            names: what else the same thing is called; a place with changed words is *known* by exactly one of them.
        """
        there = self._to_b[start:end]
        if not len(there):
            return None
        if (there >= 0).all() and (np.diff(there) == 1).all():
            return Landing(int(there[0]), int(there[-1]) + 1, SAME)
        low, high = self._edge(start, 2), self._edge(end - 1, 3)
        if low is None or high is None or low >= high or not self._is_within_one(low, high):
            return None
        words = self.a.text[start:end]
        for how, surfaces in ((SAME, [words]), (KNOWN, sorted({*names} - {words, ""}, key=lambda n: (-len(n), n)))):
            for surface in surfaces:
                places = list(_whole_words(self.b.text, surface, low, high))
                if len(places) == 1:
                    return Landing(places[0], places[0] + len(surface), how)
        return Landing(low, high, REVIEW)

    def _edge(self, place: int, side: int) -> int | None:
        """The place in `b` before (side 2) or after (side 3) what stands for one character."""
        found = int(self._to_b[place])
        if found >= 0:
            return found + (side == 3)
        return next((variant[side] for variant in self._variants if variant[0] <= place < variant[1]), None)

    def _is_within_one(self, low: int, high: int) -> bool:
        return any(part.start <= low and high <= part.end for part in self.b.paragraphs)


def _frame(witness: Witness) -> npt.NDArray[np.int32]:
    """Zero in headline and body, -1 elsewhere."""
    frame = np.full(len(witness.text), -1, np.int32)
    parts: tuple[Stretch, ...] = witness.paragraphs
    for part in parts:
        frame[part.start : part.end] = 0
    return frame


def _whole_words(text: str, surface: str, low: int, high: int) -> Iterable[int]:
    for match in re.finditer(rf"(?<!\w){re.escape(surface)}(?!\w)", text[low:high]):
        yield low + match.start()
