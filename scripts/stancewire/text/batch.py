"""Segments of many texts at once: the same as `segments` makes of each, found by looking at all of them together.

Where the paragraphs lie, and which rules could name them, is read off the joined texts (`scan`, `layout`); the rules
themselves are those of `segments`, asked only where they could say something.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .layout import read_all_paragraphs
from .lexicon import Lexicon
from .model import KnownBlock, Segment
from .scan import Readers, Scan
from .segments import Part, known_part, name_parts, segment_blocks, take_stray_marks

Blocks = Sequence[KnownBlock]


class Segmenter:
    """Makes the segments of texts with one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.readers = Readers(lexicon)

    def segment(self, scan: Scan, texts: Sequence[str], blocks: Sequence[Blocks | None]) -> list[list[Segment]]:
        """The segments of each text, as `segment_text` or, where it has blocks, `segment_blocks` makes them.

        Args:
            scan: of the texts.
        """
        lexicon = self.readers.lexicon
        base = scan.base.tolist()
        begins, ends = [], []
        alone = set()
        for number, (text, known) in enumerate(zip(texts, blocks, strict=True)):
            if known is None:
                begins.append(base[number])
                ends.append(base[number] + len(text))
            elif all(_is_whole(text, block) for block in known):
                begins += [base[number] + block.start for block in known if not block.role]
                ends += [base[number] + block.end for block in known if not block.role]
            else:
                alone.add(number)
        found = read_all_paragraphs(scan, np.array(begins, np.int64), np.array(ends, np.int64), self.readers)
        counts = np.bincount(found.stretches, minlength=len(begins)).tolist()
        rows = zip(found.starts.tolist(), found.ends.tolist(), found.may.tolist(), strict=True)
        joined, segments = scan.joined, []
        stretch = 0

        def next_parts(offset: int) -> list[Part]:
            nonlocal stretch
            parts = []
            for _ in range(counts[stretch]):
                start, end, may = next(rows)
                parts.append(Part(start - offset, end - offset, joined[start:end], "", "", may))
            stretch += 1
            return take_stray_marks(parts)

        for number, (text, known) in enumerate(zip(texts, blocks, strict=True)):
            if number in alone:
                segments.append(segment_blocks(text, known or (), lexicon))
                continue
            if known is None:
                parts = next_parts(base[number])
            else:
                parts = []
                for block in known:
                    parts += known_part(text, block) if block.role else next_parts(base[number])
            segments.append(name_parts(parts, lexicon))
        return segments


def _is_whole(text: str, block: KnownBlock) -> bool:
    """Does a block without a role begin and end at line breaks?"""
    if block.role:
        return True
    return (not block.start or text[block.start - 1] == "\n") and (
        block.end == len(text) or text[block.end : block.end + 1] == "\n"
    )
