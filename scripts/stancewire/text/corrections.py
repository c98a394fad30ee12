"""`corpus/corrections.csv`: what a person decided where no rule can know better.

Columns: doc_id, start, end, quote, field, value, reason, by, date. `start` and `end` are half-open code points of the
canonical text, and `quote` the words there, so that a correction made for another text is refused, not misapplied.

| field | value | does |
|--|--|--|
| role | a role | gives it to the segment [start, end), or to this part of a segment, which is split |
| sentence_break | break, join | a sentence begins at `start`, or does not |
| title, date, outlet, dateline, byline, credit, wire, url, lang | the value, or nothing | sets the column |

For the last kind start, end and quote may be empty. Rows are applied in the file's order. `reason` must be
filled in; `by` is a pseudonym.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..codebook.vocabulary import FIXED
from ..errors import SourceError
from ..sources.listing import is_web_address, read_csv_rows, read_day
from .metadata import Metadata
from .model import Segment
from .sentences import ROLES as SENTENCE_ROLES
from .sentences import Sentence

COLUMNS = ("doc_id", "start", "end", "quote", "field", "value", "reason", "by", "date")
METADATA_FIELDS = ("title", "date", "outlet", "dateline", "byline", "credit", "wire", "url", "lang")
FIELDS = ("role", "sentence_break", *METADATA_FIELDS)
RULE = "correction"


@dataclass(frozen=True)
class Correction:
    """One row; `where` names file and line for messages. `start`, `end` are None where the row has no place."""

    where: str
    doc_id: str
    start: int | None
    end: int | None
    quote: str
    field: str
    value: str


def read_corrections(path: Path) -> dict[str, list[Correction]]:
    """The rows of `corrections.csv` by document, in the file's order; empty where there is no such file.

    Raises:
        SourceError: a row is incomplete or wrong in itself; the message names the line.
    """
    found: dict[str, list[Correction]] = defaultdict(list)
    for line, given in read_csv_rows(path, COLUMNS):
        row = {name: value if name == "quote" else value.strip() for name, value in given.items()}
        where = f"{path.name} line {line}"
        found[row["doc_id"]].append(_read_row(row, where))
    return dict(found)


def _read_row(row: dict[str, str], where: str) -> Correction:
    field, value = row["field"], row["value"]
    if field not in FIELDS:
        raise SourceError(f"{where}: field {field!r} is not one of {', '.join(FIELDS)}{_nearest(field, FIELDS)}")
    for name in ("doc_id", "reason"):
        if not row[name]:
            raise SourceError(f"{where}: {name} is empty; fill it in")
    read_day(row["date"], f"{where}: date")
    if bool(row["start"]) != bool(row["end"]) or any(n and not n.isdecimal() for n in (row["start"], row["end"])):
        raise SourceError(f"{where}: start {row['start']!r} and end {row['end']!r} must be two whole numbers")
    has_place = bool(row["start"])
    if not has_place and (field in ("role", "sentence_break") or row["quote"]):
        raise SourceError(f"{where}: {field} needs start, end and quote")
    _check_value(field, value, where)
    start, end = (int(row["start"]), int(row["end"])) if has_place else (None, None)
    return Correction(where, row["doc_id"], start, end, row["quote"], field, value)


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _check_value(field: str, value: str, where: str) -> None:
    if field == "role" and value not in FIXED["roles"]:
        hint = _nearest(value, FIXED["roles"])
        raise SourceError(f"{where}: role {value!r} is not one of {', '.join(FIXED['roles'])}{hint}")
    if field == "sentence_break" and value not in ("break", "join"):
        raise SourceError(f"{where}: sentence_break {value!r} is neither 'break' nor 'join'")
    if field == "date":
        read_day(value, f"{where}: value")
    if field == "url" and value and not is_web_address(value):
        raise SourceError(f"{where}: url {value!r} is no http or https address")
    if field == "lang" and value and not re.fullmatch(r"[a-z]{2,3}", value):
        raise SourceError(f"{where}: lang {value!r} is no ISO 639 code like 'en'")


def check_quotes(text: str, corrections: Sequence[Correction]) -> None:
    """Hold each correction's quote against its place.

    Raises:
        SourceError: other words stand there; the message names the line.
    """
    for row in corrections:
        if row.start is None or row.end is None:
            continue
        there = text[row.start : row.end]
        if not row.start < row.end <= len(text) or there != row.quote:
            at = [match.start() for match in re.finditer(re.escape(row.quote), text)][:2] if row.quote else []
            hint = f"; the quote stands at {at[0]}-{at[0] + len(row.quote)}" if len(at) == 1 else ""
            raise SourceError(
                f"{row.where}: the quote {row.quote[:60]!r} is not what stands at {row.start}-{row.end} of "
                f"{row.doc_id!r} ({there[:60]!r}){hint}; mend start, end or quote"
            )


def correct_roles(segments: Sequence[Segment], text: str, corrections: Sequence[Correction]) -> list[Segment]:
    """The segments with the decided roles, numbered anew.

    Raises:
        SourceError: a place leaves its segment, or holds nothing but white space.
    """
    found = list(segments)
    for row in corrections:
        if row.field != "role":
            continue
        start, end = _trim(text, row)
        number = next((n for n, s in enumerate(found) if s.start <= start and end <= s.end), None)
        if number is None:
            raise SourceError(f"{row.where}: {start}-{end} is not within one segment; write a row for each segment")
        whole = found[number]
        pieces = [
            *_piece(whole, text, whole.start, start),
            Segment(0, row.value, start, end, RULE),
            *_piece(whole, text, end, whole.end),
        ]
        found[number : number + 1] = pieces
    return [segment._replace(seg_no=number) for number, segment in enumerate(found)]


def _trim(text: str, row: Correction) -> tuple[int, int]:
    assert row.start is not None and row.end is not None
    words = text[row.start : row.end]
    if words.isspace():
        raise SourceError(f"{row.where}: {row.start}-{row.end} is nothing but white space")
    start = row.start + len(words) - len(words.lstrip())
    return start, start + len(words.strip())


def _piece(whole: Segment, text: str, start: int, end: int) -> list[Segment]:
    words = text[start:end]
    if not words.strip():
        return []
    begin = start + len(words) - len(words.lstrip())
    return [whole._replace(start=begin, end=begin + len(words.strip()))]


def sentence_places(
    segments: Sequence[Segment], sentences: Sequence[Sentence], corrections: Sequence[Correction]
) -> tuple[list[int], list[int]]:
    """The decided breaks and joins, for `split_sentences`.

    Args:
        segments: after `correct_roles`. sentences: as the rules make them.

    Raises:
        SourceError: a break is in no sentence, or a join is at no sentence's beginning.
    """
    breaks: list[int] = []
    joins: list[int] = []
    with_sentences = [segment for segment in segments if segment.role in SENTENCE_ROLES]
    for row in corrections:
        if row.field != "sentence_break" or row.start is None:
            continue
        inside = any(segment.start < row.start < segment.end for segment in with_sentences)
        if not inside:
            raise SourceError(f"{row.where}: {row.start} is not inside a headline, caption or body segment")
        if row.quote[:1].isspace():
            raise SourceError(f"{row.where}: a sentence cannot begin with white space; move start to its first word")
        if row.value == "join" and row.start not in {sentence.start for sentence in sentences} | set(breaks):
            raise SourceError(f"{row.where}: no sentence begins at {row.start}, so there is nothing to join")
        (breaks if row.value == "break" else joins).append(row.start)
    return breaks, joins


def correct_metadata(metadata: Metadata, corrections: Sequence[Correction]) -> Metadata:
    """The metadata with the decided values; date and outlet say `correction` as their source."""
    for row in corrections:
        if row.field not in METADATA_FIELDS:
            continue
        value = row.value or None
        changed: dict[str, Any] = {row.field: value}
        if row.field == "date":
            changed["date"] = read_day(row.value, row.where)
        if row.field in ("date", "outlet"):
            changed[f"{row.field}_source"] = RULE if value else None
        elif row.field == "lang":
            changed["lang_score"] = 1.0 if value else None
        metadata = replace(metadata, **changed)
    return metadata
