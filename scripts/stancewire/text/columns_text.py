"""The article in a record with columns: the title, then the text as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as fields_of

from .article import Article, Block, Stated, one_line
from .decode import Decoded, decode

_STATED = tuple(field.name for field in fields_of(Stated))


def read_columns(fields: Mapping[str, str | bytes], used: str | None, declared: str | None) -> Article:
    """The article of a record's fields.

    Args:
        fields: by our names; bytes where their encoding is not known.
        used: the encoding that words were decoded with where it was not UTF-8, or that a column states of bytes.
        declared: the strongest that is stated of bytes; for them it comes before `used`.

    Raises:
        Undecodable: bytes that no encoding makes words of.
    """
    decoded: Decoded | None = None
    words = {name: value for name, value in fields.items() if isinstance(value, str)}
    unknown = {name: value for name, value in fields.items() if isinstance(value, bytes)}
    if unknown:
        # All of them at once: the more words, the surer the guess.
        decoded = decode(b"\n".join(unknown.values()), declared or used)
        words |= {name: value.decode(decoded.encoding, "replace") for name, value in unknown.items()}
    stated = Stated(**{name: one_line(words[name]) for name in _STATED if name in words})
    text, title = words.get("text", ""), stated.title
    blocks = [Block(text)]
    if title and not one_line(text[: 2 * len(title) + 20]).casefold().startswith(title.casefold()):
        blocks.insert(0, Block(title, "headline", "title_column"))
    return Article(
        tuple(blocks),
        stated,
        None,
        decoded.encoding if decoded else used or "utf-8",
        decoded.score if decoded else 1.0,
        decoded.doubts if decoded else (),
    )
