"""How headers, datelines, bylines, captions and credits look in plain-text news; one small function a form.

Each function is given the words of one paragraph (or line) and answers for it alone; `segments` knows its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .dates import DATE, MONTH_DAY, WEEKDAY
from .endings import ends_in_period, ends_sentence
from .lexicon import MAX_KNOWN, Lexicon, furniture_key, read_keys

# What a header states -> its keys. From `other` ones nothing is read.
_HEADER_WORDS = {
    "date": """date | published | publication date | pubdate | pub date | pub_date | date published | date_published
        published on | published at | publish_date | posted | posted on | datum | veröffentlicht | fecha
        date de publication | publié le | data | publicado | 日付 | дата""",
    "updated": "updated | last updated | last modified | modified | aktualisiert | actualizado",
    "byline": "by | byline | author | authors | autor | auteur | autore | von | writer",
    "title": "title | headline | titel | titre | título | titolo | überschrift",
    "url": "url | link | source url | source_url | canonical url | permalink | web address",
    "outlet": "outlet | publication | newspaper | publisher | zeitung | journal | periódico",
    "source": "source | quelle | fuente | fonte | agency | provider | news agency",
    "other": """section | category | categories | id | doc id | doc_id | document id | article id | language | lang
        keywords | tags | tag | subject | topics | topic | length | words | word count | edition | page | location
        country | copyright | license | rights | document-type | publication-type | load-date | dateline | rubrik
        ressort | slug | desk | priority | embargo | filed | type | genre | stand""",
}
HEADER_KEYS = {
    key.strip(): field for field, words in _HEADER_WORDS.items() for key in words.replace("\n", "|").split("|")
}
_KEY = "|".join(re.escape(key).replace(r"\ ", r"[ ]") for key in sorted(HEADER_KEYS, key=len, reverse=True))
_DATE_KEY = "|".join(
    re.escape(key).replace(r"\ ", r"[ ]")
    for key in sorted((k for k, v in HEADER_KEYS.items() if v in ("date", "updated")), key=len, reverse=True)
)
_LONGEST_KEY = max(map(len, HEADER_KEYS)) + 2  # with a space and the colon
_FIGURE = re.compile(r"\d")
_KEY_VALUE = re.compile(rf"(?P<key>{_KEY})\s?[:=](?!//)\s*(?P<value>.*)", re.IGNORECASE | re.DOTALL)
_DATE_VALUE = re.compile(rf"(?P<key>{_DATE_KEY})[ \t]+(?=\S)", re.IGNORECASE)
_URL_VALUE = re.compile(r"(?P<key>url|link|source_url)\s+(?P<value>https?://\S+)", re.IGNORECASE)
_DATE_LINE = re.compile(
    rf"(?:(?:{_DATE_KEY}|on|le|am|el)[ ]{{0,2}}:?[ ]{{1,3}})?{DATE.pattern}"
    r"(?:\s*[|/,–-]\s*(?:(?:last )?updated|modified|aktualisiert)?"
    rf"[ :]*{re.sub(r'[?]P<[a-z]+>', '?:', DATE.pattern)})?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Header:
    """A header line: what it states (`field`), its value, and the length of the header; what follows is not header."""

    field: str
    value: str
    length: int


# Dates and bylines come again in many documents.
@lru_cache(maxsize=MAX_KNOWN)
def find_header(line: str) -> Header | None:
    """The header that a line begins with: `Date: 2019-06-26`, `date 2019-06-26 Headline`, `Title: …`, a lone date."""
    if len(line) > 600:
        return None
    beginning = line[:_LONGEST_KEY]
    if (":" in beginning or "=" in beginning) and (match := _KEY_VALUE.match(line)):
        return _keyed_header(line, match)
    if not _FIGURE.search(line):  # then there is no date; and an address after a key alone
        match = _URL_VALUE.fullmatch(line)
        return Header("url", match["value"], len(line)) if match else None
    if match := _DATE_VALUE.match(line):
        dated = DATE.match(line, match.end())
        field = _field(match["key"])
        if dated is not None and field is not None:
            return Header(field, dated.group(), _header_end(line, dated.end()))
    if match := _URL_VALUE.fullmatch(line):
        return Header("url", match["value"], len(line))
    if match := _DATE_LINE.fullmatch(line):
        return Header("updated" if line.lower().startswith(("updated", "last")) else "date", line, len(line))
    return None


def _keyed_header(line: str, match: re.Match[str]) -> Header | None:
    field, value = _field(match["key"]), match["value"]
    if field is None:
        return None
    if field == "title":
        return Header("title", value, match.start("value") if value else len(line))
    if field in ("date", "updated"):
        dated = DATE.match(line, match.start("value"))
        if dated is not None:
            return Header(field, dated.group(), _header_end(line, dated.end()))
    if len(value) > 200 or (field in ("source", "other") and ends_sentence(value) and len(value.split()) > 8):
        return None  # a sentence that begins with such a word
    return Header(field, value, len(line))


def _field(key: str) -> str | None:
    """What a header's key states; None where only a pattern takes it for one (`ſection`, whose ſ it reads as an s)."""
    return HEADER_KEYS.get(" ".join(key.lower().split()))


