"""Bytes become a canonical text by the first certain sign, and a doubtful guess never stays silent."""

from __future__ import annotations

import pytest

from stancewire.text import Undecodable, decode, find_encoding
from stancewire.text.decode import DOUBTFUL

ENGLISH = "The café’s rules — “special” ones — were dropped.\n"
GERMAN = (
    "Bundesregierung prüft neue Regeln für die Bahn. Die Opposition übte Kritik: „Das genügt nicht“, sagte Jürgen Groß "
    "am Mittwoch in München. Für das nächste Jahr rechnet die Behörde mit höheren Erlösen, hieß es aus Fürth."
)


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
    ],
)
def test_mark_or_strict_utf8_decides(codec: str, encoding: str) -> None:
    decoded = decode(ENGLISH.encode(codec), "cp1252")
    assert (decoded.text, decoded.encoding, decoded.score) == (ENGLISH, encoding, 1.0)


def test_big_endian_marks_are_known() -> None:
    assert decode(b"\xfe\xff" + ENGLISH.encode("utf-16-be")).text == ENGLISH
    assert decode(b"\x00\x00\xfe\xff" + ENGLISH.encode("utf-32-be")).text == ENGLISH


def test_ascii_is_called_utf8() -> None:
    assert decode(b"plain").encoding == "utf-8"


@pytest.mark.parametrize("declared", ["Windows-1252", "cp1252", "CP1252"])
def test_declared_encoding_is_used_where_utf8_fails(declared: str) -> None:
    decoded = decode(ENGLISH.encode("cp1252"), declared)
    assert (decoded.text, decoded.encoding, decoded.score, decoded.doubts) == (ENGLISH, "cp1252", 1.0, ())


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "iso2022_jp"])
def test_declared_wide_or_stateful_encoding_is_heard_before_utf8(codec: str) -> None:
    text = "東京 Tokyo\n"
    assert decode(text.encode(codec), codec).text == text


def test_mark_wins_over_a_contradicting_declaration_with_a_warning() -> None:
    decoded = decode(ENGLISH.encode("utf-16"), "shift_jis")
    assert decoded.text == ENGLISH
    assert [doubt.check for doubt in decoded.doubts] == ["encoding-doubtful"]


def test_detector_is_asked_last_and_its_confidence_recorded() -> None:
    decoded = decode(GERMAN.encode("cp1252"))
    assert (decoded.text, decoded.encoding) == (GERMAN, "cp1252")
    assert DOUBTFUL <= decoded.score <= 1
    assert decoded.doubts == ()


def test_doubtful_guess_comes_with_a_warning() -> None:
    # cp1250, cp1252 and cp1257 all make words of this
    decoded = decode("The minister’s “naïve” move — a first — pleased no one at all in the capital.".encode("cp1252"))
    assert decoded.score < DOUBTFUL
    (doubt,) = decoded.doubts
    assert doubt.check == "encoding-doubtful"
    assert decoded.encoding in doubt.message and "declare" in doubt.message


@pytest.mark.parametrize(
    ("text", "codec", "expected"),
    [
        ("Министр обороны заявил в среду, что переговоры продолжатся в следующем месяце.", "cp1251", "cp1251"),
        ("東京都は水曜日、新しい交通規則を発表した。知事は記者会見で述べた。", "cp932", "cp932"),
    ],
)
def test_detector_reads_other_alphabets(text: str, codec: str, expected: str) -> None:
    decoded = decode(text.encode(codec))
    assert (decoded.text, decoded.encoding) == (text, expected)


@pytest.mark.parametrize(
    ("raw", "declared", "check", "words"),
    [
        (b"", None, "source-empty", "empty"),
        (b" \r\n\t\xc2\xa0", None, "source-empty", "white space"),
        (b"\xef\xbb\xbf", None, "source-empty", "white space"),
        (b"text\x00more", None, "source-binary", "NUL"),
        ("text".encode("utf-16-le"), None, "source-binary", "utf-16-le"),
        (b"%PDF-1.7\n%\xe2\xe3", None, "source-binary", "PDF"),
        (b"PK\x03\x04rest", None, "source-binary", "zip"),
        (b"\xff\xfea", None, "source-encoding", "byte order mark"),
        (b"\xef\xbb\xbfcaf\xe9", None, "source-encoding", "byte 6"),
        (b"caf\xe9", "utf-8", "source-encoding", "byte 3"),
        (b"caf\x81", "cp1252", "source-encoding", "byte 3"),
        (b"cafe", "cp12525", "source-encoding", "unknown encoding"),
        (b"cafe", "base64", "source-encoding", "cannot be declared"),
        (b"cafe", "utf-16", "source-encoding", "utf-16-le"),
        (b"cafe", "unicode_escape", "source-encoding", "cannot be declared"),
        (b"a\xed\xa0\x80b", "utf-8", "source-encoding", "byte 1"),
        (b"\xff\xfe\x00\xd8a\x00", None, "source-encoding", "does not fit"),
    ],
)
def test_what_is_no_text_is_refused_with_reason(raw: bytes, declared: str | None, check: str, words: str) -> None:
    with pytest.raises(Undecodable, match=words) as caught:
        decode(raw, declared)
    assert caught.value.check == check


def test_unknown_encoding_names_the_nearest() -> None:
    with pytest.raises(Undecodable, match="did you mean 'shift-jis'"):
        find_encoding("shif_jis")


def test_line_breaks_become_lf_and_nothing_else_changes() -> None:
    raw = "a\r\nb\rc\n\r\nd\u2028e\x85f\x1cg\u00a0h\ufeffi e\u0301".encode()
    assert decode(raw).text == "a\nb\nc\n\nd\u2028e\x85f\x1cg\u00a0h\ufeffi e\u0301"


@pytest.mark.parametrize("text", ["The cafÃ© is shut.", "Itâ€™s over.", "lost \ufffd words", "quote \x93this\x94"])
def test_mojibake_is_warned_about_and_kept(text: str) -> None:
    decoded = decode(text.encode())
    assert decoded.text == text
    assert [doubt.check for doubt in decoded.doubts] == ["mojibake"]


@pytest.mark.parametrize("text", ["São Paulo – “café” … naïve", "Ångström Ã la carte", "ÂNGELA"])
def test_accents_are_no_mojibake(text: str) -> None:
    assert decode(text.encode()).doubts == ()
