"""The readers by format, and the one way to read sources.

A reader takes an `Entry` (a stream and its name) and yields its `SourceRecord`s one by one; what it cannot use it
yields as a `Reject`. Which reader it is, the content says first, and the name where the content leaves it open. A new
format is a module beside `plain_text` and a line in `READERS` and `ENDINGS`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from . import agency_xml, crawl, delimited, json_records, packed, parquet_rows, plain_text
from .entries import DEFAULT_OPTIONS, Entry, Numbers, ReadOptions
from .found import split_name
from .json_encodings import wide_codec
from .limits import LimitReached
from .model import LeftAside, Reject, SourceFile, SourceRecord
from .remote import open_address
from .sniff import HEAD_BYTES, as_text, sniff

Item = SourceRecord | Reject | LeftAside
Reader = Callable[[Entry], Iterator[Any]]

READERS: dict[str, Reader] = {
    "txt": plain_text.read_plain_text,
    "html": plain_text.whole_file("html"),
    "json": json_records.read_json,
    "jsonl": json_records.read_lines,
    "csv": delimited.read_csv,
    "tsv": delimited.read_tsv,
    "parquet": parquet_rows.read_parquet,
    "warc": crawl.read_warc,
    "nitf": agency_xml.read_nitf,
    "newsml": agency_xml.read_newsml,
    "docx": plain_text.whole_file("docx"),
    "rtf": plain_text.whole_file("rtf"),
    "zip": lambda entry: packed.read_zip(entry, read_entry, _split),
    "tar": lambda entry: packed.read_tar(entry, read_entry, _split),
    "gz": lambda entry: packed.read_gzip(entry, read_entry, _split),
    "zst": lambda entry: packed.read_zstd(entry, read_entry, _split),
}
ENDINGS: dict[str, str] = {
    **{".txt": "txt", ".text": "txt", ".html": "html", ".htm": "html", ".xhtml": "html"},
    **{".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet"},
    **{".warc": "warc", ".xml": "nitf", ".nitf": "nitf", ".newsml": "newsml", ".docx": "docx", ".rtf": "rtf"},
    **{".zip": "zip", ".tar": "tar", ".tgz": "tar", ".gz": "gz", ".zst": "zst", ".zstd": "zst"},
}
_PACKED = ("gz", "zst", "zip", "tar")


@dataclass(frozen=True)
class ReadFile:
    """What came of one file: its hash (None if it could not be opened), records, rejects, and what is no article."""

    file: SourceFile
    sha256: str | None
    records: tuple[SourceRecord, ...]
    rejects: tuple[Reject, ...]
    aside: tuple[LeftAside, ...] = ()


def read_sources(files: Iterable[SourceFile], options: ReadOptions = DEFAULT_OPTIONS) -> Iterator[Item]:
    """All records of the files, in order, one file open at a time and never held as a whole.

    Raises:
        MissingExtra: a format's own package is not installed.
    """
    for file in files:
        try:
            with open_source(file) as stream:
                yield from read_entry(Entry(file, stream, file.format, file.name, options))
        except OSError as error:
            yield Reject(file.source_path, -1, "source-unreadable", _unreadable(error))


def open_source(file: SourceFile) -> IO[bytes]:
    """The file's bytes, buffered, with `peek`.

    Raises:
        OSError: it cannot be read.
    """
    if file.address is None:
        return open(file.path, "rb")
    return io.BufferedReader(open_address(file.address), 1 << 16)


def is_json_lines(file: SourceFile) -> bool:
    """Is it a plain file of JSON lines on this machine, which may be read in spans?"""
    if file.address is not None:
        return False
    try:
        with open(file.path, "rb") as stream:
            head = stream.peek(HEAD_BYTES)[:HEAD_BYTES]
            if not head or wide_codec(head[:4]) is not None:  # there LF may be half a character
                return False
            return format_of(file, head) == "jsonl"
    except OSError:  # reading it will say what is wrong
        return False


def is_parquet(file: SourceFile) -> bool:
    """Is it a plain Parquet file on this machine, whose row groups may be read apart?"""
    if file.address is not None:
        return False
    try:
        with open(file.path, "rb") as stream:
            return format_of(file, stream.read(HEAD_BYTES)) == parquet_rows.FORMAT
    except OSError:  # reading it will say what is wrong
        return False


def format_of(file: SourceFile, head: bytes) -> str | None:
    """The format of a file that begins with `head`."""
    if sniff(head) is None:  # as for most: the name, or whoever named it, decides
        return file.format
    return _choose_format(Entry(file, io.BytesIO(), file.format, file.name, DEFAULT_OPTIONS), head)


def read_span(
    file: SourceFile, start: int, end: int, first_record: int, options: ReadOptions = DEFAULT_OPTIONS
) -> Iterator[Item]:
    """Some whole lines of a file of JSON lines: the same records as when it is read at once.

    Args:
        start, end: bytes [start, end) of the file. first_record: number of its lines before `start`.
    """
    try:
        with open(file.path, "rb") as source:
            source.seek(start)
            stream = io.BufferedReader(_Window(source, end - start), 1 << 16)
            entry = Entry(file, stream, "jsonl", file.name, options, numbers=Numbers(first_record))
            yield from json_records.read_lines(entry)
    except OSError as error:
        yield Reject(file.source_path, -1, "source-unreadable", _unreadable(error))


def read_groups(
    file: SourceFile, start: int, end: int, first_record: int, options: ReadOptions = DEFAULT_OPTIONS
) -> Iterator[Item]:
    """Some row groups of a Parquet file: the same records as when it is read at once.

    Args:
        start, end: numbers of the row groups [start, end). first_record: number of the rows before them.
    """
    try:
        with open(file.path, "rb") as source:
            entry = Entry(file, source, parquet_rows.FORMAT, file.name, options, numbers=Numbers(first_record))
            yield from parquet_rows.read_parquet(entry, range(start, end))
    except OSError as error:
        yield Reject(file.source_path, -1, "source-unreadable", _unreadable(error))


class _Window(io.RawIOBase):
    """The next `size` bytes of a stream."""

    def __init__(self, inner: IO[bytes], size: int) -> None:
        self.inner = inner
        self.left = size

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """The next bytes, none after the last."""
        data = self.inner.read(min(len(buffer), self.left))
        buffer[: len(data)] = data
        self.left -= len(data)
        return len(data)


def read_entry(entry: Entry) -> Iterator[Item]:
    """The records of a file, or of something within it; damage ends it with a reject, and what came before stays."""
    try:
        head = cast("io.BufferedReader", entry.stream).peek(HEAD_BYTES)[:HEAD_BYTES]
        if not head:
            yield entry.refuse_whole("source-empty", "the file is empty; take it out, or fetch it again")
            return
        format = _choose_format(entry, head)
        if format is None:
            yield entry.refuse_whole("source-format", _unknown_format(entry))
            return
        yield from READERS[format](entry)
    except LimitReached as error:
        yield entry.refuse_whole("source-limit", str(error))
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError, zipfile.BadZipFile) as error:
        yield entry.refuse_whole("source-damaged", f"it is cut off or damaged ({_one_line(error)}); fetch it again")
    except UnicodeError as error:
        yield entry.refuse_whole("source-encoding", f"it breaks its own encoding ({_one_line(error)}); fetch it again")
    except OSError as error:
        if error.errno is not None:  # the file, not what is in it
            raise
        yield entry.refuse_whole("source-damaged", f"it is cut off or damaged ({_one_line(error)}); fetch it again")


def _choose_format(entry: Entry, head: bytes) -> str | None:
    """By content where it is certain, then by name; what someone named decides, but for what it is packed in."""
    seen, named = sniff(head), entry.format
    if entry.container and named in ("gz", "zst"):  # that was the layer around it
        named = None
    if entry.file.forced:
        return seen if seen in _PACKED and entry.file.format not in ("docx", *_PACKED) else entry.file.format
    if seen == "json" and named == "jsonl" and as_text(head).lstrip()[:1] == "{":
        return named  # one line of JSON is both
    return seen or named


def read_file(file: SourceFile, options: ReadOptions = DEFAULT_OPTIONS) -> ReadFile:
    """One file whole, with the hash of its bytes."""
    came = list(read_sources([file], options))
    records = tuple(item for item in came if isinstance(item, SourceRecord))
    rejects = tuple(item for item in came if isinstance(item, Reject))
    aside = tuple(item for item in came if isinstance(item, LeftAside))
    if len(came) == 1 and records and records[0].record_no is None:
        return ReadFile(file, hashlib.sha256(records[0].raw).hexdigest(), records, rejects)
    try:
        with open_source(file) as source:
            return ReadFile(
                file, hashlib.file_digest(cast("Any", source), "sha256").hexdigest(), records, rejects, aside
            )
    except OSError:
        return ReadFile(file, None, records, rejects, aside)


def _split(path: str) -> tuple[str, str | None]:
    return split_name(path, ENDINGS)


def _unknown_format(entry: Entry) -> str:
    ending = Path(entry.member or entry.file.source_path).suffix
    kind = f"the ending {ending!r}" if ending else "a name without an ending"
    known = ", ".join(sorted(ENDINGS))
    return f"{kind} is of no known format, nor is the content ({known}); rename it, or name its format with --format"


def _unreadable(error: OSError) -> str:
    return f"it cannot be read ({error.strerror or type(error).__name__}); mend its permissions or fetch it again"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
