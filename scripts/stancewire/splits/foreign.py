"""Anyone's train and test files: Parquet, CSV or JSON lines, read for their texts alone.

Every file is a part; or one file has a column that says which part a row is in.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import TableError, UsageError

TEXT_COLUMNS = ("text", "articlebody", "body", "article", "content", "document", "sentence", "tweet")
ID_COLUMNS = ("doc_id", "id", "article_id", "body id", "guid", "url")
PART_COLUMNS = ("split", "part", "fold", "set")
LONGEST_FIELD = 1 << 30  # csv's own limit of 131,072 is less than a long article
Row = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One text of a table. `key` is its id, or its row's number from 1; `part` is the file's name or the column's."""

    part: str
    key: str
    text: str


@dataclass(frozen=True)
class Read:
    """All texts, the parts in the order in which they were met, and how many rows had no text."""

    entries: list[Entry]
    parts: tuple[str, ...]
    n_empty: int


def read_tables(
    paths: Sequence[Path], text: str | None = None, key: str | None = None, part: str | None = None
) -> Read:
    """Read the texts of one table or several.

    Args:
        text, key, part: names of columns (default: the usual names, in any case; without an id, the row's number).

    Raises:
        UsageError: one table without a column for the parts, or a column is not there.
        TableError: a file cannot be read.
    """
    entries: list[Entry] = []
    n_empty = 0
    shown = _short_names(paths)
    for path in paths:
        columns, rows = read_rows(path)
        text_column = _find(path, columns, text, TEXT_COLUMNS, "text", "--text COLUMN")
        key_column = _find(path, columns, key, ID_COLUMNS, "id", None)
        part_column = _find(path, columns, part, PART_COLUMNS if len(paths) == 1 else (), "part", None)
        if len(paths) == 1 and not part_column:
            raise UsageError(
                f"{path} is one table without a column for its parts; name the others too, or give --split COLUMN"
            )
        for number, row in enumerate(rows, 1):
            words = row.get(text_column)
            if not isinstance(words, str) or not words.strip():
                n_empty += 1
                continue
            given = row.get(key_column) if key_column else None
            side = shown[path] if not part_column else str(row.get(part_column))
            entries.append(Entry(side, str(number) if given is None else str(given), words))
    return Read(entries, tuple(dict.fromkeys(entry.part for entry in entries)), n_empty)


def read_rows(path: Path) -> tuple[list[str], Iterable[Row]]:
    """Columns and rows of one file, by its ending.

    Raises:
        UsageError: its ending is none that is read. TableError: it cannot be read.
    """
    readers = {
        ".parquet": _read_parquet,
        ".csv": _read_csv,
        ".tsv": _read_csv,
        ".jsonl": _read_lines,
        ".ndjson": _read_lines,
        ".json": _read_lines,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path}: {path.suffix or 'no ending'} is not read; known: {', '.join(readers)}")
    try:
        return reader(path)
    except FileNotFoundError:
        raise TableError(f"{path} does not exist") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise TableError(f"{path}:{line}: not UTF-8; save the file as UTF-8, then run this again") from None
    except (OSError, ValueError, csv.Error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TableError(f"{path} cannot be read ({reason})") from None


def _read_parquet(path: Path) -> tuple[list[str], Iterable[Row]]:
    import pyarrow as pa

    from ..tables import decode_parquet

    try:
        table = decode_parquet(path.read_bytes())
    except pa.ArrowException as error:
        raise ValueError(str(error)) from None
    return table.column_names, (row for batch in table.to_batches(max_chunksize=4096) for row in batch.to_pylist())


def _read_csv(path: Path) -> tuple[list[str], Iterable[Row]]:
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        lines = path.read_bytes().decode("utf-8-sig")
        delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(lines.partition("\n")[0])
        reader = csv.DictReader(_keep_ends(lines), delimiter=delimiter)
        rows = list(reader)
        return list(reader.fieldnames or ()), rows
    finally:
        csv.field_size_limit(before)


def _keep_ends(text: str) -> Iterator[str]:
    """Lines with their ends; line breaks that only Unicode knows do not end one."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _delimiter(header: str) -> str:
    return max(",;\t", key=lambda mark: (header.count(mark), mark == ","))


def _read_lines(path: Path) -> tuple[list[str], Iterable[Row]]:
    """JSON lines; also one JSON array of objects."""
    whole = path.read_bytes().decode("utf-8-sig")
    rows: list[Any] = []
    if whole.lstrip().startswith("["):
        rows = json.loads(whole)
    else:
        for number, line in enumerate(whole.split("\n"), 1):
            if line.strip():
                try:
                    rows.append(json.loads(line))
                except ValueError as error:
                    raise ValueError(f"line {number}: {error}") from None
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("its lines are no JSON objects")
    return list(dict.fromkeys(name for row in rows for name in row)), rows


def _find(
    path: Path, columns: Sequence[str], given: str | None, usual: Sequence[str], what: str, option: str | None
) -> str:
    """The column that is meant, "" where there is none and none is needed."""
    if given is not None:
        if given in columns:
            return given
        raise UsageError(f"{path} has no column {given!r}; it has {', '.join(columns[:20]) or 'none'}")
    by_name = {column.casefold(): column for column in reversed(columns)}
    for name in usual:
        if name in by_name:
            return by_name[name]
    if option is not None:
        raise UsageError(f"{path}: no column is known as {what}; name it with {option}: {', '.join(columns[:20])}")
    return ""


def _short_names(paths: Sequence[Path]) -> dict[Path, str]:
    """File names, with folders where two are the same."""
    names = [path.name for path in paths]
    return {path: path.name if names.count(path.name) == 1 else path.as_posix() for path in paths}
