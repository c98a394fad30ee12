"""Plain tasks of raw Label Studio exports, many at a time and by several processes.

What `inventory.py` and `store.py` make of a task that is a text and labelled spans (`label_studio.plain_exports`), they
are made of here without an object a mark; the tasks stored are the same bytes. Every other task is left to these two.
"""

from __future__ import annotations

import pickle
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..label_studio.exports import CONTEXT, StoredTask
from ..label_studio.foreign import LABELS, SKIPPED, Answer, Said
from ..label_studio.foreign_json import read_said
from ..label_studio.offsets import same_words
from ..label_studio.plain import PlainAnswer, PlainResult, PlainTask, PlainValue, plain_text
from ..label_studio.plain_exports import PlainSaid, Span, read_plain_said
from ..label_studio.splitting import Run, read_runs
from ..tables import row_id
from .inventory import Inventory, take_inventory, text_key
from .joining import WholeTexts
from .mapping import Roles

BYTES_A_RUN = 4 << 20  # of tasks that a process takes at once
DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_LARGEST = 1e15  # seconds; such numbers are spelt in one way


def runs_of(files: tuple[Path, ...]) -> Iterator[Run]:
    """All tasks of all files, some at a time.

    Raises:
        ExportError: a file cannot be read as JSON; what stands before the fault has been given by then.
    """
    for path in files:
        yield from read_runs(path, BYTES_A_RUN)


def size_of(run: Run) -> int:
    """Bytes of a run's tasks."""
    return sum(size for _, size in run.places)


def count_run(text_field: str | None, run: Run) -> tuple[Inventory, int]:
    """What some tasks hold, and their bytes.

    Raises:
        ExportError: as `read_said`.
    """
    found = Inventory()
    for number, data in run.objects():
        said = read_plain_said(data, text_field)
        if said is None:
            found.add(take_inventory([read_said(data, run.path, number, text_field)]))
            continue
        found.tasks += 1
        found.projects |= set() if said.project is None else {said.project}
        found.texts[text_key(said.text)] += 1
        for answer, spans in said.answers:
            found.people.add(answer.people)
            for name in {span.from_name for span in spans}:
                labels = [span.value.labels[0] for span in spans if span.from_name == name]
                found.control(name, True, LABELS).values.update(labels)
    return found, size_of(run)


@dataclass(frozen=True)
class Asked:
    """What plain tasks are stored with.

    Attributes:
        people: pseudonyms by all names. task_pass: the only pass of the import. day: of answers that have none.
        repeated: keys of texts that stand in several tasks, which are not stored here.
        documents: of the corpus, by their texts.
    """

    text_field: str | None
    roles: Roles
    people: Mapping[tuple[str, ...], str]
    codebook_version: str
    task_pass: str
    day: str
    repeated: frozenset[bytes]
    documents: WholeTexts


@dataclass(frozen=True)
class Ready:
    """A plain task: the document, and of each annotator the stored task and the number of its marks."""

    doc_id: str
    given: tuple[tuple[str, StoredTask, int], ...]


@dataclass
class Stored:
    """What became of some tasks, in their order: ready, or what they say, to be stored the long way."""

    tasks: list[Ready | Said]
    counts: Counter[str]
    size: int


def put_down(asked: Asked, path: Path) -> None:
    """Write what tasks are stored with where every process finds it: too much to be sent along with each run."""
    path.write_bytes(pickle.dumps(asked))


@lru_cache(maxsize=1)
def _taken_up(path: Path) -> Asked:
    asked: Asked = pickle.loads(path.read_bytes())  # from this import's own folder
    return asked


def store_run(path: Path, run: Run) -> Stored:
    """Some tasks as they will be stored.

    Args:
        path: of what was `put_down`.

    Raises:
        ExportError: as `read_said`.
    """
    asked = _taken_up(path)
    found = Stored([], Counter(), size_of(run))
    for number, data in run.objects():
        said = read_plain_said(data, asked.text_field)
        ready = None if said is None else _store(asked, said, found.counts)
        found.tasks.append(read_said(data, run.path, number, asked.text_field) if ready is None else ready)
    return found


def _store(asked: Asked, said: PlainSaid, counts: Counter[str]) -> Ready | None:
    digest = text_key(said.text)
    doc_id = None if digest in asked.repeated else asked.documents.get(digest)
    if doc_id is None:
        return None
    given: list[tuple[str, StoredTask, int]] = []
    counted: Counter[str] = Counter()
    for answer, spans in said.answers:
        person = asked.people.get(answer.people)
        results = None if person is None else _results(asked.roles, said.text, spans)
        if person is None or results is None or any(person == other for other, *_ in given):
            return None
        if not all(day is None or DAY.fullmatch(day) for day in (answer.created, answer.updated)):
            return None
        seconds = answer.seconds
        if seconds is not None and (isinstance(seconds, bool) or not (seconds == 0 or 1e-3 <= seconds < _LARGEST)):
            return None
        task = PlainTask(
            annotations=[_answer(answer, results, person, doc_id, asked.day)],
            codebook_version=asked.codebook_version,
            doc_id=doc_id,
            drafts=[],
            entities=[],
            predictions=[],
            suggestions_shown=False,
            text_sha256=digest.hex(),
            view=[(0, 0, len(said.text), 0)],
        )
        given.append((person, StoredTask(doc_id, plain_text(task)), len(results)))
        counted[f"{answer.state} answers"] += 1
        counted["marked values"] += len(results)
    counts += counted
    return Ready(doc_id, tuple(given))


def _answer(answer: Answer, results: list[PlainResult], person: str, doc_id: str, day: str) -> PlainAnswer:
    created = answer.created or answer.updated or day
    return PlainAnswer(
        completed_by=person,
        created_at=created,
        ground_truth=answer.ground_truth,
        lead_time=answer.seconds,
        result=results,
        unique_id=answer.answer_id or row_id("imported", person, doc_id, 0),
        updated_at=answer.updated or created,
        was_cancelled=answer.state == SKIPPED,
    )


def _results(roles: Roles, text: str, spans: list[Span]) -> list[PlainResult] | None:
    found = []
    for span in spans:
        value = span.value
        if roles.roles.get((span.from_name, True)) != "mention":
            return None
        start, end, label = value.start, value.end, value.labels[0]
        quote = text[start:end]
        if "@" in label:  # an address is somebody's
            return None
        if value.text is not None and value.text != quote and not same_words(quote, value.text):
            quote = value.text
            if "@" in quote:
                return None
        found.append(
            PlainResult(
                after=text[end : end + CONTEXT],
                before=text[max(0, start - CONTEXT) : start],
                from_name="mention",
                id=span.id,
                origin="manual",
                quote=quote,
                to_name="text",
                type="labels",
                value=PlainValue(end=end, labels=[roles.read("mention", label) or label], start=start),
            )
        )
    return found
