"""Tasks out: accounts, a project for each annotator, bare tasks, then suggestions; everything counted and read back.

Run twice, it changes nothing; killed, it goes on where it stopped: what is there is listed by doc_id before anything is
sent, and again afterwards. A task whose text has changed since it was sent keeps the old text, and that is said.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..codebook import Round, read_campaign, read_codebook
from ..codebook.model import Codebook
from ..errors import StudioError, UsageError
from ..project import Project
from ..text.view import View
from .accounts import Accounts
from .client import Client, UnsureError
from .exports import Given, latest_tasks
from .rooms import Room, changed_settings, check_data, corpus_name, find_rooms, room_settings
from .server import Say, quiet
from .suggestions import PROVIDER, Recognizer, prediction_results
from .tasks import (
    Article,
    Gold,
    article_view,
    make_task,
    offered_in_entity_pass,
    offered_in_stance_pass,
    read_articles,
    read_gold,
    stored_view,
    task_fault,
)

BATCH = 250
ATTEMPTS = 3
PAUSE_SECONDS = 2.0


@dataclass
class PushReport:
    """What a push did, or with `dry_run` would do.

    Attributes:
        counts: projects_made, projects_updated, tasks_sent, tasks_updated, copies_removed, suggestions_sent, tasks_there.
        notes: what a person should know: held-back documents, changed texts.
    """

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything on the server was, or would be, changed."""
        return any(count for name, count in self.counts.items() if name != "tasks_there")


@dataclass(frozen=True)
class Wanted:
    """One task to be there: its data, the suggestions to go with it (empty: none), and who made these."""

    data: dict[str, Any]
    suggested: list[dict[str, Any]]
    provider: str = PROVIDER


