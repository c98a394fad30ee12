"""How annotators judged the units that two or more of them found: shares, kappas, alphas, prevalence, confusion."""

from __future__ import annotations

import numpy as np

from ..codebook.model import Codebook
from .coefficients import Finish, Floats, alpha_of, alpha_sums, percent_sums, ratio_of
from .columns import Bools, Columns, Ints
from .distances import coincidence_sums, distance_alpha_of
from .kappas import cohen_of, fleiss_of, gwet_of, kappa_sums
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
_CLOSED = ("label", "kind", "stance", "attribution")


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
    if codebook is None or field not in _CLOSED:
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
        cells = self.unit * len(self.values) + self.code
        counted = np.bincount(cells, minlength=len(self.units) * len(self.values)).astype(np.float64)
        self.counts: Floats = counted.reshape(len(self.units), len(self.values))

    def sums(self, details: bool) -> list[Sums]:
        """All measures of this field."""
        none = "no unit was judged by two annotators"
        one = f"only one value was used ({self.values[0]})" if len(self.values) == 1 else none
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
        return made + (self._details() if details and self.name in _CLOSED else [])

    def _made(self, name: str, table: Floats, finish: Finish, undefined: str) -> Sums:
        return Sums(name.format(self.name), self.docs, table, finish, len(self.units), undefined)

    def _cohen(self, undefined: str) -> Sums:
        """Cohen's kappa of each pair, averaged. Pairs and values may be too many to hold; then it says so."""
        k, pairs = len(self.values), self.columns.pairs if self.pair is None else (self.columns.pairs[self.pair],)
        if self.columns.layer == "document_stance":
            pairs = self._document_pairs()
        name = COHEN if len(pairs) == 1 else COHEN_PAIRS
        width = 2 + 2 * k
        if self.columns.is_pooled or len(pairs) * width > MOST_SUMS:
            many = "too many annotator pairs and values: see Fleiss' kappa, and the pairs' own rows where there are any"
            return self._made(COHEN_PAIRS, np.zeros((len(self.units), width)), cohen_of(k), many)
        table = np.zeros((len(self.units), max(1, len(pairs)), width))
        given = np.full((len(self.units), len(self.columns.names)), -1, dtype=np.int64)
        given[self.unit, self.who] = self.code
        for number, (a, b) in enumerate(pairs):
            rows = np.flatnonzero((given[:, a] >= 0) & (given[:, b] >= 0))
            one, other = given[rows, a], given[rows, b]
            table[rows, number, 0] = 1
            table[rows, number, 1] = one == other
            table[rows, number, 2 + one] += 1
            table[rows, number, 2 + k + other] += 1
        return self._made(name, table.reshape(len(self.units), max(1, len(pairs)) * width), cohen_of(k), undefined)

    def _document_pairs(self) -> tuple[tuple[int, int], ...]:
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
