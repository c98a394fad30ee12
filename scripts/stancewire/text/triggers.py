"""By what a paragraph begins, which rules could name it: a table over the first three letters of its first word.

What the table leaves out cannot be; what it names, the rules themselves decide. Each list of words here is the
beginning of every branch of a rule in `patterns` or `lexicon`, and is kept in step with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from .dates import MONTH_NUMBER, WEEKDAY_NAMES
from .letters import DIGIT, LAST, WILD, letters
from .lexicon import Lexicon
from .patterns import HEADER_KEYS, SECTION_NAMES

# Bits: the rule that a first word could begin.
FURNITURE = 1
PHOTO = 2
CAPTION = 4
WIRE = 8
CREDIT = 16
HEADER = 32
NOTE = 64
BYLINE = 128
MONTH = 256
KEY = 512  # a line that the lexicon knows whole
SECTION = 2048
NAME = 1024  # any word of an agency's name

_FURNITURE_LINES = """
read also see related more watch listen recommended don't lesen mehr lire à lea leggi leia lees читайте please sign
subscribe register anmelden abonnieren get receive follow like join find click photo image picture slide bild foto
estimated reading lesezeit temps share story article all alle tous this have got http www
"""
_PHOTO_WORDS = """
file courtesy handout pool ap afp reuters epa getty kyodo photo photograph picture pic image foto bild xinhua bloomberg
credit bildquelle crédit copyright via c
"""
_CAPTION_START = """
file photo image picture caption archivbild archivfoto bild foto bildunterschrift légende pie archivo in
"""
_LEADS = "source quelle fuente with from credit mit and und"
_CREDITS = """
additional further reporting writing editing compiled edited reported with translated this material copyright c
"""
_NOTES = """
adds correct updates updated recasts refiles repeats writethru eds editor correction clarification update this an
"""
_BYLINES = """
by von par por di door text story reported written reporting de da del della der den van und y e bin al el la le ter
zu zur
"""
_BEFORE_DATES = "on le am el"


_ALNUM = re.compile(r"[^\W_]+")


def first_codes(word: str) -> list[int]:
    """Letter codes of a word's first three characters; a 0 where it ends before, and no more after that."""
    table = letters()
    codes = []
    for character in f"{word} "[:3]:
        codes.append(int(table[min(ord(character), LAST)]))
        if not codes[-1]:
            break
    return codes


def read_triggers(lexicon: Lexicon) -> npt.NDArray[np.uint16]:
    """The rules' bits for each triple of letter codes: a word's first and what follows, read as base 32."""
    table = np.zeros((32, 32, 32), np.uint16)

    def add(bit: int, words: Iterable[str]) -> None:
        for word in words:
            codes = first_codes(word)
            if DIGIT in codes:  # one of any number of figures
                codes = codes[: codes.index(DIGIT) + 1]
            table[tuple(codes)] |= bit

    for bit, words in (
        (FURNITURE, _FURNITURE_LINES), (PHOTO, _PHOTO_WORDS), (CAPTION, _CAPTION_START), (WIRE, _LEADS),
        (CREDIT, _CREDITS), (HEADER, _BEFORE_DATES), (NOTE, _NOTES), (BYLINE, _BYLINES),
    ):  # fmt: skip
        add(bit, words.split())
    add(WIRE, lexicon.wires)
    add(KEY, lexicon.furniture)
    add(SECTION, SECTION_NAMES)
    add(NAME, (run for words in (_LEADS, "material von", *lexicon.wires) for run in _ALNUM.findall(words)))
    add(HEADER, HEADER_KEYS)
    add(HEADER, WEEKDAY_NAMES)
    add(HEADER | MONTH, MONTH_NUMBER)
    table[DIGIT] |= FURNITURE | HEADER | MONTH
    for axis in range(3):
        table[(slice(None),) * axis + (WILD,)] = np.iinfo(np.uint16).max
    table[0] = 0
    return table.reshape(-1)
