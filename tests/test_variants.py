"""Collation: where two witnesses of a story differ, and the way from one to the other."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reprint_seeds import GOLD, seed_tables

from stancewire.reprints import Stretch, Witness, apply_variants, collate, pair_stretches, read_witnesses
from stancewire.reprints.classify import classify

# The gold's classes in the tool's kinds: their first word, except where a kind names the second more closely.
KINDS = {"orthography:abbreviation": "abbreviation"}


def witness(doc_id: str, *paragraphs: str, gap: str = "\n\n", lang: str | None = "en") -> Witness:
    """A witness with these paragraphs, whose sentences end at full stops."""
    stretches, sentences, start = [], [], 0
    for number, paragraph in enumerate(paragraphs):
        stretches.append(Stretch(number, start, start + len(paragraph)))
        for match in re.finditer(r"[^.!?\s][^.!?]*(?:[.!?]+|$)", paragraph):
            sentences.append(Stretch(len(sentences), start + match.start(), start + match.end()))
        start += len(paragraph) + len(gap)
    return Witness(doc_id, gap.join(paragraphs), tuple(stretches), tuple(sentences), 0, None, None, lang)


def places(a: Witness, b: Witness) -> list[tuple[str, str, str]]:
    return [(row["text_a"], row["text_b"], row["kind"]) for row in collate(a, b)]


@pytest.fixture(scope="module")
def seeds() -> list[Witness]:
    return read_witnesses(*seed_tables())


def trim(text_a: str, start_a: int, text_b: str, start_b: int) -> tuple[int, str, int, str]:
    """The places without the unchanged words, marks and spaces at both edges."""
    a, b = (re.findall(r"(?:\w+(?:[-.'’]\w+)*\.?|\S|\s+)", text) for text in (text_a, text_b))
    while a and b and a[0] == b[0]:
        start_a, start_b = start_a + len(a.pop(0)), start_b + len(b.pop(0))
    while a and b and a[-1] == b[-1]:
        a.pop(), b.pop()
    found = []
    for start, parts in ((start_a, a), (start_b, b)):
        text = "".join(parts)
        found += [start + len(text) - len(text.lstrip()) if text.strip() else start, text.strip()]
    return tuple(found)  # type: ignore[return-value]


def test_seed_variants_stand_where_the_gold_says(seeds: list[Witness]) -> None:
    rows = collate(*seeds)
    ours = [
        (*trim(row["text_a"], row["start_a"], row["text_b"], row["start_b"]), row["kind"], row["substantive"])
        for row in rows
    ]
    gold: list[tuple[Any, ...]] = []
    for variant in GOLD["variants"]:
        a, b = variant["a"], variant["b"] or {"start": rows[-1]["start_b"], "text": ""}
        kind = KINDS.get(variant["cls"], variant["cls"].split(":")[0])
        gold.append((*trim(a["text"], a["start"], b["text"], b["start"]), kind, variant["substantive"]))
    assert len(ours) == 24
    assert ours == gold


def test_seed_variants_are_slices_of_both_texts(seeds: list[Witness]) -> None:
    a, b = seeds
    for row in collate(a, b):
        assert a.text[row["start_a"] : row["end_a"]] == row["text_a"]
        assert b.text[row["start_b"] : row["end_b"]] == row["text_b"]


def test_seed_variants_name_their_sentences(seeds: list[Witness]) -> None:
    a, b = seeds
    for row in collate(a, b):
        sentence = next(s for s in a.sentences if s.number == row["sent_no_a"])
        assert sentence.start <= row["start_a"] <= sentence.end
        assert row["sent_no_b"] is not None or row["kind"] == "omission"


def test_seed_segments_pair_as_the_gold_says(seeds: list[Witness]) -> None:
    segments = seed_tables()[1].to_pylist()
    found = []
    roles = {row["role"] for row in segments}
    for group in [{"headline", "body"}, *({role} for role in sorted(roles - {"headline", "body"}))]:
        sides = [
            [
                Stretch(row["seg_no"], row["start"], row["end"])
                for row in segments
                if row["doc_id"] == seed.doc_id and row["role"] in group
            ]
            for seed in seeds
        ]
        for pair in pair_stretches(seeds[0].text, sides[0], seeds[1].text, sides[1]):
            op = "deleted_in_b" if pair.op == "only_a" and "body" in group else pair.op
            found.append((op, [s.number for s in pair.a], [s.number for s in pair.b]))
    gold = [
        (row["op"], [row["a"]["segment"]] if row["a"] else [], [row["b"]["segment"]] if row["b"] else [])
        for row in GOLD["paragraph_pairs"]
    ]
    assert len(found) == 15
    assert sorted(found) == sorted(gold)


def test_seed_sentences_pair_as_the_gold_says(seeds: list[Witness]) -> None:
    a, b = seeds
    found = [
        (pair.op, [s.start for s in pair.a], [s.start for s in pair.b])
        for pair in pair_stretches(a.text, a.sentences[1:], b.text, b.sentences[1:])
    ]
    gold = [
        (row["op"].replace("deleted_in_b", "only_a"), [row["a"]["start"]], [row["b"]["start"]] if row["b"] else [])
        for row in GOLD["sentence_pairs"]
    ]
    assert len(found) == 12
    assert found == gold


def test_seed_variants_lead_from_each_seed_to_the_other(seeds: list[Witness]) -> None:
    a, b = seeds
    assert apply_variants(a.text, collate(a, b), a.paragraphs, b.paragraphs) == b.reading_text
    assert apply_variants(b.text, collate(b, a), b.paragraphs, a.paragraphs) == a.reading_text


def replace_in_place(a: Witness, b: Witness) -> str:
    """The characters of b's paragraphs, by putting each text_b in the place of its text_a; order rows not allowed."""
    text = a.text
    inside = [place for part in a.paragraphs for place in range(part.start, part.end)]
    at = {place: number for number, place in enumerate(inside)}
    chars = "".join(text[place] for place in inside)
    ends = {part.end: at[part.end - 1] + 1 for part in a.paragraphs}
    for row in reversed(collate(a, b)):
        assert row["kind"] != "order"
        start = at[row["start_a"]] if row["start_a"] in at else ends.get(row["start_a"], 0)
        chars = chars[:start] + row["text_b"] + chars[start + len(row["text_a"]) :]
    return chars


