"""What an edited sheet says, put into a codebook's value: what was changed, and what is wrong, by row and column.

A cell that says what the codebook says changes nothing there, however either of them is spelt. A list of which the
sheet has no row stays as it is, and so does what the sheet has no column for; of a list that has rows, the rows are all
there is, in their order. A row whose id is new, and whose aliases name an id that is gone, is that one renamed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import Problem
from .conform import Findings, check_shape
from .meaning import check_meaning
from .sheet import ARROW, EXAMPLES, LISTS, Sheet, SheetRow, cells_of, columns_of, example_line, key_of
from .yaml_lines import Place, YamlFile

# What judgements rest on, what is guidance and may be reworded, and (all else) what is no meaning at all.
MEANING = ("id", "definition", "favor_means", "against_means", "inverse_of", "document", "label")
WORDING = ("name", *EXAMPLES)
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}
_REQUIRED = ("id", "name", "definition", "favor_means", "against_means", "label")


@dataclass(frozen=True)
class Change:
    """One difference; `column` is empty where a whole row is `added`, `removed` or `moved`."""

    list: str
    id: str
    kind: str
    column: str = ""
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        if not self.column:
            return f"{self.list} {self.id}: {self.kind}"
        return f"{self.list} {self.id}: {self.column}: {_short(self.old)} → {_short(self.new)}"

    @property
    def weight(self) -> int:
        """2: the meaning of the codebook; 1: perhaps, as a person decides; 0: not."""
        if self.kind in ("added", "removed") or self.column in MEANING:
            return 0 if self.list == "entities" and self.column != "label" else 2
        return 1 if self.column in WORDING and self.list != "entities" else 0


@dataclass
class Edited:
    """A codebook's lists as a sheet has them.

    Attributes:
        value: the whole codebook's new plain value.
        items: for each list that differs, its items: the index of the old one (None: a new one) and the new value.
    """

    value: dict[str, Any]
    items: dict[str, list[tuple[int | None, dict[str, Any]]]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: dict[Place, int] = field(default_factory=dict)


def apply_sheet(file: YamlFile, path: str, sheet: Sheet) -> Edited:
    """What the sheet makes of a codebook, and the problems of the result.

    Args:
        file: the codebook as it is, which is valid. path: what messages call it.
    """
    edited = Edited(dict(file.value))
    for name in LISTS:
        rows = [row for row in sheet.rows if row.list == name]
        if rows:
            _apply_list(edited, file.value.get(name) or [], name, rows, sheet)
    if not edited.problems:
        findings = _SheetFindings(path, file, edited, sheet)
        check_shape(findings, "codebook", "codebook")
        if not findings.problems:
            check_meaning(findings)
        edited.problems = findings.problems
    return edited


def _apply_list(
    edited: Edited, old: Sequence[dict[str, Any]], name: str, rows: Sequence[SheetRow], sheet: Sheet
) -> None:
    ids = [item[key_of(name, "id")] for item in old]
    here = {row.cells["id"] for row in rows}
    items: list[tuple[int | None, dict[str, Any]]] = []
    taken: set[int] = set()
    for index, row in enumerate(rows):
        edited.rows[(name, index)] = row.number
        at = _old_index(row, ids, here)
        if at in taken:  # the id stands twice, which the checks tell
            at = None
        if at is not None:
            taken.add(at)
        before = {} if at is None else old[at]
        item, changes = _apply_row(before, name, row, sheet, edited.problems)
        items.append((at, item))
        edited.changes += [Change(name, row.cells["id"], "added")] if at is None else changes
    gone = [index for index in range(len(ids)) if index not in taken]
    edited.changes += [Change(name, ids[index], "removed") for index in gone]
    stayed = [at for at, _ in items if at is not None]
    if stayed != sorted(stayed):
        edited.changes += [
            Change(name, items[place][1][key_of(name, "id")], "moved")
            for place in range(len(items))
            if items[place][0] is not None and _is_moved(items[place][0], stayed)
        ]
    if [(index, item) for index, item in enumerate(old)] != items:
        edited.items[name] = items
        edited.value[name] = [item for _, item in items]


def _is_moved(at: int | None, stayed: list[int]) -> bool:
    """Does an item stand at another place among those that stayed?"""
    return at is not None and sorted(stayed).index(at) != stayed.index(at)


def _old_index(row: SheetRow, ids: list[str], here: set[str]) -> int | None:
    if row.cells["id"] in ids:
        return ids.index(row.cells["id"])
    renamed = [alias for alias in row.cells.get("aliases", "").split("\n") if alias in ids and alias not in here]
    return ids.index(renamed[0]) if renamed else None


def _apply_row(
    before: Mapping[str, Any], name: str, row: SheetRow, sheet: Sheet, problems: list[Problem]
) -> tuple[dict[str, Any], list[Change]]:
    cells = cells_of(name, before) if before else {}
    item, changes = dict(before), []
    for column in columns_of(name):
        if column not in row.cells:
            continue
        cell, was, key = row.cells[column], cells.get(column, ""), key_of(name, column)
        if cell == was:
            continue
        changes.append(Change(name, row.cells["id"], "changed", column, was, cell))
        if not cell and column in _REQUIRED:
            problems.append(sheet.problem(row.number, column, "value", 1, "the cell is empty; it needs words"))
        elif not cell:
            item.pop(key, None)
        else:
            try:
                item[key] = _value(column, cell, before.get(key, ()))
            except ValueError as error:
                problems.append(sheet.problem(row.number, column, "value", 1, str(error)))
    return item, changes


def _value(column: str, cell: str, before: Any) -> Any:
    if column == "document":
        if cell.casefold() not in _YES_NO:
            raise ValueError(f"{cell!r} is neither yes nor no")
        return _YES_NO[cell.casefold()]
    if column == "aliases":
        known = {" ".join(alias.split()): alias for alias in before}
        return [known.get(line, line) for line in cell.split("\n")]
    if column in EXAMPLES:
        examples = {example_line(example): example for example in before}
        return [examples.get(line) or _example(line) for line in cell.split("\n")]
    return cell


def _example(line: str) -> dict[str, str]:
    text, arrow, note = line.partition(ARROW)
    if not arrow or not text.strip() or not note.strip():
        raise ValueError(f"{_short(line)} is no example; write each on a line of its own: text{ARROW}note")
    return {"text": text.strip(), "note": note.strip()}


class _SheetFindings(Findings):
    """Findings that name the sheet's cells where these are at fault, and else the codebook's lines."""

    def __init__(self, path: str, file: YamlFile, edited: Edited, sheet: Sheet) -> None:
        self.path = path
        self.file = YamlFile(edited.value, file.lines)
        self.problems: list[Problem] = []
        self._rows, self._sheet = edited.rows, sheet

    def at(self, place: Place) -> str:
        row = self._rows.get(place[:2])
        return super().at(place) if row is None else f"row {row}"

    def add(self, check: str, level: int, place: Place, message: str) -> None:
        row = self._rows.get(place[:2])
        if row is None:
            super().add(check, level, place, message)
            return
        key = str(place[2]) if len(place) > 2 else ""
        column = "id" if key == "entity_id" else key
        self.problems.append(Problem(self._sheet.name, self._sheet.place(row, column), check, level, message))


def version_advice(changes: Sequence[Change], version: str) -> str:
    """What is to be said of the codebook's version after these changes; empty where there are none."""
    weight = max((change.weight for change in changes), default=-1)
    if weight < 0:
        return ""
    if weight == 0:
        return f"the version stays {version}: keys, colours, order, older spellings and entities are not its meaning"
    numbers = [int(number) for number in version.split(".")]
    minor, major = f"{numbers[0]}.{numbers[1] + 1}.0", f"{numbers[0] + 1}.0.0"
    if weight == 1:
        return f"if these words change what is meant, raise the version ({version}), e.g. with --new-version {minor}"
    heavy = [change for change in changes if change.weight == 2]
    grown = all(change.kind == "added" for change in heavy)
    renamed = {c.list for c in heavy if c.kind == "added"} & {c.list for c in heavy if c.kind == "removed"}
    return (
        f"this changes what the codebook means: raise its version ({version}), "
        f"e.g. with --new-version {minor if grown else major}"
        + ("; where a row only got another id, put the old one among its aliases" if renamed else "")
    )


def _short(text: str) -> str:
    line = " / ".join(text.split("\n"))
    return f"“{line}”" if len(line) <= 60 else f"“{line[:57]}...”"
