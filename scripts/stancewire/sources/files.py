"""The files of source roots, ordered by root and path, each with its own id; links that lead out are refused.

A folder is listed, named and let go before the next: what is kept of a file is a row on disk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from glob import has_magic, iglob
from pathlib import Path

from ..errors import SourceError
from .found import FoundSources
from .remote import find_remote, is_address
from .walk import Listing, stored_path


def find_sources(
    roots: Sequence[Path | str],
    endings: Mapping[str, str],
    format: str | None = None,
    prefixes: Sequence[str] = (),
) -> FoundSources:
    """The files at and below `roots`.

    The id of a file that is one document is the prefix of its root and its path without the ending. Files of one root
    that differ in the ending alone keep it, with a warning. `refuse_doubles` looks for ids that still stand twice.

    Args:
        roots: folders, or single files, whose root is the folder that they are in; patterns (`2019/*.txt`), whose root
            is the folder before the first wildcard; addresses (fsspec URLs).
        endings: file ending (`.txt`) -> format name.
        format: read every file as this format, whatever its ending. prefixes: of each root's ids (default: none).

    Raises:
        SourceError: a root does not exist.
    """
    found = FoundSources()
    for number, root in enumerate(roots):
        listing = Listing(base_of(root), number, endings, format, prefixes[number] if prefixes else "", found)
        if is_address(root):
            remote = list(find_remote(str(root), found))
            doubled = listing.doubled(source_path for _, source_path, _ in remote)
            for below, source_path, address in remote:
                listing.add(below, source_path, doubled, address=address)
        else:
            _list(Path(root), listing)
    found.may_repeat = found.may_repeat or len(roots) > 1
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


def _list(root: Path, listing: Listing) -> None:
    """The files of a folder, of a single file, or of a pattern.

    Raises:
        SourceError: there is nothing.
    """
    if has_magic(str(root)) and not os.path.lexists(root):
        places = _matches(root, listing.base)
        if not places:
            raise SourceError(f"no file is named like {root}; name a folder, a file or another pattern")
    else:
        try:
            top = root.resolve(strict=True)
        except (OSError, RuntimeError):
            raise SourceError(f"there is no source {root}; name a folder or a file") from None
        if not top.is_file():
            listing.walk(str(top))
            return
        places = {stored_path(str(top), listing.base): str(top)}
    order = sorted(places)
    doubled = listing.doubled(filter(None, order))
    for place in order:
        if not place or place.endswith("/"):
            listing.walk(places[place], place)
        else:
            path = places[place]
            listing.add(path, place, doubled, os.path.islink(path) or not os.path.isfile(path))


def _matches(pattern: Path, base: Path) -> dict[str, str]:
    """Paths that a pattern matches by their stored paths, folders with `/` at the end, none below another."""
    found = {}
    top = os.path.abspath(base)
    for name in iglob(str(pattern), recursive=True):
        path = str(base / Path(os.path.abspath(name)).relative_to(top))
        is_folder = os.path.isdir(path) and not os.path.islink(path)
        place = stored_path(path, base)
        if not place:  # `**` is also the folder itself
            return {"": path}
        found[f"{place}/" if is_folder else place] = path
    folders = {place for place in found if place.endswith("/")}
    return {place: path for place, path in found.items() if not _is_below(place, folders)} if folders else found


def _is_below(place: str, folders: set[str]) -> bool:
    inner = place.removesuffix("/")
    return any(inner[: at + 1] in folders for at, sign in enumerate(inner) if sign == "/")
