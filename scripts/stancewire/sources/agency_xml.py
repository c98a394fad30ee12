"""NITF and NewsML-G2: an item is one article; a message that bundles items is taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .entries import Entry
from .limits import read_all
from .model import Reject, SourceRecord

NITF, NEWSML = "nitf", "newsml"


def read_nitf(entry: Entry) -> Iterator[SourceRecord | Reject]:
    """The file as one article."""
    yield entry.whole(NITF)


def read_newsml(entry: Entry) -> Iterator[SourceRecord | Reject]:
    """The item, or each item of a message; such an item's raw bytes are its element, written anew."""
    from xml.etree.ElementTree import ParseError, tostring

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    raw = read_all(entry.stream, entry.options.limits)
    if not re.search(rb"<(?:[\w.-]+:)?newsMessage[\s>]", raw[:65536]):
        yield entry.whole(NEWSML, raw)
        return
    try:
        root = fromstring(raw, forbid_dtd=True)
    except (ParseError, ValueError, LookupError, DefusedXmlException) as error:
        yield entry.refuse_whole(
            "source-damaged", f"it is no sound XML ({error or type(error).__name__}); fetch it again"
        )
        return
    for item in root.iter():
        if isinstance(item.tag, str) and item.tag.rpartition("}")[2] == "newsItem":
            yield entry.record(NEWSML, item.get("guid") or "", tostring(item, encoding="utf-8"))
