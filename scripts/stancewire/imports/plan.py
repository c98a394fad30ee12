"""What is imported: files, their format, how they are read, and what came of it."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..engine import Workers
from ..errors import ExportError, UsageError
from ..label_studio.foreign import Said
from ..label_studio.foreign_json import read_label_studio, read_texts
from .brat import read_brat
from .columns import read_conll, read_item_table
from .json_lines import read_doccano, read_prodigy
from .reading import Options
from .webanno import read_webanno

LABEL_STUDIO = "label-studio"
READERS: dict[str, Callable[[Path, Options], Iterator[Said]]] = {
    LABEL_STUDIO: lambda path, options: read_label_studio(path, options.text_field),
    "brat": read_brat,
    "webanno": read_webanno,
    "doccano": read_doccano,
    "prodigy": read_prodigy,
    "conll": read_conll,
    "csv": read_item_table,
}
LARGE = 32 << 20  # bytes of files that are worth processes of their own


@dataclass
class ImportReport:
    """What an import did: counts by name, notes for a person, files stored."""

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    stored: list[Path] = field(default_factory=list)
    source: str = ""


@dataclass(frozen=True)
class Import:
    """What is imported: the files, their format, the name under which a later export of the same project is known.

    Attributes:
        workers: processes that read large exports; what is stored is the same bytes for any number.
        progress: draw a bar, if stderr is a terminal.
    """

    files: tuple[Path, ...]
    format: str
    source: str
    options: Options = field(default_factory=Options)
    workers: int = 1
    progress: bool = False

    def said(self) -> Iterator[Said]:
        """All texts of all files, in order."""
        for path in self.files:
            yield from READERS[self.format](path, self.options)

    def texts(self) -> Iterator[Said]:
        """The same, but their answers may be missing."""
        if self.format != LABEL_STUDIO:
            yield from self.said()
            return
        for path in self.files:
            yield from read_texts(path, self.options.text_field)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.files if path.is_file())

    def processes(self, module: str) -> Workers:
        """The processes that read the files."""
        return Workers(self.workers if self.size > LARGE else 1, module)

    @property
    def day(self) -> str:
        """The day of the newest file: when answers that have no date were given at the latest."""
        newest = max(path.stat().st_mtime for path in self.files)
        return datetime.datetime.fromtimestamp(newest, datetime.UTC).date().isoformat()


def plan_import(
    files: Sequence[Path],
    format: str,
    source: str | None = None,
    options: Options | None = None,
    workers: int = 1,
    progress: bool = False,
) -> Import:
    """An import of these files.

    Raises:
        UsageError: there is no such format. ExportError: there is no such file.
    """
    if format not in READERS:
        raise UsageError(f"unknown format {format!r}; known formats: {', '.join(READERS)}")
    for path in files:
        if not path.exists():
            raise ExportError(f"{path}: there is no such file")
    named = source or default_source(files[0], format)
    return Import(tuple(files), format, named, options or Options(), workers, progress)


def default_source(path: Path, format: str) -> str:
    """The project's name where none is given: the file's, without the time that Label Studio puts into it."""
    stem = re.sub(r"-at-\d{4}-\d{2}-\d{2}-\d{2}-\d{2}(?:-[0-9a-f]+)?$", "", path.resolve().stem)
    return f"{format} {stem}"
