"""Web pages: the main text as trafilatura finds it, with roles from the page's own markup.

The canonical text is the page's title, its author line and the blocks that the extractor kept, joined by blank lines.
A block has the role of the element that it came from: what stands in a `figcaption` is a caption, in a byline's element
a byline, in an `aside` furniture. Everything else goes through the rules for plain text.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from ..errors import MissingExtra
from .article import Article, Block, Stated, one_line
from .decode import Decoded, Undecodable, decode, find_encoding

# htmldate takes no date after this; its default is today, which would make the result depend on the clock.
LATEST_DATE = "2100-01-01"
_HEAD_BYTES = 4096
_CHARSET = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w.-]+)", re.IGNORECASE
)
# Elements whose words are no part of the article's body, by role; the first that fits counts.
_ROLES = (
    ("caption", "//figcaption|//*[contains(@class, 'caption') or contains(@itemprop, 'caption')]"),
    (
        "byline",
        "//*[contains(@class, 'byline') or @rel='author' or @itemprop='author' or contains(@class, 'author-name')]",
    ),
    ("dateline", "//*[contains(@class, 'dateline')]"),
    ("credit", "//*[contains(@class, 'credit') or contains(@class, 'copyright')]"),
    ("header", "//time|//*[contains(@class, 'timestamp') or contains(@class, 'pubdate')]"),
    (
        "furniture",
        "//nav//*|//footer//*|//aside//*|//button|//form//*|//*[contains(@class, 'related') or"
        " contains(@class, 'newsletter') or contains(@class, 'share') or contains(@class, 'promo') or"
        " contains(@class, 'advert')]",
    ),
)
MAX_ROLE_CHARS = 1000
MAX_BYLINE_CHARS = 120
_BLOCKS = ("p", "head", "list", "table", "quote")
_HOLDERS = (*_BLOCKS, "item", "row", "cell")


def read_html(raw: bytes, declared: str | None = None, url: str | None = None, default: str | None = None) -> Article:
    """The article of a web page.

    Args:
        declared: an encoding stated outside the page (`sources.csv`, the HTTP header); the page's own comes after it.
        url: where the page was, if that is known. default: the encoding of pages that state none.

    Raises:
        Undecodable: no encoding makes text of it, or there is no article in it.
        MissingExtra: trafilatura is not installed.
    """
    decoded = decode(raw, declared or _declared(raw) or default)
    return _extract(decoded, url)


def read_fragment(html: str) -> Article:
    """The article of a piece of HTML, as interfaces give it in a column.

    Raises:
        Undecodable: there is no article in it. MissingExtra: trafilatura is not installed.
    """
    whole = (
        html
        if re.search(r"<(?:body|html)[\s>]", html, re.IGNORECASE)
        else f"<html><body><article>{html}</article></body></html>"
    )
    return _extract(decode(whole.encode("utf-8", "surrogatepass")), None)


def _declared(raw: bytes) -> str | None:
    """The encoding that the page's head states, as browsers take it; None where there is none that is known."""
    found = _CHARSET.search(raw[:_HEAD_BYTES])
    if found is None:
        return None
    try:
        codec = find_encoding((found[1] or found[2]).decode("ascii"))
    except Undecodable:
        return None
    # What says Latin-1 or ASCII means cp1252 (WHATWG Encoding Standard); what says UTF-16 in ASCII letters is wrong.
    if codec in ("iso8859-1", "ascii"):
        return "cp1252"
    return None if codec.startswith(("utf-16", "utf-32")) else codec


@functools.cache
def _trafilatura() -> Any:
    try:
        import lxml_html_clean  # noqa: F401 (trafilatura looks for it when it is too late for a clear message)
        import trafilatura
    except ImportError:
        raise MissingExtra("trafilatura", "html") from None
    return trafilatura


