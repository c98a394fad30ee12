"""Spans of whole lines: a large file of JSON lines is read in pieces, so that several processes share it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Span:
    """Whole lines of a file: bytes [start, end), of which the first is line `first_record`, from 0."""

    start: int
    end: int
    first_record: int


def cut_lines(path: Path | str, size: int) -> Iterator[Span | str]:
    """Spans of some `size` bytes that hold whole lines, each as soon as it is found; at last the file's SHA-256.

    Raises:
        OSError: it cannot be read. Where that shows later, the rest is one more span, and there is no SHA-256.
    """
    hashed = hashlib.sha256()
    block = bytearray(1 << 20)
    start = first = position = n_lines = 0
    try:
        with open(path, "rb", buffering=0) as source:
            while length := source.readinto(block):
                hashed.update(memoryview(block)[:length])
                if position + length - start >= size and (cut := block.rfind(b"\n", 0, length)) >= 0:
                    n_lines += block.count(b"\n", 0, cut + 1)
                    yield Span(start, position + cut + 1, first)
                    start, first = position + cut + 1, n_lines
                    n_lines += block.count(b"\n", cut + 1, length)
                else:
                    n_lines += block.count(b"\n", 0, length)
                position += length
    except OSError:
        if start == 0:
            raise
        yield Span(start, sys.maxsize, first)  # whoever reads it will say why it cannot be read
        return
    if start < position or position == 0:
        yield Span(start, position, first)
    yield hashed.hexdigest()
