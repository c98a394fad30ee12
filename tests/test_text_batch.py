"""Texts taken apart many at once come out as one by one, in every segment, rule, sentence and count."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stancewire.sources import NOTHING_KNOWN
from stancewire.text import Lexicon, decode, furniture_key, patterns, segment_text, segments, split_sentences
from stancewire.text.article import Block, compose
from stancewire.text.batch import Analyser
from stancewire.text.corrections import Correction
from stancewire.text.letters import ALNUM, LAST, LOWER, OTHER, SPACE, STOP, STOPS, WILD, classes, letters
from stancewire.text.lexicon import _FURNITURE_LINES
from stancewire.text.metadata import find_metadata, no_language
from stancewire.text.model import KnownBlock, Segment
from stancewire.text.scan import Readers, Scan
from stancewire.text.segments import segment_blocks
from stancewire.text.sentence_batch import split_spans

TESTS = Path(__file__).parent
sys.path.insert(0, str(TESTS / "benchmarks"))

from news_files import make_articles  # noqa: E402

LEXICON = Lexicon.for_codebook(None)
ANALYSER = Analyser(LEXICON)
READERS = Readers(LEXICON)
ALONE = Lexicon.for_codebook(None)  # for one by one, since a lexicon remembers what lines were found to be
FILES = sorted(
    path
    for folder in (TESTS / "data" / "house_styles", TESTS / "data" / "formats", TESTS / "data" / "pages")
    for path in folder.glob("*.txt")
) + sorted((TESTS.parent / "corpus" / "sources").rglob("*.txt"))
Blocks = Sequence[KnownBlock] | None


def check_same(texts: Sequence[str], blocks: Sequence[Blocks]) -> None:
    """Hold what is found of all texts at once against what is found of each."""
    found = ANALYSER.analyse(texts, blocks)
    sentences: list[tuple[int, ...]] = []
    rows: list[tuple[int | str, ...]] = []
    for number, (text, known) in enumerate(zip(texts, blocks, strict=True)):
        own = segment_text(text, ALONE) if known is None else segment_blocks(text, known, ALONE)
        assert found.segments.of(number) == own
        rows += [(number, *segment) for segment in own]
        split = split_sentences(text, own)
        sentences += [(number, *sentence) for sentence in split]
        body = {segment.seg_no for segment in own if segment.role == "body"}
        assert found.n_words[number] == sum(len(text[s.start : s.end].split()) for s in own if s.role == "body")
        read = [text[s.start : s.end] for s in own if s.role in ("headline", "body")]
        assert found.readings[number] == "\n\n".join(read)
        marked = found.marked.get(number, [])
        assert find_metadata(text, marked, NOTHING_KNOWN, ALONE, detect=no_language) == find_metadata(
            text, own, NOTHING_KNOWN, ALONE, detect=no_language
        )
        assert found.n_sentences[number] == sum(sentence.seg_no in body for sentence in split)
    listed = found.segments
    roles, rules = zip(*(listed.listed[kind] for kind in listed.kinds), strict=True) if rows else ((), ())
    columns = (listed.docs, listed.seg_nos, roles, listed.starts, listed.ends, rules)
    assert list(zip(*columns, strict=True)) == rows
    cut = found.sentences
    columns = (cut.docs, cut.sent_nos, cut.seg_nos, cut.starts, cut.ends)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == sentences


@pytest.mark.parametrize("seed", [1, 2])
def test_made_up_articles(seed: int) -> None:
    articles = list(make_articles(1500, seed))
    check_same([article.text for article in articles], [None] * len(articles))
    composed = [
        compose([Block(article.title, "headline", "title_column"), Block(article.text)]) for article in articles
    ]
    check_same([text for text, _ in composed], [blocks for _, blocks in composed])


def test_files_of_many_styles() -> None:
    assert len(FILES) > 20
    texts = [decode(path.read_bytes(), "shift_jis" if "sjis" in path.stem else None).text for path in FILES]
    check_same(texts, [None] * len(texts))
    wrapped = [re.sub(r"(.{40,60}) ", r"\1\n", text) for text in texts]
    check_same(wrapped, [None] * len(texts))
    check_same([text.upper() for text in texts], [None] * len(texts))
    check_same([text.lower() for text in texts], [None] * len(texts))


def test_lines_of_the_other_tests() -> None:
    """Whatever a test of the rules quotes, as a text's head, middle and end."""
    quoted = {
        part
        for name in ("segments", "sentences", "metadata")
        for part in re.findall(r'"([^"\\]{2,400})"', (TESTS / f"test_text_{name}.py").read_text(encoding="utf-8"))
    }
    assert len(quoted) > 200
    body = "The committee met on Monday in the old town hall and agreed on nothing, its chairman said. " * 2
    texts = [text for line in sorted(quoted) for text in (f"{line}\n\n{body}", f"A title here\n\n{body}\n{line}", line)]
    check_same(texts, [None] * len(texts))


