"""For any Unicode text: decode → segments → view → offsets → bytes, and back."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stancewire.text import JOINT, decode, make_view, segment_text, split_sentences
from stancewire.text.raw_map import map_raw

SPICE = [
    *("\n", "\n\n", "\r\n", "\r", " ", "\t", "\u00a0", "\u2028", "\u2029", "\u3000"),
    *("\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u200b", "\ufeff", "\U0010ffff"),
    *("😀", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "e\u0301", "ﷺ", "東京。"),
    *(
        "‘‘",
        "’’",
        '"',
        ".",
        "!",
        "U.S.",
        ":",
        "By ",
        "Advertisement",
        "date 2019-06-26 ",
        "(Reuters) - ",
        "REUTERS/Ann",
    ),
]
WORDS = st.one_of(
    st.sampled_from(SPICE),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=8),
    st.sampled_from(["The", "committee", "met", "on", "Monday.", "\n\n", "\r\n", " "]),
)
TEXTS = st.lists(WORDS, max_size=40).map("".join)


def newlines_as_lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_article(text: str) -> bool:
    return bool(text.strip().strip("\ufeff").strip()) and "\x00" not in text


@given(TEXTS.filter(is_article))
@example("a\r\nb")
@example("\r\n\r\nDate: 2019\r\nx\r")
@example("\ufeff\ufeffHeadline here\nBody. 😀")
@example("\x1cA\u2028B\x1f")
@settings(deadline=None)
def test_decode_segments_view_offsets_bytes_and_back(text: str) -> None:
    raw = text.encode("utf-8")
    decoded = decode(raw)
    assert decoded.text == newlines_as_lf(raw.decode(decoded.encoding))
    segments = segment_text(decoded.text)
    # a partition: in order, trimmed, every non-space character once
    covered = [place for segment in segments for place in range(segment.start, segment.end)]
    assert covered == sorted(set(covered))
    for segment in segments:
        words = decoded.text[segment.start : segment.end]
        assert words and words == words.strip()
        first, last = decoded.raw_map.to_raw(segment.start, segment.end)
        assert newlines_as_lf(raw[first:last].decode("utf-8")) == words
    outside = set(range(len(decoded.text))) - set(covered)
    assert all(decoded.text[place].isspace() for place in outside)
    for sentence in split_sentences(decoded.text, segments):
        within = segments[sentence.seg_no]
        words = decoded.text[sentence.start : sentence.end]
        assert within.start <= sentence.start < sentence.end <= within.end
        assert words == words.strip()
    # the view, and each of its characters back to the text and its bytes
    shown, view = make_view(decoded.text, segments, ("headline", "body", "caption"))
    assert "\r" not in shown
    assert view.n_chars == len(shown)
    for piece in view.pieces:
        for place in range(piece.view_start, piece.view_end):
            found = view.to_text(place, place + 1)
            assert isinstance(found, tuple)
            start, end = found
            assert decoded.text[start:end] == shown[place]
            assert view.to_view(start, end) == (place, place + 1)
            first, last = decoded.raw_map.to_raw(start, end)
            assert newlines_as_lf(raw[first:last].decode("utf-8")) == shown[place]
    assert shown == JOINT.join(decoded.text[p.start : p.end] for p in view.pieces)


@given(
    TEXTS.filter(is_article), st.sampled_from(["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "gb18030"])
)
@settings(deadline=None)
def test_raw_ranges_hold_in_every_unicode_encoding(text: str, encoding: str) -> None:
    raw = text.encode(encoding)
    decoded = decode(raw, None if encoding in ("utf-8-sig", "utf-16", "utf-32") else encoding)
    if newlines_as_lf(raw.decode(decoded.encoding)) != newlines_as_lf(text):
        # gb18030 bytes may be valid UTF-8 too, and a text may begin with what is a mark; then that reading counts
        text = raw.decode(decoded.encoding)
    assert decoded.text == newlines_as_lf(text)
    big = raw.startswith(b"\xfe\xff")  # a text that begins with U+FEFF is marked, whatever it was declared as
    marked = {"utf-16": "utf-16-be" if big else "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}
    codec = marked.get(decoded.encoding, decoded.encoding)
    position = None
    for place, character in enumerate(decoded.text):
        first, last = decoded.raw_map.to_raw(place, place + 1)
        assert newlines_as_lf(raw[first:last].decode(codec)) == character
        assert position is None or first == position
        position = last
    assert position == len(raw)


@given(st.text(st.sampled_from("東京都はABC。、\r\nか゚ "), min_size=1, max_size=30).filter(is_article), st.data())
@pytest.mark.parametrize("codec", ["iso2022_jp", "shift_jis_2004", "euc_jp", "cp932"])
@settings(deadline=None, max_examples=40)
def test_raw_ranges_hold_in_stateful_encodings(codec: str, text: str, data: st.DataObject) -> None:
    raw = text.encode(codec, "ignore")
    text = raw.decode(codec)
    if not is_article(text):
        return
    raw_map = map_raw(raw, codec, 0, text)
    canonical = newlines_as_lf(text)
    assert raw_map.n_chars == len(canonical)
    start = data.draw(st.integers(0, len(canonical) - 1))
    end = data.draw(st.integers(start + 1, len(canonical)))
    first, last = raw_map.to_raw(start, end)
    assert 0 <= first < last <= len(raw)
    if codec in ("euc_jp", "cp932"):  # no states: the bytes stand for themselves
        assert newlines_as_lf(raw[first:last].decode(codec)) == canonical[start:end]
    elif end < len(canonical):
        assert raw_map.to_raw(end, end + 1)[0] <= last or raw_map.to_raw(end, end + 1)[0] == last


def test_span_outside_the_text_has_no_bytes() -> None:
    raw_map = decode(b"abc").raw_map
    for start, end in ((0, 4), (2, 2), (-1, 2), (3, 2)):
        with pytest.raises(ValueError, match="no span"):
            raw_map.to_raw(start, end)


@pytest.mark.parametrize(
    ("raw", "start", "end", "expected"),
    [
        (b"\xef\xbb\xbfab", 0, 1, (3, 4)),
        (b"a\r\nb", 1, 2, (1, 3)),
        (b"a\r\nb", 2, 3, (3, 4)),
        (b"a\r\rb", 2, 3, (2, 3)),
        ("é😀x".encode(), 1, 2, (2, 6)),
        ("😀\r\nx".encode("utf-16"), 1, 3, (6, 12)),
    ],
)
def test_bytes_of_a_span(raw: bytes, start: int, end: int, expected: tuple[int, int]) -> None:
    assert decode(raw).raw_map.to_raw(start, end) == expected
