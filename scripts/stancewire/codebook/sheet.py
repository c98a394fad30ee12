"""The codebook's labels and targets as one spreadsheet: a row each, a column for each of their values.

    list     id         name         definition   favor_means ...   examples
    targets  harbour    the harbour  That the ... It should ...     Ada [wants it]. → She is for it.

A cell with several values has one on each line; an example is `text → note`. The file is CSV in UTF-8 with a byte order
mark, commas and CRLF; what a spreadsheet makes of it when it saves is read as well: semicolons or tabs, UTF-16, no
mark, every cell in quotes, empty rows and columns. Rows are numbered as a spreadsheet does it: the header is row 1.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Problem
from ..tables.guard import BOM, guarded, unguarded
from .conform import did_you_mean
from .meaning import CHOICE_LISTS
from .yaml_lines import MAX_BYTES

ARROW = " → "
COLUMNS = (
    *("list", "id", "name", "definition", "favor_means", "against_means", "inverse_of", "document", "label"),
    *("hotkey", "color", "aliases", "examples", "counter_examples", "borderline"),
)
LISTS = (*CHOICE_LISTS, "entities")
EXAMPLES = ("examples", "counter_examples", "borderline")
_OF_TARGETS = ("favor_means", "against_means", "inverse_of", "document")
_OF_ENTITIES = ("id", "name", "label", "aliases")
_DELIMITERS = ",;\t"

Item = Mapping[str, Any]


@dataclass(frozen=True)
class SheetRow:
    """A row: its number in the spreadsheet, its list, and its cells by column, cleaned (see `clean`)."""

    number: int
    list: str
    cells: dict[str, str]


@dataclass(frozen=True)
class Sheet:
    """A sheet as it was read; `columns` are those that it has."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[SheetRow, ...]

    def place(self, row: int, column: str = "") -> str:
        """How a problem names a cell: `row 3, column name (C)`."""
        if column not in self.columns:
            return f"row {row}"
        return f"row {row}, column {column} ({_letters(self.columns.index(column))})"

    def problem(self, row: int, column: str, check: str, level: int, message: str) -> Problem:
        """A problem of a cell."""
        return Problem(self.name, self.place(row, column), f"codebook-{check}", level, message)


def columns_of(name: str) -> tuple[str, ...]:
    """The columns in which the rows of a list may say something, but for `list`."""
    if name == "entities":
        return _OF_ENTITIES
    return tuple(c for c in COLUMNS[1:] if c != "label" and (name == "targets" or c not in _OF_TARGETS))


def key_of(name: str, column: str) -> str:
    """What the codebook calls a column of a list."""
    return "entity_id" if (name, column) == ("entities", "id") else column


def sheet_bytes(value: Mapping[str, Any]) -> bytes:
    """A codebook's plain value (see `yaml_lines`) as the spreadsheet's file."""
    written = io.StringIO()
    sheet = csv.writer(written, lineterminator="\r\n")
    sheet.writerow(COLUMNS)
    for name in LISTS:
        for item in value.get(name) or ():
            cells = cells_of(name, item) | {"list": name}
            sheet.writerow([guarded(cells.get(column, "")) for column in COLUMNS])
    return BOM + written.getvalue().encode("utf-8")


def cells_of(name: str, item: Item) -> dict[str, str]:
    """The cells of one label, target or entity, as `clean` would leave them."""
    return {
        column: clean(column, _cell(column, item[key_of(name, column)]))
        for column in columns_of(name)
        if key_of(name, column) in item
    }


def _cell(column: str, value: Any) -> str:
    if column in EXAMPLES:
        return "\n".join(example_line(example) for example in value)
    if column == "aliases":
        return "\n".join(_fold(alias) for alias in value)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def example_line(example: Item) -> str:
    """An example as a line of its cell."""
    return f"{_fold(example['text'])}{ARROW}{_fold(example['note'])}"


def clean(column: str, cell: str) -> str:
    """A cell without what spreadsheets add or take away: white space at edges and in runs, empty lines."""
    if column in EXAMPLES or column == "aliases":
        return "\n".join(filter(None, (_fold(line) for line in cell.splitlines())))
    return _fold(cell)


def _fold(text: str) -> str:
    return " ".join(text.split())


