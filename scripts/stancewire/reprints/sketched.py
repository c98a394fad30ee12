"""All texts sketched: what is looked up of them, how long they are, and which of them are equal."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..engine import Crew, run
from .candidates import Looked, Numbers
from .known import Known
from .runs import Runs, pack
from .shingles import Hashes, Places, cut_batches
from .sketches import THREADS, Sketches, sketch_batch
from .spool import Readings
from .thresholds import FEWEST_WORDS


class Sketched:
    """What is kept of texts, whatever the order in which they are read: four bytes each in memory, and `looked`.

    Args:
        n_texts: how many there will be. folder: gets what does not fit into memory.

    Attributes:
        n_words: of each text.
    """

    def __init__(self, n_texts: int, folder: Path | None = None) -> None:
        self.n_words: Numbers = np.zeros(n_texts, np.int32)
        self.looked = Looked(n_texts, folder)
        self._digests = Runs(folder, width=3, share=4)

    def add(self, numbers: Places, part: Sketches) -> None:
        """The sketches of the texts of these numbers."""
        self.n_words[numbers] = part.n_words
        worded = np.flatnonzero(part.n_words)  # texts without words have no twins
        if len(worded) < len(part):
            part, numbers = part.take(worded), numbers[worded]
        self._digests.add(part.digests[:, 0], part.digests[:, 1], pack(part.n_words, numbers))
        long = np.flatnonzero(part.n_words >= FEWEST_WORDS)
        if len(long) < len(part):
            part, numbers = part.take(long), numbers[long]
        self.looked.add(numbers, np.diff(part.starts), part.keys)

    def find_twins(self) -> Numbers:
        """Of each text the number of the first one with the same folded words; texts without words have no twins."""
        twins: Numbers = np.arange(len(self.n_words), dtype=np.int32)
        for rows in self._digests.blocks():
            fresh = np.ones(len(rows), bool)
            differ = rows[1:] ^ rows[:-1]
            differ[:, 2] >>= np.uint64(32)
            fresh[1:] = differ.any(axis=1)
            numbers = (rows[:, 2] & np.uint64(2**32 - 1)).view(np.int64)
            begins = np.maximum.accumulate(np.where(fresh, np.arange(len(rows)), 0))
            twins[numbers] = numbers[begins]
        return twins


def sketch_texts(texts: Sequence[str], workers: Crew, folder: Path | None) -> Sketched:
    """All texts, in so many processes; those of a file in the order in which they stand there."""
    sketched = Sketched(len(texts), folder)
    numbers: deque[int] = deque()

    def read() -> Iterator[str]:
        for number, text in texts.stored() if isinstance(texts, Readings) else enumerate(texts):
            numbers.append(number)
            yield text

    for part in run(sketch_batch, cut_batches(read()), workers, threads=THREADS):
        sketched.add(np.array([numbers.popleft() for _ in range(len(part))], np.int64), part)
    return sketched


def sketch_new_texts(
    texts: Sequence[str], known: Known, folder: Path | None
) -> tuple[Sketched, list[Sketches], Hashes]:
    """All texts, of which those that are known are not worked on; also their sketches and digests, in order."""
    sketched = Sketched(len(texts), folder)
    parts: list[Sketches] = []
    digests: list[Hashes] = [np.empty((0, 2), np.uint64)]
    at = 0
    for some, part in run(known.sketch, cut_batches(texts), threads=THREADS):
        sketched.add(np.arange(at, at + len(part)), part)
        parts.append(part)
        digests.append(some)
        at += len(part)
    return sketched, parts, np.concatenate(digests)
