"""Tasks out: accounts, a project for each annotator, bare tasks, then suggestions; everything counted and read back.

Run twice, it changes nothing; killed, it goes on where it stopped: what is there is listed by doc_id before anything
is sent, and again afterwards. A task whose text has changed since it was sent keeps the old text, and that is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..codebook import Round, read_campaign, read_codebook
from ..codebook.model import Codebook
from ..errors import UsageError
from ..project import Project
from ..text.view import View
from .accounts import Accounts
from .client import Client, UnsureError
from .delivery import PAUSE_SECONDS, Delivery, PushReport, Wanted, is_touched
from .environment import Say, quiet
from .exports import Given, latest_tasks
from .projection import DIFFERING, Projector
from .rooms import Room, changed_settings, corpus_name, find_rooms, kept_version, room_settings
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

PASSAGES = "only the passages that differ from {}"


@dataclass
class Push:
    """One push: what it reads once, and the server it talks to."""

    project: Project
    client: Client
    accounts: Accounts
    exports: Path
    dry_run: bool = False
    say: Say = quiet
    reprints: str | None = None
    report: PushReport = field(default_factory=PushReport)

    def __post_init__(self) -> None:
        self.codebook: Codebook = read_codebook(self.project.codebook_yaml)
        self.campaign = read_campaign(self.project.campaign_yaml)
        self.articles: dict[str, Article] = read_articles(self.project)
        self.gold: Gold = read_gold(self.project)
        self.corpus = corpus_name(self.project)
        self.held: dict[tuple[str, int, str], dict[str, None]] = {}
        self.rooms = find_rooms(self.client, self.corpus)
        self.projector = Projector(self.project, self.codebook, self.gold)
        self.recognizer = Recognizer(self.codebook, (m for found in self.gold.mentions.values() for m in found))

    def run(self, rounds: Iterable[Round]) -> None:
        """Give out these rounds."""
        for round_ in rounds:
            documents = self._documents(round_)
            for annotator_id in round_.annotators:
                self._give_out(Given(round_.task_pass, round_.round, annotator_id), round_, documents)
        for (task_pass, number, reason), found in self.held.items():
            named = ", ".join(list(found)[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
            self.report.counts["documents_held_back"] += len(found)
            self.report.notes.append(f"{task_pass} r{number}: not given out: {named}: {reason}")
        self.held.clear()
        self.report.review = list(dict.fromkeys(self.projector.review))
        self.report.counts["places_for_review"] += len(self.report.review)

    def _documents(self, round_: Round) -> list[str]:
        chosen = self._named_documents(round_)
        if self.reprints is None:
            return chosen
        roles = self.codebook.pass_named(round_.task_pass).roles
        queued, copies = self.projector.queued(chosen, self.reprints, roles)
        if copies:
            reason = "it says nothing in other words than the head of its story: nothing new to annotate"
            self.held.setdefault((round_.task_pass, round_.round, reason), {}).update(dict.fromkeys(copies))
        if self.reprints == DIFFERING and not round_.suggestions:
            note = f"{round_.task_pass} r{round_.round}: campaign.yaml shows no suggestions in it; nothing is projected"
            self.report.notes.append(note)
        return queued

    def _named_documents(self, round_: Round) -> list[str]:
        if round_.documents is None:
            return sorted(self.articles)
        unknown = [doc_id for doc_id in round_.documents if doc_id not in self.articles]
        if unknown:
            raise UsageError(
                f"campaign.yaml gives out {unknown[0]!r} in {round_.task_pass} round {round_.round}; the corpus "
                "has no such "
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
        Delivery(self.client, room, wanted, self.report, self.dry_run, self.say).deliver()

    # what should be there

    def _wanted(self, given: Given, round_: Round, documents: Sequence[str]) -> dict[str, Wanted]:
        stored = latest_tasks(self.exports, given, self.project.schema)
        wanted = {}
        for doc_id in documents:
            made = self._task(self.articles[doc_id], given, round_.suggestions, stored.get(doc_id))
            reason = made if isinstance(made, str) else task_fault(made.data, self.project.schema)
            if isinstance(made, str) or reason is not None:
                self.held.setdefault((given.task_pass, given.round, str(reason)), {})[doc_id] = None
            else:
                wanted[doc_id] = made
        return wanted

    def _task(
        self, article: Article, given: Given, suggestions: bool, stored: Mapping[str, Any] | None
    ) -> Wanted | str:
        """The task of one document, or why it cannot be given out.

        One that was given out before, and came back, is given out as it was: same view, entities, suggestions, version.
        """
        if stored is not None and is_touched(stored):
            if stored["text_sha256"] != article.text_sha256:
                return (
                    "the text has changed since somebody judged it; what was said of the old text is kept, and a "
                    "new round "
                    "in campaign.yaml gives out the new one"
                )
            view = stored_view(article, stored["view"])
            offered = [(alias, name, label) for alias, name, label in stored["entities"]]
            version, shown = stored["codebook_version"], stored["suggestions_shown"]
            data = make_task(article, given, view, offered, version, shown)
            if not stored["predictions"]:
                return Wanted(data, [])
            made = [
                ([bare_result(result) for result in item["result"]], item.get("model_version", PROVIDER))
                for item in stored["predictions"]
            ]
            return Wanted(data, *made[0], tuple(made[1:]))
        shown = self.codebook.pass_named(given.task_pass)
        is_other = self.reprints == DIFFERING
        view = self.projector.view(article, shown) if is_other else article_view(article, shown)
        if given.task_pass == "entities":
            offered = offered_in_entity_pass(view[0], self.codebook)
        elif article.doc_id not in self.gold.merged:
            return "its entity pass is not merged yet; first: stancewire pull, stancewire merge"
        else:
            offered = offered_in_stance_pass(article.doc_id, self.gold)
        if is_other:
            head = self.projector.head_of(article.doc_id)
            if not self.projector.is_merged(head, given.task_pass):
                return "the head of its story is not merged yet; first: push --reprints heads, pull, merge"
            offered = self.projector.offered(article.doc_id, offered)
            article = replace(article, meta_line=f"{article.meta_line} · {PASSAGES.format(head)}")
        data = make_task(article, given, view, offered, self.codebook.version, suggestions)
        return Wanted(data, self._suggestions(article, given.task_pass, view, offered) if suggestions else [])

    def showed_passages(self, given: Given, stored: Mapping[str, Any]) -> bool:
        """Did a stored task that nobody has begun show only what differs from the head of its story?"""
        article = self.articles[stored["doc_id"]]
        if is_touched(stored) or stored["text_sha256"] != article.text_sha256:
            return False
        _, view = article_view(article, self.codebook.pass_named(given.task_pass))
        shown = {(start, end) for _, start, end, _ in stored["view"]}
        whole = {(piece.start, piece.end) for piece in view.pieces}
        return shown < whole and self.projector.head_of(article.doc_id) != article.doc_id

    def _suggestions(
        self, article: Article, task_pass: str, view: tuple[str, View], offered: Sequence[tuple[str, str, str]]
    ) -> list[Any]:
        """What is suggested in a task: known names; and with `reprints` what is said of the head of the story."""
        aliases = [alias for alias, _, _ in offered]
        if task_pass != "entities":
            return self.projector.stances(article.doc_id, view[1], aliases) if self.reprints == DIFFERING else []
        found = self.recognizer.suggest(article.doc_id, view[0])
        if self.reprints != DIFFERING:
            return prediction_results(article.doc_id, found, aliases)
        projected, taken = self.projector.mentions(article.doc_id, view[1], aliases)
        fresh = [item for item in found if all(item.end <= start or end <= item.start for start, end in taken)]
        return [*projected, *prediction_results(article.doc_id, fresh, aliases)]

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
        settings["model_version"] = kept_version(room, settings["model_version"])
        changed = changed_settings(room, settings)
        if changed:
            self.report.counts["projects_updated"] += 1
            if not self.dry_run:
                self.client.update_project(room.remote.id, room.remote.title, **changed)
        return room


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
    reprints: str | None = None,
) -> PushReport:
    """Give out the tasks of the campaign.

    Args:
        task_pass, round_number, annotators: only these (default: all of campaign.yaml).
        exports: where it is looked up what was given out before (default: the project's stored exports).
        dry_run: change nothing; say what would be done.
        reprints: `heads`: only the fullest version of each story; `differing`: of the others only the passages that
            differ from it, with what was merged of it as suggestions. None: all documents, nothing projected.

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
        push = Push(project, client, accounts, project.exports if exports is None else exports, dry_run, say, reprints)
        push.run(rounds)
        return push.report


def _only(round_: Round, annotators: Sequence[str]) -> Round:
    kept = tuple(name for name in round_.annotators if name in annotators)
    return Round(round_.task_pass, round_.round, kept, round_.suggestions, round_.documents)
