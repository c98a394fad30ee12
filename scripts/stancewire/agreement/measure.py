"""The `agreement` table: how far annotators *found* the same spans, and how far they *judged* alike what both found.

Finding and judging are kept apart, since in news finding a stance is hard and judging it easy; each figure about
judging stands beside the share of units it rests on. With fewer than ten stories there is no interval; where a value
is undefined it is null. `reason` says why, and says so where the annotators are models: two passes of language models
are two passes of models, not two readers.

Groups: `all`; `suggestions` (shown or not); `target`; `label` and `holder type` (only the votes that say so);
`annotator pair` (of document stances where there are more than two annotators); `round`; `month` (of a document's last
judgement); `reprints`, with the one group `shared sentences`: sentences that stand alike in several versions of a
story, where different annotators judged different versions (`shared`). These units are in no other group, `all`
included, and nothing is counted token by token in them.

A worked example. Two annotators read one text; ann-a marks three spans, ann-b two, of which one is equal to one of
ann-a's and the other overlaps one. Span F1, exact: 2 * 1 / (3 + 2) = 0.4; overlapping: 2 * 2 / 5 = 0.8. Of ann-a's
three spans ann-b found two (recall 2/3), both of ann-b's are among ann-a's (precision 1). Of three units two rest on
two votes: a share of 0.667, and these are what percent agreement, kappas and alphas are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ..codebook.model import Codebook
from ..engine import without_collector
from .coefficients import LEAST_STORIES, interval, sum_by
from .columns import MOST_ANNOTATORS, Bools, Columns, make_columns
from .found import found_sums
from .judged import judged_sums
from .sums import Sums
from .tokens import Tokens
from .units import LAYER_PASS, Unit
from .values import Row

MODELS_ONLY = "agreement between model passes, not inter-annotator agreement"
FEW_STORIES = f"fewer than {LEAST_STORIES} stories: no interval, and the value speaks for these documents only"

SHARED = ("reprints", "shared sentences")
"""Grouping and group of sentences that were judged in different versions of a story."""

VOTE_GROUPS = {"mention": ("label", "label"), "stance": ("holder type", "holder_type")}
"""Of each layer: the grouping by what the votes themselves say, and its column."""


@dataclass(frozen=True)
class Group:
    """Some units of a layer: `by` and `group` as in the table; `pair` where only one pair of annotators counts."""

    by: str
    group: str
    columns: Columns
    units: Bools
    pair: int | None = None

    @property
    def names(self) -> set[str]:
        """Who had the chance to judge them."""
        if self.pair is not None:
            return {self.columns.names[i] for i in self.columns.pairs[self.pair]}
        return {name for number in np.flatnonzero(self.units) for name in self.columns.units[number].submitted}


@without_collector
def measure_agreement(
    units: Iterable[Unit],
    stories: Mapping[str, str],
    models: frozenset[str] = frozenset(),
    texts: Mapping[str, str] | None = None,
    codebook: Codebook | None = None,
    rounds: Mapping[int, Sequence[Unit]] | None = None,
    shared: Sequence[Unit] = (),
) -> list[Row]:
    """Rows of `agreement` for each layer, as a whole and by each grouping.

    Args:
        units: as `units.make_units` makes them; those without any independent judgement are left out.
        stories: doc_id -> story_id; reprints of one story are resampled together.
        models: annotators that are models.
        texts: doc_id -> canonical text; without them nothing is counted token by token.
        codebook: the values that could have been chosen (Gwet's AC1 asks how many), and levels.
        rounds: the units of each round by itself (`units.make_rounds`).
        shared: the units of sentences that versions share (`shared.make_shared_units`).
    """
    by_layer: dict[str, list[Unit]] = {layer: [] for layer in LAYER_PASS}
    for unit in units:
        if not unit.is_projected:
            by_layer[unit.layer].append(unit)
    tokens = None if texts is None else Tokens(texts)
    rows = []
    places = StoryPlaces(stories)
    for layer, listed in by_layer.items():
        of_rounds = {
            number: [unit for unit in made if unit.layer == layer and not unit.is_projected]
            for number, made in sorted((rounds or {}).items())
        }
        common = [unit for unit in shared if unit.layer == layer and not unit.is_projected]
        for group in _groups(layer, listed, tokens, of_rounds, common):
            sums = found_sums(group.columns, group.units, group.pair)
            if group.by != "label":
                whole = group.by in ("all", "annotator pair")
                sums += judged_sums(group.columns, group.units, group.pair, codebook, details=whole)
            names = group.names
            for measure in sums:
                rows.append(
                    {"layer": layer, "by": group.by, "group": group.group}
                    | measured_row(measure, names, places, models)
                )
    return rows


def _groups(
    layer: str,
    units: Sequence[Unit],
    tokens: Tokens | None,
    rounds: Mapping[int, Sequence[Unit]],
    shared: Sequence[Unit],
) -> Iterator[Group]:
    columns = make_columns(layer, units, tokens)
    yield Group("all", "all", columns, np.ones(len(units), dtype=np.bool_))
    months = _months(units)
    keys: dict[str, list[str | None]] = {
        "suggestions": ["shown" if unit.suggested else "not shown" for unit in units],
        "target": [unit.target_id for unit in units],
        "month": [months[unit.doc_id] for unit in units],
    }
    for by, values in keys.items():
        for value in sorted({value for value in values if value is not None}):
            yield Group(by, value, columns, np.array([item == value for item in values], dtype=np.bool_))
    if layer in VOTE_GROUPS:
        by, field = VOTE_GROUPS[layer]
        for value in sorted({vote.row[field] for unit in units for vote in unit.votes}):
            chosen = _voting(units, field, value)
            yield Group(by, value, make_columns(layer, chosen, tokens), np.ones(len(chosen), dtype=np.bool_))
    for number, pair in enumerate(columns.pairs if layer != "document_stance" else ()):
        together = np.zeros(len(units), dtype=np.bool_)
        marked = columns.first + columns.second > 0
        together[columns.row_unit[(columns.row_pair == number) & marked[:, 0]]] = True
        yield Group("annotator pair", " ".join(columns.names[i] for i in pair), columns, together, number)
    if layer == "document_stance" and 2 < len(columns.names) <= MOST_ANNOTATORS:  # of two, `all` says it
        for one, other in combinations(columns.names, 2):
            chosen = _of_pair(units, one, other)
            if chosen:
                made_pair = make_columns(layer, chosen, tokens)
                yield Group("annotator pair", f"{one} {other}", made_pair, np.ones(len(chosen), dtype=np.bool_))
    for number, made in rounds.items():
        if made:
            same = made == list(units)  # one round only
            of_round = columns if same else make_columns(layer, made, tokens)
            yield Group("round", str(number), of_round, np.ones(len(made), dtype=np.bool_))
    if shared:
        yield Group(*SHARED, make_columns(layer, shared, None), np.ones(len(shared), dtype=np.bool_))


def _of_pair(units: Sequence[Unit], one: str, other: str) -> list[Unit]:
    """The units that both had the chance to judge, with their votes alone; units without any are left out."""
    chosen = []
    for unit in units:
        if one in unit.submitted and other in unit.submitted:
            votes = tuple(vote for vote in unit.votes if vote.annotator_id in (one, other))
            if votes:
                chosen.append(replace(unit, votes=votes, submitted=(one, other)))
    return chosen


def _months(units: Sequence[Unit]) -> dict[str, str]:
    """doc_id -> the month (YYYY-MM) of its last judgement."""
    found: dict[str, str] = {}
    for unit in units:
        for vote in unit.votes:
            month = vote.row["created_at"].strftime("%Y-%m")
            found[unit.doc_id] = max(month, found.get(unit.doc_id, ""))
    return found


def _voting(units: Sequence[Unit], field: str, value: str) -> list[Unit]:
    """The units with only those votes that say so; units without any are left out."""
    chosen = []
    for unit in units:
        votes = tuple(vote for vote in unit.votes if vote.row[field] == value)
        if votes:
            chosen.append(replace(unit, votes=votes))
    return chosen


class StoryPlaces:
    """Where the documents of a measure's rows stand among the stories it rests on.

    Several measures rest on one list of documents: it is looked at once.

    Args:
        stories: doc_id -> story_id.
    """

    def __init__(self, stories: Mapping[str, str]) -> None:
        self._stories = stories
        self._known: dict[int, tuple[Sequence[str], npt.NDArray[np.int64], int]] = {}

    def of(self, docs: Sequence[str]) -> tuple[npt.NDArray[np.int64], int]:
        """The number of each row's story, in the order of story ids; and how many stories there are."""
        found = self._known.get(id(docs))
        if found is None:
            stories = self._stories
            named = {doc_id: stories.get(doc_id, doc_id) for doc_id in dict.fromkeys(docs)}
            numbers = {story: i for i, story in enumerate(sorted(set(named.values())))}
            of_document = {doc_id: numbers[story] for doc_id, story in named.items()}
            at = np.fromiter(map(of_document.__getitem__, docs), dtype=np.int64, count=len(docs))
            if len(self._known) > 30:  # of groups that are done with
                self._known.clear()
            found = self._known[id(docs)] = (docs, at, len(numbers))  # held, so that its id is nobody else's
        return found[1], found[2]


def measured_row(sums: Sums, names: set[str], stories: StoryPlaces, models: frozenset[str], least: int = 2) -> Row:
    """A measure added up: value, interval, counts and reasons.

    Args:
        names: the annotators it is about. least: how many of them it takes.
    """
    at, n_stories = stories.of(sums.docs)
    by_story = sum_by(at, sums.per_row, n_stories)
    squares = None if sums.quadratic is None else sum_by(at, sums.quadratic, n_stories)
    whole = by_story if squares is None else np.concatenate([by_story, squares], axis=1)
    value = float(sums.finish(whole.sum(axis=0))) if len(names) >= least else np.nan
    between = interval(by_story, sums.finish, squares) if not np.isnan(value) else None
    reasons = []
    if np.isnan(value):
        reasons.append("fewer than two annotators" if len(names) < least else sums.undefined)
    elif n_stories < LEAST_STORIES:
        reasons.append(FEW_STORIES)
    elif between is None:
        reasons.append("undefined in most bootstrap samples: no interval")
    reasons += filter(None, [models_reason(names, models)])
    return {
        "measure": sums.measure,
        "value": None if np.isnan(value) else value,
        "low": between[0] if between else None,
        "high": between[1] if between else None,
        "n_units": sums.n_units,
        "n_stories": n_stories,
        "n_annotators": len(names),
        "reason": "; ".join(reasons) or None,
    }


def models_reason(names: set[str], models: frozenset[str]) -> str | None:
    """What must be said about agreement of these annotators, some or all of whom may be models."""
    if names and names <= models:
        return MODELS_ONLY
    return "some of the annotators are models" if names & models else None
