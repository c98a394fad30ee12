"""The files of a source root, in a fixed order, each with its own name; links that lead out are refused."""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from glob import glob, has_magic
from pathlib import Path

from ..errors import Problem, SourceError, UsageError
from .found import FoundSources, split_name, stored_name
from .model import Reject, SourceFile, Stamp, stamp_of
from .remote import find_remote, is_address


def find_sources(roots: Sequence[Path | str], endings: Mapping[str, str], format: str | None = None) -> FoundSources:
    """The files at and below `roots`.

    Args:
        roots: folders, or single files, whose root is the folder that they are in; patterns (`2019/*.txt`), whose root
            is the folder before the first wildcard; addresses (fsspec URLs).
        endings: file ending (`.txt`) -> format name.
        format: read every file as this format, whatever its ending.

    Raises:
        SourceError: a root does not exist.
    """
    found = FoundSources()
    for number, root in enumerate(roots):
        if is_address(root):
            find_remote(str(root), number, lambda path: split_name(path, endings), format, found)
            continue
        base, entries = _entries(Path(root), found)
        for path, stamp in entries:
            _look_at(path, stamp, base, number, endings, format, found)
    return found


def base_of(root: Path | str) -> Path:
    """The folder that source paths are relative to: the root, or the folder that the one file or the pattern is in.

    Of an address it is the last part, a name without any place on this machine.
    """
    if is_address(root):
        return Path(re.sub(r"[?#].*", "", str(root)).rstrip("/").rpartition("/")[2] or "remote")
    path = Path(root)
    if has_magic(str(path)) and not os.path.lexists(path):
        fixed = path.parts[: next(number for number, part in enumerate(path.parts) if has_magic(part))]
        return Path(*fixed).resolve()
    top = path.resolve()
    return top.parent if top.is_file() else top


# A path, and its stamp where it is a regular file that no link leads to; others have to be looked at.
Entry = tuple[str, Stamp | None]


def _entries(root: Path, found: FoundSources) -> tuple[Path, list[Entry]]:
    """The folder that a root's paths are relative to, and what is there to be looked at."""
    base = base_of(root)
    if has_magic(str(root)) and not os.path.lexists(root):
        entries: dict[str, Entry] = {}
        for name in sorted(glob(str(root), recursive=True), key=os.fsencode):
            path = str(base / Path(os.path.abspath(name)).relative_to(os.path.abspath(base)))
            is_folder = os.path.isdir(path) and not os.path.islink(path)
            for entry in _walk(path, base, found) if is_folder else [(path, None)]:
                entries.setdefault(entry[0], entry)
        if not entries:
            raise SourceError(f"no file is named like {root}; name a folder, a file or another pattern")
        return base, _sorted(entries.values())
    try:
        top = root.resolve(strict=True)
    except (OSError, RuntimeError):
        raise SourceError(f"there is no source {root}; name a folder or a file") from None
    return base, [(str(top), None)] if top.is_file() else _sorted(_walk(str(top), top, found))


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: os.fsencode(entry[0]))


def _walk(folder: str, base: Path, found: FoundSources) -> Iterator[Entry]:
    """Everything below a folder that is no folder; links to folders come as they are."""
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        message = f"the folder cannot be read ({error.strerror}); mend its permissions"
        found.rejects.append(Reject(_stored_path(folder, base), -1, "source-unreadable", message))
        return
    for entry in entries:
        if entry.name.startswith("."):
            found.ignored.append(_stored_path(entry.path, base))
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, base, found)
        else:
            yield entry.path, _stamp(entry)


def _stamp(entry: os.DirEntry[str]) -> Stamp | None:
    try:
        if entry.is_file(follow_symlinks=False):
            # Windows tells neither inode nor the time of change here.
            return stamp_of(entry.stat(follow_symlinks=False)) if os.name != "nt" else None
    except OSError:  # it is gone already
        pass
    return None


def _stored_path(path: str, base: Path) -> str:
    inside = path.removeprefix(str(base)).lstrip(os.sep)
    if os.sep == "/" and inside.isascii() and inside.isprintable() and "%" not in inside:
        return inside
    return "/".join(stored_name(part) for part in Path(path).relative_to(base).parts)


def _look_at(
    path: str,
    stamp: Stamp | None,
    base: Path,
    root: int,
    endings: Mapping[str, str],
    format: str | None,
    found: FoundSources,
) -> None:
    source_path = _stored_path(path, base)
    refusal = None if stamp is not None else _refusal(Path(path), base)
    if refusal is not None:
        found.rejects.append(Reject(source_path, -1, *refusal))
        return
    name, known = split_name(source_path, endings)
    found.files.append(
        SourceFile(path, source_path, root, format or known, name, forced=format is not None, stamp=stamp)
    )


def _refusal(path: Path, base: Path) -> tuple[str, str] | None:
    """Why a directory entry will not be opened: check id and message; None where it may be."""
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError):  # a broken link, or a circle of them
        return "source-link", "the symbolic link leads nowhere; put the file itself here"
    if not target.is_relative_to(base):
        return "source-link", "the symbolic link leads out of the source root; put the file itself here"
    if stat.S_ISDIR(mode):
        return "source-link", "symbolic links to folders are not followed; the folder itself is read where it stands"
    if not stat.S_ISREG(mode):
        return "source-unreadable", "this is no regular file (a pipe, a socket or a device); take it out"
    return None


def name_documents(found: FoundSources, prefixes: Sequence[str]) -> dict[int, str]:
    """Ids of the files that hold one document each, by number in `found.files`.

    The id is the prefix of its root and its name. Files of one root that differ in the ending alone keep it, with a
    warning; a name that is still there twice (in two roots) makes the later one a reject.
    """
    by_name: dict[tuple[int, str], list[int]] = defaultdict(list)
    for number, file in enumerate(found.files):
        if file.format is not None:
            by_name[file.root, file.name].append(number)
    names: dict[int, str] = {}
    for (root, name), numbers in by_name.items():
        for number in numbers:
            names[number] = prefixes[root] + (name if len(numbers) == 1 else found.files[number].source_path)
        if len(numbers) > 1:
            paths = ", ".join(found.files[number].source_path for number in numbers)
            message = f"these differ in their endings alone ({paths}), so their ids keep them"
            found.warnings.append(
                Problem(found.files[numbers[0]].source_path, "", "source-format", 1, message, "warning")
            )
    taken: dict[str, int] = {}
    for number in sorted(names):
        first = taken.setdefault(names[number], number)
        if first != number:
            a, b = found.files[first], found.files[number]
            message = (
                f"its id {names[number]!r} is that of {a.source_path} (source {a.root + 1}) already: this is "
                f"{b.source_path} of source {b.root + 1}; give each source an --id-prefix"
            )
            found.rejects.append(Reject(b.source_path, -1, "source-duplicate", message))
            del names[number]
    return names


def spread_prefixes(prefixes: Sequence[str], n_roots: int) -> list[str]:
    """One id prefix for each source root: none given, one for all, or one for each.

    Raises:
        UsageError: another number of them.
    """
    if len(prefixes) not in (0, 1, n_roots):
        raise UsageError(
            f"{len(prefixes)} --id-prefix for {n_roots} sources; give one for all, or one for each in order"
        )
    return [""] * n_roots if not prefixes else list(prefixes) * (n_roots if len(prefixes) == 1 else 1)


def with_name(file: SourceFile, name: str, prefix: str = "") -> SourceFile:
    """The file under the id that its document gets; `prefix` is put before the ids of its records."""
    if name == file.name and prefix == file.prefix:
        return file
    return replace(file, name=name, prefix=prefix)
