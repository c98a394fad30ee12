"""`release`: the package of today's data, frozen under its version. A version is written once and never changes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ..checks.files import open_files
from ..checks.loading import table_file
from ..checks.packaged import ARCHIVE, DESCRIPTOR, FULL, SUMS, TEXT_FREE
from ..checks.project_checks import check_project
from ..errors import ReleaseError
from ..project import Project
from ..tables import file_sha256, read_table, read_table_schema, write_bytes
from .flavours import closed_rights, default_flavour
from .package import package_into, write_package
from .packages import release_versions
from .state import State, read_state
from .versions import Level, Version, check_version, highest, next_version, parse_version
from .withdrawal import refuse_shared_sources

GIT_BYTES = 20_000_000  # above this a release goes into a zip, and git keeps what says what is in it
KEPT = (DESCRIPTOR, SUMS, "README.md", table_file("changes"))
_DATED = (1980, 1, 1, 0, 0, 0)  # of every zip entry: the earliest that the format knows


@dataclass(frozen=True)
class Released:
    """What a release did, or would do: its version, the level of change, where it stands, and what to commit.

    Attributes:
        flavour: full or text-free. closed: documents that are neither open nor permitted, counted by their rights.
    """

    version: Version
    level: str
    folder: Path
    archive: Path | None
    n_changes: int
    to_commit: tuple[str, ...]
    flavour: str
    closed: dict[str, int]


def release(
    project: Project, version: str | None = None, flavour: str | None = None, dry_run: bool = False
) -> Released:
    """Freeze the project's data as a release.

    Args:
        version: must be one that the difference from the last release allows (default: the least of them).
        flavour: `full` or `text-free` (default: text-free, unless every document is open or permitted).
        dry_run: check and compute all, write nothing.

    Raises:
        ReleaseError: problems, uncommitted changes, a wrong or existing version, nothing new, or words of an article
            that would be left in a text-free package.
        TableError, CodebookError: as `write_package`.
    """
    with project.writing():
        _refuse_problems(project)
        _refuse_uncommitted(project)
        documents = _documents(project)
        rights = documents.column("rights").to_pylist()
        flavour, closed = flavour or default_flavour(rights), closed_rights(rights)
        state = read_state(project)
        if flavour == FULL:
            refuse_shared_sources(state.data, documents.column("source_path").to_pylist())
        level = _level(state, flavour)
        chosen = _choose(project, state, level, version)
        folder = project.releases / str(chosen)
        shown = project.relative(folder)
        named = (shown, project.relative(project.datapackage_json), "annotations")
        if dry_run:
            if flavour == TEXT_FREE:  # only then may the package itself be refused
                with tempfile.TemporaryDirectory(prefix="stancewire-release-") as scratch:
                    package_into(project, Path(scratch) / "package", chosen, flavour)
            return Released(chosen, level, folder, None, len(state.changes), named, flavour, closed)
        beside = project.releases / f".{chosen}.writing"
        shutil.rmtree(beside, ignore_errors=True)  # of an earlier run that was killed
        try:
            package_into(project, beside, chosen, flavour)
            archive = _archive(project, beside, state.dataset.name, chosen)
            os.rename(beside, folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        write_package(project)
    return Released(chosen, level, folder, archive, len(state.changes), named, flavour, closed)


def _level(state: State, flavour: str) -> Level:
    """How much changes for who reads the last release: to lose the texts is much, to get them is an addition."""
    if state.last is None or flavour == state.flavour:
        return state.level
    return highest([state.level, "major" if flavour == TEXT_FREE else "minor"])


def _choose(project: Project, state: State, level: Level, version: str | None) -> Version:
    existing = release_versions(project)
    chosen = parse_version(version) if version is not None else next_version(state.last_version, level)
    if version is not None and chosen in existing:
        raise ReleaseError(
            f"release {chosen} exists, and a release never changes; leave the version out for the next one"
        )
    if level == "none":
        raise ReleaseError(f"nothing has changed since release {state.version}; there is nothing to release")
    check_version(chosen, state.last_version, level)
    return chosen


def _refuse_problems(project: Project) -> None:
    problems = [found for found in check_project(project) if found.severity == "problem"]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ReleaseError(f"not released, for validate finds: {problems[0]}{more}")


def _refuse_uncommitted(project: Project) -> None:
    changed = uncommitted(project.root)
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise ReleaseError(f"not released, for {changed[0]}{more} is not committed; commit it, then run this again")


def uncommitted(root: Path) -> list[str]:
    """Files of the project that differ from git's last commit, and new ones where data stands.

    Nothing where there is no git repository.

    Raises:
        ReleaseError: git cannot say.
    """
    tracked = _git_status(root, "no", ".")
    return sorted({*tracked, *_git_status(root, "all", "corpus", "schema", "annotations", "datapackage.json")})


def _git_status(root: Path, untracked: str, *paths: str) -> list[str]:
    command = [
        "git",
        "-C",
        str(root),
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        f"--untracked-files={untracked}",
    ]
    try:
        done = subprocess.run(
            [*command, "--", *paths], capture_output=True, env=os.environ | {"LC_ALL": "C"}, check=False
        )
    except FileNotFoundError:
        return []
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        if "not a git repository" in said:
            return []
        raise ReleaseError(
            f"git cannot say whether all is committed ({said.splitlines()[0] if said else 'no reason given'})"
        )
    return [entry[3:] for entry in done.stdout.decode("utf-8", "replace").split("\0") if entry]


def _documents(project: Project) -> pa.Table:
    schema = read_table_schema("documents", project.table_schemas)
    return read_table(project.corpus, schema, ["rights", "source_path"])


def _archive(project: Project, folder: Path, name: str, version: Version) -> Path | None:
    """Move a package that is too large for git into a zip in `dist/`; the folder keeps what says what is in it."""
    files = open_files(folder)
    if sum(files.size(path) for path in files.names()) <= GIT_BYTES:
        return None
    archive = project.dist / f"{name}-{version}.zip"
    write_zip(folder, archive, f"{name}-{version}")
    for name_below in files.names():
        if name_below not in KEPT:
            (folder / name_below).unlink()
    for inner in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(inner.iterdir()):
            inner.rmdir()
    about = {"name": archive.name, "bytes": archive.stat().st_size, "sha256": file_sha256(archive)}
    write_bytes(folder / ARCHIVE, (json.dumps(about, indent=1) + "\n").encode())
    return archive


def write_zip(folder: Path, path: Path, top: str) -> None:
    """A folder as a zip with one top folder: entries sorted, without clock or owner, so the same bytes each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.writing")
    try:
        with zipfile.ZipFile(beside, "w") as archive:
            for name in open_files(folder).names():
                entry = zipfile.ZipInfo(f"{top}/{name}", _DATED)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                entry.create_system = 3
                with archive.open(entry, "w", force_zip64=True) as sink, open(folder / name, "rb") as source:
                    shutil.copyfileobj(source, sink, 1 << 20)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
