"""Stored adjudication back into an empty server: every case that was ever asked, worded anew, with its answer.

    annotations/adjudications ─┐
    judgements (all versions) ─┴─► tasks as they were ──► the adjudicator's project ──► answers, under their ids

A case is about judgements, and these keep their history: also one that was edited since can be shown again as it was.
What was decided stands in `adjudications.jsonl` already; a pull after this takes nothing in twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..agreement.units import LAYER_PASS, Unit, Vote, latest_rounds, trimmed
from ..label_studio.case_restore import AskedCase, asked_cases, restore_cases
from ..label_studio.case_tasks import CaseTask
from ..label_studio.client import Client
from ..label_studio.delivery import PushReport
from ..label_studio.environment import Say, quiet
from ..label_studio.tasks import Article, read_articles
from ..project import Project
from ..text.view import JOINT
from .adjudication_project import case_title, option_words, version_rows
from .cases import Case, Wording, versions_of
from .decisions import DecisionIndex
from .evidence import Evidence, read_evidence
from .merge import merge_units

Row = dict[str, Any]


def restore_adjudication(
    project: Project, client: Client, dry_run: bool = False, say: Say = quiet
) -> PushReport:
    """Put every adjudicator's stored cases and answers back; what is on the server already stays as it is.

    A case whose document is gone or has another text, or whose judgements are in no table, stays in storage alone; the
    report's notes say so.

    Raises:
        StudioError: the server is away or refuses, or what it holds afterwards is not what was stored.
        StancewireError: a stored file, or a table that cases are worded from, cannot be read.
    """
    report = PushReport()
    stored = asked_cases(project)
    if not stored:
        return report
    evidence = read_evidence(project)
    articles, wording = read_articles(project), Wording.of(evidence)
    units = _Units(evidence)
    for name, cases in stored.items():
        tasks = []
        for asked in cases:
            made = _as_it_was(asked, articles, wording, units)
            if isinstance(made, str):
                report.notes.append(f"adjudication {name}: a case of {asked.doc_id} stays in storage alone: {made}")
            else:
                tasks.append(made)
        if tasks:
            done = restore_cases(project, client, name, tasks, dry_run, say)
            report.counts += done.counts
            report.notes += done.notes
    return report


def _as_it_was(
    asked: AskedCase, articles: Mapping[str, Article], wording: Wording, units: _Units
) -> CaseTask | str:
    """The task of a stored case; or why there is none."""
    article = articles.get(asked.doc_id)
    if article is None:
        return "the document is not in the corpus"
    if article.text_sha256 != asked.text_sha256:
        return "the document has another text now"
    unit = units.find(asked)
    if unit is None:
        return "its judgements are in no table; run: stancewire build"
    (outcome,) = merge_units([unit], DecisionIndex([], frozenset()))
    case = Case(outcome, asked.open_fields, versions_of(outcome), ())
    fields = [item.field for item in outcome.fields if item.field in asked.offered]  # keys are given in this order
    options = {field: option_words(case, field, asked.offered[field], wording) for field in fields}
    return CaseTask(
        case_id=asked.case_id,
        doc_id=asked.doc_id,
        text_sha256=asked.text_sha256,
        layer=asked.layer,
        judgement_ids=asked.judgement_ids,
        codebook_version=asked.codebook_version,
        title=case_title(case, wording) + f" \u00b7 {article.meta_line}",
        passage=JOINT.join(article.text[piece.start : piece.end] for piece in asked.pieces),
        pieces=asked.pieces,
        versions=tuple(version.name for version in case.versions),
        rows=tuple(version_rows(case, wording)),
        spans=(),  # what was marked and filled in is stored word for word
        options=options,
        settled=asked.settled,
        open_fields=asked.open_fields,
    )


class _Units:
    """Units by their judgements: today's, and those of judgements that no longer vote."""

    def __init__(self, evidence: Evidence) -> None:
        self._today = {unit.judgement_ids: unit for unit in evidence.units()}
        self._rows: dict[str, Row] = {row["judgement_id"]: row for row in evidence.judgements}
        self._rounds = latest_rounds(evidence.assignments)[0]

    def find(self, asked: AskedCase) -> Unit | None:
        """The unit of a case; None where a judgement of it is unknown."""
        ids = tuple(sorted(asked.judgement_ids))
        if ids in self._today:
            return self._today[ids]
        if not all(key in self._rows for key in ids):
            return None
        rows = sorted((self._rows[key] for key in ids), key=lambda row: row["annotator_id"])
        submitted = tuple(sorted(self._rounds.get((asked.doc_id, LAYER_PASS[asked.layer]), ())))
        votes = tuple(_vote(row) for row in rows)
        return Unit(asked.layer, asked.doc_id, rows[0]["target_id"], votes, submitted, frozenset(), False)


def _vote(row: Row) -> Vote:
    """A judgement as it was made: one that was superseded has no place in today's units, but its own."""
    start, end = (None, None) if row["start"] is None else trimmed(row)
    return Vote(row["judgement_id"], row["annotator_id"], start, end, row)
