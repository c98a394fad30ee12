"""Exports in: what the server holds, made pseudonymous and stored append-only; only tasks that changed.

People become pseudonyms, times are cut to the day, and of the article only each span's words and their surroundings
stay. Each annotator's file is written whole or not at all, so an interrupted pull leaves whole files, and the next
one goes on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..codebook import read_campaign
from ..errors import StudioError
from ..project import Project
from .accounts import Pseudonyms
from .client import Client
from .environment import Say, quiet
from .exports import CONTEXT, Given, latest_tasks, task_submissions, write_export
from .model import STATES
from .rooms import Room, check_data, corpus_name, find_rooms

# What is not a statement of the annotator's, and what a restore cannot give back.
VOLATILE = ("created_at", "updated_at", "unique_id")

# Of a result's notes: who suggested it, from which place of another version and by which rule, what the annotator wrote
# beside the span, and a place that is none.
_META = ("suggested_by", "from", "how", "text", "place")


@dataclass
class PullReport:
    """What a pull found: files stored, tasks and states by name, and notes for a person."""

    stored: list[Path] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = [f"{count} {name}" for name, count in sorted(self.counts.items()) if count]
        return ", ".join([f"{len(self.stored)} files stored", *said])


def pull_all(
    project: Project,
    client: Client,
    *,
    out: Path | None = None,
    task_pass: str | None = None,
    accept_deletions: bool = False,
    say: Say = quiet,
) -> PullReport:
    """Store what changed in every project of this corpus on the server.

    Args:
        out: the folder of stored exports to grow (default: `annotations/exports`).
        task_pass: only this pass.
        accept_deletions: believe a server on which all stored work of a project is gone.

    Raises:
        StudioError: the server is away or refuses, has no project of this corpus, or has lost work.
        ExportError: a stored file is broken, or what was pulled breaks the schema.
    """
    exports = project.exports if out is None else out
    report = PullReport()
    rooms = find_rooms(client, corpus_name(project))
    if not rooms:
        raise StudioError(f"{client.url} has no project of this corpus; give tasks out first: stancewire push")
    pseudonyms = known_pseudonyms(project)
    for given, room in sorted(rooms.items()):
        if task_pass in (None, given.task_pass):
            say(f"pulling {room.remote.title}")
            _pull_room(project, client, room, exports, pseudonyms, accept_deletions, report)
    return report


def _pull_room(
    project: Project,
    client: Client,
    room: Room,
    exports: Path,
    pseudonyms: Pseudonyms,
    accept_deletions: bool,
    report: PullReport,
) -> None:
    given, title = room.given, room.remote.title
    found = client.tasks(room.remote.id, title)
    ours = check_data(found, room)
    if len(ours) < len(found):
        report.notes.append(f"{title}: {len(found) - len(ours)} tasks were not sent by stancewire and are left out")
    before = latest_tasks(exports, given, project.schema)
    now = stored_tasks(ours, pseudonyms)
    _refuse_loss(given, title, before, now, accept_deletions)
    changed = [task for doc_id, task in now.items() if doc_id not in before or is_changed(before[doc_id], task)]
    if changed:
        report.stored.append(write_export(exports, given, title, changed, project.schema))
    report.counts["tasks"] += len(now)
    report.counts["changed"] += len(changed)
    for task in now.values():
        *_, last = task_submissions(task, given, 1, "", title)
        report.counts[last.state] += 1


def _refuse_loss(
    given: Given,
    title: str,
    before: Mapping[str, dict[str, Any]],
    now: Mapping[str, dict[str, Any]],
    accept_deletions: bool,
) -> None:
    """A server on which all the answers of a project are gone is more likely a new server than a change of mind."""
    answered = [doc_id for doc_id, task in before.items() if task["annotations"]]
    if (
        answered
        and not accept_deletions
        and all(doc_id in now and not now[doc_id]["annotations"] for doc_id in answered)
    ):
        raise StudioError(
            f"{title!r} holds none of the {len(answered)} answers that were pulled of {given} before; if this is "
            "a new server, put "
            "them back: stancewire push --restore (if they were deleted on purpose: stancewire pull --accept-deletions)"
        )


def known_pseudonyms(project: Project) -> Pseudonyms:
    """The pseudonyms of the campaign's annotators and of whoever else was met before."""
    campaign = read_campaign(project.campaign_yaml)
    return Pseudonyms(project.people_json, (annotator.annotator_id for annotator in campaign.annotators))


def is_changed(before: Mapping[str, Any], now: Mapping[str, Any], *, suggestions: bool = True) -> bool:
    """Whether two stored states of a task differ in what was given out, suggested or said."""
    return substance(before, suggestions) != substance(now, suggestions)


def substance(task: Mapping[str, Any], suggestions: bool = True) -> str:
    """What was given out, suggested and said in a stored state of a task, as one string."""
    said: dict[str, Any] = {
        name: [{key: value for key, value in item.items() if key not in VOLATILE} for item in task[name]]
        for name in ("annotations", "drafts")
    }
    if not suggestions:
        said["predictions"] = []
    return json.dumps({**task, **said}, sort_keys=True)


def stored_tasks(tasks: list[dict[str, Any]], pseudonyms: Pseudonyms) -> dict[str, dict[str, Any]]:
    """Tasks as the server tells them, as they are stored; by doc_id, the answers of two tasks of one document "
    "together."""
    stored: dict[str, dict[str, Any]] = {}
    for task in tasks:
        one = _stored_task(task, pseudonyms)
        there = stored.get(one["doc_id"])
        if there is None:
            stored[one["doc_id"]] = one
        else:
            there["annotations"] += one["annotations"]
            there["drafts"] += one["drafts"]
    return stored


