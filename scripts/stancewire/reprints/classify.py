"""What kind of difference a variant is, and whether it is substantive. General rules over short closed lists of words.

Kinds: *punctuation* (marks and spaces alone), *orthography* (the same letters: hyphens, joined words, case),
*abbreviation* (`U.S.`, `US`; `Gen.`, `General`), *figure* (other numbers), *insertion* and *deletion* (words that only
b, only a has), *grammar* (function words for function words, or another form of the same word), *lexis* (other words,
also a name in full for its initials), *omission* (whole sentences that one side lacks; the empty side tells which),
*order* (moved, given by the alignment).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .tokens import Token, find_tokens
from .wordlists import WordLists, word_lists

CLAUSE_WORDS = 3  # fewest words in which a verb makes a clause
STEM = 4  # letters that two forms of one word share at least
ENDING = 4  # and the most in which they differ
_DIGITS = re.compile(r"\d[\d.,:]*")
_THOUSANDS = re.compile(r"^\d{1,3}([.,])\d{3}(\1\d{3})*$")

_SPELLINGS = [
    (re.compile(british), american)
    for british, american in (
        (r"(?<=[a-z]{2})our(?=$|s|ed|ing|ite|able|hood|less|ful|ist|er)", "or"),
        (r"(?<=[a-z]{2})is(?=(?:e[drs]?|ing|ations?|ational)$)", "iz"),
        (r"lys(?=(?:e[drs]?|ing)$)", "lyz"),
        (r"(?<=[a-z]{2}[bcdghptv])re(?=s?$)", "er"),
        (r"(?<=[a-z]{2})nce(?=s?$|less$)", "nse"),
        (r"(?<=[a-z]{2})ll(?=(?:ed|ing|er|ers|ation)$)", "l"),
        (r"ogue(?=s?$)", "og"),
        (r"gramme(?=s?$)", "gram"),
        (r"[ao]e(?=[a-z]{3})", "e"),
        (r"grey", "gray"),
    )
]


@dataclass(frozen=True)
class Verdict:
    """Kind of a variant, and whether it changes negation, modality, intensity, attribution or a figure, or a clause."""

    kind: str
    substantive: bool


def classify(
    text_a: str, text_b: str, lang: str | None = None, *, is_whole: bool = False, before: str = ""
) -> Verdict:
    """Judge a variant by its words.

    Args:
        text_a, text_b: the differing places.
        lang: language of the documents, for the word lists.
        is_whole: whole sentences or paragraphs.
        before: unchanged text of a that leads up to it, where a negation may stand whose scope is changed.
    """
    if is_whole:
        has_words = any(token.is_word for token in find_tokens(text_a + " " + text_b))
        return Verdict("omission", has_words)
    lists = word_lists(lang)
    tokens_a, tokens_b = _changed(find_tokens(text_a), find_tokens(text_b), text_a, text_b)
    words_a, words_b = [t for t in tokens_a if t.is_word], [t for t in tokens_b if t.is_word]
    if not words_a and not words_b:
        return Verdict("punctuation", False)
    form = _form(text_a, text_b, words_a, words_b)
    if form is not None:
        return Verdict(form, False)
    keys_a, keys_b = _keys(words_a, text_a), _keys(words_b, text_b)
    figures_a, figures_b = _figures(words_a, text_a, lists), _figures(words_b, text_b, lists)
    if figures_a != figures_b:
        return Verdict("figure" if figures_a and figures_b else _kind(keys_a, keys_b, lists), True)
    if figures_a and len(keys_a) == len(keys_b) == len(figures_a):
        return Verdict("orthography", False)
    beside = [t.key for t in find_tokens(before[-40:]) if t.is_word][-1:]
    weighs = _turns(keys_a, keys_b, beside, lists) or _turns_verbs(
        _keys(words_a, text_a, is_verb=True), _keys(words_b, text_b, is_verb=True), lists
    )
    return Verdict(_kind(keys_a, keys_b, lists), weighs)


def _changed(a: list[Token], b: list[Token], text_a: str, text_b: str) -> tuple[list[Token], list[Token]]:
    """The tokens without the equal ones at both edges."""
    low = 0
    while low < min(len(a), len(b)) and _surface(a[low], text_a) == _surface(b[low], text_b):
        low += 1
    a, b = a[low:], b[low:]
    while a and b and _surface(a[-1], text_a) == _surface(b[-1], text_b):
        a, b = a[:-1], b[:-1]
    return a, b


def _keys(words: Sequence[Token], text: str, *, is_verb: bool = False) -> list[str]:
    """Keys to look up in the lists; a name stays as it is written and is in none of them.

    Initials are names (`US` is no pronoun); among verbs whatever has a capital is (`May` is no modal).
    """
    keys = []
    for word in words:
        surface = _surface(word, text)
        is_initials = len(word.key) > 1 and surface.upper() == surface != surface.lower()
        keys.append(surface if is_initials or (is_verb and surface[0].isupper()) else word.key)
    return keys


def _surface(token: Token, text: str) -> str:
    return text[token.start : token.end]


def _form(text_a: str, text_b: str, a: Sequence[Token], b: Sequence[Token]) -> str | None:
    """The kind of a difference in writing alone, or None where words differ."""
    plain_a, plain_b = ("".join(_surface(t, text) for t in words) for words, text in ((a, text_a), (b, text_b)))
    if "".join(t.key for t in a) == "".join(t.key for t in b):
        if _letters(plain_a) != _letters(plain_b) or _hyphens(plain_a) != _hyphens(plain_b) or len(a) != len(b):
            return "orthography"
        return "abbreviation" if plain_a.count(".") != plain_b.count(".") else "punctuation"
    if len(a) == len(b) and all(_shortened(x, y) for x, y in zip(a, b, strict=True)):
        return "abbreviation"
    if len(a) == len(b) and all(_spelling(x.key) == _spelling(y.key) for x, y in zip(a, b, strict=True)):
        return "orthography"
    return None


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _hyphens(text: str) -> int:
    return sum(char in "-\u2010\u2011" for char in text)


def _spelling(key: str) -> str:
    """A word without its accents, and as American English spells it: `defence` is `defense`, `centre` is `center`."""
    if not key.isascii():
        key = "".join(char for char in unicodedata.normalize("NFD", key) if not unicodedata.combining(char))
    for british, american in _SPELLINGS:
        key = british.sub(american, key)
    return key


def _shortened(a: Token, b: Token) -> bool:
    """Is one the beginning (or beginning and end) of the other, as in `Gen`, `General`; `Sgt`, `Sergeant`?"""
    if a.key == b.key:
        return True
    short, long = sorted((a.key, b.key), key=len)
    if not 2 <= len(short) <= 5 or len(long) - len(short) < 3 or not short.isalpha() or short[0] != long[0]:
        return False
    rest = iter(long)
    return long.startswith(short) or (short[-1] == long[-1] and len(short) == 2 and all(char in rest for char in short))


def _figures(words: Sequence[Token], text: str, lists: WordLists) -> Counter[float | str]:
    """Numbers among the words, by value."""
    found: Counter[float | str] = Counter()
    for word in words:
        if word.key in lists.figures:
            found[lists.figures[word.key]] += 1
            continue
        for match in _DIGITS.finditer(_surface(word, text)):
            found[_value(match[0].rstrip(".,:"))] += 1
    return found


def _value(figure: str) -> float | str:
    try:
        return float(figure.replace(",", "").replace(".", "") if _THOUSANDS.match(figure) else figure.replace(",", "."))
    except ValueError:
        return figure


def _kind(a: Sequence[str], b: Sequence[str], lists: WordLists) -> str:
    if not a:
        return "insertion"
    if not b:
        return "deletion"
    grammatical = lists.function - lists.negation
    if all(key in grammatical for key in (*a, *b)):
        return "grammar"
    content_a, content_b = ([key for key in keys if key not in grammatical] for keys in (a, b))
    if len(content_a) == len(content_b) and all(map(_same_word, content_a, content_b)):
        return "grammar"
    return "lexis"


def _same_word(a: str, b: str) -> bool:
    """Are these forms of one word, as far as their beginnings tell?"""
    shared = 0
    while shared < min(len(a), len(b)) and a[shared] == b[shared]:
        shared += 1
    return a == b or (shared >= STEM and max(len(a), len(b)) - shared <= ENDING)


def _turns(a: Sequence[str], b: Sequence[str], beside: Sequence[str], lists: WordLists) -> bool:
    """Is a negation or a degree added, dropped or exchanged, or the scope of a negation changed?"""
    for listed in (lists.negation, lists.intensity):
        if Counter(key for key in a if key in listed) != Counter(key for key in b if key in listed):
            return True
    # a word added or dropped right after a negation moves what is denied
    content_a, content_b = ([key for key in keys if key not in lists.function] for keys in (a, b))
    return (not content_a) != (not content_b) and any(key in lists.negation for key in beside)


def _turns_verbs(a: Sequence[str], b: Sequence[str], lists: WordLists) -> bool:
    """Is a modal, a verb of saying or a clause added, dropped or exchanged?"""
    if Counter(key for key in a if key in lists.modality) != Counter(key for key in b if key in lists.modality):
        return True
    said_a, said_b = ([key for key in keys if key in lists.attribution] for keys in (a, b))
    if len(said_a) != len(said_b) or not all(map(_same_verb, sorted(said_a), sorted(said_b))):
        return True
    return _has_clause(a, lists) != _has_clause(b, lists)


def _same_verb(a: str, b: str) -> bool:
    said = {"said", "say", "says", "saying"}
    told = {"told", "tell", "tells"}
    return {a, b} <= said or {a, b} <= told or _same_word(a, b)


def _has_clause(keys: Sequence[str], lists: WordLists) -> bool:
    """Do these words hold a clause, as far as a finite verb among several words tells?"""
    if len(keys) < CLAUSE_WORDS:
        return False
    last = ""
    for key in keys:
        is_past = lists.past_ed and key.endswith("ed") and len(key) > STEM and key.islower()
        if key in lists.finite or (is_past and last and last not in lists.determiner):
            return True
        last = key
    return False
