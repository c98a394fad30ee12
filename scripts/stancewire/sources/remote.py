"""Sources behind an address (`s3://bucket/articles`, `https://...`, `memory://...`), through fsspec."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

from ..errors import MissingExtra, SourceError
from .found import FoundSources, SplitName, stored_name
from .listing import unsafe_path
from .model import Reject, SourceFile


def is_address(source: object) -> bool:
    """Is this the address of something, and no path of this machine?"""
    return isinstance(source, str) and re.match(r"[A-Za-z][A-Za-z0-9+.-]+(?:::[^/]+)*://", source) is not None


def _filesystem(address: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise MissingExtra("fsspec", "remote") from None
    try:
        return fsspec.core.url_to_fs(address)
    except ImportError as error:  # a protocol whose own package is missing (s3fs, gcsfs, aiohttp)
        raise SourceError(f"{_without_secrets(address)}: {error}") from None
    except (ValueError, OSError) as error:
        raise SourceError(f"{_without_secrets(address)} is no address that can be read ({error})") from None


def _without_secrets(address: str) -> str:
    return re.sub(r"//[^/@]*@", "//", address)


def find_remote(address: str, root: int, split_name: SplitName, format: str | None, found: FoundSources) -> None:
    """The files at and below an address, ordered by name.

    Raises:
        SourceError: there is nothing, or it cannot be reached. MissingExtra: fsspec is not installed.
    """
    system, base = _filesystem(address)
    try:
        paths: Mapping[str, Mapping[str, Any]] = system.find(base, detail=True)
    except Exception as error:  # each protocol has its own errors
        raise SourceError(f"{_without_secrets(address)} cannot be listed ({type(error).__name__}: {error})") from None
    if not paths:
        raise SourceError(f"there is no source {_without_secrets(address)}; name a folder or a file")
    base = base.rstrip("/")
    only = len(paths) == 1 and next(iter(paths)).rstrip("/") == base
    protocol = address.partition("://")[0]
    for path in sorted(paths):
        below = path.rpartition("/")[2] if only else path.removeprefix(base).lstrip("/")
        source_path = "/".join(stored_name(part) for part in below.split("/"))
        if any(part.startswith(".") for part in below.split("/")):
            found.ignored.append(source_path)
        elif problem := unsafe_path(source_path):
            found.rejects.append(Reject(source_path, -1, "source-path", f"its name {problem}"))
        else:
            name, known = split_name(source_path)
            where = path if "://" in path else f"{protocol}://{path}"
            found.files.append(
                SourceFile(Path(below), source_path, root, format or known, name, "", format is not None, where)
            )


def open_address(address: str) -> IO[bytes]:
    """The file behind an address, buffered.

    Raises:
        OSError: it cannot be read.
    """
    system, path = _filesystem(address)
    try:
        return cast("IO[bytes]", system.open(path, "rb"))
    except OSError:
        raise
    except Exception as error:  # each protocol has its own errors
        raise OSError(0, f"{type(error).__name__}: {error}") from None