def _stored_task(task: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, Any]:
    data = task["data"]
    return {
        "doc_id": data["doc_id"],
        "text_sha256": data["text_sha256"],
        "codebook_version": data["codebook_version"],
        "suggestions_shown": data["suggestions_shown"],
        "view": data["view"],
        "entities": data["entities_offered"],
        **stored_answers(task, pseudonyms),
    }


def stored_answers(task: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, Any]:
    """What was said and suggested in a task, as it is stored: annotations, predictions, drafts."""
    text, version = task["data"]["text"], task["data"]["codebook_version"]
    # The last answer is the one that counts, so the order is that of the last change.
    answers = sorted(task["annotations"], key=lambda item: (item["updated_at"], int(item["id"])))
    # A draft beside an answer holds changes that were not submitted; the answer counts.
    drafts = sorted((d for d in task["drafts"] if d.get("annotation") is None), key=lambda item: int(item["id"]))
    predictions = sorted(task["predictions"], key=lambda item: int(item["id"]))
    suggested = {
        result["id"]: (result.get("meta") or {}).get("suggested_by") or item["model_version"]
        for item in predictions
        for result in item["result"]
    }

    def results(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [_stored_result(result, text, version, suggested) for result in given or ()]

    return {
        "annotations": [
            {
                "unique_id": str(item["unique_id"]),
                "completed_by": pseudonyms.of(item["completed_by"]["email"]),
                "created_at": item["created_at"][:10],
                "updated_at": item["updated_at"][:10],
                "lead_time": item["lead_time"],
                "was_cancelled": bool(item["was_cancelled"]),
                "ground_truth": bool(item["ground_truth"]),
                "result": results(item["result"]),
            }
            for item in answers
        ],
        "predictions": [
            {"model_version": item["model_version"], "result": results(item["result"])} for item in predictions
        ],
        "drafts": [
            {
                "completed_by": pseudonyms.of(item["user"]),
                "created_at": item["created_at"][:10],
                "updated_at": item["updated_at"][:10],
                "lead_time": item["lead_time"],
                "result": results(item["result"]),
            }
            for item in drafts
        ],
    }


def _stored_result(result: Mapping[str, Any], text: str, version: str, suggested: Mapping[str, str]) -> dict[str, Any]:
    """One result without the article: the slice instead of `value.text`, which is never to be trusted."""
    if "from_name" not in result:  # a relation: two ids and perhaps labels; it stays visible as what it is
        said = [str(result.get("from_id")), str(result.get("to_id")), *map(str, result.get("labels") or ())]
        name = str(result.get("type") or "relation")
        return {"id": "-".join(said[:2]), "from_name": name, "to_name": "text", "type": name, "value": {"text": said}}
    given = result.get("value") or {}
    kind = str(result.get("type"))
    value: dict[str, Any] = {
        name: [str(item) for item in given[name] or ()] for name in ("labels", "choices") if name in given
    }
    if kind == "textarea":
        typed = given.get("text")
        value["text"] = [typed] if isinstance(typed, str) else [str(item) for item in typed or ()]
    for name in given.keys() - {"labels", "choices", "text", "start", "end", "globalOffsets"}:
        value["text"] = [*value.get("text", ()), f"{name}: {json.dumps(given[name], sort_keys=True)}"]
    stored: dict[str, Any] = {
        "id": str(result["id"]),
        "from_name": result["from_name"],
        "to_name": result.get("to_name") or "text",
        "type": kind,
        "value": value,
    }
    meta = {name: item for name, item in (result.get("meta") or {}).items() if name in _META}
    if result.get("origin", "manual") != "manual" and result["id"] in suggested:
        meta.setdefault("suggested_by", suggested[result["id"]])
    if (result.get("meta") or {}).get("codebook_version", version) != version:
        meta["codebook_version"] = result["meta"]["codebook_version"]
    if "start" in given or "end" in given:
        start, end = given.get("start"), given.get("end")
        if not (isinstance(start, int) and isinstance(end, int) and 0 <= start <= end):
            meta["place"] = [start, end]  # no place at all: an empty span, which quarantine explains
            start = end = 0
        value |= {"start": start, "end": end}
        stored |= {
            "quote": text[start:end],
            "before": text[max(0, start - CONTEXT) : start],
            "after": text[end : end + CONTEXT],
        }
    if result.get("origin"):
        stored["origin"] = result["origin"]
    if meta:
        stored["meta"] = meta
    return stored


def read_progress(project: Project, client: Client) -> list[dict[str, Any]]:
    """How far each annotator is: one row a project, with tasks by state and the project's address."""
    rows = []
    for given, room in sorted(find_rooms(client, corpus_name(project)).items()):
        counts: Counter[str] = Counter()
        for task in check_data(client.tasks(room.remote.id, room.remote.title), room):
            answers = task["annotations"]
            if answers:
                last = max(answers, key=lambda item: (item["updated_at"], int(item["id"])))
                counts["skipped" if last["was_cancelled"] else "submitted"] += 1
            else:
                counts["draft" if task["drafts"] else "assigned"] += 1
        rows.append(
            {
                "task_pass": given.task_pass,
                "round": given.round,
                "annotator_id": given.annotator_id,
                "tasks": sum(counts.values()),
                **{state: counts[state] for state in STATES},
                "url": f"{client.url}/projects/{room.remote.id}",
            }
        )
    return rows
