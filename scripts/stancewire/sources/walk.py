"""The files of one root, in the order of their stored paths: a folder is listed when its turn comes, and let go."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import Problem
from .found import PACKED_ENDINGS, FoundSources, split_name, stored_name
from .model import Reject, SourceFile, Stamp, stamp_of


@dataclass
class _Folder:
    """What is in a folder: stored names in order (`/` behind those of folders), and which are not what they seem."""

    inside: str
    place: str
    names: Iterator[str]
    doubled: set[str]
    real: dict[str, str]
    odd: set[str]


@dataclass
class Listing:
    """The files of one root on their way into what was found.

    Attributes:
        base: the folder that paths are relative to. endings, format: see `find_sources`. prefix: of all ids.
    """

    base: Path
    root: int
    endings: Mapping[str, str]
    format: str | None
    prefix: str
    found: FoundSources
    _plain_endings: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._plain_endings = {name: kind for name, kind in self.endings.items() if name not in PACKED_ENDINGS}

    def walk(self, folder: str, place: str = "") -> None:
        """All files in a folder and below it; `place` is its stored path, with `/` at the end."""
        levels = [self._scan(folder, place)]
        while levels:
            level = levels[-1]
            inside, place, real, odd, doubled = level.inside, level.place, level.real, level.odd, level.doubled
            for name in level.names:
                path = inside + (real.get(name, name) if real else name)
                if name[-1] == "/":
                    levels.append(self._scan(path.removesuffix("/"), place + name))
                    break
                self.add(path, place + name, doubled, name in odd)
            else:
                levels.pop()

    def _scan(self, folder: str, place: str) -> _Folder:
        names: list[str] = []
        real: dict[str, str] = {}
        odd: set[str] = set()
        try:
            with os.scandir(folder) as scan:
                for entry in scan:
                    name = entry.name
                    stored = name if _is_plain(name) else stored_name(name)
                    if name[0] == ".":
                        self.found.ignored.append(place + stored)
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        stored, name = stored + "/", name + "/"
                    elif not entry.is_file(follow_symlinks=False):
                        odd.add(stored)
                    if stored != name:
                        real[stored] = name
                    names.append(stored)
        except OSError as error:
            message = f"the folder cannot be read ({error.strerror}); mend its permissions"
            self.found.rejects.append(Reject(place.removesuffix("/"), -1, "source-unreadable", message))
            names.clear()
        names.sort()
        inside = folder if folder.endswith(os.sep) else folder + os.sep
        return _Folder(inside, place, iter(names), self.doubled(names, place), real, odd)

    def doubled(self, names: Iterable[str], place: str = "") -> set[str]:
        """Paths without the ending that several files have; what a warning says is said here."""
        names = [name for name in names if name[-1] != "/"]
        ends = {name[name.rfind(".") :] for name in names}
        if len(ends) < 2 and not ends & set(PACKED_ENDINGS):
            return set()  # other names, other beginnings
        by_stem: dict[str, str] = {}
        twice: dict[str, list[str]] = {}
        for name in names:
            stem, known = self._split(place + name)
            if self.format is None and known is None:
                continue
            if stem in by_stem:
                twice.setdefault(stem, [by_stem[stem]]).append(name)
            else:
                by_stem[stem] = name
        for same in twice.values():
            paths = ", ".join(place + name for name in same)
            message = f"these differ in their endings alone ({paths}), so their ids keep them"
            self.found.warnings.append(Problem(place + same[0], "", "source-format", 1, message, "warning"))
            self.found.may_repeat = True
        return set(twice)

    def add(
        self, path: str, source_path: str, doubled: set[str], is_odd: bool = False, address: str | None = None
    ) -> None:
        """One file; `is_odd`: it is a link, or no file at all, and may be refused."""
        stamp: Stamp | None = None
        if address is None:
            if is_odd and (refusal := _refusal(Path(path), self.base)) is not None:
                self.found.rejects.append(Reject(source_path, -1, *refusal))
                return
            try:
                stamp = stamp_of(os.stat(path))
            except OSError:  # it is gone already
                stamp = None
        stem, known = self._split(source_path)
        format = self.format or known
        name = self.prefix + (source_path if stem in doubled and format is not None else stem)
        self.found.files.append(
            SourceFile(path, source_path, self.root, format, name, self.prefix, self.format is not None, address, stamp)
        )

    def _split(self, path: str) -> tuple[str, str | None]:
        """As `split_name`, in a fraction of the time where the ending is a usual one."""
        dot = path.rfind(".")
        if dot > 0 and path[dot - 1] != "/" and (kind := self._plain_endings.get(path[dot:])):
            return path[:dot], kind
        return split_name(path, self.endings)


def _is_plain(name: str) -> bool:
    """Is a name stored as it is?"""
    return name.isascii() and name.isprintable() and "%" not in name


def stored_path(path: str, base: Path) -> str:
    """A path below a folder as it is stored."""
    return "/".join(stored_name(part) for part in Path(path).relative_to(base).parts)


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
