"""History: which judgements of several pulls are current.

The latest state of each (document, pass, round, annotator) is the current one. A judgement of an earlier pull that is
not in it was `superseded` where its region, or its document-level control, is still there with other values, and
`deleted` where it is gone. Where the same pull holds two answers of one annotator to one task, the
last one counts and the other's judgements are superseded. Drafts are unfinished and make no judgements; the marks of a
skipped task are kept as `deleted`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..label_studio.model import Submission
from .reading import Judged, Reading, Row, at_midnight

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
