"""An article as a structured format gives it: blocks of words with the roles that its markup knows, and metadata."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .decode import Doubt, Undecodable
from .model import KnownBlock

JOINT = "\n\n"


@dataclass(frozen=True)
class Stated:
    """What a format's markup or columns state; empty where they state nothing. Dates as written."""

    title: str = ""
    date: str = ""
    outlet: str = ""
    dateline: str = ""
    byline: str = ""
    credit: str = ""
    wire: str = ""
    url: str = ""
    lang: str = ""
    rights: str = ""
    license: str = ""


NOTHING_STATED = Stated()


@dataclass(frozen=True)
class Block:
    """Words that belong together; without a `role` the rules for plain text cut and name them."""

    words: str
    role: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Article:
    """What an extractor found; `encoding` and `score` are those of the bytes it was found in."""

    blocks: tuple[Block, ...]
    stated: Stated = NOTHING_STATED
    extractor: str | None = None
    encoding: str = "utf-8"
    score: float = 1.0
    doubts: tuple[Doubt, ...] = field(default_factory=tuple)


def compose(blocks: Iterable[Block]) -> tuple[str, list[KnownBlock]]:
    """The canonical text, blocks joined by blank lines, and where each block stands in it.

    Raises:
        Undecodable: there are no words, or characters that no text may hold (NUL, lone surrogates).
    """
    parts: list[str] = []
    known: list[KnownBlock] = []
    position = 0
    for block in blocks:
        words = block.words.replace("\r\n", "\n").replace("\r", "\n")
        if not words or words.isspace():
            continue
        position += len(JOINT) if parts else 0
        parts.append(words)
        known.append(KnownBlock(position, position + len(words), block.role, block.rule))
        position += len(words)
    text = JOINT.join(parts)
    if not text:
        raise Undecodable("source-empty", "no article's words were found in it; take it out, or fetch it again")
    if "\x00" in text:
        raise Undecodable("source-binary", "its words hold NUL characters, so they are no text; mend or reject it")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        message = f"its words hold a lone surrogate at character {error.start}: text was lost before; fetch it again"
        raise Undecodable("source-encoding", message) from None
    return text, known


def one_line(words: str) -> str:
    """White space of any kind and number as one space."""
    return " ".join(words.split())
