"""Segments: every stretch of a text gets one role, by rules for plain-text news.

Paragraphs come first (`paragraphs`). Some say themselves what they are, wherever they stand: furniture, captions,
credits. The others have their place: headers, headline, byline and dateline before the first paragraph of the body,
sign-offs after the last. Each rule has a name, which is stored with the segment.

| role | rules |
|--|--|
| header | header_field, header_date, section_name, editors_note |
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
from dataclasses import dataclass, replace
from itertools import islice

from . import patterns
from .lexicon import DEFAULT, Lexicon, furniture_key
from .model import KnownBlock, Segment
from .paragraphs import Paragraph, read_paragraphs

MAX_HEADLINE_WORDS = 30
MAX_HEADLINE_CHARS = 220
# Above this a repeated line is a sentence that someone said twice, not furniture.
MAX_REPEATED_WORDS = 8
_BEGINS_PARAGRAPH = re.compile(r"[-•*–·▪■]\s|\d{1,2}[.)]\s|(?:Q|A|Question|Answer)\s?[:.]\s|[A-Z][A-Z .'’-]{2,30}:\s")
_SPEAKER = re.compile(r"(?:Q|A|Question|Answer|Frage|Antwort)\s?[:.]|[-•*–·]\s", re.IGNORECASE)


@dataclass
class _Part:
    """A paragraph on its way to being a segment."""

    start: int
    end: int
    text: str
    role: str = ""
    rule: str = ""

    def be(self, role: str, rule: str) -> None:
        self.role, self.rule = role, rule


def segment_text(text: str, lexicon: Lexicon = DEFAULT) -> list[Segment]:
    """The segments of a canonical text in order.

    They hold every character that is not white space (`str.isspace`) exactly once, and begin and end in one. The same
    text and lexicon give the same segments.
    """
    return _name_parts(_cut_parts(text, lexicon), lexicon)


def segment_blocks(text: str, blocks: Sequence[KnownBlock], lexicon: Lexicon = DEFAULT) -> list[Segment]:
    """The segments of a text whose blocks are known from markup or columns; the rules name those without a role.

    Args:
        blocks: in order, without overlaps, with all characters that are not white space.
    """
    parts: list[_Part] = []
    for block in blocks:
        inner = text[block.start : block.end]
        if block.role:
            words = inner.strip()
            if words:
                start = block.start + len(inner) - len(inner.lstrip())
                parts.append(_Part(start, start + len(words), words, block.role, block.rule))
            continue
        cut = _cut_parts(inner, lexicon)
        parts += [replace(part, start=part.start + block.start, end=part.end + block.start) for part in cut]
    return _name_parts(parts, lexicon)


def _cut_parts(text: str, lexicon: Lexicon) -> list[_Part]:
    return _take_stray_marks([_Part(p.start, p.end, p.text) for p in _paragraphs(text, lexicon)])


def _name_parts(parts: list[_Part], lexicon: Lexicon) -> list[Segment]:
    for part in parts:
        _name_by_itself(part, lexicon)
    _name_repeated(parts)
    first_body = _name_head(parts, lexicon)
    _name_captions_before_credits(parts, first_body)
    parts = _cut_dateline(parts, first_body, lexicon)
    for part in parts:
        if not part.role:
            part.be("body", "paragraph")
    parts = _cut_closer(parts, lexicon)
    return [Segment(number, part.role, part.start, part.end, part.rule) for number, part in enumerate(parts)]


def _paragraphs(text: str, lexicon: Lexicon) -> list[Paragraph]:
    def stands_alone(line: str) -> bool:
        header = patterns.find_header(line)
        return (
            (header is not None and header.length == len(line))
            or lexicon.is_furniture(line)
            or patterns.credit_rule(line, lexicon) in ("wire_credit", "copyright")
            or patterns.is_byline(line, lexicon)
            or patterns.is_photo_credit(line, lexicon)
            or not any(character.isalnum() for character in line)
        )

    def begins(line: str) -> bool:
        return _BEGINS_PARAGRAPH.match(line) is not None or patterns.find_dateline(line, lexicon) is not None

    return read_paragraphs(text, stands_alone, begins)


def _take_stray_marks(parts: list[_Part]) -> list[_Part]:
    """A second byte order mark or zero-width space before the first word: no white space, yet nothing to read."""
    if not parts:
        return parts
    match = re.match("[\ufeff\u200b\u2060]+", parts[0].text)
    if match is None:
        return parts
    first = parts[0]
    mark = _Part(first.start, first.start + match.end(), match.group(), "furniture", "stray_mark")
    rest = _rest_after(first, match.end())
    return [mark, *([rest] if rest else []), *parts[1:]]


def _rest_after(part: _Part, length: int) -> _Part | None:
    """What follows the first `length` characters of a part, without the white space between; None if nothing."""
    rest = part.text[length:]
    start = part.start + length + len(rest) - len(rest.lstrip())
    return _Part(start, part.end, rest.lstrip()) if rest.strip() else None


def _name_by_itself(part: _Part, lexicon: Lexicon) -> None:
    """Roles that a paragraph has wherever it stands."""
    if part.role:
        return
    if lexicon.is_furniture(part.text):
        part.be("furniture", "furniture_lexicon")
    elif not any(character.isalnum() for character in part.text):
        part.be("furniture", "separator")
    elif patterns.is_photo_credit(part.text, lexicon):
        part.be("caption", "photo_credit")
    elif rule := patterns.caption_rule(part.text, lexicon):
        part.be("caption", rule)
    elif rule := patterns.credit_rule(part.text, lexicon):
        part.be("credit", rule)


def _name_repeated(parts: list[_Part]) -> None:
    """Short lines that come again within the document and are no sentences, e.g. a site's name between paragraphs."""
    keys = [furniture_key(part.text) if _may_be_repeated(part) else "" for part in parts]
    counts = Counter(key for key in keys if key)
    seen: set[str] = set()
    for part, key in zip(parts, keys, strict=True):
        # The first of two may be the headline; from three on, none is.
        if key and counts[key] > 1 and (counts[key] > 2 or key in seen):
            part.be("furniture", "repeated_line")
        seen.add(key)
    first = next((part for part in parts if not part.role), None)
    for part, key in zip(parts, keys, strict=True):
        if key and counts[key] == 2 and not part.role and part is not first:
            part.be("furniture", "repeated_line")


