"""Metadata of texts without segments, from what columns state and `sources.csv` knows: the answers of `find_metadata`.

What is asked again and again (a day, an outlet) is found once.
"""

from __future__ import annotations

import contextlib
import datetime
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..sources.columns import as_words
from .lexicon import Lexicon, furniture_key

if TYPE_CHECKING:
    from ..sources.facts import SourceFacts

Row = tuple[Any, ...]
# What a row holds; the date in days since 1970.
COLUMNS = (
    *("date", "date_source", "outlet", "outlet_source"),
    *("dateline", "byline", "credit", "wire", "url", "lang", "rights", "license"),
)
WEB = ("http://", "https://")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR = re.compile(r"(?:1[6-9]|2[01])[0-9]{2}")  # of those that `path_dates` takes
_REMEMBERED = 10_000
EPOCH = datetime.date(1970, 1, 1)


_days: dict[str, tuple[int | None, str | None]] = {}
_last: StatedColumns | None = None


def stated_columns(facts: SourceFacts, lexicon: Lexicon) -> StatedColumns:
    """What makes the rows of a file of which these facts are known; that of the file before, where it is the same."""
    global _last
    if _last is None or _last.lexicon is not lexicon or (_last.facts is not facts and _last.facts != facts):
        _last = StatedColumns(facts, lexicon)
    return _last


class StatedColumns:
    """Rows of metadata for records of which the same is known; `facts` are those of `sources.csv`."""

    def __init__(self, facts: SourceFacts, lexicon: Lexicon) -> None:
        self.facts = facts
        self.lexicon = lexicon
        self._outlets: dict[str, tuple[str | None, str | None]] = {}
        self._fixed_day = None if facts.date is None else ((facts.date - EPOCH).days, "sources_csv")
        self._fixed_outlet = (facts.outlet, "sources_csv") if facts.outlet else None
        self._rest = (facts.rights, facts.license)
        # What follows the day in rows of files of which neither day nor address is known.
        self._of_files: Row | None = None
        if facts.date is None and facts.url is None:
            self._of_files = (*(self._fixed_outlet or (None, None)), *(None,) * 6, *self._rest)

    def row(
        self, date: Any, outlet: Any, url: Any, record: Any = None, others: Sequence[str] = (), path: str = ""
    ) -> Row | None:
        """Values of `COLUMNS`; None where a value is of a type that its column cannot be.

        Args:
            date, outlet, url: what the record says, None where it says nothing.
            record: has what it says in `others`, the remaining columns, as attributes.
            path: of the file that is this document and no other.
        """
        if path and date is outlet is url is None and self._of_files is not None:
            return (*_path_day("", path), *self._of_files)
        if date.__class__ is not str:
            date = "" if date is None else as_words("date", date)
        if outlet.__class__ is not str:
            outlet = "" if outlet is None else as_words("outlet", outlet)
        if url.__class__ is not str:
            url = "" if url is None else as_words("url", url)
        if date is None or outlet is None or url is None:
            return None
        day = self._fixed_day or self.day(date)
        if not url.isascii() or not url.isprintable() or " " in url:
            url = " ".join(url.split())
        # As `https?://\\S+` matches: words in one line hold no white space but blanks.
        is_address = url.startswith(WEB) and url not in WEB and " " not in url
        address = self.facts.url or (url if is_address else None)
        if day[0] is None and (address or path):
            day = _path_day(address or "", path)
        named = self._fixed_outlet or self.outlet(outlet)
        if named[0] is None and address is not None:
            named = self._of_address(address)
        if not others:
            return (*day, *named, None, None, None, None, address, None, *self._rest)
        rest = self._others(record, others, address)
        return None if rest is None else (*day, *named, *rest)

    @property
    def is_open(self) -> bool:
        """Do day, outlet and address depend on the record alone?"""
        return self._fixed_day is None and self._fixed_outlet is None and self.facts.url is None

    def day(self, stated: str) -> tuple[int | None, str | None]:
        """The day that a record states, and its source."""
        return _days.get(stated) or _day(stated)

    def outlet(self, stated: str) -> tuple[str | None, str | None]:
        """The outlet that a record states, and its source."""
        return self._outlets.get(stated) or self._outlet(stated)

    def _outlet(self, stated: str) -> tuple[str | None, str | None]:
        line = " ".join(stated.split())
        named = self.lexicon.outlets.get(furniture_key(line), line) if line else None
        return _remember(self._outlets, stated, (named, "metadata" if named else None))

    def _of_address(self, address: str) -> tuple[str | None, str | None]:
        from .article import Stated
        from .metadata import find_metadata, no_language

        found = find_metadata("", (), self.facts, self.lexicon, Stated(url=address), no_language)
        return found.outlet, found.outlet_source

    def _others(self, record: Any, others: Sequence[str], address: str | None) -> Row | None:
        from .article import Stated
        from .metadata import find_metadata, no_language, rights_of

        given = {}
        for name in others:
            value = getattr(record, name)
            words = "" if value is None else as_words(name, value)
            if words is None:
                return None
            if name != "encoding":  # of words that are decoded already, it says nothing any more
                given[name] = " ".join(words.split())
        stated = Stated(**given)
        found = find_metadata("", (), self.facts, self.lexicon, stated, no_language)
        rest = (found.dateline, found.byline, found.credit, found.wire, address, found.lang)
        return (*rest, rights_of(self.facts, stated), self.facts.license or stated.license or None)


def _day(stated: str) -> tuple[int | None, str | None]:
    line = " ".join(stated.split())
    found = None
    # What `find_date` finds in the commonest form, without its pattern.
    if _ISO_DAY.match(line) and not line[10:11].isdecimal():
        with contextlib.suppress(ValueError):
            found = datetime.date.fromisoformat(line[:10])
    if found is None and line:
        from .dates import find_date

        found = find_date(line)
    return _remember(_days, stated, (None, None) if found is None else ((found - EPOCH).days, "metadata"))


def _path_day(address: str, path: str) -> tuple[int | None, str | None]:
    """The day that an address states, else that of a file's path."""
    both = f"{address} {path}" if address else path
    if both.isascii() and "%" not in address and not _YEAR.search(both):  # most have no year, and nothing to look for
        return None, None
    from .path_dates import find_address_date, find_path_date

    found = (find_address_date(address) if address else None) or find_path_date(path)
    return (None, None) if found is None else ((found - EPOCH).days, "path")


def _remember(known: dict[str, Any], stated: str, answer: Any) -> Any:
    if len(known) == _REMEMBERED:
        known.clear()
    known[stated] = answer
    return answer
