"""Bringing tasks and suggestions to one project on the server, until what is there is what should be there.

Nothing on the server is idempotent, and an answer can be lost although the work was done. So what is there is listed
by doc_id before anything is sent, and again afterwards: that decides, not what was answered. Tasks go bare and
suggestions after them, since on SQLite what comes along with a task can be lost without a word.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import StudioError
from .client import Client, UnsureError
from .environment import Say, quiet
from .projection import ForReview
from .rooms import Room, check_data
from .suggestions import PROVIDER

BATCH = 250
ATTEMPTS = 3
PAUSE_SECONDS = 2.0

Tasks = dict[str, dict[str, Any]]


@dataclass
class PushReport:
    """What a push did, or with `dry_run` would do.

    Attributes:
        counts: projects_made, projects_updated, tasks_sent, tasks_updated, copies_removed, suggestions_sent,
            tasks_there, documents_held_back, places_for_review; of a restore answers_restored, drafts_restored,
            tasks_left_alone; of adjudication tasks_withdrawn, cases_asked_already.
        notes: what a person should know: held-back documents, changed texts.
        review: what was said of the head of a story and could not be proposed in another version.
    """

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    review: list[ForReview] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything on the server was, or would be, changed."""
        still = ("tasks_there", "documents_held_back", "places_for_review", "tasks_left_alone", "cases_asked_already")
        return any(count for name, count in self.counts.items() if name not in still)

    def __str__(self) -> str:
        said = [f"{count} {name.replace('_', ' ')}" for name, count in sorted(self.counts.items()) if count]
        return ", ".join(said) or "nothing to do"


@dataclass(frozen=True)
class Wanted:
    """One task to be there: its data, the suggestions to go with it (empty: none), and who made these.

    `more` are suggestions of others: what they are, and who made them.
    """

    data: dict[str, Any]
    suggested: list[dict[str, Any]]
    provider: str = PROVIDER
    more: tuple[tuple[list[dict[str, Any]], str], ...] = ()


