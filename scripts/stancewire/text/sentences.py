"""Sentences of headline, caption and body, within their segments. A headline is one sentence.

A sentence ends at `.`, `!`, `?` or `…` (and their closing quotes and brackets) before white space, unless a rule says
that it goes on: after an abbreviation, an initial, an ordinal; before a lower-case word; or where the words after a
quotation say who spoke (`"This is unfair!" Trump said.`). Chinese and Japanese stops need no white space after them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from .dates import MONTH
from .model import Segment, Sentence

ROLES = ("headline", "caption", "body")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CLOSE = "\"'”’»›)\\]」』）】"
_OPEN = "\"'“”‘„‚«»‹([「『（"
STOP = re.compile(
    rf"(?P<stop>[.!?…؟।]+|\.(?:\s\.){{2,}})(?P<close>[{_CLOSE}]*(?:\s»(?=\s))?)(?=\s)\s+|[。！？]+[{_CLOSE}]*\s*",
    re.DOTALL,
)
# What may end no sentence, because a name or number follows.
NEVER_LAST = _words(
    """
    mr mrs ms messrs dr prof gen sen rep gov lt col capt cpl sgt maj adm brig cmdr pvt rev hon pres amb supt insp
    det fr mt ft vs v e.g i.e cf viz approx ca al herr frau hr fr dipl ing mme mlle sr sra srta dra lic z.b d.h
    u.a bzw evtl ggf inkl vgl usw.und sog geb verh
    """
)
# These do so only before a number.
ALWAYS_BEFORE = _words(
    """
    no nos nr art arts fig figs sec secs para p pp vol ch abs ziff tel ext núm ca
    """
)
# These end a sentence only if the next word is one that begins sentences.
EITHER_WAY = _words(
    """
    inc corp co cos ltd bros llc plc jr sr etc dept univ assn ave blvd rd st jan feb mar apr jun jul aug sept sep
    oct nov dec mon tue tues wed thu thur thurs fri sat ala ariz ark calif colo conn del fla ga ill ind kan ky la
    md mass mich minn miss mo mont neb nev okla ore pa penn tenn tex vt va wash wis wyo ont que okt dez mrd mio
    mill tsd usw s.a n.v ph.d m.d b.a m.a esq gmbh str u.s u.k u.n e.u d.c a.m p.m r.i n.y n.j n.h n.c s.c n.d s.d
    w.va n.m g.o.p
    """
)
# Words that begin sentences and hardly ever a name that could follow an abbreviation.
_STARTERS = _words(
    """
    the a an this that these those there here he she it we they i you his her its their our my your who what when
    where why how which but and or nor yet so if as at by for from in on of to with without after before since
    until while although though because despite during under over between among about against according also
    however meanwhile moreover instead still then now both each every some many most much more several few all no
    not one two three four five another other others such last next earlier later asked speaking experts officials
    analysts critics supporters der die das den dem ein eine er sie es wir ihr und aber doch auch nach vor bei mit
    im am in zu zum zur wie wenn als les un une elle ils elles ce cette ces mais et en dans pour sur una pero con
    por para según gli ma nel per os mas em
    """
)
_SAYING = (
    "said|says|say|asked|asks|told|tells|added|adds|tweeted|tweets|wrote|writes|replied|replies|answered|shouted|cried|"
    "exclaimed|declared|insisted|warned|joked|quipped|recalled|explained|continued|noted|responded|posted|yelled|wondered|"
    "remarked|concluded|argued|announced|demanded|chanted|sagte|fragte|rief|erklärte|meinte|schrieb|dijo|"
    "preguntó|disse"
)
_SPEAKER_AFTER = re.compile(
    rf"(?:(?:[A-ZÀ-ÖØ-Þ][\w.'’-]*|the|his|her|their|an?|[a-z]+)\s+){{0,5}}?(?:{_SAYING})\b|(?:{_SAYING})\s", re.DOTALL
)
_BEFORE_WORD = frozenset("\"'“”‘’„«»()[]/—–")
BEFORE_ORDINAL = _words("am vom der dem den des die das zum beim im seit bis ab und el il le")
_BEFORE_ORDINAL = re.compile(rf"\b(?:{'|'.join(sorted(BEFORE_ORDINAL))})$", re.IGNORECASE)
_MONTH_BEFORE = re.compile(rf"{MONTH}$", re.IGNORECASE)
_NEXT_WORD = re.compile(r"[^\W_]+(?:[’'.][^\W_]+)*")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_LETTER = re.compile(r"[^\W\d_]")
_MONTH_NEXT = re.compile(MONTH, re.IGNORECASE)


def split_sentences(
    text: str, segments: Iterable[Segment], breaks: Sequence[int] = (), joins: Sequence[int] = ()
) -> list[Sentence]:
    """The sentences of the segments that have any, numbered through the document.

    Args:
        breaks: code points at which a sentence begins whatever the rules say.
        joins: code points at which none begins, whatever the rules say.
    """
    found: list[Sentence] = []
    for segment in segments:
        if segment.role not in ROLES:
            continue
        begins = [segment.start]
        if segment.role != "headline":
            begins += [segment.start + place for place in find_breaks(text[segment.start : segment.end])]
        if breaks or joins:
            inside = {place for place in breaks if segment.start < place < segment.end}
            begins = sorted((set(begins) | inside) - {place for place in joins if place != segment.start})
        begins.append(segment.end)
        for start, following in pairwise(begins):
            end = start + len(text[start:following].rstrip())
            found.append(Sentence(len(found), segment.seg_no, start, end))
    return found


def find_breaks(text: str) -> list[int]:
    """Where sentences begin within a paragraph, its beginning left out."""
    found = []
    begin = 0
    for match in STOP.finditer(text):
        if match.end() < len(text) and ends_at(text, begin, match):
            found.append(match.end())
            begin = match.end()
    return found


def ends_at(text: str, begin: int, match: re.Match[str]) -> bool:
    """Does a sentence end at this stop?"""
    stop, close = match["stop"], match["close"]
    if stop is None:  # Chinese and Japanese
        return match.group().rstrip()[-1] not in "」』" or text[match.end()] not in "とと、。"
    following = text[match.end() : match.end() + 120]
    first = next((character for character in following if character.isalnum()), "")
    if not first or first.islower():  # nothing but an emoji or end mark follows, or the sentence goes on
        return False
    opened = following[0] in _OPEN and following[0] not in "([（【"
    next_word = _NEXT_WORD.match(following.lstrip(_OPEN))
    starter = next_word is not None and next_word.group().lower() in _STARTERS
    if stop[-1] in "!?" or set(stop) <= {"!", "?"}:
        return not (close.strip(")]") and _SPEAKER_AFTER.match(following))
    if "…" in stop or stop.count(".") >= 2:
        attached = not text[match.start() - 1 : match.start()].isspace() and " " not in stop
        return bool(close) or opened or starter or (attached and stop.endswith("...."))
    before = text[begin : match.start()]
    return _ends_after(_last_word(before[-60:]), before, first, starter or opened, following)


def _last_word(before: str) -> str:
    """What stands after the last white space, quote, bracket, slash or dash."""
    end = len(before) - before.endswith("\n")
    start = end
    while start and not (before[start - 1] in _BEFORE_WORD or before[start - 1].isspace()):
        start -= 1
    return before[start:end]


def _ends_after(word: str, before: str, first: str, starter: bool, following: str) -> bool:
    """Does a period after `word` end the sentence?"""
    key = word.lower()
    if key in NEVER_LAST:
        return False
    if key in ALWAYS_BEFORE and first.isdigit():
        return False
    if key in EITHER_WAY or _INITIALS.fullmatch(word):
        return starter
    is_letter = _LETTER.fullmatch(word) is not None
    if is_letter and word.isupper():  # an initial; the pronoun I and `Plan B` end sentences, too
        return starter
    if is_letter and re.match(r"[^\W\d_]\.", following):  # z. B.
        return False
    if word.isdigit() and len(word) <= 3:
        further = before.removesuffix("\n")[: -len(word)]
        # No name of a month has more than a dozen letters.
        near = further.rstrip()[-16:] if word.isdecimal() and further[-1:].isspace() else ""
        if _MONTH_NEXT.match(following):
            return _MONTH_BEFORE.search(near) is not None
        if _BEFORE_ORDINAL.search(near):
            return False
    return True
