"""The stage `import`: exports of anyone's → stored exports of ours, append-only, from which `build` makes the rest.

An export is read twice: once to see what it holds (then an unknown label or text stops everything, with nothing
written), once to store it. What one annotator said of one document is one stored task; a later export of the same
project stores what changed since, and an answer that is gone from it as removed.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..codebook import read_campaign, read_codebook
from ..engine import Spill
from ..errors import ExportError, UsageError
from ..label_studio.exports import Given, latest_tasks, read_export, read_latest, stored_givens, write_export
from ..label_studio.foreign import Said
from ..label_studio.foreign_json import read_label_studio
from ..label_studio.offsets import canonical
from ..label_studio.pull import substance
from ..label_studio.tasks import read_articles
from ..project import Project
from ..tables import write_text
from .brat import read_brat
from .columns import read_conll, read_item_table
from .fresh import add_sources, describe_annotators, start_project
from .inventory import Inventory, take_inventory, text_key, unstorable
from .joining import Joiner
from .json_lines import read_doccano, read_prodigy
from .mapping import LabelMapping, Roles, proposed_mapping
from .people import People
from .reading import Options
from .store import Storing, Task
from .webanno import read_webanno

READERS: dict[str, Callable[[Path, Options], Iterator[Said]]] = {
    "label-studio": lambda path, options: read_label_studio(path, options.text_field),
    "brat": read_brat,
    "webanno": read_webanno,
    "doccano": read_doccano,
    "prodigy": read_prodigy,
    "conll": read_conll,
    "csv": read_item_table,
}
RESULTS_AT_ONCE = 20_000  # marks in tasks that wait to be written
TITLE = "import "


@dataclass
class ImportReport:
    """What an import did: counts by name, notes for a person, files stored."""

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    stored: list[Path] = field(default_factory=list)
    source: str = ""


@dataclass(frozen=True)
class Import:
    """What is imported: the files, their format, the name under which a later export of the same project is known."""

    files: tuple[Path, ...]
    format: str
    source: str
    options: Options = field(default_factory=Options)

    def said(self) -> Iterator[Said]:
        """All texts of all files, in order."""
        for path in self.files:
            yield from READERS[self.format](path, self.options)

    @property
    def day(self) -> str:
        """The day of the newest file: when answers that have no date were given at the latest."""
        newest = max(path.stat().st_mtime for path in self.files)
        return datetime.datetime.fromtimestamp(newest, datetime.UTC).date().isoformat()


def plan_import(
    files: Sequence[Path], format: str, source: str | None = None, options: Options | None = None
) -> Import:
    """An import of these files.

    Raises:
        UsageError: there is no such format. ExportError: there is no such file.
    """
    if format not in READERS:
        raise UsageError(f"unknown format {format!r}; known formats: {', '.join(READERS)}")
    for path in files:
        if not path.exists():
            raise ExportError(f"{path}: there is no such file")
    return Import(tuple(files), format, source or default_source(files[0], format), options or Options())


def default_source(path: Path, format: str) -> str:
    """The project's name where none is given: the file's, without the time that Label Studio puts into it."""
    stem = re.sub(r"-at-\d{4}-\d{2}-\d{2}-\d{2}-\d{2}(?:-[0-9a-f]+)?$", "", path.resolve().stem)
    return f"{format} {stem}"


def import_files(
    project: Project,
    plan: Import,
    mapping: LabelMapping,
    *,
    add_texts: bool = False,
    accept_removals: bool = False,
    dry_run: bool = False,
    write_mapping: Path | None = None,
    fresh: Inventory | None = None,
) -> ImportReport:
    """Store what the files say in `annotations/exports`; the caller holds the project's writer lock.

    Args:
        add_texts: texts that the corpus does not have become sources of it, and the corpus is converted anew.
        accept_removals: believe that documents which a later export does not hold were removed from its project.
        write_mapping: write a mapping file to be filled in here, and import nothing.
        fresh: the inventory, where the project was just made for this import.

    Raises:
        ExportError: a file cannot be read, or holds a label or a text that the project does not know; then nothing is
            stored.
    """
    from ..corpus import convert_corpus

    inventory = fresh or take_inventory(plan.said())
    codebook = read_codebook(project.codebook_yaml)
    roles = Roles(codebook, mapping, inventory)
    report = ImportReport(source=plan.source)
    if write_mapping is not None:
        write_text(write_mapping, proposed_mapping(roles, inventory))
        report.notes.append(f"wrote {write_mapping}; fill it in, then import with --mapping {write_mapping}")
        return report
    _refuse_unknown(roles, inventory)
    _describe(inventory, report)
    if add_texts or fresh is not None:
        texts = [canonical(article.text) for article in read_articles(project).values()] if fresh is None else []
        known = set(map(text_key, texts))
        if not dry_run:
            report.counts["texts added"] = add_sources(project, plan.said(), known, plan.day)
            convert_corpus(project)
    articles = read_articles(project)
    joiner = Joiner(articles, codebook)
    if not add_texts:
        _refuse_strangers(plan, joiner)
    if dry_run:
        report.notes.append("nothing was stored: this was a dry run")
        return report
    people = People(project, plan.source, (a.annotator_id for a in read_campaign(project.campaign_yaml).annotators))
    passes = roles.passes(inventory)
    storing = Storing(roles, people, codebook.version, passes, inventory.offsets, plan.day)
    annotators = {people.of(names) for names in sorted(inventory.people)}
    added = describe_annotators(project, annotators, passes, fresh is not None) if annotators else []
    if added and fresh is None:
        report.notes.append(f"campaign.yaml: described {', '.join(added)} as human; mend it where one is a model")
    _Stage(project, plan, storing, joiner, inventory, report, accept_removals).run(annotators)
    people.save()
    report.counts.update(storing.counts)
    if report.counts["answers counted in UTF-16 units"]:
        said = "count UTF-16 units by their quotes; their offsets were turned into code points"
        report.notes.append(f"{report.counts['answers counted in UTF-16 units']} answers {said}")
    return report


def _refuse_unknown(roles: Roles, inventory: Inventory) -> None:
    unknown = roles.unknown(inventory)
    if unknown:
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        said = "say what it is in a mapping file: --write-mapping FILE makes one to fill in, --mapping FILE reads it"
        raise ExportError(f"{unknown[0]}{more}; {said}")


def _describe(inventory: Inventory, report: ImportReport) -> None:
    report.counts["tasks"] = inventory.tasks
    report.counts["texts"] = len(inventory.texts)
    repeated = sum(times > 1 for times in inventory.texts.values())
    if repeated:
        report.notes.append(f"{repeated} texts stand in several tasks; their answers are joined")
    if inventory.empty:
        report.notes.append(f"{len(inventory.empty)} tasks have no text (the first: {inventory.empty[0]}); left out")
        report.counts["tasks without text"] = len(inventory.empty)
    for place, reason in inventory.refused:
        report.notes.append(f"left out {place}: {reason}")
    report.counts["tasks refused"] = len(inventory.refused)
    if len(inventory.people) == 1:
        report.notes.append("one annotator only: nothing can be said about agreement")
    if len(inventory.counted) > 1:
        report.notes.append(f"some answers count code points, some UTF-16 units: {dict(inventory.counted)}")


def _refuse_strangers(plan: Import, joiner: Joiner) -> None:
    strange = [
        said.place
        for said in plan.said()
        if said.text.strip() and not unstorable(said.text) and said.answers and joiner.find(said) is None
    ]
    if strange:
        said = "take them into the corpus with --add-texts, or make a project of their own with --into DIR"
        raise ExportError(f"{len(strange)} texts are not in the corpus (the first: {strange[0]}); {said}")


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


def _join(joined: dict[tuple[Given, str], Task], given: Given, task: Task) -> None:
    """Add a task to those of the same document and annotator that were read before it."""
    there = joined.setdefault((given, task["doc_id"]), task)
    if there is not task:
        there["annotations"] = sorted(
            [*there["annotations"], *task["annotations"]], key=lambda item: str(item["updated_at"])
        )
        there["drafts"] += task["drafts"]


class _Stage:
    """One import's stored tasks, from reading to writing."""

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
        self.title = TITLE + storing.people.without_addresses(plan.source)
        self.ready: dict[Given, list[Task]] = {}
        self.n_ready = 0
        self.seen: set[str] = set()
        self.held: dict[Given, set[str]] = {}
        self.before: dict[Given, dict[str, _Before]] = {}
        self.titles: dict[Given, dict[str, str]] = {}

    def run(self, annotators: set[str]) -> None:
        """Read, compare, write."""
        round_ = self._round(annotators)
        expected = sum(path.stat().st_size for path in self.plan.files if path.is_file())
        with Spill(expected) as waiting:  # texts of several tasks, until all of them are read
            for said in self.plan.said():
                if unstorable(said.text) or not said.text.strip():
                    continue
                target = self.joiner.find(said)
                if target is None:
                    continue  # a text without answers, which nobody needs here
                self.seen.add(target.doc_id)
                repeated = said.own is not None or self.inventory.texts[text_key(canonical(said.text))] > 1
                for (task_pass, own_round, person), task in self.storing.tasks(said, target).items():
                    given = Given(task_pass, own_round or round_, person)
                    self.held.setdefault(given, set()).add(target.doc_id)
                    if repeated:
                        waiting.add(target.doc_id, [given.task_pass, given.round, given.annotator_id, task])
                    else:
                        self._add(given, task)
            for records in waiting.buckets():
                joined: dict[tuple[Given, str], Task] = {}
                for task_pass, number, person, task in records:
                    _join(joined, Given(task_pass, number, person), task)
                for (given, _), task in joined.items():
                    self._add(given, task)
        self._flush()
        self._remove()

    def _add(self, given: Given, task: Task) -> None:
        self.ready.setdefault(given, []).append(task)
        self.n_ready += 1 + sum(len(answer["result"]) for answer in task["annotations"])
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
            fresh: list[Task] = []
            for task in tasks:
                there = before.get(task["doc_id"])
                if there is not None and there.digest == _Before.of(task).digest:
                    self.report.counts["same"] += 1
                    continue
                self.report.counts["changed" if there is not None and there.is_begun else "added"] += 1
                fresh.append(task)
            self._write(given, fresh)
        self.ready.clear()
        self.n_ready = 0

    def _write(self, given: Given, tasks: list[Task]) -> None:
        if tasks:
            path = write_export(self.project.exports, given, self.title, tasks, self.project.schema)
            self.report.stored.append(path)

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

    def _emptied(self, given: Given, doc_ids: set[str]) -> list[Task]:
        """The latest stored tasks of these documents, without answers."""
        if not doc_ids:
            return []
        stored = latest_tasks(self.project.exports, given, self.project.schema)
        return [{**stored[doc_id], "annotations": [], "drafts": []} for doc_id in sorted(doc_ids)]

    def _is_ours(self, given: Given) -> bool:
        return self.title in self._titles(given).values()


def import_into(directory: Path, plan: Import, mapping: LabelMapping) -> tuple[Project, ImportReport]:
    """Make a fresh project in `directory`: texts, derived codebook, stored exports, all tables.

    It is made beside and moved, so that a failed import leaves nothing.

    Raises:
        UsageError: the folder is not empty. ExportError: a file cannot be read.
    """
    import os
    import shutil
    import tempfile

    from ..build import build_project
    from ..codebook.build import write_codebook_files

    directory = directory.resolve()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory} is not an empty folder; name a new one")
    inventory = take_inventory(plan.said())
    if inventory.tasks == len(inventory.empty) + len(inventory.refused):
        raise ExportError(f"{plan.files[0]}: there is no text in it that could be a document; nothing was made")
    directory.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".importing-", dir=directory.parent))
    try:
        project, grown = start_project(beside / directory.name, inventory, mapping)
        with project.writing():
            write_codebook_files(project)
            report = import_files(project, plan, grown, fresh=inventory)
            built = build_project(project)
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
