"""JSON lines: each line is one document; the text and what is known of it stand in its columns.

A large file is read in spans of whole lines, so that several processes share it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .model import Reject, SourceFile, SourceRecord

FORMAT = "jsonl"
ENDINGS = (".jsonl", ".ndjson")
# Our own names of columns; others are left aside.
COLUMNS = ("id", "text", "title", "date", "outlet", "url", "byline", "lang")


@dataclass(frozen=True)
class Span:
    """Whole lines of a file: bytes [start, end), of which the first is line `first_record`, from 0."""

    start: int
    end: int
    first_record: int


def cut_lines(path: Path, size: int) -> tuple[list[Span], str]:
    """Spans of some `size` bytes that hold whole lines, and the SHA-256 of the file.

    Raises:
        OSError: it cannot be read.
    """
    spans: list[Span] = []
    hashed = hashlib.sha256()
    start = first = position = n_lines = 0
    with open(path, "rb") as source:
        while block := source.read(1 << 20):
            hashed.update(block)
            if position + len(block) - start >= size and (cut := block.rfind(b"\n")) >= 0:
                n_lines += block.count(b"\n", 0, cut + 1)
                spans.append(Span(start, position + cut + 1, first))
                start, first = position + cut + 1, n_lines
                n_lines += block.count(b"\n", cut + 1)
            else:
                n_lines += block.count(b"\n")
            position += len(block)
    if start < position or not spans:
        spans.append(Span(start, position, first))
    return spans, hashed.hexdigest()


def read_json_lines(file: SourceFile, span: Span | None = None) -> Iterator[SourceRecord | Reject]:
    """The lines of a file, or of a span of it; a line that is no article is a reject.

    Raises:
        OSError: it cannot be read.
    """
    import msgspec

    decoder = msgspec.json.Decoder(dict)
    with open(file.path, "rb") as source:
        source.seek(span.start if span else 0)
        lines = source.read(span.end - span.start).split(b"\n") if span else source
        for number, line in enumerate(lines, span.first_record if span else 0):
            raw = line.rstrip(b"\r\n")
            if not raw:
                continue
            try:
                given = decoder.decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                yield _refuse(file, number, f"this line is no JSON object ({error})")
                continue
            text = given.get("text")
            if not isinstance(text, str):
                yield _refuse(file, number, "it has no column text that is a string")
                continue
            fields = {name: given[name] for name in COLUMNS if isinstance(given.get(name), str)}
            name = fields.get("id") or f"{file.name}/{number}"
            yield SourceRecord(file.source_path, number, FORMAT, file.prefix + name, raw, None, fields)


def _refuse(file: SourceFile, number: int, why: str) -> Reject:
    return Reject(file.source_path, number, "source-record", f"{why}; mend the line, or leave it out")
