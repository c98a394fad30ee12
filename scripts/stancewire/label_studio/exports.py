"""Stored exports: what annotators said, as pulled, append-only, without people and without the article.

    annotations/exports/<task_pass>-r<round>/<annotator_id>/<NNNN>.json

Each file holds the tasks that changed since the file before; the latest state of a task is in the last file that
holds it. Of the article only the words of each span are kept, and 32 characters on either side. `read_submissions`
turns the files into the shape in which later rooms see them.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..errors import ExportError
from ..project import Project
from ..tables import write_bytes, write_text
from ..text.view import Piece
from .conforming import first_fault
from .model import PROJECTED, Mark, Submission

FORMAT = "stancewire-export/1"
CONTEXT = 32

_EXPONENT = re.compile(rb"[\[:,]-?[0-9.]+[eE]")

# The names of the interface's controls, where ours differ.
_CONTROLS = {"mention": "label", "span_comment": "comment"}


@dataclass(frozen=True, order=True)
class Given:
    """What one project holds: a pass, in a round, given to one annotator."""

    task_pass: str
    round: int
    annotator_id: str

    def folder(self, exports: Path) -> Path:
        """Where its stored exports stand."""
        return exports / f"{self.task_pass}-r{self.round}" / self.annotator_id

    def __str__(self) -> str:
        return f"{self.task_pass} r{self.round} {self.annotator_id}"


@dataclass(frozen=True)
class StoredTask:
    """A task that conforms to the schema, as the text that stands in a stored export (`plain.plain_text`)."""

    doc_id: str
    data: bytes


def export_text(document: Mapping[str, Any]) -> str:
    """The one way a stored export is written: sorted keys, one space, no escapes."""
    try:
        compact = msgspec.json.encode(document, order="sorted")
    except (TypeError, OverflowError, UnicodeEncodeError):
        compact = b""
    if not compact or _EXPONENT.search(compact):  # spelt otherwise by this encoder, which is ten times faster
        return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return msgspec.json.format(compact, indent=1).decode() + "\n"


def write_export(
    exports: Path,
    given: Given,
    project: str,
    tasks: Sequence[dict[str, Any] | StoredTask],
    schemas: Path,
    aside: Path | None = None,
) -> Path:
    """Store these tasks as the next file of `given`; what stands there is never touched.

    Args:
        aside: a folder that gets the file instead, for `settle_aside` to put it in its place.

    Raises:
        ExportError: the tasks break export.schema.json (nothing is written).
    """
    folders = [given.folder(root) for root in (exports, aside) if root is not None]
    number = max((int(path.stem) for folder in folders for path in stored_files(folder)), default=0) + 1
    path = folders[-1] / f"{number:04d}.json"
    document: dict[str, Any] = {
        "format": FORMAT,
        "sequence": number,
        "task_pass": given.task_pass,
        "round": given.round,
        "annotator_id": given.annotator_id,
        "project": project,
        "tasks": [],
    }
    ordered = sorted(tasks, key=lambda task: task.doc_id if isinstance(task, StoredTask) else str(task["doc_id"]))
    document["tasks"] = [task for task in ordered if not isinstance(task, StoredTask)]
    reason = export_fault(document, schemas)
    if reason is not None:
        raise ExportError(f"what was pulled of {project!r} breaks export.schema.json and is not stored: {reason}")
    if len(document["tasks"]) == len(ordered):
        write_text(path, export_text(document))
        return path
    head, _, tail = export_text(document | {"tasks": []}).encode().rpartition(b"[]")
    lines = [task.data if isinstance(task, StoredTask) else indented(export_text(task).encode()) for task in ordered]
    write_bytes(path, b"".join([head, b"[\n  ", b",\n  ".join(lines), b"\n ]", tail]))
    return path


def settle_aside(aside: Path, exports: Path, is_whole: bool = False) -> None:
    """Put the files that were stored aside in their places: all of them, or none where they are not whole.

    Args:
        is_whole: nothing more will be stored aside. Once this was said, a later call does what a killed one left
            undone; what is there and is not whole is of a killed run, and is removed.
    """
    whole = aside / "whole"
    if is_whole and aside.is_dir():
        write_text(whole, "Every file is here; they belong into the folder of stored exports.\n")
    if whole.is_file():
        for path in sorted(aside.glob("*-r*/*/*.json")):
            place = exports / path.relative_to(aside)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, place)
    if aside.is_dir():
        shutil.rmtree(aside)


def indented(task: bytes) -> bytes:
    """A task's JSON, with an indent of one, as it stands among a file's tasks."""
    return task.rstrip(b"\n").replace(b"\n", b"\n  ")  # line ends within strings are escaped


def stored_givens(exports: Path) -> list[Given]:
    """Every pass, round and annotator that has stored exports."""
    found = []
    for folder in sorted(exports.glob("*-r*/*")):
        task_pass, _, number = folder.parent.name.rpartition("-r")
        if folder.is_dir() and number.isdecimal() and any(stored_files(folder)):
            found.append(Given(task_pass, int(number), folder.name))
    return sorted(found)


def latest_tasks(exports: Path, given: Given, schemas: Path) -> dict[str, dict[str, Any]]:
    """The latest stored state of every task of `given`, by doc_id."""
    return {task["doc_id"]: task for task in read_latest(exports, given, schemas)}


def read_latest(exports: Path, given: Given, schemas: Path) -> Iterator[dict[str, Any]]:
    """The stored states of the tasks of `given`, the latest of each task last; one file's in memory at a time."""
    for path in stored_files(given.folder(exports)):
        yield from read_export(path, given, schemas)["tasks"]