def read_sheet(data: bytes, name: str) -> tuple[Sheet, list[Problem]]:
    """The rows of a file, and what is wrong with its form; where its header cannot be read, it has no rows.

    Args:
        name: what messages call the file.
    """
    nothing = Sheet(name, (), ())
    if len(data) > MAX_BYTES:
        return nothing, [_broken(name, 1, f"the file has {len(data)} bytes, and at most {MAX_BYTES} are read")]
    try:
        text = _decode(data)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        message = "not UTF-8; save the sheet anew, as “CSV UTF-8”"
        return nothing, [Problem(name, f"line {line}", "codebook-syntax", 1, message)]
    if text[:4].lower() == "sep=":  # a word of one spreadsheet program to itself
        text = text.partition("\n")[2]
    found: list[list[str]] = []
    try:
        found.extend(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    except csv.Error as error:
        return nothing, [_broken(name, len(found) + 1, f"not CSV: {error}; save the sheet anew, as “CSV UTF-8”")]
    header = [_fold(cell).casefold() for cell in found[0]] if found else []
    problems = list(_header_problems(name, header))
    if problems:
        return nothing, problems
    sheet = Sheet(name, tuple(header), ())
    rows: list[SheetRow] = []
    for number, cells in enumerate(found[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(header) :]):
            problems.append(_broken(name, number, f"{len(cells)} cells, and the header has {len(header)}"))
            continue
        made, wrong = _row(sheet, number, dict(zip(header, cells, strict=False)))
        problems += wrong
        if made is not None:
            rows.append(made)
    return Sheet(name, tuple(header), tuple(rows)), problems


def _decode(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    return data.decode("utf-8-sig")


def _delimiter(text: str) -> str:
    """Of the signs that spreadsheets put between cells the one that makes most of our columns of the header."""
    line = text.split("\n", 1)[0].casefold()
    return max(_DELIMITERS, key=lambda sign: sum(cell.strip(' "\r') in COLUMNS for cell in line.split(sign)))


def _header_problems(name: str, header: list[str]) -> Iterable[Problem]:
    for column in ("list", "id"):
        if column not in header:
            yield _broken(name, 1, f"the column {column!r} is missing; the first row names: {', '.join(COLUMNS)}")
    for number, column in enumerate(header):
        place = f"row 1, column {_letters(number)}"
        if column and column not in COLUMNS:
            message = f"unknown column {column!r}{did_you_mean(column, COLUMNS)}"
            yield Problem(name, place, "codebook-key", 1, message)
        elif column and column in header[:number]:
            yield Problem(name, place, "codebook-duplicate", 2, f"the column {column!r} stands twice")


def _row(sheet: Sheet, number: int, given: dict[str, str]) -> tuple[SheetRow | None, list[Problem]]:
    cells = {column: clean(column, unguarded(cell.strip(" "))) for column, cell in given.items() if column}
    listed = cells.pop("list")
    if listed not in LISTS:
        message = f"{listed!r} is no list of the codebook{did_you_mean(listed, LISTS)}"
        return None, [sheet.problem(number, "list", "value", 1, message)]
    problems = []
    for column, cell in cells.items():
        if cell and column not in columns_of(listed):
            message = f"a row of {listed} has no {column}; empty the cell"
            problems.append(sheet.problem(number, column, "value", 1, message))
        control = next((char for char in cell if unicodedata.category(char) == "Cc" and char != "\n"), None)
        if control is not None:
            message = f"a control character ({control!r}); delete it"
            problems.append(sheet.problem(number, column, "value", 1, message))
    if not cells["id"]:
        problems.append(sheet.problem(number, "id", "value", 1, "the id is empty; every row has one"))
    kept = {column: cell for column, cell in cells.items() if column in columns_of(listed)}
    return (None if problems else SheetRow(number, listed, kept)), problems


def _broken(name: str, row: int, message: str) -> Problem:
    return Problem(name, f"row {row}", "codebook-syntax", 1, message)


def _letters(number: int) -> str:
    """The name of a column, counted from 0, as spreadsheets show it: A, B, ..., Z, AA."""
    named = ""
    while number >= 0:
        named = chr(ord("A") + number % 26) + named
        number = number // 26 - 1
    return named
