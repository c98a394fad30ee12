"""Formats in which a file is one document: plain text, web pages, Word and Rich Text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .entries import Entry
from .model import SourceRecord

FORMAT = "txt"


def whole_file(format: str) -> Callable[[Entry], Iterator[SourceRecord]]:
    """A reader that takes the file as one record; what the text is, its extractor finds."""

    def read(entry: Entry) -> Iterator[SourceRecord]:
        yield entry.whole(format)

    return read


read_plain_text = whole_file(FORMAT)
