"""A project is a folder of named paths.

    corpus/        sources (received) · sources.csv, corrections.csv, withdrawn.csv (decided) · *.parquet (made) ·
                   releases (frozen)
    schema/        codebook.yaml, dataset.yaml (decided) · tables, *.schema.json, labeling, guidelines.md (made from it)
    annotations/   campaign.yaml, adjudications.jsonl, splits.yaml (decided) · exports, adjudications (pulled,
                   append-only) · *.parquet (made)
    .studio/       the embedded Label Studio: environment, database, secrets; what may be forgotten (never in git)

The order of work: `convert` reads the sources and makes the corpus tables; `push` sends tasks to Label Studio;
`pull` stores exports; `merge` makes the gold tables; `release` freezes it all. `build` repeats all but the server.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from .errors import ProjectError

CORPUS_TABLES = ("documents", "segments", "sentences", "stories", "reprints", "variants", "rejects")
ANNOTATION_TABLES = (
    "assignments",
    "judgements",
    "quarantine",
    "mentions",
    "stances",
    "document_stances",
    "conflicts",
    "adjudications",
    "entities",
    "targets",
    "annotators",
    "agreement",
    "variant_stances",
    "splits",
    "changes",
    "stances_wide",
)


# Between a file's path and what is named within it: `pages.zip!2019/a.html`, `lines.jsonl#17`.
INSIDE = "!#"

_held: set[Path] = set()


class Project:
    """Named paths of one corpus project.

    Args:
        root: the folder that holds `schema/codebook.yaml`.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root).resolve()
        self.corpus = self.root / "corpus"
        self.sources = self.corpus / "sources"
        self.sources_csv = self.corpus / "sources.csv"
        self.corrections_csv = self.corpus / "corrections.csv"
        self.withdrawn_csv = self.corpus / "withdrawn.csv"
        self.releases = self.corpus / "releases"
        self.schema = self.root / "schema"
        self.codebook_yaml = self.schema / "codebook.yaml"
        self.dataset_yaml = self.schema / "dataset.yaml"
        self.table_schemas = self.schema / "tables"
        self.labeling = self.schema / "labeling"
        self.guidelines = self.labeling / "guidelines.md"
        self.annotations = self.root / "annotations"
        self.campaign_yaml = self.annotations / "campaign.yaml"
        self.exports = self.annotations / "exports"
        self.exports_aside = self.annotations / ".importing"  # until an import is whole
        self.adjudications = self.annotations / "adjudications"
        self.adjudications_jsonl = self.annotations / "adjudications.jsonl"
        self.splits_yaml = self.annotations / "splits.yaml"
        self.splits_certificate = self.annotations / "splits_certificate.json"
        self.people_json = self.annotations / "people.json"
        self.datapackage_json = self.root / "datapackage.json"
        self.studio = self.root / ".studio"
        self.dist = self.root / "dist"

    @classmethod
    def find(cls, start: str | os.PathLike[str] | None = None) -> Project:
        """The nearest project at or above `start` (default: $STANCEWIRE_PROJECT, else the working directory).

        Raises:
            ProjectError: no folder upward holds `schema/codebook.yaml`.
        """
        given = start if start is not None else os.environ.get("STANCEWIRE_PROJECT")
        here = Path(given if given is not None else ".").resolve()
        for folder in (here, *here.parents):
            if (folder / "schema" / "codebook.yaml").is_file():
                return cls(folder)
        raise ProjectError(
            f"no project at {here} or above it (no schema/codebook.yaml); "
            "make one with: stancewire init DIR, or name one with --project DIR"
        )

    def table_path(self, name: str) -> Path:
        """Where table `name` stands in this project, e.g. `corpus/documents.parquet`."""
        if name in CORPUS_TABLES:
            return self.corpus / f"{name}.parquet"
        if name in ANNOTATION_TABLES:
            return self.annotations / f"{name}.parquet"
        raise KeyError(f"unknown table {name!r}")

    def relative(self, path: Path) -> str:
        """`path` as it is printed: relative to the root, with forward slashes."""
        try:
            return path.resolve().relative_to(self.root).as_posix()
        except ValueError:
            return path.as_posix()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the project's writer lock; one writer at a time.

        The lock is the operating system's, on `.stancewire.lock`: it is gone with the process, however that ended.

        Raises:
            ProjectError: another command holds it.
        """
        if self.root in _held:  # a command that calls another, in this process
            yield
            return
        lock = self.root / ".stancewire.lock"
        handle = open(lock, "a+b")  # noqa: SIM115 (closed below, after the lock is given back)
        try:
            if not _try_lock(handle.fileno()):
                raise ProjectError(
                    f"another stancewire command is writing to {self.root}; wait for it to end, then run this again"
                )
            _held.add(self.root)
            yield
        finally:
            _held.discard(self.root)
            handle.close()


def stored_name(name: str | bytes) -> str:
    """A file name as it is stored: what is not UTF-8, control characters and literal escapes are percent-encoded.

    The name can be had back by decoding the escapes, so two files never share one.
    """
    raw = re.sub(rb"%(?=[0-9A-Fa-f]{2})", b"%25", os.fsencode(name))
    text = raw.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff\x00-\x1f\x7f]", lambda match: f"%{ord(match.group()) & 0xFF:02X}", text)


def real_name(part: str) -> str:
    """The name that is stored as `part` (`stored_name` is the way there); a path may be given, too."""
    raw = re.sub(rb"%([0-9A-F]{2})", lambda match: bytes([int(match[1], 16)]), part.encode("utf-8"))
    return os.fsdecode(raw)


def split_place(source_path: str, files: Collection[str]) -> tuple[str, str] | None:
    """The file that a path in `sources.csv` names, and the member or record in it; None where there is no such file.

    A file may have these signs in its own name: the longest path that is a file counts.
    """
    return next(((path, source_path[len(path) :]) for path in possible_files(source_path) if path in files), None)


def possible_files(source_path: str) -> list[str]:
    """The files that a path in `sources.csv` may be about: itself, and where it has the signs, what is before each."""
    signs = [match.start() for match in re.finditer(f"[{INSIDE}]", source_path)]
    return [source_path, *(source_path[:at] for at in reversed(signs))]


def _try_lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def schema_directory() -> Path:
    """The schema folder that travels with the package: inside a wheel; the repository's in an editable install."""
    inside = Path(__file__).parent / "_schema"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "schema"