@dataclass
class Push:
    """One push: what it reads once, and the server it talks to."""

    project: Project
    client: Client
    accounts: Accounts
    exports: Path
    dry_run: bool = False
    say: Say = quiet
    report: PushReport = field(default_factory=PushReport)

    def __post_init__(self) -> None:
        self.codebook: Codebook = read_codebook(self.project.codebook_yaml)
        self.campaign = read_campaign(self.project.campaign_yaml)
        self.articles: dict[str, Article] = read_articles(self.project)
        self.gold: Gold = read_gold(self.project)
        self.corpus = corpus_name(self.project)
        self.rooms = find_rooms(self.client, self.corpus)
        self.recognizer = Recognizer(self.codebook, (m for found in self.gold.mentions.values() for m in found))

    def run(self, rounds: Iterable[Round]) -> None:
        """Give out these rounds."""
        for round_ in rounds:
            documents = self._documents(round_)
            for annotator_id in round_.annotators:
                self._give_out(Given(round_.task_pass, round_.round, annotator_id), round_, documents)

    def _documents(self, round_: Round) -> list[str]:
        if round_.documents is None:
            return sorted(self.articles)
        unknown = [doc_id for doc_id in round_.documents if doc_id not in self.articles]
        if unknown:
            raise UsageError(
                f"campaign.yaml gives out {unknown[0]!r} in {round_.task_pass} round {round_.round}; the corpus has no such "
                f"document (it has {len(self.articles)}); correct the name, or run: stancewire convert"
            )
        return sorted(round_.documents)

    def _give_out(self, given: Given, round_: Round, documents: Sequence[str]) -> None:
        wanted = self._wanted(given, round_, documents)
        if not wanted and given not in self.rooms:
            return
        room = self._room(given, round_.suggestions)
        if room is None:  # a dry run, and nothing is there yet
            self.report.counts["tasks_sent"] += len(wanted)
            self.report.counts["suggestions_sent"] += sum(bool(item.suggested) for item in wanted.values())
            return
        tasks = self._send_tasks(room, wanted)
        if not self.dry_run:
            self._send_suggestions(room, wanted, tasks)
        self.report.counts["tasks_there"] += len(tasks)

    # what should be there

    def _wanted(self, given: Given, round_: Round, documents: Sequence[str]) -> dict[str, Wanted]:
        stored = latest_tasks(self.exports, given, self.project.schema)
        wanted = {}
        for doc_id in documents:
            made = self._task(self.articles[doc_id], given, round_.suggestions, stored.get(doc_id))
            reason = made if isinstance(made, str) else task_fault(made.data, self.project.schema)
            if isinstance(made, str) or reason is not None:
                self.report.notes.append(f"{given}: {doc_id} is held back: {reason}")
            else:
                wanted[doc_id] = made
        return wanted

    def _task(
        self, article: Article, given: Given, suggestions: bool, stored: Mapping[str, Any] | None
    ) -> Wanted | str:
        """The task of one document, or why it cannot be given out.

        One that was given out before, and came back, is given out as it was: same view, entities, suggestions, version.
        """
        if stored is not None:
            if stored["text_sha256"] != article.text_sha256:
                return "its text has changed since it was given out; what was said of the old text is kept, and a new round gives out the new one"
            view = stored_view(article, stored["view"])
            offered = [(alias, name, label) for alias, name, label in stored["entities"]]
            version, shown = stored["codebook_version"], stored["suggestions_shown"]
            data = make_task(article, given, view, offered, version, shown)
            if not stored["predictions"]:
                return Wanted(data, [])
            before = stored["predictions"][0]
            return Wanted(
                data, [bare_result(result) for result in before["result"]], before.get("model_version", PROVIDER)
            )
        view = article_view(article, self.codebook.pass_named(given.task_pass))
        if given.task_pass == "entities":
            offered = offered_in_entity_pass(view[0], self.codebook)
        elif article.doc_id not in self.gold.merged:
            return "its entity pass is not merged yet; first: stancewire pull, stancewire merge"
        else:
            offered = offered_in_stance_pass(article.doc_id, self.gold)
        data = make_task(article, given, view, offered, self.codebook.version, suggestions)
        suggest = suggestions and given.task_pass == "entities"
        return Wanted(data, self._suggestions(article, view, offered) if suggest else [])

    def _suggestions(
        self, article: Article, view: tuple[str, View], offered: Sequence[tuple[str, str, str]]
    ) -> list[Any]:
        found = self.recognizer.suggest(article.doc_id, view[0])
        return prediction_results(article.doc_id, found, [alias for alias, _, _ in offered])

    # the project

    def _room(self, given: Given, suggestions: bool) -> Room | None:
        settings = room_settings(self.project, self.codebook, given, self.campaign.title_prefix, suggestions)
        room = self.rooms.get(given)
        if not self.dry_run:
            self.accounts.prepare([given.annotator_id])
        if room is None:
            self.report.counts["projects_made"] += 1
            if self.dry_run:
                return None
            try:
                room = Room(given, self.client.create_project(**settings))
            except UnsureError:  # it may be there all the same
                time.sleep(PAUSE_SECONDS)
                found = find_rooms(self.client, self.corpus).get(given)
                if found is None:
                    raise
                room = found
            self.rooms[given] = room
            return room
        changed = changed_settings(room, settings)
        if changed:
            self.report.counts["projects_updated"] += 1
            if not self.dry_run:
                self.client.update_project(room.remote.id, room.remote.title, **changed)
        return room

    # the tasks

    def _send_tasks(self, room: Room, wanted: Mapping[str, Wanted]) -> dict[str, dict[str, Any]]:
        """Send what is missing until all is there; the tasks on the server by doc_id."""
        title, failure = room.remote.title, None
        for attempt in range(ATTEMPTS):
            there = self._one_each(room, check_data(self.client.tasks(room.remote.id, title), room))
            missing = [item.data for doc_id, item in wanted.items() if doc_id not in there]
            if self.dry_run:
                self.report.counts["tasks_sent"] += len(missing)
                return there
            if not missing:
                return self._compare(room, wanted, there)
            if attempt:
                time.sleep(PAUSE_SECONDS)
            try:
                for number in range(0, len(missing), BATCH):
                    self.say(f"{title}: task {number + 1} of {len(missing)}")
                    self.client.import_tasks(room.remote.id, title, missing[number : number + BATCH])
                    self.report.counts["tasks_sent"] += len(missing[number : number + BATCH])
            except UnsureError as error:
                failure = error  # list again: what is there decides, not what was answered
        there = self._one_each(room, check_data(self.client.tasks(room.remote.id, title), room))
        still = [doc_id for doc_id in wanted if doc_id not in there]
        if still:
            raise failure or StudioError(
                f"{len(still)} of {len(wanted)} tasks did not arrive in {title!r} (first {still[0]!r}), although the server "
                "took them; run the same command again"
            )
        return self._compare(room, wanted, there)

    def _one_each(self, room: Room, tasks: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """The tasks by doc_id; of a document sent twice (an answer was lost) the untouched later copies are deleted."""
        by_doc: dict[str, list[dict[str, Any]]] = {}
        for task in tasks:
            by_doc.setdefault(task["data"]["doc_id"], []).append(task)
        kept = {}
        for doc_id, copies in by_doc.items():
            copies.sort(key=lambda task: (not _is_touched(task), int(task["id"])))
            kept[doc_id] = copies[0]
            for copy in copies[1:]:
                if _is_touched(copy):
                    self.report.notes.append(
                        f"{room.given}: {doc_id} was answered in two tasks ({copies[0]['id']} and {copy['id']}); both are kept"
                    )
                    continue
                self.report.counts["copies_removed"] += 1
                if not self.dry_run:
                    self.client.delete_task(int(copy["id"]))
        return kept

    def _compare(
        self, room: Room, wanted: Mapping[str, Wanted], there: dict[str, dict[str, Any]]
    ) -> dict[str, dict[str, Any]]:
        """Read back: each task is what was sent. An untouched older one is brought up to date, unless its text changed."""
        for doc_id, item in wanted.items():
            data = there[doc_id]["data"]
            if data == item.data:
                continue
            if data["text_sha256"] != item.data["text_sha256"]:
                self.report.notes.append(
                    f"{room.given}: the text of {doc_id} has changed since it was sent; the task keeps the old text"
                )
            elif not _is_touched(there[doc_id]) and data.get("text") == item.data["text"]:
                self.report.counts["tasks_updated"] += 1
                self.client.update_task(int(there[doc_id]["id"]), item.data)
                there[doc_id]["data"] = item.data
        return there

    # the suggestions

    def _send_suggestions(self, room: Room, wanted: Mapping[str, Wanted], there: Mapping[str, dict[str, Any]]) -> None:
        title, failure, tasks = room.remote.title, None, dict(there)
        for attempt in range(ATTEMPTS):
            missing = [
                {
                    "task": int(tasks[doc_id]["id"]),
                    "model_version": item.provider,
                    "score": 1.0,
                    "result": item.suggested,
                }
                for doc_id, item in wanted.items()
                if item.suggested and not _predictions(tasks[doc_id], item.provider)
            ]
            if not missing:
                break
            if attempt:
                time.sleep(PAUSE_SECONDS)
            try:
                for number in range(0, len(missing), BATCH):
                    self.say(f"{title}: suggestions for task {number + 1} of {len(missing)}")
                    batch = missing[number : number + BATCH]
                    made = self.client.import_predictions(room.remote.id, title, batch)
                    self.report.counts["suggestions_sent"] += made
                    if made != len(batch):
                        failure = StudioError(
                            f"Label Studio made {made} of {len(batch)} suggestions in {title!r}: it skips labels that its interface "
                            "does not have; run: stancewire codebook build, then push again"
                        )
            except UnsureError as error:
                failure = error
            found = check_data(self.client.tasks(room.remote.id, title), room)
            tasks = self._one_each(room, found)
        self._check_suggestions(room, wanted, tasks, failure)

    def _check_suggestions(
        self,
        room: Room,
        wanted: Mapping[str, Wanted],
        tasks: Mapping[str, dict[str, Any]],
        failure: StudioError | None,
    ) -> None:
        """Every task has its suggestions, once and whole; a surplus copy of a repeated import is deleted."""
        for doc_id, item in wanted.items():
            found = _predictions(tasks[doc_id], item.provider)
            if item.suggested and not found:
                raise failure or StudioError(
                    f"the suggestions of {doc_id!r} are not in {room.remote.title!r}, although the server took them; run the "
                    "same command again"
                )
            for surplus in found[1:]:
                self.report.counts["copies_removed"] += 1
                self.client.delete_prediction(int(surplus["id"]))
            if (
                found
                and item.suggested
                and len(found[0]["result"]) < len(item.suggested)
                and not _is_touched(tasks[doc_id])
            ):
                raise StudioError(
                    f"{room.remote.title!r}: {len(found[0]['result'])} of {len(item.suggested)} results of the suggestions of "
                    f"{doc_id!r} arrived; delete its prediction in Label Studio, then push again"
                )


def _is_touched(task: Mapping[str, Any]) -> bool:
    return bool(task["annotations"] or task["drafts"])


def _predictions(task: Mapping[str, Any], provider: str) -> list[dict[str, Any]]:
    return sorted((p for p in task["predictions"] if p["model_version"] == provider), key=lambda p: int(p["id"]))


def bare_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """A stored result as the server takes it: without the words that only the store keeps."""
    return {
        name: result[name]
        for name in ("id", "from_name", "to_name", "type", "value", "origin", "meta")
        if name in result
    }


def push_pass(
    project: Project,
    client: Client,
    task_pass: str | None = None,
    round_number: int | None = None,
    *,
    annotators: Sequence[str] | None = None,
    exports: Path | None = None,
    dry_run: bool = False,
    say: Callable[[str], None] = quiet,
) -> PushReport:
    """Give out the tasks of the campaign.

    Args:
        task_pass, round_number, annotators: only these (default: all of campaign.yaml).
        exports: where it is looked up what was given out before (default: the project's stored exports).
        dry_run: change nothing; say what would be done.

    Raises:
        UsageError: the campaign has no such pass, round or annotator.
        StudioError: the server is away, refuses, or lost something; run again, it goes on.
    """
    campaign = read_campaign(project.campaign_yaml)
    rounds = [r for r in campaign.rounds if task_pass in (None, r.task_pass) and round_number in (None, r.round)]
    if annotators is not None:
        rounds = [_only(r, annotators) for r in rounds]
    if not any(r.annotators for r in rounds):
        known = (
            ", ".join(f"{r.task_pass} round {r.round} ({', '.join(r.annotators)})" for r in campaign.rounds)
            or "nothing"
        )
        raise UsageError(f"campaign.yaml gives out nothing like that; it has {known}")
    with Accounts(client, project.people_json) as accounts:
        push = Push(project, client, accounts, project.exports if exports is None else exports, dry_run, say)
        push.run(rounds)
        return push.report


def _only(round_: Round, annotators: Sequence[str]) -> Round:
    kept = tuple(name for name in round_.annotators if name in annotators)
    return Round(round_.task_pass, round_.round, kept, round_.suggestions, round_.documents)
