"""Every stretch of a text gets its role by a named rule; the seeds and a dozen house styles come out exactly."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from stancewire.sources import NOTHING_KNOWN
from stancewire.text import Lexicon, decode, furniture_key, segment_text, split_sentences
from stancewire.text.metadata import find_metadata
from stancewire.text.patterns import caption_rule, credit_rule, find_dateline, find_header, is_byline, is_photo_credit

DATA = Path(__file__).parent / "data"
SEEDS = Path(__file__).parents[1] / "corpus" / "sources"
GOLD = json.loads((DATA / "seed_gold.json").read_text(encoding="utf-8"))["documents"]
STYLES = sorted((DATA / "house_styles").glob("*.json"))
LEXICON = Lexicon.for_codebook(None)
BODY = "The committee met on Monday in the old town hall and agreed on nothing, its chairman said."


def roles(text: str) -> list[tuple[str, str]]:
    return [(segment.role, text[segment.start : segment.end]) for segment in segment_text(text)]


def rules(text: str) -> list[str]:
    return [segment.rule for segment in segment_text(text)]


@pytest.mark.parametrize("gold", GOLD, ids=lambda gold: gold["meta"]["source_index"])
def test_seed_segments_are_the_gold_answer(gold: dict) -> None:
    decoded = decode((SEEDS / gold["meta"]["source_file"]).read_bytes())
    found = [
        (s.seg_no, s.role, s.start, s.end, *decoded.raw_map.to_raw(s.start, s.end), decoded.text[s.start : s.end])
        for s in segment_text(decoded.text)
    ]
    keys = ("segment", "role", "start", "end", "byte_start", "byte_end", "text")
    assert found == [tuple(segment[key] for key in keys) for segment in gold["segments"]]


@pytest.mark.parametrize("gold", GOLD, ids=lambda gold: gold["meta"]["source_index"])
def test_seed_body_sentences_are_the_gold_answer(gold: dict) -> None:
    text = decode((SEEDS / gold["meta"]["source_file"]).read_bytes()).text
    segments = segment_text(text)
    body = {segment.seg_no for segment in segments if segment.role == "body"}
    found = [(s.start, s.end) for s in split_sentences(text, segments) if s.seg_no in body]
    expected = [(s["start"], s["end"]) for segment in gold["segments"] for s in segment.get("sentences", ())]
    assert len(expected) == gold["n_body_sentences"]
    assert found == expected


def test_house_styles_are_there() -> None:
    assert len(STYLES) >= 12


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.stem)
def test_house_style_comes_out_exactly(path: Path) -> None:
    expected = json.loads(path.read_text(encoding="utf-8"))
    decoded = decode(path.with_suffix(".txt").read_bytes(), expected["declared"])
    segments = segment_text(decoded.text)
    assert [[s.role, decoded.text[s.start : s.end]] for s in segments] == expected["segments"]
    metadata = vars(find_metadata(decoded.text, segments, NOTHING_KNOWN, LEXICON)) | {"encoding": decoded.encoding}
    found = {name: metadata[name] for name in expected["documents"]}
    assert {name: str(value) if name == "date" and value else value for name, value in found.items()} == expected[
        "documents"
    ]


@pytest.mark.parametrize(
    "dateline",
    [
        "PARIS (Reuters) -",
        "BEIJING, Dec 7 (Reuters) -",
        "LONDON/BRUSSELS, Dec. 7 (AP) —",
        "TOKYO (Kyodo) --",
        "(Reuters) -",
        "Aug 9 (Reuters) -",
        "WASHINGTON, D.C. —",
        "SAN JOSE, Calif. (AP) —",
        "NEW YORK (AP) _",
        "TOKYO, June 26 (Jiji Press) --",
        "Tokyo, June 26 (Jiji Press)--",
        "Berlin (dpa) -",
        "Berlin/Paris (dpa/AFP) -",
        "Paris, 26 juin 2019 (AFP) –",
        "SEOUL, Feb. 20 (Yonhap) --",
        "MADRID, 26 jun (EFE).-",
        "TOKYO, June 26, 2019 /PRNewswire/ --",
        "LONDON--(BUSINESS WIRE)--",
        "(ANSA) - ROMA, 26 GIU -",
        "ST. PAUL, Minn. —",
        "UNITED NATIONS (AP) —",
        "SYDNEY —",
        "HONG KONG, Monday, June 3 (Reuters) -",
    ],
)
def test_dateline_is_cut_off_in_any_form(dateline: str) -> None:
    text = f"A headline about the committee\n\n{dateline} {BODY}"
    assert roles(text)[1:] == [("dateline", dateline), ("body", BODY)]


@pytest.mark.parametrize(
    "opening",
    [
        "YOKOSUKA: The committee met.",
        "NATO — the alliance — met.",
        "UPDATE - The committee met.",
        "Mr. Lee (Labour) - the chairman - met.",
        "COVID-19 cases rose.",
        "US-Japan talks went on.",
        "I (Ann) - and nobody else - met the committee.",
        "He said (again) - no.",
    ],
)
def test_what_only_looks_like_a_dateline_is_body(opening: str) -> None:
    assert find_dateline(opening, LEXICON) is None


@pytest.mark.parametrize(
    "line",
    [
        "By Ann Poe",
        "BY ANN POE",
        "by Ann Poe and Karl de Vries",
        "By ANN POE, Associated Press",
        "By Ann Poe, Karl Lee and Jo van Dam, Globe Staff",
        "Ann Poe, Associated Press",
        "Ann Poe | Reuters",
        "Ann Poe, Staff Writer",
        "Von Jürgen Groß, dpa",
        "Par Hélène Martin",
        "By The Associated Press",
        "By Robert Downs Jr.",
    ],
)
def test_byline_is_known_as_a_whole_line(line: str) -> None:
    assert is_byline(line, LEXICON)
    assert ("byline", line) in roles(f"Committee agrees on nothing\n\n{line}\n\n{BODY}")


@pytest.mark.parametrize(
    "line",
    [
        "By Wednesday the committee had met",
        "By Friday",
        "By land and by sea, they came.",
        "Kiyoshi Ota/Bloomberg",
        "Trump, Abe agree on beef",
        "By then, nobody was left in the hall to vote on anything at all, the chairman said.",
    ],
)
def test_what_only_looks_like_a_byline_is_none(line: str) -> None:
    assert not is_byline(line, LEXICON)


@pytest.mark.parametrize(
    "caption",
    [
        "YOKOSUKA: Sailors stand on deck on May 28. Kiyoshi Ota/Bloomberg",
        "Sailors stand on deck. (AP Photo/Ann Poe)",
        "Sailors stand on deck in Yokosuka, Japan. REUTERS/Ann Poe",
        "Sailors stand on deck. Photo by Ann Poe",
        "Sailors stand on deck | Photo Credit: REUTERS",
        "FILE PHOTO: Sailors stand on deck",
        "FILE - In this June 26 photo sailors stand on deck.",
        "In this June 26, 2019 photo, sailors stand on deck.",
        "Sailors stand on deck. — AFP pic",
        "Sailors stand on deck. Photo: Kyodo",
        "Matrosen stehen an Deck. Foto: Kay Petersen/dpa",
        "Sailors stand on deck. (Ann Poe/The Boston Globe)",
    ],
)
def test_caption_is_known_by_its_credit_or_beginning(caption: str) -> None:
    assert caption_rule(caption, LEXICON)
    found = roles(f"Committee agrees on nothing\n\n{caption}\n\n{BODY}")
    assert found[1:] == [("caption", caption), ("body", BODY)]


@pytest.mark.parametrize(
    "line",
    [
        "REUTERS/Ann Poe",
        "AP Photo/Ann Poe",
        "Ann Poe/Getty Images",
        "Photo: Ann Poe",
        "Getty Images",
        "Kiyoshi Ota/Bloomberg",
    ],
)
def test_photographer_on_a_line_of_their_own_is_no_wire(line: str) -> None:
    assert is_photo_credit(line, LEXICON)
    text = f"Committee agrees on nothing\n\nSailors stand on deck.\n\n{line}\n\n{BODY}\n\n{BODY} Then it rained."
    segments = segment_text(text)
    assert [s.role for s in segments] == ["headline", "caption", "caption", "body", "body"]
    assert find_metadata(text, segments, NOTHING_KNOWN, LEXICON).wire is None


@pytest.mark.parametrize(
    "paragraph",
    [
        "He wrote for the Globe/Herald.",
        "She photographed it. The picture went to Reuters.",
        "The photo shows a ship.",
        "File the papers, he said.",
        "In this photo-free age he paints.",
        "Images of the flood were shown by Reuters.",
    ],
)
def test_what_only_mentions_pictures_is_no_caption(paragraph: str) -> None:
    assert caption_rule(paragraph, LEXICON) is None
    assert not is_photo_credit(paragraph, LEXICON)


@pytest.mark.parametrize(
    ("line", "wire"),
    [
        ("bloomberg news", "Bloomberg News"),
        ("-- Reuters", "Reuters"),
        ("— AP", "Associated Press"),
        ("(AP)", "Associated Press"),
        ("==Kyodo", "Kyodo News"),
        ("AFP-JIJI", "Agence France-Presse"),
        ("dpa/AFP", "dpa"),
        ("The Associated Press", "Associated Press"),
        ("Source: Reuters", "Reuters"),
        ("(c) 2019 Bloomberg L.P.", "Bloomberg News"),
        ("© 2019 AFP", "Agence France-Presse"),
        ("Copyright 2021 The Associated Press. All rights reserved.", "Associated Press"),
        ("(Reporting by Ann Poe; Editing by Karl Lee)", None),
        ("Reuters contributed to this report.", None),
        ("(c) 2019 The Evening Gull", None),
    ],
)
def test_credit_line_states_the_wire(line: str, wire: str | None) -> None:
    assert credit_rule(line, LEXICON) or find_header(line)
    text = f"Committee agrees on nothing\n\n{BODY}\n\n{line}"
    segments = segment_text(text)
    assert [s.role for s in segments] == ["headline", "body", "credit"]
    metadata = find_metadata(text, segments, NOTHING_KNOWN, LEXICON)
    assert (metadata.credit, metadata.wire) == (line, wire)


@pytest.mark.parametrize(
    "line", ["Reuters could not confirm the report.", "He told AP", "AP?", "A report by Reuters said so."]
)
def test_a_sentence_about_an_agency_is_no_credit(line: str) -> None:
    assert credit_rule(line, LEXICON) is None


def test_credit_on_the_last_line_is_cut_off() -> None:
    assert roles(f"Committee agrees on nothing\n{BODY}\nThen it rained. -- Reuters")[-2:] == [
        ("body", "Then it rained."),
        ("credit", "-- Reuters"),
    ]
    assert roles(f"Committee agrees on nothing\n{BODY} (AP)")[-1] == ("credit", "(AP)")


@pytest.mark.parametrize(
    ("line", "field", "length"),
    [
        ("date 2019-06-26 U.S., Japan affirm pact", "date", 15),
        ("Date: 2019-06-26", "date", 16),
        ("Published: June 26, 2019 10:15 GMT", "date", 34),
        ("By: Ann Poe", "byline", 11),
        ("Source: The Evening Gull", "source", 24),
        ("URL: https://news.example/a", "url", 27),
        ("Title: Committee agrees", "title", 7),
        ("Wednesday, June 26, 2019", "date", 24),
        ("26. Juni 2019", "date", 13),
        ("Updated 2019-06-26T10:15:00Z", "updated", 28),
        ("Published 26 June 2019 | Updated 27 June 2019", "date", 45),
    ],
)
def test_header_is_known_by_its_key(line: str, field: str, length: int) -> None:
    header = find_header(line)
    assert header is not None
    assert (header.field, header.length) == (field, length)


@pytest.mark.parametrize(
    "line",
    [
        "Q: Were you afraid?",
        "Date palms grow here",
        "By land they came",
        "Source of the trouble is money",
        "Published authors met",
        "TOKYO: a city",
        "URL shorteners are handy",
        "Dated 2019",
    ],
)
def test_what_only_begins_like_a_header_is_none(line: str) -> None:
    assert find_header(line) is None


def test_header_and_headline_share_a_line() -> None:
    assert roles(f" date 2019-06-26 U.S., Japan affirm pact\n{BODY}")[:2] == [
        ("header", "date 2019-06-26"),
        ("headline", "U.S., Japan affirm pact"),
    ]


@pytest.mark.parametrize(
    "headline",
    [
        "Is the pact over?",
        "Trump says pact is unfair to U.S.",
        "‘It is over’",
        "Ships! Ahoy!",
        "Was nun, Herr Lee?",
        "米、協定を見直しへ",
    ],
)
def test_headline_may_end_like_this(headline: str) -> None:
    assert roles(f"{headline}\n\n{BODY}\n\n{BODY} It rained.")[0] == ("headline", headline)


@pytest.mark.parametrize("first", [BODY, "It rained.", "Q: Were you afraid of anything?", "He said:", "Rain"])
def test_first_paragraph_that_is_no_headline_is_body(first: str) -> None:
    assert roles(f"{first}\n\n{BODY} It rained again, and then again.")[0] == ("body", first)


def test_lone_paragraph_is_body() -> None:
    assert roles("Committee agrees on nothing") == [("body", "Committee agrees on nothing")]


def test_deck_under_the_headline_is_a_second_headline() -> None:
    text = f"Committee agrees on nothing\nChairman blames the weather and the tea\n{BODY}"
    assert rules(text) == ["headline", "subheadline", "paragraph"]


NOTES = [
    "(Corrects spelling of name in paragraph 3)",
    "(Adds details, quotes)",
    "[Updates with comment]",
    "Correction: An earlier version of this article misstated the date.",
    "Editor's note: This story has been corrected.",
    "This story has been updated to add a comment.",
    "This article was updated on June 26, 2019.",
    "An earlier version of this story misstated the number of votes.",
    "Updated: June 26, 2019",
]


@pytest.mark.parametrize("note", NOTES)
def test_correction_and_update_notes_are_known_before_and_after_the_body(note: str) -> None:
    above = roles(f"A headline about the committee\n\n{note}\n\nPARIS (Reuters) - {BODY}")
    assert above[1:] == [("header", note), ("dateline", "PARIS (Reuters) -"), ("body", BODY)]
    below = roles(f"A headline about the committee\n\n{BODY}\n\n{note}")
    assert below[1:] == [("body", BODY), ("header", note)]
    signed = roles(f"A headline about the committee\n\n{BODY}\n\n{note}\n\n-- Reuters")
    assert signed[1:] == [("body", BODY), ("header", note), ("credit", "-- Reuters")]


@pytest.mark.parametrize("note", NOTES[3:])
def test_what_reads_like_a_note_between_paragraphs_is_body(note: str) -> None:
    found = roles(f"A headline about the committee\n\n{BODY}\n\n{note}\n\n{BODY} It will meet again in June.")
    assert ("body", note) in found


@pytest.mark.parametrize("dateline", ["PARIS (Reuters) -", "BEIJING, Dec 7 (Reuters) -", "(Reuters) -"])
@pytest.mark.parametrize("joint", ["\n\n", "\n"])
def test_byline_stands_before_a_dateline(dateline: str, joint: str) -> None:
    found = roles(f"A headline about the committee\n\nBy Ann Poe{joint}{dateline} {BODY}")
    assert found[1:] == [("byline", "By Ann Poe"), ("dateline", dateline), ("body", BODY)]


@pytest.mark.parametrize("closer", ["-- Reuters", "– AFP", "—Reuters", "(Reuters)", "-- Agence France-Presse"])
@pytest.mark.parametrize("joint", [" ", "\n\n"])
def test_agency_closes_the_text_on_its_last_line_or_below(closer: str, joint: str) -> None:
    found = roles(f"A headline about the committee\n\n{BODY}{joint}{closer}")
    assert found[1:] == [("body", BODY), ("credit", closer)]


def test_headline_printed_twice_is_furniture_the_second_time() -> None:
    text = f"Committee agrees on nothing\nCOMMITTEE AGREES ON NOTHING\n{BODY}"
    assert rules(text) == ["headline", "repeated_headline", "paragraph"]


@pytest.mark.parametrize(
    "line",
    [
        "Advertisement",
        "ADVERTISEMENT",
        "— Advertisement —",
        "Recommended for you",
        "Read more",
        "Read more: Chairman blames tea",
        "Sign up for our newsletter.",
        "Sign up for The Gull's daily e-mail briefing",
        "Share",
        "Share this article",
        "Related: Chairman blames tea",
        "Subscribe",
        "Photo 3 of 12",
        "3/12",
        "12 comments",
        "4 min read",
        "All rights reserved.",
        "Story continues below advertisement",
        "https://news.example/a",
        "Anzeige",
        "Lesen Sie auch: Das Wetter",
        "Lire aussi",
        "Publicité",
        "広告",
        "* * *",
        "___",
    ],
)
def test_furniture_is_known_as_a_whole_line(line: str) -> None:
    text = f"Committee agrees on nothing\n\n{BODY}\n\n{line}\n\n{BODY} It rained."
    assert roles(text)[2] == ("furniture", line)


@pytest.mark.parametrize(
    "line",
    [
        "It rained.",
        "Share prices fell.",
        "Share and share alike, he said.",
        "Advertisement revenue fell.",
        "Related companies were not asked.",
        "Sign the paper, he said.",
        "Subscribe or die was their motto.",
        "Read my lips, he said.",
        "No.",
        "Follow the money, she said.",
        "Live.",
        "More than that nobody knew.",
    ],
)
def test_short_sentence_is_body(line: str) -> None:
    text = f"Committee agrees on nothing\n\n{BODY}\n\n{line}\n\n{BODY} It rained."
    assert ("body", line) in roles(text)


def test_line_repeated_in_a_document_is_furniture() -> None:
    text = f"Committee agrees on nothing\n{BODY}\nThe Evening Gull Online\n{BODY} Yes.\nThe Evening Gull Online"
    assert rules(text) == ["headline", "paragraph", "repeated_line", "paragraph", "repeated_line"]


def test_sentence_said_twice_stays_body() -> None:
    text = f"Committee agrees on nothing\n{BODY}\nHe said no.\n{BODY} Yes.\nHe said no."
    assert [role for role, _ in roles(text)] == ["headline", "body", "body", "body", "body"]


def test_wrapped_lines_are_one_paragraph_where_blank_lines_part_them() -> None:
    text = (
        "Committee agrees on nothing\n\nThe committee met on Monday in the old town\nhall and agreed on nothing, its "
        "chairman\nsaid.\n\nThen it rained. The hall has no roof, and\nthe tea was cold."
    )
    assert [role for role, _ in roles(text)] == ["headline", "body", "body"]


def test_one_line_paragraphs_stay_apart_although_some_blank_lines_stand_between() -> None:
    text = f"Committee agrees on nothing\n\n{BODY}\nThen it rained.\nTea was cold.\n\nNobody stayed.\nIt ended at 9."
    assert [role for role, _ in roles(text)] == ["headline", *["body"] * 5]


def test_lines_end_in_lf_only() -> None:
    text = f"Committee agrees on nothing\n{BODY}\u2028It rained.\x1cIt poured.\x85End."
    assert len(roles(text)) == 2


def test_stray_byte_order_mark_is_kept_apart_from_the_first_word() -> None:
    assert roles(f"\ufeffCommittee agrees on nothing\n{BODY}")[:2] == [
        ("furniture", "\ufeff"),
        ("headline", "Committee agrees on nothing"),
    ]


def test_codebook_adds_furniture_wires_and_outlets() -> None:
    from types import SimpleNamespace

    codebook = SimpleNamespace(
        furniture=("gull club",), wires=(("gull wire", "Gull Wire"),), outlets=("The Evening Gull",)
    )
    lexicon = Lexicon.for_codebook(codebook)  # type: ignore[arg-type]
    text = f"Source: the evening gull\nCommittee agrees on nothing\n{BODY}\nGull Club\ngull wire"
    segments = segment_text(text, lexicon)
    assert [s.role for s in segments] == ["header", "headline", "body", "furniture", "credit"]
    metadata = find_metadata(text, segments, NOTHING_KNOWN, lexicon)
    assert (metadata.wire, metadata.outlet, metadata.outlet_source) == ("Gull Wire", "The Evening Gull", "list")


def test_codebook_renames_an_agency_under_all_its_spellings() -> None:
    from types import SimpleNamespace

    lexicon = Lexicon.for_codebook(SimpleNamespace(furniture=(), wires=(("ap", "The AP"),), outlets=()))  # type: ignore[arg-type]
    assert lexicon.find_wire("The Associated Press") == "The AP"


def test_furniture_key_folds_case_digits_and_edges() -> None:
    assert furniture_key("  — Photo 12 of\t345 » ") == furniture_key("PHOTO 3 of 7") == "photo 0 of 0"


def wrap(text: str, width: int) -> str:
    """Each line hard-wrapped, as an old mail or terminal does."""
    return "\n".join("\n".join(textwrap.wrap(line, width)) if line.strip() else line for line in text.split("\n"))


LAYOUTS = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "blank lines between": lambda text: "\n\n".join(line for line in text.split("\n") if line.strip()),
    "no blank lines": lambda text: "\n".join(line for line in text.split("\n") if line.strip()),
    "more blank lines": lambda text: text.replace("\n", "\n \n\t\n\n"),
    "trailing and leading spaces": lambda text: "\n".join(f"\t {line}  \u00a0" for line in text.split("\n")),
    "byte order mark": lambda text: "\ufeff" + text,
    "wrapped at 72": lambda text: wrap("\n\n".join(line for line in text.split("\n") if line.strip()), 72),
    "wrapped at 60": lambda text: wrap("\n\n".join(line for line in text.split("\n") if line.strip()), 60),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("gold", GOLD, ids=lambda gold: gold["meta"]["source_index"])
def test_layout_changes_no_role(gold: dict, layout: str) -> None:
    text = (SEEDS / gold["meta"]["source_file"]).read_bytes().decode("utf-8")
    decoded = decode(LAYOUTS[layout](text).encode("utf-8"))
    found = [(s.role, " ".join(decoded.text[s.start : s.end].split())) for s in segment_text(decoded.text)]
    assert found == [(segment["role"], segment["text"]) for segment in gold["segments"]]
