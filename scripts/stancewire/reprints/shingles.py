"""Word 5-grams of many texts at once, as 64-bit hashes, computed with numpy on one byte buffer.

Texts are folded first (`folding`). In scripts written without spaces each character counts as a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from .folding import Bytes, Places, fold_texts, part_unspaced

SHINGLE_WORDS = 5
BATCH_CHARS = 1_000_000  # texts hashed at once: some 20 bytes of scratch a character
REUSED_BYTES = 2**25 - 2**16  # just below the most that glibc learns from
LONG_WORD = 64  # bytes from which on a word is hashed by itself: one endless word must not cost a pass for each 8 bytes

Hashes = npt.NDArray[np.uint64]

_TEXT_WIDTH = np.uint64(16)  # bits for the number of a text beside a hash of 48
_TEXT_BITS = np.uint64(2**16 - 1)
_HALF = np.uint64(32)
_ONE, _SEVEN, _LAST = np.uint64(1), np.uint64(7), np.uint64(63)
_IN_WORD = np.uint64(0x9E3779B97F4A7C15)
_SPREAD = np.uint64(0xFF51AFD7ED558CCD)
_UNSPACE = np.uint64(0xDFDFDFDFDFDFDFDF)  # makes the byte of a space zero
_ONES, _HIGHS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)


def _powers(base: int, count: int) -> Hashes:
    return np.array([pow(base, exponent, 2**64) for exponent in range(count)], dtype=np.uint64)


_SHINGLE = _powers(0x9E3779B185EBCA87, 3)
_IN_SHORT = _powers(0xC2B2AE3D27D4EB4F, SHINGLE_WORDS)  # others, so that a short text is no part of a long one


def _multiply(hashes: Hashes, factor: np.uint64) -> Hashes:
    """Multiply in place, and let the upper half act on the lower one."""
    hashes *= factor
    hashes ^= hashes >> _HALF
    return hashes


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


@lru_cache(1)
def keep_scratch() -> None:
    """Have the allocator keep what is freed, once a process: it else gives each array's pages back and takes new ones.

    glibc maps large blocks one by one until it has seen one freed; up to that size it then reuses its heap. Scratch of
    batches is allotted dozens of times each: the new pages were a third of the time. Elsewhere this does nothing.
    """
    np.empty(REUSED_BYTES, np.uint8)


def hash_batch(texts: Sequence[str]) -> Words:
    """Word hashes of texts that are folded together."""
    keep_scratch()
    folded = fold_texts(texts)
    buffer = np.frombuffer(folded, np.uint8)
    if not folded.isascii():
        buffer = part_unspaced(buffer)
    size = len(buffer)
    padded = np.zeros(size + 24 - size % 8, np.uint8)  # room for whole eights, and for one more after the last byte
    padded[:size] = buffer
    in_word = padded > 0x20
    begins = in_word.copy()
    np.greater(in_word[1:], in_word[:-1], out=begins[1:])
    starts = np.flatnonzero(begins)
    closes = _find_closes(folded) if size == len(folded) else np.flatnonzero(buffer == 0)
    counts = np.diff(np.searchsorted(starts, closes), prepend=0)
    return Words(_hash_from(padded, starts), places_of(counts))


def _find_closes(folded: bytes) -> Places:
    """Where texts end: so few places are found sooner one by one."""
    found = []
    at = folded.find(b"\0")
    while at >= 0:
        found.append(at)
        at = folded.find(b"\0", at + 1)
    return np.array(found, np.int64)


def _hash_from(buffer: Bytes, starts: Places) -> Hashes:
    """Hashes of the words that begin at these places, eight bytes at a time."""
    eights = buffer.view("<u8").astype(np.uint64, copy=False)
    hashes, is_whole = _load(eights, starts)
    _multiply(hashes, _IN_WORD)
    longer, done = np.flatnonzero(is_whole), 8
    places = starts[longer]
    while len(longer) and done < LONG_WORD:
        places += 8
        more, is_whole = _load(eights, places)
        more += hashes[longer]
        hashes[longer] = _multiply(more, _IN_WORD)
        longer, places = longer[is_whole], places[is_whole]
        done += 8
    for number, place in zip(longer.tolist(), (places - (done - 8)).tolist(), strict=True):
        hashes[number] = _hash_endless(buffer, place)
    return hashes


def _hash_endless(buffer: Bytes, start: int) -> int:
    end, step = start, LONG_WORD
    while (buffer[end : end + step] > 0x20).all():  # what follows the last word is zero
        end, step = end + step, 2 * step
    end += int(np.argmin(buffer[end : end + step] > 0x20))
    return int.from_bytes(hashlib.blake2b(buffer[start:end].tobytes(), digest_size=8).digest(), "little")


def _load(eights: Hashes, places: Places) -> tuple[Hashes, npt.NDArray[np.bool_]]:
    """The word's bytes among the eight at each byte place, the others zero; and whether all eight are the word's.

    The places are read from aligned eights, little-endian on every machine. A word ends before the first space or zero
    byte: the lowest zero byte of x is the lowest set bit of (x - 0x01...) & ~x & 0x80...
    """
    at = places >> 3
    loaded = eights.take(at)
    at += 1
    upper = eights.take(at)
    shift = np.bitwise_and(places, 7, out=at).view(np.uint64)
    shift <<= np.uint64(3)
    loaded >>= shift
    upper <<= _ONE  # in two steps, since a shift by 64 is no shift
    shift ^= _LAST
    upper <<= shift
    loaded |= upper
    found = np.bitwise_and(loaded, _UNSPACE, out=upper)
    rest = np.subtract(found, _ONES, out=shift)
    np.invert(found, out=found)
    found &= rest
    found &= _HIGHS
    is_whole = found == 0
    mask = np.negative(found, out=rest)
    mask &= found
    mask >>= _SEVEN
    mask -= _ONE
    loaded &= mask
    return loaded, is_whole


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
    if room:
        twos = hashes[:-1] * _SHINGLE[1]
        twos += hashes[1:]
        begun = np.multiply(twos[:room], _SHINGLE[2], out=sums[:room])
        begun += twos[2 : 2 + room]
        begun *= _SHINGLE[1]
        begun += hashes[4:]
    kept = np.ones(total + 1, bool)
    for back in range(1, SHINGLE_WORDS):
        kept[starts[1:][counts > back] - back] = False
    short = np.flatnonzero((counts > 0) & (counts < SHINGLE_WORDS))
    kept[starts[short]] = True
    for text_no in short.tolist():
        some = words.of(text_no)
        sums[starts[text_no]] = (some * _IN_SHORT[: len(some)]).sum(dtype=np.uint64)
    sums ^= sums >> _HALF
    return _multiply(sums, _SPREAD), kept[:total]


@dataclass(frozen=True)
class Shingled:
    """The 5-grams of n texts, summed up.

    Attributes:
        counts: of each text. digests: n rows of two numbers, equal for texts whose words are equal.
        sample: those below a limit, or all of a text with few, sorted and distinct; text i has
            `sample[starts[i]:starts[i + 1]]`.
    """

    counts: Places
    digests: Hashes
    sample: Hashes
    starts: Places


def sample_shingles(words: Words, limit: np.uint64, few: int) -> Shingled:
    """The 5-grams of all texts: those below `limit`, and all of texts that have at most `few`."""
    sums, kept = _all_shingles(words)
    counts = np.where(words.counts >= SHINGLE_WORDS, words.counts - SHINGLE_WORDS + 1, np.minimum(words.counts, 1))
    chosen = sums < limit
    for text_no in np.flatnonzero(counts <= few).tolist():
        chosen[words.starts[text_no] : words.starts[text_no + 1]] = True
    chosen &= kept
    at = np.flatnonzero(chosen)
    sample, starts = sort_apart(sums[at], np.searchsorted(at, words.starts))
    return Shingled(counts, _digest(words), sample, starts)


def sort_apart(hashes: Hashes, starts: Places) -> tuple[Hashes, Places]:
    """The hashes of each text sorted and distinct, without their lowest 16 bits, and where each text's begin.

    In those bits the text's number stands while all are sorted together; it is 0 in the end.
    """
    hashes &= ~_TEXT_BITS
    counts = np.diff(starts)
    fresh = np.ones(len(hashes), bool)
    for low in range(0, len(counts), 2**16):
        some = counts[low : low + 2**16]
        begin, end = int(starts[low]), int(starts[low + len(some)])
        here = hashes[begin:end]
        here >>= _TEXT_WIDTH
        here |= np.repeat(np.arange(len(some), dtype=np.uint64) << np.uint64(48), some)
        here.sort()
        np.not_equal(here[1:], here[:-1], out=fresh[begin + 1 : end])
    hashes <<= _TEXT_WIDTH
    if not fresh.all():
        hashes = hashes[fresh]
        starts = np.concatenate(([0], np.cumsum(fresh)))[starts]
    return hashes, starts


def _digest(words: Words) -> Hashes:
    """A row of two sums of each text's words, the second weighted by place; zeros for a text without any."""
    digests = np.zeros((len(words.counts), 2), np.uint64)
    some = np.flatnonzero(words.counts)
    if len(some):
        begins = words.starts[some]
        digests[some, 0] = plain = np.add.reduceat(words.hashes, begins)
        placed = np.add.reduceat(words.hashes * np.arange(1, 2 * len(words.hashes), 2, dtype=np.uint64), begins)
        digests[some, 1] = placed - plain * (begins.astype(np.uint64) << _ONE)
    return digests
