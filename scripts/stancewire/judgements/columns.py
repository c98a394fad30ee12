"""Plain answers as columns: the same rows as `rows.py` gives, of many documents at a time, without an object a row.

An answer is plain where it is the only state of its task, made on today's text of the document in one piece, with
nothing offered or suggested, and each of its marks is a region of its own with one mention label. All states of a
document are read as columns, or all as rows; of a plain answer the marks that belong into quarantine are read as rows.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ..codebook.model import Codebook
from ..engine.spill import read_bucket
from ..errors import ExportError, Problem
from ..label_studio.exports import Given, task_submissions
from ..label_studio.model import Mark, Submission
from ..label_studio.plain import PlainResult, PlainTask, read_plain
from ..label_studio.raw_exports import stored_task_fault
from ..tables import TableSchema
from ..tables.bulk_ids import row_ids
from ..text.view import Piece
from .history import assignment_row, read_judgements
from .names import NameIndex, resolve_surfaces
from .places import Document
from .reading import Row, at_midnight
from .rows import read_submission
from .terms import Terms
from .volume import DOCUMENT, Spread, plain_table

# What is said once for all marks of an answer, and once for each.
_OF_ANSWERS = (
    *("doc_id", "annotator_id", "task_pass", "round", "made_text_sha256", "project"),
    *("created_at", "updated_at", "seconds", "codebook_version"),
)
_OF_MARKS = ("region_id", "start", "end", "text", "label", "entity_id")
_ALIKE = {"layer": "mention", "anchor": "same", "origin": "manual", "status": "current"}


@dataclass(frozen=True)
class Asked:
    """What all documents are read with.

    Attributes:
        schemas: of the three tables. root: of the project's schemas. fineness: of the parts they are spread over.
        withdrawn: documents that are in no table.
    """

    codebook: Codebook
    models: frozenset[str]
    schemas: Mapping[str, TableSchema]
    root: Path
    fineness: int
    withdrawn: frozenset[str] = frozenset()


@dataclass
class Part:
    """The rows of some documents, in no order.

    Attributes:
        current: judgements that vote. counts, problems: as those of `stage.Judgements`.
    """

    assignments: pa.Table
    judgements: Spread
    quarantine: Spread
    current: int
    counts: Counter[str]
    problems: list[Problem]


@dataclass(frozen=True)
class _State:
    """A stored state of a task, as its JSON."""

    given: Given
    sequence: int
    path: str
    project: str
    raw: bytes

    def submissions(self, schemas: Path) -> Iterator[Submission]:
        """As the rows' reader has them.

        Raises:
            ExportError: the task breaks export.schema.json.
        """
        task = json.loads(self.raw)
        fault = stored_task_fault(task, schemas)
        if fault is not None:
            said = "stored exports are never edited: take it back from git"
            raise ExportError(f"{self.path} is not a stored export: {fault}; {said}")
        return task_submissions(task, self.given, self.sequence, self.path, self.project)


@dataclass
class _Columns:
    """Judgements of plain answers, one a position; `answers`: how many positions, and the values of _OF_ANSWERS."""

    answers: list[tuple[Any, ...]] = field(default_factory=list)
    marks: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in _OF_MARKS})
    given: list[str] = field(default_factory=list)  # the label as it was given, which the id is made of
    assignments: list[Row] = field(default_factory=list)
    quarantine: list[Row] = field(default_factory=list)


def read_part(asked: Asked, path: Path) -> Part:
    """The rows of one bucket of documents and stored states.

    Raises:
        ExportError: a stored task breaks the schema.
    """
    documents: dict[str, Document] = {}
    states: dict[str, list[_State]] = {}
    for doc_id, about, data in read_bucket(path):
        if about == DOCUMENT:
            documents[doc_id] = Document(doc_id, *data)
        else:
            task_pass, number, person, sequence, export_path, project = about
            state = _State(Given(task_pass, number, person), sequence, export_path, project, data)
            states.setdefault(doc_id, []).append(state)
    reader = _Reader(asked)
    others: list[Submission] = []
    for doc_id, found in sorted(states.items()):
        document = documents.get(doc_id)
        if document is None or not reader.add(document, found):
            others += [submission for state in found for submission in state.submissions(asked.root)]
    judged = [documents[name] for name in {submission.doc_id for submission in others} if name in documents]
    rows = read_judgements(others, judged, asked.codebook, asked.models, asked.withdrawn)
    columns = reader.columns
    tables = {
        "judgements": pa.concat_tables([reader.table(), plain_table(asked.schemas["judgements"], rows.judgements)]),
        "quarantine": plain_table(asked.schemas["quarantine"], [*columns.quarantine, *rows.quarantine]),
    }
    current = len(columns.given) + sum(row["status"] == "current" for row in rows.judgements)
    spread = {name: Spread.of(asked.schemas[name], table, asked.fineness) for name, table in tables.items()}
    assignments = plain_table(asked.schemas["assignments"], [*columns.assignments, *rows.assignments])
    return Part(assignments, spread["judgements"], spread["quarantine"], current, rows.counts, rows.problems)


class _Reader:
    """The rules of `rows.py`, as far as plain answers need them."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.terms, self.known = Terms(asked.codebook), NameIndex(asked.codebook.entities, asked.codebook.rules)
        self.kind = asked.codebook.mention_kinds[0].id
        self.columns = _Columns()

    def add(self, document: Document, states: Sequence[_State]) -> bool:
        """Read all states of a document; False, with nothing read, where they are to be read as rows."""
        if len({state.given for state in states}) < len(states):
            return False
        read = [self._read(document, state) for state in states]
        if None in read:
            return False
        for one in read:
            assert one is not None
            one.put(self.columns)
        return True

    def _read(self, document: Document, state: _State) -> _Plain | None:
        task = read_plain(state.raw)
        if task is None or task.text_sha256 != document.text_sha256 or len(task.view) != 1:
            return None
        answer = task.annotations[0] if task.annotations else None
        if answer is not None and (
            answer.completed_by != state.given.annotator_id or (answer.was_cancelled and answer.result)
        ):
            return None
        submission = _submission(task, state)
        assignment = assignment_row(submission)
        seconds = submission.seconds
        if submission.annotator_id in self.asked.models:
            assignment["seconds"] = seconds = None
        plain = _Plain(submission, assignment, seconds)
        if answer is None or not answer.result:
            return plain
        return plain if self._read_marks(plain, document, answer.result) else None

    def _read_marks(self, plain: _Plain, document: Document, results: list[PlainResult]) -> bool:
        """Place, name and label each mark; False where this is no plain answer."""
        text, labels = document.text, self.terms.labels.ids
        if len({result.id for result in results}) < len(results):
            return False
        (piece,) = plain.submission.view
        move, low, high = piece.start - piece.view_start, piece.view_start, piece.view_end
        good: list[tuple[PlainResult, int, int]] = []
        odd: list[PlainResult] = []
        for result in results:
            start, end = result.value.start + move, result.value.end + move
            sound = low <= result.value.start < result.value.end <= high and text[start:end] == result.quote
            if sound and result.value.labels[0] in labels:
                good.append((result, start, end))
            else:
                odd.append(result)
        if high - low > len(text) or (odd and not self._read_odd(plain, document, odd)):
            return False
        plain.region_id = [result.id for result, _, _ in good]
        plain.start = [start for _, start, _ in good]
        plain.end = [end for _, _, end in good]
        plain.text = [result.quote for result, _, _ in good]
        plain.given = [result.value.labels[0] for result, _, _ in good]
        plain.label = [labels[label] for label in plain.given]
        surfaces = list(zip(plain.text, plain.label, strict=True))
        plain.entity_id = resolve_surfaces(document.doc_id, text, surfaces, self.known)
        return True

    def _read_odd(self, plain: _Plain, document: Document, odd: list[PlainResult]) -> bool:
        """Marks that are not as they should be, as rows; False where one of them is a judgement after all."""
        marks = tuple(
            Mark(
                *(r.id, r.value.start, r.value.end, r.quote, r.before, r.after),
                (("label", tuple(r.value.labels)),), "manual", None,
            )
            for r in odd
        )  # fmt: skip
        submission = replace(plain.submission, marks=marks)
        reading = read_submission(submission, document, self.terms, self.known)
        if not all(judged.quarantined for judged in reading.judged) or reading.problems or reading.counts:
            return False
        about = {"status": "current", "seconds": plain.seconds}
        plain.quarantine = [judged.row | about for judged in reading.judged]
        return True

    def table(self) -> pa.Table:
        """The judgements, every column as plain as `plain_table` has it."""
        schema = self.asked.schemas["judgements"]
        columns, given = self.columns, self.columns.given
        plain = {f.name: f.arrow if f.categories is None else pa.string() for f in schema.fields}
        made: dict[str, pa.Array] = {name: pa.array(columns.marks[name], plain[name]) for name in _OF_MARKS}
        counts = [count for count, *_ in columns.answers]
        at = pa.array(np.repeat(np.arange(len(counts)), counts))
        said = list(zip(*columns.answers, strict=True))[1:] or [()] * len(_OF_ANSWERS)
        for name, values in zip(_OF_ANSWERS, said, strict=True):
            made[name] = pa.array(values, plain[name]).take(at)
        nothing = pa.array(np.zeros(len(given), dtype=np.int64))
        for name, value in (_ALIKE | {"kind": self.kind}).items():
            made[name] = pa.array([value], plain[name]).take(nothing)
        made |= {"made_start": made["start"], "made_end": made["end"], "judgement_id": row_ids(self._keys())}
        empty = {name: pa.nulls(len(given), kind) for name, kind in plain.items() if name not in made}
        made |= empty
        return pa.table([made[name] for name in plain], schema=pa.schema(list(plain.items())))

    def _keys(self) -> Iterator[bytes]:
        """What `Reader._key` makes a mention's id of, where nothing but its label was chosen."""
        columns, marks = self.columns, self.columns.marks
        before = [
            start
            for count, doc_id, person, task_pass, number, *_ in columns.answers
            for start in (f"{person}\x1f{doc_id}\x1f{task_pass}\x1f{number}\x1f",) * count
        ]
        after = f"\x1f{self.kind}\x1f\x1f"
        for a, b, c, d, e in zip(before, marks["region_id"], marks["start"], marks["end"], columns.given, strict=True):
            yield f"{a}{b}\x1fmention\x1f{c}\x1f{d}\x1f{e}{after}".encode()


