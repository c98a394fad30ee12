"""What is found below source roots, and how a file's name becomes the name of what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import starmap

from ..engine import Pile
from ..errors import Problem
from ..project import stored_name as stored_name
from .model import Reject, SourceFile

PACKED_ENDINGS = (".gz", ".zst", ".zstd")


def _plain(files: list[SourceFile]) -> list[tuple[object, ...]]:
    return list(map(tuple, files))


def _files(rows: list[tuple[object, ...]]) -> list[SourceFile]:
    return list(starmap(SourceFile, rows))


class SourceFiles(Pile[SourceFile]):
    """Files in order; millions of them take a few megabytes of memory. `n_bytes`: of those whose size is known."""

    def __init__(self) -> None:
        super().__init__(_plain, _files)
        self.n_bytes = 0

    def append(self, value: SourceFile) -> None:
        """Add a file."""
        if value.stamp is not None:
            self.n_bytes += value.stamp[0]
        super().append(value)


@dataclass
class FoundSources:
    """What lies below the source roots.

    Attributes:
        files: to be read, ordered by root and stored path. rejects: what will not be.
        ignored: hidden files (`.DS_Store`), which are no sources. warnings: two formats of one name.
        may_repeat: may an id stand twice? In one root it cannot, unless some keep their endings.
    """

    files: SourceFiles = field(default_factory=SourceFiles)
    rejects: list[Reject] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    may_repeat: bool = False


def split_name(path: str, endings: Mapping[str, str]) -> tuple[str, str | None]:
    """A stored path without its ending (`a.jsonl.gz`: `a`), and the format that this says, None if it is unknown."""
    ending = _ending(path)
    if ending.lower() in PACKED_ENDINGS:
        path = path.removesuffix(ending)
        inner = _ending(path)
        if inner.lower() not in endings:
            return path, endings.get(ending.lower())
        ending = inner
    return path.removesuffix(ending), endings.get(ending.lower())


def _ending(path: str) -> str:
    """What a path's last name ends with, as `PurePosixPath.suffix` has it, in a fraction of the time."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[dot:] if 0 < dot < len(name) - 1 else ""
