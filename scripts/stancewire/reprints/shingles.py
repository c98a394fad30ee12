"""Word 5-grams of many texts at once, as 64-bit hashes, computed with numpy on one byte buffer.

Keys are folded so that house style leaves no trace: case, quotes and apostrophes, dashes and hyphens, the periods of
`U.S.`, punctuation. Accents are kept (composed). In scripts written without spaces each character counts as a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

SHINGLE_WORDS = 5
BATCH_CHARS = 8_000_000  # texts hashed at once: some 60 bytes of scratch a character

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

# Scripts that put no spaces between words: Thai, Lao, Khmer, Myanmar; kana; Han and its extensions.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"  # noqa: E501
_UNSPACED = re.compile(f"[{UNSPACED}]")
# Within words: deleted, so that `long-standing` is `longstanding` and `Japan’s` is `Japan's`.
_JOINERS = "\u2018\u2019\u201b\u02bc\u00b4\u2010\u2011\u00ad\u200b\u200c\u200d\ufeff"
# Between words: quotes, dashes, spaces and points outside ASCII.
_BREAKERS = (
    "\u00a0\u00a1\u00ab\u00b7\u00bb\u00bf\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2012\u2013\u2014\u2015\u201a\u201c\u201d\u201e\u201f\u2022\u2026\u2028\u2029\u202f\u2032\u2033\u2039\u203a"
    "\u205f\u2212\u3000\u3001\u3002\u300a\u300b\u300c\u300d\u300e\u300f\u3010\u3011\u30fb\uff01\uff08\uff09\uff0c"
    "\uff0e\uff1a\uff1b\uff1f\uff5e\uff5f\uff60\x85"
)
_FOLDS = [(char.encode(), b"") for char in _JOINERS] + [(char.encode(), b" ") for char in _BREAKERS]
_ASCII = bytes(
    byte if byte >= 0x80 or byte == 0 or chr(byte).isalnum() else 0x20 for byte in range(256)
)
_DELETED = b"'.-`"

_MIX = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))


def _powers(base: int, count: int) -> Hashes:
    values, value = [], 1
    for _ in range(count):
        values.append(value)
        value = value * base % 2**64
    return np.array(values, dtype=np.uint64)


_IN_WORD = _powers(0x100000001B3, 256)
_IN_SHINGLE = _powers(0x9E3779B185EBCA87, SHINGLE_WORDS)
_IN_SHORT = _powers(0xC2B2AE3D27D4EB4F, SHINGLE_WORDS)  # others, so that a short text is no part of a long one


def _mix(values: Hashes) -> Hashes:
    """Spread the bits (the finalizer of MurmurHash3), so that `value % m` samples evenly."""
    values = (values ^ (values >> np.uint64(33))) * _MIX[0]
    values = (values ^ (values >> np.uint64(33))) * _MIX[1]
    return values ^ (values >> np.uint64(33))


def fold_texts(texts: Sequence[str]) -> bytes:
    """Folded keys of the texts: words in lower case between spaces, each text closed by a zero byte."""
    joined = "\x00".join(text.replace("\x00", " ") if "\x00" in text else text for text in texts) + "\x00"
    if joined.isascii():
        return joined.lower().encode().translate(_ASCII, _DELETED)
    joined = unicodedata.normalize("NFC", joined).lower()
    if _UNSPACED.search(joined):
        joined = _UNSPACED.sub(r" \g<0> ", joined)
    folded = joined.encode("utf-8", "surrogatepass")
    for char, key in _FOLDS:
        if char in folded:
            folded = folded.replace(char, key)
    return folded.translate(_ASCII, _DELETED)


@dataclass(frozen=True)
class Words:
    """Hashed words of n texts: text i has `hashes[starts[i]:starts[i + 1]]`."""

    hashes: Hashes
    starts: Places

    def of(self, text_no: int) -> Hashes:
        """Word hashes of one text, in order."""
        return self.hashes[self.starts[text_no] : self.starts[text_no + 1]]

    @cached_property
    def counts(self) -> Places:
        """Words a text."""
        return np.diff(self.starts)


def hash_words(texts: Iterable[str]) -> Words:
    """Word hashes of all texts."""
    hashes: list[Hashes] = [np.empty(0, np.uint64)]
    counts: list[Places] = [np.empty(0, np.int64)]
    for batch in _batches(texts):
        found, per_text = _hash_batch(batch)
        hashes.append(found)
        counts.append(per_text)
    return Words(np.concatenate(hashes), np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64))


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and size + len(text) > BATCH_CHARS:
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _hash_batch(texts: list[str]) -> tuple[Hashes, Places]:
    buffer = np.frombuffer(fold_texts(texts), dtype=np.uint8)
    in_word = buffer > 0x20
    edges = np.flatnonzero(np.diff(np.concatenate(([False], in_word, [False])).view(np.int8)))
    starts, ends = edges[0::2], edges[1::2]
    closes = np.flatnonzero(buffer == 0)
    counts = np.diff(np.searchsorted(starts, closes), prepend=0)
    if len(starts) == 0:
        return np.empty(0, np.uint64), counts.astype(np.int64)
    lengths = ends - starts
    first = np.cumsum(lengths) - lengths
    place = (np.arange(int(lengths.sum())) - np.repeat(first, lengths)) & 255
    letters = buffer[in_word].astype(np.uint64)
    return _mix(np.add.reduceat(letters * _IN_WORD[place], first)), counts.astype(np.int64)


def hash_shingles(words: Words) -> tuple[Hashes, Places]:
    """Hashes of the word 5-grams of all texts in order, and where each text's begin (n + 1 places).

    A text of one to four words has one shingle, of all its words; a text without words has none.
    """
    n_texts = len(words.starts) - 1
    total = len(words.hashes)
    sums = np.zeros(total, np.uint64)
    for offset, power in enumerate(_IN_SHINGLE[:total]):
        sums[: total - offset] += words.hashes[offset:] * power
    counts = words.counts
    per_text = np.where(counts >= SHINGLE_WORDS, counts - SHINGLE_WORDS + 1, np.minimum(counts, 1))
    for text_no in np.flatnonzero((counts > 0) & (counts < SHINGLE_WORDS)):
        some = words.of(int(text_no))
        sums[words.starts[text_no]] = (some * _IN_SHORT[: len(some)]).sum(dtype=np.uint64)
    starts = np.concatenate([[0], np.cumsum(per_text)]).astype(np.int64)
    within = np.arange(int(starts[-1])) - np.repeat(starts[:-1], per_text)
    kept = np.repeat(words.starts[:-1], per_text) + within
    assert len(starts) == n_texts + 1
    return _mix(sums[kept]), starts
