"""The paragraphs of many documents named at once: as `segments.name_parts` names those of each.

Most paragraphs are the article's own words, and no rule would say anything else of them whatever it is told. What says
itself what it is, is named first, wherever it stands. Then the rules of places are shown, of each document, what comes
before the first paragraph that can be nothing but body, and of the rest only what could be something else; what they
need to know of the others (is there one before, is there one after) does not hang on how many these are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .letters import DIGIT, OTHER, RARE, WILD
from .lexicon import Lexicon
from .scan import Bools, Places, Scan
from .segments import (
    ANY,
    BY_ITSELF,
    BYLINE,
    CLOSER,
    DATELINE,
    HEADER,
    MAX_HEADLINE_CHARS,
    NOTE,
    REPEATED,
    SECTION,
    Part,
    find_parts,
    name_by_itself,
    name_repeated,
    take_stray_marks,
)

UNNAMED = -1
BODY = "body", "paragraph"
_HEADLINE = "headline", "headline"
_PHOTO_CREDIT = "caption", "photo_credit"


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
    """Paragraphs of all documents in order, as places in a scan, what each may be, and its first letters.

    Attributes:
        kinds: of those whose role is known, else `UNNAMED`. opens: is it the first of its stretch of text?
    """

    docs: Places
    starts: Places
    ends: Places
    may: Places
    leads: Places
    kinds: Places
    opens: Bools


@dataclass(frozen=True)
class Named:
    """Segments of all documents in order, as places in a scan, with the number of their kind (`Kinds`)."""

    docs: Places
    starts: Places
    ends: Places
    kinds: Places


class Namer:
    """Names the paragraphs of some documents, which are numbered below `n_docs`."""

    def __init__(self, scan: Scan, found: Candidates, n_docs: int, lexicon: Lexicon, kinds: Kinds) -> None:
        self.scan = scan
        self.found = found
        self.n_docs = n_docs
        self.lexicon = lexicon
        self.kinds = kinds

    def name_all(self) -> Named:
        """The segments of all documents."""
        found, docs = self.found, self.found.docs
        marked = (found.may == ANY) & found.opens & (found.kinds == UNNAMED)
        aside = self._docs_of(marked & np.isin(self.scan.points[found.starts], _MARKS))
        named, may = found.kinds.copy(), found.may.copy()
        self._name_by_themselves(np.flatnonzero(((may & BY_ITSELF) > 0) & (named == UNNAMED) & ~aside[docs]), named)
        may &= ~BY_ITSELF
        self._name_repeated(named, may, aside)
        may &= ~REPEATED
        chosen, seen, whole_after = self._choose(named, may)
        chosen |= aside[docs]
        made = self._name_chosen(chosen, named, seen, whole_after, aside)
        again = self._may_repeat_headlines(np.flatnonzero(~chosen), made) & ~aside
        if again.any():
            chosen |= again[docs]
            whole = self._name(np.flatnonzero(again[docs]), named, may, np.full(self.n_docs, -1), aside)
            made = _joined(made, whole, ~again[made.docs])
        rest = np.flatnonzero(~chosen)
        others = Named(docs[rest], found.starts[rest], found.ends[rest], np.maximum(named[rest], 0))
        return _joined(made, others)

    def _part(self, row: int, role: str = "", rule: str = "", may: int = ANY) -> Part:
        start, end = int(self.found.starts[row]), int(self.found.ends[row])
        return Part(start, end, self.scan.joined[start:end], role, rule, may)

    def _docs_of(self, holds: Bools) -> Bools:
        """Which documents have such a row?"""
        found = np.zeros(self.n_docs, np.bool_)
        found[self.found.docs[holds]] = True
        return found

    def _name_by_themselves(self, rows: Places, named: Places) -> None:
        """Name paragraphs that say themselves what they are."""
        joined, lexicon, number = self.scan.joined, self.lexicon, self.kinds.number
        found = self.found
        shown = zip(*(each[rows].tolist() for each in (found.starts, found.ends, found.may)), strict=True)
        kinds = []
        for start, end, bits in shown:
            part = Part(start, end, joined[start:end], "", "", bits)
            name_by_itself(part, lexicon)
            kinds.append(number(part.role, part.rule) if part.role else UNNAMED)
        named[rows] = kinds

    def _name_repeated(self, named: Places, may: Places, aside: Bools) -> None:
        """Name short lines that come again in their document."""
        docs = self.found.docs
        short = (named == UNNAMED) & ((may & REPEATED) > 0) & ~aside[docs]
        short[short] = self._begin_alike(np.flatnonzero(short))
        if not short.any():
            return
        several = self._docs_of(short)
        # The rule asks for the first paragraph without a role, too.
        first = self._first_of(np.flatnonzero((named == UNNAMED) & ~short))
        rows = np.flatnonzero(short | ((np.arange(len(docs)) == first[docs]) & several[docs]))
        borders = [*np.flatnonzero(np.append(True, np.diff(docs[rows]) > 0)).tolist(), len(rows)]
        numbers = rows.tolist()
        bits = may[rows].tolist()
        parts = [self._part(row, may=own) for row, own in zip(numbers, bits, strict=True)]
        for begin, end in pairwise(borders):
            name_repeated(parts[begin:end])
        number = self.kinds.number
        named[rows] = [number(part.role, part.rule) if part.role else UNNAMED for part in parts]

    def _begin_alike(self, rows: Places) -> Bools:
        """Which of these lines begin as another of them does in the same document, as lines with one key do?"""
        found, docs = self.found, self.found.docs[rows]
        begins = _beginning(found.leads[rows])
        unknown = np.zeros(self.n_docs, np.bool_)
        unknown[docs[(begins == _UNKNOWN) | self.scan.has_odd(found.starts[rows], found.ends[rows])]] = True
        _, places, counts = np.unique(docs * (2 * _UNKNOWN) + begins, return_inverse=True, return_counts=True)
        return (counts[places] > 1) | unknown[docs]

    def _first_of(self, rows: Places) -> Places:
        """The first of these rows in each document; beyond all where it has none."""
        found = np.full(self.n_docs, len(self.found.docs))
        own = self.found.docs[rows]
        is_first = _begins(own)
        found[own[is_first]] = rows[is_first]
        return found

    def _choose(self, named: Places, may: Places) -> tuple[Bools, Places, Places]:
        """Which paragraphs the rules of places have to see, what each of these may be, and after which place of each
        document they see all of the body.

        Not shown are paragraphs after the first that can be nothing but body (`first`, which is no headline, so that
        the head of the document ends before it), if they do not ask for a name that hangs on standing last (`NOTE`).
        `name_all` looks after repeated headlines.
        """
        found, docs = self.found, self.found.docs
        places = np.arange(len(docs))
        unnamed = named == UNNAMED
        # Too long for a headline and for a dateline alone, or closed by a period and no dateline.
        body = unnamed & ((may & (HEADER | SECTION | NOTE | BYLINE)) == 0)
        body &= (found.ends - found.starts > MAX_HEADLINE_CHARS) | (
            ((may & DATELINE) == 0) & self.scan.end_plainly(found.starts, found.ends)
        )
        first = self._first_of(np.flatnonzero(body))[docs]
        after = places > first
        noted = after & unnamed & ((may & NOTE) > 0)
        # A headline or dateline anywhere forbids another; a last paragraph that is body by markup may end in a credit.
        asked = np.array([role in ("headline", "dateline", "body") for role, _ in self.kinds.listed], np.bool_)
        chosen = ~after | noted | (asked[named] & ~unnamed)
        plain = np.flatnonzero(~chosen & unnamed)
        own = docs[plain]
        last = np.full(self.n_docs, -1)
        last[own] = plain
        is_last = places == last[docs]
        # A dateline may open the body's first three paragraphs: these at most, where `first` is a picture's caption.
        third = np.full(self.n_docs, len(docs))
        order = np.arange(len(plain)) - np.searchsorted(own, own)
        third[own[order == 2]] = plain[order == 2]
        beyond = places > third[docs]
        seen = np.where(beyond, may & ~DATELINE, may)
        dated = self._docs_of(after & unnamed & ~beyond & ((may & DATELINE) > 0))[docs]
        # A photographer's line right after the first paragraph makes it a caption if there is another after; a note is
        # one of the end's if nothing comes after.
        pictured = (places == first + 1) & (named == self.kinds.number(*_PHOTO_CREDIT))
        chosen |= (dated & unnamed & ~beyond) | pictured
        chosen |= is_last & (self._docs_of(pictured | noted)[docs] | ((may & CLOSER) > 0))
        begins = np.append(found.starts, -1)[last]  # of none where there is no last
        return chosen, seen, np.where(np.append(chosen, False)[last], begins - 1, begins)

    def _name_chosen(
        self, chosen: Bools, named: Places, may: Places, whole_after: Places, aside: Bools
    ) -> Named:
        """The segments that the rules of places make of these paragraphs.

        They are not asked where a document has nothing among these but a headline, if any, and one of body; where the
        headline is given, or one for sure: without a sign that a rule looks at, and no sentence.
        """
        found, n_docs = self.found, self.n_docs
        rows = np.flatnonzero(chosen)
        docs, starts, ends, bits = found.docs[rows], found.starts[rows], found.ends[rows], may[rows]
        is_first = _begins(docs)
        unnamed = named[rows] == UNNAMED
        is_body = unnamed & ((bits & ~CLOSER) == 0)
        is_body &= (ends - starts > MAX_HEADLINE_CHARS) | self.scan.end_plainly(starts, ends)
        heads = np.flatnonzero(is_first & unnamed & (bits == 0) & ~is_body)
        is_head = np.zeros(len(rows), np.bool_)
        is_head[heads] = self.scan.are_headlines(starts[heads], ends[heads])
        headline = self.kinds.number(*_HEADLINE)
        # A credit before the headline may be a picture's.
        roles = np.array([role not in ("credit", "body") for role, _ in self.kinds.listed], np.bool_)
        is_given = is_first & ~unnamed & roles[named[rows]]
        ends_all = is_body & (~is_first | (np.bincount(docs, minlength=n_docs)[docs] == 1))
        ends_all &= (whole_after[docs] >= starts) | ((bits & CLOSER) == 0)
        counts = np.bincount(docs, minlength=n_docs)
        is_plain = (counts > 0) & (counts <= 2) & ~aside & (np.bincount(docs[ends_all], minlength=n_docs) == 1)
        is_plain &= np.bincount(docs[ends_all | is_head | is_given], minlength=n_docs) == counts
        taken = is_plain[docs]
        numbers = np.where(is_head, headline, np.maximum(named[rows], 0))
        plain = Named(docs[taken], starts[taken], ends[taken], numbers[taken])
        return _joined(plain, self._name(rows[~taken], named, may, whole_after, aside))

    def _name(self, rows: Places, named: Places, may: Places, whole_after: Places, aside: Bools) -> Named:
        """The segments that the rules make of these paragraphs."""
        found, joined, listed, lexicon = self.found, self.scan.joined, self.kinds.listed, self.lexicon
        docs = found.docs[rows]
        borders = np.flatnonzero(_begins(docs))
        own = docs[borders]
        shown = zip(*(each[rows].tolist() for each in (found.starts, found.ends, named, may)), strict=True)
        made: list[Part] = []
        counts = []
        sizes = np.diff(borders, append=len(docs)).tolist()
        for doc, n_parts, after in zip(own.tolist(), sizes, whole_after[own].tolist(), strict=True):
            parts = []
            for _ in range(n_parts):
                start, end, kind, bits = next(shown)
                role, rule = listed[kind] if kind != UNNAMED else ("", "")
                parts.append(Part(start, end, joined[start:end], role, rule, bits))
            if aside[doc]:
                parts = self._without_marks(doc)
            parts = find_parts(parts, lexicon, after)
            counts.append(len(parts))
            made += parts
        number = self.kinds.number
        return Named(
            np.repeat(own, counts),
            np.array([part.start for part in made], np.int64),
            np.array([part.end for part in made], np.int64),
            np.array([number(part.role, part.rule) for part in made], np.int64),
        )

    def _without_marks(self, doc: int) -> list[Part]:
        """All parts of a document, stray marks at the beginning of a stretch as parts of their own."""
        found, parts = self.found, []
        for row in np.flatnonzero(found.docs == doc).tolist():
            kind = int(found.kinds[row])
            part = self._part(row, *(self.kinds.listed[kind] if kind != UNNAMED else ("", "")))
            part.may = int(found.may[row])
            parts += take_stray_marks([part]) if found.opens[row] and kind == UNNAMED else [part]
        return parts

    def _may_repeat_headlines(self, rows: Places, made: Named) -> Bools:
        """Documents where one of these paragraphs begins as a headline does that the rules found."""
        headlines = made.kinds == self.kinds.number(*_HEADLINE)
        starts, ends = made.starts[headlines], made.ends[headlines]
        by_doc = np.full(self.n_docs, -1)
        by_doc[made.docs[headlines]] = np.where(
            self.scan.has_odd(starts, ends), _UNKNOWN, _beginning(self.scan.leads(starts))
        )
        own = by_doc[self.found.docs[rows]]
        begins = _beginning(self.found.leads[rows])
        odd = self.scan.has_odd(self.found.starts[rows], self.found.ends[rows])
        alike = (begins == own) | ((own >= 0) & ((begins == _UNKNOWN) | (own == _UNKNOWN) | odd))
        found = np.zeros(self.n_docs, np.bool_)
        found[self.found.docs[rows[alike]]] = True
        return found


_MARKS = (0xFEFF, 0x200B, 0x2060)


def _begins(docs: Places) -> Bools:
    """Which rows are the first of their document?"""
    found = np.ones(len(docs), np.bool_)
    np.not_equal(docs[1:], docs[:-1], out=found[1:])
    return found


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
