"""History: which judgements of several pulls are current.

The latest state of each (document, pass, round, annotator) is the current one. A judgement of an earlier pull that is
not in it was `superseded` where its region, or its document-level control, is still there with other values, and
`deleted` where it is gone. Where the same pull holds two answers of one annotator to one task, the
last one counts and the other's judgements are superseded. Drafts are unfinished and make no judgements; the marks of a
skipped task are kept as `deleted`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..codebook.model import Codebook
from ..errors import Problem
from ..label_studio.model import Submission
from .names import NameIndex
from .places import Document
from .reading import Judged, Reading, Row, at_midnight
from .rows import read_submission
from .terms import Terms

Key = tuple[str, str, int, str]


def by_assignment(submissions: Iterable[Submission]) -> dict[Key, list[Submission]]:
    """The submissions of each (doc_id, task_pass, round, annotator_id), oldest pull first."""
    grouped: dict[Key, list[Submission]] = {}
    for submission in submissions:
        key = (submission.doc_id, submission.task_pass, submission.round, submission.annotator_id)
        grouped.setdefault(key, []).append(submission)
    for states in grouped.values():
        states.sort(key=lambda submission: submission.pulled)  # stable: within one pull the order given
    return dict(sorted(grouped.items()))


def settle(states: Sequence[tuple[Submission, Reading]]) -> tuple[list[Row], list[Row]]:
    """The judgement and the quarantine rows of one assignment's states, oldest first, with their status.

    A judgement that several pulls hold is one row, as the latest of them gives it.
    """
    latest: dict[str, tuple[int, Judged]] = {}
    for submission, reading in states:
        latest |= {judged.row["judgement_id"]: (submission.pulled, judged) for judged in reading.judged}
    submission, now = states[-1]
    holds = {judged.row["judgement_id"] for judged in now.judged} if submission.state == "submitted" else set()
    slots = now.slots if submission.state == "submitted" else set()
    rows: tuple[list[Row], list[Row]] = ([], [])
    for judgement_id, (pulled, judged) in sorted(latest.items()):
        beside = pulled == submission.pulled and submission.state == "submitted"
        replaced = "superseded" if beside or judged.slot in slots else "deleted"
        status = "current" if judgement_id in holds else replaced
        rows[judged.quarantined].append(judged.row | {"status": status})
    return rows


def assignment_row(submission: Submission) -> Row:
    """The row of `assignments` for the latest state of one assignment."""
    done = submission.state == "submitted"
    return {
        "doc_id": submission.doc_id,
        "task_pass": submission.task_pass,
        "round": submission.round,
        "annotator_id": submission.annotator_id,
        "project": submission.project,
        "state": submission.state,
        "text_sha256": submission.text_sha256,
        "codebook_version": submission.codebook_version,
        "suggestions_shown": submission.suggestions_shown,
        "seconds": submission.seconds,
        "submitted_at": at_midnight(submission.updated_at or submission.created_at) if done else None,
    }


@dataclass
class Judgements:
    """The rows of the three tables, and what was found on the way."""

    assignments: list[Row] = field(default_factory=list)
    judgements: list[Row] = field(default_factory=list)
    quarantine: list[Row] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


def read_judgements(
    submissions: Iterable[Submission],
    documents: Iterable[Document],
    codebook: Codebook,
    models: frozenset[str] = frozenset(),
    withdrawn: frozenset[str] = frozenset(),
) -> Judgements:
    """All rows of all submissions, with their history.

    Args:
        submissions: as pulled, every state.
        models: annotators that are models; Label Studio's clock says nothing about them, so their `seconds` is null.
        withdrawn: documents that are in no table; what was said of them is counted, and stays in the exports.
    """
    terms, known = Terms(codebook), NameIndex(codebook.entities, codebook.rules)
    by_id = {document.doc_id: document for document in documents}
    found = Judgements()
    for (doc_id, task_pass, _, annotator_id), states in by_assignment(submissions).items():
        if doc_id in withdrawn:
            found.counts["withdrawn_assignments"] += 1
            continue
        document = by_id.get(doc_id)
        readings = [(state, _read_state(state, document, terms, known)) for state in states]
        judgements, quarantine = settle(readings)
        latest, reading = readings[-1]
        assignment = assignment_row(latest)
        if annotator_id in models:
            for row in (assignment, *judgements, *quarantine):
                row["seconds"] = None
        found.judgements += judgements
        found.quarantine += quarantine
        found.counts += reading.counts
        found.problems += reading.problems
        if document is not None:
            found.assignments.append(assignment)
            continue
        message = f"{annotator_id} ({task_pass}) was given a document that the corpus does not have: see quarantine"
        found.problems.append(Problem(latest.export_path, doc_id, "export-document", 2, message))
    return found


def _read_state(state: Submission, document: Document | None, terms: Terms, known: NameIndex) -> Reading:
    if state.state not in ("submitted", "skipped"):
        return Reading()  # a draft is unfinished: the assignment says so, and nothing of it is a judgement yet
    return read_submission(state, document, terms, known)
