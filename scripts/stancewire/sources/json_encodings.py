"""JSON that is not UTF-8, as RFC 8259 wants it to be, but as it comes all the same.

In this order: a mark, or the zeros that UTF-16 and UTF-32 leave in the first bytes (RFC 4627, section 3); strict UTF-8,
record by record; the encoding that `sources.csv`, the record's own column or the command line states. Of what is left
the words stay bytes, and whoever makes text of them asks the detector.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

from .columns import COMMON_NAMES
from .entries import Entry

# `\u` and a code point beyond ASCII: in words that stay bytes it could not be told from these.
_ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?!00[0-7])")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STATEFUL = re.compile(r"utf-7|iso2022|hz")


def wide_codec(head: bytes, declared: str | None = None) -> str | None:
    """The encoding of JSON or a table whose characters are wider than a byte; None where they are not.

    Args:
        head: the first four bytes. declared: heard where it is wide and no mark speaks.
    """
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    if declared is not None and is_wide(declared):
        return normal(declared)
    if len(head) >= 4 and head.count(b"\x00") == 3:
        return "utf-32-be" if head[3] else "utf-32-le" if head[0] else None
    if len(head) >= 2 and head[:2].count(b"\x00") == 1:
        return "utf-16-le" if head[0] else "utf-16-be"
    return None


def normal(name: str) -> str:
    """Python's own name of an encoding.

    Raises:
        LookupError: there is none of that name.
    """
    return codecs.lookup(name.strip()).name


def is_wide(name: str) -> bool:
    """Has this encoding (of a known or an unknown name) a byte order?"""
    try:
        return re.fullmatch(r"utf-(16|32)-(le|be)", normal(name)) is not None
    except LookupError:
        return False


def has_states(name: str) -> bool:
    """May bytes of ASCII be parts of other characters, so that they have to be decoded before they are cut?"""
    try:
        return _STATEFUL.match(normal(name)) is not None
    except LookupError:
        return False


def is_one_byte(name: str) -> bool:
    """Does each byte stand for one character, so that quotes and backslashes of JSON are never parts of others?"""
    try:
        return len(bytes(range(256)).decode(name, "replace")) == 256 and not has_states(name)
    except LookupError:
        return False


def read_foreign(entry: Entry, raw: bytes) -> tuple[Any, str | None]:
    """The value of a record that is not UTF-8, and the encoding that it was decoded with; None where words are bytes.

    Raises:
        ValueError: it is no JSON, whatever its encoding (RecursionError: nested too deeply).
        UnicodeDecodeError, LookupError: it breaks the encoding that was stated, which may be unknown, too.
    """
    stated = entry.vouched(entry.numbers.upcoming)
    value: Any = None
    try:
        value = json.loads(raw.decode("utf-8", "surrogateescape"))
    except ValueError:
        if stated is None and entry.options.encoding is None:
            raise
    stated = stated or _column(entry, value) or entry.options.encoding
    if stated is not None:
        return json.loads(raw.decode(stated)), normal(stated)
    if _ESCAPED.search(raw):
        raw.decode("utf-8")  # says which byte it is that does not fit
    return _with_bytes(value), None


def _column(entry: Entry, value: Any) -> str | None:
    """The encoding that a record states of itself."""
    if not isinstance(value, dict):
        return None
    given = entry.options.columns.get("encoding")
    names = (given,) if given else COMMON_NAMES["encoding"]
    found = next((held for key, held in value.items() if key == given or key.lower() in names), None)
    return found if isinstance(found, str) and found.strip() else None


def _with_bytes(value: Any) -> Any:
    """A value whose words beyond ASCII are the bytes that they came from."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "surrogateescape")
    if isinstance(value, list):
        return [_with_bytes(item) for item in value]
    if isinstance(value, dict):
        return {_key(name): _with_bytes(held) for name, held in value.items()}
    return value


def _key(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("latin-1") if not name.isascii() else name
