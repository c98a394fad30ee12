"""Bytes into canonical text: decoded, byte order mark removed, CRLF and CR as LF, and nothing else.

The encoding comes from the byte order mark, else from strict UTF-8, else from what was declared, else from a detector
whose confidence is recorded. `raw.decode(encoding)`, with its line breaks as LF, is the canonical text.
"""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from encodings.aliases import aliases
from functools import cached_property, partial

from ..errors import SourceError
from .raw_map import RawMap, map_raw

# Below this confidence a detected encoding is doubtful, and the document comes with a warning.
DOUBTFUL = 0.8

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
)
_MAGIC = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip (or an office document)"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"\x1f\x8b", "a gzip file"),
)
_ALL_MARKS = tuple(mark for mark, _, _ in _MARKS)
_ALL_MAGIC = tuple(magic for magic, _ in _MAGIC)
# Bytes of these can all be valid UTF-8 too, so that a declaration of one of them has to be heard first.
_SEVEN_BIT_OR_WIDE = re.compile(r"utf-(7|16|32)|iso2022|hz")
# Codecs of Python that are no encodings of text, or whose text does not stand in the bytes in order.
_NOT_FOR_TEXT = re.compile(r"idna|punycode|escape|undefined|mbcs|oem|rot|-sig$|^utf-(16|32)$|^utf-7$")
_MOJIBAKE = re.compile("[ÃÂ][\u0080-\u00bf]|â€[\u0090-\u00ff˜™œ“”¦\u2018-\u201d]|ã€|Ã¢|ï¿½|ï»¿")
# A match of the pattern begins with one of these, and a single character is looked for in next to no time; then the
# whole sign, since French has the circumflex on every page.
_MOJIBAKE_SIGNS = {"Ã": ("Ã",), "Â": ("Â",), "â": ("â€",), "ã": ("ã€",), "ï": ("ï¿½", "ï»¿")}
_CONTROLS = re.compile("[\u0080-\u0084\u0086-\u009f]")
_CONTROLS_IN_UTF8 = re.compile(rb"\xc2[\x80-\x84\x86-\x9f]")
# The commoner comes first: where several encodings explain the bytes equally well, it is taken.
_COMMON = (
    *("cp1252", "cp1251", "cp932", "gb18030", "cp949", "big5", "cp1250", "euc_jp", "koi8_r", "iso2022_jp"),
    *("cp1254", "cp1253", "cp1256", "cp1255", "iso8859_2", "iso8859_15", "cp1257", "cp874", "cp1258", "koi8_u"),
)


class Undecodable(SourceError):
    """A source's bytes are no text that can be used; `check` is the reject's id."""

    def __init__(self, check: str, message: str) -> None:
        super().__init__(message)
        self.check = check


@dataclass(frozen=True)
class Doubt:
    """Something about a readable source that a person should look at: a warning's check id and message."""

    check: str
    message: str


@dataclass(frozen=True)
class Decoded:
    """A canonical text and how it was found.

    Attributes:
        encoding: Python's name of it: `raw.decode(encoding)` gives the text, but for the line breaks.
        score: 1 where the encoding is certain (mark, strict UTF-8, declared), else the detector's confidence.
        made_map: makes `raw_map`.
    """

    text: str
    encoding: str
    score: float
    made_map: Callable[[], RawMap]
    doubts: tuple[Doubt, ...] = ()
    is_raw: bool = False  # are the text's UTF-8 bytes the source's?

    @cached_property
    def raw_map(self) -> RawMap:
        """From code points to the source's bytes; made when it is first asked for."""
        return self.made_map()


def find_encoding(name: str) -> str:
    """Python's own name of a declared encoding, e.g. `cp1252` for `Windows-1252`.

    Raises:
        Undecodable: there is no such encoding; the message names the nearest.
    """
    try:
        found = codecs.lookup(name.strip())
    except (LookupError, ValueError):
        near = difflib.get_close_matches(name.strip().lower().replace("-", "_"), [*aliases, *aliases.values()], 1)
        hint = f"; did you mean {near[0].replace('_', '-')!r}?" if near else ""
        raise Undecodable("source-encoding", f"unknown encoding {name!r}{hint}") from None
    if not getattr(found, "_is_text_encoding", True) or _NOT_FOR_TEXT.search(found.name):
        order = "; say utf-16-le or utf-16-be (utf-32-le, utf-32-be)" if found.name in ("utf-16", "utf-32") else ""
        if found.name == "utf-8-sig":
            return "utf-8"
        raise Undecodable("source-encoding", f"encoding {name!r} cannot be declared{order}")
    return found.name


