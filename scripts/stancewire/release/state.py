"""What the data of a project is today: tables and files, how it differs from the last release, and so its version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..checks.files import open_files, sha256
from ..checks.loading import table_file
from ..checks.packaged import FULL, TEXT_FREE
from ..checks.texts import CORRECTIONS_CSV, SOURCES_CSV, WITHDRAWN_CSV, read_csv
from ..codebook.dataset import Dataset, read_dataset
from ..project import ANNOTATION_TABLES, CORPUS_TABLES, Project
from ..sources import read_withdrawn
from ..tables import TableSchema, content_sha256, file_sha256, make_table, read_table, read_table_schema
from .descriptor import TableFile, contents_sha256, make_descriptor
from .diff import Change, diff_packages
from .levels import change_level
from .packages import OverlaidFiles, Package, data_paths, last_release, parse_version
from .versions import Level, Version, next_version
from .withdrawal import project_files, with_reasons

TABLES = (*CORPUS_TABLES, *ANNOTATION_TABLES)
_DATED = (("judgements", "updated_at"), ("assignments", "submitted_at"), ("adjudications", "decided_at"))


@dataclass(frozen=True)
class State:
    """The data of a project.

    Attributes:
        tables: every table as a file, `changes` excepted. files: SHA-256 of every other file that is data, by path;
            `data` has their bytes, without what is withdrawn.
        contents: hash over both. created: the latest day that the data names.
        last: the last release, if any. level: how much has changed since. changes: rows of table `changes`.
        version: the last release's where the contents are equal, else the next one.
    """

    project: Project
    dataset: Dataset
    tables: tuple[TableFile, ...]
    data: OverlaidFiles
    files: dict[str, str]
    contents: str
    created: str | None
    last: Package | None
    level: Level
    changes: tuple[Change, ...]
    version: Version

    def schema(self, name: str) -> TableSchema:
        """The schema of a table, `changes` excepted."""
        return next(table.schema for table in self.tables if table.schema.name == name)

    @property
    def is_released(self) -> bool:
        """Are these the contents of the last release?"""
        return self.level == "none"

    @property
    def flavour(self) -> str:
        """The flavour of the last release; full before the first."""
        return FULL if self.last is None else self.last.flavour

    @property
    def label(self) -> str:
        """The version as the descriptor says it: with `-dev` where it is not released."""
        return str(self.version) if self.is_released else f"{self.version}-dev"

    @property
    def last_version(self) -> Version | None:
        """Version of the last release."""
        return None if self.last is None else parse_version(self.last.where)

    def changes_table(self, version: str | None = None) -> tuple[TableSchema, pa.Table]:
        """Table `changes`: the last release's own where nothing has changed, else the changes since it."""
        schema = read_table_schema("changes", self.project.table_schemas)
        if self.is_released and self.last is not None and version in (None, str(self.version)):
            return schema, make_table(schema, self.last.table("changes"))
        release = version or str(self.version)
        return schema, make_table(schema, [row | {"release": release} for row in self.changes])

    def descriptor(self, label: str, changes: TableFile) -> dict[str, Any]:
        """The descriptor of the package with this version label, and table `changes` as it was written."""
        by_name = {table.schema.name: table for table in (*self.tables, changes)}
        about = {} if self.flavour == FULL else {"stancewire:release_flavour": self.flavour}
        tables = [by_name[name] for name in TABLES]
        return make_descriptor(self.dataset, tables, label, self.created, self.contents, about=about)


def describe_table(schema: TableSchema, table: pa.Table, path: Path) -> TableFile:
    """A table that stands at `path`, as the descriptor describes it."""
    return TableFile(schema, table_file(schema.name), file_sha256(path), table.num_rows, content_sha256(schema, table))


def read_state(project: Project) -> State:
    """The data of a project as it stands, measured against its last release.

    Raises:
        TableError: a table is missing, stale or damaged. CodebookError: dataset.yaml cannot be used.
        ReleaseError: the last release is damaged.
    """
    dataset = read_dataset(project.dataset_yaml)
    tables, found = [], {}
    for name in TABLES:
        if name == "changes":
            continue
        schema = read_table_schema(name, project.table_schemas)
        path = project.table_path(name)
        table = read_table(path.parent, schema)
        found[name] = table
        tables.append(describe_table(schema, table, path))
    data = project_files(project.root)
    files = {path: _hash(project, data, path) for path in data_paths(data)}
    contents = contents_sha256(tables, files)
    created = _latest_day(project, found)
    last = last_release(project)
    today = Package("the project", data, make_descriptor(dataset, tables, "", created, contents))
    level, changes, version = _since(project, last, today)
    return State(project, dataset, tuple(tables), data, files, contents, created, last, level, changes, version)


def _hash(project: Project, data: OverlaidFiles, path: str) -> str:
    return sha256(data.read(path)) if path in data.others else file_sha256(project.root / path)


def _since(project: Project, last: Package | None, today: Package) -> tuple[Level, tuple[Change, ...], Version]:
    if last is None:
        return "minor", (), next_version(None, "minor")
    version = parse_version(last.where)
    if last.full_contents == today.contents:
        return "none", (), version
    if last.flavour == TEXT_FREE:
        from .text_free import comparable

        last, today = comparable(last, today)
    reasons = {doc_id: row.reason for doc_id, row in read_withdrawn(project.withdrawn_csv).items()}
    changes = tuple(with_reasons(diff_packages(last, today, ""), today, reasons))
    level = change_level(last, today, changes)
    return level, changes, next_version(version, level)


def data_files(project: Project) -> list[str]:
    """Paths of all files besides tables that are data and not withdrawn: received, decided, made from the codebook."""
    return data_paths(project_files(project.root))


def _latest_day(project: Project, tables: dict[str, pa.Table]) -> str | None:
    """The latest day on which anyone judged, decided, corrected or withdrew; article dates say nothing about it."""
    days = []
    for name, column in _DATED:
        latest = pc.max(tables[name].column(column))
        if latest.is_valid:
            days.append(latest.cast(pa.timestamp("us")).cast(pa.date32()).as_py().isoformat())
    files = open_files(project.root)
    for path, column in ((CORRECTIONS_CSV, "date"), (SOURCES_CSV, "received"), (WITHDRAWN_CSV, "date")):
        days += [row[column] for _, row in read_csv(files, path)[0] if row.get(column)]
    return max(days, default=None)
