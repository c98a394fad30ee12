"""Findings counted: which check found how much in which document, and in whose work."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from ..errors import Problem
from ..project import Project
from .files import open_files
from .loading import Loaded, load_tables

By = Literal["annotator", "document"]
_EXPORT = re.compile(r"annotations/exports/[^/]+/(?P<annotator>[^/]+)/\d+\.json")


def count_findings(project: Project, found: Iterable[Problem], by: By) -> list[tuple[str, str, int]]:
    """(annotator or document, check, findings), sorted; what belongs to none of them is counted under `-`.

    A finding about a judgement is its annotator's and its document's; one about a row of gold is its document's.
    """
    loaded, _ = load_tables(open_files(project.root), ("judgements", "quarantine", "documents", "annotators"))
    owner = _owners(loaded, by)
    counts: Counter[tuple[str, str]] = Counter((owner_of(problem, owner, by), problem.check) for problem in found)
    return [(name, check, number) for (name, check), number in sorted(counts.items())]


def _owners(loaded: Loaded, by: By) -> dict[str, str]:
    """What a place may begin with, and whose it is."""
    column = "annotator_id" if by == "annotator" else "doc_id"
    owner = {name: name for (name,) in loaded.columns("annotators" if by == "annotator" else "documents", column)}
    for table in ("judgements", "quarantine"):
        owner |= dict(loaded.columns(table, "judgement_id", column))
    return owner


def owner_of(problem: Problem, owner: dict[str, str], by: By) -> str:
    """The annotator or document that a finding is about; `-` where it is about neither."""
    match = _EXPORT.fullmatch(problem.path) if by == "annotator" else None
    if match:
        return match["annotator"]
    words = problem.place.split()
    for word in (problem.place, *words):
        if word in owner:
            return owner[word]
        head = word.rpartition(":")[0]
        if head in owner:
            return owner[head]
    return "-"