def _header_end(line: str, date_end: int) -> int:
    """Where a dated header ends on its line: after the date, if words follow that could be a headline."""
    rest = line[date_end:].strip()
    if len(rest.split()) < 2 or rest[0] in "|,;(-–—/":
        return len(line)
    return len(line[:date_end].rstrip())


SECTION_NAMES = read_keys(
    """
    world | world news | national | nation | politics | business | economy | markets | opinion | editorial
    commentary | analysis | sports | sport | asia | asia pacific | europe | africa | middle east | americas | us
    u.s | us news | u.s. news | technology | tech | science | health | culture | entertainment | lifestyle
    news | breaking news | breaking | local | local news | metro | international | international news
    exclusive | explainer | factbox | top news | japan | china | politik | wirtschaft | ausland | inland
    panorama | deutschland | welt | monde | politique | économie | internacional | política | economía | mundo
    general news
    """
)


MAX_SECTION = 60  # characters
_SECTION_JOINTS = re.compile(r"\s*[|/>»&,]\s*")


def is_section_name(line: str) -> bool:
    """Is the line a newspaper's section (`World`, `Asia / Politics`)?"""
    if len(line) > MAX_SECTION:
        return False
    return all(furniture_key(part) in SECTION_NAMES for part in _SECTION_JOINTS.split(line))


_NOTE = re.compile(
    r"[(\[*]\s*(?:adds|correct(?:s|ed|ion)|updates|updated|recasts|refiles|repeats|writethru|eds|editor[’']s note)"
    r"\b.{0,300}|(?:correction|clarification|editor[’']s note|update|updated)\s?:.{0,400}"
    r"|(?:this|an earlier version of this) (?:story|article|version)\b.{0,80}"
    r"\b(?:corrected|updated|misstated|clarified).{0,300}",
    re.IGNORECASE | re.DOTALL,
)


def is_editors_note(text: str) -> bool:
    """Is it a note on the article: `(Adds analyst comment)`, `This story has been corrected …`?"""
    return _NOTE.fullmatch(text) is not None


_NAME = r"(?:[A-ZÀ-ÖØ-ÞĀ-Ž][\w.'’-]*|de|da|di|del|della|der|den|van|von|und|y|e|bin|al|el|la|le|ter|zu|zur)"
_NAMES = rf"{_NAME}(?:\s+{_NAME}){{0,5}}"
_BY = re.compile(
    rf"(?:by|von|par|por|di|door|text:|story by|reported by|written by|reporting by)\s+(?P<names>{_NAMES}"
    rf"(?:(?:,\s?|\s+(?:and|und|et|y|e|in|with|&)\s+){_NAMES}){{0,6}})(?:\s?[|/,–—-]\s?.{{2,80}})?",
)
_NAME_AGENCY = re.compile(rf"(?P<names>{_NAMES})\s?[,|/–—-]\s?(?P<agency>.{{2,60}})")
_JOB = re.compile(
    r"(?:(?:senior |chief |special |contributing |foreign |political |diplomatic |news |staff |globe |tokyo )*"
    r"(?:staff|writer|correspondent|reporter|editor|columnist|contributor)"
    r"|korrespondent|redakteur(?:in)?|reporter(?:in)?)\b.{0,40}",
    re.IGNORECASE,
)
_DAYS = re.compile(
    rf"(?:by\s+)(?:{WEEKDAY}|{MONTH_DAY}|Land|Sea|Air|Then|Now|The\s(?!Associated|Canadian))", re.IGNORECASE
)


def is_byline(line: str, lexicon: Lexicon) -> bool:
    """Is the whole line the author's: `By Name`, `By NAME, Agency`, `Name, Associated Press`, `Name, Staff Writer`?"""
    if len(line) > 160:
        return False
    known = lexicon.known_bylines
    if line not in known:
        if len(known) >= MAX_KNOWN:
            known.clear()
        known[line] = _is_byline(line, lexicon)
    return known[line]


