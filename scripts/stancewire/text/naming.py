"""The paragraphs of many documents named at once: as `segments.name_parts` names those of each.

Most paragraphs are the article's own words, and no rule would say anything else of them whatever it is told. So the
rules are shown, of each document, what comes before the first paragraph that can be nothing but body, and of the rest
only what could be something else; what they need to know of the others (is there one before, is there one after) does
not hang on how many these are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .letters import DIGIT, OTHER, RARE, WILD
from .lexicon import Lexicon
from .scan import Bools, Places, Scan
from .segments import (
    ANY,
    BY_ITSELF,
    CLOSER,
    DATELINE,
    MAX_HEADLINE_CHARS,
    NOTE,
    REPEATED,
    Part,
    find_parts,
    take_stray_marks,
)

KNOWN = ANY + 1  # in place of what a paragraph may be: its role is given
BODY = "body", "paragraph"
_HEADLINE = "headline", "headline"


class Kinds:
    """Pairs of role and rule by number; the body's own is 0."""

    def __init__(self) -> None:
        self.listed = [BODY]
        self._numbers = {BODY: 0}

    def number(self, role: str, rule: str) -> int:
        """The number of a pair, a new one where it has none."""
        known = self._numbers.get((role, rule))
        if known is None:
            known = self._numbers[role, rule] = len(self.listed)
            self.listed.append((role, rule))
        return known


@dataclass(frozen=True)
class Candidates:
    """Paragraphs of all documents in order, as places in a scan, what each may be (or `KNOWN`), and its first letters.

    Attributes:
        given: role and rule of those that are known, by their number. opens: is it the first of its stretch of text?
    """

    docs: Places
    starts: Places
    ends: Places
    may: Places
    leads: Places
    opens: Bools
    given: Mapping[int, tuple[str, str]]


@dataclass(frozen=True)
class Named:
    """Segments of all documents in order, as places in a scan, with the number of their kind (`Kinds`)."""

    docs: Places
    starts: Places
    ends: Places
    kinds: Places


def name_all(scan: Scan, candidates: Candidates, n_docs: int, lexicon: Lexicon, kinds: Kinds) -> Named:
    """The segments of all documents.

    Args:
        n_docs: documents are numbered below it.
    """
    chosen, may, closes = _choose(candidates, n_docs)
    named = _name(scan, candidates, np.flatnonzero(chosen), may, closes, lexicon, kinds)
    others = np.flatnonzero(~chosen)
    doubtful = _may_repeat_headlines(scan, candidates, others, named, n_docs, kinds)
    if doubtful.any():
        chosen |= doubtful[candidates.docs]
        others = np.flatnonzero(~chosen)
        again = np.flatnonzero(doubtful[candidates.docs])
        whole = _name(scan, candidates, again, candidates.may, np.ones(n_docs, np.bool_), lexicon, kinds)
        named = _joined(named, whole, ~doubtful[named.docs])
    plain = Named(candidates.docs[others], candidates.starts[others], candidates.ends[others], np.zeros_like(others))
    return _joined(named, plain)


def _joined(a: Named, b: Named, kept: Bools | slice = slice(None)) -> Named:
    """The kept rows of one and all of the other, in order."""
    starts = np.concatenate((a.starts[kept], b.starts))
    order = np.argsort(starts, kind="stable")
    return Named(
        np.concatenate((a.docs[kept], b.docs))[order],
        starts[order],
        np.concatenate((a.ends[kept], b.ends))[order],
        np.concatenate((a.kinds[kept], b.kinds))[order],
    )


def _choose(candidates: Candidates, n_docs: int) -> tuple[Bools, Places, Bools]:
    """Which paragraphs the rules have to see, what each of these may be, and which documents' last they have to see.

    Not shown are paragraphs after the first that can be nothing but body (`first`, which is too long for a headline, so
    that the head of the document ends before it), if they ask neither for a name of their own, nor for one that hangs
    on lines like them (`REPEATED`) or on standing last (`NOTE`). `name_all` looks after repeated headlines.
    """
    docs, may = candidates.docs, candidates.may
    places = np.arange(len(docs))
    body = ((may & ~(DATELINE | CLOSER)) == 0) & (candidates.ends - candidates.starts > MAX_HEADLINE_CHARS)
    first = _first_of(docs, np.flatnonzero(body), n_docs)[docs]
    after = places > first
    flagged = (may & (KNOWN | BY_ITSELF | REPEATED | NOTE)) > 0
    chosen = ~after | flagged
    plain = np.flatnonzero(~chosen)
    own = docs[plain]
    last = np.full(n_docs, -1)
    last[own] = plain
    is_last = places == last[docs]
    # A dateline may open the first three paragraphs of the body: these at most, where `first` is a picture's caption.
    third = np.full(n_docs, len(docs))
    order = np.arange(len(plain)) - np.searchsorted(own, own)
    third[own[order == 2]] = plain[order == 2]
    beyond = places > third[docs]
    seen = np.where(beyond & (may != KNOWN), may & ~DATELINE, may)
    dated = _any_of(docs, after & ~beyond & ((may & DATELINE) > 0), n_docs)
    # A photographer's line after the first paragraph makes it a caption if there is another after; a note is one of the
    # end's if nothing comes after.
    noted = _any_of(docs, after & flagged, n_docs)
    more = (dated[docs] & ~beyond) | (noted[docs] & ((places == first + 1) | is_last))
    chosen |= more | (is_last & ((may & CLOSER) > 0))
    closes = last < 0
    closes[docs[is_last & chosen]] = True
    return chosen, seen, closes