LINES = [
    line.strip()
    for line in """
    Advertisement ¦ Read more: what the committee said ¦ - Read more: what it said ¦ (3) comments ¦ 1/5
    READ NEXT ¦ Bloomberg News ¦ and Reuters ¦ -- Reuters ¦ (AP) ¦ Source: AFP ¦ With Reuters ¦ AP and dpa
    THE ASSOCIATED PRESS ¦ REUTERS/Ann Lee ¦ A crowd waits. REUTERS/Ann Lee ¦ A crowd (AP Photo/Ann Lee)
    A crowd waits. Photo by Ann Lee ¦ Photo: Ann Lee ¦ A crowd in pictures by Ann Lee ¦ A crowd – Foto: dpa
    © AFP ¦ (c) 2019 Reuters ¦ File photo: A crowd ¦ In this June 26 photo, a crowd waits.
    Légende : la foule ¦ Crédit photo : AFP ¦ A crowd waits. Crédit photo : AFP
    (Reporting by Ann Lee; editing by Jo Lund) ¦ Ann Lee contributed reporting.
    Ann Lee contributed to this report.
    This report includes material from Reuters and news services was used.
    Copyright 2019 Reuters. All rights reserved. ¦ Date: 2019-06-26 ¦ June 26, 2019
    Updated 26 June 2019 10:30 GMT ¦ 日付: 2019-06-26 ¦ Title: A headline ¦ Дата: 26
    by 2019-06-26 words after it ¦ Thursday, 26 June 2019 ¦ URL https://example.org/a ¦ World
    Asia / Politics ¦ (Adds comment) ¦ UPDATE: the hall ¦ This story has been corrected. ¦ By Ann Lee
    by Ann Lee and Jo Lund, Reuters ¦ Von Ann Lee ¦ Ann Lee, Associated Press ¦ Őri Ádám, Reuters
    őri Ádám, Reuters ¦ de Lee, Reuters ¦ Text: Ann Lee ¦ TOKYO, June 26 (Kyodo) --
    PARIS (Reuters) - The committee met. ¦ (Reuters) - The committee met. ¦ SYDNEY — It met.
    june 26 (Reuters) - It met. ¦ LONDON--(BUSINESS WIRE)--It met. ¦ Berlin (dpa) - It met.
    TOKYO/PARIS -- It met. ¦ he said. -- Reuters ¦ It met and agreed. (AFP) ¦ Harbour Gazette
    Harbour Gazette ¦ *** ¦ • A point that was made ¦ Q: Why? ¦ A. Because it met. ¦ CHAIRMAN: It met.
    12. It met. ¦ \ufeffA mark ¦ \u200b\u2060 ¦ 😀 It met ¦ It met 😀 ¦ Straße und Fuß ¦ ſection: a
    weiß er (Reuters) ¦ 東京で会議。「何も」と言った。会議。 ¦ 它说。！ 好 ¦ Москва. Комитет встретился.
    Читайте также: комитет ¦ реклама
    The committee met on Monday in the old town hall and agreed on ¦ nothing, its chairman
    said. A second meeting was announced for the week after; nobody
    came. Mr. Lee of the U.S. met Gen. Abe on Jan. 3. It rained.
    “This is unfair!” Trump said. “It is.” He left. ¦ am 3. Mai. Am 26. Juni kam er. Plan B. Er ging.
    z. B. so. 3.5 Mio. Euro. Dr. Lee ¦ What . . . now? He … left. He left.... Then…
    No. 5 is No. The end. See p. 3. Yes!! No?! "What?" she asked. He (Lee.) left.
    It ended.Then it began. A. B. Lee Jr. came. ¦ mid-Sept. Capital of St. Paul. ca. 30. Ca. 30
    Er kam am  3. Er ging im 12. Er blieb. It was on March 25. It rained on Jan. 12. “It did on 7. May.”
    It was 1999. It 1234. It 12. Mai. Am  26.  Juni. el 3. Fue. x3. It. 3². It. ٣. It. on\t4. It. am\n5. Er.
    say " . " now ¦ \u0345a x
    """.replace("\n", "¦").split("¦")
    if line.strip()
]
GAPS = ("\n", "\n\n", "\n\n", "\n  ", " ", "", "\n\t\n", "\u2028", "\n\n\n", "\x1c", ". ", " - ")
PARTS = st.one_of(
    st.sampled_from(LINES),
    st.sampled_from(LINES),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00\r"), max_size=12),
    st.text(st.sampled_from('aAéßK1 .!?…"”’»)(-–/,:;。」\n\u00a0'), max_size=12),
)
TEXTS = st.lists(st.tuples(PARTS, st.sampled_from(GAPS)), min_size=1, max_size=14).map(
    lambda found: "".join(part + gap for part, gap in found)
)


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_any_texts(texts: list[str]) -> None:
    check_same(texts, [None] * len(texts))


