"""Checks of what a project decides in YAML and CSV, and of what is made from its codebook."""

from __future__ import annotations

from ..errors import Problem, SourceError, StancewireError
from ..project import Project
from .catalogue import problem


def check_settings(project: Project) -> list[Problem]:
    """Codebook, dataset.yaml and campaign.yaml by the codebook room's checks; made files against the codebook."""
    from ..codebook.campaign import check_campaign
    from ..codebook.dataset import check_dataset
    from ..codebook.read import check_codebook
    from ..splits.settings import FILE, check_settings_file

    found = check_codebook(project.codebook_yaml) or _check_made(project)
    found += [*check_dataset(project.dataset_yaml), *check_campaign(project.campaign_yaml)]
    splits = check_settings_file(project.splits_yaml)
    return found + [problem("split-settings", FILE, str(line), message) for line, message in splits]


def _check_made(project: Project) -> list[Problem]:
    from ..codebook import write_codebook_files

    try:
        changed = write_codebook_files(project, dry_run=True).changed
    except StancewireError as error:
        return [problem("codebook-made", project.relative(project.schema), "", str(error))]
    message = "is not what the codebook makes; run: stancewire codebook build"
    return [problem("codebook-made", project.relative(path), "", message) for path in changed]


def check_lists(project: Project) -> list[Problem]:
    """sources.csv, corrections.csv and withdrawn.csv by the readers of `convert`; the first error of each."""
    from ..sources.listing import read_sources_csv
    from ..sources.withdrawn import read_withdrawn
    from ..text.corrections import read_corrections

    found = []
    try:
        read_sources_csv(project.sources_csv)
    except SourceError as error:
        found.append(problem("source-row", project.relative(project.sources_csv), "", str(error)))
    try:
        read_corrections(project.corrections_csv)
    except SourceError as error:
        found.append(problem("correction-row", project.relative(project.corrections_csv), "", str(error)))
    try:
        read_withdrawn(project.withdrawn_csv)
    except SourceError as error:
        found.append(problem("withdrawn-row", project.relative(project.withdrawn_csv), "", str(error)))
    return found
