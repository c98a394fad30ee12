"""Plain text: a file is one document."""

from __future__ import annotations

from collections.abc import Iterator

from .model import SourceFile, SourceRecord

FORMAT = "txt"
ENDINGS = (".txt",)


def read_plain_text(file: SourceFile) -> Iterator[SourceRecord]:
    """The file as one record.

    Raises:
        OSError: it cannot be read.
    """
    yield SourceRecord(file.source_path, None, FORMAT, file.name, file.path.read_bytes())
