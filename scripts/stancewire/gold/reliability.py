"""Rows of `agreement` about single annotators: how far gold has what they said, and what a model learnt about them.

Gold rests on their votes too, and the fewer annotators there are the more it does: under three, the rows say so. What
nobody else was asked about is no evidence of anyone's reliability, and is left out; where all of an annotator's work is
such, nothing is said of them, neither by gold nor by a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..agreement.coefficients import LEAST_STORIES, f1_of, ratio_of
from ..agreement.measure import FEW_STORIES, StoryPlaces, measured_row, models_reason
from ..agreement.sums import Sums
from ..agreement.units import LAYER_PASS, Unit, Vote
from ..agreement.values import DROP, LAYER_FIELDS, Row, boundary_value, field_value
from .merge import Outcome
from .models import LEAST_ANNOTATORS, Learnt

GOLD_HAS = "annotator reliability, share of own values that gold has: {}"
FOUND = "annotator reliability, spans against gold: {}"
FEW = "fewer than three annotators: gold is largely what this annotator said"
FEW_LEARNT = f"fewer than {LEAST_ANNOTATORS} annotators: the model had nobody to learn from, and this means little"
_NOTHING = "nothing of this annotator's that others were asked about is settled"
ALONE = "nobody else was asked about what this annotator was: there was nobody to learn from"
Own = tuple[Unit, Mapping[str, str | None], Vote | None]
"""A unit, what its fields were settled to, and what the annotator said of it."""


def reliability_rows(
    outcomes: Sequence[Outcome], learnt: Iterable[Learnt], stories: Mapping[str, str], models: frozenset[str]
) -> list[Row]:
    """Rows by annotator, each layer's by name.

    Args:
        outcomes: of all units; those of projected judgements alone are left out.
        learnt: what a model learnt, where the method is one.
        stories: doc_id -> story_id. models: annotators that are models.
    """
    rows: list[Row] = []
    places = StoryPlaces(stories)
    for layer in LAYER_PASS:
        listed = [made for made in outcomes if made.unit.layer == layer and not made.unit.is_projected]
        names = sorted({name for outcome in listed for name in outcome.unit.submitted})
        own: dict[str, list[Own]] = {name: [] for name in names}  # where they speak, in order
        for outcome in listed:
            votes = {vote.annotator_id: vote for vote in outcome.unit.votes}
            values = {item.field: item.value for item in outcome.fields}
            voters = outcome.unit.voters
            for name in voters if len(voters) > 1 else ():
                own[name].append((outcome.unit, values, votes.get(name)))
        for name in names:
            head = {"layer": layer, "by": "annotator", "group": name}
            for sums in _against_gold(layer, own[name]):
                row = measured_row(sums, {name}, places, models, least=1)
                if len(names) < LEAST_ANNOTATORS and row["value"] is not None:
                    row["reason"] = "; ".join(filter(None, (FEW, row["reason"])))
                rows.append(head | row)
    return rows + _learnt_rows(list(learnt), stories, models)


def _against_gold(layer: str, own: Sequence[Own]) -> list[Sums]:
    made = []
    if layer != "document_stance":
        made += _spans(own)
    for field in LAYER_FIELDS[layer]:
        docs, hits = [], []
        for unit, values, vote in own:
            value = values[field]
            if vote is not None and value is not None and values.get("exists") != DROP:
                docs.append(unit.doc_id)
                hits.append([field_value(vote.row, field) == value, 1])
        table = np.array(hits, dtype=np.float64).reshape(-1, 2)
        made.append(Sums(GOLD_HAS.format(field), docs, table, ratio_of, len(docs), _NOTHING))
    return made


def _spans(own: Sequence[Own]) -> list[Sums]:
    """Precision, recall and F1 of an annotator's spans; of units whose existence and place are settled."""
    docs, marks = [], []
    for unit, values, vote in own:
        exists, place = values["exists"], values["boundary"]
        if exists is None or place is None:
            continue
        docs.append(unit.doc_id)
        same = vote is not None and place == boundary_value(vote.start or 0, vote.end or 0)
        kept = exists != DROP
        marks.append([vote is not None and kept, same and kept, vote is not None, kept])
    table = np.array(marks, dtype=np.float64).reshape(-1, 4)
    made = []
    for at, kind in enumerate(("overlapping", "exact")):
        both, marked, gold = table[:, at], table[:, 2], table[:, 3]
        for word, held, finish in (
            ("precision", marked, ratio_of),
            ("recall", gold, ratio_of),
            ("F1", marked + gold, f1_of),
        ):
            name = FOUND.format(f"{word}, {kind}")
            made.append(Sums(name, docs, np.column_stack([both, held]), finish, len(docs), _NOTHING))
    return made


def _learnt_rows(learnt: Sequence[Learnt], stories: Mapping[str, str], models: frozenset[str]) -> list[Row]:
    """What models learnt, beside how much each annotator was asked."""
    asked: dict[str, dict[str, list[str]]] = {}  # layer -> annotator -> the story of each unit
    met: dict[str, set[str]] = {}  # layer -> those who were asked about anything together with others
    for item in learnt:
        if item.layer not in asked:
            of_layer = asked.setdefault(item.layer, {})
            for unit in item.units:
                for name in unit.submitted:
                    of_layer.setdefault(name, []).append(stories.get(unit.doc_id, unit.doc_id))
                if len(unit.submitted) > 1:
                    met.setdefault(item.layer, set()).update(unit.submitted)
    rows: list[Row] = []
    for item in learnt:
        told = asked[item.layer].get(item.annotator_id, [])
        n_stories = len(set(told))
        alone = item.annotator_id not in met.get(item.layer, ())
        reasons = [
            ALONE if alone else None,
            FEW_LEARNT if len(asked[item.layer]) < LEAST_ANNOTATORS else None,
            "a model's estimate: no interval",
            FEW_STORIES if n_stories < LEAST_STORIES else None,
            models_reason({item.annotator_id}, models),
        ]
        row: Row = {"layer": item.layer, "by": "annotator", "group": item.annotator_id, "measure": item.measure}
        row |= {"value": None if alone else item.value, "low": None, "high": None, "n_units": len(told)}
        row |= {"n_stories": n_stories, "n_annotators": 1, "reason": "; ".join(filter(None, reasons))}
        rows.append(row)
    return rows
