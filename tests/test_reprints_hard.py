"""Detection where it is hard: endless, empty and much repeated texts, other scripts, large stories, boilerplate."""

from __future__ import annotations

import datetime
import random
import unicodedata

import pytest
from reprint_seeds import plain_tables
from test_reprints import QUADRATIC, article, edited, stories, text_of

from stancewire.reprints import make_reprint_tables
from stancewire.reprints import pairs as pairs_module
from stancewire.reprints.groups import TextGroups, group_texts
from stancewire.reprints.shingles import SECONDS, hash_words


def groups_of(found: TextGroups) -> list[tuple[int, ...]]:
    return list(found.groups)


def test_the_outcome_is_the_same_for_any_number_of_workers() -> None:
    texts = {f"d{n:03}": text_of(edited(article(n // 3), n, 0.03)) for n in range(200)}
    tables = plain_tables(texts)
    assert make_reprint_tables(*tables, workers=2) == make_reprint_tables(*tables)


def test_nothing_at_all_has_no_stories() -> None:
    assert groups_of(group_texts([])) == []
    assert groups_of(group_texts([""])) == []
    assert groups_of(group_texts(["", " ", "\n", "-", "word", "?"])) == []


@pytest.mark.timeout(QUADRATIC)
def test_a_million_words_and_their_half() -> None:
    draw = random.Random(1)
    words = [f"w{draw.randrange(50_000)}" for _ in range(1_000_000)]
    whole, half = " ".join(words), " ".join(words[300_000:800_000])
    found = group_texts([whole, half, text_of(article(1))])
    assert groups_of(found) == [(0, 1)]
    (link,) = found.pairs
    pair = found.measured.pair(link.a, link.b)
    assert (pair.containment, pair.aligned_share) == (1.0, 1.0)
    assert found.measured.bounded == {(0, 1)}, "that the words were not all compared is told"


def test_a_bound_is_told_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs_module, "LCS_CELLS", 1000)
    texts = {"a": text_of(article(1)), "b": text_of(edited(article(1), 1, 0.02)), "c": text_of(article(1))}
    rows = {(row["doc_id_a"], row["doc_id_b"]): row for row in make_reprint_tables(*plain_tables(texts))["reprints"]}
    assert "at least" in rows["a", "b"]["method"] and "at least" in rows["b", "c"]["method"]
    assert "at least" not in rows["a", "c"]["method"], "twins need no alignment"
    assert 0.8 < rows["a", "b"]["aligned_share"] <= 1


@pytest.mark.timeout(QUADRATIC)
def test_one_endless_word_is_one_word() -> None:
    blob = "A" * 3_000_000
    assert hash_words([blob, "b" * 65, "b" * 66]).counts.tolist() == [1, 1, 1]
    assert len(set(hash_words([blob, blob + "b", "b" * 65, "b" * 66]).hashes.tolist())) == 4
    assert groups_of(group_texts([blob + " x", blob.lower() + " X", blob])) == [(0, 1)]


@pytest.mark.parametrize("length", [*range(1, 34), 63, 64, 65, 128])
def test_words_that_differ_in_one_letter_differ(length: int) -> None:
    word = "abcdefgh" * 16
    words = {word[:length]} | {word[:at] + "z" + word[at + 1 : length] for at in range(length)}
    assert len(set(hash_words([" ".join(sorted(words))]).hashes.tolist())) == length + 1


@pytest.mark.timeout(QUADRATIC)
def test_ten_thousand_copies_are_one_story() -> None:
    whole = article(5)
    texts = {f"d{n:05}": text_of(whole) if n % 2 else text_of(whole).upper() for n in range(10_000)}
    dates = {"d00017": datetime.date(2020, 1, 1)}
    made = make_reprint_tables(*plain_tables(texts, date=dates))
    assert len({row["story_id"] for row in made["stories"]}) == 1
    assert len(made["reprints"]) == 9_999


@pytest.mark.timeout(QUADRATIC)
def test_ten_thousand_versions_that_all_differ_are_one_story() -> None:
    whole = article(6, 150)
    texts = [text_of(edited(whole, n, 0.03)) for n in range(10_000)]
    assert groups_of(group_texts(texts)) == [tuple(range(10_000))]


def test_stragglers_of_a_large_story_are_not_lost_to_the_cap() -> None:
    """Their own words are over four tenths; what they share is frequent, but within their story only."""
    whole = article(7)
    near = [text_of(edited(whole, n, 0.03)) for n in range(60)]
    far = [text_of([*article(500 + n, 160), *edited(whole[4:], n, 0.03)]) for n in range(5)]
    other = [text_of(article(900 + n)) for n in range(20)]
    found = groups_of(group_texts([*near, *far, *other]))
    assert found == [tuple(range(65))]


def test_only_boilerplate_is_a_story_of_its_equals() -> None:
    notice = article(77, 100)
    articles = {f"a{n:02}": text_of([*article(n, 140), *notice]) for n in range(40)}
    only = {f"n{n:02}": text_of(notice) for n in range(30)}
    assert stories(articles | only) == [set(only)]


def test_a_copy_inside_a_longer_text_without_spaces_is_found() -> None:
    draw = random.Random(4)

    def made(count: int) -> str:
        return "".join(chr(draw.randrange(0x4E00, 0x5200)) for _ in range(count)) + "。"

    inner = made(300)
    assert groups_of(group_texts([made(200) + inner + made(300), made(300), inner[20:], made(400)])) == [(0, 2)]


def test_case_and_composition_leave_no_trace_in_any_script() -> None:
    same = [
        ("ÉCOLE ŽIŽKA ÆØÅ", "e\u0301cole z\u030ci\u017eka æøå"),
        ("ПРИВЕТ Ёлка", "привет ёлка"),
        ("ΟΔΥΣΣΕΥΣ ΣΟΦΟΣ", "οδυσσευς σοφος"),
        ("İZMİR", "i\u0307zmi\u0307r"),
        ("한국 뉴스", "\u1112\u1161\u11ab\u1100\u116e\u11a8 \u1102\u1172\u1109\u1173"),
        ("𐐀𐐁 😀 x", "𐐨𐐩 😀 X"),
    ]
    for a, b in same:
        assert hash_words([a]).hashes.tolist() == hash_words(["Zwischen", b, "é"]).of(1).tolist(), (a, b)
    assert len(set(hash_words(["é e ë 😀 😁 ё е"]).hashes.tolist())) == 7


def test_all_that_composes_with_what_stands_before_it_is_known() -> None:
    """Characters of no combining class, but for jamo: what Unicode adds to them has to be added to the list."""
    composing = set()
    for point in range(0x10000):
        first, _, second = unicodedata.decomposition(chr(point)).partition(" ")
        if second and not first.startswith("<") and unicodedata.normalize("NFC", chr(point)) == chr(point):
            composing.add(chr(int(second, 16)))
    assert {char for char in composing if not unicodedata.combining(char)} <= set(SECONDS)
