"""Parcels: the pieces in which sources are converted, each in whatever process; the cut leaves no trace in the tables.

A parcel's key is a hash of all that its rows depend on: its files as they stand on disk, what is known of them, the
rules. Parts of a killed run that bear the key are taken as they are.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..sources import NOTHING_KNOWN, ReadOptions, SourceFacts, SourceFile, SourceFiles, is_json_lines
from ..sources.readers import Item, is_parquet
from ..sources.spans import Span, cut_groups, cut_lines
from ..text import Lexicon
from .batches import is_read_in_batches, read_batches
from .parts import read_account

if TYPE_CHECKING:
    from ..text.corrections import Correction

CutUp = Callable[[Path | str, int], Iterator[Span | str]]
FILES_A_PARCEL = 512
BYTES_A_PARCEL = 4 << 20
MAX_BYTES = 1 << 30  # of a table that is one file (`gather`)
# Those that texts, languages and tables come from; those of extras may be absent.
LIBRARIES = (
    *("charset-normalizer", "py3langid", "pyarrow", "numpy", "msgspec"),
    *("trafilatura", "lxml", "lxml_html_clean", "python-docx", "striprtf", "warcio", "fsspec", "defusedxml"),
)


@dataclass(frozen=True)
class Conversion:
    """What every parcel of one run is converted with.

    Attributes:
        corrections: by document. fields: `all`, or `text` for texts, hashes and metadata alone.
        own_roots: numbers of the roots that `sources.csv` and the corrections are about; a file of another root may
            have the same name.
        encoding: of files that are neither UTF-8 nor marked, and of which nothing else is known.
        folder: where parts are written. schemas: the project's own table schemas, if any.
        rules: a hash of the code and settings that rows depend on. reading: limits and columns for the readers.
        withdrawn: documents that get no rows (`sources.withdrawn`).
        loose: a hash of the corrections of documents that have no file's name: any file may hold them as records.
    """

    lexicon: Lexicon
    corrections: Mapping[str, tuple[Correction, ...]] = field(default_factory=dict)
    own_roots: frozenset[int] = frozenset()
    encoding: str | None = None
    fields: str = "all"
    folder: Path = Path()
    schemas: Path | None = None
    rules: str = ""
    reading: ReadOptions = field(default_factory=ReadOptions)
    withdrawn: frozenset[str] = frozenset()
    loose: str = ""


@dataclass(frozen=True)
class Parcel:
    """Some files, or a span of one; `facts` are those of each file, in order.

    `is_large`: are all parcels together more than one file of a table should hold? `items`: what was read already of
    a span that is a batch; none where the account of an earlier run will do.
    """

    key: str
    files: tuple[SourceFile, ...]
    facts: tuple[SourceFacts, ...]
    span: Span | None = None
    n_bytes: int = 0
    is_large: bool = False
    items: tuple[Item, ...] = ()

    @property
    def n_files(self) -> int:
        """Files that begin in it."""
        return 0 if self.span and self.span.first_record else len(self.files)

    @property
    def is_first(self) -> bool:
        """Is a file hashed with it: as a whole, or with the first of its batches?"""
        return self.span is None or (self.span.is_batch and self.span.start == 0)

    def __reduce__(self) -> tuple[Any, ...]:
        """Sent to another process in plain tuples: to pickle an object takes as long as to read a small file."""
        rest = self.facts, self.span, self.n_bytes, self.is_large, self.items
        return _received, (self.key, list(map(tuple, self.files)), *rest)


def _received(key: str, files: Sequence[tuple[Any, ...]], *rest: Any) -> Parcel:
    return Parcel(key, tuple(starmap(SourceFile, files)), *rest)


class Cut(NamedTuple):
    """A parcel; the keys of its files, in order; with the last span of a file that is cut, the file's SHA-256."""

    parcel: Parcel
    keys: list[str]
    sha256: str | None = None


def cut_parcels(conversion: Conversion, files: SourceFiles, facts: Mapping[str, SourceFacts]) -> Iterator[Cut]:
    """The parcels in the order of their files; `facts` by source path."""
    cutter = _Cutter(conversion, facts, FileKeys(conversion, facts), files.n_bytes > MAX_BYTES)
    return cutter.cut(files)


