"""Generated crowds with a known truth: annotators who err by habit, and some who do not look."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from stancewire.agreement.align import Span, align
from stancewire.agreement.tokens import token_places
from stancewire.agreement.units import Unit, Vote

Row = dict[str, Any]
Place = tuple[str, int, int]
MONTH = datetime.datetime(2024, 5, 2, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Habit:
    """How one annotator marks spans: chances to miss one, to invent one; shifts in tokens with their weights."""

    miss: float
    invent: float
    starts: dict[int, float]
    ends: dict[int, float]


CAREFUL = Habit(0.1, 0.01, {0: 1.0}, {0: 1.0})
USUAL = Habit(0.2, 0.03, {0: 0.75, -1: 0.15, 1: 0.1}, {0: 0.75, 1: 0.15, -1: 0.1})
TAKES_ARTICLES = Habit(0.15, 0.03, {-1: 0.9, 0: 0.1}, {0: 0.95, 1: 0.05})
RUNS_ON = Habit(0.15, 0.03, {0: 0.95, -1: 0.05}, {1: 0.5, 2: 0.4, 0: 0.1})
SPAMMER = Habit(0.75, 0.25, {0: 0.2, -2: 0.4, 2: 0.4}, {0: 0.2, -2: 0.4, 2: 0.4})


@dataclass(frozen=True)
class Crowd:
    """Documents, the true spans in them, what each annotator marked, and the units of that."""

    texts: dict[str, str]
    truth: set[Place]
    marked: dict[str, set[Place]]
    units: list[Unit]


def judgement(name: str, doc_id: str, start: int, end: int, text: str, **values: Any) -> Row:
    """A mention's row, as far as units ask."""
    row: Row = {"doc_id": doc_id, "layer": "mention", "annotator_id": name, "start": start, "end": end, "text": text}
    row |= {"label": "PERSON", "kind": "name", "entity_id": None, "created_at": MONTH, "round": 1}
    return row | values


def span_crowd(habits: dict[str, Habit], seed: int, documents: int = 40, tokens: int = 80) -> Crowd:
    """A crowd that marks spans of one to five tokens."""
    chance = random.Random(seed)
    texts, truth = {}, set()
    marked: dict[str, set[Place]] = {name: set() for name in habits}
    for number in range(documents):
        doc_id = f"d{number:03}"
        words = ["".join(chance.choice("abcdefghij") for _ in range(chance.randint(2, 9))) for _ in range(tokens)]
        texts[doc_id] = " ".join(words)
        starts, ends = token_places(texts[doc_id])

        def place(first: int, last: int) -> Place:
            first = min(max(first, 0), tokens - 1)
            last = min(max(last, first), tokens - 1)
            return doc_id, starts[first], ends[last]  # noqa: B023

        at = chance.randint(2, 6)
        while at < tokens - 8:
            size = chance.randint(1, 5)
            truth.add(place(at, at + size - 1))
            for name, habit in habits.items():
                if chance.random() >= habit.miss:
                    by_start, by_end = (
                        chance.choices(list(w), list(w.values()))[0] for w in (habit.starts, habit.ends)
                    )
                    marked[name].add(place(at + by_start, at + size - 1 + by_end))
            at += size + chance.randint(4, 9)
        for name, habit in habits.items():
            for first in range(tokens):
                if chance.random() < habit.invent / 2:
                    marked[name].add(place(first, first + chance.randint(0, 3)))
    return Crowd(texts, truth, marked, _units(texts, marked))


def _units(texts: dict[str, str], marked: dict[str, set[Place]]) -> list[Unit]:
    names = tuple(sorted(marked))
    units = []
    for doc_id, text in sorted(texts.items()):
        spans = [
            Span(f"{name}:{start}-{end}", name, start, end)
            for name in names
            for where, start, end in sorted(marked[name])
            if where == doc_id
        ]
        for members in align(spans, 0.1):
            votes = [
                Vote(span.id, span.annotator_id, span.start, span.end,
                     judgement(span.annotator_id, doc_id, span.start, span.end, text[span.start : span.end]))
                for span in sorted(members, key=lambda span: span.annotator_id)
            ]  # fmt: skip
            units.append(Unit("mention", doc_id, None, tuple(votes), names, frozenset(), False))
    return units


def token_majority(crowd: Crowd) -> set[Place]:
    """Runs of tokens that more than half of the annotators marked."""
    found = set()
    for doc_id, text in crowd.texts.items():
        starts, ends = token_places(text)
        votes = np.zeros(len(starts) + 1)
        for places in crowd.marked.values():
            mine = np.zeros(len(starts) + 1, dtype=bool)
            for where, start, end in places:
                if where == doc_id:
                    mine[starts.index(start) : ends.index(end) + 1] = True
            votes += mine
        inside = votes > len(crowd.marked) / 2
        first = None
        for at, is_in in enumerate(inside):
            if is_in and first is None:
                first = at
            elif not is_in and first is not None:
                found.add((doc_id, starts[first], ends[at - 1]))
                first = None
    return found


def exact_f1(found: set[Place], truth: set[Place]) -> float:
    """F1 of exactly equal spans."""
    return 2 * len(found & truth) / (len(found) + len(truth))


def token_f1(found: set[Place], truth: set[Place]) -> float:
    """F1 of characters inside spans."""
    one, other = ({(doc, at) for doc, start, end in places for at in range(start, end)} for places in (found, truth))
    return 2 * len(one & other) / (len(one) + len(other))


def value_crowd(
    confusions: np.ndarray[Any, Any], items: int, votes: int, seed: int, prior: list[float]
) -> tuple[np.ndarray[Any, Any], list[tuple[int, int, int]]]:
    """The truth, and (item, annotator, value) of `votes` annotators an item; confusions: (annotator, true, given)."""
    chance = np.random.Generator(np.random.PCG64(seed))
    truth = chance.choice(len(prior), items, p=prior)
    given = []
    for item, true in enumerate(truth):
        for who in chance.choice(len(confusions), votes, replace=False):
            given.append((item, int(who), int(chance.choice(len(prior), p=confusions[who, true]))))
    return truth, given