# Paragraphs that can be nothing but body, so that the rules are not shown what stands around them unless they must.
PLAIN = ("the committee met on Monday in the old town hall, and agreed on nothing, its chairman said. " * 3).strip()
BODY = st.one_of(
    st.sampled_from([f"{word} {PLAIN}" for word in ("Today", "Harbour", "Title", "TOKYO —", "june 26 -", "12", "Été")]),
    st.sampled_from([f"PARIS (Reuters) - {PLAIN}", f"It met (or not): {PLAIN}"]),
    st.sampled_from([f"{PLAIN} -- Reuters", f"{PLAIN} (AFP)"]),
    st.just(PLAIN),
)
PARAGRAPHS = st.lists(st.one_of(BODY, BODY, st.sampled_from(LINES)), min_size=2, max_size=9)


@settings(max_examples=300, deadline=None)
@example([["Harbour Gazette", f"Harbour {PLAIN}", PLAIN, PLAIN, "Harbour Gazette", PLAIN]])
@example([["A title of words", PLAIN[:250], "REUTERS/Ann Lee", PLAIN]])
@example([["A title of words", PLAIN[:250], PLAIN, "REUTERS/Ann Lee", PLAIN]])
@example([["A title of words", PLAIN, PLAIN, PLAIN, "(Adds comment)", PLAIN, "(Adds comment)"]])
@example([["A title of words", PLAIN, PLAIN, f"PARIS (Reuters) - {PLAIN}", f"BERLIN (dpa) - {PLAIN}"]])
@example([["A title of words", f"{PLAIN} -- Reuters", PLAIN]])
@example([["Date: 2019-06-26 An own title", PLAIN, PLAIN, "An own title", f"An own {PLAIN}"]])
@example([[PLAIN, "Photo: Ann Lee", PLAIN, PLAIN, f"PARIS (Reuters) - {PLAIN}"]])
@given(st.lists(PARAGRAPHS, min_size=1, max_size=4))
def test_any_paragraphs(documents: list[list[str]]) -> None:
    texts = ["\n\n".join(paragraphs) for paragraphs in documents]
    check_same(texts, [None] * len(texts))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(PARAGRAPHS, st.sampled_from(("", "", "headline", "dateline", "body"))), min_size=1, max_size=4
        ),
        min_size=1,
        max_size=3,
    )
)
def test_any_paragraphs_in_blocks(documents: list[list[tuple[list[str], str]]]) -> None:
    composed = [compose([Block("\n\n".join(found), role, role and "x") for found, role in one]) for one in documents]
    check_same([text for text, _ in composed], [blocks for _, blocks in composed])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.tuples(TEXTS, st.booleans()), min_size=1, max_size=5), min_size=1, max_size=3))
def test_any_blocks(documents: list[list[tuple[str, bool]]]) -> None:
    made = [
        [Block(text, "headline" if named else "", "x" if named else "") for text, named in one] for one in documents
    ]
    composed = [compose(blocks) for blocks in made if any(block.words.strip() for block in blocks)]
    check_same([text for text, _ in composed], [blocks for _, blocks in composed])


