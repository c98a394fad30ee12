"""Collation as it is shown: corresponding paragraphs in one row, every character once, texts as data."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reprint_seeds import ROOT, SEEDS, plain_tables

from stancewire.cli import main
from stancewire.errors import UsageError
from stancewire.pages.template import embed_json
from stancewire.project import Project
from stancewire.report.collation import Collation, Version, collate_versions, find_story, make_siglum, read_collation
from stancewire.report.collation_page import collation_page
from stancewire.report.columns import cells_of, collation_lines, wrap
from stancewire.report.marks import Marked, cut_pieces, cut_spans
from stancewire.reprints import read_witnesses
from stancewire.tables import read_table, read_table_schema


def versions_of(texts: dict[str, str]) -> list[Version]:
    """Versions of invented texts, the first being the base."""
    witnesses = {witness.doc_id: witness for witness in read_witnesses(*plain_tables(texts))}
    return [
        Version(make_siglum(n), witnesses[doc_id], doc_id, None, None, None, None, n == 0, ())
        for n, doc_id in enumerate(texts)
    ]


@pytest.fixture(scope="module")
def seeds() -> Collation:
    return read_collation(Project(ROOT), SEEDS["a"])


class Cells(HTMLParser):
    """The text of each cell of the collation, by column, paragraph by paragraph, and every element's name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.paragraphs: dict[str, list[str]] = {}
        self.names: list[str] = []
        self._column: str | None = None
        self._reads = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        if tag == "td":
            self._column = dict(attrs).get("data-column")
        if tag == "p" and self._column:
            self.paragraphs.setdefault(self._column, []).append("")
            self._reads = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self._reads = False

    def handle_data(self, data: str) -> None:
        if self._reads and self._column:
            self.paragraphs[self._column][-1] += data


def test_seeds_variants_are_those_of_the_table(seeds: Collation) -> None:
    project = Project(ROOT)
    table = read_table(project.corpus, read_table_schema("variants", project.table_schemas)).to_pylist()
    assert [version.doc_id for version in seeds.versions] == [SEEDS["a"], SEEDS["b"]]
    assert len(table) == 24
    for row, variant in zip(table, seeds.variants, strict=True):
        assert (variant.variant_no, variant.kind, variant.substantive) == tuple(
            row[name] for name in ("variant_no", "kind", "substantive")
        )
        assert (variant.base.start, variant.base.text) == (row["start_a"], row["text_a"])
        assert (variant.other.start, variant.other.text) == (row["start_b"], row["text_b"])


def test_seeds_stances_on_variants_are_those_of_the_table(seeds: Collation) -> None:
    project = Project(ROOT)
    table = read_table(project.annotations, read_table_schema("variant_stances", project.table_schemas)).to_pylist()
    shown = {(variant.variant_no, stance) for variant in seeds.variants for stance in variant.stances}
    assert shown == {(row["variant_no"], row["stance_id"]) for row in table}
    too = next(variant for variant in seeds.variants if variant.base.text.strip() == "too")
    words = {stance.text for stance in seeds.stances if stance.stance_id in too.stances}
    assert {"sees the accord with Japan as too one-sided", "sees the accord with Japan as one-sided"} <= words


def test_seen_from_the_other_witness_insertions_are_deletions(seeds: Collation) -> None:
    turned = read_collation(Project(ROOT), SEEDS["b"], base=SEEDS["b"])
    assert [version.doc_id for version in turned.versions] == [SEEDS["b"], SEEDS["a"]]
    by_number = {variant.variant_no: variant for variant in turned.variants}
    for variant in seeds.variants:
        other = by_number[variant.variant_no]
        assert (other.base, other.other) == (variant.other, variant.base)
        kinds = {"insertion": "deletion", "deletion": "insertion"}
        assert other.kind == kinds.get(variant.kind, variant.kind)


def test_each_row_of_the_seeds_holds_what_corresponds(seeds: Collation) -> None:
    texts = [version.witness.text for version in seeds.versions]
    heads = [
        [" ".join(text[start:end] for start, end in spans)[:40] for text, spans in zip(texts, row, strict=True)]
        for row in seeds.rows
    ]
    assert heads[0] == ["US, Japan defense chiefs affirm security", "U.S., Japan defense chiefs affirm securi"]
    assert heads[-1] == ["Exiting the pact would jeopardize an all", ""]
    assert all(a and b for a, b in heads[:-1])


