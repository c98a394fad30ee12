"""Text files of a package, cut into what may quote an article; the same cut serves to hide words and to fill them in.

Most files are one piece. Of a decision the reason and the value are pieces, each about its own document; of a
correction its quote, value and reason: a quote is its place, whatever its length.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..checks.decisions import ADJUDICATIONS
from ..checks.texts import CORRECTIONS_CSV
from .flavours import LONG, QUOTED
from .places import Said, place_of


@dataclass(frozen=True)
class Cut:
    """A file in pieces.

    Attributes:
        said: the pieces. quotes: places, by the number of a piece that is one whole quote.
        join: makes the file of what the pieces have become, in the same order.
    """

    said: list[Said]
    quotes: dict[int, str]
    join: Callable[[Sequence[str]], str]


def cut_file(path: str, text: str) -> Cut:
    """The pieces of a file of this path below the package's root."""
    if path == ADJUDICATIONS:
        return _cut_decisions(text)
    if path == CORRECTIONS_CSV:
        return _cut_corrections(text)
    return Cut([Said(text, None, LONG, LONG)], {}, lambda made: made[0])


def _cut_decisions(text: str) -> Cut:
    lines = text.split("\n")
    said: list[Said] = []
    places: list[tuple[int, str, str]] = []
    for number, line in enumerate(lines):
        decision = _as_object(line)
        for key, least in (("value", LONG), ("reason", QUOTED)):
            if isinstance(value := decision.get(key), str):
                said.append(Said(value, str(decision.get("doc_id")), least, LONG))
                places.append((number, key, value))

    def join(made: Sequence[str]) -> str:
        joined = list(lines)
        for (number, key, old), new in zip(places, made, strict=True):
            if new != old:
                joined[number] = _replace(joined[number], key, old, new)
        return "\n".join(joined)

    return Cut(said, {}, join)


def _as_object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _replace(line: str, key: str, old: str, new: str) -> str:
    """A line of JSON with another value for a key, and the rest as it was written."""
    for in_ascii in (False, True):
        before, after = (json.dumps(value, ensure_ascii=in_ascii) for value in (old, new))
        for colon in (": ", ":"):
            if line.count(f'"{key}"{colon}{before}') == 1:
                return line.replace(f'"{key}"{colon}{before}', f'"{key}"{colon}{after}')
    return json.dumps(_as_object(line) | {key: new}, ensure_ascii=False)


def _cut_corrections(text: str) -> Cut:
    end = "\r\n" if "\r\n" in text else "\n"
    header, *rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))) or [[]]
    at = {name: number for number, name in enumerate(header)}
    said: list[Said] = []
    quotes: dict[int, str] = {}
    cells: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        cell = {name: row[place] for name, place in at.items() if place < len(row)}
        for name in ("quote", "value", "reason"):
            if cell.get(name):
                if name == "quote" and cell.get("start", "").isdecimal() and cell.get("end", "").isdecimal():
                    quotes[len(said)] = place_of(cell.get("doc_id", ""), int(cell["start"]), int(cell["end"]))
                said.append(Said(cell[name], cell.get("doc_id", ""), QUOTED, LONG))
                cells.append((number, at[name]))

    def join(made: Sequence[str]) -> str:
        if all(new == item.text for new, item in zip(made, said, strict=True)):
            return text
        sink = io.StringIO(newline="")
        writer = csv.writer(sink, lineterminator=end)
        changed = [list(row) for row in rows]
        for (number, place), new in zip(cells, made, strict=True):
            changed[number][place] = new
        writer.writerows([header, *changed])
        return ("\ufeff" if text.startswith("\ufeff") else "") + sink.getvalue()

    return Cut(said, quotes, join)
