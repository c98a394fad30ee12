"""What readers give: a source file found, a record read, or the reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SourceFile:
    """A regular file below a source root.

    Attributes:
        path: where it is on this machine (never stored). source_path: relative to its root, as it is stored.
        root: number of the root among those given. format: name of its reader; None where its ending is unknown.
        name: its own name, before an id prefix: `source_path` without the ending.
        prefix: what is put before ids that stand inside it (a record's id column).
    """

    path: Path
    source_path: str
    root: int
    format: str | None
    name: str
    prefix: str = ""


@dataclass(frozen=True)
class SourceRecord:
    """One article's bytes, as they were received.

    Attributes:
        source_path: its file. record_no: its number in the file, from 0; None where a file is one document.
        name: the source's own name of it. raw: bytes of this record alone.
        declared: an encoding that the format itself states, None where it states none.
        fields: what a format with columns says, by our own names; None where the text has to be found in `raw`.
    """

    source_path: str
    record_no: int | None
    format: str
    name: str
    raw: bytes
    declared: str | None = None
    fields: Mapping[str, str | bytes] | None = None


@dataclass(frozen=True)
class Reject:
    """A source or record that cannot be used: the check that refused it, what is wrong, and what to do.

    `record_no` is -1 for a file as a whole.
    """

    source_path: str
    record_no: int
    check: str
    message: str