def test_replacing_each_place_in_a_gives_b(seeds: list[Witness]) -> None:
    a, b = seeds
    assert replace_in_place(a, b) == b.reading_text.replace("\n\n", "")
    assert replace_in_place(b, a) == a.reading_text.replace("\n\n", "")


CHOICE = (
    "the treaty U.S. US Trump said that Japan's Japan’s not . , \" ‘‘ “ long-standing longstanding 3,000 3000 a pact "
    "und «oui» 日本の安全保障 条約。 e\u0301 é 👩‍🚀 - — \t"
)
WORDS = st.sampled_from(CHOICE.split(" "))
PARAGRAPH = st.lists(st.tuples(WORDS, st.sampled_from([" ", " ", " ", "", "  ", "\n"])), min_size=1, max_size=14).map(
    lambda parts: "".join(word + space for word, space in parts)
)
TEXTS = st.lists(PARAGRAPH.filter(str.strip), max_size=5)


@given(TEXTS, TEXTS, st.sampled_from(["\n\n", "\n", "\nAdvertisement\n", ""]))
def test_variants_lead_from_any_text_to_any_other(left: list[str], right: list[str], gap: str) -> None:
    a, b = witness("a", *left, gap=gap), witness("b", *right)
    rows = collate(a, b)
    for row in rows:
        assert a.text[row["start_a"] : row["end_a"]] == row["text_a"]
        assert b.text[row["start_b"] : row["end_b"]] == row["text_b"]
        assert row["text_a"] != row["text_b"] or row["kind"] == "order"
    assert apply_variants(a.text, rows, a.paragraphs, b.paragraphs) == b.reading_text


@given(st.text(max_size=60), st.text(max_size=60))
def test_variants_lead_from_any_characters_to_any_others(left: str, right: str) -> None:
    a, b = witness("a", *([left] if left else [])), witness("b", *([right] if right else []))
    assert apply_variants(a.text, collate(a, b), a.paragraphs, b.paragraphs) == b.reading_text


@given(st.lists(PARAGRAPH.filter(str.strip), min_size=2, max_size=6), st.data())
def test_variants_lead_through_edits_and_moves(paragraphs: list[str], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(paragraphs))))
    changed = [paragraphs[number] for number in order]
    edited = data.draw(st.integers(0, len(changed) - 1))
    changed[edited] = data.draw(PARAGRAPH.filter(str.strip))
    a, b = witness("a", *paragraphs), witness("b", *changed)
    assert apply_variants(a.text, collate(a, b), a.paragraphs, b.paragraphs) == b.reading_text


FIRST = "The ministers met in Geneva on Monday to talk about fishing rights."
SECOND = "Boats from both countries had clashed near the island in March."
THIRD = "A treaty of 1972 divides the waters along a line that neither side accepts."


def test_equal_witnesses_have_no_variants() -> None:
    assert collate(witness("a", FIRST, SECOND), witness("b", FIRST, SECOND, gap="\n")) == []


