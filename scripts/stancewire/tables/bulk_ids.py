"""Row ids of very many keys at once; apart from `ids`, since those who only verify a package need no numpy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .ids import PAIRS

Bytes = npt.NDArray[np.uint8]


def base32(digests: Bytes) -> Bytes:
    """The first 26 base32 characters of each digest (rows of 32 bytes), as `row_id` writes them."""
    head = np.zeros((len(digests), 4, 8), dtype=np.uint8)  # 26 characters are 130 bits: 17 bytes, four groups of five
    head[:, :, 3:] = digests[:, :20].reshape(-1, 4, 5)
    words = head.reshape(-1, 32).view(">u8").astype(np.int64)
    pairs = np.empty((len(digests), 4, 4), dtype=np.uint16)
    for place, shift in enumerate((30, 20, 10, 0)):
        pairs[:, :, place] = _pairs()[(words >> shift) & 1023]
    return np.ascontiguousarray(pairs.reshape(-1, 16)[:, :13]).view(np.uint8)


@lru_cache
def _pairs() -> npt.NDArray[np.uint16]:
    return np.frombuffer("".join(PAIRS).encode(), dtype=np.uint16)


def row_ids(keys: Iterable[bytes]) -> pa.StringArray:
    """The ids of many keys, each its parts joined by U+001F, as `row_id` makes them one by one."""
    digests = b"".join([made.digest() for made in map(hashlib.sha256, keys)])
    letters = base32(np.frombuffer(digests, dtype=np.uint8).reshape(-1, 32))
    offsets = np.arange(len(letters) + 1, dtype=np.int32) * 26
    return pa.StringArray.from_buffers(len(letters), pa.py_buffer(offsets), pa.py_buffer(letters))
