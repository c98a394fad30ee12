"""What changed between the two sides of a frame: the smallest stretches of words, told in whole words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .frames import Frame, Side
from .tokens import Token, find_tokens, is_unspaced, match_keys


@dataclass(frozen=True)
class Change:
    """Frame span [a0, a1) of a became [b0, b1) of b.

    Attributes:
        bead: number of the bead it lies in.
        is_form: the words are the same, written differently.
        is_whole: whole sentences that one side lacks.
    """

    a0: int
    a1: int
    b0: int
    b1: int
    bead: int
    is_form: bool = False
    is_whole: bool = False


def find_changes(frame: Frame) -> list[Change]:
    """All changes of a frame in order; between two of them both sides have the same characters."""
    changes = _in_whole_words(frame, _join_omissions(frame, list(_raw_changes(frame))))
    changes = _join_paraphrases(frame, changes)
    return [part for change in changes for part in _cut(frame, _without_shared_marks(frame, change))]


def _raw_changes(frame: Frame) -> Iterator[Change]:
    """Differences between matched tokens, and differently written matched tokens."""
    text_a, text_b = frame.a.text, frame.b.text
    end_a = end_b = last = 0
    for left, right, bead in _matches(frame):
        yield from _between(frame, (end_a, left.start), (end_b, right.start), last, bead)
        if text_a[left.start : left.end] != text_b[right.start : right.end]:
            yield Change(left.start, left.end, right.start, right.end, bead, is_form=True)
        end_a, end_b, last = left.end, right.end, bead
    yield from _between(frame, (end_a, len(text_a)), (end_b, len(text_b)), last, len(frame.beads) - 1)


def _matches(frame: Frame) -> Iterator[tuple[Token, Token, int]]:
    """Tokens of equal key, bead by bead."""
    for number, bead in enumerate(frame.beads):
        if len(bead.a) == len(bead.b) == 1 and _unit(frame.a, bead.a[0]) == _unit(frame.b, bead.b[0]):
            yield _as_token(frame.a, bead.a[0]), _as_token(frame.b, bead.b[0]), number
        elif bead.a and bead.b:
            sides = []
            for side, units in ((frame.a, bead.a), (frame.b, bead.b)):
                sides.append([
                    token
                    for unit in units
                    for token in find_tokens(_unit(side, unit), side.starts[unit])
                ])
            for i, j in match_keys([t.key for t in sides[0]], [t.key for t in sides[1]]):
                yield sides[0][i], sides[1][j], number


def _unit(side: Side, number: int) -> str:
    return side.text[side.starts[number] : side.starts[number + 1]]


def _as_token(side: Side, number: int) -> Token:
    """A whole unit as one token, for units that are the same on both sides."""
    return Token(side.starts[number], side.starts[number + 1], "", is_word=True)


def _between(frame: Frame, a: tuple[int, int], b: tuple[int, int], first: int, last: int) -> Iterator[Change]:
    """What stands between two matched tokens, of the beads `first` and `last`, cut where beads begin."""
    edges_a, edges_b = [a[0]], [b[0]]
    for number in range(first + 1, last + 1):
        begin_a, begin_b = frame.begins[number]
        edges_a.append(min(max(begin_a, a[0]), a[1]))
        edges_b.append(min(max(begin_b, b[0]), b[1]))
    edges_a.append(a[1])
    edges_b.append(b[1])
    for at, number in enumerate(range(first, last + 1)):
        change = Change(edges_a[at], edges_a[at + 1], edges_b[at], edges_b[at + 1], number)
        bead = frame.beads[number] if frame.beads else None
        if frame.a.text[change.a0 : change.a1] == frame.b.text[change.b0 : change.b1]:
            continue
        whole = bead is not None and not (bead.a and bead.b)
        yield replace(change, is_whole=True) if whole else _trim(frame, change)


def _trim(frame: Frame, change: Change) -> Change:
    """Without the white space that both begin with, then that both end with: a dropped word takes its space along."""
    a, b = frame.a.text, frame.b.text
    a0, a1, b0, b1 = change.a0, change.a1, change.b0, change.b1
    while a0 < a1 and b0 < b1 and a[a0] == b[b0] and a[a0].isspace():
        a0, b0 = a0 + 1, b0 + 1
    while a0 < a1 and b0 < b1 and a[a1 - 1] == b[b1 - 1] and a[a1 - 1].isspace():
        a1, b1 = a1 - 1, b1 - 1
    return replace(change, a0=a0, a1=a1, b0=b0, b1=b1)


def _join_omissions(frame: Frame, changes: Sequence[Change]) -> list[Change]:
    """Dropped sentences of one paragraph are one change, with the space that went with them."""
    joined: list[Change] = []
    for change in changes:
        last = joined[-1] if joined else None
        if last is not None and change.is_whole and last.a1 == change.a0 and last.b1 == change.b0:
            only_a = last.b0 == last.b1 and change.b0 == change.b1
            only_b = last.a0 == last.a1 and change.a0 == change.a1
            is_break = change.a0 in frame.a.breaks_set if only_a else change.b0 in frame.b.breaks_set
            is_space = not (frame.a.text[last.a0 : last.a1] + frame.b.text[last.b0 : last.b1]).strip()
            if (only_a or only_b) and not is_break and (last.is_whole or is_space):
                joined[-1] = replace(change, a0=last.a0, b0=last.b0)
                continue
        joined.append(change)
    return joined


def _in_whole_words(frame: Frame, changes: Sequence[Change]) -> list[Change]:
    """Changes widened to whole words on both sides; those that then lie in one word are one."""
    a, b = frame.a.text, frame.b.text
    stops_a, stops_b = frame.a.starts_set, frame.b.starts_set
    widened: list[Change] = []
    for at, change in enumerate(changes):
        if change.is_whole:
            widened.append(change)
            continue
        low = (widened[-1].a1, widened[-1].b1) if widened else (0, 0)
        high = (changes[at + 1].a0, changes[at + 1].b0) if at + 1 < len(changes) else (len(a), len(b))
        a0, a1, b0, b1 = change.a0, change.a1, change.b0, change.b1
        if _glued(a[a0:a1][:1]) or _glued(b[b0:b1][:1]):
            while a0 > low[0] and b0 > low[1] and a0 not in stops_a and b0 not in stops_b and _glued(a[a0 - 1]):
                a0, b0 = a0 - 1, b0 - 1
        if _glued(a[a0:a1][-1:]) or _glued(b[b0:b1][-1:]):
            while a1 < high[0] and b1 < high[1] and a1 not in stops_a and b1 not in stops_b and _glued(a[a1]):
                a1, b1 = a1 + 1, b1 + 1
        last = widened[-1] if widened else None
        touches = last is not None and not last.is_whole and (last.a1, last.b1) == (a0, b0)
        if last is not None and touches and a0 not in stops_a and b0 not in stops_b and _glued_over(a, b, last, a1, b1):
            widened[-1] = replace(last, a1=a1, b1=b1, is_form=last.is_form and change.is_form)
        else:
            widened.append(replace(change, a0=a0, a1=a1, b0=b0, b1=b1))
    return widened


def _glued(char: str) -> bool:
    """Does this character (or none) belong to a word written without spaces to its neighbours?"""
    return bool(char) and not char.isspace() and not is_unspaced(char)


def _glued_over(a: str, b: str, last: Change, a1: int, b1: int) -> bool:
    """Do two touching changes meet inside a word of either side?"""
    in_a = last.a1 > last.a0 and a1 > last.a1 and _glued(a[last.a1 - 1]) and _glued(a[last.a1])
    in_b = last.b1 > last.b0 and b1 > last.b1 and _glued(b[last.b1 - 1]) and _glued(b[last.b1])
    return in_a or in_b


def _join_paraphrases(frame: Frame, changes: Sequence[Change]) -> list[Change]:
    """Changes of wording around few unchanged words are one: `America's defense`, `the defense of the United States`.

    The words between must be no more than those changed on either side of them, and a word must have been replaced.
    """
    joined: list[Change] = []
    for change in changes:
        last = joined[-1] if joined else None
        if last is not None and _is_paraphrase(frame, last, change):
            joined[-1] = replace(last, a1=change.a1, b1=change.b1)
        else:
            joined.append(change)
    return joined


def _is_paraphrase(frame: Frame, left: Change, right: Change) -> bool:
    if left.bead != right.bead or left.is_form or right.is_form or left.is_whole or right.is_whole:
        return False
    between = sum(token.is_word for token in find_tokens(frame.a.text[left.a1 : right.a0]))
    sizes = [(_words(frame.a.text, c.a0, c.a1), _words(frame.b.text, c.b0, c.b1)) for c in (left, right)]
    replaced = any(in_a and in_b for in_a, in_b in sizes)
    return 0 < between <= min(max(size) for size in sizes) and replaced


def _words(text: str, start: int, end: int) -> int:
    return sum(token.is_word for token in find_tokens(text[start:end]))


def _without_shared_marks(frame: Frame, change: Change) -> Change:
    """Without the marks that both begin or end with: `US,` and `U.S.,` differ in `US` and `U.S.`."""
    if change.is_whole:
        return change
    a, b = frame.a.text, frame.b.text
    tokens_a = find_tokens(a[change.a0 : change.a1], change.a0)
    tokens_b = find_tokens(b[change.b0 : change.b1], change.b0)
    a0, a1, b0, b1 = change.a0, change.a1, change.b0, change.b1
    while tokens_a and tokens_b and _same_mark(a, b, tokens_a[0], tokens_b[0]) and (a0, b0) == (
        tokens_a[0].start,
        tokens_b[0].start,
    ):
        a0, b0 = tokens_a.pop(0).end, tokens_b.pop(0).end
    while tokens_a and tokens_b and _same_mark(a, b, tokens_a[-1], tokens_b[-1]) and (a1, b1) == (
        tokens_a[-1].end,
        tokens_b[-1].end,
    ):
        a1, b1 = tokens_a.pop().start, tokens_b.pop().start
    return replace(change, a0=a0, a1=a1, b0=b0, b1=b1)


def _same_mark(a: str, b: str, left: Token, right: Token) -> bool:
    return not left.is_word and not right.is_word and a[left.start : left.end] == b[right.start : right.end]


def _cut(frame: Frame, change: Change) -> Iterator[Change]:
    """The change in pieces that each lie within one paragraph of a and one of b; what is left over faces nothing."""
    parts_a, parts_b = frame.a.cut(change.a0, change.a1), frame.b.cut(change.b0, change.b1)
    for at in range(max(len(parts_a), len(parts_b))):
        a0, a1 = parts_a[at] if at < len(parts_a) else (change.a1, change.a1)
        b0, b1 = parts_b[at] if at < len(parts_b) else (change.b1, change.b1)
        if frame.a.text[a0:a1] != frame.b.text[b0:b1]:
            yield replace(change, a0=a0, a1=a1, b0=b0, b1=b1)
