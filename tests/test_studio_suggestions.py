"""Suggestions: known names, longest first, at words' edges, one label a surface; offered entities only."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given as for_every
from hypothesis import settings
from hypothesis import strategies as st

from stancewire.codebook import read_codebook
from stancewire.label_studio.suggestions import Recognizer, prediction_results, strip_edges
from stancewire.label_studio.tasks import GoldMention

CODEBOOK = read_codebook(Path(__file__).parents[1] / "schema" / "codebook.yaml")


def gold(text: str, label: str, entity_id: str | None = None, doc_id: str = "other", kind: str = "name") -> GoldMention:
    return GoldMention(doc_id, 0, len(text), text, label, kind, entity_id)


def found(text: str, *earlier: GoldMention, doc_id: str = "d1") -> list[tuple[str, str, str | None]]:
    suggestions = Recognizer(CODEBOOK, earlier).suggest(doc_id, text)
    return [(text[s.start : s.end], s.known.label, s.known.entity_id) for s in suggestions]


def test_names_and_aliases_of_the_codebook_are_found() -> None:
    assert found("Esper spoke in Tokyo about North Korea.") == [
        ("Esper", "PERSON", "mark-esper"),
        ("Tokyo", "GPE", "tokyo"),
        ("North Korea", "GPE", "north-korea"),
    ]


def test_longest_name_wins() -> None:
    assert found("Bloomberg News, the U.S.-Japan security treaty") == [
        ("Bloomberg News", "ORG", "bloomberg-news"),
        ("U.S.-Japan security treaty", "LAW", "us-japan-security-treaty"),
    ]


@pytest.mark.parametrize("text", ["Trumpet", "McTrump", "Japanese", "USA1", "a2Trump"])
def test_names_stand_at_words_edges(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("text", ["Trump's plan", "Trump’s plan", "“Trump”", "Trump.", "Trump-Abe", "anti-Trump"])
def test_possessive_and_punctuation_stay_outside(text: str) -> None:
    assert found(text)[0] == ("Trump", "PERSON", "donald-trump")


def test_name_broken_over_two_lines_is_found() -> None:
    assert found("North\nKorea") == [("North\nKorea", "GPE", "north-korea")]
    assert found("North\n\nKorea") == []


def test_headline_in_capitals_is_found() -> None:
    assert found("TRUMP WARNS JAPAN") == [("TRUMP", "PERSON", "donald-trump"), ("JAPAN", "GPE", "japan")]
    assert found("let us go") == []


def test_last_name_of_a_person_named_in_full_is_that_person() -> None:
    earlier = gold("Ana Ruiz", "PERSON", "other#ana-ruiz")
    assert found("Ruiz left. Ana Ruiz spoke.", earlier) == [("Ruiz", "PERSON", None), ("Ana Ruiz", "PERSON", None)]
    assert found("Ruiz left.", earlier) == []


def test_person_named_in_full_here_is_meant_here() -> None:
    earlier = gold("Melania Trump", "PERSON", "melania-trump")
    assert found("Melania Trump waved. Trump left.", earlier)[1] == ("Trump", "PERSON", "melania-trump")
    both = "Donald Trump and Melania Trump waved. Trump left."
    assert found(both)[2] == ("Trump", "PERSON", "donald-trump"), "two bearers: as the codebook has it"


def test_same_surface_has_the_label_most_gave_it() -> None:
    earlier = [gold("Wasp Base", "FAC"), gold("Wasp Base", "FAC"), gold("Wasp Base", "ORG")]
    assert found("Wasp Base, at Wasp Base", *earlier) == [("Wasp Base", "FAC", None)] * 2


def test_earlier_mention_counts_without_article_and_possessive() -> None:
    assert found("The Diet met.", gold("the Diet's", "ORG")) == [("Diet", "ORG", None)]
    assert strip_edges("The  Diet’s", CODEBOOK.rules) == "Diet"
    assert strip_edges("the", CODEBOOK.rules) == "the"


def test_nominal_counts_in_its_own_document_only() -> None:
    earlier = gold("retired officers", "PERSON", "d1#retired-officers", doc_id="d1", kind="nominal")
    assert found("retired officers spoke", earlier)[0][2] == "d1#retired-officers"
    assert found("retired officers spoke", earlier, doc_id="d2") == []


def test_only_offered_entities_are_suggested() -> None:
    suggestions = Recognizer(CODEBOOK).suggest("d1", "Esper in Tokyo")
    results = prediction_results("d1", suggestions, ["tokyo"])
    entities = [r["value"]["choices"] for r in results if r["from_name"] == "entity"]
    assert entities == [["tokyo"]]
    assert [r["from_name"] for r in results].count("mention") == 2
    assert results == prediction_results("d1", suggestions, ["tokyo"]), "the same input gives the same ids"


NAMES = [name for entity in CODEBOOK.entities for name in (entity.name, *entity.aliases)]


@settings(deadline=None)
@for_every(
    st.lists(st.sampled_from(NAMES) | st.text(max_size=8) | st.sampled_from([" ", "\n\n", "🕊", "’s ", "\u0301"]))
)
def test_every_suggestion_is_a_known_name_and_none_overlap(parts: list[str]) -> None:
    text = "".join(parts)
    last = 0
    known = {name.casefold() for name in NAMES} | {name.split()[-1].casefold() for name in NAMES}
    for suggestion in RECOGNIZER.suggest("d1", text):
        assert last <= suggestion.start < suggestion.end <= len(text)
        assert text[suggestion.start : suggestion.end].replace("\n", " ").casefold() in known
        last = suggestion.end


RECOGNIZER = Recognizer(CODEBOOK)
