"""Segments: every stretch of a text gets one role, by rules for plain-text news.

Paragraphs come first (`paragraphs`). Some say themselves what they are, wherever they stand: furniture, captions,
credits. The others have their place: headers, headline, byline and dateline before the first paragraph of the body,
sign-offs after the last. Each rule has a name, which is stored with the segment.

| role | rules |
|--|--|
| header | header_field, header_date, section_name, editors_note (also after the body) |
| headline | headline, subheadline |
| dateline | dateline, dateline_agency |
| byline | byline |
| body | paragraph |
| caption | caption_credit, caption_start, photo_credit, caption_before_credit |
| credit | wire_credit, credit_closer, sign_off, contributors, copyright |
| furniture | furniture_lexicon, repeated_line, repeated_headline, separator, stray_mark |
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from . import patterns
from .endings import ends_in_period, ends_sentence
from .lexicon import DEFAULT, Lexicon, furniture_key
from .model import KnownBlock, Segment
from .paragraphs import read_paragraphs

MAX_HEADLINE_WORDS = 30
MAX_HEADLINE_CHARS = 220
# Above this a repeated line is a sentence that someone said twice, not furniture.
MAX_REPEATED_WORDS = 8
MAX_REPEATED = 60  # characters
# What is remembered of lines that have a role by themselves, since the same stand in many documents.
MAX_KNOWN_LINE, MAX_KNOWN_LINES = 160, 4096
_BEGINS_PARAGRAPH = re.compile(r"[-•*–·▪■]\s|\d{1,2}[.)]\s|(?:Q|A|Question|Answer)\s?[:.]\s|[A-Z][A-Z .'’-]{2,30}:\s")
_SPEAKER = re.compile(r"(?:Q|A|Question|Answer|Frage|Antwort)\s?[:.]|[-•*–·]\s", re.IGNORECASE)
_TWO_SENTENCES = re.compile(r"[a-zà-ÿ]{3}\.\s+[A-ZÀ-Þ]")
# White space and signs, but for one that is a letter when its case is folded, and then letters that fold to themselves.
_FIRST_WORD = re.compile("(?:[^\\w\u0345]|_)*([A-Za-z]+)")
_STRAY_MARKS = re.compile("[\ufeff\u200b\u2060]+")

# What a paragraph may be, bits: where one is missing, it has been shown that the rules of this kind do not name it.
FURNITURE = 1
SEPARATOR = 2
PHOTO_CREDIT = 4
CAPTION = 8
CREDIT = 16
BY_ITSELF = FURNITURE | SEPARATOR | PHOTO_CREDIT | CAPTION | CREDIT  # these ask for no place
HEADER = 32
NOTE = 64
BYLINE = 128
DATELINE = 256
CLOSER = 512
REPEATED = 1024
SECTION = 2048
ANY = 4095


_new = tuple.__new__


class Part:
    """A paragraph on its way to being a segment: code points [start, end), its words, and which rules `may` name it."""

    __slots__ = ("end", "may", "role", "rule", "start", "text")

    def __init__(self, start: int, end: int, text: str, role: str = "", rule: str = "", may: int = ANY) -> None:
        self.start, self.end, self.text, self.role, self.rule, self.may = start, end, text, role, rule, may

    def be(self, role: str, rule: str) -> None:
        self.role, self.rule = role, rule


def segment_text(text: str, lexicon: Lexicon = DEFAULT) -> list[Segment]:
    """The segments of a canonical text in order.

    They hold every character that is not white space (`str.isspace`) exactly once, and begin and end in one. The same
    text and lexicon give the same segments.
    """
    return name_parts(_cut_parts(text, lexicon), lexicon)


def segment_blocks(text: str, blocks: Sequence[KnownBlock], lexicon: Lexicon = DEFAULT) -> list[Segment]:
    """The segments of a text whose blocks are known from markup or columns; the rules name those without a role.

    Args:
        blocks: in order, without overlaps, with all characters that are not white space.
    """
    parts: list[Part] = []
    for block in blocks:
        if block.role:
            parts += known_part(text, block)
            continue
        for part in _cut_parts(text[block.start : block.end], lexicon):
            part.start += block.start
            part.end += block.start
            parts.append(part)
    return name_parts(parts, lexicon)


def known_part(text: str, block: KnownBlock) -> list[Part]:
    """The part of a block with a role; none where it holds nothing but white space."""
    inner = text[block.start : block.end]
    words = inner.strip()
    start = block.start + len(inner) - len(inner.lstrip())
    return [Part(start, start + len(words), words, block.role, block.rule)] if words else []


def _cut_parts(text: str, lexicon: Lexicon) -> list[Part]:
    paragraphs = read_paragraphs(
        text, lambda line: stands_alone(line, lexicon), lambda line: begins_paragraph(line, lexicon)
    )
    return take_stray_marks([Part(p.start, p.end, p.text) for p in paragraphs])


def name_parts(parts: list[Part], lexicon: Lexicon) -> list[Segment]:
    """The segments of a document's parts, which are given in order."""
    # A named tuple's own constructor takes twice the time.
    return [
        _new(Segment, (number, p.role, p.start, p.end, p.rule)) for number, p in enumerate(find_parts(parts, lexicon))
    ]