def _may_be_repeated(part: _Part) -> bool:
    words = part.text.split()
    short = 2 <= len(words) <= MAX_REPEATED_WORDS and len(part.text) <= 60
    return short and not part.role and not patterns.ends_sentence(part.text) and not part.text.endswith((":", ","))


def _name_head(parts: list[_Part], lexicon: Lexicon) -> int:
    """Name what stands before the body; returns the number of the body's first part (len(parts) if there is no body).

    A header with words after it on its line is cut in two, in place.
    """
    headline: _Part | None = next((part for part in parts if part.role == "headline"), None)
    number = 0
    while number < len(parts):
        part = parts[number]
        if part.role == "credit" and re.match(r"©|\(c\)", part.text, re.IGNORECASE) and not re.search(r"\d", part.text):
            part.be("caption", "photo_credit")  # `© AFP` above the body is a photographer's
        elif part.role:
            pass
        elif header := patterns.find_header(part.text):
            _name_header(parts, number, header)
        elif patterns.is_section_name(part.text) and any(_unnamed_after(parts, number)):
            part.be("header", "section_name")
        elif patterns.is_editors_note(part.text):
            part.be("header", "editors_note")
        elif patterns.is_byline(part.text, lexicon) and (headline or _has_headline(parts, number, lexicon)):
            part.be("byline", "byline")
        elif _is_lone_dateline(part, lexicon):
            part.be("dateline", "dateline")
        elif headline is None and _is_headline(parts, number, lexicon):
            part.be("headline", "headline")
            headline = part
            for later in parts[number + 1 :]:
                if furniture_key(later.text) == furniture_key(part.text):
                    later.be("furniture", "repeated_headline")
        elif _is_deck(parts, number, headline, lexicon):
            part.be("headline", "subheadline")
        else:
            return number
        number += 1
    return number


def _is_deck(parts: list[_Part], number: int, headline: _Part | None, lexicon: Lexicon) -> bool:
    """A second line of headline directly under the first."""
    if headline is None or parts[number - 1] is not headline or len(parts[number].text.split()) < 4:
        return False
    return _is_headline(parts, number, lexicon)