SOME = ["treaty", "pact", "Tokyo", "said", "not", "the", "of", "U.S.", "12", "“a”", "🕊", "條", "約", "<b>", "&amp;"]
WORDS = st.lists(st.sampled_from(SOME), max_size=9)
PARAGRAPHS = st.lists(WORDS.map(" ".join), max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(PARAGRAPHS, min_size=1, max_size=4))
def test_every_paragraph_stands_in_one_row_in_its_own_order_and_the_page_has_every_character(
    texts: list[list[str]],
) -> None:
    versions = versions_of({f"d{n}": "\n".join(parts) for n, parts in enumerate(texts)})
    collation = collate_versions("s-x", versions)
    for number, version in enumerate(versions):
        spans = [span for row in collation.rows for span in row[number]]
        assert spans == [(part.start, part.end) for part in version.witness.paragraphs]
        for place, _ in collation.marks(version.siglum):
            assert version.witness.text[place.start : place.end] == place.text
    cells = Cells(collation_page(collation))
    for version in versions:
        assert cells.paragraphs.get(version.siglum, []) == version.witness.paragraph_texts


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6), st.data())
def test_pieces_tile_the_text_and_know_their_marks(
    text: str, places: list[tuple[int, int]], data: st.DataObject
) -> None:
    marks = [Marked(*sorted(min(at, len(text)) for at in place), str(n)) for n, place in enumerate(places)]
    start, end = sorted(data.draw(st.integers(0, len(text))) for _ in range(2))
    pieces = cut_pieces(text, start, end, marks)
    assert "".join(piece.text for piece in pieces) == text[start:end]
    at = start
    for piece in pieces:
        if piece.text:
            over = {m.key for m in marks if m.start < at + len(piece.text) and at < m.end}
            assert set(piece.keys) == over
        at += len(piece.text)
    cut = data.draw(st.integers(0, len(text)))
    halves = [piece for cell in cut_spans(text, [(0, cut), (cut, len(text))], marks) for piece in cell]
    empty = [piece.begins[0] for piece in halves if not piece.text and piece.begins]
    assert sorted(empty) == sorted(m.key for m in marks if m.start == m.end)


def test_a_moved_paragraph_stands_where_each_text_has_it() -> None:
    parts = [
        "Rice farmers in the north fear for their harvest this autumn.",
        "Two steel mills will close before the end of March.",
        "Ships of both navies met near Guam on Friday morning.",
        "Catches of salmon fell to the lowest number ever counted.",
    ]
    moved = [parts[1], parts[2], parts[3], parts[0]]
    collation = collate_versions("s-x", versions_of({"a": "\n".join(parts), "b": "\n".join(moved)}))
    assert [variant.kind for variant in collation.variants] == ["order"]
    assert [len(spans) for row in collation.rows for spans in row] == [1, 0, 1, 1, 1, 1, 1, 1, 0, 1]


def test_more_than_two_witnesses_are_labelled_by_siglum() -> None:
    texts = {
        "a": "The treaty holds, he said on Monday.\nIt was signed in 1960 by both.",
        "b": "The pact holds, he said on Monday.\nIt was signed in 1960 by both.",
        "c": "The treaty holds, he said on Monday.\nNew words of another paper.\nIt was signed in 1951 by both.",
    }
    collation = collate_versions("s-x", versions_of(texts))
    assert [(v.label, v.kind) for v in collation.variants] == [("B1", "lexis"), ("C1", "omission"), ("C2", "figure")]
    assert [tuple(map(len, row)) for row in collation.rows] == [(1, 1, 1), (0, 0, 1), (1, 1, 1)]
    page = collation_page(collation)
    assert 'data-n="C2"' in page and "{1960}C²*" in "\n".join(collation_lines(collation, 100))


@pytest.mark.parametrize(("number", "siglum"), [(0, "A"), (25, "Z"), (26, "AA"), (27, "AB"), (701, "ZZ"), (702, "AAA")])
def test_sigla(number: int, siglum: str) -> None:
    assert make_siglum(number) == siglum


HOSTILE = "</script><script>alert(1)</script> <img src=x onerror=alert(2)> \u2028 <!-- {{ 7 * 7 }}"