def find_parts(parts: list[Part], lexicon: Lexicon, whole_after: int = -1) -> list[Part]:
    """The same as parts with their roles: each rule where its place is.

    Args:
        whole_after: where parts of the body are left out, the place that the last of these begins at.
    """
    for part in parts:
        if part.may & BY_ITSELF and not part.role:
            name_by_itself(part, lexicon)
    name_repeated(parts)
    first_body = _name_head(parts, lexicon)
    _name_captions_before_credits(parts, first_body)
    _name_notes_at_the_end(parts, first_body)
    parts = _cut_dateline(parts, first_body, lexicon)
    for part in parts:
        if not part.role:
            part.role, part.rule = "body", "paragraph"
    return _cut_closer(parts, lexicon, whole_after)


ALONE = FURNITURE | SEPARATOR | PHOTO_CREDIT | CREDIT | HEADER | BYLINE


def stands_alone(line: str, lexicon: Lexicon, may: int = ANY) -> bool:
    """Is the line never part of a wrapped paragraph: a header, byline, credit, furniture?"""
    header = patterns.find_header(line) if may & HEADER else None
    return (
        (header is not None and header.length == len(line))
        or (may & FURNITURE > 0 and lexicon.is_furniture(line))
        or (may & CREDIT > 0 and patterns.credit_rule(line, lexicon) in ("wire_credit", "copyright"))
        or (may & BYLINE > 0 and patterns.is_byline(line, lexicon))
        or (may & PHOTO_CREDIT > 0 and patterns.is_photo_credit(line, lexicon))
        or (may & SEPARATOR > 0 and not any(character.isalnum() for character in line))
    )


def begins_paragraph(line: str, lexicon: Lexicon, may: int = ANY) -> bool:
    """Does a paragraph of a wrapped text begin with the line: a bullet, a dateline, `Q:`?"""
    if _BEGINS_PARAGRAPH.match(line) is not None:
        return True
    return may & DATELINE > 0 and patterns.find_dateline(line, lexicon) is not None


def take_stray_marks(parts: list[Part]) -> list[Part]:
    """A second byte order mark or zero-width space before the first word: no white space, yet nothing to read."""
    match = _STRAY_MARKS.match(parts[0].text) if parts else None
    if match is None:
        return parts
    first = parts[0]
    mark = Part(first.start, first.start + match.end(), match.group(), "furniture", "stray_mark")
    rest = _rest_after(first, match.end())
    return [mark, *([rest] if rest else []), *parts[1:]]


def _rest_after(part: Part, length: int) -> Part | None:
    """What follows the first `length` characters of a part, without the white space between; None if nothing."""
    rest = part.text[length:]
    start = part.start + length + len(rest) - len(rest.lstrip())
    return Part(start, part.end, rest.lstrip()) if rest.strip() else None


def name_by_itself(part: Part, lexicon: Lexicon) -> None:
    """Roles that a paragraph has wherever it stands."""
    text, may = part.text, part.may
    known = lexicon.named_lines
    if text in known:
        part.role, part.rule = known[text]
        return
    if may & FURNITURE and lexicon.is_furniture(text):
        part.be("furniture", "furniture_lexicon")
    elif may & SEPARATOR and not any(character.isalnum() for character in text):
        part.be("furniture", "separator")
    elif may & PHOTO_CREDIT and patterns.is_photo_credit(text, lexicon):
        part.be("caption", "photo_credit")
    elif may & CAPTION and (rule := patterns.caption_rule(text, lexicon)):
        part.be("caption", rule)
    elif may & CREDIT and (rule := patterns.credit_rule(text, lexicon)):
        part.be("credit", rule)
    if len(text) <= MAX_KNOWN_LINE and len(known) < MAX_KNOWN_LINES:
        known[text] = part.role, part.rule


