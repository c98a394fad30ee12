"""NITF and NewsML-G2: an item is one article; a message that bundles items is cut into them as it is read.

An item's raw bytes are those of its element in the file, from `<newsItem` to `</newsItem>`, so that they can be found
there again. The cut looks at markup alone: what encoding the words are in does not matter to it, and an item that is
damaged within costs no other.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, cast
from xml.parsers import expat

from .entries import Entry
from .limits import LimitReached, over_record_limit
from .model import Reject, SourceRecord
from .sniff import HEAD_BYTES, as_text

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

NITF, NEWSML = "nitf", "newsml"
_CHUNK = 1 << 16
_WIDE = {
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    b"<\x00": "utf-16-le",
    b"\x00<": "utf-16-be",
}


def read_nitf(entry: Entry) -> Iterator[SourceRecord | Reject]:
    """The file as one article."""
    yield entry.whole(NITF)


def read_newsml(entry: Entry) -> Iterator[SourceRecord | Reject]:
    """The item, or each item of a message, however long that is."""
    head = cast("Any", entry.stream).peek(HEAD_BYTES)[:HEAD_BYTES]
    if not re.search(r"<(?:[\w.-]+:)?newsMessage[\s>]", as_text(head).replace("\0", "")):
        yield entry.whole(NEWSML)
        return
    wide = _WIDE.get(head[:2])
    stated = None if wide else re.match(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)", head)
    declared = wide or (stated[1].decode("ascii") if stated else None)
    try:
        for guid, raw in _Cutter(entry, wide).items():
            yield entry.record(NEWSML, guid, raw, declared=declared)
    except _DocumentType:
        message = "its XML declares a document type, which is never read; take this out"
        yield entry.refuse_whole("source-hostile", message)
    except expat.ExpatError as error:
        yield entry.refuse_whole("source-damaged", f"it is no sound XML ({error}); fetch it again")


class _DocumentType(Exception):
    """The message begins with what may hold entities."""


class _Cutter:
    """Cuts a message into its items, by the byte places of their tags."""

    def __init__(self, entry: Entry, wide: str | None) -> None:
        self.stream: IO[bytes] = entry.stream
        self.limits = entry.options.limits
        # Where markup is ASCII, a letter a byte will do, whatever the words are; a mark of UTF-8 is none of it.
        self.end = ">".encode(wide or "ascii")
        self.wide = wide
        self.parser: XMLParserType = expat.ParserCreate(None if wide else "iso-8859-1")
        if not wide and cast("Any", self.stream).peek(3)[:3] == codecs.BOM_UTF8:
            self.stream.read(3)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._stop
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.depth = 0
        self.open: tuple[int, int, str] | None = None  # depth, first byte and guid of the item that is being read
        self.found: list[tuple[str, int, int]] = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self.open is None and name.rpartition(":")[2] == "newsItem":
            self.open = self.depth, self.parser.CurrentByteIndex, attributes.get("guid", "")
        self.depth += 1

    def _stop(self, name: str) -> None:
        self.depth -= 1
        if self.open is not None and self.open[0] == self.depth:
            self.found.append((self.open[2], self.open[1], self.parser.CurrentByteIndex))
            self.open = None

    def _refuse(self, *_: object) -> None:
        raise _DocumentType

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Guid and bytes of each item; those before a damage come before its error.

        Raises:
            expat.ExpatError: no sound XML from here on. LimitReached: an item is longer than an article may be.
        """
        held, first = bytearray(), 0
        damage: Exception | None = None
        at_end = False
        while not at_end and damage is None:
            data = self.stream.read(_CHUNK)
            at_end = not data
            held += data
            try:
                self.parser.Parse(data, at_end)
            except (expat.ExpatError, _DocumentType) as error:
                damage = error
            for guid, start, tag in self.found:
                stop = held.find(self.end, tag - first) + len(self.end)
                yield self._name(guid), bytes(held[start - first : stop])
            self.found.clear()
            keep = self.open[1] if self.open else max(first, self.parser.CurrentByteIndex)
            del held[: keep - first]
            first = keep
            if self.open and len(held) > self.limits.record_bytes:
                raise LimitReached(over_record_limit(self.limits))
        if damage is not None:
            raise damage

    def _name(self, guid: str) -> str:
        if self.wide or guid.isascii():
            return guid
        try:
            return guid.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            return guid
