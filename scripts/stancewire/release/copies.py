"""A reader's own copies of articles, found by what they say: whatever they are called, and however they are stored.

A copy is an article's if its bytes are those that were received (`raw_sha256`), or else if its text is the canonical
one (`text_sha256`): in another encoding, with other line ends, with a line break more or less at its end, out of
another format or an archive. All that `convert` reads is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import MissingExtra
from ..sources import ENDINGS, ReadOptions, Reject, SourceFile, SourceRecord, find_sources, read_sources
from ..text import Undecodable
from ..text.article import Stated
from ..text.lexicon import DEFAULT
from ..text.prepare import Prepared, prepare

NO_COPY = "no copy of it was found"
Row = dict[str, Any]


@dataclass(frozen=True)
class Copy:
    """The text of an article, and what its copy's markup states about it."""

    text: str
    stated: Stated


@dataclass
class Copies:
    """What was found.

    Attributes:
        of: copies by document. reasons: of documents that have none, why.
        messages: why files were refused, of those reasons that were asked for.
        n_read: records that were read. unread: files that could not be, with the reason.
    """

    of: dict[str, Copy] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    messages: set[str] = field(default_factory=set)
    n_read: int = 0
    unread: dict[str, str] = field(default_factory=dict)


def find_copies(
    documents: Sequence[Row],
    sources: Sequence[Path | str],
    columns: Mapping[str, str],
    messages: frozenset[str] = frozenset(),
) -> Copies:
    """Copies of documents in files and folders.

    Args:
        documents: rows with doc_id, raw_sha256, text_sha256, encoding and extractor.
        columns: which column of a table or of JSON is what, ours -> theirs; what is not named is guessed.
        messages: SHA-256 of reasons for which files were refused.

    Raises:
        SourceError: a source does not exist.
    """
    found = Copies()
    by_raw, by_text = _index(documents, "raw_sha256"), _index(documents, "text_sha256")
    codecs = sorted({row["encoding"] for row in documents})
    missing = set(by_text)
    for file in find_sources(sources, ENDINGS).files:
        if not missing and len(found.messages) == len(messages):
            break
        for record in _records(file, ReadOptions(columns=columns), found, messages):
            found.n_read += 1
            same = by_raw.get(hashlib.sha256(record.raw).hexdigest(), [])
            given = [row["encoding"] for row in same] or [None, *codecs]
            met = False
            for prepared in _read(record, given, found):
                for text in _ends(prepared.text):
                    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
                    if digest in by_text:
                        missing.discard(digest)
                        met = True
                        for row in by_text[digest]:
                            found.of.setdefault(row["doc_id"], Copy(text, prepared.stated))
                if met:
                    break
            for row in () if met else same:
                found.reasons[row["doc_id"]] = (
                    f"{record.source_path} has its bytes, but gives another text here "
                    f"(then: {row['extractor'] or row['encoding']})"
                )
    for row in documents:
        if row["doc_id"] in found.of:
            found.reasons.pop(row["doc_id"], None)
        else:
            found.reasons.setdefault(row["doc_id"], NO_COPY)
    return found


def _index(documents: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in documents:
        found.setdefault(row[column], []).append(row)
    return found


def _records(
    file: SourceFile, options: ReadOptions, found: Copies, messages: frozenset[str]
) -> Iterator[SourceRecord]:
    try:
        for item in read_sources([file], options):
            if isinstance(item, SourceRecord):
                yield item
            elif isinstance(item, Reject):
                found.unread[item.source_path] = item.message
                if hashlib.sha256(item.message.encode("utf-8", "surrogatepass")).hexdigest() in messages:
                    found.messages.add(item.message)
    except MissingExtra as error:
        found.unread[file.source_path] = str(error)


def _read(record: SourceRecord, encodings: Iterable[str | None], found: Copies) -> Iterator[Prepared]:
    """The record read in one encoding after the other; what is UTF-8 or not plain text is the same in all."""
    seen = set()
    for encoding in encodings:
        try:
            prepared = prepare(record, encoding, DEFAULT, segmented=False)
        except (Undecodable, MissingExtra) as error:
            found.unread[record.source_path] = str(error)
            continue
        if prepared.text not in seen:
            seen.add(prepared.text)
            found.unread.pop(record.source_path, None)
            yield prepared


def _ends(text: str) -> Iterator[str]:
    """A text as it is, and with no, one, or two line breaks at its end."""
    yield text
    bare = text.rstrip("\n")
    yield from (other for other in (bare, bare + "\n", bare + "\n\n") if other != text)
