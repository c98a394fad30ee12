"""Word documents and Rich Text: paragraphs, and what the document's own properties state."""

from __future__ import annotations

import io
import re
import zipfile
from importlib.metadata import version

from ..errors import MissingExtra
from .article import Article, Block, Stated, one_line
from .decode import Undecodable, find_encoding

# What a Word document unpacks to: its text may be as long as a book, its pictures are not read.
MAX_UNPACKED_BYTES = 256 << 20
MAX_PARTS = 10_000
_HEADLINE_STYLES = ("Title", "Heading 1")


def read_docx(raw: bytes) -> Article:
    """The article of a Word document: its paragraphs and tables in order.

    Raises:
        Undecodable: it is no sound Word document, or unpacks to more than `MAX_UNPACKED_BYTES`.
        MissingExtra: python-docx is not installed.
    """
    try:
        import docx
        from docx.table import Table
    except ImportError:
        raise MissingExtra("python-docx", "docx") from None

    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
                message = f"it unpacks to more than {MAX_UNPACKED_BYTES} bytes or {MAX_PARTS} parts, as no article does"
                raise Undecodable("source-limit", message)
        document = docx.Document(io.BytesIO(raw))
        blocks: list[Block] = []
        for item in document.iter_inner_content():
            if isinstance(item, Table):
                blocks += [Block(words) for words in _table_rows(item)]
                continue
            style = item.style.name if item.style is not None else ""
            if style == "Caption":
                blocks.append(Block(item.text, "caption", "docx_style"))
            elif style in _HEADLINE_STYLES and not any(block.words.strip() for block in blocks):
                blocks.append(Block(item.text, "headline", "docx_style"))
            else:
                blocks.append(Block(item.text))
        title = one_line(document.core_properties.title or "")
        author = one_line(document.core_properties.author or "")
    except Undecodable:
        raise
    except Exception as error:  # python-docx meets a damaged document with whatever its parts raise
        message = f"it is no sound Word document ({type(error).__name__}: {one_line(str(error))}); save it anew"
        raise Undecodable("source-damaged", message) from None
    # A template's own values are no statement about an article.
    stated = Stated(
        title="" if title.lower() in ("", "word document") else title,
        byline="" if author.lower() in ("", "python-docx", "microsoft office user", "user") else author,
    )
    return Article(tuple(blocks), stated, f"python-docx {version('python-docx')}")


def _table_rows(table: object) -> list[str]:
    rows = []
    for row in table.rows:  # type: ignore[attr-defined]
        seen: list[str] = []
        for cell in row.cells:  # a merged cell comes once for each column
            if cell.text.strip() and cell.text not in seen:
                seen.append(cell.text)
        rows.append(" | ".join(seen))
    return rows


def read_rtf(raw: bytes, declared: str | None = None, default: str | None = None) -> Article:
    """The article of a Rich Text document: its text, title and author.

    Args:
        declared: its encoding, if someone vouches for it, instead of the code page that it states itself.
        default: that of documents which state none; then it is cp1252, Rich Text's own default.

    Raises:
        Undecodable: it is no sound Rich Text. MissingExtra: striprtf is not installed.
    """
    try:
        from striprtf.striprtf import rtf_to_text
    except ImportError:
        raise MissingExtra("striprtf", "rtf") from None

    if not raw.startswith(b"{\\rtf"):
        raise Undecodable("source-format", "it does not begin as Rich Text does; rename it, or fetch it again")
    depth = len(re.findall(rb"(?<!\\)\{", raw)) - len(re.findall(rb"(?<!\\)\}", raw))
    if depth > 0:
        raise Undecodable("source-damaged", f"{depth} of its groups never end: it was cut off; fetch it again")
    page = re.search(rb"\\ansicpg(\d+)", raw)
    own = f"cp{page[1].decode('ascii')}" if page else None
    codec = find_encoding(declared) if declared else own or (find_encoding(default) if default else "cp1252")
    source = raw.decode("latin-1")
    if declared:  # what the document states itself would win in the library
        source = re.sub(r"\\ansicpg\d+ ?", "", source)
    try:
        text = rtf_to_text(source, encoding=codec, errors="strict")
    except (UnicodeError, LookupError) as error:
        raise Undecodable("source-encoding", f"it does not fit its own code page {codec} ({error})") from None
    except (ValueError, IndexError, KeyError, RecursionError) as error:
        raise Undecodable(
            "source-damaged", f"it is no sound Rich Text ({one_line(str(error))}); save it anew"
        ) from None
    stated = Stated(title=_property(source, "title", codec), byline=_property(source, "author", codec))
    paragraphs = [Block(line) for line in text.replace("\r", "\n").split("\n") if line.strip()]
    return Article(tuple(paragraphs), stated, f"striprtf {version('striprtf')}", codec)


def _property(source: str, name: str, codec: str) -> str:
    """A plain value of the document's information group; empty where it is none or holds markup."""
    found = re.search(r"\{\\info\b.*?\{\\" + name + r" ([^{}\\]*(?:\\'[0-9a-fA-F]{2}[^{}\\]*)*)\}", source, re.DOTALL)
    if found is None:
        return ""
    raw = re.sub(r"\\'([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), found[1]).encode("latin-1")
    return one_line(raw.decode(codec, "replace"))
