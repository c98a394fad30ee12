"""Whatever versions say and annotators mark: what is compared is the same words, and every vote counts once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
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
PARAGRAPHS = st.lists(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=3).map(" ".join), max_size=4)
PLACES = st.tuples(st.integers(0, 400), st.integers(1, 60))
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


@settings(max_examples=150, deadline=None)
@given(st.tuples(PARAGRAPHS, PARAGRAPHS, PARAGRAPHS), st.data())
def test_every_vote_counts_once_on_the_same_words(parts: tuple[list[str], ...], data: st.DataObject) -> None:
    told = Told({f"v{n}": witness(f"v{n}", *paragraphs) for n, paragraphs in enumerate(parts, 1)})
    judged = {doc_id: data.draw(st.sets(st.sampled_from(NAMES)), doc_id) for doc_id in told.texts}
    rows, assignments = [], []
    for doc_id, names in judged.items():
        doc = told.texts[doc_id]
        for who in sorted(names):
            task = {"doc_id": doc_id, "task_pass": "entities", "round": 1, "annotator_id": who}
            assignments.append(task | {"state": "submitted", "suggestions_shown": False})
            if doc.paragraphs and data.draw(st.booleans()):
                part = data.draw(st.sampled_from(doc.paragraphs))
                told.shown[doc_id, "entities", 1, who] = Shown(((part.start, part.end),))
            for start, length in data.draw(st.lists(PLACES, max_size=5)):
                if doc.text[start : start + length].strip():
                    rows.append(mention(len(rows), doc, who, start, min(start + length, len(doc.text))))
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