def test_a_moved_paragraph_is_one_variant_of_kind_order() -> None:
    found = places(witness("a", FIRST, SECOND, THIRD), witness("b", THIRD, FIRST, SECOND))
    assert found == [(THIRD, THIRD, "order")]


def test_a_moved_paragraph_keeps_its_own_variants() -> None:
    changed = THIRD.replace("neither side accepts", "both sides accept")
    a, b = witness("a", FIRST, SECOND, THIRD), witness("b", changed, FIRST, SECOND)
    found = places(a, b)
    assert (THIRD, changed, "order") in found
    assert ("neither side accepts", "both sides accept", "lexis") in found
    assert apply_variants(a.text, collate(a, b), a.paragraphs, b.paragraphs) == b.reading_text


def test_a_dropped_paragraph_is_one_omission_with_an_empty_place() -> None:
    a, b = witness("a", FIRST, f"{SECOND} {THIRD}"), witness("b", FIRST)
    (row,) = collate(a, b)
    assert (row["text_a"], row["text_b"], row["kind"]) == (f"{SECOND} {THIRD}", "", "omission")
    assert row["start_b"] == row["end_b"] == len(FIRST)
    assert row["substantive"]
    (back,) = collate(b, a)
    assert (back["text_a"], back["text_b"], back["kind"]) == ("", f"{SECOND} {THIRD}", "omission")


def test_a_dropped_sentence_takes_its_space_along() -> None:
    whole = witness("a", f"{FIRST} {SECOND} {THIRD}")
    assert places(whole, witness("b", f"{FIRST} {THIRD}")) == [(f"{SECOND} ", "", "omission")]
    assert places(whole, witness("b", f"{FIRST} {SECOND}")) == [(f" {THIRD}", "", "omission")]
    assert places(whole, witness("b", f"{SECOND} {THIRD}")) == [(f"{FIRST} ", "", "omission")]


def test_a_paragraph_cut_in_two_changes_white_space_alone() -> None:
    found = places(witness("a", f"{FIRST} {SECOND}"), witness("b", FIRST, SECOND))
    assert found == [(" ", "", "punctuation")]


def test_a_sentence_cut_in_two_is_no_omission() -> None:
    a = witness("a", "The ministers met in Geneva on Monday, and they talked about fishing rights for six hours.")
    b = witness("b", "The ministers met in Geneva on Monday. They talked about fishing rights for six hours.")
    assert places(a, b) == [("Monday, and", "Monday.", "deletion"), ("they", "They", "orthography")]


@pytest.mark.parametrize(
    ("text_a", "text_b", "kind", "substantive"),
    [
        ("U.S.", "US", "abbreviation", False),
        ("Gen.", "General", "abbreviation", False),
        ("Sgt.", "Sergeant", "lexis", False),
        ("e-mail", "email", "orthography", False),
        ("Asia-Pacific", "Asia Pacific", "orthography", False),
        ("defence", "defense", "orthography", False),
        ("organised", "organized", "orthography", False),
        ("café", "cafe", "orthography", False),
        ("Prime Minister", "prime minister", "orthography", False),
        ("it's", "it’s", "punctuation", False),
        ("1,000", "1000", "orthography", False),
        ("twelve", "12", "orthography", False),
        ("three", "four", "figure", True),
        ("20 percent", "30 percent", "figure", True),
        ("will", "may", "lexis", True),
        ("", "not ", "insertion", True),
        ("", "reportedly ", "insertion", True),
        ("claimed", "said", "lexis", True),
        ("says", "said", "lexis", False),
        ("in", "on", "grammar", False),
        ("start", "starts", "grammar", False),
        ("", "on Tuesday ", "insertion", False),
        ("", ", which has been in force since the war,", "insertion", True),
        ("The president", "Biden", "lexis", False),
        ("—", ",", "punctuation", False),
    ],
)
def test_kinds_and_weight_follow_general_rules(text_a: str, text_b: str, kind: str, substantive: bool) -> None:
    verdict = classify(text_a, text_b, "en")
    assert (verdict.kind, verdict.substantive) == (kind, substantive)


def test_a_word_dropped_after_a_negation_is_substantive() -> None:
    assert classify("officially ", "", "en", before="The minister did not ").substantive
    assert not classify("officially ", "", "en", before="The minister had ").substantive


def test_rows_of_another_pair_are_refused() -> None:
    a, b = witness("a", FIRST), witness("b", SECOND)
    with pytest.raises(ValueError, match="another pair"):
        apply_variants(a.text, [], a.paragraphs, b.paragraphs)