@settings(deadline=None)
@given(TEXTS, st.integers(0, 60), st.integers(0, 60))
def test_blocks_that_end_within_a_line(text: str, first: int, second: int) -> None:
    first, second = sorted((min(first, len(text)), min(second, len(text))))
    cut = ((0, first), (first, second), (second, len(text)))
    check_same([text], [[KnownBlock(start, end) for start, end in cut if start < end]])


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.sets(st.integers(0, 120), max_size=8), st.sampled_from(("body", "headline", "caption", "credit")))
def test_any_segments(text: str, cuts: set[int], role: str) -> None:
    """Segments that a correction cut anywhere, in the middle of a word, too."""
    borders = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    parts = []
    for start, end in pairwise(borders):
        words = text[start:end].strip()
        begin = start + len(text[start:end]) - len(text[start:end].lstrip())
        if words:
            kind = role if len(parts) % 3 == 1 else "body"
            parts.append(Segment(len(parts), kind, begin, begin + len(words), "correction"))
    scan = Scan([text])
    asked = [part for part in parts if part.role != "credit"]
    starts, ends = (np.array([part[at] for part in asked], np.int64) + scan.base[0] for at in (2, 3))
    found = split_spans(scan, starts, ends, np.array([part.role == "headline" for part in asked], np.bool_))
    rows = [asked[span].seg_no for span in found.spans], found.starts - scan.base[0], found.ends - scan.base[0]
    assert list(zip(*rows, strict=True)) == [(s.seg_no, s.start, s.end) for s in split_sentences(text, parts)]
    assert scan.count_words(starts, ends).tolist() == [len(text[part.start : part.end].split()) for part in asked]


def may_of(line: str) -> int:
    scan = Scan(["x", line, "The end."])
    return int(scan.may(scan.base[1:2], scan.base[1:2] + len(line), READERS)[0])


def wanted(line: str) -> int:
    """The bits of the rules that name a line."""
    part = segments.Part(0, len(line), line)
    rules = {
        segments.FURNITURE: LEXICON.is_furniture(line),
        segments.SEPARATOR: not any(character.isalnum() for character in line),
        segments.PHOTO_CREDIT: patterns.is_photo_credit(line, LEXICON),
        segments.CAPTION: patterns.caption_rule(line, LEXICON),
        segments.CREDIT: patterns.credit_rule(line, LEXICON),
        segments.HEADER: patterns.find_header(line),
        segments.SECTION: patterns.is_section_name(line),
        segments.NOTE: patterns.is_editors_note(line),
        segments.BYLINE: patterns.is_byline(line, LEXICON),
        segments.DATELINE: patterns.find_dateline(line, LEXICON),
        segments.CLOSER: patterns.find_closer(line, LEXICON) is not None,
        segments.REPEATED: segments._may_be_repeated(part),
    }
    assert sum(rules) == segments.ANY
    return sum(bit for bit, answer in rules.items() if answer)


RULES = {
    "furniture": (_FURNITURE_LINES, segments.FURNITURE),
    "photo": (patterns._PHOTO_WORDS, segments.PHOTO_CREDIT),
    "slash": (patterns._SLASH_CREDIT, 0),
    "caption": (patterns._CAPTION_START, segments.CAPTION),
    "sign_off": (patterns._SIGN_OFF, segments.CREDIT),
    "contributed": (patterns._CONTRIBUTED, segments.CREDIT),
    "copyright": (patterns._COPYRIGHT, 0),
    "header": (patterns._KEY_VALUE, segments.HEADER),
    "date": (patterns._DATE_LINE, segments.HEADER),
    "url": (patterns._URL_VALUE, segments.HEADER),
    "note": (patterns._NOTE, segments.NOTE),
    "by": (patterns._BY, 0),
    "name_agency": (patterns._NAME_AGENCY, 0),
    **{f"dateline{n}": (pattern, 0) for n, pattern in enumerate((*patterns._DATELINES, *patterns._MIXED_DATELINES))},
    "plain_dateline": (re.compile(patterns._PLACE + r"(?:\s--|\s?[—–]|\s-|\.-|-)\sIt met\."), segments.DATELINE),
}


