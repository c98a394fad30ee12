"""Every check on a project, in the order of the data's way."""

from __future__ import annotations

from ..errors import CodebookError, Problem
from ..project import ANNOTATION_TABLES, CORPUS_TABLES, Project
from . import (
    consistency,
    decisions,
    exports,
    guideline,
    judged,
    packaged,
    privacy,
    rows,
    settings,
    spans,
    splits,
    texts,
    withdrawals,
)
from .files import Files, FolderFiles, open_files
from .loading import Loaded, check_manifests, load_tables


def check_project(project: Project) -> list[Problem]:
    """All problems and warnings of a project.

    What follows from a problem already found is left out: a damaged table is named once and not parsed.
    """
    files = open_files(project.root)
    found = texts.check_sources(files)
    found += settings.check_lists(project)
    found += settings.check_settings(project)
    found += exports.check_exports(files)
    stale, damaged = check_manifests(files)
    found += stale
    loaded, unread = load_tables(files, (*CORPUS_TABLES, *ANNOTATION_TABLES), damaged)
    found += unread
    found += check_tables(files, loaded)
    found += texts.check_records(files, loaded)
    found += texts.check_corrections(files, loaded)
    found += texts.check_rejects(loaded)
    found += withdrawals.check_withdrawn(FolderFiles(project.root), loaded)
    found += judged.check_judgements(loaded)
    found += judged.check_gold(loaded)
    found += consistency.check_consistency(loaded)
    found += _check_with_codebook(project, files, loaded)
    described, resources, differing = packaged.check_descriptor(files)
    lost = {problem.path for problem in (*stale, *unread)}  # named already
    found += [problem for problem in described if problem.path not in lost]
    found += packaged.check_contents(loaded, {n: item for n, item in resources.items() if n not in differing})
    found += packaged.check_releases(project.releases)
    found += privacy.check_privacy(files, loaded)
    return sorted(set(found))


def check_tables(files: Files, loaded: Loaded) -> list[Problem]:
    """The checks that need nothing but the tables and the sources; `verify` runs them too."""
    return [
        *rows.check_rows(loaded),
        *spans.check_spans(loaded),
        *texts.check_documents(files, loaded),
        *decisions.check_decisions(files, loaded),
        *splits.check_certificate(files, loaded),
    ]


def _check_with_codebook(project: Project, files: Files, loaded: Loaded) -> list[Problem]:
    from ..codebook import read_codebook

    try:
        codebook = read_codebook(project.codebook_yaml)
    except CodebookError:
        return []  # check_settings says so
    found = guideline.check_guideline(loaded, codebook, guideline.partly_shown(project, codebook, loaded))
    if files.names_below(exports.EXPORTS) and "documents" in loaded.tables:
        found += exports.check_readings(project, loaded, codebook)
    return found
