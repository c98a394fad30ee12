"""A package as it is read: a project, a release folder or its zip, with its descriptor and tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..checks.files import Files, is_safe_path, open_files, sha256
from ..checks.loading import read_json, read_parquet
from ..checks.packaged import ARCHIVE, DESCRIPTOR, FLAVOUR, FULL
from ..errors import ReleaseError
from ..project import Project
from ..tables import TableSchema, file_sha256, table_schema
from .versions import Version, parse_version

# In a text-free package: what the full one has, its contents, and by path those files in which places stand for words.
FULL_CONTENTS, FULL_FILES = "stancewire:full_contents_sha256", "stancewire:full_files"
DATA_FOLDERS = ("corpus/sources", "schema", "annotations/exports", "annotations/adjudications")
DATA_FILES = (
    "corpus/sources.csv",
    "corpus/corrections.csv",
    "corpus/withdrawn.csv",
    "annotations/campaign.yaml",
    "annotations/adjudications.jsonl",
    "annotations/splits.yaml",
    "annotations/splits_certificate.json",
)


@dataclass
class Package:
    """An opened package; `where` is what messages call it, `given` its descriptor where that is no file yet."""

    where: str
    files: Files
    given: dict[str, Any] | None = None

    @cached_property
    def descriptor(self) -> dict[str, Any]:
        """datapackage.json.

        Raises:
            ReleaseError: it is missing, or no descriptor of ours.
        """
        if self.given is not None:
            return self.given
        try:
            value = json.loads(self.files.read(DESCRIPTOR))
        except (OSError, ValueError, RecursionError):
            value = None
        if not isinstance(value, dict) or not isinstance(value.get("resources"), list):
            raise ReleaseError(f"{self.where}: {DESCRIPTOR} is missing or cannot be read; run: stancewire build")
        return value

    @property
    def version(self) -> str:
        """Version of the data."""
        return str(self.descriptor.get("version"))

    @property
    def contents(self) -> str | None:
        """Hash over what makes the data what it is."""
        return self.descriptor.get("stancewire:contents_sha256")

    @property
    def flavour(self) -> str:
        """Full, text-free or rebuilt (see `flavours`)."""
        return str(self.descriptor.get(FLAVOUR, FULL))

    @property
    def full_contents(self) -> str | None:
        """`contents` of the full flavour of the same data."""
        return self.descriptor.get(FULL_CONTENTS, self.contents)

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Resources by table name, in the descriptor's order."""
        return dict(self._resources())

    def _resources(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for resource in self.descriptor["resources"]:
            if isinstance(resource, dict) and isinstance(resource.get("name"), str):
                yield resource["name"], resource

    def full_file_sha256(self, path: str) -> str | None:
        """SHA-256 that a text file has in the full flavour; None where there is no such file."""
        replaced = self.descriptor.get(FULL_FILES, {})
        if path in replaced:
            return str(replaced[path])
        return sha256(self.files.read(path)) if self.files.has(path) else None

    def schema(self, name: str) -> TableSchema:
        """The schema of a table as this package has it; ReleaseError where there is none."""
        try:
            return table_schema(json.loads(self.files.read(f"schema/tables/{name}.json")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ReleaseError(f"{self.where}: schema/tables/{name}.json cannot be read ({error})") from None

    def table(self, name: str) -> pa.Table:
        """A table of the package, if it is the file that the descriptor names.

        Raises:
            ReleaseError: there is no such table, or the file is damaged.
        """
        resource = self.resources.get(name)
        if resource is None:
            raise ReleaseError(f"{self.where} has no table {name!r}; it has: {', '.join(self.resources)}")
        path = resource.get("path")
        if not isinstance(path, str) or not is_safe_path(path) or not self.files.has(path):
            raise ReleaseError(f"{self.where}: the file {path!r} of table {name} is not there; run: stancewire verify")
        if f"sha256:{sha256(self.files.read(path))}" != resource.get("hash"):
            raise ReleaseError(f"{self.where}: {path} is not the file that {DESCRIPTOR} names; run: stancewire verify")
        table = read_parquet(self.files, path)
        if isinstance(table, str):
            raise ReleaseError(f"{self.where}: {path} cannot be read as Parquet ({table})")
        return table


class OverlaidFiles:
    """Files of which some (`others`, by name) have other bytes, or are not there (None)."""

    def __init__(self, files: Files, others: Mapping[str, bytes | None]) -> None:
        self.files, self.others = files, others

    def names(self) -> list[str]:
        """All files, sorted."""
        there = {name for name, data in self.others.items() if data is not None}
        return sorted((set(self.files.names()) - self.others.keys()) | there)

    def names_below(self, folder: str) -> list[str]:
        """All files below a folder, sorted."""
        there = {name for name, data in self.others.items() if data is not None and name.startswith(f"{folder}/")}
        return sorted((set(self.files.names_below(folder)) - self.others.keys()) | there)

    def has(self, name: str) -> bool:
        """Is there such a file?"""
        return self.others[name] is not None if name in self.others else self.files.has(name)

    def read(self, name: str) -> bytes:
        """Its bytes; OSError where it is not there."""
        if name not in self.others:
            return self.files.read(name)
        data = self.others[name]
        if data is None:
            raise FileNotFoundError(name)
        return data

    def size(self, name: str) -> int:
        """Its size in bytes."""
        return len(self.read(name)) if name in self.others else self.files.size(name)


def data_paths(files: Files) -> list[str]:
    """Paths of all files of a package, besides tables, that are data: received, decided, or made from the codebook."""
    found = [path for folder in DATA_FOLDERS for path in files.names_below(folder)]
    return sorted([*found, *(path for path in DATA_FILES if files.has(path))])


def open_package(path: Path) -> Package:
    """A project, release folder or zip as a package; ReleaseError where it is none of these."""
    return Package(str(path), open_files(path))


def release_versions(project: Project) -> list[Version]:
    """Versions of the releases of a project, ascending."""
    if not project.releases.is_dir():
        return []
    found = []
    for folder in project.releases.iterdir():
        if folder.is_dir() and not folder.name.startswith("."):
            try:
                found.append(parse_version(folder.name))
            except ReleaseError:
                continue
    return sorted(found)


def last_release(project: Project) -> Package | None:
    """The release with the highest version, or None."""
    versions = release_versions(project)
    return find_release(project, str(versions[-1])) if versions else None


def find_release(project: Project, version: str) -> Package:
    """A release of a project by its version: its folder, or its zip in `dist/` where the folder holds no tables.

    Raises:
        ReleaseError: there is no such release (those that exist are named), or its zip is another one.
    """
    folder = project.releases / str(parse_version(version))
    if not folder.is_dir():
        known = ", ".join(str(v) for v in release_versions(project)) or "none yet"
        raise ReleaseError(f"there is no release {version}; releases: {known}")
    files = open_files(folder)
    archive = read_json(files, ARCHIVE)
    if isinstance(archive, dict):
        path = project.dist / Path(str(archive.get("name"))).name
        if path.is_file():
            if file_sha256(path) != archive.get("sha256"):
                raise ReleaseError(f"{path} is not the zip of release {version} (sha256 differs); fetch it again")
            return Package(version, open_files(path))
    return Package(version, files)
