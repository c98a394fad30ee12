"""Packed files, read without unpacking them: zip, tar, gzip, Zstandard, and any of these within another.

Nothing is written anywhere. A member's path only names its documents; one that leads out of the archive is refused
all the same, as are links, devices and locked members. `limits` says how much may come out.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any, cast

from .entries import Entry, clean_name
from .limits import LimitReached, guard, read_all
from .listing import unsafe_path
from .model import LeftAside, Reject, SourceRecord

Item = SourceRecord | Reject | LeftAside
ReadEntry = Callable[[Entry], Iterator[Item]]
SplitName = Callable[[str], tuple[str, str | None]]


def read_gzip(entry: Entry, read_entry: ReadEntry, split_name: SplitName) -> Iterator[Item]:
    """What a gzip file holds: one file, named like it."""
    packed = _Counted(entry.stream)
    with gzip.GzipFile(fileobj=cast("IO[bytes]", packed), mode="rb") as inner:
        yield from _read_layer(entry, "gz", cast("IO[bytes]", inner), packed, read_entry)


def read_zstd(entry: Entry, read_entry: ReadEntry, split_name: SplitName) -> Iterator[Item]:
    """What a Zstandard file holds: one file, named like it."""
    import pyarrow as pa

    packed = _Counted(entry.stream)
    with pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), "zstd") as inner:
        yield from _read_layer(entry, "zst", inner, packed, read_entry)


class _Counted(io.RawIOBase):
    """A stream that knows how much was read of it, for those that cannot tell."""

    def __init__(self, inner: IO[bytes]) -> None:
        self.inner = inner
        self.n_bytes = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self.inner.read(size)
        self.n_bytes += len(data)
        return data


def _read_layer(entry: Entry, kind: str, inner: IO[bytes], packed: _Counted, read_entry: ReadEntry) -> Iterator[Item]:
    _check_depth(entry)
    stream = guard(inner, entry.spend(), lambda: packed.n_bytes)
    yield from read_entry(entry.inside(kind, stream, entry.format, entry.name))


def read_tar(entry: Entry, read_entry: ReadEntry, split_name: SplitName) -> Iterator[Item]:
    """The members of a tar file, in its order."""
    _check_depth(entry)
    tail = _Tail(entry.stream)
    with tarfile.open(fileobj=cast("Any", tail), mode="r|", errorlevel=1) as archive:
        for number, member in enumerate(archive):
            _check_count(entry, number)
            if member.isdir():
                continue
            name = member.name.removeprefix("./")
            if not member.isreg():
                yield entry.refuse(
                    "source-link", f"{clean_name(name)} is a link or a device; put the file itself there"
                )
                continue
            inner = archive.extractfile(member)
            assert inner is not None  # it is a regular file
            stream = guard(inner, entry.spend(), partial(int, member.size))
            yield from _read_member(entry, "tar", name, stream, read_entry, split_name)
    tail.drain()
    if not tail.ends_in_zeros():
        yield entry.refuse_whole(
            "source-damaged", "the tar file ends without its end mark: it was cut off; fetch it again"
        )


class _Tail(io.RawIOBase):
    """A stream that remembers the end of what was read of it."""

    def __init__(self, inner: IO[bytes]) -> None:
        self.inner = inner
        self.last = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self.inner.read(size)
        self.last = (self.last + data)[-512:] if len(data) < 512 else data[-512:]
        return data

    def drain(self) -> None:
        while self.read(1 << 16):
            pass

    def ends_in_zeros(self) -> bool:
        return len(self.last) == 512 and not any(self.last)


def read_zip(entry: Entry, read_entry: ReadEntry, split_name: SplitName) -> Iterator[Item]:
    """The members of a zip file, in its order; a Word document, which is a zip file too, is one article."""
    _check_depth(entry)
    stream: IO[bytes] = entry.stream
    if entry.container or not stream.seekable():
        stream = io.BytesIO(read_all(stream, entry.options.limits))  # a zip's list of members stands at its end
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        names = {member.filename for member in members}
        if "[Content_Types].xml" in names:
            if "word/document.xml" not in names:
                yield entry.refuse_whole(
                    "source-binary", "this is an office document, but none of Word; save it as .docx"
                )
                return
            stream.seek(0)
            entry.stream = stream
            yield entry.whole("docx")
            return
        for number, member in enumerate(members):
            _check_count(entry, number)
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                yield entry.refuse(
                    "source-unreadable", f"{clean_name(member.filename)} is locked with a password; unlock it"
                )
                continue
            if member.external_attr >> 28 == 0xA:
                yield entry.refuse("source-link", f"{clean_name(member.filename)} is a link; put the file itself there")
                continue
            try:
                with archive.open(member) as inner:
                    packed = guard(inner, entry.spend(), partial(int, member.compress_size))
                    yield from _read_member(entry, "zip", member.filename, packed, read_entry, split_name)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
                yield entry.refuse(
                    "source-damaged", f"{clean_name(member.filename)} cannot be read ({error}); pack it again"
                )


def _read_member(
    entry: Entry, kind: str, name: str, stream: IO[bytes], read_entry: ReadEntry, split_name: SplitName
) -> Iterator[Item]:
    """One member; what goes wrong in it does not stop the others."""
    if problem := unsafe_path(name):
        yield entry.refuse(
            "source-path", f"the member {clean_name(name)!r} {problem.partition(';')[0]}; pack it again without"
        )
        return
    if any(part.startswith(".") or part == "__MACOSX" for part in name.split("/")):
        yield LeftAside(entry.file.source_path, "hidden")
        return
    stem, format = split_name(clean_name(name))
    yield from read_entry(entry.inside(kind, stream, format, f"{entry.name}/{stem}", clean_name(name)))
    entry.spend().take(0)  # one limit is the archive's as a whole


def _check_depth(entry: Entry) -> None:
    if len(entry.container) >= entry.options.limits.archive_depth:
        raise LimitReached(
            f"packed files within packed files, more than {entry.options.limits.archive_depth} deep; unpack it, or "
            "raise the limit: --limit archive_depth=NUMBER"
        )


def _check_count(entry: Entry, number: int) -> None:
    if number >= entry.options.limits.archive_members:
        raise LimitReached(
            f"more than {entry.options.limits.archive_members} members in one archive; split it, or raise the limit: "
            "--limit archive_members=NUMBER"
        )
