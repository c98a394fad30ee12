"""Documents of many lines of JSON at once: the rows that `columnar` makes of them line by line, column by column.

What is asked here of a whole column (is there anything to mend?) is nearly always answered at once; where it is not,
the values of that column are looked at one by one, or all is given back to be read line by line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..sources import SourceFile
from ..sources.entries import clean_name
from ..sources.json_records import LINES
from ..sources.line_blocks import LineBlock
from ..tables import TableSchema
from ..text.article import JOINT, one_line
from ..text.columnwise import Leads, are_lines, count_chars, count_words, find_suspects
from ..text.decode import Doubt, doubtful_characters
from ..text.stated_columns import COLUMNS as STATED
from ..text.stated_columns import WEB, StatedColumns
from .arrays import Words, column, days, hexadecimal, integers, strings

_DASHES = np.array([mark == "-" for mark in "yyyy-mm-dd"])
_FIRST_DAY = np.datetime64("0001-01-01")
_WEB = tuple(word.encode() for word in WEB)
# Made, its values, or one value for all rows.
Column: TypeAlias = "pa.Array | Sequence[Any]"


@dataclass(frozen=True)
class Made:
    """Documents sorted by key, and what may be wrong with texts, by number of the record."""

    documents: pa.Table
    doubts: Sequence[tuple[int, Sequence[Doubt]]]


def make_documents(
    schema: TableSchema, file: SourceFile, metadata: StatedColumns, data: bytes, first: int, block: LineBlock
) -> Made | None:
    """The documents of a block of lines; None where a line of it is for someone else.

    Args:
        data: the lines' bytes. first: number of the first record.
    """
    count = len(block.starts)
    words = {ours: Words.of(array) for ours, array in block.columns.items()}
    title = _lines_of(words.get("title"))
    texts = _with_titles(words["text"], title)
    if texts is None or b"\x00" in texts.data or b"\r" in texts.data:
        return None
    stated = _stated(block, words, metadata)
    if stated is None:
        return None
    leads = Leads.of(texts.data)
    lengths = count_words(texts.data, texts.offsets, leads)
    if 0 in lengths:
        return None
    doubts = [
        (first + number, doubtful_characters(texts.data[slice(*texts.offsets[number : number + 2])].decode()))
        for number in find_suspects(texts.data, texts.offsets, leads)
    ]
    large = texts.large()
    raw, inner = memoryview(data), memoryview(texts.data)
    lines = zip(block.starts.tolist(), block.ends.tolist(), strict=True)
    columns: dict[str, Column] = {
        "doc_id": _names(block, words.get("id"), file, first),
        "source_path": (file.source_path,),
        "record_no": integers(np.arange(first, first + count, dtype=np.int64)),
        "format": (LINES,),
        "title": (None,) if title is None else _titles(block, words, title),
        **stated,
        "text": large,
        "n_chars": integers(count_chars(texts.offsets, leads)),
        "n_words": integers(lengths),
        "n_sentences": (0,),
        "encoding": ("utf-8",),
        "encoding_score": (1.0,),
        "raw_sha256": hexadecimal([sha256(raw[start:end]).digest() for start, end in lines]),
        "text_sha256": hexadecimal([sha256(inner[start:end]).digest() for start, end in texts.spans()]),
    }
    arrays = [
        found if isinstance(found := columns.get(item.name, (None,)), pa.Array)
        else column(found, count, item.arrow, item.categories)
        for item in schema.fields
    ]  # fmt: skip
    documents = _sorted(pa.Table.from_arrays(arrays, schema=schema.arrow))
    return None if documents is None else Made(documents, doubts)


def _lines_of(titles: Words | None) -> Words | None:
    """Titles in one line each; None where there are none."""
    if titles is None or are_lines(titles.data, titles.offsets):
        return titles
    return _joined([one_line(title).encode() for title in titles.listed()])


def _joined(values: Sequence[bytes]) -> Words:
    return Words(b"".join(values), np.cumsum([0, *map(len, values)], dtype=np.int64))


def _with_titles(texts: Words, titles: Words | None) -> Words | None:
    """Texts that do not begin with their title after it; None where a text is empty, or may be but for white space."""
    if not texts.lengths.all():
        return None
    if titles is None:
        return texts
    data, found = texts.data, titles.data
    pieces: list[bytes] = []
    done, joint = 0, JOINT.encode()
    longer = np.zeros(len(texts.offsets), np.int64)
    for number, ((start, end), (from_, to)) in enumerate(zip(texts.spans(), titles.spans(), strict=True)):
        title = found[from_:to]
        if data.startswith(title, start, end):
            continue
        begins = _begins(data, start, end, title)
        if begins is None:
            return None
        if not begins:
            pieces += (data[done:start], title, joint)
            done = start
            longer[number + 1] = len(title) + len(joint)
    if not pieces:
        return texts
    return Words(b"".join((*pieces, data[done:])), texts.offsets + np.cumsum(longer))


def _begins(data: bytes, start: int, end: int, title: bytes) -> bool | None:
    """Does a text begin with a title, whatever the case and the white space? None if it may be white space alone."""
    first, other = data[start], title[0]
    if 0x20 < first < 0x80 and other < 0x80 and first | 0x20 != other | 0x20:
        return False  # two letters of ASCII, and not the same: most of those that do not
    words = title.decode()
    most = 2 * len(words) + 20
    begin = one_line(data[start : min(end, start + 4 * most)].decode(errors="ignore")[:most])
    return begin.casefold().startswith(words.casefold()) if begin else None


def _titles(block: LineBlock, words: Mapping[str, Words], titles: Words) -> pa.Array:
    """Titles as a column, null where they are empty."""
    if titles is words["title"] and titles.lengths.all():
        return block.columns["title"]
    return strings([title or None for title in titles.listed()])


def _names(block: LineBlock, ids: Words | None, file: SourceFile, first: int) -> pa.Array:
    """The documents' ids: their own, as `clean_name` leaves them, or the file's name with the record's number."""
    if ids is not None and not file.prefix and ids.lengths.all():
        found = np.frombuffer(ids.data, np.uint8)
        if found.min() > 0x20 and found.max() < 0x7F and b"%" not in ids.data:
            return block.columns["id"]
    own = [""] * len(block.starts) if ids is None else map(clean_name, ids.listed())
    return strings([file.prefix + name if name else f"{file.name}/{number}" for number, name in enumerate(own, first)])


