"""How annotators judged the units that two or more of them found: shares, kappas, alphas, prevalence, confusion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from ..codebook.model import Codebook
from .coefficients import Finish, Floats, alpha_of, alpha_sums, percent_sums, ratio_of
from .columns import Bools, Columns, Ints
from .distances import coincidence_sums, distance_alpha_of
from .kappas import cohen_of, fleiss_of, gwet_of, kappa_sums
from .open_values import open_alpha_of, open_cohen_of, open_fleiss_of, open_gwet_of
from .sums import Sums
from .values import LAYER_FIELDS

PERCENT = "percent agreement: {}"
ALPHA = "Krippendorff's alpha, nominal: {}"
ORDINAL = "Krippendorff's alpha, ordinal: {}"
INTERVAL = "Krippendorff's alpha, interval: {}"
COHEN = "Cohen's kappa: {}"
COHEN_PAIRS = "Cohen's kappa, mean over annotator pairs: {}"
FLEISS = "Fleiss' kappa: {}"
GWET = "Gwet's AC1: {}"
PREVALENCE = "prevalence: {} = {}"
CONFUSION = "confusion, share of judgement pairs: {}: {} / {}"
WITHOUT_NONE = "stance, without none"
SCALE = {"against": -1.0, "neutral": 0.0, "favor": 1.0}
"""The stances in their order, and their values where distances count."""
MOST_SUMS = 20_000  # numbers a story for Cohen's kappa of all pairs; beyond, the pairs' own rows say it
TOO_MANY = "too many annotator pairs and values: see Fleiss' kappa, and the pairs' own rows where there are any"
CLOSED = ("label", "kind", "stance", "attribution")


def judged_sums(
    columns: Columns, units: Bools, pair: int | None, codebook: Codebook | None, details: bool
) -> list[Sums]:
    """Measures of each field on these units, of one pair of annotators or of all.

    Args:
        details: prevalence and confusion too.
    """
    sums: list[Sums] = []
    chosen = units[columns.vote_unit]
    if pair is not None:
        chosen &= np.isin(columns.vote_name, columns.pairs[pair])
    for field in LAYER_FIELDS[columns.layer]:
        codes, values = columns.fields[field]
        known = _vocabulary(columns.layer, field, codebook, values)
        sums += _Field(columns, chosen, codes, values, field, known, pair).sums(details)
        if columns.layer == "document_stance":
            without = np.array([value != "none" for value in values], dtype=np.bool_)
            marked = chosen & without[codes] if len(values) else chosen
            rest = tuple(value for value in known if value != "none")
            sums += _Field(columns, marked, codes, values, WITHOUT_NONE, rest, pair).sums(False)
    return sums


def _vocabulary(layer: str, field: str, codebook: Codebook | None, used: tuple[str, ...]) -> tuple[str, ...]:
    """All that could have been said: the codebook's choices for closed fields, and what was said."""
    if codebook is None or field not in CLOSED:
        return used
    listed = {
        "label": codebook.mention_labels,
        "kind": codebook.mention_kinds,
        "stance": codebook.document_stances if layer == "document_stance" else codebook.stances,
        "attribution": codebook.attributions,
    }[field]
    return tuple(dict.fromkeys([*(choice.id for choice in listed), *used]))


