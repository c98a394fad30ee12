"""The package: the descriptor of the project, and everything that a release holds, written into a folder.

    <release>/  README.md  DATA_DICTIONARY.md  CITATION.cff  datapackage.json  croissant.json  SHA256SUMS
                corpus/       tables, sources, sources.csv, corrections.csv
                annotations/  tables, exports, decisions, campaign
                schema/       codebook, table schemas, JSON Schemas, interfaces, guidelines
                csv/          every table

All of it is a function of the project's data and of the version: written twice, it is the same bytes.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa

from ..checks.files import Files, open_files, sha256
from ..checks.loading import table_file
from ..checks.packaged import DESCRIPTOR, SUMS
from ..project import Project
from ..tables import TableSchema, file_sha256, read_table, write_bytes, write_parquet, write_stage, write_text
from .card import citation, data_dictionary, dataset_card
from .croissant import croissant
from .csv_tables import csv_bytes
from .descriptor import dump
from .state import TABLES, State, describe_table, read_state
from .versions import Version

STAGE = "package"


def write_package(project: Project) -> State:
    """Write the project's table `annotations/changes` and its `datapackage.json`.

    Raises:
        TableError: a table is missing, stale or damaged. CodebookError: dataset.yaml cannot be used.
        ReleaseError: the last release is damaged.
    """
    state = read_state(project)
    schema, changes = state.changes_table()
    write_stage(project.annotations, STAGE, {"changes": (schema, changes)}, {})
    made = describe_table(schema, changes, project.table_path("changes"))
    write_bytes(project.datapackage_json, dump(state.descriptor(state.label, made)))
    return state


def package_into(project: Project, folder: Path, version: Version | str | None = None) -> State:
    """Write the whole package into `folder`, which must be empty or not exist.

    Args:
        version: that the package bears (default: the project's, with `-dev` where its contents are not released).

    Raises: as `write_package`.
    """
    state = read_state(project)
    label = str(version) if version is not None else state.label
    schema, changes = state.changes_table(None if version is None else str(version))
    tables: dict[str, pa.Table] = {}
    for name in TABLES:
        path = folder / table_file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == "changes":
            tables[name] = changes
            write_parquet(path, changes)
        else:
            tables[name] = read_table(project.table_path(name).parent, _schema(state, name))
            shutil.copyfile(project.table_path(name), path)
        write_bytes(folder / "csv" / f"{name}.csv", csv_bytes(tables[name]))
    for name in state.files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project.root / name, target)
    described = describe_table(schema, changes, folder / table_file("changes"))
    by_name = {item.schema.name: item for item in (*state.tables, described)}
    ordered = [by_name[name] for name in TABLES]
    write_bytes(folder / DESCRIPTOR, dump(state.descriptor(label, described)))
    for name, text in (
        ("README.md", dataset_card(state, label, tables)),
        ("DATA_DICTIONARY.md", data_dictionary([item.schema for item in ordered])),
        ("CITATION.cff", citation(state.dataset, label, state.created)),
        ("croissant.json", croissant(state.dataset, ordered, label, state.created)),
    ):
        write_text(folder / name, text)
    write_sums(folder)
    return state


def _schema(state: State, name: str) -> TableSchema:
    return next(table.schema for table in state.tables if table.schema.name == name)


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS over every file of a folder but itself: `# bytes path`, then `sha256  path`."""
    lines = []
    for name in open_files(folder).names():
        if name != SUMS:
            path = folder / name
            lines += [f"# {path.stat().st_size} {name}", f"{file_sha256(path)}  {name}"]
    write_bytes(folder / SUMS, ("\n".join(lines) + "\n").encode("utf-8"))


def compare_packages(made: Path, release: Path) -> list[str]:
    """How a package made anew differs from a frozen release, one line a file; nothing where they are the same bytes.

    Every file is compared, the sums too.
    """
    ours, theirs = _digests(open_files(made)), _digests(open_files(release))
    lines = []
    for name in sorted(set(ours) | set(theirs)):
        if name not in theirs:
            lines.append(f"{name}: not in the release")
        elif name not in ours:
            lines.append(f"{name}: in the release only")
        elif ours[name] != theirs[name]:
            lines.append(f"{name}: differs")
    return lines


def _digests(files: Files) -> dict[str, str]:
    return {name: sha256(files.read(name)) for name in files.names()}
