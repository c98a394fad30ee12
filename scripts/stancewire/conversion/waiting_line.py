"""An ordinary line of JSON between its reading and its row: texts are taken apart many at a time."""

from __future__ import annotations

import datetime
import functools
from hashlib import sha256
from typing import Any

from ..sources import SourceFacts
from ..sources.columns import as_words
from ..sources.json_records import LINES
from ..text.article import Stated, one_line
from ..text.lexicon import Lexicon
from ..text.metadata import find_metadata, find_told, no_language
from ..text.model import KnownBlock, Segment
from ..text.stated_columns import EPOCH, Row

_NAMED = ("title", "date", "outlet", "url")


class WaitingLine:
    """An ordinary record whose text is read, and not yet taken apart (`records.Waiting`)."""

    __slots__ = (
        *("name", "source_path", "record_no", "text", "encoded", "blocks", "title"),
        *("stated", "said", "others", "facts", "raw_sha256"),
    )
    raw_map = None
    is_own = False  # a record that has corrections is no ordinary one

    def __init__(
        self,
        name: str,
        place: tuple[str, int],
        words: tuple[str, bytes, str, list[KnownBlock] | None],
        stated: Row,
        said: tuple[Any, tuple[str, ...]],
        facts: SourceFacts,
        raw_sha256: str,
    ) -> None:
        self.name = name
        self.source_path, self.record_no = place
        self.text, self.encoded, self.title, self.blocks = words
        self.stated = stated
        self.said, self.others = said
        self.facts = facts
        self.raw_sha256 = raw_sha256

    def row(self, lexicon: Lexicon, segments: list[Segment], n_words: int, n_sentences: int) -> tuple[Any, ...]:
        """The row of `documents`, but for the language that is detected.

        Args:
            segments: its first headline, and those of other roles that metadata are read from.
        """
        if any(segment.role == "header" for segment in segments):
            title, stated = self._with_headers(lexicon, segments)
        else:
            title, stated = self._with_told(lexicon, segments)
        date, date_source, outlet, outlet_source, dateline, byline, credit, wire, url, lang, rights, license = stated
        return (
            self.name, self.source_path, self.record_no, LINES, None,
            title, date, date_source, outlet, outlet_source,
            dateline, byline, credit, wire, url, lang, None, self.encoded, len(self.text), n_words, n_sentences,
            "utf-8", 1.0, self.raw_sha256, sha256(self.encoded).hexdigest(), rights, license,
        )  # fmt: skip

    def _with_told(self, lexicon: Lexicon, segments: list[Segment]) -> tuple[str | None, Row]:
        """Title and other metadata: what is stated, and what the segments say where it is not."""
        title, dated, *told = find_told(self.text, segments, lexicon)
        day, date_source, outlet, outlet_source, dateline, byline, credit, wire, *rest = self.stated
        date = None if day is None else _date(day)
        if date is None and dated is not None:
            date, date_source = dated, "dateline"
        columns = date, date_source, outlet, outlet_source
        # The text's own words come before a column's, but for the agency.
        marked = told[0] or dateline, told[1] or byline, told[2] or credit, wire or told[3]
        return title or self.title or None, (*columns, *marked, *rest)

    def _with_headers(self, lexicon: Lexicon, segments: list[Segment]) -> tuple[str | None, Row]:
        said = {ours: as_words(ours, getattr(self.said, ours)) or "" for ours in (*_NAMED, *self.others)}
        stated = Stated(**{ours: one_line(words) for ours, words in said.items() if ours != "encoding"})
        found = find_metadata(self.text, segments, self.facts, lexicon, stated, no_language)
        columns = found.date, found.date_source, found.outlet, found.outlet_source, found.dateline, found.byline
        return found.title, (*columns, found.credit, found.wire, found.url, found.lang, *self.stated[-2:])


@functools.lru_cache(maxsize=4096)
def _date(day: int) -> datetime.date:
    return EPOCH + datetime.timedelta(day)