@dataclass
class _Plain:
    """One plain answer that was read, before all of its document's are known to be plain."""

    submission: Submission
    assignment: Row
    seconds: float | None
    region_id: list[str] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    label: list[str] = field(default_factory=list)
    entity_id: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    quarantine: list[Row] = field(default_factory=list)

    def put(self, columns: _Columns) -> None:
        """Add it to the rest."""
        sub = self.submission
        columns.assignments.append(self.assignment)
        columns.quarantine += self.quarantine
        if not self.given:
            return
        for name in _OF_MARKS:
            columns.marks[name] += getattr(self, name)
        columns.given += self.given
        created, updated = at_midnight(sub.created_at), at_midnight(sub.updated_at)
        about = (sub.doc_id, sub.annotator_id, sub.task_pass, sub.round, sub.text_sha256, sub.project)
        columns.answers.append((len(self.given), *about, created, updated, self.seconds, sub.codebook_version))


def _submission(task: PlainTask, state: _State) -> Submission:
    """A plain task's, without its marks."""
    answer = task.annotations[0] if task.annotations else None
    day = datetime.date.fromisoformat
    return Submission(
        pulled=state.sequence,
        export_path=state.path,
        doc_id=task.doc_id,
        text_sha256=task.text_sha256,
        task_pass=state.given.task_pass,
        round=state.given.round,
        annotator_id=state.given.annotator_id,
        project=state.project,
        codebook_version=task.codebook_version,
        suggestions_shown=task.suggestions_shown,
        state="assigned" if answer is None else "skipped" if answer.was_cancelled else "submitted",
        view=tuple(Piece(*piece) for piece in task.view),
        entities=(),
        marks=(),
        created_at=None if answer is None else day(answer.created_at),
        updated_at=None if answer is None else day(answer.updated_at),
        seconds=None if answer is None else answer.lead_time,
    )
