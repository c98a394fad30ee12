"""Ids of files: the prefix of their root before each, and none of them twice."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageError
from .found import FoundSources, SourceFiles
from .model import Reject, SourceFile


def spread_prefixes(prefixes: Sequence[str], n_roots: int) -> list[str]:
    """One id prefix for each source root: none given, one for all, or one for each.

    Raises:
        UsageError: another number of them.
    """
    if len(prefixes) not in (0, 1, n_roots):
        raise UsageError(
            f"{len(prefixes)} --id-prefix for {n_roots} sources; give one for all, or one for each in order"
        )
    return [""] * n_roots if not prefixes else list(prefixes) * (n_roots if len(prefixes) == 1 else 1)


def refuse_doubles(found: FoundSources) -> None:
    """Make rejects of files whose id one before them has; files of unknown format may have none."""
    again = _hashed_twice(found.files) if found.may_repeat else set()
    if not again:
        return
    files = SourceFiles()
    first: dict[str, SourceFile] = {}
    for file in found.files:
        if file.format is None or hash(file.name) not in again:
            files.append(file)
        elif file.name not in first:
            first[file.name] = file
            files.append(file)
        else:
            before = first[file.name]
            message = (
                f"its id {file.name!r} is that of {before.source_path} (source {before.root + 1}) already: this is "
                f"{file.source_path} of source {file.root + 1}; give each source an --id-prefix"
            )
            found.rejects.append(Reject(file.source_path, -1, "source-duplicate", message))
    found.files = files


def _hashed_twice(files: SourceFiles) -> set[int]:
    """Hashes that more than one id has: eight bytes for each, where there may be millions."""
    import numpy as np

    hashes = np.fromiter((hash(file.name) for file in files if file.format is not None), np.int64)
    hashes.sort()
    return set(hashes[1:][hashes[1:] == hashes[:-1]].tolist())