def read_export(path: Path, given: Given, schemas: Path) -> dict[str, Any]:
    """One stored file, checked.

    Raises:
        ExportError: it is not JSON (cut off?), breaks export.schema.json, or belongs elsewhere.
    """
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ExportError(
            f"{path} cannot be read as JSON ({error}; half-written?); take it back from git, or if it was never "
            "committed, "
            "delete it and pull again"
        ) from None
    reason = export_fault(document, schemas)
    if reason is not None:
        raise ExportError(
            f"{path} is not a stored export: {reason}; stored exports are never edited: take it back from git"
        )
    found = Given(document["task_pass"], document["round"], document["annotator_id"])
    if found != given or document["sequence"] != int(path.stem):
        raise ExportError(
            f"{path} says it is number {document['sequence']} of {found}; it stands in another place: move it "
            "back, or take "
            "both from git"
        )
    return dict(document)


def stored_files(folder: Path) -> list[Path]:
    """The stored files of a folder in the order pulled; anything else there is not ours."""
    return sorted((p for p in folder.glob("*.json") if p.stem.isdecimal()), key=lambda path: int(path.stem))


def export_fault(document: Any, schemas: Path) -> str | None:
    """What is wrong with a document, or None."""
    fault = first_fault(document, schemas, "export")
    return None if fault is None else f"{fault[0] or 'it'}: {fault[1][:200]}"


# from stored files to submissions


def read_submissions(project: Project, exports: Path | None = None) -> list[Submission]:
    """All submissions of the stored exports, by pass, round and annotator, each in the order pulled.

    Args:
        exports: the folder to read (default: the project's `annotations/exports`).

    Raises:
        ExportError: a file cannot be read, breaks the schema, or stands in another's place.
    """
    return [
        submission
        for given, path, document in read_stored(project, exports)
        for submission in _submissions(document, given, path)
    ]


def read_stored(project: Project, exports: Path | None = None) -> Iterator[tuple[Given, str, dict[str, Any]]]:
    """(whose it is, its path as the project names it, content) of each stored file, by pass, round and annotator.

    Raises:
        ExportError: a file cannot be read, breaks the schema, or stands in another's place.
    """
    root = project.exports if exports is None else exports
    for given in stored_givens(root):
        for path in stored_files(given.folder(root)):
            yield given, project.relative(path), read_export(path, given, project.schema)


def _submissions(document: Mapping[str, Any], given: Given, path: str) -> Iterator[Submission]:
    for task in document["tasks"]:
        yield from task_submissions(task, given, document["sequence"], path, document["project"])