def _name_notes_at_the_end(parts: list[Part], first_body: int) -> None:
    """Correction and update notes after the last paragraph; between paragraphs they may be the article's own words."""
    for part in reversed(parts[first_body + 1 :]):
        if not part.role:
            if not (part.may & NOTE and patterns.is_editors_note(part.text)):
                return
            part.be("header", "editors_note")


def name_repeated(parts: list[Part]) -> None:
    """Short lines that come again within the document and are no sentences, e.g. a site's name between paragraphs."""
    short = [part for part in parts if part.may & REPEATED and not part.role and _may_be_repeated(part)]
    if len(short) < 2:
        return
    keys = [furniture_key(part.text) for part in short]
    counts = Counter(key for key in keys if key)
    seen: set[str] = set()
    for part, key in zip(short, keys, strict=True):
        # The first of two may be the headline; from three on, none is.
        if counts[key] > 2 or (counts[key] == 2 and key in seen):
            part.be("furniture", "repeated_line")
        seen.add(key)
    first = next((part for part in parts if not part.role), None)
    for part, key in zip(short, keys, strict=True):
        if counts[key] == 2 and not part.role and part is not first:
            part.be("furniture", "repeated_line")


def _may_be_repeated(part: Part) -> bool:
    if part.role or len(part.text) > MAX_REPEATED or not 2 <= len(part.text.split()) <= MAX_REPEATED_WORDS:
        return False
    return not ends_sentence(part.text) and not part.text.endswith((":", ","))


def _name_head(parts: list[Part], lexicon: Lexicon) -> int:
    """Name what stands before the body; returns the number of the body's first part (len(parts) if there is no body).

    A header with words after it on its line is cut in two, in place.
    """
    headline: Part | None = next((part for part in parts if part.role == "headline"), None)
    number = 0
    while number < len(parts):
        part = parts[number]
        text, may = part.text, part.may
        if part.role:
            if part.role == "credit" and re.match(r"©|\(c\)", text, re.IGNORECASE) and not re.search(r"\d", text):
                part.be("caption", "photo_credit")  # `© AFP` above the body is a photographer's
        elif may & HEADER and (header := patterns.find_header(text)):
            _name_header(parts, number, header)
        elif may & SECTION and patterns.is_section_name(text) and any(_unnamed_after(parts, number)):
            part.be("header", "section_name")
        elif may & NOTE and patterns.is_editors_note(text):
            part.be("header", "editors_note")
        elif may & BYLINE and patterns.is_byline(text, lexicon) and (headline or _has_headline(parts, number, lexicon)):
            part.be("byline", "byline")
        elif _is_lone_dateline(part, lexicon):
            part.be("dateline", "dateline")
        elif headline is None and _is_headline(parts, number, lexicon):
            part.be("headline", "headline")
            headline = part
            _name_repeated_headline(parts, number)
        elif _is_deck(parts, number, headline, lexicon):
            part.be("headline", "subheadline")
        else:
            return number
        number += 1
    return number


def _name_repeated_headline(parts: list[Part], number: int) -> None:
    key = furniture_key(parts[number].text)
    for later in islice(parts, number + 1, None):
        letter = later.text[0]
        if ("a" <= letter <= "z" or "A" <= letter <= "Z") and letter.lower() != key[:1]:
            continue
        first = _FIRST_WORD.match(later.text)  # its key begins with this
        if (first is None or key.startswith(first[1].lower())) and furniture_key(later.text) == key:
            later.be("furniture", "repeated_headline")


def _is_deck(parts: list[Part], number: int, headline: Part | None, lexicon: Lexicon) -> bool:
    """A second line of headline directly under the first."""
    if headline is None or parts[number - 1] is not headline:
        return False
    return _is_headline(parts, number, lexicon) and len(parts[number].text.split()) >= 4