class _Field:
    """The votes on one field that count here, cut down to units with two or more of them."""

    def __init__(
        self,
        columns: Columns,
        chosen: Bools,
        codes: Ints,
        values: tuple[str, ...],
        name: str,
        known: tuple[str, ...],
        pair: int | None,
    ) -> None:
        self.columns, self.name, self.pair = columns, name, pair
        numbers = np.bincount(columns.vote_unit[chosen], minlength=len(columns.units))
        kept = chosen & (numbers[columns.vote_unit] >= 2) if len(chosen) else chosen
        self.units, self.unit = np.unique(columns.vote_unit[kept], return_inverse=True)
        used, self.code = np.unique(codes[kept], return_inverse=True)
        self.values = [values[i] for i in used]
        self.who = columns.vote_name[kept]
        self.choices = max(len(self.values), len(known))
        self.docs = [columns.units[number].doc_id for number in self.units]

    @cached_property
    def counts(self) -> Floats:
        """Votes of each unit for each value; asked of closed fields only, of which there are few values."""
        cells = self.unit * len(self.values) + self.code
        counted = np.bincount(cells, minlength=len(self.units) * len(self.values)).astype(np.float64)
        return counted.reshape(len(self.units), len(self.values))

    def sums(self, details: bool) -> list[Sums]:
        """All measures of this field."""
        none = "no unit was judged by two annotators"
        one = f"only one value was used ({self.values[0]})" if len(self.values) == 1 else none
        if self.name not in CLOSED and not self.name.startswith("stance"):
            return self._open_sums(none, one)
        unused = np.zeros((len(self.counts), (self.choices - len(self.values)) * (len(self.values) > 1)))
        made = [
            self._made(PERCENT, percent_sums(self.counts), ratio_of, none),
            self._made(ALPHA, alpha_sums(self.counts), alpha_of, one),
            self._cohen(one),
            self._made(FLEISS, kappa_sums(self.counts), fleiss_of, one),
            self._made(GWET, kappa_sums(np.hstack([self.counts, unused])), gwet_of, one),
        ]
        if self.name.startswith("stance") and "none" not in self.values:
            order = sorted(range(len(self.values)), key=lambda i: SCALE.get(self.values[i], 0.0))
            coincidences = coincidence_sums(self.counts[:, order])
            places = [SCALE.get(self.values[i], 0.0) for i in order]
            made.append(self._made(ORDINAL, coincidences, distance_alpha_of(None), one))
            made.append(self._made(INTERVAL, coincidences, distance_alpha_of(places), one))
        return made + (self._details() if details and self.name in CLOSED else [])

    def _made(self, name: str, table: Floats, finish: Finish, undefined: str, quadratic: Floats | None = None) -> Sums:
        return Sums(name.format(self.name), self.docs, table, finish, len(self.units), undefined, quadratic)

    def _open_sums(self, none: str, one: str) -> list[Sums]:
        """The same for values without a common list: see `open_values`."""
        n, k = len(self.units), len(self.values)
        votes = np.bincount(self.unit, minlength=n).astype(np.float64)
        cells, counted = np.unique(self.unit * max(k, 1) + self.code, return_counts=True)
        times: Floats = counted.astype(np.float64)
        unit, code = cells // max(k, 1), cells % max(k, 1)
        first_row = {doc_id: row for row, doc_id in reversed(list(enumerate(self.docs)))}
        home = np.array([first_row[doc_id] for doc_id in self.docs], dtype=np.int64)
        low, high = np.full(k, n), np.full(k, -1)
        np.minimum.at(low, code, home[unit])
        np.maximum.at(high, code, home[unit])
        own = low == high  # values of one document
        place = np.cumsum(~own) - 1
        n_common = int((~own).sum())
        shared = ~own[code]

        def table(columns: Sequence[Floats], weight: Floats) -> Floats:
            """The columns, and behind them the weight of each common value."""
            common = np.bincount(unit[shared] * n_common + place[code[shared]], weight[shared], minlength=n * n_common)
            return np.column_stack([*columns, common.reshape(n, n_common)])

        def squares(weight: Floats) -> Floats:
            """At each document's first row: the squares of what its own values weigh."""
            total = np.bincount(code, weight, minlength=k)
            found: Floats = np.bincount(low[own], total[own] ** 2, minlength=n).astype(np.float64)[:, None]
            return found

        agreeing: Floats = np.bincount(unit, times * (times - 1), minlength=n).astype(np.float64)
        alone: Floats = np.bincount(unit, times * ~shared, minlength=n).astype(np.float64)
        pairs = votes * (votes - 1)
        share = times / votes[unit]
        kappa, kappa_squares = table([agreeing / pairs, np.ones(n)], share), squares(share)
        percent = np.column_stack([agreeing, pairs])
        return [
            self._made(PERCENT, percent, ratio_of, none),
            self._made(ALPHA, table([agreeing / (votes - 1), alone], times), open_alpha_of, one, squares(times)),
            self._open_cohen(own, place, low, one),
            self._made(FLEISS, kappa, open_fleiss_of, one, kappa_squares),
            self._made(GWET, kappa, open_gwet_of(k), one, kappa_squares),
        ]

    def _open_cohen(self, own: Bools, place: Ints, low: Ints, undefined: str) -> Sums:
        pairs = self._pairs()
        n_common = int((~own).sum())
        n, width = len(self.units), 2 + 2 * n_common
        if not pairs or self.columns.is_pooled or len(pairs) * width > MOST_SUMS:
            return self._no_cohen(undefined if not pairs else TOO_MANY)
        sums, products = np.zeros((n, len(pairs), width)), np.zeros((n, len(pairs)))
        for number, rows, one, other in self._met(pairs):
            sums[rows, number, 0] = 1
            sums[rows, number, 1] = one == other
            for codes, at in ((one, 2), (other, 2 + n_common)):
                shared = ~own[codes]
                sums[rows[shared], number, at + place[codes[shared]]] += 1
            first, second = (np.bincount(codes, minlength=len(own)) for codes in (one, other))
            products[:, number] = np.bincount(low[own], (first * second)[own], minlength=n)
        name = COHEN if len(pairs) == 1 else COHEN_PAIRS
        return self._made(name, sums.reshape(n, len(pairs) * width), open_cohen_of(len(pairs)), undefined, products)

    def _cohen(self, undefined: str) -> Sums:
        """Cohen's kappa of each pair, averaged. Pairs and values may be too many to hold; then it says so."""
        k, pairs = len(self.values), self._pairs()
        width = 2 + 2 * k
        if not pairs or self.columns.is_pooled or len(pairs) * width > MOST_SUMS:
            return self._no_cohen(undefined if not pairs else TOO_MANY)
        table = np.zeros((len(self.units), len(pairs), width))
        for number, rows, one, other in self._met(pairs):
            table[rows, number, 0] = 1
            table[rows, number, 1] = one == other
            table[rows, number, 2 + one] += 1
            table[rows, number, 2 + k + other] += 1
        name = COHEN if len(pairs) == 1 else COHEN_PAIRS
        return self._made(name, table.reshape(len(self.units), len(pairs) * width), cohen_of(k), undefined)

    def _no_cohen(self, reason: str) -> Sums:
        nothing = np.zeros((len(self.units), 2))
        return self._made(COHEN_PAIRS if reason == TOO_MANY else COHEN, nothing, cohen_of(0), reason)

    def _met(self, pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Ints, Ints, Ints]]:
        """Of each pair: its number, the units both judged, what the first and what the second said there."""
        given = np.full((len(self.units), len(self.columns.names)), -1, dtype=np.int64)
        given[self.unit, self.who] = self.code
        for number, (a, b) in enumerate(pairs):
            rows = np.flatnonzero((given[:, a] >= 0) & (given[:, b] >= 0))
            yield number, rows, given[rows, a], given[rows, b]

    def _pairs(self) -> tuple[tuple[int, int], ...]:
        if self.pair is not None:
            return (self.columns.pairs[self.pair],)
        if self.columns.layer != "document_stance" or self.columns.is_pooled:
            return self.columns.pairs or ((0, 1),) * self.columns.is_pooled
        names = np.unique(self.who)
        return tuple((int(a), int(b)) for i, a in enumerate(names) for b in names[i + 1 :])

    def _details(self) -> list[Sums]:
        """Share of each value among the votes, and of each pair of values among the pairs of votes."""
        made = []
        votes = self.counts.sum(axis=1)
        pairs = votes * (votes - 1) / 2
        for i, value in enumerate(self.values):
            table = np.column_stack([self.counts[:, i], votes])
            made.append(Sums(PREVALENCE.format(self.name, value), self.docs, table, ratio_of, len(self.units), ""))
        for i, one in enumerate(self.values):
            for j in range(i, len(self.values)):
                n, m = self.counts[:, i], self.counts[:, j]
                found = n * (n - 1) / 2 if i == j else n * m
                if found.any():
                    name = CONFUSION.format(self.name, one, self.values[j])
                    made.append(
                        Sums(name, self.docs, np.column_stack([found, pairs]), ratio_of, int((found > 0).sum()), "")
                    )
        return made
