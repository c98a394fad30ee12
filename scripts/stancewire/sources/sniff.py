"""Which format bytes are in, by what they begin with."""

from __future__ import annotations

import codecs
import re

HEAD_BYTES = 4096

_MAGIC = (
    (b"\x1f\x8b", "gz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PAR1", "parquet"),
    (b"{\\rtf", "rtf"),
    (b"WARC/", "warc"),
)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ROOTS = {
    "html": "html",
    "nitf": "nitf",
    "newsitem": "newsml",
    "newsmessage": "newsml",
}
_BEFORE_ROOT = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\]\s*)?>)", re.IGNORECASE | re.DOTALL)
_ROOT = re.compile(r"\s*<(?:[\w.-]+:)?([\w-]+)[\s/>]")
_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*\{\s*["}])')
_JSON_LINE = re.compile(r"\s*\{.*\}[ \t\r]*\n\s*\{", re.MULTILINE)


def sniff(head: bytes) -> str | None:
    """The format that the first bytes of a file (some 4 KiB) leave no doubt about, None where they leave any.

    Plain text and tables of separated values have no mark of their own: their names decide.
    """
    # Most plain text begins like this, and there is no need to look closer.
    if head[:1].isalnum() and head[:2] not in (b"PK", b"PA", b"WA") and head[257:262] != b"ustar" and b"\0" not in head:
        return None
    for magic, format in _MAGIC:
        if head.startswith(magic):
            return format
    if head[257:262] == b"ustar":
        return "tar"
    text = as_text(head)
    if text.lstrip()[:1] == "<":
        return _root_format(text)
    if _JSON.match(text):
        return "jsonl" if _JSON_LINE.match(text) else "json"
    return None


def as_text(head: bytes) -> str:
    """The head as text in which markup can be looked for, whatever its encoding."""
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(codec, "replace")
    return head.decode("latin-1")


def _root_format(text: str) -> str | None:
    doctype = re.match(r"\s*(?:<!--.*?-->\s*)*<!doctype\s+(\w+)", text, re.IGNORECASE | re.DOTALL)
    if doctype and doctype[1].lower() in _ROOTS:
        return _ROOTS[doctype[1].lower()]
    place = 0
    while match := _BEFORE_ROOT.match(text, place):
        place = match.end()
    root = _ROOT.match(text, place)
    return _ROOTS.get(root[1].lower()) if root else None