def _name_header(parts: list[Part], number: int, header: patterns.Header) -> None:
    part = parts[number]
    part_text = part.text[: header.length].rstrip()
    rest = _rest_after(part, header.length)
    rule = "header_date" if header.field in ("date", "updated") else "header_field"
    parts[number] = Part(part.start, part.start + len(part_text), part_text, "header", rule)
    if rest is not None:
        parts.insert(number + 1, rest)


def _unnamed_after(parts: list[Part], number: int) -> Iterator[Part]:
    return (part for part in islice(parts, number + 1, None) if not part.role)


def _has_headline(parts: list[Part], number: int, lexicon: Lexicon) -> bool:
    """Is the next part that is no header a headline?"""
    for later in range(number + 1, len(parts)):
        if not parts[later].role and not patterns.find_header(parts[later].text):
            return _is_headline(parts, later, lexicon)
    return False


def _is_lone_dateline(part: Part, lexicon: Lexicon) -> bool:
    """A dateline with a line of its own: `TOKYO, June 26 (Kyodo) --`."""
    if not part.may & DATELINE or len(part.text) > patterns.MAX_DATELINE:
        return False
    found = patterns.find_dateline(part.text, lexicon)
    return found is not None and found.length == len(part.text)


def _is_headline(parts: list[Part], number: int, lexicon: Lexicon) -> bool:
    """Is it short, no sentence with a period, and does something longer or finished come after it?"""
    text = parts[number].text
    if len(text) > MAX_HEADLINE_CHARS or ends_in_period(text) or _SPEAKER.match(text):
        return False
    n_words = len(text.split())
    if n_words > MAX_HEADLINE_WORDS or (n_words < 2 and (len(text) < 6 or text.isascii())):
        return False
    if parts[number].may & DATELINE and patterns.find_dateline(text, lexicon):
        return False
    # Two sentences are no headline, but `Trump: 'It is unfair.' Abe disagrees` may be one line of it.
    if "." in text and _TWO_SENTENCES.search(text):
        return False
    rest = _unnamed_after(parts, number)
    return any(len(later.text) > len(text) or ends_sentence(later.text) for later in rest)


def _name_captions_before_credits(parts: list[Part], first_body: int) -> None:
    """Before the body, a sentence over a photographer's line is the picture's caption."""
    if first_body + 1 >= len(parts) or parts[first_body + 1].rule != "photo_credit":
        return
    later = [part for part in parts[first_body + 2 :] if not part.role]
    if later and len(parts[first_body].text) <= 400:
        parts[first_body].be("caption", "caption_before_credit")


def _cut_dateline(parts: list[Part], first_body: int, lexicon: Lexicon) -> list[Part]:
    """Cut the dateline off the body's first paragraph; one that names an agency may also open the second or third."""
    if "dateline" in [part.role for part in parts]:
        return parts
    body = (number for number in range(first_body, len(parts)) if not parts[number].role)
    for order, number in enumerate(islice(body, 3)):
        part = parts[number]
        if not part.may & DATELINE:
            continue
        found = patterns.find_dateline(part.text, lexicon)
        if found is None or (order and found.rule != "dateline_agency"):
            continue
        rest = _rest_after(part, found.length)
        if rest is None:
            part.be("dateline", found.rule)
            return parts
        end = part.start + len(part.text[: found.length].rstrip())
        place = Part(part.start, end, part.text[: end - part.start], "dateline", found.rule)
        return [*parts[:number], place, rest, *parts[number + 1 :]]
    return parts


def _cut_closer(parts: list[Part], lexicon: Lexicon, after: int) -> list[Part]:
    """Cut a credit (`… he said. -- Reuters`) off the last paragraph of the body, if it begins after a place."""
    last = next((n for n in range(len(parts) - 1, -1, -1) if parts[n].role == "body"), None)
    if last is None or parts[last].start <= after:
        return parts
    part = parts[last]
    place = patterns.find_closer(part.text, lexicon) if part.may & CLOSER else None
    if place is None:
        return parts
    text = part.text[:place].rstrip()
    body = Part(part.start, part.start + len(text), text, part.role, part.rule)
    credit = Part(part.start + place, part.end, part.text[place:], "credit", "credit_closer")
    return [*parts[:last], body, credit, *parts[last + 1 :]]
