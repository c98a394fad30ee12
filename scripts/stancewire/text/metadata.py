"""What a source itself states about an article, and where it states it; nothing is guessed.

Of several places the strongest counts: a correction, then `sources.csv`, then what the format states in columns or
markup, then the text's headers. For the date come then the path of its address and that of its file (`2019/06/26/`),
which name the day of publication, and at last a dateline with a year, which names the day of writing; for the outlet at
last the address's domain.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..sources.facts import SourceFacts
from ..sources.listing import RIGHTS
from .article import NOTHING_STATED, Stated
from .dates import find_date
from .language import detect_language
from .lexicon import MAX_KNOWN, Lexicon, furniture_key
from .model import Segment
from .path_dates import find_address_date, find_path_date
from .patterns import Header, find_credited_wire, find_dateline, find_header

# A credit of these rules names those who helped, not the agency whose text it is.
_NOT_THE_AGENCY = ("sign_off", "contributors")
_WRAP = re.compile(r"\s*\n\s*")
_WEB_ADDRESS = re.compile(r"https?://\S+")
_DOMAIN = re.compile(r"https?://(?:[^@/]*@)?(?:www\d?\.)?([^/:?#]+)", re.IGNORECASE)
_LANGUAGE_CODE = re.compile(r"[A-Za-z]{2}(?:[-_].*)?")


@dataclass(frozen=True)
class Metadata:
    """The metadata columns of `documents`; None where the source states nothing."""

    title: str | None = None
    date: datetime.date | None = None
    date_source: str | None = None
    outlet: str | None = None
    outlet_source: str | None = None
    dateline: str | None = None
    byline: str | None = None
    credit: str | None = None
    wire: str | None = None
    url: str | None = None
    lang: str | None = None
    lang_score: float | None = None


def find_metadata(
    text: str,
    segments: Sequence[Segment],
    facts: SourceFacts,
    lexicon: Lexicon,
    stated: Stated = NOTHING_STATED,
    detect: Callable[[str], tuple[str | None, float | None]] = detect_language,
    path: str = "",
) -> Metadata:
    """What text, format and `sources.csv` state about a document.

    Args:
        text: canonical text. segments: its segments, after corrections.
        facts: what `sources.csv` knows of it. stated: by columns or markup.
        detect: says which language the reading text is in; one that answers later, for many texts, may say nothing yet.
        path: of the file or archive member that is this document and no other; empty for one of several records.
    """
    by_role: dict[str, list[Segment]] = {}
    for segment in segments:
        by_role.setdefault(segment.role, []).append(segment)
    found = (find_header(text[s.start : s.end]) for s in by_role.get("header", ()))
    headers = [header for header in found if header is not None]
    url = facts.url or _web_address(stated.url) or _find_url(headers)
    dateline = _first(text, by_role, "dateline")
    date, date_source = _find_date(dateline, headers, facts, stated, (url or "", path))
    outlet, outlet_source = _find_outlet(headers, facts, lexicon, stated, url)
    lang, lang_score = detect("\n\n".join([text[s.start : s.end] for s in segments if s.role in ("headline", "body")]))
    if lang is None and stated.lang and _LANGUAGE_CODE.fullmatch(stated.lang):
        lang = stated.lang[:2].lower()  # a text too short for the detector
    return Metadata(
        title=_one_line(_first(text, by_role, "headline")) or stated.title or None,
        date=date,
        date_source=date_source,
        outlet=outlet,
        outlet_source=outlet_source,
        dateline=_one_line(dateline) or stated.dateline or None,
        byline=_one_line(_first(text, by_role, "byline")) or _header_value(headers, "byline") or stated.byline or None,
        credit=_find_credit(text, by_role, lexicon) or stated.credit or None,
        wire=_stated_wire(stated, lexicon) or _find_wire(text, by_role, headers, lexicon),
        url=url,
        lang=lang,
        lang_score=lang_score,
    )


def no_language(_: str) -> tuple[None, None]:
    """Says nothing of a text's language, for those who ask later or not at all."""
    return None, None


def find_told(
    text: str, segments: Sequence[Segment], lexicon: Lexicon
) -> tuple[str | None, datetime.date | None, str | None, str | None, str | None, str | None]:
    """Title, a dateline's date, dateline, byline, credit and wire by segments alone, without headers among them."""
    by_role: dict[str, list[Segment]] = {}
    for segment in segments:
        by_role.setdefault(segment.role, []).append(segment)
    title = _one_line(_first(text, by_role, "headline"))
    if len(by_role) == ("headline" in by_role):
        return title, None, None, None, None, None
    dateline = _first(text, by_role, "dateline")
    return (
        title,
        None if dateline is None else find_date(dateline),
        _one_line(dateline),
        _one_line(_first(text, by_role, "byline")),
        _find_credit(text, by_role, lexicon),
        _find_wire(text, by_role, (), lexicon),
    )


