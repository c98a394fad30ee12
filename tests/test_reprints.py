"""Detection: which documents tell one story, and which only tell of the same event."""

from __future__ import annotations

import argparse
import datetime
import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reprint_seeds import SEEDS, plain_tables, seed_tables

from stancewire.reprints import make_reprint_tables
from stancewire.reprints.pairs import LOW_METHOD, Measured, find_pairs
from stancewire.reprints.shingles import fold_texts, hash_shingles, hash_words
from stancewire.reprints.thresholds import is_reprint

# Seconds after which work is given up that should take few: what grows with the square of its input takes hours.
QUADRATIC = 300

VOCABULARY = [a + b + c for a in ("ba", "ro", "ki", "lu", "me") for b in ("tan", "dor", "vis", "nel") for c in "aeiou"]


def article(seed: int, n_words: int = 300) -> list[str]:
    """Sentences of an invented article."""
    draw = random.Random(seed)
    words = [f"{draw.choice(VOCABULARY)}{draw.choice(VOCABULARY)}" for _ in range(n_words)]
    return [" ".join(words[at : at + 20]).capitalize() + "." for at in range(0, n_words, 20)]


def edited(sentences: list[str], seed: int, share: float) -> list[str]:
    """The article with this share of its words replaced."""
    draw = random.Random(seed)
    return [
        " ".join(draw.choice(VOCABULARY) if draw.random() < share else word for word in sentence.split())
        for sentence in sentences
    ]


def text_of(sentences: list[str]) -> str:
    return "\n".join(sentences)


def stories(texts: dict[str, str], **columns: dict[str, Any]) -> list[set[str]]:
    """The stories of two documents and more."""
    rows = make_reprint_tables(*plain_tables(texts, **columns))["stories"]
    assert [row["doc_id"] for row in rows] == sorted(texts)
    grouped: dict[str, set[str]] = {}
    for row in rows:
        grouped.setdefault(row["story_id"], set()).add(row["doc_id"])
    heads = [row["story_id"] for row in rows if row["is_story_head"]]
    assert sorted(heads) == sorted(grouped), "one head a story"
    return sorted((group for group in grouped.values() if len(group) > 1), key=min)


def test_seeds_are_one_story_and_lend_each_other_what_they_state() -> None:
    made = make_reprint_tables(*seed_tables())
    a, b = made["stories"]
    assert a["story_id"] == b["story_id"]
    assert (a["is_story_head"], b["is_story_head"]) == (True, False)
    lent = ("date_inferred", "wire_inferred", "inferred_from")
    assert [a[name] for name in lent] == [datetime.date(2019, 6, 26), "Bloomberg News", SEEDS["b"]]
    assert [b[name] for name in lent] == [None, None, None]
    (pair,) = made["reprints"]
    assert (pair["doc_id_a"], pair["doc_id_b"], pair["story_id"]) == (SEEDS["a"], SEEDS["b"], a["story_id"])
    assert 0.48 <= pair["jaccard"] <= pair["containment"] <= pair["aligned_share"] <= 1
    assert len(made["variants"]) == 24


