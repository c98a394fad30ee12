"""Checks of a package: its descriptor, the hashes and contents of its tables, the sums of a release.

Needs pyarrow alone.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..errors import Problem
from ..project import ANNOTATION_TABLES, CORPUS_TABLES
from ..tables import content_sha256
from .catalogue import problem
from .files import Files, is_safe_path, open_files, sha256
from .loading import Loaded, read_json, table_file

DESCRIPTOR = "datapackage.json"
SUMS = "SHA256SUMS"
ARCHIVE = "ARCHIVE.json"  # in the folder of a release that is too large for git: its zip's name, bytes and sha256
RELEASES = "corpus/releases"
FLAVOUR = "stancewire:flavour"
FULL, TEXT_FREE, REBUILT = "full", "text-free", "rebuilt"  # rebuilt: from a text-free one, by a reader
_SUM = re.compile(r"# (?P<bytes>\d{1,15}) (?P<path>.+)\n(?P<sha256>[0-9a-f]{64})  (?P=path)")


def check_descriptor(files: Files) -> tuple[list[Problem], dict[str, dict[str, Any]], set[str]]:
    """datapackage.json against the files of the tables.

    Returns:
        problems, resources by table name, and the names of tables whose file is damaged and must not be parsed.
    """
    value = read_json(files, DESCRIPTOR)
    if not isinstance(value, dict) or not isinstance(value.get("resources"), list):
        said = "is missing" if not files.has(DESCRIPTOR) else "cannot be read"
        return [problem("package-descriptor", DESCRIPTOR, "", f"{said}; run: stancewire build")], {}, set()
    found: list[Problem] = []
    resources: dict[str, dict[str, Any]] = {}
    damaged: set[str] = set()
    for number, item in enumerate(value["resources"]):
        resource = item if isinstance(item, dict) else {}
        name, path, expected = resource.get("name"), resource.get("path"), resource.get("hash")
        if not isinstance(name, str) or not isinstance(path, str) or not isinstance(expected, str):
            found.append(
                problem("package-descriptor", DESCRIPTOR, f"resources[{number}]", "name, path or hash is missing")
            )
        elif not is_safe_path(path):
            message = f"path {path!r} must be relative, without '..' or scheme"
            found.append(problem("package-descriptor", DESCRIPTOR, name, message))
        elif name in resources:
            found.append(problem("package-descriptor", DESCRIPTOR, name, "stands twice"))
        else:
            resources[name] = resource
            wrong = _wrong_file(files, path, expected)
            if wrong:
                damaged.add(name)
                found.append(problem("package-hash", path, "", wrong))
    for name in (*CORPUS_TABLES, *ANNOTATION_TABLES):
        if name not in resources:
            found.append(
                problem("package-descriptor", DESCRIPTOR, name, "the table is not described; run: stancewire build")
            )
        elif resources[name]["path"] != table_file(name):
            found.append(problem("package-descriptor", DESCRIPTOR, name, f"path must be {table_file(name)}"))
    return found, resources, damaged


def flavour_of(files: Files) -> str:
    """The flavour that the descriptor states; full where it states none."""
    value = read_json(files, DESCRIPTOR)
    return str(value.get(FLAVOUR, FULL)) if isinstance(value, dict) else FULL


def _wrong_file(files: Files, path: str, expected: str) -> str:
    try:
        data = files.read(path)
    except OSError:
        return "is missing or cannot be read"
    return "" if f"sha256:{sha256(data)}" == expected else f"is not the file that {DESCRIPTOR} names (sha256 differs)"


def check_contents(loaded: Loaded, resources: dict[str, dict[str, Any]]) -> list[Problem]:
    """Rows and content hashes of loaded tables against the descriptor."""
    found = []
    for name, table in loaded.tables.items():
        if name not in resources:
            continue
        resource = resources[name]
        if resource.get("stancewire:rows") != table.num_rows:
            message = f"has {table.num_rows} rows, {DESCRIPTOR} says {resource.get('stancewire:rows')}"
            found.append(problem("package-content", table_file(name), "", message))
        elif resource.get("stancewire:content_sha256") != content_sha256(loaded.schemas[name], table):
            message = f"its rows are not those that {DESCRIPTOR} states (stancewire:content_sha256 differs)"
            found.append(problem("package-content", table_file(name), "", message))
    return found


def check_sums(files: Files, shown: str = "") -> tuple[list[Problem], set[str]]:
    """SHA256SUMS against the files of a release, in both directions; also the paths that differ.

    Args:
        shown: what comes before a path in messages, e.g. `corpus/releases/0.1.0/`.
    """
    found: list[Problem] = []
    differing: set[str] = set()
    sums, error = read_sums(files)
    if error:
        return [problem("release-sums", f"{shown}{SUMS}", "", error)], set()
    archived = files.has(ARCHIVE)
    for path, (digest, size) in sums.items():
        if archived and not files.has(path):
            continue  # it is in the release's zip
        message = ""
        try:
            data = files.read(path)
        except OSError:
            message = "is missing or cannot be read"
        else:
            if len(data) != size:
                message = f"has {len(data)} bytes instead of {size}"
            elif sha256(data) != digest:
                message = "has changed (sha256 differs)"
        if message:
            differing.add(path)
            found.append(problem("release-sums", f"{shown}{path}", "", message))
    for name in files.names():
        if name not in sums and name not in (SUMS, ARCHIVE):
            found.append(problem("release-sums", f"{shown}{name}", "", f"is not named in {SUMS}"))
    return found, differing


def read_sums(files: Files) -> tuple[dict[str, tuple[str, int]], str]:
    """(sha256, bytes) by path from SHA256SUMS, and why it cannot be read (empty where it can).

    Two lines a file: `# bytes path`, which `sha256sum --check` takes for a comment, and `sha256  path`.
    """
    try:
        *lines, rest = files.read(SUMS).decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return {}, "is missing or cannot be read"
    if rest or not lines:
        return {}, "does not end in a line break; it was changed"
    sums: dict[str, tuple[str, int]] = {}
    for number in range(0, len(lines), 2):
        match = _SUM.fullmatch("\n".join(lines[number : number + 2]))
        if not match or not is_safe_path(match["path"]):
            return {}, f"lines {number + 1}-{number + 2} are not '# bytes path' and 'sha256  path'"
        sums[match["path"]] = (match["sha256"], int(match["bytes"]))
    return sums, ""


def check_releases(releases: Path) -> list[Problem]:
    """The sums of every frozen release in a project's folder of releases."""
    found: list[Problem] = []
    if releases.is_dir():
        for folder in sorted(releases.iterdir()):
            if folder.is_dir() and not folder.name.startswith("."):
                found += check_sums(open_files(folder), f"{RELEASES}/{folder.name}/")[0]
    return found
