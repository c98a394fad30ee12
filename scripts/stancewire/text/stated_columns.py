"""Metadata of texts without segments, from what columns state and `sources.csv` knows: the answers of `find_metadata`.

What is asked again and again (a day, an outlet) is found once.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .lexicon import Lexicon, furniture_key

if TYPE_CHECKING:
    from ..sources.facts import SourceFacts

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REMEMBERED = 10_000
_EPOCH = datetime.date(1970, 1, 1)


class StatedRow(NamedTuple):
    """Columns of `documents`; the date in days since 1970."""

    date: int | None = None
    date_source: str | None = None
    outlet: str | None = None
    outlet_source: str | None = None
    dateline: str | None = None
    byline: str | None = None
    credit: str | None = None
    wire: str | None = None
    url: str | None = None
    lang: str | None = None
    rights: str = "unknown"
    license: str | None = None


class StatedColumns:
    """Rows of metadata for the records of one file; `facts` are those of `sources.csv`."""

    def __init__(self, facts: SourceFacts, lexicon: Lexicon) -> None:
        self.facts = facts
        self.lexicon = lexicon
        self._days: dict[str, tuple[int | None, str | None]] = {}
        self._outlets: dict[str, str] = {}
        self._of_facts = (facts.rights, facts.license)
        self._fixed_date = None if facts.date is None else ((facts.date - _EPOCH).days, "sources_csv")

    def row(
        self, date: str, outlet: str, url: str, others: dict[str, str] | None = None, path: str = ""
    ) -> tuple[Any, ...]:
        """A `StatedRow`, as a plain tuple; all words in one line (`one_line`), empty where nothing is stated.

        Args:
            others: of the remaining columns, by name. path: of the file that is this document and no other.
        """
        day = self._fixed_date or self._days.get(date) or self._day(date)
        address = self.facts.url or (url if _is_address(url) else None)
        if day[0] is None and (address or path):
            day = _path_day(address or "", path)
        named: tuple[str | None, str | None]
        if self.facts.outlet:
            named = self.facts.outlet, "sources_csv"
        elif outlet:
            named = self._outlets.get(outlet) or self._outlet(outlet), "metadata"
        elif address is None:
            named = None, None
        else:
            named = self._of_address(address)
        if others is None:
            return (*day, *named, None, None, None, None, address, None, *self._of_facts)
        return (*day, *named, *self._others(others, address))

    def _day(self, stated: str) -> tuple[int | None, str | None]:
        found = None
        if stated:
            # What `find_date` finds in the commonest form, without its pattern.
            if _ISO_DAY.match(stated) and not stated[10:11].isdecimal():
                try:
                    found = datetime.date.fromisoformat(stated[:10])
                except ValueError:
                    found = None
            if found is None:
                from .dates import find_date

                found = find_date(stated)
        answer = (None, None) if found is None else ((found - _EPOCH).days, "metadata")
        return _remember(self._days, stated, answer)

    def _outlet(self, stated: str) -> str:
        return _remember(self._outlets, stated, self.lexicon.outlets.get(furniture_key(stated), stated))

    def _of_address(self, address: str) -> tuple[str | None, str | None]:
        from .article import Stated
        from .metadata import find_metadata

        found = find_metadata("", (), self.facts, self.lexicon, Stated(url=address), _no_language)
        return found.outlet, found.outlet_source

    def _others(self, others: dict[str, str], address: str | None) -> tuple[Any, ...]:
        from .article import Stated
        from .metadata import find_metadata, rights_of

        stated = Stated(**{name: words for name, words in others.items() if name != "encoding"})
        found = find_metadata("", (), self.facts, self.lexicon, stated, _no_language)
        rest = (found.dateline, found.byline, found.credit, found.wire, address, found.lang)
        return (*rest, rights_of(self.facts, stated), self.facts.license or stated.license or None)


def _path_day(address: str, path: str) -> tuple[int | None, str | None]:
    """The day that an address states, else that of a file's path."""
    from .path_dates import find_address_date, find_path_date

    found = find_address_date(address) or find_path_date(path)
    return (None, None) if found is None else ((found - _EPOCH).days, "path")


def _no_language(_: str) -> tuple[None, None]:
    return None, None


def _is_address(url: str) -> bool:
    """As `https?://\\S+` matches: words in one line hold no other white space."""
    return url.startswith(("http://", "https://")) and url not in ("http://", "https://") and " " not in url


def _remember(known: dict[str, Any], stated: str, answer: Any) -> Any:
    if len(known) == _REMEMBERED:
        known.clear()
    known[stated] = answer
    return answer