def _name_header(parts: list[_Part], number: int, header: patterns.Header) -> None:
    part = parts[number]
    part_text = part.text[: header.length].rstrip()
    rest = _rest_after(part, header.length)
    rule = "header_date" if header.field in ("date", "updated") else "header_field"
    parts[number] = _Part(part.start, part.start + len(part_text), part_text, "header", rule)
    if rest is not None:
        parts.insert(number + 1, rest)


def _unnamed_after(parts: list[_Part], number: int) -> Iterator[_Part]:
    return (part for part in islice(parts, number + 1, None) if not part.role)


def _has_headline(parts: list[_Part], number: int, lexicon: Lexicon) -> bool:
    """Is the next part that is no header a headline?"""
    for later in range(number + 1, len(parts)):
        if not parts[later].role and not patterns.find_header(parts[later].text):
            return _is_headline(parts, later, lexicon)
    return False


def _is_lone_dateline(part: _Part, lexicon: Lexicon) -> bool:
    """A dateline with a line of its own: `TOKYO, June 26 (Kyodo) --`."""
    found = patterns.find_dateline(part.text, lexicon)
    return found is not None and found.length == len(part.text)


def _is_headline(parts: list[_Part], number: int, lexicon: Lexicon) -> bool:
    """Is it short, no sentence with a period, and does something longer or finished come after it?"""
    text = parts[number].text
    words = text.split()
    long_enough = len(words) >= 2 or (len(text) >= 6 and not text.isascii())
    if not long_enough or len(words) > MAX_HEADLINE_WORDS or len(text) > MAX_HEADLINE_CHARS:
        return False
    if patterns.ends_in_period(text) or _SPEAKER.match(text) or patterns.find_dateline(text, lexicon):
        return False
    # Two sentences are no headline, but `Trump: 'It is unfair.' Abe disagrees` may be one line of it.
    if re.search(r"[a-zà-ÿ]{3}\.\s+[A-ZÀ-Þ]", text):
        return False
    rest = _unnamed_after(parts, number)
    return any(len(later.text) > len(text) or patterns.ends_sentence(later.text) for later in rest)


def _name_captions_before_credits(parts: list[_Part], first_body: int) -> None:
    """Before the body, a sentence over a photographer's line is the picture's caption."""
    if first_body + 1 >= len(parts) or parts[first_body + 1].rule != "photo_credit":
        return
    later = [part for part in parts[first_body + 2 :] if not part.role]
    if later and len(parts[first_body].text) <= 400:
        parts[first_body].be("caption", "caption_before_credit")


def _cut_dateline(parts: list[_Part], first_body: int, lexicon: Lexicon) -> list[_Part]:
    """Cut the dateline off the body's first paragraph; one that names an agency may also open the second or third."""
    body = [number for number in range(first_body, len(parts)) if not parts[number].role]
    if any(part.role == "dateline" for part in parts):
        return parts
    for order, number in enumerate(body[:3]):
        part = parts[number]
        found = patterns.find_dateline(part.text, lexicon)
        if found is None or (order and found.rule != "dateline_agency"):
            continue
        rest = _rest_after(part, found.length)
        if rest is None:
            part.be("dateline", found.rule)
            return parts
        end = part.start + len(part.text[: found.length].rstrip())
        place = _Part(part.start, end, part.text[: end - part.start], "dateline", found.rule)
        return [*parts[:number], place, rest, *parts[number + 1 :]]
    return parts


def _cut_closer(parts: list[_Part], lexicon: Lexicon) -> list[_Part]:
    """Cut a credit (`… he said. -- Reuters`) off the last paragraph of the body."""
    last = next((n for n in range(len(parts) - 1, -1, -1) if parts[n].role == "body"), None)
    if last is None:
        return parts
    part = parts[last]
    place = patterns.find_closer(part.text, lexicon)
    if place is None:
        return parts
    text = part.text[:place].rstrip()
    body = replace(part, end=part.start + len(text), text=text)
    credit = _Part(part.start + place, part.end, part.text[place:], "credit", "credit_closer")
    return [*parts[:last], body, credit, *parts[last + 1 :]]
