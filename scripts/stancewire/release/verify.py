"""Is a project or a release still what its hashes say, and does it hold together? Needs pyarrow alone.

Only where there are splits, numpy too: their certificate is made again.

A text-free package has neither sources nor texts: of it, that nothing is there which is withheld, and that places lie
within their texts.

On a release: every file of SHA256SUMS. On both: every table's file, rows and content against datapackage.json; sources
against sources.csv and documents; keys, vocabularies, foreign keys; slices, segments, sentences; decisions and splits.
On a project also the manifests. A table whose bytes are wrong is named and not parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..checks import decisions, packaged, rows, spans, splits, texts, withheld
from ..checks.files import Files, open_files
from ..checks.loading import check_manifests, load_tables, table_file
from ..errors import Problem
from ..project import ANNOTATION_TABLES, CORPUS_TABLES

ALL_TABLES = (*CORPUS_TABLES, *ANNOTATION_TABLES)


@dataclass(frozen=True)
class Verification:
    """What `verify` found: problems and warnings, and what it looked at."""

    kind: str  # project | release
    problems: list[Problem]
    n_tables: int
    n_rows: int


def verify(path: Path) -> Verification:
    """Verify a project, a release folder or its zip.

    Raises:
        ReleaseError: `path` is neither a folder nor a zip that may be opened.
    """
    files = open_files(path)
    is_release = files.has(packaged.SUMS)
    found, differing = packaged.check_sums(files) if is_release else check_manifests_first(files)
    if files.has(packaged.ARCHIVE):
        return Verification("release", sorted(found), 0, 0)  # its tables are in its zip
    described, resources, damaged = packaged.check_descriptor(files)
    named = {problem.path for problem in found}
    found += [problem for problem in described if problem.path not in named]
    damaged |= {name for name in ALL_TABLES if table_file(name) in differing}
    loaded, unread = load_tables(files, ALL_TABLES, damaged)
    found += [problem for problem in unread if problem.path not in named]
    found += packaged.check_contents(loaded, resources)
    flavour = packaged.flavour_of(files)
    if flavour == packaged.FULL:
        found += _without(texts.check_sources(files), named)
    else:
        found += withheld.check_withheld(loaded, flavour)  # and there are no sources
    found += rows.check_rows(loaded)
    found += spans.check_spans(loaded)
    found += texts.check_documents(files, loaded)
    found += decisions.check_decisions(files, loaded)
    found += splits.check_certificate(files, loaded)
    if not is_release:
        found += packaged.check_releases(path / packaged.RELEASES)
    n_rows = sum(table.num_rows for table in loaded.tables.values())
    return Verification("release" if is_release else "project", sorted(set(found)), len(loaded.tables), n_rows)


def check_manifests_first(files: Files) -> tuple[list[Problem], set[str]]:
    """Manifests of a project: problems, and the paths of tables that differ."""
    found, damaged = check_manifests(files)
    return found, {table_file(name) for name in damaged}


def _without(problems: list[Problem], named: set[str]) -> list[Problem]:
    return [problem for problem in problems if problem.path not in named]
