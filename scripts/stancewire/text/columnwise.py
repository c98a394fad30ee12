"""What can be seen of many texts at once, in their UTF-8 bytes laid end to end.

Args of all functions: `data`, the texts' bytes; `offsets`, where each begins in these, and where the last ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Offsets = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Leads:
    """The first bytes of all characters beyond ASCII: their places, and the bytes there and after."""

    places: npt.NDArray[np.intp]
    first: Bytes
    second: Bytes
    third: Bytes  # of another character, where this one has two bytes

    @classmethod
    def of(cls, data: bytes) -> Leads:
        """The leads of valid UTF-8."""
        found = np.frombuffer(data, np.uint8)
        places = np.zeros(0, np.intp) if data.isascii() else np.flatnonzero(found >= 0xC0)
        if not len(places):
            return cls(places, *(np.zeros(0, np.uint8),) * 3)
        last = len(found) - 1
        return cls(places, found[places], found[places + 1], found[np.minimum(places + 2, last)])


def count_chars(offsets: Offsets, leads: Leads) -> npt.NDArray[np.int64]:
    """Characters of each text, as `len` counts them: its bytes without those that follow a lead."""
    follow = np.zeros(len(leads.places) + 1, np.int64)
    np.cumsum(1 + (leads.first >= 0xE0).astype(np.int64) + (leads.first >= 0xF0), out=follow[1:])
    counted: npt.NDArray[np.int64] = np.diff(offsets - follow[np.searchsorted(leads.places, offsets)])
    return counted


def count_words(data: bytes, offsets: Offsets, leads: Leads | None = None) -> list[int]:
    """Words of each text, as `len(text.split())` counts them; no text may be empty."""
    leads = leads or Leads.of(data)
    found = np.frombuffer(data, np.uint8)
    space = found <= 0x20
    scratch = np.empty_like(found)
    marks = scratch.view(np.bool_)
    # U+0000-0008 and U+000E-001B are no white space for `str.split`.
    np.subtract(found, np.uint8(0x0E), out=scratch)
    space &= np.greater(scratch, 0x0D, out=marks)
    if len(found) and found.min() < 9:
        space &= np.greater(found, 8, out=marks)
    wide = _wide_spaces(leads)
    for after in range(3):  # U+0085 and U+00A0 have two bytes, all others three
        space[leads.places[wide if after < 2 else wide & (leads.first != 0xC2)] + after] = True
    begins = offsets[:-1]
    starts = marks
    np.greater(space[:-1], space[1:], out=starts[1:])
    starts[begins] = ~space[begins]
    counted: list[int] = np.add.reduceat(starts, begins, dtype=np.int32).tolist()
    return counted


def _wide_spaces(leads: Leads) -> npt.NDArray[np.bool_]:
    """Which characters beyond ASCII are white space (`str.isspace`)."""
    first, second, third = leads.first, leads.second, leads.third
    found = (first == 0xC2) & ((second == 0x85) | (second == 0xA0))
    found |= (first == 0xE1) & (second == 0x9A) & (third == 0x80)
    general = (third <= 0x8A) | (third == 0xA8) | (third == 0xA9) | (third == 0xAF)
    found |= (first == 0xE2) & (((second == 0x80) & general) | ((second == 0x81) & (third == 0x9F)))
    found |= (first == 0xE3) & (second == 0x80) & (third == 0x80)
    return found


def are_lines(data: bytes, offsets: Offsets) -> bool:
    """Is it certain that white space in the texts is single blanks between words, as `one_line` leaves it?"""
    found = np.frombuffer(data, np.uint8)
    if not len(found):
        return True
    if found.min() < 0x20 or b"  " in data or _wide_spaces(Leads.of(data)).any():
        return False
    begins, ends = offsets[:-1], offsets[1:]
    some = ends > begins
    return not ((found[begins[some]] == 0x20) | (found[ends[some] - 1] == 0x20)).any()


def find_suspects(data: bytes, offsets: Offsets, leads: Leads | None = None) -> list[int]:
    """Numbers of the texts that may hold what `decode` doubts: traces of mojibake, U+FFFD, controls; all of them, and
    some that hold none."""
    leads = leads or Leads.of(data)
    first, second, third = leads.first, leads.second, leads.third
    found = (first == 0xC2) & (second <= 0x9F)
    again = (second == 0x82) | (second == 0x83)
    again |= ((second == 0xA2) | (second == 0xA3)) & (third == 0xE2)
    again |= (second == 0xAF) & (third == 0xC2)
    found |= (first == 0xC3) & again
    found |= (first == 0xEF) & (second == 0xBF) & (third == 0xBD)
    if not found.any():
        return []
    owners = np.searchsorted(offsets, leads.places[found], side="right") - 1
    return [int(number) for number in np.unique(owners)]
