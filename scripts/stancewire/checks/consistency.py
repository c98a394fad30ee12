"""Level 3, across documents and time: stances that flip between reprints, annotators who drift. Warnings.

**Drift.** An annotator's documents are put in the order in which they were submitted and cut in two where half of their
judgements lie on either side. For each layer and label, d = (p2 - p1) - (q2 - q1): p1 and p2 are its shares among the
annotator's judgements in the first and the second half, q1 and q2 those among all others' judgements on the same
documents (where others judged both halves; else 0), so that documents that differ are no drift. It is reported where
|d| >= 0.15 and the two-sided normal test of d = 0, var d = sum of s(1 - s)/n over the shares, gives p < 0.001 divided
by the number of shares compared (Bonferroni). Each half needs 30 judgements, and two days must lie between them.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..errors import Problem
from .loading import Loaded, limited, table_file

LEAST_JUDGEMENTS = 30
LEAST_DIFFERENCE = 0.15
LEVEL = 0.001

Work = Mapping[str, Sequence[str]]  # labels by document


def check_consistency(loaded: Loaded) -> list[Problem]:
    """Stances and document stances that flip between reprints; annotators whose labels drift."""
    return [
        *limited("stance-flip", table_file("stances"), _flipped_stances(loaded)),
        *limited("document-flip", table_file("document_stances"), _flipped_documents(loaded)),
        *limited("annotator-drift", table_file("judgements"), _drifting(loaded)),
    ]


def _flipped_stances(loaded: Loaded) -> Iterator[tuple[str, str]]:
    stories = dict(loaded.columns("stories", "doc_id", "story_id"))
    said: dict[tuple[Any, ...], list[tuple[str, int, int, str]]] = defaultdict(list)
    columns = (
        "doc_id",
        "start",
        "end",
        "text",
        "target_id",
        "stance",
        "holder_type",
        "holder_entity_id",
        "holder_text",
    )
    for doc_id, start, end, text, target, stance, *holder in loaded.columns("stances", *columns):
        if doc_id in stories:
            words = " ".join(text.casefold().split())
            name = str(holder[1]).rpartition("#")[2]  # an entity local to a document is called alike in its reprint
            said[stories[doc_id], words, target, holder[0], name, holder[2]].append((doc_id, start, end, stance))
    for rows in said.values():
        usual = Counter(stance for *_, stance in rows)
        if len(usual) > 1 and len({doc_id for doc_id, *_ in rows}) > 1:
            common = max(sorted(usual), key=usual.__getitem__)
            for doc_id, start, end, stance in sorted(rows):
                if stance != common:
                    yield f"{doc_id}:{start}-{end}", f"{stance} here, and {common} on the same words in a reprint"


def _flipped_documents(loaded: Loaded) -> Iterator[tuple[str, str]]:
    stories = dict(loaded.columns("stories", "doc_id", "story_id"))
    said: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for doc_id, target, stance in loaded.columns("document_stances", "doc_id", "target_id", "stance"):
        if doc_id in stories and stance in ("favor", "against"):
            said[stories[doc_id], target][doc_id] = stance
    for (_, target), by_document in sorted(said.items()):
        if len(set(by_document.values())) > 1:
            other = next(doc_id for doc_id, stance in sorted(by_document.items()) if stance == "favor")
            for doc_id, stance in sorted(by_document.items()):
                if stance == "against":
                    yield f"{doc_id} {target}", f"against here, and favor in its reprint {other}"


def _drifting(loaded: Loaded) -> Iterator[tuple[str, str]]:
    work: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    days: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    columns = ("annotator_id", "layer", "doc_id", "label", "status", "updated_at")
    for annotator, layer, doc_id, label, status, time in loaded.columns("judgements", *columns):
        if status == "current" and label is not None:
            work[annotator, layer][doc_id].append(label)
            days[annotator, layer][doc_id] = max(time, days[annotator, layer].get(doc_id, time))
    for (annotator, layer), own in sorted(work.items()):
        halves = _halves(own, days[annotator, layer])
        if halves is None:
            continue
        others = [item for (name, kind), item in sorted(work.items()) if kind == layer and name != annotator]
        shares = [_counts(half, [own]) for half in halves]
        peers = [_counts(half, others) for half in halves]
        labels = sorted({label for counts in shares for label in counts})
        for label in labels:
            found = drift(label, shares, peers)
            if found is not None and found[1] < LEVEL / len(labels):
                before, after = (counts[label] / counts.total() for counts in shares)
                beside = "" if all(peers) else "; nobody else judged the same documents"
                said = f"{layer} {label}: {before:.0%} of the first half, {after:.0%} of the second"
                yield annotator, f"{said}, {found[0]:+.0%} beside others (p = {found[1]:.1g}){beside}"


def _halves(own: Work, days: Mapping[str, Any]) -> tuple[list[str], list[str]] | None:
    """An annotator's earlier and later documents; None where they are too few, or of one time."""
    order = sorted(own, key=lambda doc_id: (days[doc_id], doc_id))
    total, done = sum(map(len, own.values())), 0
    for number, doc_id in enumerate(order, 1):
        done += len(own[doc_id])
        if done * 2 >= total:
            first, second = order[:number], order[number:]
            enough = done >= LEAST_JUDGEMENTS and total - done >= LEAST_JUDGEMENTS
            apart = bool(second) and (days[second[-1]] - days[first[0]]).days >= 2
            return (first, second) if enough and apart else None
    return None


def _counts(documents: Iterable[str], of: Sequence[Work]) -> Counter[str]:
    return Counter(label for doc_id in documents for work in of for label in work.get(doc_id, ()))


def drift(label: str, own: Sequence[Counter[str]], others: Sequence[Counter[str]]) -> tuple[float, float] | None:
    """(d, p) of one label; None where d is too small to speak of. See the module's formula.

    Args:
        own, others: labels counted in the first and in the second half.
    """
    compared = [*own, *(others if all(counts.total() for counts in others) else ())]
    shares = [(counts[label] / counts.total(), counts.total()) for counts in compared]
    difference = shares[1][0] - shares[0][0]
    if len(shares) > 2:
        difference -= shares[3][0] - shares[2][0]
    if abs(difference) < LEAST_DIFFERENCE:
        return None
    # Half a judgement is added to either side, so that a share of 0 or 1 does not count as certain.
    smoothed = [((share * n + 0.5) / (n + 1), n) for share, n in shares]
    deviation = math.sqrt(sum(share * (1 - share) / n for share, n in smoothed))
    return difference, math.erfc(abs(difference) / deviation / math.sqrt(2))
