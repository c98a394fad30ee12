"""What is data in a project, without what is withdrawn: the files that a release may hold, and what stands in them.

Tables know nothing of a withdrawn document (`convert` leaves it out). Its source, the rows about it in lists, the
decisions about it and its tasks in stored exports stay in the project, where they were received and decided, and are
left out here.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..checks.decisions import ADJUDICATIONS
from ..checks.files import Files, FolderFiles
from ..checks.loading import read_json
from ..checks.texts import CORRECTIONS_CSV, SOURCES, SOURCES_CSV, source_file, withdrawn_ids, withdrawn_places
from ..errors import ReleaseError
from .diff import Change
from .packages import OverlaidFiles, Package

_STORED = ("annotations/exports", "annotations/adjudications")


def released_files(files: FolderFiles) -> OverlaidFiles:
    """The files of a project as a release may hold them."""
    withdrawn = withdrawn_ids(files)
    if not withdrawn:
        return OverlaidFiles(files, {})
    places = withdrawn_places(files)
    gone = {place for doc_id, place in places.items() if doc_id in withdrawn}
    gone |= {place.rpartition("#")[0] for place in gone if "#" in place}
    others: dict[str, bytes | None] = {source_file(place): None for place in gone if files.has(source_file(place))}

    def is_gone(row: dict[str, str]) -> bool:
        path = row.get("source_path", "")
        return any(path == place or path.startswith((f"{place}#", f"{place}!")) for place in gone)

    others[SOURCES_CSV] = _without_rows(files, SOURCES_CSV, is_gone)
    others[CORRECTIONS_CSV] = _without_rows(files, CORRECTIONS_CSV, lambda row: row.get("doc_id") in withdrawn)
    others[ADJUDICATIONS] = _without_lines(files, withdrawn)
    for folder in _STORED:
        for name in files.names_below(folder):
            others[name] = _without_tasks(files, name, withdrawn)
    changed = {name: data for name, data in others.items() if data is None or _differs(files, name, data)}
    return OverlaidFiles(files, changed)


def with_reasons(changes: Iterable[Change], today: Package, reasons: Mapping[str, str]) -> Iterator[Change]:
    """Rows of `changes`; those that went with a withdrawn document say so.

    Args:
        reasons: why each document was withdrawn.
    """
    keys = {name: today.schema(name).key for name in today.resources} if reasons else {}
    for row in changes:
        if row["change"] == "removed" and row["table"] in keys:
            key = keys[row["table"]]
            parts = row["key"].rsplit(" ", len(key) - 1)  # a document's id may hold spaces, what follows does not
            if key[0] == "doc_id" and parts[0] in reasons:
                row |= {"reason": f"withdrawn: {reasons[parts[0]]}"}
        yield row


def refuse_shared_sources(files: OverlaidFiles, source_paths: list[str]) -> None:
    """A file that holds a withdrawn document beside others cannot be in a full release, nor can it be left out.

    Args:
        source_paths: of all documents.

    Raises:
        ReleaseError: there is one.
    """
    for path in sorted(set(source_paths)):
        if files.others.get(source_file(path), b"") is None:
            raise ReleaseError(
                f"{SOURCES}/{path} holds a withdrawn document beside others, and a full release holds sources whole; "
                "keep the others in a file of their own, or run: stancewire release --flavour text-free"
            )


def _differs(files: Files, name: str, data: bytes) -> bool:
    return not files.has(name) or files.read(name) != data


def _without_rows(files: Files, name: str, is_gone: Callable[[dict[str, str]], bool]) -> bytes | None:
    """A list without some rows; the others are as they were written, line by line."""
    if not files.has(name):
        return None
    text = files.read(name).decode("utf-8")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = [line + "\n" for line in text.removeprefix(mark).split("\n")]
    lines[-1] = lines[-1][:-1]
    reader = csv.reader(io.StringIO("".join(lines), newline="\n"))
    kept, first = [], 0
    header: list[str] = []
    for values in reader:
        if not header:
            header = values
            is_out = False
        else:
            is_out = is_gone(dict(zip(header, values, strict=False)))
        if not is_out:
            kept += lines[first : reader.line_num]
        first = reader.line_num
    return (mark + "".join(kept)).encode("utf-8")


def _without_lines(files: Files, withdrawn: frozenset[str]) -> bytes | None:
    if not files.has(ADJUDICATIONS):
        return None
    return b"\n".join(line for line in files.read(ADJUDICATIONS).split(b"\n") if _document_of(line) not in withdrawn)


def _document_of(line: bytes) -> Any:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value.get("doc_id") if isinstance(value, dict) else None


def _without_tasks(files: Files, name: str, withdrawn: frozenset[str]) -> bytes:
    """A stored export without its tasks on withdrawn documents; it stays, so that the series has no gap."""
    from ..label_studio.exports import export_text

    value = read_json(files, name)
    tasks = value.get("tasks") if isinstance(value, dict) else None
    if not isinstance(tasks, list):
        return files.read(name)
    kept = [task for task in tasks if not isinstance(task, dict) or task.get("doc_id") not in withdrawn]
    return files.read(name) if len(kept) == len(tasks) else export_text(value | {"tasks": kept}).encode("utf-8")


def project_files(root: Path) -> OverlaidFiles:
    """The files of the project at `root` as a release may hold them."""
    return released_files(FolderFiles(root, skip=("corpus/releases",)))
