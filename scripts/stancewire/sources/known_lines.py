"""JSON lines with keys that were met before, decoded straight into our columns.

Most lines of a file have the same keys, and the columns that these are (`match_columns`) are a function of the keys. A
decoder made for them takes half the time of one that makes a dict, and refuses a line with any other key, or without
one that is a column; such a line goes the general way (`json_records`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from .columns import FIELDS, match_columns, same_key, shown

# A crawl of many sites has ever new sets of keys: a few are kept, and no more than these are ever looked at.
KEPT = 4
MOST = 64
NAMED = ("id", "title", "text", "date", "outlet", "url")


class KnownLine:
    """How lines with some keys are decoded.

    Attributes:
        names: their keys; those that are no column may be missing. columns: ours -> theirs.
        line: these in one line, as records state it; `tally`: under which it is counted. others: ours beside `NAMED`.
        decode: bytes of a line -> an object with our names as attributes, None where the line has no such key; raises
            ValueError or msgspec.MsgspecError where it is another kind of line.
    """

    def __init__(self, names: tuple[str, ...], columns: Mapping[str, str]) -> None:
        self.names = names
        self.columns = columns
        self.line = shown({ours: theirs for ours, theirs in columns.items() if theirs.split(".")[0] in names})
        self.tally = "columns", self.line
        self.others = tuple(ours for ours in columns if ours not in NAMED)
        beside = [name for name in names if name not in columns.values()]
        keys = {**columns, **{f"beside_{number}": name for number, name in enumerate(beside)}}
        made = msgspec.defstruct(
            "Line",
            [*((ours, Any) for ours in columns), *((key, Any, None) for key in keys if key not in columns)],
            namespace={ours: None for ours in FIELDS if ours not in columns},
            rename=keys,
            forbid_unknown_fields=True,
            kw_only=True,
            gc=False,
        )
        self.decode: Callable[[bytes], Any] = msgspec.json.Decoder(made).decode


_last: tuple[str, Mapping[str, str], KnownLines] | None = None


def known_lines(path: str, given: Mapping[str, str]) -> KnownLines:
    """Those of a file; of one that is read in pieces, what was met in the piece before is still known."""
    global _last
    if _last is None or _last[0] != path or _last[1] != given:
        _last = path, given, KnownLines(given)
    return _last[2]


class KnownLines:
    """The kinds of lines of a file that were met, the last one first.

    Args:
        given: columns that someone named, ours -> theirs.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given
        self.kinds: list[KnownLine] = []
        self.looked_at = 0
        self.refused = 0  # blocks of lines that had to be read one by one, beyond those that had not

    def learn(self, names: tuple[str, ...]) -> bool:
        """Make lines with these keys known; False where they cannot be decoded in this way."""
        if self.looked_at == MOST:
            return False
        self.looked_at += 1
        kind = None
        if self.kinds:  # keys that change nothing are taken in
            last = self.kinds[0]
            joined = tuple(dict.fromkeys((*last.names, *names)))
            if set(last.columns.values()) <= set(names):
                kind = self._make(joined, last.columns)
        kind = kind or self._make(names)
        if kind is None:
            return False
        self.kinds.insert(0, kind)
        del self.kinds[KEPT:]
        return True

    def _make(self, names: tuple[str, ...], columns: Mapping[str, str] | None = None) -> KnownLine | None:
        """What lines with these keys are, if they can be known, and are read with `columns` where these are given.

        A key that is no column may be missing: `match_columns` would find the same. One that only differs from another
        in its spelling may not, for the order of the two decides.
        """
        found = match_columns(names, self.given)
        if columns is not None and found != columns:
            return None
        if "text" not in found or "html" in found or not set(found.values()) <= set(names):
            return None
        if len({same_key(name) for name in names}) < len(names):
            return None
        try:
            return KnownLine(names, found)
        except (ValueError, TypeError):  # a key that has to be escaped
            return None
