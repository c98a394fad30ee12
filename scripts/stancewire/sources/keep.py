"""`convert --keep-raw`: the sources of a conversion copied into a collection of one's own, byte for byte.

A file keeps its path below its root, with the root's id prefix before it, so that the collection gives the same ids
when it is converted by itself. A file that is there is never written again: with the same bytes it counts as kept, with
others the new one is refused. No link is followed below the collection, and nothing is written elsewhere. What a killed
run leaves is whole files and at most one whose name begins with a dot, which the next run takes away.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from ..errors import SourceError
from ..project import real_name, stored_name
from .model import Reject, SourceFile

_BLOCK = 1 << 20
_BESIDE = ".keeping"


@dataclass
class Kept:
    """What became of the files: SHA-256 by path below the collection, new and there already; and those refused."""

    copied: dict[str, str] = field(default_factory=dict)
    there: dict[str, str] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)


def keep_sources(
    files: Iterable[SourceFile],
    prefixes: Sequence[str],
    folder: Path,
    open_file: Callable[[SourceFile], IO[bytes]],
) -> Kept:
    """Copy files below `folder`, which is made where it is missing.

    Args:
        prefixes: of each root, put before its files' paths. open_file: gives the bytes of a file, wherever it is.

    Raises:
        SourceError: the folder is a link or no folder, or a prefix makes no path of it.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise SourceError(f"{folder} is no folder of its own (a link?); put a folder there, or name another with --out")
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    kept = Kept()
    for file in files:
        source_path = prefixes[file.root] + file.source_path
        names = _names(source_path)
        if names is None:
            message = f"--id-prefix {prefixes[file.root]!r} makes {source_path!r} of its path, which would not be read"
            raise SourceError(f"{message} again; give one like gull/")
        try:
            _keep(file, folder.joinpath(*names), folder, source_path, kept, open_file)
        except OSError as error:
            message = f"it cannot be kept ({error.strerror or type(error).__name__}); mend this, then run again"
            kept.rejects.append(Reject(source_path, -1, "source-unreadable", message))
    return kept


def _names(source_path: str) -> list[str] | None:
    """The real names that a path is made of; None where it would not be read under this path again."""
    names = []
    for part in source_path.split("/"):
        name = real_name(part)
        if not name or name.startswith(".") or "/" in name or "\0" in name or stored_name(name) != part:
            return None
        names.append(name)
    return names


def _keep(
    file: SourceFile,
    target: Path,
    folder: Path,
    source_path: str,
    kept: Kept,
    open_file: Callable[[SourceFile], IO[bytes]],
) -> None:
    """Copy one file, if it is not there."""
    _make_folders(target.parent, folder)
    try:
        before = target.lstat()
    except FileNotFoundError:
        pass
    else:
        with open_file(file) as source:
            sha256 = _hash(source)
        with _open_plain(target, before) as there:
            if _hash(there) == sha256:
                kept.there[source_path] = sha256
                return
        message = (
            f"another file of this name is in {folder.name} already, with other bytes; nothing was overwritten: give "
            "one of them another name, or the source an --id-prefix"
        )
        kept.rejects.append(Reject(source_path, -1, "source-duplicate", message))
        return
    beside = target.with_name(f".{target.name}{_BESIDE}"[-255:])
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        hashed = hashlib.sha256()
        with open_file(file) as source, os.fdopen(os.open(beside, flags, 0o644), "wb") as sink:
            while block := source.read(_BLOCK):
                hashed.update(block)
                sink.write(block)
            sink.flush()
            os.fsync(sink.fileno())
        sha256 = hashed.hexdigest()
        with open(beside, "rb") as written:
            if _hash(written) != sha256:
                raise OSError(0, "what was written is not what was read")
        _put(beside, target)
    finally:
        beside.unlink(missing_ok=True)
    kept.copied[source_path] = sha256


def _make_folders(parent: Path, folder: Path) -> None:
    """Make the folders of a path below `folder`, none of which may be a link."""
    place = folder
    for part in parent.relative_to(folder).parts:
        place = place / part
        with contextlib.suppress(FileExistsError):
            place.mkdir()
        if not stat.S_ISDIR(place.lstat().st_mode):
            raise OSError(0, f"{part} is there, but no folder")


def _open_plain(path: Path, found: os.stat_result) -> IO[bytes]:
    """A regular file, opened without following a link."""
    if not stat.S_ISREG(found.st_mode):
        raise OSError(0, "a link or folder of this name is there")
    return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "rb")


def _put(beside: Path, target: Path) -> None:
    """Give a file its name, unless another has got it meanwhile."""
    try:
        os.link(beside, target)  # unlike a rename it never takes another's place
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            raise
        os.rename(beside, target)


def _hash(source: IO[bytes]) -> str:
    hashed = hashlib.sha256()
    while block := source.read(_BLOCK):
        hashed.update(block)
    return hashed.hexdigest()
