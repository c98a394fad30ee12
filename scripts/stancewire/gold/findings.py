"""What only merging can see, found again without writing: rows that repeat, decisions that decide nothing, mirrors."""

from __future__ import annotations

from ..checks.loading import limited
from ..checks.project_checks import check_project
from ..codebook import read_codebook
from ..engine import without_collector
from ..errors import Problem, StancewireError
from ..project import Project
from .evidence import Evidence, evidence_on, read_evidence
from .methods import merged_methods
from .rows import mention_rows, stance_rows
from .stage import decision_problems, mirror_problems

MERGED = (
    "schema/codebook.yaml",
    "corpus/documents.parquet",
    "annotations/campaign.yaml",
    "annotations/adjudications.jsonl",
    "annotations/assignments.parquet",
    "annotations/judgements.parquet",
)
"""What merging reads."""
CHECKS = ("gold-repeat", "decision-overruled", "mirror-contradiction")


def validate_project(project: Project) -> list[Problem]:
    """Every check: those of what stands in the files, and those of what merging makes of it.

    What is merged must be sound: where it has problems of its own, what merging would find follows from them.
    """
    found = check_project(project)
    if any(item.severity == "problem" and item.path in MERGED for item in found):
        return found
    return sorted({*found, *check_merge(project)})


def check_merge(project: Project) -> list[Problem]:
    """What merging today's judgements and decisions anew finds, by the methods by which gold was merged.

    Nothing where it cannot be merged: other checks say why.
    """
    try:
        evidence = read_evidence(project)
        return findings_of(evidence, merged_methods(project, evidence.codebook))
    except StancewireError:
        return []


def check_merge_of(project: Project, doc_id: str) -> list[Problem]:
    """The same of one document, read by itself."""
    methods = merged_methods(project, read_codebook(project.codebook_yaml))
    return findings_of(evidence_on(project, [doc_id], methods), methods, doc_id)


@without_collector
def findings_of(evidence: Evidence, methods: dict[str, str], doc_id: str | None = None) -> list[Problem]:
    """The same of what was read already, of all documents or of one."""
    outcomes = evidence.outcomes(methods, doc_id)
    decisions = [item for item in evidence.decisions if doc_id in (None, item.doc_id)]
    judgements = [row for row in evidence.judgements if doc_id in (None, row["doc_id"])]
    found = mention_rows(outcomes, evidence.texts, {})[1] + stance_rows(outcomes, evidence.texts, {}, "")[1]
    found += decision_problems(outcomes, decisions, evidence.index) + mirror_problems(judgements)
    places: dict[tuple[str, str], list[tuple[object, str]]] = {}
    for item in sorted(found):
        if item.check in CHECKS:  # the others are seen in the tables, too
            places.setdefault((item.check, item.path), []).append((item.place, item.message))
    return [problem for (check, path), listed in places.items() for problem in limited(check, path, listed)]
