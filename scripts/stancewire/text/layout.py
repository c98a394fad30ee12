"""The paragraphs of many texts at once: as `paragraphs.read_paragraphs` finds them one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .endings import ends_sentence
from .letters import ALNUM, LOWER, STOP
from .paragraphs import MAX_WRAPPED_WIDTH, is_wrapped, read_paragraphs
from .scan import Bools, Places, Readers, Scan
from .segments import ALONE, DATELINE, begins_paragraph, stands_alone

# Signs after which `ends_sentence` looks no further, and that end none.
_GOES_ON = tuple(map(ord, "_:;,%€$£*-"))
_OPENS_FIGURE = tuple(map(ord, '("“‘„«'))
_COLON = ord(":")


@dataclass(frozen=True)
class Paragraphs:
    """Paragraphs of all stretches, in order: [start, end) in the scan, which stretch, what each may be, and the letter
    codes that its first word begins with."""

    starts: Places
    ends: Places
    stretches: Places
    may: Places
    leads: Places


@dataclass(frozen=True)
class _Lines:
    """Lines that are not blank: `fresh` where a blank line or another stretch is before."""

    starts: Places
    ends: Places
    indents: Places
    first_words: Places
    stretches: Places
    fresh: Bools


def read_all_paragraphs(scan: Scan, begins: Places, ends: Places, readers: Readers) -> Paragraphs:
    """The paragraphs of stretches [begin, end) of a scan, which begin and end at line breaks, sorted."""
    lines = _read_lines(scan, begins, ends)
    first = np.ones(len(lines.starts), np.bool_)
    if len(first):
        _join_wrapped(scan, lines, first, readers)
    firsts = np.flatnonzero(first)
    lasts = np.append(firsts[1:], len(first)) - 1 if len(firsts) else firsts
    starts, stops = lines.starts[firsts], lines.ends[lasts]
    leads = scan.leads(starts)
    return Paragraphs(starts, stops, lines.stretches[firsts], scan.may(starts, stops, readers, leads), leads)


def _read_lines(scan: Scan, begins: Places, ends: Places) -> _Lines:
    breaks = np.flatnonzero(scan.points == 10)
    after, until = breaks[:-1] + 1, breaks[1:]
    words, further = np.searchsorted(scan.word_starts, after), np.searchsorted(scan.word_starts, until)
    filled = np.flatnonzero(words < further)
    words, further, after = words[filled], further[filled], after[filled]
    starts, stops = scan.word_starts[words], scan.word_ends[further - 1]
    stretches = np.searchsorted(begins, starts, "right") - 1
    inside = stretches >= 0
    inside &= stops <= ends[stretches] if len(ends) else False
    if not inside.all():
        filled, words, after, starts, stops, stretches = (
            found[inside] for found in (filled, words, after, starts, stops, stretches)
        )
    fresh = np.ones(len(starts), np.bool_)
    fresh[1:] = (np.diff(filled) > 1) | (np.diff(stretches) > 0)
    return _Lines(starts, stops, starts - after, scan.word_ends[words] - starts, stretches, fresh)


def _join_wrapped(scan: Scan, lines: _Lines, first: Bools, readers: Readers) -> None:
    """Mark the lines of wrapped stretches that go on with a paragraph as not first."""
    lengths = lines.ends - lines.starts
    borders = np.flatnonzero(np.append(True, np.diff(lines.stretches) > 0))
    widths = np.maximum.reduceat(lengths, borders)
    counts = np.diff(np.append(borders, len(lengths)))
    narrow = np.flatnonzero((widths <= MAX_WRAPPED_WIDTH) & (counts > 1))
    if not len(narrow):
        return
    # From here on the lines of narrow stretches alone.
    chosen = np.repeat(widths <= MAX_WRAPPED_WIDTH, counts) & np.repeat(counts > 1, counts)
    numbers = np.flatnonzero(chosen)
    borders, widths, counts = borders[narrow], widths[narrow], counts[narrow]
    starts, stops, lengths = lines.starts[numbers], lines.ends[numbers], lengths[numbers]
    fresh, indents, width = lines.fresh[numbers], lines.indents[numbers], np.repeat(widths, counts)
    own = np.cumsum(counts) - counts  # where each stretch's lines begin among these
    closed = _end_sentences(scan, starts, stops)
    shut = closed | (scan.points[stops - 1] == _COLON)
    lower = (scan.classes[starts] & LOWER) > 0
    first_words = lines.first_words[numbers]
    # What holds of a line and the one before it, at the line's place.
    same_block = ~fresh
    same_block[own] = False
    had_room = np.append(False, lengths[:-1] + 1 + first_words[1:] <= 0.8 * width[1:])
    shut_before = np.append(True, shut[:-1])
    soft = same_block & ~shut_before & (lower | ~had_room)
    running = soft & lower
    n_pairs, n_soft, n_running = (np.add.reduceat(found.astype(np.int64), own) for found in (same_block, soft, running))
    new_blocks = np.add.reduceat(fresh.astype(np.int64), own) - fresh[own]
    can_go_on = same_block & (indents <= np.append(0, indents[:-1]) + 1)
    opens = lower | scan.are_figures(starts) | np.isin(scan.points[starts], _OPENS_FIGURE)
    sure = can_go_on & (~had_room | (~shut_before & opens))
    if_long = can_go_on & had_room & ~shut_before & ~opens
    found = (n_pairs, n_soft, n_running, new_blocks)
    wrapped = [is_wrapped(*pairs) for pairs in zip(*(each.tolist() for each in found), strict=True)]
    odd = scan.has_odd(starts[own], stops[own + counts - 1])
    if not any(wrapped) and not odd.any():
        return
    may = scan.may(starts, stops, readers)
    facts = _Facts(
        (sure + 2 * if_long).tolist(),
        closed.tolist(),
        (may & (ALONE | DATELINE)).tolist(),
        (~lower | ((may & DATELINE) > 0)).tolist(),
        starts.tolist(),
        stops.tolist(),
    )
    for n, (begin, count) in enumerate(zip(own.tolist(), counts.tolist(), strict=True)):
        if odd[n]:
            found_first = _read_one(scan, starts[begin : begin + count], int(stops[begin + count - 1]), readers)
        elif wrapped[n]:
            found_first = np.array(_join(scan, facts, begin, begin + count, readers), np.bool_)
        else:
            continue
        first[numbers[begin : begin + count]] = found_first


@dataclass(frozen=True)
class _Facts:
    """Of each line: may it go on with the paragraph before (1: it does, 2: if that has two lines), does it end a
    sentence, what may it be, may a paragraph begin with it, and its place."""

    goes_on: list[int]
    closed: list[bool]
    may: list[int]
    begins: list[bool]
    starts: list[int]
    ends: list[int]


def _join(scan: Scan, facts: _Facts, begin: int, end: int, readers: Readers) -> list[bool]:
    """For each of these lines of a wrapped stretch: is it the first of a paragraph?"""
    first: list[bool] = []
    alone, joined = True, False
    for number in range(begin, end):
        goes_on = facts.goes_on[number]
        joins = not alone and (goes_on == 1 or (goes_on == 2 and joined))
        line = scan.joined[facts.starts[number] : facts.ends[number]]
        if joins and facts.begins[number]:
            joins = not begins_paragraph(line, readers.lexicon, facts.may[number])
        mid_sentence = joins and not facts.closed[number - 1]
        may = facts.may[number]
        alone = not mid_sentence and may & ALONE > 0 and stands_alone(line, readers.lexicon, may)
        joined = joins and not alone
        first.append(not joined)
    return first


def _read_one(scan: Scan, starts: Places, end: int, readers: Readers) -> Bools:
    """The same for a stretch with unusual characters, by the rules alone."""
    begin = int(starts[0])
    begin = scan.joined.rindex("\n", 0, begin) + 1
    lexicon = readers.lexicon
    paragraphs = read_paragraphs(
        scan.joined[begin:end], lambda line: stands_alone(line, lexicon), lambda line: begins_paragraph(line, lexicon)
    )
    return np.isin(starts, [begin + paragraph.start for paragraph in paragraphs])


def _end_sentences(scan: Scan, starts: Places, ends: Places) -> Bools:
    """As `ends_sentence` says of each line."""
    last = scan.points[ends - 1]
    kinds = scan.classes[ends - 1]
    closed = (kinds & STOP) > 0
    known = closed | ((kinds & ALNUM) > 0) | np.isin(last, _GOES_ON)
    for number in np.flatnonzero(~known).tolist():
        closed[number] = ends_sentence(scan.joined[starts[number] : ends[number]])
    return closed
