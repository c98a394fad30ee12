"""Aligning the sentences (or paragraphs) of two witnesses: what stands for what, and what was moved.

Two stretches correspond when they share at least `ALIKE` of their words (Dice coefficient of word counts). Of all such
pairs the heaviest chain that rises in both texts keeps its order; pairs off the chain that are alike enough were moved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .tokens import word_keys
from .witness import Stretch

ALIKE = 0.4  # least Dice coefficient of stretches that correspond in order
MOVED_ALIKE = 0.6  # and of a stretch found elsewhere
MOVED_WORDS = 5  # shorter stretches are never called moved
PART = 0.5  # share of a leftover stretch's words that makes it a part of its neighbour's counterpart
PART_WORDS = 3
SHORT_WORDS = 8  # up to this many words, sharing one word is worth a comparison
COMMON_RUN = 64  # a word pair in more than this many pairs of stretches tells nothing


@dataclass(frozen=True)
class StretchPair:
    """What stands for what: stretches of a and of b.

    `op` is identical, modified, only_a or only_b. Moved stretches are paired too.
    """

    a: tuple[Stretch, ...]
    b: tuple[Stretch, ...]
    op: str
    is_moved: bool = False


@dataclass(frozen=True)
class Bead:
    """Stretches of a and of b (by number, adjacent, rising) that correspond; one side is empty where nothing does."""

    a: tuple[int, ...]
    b: tuple[int, ...]


@dataclass(frozen=True)
class Alignment:
    """Beads in text order, holding every stretch that was not moved, and the moved pairs (a, b)."""

    beads: tuple[Bead, ...]
    moved: tuple[tuple[int, int], ...]


def align_stretches(texts_a: Sequence[str], texts_b: Sequence[str]) -> Alignment:
    """Align two sequences of sentences or paragraphs, given as their words."""
    keys_a, keys_b = [word_keys(text) for text in texts_a], [word_keys(text) for text in texts_b]
    counts_a, counts_b = [Counter(keys) for keys in keys_a], [Counter(keys) for keys in keys_b]
    alike: dict[tuple[int, int], float] = {}
    shared: dict[tuple[int, int], int] = {}
    for i, j in _candidates(keys_a, keys_b):
        common = _common(counts_a[i], counts_b[j])
        dice = 2 * common / (len(keys_a[i]) + len(keys_b[j])) if common else float(texts_a[i] == texts_b[j])
        if dice >= ALIKE:
            alike[i, j] = dice
            shared[i, j] = common
    chain = _heaviest_chain({pair: shared[pair] + dice for pair, dice in alike.items()}, len(texts_b))
    free_a = set(range(len(texts_a))) - {i for i, _ in chain}
    free_b = set(range(len(texts_b))) - {j for _, j in chain}
    moved = []
    for i, j in sorted(alike, key=lambda pair: (-shared[pair], pair)):
        is_long = min(len(keys_a[i]), len(keys_b[j])) >= MOVED_WORDS
        if i in free_a and j in free_b and is_long and alike[i, j] >= MOVED_ALIKE:
            moved.append((i, j))
            free_a.remove(i)
            free_b.remove(j)
    links = [Bead((i,), (j,)) for i, j in chain]
    links = [_with_parts(bead, counts_a, counts_b, free_a, free_b) for bead in links]
    return Alignment(tuple(_fill(links, free_a, free_b)), tuple(sorted(moved)))


def pair_stretches(
    text_a: str, stretches_a: Sequence[Stretch], text_b: str, stretches_b: Sequence[Stretch]
) -> list[StretchPair]:
    """Segments (of comparable roles) or sentences of two texts, side by side; every stretch is in exactly one pair.

    In text order, moved pairs last.
    """
    words_a = [text_a[stretch.start : stretch.end] for stretch in stretches_a]
    words_b = [text_b[stretch.start : stretch.end] for stretch in stretches_b]
    alignment = align_stretches(words_a, words_b)
    beads = [(bead, False) for bead in alignment.beads] + [(Bead((i,), (j,)), True) for i, j in alignment.moved]
    pairs = []
    for bead, is_moved in beads:
        a, b = tuple(stretches_a[i] for i in bead.a), tuple(stretches_b[j] for j in bead.b)
        same = [words_a[i] for i in bead.a] == [words_b[j] for j in bead.b]
        op = "only_b" if not a else "only_a" if not b else "identical" if same else "modified"
        pairs.append(StretchPair(a, b, op, is_moved))
    return pairs


def _common(a: Counter[str], b: Counter[str]) -> int:
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    return sum(min(count, large[key]) for key, count in small.items() if key in large)


def _candidates(a: Sequence[tuple[str, ...]], b: Sequence[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Pairs worth measuring: equal ones, and those that share two words in a row (or a word, where one is short)."""
    found: set[tuple[int, int]] = set()
    equal: dict[tuple[str, ...], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    runs: dict[tuple[str, ...], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, stretches in enumerate((a, b)):
        for number, keys in enumerate(stretches):
            equal[keys][side].append(number)
            singles = {(key,) for key in keys} if len(keys) <= SHORT_WORDS else set()
            for run in set(pairwise(keys)) | singles:
                runs[run][side].append(number)
    for left, right in equal.values():
        found.update(zip(left, right, strict=False))  # the n-th with the n-th, and from the end
        found.update(zip(left[::-1], right[::-1], strict=False))
    for left, right in runs.values():
        if len(left) * len(right) <= COMMON_RUN:
            found.update((i, j) for i in left for j in right)
    return sorted(found)


def _heaviest_chain(weights: dict[tuple[int, int], float], n_b: int) -> list[tuple[int, int]]:
    """The pairs of greatest total weight that rise strictly in both numbers (a Fenwick tree of best sums by b)."""
    best: list[tuple[float, int]] = [(0.0, -1)] * (n_b + 1)
    order = sorted(weights, key=lambda pair: (pair[0], -pair[1]))
    before = [-1] * len(order)
    sums = [0.0] * len(order)
    for number, (i, j) in enumerate(order):
        at, top = j, (0.0, -1)
        while at > 0:
            top = max(top, best[at], key=lambda entry: entry[0])
            at -= at & -at
        before[number] = top[1]
        sums[number] = top[0] + weights[i, j]
        at = j + 1
        while at <= n_b:
            if best[at][0] < sums[number]:
                best[at] = (sums[number], number)
            at += at & -at
    number = max(range(len(order)), key=lambda n: (sums[n], -n), default=-1)
    chain = []
    while number >= 0:
        chain.append(order[number])
        number = before[number]
    return chain[::-1]


def _with_parts(
    bead: Bead,
    counts_a: Sequence[Counter[str]],
    counts_b: Sequence[Counter[str]],
    free_a: set[int],
    free_b: set[int],
) -> Bead:
    """The bead with adjacent leftovers that are part of its other side: one sentence became two."""
    a, b = list(bead.a), list(bead.b)
    for mine, free, own, other_side, others in (
        (b, free_b, counts_b, a, counts_a),
        (a, free_a, counts_a, b, counts_b),
    ):
        for step in (1, -1):
            while (number := (mine[-1] + 1 if step > 0 else mine[0] - 1)) in free:
                rest = sum((others[n] for n in other_side), Counter()) - sum((own[n] for n in mine), Counter())
                size = own[number].total()
                if size < PART_WORDS or _common(own[number], rest) < PART * size:
                    break
                free.remove(number)
                mine.insert(len(mine) if step > 0 else 0, number)
    return Bead(tuple(a), tuple(b))


def _fill(links: Sequence[Bead], free_a: set[int], free_b: set[int]) -> Iterable[Bead]:
    """The links with a bead of its own for each leftover, in text order: those of a before those of b."""
    left_a, left_b = sorted(free_a, reverse=True), sorted(free_b, reverse=True)
    for link in (*links, None):
        while left_a and (link is None or left_a[-1] < link.a[0]):
            yield Bead((left_a.pop(),), ())
        while left_b and (link is None or left_b[-1] < link.b[0]):
            yield Bead((), (left_b.pop(),))
        if link is not None:
            yield link