def _first_of(docs: Places, rows: Places, n_docs: int) -> Places:
    """The first of these rows in each document; beyond all where it has none."""
    found = np.full(n_docs, len(docs))
    own = docs[rows]
    is_first = np.ones(len(rows), np.bool_)
    np.not_equal(own[1:], own[:-1], out=is_first[1:])
    found[own[is_first]] = rows[is_first]
    return found


def _any_of(docs: Places, holds: Bools, n_docs: int) -> Bools:
    """Which documents have such a row?"""
    found = np.zeros(n_docs, np.bool_)
    found[docs[holds]] = True
    return found


def _name(
    scan: Scan, candidates: Candidates, rows: Places, may: Places, closes: Bools, lexicon: Lexicon, kinds: Kinds
) -> Named:
    """The segments that the rules make of these paragraphs."""
    docs = candidates.docs[rows]
    borders = np.flatnonzero(np.append(True, docs[1:] != docs[:-1])) if len(docs) else docs
    own = docs[borders]
    joined, given = scan.joined, candidates.given
    marked = set(rows[(candidates.may[rows] == ANY) & candidates.opens[rows]].tolist())
    shown = zip(
        rows.tolist(), candidates.starts[rows].tolist(), candidates.ends[rows].tolist(), may[rows].tolist(), strict=True
    )
    found: list[Part] = []
    counts = []
    for n_parts, is_whole in zip(np.diff(borders, append=len(docs)).tolist(), closes[own].tolist(), strict=True):
        parts = []
        for _ in range(n_parts):
            row, start, end, bits = next(shown)
            if bits == KNOWN:
                parts.append(Part(start, end, joined[start:end], *given[row]))
            elif row in marked:
                taken = take_stray_marks([Part(start, end, joined[start:end])])
                for part in taken:
                    part.may = bits
                parts += taken
            else:
                parts.append(Part(start, end, joined[start:end], "", "", bits))
        parts = find_parts(parts, lexicon, is_whole)
        counts.append(len(parts))
        found += parts
    number = kinds.number
    return Named(
        np.repeat(own, counts),
        np.array([part.start for part in found], np.int64),
        np.array([part.end for part in found], np.int64),
        np.array([number(part.role, part.rule) for part in found], np.int64),
    )


def _may_repeat_headlines(
    scan: Scan, candidates: Candidates, rows: Places, named: Named, n_docs: int, kinds: Kinds
) -> Bools:
    """Documents where one of these paragraphs begins as a headline does that the rules found."""
    headlines = named.kinds == kinds.number(*_HEADLINE)
    starts, ends = named.starts[headlines], named.ends[headlines]
    by_doc = np.full(n_docs, -1)
    by_doc[named.docs[headlines]] = np.where(scan.has_odd(starts, ends), _UNKNOWN, _beginning(scan.leads(starts)))
    begins = _beginning(candidates.leads[rows])
    docs = candidates.docs[rows]
    alike = (begins == by_doc[docs]) | ((by_doc[docs] >= 0) & ((begins == _UNKNOWN) | (by_doc[docs] == _UNKNOWN)))
    return _any_of(docs, alike, n_docs)


_UNKNOWN = 1 << 15


def _beginning(leads: Places) -> Places:
    """What two lines with one key (`furniture_key`) have in common of their first three letters' codes.

    From the first on that is no letter of ASCII nothing is said, for figures are masked there and white space folded.
    """
    found = np.zeros(len(leads), np.int64)
    goes_on = np.ones(len(leads), np.bool_)
    is_wild = np.zeros(len(leads), np.bool_)
    for shift in (10, 5, 0):
        code = (leads >> shift) & 31
        is_wild |= goes_on & (code == WILD)
        code = np.where((code == RARE) | (code == OTHER), OTHER, code)
        found = (found << 5) | np.where(goes_on, code, 0)
        goes_on &= (code > 0) & (code < DIGIT)
    found[is_wild] = _UNKNOWN
    return found
