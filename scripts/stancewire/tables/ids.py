"""Row ids: the first 26 base32 characters of SHA-256 over the key parts, joined by U+001F."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
PAIRS = [one + other for one in _LETTERS for other in _LETTERS]  # ten bits at a time
_SHIFTS = range(120, -1, -10)


def row_id(*parts: object) -> str:
    """The id of a row with these key parts; None counts as the empty string.

    130 bits: among a hundred million rows the chance of any two alike is below 1e-23.
    """
    joined = "\x1f".join("" if part is None else str(part) for part in parts)
    digest = hashlib.sha256(joined.encode("utf-8", "surrogatepass")).digest()
    bits = int.from_bytes(digest[:17], "big") >> 6
    return "".join([PAIRS[bits >> shift & 1023] for shift in _SHIFTS])


def number_repeats(keys: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Each key with an ordinal appended from its second occurrence on; give the keys sorted as the rows will be."""
    seen: dict[tuple[object, ...], int] = {}
    numbered = []
    for key in keys:
        count = seen.get(key, 0)
        seen[key] = count + 1
        numbered.append(key if count == 0 else (*key, count))
    return numbered
