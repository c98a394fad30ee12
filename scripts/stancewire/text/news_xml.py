"""NITF and NewsML-G2: the agencies' own formats, whose markup names headline, byline, dateline, credit and body.

Read with defusedxml: no entities beyond XML's own five, nothing fetched, no bomb goes off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .article import Article, Block, Stated, one_line
from .decode import Decoded, Undecodable, decode, find_encoding

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_PARAGRAPHS = {"p", "hl2", "h2", "h3", "h4", "h5", "h6", "li", "td", "th", "dt", "dd", "pre", "fn", "q"}
_MEDIA = {"media", "figure"}
_CAPTIONS = {"media-caption", "figcaption"}
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")  # what it says of the encoding was true of the bytes
_PREFIX = re.compile(r"[<\s/]([A-Za-z_][\w.-]*):[A-Za-z_]")
_UNBOUND_PREFIX = 27  # of xml.parsers.expat.errors
_SKIPPED = {"script", "style", "head", "media-metadata", "media-reference", "media-object", "media-producer"}


def parse_xml(raw: bytes, declared: str | None = None, default: str | None = None) -> tuple[Element, Decoded]:
    """The root of an XML document or of an item cut out of one, and how its bytes were decoded.

    Args:
        declared: an encoding that someone vouches for; the document's own statement comes after it, then `default`.

    Raises:
        Undecodable: it is not well-formed, breaks its encoding, or holds a document type with entities.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    decoded = decode(raw, declared or _stated_encoding(raw) or default)
    text = _DECLARATION.sub("", decoded.text)
    try:
        try:
            return fromstring(text), decoded
        except ParseError as error:
            if error.code != _UNBOUND_PREFIX:
                raise
        # An item of a message, which declares its prefixes: any name will do, since prefixes are not looked at.
        prefixes = sorted(set(_PREFIX.findall(text)) - {"xml", "xmlns"})
        outer = " ".join(f'xmlns:{prefix}="urn:prefix:{prefix}"' for prefix in prefixes)
        root: Element = fromstring(f"<item {outer}>{text}</item>")[0]
    except DefusedXmlException as error:
        message = f"its XML declares entities or fetches something ({type(error).__name__}), which is never read"
        raise Undecodable("source-hostile", message) from None
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise Undecodable("source-damaged", f"it is no sound XML ({one_line(str(error))}); fetch it again") from None
    return root, decoded


def read_nitf(raw: bytes, declared: str | None = None, default: str | None = None) -> Article:
    """The article of a NITF document.

    Raises:
        Undecodable: it is no NITF.
    """
    root, decoded = parse_xml(raw, declared, default)
    if _tag(root) != "nitf":
        message = f"its outermost element is {_tag(root)!r}; of XML, NITF and NewsML-G2 are read"
        raise Undecodable("source-format", message)
    blocks: list[Block] = []
    _add(blocks, _first(root, "hedline", "hl1"), "headline", "nitf_hl1")
    for element in _all(_first(root, "hedline"), "hl2"):
        _add(blocks, element, "headline", "nitf_hl2")
    byline = _first(root, "body.head", "byline")
    _add(blocks, byline, "byline", "nitf_byline")
    dateline = _first(root, "body.head", "dateline")
    _add(blocks, dateline, "dateline", "nitf_dateline")
    content = next((e for name in ("body.content", "body") for e in _all(root, name)), None)
    if content is not None:
        blocks += _content(content)
    _add(blocks, _first(root, "body.end", "tagline"), "credit", "nitf_tagline")
    issued = next((e.get("norm", "") for name in ("date.issue", "story.date") for e in _all(root, name)), "")
    pubdata = next(_all(root, "pubdata"), None)
    published = "" if pubdata is None else pubdata.get("date.publication", "")
    headline = _words(_first(root, "hedline", "hl1"))
    return Article(
        tuple(blocks),
        Stated(
            title=headline or _words(_first(root, "head", "title")),
            date=_day(issued or published),
            outlet="" if pubdata is None else one_line(pubdata.get("name", "")),
            url=next((e.get("ex-ref", "") for e in _all(root, "pubdata")), ""),
            wire=_words(_first(root, "body.head", "distributor")),
            lang=root.get("{http://www.w3.org/XML/1998/namespace}lang", ""),
        ),
        "nitf 1",
        decoded.encoding,
        decoded.score,
        # Of its words, all doubts are raised once they are found.
        tuple(doubt for doubt in decoded.doubts if doubt.check != "mojibake"),
    )