def _extract(decoded: Decoded, url: str | None) -> Article:
    from lxml import etree, html

    trafilatura = _trafilatura()
    page = re.sub(r"\A\s*<\?xml.*?\?>", "", decoded.text)
    try:
        tree = html.fromstring(page)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise Undecodable("source-damaged", f"it is no HTML ({one_line(str(error))}); fetch it again") from None
    found = trafilatura.bare_extraction(
        page,
        url=url,
        include_comments=False,
        with_metadata=True,
        date_extraction_params={"extensive_search": False, "original_date": True, "max_date": LATEST_DATE},
    )
    if found is None or found.body is None:
        raise Undecodable("source-empty", "no article was found in the page; take it out, or fetch it again")
    roles = _roles(tree)
    title = one_line(found.title or "")
    blocks = [_as_block(words, kind, title, roles) for words, kind in _kept(found.body) if words.strip()]
    if not blocks:
        raise Undecodable("source-empty", "no article was found in the page; take it out, or fetch it again")
    headlines = [number for number, block in enumerate(blocks) if block.role == "headline"]
    if title and not headlines:
        blocks.insert(0, Block(title, "headline", "html_title"))
    if (byline := _byline(tree)) and not any(block.role == "byline" for block in blocks):
        place = max((number + 1 for number, block in enumerate(blocks[:3]) if block.role == "headline"), default=0)
        if not any(one_line(block.words) == byline for block in blocks[:4]):
            blocks.insert(place, Block(byline, "byline", "html_byline"))
    stated = Stated(
        title=title,
        date=found.date or "",
        outlet=one_line(found.sitename or ""),
        byline=one_line((found.author or "").replace("; ", ", ")),
        url=found.url if found.url and re.match(r"https?://[^\s/]", found.url) else "",
        lang=(tree.get("lang") or "") if tree.tag == "html" else "",
        license=one_line(found.license or ""),
    )
    extractor = f"trafilatura {version('trafilatura')}"
    return Article(tuple(blocks), stated, extractor, decoded.encoding, decoded.score, decoded.doubts)


def _byline(tree: Any) -> str:
    """The author line under the page's headline, which extractors leave out; empty where none is marked as such."""
    for element in tree.xpath("//h1/following::*[contains(@class, 'byline') or @itemprop='author'][position() <= 1]"):
        words = one_line(element.text_content())
        if 0 < len(words) <= MAX_BYLINE_CHARS:
            return words
    return ""


def _as_block(words: str, kind: str, title: str, roles: dict[str, str]) -> Block:
    key = one_line(words).casefold()
    if kind == "h1" or (kind.startswith("h") and title and key == title.casefold()):
        return Block(words, "headline", "html_head")
    if role := roles.get(key):
        return Block(words, role, f"html_{role}")
    if kind.startswith("h"):
        return Block(words, "body", "html_subhead")
    # A paragraph of markup is one paragraph; only a dateline, credit or furniture line may be found in it.
    return Block(words)


def _kept(body: Any) -> Iterator[tuple[str, str]]:
    """Blocks of what the extractor kept, with their kind: h1 to h6, p, item, row."""
    for element in body:
        tag = element.tag
        if tag == "head":
            yield one_line(_words(element)), element.get("rend") or "h2"
        elif tag == "table" and not any(inner.tag in _BLOCKS for inner in element.iter() if inner is not element):
            for row in element.iter("row"):
                yield " | ".join(words for cell in row.iter("cell") if (words := one_line(_words(cell)))), "row"
        elif any(inner.tag in _HOLDERS for inner in element):
            # A quotation with paragraphs, a list, or a table that only lays out a page.
            if (element.text or "").strip():
                yield one_line(element.text), "p"
            yield from _kept(element)
        else:
            yield _words(element), "item" if tag == "item" else "p"
        if (element.tail or "").strip():
            yield one_line(element.tail), "p"


def _words(element: Any) -> str:
    """An element's words; only a line break of the markup breaks a line."""
    parts: list[str] = [_spaced(element.text)]
    for inner in element:
        words = "\n" if inner.tag == "lb" else _words(inner)
        parts.append(f"\n{words}\n" if inner.tag in _HOLDERS else words)
        parts.append(_spaced(inner.tail))
    return re.sub(r" *\n[ \n]*", "\n", re.sub(r"[^\S\n]+", " ", "".join(parts))).strip()


def _spaced(words: str | None) -> str:
    return "" if not words else re.sub(r"\s+", " ", words)


def _roles(tree: Any) -> dict[str, str]:
    """Role by words, of elements whose markup says that they are no body."""
    found: dict[str, str] = {}
    for role, path in _ROLES:
        for element in tree.xpath(path):
            words = one_line(element.text_content()) if isinstance(element.tag, str) else ""
            if words and len(words) <= MAX_ROLE_CHARS:
                found.setdefault(words.casefold(), role)
    return found
