"""No e-mail address of anyone in what is published: people are pseudonyms here."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import Problem
from ..project import ANNOTATION_TABLES
from .catalogue import problem
from .files import Files
from .loading import Loaded, table_file
from .rows import plain

ADDRESS = rb"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
_FOLDERS = ("corpus", "annotations")
_SKIPPED = ("corpus/sources/", "annotations/people.json")  # the articles' own words; never in version control
_TEXTS = (".json", ".jsonl", ".yaml", ".yml", ".csv", ".md", ".txt")
_OURS = "@annotators.invalid"  # accounts of pseudonyms


def check_privacy(files: Files, loaded: Loaded) -> list[Problem]:
    """E-mail addresses in tracked files of corpus and annotations, in datapackage.json, and in annotation tables.

    An address that stands in an article is the article's own, and may be quoted.
    """
    found = []
    for path in [*(name for folder in _FOLDERS for name in files.names_below(folder)), "datapackage.json"]:
        if path.endswith(_TEXTS) and not path.startswith(_SKIPPED) and files.has(path):
            for line, text in _in_bytes(files.read(path)):
                if not _is_allowed(text, loaded):
                    found.append(problem("email-address", path, line, f"holds the e-mail address {text}"))
    for name in ANNOTATION_TABLES:
        if name in loaded.tables:
            for column, text in _in_table(loaded.tables[name]):
                if not _is_allowed(text, loaded):
                    found.append(problem("email-address", table_file(name), column, f"holds the e-mail address {text}"))
    return found


def _in_bytes(data: bytes) -> Iterator[tuple[int, str]]:
    if b"@" in data:
        for match in re.finditer(ADDRESS, data):
            yield data.count(b"\n", 0, match.start()) + 1, match.group().decode("ascii")


def _in_table(table: pa.Table) -> Iterator[tuple[str, str]]:
    for name in table.column_names:
        column = plain(table.column(name))
        if pa.types.is_large_string(column.type):
            suspect = column.filter(pc.fill_null(pc.match_substring(column, "@"), False))
            for value in suspect.to_pylist():
                for match in re.finditer(ADDRESS, value.encode("utf-8")):
                    yield name, match.group().decode("ascii")


def _is_allowed(address: str, loaded: Loaded) -> bool:
    return address.endswith(_OURS) or any(address in text for text in loaded.texts.values())
