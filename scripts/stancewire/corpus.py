"""The stage `convert`: sources → text → reprints → the tables of `corpus/`.

Parcels of files become parts in any number of processes, parts become tables (`conversion`); reprints are grouped over
all documents; and the tables are put in their places at once, with the hashes of everything that they were made from.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .conversion.parcels import Conversion, loose_corrections, machine, rules_sha256
from .engine import Workers, keep_memory
from .errors import Problem, UsageError
from .project import Project, possible_files
from .sources import (
    ENDINGS,
    READERS,
    ReadOptions,
    Reject,
    SourceFacts,
    SourceFiles,
    base_of,
    facts_by_file,
    find_sources,
    read_sources_csv,
    read_withdrawn,
    refuse_doubles,
    spread_prefixes,
)
from .sources.remote import is_address
from .text import Lexicon, Undecodable, find_encoding

if TYPE_CHECKING:
    from .conversion.state import Changes
    from .engine.cluster import Cluster
    from .sources.keep import Kept

WORK = ".convert"  # beside the tables: what a killed run leaves for the next
FIELDS = ("all", "text")


@dataclass(frozen=True)
class ConvertReport:
    """What `convert` did.

    Attributes:
        counts: read (files), records, written, rejected, ignored, withdrawn, furniture_candidates; rejected_by,
            by_format, by_encoding, by_columns, left_aside, rows: each a count by name.
        rejects: one problem for each source or record that was refused: the first of `n_rejects`, where these are very
            many; all are in the table `rejects`.
        problems: all other problems and warnings; of a check that very many sources fail, the first and how many more.
        changes: files added, changed, removed and the same since the last run; None where all was converted.
        kept: what `keep_raw` copied; what it refused is among `rejects`, though in no table.
    """

    counts: dict[str, Any]
    rejects: list[Problem]
    problems: list[Problem]
    changes: Changes | None = None
    kept: Kept | None = None
    n_rejects: int = 0


def convert_corpus(
    project: Project | None,
    sources: Sequence[Path | str] = (),
    out: Path | None = None,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    encoding: str | None = None,
    format: str | None = None,
    id_prefixes: Sequence[str] = (),
    fields: str = "all",
    reprints: bool = True,
    anew: bool = False,
    keep_raw: bool = False,
    dry_run: bool = False,
    progress: bool = False,
    reading: ReadOptions | None = None,
) -> ConvertReport:
    """Make documents, segments, sentences, stories, reprints, variants and rejects.

    Args:
        project: gives codebook, `sources.csv`, `corrections.csv` and defaults; None outside any project.
        sources: files, folders, patterns and fsspec URLs (default: the project's `corpus/sources`).
        out: the folder that gets the tables (default: the project's `corpus`).
        workers: processes; the tables are the same bytes for any number.
        scheduler: the address of a Dask scheduler, whose workers take the place of processes; they must have sources
            and `out` under the same paths, and the same code and libraries. The tables are the same bytes.
        encoding: encoding of files that are neither UTF-8 nor marked; a file's own row in `sources.csv` wins.
        format: read every file as this format. id_prefixes: see `spread_prefixes`.
        fields: `text` makes texts, hashes and what the sources state about them, but no segments, sentences, language,
            stories (their tables are empty). reprints: False leaves the tables of stories, reprints and variants empty.
        keep_raw: copy the sources into `out/sources` first and convert that folder, so that what is kept gives the same
            tables again; a root's id prefix stands before its files' paths there. A dry run copies nothing.
        anew: convert all files, also those that are as they were when the tables were made.
        reading: limits, and columns that win over the project's own (`schema/dataset.yaml`).
        dry_run: convert and report, write nothing. progress: draw a bar, if stderr is a terminal.

    The caller holds the project's writer lock.

    Raises:
        UsageError: neither project nor sources and out; an unknown encoding or format.
        SourceError: a source that does not exist, a wrong row in `sources.csv` or `corrections.csv`.
        StancewireError, MissingExtra: the cluster cannot be used.
    """
    if project is not None:
        sources, out = list(sources) or [project.sources], out or project.corpus
    if not sources or out is None:
        raise UsageError("outside a project, name the sources and --out DIR; or make a project: stancewire init DIR")
    if format is not None and format not in READERS:
        raise UsageError(f"unknown format {format!r}; known formats: {', '.join(READERS)}")
    if workers < 1:
        raise UsageError(f"--workers {workers}: give 1 or more")
    if scheduler is not None and dry_run:
        raise UsageError("--dry-run writes to this machine alone; leave out --scheduler")
    if encoding is not None:
        _check_encoding(encoding)
    if fields not in FIELDS:
        raise UsageError(f"--fields {fields!r}: give one of {', '.join(FIELDS)}")
    prefixes = spread_prefixes(id_prefixes, len(sources))
    kept = None
    if keep_raw and not dry_run:
        from .conversion.keeping import SOURCES
        from .conversion.keeping import keep_raw as keep

        kept = keep(project, sources, prefixes, out, format)
        sources, prefixes = [out / SOURCES], [""]
    with contextlib.ExitStack() as stack:
        target = Path(stack.enter_context(tempfile.TemporaryDirectory())) if dry_run else out
        # First of all, before Arrow is imported, and while codebook and sources are looked at: see `engine.run`.
        if fields == "text":
            keep_memory()  # its blocks are of one size, again and again
        module = "columnar" if fields == "text" else "whole"
        cluster = None if scheduler is None else _cluster(scheduler)
        pool = stack.enter_context(
            cluster or Workers(workers, f"{__package__}.conversion.{module}", shares=fields == "all")
        )
        conversion, rows = _prepare(project, sources, encoding, fields, reading or ReadOptions())
        conversion = replace(conversion, folder=(target.resolve() if cluster else target) / WORK)
        found = find_sources(sources, ENDINGS, format, prefixes)
        refuse_doubles(found)
        facts = facts_by_file(rows, _named(rows, found.files, conversion.own_roots))
        conversion = _with_rules(conversion, found.files)
        conversion.folder.mkdir(parents=True, exist_ok=True)
        if cluster is not None:
            cluster.check_shared(conversion.folder, [base_of(source) for source in sources if not is_address(source)])

        from .conversion.run import Again, Run
        from .conversion.state import read_state
        from .conversion.told import first_of

        remember = None if dry_run or project is None else project.studio / "reprints.npz"
        begin = partial(Run, project, conversion, facts, found, reprints and fields == "all", sources, remember)
        run_of = begin()
        before = None if anew or dry_run else read_state(conversion.folder, run_of.rules)
        try:
            run_of.convert_all(pool, progress, before)
        except Again:  # an id that stands twice belongs to the first of all sources, old or new
            run_of = begin()
            run_of.convert_all(pool, progress, None)
        if not dry_run:
            run_of.write()
    rejects = first_of([*run_of.rejects, *(kept.rejects if kept else ())])
    n_rejects = max(len(rejects), run_of.counts["rejected"])
    return ConvertReport(
        run_of.counts, list(map(_as_problem, rejects)), run_of.problems, run_of.changes, kept, n_rejects
    )


def _cluster(scheduler: str) -> Cluster:
    from .engine.cluster import Cluster

    return Cluster(scheduler, machine)


def _check_encoding(encoding: str) -> None:
    try:
        find_encoding(encoding)
    except Undecodable as error:
        raise UsageError(f"--encoding: {error}") from None


def _prepare(
    project: Project | None, sources: Sequence[Path | str], encoding: str | None, fields: str, reading: ReadOptions
) -> tuple[Conversion, Mapping[str, SourceFacts]]:
    """What all parcels are converted with, but for the rules, and the rows of `sources.csv`."""
    codebook = None
    corrections: dict[str, Any] = {}
    facts: Mapping[str, SourceFacts] = {}
    own_roots: frozenset[int] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    schemas = None
    if project is not None:
        from .codebook import read_codebook, read_dataset

        codebook = read_codebook(project.codebook_yaml)
        own_roots = frozenset(number for number, source in enumerate(sources) if base_of(source) == project.sources)
        facts = read_sources_csv(project.sources_csv)
        withdrawn = frozenset(read_withdrawn(project.withdrawn_csv))
        if own_roots and project.corrections_csv.is_file():
            from .text.corrections import read_corrections

            corrections = {name: tuple(rows) for name, rows in read_corrections(project.corrections_csv).items()}
        schemas = project.table_schemas if project.table_schemas.is_dir() else None
        if project.dataset_yaml.is_file():
            reading = replace(reading, columns={**read_dataset(project.dataset_yaml).columns, **reading.columns})
    lexicon = Lexicon.for_codebook(codebook)
    conversion = Conversion(
        lexicon, corrections, own_roots, encoding, fields, Path(), schemas, reading=reading, withdrawn=withdrawn
    )
    return conversion, facts


def _with_rules(conversion: Conversion, files: SourceFiles) -> Conversion:
    """With the rules that all rows depend on."""
    lexicon, reading = conversion.lexicon, conversion.reading
    words = (sorted(lexicon.furniture), sorted(lexicon.wires.items()), sorted(lexicon.outlets.items()))
    settings = (conversion.encoding, conversion.fields, reading.limits, sorted(reading.columns.items()))
    loose = loose_corrections(conversion.corrections, files)
    rules = repr((rules_sha256(), words, *settings, sorted(conversion.withdrawn)))
    return replace(conversion, rules=rules, loose=loose)


def _named(rows: Mapping[str, SourceFacts], files: SourceFiles, own_roots: Collection[int]) -> set[str]:
    """The files that rows of `sources.csv` are about, or that something in them is."""
    asked = {path for row in rows for path in possible_files(row)}
    if not asked:
        return set()
    return {file.source_path for file in files if file.source_path in asked and file.root in own_roots}


def _as_problem(reject: Reject) -> Problem:
    place = "" if reject.record_no < 0 else f"record {reject.record_no}"
    return Problem(reject.source_path, place, reject.check, 1, reject.message)