def test_tables_do_not_depend_on_the_order_of_rows() -> None:
    texts = {f"d{n:02}": text_of(edited(article(n // 4), n, 0.03)) for n in range(24)}
    tables = plain_tables(texts)
    draw = random.Random(1)
    shuffled = [table.take(pa.array(draw.sample(range(len(table)), len(table)), pa.int64())) for table in tables]
    assert make_reprint_tables(*tables) == make_reprint_tables(*shuffled)


@pytest.mark.parametrize("kind", ["light", "medium", "new lead", "truncated", "brief", "embedded", "shuffled"])
def test_every_kind_of_reprint_is_found(kind: str) -> None:
    missed = 0
    for seed in range(20):
        whole = article(seed)
        version = {
            "light": edited(whole, seed + 1, 0.02),
            "medium": edited(whole, seed + 1, 0.08),
            "new lead": article(seed + 5000, 60) + edited(whole[2:], seed, 0.03),
            "truncated": edited(whole[:6], seed + 1, 0.04),
            "brief": edited(whole[:3], seed + 1, 0.04),
            "embedded": article(seed + 9000, 400) + edited(whole, seed + 1, 0.03) + article(seed + 7000, 200),
            "shuffled": random.Random(seed).sample(whole, len(whole)),
        }[kind]
        others = {f"x{n}": text_of(article(1000 + seed * 10 + n)) for n in range(3)}
        missed += stories({"a": text_of(whole), "b": text_of(version)} | others) != [{"a", "b"}]
    assert missed == 0


def test_independent_reports_that_share_their_quotes_are_not_joined() -> None:
    for seed in range(20):
        quotes = article(seed, 100)
        a, b = quotes + article(seed + 100, 200), quotes + article(seed + 200, 200)
        assert stories({"a": text_of(a), "b": text_of(b)}) == []


def test_a_roundup_of_two_stories_does_not_melt_them() -> None:
    first, second = article(1), article(2)
    texts = {
        "a1": text_of(first),
        "a2": text_of(edited(first, 3, 0.03)),
        "b1": text_of(second),
        "b2": text_of(edited(second, 4, 0.03)),
        "c": text_of(first + second),
    }
    assert stories(texts) in ([{"a1", "a2", "c"}, {"b1", "b2"}], [{"a1", "a2"}, {"b1", "b2", "c"}])


def test_a_roundup_has_pairs_with_the_versions_of_both_its_stories() -> None:
    first, second = article(1), article(2)
    texts = {
        "a1": text_of(first),
        "a2": text_of(edited(first, 3, 0.03)),
        "b1": text_of(second),
        "b2": text_of(edited(second, 4, 0.03)),
        "c": text_of(first + second),
    }
    made = make_reprint_tables(*plain_tables(texts))
    rows = {(row["doc_id_a"], row["doc_id_b"]): row for row in made["reprints"]}
    assert list(rows) == [("a1", "a2"), ("a1", "c"), ("a2", "c"), ("b1", "b2"), ("b1", "c"), ("b2", "c")]
    stories = {row["doc_id"]: row["story_id"] for row in made["stories"]}
    assert [row["story_id"] for row in rows.values()] == [stories["a1"]] * 3 + [stories["b1"]] * 3
    across = {pair for pair, row in rows.items() if row["method"].startswith("across stories")}
    assert across in ({("a1", "c"), ("a2", "c")}, {("b1", "c"), ("b2", "c")})
    assert rows["b1", "c"]["containment"] > 0.9
    assert {(row["doc_id_a"], row["doc_id_b"]) for row in made["variants"]} >= across


def test_what_two_rewritten_articles_have_in_common_tells_a_reprint() -> None:
    """Of equal length, with 0.4 to 0.5 contained and half the words in order."""
    assert is_reprint(0.25, 0.4, 0.5) and not is_reprint(0.2, 0.4, 0.5) and not is_reprint(0.25, 0.37, 0.5)
    whole = article(11, 400)
    for cut, expected in ((8, True), (10, False)):
        measured = Measured.of([text_of(whole), text_of(edited(whole[cut:] + whole[:cut], 5, 0.13))])
        pair = measured.pair(0, 1)
        assert 0.38 < pair.containment < 0.5 and 0.4 < pair.aligned_share < 0.65 and pair.jaccard > 0.22
        assert [(link.a, link.b) for link in find_pairs(measured)] == [(0, 1)] * pair.is_reprint
        assert pair.is_reprint == expected and (LOW_METHOD in pair.method) == expected


def test_a_chain_of_updates_ends_where_its_ends_have_nothing_in_common() -> None:
    sentences = [sentence for seed in range(12) for sentence in article(seed, 100)]
    texts = {f"v{n:02}": text_of(sentences[3 * n : 3 * n + 15]) for n in range(15)}
    groups = stories(texts)
    assert max(map(len, groups)) < 8
    assert sum(map(len, groups)) >= 12


def test_boilerplate_makes_no_story() -> None:
    notice = text_of(article(77, 100))
    texts = {f"d{n:02}": text_of(article(n, 140)) + "\n" + notice for n in range(60)}
    assert stories(texts) == []


def test_a_story_of_more_versions_than_the_cap_stays_one() -> None:
    whole = article(5)
    texts = {f"d{n:02}": text_of(edited(whole, n, 0.04)) for n in range(60)}
    made = make_reprint_tables(*plain_tables(texts))
    assert len({row["story_id"] for row in made["stories"]}) == 1
    head = next(row["doc_id"] for row in made["stories"] if row["is_story_head"])
    assert len(made["reprints"]) == 59
    assert all(head in (row["doc_id_a"], row["doc_id_b"]) for row in made["reprints"])


@pytest.mark.timeout(QUADRATIC)
def test_ten_thousand_copies_are_one_text() -> None:
    whole = text_of(article(5))
    texts = {f"d{n:05}": whole for n in range(5000)} | {f"e{n:05}": whole.upper() for n in range(5000)}
    measured = Measured.of(list(texts.values()))
    assert list(find_pairs(measured)) == []
    assert set(measured.twins) == {0}


def test_empty_and_one_line_documents_are_stories_of_their_own() -> None:
    odd = {"empty": "", "space": " \n ", "marks": "* * *", "line": "Click here."}
    assert stories(odd | {"long": "Click here. " + text_of(article(1))}) == []


def test_identical_texts_are_one_story_however_short() -> None:
    texts = {"a": "Police close bridge.", "b": "POLICE CLOSE BRIDGE", "c": "Police open bridge."}
    assert stories(texts) == [{"a", "b"}]


def test_texts_without_spaces_are_compared_by_characters() -> None:
    first = (
        "東京の国防当局者は水曜日に声明を発表し、日米安全保障条約を見直す計画はないと述べた。"
        "大統領は先週、側近に対して条約からの離脱を示唆していた。"
    )
    second = first.replace("水曜日に声明", "木曜日に談話").replace("先週", "先月")
    other = "北海道の漁業協同組合は今年のサケの水揚げが過去最低になったと明らかにした。専門家は対策を求めている。"
    assert stories({"a": first, "b": second, "c": other}) == [{"a", "b"}]


def test_the_head_is_the_fullest_then_the_earliest_then_the_first() -> None:
    whole = article(3)
    same = text_of(whole[1:])
    dates = {"b": datetime.date(2020, 1, 2), "c": datetime.date(2020, 1, 1)}

    def head(texts: dict[str, str]) -> str:
        rows = make_reprint_tables(*plain_tables(texts, date=dates))["stories"]
        return next(row["doc_id"] for row in rows if row["is_story_head"])

    assert head({"a": same, "b": same, "d": text_of(whole)}) == "d"
    assert head({"a": same, "b": same, "c": same}) == "c"
    assert head({"e": same, "a": same}) == "a"


def test_house_style_leaves_no_trace_in_the_keys() -> None:
    wire = 'The U.S.-Japan treaty is "one-sided," Trump\'s aides said - again.'
    local = "The US-Japan treaty is ‘‘one-sided,’’ Trump’s aides said — again."
    assert fold_texts([wire]).split() == fold_texts([local]).split()
    assert fold_texts(["résumé"]) != fold_texts(["resume"])
    assert fold_texts(["re\u0301sume\u0301"]) == fold_texts(["résumé"])


@settings(max_examples=60)
@given(st.lists(st.text(alphabet="ab \n\x00é日本.-'’\u2014", max_size=30), max_size=8))
def test_hashes_of_a_text_do_not_depend_on_its_neighbours(texts: list[str]) -> None:
    together = hash_words(texts)
    shingles, starts = hash_shingles(together)
    for number, text in enumerate(texts):
        alone = hash_words([text])
        assert together.of(number).tolist() == alone.hashes.tolist()
        assert shingles[starts[number] : starts[number + 1]].tolist() == hash_shingles(alone)[0].tolist()


def test_the_command_prints_stories_and_pairs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from stancewire.cli import reprints

    made = {"documents": seed_tables()[0], "segments": seed_tables()[1]}
    monkeypatch.setattr("stancewire.tables.read_table", lambda folder, schema, columns: made[schema.name])
    monkeypatch.setattr("stancewire.tables.read_table_schema", lambda name, folder: SimpleNamespace(name=name))
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema/codebook.yaml").write_text("", encoding="utf-8")
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", default=str(tmp_path))
    reprints.register(parser.add_subparsers())
    for extra in ([], ["--json"]):
        args = parser.parse_args(["reprints", *extra])
        assert args.run(args) == 0
    text, _, data = capsys.readouterr().out.partition("{")
    assert f"  * {SEEDS['a']}" in text
    assert "jaccard 0.65, containment 0.84, aligned 0.96" in text
    said = json.loads("{" + data)
    assert said["stories"][0]["members"] == list(SEEDS.values())
    assert said["problems"] == []
