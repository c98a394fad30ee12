"""What is found below source roots, and how a file's name becomes the name of what it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ..errors import Problem
from ..project import stored_name as stored_name
from .model import Reject, SourceFile

# A file's path into the name of what it holds and the format that its endings say.
SplitName = Callable[[str], tuple[str, str | None]]
PACKED_ENDINGS = (".gz", ".zst", ".zstd")


@dataclass
class FoundSources:
    """What lies below the source roots.

    Attributes:
        files: to be read, ordered by root and name. rejects: what will not be.
        ignored: hidden files (`.DS_Store`), which are no sources. warnings: two formats of one name.
    """

    files: list[SourceFile] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def split_name(path: str, endings: Mapping[str, str]) -> tuple[str, str | None]:
    """A stored path without its ending (`a.jsonl.gz`: `a`), and the format that this says, None if it is unknown."""
    pure = PurePosixPath(path)
    if pure.suffix.lower() in PACKED_ENDINGS:
        path = path.removesuffix(pure.suffix)
        inner = PurePosixPath(path).suffix
        if inner.lower() not in endings:
            return path, endings.get(pure.suffix.lower())
        pure = PurePosixPath(path)
    return path.removesuffix(pure.suffix) if pure.suffix else path, endings.get(pure.suffix.lower())
