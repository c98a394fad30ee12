"""The files of a project, a release folder or a release's zip, read the same way.

Paths inside data are hostile until proven harmless: relative, with forward slashes, without `..`, scheme or drive, and
never through a link that leads out. A zip is read entry by entry and never unpacked to disk.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from ..errors import ReleaseError

MAX_ENTRIES = 200_000
MAX_ENTRY_BYTES = 8 << 30
MAX_TOTAL_BYTES = 32 << 30
MAX_RATIO = 1_000  # text compresses 3-10 times, runs of one character some hundred times


class Files(Protocol):
    """A tree of files, by relative path with forward slashes."""

    def names(self) -> list[str]:
        """All files, sorted."""

    def names_below(self, folder: str) -> list[str]:
        """All files below a folder, sorted."""

    def has(self, name: str) -> bool:
        """Is there such a file?"""

    def read(self, name: str) -> bytes:
        """Its bytes; OSError where it cannot be read."""

    def size(self, name: str) -> int:
        """Its size in bytes."""


def is_safe_path(name: str) -> bool:
    """May this path, found inside data, be opened below a root?"""
    parts = name.split("/")
    has_scheme = ":" in parts[0]  # or a drive; further on a colon is a letter like others
    return bool(name) and not any(
        (name.startswith("/"), "\\" in name, has_scheme, "\x00" in name, "" in parts, "." in parts, ".." in parts)
    )


class FolderFiles:
    """Files below a folder. Hidden files and folders and, below a project, frozen releases are not listed."""

    def __init__(self, root: Path, skip: tuple[str, ...] = ()) -> None:
        self.root = root.resolve()
        self.skip = skip

    def names(self) -> list[str]:
        """All files, sorted; links are not followed into folders."""
        return sorted(self._walk(self.root))

    def names_below(self, folder: str) -> list[str]:
        """All files below a folder, sorted."""
        return sorted(self._walk(self.root / folder))

    def _walk(self, start: Path) -> Iterator[str]:
        for folder, folders, files in os.walk(start):
            below = Path(folder).relative_to(self.root).as_posix()
            prefix = "" if below == "." else below + "/"
            folders[:] = [f for f in folders if not f.startswith(".") and prefix + f not in self.skip]
            yield from (prefix + name for name in files if not name.startswith("."))

    def _path(self, name: str) -> Path:
        path = (self.root / name).resolve()
        if not is_safe_path(name) or not path.is_relative_to(self.root):
            raise OSError(f"the path {name!r} leads out of {self.root}")
        return path

    def has(self, name: str) -> bool:
        """Is there such a file, inside the folder?"""
        try:
            return self._path(name).is_file()
        except OSError:
            return False

    def read(self, name: str) -> bytes:
        """Its bytes; OSError where it is missing, unreadable or outside the folder."""
        return self._path(name).read_bytes()

    def size(self, name: str) -> int:
        """Its size in bytes."""
        return self._path(name).stat().st_size


class ZipFiles:
    """Files of a zip, below its one top folder where it has one.

    Raises:
        ReleaseError: it is no zip, holds an unsafe path, or is larger than the limits of this module allow.
    """

    def __init__(self, path: Path) -> None:
        try:
            self.archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise ReleaseError(f"{path} cannot be opened as a zip ({error})") from None
        entries = [entry for entry in self.archive.infolist() if not entry.is_dir()]
        _check_limits(path, entries)
        tops = {entry.filename.split("/", 1)[0] for entry in entries}
        nested = len(tops) == 1 and all("/" in entry.filename for entry in entries)
        cut = len(tops.pop()) + 1 if nested else 0
        self.entries = {entry.filename[cut:]: entry for entry in entries}

    def names(self) -> list[str]:
        """All files, sorted."""
        return sorted(self.entries)

    def names_below(self, folder: str) -> list[str]:
        """All files below a folder, sorted."""
        return [name for name in self.names() if name.startswith(f"{folder}/")]

    def has(self, name: str) -> bool:
        """Is there such an entry?"""
        return name in self.entries

    def read(self, name: str) -> bytes:
        """Its bytes; OSError where the entry is missing or damaged."""
        try:
            return self.archive.read(self.entries[name])
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise OSError(f"{name} cannot be read from the zip ({error})") from None

    def size(self, name: str) -> int:
        """Its size in bytes, unpacked."""
        return self.entries[name].file_size


def _check_limits(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES:
        raise ReleaseError(f"{path} holds more than {MAX_ENTRIES} files or {MAX_TOTAL_BYTES} bytes; not opened")
    seen = set()
    for entry in entries:
        if not is_safe_path(entry.filename) or entry.filename in seen:
            raise ReleaseError(f"{path} holds the path {entry.filename!r}, which is unsafe or repeated; not opened")
        seen.add(entry.filename)
        if entry.file_size > MAX_ENTRY_BYTES or entry.file_size > MAX_RATIO * max(entry.compress_size, 1_000):
            raise ReleaseError(f"{path}: {entry.filename} unpacks to {entry.file_size} bytes; not opened")


def open_files(path: Path) -> Files:
    """The files of a folder or of a zip; ReleaseError where it is neither."""
    if path.is_dir():
        return FolderFiles(path, skip=("corpus/releases",))
    if path.is_file():
        return ZipFiles(path)
    raise ReleaseError(f"{path} is neither a folder nor a zip; name a project, a release folder or its zip")


def sha256(data: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