def _is_byline(line: str, lexicon: Lexicon) -> bool:
    if ends_in_period(line.replace("Jr.", "Jr")):
        return False
    lowered = line[:1].upper() + line[1:] if line[:3].lower() == "by " else line
    match = _BY.fullmatch(_lower_first(lowered))
    if match and not _DAYS.match(line):
        return len(line.split()) <= 18
    match = _NAME_AGENCY.fullmatch(line)
    if match is None or not 2 <= len(match["names"].split()) <= 5:
        return False
    agency = match["agency"].strip()
    named = lexicon.names_only_wires(agency) or furniture_key(agency) in lexicon.outlets
    # a slash makes a photographer: `Kiyoshi Ota/Bloomberg`
    return (named or _JOB.fullmatch(agency) is not None) and "/" not in line


def _lower_first(line: str) -> str:
    first, _, rest = line.partition(" ")
    return f"{first.lower()} {rest}"


_UPPER = r"[A-ZÀ-ÖØ-ÞĀ-Ž][A-ZÀ-ÖØ-ÞĀ-Ž.'’-]+"
_UPPER_PLACE = rf"{_UPPER}(?:\s(?:{_UPPER}|DE|DA|OF|THE)){{0,3}}"
_MIXED = r"[A-ZÀ-ÖØ-Þ][\w.'’-]+"
_REGION = rf"(?:,\s?(?!{MONTH_DAY})(?:{_MIXED})(?:\s{_MIXED}){{0,2}})"
_PLACE = rf"(?:{_UPPER_PLACE}{_REGION}?(?:\s?(?:/|;|\band\b|\bund\b|&)\s?{_UPPER_PLACE}{_REGION}?){{0,3}})"
_MIXED_PLACE = rf"(?:{_MIXED}(?:[\s/]{_MIXED}){{0,3}}(?:\s\([^()\n]{{2,30}}\)|{_REGION})?)"
_WHEN = rf"(?:,?\s(?:{WEEKDAY}\s)?(?i:{MONTH_DAY}))"
_AGENCY = r"[(\[](?P<agency{n}>[^()\[\]\n]{{2,60}})[)\]]"
_DASH = r"(?:\s?(?:--|—|–|―)|\s[-_]|\.-|-(?=\s))"
_DATELINES = (
    # PARIS (Reuters) -   BEIJING, Dec 7 (Reuters) -   LONDON/BRUSSELS, Dec. 7 (AP) —   SAN JOSE, Calif. (AP) --
    re.compile(rf"{_PLACE}{_WHEN}?,?\s?{_AGENCY.format(n='')}\s?(?:{_DASH}|:)"),
    # TOKYO, June 26 /PRNewswire/ --   TOKYO--(BUSINESS WIRE)--
    re.compile(rf"{_PLACE}{_WHEN}?,?\s?/(?P<agency>[\w .-]{{2,40}})/\s?{_DASH}"),
    re.compile(rf"{_PLACE}\s?--\s?{_AGENCY.format(n='')}\s?--"),
    # TOKYO, June 26 —   TOKYO —   TOKYO, Reuters -
    re.compile(rf"{_PLACE}{_WHEN}{_DASH}"),
    re.compile(rf"{_PLACE},\s(?P<agency>\w[\w ]{{1,30}}?){_DASH}"),
)
MAX_DATELINE = 200  # characters
_PLAIN_DATELINE = re.compile(rf"(?P<place>{_PLACE}){_DASH}(?=\s?[\"“‘'«„(]?[A-ZÀ-ÖØ-Þ0-9])")
_MIXED_DATELINES = (
    # Berlin (dpa) -   Tokyo, June 26 (Jiji Press)--   (Reuters) -   June 26 (Reuters) -   (ANSA) - ROMA, 26 GIU -
    re.compile(rf"{_MIXED_PLACE}{_WHEN}?,?\s?{_AGENCY.format(n='')}\s?(?:{_DASH}|\.|:)"),
    re.compile(rf"[(\[](?P<agency>[^()\[\]\n]{{2,40}})[)\]]\s?{_DASH}\s{_PLACE},\s(?i:{MONTH_DAY}){_DASH}"),
    re.compile(rf"(?:(?i:{MONTH_DAY})\s)?[(\[](?P<agency>[^()\[\]\n]{{2,40}})[)\]]\s?{_DASH}"),
)


