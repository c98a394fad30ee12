"""The package: the descriptor of the project, and everything that a release holds, written into a folder.

    <release>/  README.md  DATA_DICTIONARY.md  CITATION.cff  datapackage.json  croissant.json  SHA256SUMS
                corpus/       tables, sources, sources.csv, corrections.csv
                annotations/  tables, exports, decisions, campaign
                schema/       codebook, table schemas, JSON Schemas, interfaces, guidelines
                csv/          every table

A text-free one (see `flavours`) has neither sources nor exports. All of it is a function of the project's data and of
the version: written twice, it is the same bytes.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks.files import Files, open_files, sha256
from ..checks.loading import table_file
from ..checks.packaged import DESCRIPTOR, FLAVOUR, SUMS, TEXT_FREE
from ..project import Project
from ..tables import file_sha256, read_table, write_bytes, write_parquet, write_stage, write_text
from .card import citation, data_dictionary, dataset_card
from .croissant import croissant
from .csv_tables import csv_bytes
from .descriptor import TableFile, dump, make_descriptor
from .packages import FULL_CONTENTS, FULL_FILES
from .state import TABLES, State, describe_table, read_state
from .versions import Version

if TYPE_CHECKING:
    from .text_free import Tables

STAGE = "package"
FULL_HASH = "stancewire:full_hash"  # of each table of a text-free package: of its file in the full one


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


def package_into(
    project: Project, folder: Path, version: Version | str | None = None, flavour: str | None = None
) -> State:
    """Write the whole package into `folder`, which must be empty or not exist.

    Args:
        version: that the package bears (default: the project's, with `-dev` where its contents are not released).
        flavour: `full` or `text-free` (default: that of the last release).

    Raises:
        ReleaseError: a text-free package would hold words of an article.
        Others as `write_package`.
    """
    state = read_state(project)
    label = str(version) if version is not None else state.label
    schema, changes = state.changes_table(None if version is None else str(version))
    tables: Tables = {}
    for name in TABLES:
        (folder / table_file(name)).parent.mkdir(parents=True, exist_ok=True)
        if name == "changes":
            tables[name] = schema, changes
        else:
            tables[name] = state.schema(name), read_table(project.table_path(name).parent, state.schema(name))
    write_parquet(folder / table_file("changes"), changes)
    described = describe_table(schema, changes, folder / table_file("changes"))
    if (flavour or state.flavour) == TEXT_FREE:
        tables, files, descriptor = _write_text_free(state, folder, label, tables, described)
    else:
        _copy_full(state, folder)
        files, descriptor = [*state.tables, described], state.descriptor(label, described)
    by_name = {item.schema.name: item for item in files}
    ordered = [by_name[name] for name in TABLES]
    rows = {name: table for name, (_, table) in tables.items()}
    for name, table in rows.items():
        write_bytes(folder / "csv" / f"{name}.csv", csv_bytes(table))
    write_bytes(folder / DESCRIPTOR, dump(descriptor))
    for name, text in (
        ("README.md", dataset_card(state, label, rows, descriptor[FLAVOUR])),
        ("DATA_DICTIONARY.md", data_dictionary([item.schema for item in ordered])),
        ("CITATION.cff", citation(state.dataset, label, state.created)),
        ("croissant.json", croissant(state.dataset, ordered, label, state.created)),
    ):
        write_text(folder / name, text)
    if descriptor[FLAVOUR] == TEXT_FREE:
        from .proof import prove_text_free

        prove_text_free(folder, read_table(project.corpus, state.schema("documents")))
    write_sums(folder)
    return state


def _copy_full(state: State, folder: Path) -> None:
    """Copy tables, `changes` excepted, and all other files that are data."""
    for item in state.tables:
        shutil.copyfile(state.project.table_path(item.schema.name), folder / item.path)
    for name in state.files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name in state.data.others:
            write_bytes(target, state.data.read(name))
        else:
            shutil.copyfile(state.project.root / name, target)


def _write_text_free(
    state: State, folder: Path, label: str, tables: Tables, changes: TableFile
) -> tuple[Tables, list[TableFile], dict[str, Any]]:
    """Write tables and files of the text-free flavour; also gives them, described, and the descriptor."""
    from .text_free import kept_files, make_text_free

    made = make_text_free(tables, kept_files(state.data, state.files))
    files = []
    for name, (schema, table) in made.tables.items():
        write_parquet(folder / table_file(name), table)
        files.append(describe_table(schema, table, folder / table_file(name)))
    for name, data in made.files.items():
        write_bytes(folder / name, data)
    about = {FULL_CONTENTS: state.contents, FULL_FILES: made.full_sha256}
    descriptor = make_descriptor(state.dataset, files, label, state.created, made.contents, TEXT_FREE, about)
    full = {item.schema.name: item for item in (*state.tables, changes)}
    for resource in descriptor["resources"]:
        resource[FULL_HASH] = f"sha256:{full[resource['name']].sha256}"
    return made.tables, files, descriptor


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
