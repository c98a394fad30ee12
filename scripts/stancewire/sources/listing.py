"""`corpus/sources.csv`: what is known of each source file beside its bytes.

Columns: source_path (relative to the source root; `facts` tells how members and records are named), sha256, outlet,
date (YYYY-MM-DD), url, rights (open, permitted, restricted, unknown), license, encoding, received (YYYY-MM-DD), note.
Only source_path must be filled in. What stands here wins over what a text says, and loses to `corrections.csv`.
"""

from __future__ import annotations

import csv
import datetime
import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from ..errors import SourceError
from ..project import INSIDE
from .facts import SourceFacts

COLUMNS = ("source_path", "sha256", "outlet", "date", "url", "rights", "license", "encoding", "received", "note")
RIGHTS = ("open", "permitted", "restricted", "unknown")


def read_sources_csv(path: Path) -> dict[str, SourceFacts]:
    """The rows of `sources.csv` by source path; empty where there is no such file.

    Raises:
        SourceError: it is not UTF-8, a column or value is wrong, a path leads out of the root or stands twice; the
            message names the line.
    """
    found: dict[str, SourceFacts] = {}
    for line, given in read_csv_rows(path, COLUMNS):
        row = {name: value.strip() for name, value in given.items()}
        where = f"{path.name} line {line}"
        source_path = row["source_path"]
        if problem := unsafe_place(source_path):
            raise SourceError(f"{where}: source_path {source_path!r} {problem}")
        if source_path in found:
            raise SourceError(
                f"{where}: {source_path!r} stands on line {found[source_path].line} already; keep one row"
            )
        found[source_path] = _facts(row, where, line)
    return found


def _facts(row: dict[str, str], where: str, line: int) -> SourceFacts:
    sha256 = row["sha256"].lower()
    if sha256 and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise SourceError(f"{where}: sha256 {row['sha256']!r} is not 64 hexadecimal digits")
    rights = row["rights"] or "unknown"
    if rights not in RIGHTS:
        raise SourceError(f"{where}: rights {rights!r} is not one of {', '.join(RIGHTS)}")
    if row["url"] and not is_web_address(row["url"]):
        raise SourceError(f"{where}: url {row['url']!r} is no http or https address")
    read_day(row["received"], f"{where}: received")
    return SourceFacts(
        sha256=sha256 or None,
        outlet=row["outlet"] or None,
        date=read_day(row["date"], f"{where}: date"),
        url=row["url"] or None,
        rights=rights,
        license=row["license"] or None,
        encoding=row["encoding"] or None,
        line=line,
    )


def is_web_address(text: str) -> bool:
    """Is it an http or https address?"""
    return re.fullmatch(r"https?://[^\s/]\S*", text) is not None


def read_day(text: str, where: str) -> datetime.date | None:
    """A day written YYYY-MM-DD, None where nothing is written.

    Raises:
        SourceError: it is no such day; `where` begins the message.
    """
    if not text:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise SourceError(f"{where} {text!r} is no day written like 2019-06-26") from None


def unsafe_path(path: str) -> str:
    """Why a path found in data may not be opened below a root; empty where it may."""
    if path.startswith("/") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path) or "\\" in path or "\x00" in path:
        return "is not relative with forward slashes; write it as it stands below corpus/sources"
    parts = path.split("/")
    if "" in parts or "." in parts:
        return "is empty or holds an empty part; write it like 2019/article.txt"
    if ".." in PurePosixPath(path).parts:
        return "leads out of the source root (`..`)"
    return ""


def unsafe_place(path: str) -> str:
    """The same for a path that may name a member (`pages.zip!a.html`) or record (`lines.jsonl#17`) of a file."""
    parts = re.split(f"[/{INSIDE}]", path)
    return unsafe_path(path) or ("leads out of the source root (`..`)" if ".." in parts else "")


def read_csv_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a decided CSV file with the line on which each begins; nothing where there is no file.

    Raises:
        SourceError: it is not strict UTF-8, its header is not exactly `columns`, or a row has too few or many values.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return
    except UnicodeDecodeError as error:
        raise SourceError(f"{path.name} is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    # Lines are kept with their ends, for a quoted value may hold some; nothing but LF ends one.
    lines = [f"{line}\n" for line in text.removeprefix("\ufeff").split("\n")]
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        header = next(reader)
        _check_header(path, header, columns)
        line = reader.line_num + 1
        for values in reader:
            if any(values):
                if len(values) != len(header):
                    raise SourceError(f"{path.name} line {line}: {len(values)} values for {len(header)} columns")
                yield line, dict(zip(header, values, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise SourceError(f"{path.name} line {line}: not CSV ({error})") from None


def _check_header(path: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    for name in header:
        if name not in columns:
            near = difflib.get_close_matches(name, columns, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; the columns are {','.join(columns)}"
            raise SourceError(f"{path.name} line 1: unknown column {name!r}{hint}")
    missing = [name for name in columns if name not in header]
    if missing:
        raise SourceError(f"{path.name} line 1: column {missing[0]!r} is missing")
