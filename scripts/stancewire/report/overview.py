"""What a corpus holds at a glance: the counts that the overview page draws, from the tables and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..corpus_view import Corpus

MOST_SHOWN = 15
STANCES = ("favor", "against", "neutral", "none")
# The measures of `agreement` that answer "did they find it" and "did they judge it alike", as far as a corpus has them.
_MEASURES = ("span F1, overlapping", "span F1, exact", "share of units", "Krippendorff's alpha, nominal")


@dataclass(frozen=True)
class Bars:
    """Counts by name and part, e.g. by target and stance; the largest first, `n_left` names not shown."""

    rows: Sequence[tuple[str, Mapping[str, int]]]
    n_left: int = 0


@dataclass(frozen=True)
class Measured:
    """One row of the table `agreement` over all units; `reason` says why a value or interval is missing."""

    layer: str
    measure: str
    value: float | None
    low: float | None
    high: float | None
    n_units: int
    reason: str | None


@dataclass(frozen=True)
class Overview:
    """All that the page shows.

    Attributes:
        facts: name and number, in order. annotators: how many there are by kind (`human`, `model`).
        targets, holders, documents: stances by target, by holder; document stances by target.
        months: documents by month (YYYY-MM), of those with a date of their own or of their story; `n_undated` the rest.
        kinds: variants by kind, `substantive` and `formal`.
    """

    facts: Sequence[tuple[str, int]]
    annotators: Mapping[str, int]
    targets: Bars
    holders: Bars
    attributions: Bars
    documents: Bars
    mentions: Bars
    months: Bars
    outlets: Bars
    kinds: Bars
    n_undated: int
    agreement: Sequence[Measured]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def read_overview(corpus: Corpus) -> Overview:
    """The overview of a project, a release folder or its zip.

    Raises:
        TableError, ReleaseError: a table is missing, stale or damaged.
    """
    wide = _rows(corpus, "stances_wide", "target", "stance", "holder", "attribution", "via_type")
    stories = _rows(corpus, "stories", "doc_id", "story_id", "date_inferred")
    documents = _rows(corpus, "documents", "doc_id", "date", "outlet", "n_words")
    targets = {row["target_id"]: row["name"] for row in _rows(corpus, "targets", "target_id", "name")}
    inferred = {row["doc_id"]: row["date_inferred"] for row in stories}
    dates = [row["date"] or inferred.get(row["doc_id"]) for row in documents]
    variants = _rows(corpus, "variants", "kind", "substantive")
    annotators = Counter(row["kind"] for row in _rows(corpus, "annotators", "kind"))
    conflicts = Counter(row["status"] for row in _rows(corpus, "conflicts", "status"))
    mentions = Counter(row["label"] for row in _rows(corpus, "mentions", "label"))
    answers = _rows(corpus, "document_stances", "target_id", "stance")
    facts = {
        "documents": len(documents),
        "words of body text": sum(row["n_words"] or 0 for row in documents),
        "stories": len({row["story_id"] for row in stories}),
        "documents that are reprints": len(stories) - len({row["story_id"] for row in stories}),
        "mentions": mentions.total(),
        "attributed stances": len(wide),
        "annotators": annotators.total(),
        "conflicts decided": conflicts.total() - conflicts["open"],
        "conflicts open": conflicts["open"],
    }
    return Overview(
        facts=tuple(facts.items()),
        annotators=dict(sorted(annotators.items())),
        targets=_bars((row["target"], row["stance"]) for row in wide),
        holders=_bars((row["holder"] or "not named", row["stance"]) for row in wide),
        attributions=_bars(
            (row["attribution"], "through a source" if row["via_type"] not in (None, "none") else "directly")
            for row in wide
        ),
        documents=_bars((targets.get(row["target_id"], row["target_id"]), row["stance"]) for row in answers),
        mentions=_bars((label, "mentions") for label in mentions.elements()),
        months=_bars(((f"{date:%Y-%m}", "documents") for date in dates if date is not None), in_order=True),
        outlets=_bars((row["outlet"] or "not known", "documents") for row in documents),
        kinds=_bars((row["kind"], "substantive" if row["substantive"] else "formal") for row in variants),
        n_undated=sum(date is None for date in dates),
        agreement=_agreement(corpus),
    )


def _rows(corpus: Corpus, name: str, *columns: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = corpus.arrow(name).select(list(columns)).to_pylist()
    return found


def _bars(pairs: Any, in_order: bool = False) -> Bars:
    counts: dict[str, Counter[str]] = {}
    for name, part in pairs:
        counts.setdefault(str(name), Counter())[part] += 1
    if in_order:
        return Bars(tuple((name, dict(counts[name])) for name in sorted(counts)))
    names = sorted(counts, key=lambda name: (-counts[name].total(), name))
    shown = names[:MOST_SHOWN]
    return Bars(tuple((name, dict(counts[name])) for name in shown), len(names) - len(shown))


def _agreement(corpus: Corpus) -> tuple[Measured, ...]:
    columns = ("layer", "measure", "by", "value", "low", "high", "n_units", "reason")
    rows = [row for row in _rows(corpus, "agreement", *columns) if row.pop("by") == "all"]
    return tuple(
        Measured(**row) for begin in _MEASURES for row in rows if row["measure"].startswith(begin)
    )  # fmt: skip
