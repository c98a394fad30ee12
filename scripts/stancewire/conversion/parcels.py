"""Parcels: the pieces in which sources are converted, each in whatever process; the cut leaves no trace in the tables.

A parcel's key is a hash of all that its rows depend on: its files as they stand on disk, what is known of them, the
rules. Parts of a killed run that bear the key are taken as they are.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from itertools import starmap
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..sources import NOTHING_KNOWN, ReadOptions, SourceFacts, SourceFile, is_json_lines
from ..sources.model import Stamp, stamp_of
from ..sources.readers import is_parquet
from ..sources.spans import Span, cut_groups, cut_lines
from ..text import Lexicon

if TYPE_CHECKING:
    from ..text.corrections import Correction

Cut = Callable[[Path | str, int], Iterator[Span | str]]
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

    `is_large`: are all parcels together more than one file of a table should hold?
    """

    key: str
    files: tuple[SourceFile, ...]
    facts: tuple[SourceFacts, ...]
    span: Span | None = None
    n_bytes: int = 0
    is_large: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        """Sent to another process in plain tuples: to pickle an object takes as long as to read a small file."""
        return _received, (self.key, [_VALUES(file) for file in self.files], *_REST(self))


_VALUES = attrgetter(*(item.name for item in fields(SourceFile)))
_REST = attrgetter("facts", "span", "n_bytes", "is_large")


def _received(key: str, files: Sequence[tuple[Any, ...]], *rest: Any) -> Parcel:
    return Parcel(key, tuple(starmap(SourceFile, files)), *rest)


def cut_parcels(
    conversion: Conversion,
    files: Sequence[SourceFile],
    facts: Mapping[str, SourceFacts],
    keys: MutableMapping[tuple[int, str], str] | None = None,
) -> Iterator[tuple[Parcel, str | None]]:
    """The parcels in the order of their files; beside the last span of a file that is cut, the file's SHA-256.

    Args:
        facts: by source path. keys: of the files (`file_key`) by root and source path; those that are missing are put
            in as their parcels are cut: there may be many, and the first parcel need not wait for all.
    """
    is_large = sum(map(file_size, files)) > MAX_BYTES
    for parcel, sha256 in _cut(conversion, files, facts, {} if keys is None else keys):
        yield replace(parcel, is_large=is_large), sha256


def _cut(
    conversion: Conversion,
    files: Sequence[SourceFile],
    facts: Mapping[str, SourceFacts],
    keys: MutableMapping[tuple[int, str], str],
) -> Iterator[tuple[Parcel, str | None]]:
    waiting: list[SourceFile] = []
    size = 0
    most = max(1, min(FILES_A_PARCEL, -(-len(files) // 8)))
    for file in files:
        length = file_size(file)
        if length > BYTES_A_PARCEL and (cut := _cut_of(file)):
            if waiting:
                yield _parcel(conversion, waiting, facts, keys), None
                waiting, size = [], 0
            yield from _cut_file(conversion, file, facts, keys, cut)
            continue
        if waiting and (len(waiting) == most or size + length > BYTES_A_PARCEL):
            yield _parcel(conversion, waiting, facts, keys), None
            waiting, size = [], 0
        waiting.append(file)
        size += length
    if waiting:
        yield _parcel(conversion, waiting, facts, keys), None


def _cut_of(file: SourceFile) -> Cut | None:
    """What cuts a large file into spans; None where it has to be read as one."""
    return cut_lines if is_json_lines(file) else cut_groups if is_parquet(file) else None


def _cut_file(
    conversion: Conversion,
    file: SourceFile,
    facts: Mapping[str, SourceFacts],
    keys: MutableMapping[tuple[int, str], str],
    cut: Cut,
) -> Iterator[tuple[Parcel, str | None]]:
    last = sha256 = None
    try:
        for span in cut(file.path, BYTES_A_PARCEL):
            if isinstance(span, str):
                sha256 = span
                continue
            if last is not None:
                yield last, None
            last = _parcel(conversion, [file], facts, keys, span)
    except OSError:  # the reader says what is wrong
        last = _parcel(conversion, [file], facts, keys)
    yield last or _parcel(conversion, [file], facts, keys), sha256


def _parcel(
    conversion: Conversion,
    files: list[SourceFile],
    facts: Mapping[str, SourceFacts],
    keys: MutableMapping[tuple[int, str], str],
    span: Span | None = None,
) -> Parcel:
    own = tuple(_facts(conversion, file, facts) for file in files)
    key = hashlib.sha256(conversion.rules.encode())
    for file in files:
        place = file.root, file.source_path
        if place not in keys:
            keys[place] = file_key(conversion, file, facts)
        key.update(keys[place].encode())
    key.update(repr(span).encode())
    size = span.size if span else sum(map(file_size, files))
    return Parcel(key.hexdigest()[:32], tuple(files), own, span, size)


def _facts(conversion: Conversion, file: SourceFile, facts: Mapping[str, SourceFacts]) -> SourceFacts:
    return facts.get(file.source_path, NOTHING_KNOWN) if file.root in conversion.own_roots else NOTHING_KNOWN


def file_key(conversion: Conversion, file: SourceFile, facts: Mapping[str, SourceFacts]) -> str:
    """What stands for a file and all that is known of it; other bytes in it change it (by size, times or inode)."""
    known = _facts(conversion, file, facts)
    is_own = file.root in conversion.own_roots
    decided = (conversion.corrections.get(file.name), conversion.loose) if is_own else None
    parts = (
        file.source_path, file.format, file.forced, file.name, file.prefix, is_own, known.values, _stamp(file), decided,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def loose_corrections(corrections: Mapping[str, tuple[Correction, ...]], files: Sequence[SourceFile]) -> str:
    """A hash of the corrections of documents that no file has the name of."""
    names = {file.name for file in files}
    return hash_lines(repr(item) for item in sorted(corrections.items()) if item[0] not in names)


def _stamp(file: SourceFile) -> tuple[int, ...] | str:
    """What changes with a file's bytes; behind an address nothing is sure to, so that it is read each time."""
    return os.urandom(16).hex() if file.address is not None else _stat(file)


def _stat(file: SourceFile) -> Stamp | tuple[int]:
    """Its stamp; a size below nought where it cannot be asked."""
    if file.stamp is not None:
        return file.stamp
    try:
        return stamp_of(os.stat(file.path))
    except OSError:
        return (-1,)


def file_size(file: SourceFile) -> int:
    """Bytes of a file; 0 where it cannot be asked."""
    if file.stamp is not None:  # of files on this machine alone
        return file.stamp[0]
    return max(0, _stat(file)[0]) if file.address is None else 0


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
