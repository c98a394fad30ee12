"""Sources behind an address (`s3://bucket/articles`, `https://...`, `memory://...`), through fsspec."""

from __future__ import annotations

import errno
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from ..errors import MissingExtra, SourceError
from .found import FoundSources, stored_name
from .listing import unsafe_path
from .model import Reject

_ARCHIVES = ("zip", "tar", "libarchive")


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


def find_remote(address: str, found: FoundSources) -> Iterator[tuple[str, str, str]]:
    """The files at and below an address, ordered by name: the path below it, as it is stored, and the file's address.

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
    for path in sorted(paths):
        below = path.rpartition("/")[2] if only else path.removeprefix(base).lstrip("/")
        if path.startswith(("http://", "https://")):
            below = unquote(re.sub(r"[?#].*", "", below))
        source_path = "/".join(stored_name(part) for part in below.split("/"))
        if any(part.startswith(".") for part in below.split("/")):
            found.ignored.append(source_path)
        elif problem := unsafe_path(source_path):
            found.rejects.append(Reject(source_path, -1, "source-path", f"its name {problem}"))
        else:
            yield below, source_path, _address_of(path, address)


def _address_of(path: str, address: str) -> str:
    """The address of a file that a file system calls `path`, found at and below `address`.

    In a chain (`zip://texts::s3://bucket/a.zip`) an archive has paths of its own; a cache has those that it caches.
    """
    first, _, rest = address.partition("::")
    protocol = first.partition("://")[0]
    if not rest:
        return path if "://" in path else f"{protocol}://{path}"
    if "://" in first or protocol in _ARCHIVES:
        return f"{protocol}://{path}::{rest}"
    return f"{protocol}::{_address_of(path, rest)}"


def open_address(address: str) -> io.RawIOBase:
    """The file behind an address, unbuffered.

    Raises:
        OSError: it cannot be read; reading on may raise it, too.
    """
    system, path = _filesystem(address)
    try:
        return _Remote(system, system.open(path, "rb"))
    except OSError:
        raise
    except Exception as error:  # each protocol has its own errors
        raise _broken(error) from None


def _broken(error: Exception) -> OSError:
    return OSError(errno.EIO, " ".join(f"{type(error).__name__}: {error}".split()))


class _Remote(io.RawIOBase):
    """A file of some file system, whose own errors come as those of files.

    The system is held as long as the file: an archive's is closed with it.
    """

    def __init__(self, system: Any, inner: Any) -> None:
        self.system = system
        self.inner = inner

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """Can its end be read before its beginning?"""
        return bool(self.inner.seekable())

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """The next bytes.

        Raises:
            OSError: they did not come.
        """
        data = self._ask("read", len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to another place."""
        return int(self._ask("seek", offset, whence))

    def tell(self) -> int:
        """The place."""
        return int(self._ask("tell"))

    def close(self) -> None:
        """Let go of the file."""
        if not self.closed:
            self.inner.close()
        super().close()

    def _ask(self, what: str, *given: int) -> Any:
        try:
            return getattr(self.inner, what)(*given)
        except OSError as error:
            raise OSError(error.errno or errno.EIO, error.strerror or str(error)) from None
        except Exception as error:  # each protocol has its own errors
            raise _broken(error) from None
