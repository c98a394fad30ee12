"""Where each code point of a canonical text stood in the source's bytes.

The canonical text differs from the bytes by the encoding, a byte order mark, and CRLF or CR read as LF. A `RawMap` goes
from half-open code point spans to half-open byte ranges: the smallest range of whole encoded characters that holds the
span. An LF that was CRLF holds both bytes.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Offsets = npt.NDArray[np.int64]

# Here two bytes may stand for two code points, so that equal lengths do not mean a byte a code point.
_COMPOSING = ("big5hkscs", "euc_jis_2004", "euc_jisx0213", "shift_jis_2004", "shift_jisx0213")


@dataclass(frozen=True)
class RawMap:
    """Byte places of code points; `starts` and `ends` are None where code point i is the byte i + `shift`."""

    n_chars: int
    shift: int
    starts: Offsets | None = None
    ends: Offsets | None = None

    def to_raw(self, start: int, end: int) -> tuple[int, int]:
        """The byte range of the code points [start, end).

        Raises:
            ValueError: the span is empty or leaves the text.
        """
        if not 0 <= start < end <= self.n_chars:
            raise ValueError(f"no span of a text of {self.n_chars} code points: {start}-{end}")
        if self.starts is None or self.ends is None:
            return start + self.shift, end + self.shift
        return int(self.starts[start]), int(self.ends[end - 1])


def map_raw(raw: bytes, codec: str, mark: int, decoded: str) -> RawMap:
    """The map of a source.

    Args:
        raw: the source's bytes. codec: what decoded them, byte order named (`utf-16-le`), no mark.
        mark: length of the byte order mark. decoded: `raw[mark:].decode(codec)`, line breaks as they came.
    """
    if "\r" not in decoded and len(decoded) == len(raw) - mark and codec not in _COMPOSING:
        return RawMap(len(decoded), mark)
    import numpy as np

    starts, ends = _places(raw, codec, mark, decoded)
    points = np.frombuffer(decoded.encode("utf-32-le"), "<u4")
    pairs = np.flatnonzero((points[:-1] == 0x0D) & (points[1:] == 0x0A))
    ends[pairs] = ends[pairs + 1]
    starts, ends = np.delete(starts, pairs + 1), np.delete(ends, pairs + 1)
    return RawMap(len(starts), mark, starts, ends)


def _places(raw: bytes, codec: str, mark: int, decoded: str) -> tuple[Offsets, Offsets]:
    """First byte of each decoded code point, and the byte after it."""
    import numpy as np

    if codec == "utf-8":
        data = np.frombuffer(raw, "u1", offset=mark)
        starts = np.flatnonzero((data & 0xC0) != 0x80) + mark
    elif codec.startswith("utf-16"):
        units = np.frombuffer(raw, "<u2" if codec.endswith("le") else ">u2", offset=mark)
        starts = np.flatnonzero((units & 0xFC00) != 0xDC00) * 2 + mark
    elif codec.startswith("utf-32"):
        starts = np.arange(len(decoded)) * 4 + mark
    elif len(decoded) == len(raw) - mark and codec not in _COMPOSING:
        starts = np.arange(len(decoded)) + mark
    else:
        return _places_by_byte(raw, codec, mark)
    starts = starts.astype(np.int64)
    return starts, np.append(starts[1:], len(raw)).astype(np.int64)


def _places_by_byte(raw: bytes, codec: str, mark: int) -> tuple[Offsets, Offsets]:
    """The same for any codec, feeding it one byte at a time: for encodings with states or characters of any length."""
    import numpy as np

    decoder = codecs.getincrementaldecoder(codec)("strict")
    starts: list[int] = []
    ends: list[int] = []
    begin = mark
    for place in range(mark, len(raw) + 1):
        came = decoder.decode(raw[place : place + 1], final=place == len(raw))
        if came:
            after = min(place + 1, len(raw))
            starts += [begin] * len(came)
            ends += [after] * len(came)
            begin = after
    return np.array(starts, np.int64), np.array(ends, np.int64)
