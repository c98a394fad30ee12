"""What a source itself states about an article, and where it states it; nothing is guessed.

Of several places the strongest counts: a correction, then `sources.csv`, then the text (its headers, its dateline).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..sources.listing import SourceFacts
from .dates import find_date
from .language import detect_language
from .lexicon import Lexicon, furniture_key
from .model import Segment
from .patterns import Header, find_credited_wire, find_dateline, find_header

# A credit of these rules names those who helped, not the agency whose text it is.
_NOT_THE_AGENCY = ("sign_off", "contributors")


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
    detect: Callable[[str], tuple[str | None, float | None]] = detect_language,
) -> Metadata:
    """What text and `sources.csv` state about a document.

    Args:
        text: canonical text. segments: its segments, after corrections.
        facts: the file's row in `sources.csv`.
        detect: says which language the reading text is in; one that answers later, for many texts, may say nothing yet.
    """
    headers = [h for s in segments if s.role == "header" and (h := find_header(text[s.start : s.end])) is not None]
    date, date_source = _find_date(text, segments, headers, facts)
    outlet, outlet_source = _find_outlet(headers, facts, lexicon)
    lang, lang_score = detect(
        "\n\n".join(text[s.start : s.end] for s in segments if s.role in ("headline", "body"))
    )
    return Metadata(
        title=_one_line(_first(text, segments, "headline")),
        date=date,
        date_source=date_source,
        outlet=outlet,
        outlet_source=outlet_source,
        dateline=_one_line(_first(text, segments, "dateline")),
        byline=_one_line(_first(text, segments, "byline")) or _header_value(headers, "byline"),
        credit=_find_credit(text, segments, lexicon),
        wire=_find_wire(text, segments, headers, lexicon),
        url=facts.url or _find_url(headers),
        lang=lang,
        lang_score=lang_score,
    )


def _first(text: str, segments: Sequence[Segment], role: str) -> str | None:
    return next((text[s.start : s.end] for s in segments if s.role == role), None)


def _one_line(words: str | None) -> str | None:
    """The words as printed, wrapped lines joined."""
    return None if words is None else re.sub(r"\s*\n\s*", " ", words)


def _header_value(headers: Sequence[Header], field: str) -> str | None:
    return next((_one_line(h.value.strip()) for h in headers if h.field == field and h.value.strip()), None)


def _find_date(
    text: str, segments: Sequence[Segment], headers: Sequence[Header], facts: SourceFacts
) -> tuple[datetime.date | None, str | None]:
    if facts.date is not None:
        return facts.date, "sources_csv"
    for field in ("date", "updated"):
        for header in headers:
            if header.field == field and (found := find_date(header.value)) is not None:
                return found, "header"
    dateline = _first(text, segments, "dateline")
    # A dateline without a year is no date: the year would be a guess.
    if dateline is not None and (found := find_date(dateline)) is not None:
        return found, "dateline"
    return None, None


def _find_outlet(headers: Sequence[Header], facts: SourceFacts, lexicon: Lexicon) -> tuple[str | None, str | None]:
    if facts.outlet:
        return facts.outlet, "sources_csv"
    stated = _header_value(headers, "outlet")
    if stated:
        return lexicon.outlets.get(furniture_key(stated), stated), "metadata"
    source = _header_value(headers, "source")
    if source and furniture_key(source) in lexicon.outlets:
        return lexicon.outlets[furniture_key(source)], "list"
    return None, None


def _find_url(headers: Sequence[Header]) -> str | None:
    stated = _header_value(headers, "url")
    return stated if stated and re.fullmatch(r"https?://\S+", stated) else None


def _find_credit(text: str, segments: Sequence[Segment], lexicon: Lexicon) -> str | None:
    """The credit that names an agency, else the first."""
    credits = [s for s in segments if s.role == "credit"]
    named = [s for s in credits if _wire_of(text, s, lexicon)]
    chosen = (named or credits)[:1]
    return _one_line(text[chosen[0].start : chosen[0].end]) if chosen else None


def _wire_of(text: str, segment: Segment, lexicon: Lexicon) -> str | None:
    return None if segment.rule in _NOT_THE_AGENCY else find_credited_wire(text[segment.start : segment.end], lexicon)


def _find_wire(text: str, segments: Sequence[Segment], headers: Sequence[Header], lexicon: Lexicon) -> str | None:
    """The agency of the first dateline, credit, byline or source header that names one; never of a picture's credit."""
    for segment in segments:
        if segment.role == "dateline":
            dateline = find_dateline(text[segment.start : segment.end], lexicon)
            if dateline is not None and dateline.agency and (found := lexicon.find_wire(dateline.agency)):
                return found
    for role in ("credit", "byline"):
        for segment in segments:
            if segment.role == role and (found := _wire_of(text, segment, lexicon)) is not None:
                return found
    for field in ("source", "byline"):
        stated = _header_value(headers, field)
        if stated and (found := lexicon.find_wire(stated)) is not None:
            return found
    return None
