"""`suggest`: what a provider proposes goes to the tasks that are there, as predictions, never as annotations.

The tasks themselves come by `push`. Nobody is asked about a task that somebody has begun, or that has suggestions of
this provider already; what is there is listed before anything is sent, and again afterwards (see `delivery`). Whose
suggestions annotators see is a setting of each project on the server: the last provider's, which `push` then keeps.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..codebook import Round, read_campaign
from ..codebook.model import Codebook
from ..errors import UsageError
from ..project import Project
from .client import Client
from .delivery import BATCH, Delivery, PushReport, Wanted, is_touched
from .environment import Say, quiet
from .exports import Given
from .proposals import Asked, Checked, check_answer, read_controls
from .providers import Provider
from .rooms import Room, corpus_name, find_rooms
from .tasks import (
    article_view,
    make_task,
    offered_in_entity_pass,
    offered_in_stance_pass,
    read_articles,
    read_gold,
)

Task = Mapping[str, Any]


@dataclass
class SuggestReport(PushReport):
    """What was suggested, or with `dry_run` would be asked.

    Attributes:
        counts: documents_asked, characters_asked, spans_suggested, spans_left_out, suggestions_sent (tasks),
            projects_updated, tasks_suggested_before, tasks_begun, copies_removed.
        reasons: why spans were left out, and how many.
    """

    reasons: Counter[str] = field(default_factory=Counter)


@dataclass
class Suggesting:
    """One provider at work on one pass."""

    codebook: Codebook
    provider: Provider
    task_pass: str
    report: SuggestReport
    say: Say = quiet

    def __post_init__(self) -> None:
        self._controls = read_controls(self.codebook, self.task_pass)

    def ask(self, asked: Sequence[Asked]) -> list[tuple[str, Checked]]:
        """By whom (provider and version) and what is suggested for each task, checked and counted.

        Raises:
            ProviderError: the provider is away, or answers what cannot be read.
        """
        self.say(f"{self.provider.name}: asking about {len(asked)} documents")
        answers = self.provider.propose(asked)
        found = [(a.version, check_answer(item, a, self._controls)) for item, a in zip(asked, answers, strict=True)]
        counts = self.report.counts
        counts["documents_asked"] += len(asked)
        counts["characters_asked"] += sum(len(item.text) for item in asked)
        for _, checked in found:
            counts["spans_suggested"] += checked.n_regions
            counts["spans_left_out"] += len(checked.reasons)
            self.report.reasons.update(checked.reasons)
        return found


def suggest_documents(
    project: Project, suggesting: Suggesting, documents: Sequence[str] | None = None
) -> Iterable[dict[str, Any]]:
    """What a provider suggests for documents of the corpus, without a server: a row for each suggested region.

    Rows have doc_id, start, end (code points of the canonical text; null for the whole document), text, suggested_by,
    and the value of each control.

    Raises:
        UsageError: there is no such document.
    """
    articles, gold, codebook = read_articles(project), read_gold(project), suggesting.codebook
    unknown = [doc_id for doc_id in documents or () if doc_id not in articles]
    if unknown:
        raise UsageError(f"--document {unknown[0]!r}: the corpus has no such document (it has {len(articles)})")
    shown = codebook.pass_named(suggesting.task_pass)
    names = sorted(articles if documents is None else set(documents))
    for begin in range(0, len(names), BATCH):
        asked = []
        for doc_id in names[begin : begin + BATCH]:
            view = article_view(articles[doc_id], shown)
            merged = suggesting.task_pass == "stances" and doc_id in gold.merged
            offered = offered_in_stance_pass(doc_id, gold) if merged else offered_in_entity_pass(view[0], codebook)
            given = Given(suggesting.task_pass, 1, "nobody")
            asked.append(Asked.of(make_task(articles[doc_id], given, view, offered, codebook.version, True)))
        asked = [item for item in asked if item.text]
        for item, (version, checked) in zip(asked, suggesting.ask(asked), strict=True):
            yield from _rows(item, version, checked, articles[item.doc_id].text)


def _rows(asked: Asked, version: str, checked: Checked, text: str) -> Iterable[dict[str, Any]]:
    regions: dict[str, dict[str, Any]] = {}
    for result in checked.results:
        value = result["value"]
        row = regions.setdefault(
            result["id"], {"doc_id": asked.doc_id, "start": None, "end": None, "text": None, "suggested_by": version}
        )
        if "start" in value:
            place = asked.view.to_text(value["start"], value["end"])
            assert not isinstance(place, str)  # checked
            row |= {"start": place[0], "end": place[1], "text": text[place[0] : place[1]]}
        said = [item for key in ("labels", "choices", "text") for item in value.get(key, ())]
        row[result["from_name"]] = said[0] if len(said) == 1 else said
    return regions.values()


def json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def rounds_with_suggestions(
    project: Project, task_pass: str, number: int | None = None, annotators: Sequence[str] | None = None
) -> list[Round]:
    """The rounds of the campaign that show suggestions.

    Raises:
        UsageError: there is none.
    """
    found = [
        item
        for item in read_campaign(project.campaign_yaml).rounds
        if item.task_pass == task_pass and number in (None, item.round) and item.suggestions
        if annotators is None or set(annotators) & set(item.annotators)
    ]
    if not found:
        raise UsageError(
            f"campaign.yaml shows no suggestions in any such round of the pass {task_pass}; "
            "set `suggestions: true` there, then push"
        )
    return found


def suggest_pass(
    project: Project,
    client: Client,
    suggesting: Suggesting,
    rounds: Iterable[Round],
    *,
    annotators: Sequence[str] | None = None,
    documents: Sequence[str] | None = None,
    again: bool = False,
    dry_run: bool = False,
) -> SuggestReport:
    """Ask about the tasks on the server, and send what is suggested to all whom they were given.

    Args:
        annotators, documents: only these. again: ask also where suggestions of this provider are already: those of a
            version that is not there yet are sent.
        dry_run: ask nobody, and send nothing; say what would be asked.

    Raises:
        ProviderError: the provider is away, or answers what cannot be read; what was sent before stays.
        StudioError: the server is away, refuses, or lost something; run again, it goes on.
    """
    report, rooms = suggesting.report, find_rooms(client, corpus_name(project))
    given = [
        Given(item.task_pass, item.round, name)
        for item in rounds
        for name in item.annotators
        if annotators is None or name in annotators
    ]
    waiting: dict[tuple[str, str, str], list[tuple[Room, Task]]] = {}
    there: dict[Given, tuple[Room, list[Task]]] = {}
    for one in given:
        if one not in rooms:
            report.notes.append(f"{one}: nothing was given out yet; first: stancewire push")
            continue
        room = rooms[one]
        there[one] = (room, list(Delivery(client, room, {}, report, dry_run, suggesting.say).list_tasks().values()))
        for task in _open_tasks(there[one][1], documents, suggesting.provider.family, again, report):
            data = task["data"]
            key = (data["doc_id"], data["text"], json.dumps(data["entities_offered"]))
            waiting.setdefault(key, []).append((room, task))
    known = {task["data"]["doc_id"] for _, tasks in there.values() for task in tasks}
    report.notes += [f"{doc_id}: no task of it was given out" for doc_id in documents or () if doc_id not in known]
    keys = sorted(waiting)
    if dry_run:
        report.counts["documents_asked"] += len(keys)
        report.counts["characters_asked"] += sum(len(text) for _, text, _ in keys)
        return report
    versions: dict[Given, str] = {}
    for begin in range(0, len(keys), BATCH):
        chunk = keys[begin : begin + BATCH]
        found = suggesting.ask([Asked.of(waiting[key][0][1]["data"]) for key in chunk])
        wanted: dict[Given, dict[str, Wanted]] = {}
        for key, (version, checked) in zip(chunk, found, strict=True):
            for room, task in waiting[key]:
                versions[room.given] = version
                wanted.setdefault(room.given, {})[key[0]] = Wanted(dict(task["data"]), checked.results, version)
        for one, items in wanted.items():
            Delivery(client, rooms[one], items, report, say=suggesting.say).deliver()
    report.counts.pop("tasks_there", None)
    for one, (room, before) in there.items():
        _show(client, room, versions.get(one) or _last_version(before, suggesting.provider.family), report)
    return report


def _open_tasks(
    tasks: Iterable[Task], documents: Sequence[str] | None, family: str, again: bool, report: SuggestReport
) -> Iterable[Task]:
    """The tasks that suggestions may go to."""
    for task in tasks:
        if documents is not None and task["data"]["doc_id"] not in documents:
            continue
        if is_touched(task):
            report.counts["tasks_begun"] += 1
        elif _versions(task, family) and not again:
            report.counts["tasks_suggested_before"] += 1
        elif task["data"]["suggestions_shown"]:
            yield task


def _versions(task: Task, family: str) -> list[str]:
    """The versions of a provider that suggested something in a task, the latest last."""
    made = sorted(task["predictions"], key=lambda item: int(item["id"]))
    return [item["model_version"] for item in made if str(item["model_version"]).startswith(f"{family}/")]


def _last_version(tasks: Iterable[Task], family: str) -> str | None:
    return next((versions[-1] for task in tasks if (versions := _versions(task, family))), None)


def _show(client: Client, room: Room, version: str | None, report: SuggestReport) -> None:
    """Let annotators see these suggestions: others stay on the server, and are not shown."""
    now = room.remote.settings
    if version is None or (now["model_version"] == version and now["show_collab_predictions"]):
        return
    report.counts["projects_updated"] += 1
    client.update_project(room.remote.id, room.remote.title, model_version=version, show_collab_predictions=True)
