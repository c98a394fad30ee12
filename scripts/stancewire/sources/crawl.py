"""WARC: the pages of a crawl, whose other records (requests, pictures, errors) are left aside and counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..errors import MissingExtra
from .entries import Entry
from .limits import over_record_limit
from .model import LeftAside, Reject, SourceRecord

FORMAT = "warc"
_PAGES = {"text/html": "html", "application/xhtml+xml": "html", "text/plain": "txt"}


def read_warc(entry: Entry) -> Iterator[SourceRecord | Reject | LeftAside]:
    """The pages of a WARC file: responses with status 200, resources and conversions, if HTML or plain text."""
    try:
        from warcio.archiveiterator import ArchiveIterator
        from warcio.exceptions import ArchiveLoadFailed
    except ImportError:
        raise MissingExtra("warcio", "warc") from None

    try:
        for record in ArchiveIterator(entry.stream):
            if record.rec_headers.get_header("Content-Length"):
                yield _read_record(entry, record)
            if _cut_off(record):
                message = "the last record ends too soon: the file was cut off; fetch it again"
                yield entry.refuse_whole("source-damaged", message)
                return
    except (ArchiveLoadFailed, ValueError) as error:
        message = (
            f"no sound WARC from here on ({str(error).splitlines()[0] if str(error) else 'bad header'}); fetch it again"
        )
        yield entry.refuse_whole("source-damaged", message)


def _cut_off(record: Any) -> bool:
    """Did the file end within the record's header, or before the length that this states?"""
    if not record.rec_headers.get_header("Content-Length"):
        return True
    while record.raw_stream.read(1 << 16):
        pass
    return getattr(record.raw_stream, "limit", 0) > 0


def _read_record(entry: Entry, record: Any) -> SourceRecord | Reject | LeftAside:
    path = entry.file.source_path
    if record.rec_type not in ("response", "resource", "conversion"):
        return LeftAside(path, f"warc {record.rec_type}")
    kind, declared = _content_type(record)
    status = record.http_headers.get_statuscode() if record.http_headers else "200"
    if record.rec_type == "response" and status != "200":
        return LeftAside(path, f"status {status}")
    if kind not in _PAGES:
        return LeftAside(path, kind or "no content type")
    limits = entry.options.limits
    address = record.rec_headers.get_header("WARC-Target-URI") or ""
    raw = record.content_stream().read(limits.record_bytes + 1)
    name = (record.rec_headers.get_header("WARC-Record-ID") or "").strip("<> ").removeprefix("urn:uuid:")
    if len(raw) > limits.record_bytes:
        return entry.refuse("source-limit", f"{address}: {over_record_limit(limits)}")
    if getattr(record.raw_stream, "limit", 0) > 0:
        return entry.refuse("source-damaged", f"{address}: it ends too soon: the file was cut off; fetch it again")
    fields = {"url": address.strip("<>")} if re.match(r"<?https?://[^\s/]", address) else {}
    return entry.record(_PAGES[kind], name, raw, fields=fields, declared=declared)


def _content_type(record: Any) -> tuple[str, str | None]:
    """Media type and charset of the page."""
    headers = record.http_headers or record.rec_headers
    stated = headers.get_header("Content-Type") or ""
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", stated, re.IGNORECASE)
    return stated.partition(";")[0].strip().lower(), charset[1] if charset else None