@pytest.mark.parametrize("name", RULES)
def test_no_rule_is_ruled_out_that_would_name_a_line(name: str) -> None:
    """Lines made from each rule's own pattern: what names them may name them."""
    pattern, bit = RULES[name]
    met = 0

    @settings(max_examples=80, deadline=None, database=None)
    @given(st.from_regex(pattern, fullmatch=pattern is not patterns._CAPTION_START), st.sampled_from(("", "It met. ")))
    def check(made: str, before: str) -> None:
        nonlocal met
        line = f"{before}{made}".strip()
        if not line or "\n" in line or any("\ud800" <= character <= "\udfff" for character in line):
            return
        found = wanted(line)
        met += (found & bit) == bit
        assert found & ~may_of(line) == 0, line

    check()
    assert met


def test_every_known_name_is_asked_about() -> None:
    keys = [
        *LEXICON.furniture,
        *LEXICON.wires,
        *LEXICON.photo_agencies,
        *patterns._PHOTO_LINES,
        *patterns.SECTION_NAMES,
    ]
    lines = [
        line for key in keys for line in (key, key.upper(), f"-- {key} --", f"({key})", f"“{key}”", f"Photo: {key}")
    ]
    lines += [f"{key.title()}: 2019-06-26" for key in patterns.HEADER_KEYS]
    assert [line for line in lines if wanted(line) & ~may_of(line)] == []
    assert sum(wanted(line) & segments.BY_ITSELF > 0 for line in lines) > 1000


@settings(deadline=None)
@example("a codebook's own line of very many words that no other codebook would take for furniture at all")
@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00\r\n"), min_size=1, max_size=40))
def test_a_codebooks_own_words_are_asked_about(words: str) -> None:
    key = furniture_key(words)
    if not key or not words.strip():
        return
    lexicon = Lexicon(LEXICON.furniture | {key}, {**LEXICON.wires, key: "Own"}, {})
    texts = [
        f"A title of some words\n\n{line}\n\nIt met." for line in (words.strip(), f"*** {words.strip()}", key.upper())
    ]
    found = Analyser(lexicon).analyse(texts, [None] * 3).segments
    lexicon = replace(lexicon)  # one that remembers nothing
    assert [found.of(number) for number in range(3)] == [segment_text(text, lexicon) for text in texts]


def test_decided_corrections_count() -> None:
    text = "A headline of words\n\nHe came. She left at No. 5. It rained.\n\nIt ended."
    place = text.index("She")
    other = text.index("5. It") + 3
    rows = [
        Correction("line 2", "a", place, place + 3, "She", "sentence_break", "join"),
        Correction("line 3", "a", place + 4, place + 8, "left", "sentence_break", "break"),
        Correction("line 4", "a", 0, 19, "A headline of words", "role", "furniture"),
    ]
    plain = "A headline of words\n\nIt came. It left."
    found = ANALYSER.analyse([plain, text, plain], [None] * 3, {1: rows})
    assert [segment.role for segment in found.segments.of(1)] == ["furniture", "body", "body"]
    own = [
        (seg_no, start, end)
        for doc, seg_no, start, end in zip(
            *(
                column.tolist()
                for column in (
                    found.sentences.docs,
                    found.sentences.seg_nos,
                    found.sentences.starts,
                    found.sentences.ends,
                )
            ),
            strict=True,
        )
        if doc == 1
    ]
    expected = split_sentences(text, found.segments.of(1), [place + 4], [place])
    assert own == [(s.seg_no, s.start, s.end) for s in expected]
    assert other in {start for _, start, _ in own}
    assert found.n_sentences == [2, len(expected), 2]
    assert found.sentences.sent_nos.tolist()[-3:] == [0, 1, 2]


def test_classes_are_those_of_str_and_re() -> None:
    table, codes = classes(), letters()
    assert len(table) == LAST + 1 == 0x10000
    for point in range(LAST):
        character = chr(point)
        assert bool(table[point] & SPACE) == character.isspace()
        assert bool(table[point] & ALNUM) == character.isalnum()
        assert bool(table[point] & LOWER) == character.islower()
        assert bool(table[point] & STOP) == (character in STOPS)
        assert bool(codes[point]) == character.isalnum()
        cases = character.lower() + character.upper() + character.casefold()
        if point > 127 and any(other.isascii() and other.isalpha() for other in cases):
            assert codes[point] == WILD
    assert not any(chr(point).isspace() for point in range(LAST, sys.maxunicode + 1))
    changed = [p for p in range(LAST) if codes[p] in (0, OTHER) and chr(p).casefold()[0].isalnum() != chr(p).isalnum()]
    assert changed == [0x345]
    assert np.all(codes[[ord("z"), ord("Z")]] == 26)
