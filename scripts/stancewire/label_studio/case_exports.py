"""Stored adjudication: what adjudicators were asked and what they answered, as pulled, append-only and pseudonymous.

    annotations/adjudications/<adjudicator>/<NNNN>.json

Decisions (`adjudications.jsonl`) are made of these answers; the files say where they come from, also those answers of
which nothing came: skipped, begun, contradicted. Like stored exports they hold the tasks that changed since the file
before, and of the article only the words that were marked and 32 characters on either side.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import ExportError
from ..project import Project
from ..tables import write_text
from .accounts import Pseudonyms
from .conforming import first_fault
from .exports import export_text
from .pull import VOLATILE, is_changed, stored_answers

FORMAT = "stancewire-adjudication/1"
_ASKED = ("case_id", "doc_id", "text_sha256", "codebook_version", "layer", "judgement_ids", "open_fields", "settled")
_OFFERED = ("exists", "boundary", "label", "kind", "entity_id", "stance", "holder", "via", "attribution")


def store_cases(
    project: Project, adjudicator: str, title: str, tasks: Iterable[Mapping[str, Any]], pseudonyms: Pseudonyms
) -> Path | None:
    """Store those tasks of an adjudicator that changed; the file, None where nothing did.

    Raises:
        ExportError: a stored file cannot be read, or what was pulled breaks adjudication.schema.json.
    """
    folder = project.adjudications / adjudicator
    before = latest_cases(folder)
    now = {task["data"]["case_id"]: stored_case(task, pseudonyms) for task in tasks}
    changed = [task for key, task in now.items() if key not in before or is_changed(before[key], task)]
    if not changed:
        return None
    number = max((int(path.stem) for path in _files(folder)), default=0) + 1
    document = {
        "format": FORMAT,
        "sequence": number,
        "adjudicator_id": adjudicator,
        "project": title,
        "tasks": sorted(changed, key=lambda task: (task["doc_id"], task["case_id"])),
    }
    fault = first_fault(document, project.schema, "adjudication")
    if fault is not None:
        where, what = fault
        raise ExportError(
            f"what was pulled of {title!r} breaks adjudication.schema.json and is not stored: {where or 'it'}: "
            f"{what[:200]}"
        )
    path = folder / f"{number:04d}.json"
    write_text(path, export_text(document))
    return path


def find_answers(project: Project, adjudicator: str, judgement_ids: Iterable[str], field: str) -> list[str]:
    """The stored files in which an adjudicator answers for this field of these judgements, relative to the project.

    A file that cannot be read has none; `validate` names it.
    """
    wanted = sorted(judgement_ids)
    found = []
    for path in _files(project.adjudications / adjudicator):
        data = path.read_bytes()
        if not all(key.encode() in data for key in wanted):
            continue
        try:
            tasks = json.loads(data)["tasks"]
            answered = [task for task in tasks if sorted(task["judgement_ids"]) == wanted and task["annotations"]]
            fields = {name for task in answered for name in (*task["open_fields"], *task["settled"])}
        except (ValueError, KeyError, TypeError):
            continue
        if field in fields:
            found.append(project.relative(path))
    return found


def stored_adjudicators(project: Project) -> list[str]:
    """The adjudicators of whom anything is stored."""
    if not project.adjudications.is_dir():
        return []
    return sorted(folder.name for folder in project.adjudications.iterdir() if folder.is_dir() and _files(folder))


def stored_case(task: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, Any]:
    """A task as the server tells it, as it is stored."""
    data = task["data"]
    offered = {name: [str(item["alias"]) for item in data.get(name) or ()] for name in (*_OFFERED, "document_stance")}
    asked = {name: data[name] for name in _ASKED} | {"view": data["view"]}
    return asked | {"offered": {k: v for k, v in offered.items() if v}} | stored_answers(task, pseudonyms)


def answer_day(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> datetime.date:
    """The day on which the last answer of a task was given.

    Args:
        before, now: the task as it was stored last, and as the server tells it. A server into which answers were put
            back tells the day of that: what stands in storage word for word was said when it was stored first.
    """
    last = now["annotations"][-1]
    if before is not None and before["annotations"]:
        stored = before["annotations"][-1]
        if _said(stored) == _said(last):
            last = stored
    return datetime.date.fromisoformat(last["updated_at"])


def _said(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key not in VOLATILE}


def latest_cases(folder: Path) -> dict[str, dict[str, Any]]:
    """The latest stored state of every task of an adjudicator's folder, by case.

    Raises:
        ExportError: a stored file cannot be read.
    """
    latest: dict[str, dict[str, Any]] = {}
    for path in _files(folder):
        try:
            latest |= {task["case_id"]: task for task in json.loads(path.read_bytes())["tasks"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ExportError(
                f"{path} cannot be read ({error}; half-written?); what is stored is never edited: take it back from git"
            ) from None
    return latest


def _files(folder: Path) -> list[Path]:
    return sorted((p for p in folder.glob("*.json") if p.stem.isdecimal()), key=lambda path: int(path.stem))