@dataclass
class Delivery:
    """One project on the server, and what is to be there, by what its data call `key` (one task for each)."""

    client: Client
    room: Room
    wanted: Mapping[str, Wanted]
    report: PushReport
    dry_run: bool = False
    say: Say = quiet
    key: str = "doc_id"

    @property
    def title(self) -> str:
        """The project's title."""
        return self.room.remote.title

    def deliver(self) -> Tasks:
        """Send what is missing; the tasks on the server by doc_id.

        Raises:
            StudioError: the server is away, refuses, or after three attempts still has not what it was sent.
        """
        there = self._send_tasks()
        if not self.dry_run:
            there = self._send_suggestions(there)
            for number in range(max((len(item.more) for item in self.wanted.values()), default=0)):
                others = {key: item for key, item in self.wanted.items() if len(item.more) > number}
                wanted = {key: Wanted(item.data, *item.more[number]) for key, item in others.items()}
                there = replace(self, wanted=wanted)._send_suggestions(there)
        self.report.counts["tasks_there"] += len(there)
        return there

    def list_tasks(self) -> Tasks:
        """Our tasks on the server; of a document sent twice (an answer was lost) untouched copies are deleted."""
        by_doc: dict[str, list[dict[str, Any]]] = {}
        for task in check_data(self.client.tasks(self.room.remote.id, self.title), self.room):
            by_doc.setdefault(task["data"][self.key], []).append(task)
        kept = {}
        for doc_id, copies in by_doc.items():
            copies.sort(key=lambda task: (not is_touched(task), int(task["id"])))
            kept[doc_id] = copies[0]
            for copy in copies[1:]:
                if is_touched(copy):
                    numbers = f"{copies[0]['id']} and {copy['id']}"
                    self._note(f"{doc_id} was answered in two tasks ({numbers}); both are kept")
                    continue
                self.report.counts["copies_removed"] += 1
                if not self.dry_run:
                    self.client.delete_task(int(copy["id"]))
        return kept

    def _send_tasks(self) -> Tasks:
        failure: StudioError | None = None
        there = self.list_tasks()
        for attempt in range(ATTEMPTS):
            missing = [item.data for doc_id, item in self.wanted.items() if doc_id not in there]
            if self.dry_run:
                self.report.counts["tasks_sent"] += len(missing)
                added = [item for doc_id, item in self.wanted.items() if doc_id not in there and item.suggested]
                self.report.counts["suggestions_sent"] += len(added)
            if self.dry_run or not missing:
                break
            if attempt:
                time.sleep(PAUSE_SECONDS)
            try:
                for batch in _batches(missing):
                    self.say(f"{self.title}: sending {len(batch)} of {len(missing)} tasks")
                    self.client.import_tasks(self.room.remote.id, self.title, batch)
                    self.report.counts["tasks_sent"] += len(batch)
            except UnsureError as error:
                failure = error
            there = self.list_tasks()
        still = [doc_id for doc_id in self.wanted if doc_id not in there]
        if still and not self.dry_run:
            raise failure or StudioError(
                f"{len(still)} of {len(self.wanted)} tasks did not arrive in {self.title!r} (first {still[0]!r}), "
                "although "
                "the server took them; run the same command again"
            )
        return self._compare(there)

    def _compare(self, there: Tasks) -> Tasks:
        """Each task is what it should be. An untouched older one is brought up to date, unless its text changed."""
        for doc_id, item in self.wanted.items():
            data = there[doc_id]["data"] if doc_id in there else item.data
            if data["text_sha256"] != item.data["text_sha256"]:
                self._note(f"the text of {doc_id} has changed since it was sent; the task keeps the old text")
            elif data != item.data and not is_touched(there[doc_id]):
                if data.get("text") != item.data["text"] and there[doc_id]["predictions"]:
                    self._note(
                        f"{doc_id} would show other segments now; its suggestions were made for the old ones, it stays"
                    )
                    continue
                self.report.counts["tasks_updated"] += 1
                if not self.dry_run:
                    self.client.update_task(int(there[doc_id]["id"]), item.data)
                    there[doc_id]["data"] = item.data
        return there

    def _send_suggestions(self, there: Tasks) -> Tasks:
        failure: StudioError | None = None
        sent: set[str] = set()
        for attempt in range(ATTEMPTS):
            missing = [doc_id for doc_id in self.wanted if self._lacks_suggestions(doc_id, there)]
            if not missing:
                break
            if attempt:
                time.sleep(PAUSE_SECONDS)
            try:
                for batch in _batches(missing):
                    self.say(f"{self.title}: sending suggestions for {len(batch)} of {len(missing)} tasks")
                    sent.update(batch)
                    failure = self._send_predictions(batch, there) or failure
            except UnsureError as error:
                failure = error
            there = self.list_tasks()
        self._check_suggestions(there, sent, failure)
        return there

    def _lacks_suggestions(self, doc_id: str, there: Tasks) -> bool:
        item, task = self.wanted[doc_id], there[doc_id]
        return bool(item.suggested) and task["data"]["text"] == item.data["text"] and not _made_by(item.provider, task)

    def _send_predictions(self, batch: list[str], there: Tasks) -> StudioError | None:
        items = [(int(there[doc_id]["id"]), self.wanted[doc_id]) for doc_id in batch]
        predictions = [
            {"task": number, "model_version": item.provider, "score": 1.0, "result": item.suggested}
            for number, item in items
        ]
        made = self.client.import_predictions(self.room.remote.id, self.title, predictions)
        self.report.counts["suggestions_sent"] += made
        if made == len(batch):
            return None
        return StudioError(
            f"Label Studio made {made} of {len(batch)} suggestions in {self.title!r}: it skips labels that its "
            "interface does "
            "not have; run: stancewire codebook build, then push again"
        )

    def _check_suggestions(self, there: Tasks, sent: set[str], failure: StudioError | None) -> None:
        """Every task has its suggestions, once and whole; a surplus copy of a repeated import is deleted."""
        for doc_id, item in self.wanted.items():
            if self._lacks_suggestions(doc_id, there):
                raise failure or StudioError(
                    f"the suggestions of {doc_id!r} are not in {self.title!r}, although the server took them; run "
                    "the same "
                    "command again"
                )
            found = _made_by(item.provider, there[doc_id])
            for surplus in found[1:]:
                self.report.counts["copies_removed"] += 1
                self.client.delete_prediction(int(surplus["id"]))
            if doc_id in sent and found and len(found[0]["result"]) != len(item.suggested):
                raise StudioError(
                    f"{self.title!r}: {len(found[0]['result'])} of {len(item.suggested)} results of the suggestions of "
                    f"{doc_id!r} arrived; delete its prediction in Label Studio, then push again"
                )

    def _note(self, message: str) -> None:
        note = f"{self.room.given}: {message}"
        if note not in self.report.notes:
            self.report.notes.append(note)


def is_touched(task: Mapping[str, Any]) -> bool:
    """Whether somebody has begun a task."""
    return bool(task["annotations"] or task["drafts"])


def _made_by(provider: str, task: Mapping[str, Any]) -> list[dict[str, Any]]:
    return sorted((p for p in task["predictions"] if p["model_version"] == provider), key=lambda p: int(p["id"]))


def _batches(items: list[Any]) -> Iterable[list[Any]]:
    return (items[number : number + BATCH] for number in range(0, len(items), BATCH))
