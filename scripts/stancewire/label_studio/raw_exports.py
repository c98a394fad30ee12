"""Stored exports of any size: their tasks as they stand in the files, to be decoded where they are used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ..project import Project
from .exports import FORMAT, Given, export_fault, read_export, stored_files, stored_givens


class _Raw(msgspec.Struct, forbid_unknown_fields=True):
    """A stored file whose tasks are left as they stand."""

    format: str
    sequence: int
    task_pass: str
    round: int
    annotator_id: str
    project: str
    tasks: list[msgspec.Raw]


class _Named(msgspec.Struct):
    doc_id: str


_RAW, _NAMED = msgspec.json.Decoder(_Raw), msgspec.json.Decoder(_Named)


def read_raw(path: Path, given: Given, schemas: Path) -> tuple[int, str, list[tuple[str, bytes]]]:
    """(sequence, project, (doc_id, JSON) of each task) of one stored file, its tasks unchecked (`stored_task_fault`).

    Raises:
        ExportError: as `read_export`, but for what is wrong in a task.
    """
    try:
        raw = _RAW.decode(path.read_bytes())
        tasks = [(_NAMED.decode(task).doc_id, bytes(task)) for task in raw.tasks]
        about = {name: getattr(raw, name) for name in _Raw.__struct_fields__} | {"tasks": []}
        is_sound = Given(raw.task_pass, raw.round, raw.annotator_id) == given and raw.sequence == int(path.stem)
        if is_sound and export_fault(about, schemas) is None:
            return raw.sequence, raw.project, tasks
    except (OSError, ValueError, RecursionError):
        pass
    document = read_export(path, given, schemas)  # which says what is wrong, or reads what this reader does not
    listed = [(str(task["doc_id"]), json.dumps(task).encode()) for task in document["tasks"]]
    return int(document["sequence"]), str(document["project"]), listed


def stored_task_fault(task: Any, schemas: Path) -> str | None:
    """What is wrong with one stored task, or None."""
    about = {"format": FORMAT, "sequence": 1, "task_pass": "entities", "round": 1, "annotator_id": "a", "project": "p"}
    return export_fault(about | {"tasks": [task]}, schemas)


def iter_raw(project: Project, exports: Path | None = None) -> Iterator[tuple[Given, int, str, str, str, bytes]]:
    """(whose, sequence, path, project, doc_id, JSON) of each stored task, by pass, round and annotator, unchecked.

    Raises:
        ExportError: as `read_raw`.
    """
    root = project.exports if exports is None else exports
    for given in stored_givens(root):
        for path in stored_files(given.folder(root)):
            sequence, title, tasks = read_raw(path, given, project.schema)
            for doc_id, data in tasks:
                yield given, sequence, project.relative(path), title, doc_id, data