def _first(text: str, by_role: Mapping[str, Sequence[Segment]], role: str) -> str | None:
    found = by_role.get(role)
    return text[found[0].start : found[0].end] if found else None


def _one_line(words: str | None) -> str | None:
    """The words as printed, wrapped lines joined."""
    return words if words is None or "\n" not in words else _WRAP.sub(" ", words)


def _header_value(headers: Sequence[Header], field: str) -> str | None:
    if not headers:
        return None
    return next((_one_line(h.value.strip()) for h in headers if h.field == field and h.value.strip()), None)


def _find_date(
    dateline: str | None,
    headers: Sequence[Header],
    facts: SourceFacts,
    stated: Stated,
    paths: tuple[str, str],
) -> tuple[datetime.date | None, str | None]:
    if facts.date is not None:
        return facts.date, "sources_csv"
    if (found := find_date(stated.date)) is not None:
        return found, "metadata"
    for field in ("date", "updated"):
        for header in headers:
            if header.field == field and (found := find_date(header.value)) is not None:
                return found, "header"
    if (found := find_address_date(paths[0]) or find_path_date(paths[1])) is not None:
        return found, "path"
    # A dateline without a year is no date: the year would be a guess.
    if dateline is not None and (found := find_date(dateline)) is not None:
        return found, "dateline"
    return None, None


def _find_outlet(
    headers: Sequence[Header], facts: SourceFacts, lexicon: Lexicon, stated: Stated, url: str | None
) -> tuple[str | None, str | None]:
    if facts.outlet:
        return facts.outlet, "sources_csv"
    named = stated.outlet or _header_value(headers, "outlet")
    if named:
        return lexicon.outlets.get(furniture_key(named), named), "metadata"
    source = _header_value(headers, "source")
    if source and furniture_key(source) in lexicon.outlets:
        return lexicon.outlets[furniture_key(source)], "list"
    domain = _DOMAIN.match(url or "")
    if domain and "." in domain[1]:
        name = domain[1].lower()
        return lexicon.outlets.get(furniture_key(name), name), "domain"
    return None, None


def _web_address(stated: str) -> str | None:
    return stated if stated and _WEB_ADDRESS.fullmatch(stated) else None


def _stated_wire(stated: Stated, lexicon: Lexicon) -> str | None:
    """The agency that a column or element names, else the one of a credit there; by its approved name if it has one."""
    if stated.wire:
        return lexicon.find_wire(stated.wire) or stated.wire
    return lexicon.find_wire(stated.credit) if stated.credit else None


def _find_url(headers: Sequence[Header]) -> str | None:
    stated = _header_value(headers, "url")
    return _web_address(stated) if stated else None


def _find_credit(text: str, by_role: Mapping[str, Sequence[Segment]], lexicon: Lexicon) -> str | None:
    """The credit that names an agency, else the first."""
    credits = by_role.get("credit")
    if not credits:
        return None
    chosen = next((s for s in credits if _wire_of(text, s, lexicon)), credits[0])
    return _one_line(text[chosen.start : chosen.end])


def _wire_of(text: str, segment: Segment, lexicon: Lexicon) -> str | None:
    if segment.rule in _NOT_THE_AGENCY:
        return None
    credit = text[segment.start : segment.end]
    known = lexicon.credited_wires
    if credit not in known:
        if len(known) >= MAX_KNOWN:
            known.clear()
        known[credit] = find_credited_wire(credit, lexicon)
    return known[credit]


def _find_wire(
    text: str, by_role: Mapping[str, Sequence[Segment]], headers: Sequence[Header], lexicon: Lexicon
) -> str | None:
    """The agency of the first dateline, credit, byline or source header that names one; never of a picture's credit."""
    for segment in by_role.get("dateline", ()):
        dateline = find_dateline(text[segment.start : segment.end], lexicon)
        if dateline is not None and dateline.agency and (found := lexicon.find_wire(dateline.agency)):
            return found
    for role in ("credit", "byline"):
        for segment in by_role.get(role, ()):
            if (found := _wire_of(text, segment, lexicon)) is not None:
                return found
    for field in ("source", "byline"):
        stated = _header_value(headers, field)
        if stated and (found := lexicon.find_wire(stated)) is not None:
            return found
    return None


def rights_of(facts: SourceFacts, stated: Stated) -> str:
    """May the text be passed on? `sources.csv` says so, else a column with one of its words."""
    if facts.rights == "unknown" and stated.rights.strip().lower() in RIGHTS:
        return stated.rights.strip().lower()
    return facts.rights
