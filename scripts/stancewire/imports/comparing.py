"""One import's tasks beside what is stored: what was added, changed, removed since; written in pieces, put in at once.

What one annotator said of one document is one stored task. Tasks wait in memory until some thousand marks are there,
those of texts that stand in several tasks on disk until all of them are read. All files are stored aside, and put in
their places when the last is there, so that a killed import leaves nothing half-imported.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from ..engine import Spill
from ..label_studio.exports import (
    Given,
    StoredTask,
    latest_tasks,
    read_export,
    read_latest,
    settle_aside,
    stored_givens,
    write_export,
)
from ..label_studio.foreign import Said
from ..label_studio.offsets import canonical
from ..label_studio.pull import substance
from ..project import Project
from .inventory import Inventory, text_key, unstorable
from .joining import Joiner
from .plain import Asked, Ready, put_down, runs_of, store_run
from .plan import LABEL_STUDIO, Import, ImportReport
from .store import Storing, Task

RESULTS_AT_ONCE = 20_000  # marks in tasks that wait to be written
TITLE = "import "


@dataclass(frozen=True)
class _Before:
    """What is remembered of a stored task: a hash of what is in it, and whether anybody began or answered it."""

    digest: bytes
    is_begun: bool
    is_answered: bool

    @classmethod
    def of(cls, task: Task) -> _Before:
        digest = hashlib.sha256(substance(task).encode("utf-8", "surrogatepass")).digest()
        return cls(digest, bool(task["annotations"] or task["drafts"]), bool(task["annotations"]))


def _decoded(task: Task | StoredTask) -> Task:
    """A task as a value."""
    if isinstance(task, StoredTask):
        decoded: Task = msgspec.json.decode(task.data)
        return decoded
    return task


def _join(joined: dict[tuple[Given, str], Task], given: Given, task: Task) -> None:
    """Add a task to those of the same document and annotator that were read before it."""
    there = joined.setdefault((given, task["doc_id"]), task)
    if there is not task:
        there["annotations"] = sorted(
            [*there["annotations"], *task["annotations"]], key=lambda item: str(item["updated_at"])
        )
        there["drafts"] += task["drafts"]


class Comparison:
    """One import's stored tasks, from reading to writing.

    Args:
        accept_removals: see `stage.import_files`.
    """

    def __init__(
        self,
        project: Project,
        plan: Import,
        storing: Storing,
        joiner: Joiner,
        inventory: Inventory,
        report: ImportReport,
        accept_removals: bool,
    ) -> None:
        self.project, self.plan, self.storing, self.joiner = project, plan, storing, joiner
        self.inventory, self.report, self.accept_removals = inventory, report, accept_removals
        self.aside = project.exports_aside
        self.title = TITLE + storing.people.without_addresses(plan.source)
        self.ready: dict[Given, list[Task | StoredTask]] = {}
        self.n_ready = 0
        self.seen: set[str] = set()
        self.held: dict[Given, set[str]] = {}
        self.before: dict[Given, dict[str, _Before]] = {}
        self.titles: dict[Given, dict[str, str]] = {}

    def run(self, annotators: set[str]) -> None:
        """Read, compare, write."""
        round_ = self._round(annotators)
        with Spill(self.plan.size) as waiting:  # texts of several tasks, until all of them are read
            for item in self._read():
                if isinstance(item, Ready):
                    self.seen.add(item.doc_id)
                    for person, task, n_marks in item.given:
                        given = Given(self.storing.passes[0], round_, person)
                        self.held.setdefault(given, set()).add(item.doc_id)
                        self._add(given, task, n_marks)
                else:
                    self._take(item, round_, waiting)
            for records in waiting.buckets():
                joined: dict[tuple[Given, str], Task] = {}
                for task_pass, number, person, task in records:
                    _join(joined, Given(task_pass, number, person), task)
                for (given, _), whole in joined.items():
                    self._add(given, whole)
        self._flush()
        self._remove()
        self.storing.people.save()  # who was met in comments only
        settle_aside(self.aside, self.project.exports, is_whole=True)

    def _read(self) -> Iterator[Ready | Said]:
        """All tasks of all files; those that are plain are ready to be stored."""
        storing = self.storing
        if self.plan.format != LABEL_STUDIO or len(storing.passes) > 1:
            yield from self.plan.said()
            return
        with tempfile.TemporaryDirectory(prefix="stancewire-import-") as folder:
            path = Path(folder) / "asked"
            asked = Asked(
                text_field=self.plan.options.text_field,
                roles=storing.roles,
                people={names: storing.people.of(names) for names in self.inventory.people},
                codebook_version=storing.codebook_version,
                task_pass=storing.passes[0],
                day=storing.day,
                repeated=frozenset(key for key, times in self.inventory.texts.items() if times > 1),
                documents=self.joiner.whole_texts(),
            )
            put_down(asked, path)
            with self.plan.processes(store_run.__module__) as pool:
                shown = (lambda stored: stored.size) if self.plan.progress else None
                store = partial(store_run, path)
                for stored in pool.run(store, runs_of(self.plan.files), shown, self.plan.size, "bytes stored"):
                    storing.counts.update(stored.counts)
                    yield from stored.tasks

    def _take(self, said: Said, round_: int, waiting: Spill) -> None:
        """Store what one text's answers say, or let it wait for the other tasks of the same text."""
        if unstorable(said.text) or not said.text.strip():
            return
        target = self.joiner.find(said)
        if target is None:
            return  # a text without answers, which nobody needs here
        self.seen.add(target.doc_id)
        repeated = said.own is not None or self.inventory.texts[text_key(canonical(said.text))] > 1
        for (task_pass, own_round, person), task in self.storing.tasks(said, target).items():
            given = Given(task_pass, own_round or round_, person)
            self.held.setdefault(given, set()).add(target.doc_id)
            if repeated:
                waiting.add(target.doc_id, [given.task_pass, given.round, given.annotator_id, task])
            else:
                self._add(given, task)

    def _add(self, given: Given, task: Task | StoredTask, n_marks: int | None = None) -> None:
        self.ready.setdefault(given, []).append(task)
        if not isinstance(task, StoredTask):
            n_marks = sum(len(answer["result"]) for answer in task["annotations"])
        self.n_ready += 1 + (n_marks or 0)
        if self.n_ready >= RESULTS_AT_ONCE:
            self._flush()

    def _round(self, annotators: set[str]) -> int:
        """The round of this source's tasks: that of its earlier imports, else the first that is free of others'."""
        stored = [given for given in stored_givens(self.project.exports) if given.annotator_id in annotators]
        for given in stored:
            if self.title in self._titles(given).values():
                return given.round
        taken = {given.round for given in stored if given.task_pass in self.storing.passes}
        return next(number for number in range(1, len(taken) + 2) if number not in taken)

    def _titles(self, given: Given) -> dict[str, str]:
        """Of each document of a stored series: the project that its latest state came from."""
        if given not in self.titles:
            found: dict[str, str] = {}
            for path in sorted(given.folder(self.project.exports).glob("*.json"), key=lambda path: int(path.stem)):
                document = read_export(path, given, self.project.schema)
                found |= {task["doc_id"]: document["project"] for task in document["tasks"]}
            self.titles[given] = found
        return self.titles[given]

    def _latest(self, given: Given) -> dict[str, _Before]:
        if given not in self.before:
            stored = read_latest(self.project.exports, given, self.project.schema)
            self.before[given] = {task["doc_id"]: _Before.of(task) for task in stored}
        return self.before[given]

    def _flush(self) -> None:
        for given, tasks in sorted(self.ready.items()):
            before = self._latest(given)
            fresh: list[Task | StoredTask] = []
            for task in tasks:
                there = before.get(task.doc_id if isinstance(task, StoredTask) else task["doc_id"])
                if there is not None and there.digest == _Before.of(_decoded(task)).digest:
                    self.report.counts["same"] += 1
                    continue
                self.report.counts["changed" if there is not None and there.is_begun else "added"] += 1
                fresh.append(task)
            self._write(given, fresh)
        self.ready.clear()
        self.n_ready = 0

    def _write(self, given: Given, tasks: list[Task | StoredTask]) -> None:
        if tasks:
            exports = self.project.exports
            path = write_export(exports, given, self.title, tasks, self.project.schema, self.aside)
            self.report.stored.append(exports / path.relative_to(self.aside))

    def _remove(self) -> None:
        """Answers of this source that its new export does not hold any more."""
        for given in stored_givens(self.project.exports):
            titles = self._titles(given) if given in self.before or self._is_ours(given) else {}
            gone: set[str] = set()
            for doc_id, before in (self._latest(given) if titles else {}).items():
                held = self.held.get(given, set())
                if titles.get(doc_id) != self.title or doc_id in held or not before.is_answered:
                    continue
                if doc_id in self.seen or self.accept_removals:
                    gone.add(doc_id)
                else:
                    self.report.counts["kept although not in this export"] += 1
            self.report.counts["removed"] += len(gone)
            self._write(given, self._emptied(given, gone))
        if self.report.counts["kept although not in this export"]:
            number = self.report.counts["kept although not in this export"]
            said = "if they were deleted on purpose: --accept-removals"
            self.report.notes.append(f"{number} answers are on texts that this export does not hold, and stay; {said}")

    def _emptied(self, given: Given, doc_ids: set[str]) -> list[Task | StoredTask]:
        """The latest stored tasks of these documents, without answers."""
        if not doc_ids:
            return []
        stored = latest_tasks(self.project.exports, given, self.project.schema)
        return [{**stored[doc_id], "annotations": [], "drafts": []} for doc_id in sorted(doc_ids)]

    def _is_ours(self, given: Given) -> bool:
        return self.title in self._titles(given).values()
