"""All that is made, made anew from what was received and decided, in the order of the stages; no server.

codebook.yaml ──► interfaces, guidelines, schemas, categories
sources ────────► documents … rejects
exports ────────► assignments, judgements, quarantine
+ decisions ────► mentions … stances_wide, agreement
all tables ─────► datapackage.json
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .engine.steps import Steps
from .errors import Problem
from .project import Project

N_STEPS = 5


@dataclass(frozen=True)
class BuildReport:
    """What a build made: rows by table, the data's version, and what the stages had to say."""

    rows: dict[str, int]
    version: str
    problems: tuple[Problem, ...]


def build_project(
    project: Project, workers: int = 1, steps: Steps | None = None, scheduler: str | None = None
) -> BuildReport:
    """Make every made file of the project anew: the same bytes for any number of workers, on any machine.

    Args:
        scheduler: of a Dask cluster that converts the sources (see `corpus.convert_corpus`).

    Raises:
        StancewireError: something received or decided cannot be used; what was made before stays.
    """
    from .codebook.build import write_codebook_files
    from .corpus import convert_corpus
    from .gold.stage import write_gold
    from .judgements.stage import write_judgements
    from .release.package import write_package

    steps = steps or Steps(N_STEPS, quiet=True)
    problems: list[Problem] = []
    with project.writing():
        with steps.step("making interfaces, guidelines and schemas from the codebook") as said:
            files = write_codebook_files(project)
            said.append(f"{len(files.changed) + len(files.same)} files, {len(files.changed)} changed")
        with steps.step("converting the sources") as said:
            converted = convert_corpus(project, workers=workers, scheduler=scheduler, anew=True)
            problems += [*converted.rejects, *converted.problems]
            withdrawn = f", {n} withdrawn" if (n := converted.counts["withdrawn"]) else ""
            said.append(f"{converted.counts['written']} documents{withdrawn}")
        with steps.step("reading the stored exports") as said:
            judged = write_judgements(project, workers=workers)
            problems += judged.problems
            said.append(f"{judged.counts.get('judgements', 0)} judgements")
            if aside := judged.counts.get("quarantine", 0):
                said.append(f"{aside} more in quarantine (why: stancewire validate)")
        with steps.step("merging judgements and decisions into gold") as said:
            merged = write_gold(project)
            problems += merged.problems
            said.append(f"{merged.counts.get('mentions', 0)} mentions, {merged.counts.get('stances', 0)} stances")
        with steps.step("describing the package") as said:
            version = write_package(project).label
            said.append(f"version {version}")
    return BuildReport(table_rows(project), version, tuple(problems))


def table_rows(project: Project) -> dict[str, int]:
    """Rows of every table, as the manifests say."""
    from .tables import read_manifest

    rows: dict[str, int] = {}
    for directory in (project.corpus, project.annotations):
        for stage in read_manifest(directory).values():
            rows |= {name: entry["rows"] for name, entry in stage["tables"].items()}
    return rows


def made_files(project: Project) -> list[Path]:
    """Every made file that stands in the project now, sorted; releases are not made files but frozen ones."""
    patterns = {
        project.corpus: ("*.parquet", "manifest.json"),
        project.annotations: ("*.parquet", "manifest.json", "splits_certificate.json"),
        project.labeling: ("*.xml", "guidelines.md"),
    }
    found = [path for folder, globs in patterns.items() for pattern in globs for path in folder.glob(pattern)]
    return sorted([*found, project.datapackage_json] if project.datapackage_json.is_file() else found)
