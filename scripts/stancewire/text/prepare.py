"""A record's bytes into canonical text, its blocks and what its format states: the one place that knows the formats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ..sources.model import SourceRecord
from .article import NOTHING_STATED, Article, Stated, compose
from .columns_text import read_columns
from .decode import Doubt, Undecodable, decode, doubtful_characters
from .lexicon import DEFAULT, Lexicon
from .model import KnownBlock, Segment
from .raw_map import RawMap
from .segments import segment_blocks, segment_text


@dataclass(frozen=True)
class Prepared:
    """A record on its way into the tables.

    Attributes:
        blocks: that markup or columns set apart; None for plain text.
        stated: by the format's markup or columns.
        extractor: name and version of what found the text; None for plain text and columns.
        raw_map: from code points to the record's bytes; None where the text was extracted from them.
        is_raw: are the text's UTF-8 bytes the record's?
    """

    text: str
    blocks: Sequence[KnownBlock] | None
    stated: Stated
    extractor: str | None
    encoding: str
    score: float
    raw_map: RawMap | None
    doubts: tuple[Doubt, ...] = ()
    is_raw: bool = False
    lexicon: Lexicon = DEFAULT

    @cached_property
    def segments(self) -> list[Segment]:
        """Before corrections; `batch` finds those of many texts faster."""
        if self.blocks is None:
            return segment_text(self.text, self.lexicon)
        return segment_blocks(self.text, self.blocks, self.lexicon)


def prepare(
    record: SourceRecord,
    vouched: str | None,
    lexicon: Lexicon,
    segmented: bool = True,
    default: str | None = None,
) -> Prepared:
    """The text of a record.

    Where neither a mark nor strict UTF-8 decides, the encoding is what `vouched` says, else the format (a column, the
    crawl's header, then the page's or document's own statement), else `default`, else the detector.

    Args:
        vouched: the encoding that `sources.csv` states. default: of the command line, for all that states none.
        segmented: False leaves out the raw map, where the text alone is wanted.

    Raises:
        Undecodable: there is no text in it that can be used. MissingExtra: its format's own package is not installed.
    """
    if record.format == "txt":
        decoded = decode(record.raw, vouched or record.declared or default)
        stated = NOTHING_STATED if record.fields is None else Stated(url=_address(record))
        # Bytes of a member or record are not those at the same place of the file.
        raw_map = decoded.raw_map if segmented and record.record_no is None else None
        return Prepared(
            decoded.text, None, stated, None, decoded.encoding, decoded.score, raw_map, decoded.doubts,
            decoded.is_raw, lexicon,
        )  # fmt: skip
    article = _read(record, vouched or record.declared, default)
    text, blocks = compose(article.blocks)
    # What was decoded from bytes of a page has been looked at as a whole.
    doubts = article.doubts if record.format == "html" else (*article.doubts, *doubtful_characters(text))
    return Prepared(
        text, blocks, article.stated, article.extractor, article.encoding, article.score, None, doubts, lexicon=lexicon
    )


def _read(record: SourceRecord, declared: str | None, default: str | None) -> Article:
    fields = record.fields or {}
    if "text" in fields:
        return read_columns(fields, record.declared, declared or default)
    if record.format == "html":
        from .html_page import read_html

        return read_html(record.raw, declared, _address(record) or None, default)
    if "html" in fields:
        return _read_html_column(record, declared, default)
    if record.format == "nitf":
        from .news_xml import read_nitf

        return read_nitf(record.raw, declared, default)
    if record.format == "newsml":
        from .news_xml import read_newsml

        return read_newsml(record.raw, declared, default)
    if record.format == "docx":
        from .word import read_docx

        return read_docx(record.raw)
    if record.format == "rtf":
        from .word import read_rtf

        return read_rtf(record.raw, declared, default)
    raise Undecodable("source-format", f"there is no extractor for {record.format}")


def _read_html_column(record: SourceRecord, declared: str | None, default: str | None) -> Article:
    """A page in a column; what the other columns state wins over the page."""
    from .html_page import read_fragment, read_html

    fields = dict(record.fields or {})
    page = fields.pop("html")
    beside = read_columns({**fields, "text": ""}, record.declared, declared or default)
    article = read_html(page, declared, None, default) if isinstance(page, bytes) else read_fragment(page)
    given = {name: value for name, value in vars(beside.stated).items() if value}
    blocks = article.blocks
    if beside.stated.title and not any(block.role == "headline" for block in blocks):
        blocks = (*beside.blocks[:1], *blocks)
    return replace(article, blocks=blocks, stated=replace(article.stated, **given))


def _address(record: SourceRecord) -> str:
    url = (record.fields or {}).get("url", "")
    return url if isinstance(url, str) and re.match(r"https?://[^\s/]", url) else ""