def task_submissions(
    task: Mapping[str, Any], given: Given, pulled: int, export_path: str, project: str
) -> Iterator[Submission]:
    """The submissions of one stored task.

    One for the annotator it was given to, whatever its state; where they answered twice, one for each answer, the last
    being the one that counts. On a server without roles somebody else may have answered too: theirs follow.
    """
    common: dict[str, Any] = {
        "pulled": pulled,
        "export_path": export_path,
        "doc_id": task["doc_id"],
        "text_sha256": task["text_sha256"],
        "task_pass": given.task_pass,
        "round": given.round,
        "project": project,
        "codebook_version": task["codebook_version"],
        "suggestions_shown": task["suggestions_shown"],
        "view": tuple(Piece(*piece) for piece in task["view"]),
        "entities": tuple((alias, name, label) for alias, name, label in task["entities"]),
        "is_projected": any(
            (provider or "").startswith(PROJECTED) for provider, _ in _suggested(task["predictions"]).values()
        ),
    }
    answers = task["annotations"]
    drafts = [draft for draft in task["drafts"] if "completed_by" in draft]
    people = {given.annotator_id: None} | dict.fromkeys(sorted({item["completed_by"] for item in (*answers, *drafts)}))
    for person in people:
        own = [answer for answer in answers if answer["completed_by"] == person]
        for answer in own:
            yield Submission(
                **common,
                annotator_id=person,
                state="skipped" if answer["was_cancelled"] else "submitted",
                marks=read_marks(answer["result"], task["predictions"]),
                created_at=datetime.date.fromisoformat(answer["created_at"]),
                updated_at=datetime.date.fromisoformat(answer["updated_at"]),
                seconds=answer.get("lead_time"),
            )
        begun = [draft for draft in drafts if draft["completed_by"] == person]
        if not own and (begun or person == given.annotator_id):
            yield Submission(
                **common,
                annotator_id=person,
                state="draft" if begun else "assigned",
                marks=read_marks(begun[-1]["result"], task["predictions"]) if begun else (),
                created_at=None,
                updated_at=None,
                seconds=None,
            )


def read_marks(results: list[dict[str, Any]], predictions: list[dict[str, Any]]) -> tuple[Mark, ...]:
    """The marks of one answer: results with one id and a place are one span; any other result stands alone.

    A mark that says it was suggested is compared with the suggestion: `accepted` only if every value is still the same.
    """
    suggested = _suggested(predictions)
    spans: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        if "start" in result["value"]:
            spans.setdefault(result["id"], [])
    marks: list[tuple[str, list[dict[str, Any]]]] = []
    for result in results:
        group = spans.get(result["id"])
        if group is None:
            marks.append((result["id"], [result]))
            continue
        if not group:
            marks.append((result["id"], group))
        group.append(result)
    return tuple(_mark(region_id, group, suggested) for region_id, group in marks)


def _mark(region_id: str, group: list[dict[str, Any]], suggested: Mapping[str, tuple[str | None, Any]]) -> Mark:
    placed = next((result for result in group if "start" in result["value"]), None)
    values: dict[str, tuple[str, ...]] = {}
    for result in group:
        control = _CONTROLS.get(result["from_name"], result["from_name"])
        values[control] = values.get(control, ()) + _values(result)
    origin = _origin(group)
    provider, content = suggested.get(region_id, (None, None))
    if origin != "manual" and content is not None:
        origin = "accepted" if content == _content(group) else "edited"
    named = [result["meta"]["suggested_by"] for result in group if result.get("meta", {}).get("suggested_by")]
    return Mark(
        region_id=region_id,
        view_start=None if placed is None else placed["value"]["start"],
        view_end=None if placed is None else placed["value"]["end"],
        quote="" if placed is None else placed["quote"],
        before="" if placed is None else placed["before"],
        after="" if placed is None else placed["after"],
        values=tuple(sorted(values.items())),
        origin=origin,
        suggested_by=None if origin == "manual" else next(iter(named), provider),
    )


def _values(result: Mapping[str, Any]) -> tuple[str, ...]:
    value = result["value"]
    return tuple(item for name in ("labels", "choices", "text") for item in value.get(name, ()))


def _origin(group: list[dict[str, Any]]) -> str:
    said = {result.get("origin", "manual") for result in group}
    if said == {"manual"}:
        return "manual"
    return "accepted" if said == {"prediction"} else "edited"


def _suggested(predictions: list[dict[str, Any]]) -> dict[str, tuple[str | None, Any]]:
    """By region id: who suggested it, and what exactly."""
    found: dict[str, tuple[str | None, Any]] = {}
    for prediction in predictions:
        groups: dict[str, list[dict[str, Any]]] = {}
        for result in prediction["result"]:
            groups.setdefault(result["id"], []).append(result)
        for name, group in groups.items():
            said = (result.get("meta", {}).get("suggested_by") for result in group)
            found[name] = (next(filter(None, said), prediction.get("model_version")), _content(group))
    return found


def _content(group: list[dict[str, Any]]) -> list[Any]:
    """What a group of results says, however it is spelt: controls with their values, and the place."""
    said = [(r["from_name"], _values(r), r["value"].get("start"), r["value"].get("end")) for r in group if _values(r)]
    return sorted(said, key=repr)
