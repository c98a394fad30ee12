"""Whatever versions say and annotators mark: what is compared is the same words, and every vote counts once."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from test_variants import witness

from stancewire.agreement.measure import measure_agreement
from stancewire.agreement.shared import make_shared_units
from stancewire.codebook.model import Rules
from stancewire.judgements.shown import Shown, Task
from stancewire.reprints import Witness

SENTENCES = (
    "The pact of Vik has kept the peace.",
    "Lind wants out of it.",
    "He said no.",
    "日本の安全保障条約 stays 🕊.",
    "Berg told the Post that crews were tired.",
    "Berg told the Post that the crews were tired.",
)
NAMES = ("ann-a", "ann-b", "ann-c", "ann-d")


@dataclass
class Told:
    """Three versions of one story."""

    texts: dict[str, Witness]
    shown: dict[Task, Shown] = field(default_factory=dict)

    @property
    def stories(self) -> dict[str, tuple[str, bool]]:
        return {doc_id: ("s", doc_id == "v2") for doc_id in self.texts}

    def witnesses(self, doc_ids: Iterable[str]) -> dict[str, Witness]:
        return {doc_id: self.texts[doc_id] for doc_id in doc_ids}


def mention(number: int, doc: Witness, who: str, start: int, end: int) -> dict[str, Any]:
    row: dict[str, Any] = {"judgement_id": f"j{number}", "doc_id": doc.doc_id, "annotator_id": who, "round": 1}
    row |= {"task_pass": "entities", "layer": "mention", "start": start, "end": end, "text": doc.text[start:end]}
    row |= {"label": "ORG", "kind": "name", "entity_id": f"{doc.doc_id}#x", "target_id": None, "anchor": "same"}
    return (
        row
        | {"holder_entity_id": None, "via_entity_id": None, "status": "current", "origin": "manual"}
        | {"suggested_by": None}
    )


def made_case(seed: int) -> tuple[Told, dict[str, list[str]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Three versions cut and ordered anyhow from some sentences; each annotator has judged one or two of them."""
    chance = random.Random(seed)
    told = Told({})
    for doc_id in ("v1", "v2", "v3"):
        chosen = chance.sample(SENTENCES, chance.randint(0, len(SENTENCES))) + chance.choices(SENTENCES, k=2)
        cut = chance.randint(0, len(chosen))
        paragraphs = [" ".join(part) for part in (chosen[:cut], chosen[cut:]) if part]
        told.texts[doc_id] = witness(doc_id, *paragraphs)
    judged: dict[str, list[str]] = {doc_id: [] for doc_id in told.texts}
    rows: list[dict[str, Any]] = []
    assignments = []
    for who in NAMES:
        for doc_id in chance.sample(sorted(told.texts), chance.choice((1, 1, 2))):
            doc = told.texts[doc_id]
            judged[doc_id].append(who)
            task = {"doc_id": doc_id, "task_pass": "entities", "round": 1, "annotator_id": who}
            assignments.append(task | {"state": "submitted", "suggestions_shown": False})
            if chance.random() < 0.3:
                part = chance.choice(doc.paragraphs)
                told.shown[doc_id, "entities", 1, who] = Shown(((part.start, part.end),))
            for sentence in chance.sample(doc.sentences, min(4, len(doc.sentences))):
                start = sentence.start + chance.choice((0, 0, 4))
                end = min(start + chance.choice((4, 4, 6, 45)), len(doc.text))
                rows.append(mention(len(rows), doc, who, start, end))
    return told, judged, rows, assignments


def test_every_vote_counts_once_on_the_same_words() -> None:
    compared = torn = 0
    for seed in range(400):
        told, judged, rows, assignments = made_case(seed)
        made = make_shared_units(rows, assignments, Rules(), told)
        together = {frozenset((a, b)) for names in judged.values() for a in names for b in names if a != b}
        votes = [vote for unit in made.units for vote in unit.votes]
        assert len({vote.judgement_id for vote in votes}) == len(votes)
        for unit in made.units:
            assert len(unit.submitted) > 1
            assert all(frozenset((a, b)) not in together for a in unit.submitted for b in unit.submitted if a != b)
            for vote in unit.votes:
                assert vote.annotator_id in unit.submitted
                row = vote.row
                assert told.texts[row["doc_id"]].text[row["start"] : row["end"]] == row["text"]
                assert row["entity_id"] == f"{row['doc_id']}#x"
        measure_agreement([], {}, shared=made.units)  # whatever came out can be measured
        compared += any(len(unit.votes) > 1 for unit in made.units)
        torn += bool(made.units) and len(votes) < len(rows)
    assert compared > 100 and torn > 100, "or this shows nothing"
