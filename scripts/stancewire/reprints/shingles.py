"""Word 5-grams of many texts at once, as 64-bit hashes, computed with numpy on one byte buffer.

Keys are folded so that house style leaves no trace: case, quotes and apostrophes, dashes and hyphens, the periods of
`U.S.`, punctuation. Accents are kept (composed). In scripts written without spaces each character counts as a word.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

SHINGLE_WORDS = 5
BATCH_CHARS = 1_000_000  # texts hashed at once: some 30 bytes of scratch a character, small enough for a cache
LONG_WORD = 64  # bytes from which on a word is hashed by itself: one endless word must not cost a pass for each 8 bytes

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Points = npt.NDArray[np.int32]

# Scripts that put no spaces between words: Thai, Lao, Khmer, Myanmar; kana; Han and its extensions.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"  # noqa: E501
_UNSPACED = tuple((ord(UNSPACED[at]), ord(UNSPACED[at + 2])) for at in range(0, len(UNSPACED), 3))
# Within words: deleted, so that `long-standing` is `longstanding` and `Japan’s` is `Japan's`.
_JOINERS = "\u2018\u2019\u201b\u02bc\u00b4\u2010\u2011\u00ad\u200b\u200c\u200d\ufeff"
# Between words: quotes, dashes, spaces and points outside ASCII.
_BREAKERS = (
    "\u00a0\u00a1\u00ab\u00b7\u00bb\u00bf\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2012\u2013\u2014\u2015\u201a\u201c\u201d\u201e\u201f\u2022\u2026\u2028\u2029\u202f\u2032\u2033\u2039\u203a"
    "\u205f\u2212\u3000\u3001\u3002\u300a\u300b\u300c\u300d\u300e\u300f\u3010\u3011\u30fb\uff01\uff08\uff09\uff0c"
    "\uff0e\uff1a\uff1b\uff1f\uff5e\uff5f\uff60\x85"
)
_ASCII = bytes(
    byte if byte >= 0x80 or byte == 0 else ord(chr(byte).lower()) if chr(byte).isalnum() else 0x20
    for byte in range(256)
)
_DELETED = b"'.-`"
_ODD = -1  # the key of a code point that cannot be folded by itself, in place

_MIX = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))
_HALF = np.uint64(33)
_IN_WORD = np.uint64(0x9E3779B97F4A7C15)
_MASKS: Hashes = np.array([2 ** (8 * count) - 1 for count in range(9)], dtype=np.uint64)


def _powers(base: int, count: int) -> Hashes:
    return np.array([pow(base, exponent, 2**64) for exponent in range(count)], dtype=np.uint64)


_SHINGLE = np.uint64(0x9E3779B185EBCA87)
_IN_SHORT = _powers(0xC2B2AE3D27D4EB4F, SHINGLE_WORDS)  # others, so that a short text is no part of a long one


def mix(values: Hashes) -> Hashes:
    """Spread the bits (the finalizer of MurmurHash3), so that the smallest values are an even sample; in place."""
    for factor in _MIX:
        values ^= values >> _HALF
        values *= factor
    values ^= values >> _HALF
    return values


def fold_texts(texts: Sequence[str]) -> bytes:
    """Folded keys of the texts in UTF-8: words in lower case between spaces, each text closed by a zero byte."""
    if not texts:
        return b""
    joined = "\x00".join(text.replace("\x00", " ") if "\x00" in text else text for text in texts) + "\x00"
    folded = joined.encode("utf-8", "surrogatepass")
    if len(folded) > len(joined):
        buffer = np.frombuffer(bytearray(folded), np.uint8)
        if odd := _fold_points(buffer):
            closes = np.flatnonzero(buffer == 0)
            plain = list(texts)
            for number in np.unique(np.searchsorted(closes, odd)).tolist():
                plain[number] = unicodedata.normalize("NFC", plain[number].replace("\x00", " ")).lower()
            joined = "\x00".join(text.replace("\x00", " ") for text in plain) + "\x00"
            buffer = np.frombuffer(bytearray(joined.encode("utf-8", "surrogatepass")), np.uint8)
            _fold_points(buffer)
        folded = buffer.tobytes()
    return folded.translate(_ASCII, _DELETED)


def _fold_points(buffer: Bytes) -> list[int]:
    """Fold what is not ASCII, in place; returns the places of what cannot be folded so, which stays as it is."""
    leads = np.flatnonzero(buffer >= 0xC0)
    sizes = 2 + (buffer[leads] >= 0xE0).astype(np.int8) + (buffer[leads] >= 0xF0)
    odd = leads[sizes == 4].tolist()
    for size in (2, 3):
        at = leads[sizes == size]
        points = _decode(buffer, at, size)
        keys = _point_keys()[points]
        odd += at[keys == _ODD].tolist()
        for mark in (0x20, 0x27):  # a space, and the apostrophe, which is deleted later
            for step in range(size):
                buffer[at[keys == mark] + step] = mark
        changed = (keys != points) & (keys > 0x7F)
        at, keys = at[changed], keys[changed]
        for step in range(size - 1, 0, -1):
            buffer[at + step] = 0x80 | (keys & 0x3F)
            keys = keys >> 6
        buffer[at] = (0xC0 if size == 2 else 0xE0) | keys
    return odd


def _decode(buffer: Bytes, leads: Places, size: int) -> Points:
    """Code points of the UTF-8 sequences of `size` bytes that begin at `leads`."""
    points = buffer[leads].astype(np.int32) & (0x1F if size == 2 else 0x0F)
    for step in range(1, size):
        points = points << 6 | (buffer[leads + step] & 0x3F)
    return points


@lru_cache(1)
def _point_keys() -> Points:
    """Of each code point of the basic plane its folded one: a space, an apostrophe for what is deleted, or `_ODD`.

    Odd is what composes with its neighbours or has a lower case of another length: such texts are normalized whole.
    """
    keys = np.arange(0x10000, dtype=np.int32)
    for point in (*range(0x80, 0x3400), *range(0xA000, 0xAC00), *range(0xD800, 0x10000)):
        char = chr(point)
        lower = "σ" if char in "Σς" else char.lower()  # the lower case of a sigma depends on what follows
        parts = unicodedata.decomposition(char).split()
        if len(parts) == 2 and unicodedata.normalize("NFC", char) == char:
            keys[int(parts[1], 16)] = _ODD
        if unicodedata.combining(char) or unicodedata.normalize("NFC", char) != char or keys[point] == _ODD:
            keys[point] = _ODD
        elif lower != char:
            sized = len(lower) == 1 and len(lower.encode("utf-8")) == len(char.encode("utf-8", "surrogatepass"))
            keys[point] = ord(lower) if sized else _ODD
    keys[0x1161:0x1176] = keys[0x11A8:0x11C3] = _ODD  # Hangul jamo compose by rule
    keys[[ord(char) for char in _JOINERS]] = 0x27
    keys[[ord(char) for char in _BREAKERS]] = 0x20
    return keys


def _unspaced_words(buffer: Bytes) -> tuple[Places, Places] | None:
    """Where characters of unspaced scripts begin in a folded buffer, and where they end; None where there is none."""
    found = []
    leads = np.flatnonzero(buffer >= 0xE0)
    for size in (3, 4):
        at = leads[(buffer[leads] >= 0xF0) == (size == 4)]
        points = _decode(buffer, at, size)
        unspaced = np.zeros(len(at), bool)
        for low, high in _UNSPACED:
            unspaced |= (points >= low) & (points <= high)
        found.append((at[unspaced], at[unspaced] + size))
    (three, after_three), (four, after_four) = found
    if not len(three) and not len(four):
        return None
    return np.concatenate([three, four]), np.concatenate([after_three, after_four])


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
    parts = [hash_batch(batch) for batch in cut_batches(texts)]
    counts = np.concatenate([np.empty(0, np.int64), *(part.counts for part in parts)])
    hashes = np.concatenate([np.empty(0, np.uint64), *(part.hashes for part in parts)])
    return Words(hashes, places_of(counts))


def places_of(counts: npt.NDArray[np.integer]) -> Places:
    """Where runs of these lengths begin, and the end of the last: n + 1 places."""
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def cut_batches(texts: Iterable[str], size: int = BATCH_CHARS) -> Iterator[list[str]]:
    """The texts in order, in lists of at most so many characters, or of one text."""
    batch: list[str] = []
    total = 0
    for text in texts:
        if batch and total + len(text) > size:
            yield batch
            batch, total = [], 0
        batch.append(text)
        total += len(text)
    if batch:
        yield batch


def hash_batch(texts: Sequence[str]) -> Words:
    """Word hashes of texts that are folded together."""
    folded = fold_texts(texts)
    buffer = np.frombuffer(folded + bytes(16 - len(folded) % 8), dtype=np.uint8)
    in_word = buffer > 0x20
    edges = np.flatnonzero(in_word[1:] != in_word[:-1]) + 1
    if in_word[0]:
        edges = np.concatenate(([0], edges))
    starts, ends = edges[0::2], edges[1::2]
    if not folded.isascii() and (unspaced := _unspaced_words(buffer)) is not None:
        starts = np.union1d(starts, np.concatenate(unspaced))
        starts = starts[in_word[starts]]
        ends = np.minimum(np.append(starts[1:], len(buffer)), ends[np.searchsorted(ends, starts, "right")])
    closes = np.flatnonzero(buffer[: len(folded)] == 0)
    counts = np.diff(np.searchsorted(starts, closes), prepend=0)
    return Words(_hash_spans(buffer, starts, ends - starts), places_of(counts))


def _hash_spans(buffer: Bytes, starts: Places, lengths: Places) -> Hashes:
    """Hashes of byte spans, eight bytes at a time."""
    eights = buffer.view("<u8").astype(np.uint64, copy=False)
    hashes = _load(eights, starts) & _MASKS[np.minimum(lengths, 8)]
    hashes *= _IN_WORD
    longer = np.flatnonzero(lengths > 8)
    if len(longer):
        whole = longer[lengths[longer] > LONG_WORD]
        longer, done = longer[lengths[longer] <= LONG_WORD], 8
        while len(longer):
            more = _load(eights, starts[longer] + done) & _MASKS[np.minimum(lengths[longer] - done, 8)]
            hashes[longer] = (mix(hashes[longer]) + more) * _IN_WORD
            done += 8
            longer = longer[lengths[longer] > done]
        for number in whole.tolist():
            span = buffer[starts[number] : starts[number] + lengths[number]].tobytes()
            hashes[number] = int.from_bytes(hashlib.blake2b(span, digest_size=8).digest(), "little")
    return hashes


def _load(eights: Hashes, places: Places) -> Hashes:
    """The eight bytes at each byte place, from aligned words: little-endian on every machine."""
    at = places >> 3
    shift = ((places & 7) << 3).astype(np.uint64)
    low = eights[at]
    low >>= shift
    high = eights[at + 1]
    high <<= np.uint64(1)  # in two steps, since a shift by 64 is no shift
    high <<= np.uint64(63) - shift
    low |= high
    return low


def hash_shingles(words: Words) -> tuple[Hashes, Places]:
    """Hashes of the word 5-grams of all texts in order, and where each text's begin (n + 1 places).

    A text of one to four words has one shingle, of all its words; a text without words has none.
    """
    sums, kept = _all_shingles(words)
    counts = words.counts
    per_text = np.where(counts >= SHINGLE_WORDS, counts - SHINGLE_WORDS + 1, np.minimum(counts, 1))
    return sums[kept], places_of(per_text)


def _all_shingles(words: Words) -> tuple[Hashes, npt.NDArray[np.bool_]]:
    """The 5-gram that begins at each word, and where there is one: the last words of a text begin none."""
    hashes, starts, counts = words.hashes, words.starts, words.counts
    total = len(hashes)
    room = max(0, total - SHINGLE_WORDS + 1)
    sums = np.zeros(total, np.uint64)
    begun = sums[:room]  # Horner's scheme, in place
    begun[:] = hashes[total - room :]
    for back in range(2, SHINGLE_WORDS + 1):
        begun *= _SHINGLE
        begun += hashes[SHINGLE_WORDS - back : SHINGLE_WORDS - back + room]
    kept = np.ones(total + 1, bool)
    for back in range(1, SHINGLE_WORDS):
        kept[starts[1:][counts > back] - back] = False
    short = np.flatnonzero((counts > 0) & (counts < SHINGLE_WORDS))
    kept[starts[short]] = True
    for text_no in short.tolist():
        some = words.of(text_no)
        sums[starts[text_no]] = (some * _IN_SHORT[: len(some)]).sum(dtype=np.uint64)
    return mix(sums), kept[:total]


@dataclass(frozen=True)
class Shingled:
    """The 5-grams of n texts, summed up.

    Attributes:
        counts: of each text. digests: n rows of two sums over them, the second weighted by place.
        sample: those below a limit, or all of a text with few; text i has `sample[starts[i]:starts[i + 1]]`.
    """

    counts: Places
    digests: Hashes
    sample: Hashes
    starts: Places


def sample_shingles(words: Words, limit: np.uint64, few: int) -> Shingled:
    """The 5-grams of all texts: those below `limit`, and all of texts that have at most `few`."""
    sums, kept = _all_shingles(words)
    counts = np.where(words.counts >= SHINGLE_WORDS, words.counts - SHINGLE_WORDS + 1, np.minimum(words.counts, 1))
    sums[~kept] = 0  # adds nothing
    digests = np.zeros((len(counts), 2), np.uint64)
    some = np.flatnonzero(counts)
    if len(some):
        begins = words.starts[some]
        digests[some, 0] = plain = np.add.reduceat(sums, begins)
        placed = np.add.reduceat(sums * np.arange(1, 2 * len(sums), 2, dtype=np.uint64), begins)
        digests[some, 1] = placed - plain * (begins.astype(np.uint64) << np.uint64(1))
    chosen = sums < limit
    for text_no in np.flatnonzero(counts <= few).tolist():
        chosen[words.starts[text_no] : words.starts[text_no + 1]] = True
    chosen &= kept
    at = np.flatnonzero(chosen)
    return Shingled(counts, digests, sums[at], np.searchsorted(at, words.starts))
