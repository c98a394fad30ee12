"""What an earlier run found out about texts, kept in one file, so that only added texts are worked on.

Everything in it is a function of one text, or of two, and is found by the digests of the texts as they stand: nothing
that changes in a corpus can make it wrong, and the outcome is the same with it and without it.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .shingles import Hashes, Places
from .sketches import Sketches, join_sketches, no_sketches, sketch_batch

VERSION = 2  # of the hashes: raise it with any change to folding.py, shingles.py or sketches.py that changes a number
ALIGNED_UNKNOWN = -1.0

Shares = npt.NDArray[np.float64]


def digest_texts(texts: Iterable[str]) -> Hashes:
    """One row of two numbers a text."""
    raw = b"".join(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts)
    return np.frombuffer(raw, "<u8").astype(np.uint64).reshape(-1, 2)


@dataclass(frozen=True)
class Known:
    """What is known of texts and of pairs of them.

    Attributes:
        digests: of the known texts, a row each, distinct, sorted by their first number.
        sketches: of the same texts in the same order.
        pairs: n rows of two places in `digests`, in either order.
        shares: n rows of jaccard, containment, aligned share (`ALIGNED_UNKNOWN` where the words were not compared), and
            1 where that is a lower bound.
    """

    digests: Hashes
    sketches: Sketches
    pairs: Places
    shares: Shares

    @classmethod
    def nothing(cls) -> Known:
        """Of no text."""
        return cls(np.empty((0, 2), np.uint64), no_sketches(), np.empty((0, 2), np.int64), np.empty((0, 4)))

    @classmethod
    def of(cls, digests: Hashes, parts: Sequence[Sketches], pairs: Places, shares: Shares) -> Known:
        """From texts in any order, of which some may be equal, and pairs of their numbers."""
        order = np.lexsort((digests[:, 1], digests[:, 0]))
        fresh = np.ones(len(order), bool)
        fresh[1:] = (digests[order[1:]] != digests[order[:-1]]).any(axis=1)
        place = np.empty(len(order), np.int64)
        place[order] = np.cumsum(fresh) - 1
        kept = order[fresh]
        return cls(digests[kept], join_sketches(parts).take(kept), place[pairs], shares)

    @classmethod
    def read(cls, path: Path) -> Known:
        """What the file says; nothing where there is none, it is damaged, or another version wrote it."""
        try:
            with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
                if int(file["version"]) != VERSION:
                    return cls.nothing()
                names = ("n_words", "n_shingles", "sums", "keys", "starts")
                return cls(file["digests"], Sketches(*(file[name] for name in names)), file["pairs"], file["shares"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return cls.nothing()

    def write(self, path: Path) -> None:
        """Write beside, then move."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        sketches = self.sketches
        with open(beside, "wb") as file:
            np.savez(
                file,
                version=np.array(VERSION),
                digests=self.digests,
                n_words=sketches.n_words,
                n_shingles=sketches.n_shingles,
                sums=sketches.digests,
                keys=sketches.keys,
                starts=sketches.starts,
                pairs=self.pairs,
                shares=self.shares,
            )
        beside.replace(path)

    def find(self, digests: Hashes) -> Places:
        """Where these texts stand among the known ones; -1 for new ones."""
        if not len(self.digests) or not len(digests):
            return np.full(len(digests), -1)
        at = np.searchsorted(self.digests[:, 0], digests[:, 0])  # two texts that agree in 64 bits are new each time
        at = np.minimum(at, len(self.digests) - 1)
        return np.where((self.digests[at] == digests).all(axis=1), at, -1)

    def sketch(self, texts: Sequence[str]) -> tuple[Hashes, Sketches]:
        """Digests and sketches of some texts; those that are not known are worked out."""
        digests = digest_texts(texts)
        places = self.find(digests)
        new = np.flatnonzero(places < 0)
        if not len(new):
            return digests, self.sketches.take(places)
        fresh = sketch_batch([texts[number] for number in new.tolist()])
        old = places[places >= 0]
        rows = np.empty(len(texts), np.int64)
        rows[places >= 0] = np.arange(len(old))
        rows[new] = len(old) + np.arange(len(new))
        return digests, join_sketches([self.sketches.take(old), fresh]).take(rows)
