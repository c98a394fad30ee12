"""Where an export goes: files that are opened as their parts of the corpus turn up, in a folder written beside."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ..errors import UsageError
from .gathered import GoldDocument

WHOLE = "all"  # the part that documents belong to where the corpus was not split


@dataclass
class ExportReport:
    """What an export wrote: the folder, its files, counts by name, and what the format could not hold."""

    folder: Path
    files: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


@dataclass
class Target:
    """The folder on its way; text files are UTF-8 with LF line ends."""

    folder: Path
    report: ExportReport
    _open: dict[str, IO[str]] = field(default_factory=dict)

    def file(self, name: str) -> IO[str]:
        """The open file of this name below the folder, made when it is first asked for."""
        if name not in self._open:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open[name] = open(path, "w", encoding="utf-8", newline="\n")  # noqa: SIM115 (closed by writing_into)
            self.report.files.append(name)
        return self._open[name]

    def line(self, name: str, value: dict[str, Any]) -> None:
        """One JSON object as a line of a file."""
        self.file(name).write(json.dumps(value, ensure_ascii=False, default=str) + "\n")

    def write(self, name: str, text: str) -> None:
        """A whole small file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        self.report.files.append(name)

    def close(self) -> None:
        """Close what is open."""
        for file in self._open.values():
            file.close()


def part_of(document: GoldDocument) -> str:
    """The part of the corpus that a document belongs to: its split, or `all`."""
    return document.split or WHOLE


@contextmanager
def writing_into(folder: Path, replace: bool) -> Iterator[Target]:
    """A folder that is there whole, or not at all.

    Raises:
        UsageError: it is there already and holds something, and `replace` was not said.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder with --out")
    if folder.is_dir() and any(folder.iterdir()) and not replace:
        raise UsageError(f"{folder} holds files; name another folder with --out, or replace it with --replace")
    beside = folder.with_name(f".{folder.name}.writing")
    shutil.rmtree(beside, ignore_errors=True)  # of an earlier run that was killed
    beside.mkdir(parents=True)
    target = Target(beside, ExportReport(folder))
    try:
        try:
            yield target
        finally:
            target.close()
        if folder.is_dir():
            shutil.rmtree(folder)
        os.rename(beside, folder)
        target.report.files.sort()
    finally:
        shutil.rmtree(beside, ignore_errors=True)
