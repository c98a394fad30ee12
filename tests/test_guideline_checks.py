"""The checks that read gold as the guidelines ask: quotations in any marks, mentions within mentions."""

from __future__ import annotations

import dataclasses

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_submissions import CODEBOOK

from stancewire.checks.guideline import check_guideline
from stancewire.checks.loading import Loaded
from stancewire.checks.quotations import quotations, touches_quotation
from stancewire.codebook.model import Codebook

QUOTED = [
    "“Keep it,” she said.",
    '"Keep it," she said.',
    "‘‘Keep it,’’ she said.",
    "``Keep it,'' she said.",
    "''Keep it,'' she said.",
    "‘Keep it,’ she said.",
    "'Keep it,' she said.",
    "„Keep it“, she said.",
    "„Keep it,” she said.",
    "«Keep it», she said.",
    "« Keep it », she said.",
    "»Keep it«, she said.",
    "”Keep it”, she said.",
    "「Keep it」, she said.",
    "“We said ‘no’, and we don’t keep it: Keep it,” she said.",
    "“Keep it. This goes on in the next paragraph.",
    "Keep it, for it began before,” she said.",
]


@pytest.mark.parametrize("text", QUOTED)
def test_words_of_a_quotation_are_found_in_any_marks(text: str) -> None:
    start = text.index("Keep it")
    assert touches_quotation(text, start, start + 7)
    outside = text.find("she said")
    if outside >= 0:
        assert not touches_quotation(text, outside, outside + 8)


@pytest.mark.parametrize(
    "text",
    [
        "Japan's envoy said that they don't keep it.",
        "The officials’ view is that Ruiz’s aides keep it.",
        "It was 5' long, and she kept it.",
        "He kept it in the '90s.",
    ],
)
def test_an_apostrophe_is_no_quotation(text: str) -> None:
    assert quotations(text) == []
    assert not touches_quotation(text, 0, len(text))


def test_a_span_within_a_long_quotation_needs_no_mark_at_its_edge() -> None:
    text = "He left.\n\n“We have a pact that is old. It must stay, all the same,” she said.\n\nIt rained."
    start = text.index("It must stay")
    assert touches_quotation(text, start, start + 12)
    rained = text.index("It rained")
    assert not touches_quotation(text, rained, rained + 9)
    assert touches_quotation(text, text.index("she said") - 1, len(text))  # its edge touches the closing mark
    assert touches_quotation(text, 0, len(text))


@given(st.text(alphabet="ab “”‘’'\"«»„`\n", max_size=40))
def test_quotations_are_ordered_and_lie_in_the_paragraph(text: str) -> None:
    found = quotations(text)
    at = 0
    for start, end in found:
        assert at <= start < end <= len(text)
        at = end
    for start in range(len(text)):
        touches_quotation(text, start, len(text))


def nested(*spans: tuple[int, int], codebook: Codebook = CODEBOOK) -> list[str]:
    text = "abcdefghij" * 3
    rows = {
        "mention_id": [str(number) for number in range(len(spans))],
        "doc_id": ["d"] * len(spans),
        "start": [start for start, _ in spans],
        "end": [end for _, end in spans],
        "text": [text[start:end] for start, end in spans],
        "label": ["PERSON"] * len(spans),
        "entity_id": [None] * len(spans),
    }
    loaded = Loaded(tables={"mentions": pa.table(rows)})
    return [item.place for item in check_guideline(loaded, codebook) if item.check == "mention-nesting"]


def test_mentions_stand_within_one_another_or_apart() -> None:
    assert nested((0, 9), (0, 4), (5, 9), (5, 7), (10, 12), (0, 9)) == []
    assert nested((0, 9), (5, 12)) == ["d:5-12"]
    assert nested((0, 20), (1, 9), (8, 12), (10, 14)) == ["d:8-12", "d:10-14"]


def test_a_codebook_may_forbid_nesting() -> None:
    strict = dataclasses.replace(CODEBOOK, rules=dataclasses.replace(CODEBOOK.rules, nesting=False))
    assert nested((0, 9), (0, 4), (10, 12), (10, 12), codebook=strict) == ["d:0-4"]
