"""Web pages: at least the precision and recall of trafilatura alone, on varied pages; roles from markup; no clock."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from stancewire.sources import SourceRecord
from stancewire.text.decode import Undecodable
from stancewire.text.lexicon import DEFAULT
from stancewire.text.prepare import Prepared, prepare

PAGES = sorted((Path(__file__).parent / "data" / "pages").glob("*.html"))


def read(raw: bytes | str, declared: str | None = None) -> Prepared:
    data = raw.encode() if isinstance(raw, str) else raw
    return prepare(SourceRecord("a.html", None, "html", "a", data), declared, DEFAULT)


def words(text: str) -> Counter[str]:
    """Words, and of scripts without spaces the characters; punctuation that stands alone is no word."""
    return Counter(re.findall(r"[぀-ヿ一-鿿]|[^\W_]+(?:[.,'’-][^\W_]+)*", text.casefold()))


def measure(found: str, gold: str) -> tuple[float, float]:
    """Precision and recall, by words."""
    have, want = words(found), words(gold)
    shared = (have & want).total()
    return shared / max(1, have.total()), shared / want.total()


def of_roles(page: Prepared, *roles: str) -> str:
    return "\n\n".join(page.text[s.start : s.end] for s in page.segments if s.role in roles)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_precision_and_recall_are_those_of_trafilatura_or_better() -> None:
    import trafilatura

    assert len(PAGES) >= 10
    ours, reading, alone = [], [], []
    for path in PAGES:
        gold = path.with_suffix(".txt").read_text(encoding="utf-8")
        page = read(path.read_bytes())
        # The answers leave author lines out, as trafilatura does; here they are segments of their own.
        ours.append(measure(of_roles(page, "headline", "dateline", "body", "caption", "credit", "furniture"), gold))
        reading.append(measure(of_roles(page, "headline", "body"), gold))
        theirs = trafilatura.extract(path.read_bytes(), include_comments=False) or ""
        alone.append(measure(theirs, gold))
        line = "  ".join(f"{p:.3f}/{r:.3f}" for p, r in (ours[-1], reading[-1], alone[-1]))
        print(f"{path.stem:15} {line}")
    for name, figures in (("all text", ours), ("headline and body", reading), ("trafilatura", alone)):
        print(f"{name}: precision {mean([p for p, _ in figures]):.4f}, recall {mean([r for _, r in figures]):.4f}")
    for figures in (ours, reading):
        assert mean([r for _, r in figures]) >= mean([r for _, r in alone])
        assert mean([p for p, _ in figures]) >= mean([p for p, _ in alone])


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_segments_hold_every_character_of_a_page_once(path: Path) -> None:
    page = read(path.read_bytes())
    place = 0
    for segment in page.segments:
        assert page.text[place : segment.start].strip() == ""
        assert segment.start < segment.end and not page.text[segment.start].isspace()
        assert not page.text[segment.end - 1].isspace()
        place = segment.end
    assert page.text[place:].strip() == ""
    assert page.raw_map is None
    assert page.extractor is not None and page.extractor.startswith("trafilatura ")


PAGE = """<!DOCTYPE html><html><head><title>Town votes | The Gull</title>%s</head><body><article><h1>Town votes</h1>
<p class="byline">By Jane Doe</p><p>KOBE (Reuters) - The town voted on Sunday for a new hall, by 14 votes to 9.</p>
<p>The mayor called it a good day for the town, and said that work would begin in the spring of next year.</p>
<p>Opponents said that the money was needed for the school, whose roof has leaked since the storms of two winters ago,
and for the swimming bath, which had to be closed in the autumn because its boiler could no longer be repaired.</p>
<p class="photo-credit">Photo by A. Person for the town</p><p>Read more</p></article></body></html>"""


def test_markup_gives_roles_and_the_rules_find_the_rest() -> None:
    page = read(PAGE % "")
    told = [(s.role, s.rule, page.text[s.start : s.end]) for s in page.segments]
    assert told[:4] == [
        ("headline", "html_head", "Town votes"),
        ("byline", "html_byline", "By Jane Doe"),
        ("dateline", "dateline_agency", "KOBE (Reuters) -"),
        ("body", "paragraph", "The town voted on Sunday for a new hall, by 14 votes to 9."),
    ]
    assert {role for role, _, words in told if words.startswith("Photo by")} <= {"credit"}
    assert {role for role, _, words in told if words == "Read more"} <= {"furniture"}


@pytest.mark.parametrize(
    ("head", "date"),
    [
        ('<meta property="article:published_time" content="2019-06-26T23:30:00-05:00">', "2019-06-26"),
        (
            '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "2020-02-03"}</script>',
            "2020-02-03",
        ),
        ('<meta itemprop="datePublished" content="2021-11-12">', "2021-11-12"),
        ("", ""),
    ],
)
def test_date_comes_from_markup_alone(head: str, date: str) -> None:
    assert read(PAGE % head).stated.date == date
    assert read((PAGE % head).replace("next year", "2018, on 3 May 2018")).stated.date == date


@pytest.mark.parametrize(
    ("label", "codec", "encoding"),
    [
        ('<meta charset="iso-8859-1">', "cp1252", "cp1252"),
        ('<meta http-equiv="content-type" content="text/html; charset=windows-1251">', "cp1251", "cp1251"),
        ('<meta charset="shift_jis">', "shift_jis", "shift_jis"),
        ('<meta charset="utf-16">', "utf-8", "utf-8"),
        ('<meta charset="no-such-thing">', "utf-8", "utf-8"),
        ("", "utf-16", "utf-16"),
    ],
)
def test_encoding_is_what_the_page_says_unless_it_is_utf8(label: str, codec: str, encoding: str) -> None:
    word = {"cp1251": "Москва", "shift_jis": "東京新聞", "utf-16": "Köln 東京"}.get(codec, "Köln")
    page = read((PAGE % label).replace("The mayor", f"{word}: the mayor").encode(codec))
    assert (page.encoding, page.score) == (encoding, 1.0)
    assert f"{word}: the mayor" in page.text


def test_same_page_gives_the_same_text_whatever_was_read_before() -> None:
    raw = PAGES[0].read_bytes()
    first = read(raw)
    for path in PAGES:
        read(path.read_bytes())
    assert read(raw) == first


@pytest.mark.parametrize("raw", ["<html><body></body></html>", "<html><body><nav>Home</nav></body></html>", "<html>"])
def test_page_without_an_article_is_refused(raw: str) -> None:
    with pytest.raises(Undecodable, match="no article"):
        read(raw)