@dataclass(frozen=True)
class Dateline:
    """The dateline a paragraph begins with: its length, its rule, and the agency it names, as printed."""

    length: int
    rule: str
    agency: str | None


def find_dateline(paragraph: str, lexicon: Lexicon) -> Dateline | None:
    """The dateline at the beginning of a paragraph, in any of its forms.

    `PLACE:` is none, whatever follows: under pictures it is the place where the photograph was taken.
    """
    head = paragraph[:MAX_DATELINE]
    for pattern in _DATELINES:
        match = pattern.match(head)
        if match is not None:
            agency = match.groupdict().get("agency")
            if agency is None or lexicon.find_wire(agency) or pattern is not _DATELINES[4]:
                return Dateline(match.end(), "dateline" if agency is None else "dateline_agency", agency)
    for pattern in _MIXED_DATELINES:
        match = pattern.match(head)
        if match is not None and lexicon.find_wire(match["agency"]):
            return Dateline(match.end(), "dateline_agency", match["agency"])
    match = _PLAIN_DATELINE.match(head)
    if match is not None and len(match["place"]) >= 4 and furniture_key(match["place"]) not in _NOT_PLACES:
        return Dateline(match.end(), "dateline", None)
    return None


_NOT_PLACES = read_keys(
    """
    nato | asean | covid | opec | unesco | unicef | breaking | exclusive | update | updated | analysis
    opinion | factbox | explainer | watch | video | photos | live | developing | correction | editorial
    column | review | interview
    """
)

_PERSON = r"[A-ZÀ-ÖØ-Þ][\w.'’-]*(?:\s(?:[A-ZÀ-ÖØ-Þ][\w.'’-]*|de|da|di|van|von|bin|al)){0,4}"
_SLASH_CREDIT = re.compile(rf"(?P<name>{_PERSON})\s?/\s?(?P<agency>[A-Za-zÀ-ÖØ-Þ][\w .&'’/-]{{1,60}})")
_PHOTO_WORDS = re.compile(
    r"""[(\[|–—-]?\s*(?:
      (?:(?:file|courtesy|handout|pool|ap|afp|reuters|epa|getty|kyodo)\ )?
        (?:photos?|photographs?|photography|pictures?|pic|images?|fotos?|bild|(?:photo|image|picture)\ credit)
        \s?(?:by\b|/|:|courtesy\b|via\b|©)\s?[^.!?\n]{2,80}
    | (?:ap|afp|reuters|epa|kyodo|xinhua|bloomberg)\ (?:photo|pic|file\ photo|file)
    | (?:credit|bildquelle|crédit\ photo|copyright)\s?:\s?[^.!?\n]{2,80}
    | via\ (?:reuters|ap|afp|getty\ images)
    | (?:©|\(c\))\s?[^.!?\n\d]{2,60}
    )\s*[)\]]?\.?""",
    re.IGNORECASE | re.VERBOSE,
)
_CAPTION_START = re.compile(
    r"""(?:file\ photo|file\ picture|file|photo|image|picture|(?:photo\ |image\ )?caption|archivbild|archivfoto|bild
        |foto|bildunterschrift|légende|photo\ d'archives|pie\ de\ foto|archivo)\s?(?:[:|]|\s[-–—]+)\s?\S
    | \(?file\ photo[:)]
    | in\ this\ (?:file\ )?(?:[\w.,]+\ ){0,6}(?:photo|image|picture|frame\ grab|photograph|handout)\b(?!-)""",
    re.IGNORECASE | re.VERBOSE,
)
_PHOTO_LINES = read_keys("getty images | file photo | reuters/file photo")


def is_photo_credit(line: str, lexicon: Lexicon) -> bool:
    """Is the whole line a photographer's credit: `REUTERS/Name`, `Name/Getty Images`, `Photo: Name`?"""
    if len(line) > 120:
        return False
    if furniture_key(line) in _PHOTO_LINES:
        return True
    # A lone `© AFP` may sign the text; `segments` decides by its place.
    if _PHOTO_WORDS.fullmatch(line) and not line.lower().startswith(("©", "(c)")):
        return True
    match = _SLASH_CREDIT.fullmatch(line.strip("()[] "))
    if match is None:
        return False
    sides = [furniture_key(part) for part in re.split(r"/|\bvia\b", match.group())]
    # Two agencies (`dpa/AFP`) sign a text, not a picture.
    return any(side in lexicon.photo_agencies for side in sides) and not all(side in lexicon.wires for side in sides)


