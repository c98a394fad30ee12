"""What is kept of every text while a corpus is searched for reprints: a sample of its shingles, and its size.

A sketch is a function of one text alone, so it is the same in any company, in any process, and on any day: texts are
sketched in several processes, and what is known of a text from an earlier run need not be worked out again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..engine import Crew, run
from .shingles import Hashes, Places, cut_batches, hash_batch, places_of, sample_shingles

SAMPLE = 4  # of a long text the smallest shingles are kept: those in the lowest part of this many of all hashes
IN_SAMPLE = np.uint64(2**64 // SAMPLE)
THREADS = min(2, os.cpu_count() or 1)  # half of hashing is numpy's: a third thread would wait for the lock
SHORT_SHINGLES = 64  # texts up to this many shingles keep all of them


@dataclass(frozen=True)
class Sketches:
    """Sketches of n texts.

    Attributes:
        n_words, n_shingles: of each text.
        digests: n rows of two numbers, equal for texts whose folded words are equal.
        keys: the kept shingles; text i has `keys[starts[i]:starts[i + 1]]`, sorted and distinct.
    """

    n_words: Places
    n_shingles: Places
    digests: Hashes
    keys: Hashes
    starts: Places

    def __len__(self) -> int:
        return len(self.n_words)

    def take(self, rows: Places) -> Sketches:
        """The sketches of these texts, in this order."""
        counts = np.diff(self.starts)[rows]
        starts = places_of(counts)
        at = np.repeat(self.starts[rows] - starts[:-1], counts) + np.arange(starts[-1])
        return Sketches(self.n_words[rows], self.n_shingles[rows], self.digests[rows], self.keys[at], starts)


def no_sketches() -> Sketches:
    """Of no text."""
    return sketch_batch([])


def join_sketches(parts: Sequence[Sketches]) -> Sketches:
    """Several parts as one, in their order."""
    parts = [no_sketches(), *parts]
    counts = np.concatenate([np.diff(part.starts) for part in parts])
    return Sketches(
        np.concatenate([part.n_words for part in parts]),
        np.concatenate([part.n_shingles for part in parts]),
        np.concatenate([part.digests for part in parts]),
        np.concatenate([part.keys for part in parts]),
        places_of(counts),
    )


def sketch_texts(texts: Iterable[str], workers: Crew = 1) -> list[Sketches]:
    """Sketches of all texts, in their order, in parts of neighbours: joined, they would be in memory twice."""
    return list(run(sketch_batch, cut_batches(texts), workers, threads=THREADS))


def sketch_batch(texts: Sequence[str]) -> Sketches:
    """Sketches of some texts."""
    words = hash_batch(texts)
    found = sample_shingles(words, IN_SAMPLE, SHORT_SHINGLES)
    return Sketches(words.counts, found.counts, found.digests, found.sample, found.starts)