def decode(raw: bytes, declared: str | None = None) -> Decoded:
    """The canonical text of a source's bytes.

    Args:
        raw: the source as it was received.
        declared: an encoding name that someone vouches for, used where neither a mark nor UTF-8 decides.

    Raises:
        Undecodable: empty, binary, broken in its own encoding, or an unknown encoding was declared.
    """
    if not raw:
        raise Undecodable("source-empty", "the file is empty; take it out, or fetch it again")
    if raw.startswith(_ALL_MAGIC):
        what = next(what for magic, what in _MAGIC if raw.startswith(magic))
        raise Undecodable("source-binary", f"this is {what}, not plain text; convert it to text first")
    codec = find_encoding(declared) if declared else None
    if raw.startswith(_ALL_MARKS):
        mark, name, marked_codec = next(known for known in _MARKS if raw.startswith(known[0]))
        decoded = _decode_strictly(raw, marked_codec, len(mark), f"its byte order mark says {name}")
        return _finish(raw, decoded, name, marked_codec, len(mark), 1.0, _contradiction(codec, name))
    if codec and _SEVEN_BIT_OR_WIDE.match(codec):
        decoded = _decode_strictly(raw, codec, 0, f"it was declared as {codec}")
        return _finish(raw, decoded, codec, codec, 0, 1.0, ())
    if b"\x00" in raw:
        raise Undecodable(
            "source-binary",
            "it holds NUL bytes, so it is no plain text; if it is UTF-16 without a byte order mark, declare utf-16-le "
            "or utf-16-be (sources.csv, column encoding)",
        )
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return _finish(raw, decoded, "utf-8", "utf-8", 0, 1.0, ())
    if codec:
        decoded = _decode_strictly(raw, codec, 0, f"it was declared as {codec}")
        return _finish(raw, decoded, codec, codec, 0, 1.0, ())
    codec, score = detect_encoding(raw)
    doubts: tuple[Doubt, ...] = ()
    if score < DOUBTFUL:
        message = f"encoding guessed as {codec} with confidence {score:.2f}; declare it (sources.csv, column encoding)"
        doubts = (Doubt("encoding-doubtful", message),)
    return _finish(raw, _decode_strictly(raw, codec, 0, f"detected {codec}"), codec, codec, 0, score, doubts)


def detect_encoding(raw: bytes) -> tuple[str, float]:
    """The likeliest encoding of bytes that are not UTF-8, and the confidence in it, 0 to 1.

    Words that are known decide where there are enough of them (`known_words`). Else a detector ranks encodings by how
    little mess and how much language they give. Encodings nearly as good as the best on both counts that read the bytes
    differently are rivals: the commonest is taken, and its confidence, 1 - mess, is divided among them.

    Raises:
        Undecodable: no encoding makes text of it.
    """
    from .known_words import weigh_words

    if (known := weigh_words(raw)) is not None:
        return known
    import charset_normalizer

    found = list(charset_normalizer.from_bytes(raw))
    if not found:
        raise Undecodable(
            "source-encoding", "no known encoding makes text of it; declare one (sources.csv) or reject it"
        )
    least_mess = min(match.chaos for match in found)
    neat = [match for match in found if match.chaos <= least_mess + 0.05]
    best_language = max(match.coherence for match in neat)
    rivals = [match for match in neat if match.coherence >= best_language - 0.1]
    named = [(min({match.encoding, *match.could_be_from_charset}, key=_rarity), match) for match in rivals]
    name, chosen = min(named, key=lambda pair: _rarity(pair[0]))
    n_readings = len({str(match) for match in rivals})
    return codecs.lookup(name).name, round(max(0.0, 1 - chosen.chaos) / n_readings, 4)


def _rarity(name: str) -> tuple[int, str]:
    return (_COMMON.index(name) if name in _COMMON else len(_COMMON)), name


def _decode_strictly(raw: bytes, codec: str, mark: int, why: str) -> str:
    try:
        return raw[mark:].decode(codec)
    except UnicodeDecodeError as error:
        message = f"{why}, but byte {error.start + mark} does not fit ({error.reason}); declare another encoding"
        raise Undecodable("source-encoding", message) from None


def _contradiction(codec: str | None, marked: str) -> tuple[Doubt, ...]:
    if codec is None or marked.startswith(codec) or codec.startswith(marked):
        return ()
    return (
        Doubt("encoding-doubtful", f"declared as {codec}, but its byte order mark says {marked}: read as {marked}"),
    )


def _finish(
    raw: bytes, decoded: str, encoding: str, codec: str, mark: int, score: float, doubts: tuple[Doubt, ...]
) -> Decoded:
    is_raw = encoding == "utf-8" and "\r" not in decoded
    text = decoded if is_raw or "\r" not in decoded else decoded.replace("\r\n", "\n").replace("\r", "\n")
    if not text or text.isspace():
        raise Undecodable("source-empty", "there is nothing but white space in it; take it out, or fetch it again")
    if encoding == "utf-8":  # strict UTF-8 has no surrogates, and NUL bytes have been looked for
        in_utf8 = raw
    else:
        if "\x00" in text:
            raise Undecodable("source-binary", f"decoded as {encoding} it holds NUL characters, so it is no plain text")
        in_utf8 = _refuse_surrogates(text, f"decoded as {encoding} it holds")
    doubts += tuple(doubtful_characters(text, in_utf8))
    return Decoded(text, encoding, score, partial(map_raw, raw, codec, mark, decoded), doubts, is_raw)


def _refuse_surrogates(text: str, what: str) -> bytes:
    """The text in UTF-8, which has no place for surrogates."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        message = f"{what} a lone surrogate at character {error.start}; declare another encoding"
        raise Undecodable("source-encoding", message) from None


def doubtful_characters(text: str, in_utf8: bytes | None = None) -> list[Doubt]:
    """What in a text looks as if it had been decoded wrongly before; `in_utf8`: its bytes, where they are at hand."""
    if text.isascii():
        return []
    found = []
    signs = any(sign in text for first, whole in _MOJIBAKE_SIGNS.items() if first in text for sign in whole)
    if signs and (match := _MOJIBAKE.search(text)):
        message = f"{match.group()!r} at character {match.start()} looks like text decoded twice; kept as it is"
        found.append(Doubt("mojibake", message))
    if (place := text.find("\ufffd")) >= 0:
        found.append(Doubt("mojibake", f"a replacement character (U+FFFD) at character {place}: text was lost before"))
    # In bytes, since a search for bytes that begin alike is far faster than one for any of a class of characters.
    if _CONTROLS_IN_UTF8.search(in_utf8 or text.encode("utf-8")) and (match := _CONTROLS.search(text)):
        message = f"control character U+{ord(match.group()):04X} at character {match.start()}: was cp1252 meant?"
        found.append(Doubt("mojibake", message))
    return found
