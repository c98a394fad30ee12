"""What annotators found: precision, recall and F1 of spans, of tokens, and of whole tuples; and how much they share.

Nobody is right beforehand, so F1 is taken over pairs of annotators, the one measured against the other; it is the same
whichever of the two is the reference. Precision and recall are not, and are given for a pair: the second name of the
pair measured against the first.

exact                          both spans begin and end at the same characters, edge white space off
overlapping                    the spans are one unit (`align`)
tuples, exact spans            equal spans, and label and entity (mentions) or target, stance and holder (stances) equal
tuples, overlapping spans      one unit, and these values equal
tokens                         words, and other characters one by one, that a span touches
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .coefficients import Floats, f1_of, ratio_of
from .columns import FOUND, TOKENS, Bools, Columns, Ints
from .sums import Sums

FOUND_EXACT = "span F1, exact, mean over annotator pairs"
FOUND_OVERLAP = "span F1, overlapping, mean over annotator pairs"
SHARE = "share of units marked by two or more annotators"
NOTHING = "nothing was marked"
_KIND = {
    "exact": "span {}, exact",
    "overlapping": "span {}, overlapping",
    "tuples, exact spans": "tuple {} ({}), exact spans",
    "tuples, overlapping spans": "tuple {} ({}), overlapping spans",
    "tokens": "token {}",
}
_TUPLE = {"mention": "span, label, entity", "stance": "span, target, stance, holder"}


def found_sums(columns: Columns, units: Bools, pair: int | None) -> list[Sums]:
    """Measures of what was found in these units, by one pair of annotators or by all; of document stances the share."""
    if columns.layer == "document_stance":
        return [_share(columns, units)]
    chosen = units[columns.row_unit]
    if pair is not None:
        chosen &= columns.row_pair == pair
    rows = np.flatnonzero(chosen)
    docs = [columns.units[number].doc_id for number in columns.row_unit[rows].tolist()]
    per_document = _documents(docs)
    n_units = int(units.sum())
    sums = []
    for at, found in enumerate(FOUND):
        if at == TOKENS and not columns.first[:, TOKENS].any() and not columns.second[:, TOKENS].any():
            continue
        both, first, second = columns.both[rows, at], columns.first[rows, at], columns.second[rows, at]
        name = _KIND[found].format("{}", _TUPLE[columns.layer])
        if pair is None:
            scope = "pooled over annotator pairs" if columns.is_pooled else "mean over annotator pairs"
            table = _by_pair(columns, rows, per_document, both, first + second)
            sums.append(Sums(f"{name.format('F1')}, {scope}", per_document[0], table, f1_of, n_units, NOTHING))
        else:
            sums.append(Sums(name.format("F1"), docs, np.column_stack([both, first + second]), f1_of, n_units, NOTHING))
            against = "second annotator against first"
            for word, held, who in (("precision", second, "second"), ("recall", first, "first")):
                said = f"the {who} annotator marked nothing"
                table = np.column_stack([both, held])
                sums.append(Sums(f"{name.format(word)}, {against}", docs, table, ratio_of, n_units, said))
    share = _share(columns, units)
    if pair is not None:
        both = columns.both[rows, FOUND.index("overlapping")]
        share = Sums(SHARE, docs, np.column_stack([both, np.ones(len(rows))]), ratio_of, n_units, NOTHING)
    return [share, *sums]


def _documents(docs: Sequence[str]) -> tuple[list[str], Ints]:
    """The documents of some rows, each once, and where each row's stands among them."""
    numbers = {doc_id: i for i, doc_id in enumerate(dict.fromkeys(docs))}
    return list(numbers), np.fromiter(map(numbers.__getitem__, docs), dtype=np.int64, count=len(docs))


def _by_pair(columns: Columns, rows: Ints, documents: tuple[list[str], Ints], both: Floats, marked: Floats) -> Floats:
    """One row a document: both, marked of each pair in turn."""
    names, at = documents
    width = 2 * max(1, len(columns.pairs))
    cell = at * width + 2 * columns.row_pair[rows]
    table: Floats = np.zeros(len(names) * width)
    table += np.bincount(cell, both, len(table))
    table += np.bincount(cell + 1, marked, len(table))
    return table.reshape(len(names), width)


def _share(columns: Columns, units: Bools) -> Sums:
    chosen = [columns.units[number] for number in np.flatnonzero(units)]
    asked = [unit.submitted if unit.layer == "document_stance" else unit.voters for unit in chosen]
    twice = [[len(unit.votes) >= 2, len(names) >= 2] for unit, names in zip(chosen, asked, strict=True)]
    table = np.array(twice, dtype=np.float64).reshape(-1, 2)
    return Sums(SHARE, [unit.doc_id for unit in chosen], table, ratio_of, len(chosen), NOTHING)