def _stated(block: LineBlock, words: Mapping[str, Words], metadata: StatedColumns) -> dict[str, Column] | None:
    """The columns of metadata; None where a value is not what it should be."""
    found = None if block.kind.others or not metadata.is_open else _plainly_stated(block, words, metadata)
    if found is not None:
        return found
    others = block.kind.others
    made = msgspec.defstruct("Record", others)
    lists = {name: found.listed() for name, found in words.items() if name != "text"}
    nothing: list[Any] = [None] * len(block.starts)
    records = list(map(made, *(lists[name] for name in others))) if others else nothing
    stated = zip(*(lists.get(name, nothing) for name in ("date", "outlet", "url")), records, strict=True)
    rows = [metadata.row(date, outlet, url, record, others) for date, outlet, url, record in stated]
    if None in rows:
        return None
    return dict(zip(STATED, zip(*rows, strict=True), strict=True))


def _plainly_stated(
    block: LineBlock, words: Mapping[str, Words], metadata: StatedColumns
) -> dict[str, Column] | None:
    """Where all days and outlets are found in what records state as such, and addresses are addresses."""
    found: dict[str, Column] = {}
    url = words.get("url")
    if url is not None:
        if not _are_addresses(url):
            return None
        found["url"] = block.columns["url"]
    if "date" in words and (iso := _iso_days(words["date"])) is not None:
        found["date"], found["date_source"] = iso, ("metadata",)
    elif "date" in words:
        dates = block.columns["date"].dictionary_encode()
        known = [metadata.day(stated) for stated in dates.dictionary.to_pylist()]
        if url is not None and any(day is None for day, _ in known):
            return None
        places = dates.indices
        found["date"] = days([day for day, _ in known]).take(places)
        found["date_source"] = strings([source for _, source in known]).take(places)
    elif url is not None:
        return None
    if "outlet" in words:
        outlets = block.columns["outlet"].dictionary_encode()
        named = [metadata.outlet(stated) for stated in outlets.dictionary.to_pylist()]
        if url is not None and any(outlet is None for outlet, _ in named):
            return None
        found["outlet"] = strings([outlet for outlet, _ in named]).take(outlets.indices)
        found["outlet_source"] = strings([source for _, source in named]).take(outlets.indices)
    elif url is not None:
        return None
    found["rights"], found["license"] = (metadata.facts.rights,), (metadata.facts.license,)
    return found


def _iso_days(dates: Words) -> pa.Date32Array | None:
    """Days in the commonest form, `2019-06-26`; None where one is written otherwise, or is no day."""
    if (dates.lengths != 10).any():
        return None
    marks = np.frombuffer(dates.data, np.uint8).reshape(-1, 10)
    is_digit = (marks >= 0x30) & (marks <= 0x39)
    is_dash = marks == 0x2D
    if not (np.where(_DASHES, is_dash, is_digit)).all():
        return None
    try:
        found = marks.view("S10").ravel().astype("M8[D]")
    except ValueError:
        return None
    if found.min() < _FIRST_DAY:  # the year 0 is none of `datetime.date`
        return None
    return days(found.astype(np.int64).tolist())


def _are_addresses(urls: Words) -> bool:
    """Are all of them plainly addresses of the web, with nothing to mend?"""
    found = np.frombuffer(urls.data, np.uint8)
    longest = max(map(len, WEB))
    if urls.lengths.min() <= longest or found.min() <= 0x20 or found.max() >= 0x7F:
        return False
    heads = found[urls.offsets[:-1, None] + np.arange(longest)]
    is_web = np.zeros(len(heads), np.bool_)
    for start in _WEB:
        is_web |= (heads[:, : len(start)] == np.frombuffer(start, np.uint8)).all(axis=1)
    return bool(is_web.all())


def _sorted(documents: pa.Table) -> pa.Table | None:
    """Rows sorted by key; None where a key stands twice."""
    for _ in range(2):
        ids = documents.column("doc_id").chunk(0)
        if len(ids) < 2 or pc.less(ids.slice(0, len(ids) - 1), ids.slice(1)).false_count == 0:
            return documents
        documents = documents.take(pc.sort_indices(ids)).combine_chunks()
    return None
