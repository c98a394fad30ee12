"""A fresh project from exports, made beside its place and moved there when it is whole."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..errors import ExportError, UsageError
from ..project import Project
from .fresh import start_project
from .mapping import LabelMapping
from .plan import Import, ImportReport
from .stage import import_files, take_stock


def import_into(directory: Path, plan: Import, mapping: LabelMapping) -> tuple[Project, ImportReport]:
    """Make a fresh project in `directory`: texts, derived codebook, stored exports, all tables.

    It is made in `.importing-<name>` beside it and moved, so that a failed import leaves nothing; what a killed one
    leaves there is removed by the next.

    Raises:
        UsageError: the folder is not empty. ExportError: a file cannot be read. ProjectError: another import into it
            is running.
    """
    from ..build import build_project
    from ..codebook.build import write_codebook_files

    directory = directory.resolve()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory} is not an empty folder; name a new one")
    inventory = take_stock(plan)
    if inventory.tasks == len(inventory.empty) + len(inventory.refused):
        raise ExportError(f"{plan.files[0]}: there is no text in it that could be a document; nothing was made")
    beside = directory.parent / f".importing-{directory.name}"
    beside.mkdir(parents=True, exist_ok=True)
    with Project(beside).writing():
        shutil.rmtree(beside / directory.name, ignore_errors=True)  # of an import that was killed
        try:
            project, grown = start_project(beside / directory.name, inventory, mapping)
            with project.writing():
                write_codebook_files(project)
                report = import_files(project, plan, grown, fresh=inventory)
                built = build_project(project, plan.workers)
            report.counts["judgements"] = built.rows.get("judgements", 0)
            report.counts["in quarantine"] = built.rows.get("quarantine", 0)
            (project.root / ".stancewire.lock").unlink(missing_ok=True)
            if directory.exists():
                directory.rmdir()
            os.replace(project.root, directory)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    report.stored = [directory / path.relative_to(project.root) for path in report.stored]
    return Project(directory), report
