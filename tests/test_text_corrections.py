"""corrections.csv moves roles, sentence breaks and metadata, and refuses what does not fit its text."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from stancewire.errors import SourceError
from stancewire.text import segment_text, split_sentences
from stancewire.text.corrections import (
    COLUMNS,
    check_quotes,
    correct_metadata,
    correct_roles,
    read_corrections,
    sentence_places,
)
from stancewire.text.metadata import Metadata

TEXT = "Committee agrees on nothing\n\nIt rained. It poured.\n\nThe committee met, he said. Gull Club"


def write(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "corrections.csv"
    path.write_text("\n".join([",".join(COLUMNS), *rows, ""]), encoding="utf-8")
    return path


def row(quote: str, field: str, value: str, doc_id: str = "a") -> str:
    start = TEXT.index(quote)
    return f'{doc_id},{start},{start + len(quote)},"{quote}",{field},{value},because,a-1,2024-05-01'


def corrected(tmp_path: Path, *rows: str) -> list[tuple[str, str, str]]:
    found = read_corrections(write(tmp_path, *rows))["a"]
    check_quotes(TEXT, found)
    segments = correct_roles(segment_text(TEXT), TEXT, found)
    assert [s.seg_no for s in segments] == list(range(len(segments)))
    return [(s.role, s.rule, TEXT[s.start : s.end]) for s in segments]


def test_role_of_a_whole_segment_is_moved(tmp_path: Path) -> None:
    found = corrected(tmp_path, row("It rained. It poured.", "role", "caption"))
    assert found[1] == ("caption", "correction", "It rained. It poured.")


def test_part_of_a_segment_gets_a_role_of_its_own(tmp_path: Path) -> None:
    assert corrected(tmp_path, row("Gull Club", "role", "furniture"))[2:] == [
        ("body", "paragraph", "The committee met, he said."),
        ("furniture", "correction", "Gull Club"),
    ]
    assert corrected(tmp_path, row("committee", "role", "credit"))[2:5] == [
        ("body", "paragraph", "The"),
        ("credit", "correction", "committee"),
        ("body", "paragraph", "met, he said. Gull Club"),
    ]


def test_later_row_sees_what_the_earlier_one_did(tmp_path: Path) -> None:
    rows = (row("Gull Club", "role", "furniture"), row("Gull Club", "role", "credit"))
    assert corrected(tmp_path, *rows)[-1] == ("credit", "correction", "Gull Club")


def test_sentence_break_and_join(tmp_path: Path) -> None:
    rows = (row("It poured", "sentence_break", "join"), row("he said", "sentence_break", "break"))
    found = read_corrections(write(tmp_path, *rows))["a"]
    segments = segment_text(TEXT)
    breaks, joins = sentence_places(segments, split_sentences(TEXT, segments), found)
    words = [TEXT[s.start : s.end] for s in split_sentences(TEXT, segments, breaks, joins)]
    assert words[1:] == ["It rained. It poured.", "The committee met,", "he said.", "Gull Club"]


def test_metadata_is_set_or_emptied(tmp_path: Path) -> None:
    rows = (
        row("Gull Club", "outlet", "Gull Club"),
        "a,,,,date,2019-06-26,told by the publisher,a-1,2024-05-01",
        "a,,,,wire,,only the picture is theirs,a-1,2024-05-01",
        "a,,,,lang,en,read it,a-1,2024-05-01",
    )
    found = correct_metadata(Metadata(wire="Reuters"), read_corrections(write(tmp_path, *rows))["a"])
    assert (found.outlet, found.outlet_source) == ("Gull Club", "correction")
    assert (found.date, found.date_source) == (datetime.date(2019, 6, 26), "correction")
    assert (found.wire, found.lang, found.lang_score) == (None, "en", 1.0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a,0,9,Committee,rol,body,because,a-1,2024-05-01", "field 'rol' is not one of .*did you mean 'role'"),
        ("a,0,9,Committee,role,bodi,because,a-1,2024-05-01", "did you mean 'body'"),
        ("a,0,9,Committee,role,body,,a-1,2024-05-01", "reason is empty"),
        ("a,0,,Committee,role,body,because,a-1,2024-05-01", "two whole numbers"),
        ("a,x,9,Committee,role,body,because,a-1,2024-05-01", "two whole numbers"),
        ("a,,,,role,body,because,a-1,2024-05-01", "needs start, end and quote"),
        ("a,0,9,Committee,sentence_break,split,because,a-1,2024-05-01", "neither 'break' nor 'join'"),
        ("a,,,,date,26 June,because,a-1,2024-05-01", "no day"),
        ("a,,,,url,ftp://x,because,a-1,2024-05-01", "no http"),
        ("a,,,,lang,English,because,a-1,2024-05-01", "no ISO 639"),
        ("a,0,9,Committee,role,body,because,a-1,yesterday", "no day"),
        ("a,0,9,Committee,role,body,because,a-1", "8 values for 9 columns"),
        (",0,9,Committee,role,body,because,a-1,2024-05-01", "doc_id is empty"),
    ],
)
def test_wrong_row_is_refused_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(SourceError, match=rf"corrections\.csv line 3: .*{message}"):
        read_corrections(write(tmp_path, row("Gull Club", "role", "furniture"), line))


def test_quote_must_stand_at_its_place(tmp_path: Path) -> None:
    rows = read_corrections(write(tmp_path, "a,1,10,Committee,role,body,because,a-1,2024-05-01"))["a"]
    with pytest.raises(SourceError, match=r"line 2: the quote 'Committee' is not what stands at 1-10.*stands at 0-9"):
        check_quotes(TEXT, rows)


@pytest.mark.parametrize("end", [9, 10_000])
def test_place_outside_the_text_is_refused(tmp_path: Path, end: int) -> None:
    rows = read_corrections(write(tmp_path, f"a,9000,{9000 + end},,role,body,because,a-1,2024-05-01"))["a"]
    with pytest.raises(SourceError, match="line 2"):
        check_quotes(TEXT, rows)


def test_role_must_lie_within_one_segment(tmp_path: Path) -> None:
    words = TEXT[40:60]
    line = f'a,40,60,"{words}",role,body,because,a-1,2024-05-01'
    with pytest.raises(SourceError, match="not within one segment"):
        corrected(tmp_path, line)


@pytest.mark.parametrize(
    ("quote", "value", "message"),
    [
        ("poured", "join", "no sentence begins"),
        ("Committee agrees", "break", "not inside"),
    ],
)
def test_sentence_break_must_fit(tmp_path: Path, quote: str, value: str, message: str) -> None:
    found = read_corrections(write(tmp_path, row(quote, "sentence_break", value)))["a"]
    segments = segment_text(TEXT)
    with pytest.raises(SourceError, match=message):
        sentence_places(segments, split_sentences(TEXT, segments), found)


def test_quote_may_hold_line_breaks_and_commas(tmp_path: Path) -> None:
    path = write(
        tmp_path, 'a,0,9,"x,\ny",title,"One, two",because,a-1,2024-05-01', "b,,,,title,Late,because,a-1,2024-05-01"
    )
    found = read_corrections(path)
    assert found["a"][0].quote == "x,\ny"
    assert found["b"][0].where == "corrections.csv line 4"


def test_no_file_means_no_corrections(tmp_path: Path) -> None:
    assert read_corrections(tmp_path / "corrections.csv") == {}
