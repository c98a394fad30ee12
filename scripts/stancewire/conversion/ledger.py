"""What became of each file, in the order of the files: a row on disk, never all of them in memory."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator

from ..engine import Pile
from ..errors import Problem
from .parcels import Cut
from .parts import Account, as_json
from .told import Said

# Number of its root, path below that, key (`FileKeys`), SHA-256 if it could be read, what was said of it as JSON.
Row = tuple[int, str, str, str | None, str | None]


class Ledger:
    """Rows of the files that are converted, made of their parcels and of the accounts of these, which come in order."""

    def __init__(self) -> None:
        self._rows: Pile[Row] = Pile()
        self._waiting: deque[Cut] = deque()
        self._cut: Row | None = None
        self._said: list[Said] = []

    def expect(self, cut: Cut) -> None:
        """Remember what is being converted."""
        self._waiting.append(cut)

    def enter(self, account: Account) -> None:
        """Take in what came of the parcel that has waited longest."""
        parcel, keys, sha256 = self._waiting.popleft()
        said: list[Said] = [*account.rejects, *account.problems, *account.tallies]
        if parcel.span is not None:
            file = parcel.files[0]
            if self._cut is None or self._cut[:2] != (file.root, file.source_path):
                self._close()
            known = [digest for _, _, digest in account.hashes] + [self._cut[3] if self._cut else None]
            self._cut = file.root, file.source_path, keys[0], sha256 or known[0], None
            self._said += said
            return
        self._close()
        hashes = {(root, path): digest for root, path, digest in account.hashes}
        by_path = _by_path(said)
        for file, key in zip(parcel.files, keys, strict=True):
            place = file.root, file.source_path
            # Of files of one path all stands with the first.
            told = _as_words(by_path.pop(file.source_path, None)) if by_path else None
            self._rows.append((*place, key, hashes.get(place, sha256), told))

    def _close(self) -> None:
        if self._cut is not None:
            self._rows.append((*self._cut[:4], _as_words(self._said)))
        self._cut, self._said = None, []

    def rows(self) -> Iterator[Row]:
        """All rows; nothing is entered afterwards."""
        self._close()
        return iter(self._rows)


def _by_path(said: list[Said]) -> dict[str, list[Said]]:
    found: dict[str, list[Said]] = {}
    for item in said:
        found.setdefault(item.path if isinstance(item, Problem) else item.source_path, []).append(item)
    return found


def _as_words(said: list[Said] | None) -> str | None:
    return json.dumps(list(map(as_json, said))) if said else None