def caption_rule(paragraph: str, lexicon: Lexicon) -> str | None:
    """The rule by which a paragraph is a picture's caption, None where it is none."""
    if _CAPTION_START.match(paragraph[:200]) and len(paragraph) <= 900:
        return "caption_start"
    if len(paragraph) > 900:
        return None
    tail = paragraph[-140:]
    for match in re.finditer(r"(?:[.!?…][\"'”’)\]]*|\))\s+(?=\S)|\s[|–—-]{1,2}\s(?=\S)|\s(?=[(\[©])", tail):
        credit = tail[match.end() :]
        if _PHOTO_WORDS.fullmatch(credit):
            return "caption_credit"
        named = _SLASH_CREDIT.fullmatch(credit.strip("()[]. "))
        # A name, a slash and an agency after the sentence's end: an unknown agency will do, for it ends no sentence.
        if named and (
            is_photo_credit(credit.rstrip("."), lexicon) or (" " in named["name"] and not credit.endswith("."))
        ):
            return "caption_credit"
    return None


_SIGN_OFF = re.compile(
    r"[(\[]?\s*(?:(?:additional |further )?reporting by|(?:additional )?writing by|editing by|compiled by|edited by"
    r"|reported by|with (?:reporting|assistance) (?:by|from)|with files from|with contributions? from|translated by)"
    r"\b.{2,400}",
    re.IGNORECASE | re.DOTALL,
)
_CONTRIBUTED = re.compile(
    r".{2,200}\bcontributed (?:reporting|to this (?:report|story|article|dispatch))\b.{0,80}"
    r"|(?:this (?:report|story|article)|material)\b.{0,60}\b(?:from|by|includes?)\b.{2,120}"
    r"\b(?:was used|news services|wire services|wire reports)\b.{0,60}",
    re.IGNORECASE | re.DOTALL,
)
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright\b)\s*(?:©|\(c\))?\s*.{0,160}", re.IGNORECASE | re.DOTALL)
_LEAD = re.compile(
    r"^[\s(\[]*(?:[-–—―_=*]+\s*)?(?:(?:source|quelle|fuente|with|from|credit|mit material von)\s?:?\s+)?", re.IGNORECASE
)
_CLOSER = re.compile(
    r"(?<=[.!?…\"'”’»)])\s+(?P<credit>(?:[-–—―]{1,3}\s?(?P<name>[A-Za-zÀ-ÿ][\w .&/,-]{1,40})"
    r"|\((?P<inside>[A-Za-zÀ-ÿ][\w .&/,-]{1,40})\)))$"
)


def _without_lead(line: str) -> str:
    """A credit's names: without the dash, bracket or `Source:` before them, and what closes them."""
    lead = _LEAD.match(line)
    return line[lead.end() if lead else 0 :].rstrip(")] .")


def credit_rule(line: str, lexicon: Lexicon) -> str | None:
    """The rule by which a whole line is a credit: `bloomberg news`, `-- Reuters`, `(Reporting by …)`, `(c) 2019 …`."""
    if len(line) > 450:
        return None
    if lexicon.names_only_wires(_without_lead(line)) and not line.rstrip().endswith("?"):
        return "wire_credit"
    if _SIGN_OFF.fullmatch(line) and not is_byline(line, lexicon):
        return "sign_off"
    if _CONTRIBUTED.fullmatch(line):
        return "contributors"
    if _COPYRIGHT.fullmatch(line) and len(line.split()) <= 30 and (re.search(r"\d{4}|©|\(c\)", line) is not None):
        return "copyright"
    return None


def find_closer(paragraph: str, lexicon: Lexicon) -> int | None:
    """Where a last paragraph's credit begins on its line (`… he said. -- Reuters`), None where it has none."""
    offset = max(0, len(paragraph) - 80)
    match = _CLOSER.search(paragraph[offset:])
    if match is None or not lexicon.names_only_wires(match["name"] or match["inside"]):
        return None
    return offset + match.start("credit")


def find_credited_wire(credit: str, lexicon: Lexicon) -> str | None:
    """The agency that a credit line names, by its approved name.

    Short credits are read as names; in longer ones (`(c) 2019 Bloomberg L.P. All rights`) the spellings of more than
    three letters are looked for, and short ones in capitals (`AP`).
    """
    found = lexicon.find_wire(_without_lead(credit))
    if found is not None:
        return found
    places = [
        (match.start(), -len(key), name) for key, name, words in lexicon.wire_words if (match := words.search(credit))
    ]
    return min(places)[2] if places else None
