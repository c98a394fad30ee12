"""`codebook to-csv` and `from-csv`: labels and targets leave as one spreadsheet, and come back into codebook.yaml."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CodebookError, Problem
from ..project import Project
from ..tables import write_bytes
from ..tables.guard import BOM
from .conform import raise_first
from .read import check_codebook
from .sheet import COLUMNS, read_sheet, sheet_bytes
from .sheet_changes import Change, Edited, apply_sheet, version_advice
from .yaml_edit import edit_yaml
from .yaml_lines import parse_yaml

# A new item's keys, in this order.
_ORDER = ("entity_id", *COLUMNS[1:])


@dataclass(frozen=True)
class SheetResult:
    """What a sheet changes in the codebook, or why it cannot.

    Attributes:
        changes: by list and id; problems: by row and column (then nothing is changed).
        diff: of codebook.yaml, as a unified diff. advice: what is to be said of the version.
        version: of the codebook, as it is afterwards. data: the file's new bytes.
    """

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    diff: str
    advice: str
    version: str
    data: bytes


def codebook_sheet(project: Project) -> bytes:
    """The codebook's labels, targets and entities as CSV (see `sheet`).

    Raises:
        CodebookError: the codebook has a problem.
    """
    return sheet_bytes(_read(project)[1])


def read_codebook_sheet(project: Project, path: Path, new_version: str | None = None) -> SheetResult:
    """What an edited sheet makes of the codebook; nothing is written.

    Args:
        new_version: the codebook's version is to be this from now on.

    Raises:
        CodebookError: the codebook has a problem, or is written in a way that cannot be edited in place; the new
            version is none, or not above the old one.
    """
    text, value = _read(project)
    version = _checked_version(value["version"], new_version)
    name = project.relative(project.codebook_yaml)
    sheet, problems = read_sheet(path.read_bytes(), path.name)
    edited = apply_sheet(parse_yaml(text), name, sheet) if not problems else Edited(value, problems=problems)
    if edited.problems:
        return SheetResult((), tuple(edited.problems), "", "", value["version"], b"")
    scalars = {"version": new_version} if new_version is not None and new_version != value["version"] else {}
    try:
        made = edit_yaml(text, edited.items, scalars, _ORDER)
    except ValueError as error:
        raise CodebookError(f"{name} cannot be edited in place: {error}; make these changes by hand") from None
    lines = difflib.unified_diff(
        text.splitlines(keepends=True), made.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    )
    advice = "" if scalars else version_advice(edited.changes, value["version"])
    mark = BOM if project.codebook_yaml.read_bytes().startswith(BOM) else b""
    return SheetResult(tuple(edited.changes), (), "".join(lines), advice, version, mark + made.encode("utf-8"))


def write_codebook_sheet(project: Project, path: Path, new_version: str | None = None) -> SheetResult:
    """As `read_codebook_sheet`, and the codebook is written where it differs and nothing is wrong."""
    result = read_codebook_sheet(project, path, new_version)
    if not result.problems and result.diff:
        write_bytes(project.codebook_yaml, result.data)
    return result


def _read(project: Project) -> tuple[str, dict[str, Any]]:
    raise_first(check_codebook(project.codebook_yaml))
    text = project.codebook_yaml.read_bytes().decode("utf-8-sig")
    return text, parse_yaml(text).value


def _checked_version(old: str, new: str | None) -> str:
    if new is None:
        return old
    if not re.fullmatch(r"\d+\.\d+\.\d+", new):
        raise CodebookError(f"--new-version {new!r}: write it as MAJOR.MINOR.PATCH, e.g. 1.2.0")
    if [*map(int, new.split("."))] < [*map(int, old.split("."))]:
        raise CodebookError(f"--new-version {new}: the codebook is at {old} already; versions only rise")
    return new
