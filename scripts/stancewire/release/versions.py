"""Versions of the data, and which one a difference asks for.

    major   a table, column or label is gone, renamed, retyped or means something else; a text changed or went away
    minor   rows, labels, columns, tables or documents were added; judgements and gold changed
    patch   only what is said about the data changed

Below 1.0 a major change raises the minor number. Without any release the next one is 0.1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ..errors import ReleaseError

Level = Literal["none", "patch", "minor", "major"]
LEVELS: tuple[Level, ...] = ("none", "patch", "minor", "major")
_FORM = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")


@dataclass(frozen=True, order=True)
class Version:
    """MAJOR.MINOR.PATCH of the data."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def after(self, level: Level) -> Version:
        """The next version for a change of this level, as it is after 1.0."""
        if level == "major":
            return Version(self.major + 1, 0, 0)
        if level == "minor":
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1)


FIRST = Version(0, 1, 0)


def parse_version(text: str) -> Version:
    """A version like `0.1.0`.

    Raises:
        ReleaseError: it has another form.
    """
    match = _FORM.fullmatch(text)
    if not match:
        raise ReleaseError(f"{text!r} is not a version; write one like 0.1.0")
    return Version(*(int(part) for part in match.groups()))


def next_version(last: Version | None, level: Level) -> Version:
    """The version that a change of this level asks for after `last`."""
    if last is None:
        return FIRST
    if last.major == 0 and level == "major":
        level = "minor"
    return last.after(level)


def check_version(asked: Version, last: Version | None, level: Level) -> None:
    """Refuse a version that says less than the change, or that leaves versions out.

    Raises:
        ReleaseError: naming the versions that may be given.
    """
    least = next_version(last, level)
    if last is None:
        allowed = [FIRST, Version(1, 0, 0)]
    else:
        allowed = sorted({last.after(step) for step in ("patch", "minor", "major") if last.after(step) >= least})
    if asked not in allowed:
        because = "there is no release yet" if last is None else f"the changes since {last} are {level}"
        choices = " or ".join(str(version) for version in allowed)
        raise ReleaseError(f"version {asked} is wrong: {because}, so the next one is {choices}")


def highest(levels: Iterable[Level]) -> Level:
    """The highest of some levels; `none` of nothing."""
    return max(levels, key=LEVELS.index, default="none")
