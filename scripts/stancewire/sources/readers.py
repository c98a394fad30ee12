"""The readers by format, and the one way to read sources.

A reader takes a `SourceFile` and yields its `SourceRecord`s one by one; what it cannot use it yields as a `Reject`. A
new format is a module beside `plain_text` (FORMAT, ENDINGS, a function) and a line in `READERS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from . import jsonl, plain_text
from .model import Reject, SourceFile, SourceRecord

Reader = Callable[[SourceFile], Iterator[SourceRecord | Reject]]

READERS: dict[str, Reader] = {
    plain_text.FORMAT: plain_text.read_plain_text,
    jsonl.FORMAT: jsonl.read_json_lines,
}
ENDINGS: dict[str, str] = dict.fromkeys(plain_text.ENDINGS, plain_text.FORMAT) | dict.fromkeys(
    jsonl.ENDINGS, jsonl.FORMAT
)


@dataclass(frozen=True)
class ReadFile:
    """What came of one file: its hash (None if it could not be opened), its records, its rejects."""

    file: SourceFile
    sha256: str | None
    records: tuple[SourceRecord, ...]
    rejects: tuple[Reject, ...]


def read_sources(files: Iterable[SourceFile]) -> Iterator[SourceRecord | Reject]:
    """All records of the files, in order, one file open at a time."""
    for file in files:
        if file.format is None:
            yield Reject(file.source_path, -1, "source-format", _unknown_format(file))
            continue
        try:
            yield from READERS[file.format](file)
        except OSError as error:
            yield Reject(file.source_path, -1, "source-unreadable", _unreadable(error))


def read_file(file: SourceFile) -> ReadFile:
    """One file whole, with the hash of its bytes."""
    came = list(read_sources([file]))
    records = tuple(item for item in came if isinstance(item, SourceRecord))
    rejects = tuple(item for item in came if isinstance(item, Reject))
    if len(records) == 1 and records[0].record_no is None:
        return ReadFile(file, hashlib.sha256(records[0].raw).hexdigest(), records, rejects)
    try:
        with open(file.path, "rb") as source:
            return ReadFile(file, hashlib.file_digest(source, "sha256").hexdigest(), records, rejects)
    except OSError:
        return ReadFile(file, None, records, rejects)


def _unknown_format(file: SourceFile) -> str:
    ending = file.path.suffix
    kind = f"the ending {ending!r}" if ending else "a name without an ending"
    return f"{kind} is of no known format ({', '.join(sorted(ENDINGS))}); rename it, or name its format with --format"


def _unreadable(error: OSError) -> str:
    return f"it cannot be read ({error.strerror or type(error).__name__}); mend its permissions or fetch it again"
