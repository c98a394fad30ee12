"""Folded keys of texts: house style leaves no trace in them.

Case, quotes and apostrophes, dashes and hyphens, the periods of `U.S.`, punctuation are folded. Accents are kept
(composed).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

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
# What composes with the character before it, and is of no combining class: vowel signs and lengths, jamo (by rule).
SECONDS = (
    "\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\u102e\u1b35"
    + "".join(map(chr, (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))))
)
# The keys of code points, and which pages of 256 are filled in: few occur in any corpus.
_KEYS: Points = np.zeros(0x10000, np.int32)
_PAGES_DONE = np.zeros(256, bool)
_HIGHS = np.uint64(0x8080808080808080)  # set in bytes outside ASCII



def fold_texts(texts: Sequence[str]) -> bytes:
    """Folded keys of the texts in UTF-8: words in lower case between spaces, each text closed by a zero byte."""
    if not texts:
        return b""
    folded = _join(texts)
    if folded.count(0) != len(texts):
        texts = [text.replace("\x00", " ") for text in texts]
        folded = _join(texts)
    if not folded.isascii():
        buffer = np.frombuffer(bytearray(folded), np.uint8)
        if odd := _fold_points(buffer):
            closes = np.flatnonzero(buffer == 0)
            plain = list(texts)
            for number in np.unique(np.searchsorted(closes, odd)).tolist():
                plain[number] = unicodedata.normalize("NFC", plain[number]).lower()
            buffer = np.frombuffer(bytearray(_join(plain)), np.uint8)
            _fold_points(buffer)
        folded = buffer.tobytes()
    return folded.translate(_ASCII, _DELETED)


def _join(texts: Sequence[str]) -> bytes:
    return b"\x00".join([*(text.encode("utf-8", "surrogatepass") for text in texts), b""])


def _fold_points(buffer: Bytes) -> list[int]:
    """Fold what is not ASCII, in place; returns the places of what cannot be folded so, which stays as it is."""
    leads = _find_leads(buffer)
    sizes = 2 + (buffer[leads] >= 0xE0).astype(np.int8) + (buffer[leads] >= 0xF0)
    odd = leads[sizes == 4].tolist()
    for size in (2, 3):
        at = leads[sizes == size]
        points = _decode(buffer, at, size)
        keys = _point_keys(points)
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


def _find_leads(buffer: Bytes) -> Places:
    """Where characters outside ASCII begin; most texts have few, so that eight bytes are looked at together."""
    whole = len(buffer) & ~7
    some = np.flatnonzero(buffer[:whole].view(np.uint64) & _HIGHS)
    if 8 * len(some) > len(buffer) >> 2:
        return np.flatnonzero(buffer >= 0xC0)
    places = ((some << 3)[:, None] + np.arange(8)).reshape(-1)
    places = np.concatenate([places, np.arange(whole, len(buffer))])
    return places[buffer[places] >= 0xC0]


def _decode(buffer: Bytes, leads: Places, size: int) -> Points:
    """Code points of the UTF-8 sequences of `size` bytes that begin at `leads`."""
    points = buffer[leads].astype(np.int32) & (0x1F if size == 2 else 0x0F)
    for step in range(1, size):
        points = points << 6 | (buffer[leads + step] & 0x3F)
    return points


def _point_keys(points: Points) -> Points:
    """Of each code point of the basic plane its folded one: a space, an apostrophe for what is deleted, or `_ODD`.

    Odd is what composes with its neighbours or has a lower case of another length: such texts are normalized whole.
    """
    pages = np.flatnonzero(np.bincount(points >> 8, minlength=256))
    for page in pages[~_PAGES_DONE[pages]].tolist():
        for point in range(256 * page, 256 * page + 256):
            _KEYS[point] = _point_key(chr(point))
        _PAGES_DONE[page] = True
    return _KEYS[points]


def _point_key(char: str) -> int:
    if char in _JOINERS:
        return 0x27
    if char in _BREAKERS:
        return 0x20
    lower = "σ" if char in "Σς" else char.lower()  # the lower case of a sigma depends on what follows
    composes = unicodedata.combining(char) or unicodedata.normalize("NFC", char) != char or char in SECONDS
    sizes = {len(one.encode("utf-8", "surrogatepass")) for one in (lower, char)}
    return _ODD if composes or len(lower) > 1 or len(sizes) > 1 else ord(lower)


def part_unspaced(buffer: Bytes) -> Bytes:
    """A folded buffer with a space on both sides of each character of an unspaced script."""
    cuts = []
    leads = np.flatnonzero(buffer >= 0xE0)
    for size in (3, 4):
        at = leads[(buffer[leads] >= 0xF0) == (size == 4)]
        points = _decode(buffer, at, size)
        unspaced = np.zeros(len(at), bool)
        for low, high in _UNSPACED:
            unspaced |= (points >= low) & (points <= high)
        cuts += [at[unspaced], at[unspaced] + size]
    places = np.concatenate(cuts)
    return np.insert(buffer, places, 0x20) if len(places) else buffer
