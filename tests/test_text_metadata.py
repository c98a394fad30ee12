"""Metadata stands only where the source states it, and says where."""

from __future__ import annotations

import dataclasses
import datetime
import json
from pathlib import Path

import pytest

from stancewire.sources import NOTHING_KNOWN, SourceFacts
from stancewire.text import Lexicon, decode, furniture_key, segment_text
from stancewire.text.dates import DATE, find_date, read_date
from stancewire.text.language import detect_language
from stancewire.text.metadata import Metadata, find_metadata

ROOT = Path(__file__).parents[1]
GOLD = json.loads((Path(__file__).parent / "data" / "seed_gold.json").read_text(encoding="utf-8"))["documents"]
LEXICON = Lexicon.for_codebook(None)
BODY = "The committee met on Monday in the old town hall and agreed on nothing, its chairman said."


def metadata_of(text: str, facts: SourceFacts = NOTHING_KNOWN) -> Metadata:
    return find_metadata(text, segment_text(text, LEXICON), facts, LEXICON)


@pytest.mark.parametrize("gold", GOLD, ids=lambda gold: gold["meta"]["source_index"])
def test_seed_metadata_is_the_gold_answer(gold: dict) -> None:
    meta = gold["meta"]
    found = metadata_of(decode((ROOT / "corpus" / "sources" / meta["source_file"]).read_bytes()).text)
    assert found.title == meta["title"]
    assert (None if found.date is None else found.date.isoformat()) == meta["date_published"]
    assert found.date_source == (None if meta["date_published"] is None else "header")
    assert (found.dateline, found.byline, found.outlet, found.wire) == (
        meta["dateline"],
        meta["byline"],
        meta["outlet"],
        meta["wire"],
    )
    assert found.lang == meta["language"]
    assert found.lang_score is not None and 0 < found.lang_score <= 1


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2019-06-26", "2019-06-26"),
        ("2019-06-26T10:15:00Z", "2019-06-26"),
        ("2019/6/26", "2019-06-26"),
        ("June 26, 2019", "2019-06-26"),
        ("Jun. 26, 2019", "2019-06-26"),
        ("26 June 2019", "2019-06-26"),
        ("26th June 2019", "2019-06-26"),
        ("Wed., June 26, 2019", "2019-06-26"),
        ("26. Juni 2019", "2019-06-26"),
        ("26.06.2019", "2019-06-26"),
        ("26 juin 2019", "2019-06-26"),
        ("26 de junio de 2019", "2019-06-26"),
        ("2019年6月26日", "2019-06-26"),
        ("26/06/2019", "2019-06-26"),
        ("06/26/2019", "2019-06-26"),
        ("06/06/2019", "2019-06-06"),
        ("03/04/2019", None),
        ("2019-02-30", None),
        ("June 2019", None),
        ("June 26", None),
        ("next Friday", None),
    ],
)
def test_date_is_read_only_where_it_is_unambiguous(text: str, day: str | None) -> None:
    assert find_date(text) == (None if day is None else datetime.date.fromisoformat(day))


def test_dateline_without_year_gives_no_date() -> None:
    found = metadata_of(f"Committee agrees on nothing\n\nPARIS, June 26 (Reuters) - {BODY}")
    assert (found.date, found.date_source, found.wire) == (None, None, "Reuters")
    assert found.dateline == "PARIS, June 26 (Reuters) -"


def test_dateline_with_year_gives_the_date() -> None:
    found = metadata_of(f"Committee agrees on nothing\n\nPARIS, June 26, 2019 (Reuters) - {BODY}")
    assert (found.date, found.date_source) == (datetime.date(2019, 6, 26), "dateline")


def test_date_of_publication_wins_over_update() -> None:
    found = metadata_of(f"Updated: 2019-06-27\nDate: 2019-06-26\nCommittee agrees on nothing\n{BODY}")
    assert found.date == datetime.date(2019, 6, 26)


def test_sources_csv_wins_over_the_text() -> None:
    facts = SourceFacts(outlet="The Evening Gull", date=datetime.date(2020, 1, 1), url="https://news.example/a")
    found = metadata_of(f"Date: 2019-06-26\nOutlet: Other\nCommittee agrees on nothing\n{BODY}", facts)
    assert (found.date, found.date_source) == (datetime.date(2020, 1, 1), "sources_csv")
    assert (found.outlet, found.outlet_source) == ("The Evening Gull", "sources_csv")
    assert found.url == "https://news.example/a"


def test_nothing_is_stated_where_the_source_states_nothing() -> None:
    found = metadata_of(f"{BODY} In June 2019 Reuters and The Evening Gull wrote about it.")
    assert found == Metadata(lang="en", lang_score=found.lang_score)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        (f"Committee agrees\n\nBy ANN POE, Associated Press\n\n{BODY}", "Associated Press"),
        (f"Committee agrees\n\nBy Ann Poe\n\n{BODY}", None),
        (f"Source: Reuters\n\nCommittee agrees\n\n{BODY}", "Reuters"),
        (f"Committee agrees\n\n{BODY}\n\nSailors on deck. Ann Poe/Bloomberg\n\n{BODY} Yes.", None),
        (f"Committee agrees\n\n© AFP\n\n{BODY}", None),
        (f"Committee agrees\n\n{BODY}\n\nThe Associated Press contributed to this report.", None),
    ],
)
def test_wire_is_the_agency_that_sends_the_text(text: str, wire: str | None) -> None:
    assert metadata_of(text).wire == wire


@pytest.mark.parametrize(
    "text",
    ["2019-06-26", "2019-06-26T23:50Z", "2019-06-261", "2019-13-45", "2019-13-45, then 2020-01-02", "x 2019-06-26"],
)
def test_a_date_that_begins_a_text_is_read_as_the_general_pattern_reads_it(text: str) -> None:
    read = (read_date(match) for match in DATE.finditer(text))
    assert find_date(text) == next((day for day in read if day is not None), None)


def test_what_a_credit_names_is_remembered_for_its_own_lexicon_alone() -> None:
    text = f"Committee agrees\n\nBy ANN POE, Harbour Press\n\n{BODY}"
    key = furniture_key("Harbour Press")
    other = dataclasses.replace(LEXICON, wires={**LEXICON.wires, key: "Harbour Press Agency"})
    for lexicon, wire in ((LEXICON, None), (other, "Harbour Press Agency"), (LEXICON, None)):
        segments = segment_text(text, lexicon)
        assert find_metadata(text, segments, NOTHING_KNOWN, lexicon).wire == wire


def test_wrapped_headline_is_one_line_in_the_title() -> None:
    text = (
        "A committee that met in the old town hall\nagrees on nothing\n\nThe committee met on Monday in the old town\n"
        "hall and agreed on nothing, its chairman\nsaid. It rained and rained, and the tea went\ncold.\n"
    )
    assert metadata_of(text).title == "A committee that met in the old town hall agrees on nothing"


def test_language_of_a_text_too_short_is_null() -> None:
    assert detect_language("Oui, 1234567890 1234567890") == (None, None)
    assert detect_language("") == (None, None)
    assert detect_language("Die Regierung prüft neue Regeln für die Bahn.")[0] == "de"
