"""Spans of whole lines: a large file of JSON lines is read in pieces, so that several processes share it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


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