def read_newsml(raw: bytes, declared: str | None = None, default: str | None = None) -> Article:
    """The article of a NewsML-G2 news item, whose content is XHTML, NITF or plain text.

    Raises:
        Undecodable: it is no news item.
    """
    root, decoded = parse_xml(raw, declared, default)
    item = root if _tag(root) == "newsItem" else next(_all(root, "newsItem"), None)
    if item is None:
        message = f"its outermost element is {_tag(root)!r}, without a newsItem; of XML, NITF and NewsML-G2 are read"
        raise Undecodable("source-format", message)
    meta = next(_all(item, "contentMeta"), None)
    title = _words(_first(meta, "headline")) or _words(_first(item, "itemMeta", "title"))
    byline = _words(_first(meta, "by"))
    content = next(_all(item, "contentSet"), None)
    blocks: list[Block] = []
    nitf = None if content is None else next(_all(content, "nitf"), None)
    plain = None if content is None else next(_all(content, "inlineData"), None)
    if nitf is not None:
        blocks = list(_content(next(_all(nitf, "body.content"), nitf)))
    elif content is not None and plain is None:
        blocks = list(_content(next(_all(content, "body"), content)))
    elif plain is not None:
        blocks = [Block((plain.text or "").strip("\n"))]
    if not any(block.words.casefold() == title.casefold() for block in blocks[:2]):
        blocks[:0] = [Block(title, "headline", "newsml_headline")]
    if byline and not any(block.words == byline for block in blocks[:4]):
        blocks.insert(1, Block(byline, "byline", "newsml_by"))
    dateline = _words(_first(meta, "dateline"))
    if dateline and not any(block.words.startswith(dateline) for block in blocks[:5]):
        blocks.insert(2 if byline else 1, Block(dateline, "dateline", "newsml_dateline"))
    created = _words(_first(item, "itemMeta", "firstCreated")) or _words(_first(meta, "contentCreated"))
    rights = next(_all(item, "usageTerms"), None)
    link = next((e.get("href", "") for e in _all(item, "link") if e.get("href", "").startswith("http")), "")
    source = next(iter(_all(meta, "infoSource")), None) if meta is not None else None
    language = next((e.get("tag", "") for e in _all(meta, "language")), "") if meta is not None else ""
    return Article(
        tuple(blocks),
        Stated(
            title=title,
            date=_day(created),
            outlet=_words(_named(source)) or _words(_named(next(_all(item, "provider"), None))),
            byline=byline,
            credit=_words(_first(meta, "creditline")),
            url=link,
            lang=language or item.get("{http://www.w3.org/XML/1998/namespace}lang", ""),
            license=_words(rights),
        ),
        "newsml-g2 1",
        decoded.encoding,
        decoded.score,
        # Of its words, all doubts are raised once they are found.
        tuple(doubt for doubt in decoded.doubts if doubt.check != "mojibake"),
    )


def _content(content: Element) -> Iterator[Block]:
    """Paragraphs in order; pictures give their captions."""
    for element in content:
        tag = _tag(element)
        if tag in _SKIPPED:
            continue
        if tag in _CAPTIONS:
            if words := _words(element):
                yield Block(words, "caption", "xml_caption")
        elif tag == "h1":
            yield Block(_words(element), "headline", "xml_h1")
        elif tag in _PARAGRAPHS and not any(
            _tag(inner) in _PARAGRAPHS for inner in element.iter() if inner is not element
        ):
            kind = (element.get("class") or "").lower()
            role = "byline" if "byline" in kind else "credit" if "credit" in kind else ""
            if words := _words(element):
                yield Block(words, role, "xml_class" if role else "")
        elif len(element):
            yield from _content(element)
        elif words := _words(element):
            yield Block(words)


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _all(root: Element | None, name: str) -> Iterator[Element]:
    return (element for element in (() if root is None else root.iter()) if _tag(element) == name)


def _first(root: Element | None, *path: str) -> Element | None:
    """The first element of that name below the first of the one before it."""
    for name in path:
        root = next((element for element in _all(root, name)), None)
    return root


def _named(element: Element | None) -> Element | None:
    """The name that an element of NewsML holds, or itself."""
    return None if element is None else next(_all(element, "name"), element)


def _words(element: Element | None) -> str:
    return "" if element is None else one_line("".join(element.itertext()))


def _add(blocks: list[Block], element: Element | None, role: str, rule: str) -> None:
    if words := _words(element):
        blocks.append(Block(words, role, rule))


def _day(stated: str) -> str:
    """A date as these formats write it (20190626T120000Z, 2019-06-26T12:00:00Z) with hyphens."""
    return re.sub(r"^(\d{4})(\d{2})(\d{2})(?=T|$)", r"\1-\2-\3", stated.strip())


def _stated_encoding(raw: bytes) -> str | None:
    """The encoding that an XML document's first line states, or that its zeros show; None where neither is known."""
    if raw[:2] in (b"<\x00", b"\x00<"):
        return "utf-16-le" if raw[0] else "utf-16-be"
    found = re.match(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)", raw)
    try:
        codec = find_encoding(found[1].decode("ascii")) if found else None
    except Undecodable:
        return None
    # A document whose first line can be read as ASCII is in no wide encoding, whatever it says.
    return None if codec is not None and codec.startswith(("utf-16", "utf-32")) else codec
