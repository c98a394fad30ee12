"""What can go wrong, and how it is said.

    StancewireError            exit 1: one line on stderr (what, where, what next)
    ├── UsageError             exit 2: the command line itself is wrong
    ├── ProjectError           no project here, or it is locked by another writer
    ├── SourceError            a source, sources.csv or corrections.csv cannot be used
    ├── CodebookError          codebook.yaml or campaign.yaml breaks its schema
    ├── TableError             a table is missing, stale, damaged or breaks its schema
    ├── StudioError            Label Studio is away, refuses, or answers something unexpected
    ├── ProviderError          who was asked for suggestions is away, or answers what cannot be read
    ├── ExportError            a stored or foreign export cannot be read
    ├── ReleaseError           a release is refused
    └── MissingExtra           an optional package is not installed

A *problem* is not an exception: checks return `Problem` values, and the caller decides.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["problem", "warning"]


class StancewireError(Exception):
    """Base of all errors a user can cause and mend; the message says what, where and what next."""

    exit_code = 1


class UsageError(StancewireError):
    """The command line is wrong."""

    exit_code = 2


class ProjectError(StancewireError):
    """There is no project here, or another command is writing to it."""


class SourceError(StancewireError):
    """A source, or what is written about sources, cannot be used."""


class CodebookError(StancewireError):
    """The codebook or the campaign breaks its schema."""


class TableError(StancewireError):
    """A table is missing, stale, damaged, or breaks its schema."""


class StudioError(StancewireError):
    """Label Studio is away, refuses, or answers something unexpected."""


class ProviderError(StancewireError):
    """Who was asked for suggestions is away, or answers what cannot be read."""


class ExportError(StancewireError):
    """An export cannot be read."""


class ReleaseError(StancewireError):
    """A release is refused."""


class MissingExtra(StancewireError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; install it with: pip install 'stancewire[{extra}]'")


@dataclass(frozen=True, order=True)
class Problem:
    """One finding of a check.

    Attributes:
        path: the file it was found in, relative to the project (or release) root.
        place: where in that file: a line, a row's key, a span `doc_id:start-end`; may be empty.
        check: stable id of the check, e.g. `text-slice`; one fixture in tests/data/checks bears its name.
        level: 1 format, 2 vocabulary, 3 guideline.
        message: what is wrong and what to do next.
        severity: `problem` changes the exit code, `warning` never does, whatever the level.
    """

    path: str
    place: str
    check: str
    level: int
    message: str
    severity: Severity = "problem"

    def __str__(self) -> str:
        where = f"{self.path}:{self.place}" if self.place else self.path
        return f"{where}: [{self.level} {self.check}] {self.message}"

    def as_json(self) -> dict[str, Any]:
        """The problem as a flat JSON object."""
        return asdict(self)
