"""What the readers of other tools' files share."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ExportError


@dataclass(frozen=True)
class Options:
    """What the command line may say of files that do not say it themselves.

    Attributes:
        annotator: who made them. text_field: the key or column that holds the text.
        column: which column of a column format holds the tags (from 1; default the last).
    """

    annotator: str | None = None
    text_field: str | None = None
    column: int | None = None


def read_text(path: Path) -> str:
    """A file as UTF-8, its line ends as they are.

    Raises:
        ExportError: it is missing, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ExportError(f"{path} cannot be read ({error.strerror}); name a file that is there") from None
    except UnicodeDecodeError as error:
        raise ExportError(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of a file of one JSON object a line.

    Raises:
        ExportError: a line is no JSON object (the last one: cut off?).
    """
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ExportError(f"{path}:{number}: not JSON ({error}; cut off?); export it again") from None
            if not isinstance(value, dict):
                raise ExportError(f"{path}:{number}: expected an object, found {str(value)[:40]}; export it again")
            yield number, value


def file_day(path: Path) -> str:
    """The day (UTC) on which a file was last changed: when its answers were given at the latest."""
    return datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC).date().isoformat()


def needed(item: dict[str, Any], name: str, path: Path, number: int) -> str:
    """A string of an object.

    Raises:
        ExportError: it has none of that name.
    """
    value = item.get(name)
    if not isinstance(value, str):
        known = ", ".join(map(str, item)) or "nothing"
        raise ExportError(f"{path}:{number}: no text in {name!r} (there is {known}); name it with --text-field")
    return value