@dataclass
class _Cutter:
    conversion: Conversion
    facts: Mapping[str, SourceFacts]
    key_of: FileKeys
    is_large: bool

    def cut(self, files: SourceFiles) -> Iterator[Cut]:
        waiting: list[SourceFile] = []
        size = 0
        most = max(1, min(FILES_A_PARCEL, -(-len(files) // 8)))
        for file in files:
            length = file_size(file)
            if length > BYTES_A_PARCEL and (cuts := self.cuts_of(file)) is not None:
                if waiting:
                    yield self.parcel(waiting)
                    waiting, size = [], 0
                yield from cuts
                continue
            if waiting and (len(waiting) == most or size + length > BYTES_A_PARCEL):
                yield self.parcel(waiting)
                waiting, size = [], 0
            waiting.append(file)
            size += length
        if waiting:
            yield self.parcel(waiting)

    def cuts_of(self, file: SourceFile) -> Iterator[Cut] | None:
        """The pieces of a large file; None where it has to be read as one."""
        if is_json_lines(file):
            return self.cut_file(file, cut_lines)
        if is_parquet(file):
            return self.cut_file(file, cut_groups)
        facts = _facts(self.conversion, file, self.facts)
        # What is known of members is held against all of them at once.
        return self.cut_batches(file, facts) if not facts.inside and is_read_in_batches(file) else None

    def cut_batches(self, file: SourceFile, facts: SourceFacts) -> Iterator[Cut]:
        """What is read of a file, each batch as soon as it is read; not sent where an earlier run has finished it."""
        options = replace(self.conversion.reading, facts=facts, encoding=self.conversion.encoding)
        start, left = 0, file_size(file)
        for items, n_bytes in read_batches(file, options):
            span = Span(start, start + len(items), start, n_bytes=min(left, n_bytes), is_batch=True)
            cut = self.parcel([file], span)
            if read_account(self.conversion.folder, cut.parcel.key) is None:
                cut = cut._replace(parcel=replace(cut.parcel, items=tuple(items)))
            yield cut
            start, left = span.end, left - span.n_bytes
        if start == 0:
            yield self.parcel([file])

    def cut_file(self, file: SourceFile, cut: CutUp) -> Iterator[Cut]:
        last = sha256 = None
        try:
            for span in cut(file.path, BYTES_A_PARCEL):
                if isinstance(span, str):
                    sha256 = span
                    continue
                if last is not None:
                    yield last
                last = self.parcel([file], span)
        except OSError:  # the reader says what is wrong
            last = self.parcel([file])
        yield (last or self.parcel([file]))._replace(sha256=sha256)

    def parcel(self, files: list[SourceFile], span: Span | None = None) -> Cut:
        own: tuple[SourceFacts, ...] = (NOTHING_KNOWN,) * len(files)
        if self.facts:
            own = tuple(_facts(self.conversion, file, self.facts) for file in files)
        keys = list(map(self.key_of, files))
        places = "\0".join(f"{file.root} {file.source_path} {key}" for file, key in zip(files, keys, strict=True))
        key = hashlib.sha256(f"{self.conversion.rules}\0{places}\0{span!r}".encode("utf-8", "surrogatepass"))
        size = span.size if span else sum(map(file_size, files))
        return Cut(Parcel(key.hexdigest()[:32], tuple(files), own, span, size, self.is_large), keys)


def _facts(conversion: Conversion, file: SourceFile, facts: Mapping[str, SourceFacts]) -> SourceFacts:
    return facts.get(file.source_path, NOTHING_KNOWN) if file.root in conversion.own_roots else NOTHING_KNOWN


class FileKeys:
    """What stands for a file and all that is known of it; other bytes in it change it (by size, times or inode).

    Args:
        facts: by source path.
    """

    def __init__(self, conversion: Conversion, facts: Mapping[str, SourceFacts]) -> None:
        self._conversion = conversion
        self._facts = facts
        self._common: dict[tuple[Any, ...], str] = {}

    def __call__(self, file: SourceFile) -> str:
        """The key of a file; it says nothing of where that is."""
        known = _facts(self._conversion, file, self._facts)
        is_own = file.root in self._conversion.own_roots
        decided = self._conversion.corrections.get(file.name) if is_own else None
        # Few files have more than their format that others have not, so it is written down once.
        about = file.format, file.forced, file.prefix, is_own
        rest = self._common.get(about) if known is NOTHING_KNOWN and decided is None else None
        if rest is None:
            rest = repr((*about, known.values, decided, self._conversion.loose if is_own else None))
            if known is NOTHING_KNOWN and decided is None:
                self._common[about] = rest
        return hashlib.sha256(f"{_stamp(file)} {file.name} {rest}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def loose_corrections(corrections: Mapping[str, tuple[Correction, ...]], files: Iterable[SourceFile]) -> str:
    """A hash of the corrections of documents that no file has the name of."""
    names = {file.name for file in files if file.name in corrections} if corrections else set()
    return hash_lines(repr(item) for item in sorted(corrections.items()) if item[0] not in names)


def _stamp(file: SourceFile) -> tuple[int, ...] | str | None:
    """What changes with a file's bytes; behind an address nothing is sure to, so that it is read each time."""
    return os.urandom(16).hex() if file.address is not None else file.stamp


def file_size(file: SourceFile) -> int:
    """Bytes of a file; 0 where it cannot be asked."""
    return 0 if file.stamp is None else file.stamp[0]


def hash_lines(lines: Iterable[str]) -> str:
    """SHA-256 of lines of text."""
    hashed = hashlib.sha256()
    for line in lines:
        hashed.update(line.encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()


@cache
def rules_sha256() -> str:
    """A hash of the code that rows depend on, and of the libraries that it asks."""
    package = Path(__file__).parents[1]
    hashed = hashlib.sha256()
    for room in ("sources", "text", "conversion", "tables"):
        for path in sorted((package / room).glob("*.py")):
            hashed.update(path.read_bytes())
    for library, found in _libraries(LIBRARIES).items():
        hashed.update(f"{library} {found}\n".encode())
    return hashed.hexdigest()


def machine() -> dict[str, str]:
    """What must be alike on all machines that work on one corpus: name -> version."""
    package = Path(__file__).parents[1]
    hashed = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        hashed.update(path.read_bytes())
    python = ".".join(map(str, sys.version_info[:2]))
    libraries = _libraries((*LIBRARIES, "rapidfuzz"))
    return {"Python": python, **libraries, "the code of stancewire": hashed.hexdigest()[:12]}


def _libraries(names: Iterable[str]) -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for library in names:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # one of an extra
            found[library] = "absent"
    return found
