"""What readers give: a source file found, a record read, or the reason why not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

# A file's size, and its times and inode as one number, which takes half the memory: there may be millions.
Stamp = tuple[int, int]


def stamp_of(found: os.stat_result) -> Stamp:
    """As sure a sign of a change as there is without reading the file."""
    return found.st_size, (found.st_mtime_ns << 128) + (found.st_ctime_ns << 64) + found.st_ino


class SourceFile(NamedTuple):
    """A regular file below a source root.

    Attributes:
        path: where it is on this machine (never stored). source_path: relative to its root, as it is stored.
        root: number of the root among those given. format: what its ending says; None where that is unknown.
        name: its document's id: prefix, and `source_path` without the ending, if no other file differs in that alone.
        prefix: what stands before all ids of its root.
        forced: was the format given by the caller, so that the content is not asked?
        address: where it is, if that is not on this machine (an fsspec URL).
        stamp: what changes with its bytes, as it was when it was found; None where nobody looked.
    """

    path: Path | str
    source_path: str
    root: int
    format: str | None
    name: str
    prefix: str = ""
    forced: bool = False
    address: str | None = None
    stamp: Stamp | None = None


@dataclass(frozen=True)
class SourceRecord:
    """One article's bytes, as they were received.

    Attributes:
        source_path: its file. record_no: its number in the file, from 0; None where the file's bytes are its own.
        format: of the article itself (`html` for a page in a crawl).
        name: the source's own name of it, which is the document's id.
        raw: bytes of this record alone: the file, the archive's member, the line, the element; for a row of Parquet,
            which has none, its values as JSON (`parquet_rows`).
        declared: an encoding that the format itself states, None where it states none.
        fields: what a format with columns says, by our own names; None where the text has to be found in `raw`. Bytes
            are words in an encoding that is not known yet.
        columns: which columns these were taken from (`title=headline text=body`), empty where there are none.
        container: formats around it, outermost first (`tar`, `gz`), empty for a plain file.
        member: its path inside the packed file, archives within archives as folders; empty where it is in none.
        own_path: of the file or member that is this article and no other; empty for one of several records.
    """

    source_path: str
    record_no: int | None
    format: str
    name: str
    raw: bytes
    declared: str | None = None
    fields: Mapping[str, str | bytes] | None = None
    columns: str = ""
    container: tuple[str, ...] = ()
    member: str = ""
    own_path: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """A source or record that cannot be used: the check that refused it, what is wrong, and what to do.

    `record_no` is -1 for a file as a whole.
    """

    source_path: str
    record_no: int
    check: str
    message: str


@dataclass(frozen=True)
class LeftAside:
    """What is no article, nor meant to be one: a crawl's request, a hidden file in an archive; `why` is a kind."""

    source_path: str
    why: str