def test_article_text_is_data_on_the_page() -> None:
    plain = "The treaty holds, he said on Monday, and the pact does too."
    texts = {"a": f"{plain}\n{HOSTILE}", "b": f"{plain} Yes.\n{HOSTILE} more words <svg onload=alert(3)>"}
    page = collation_page(collate_versions("s-<b>", versions_of(texts)))
    cells = Cells(page)
    assert cells.names.count("script") == 2
    assert not {"img", "svg", "b"} & set(cells.names) - {"b"}
    assert "".join(cells.paragraphs["A"]).endswith(HOSTILE)
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert data is not None and "<" not in data[1]
    assert any("<svg" in variant["other"]["text"] for variant in json.loads(data[1])["variants"])


def test_page_forbids_the_network_and_fetches_nothing(seeds: Collation) -> None:
    page = collation_page(seeds)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src &#39;none&#39;")
    assert "unsafe" not in policy and "http" not in policy
    assert not re.search(r"""(?:src|href|action)\s*=|url\(|@import""", page)


def test_page_is_the_same_bytes_every_time(seeds: Collation) -> None:
    assert collation_page(seeds) == collation_page(read_collation(Project(ROOT), SEEDS["a"]))


def test_json_in_a_page_is_the_value_and_ends_no_element() -> None:
    value = {"a": HOSTILE, "é🕊": [1, None]}
    assert json.loads(embed_json(value)) == value
    assert not set("<>&\u2028\u2029") & set(embed_json(value))


def test_control_characters_do_not_reach_the_terminal() -> None:
    texts = {"a": "The treaty \x1b[31mholds\x07 he said.", "b": "The pact \x1b[31mholds\x07 he said."}
    lines = list(collation_lines(collate_versions("s", versions_of(texts)), 100))
    assert all(line.isprintable() for line in lines)
    assert any("\ufffd[31mholds" in line for line in lines)


@given(st.text(alphabet="ab 條約́🕊", max_size=60), st.integers(2, 20))
def test_wrapped_lines_fit_and_keep_every_word(text: str, column: int) -> None:
    text = " ".join(text.split())
    lines = wrap(text, column)
    assert all(cells_of(line) <= column for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_columns_are_as_wide_as_the_terminal(seeds: Collation) -> None:
    sides = [line for line in collation_lines(seeds, 100) if " │ " in line]
    assert len(sides) > 30
    assert max(map(cells_of, sides)) <= 100
    assert any("{too}¹⁹*" in line for line in sides)
    assert list(collation_lines(seeds, 30)), "too narrow for columns"


def test_a_story_is_found_by_what_is_clear() -> None:
    stories = [{"story_id": "s-abc", "doc_id": "x/1"}, {"story_id": "s-abd", "doc_id": "x/2"}]
    assert find_story(stories, "s-abc") == find_story(stories, "x/1") == "s-abc"
    assert find_story(stories, "s-abd"[:5]) == "s-abd"
    unclear = (("s-a", "s-abc and s-abd"), ("", "no story"), ("s-ab", "2 stories"), ("xx/1", "did you mean 'x/1'"))
    for name, said in unclear:
        with pytest.raises(UsageError, match=said):
            find_story(stories, name)


def test_command_writes_the_page_and_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    assert main(["--project", str(ROOT), "collate", SEEDS["a"], "--html", str(page)]) == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    capsys.readouterr()
    assert main(["--project", str(ROOT), "collate", SEEDS["b"][:6], "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert len(data["variants"]) == 24 and [w["siglum"] for w in data["witnesses"]] == ["A", "B"]
    assert main(["--project", str(ROOT), "collate", "nothing"]) == 2
    assert main(["--project", str(ROOT), "collate", SEEDS["a"], "--base", "elsewhere"]) == 2
    assert main(["--project", str(ROOT), "collate", SEEDS["a"], "--html", str(tmp_path)]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_corpus_without_gold_is_collated_too(tmp_path: Path) -> None:
    for name in ("schema", "corpus"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("releases"))
    (tmp_path / "annotations").mkdir()
    collation = read_collation(Project(tmp_path), SEEDS["a"])
    assert len(collation.variants) == 24 and not collation.stances
    assert "Stances</h2>" not in collation_page(collation)
