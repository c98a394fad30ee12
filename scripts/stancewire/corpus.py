"""The stage `convert`: sources → text → reprints → the tables of `corpus/`.

Parcels of files become parts in any number of processes, parts become tables (`conversion`); reprints are grouped over
all documents; and the tables are put in their places at once, with the hashes of everything that they were made from.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .conversion.furniture import CANDIDATES, find_candidates
from .conversion.parcels import Conversion, Parcel, cut_parcels, file_key, file_size, hash_lines, rules_sha256
from .conversion.parts import PART_TABLES, Account, part_path
from .conversion.records import convert_parcel
from .conversion.state import Changes, State, read_state, take_over, write_state
from .engine import run
from .errors import Problem, UsageError
from .project import CORPUS_TABLES, Project
from .sources import (
    ENDINGS,
    READERS,
    FoundSources,
    Reject,
    SourceFacts,
    SourceFile,
    find_sources,
    name_documents,
    read_sources_csv,
    spread_prefixes,
)
from .sources.files import with_name
from .tables import TableSchema, Written, file_sha256, make_table, read_table_schema, remove, write_stage, write_text
from .text import Lexicon, Undecodable, find_encoding
from .text.corrections import read_corrections

if TYPE_CHECKING:
    import pyarrow as pa

    from .conversion.gather import Parts

WORK = ".convert"  # beside the tables: what a killed run leaves for the next
# Beyond this many source files the manifest has one hash over all of a root's files instead of one for each.
MAX_LISTED = 10_000
FIELDS = ("all", "text")
REPRINT_TABLES = ("stories", "reprints", "variants")
# What grouping needs of each table; nothing else is read again.
REPRINT_COLUMNS = {
    "documents": ("doc_id", "text", "n_words", "date", "wire", "lang"),
    "segments": ("doc_id", "seg_no", "role", "start", "end"),
    "sentences": ("doc_id", "sent_no", "start", "end"),
}


@dataclass(frozen=True)
class ConvertReport:
    """What `convert` did.

    Attributes:
        counts: read, written, rejected, ignored; rejected_by, by_format, by_encoding, rows: each a count by name.
        rejects: one problem for each source or record that was refused (also rows of the table `rejects`).
        problems: all other problems and warnings.
        changes: files added, changed, removed and the same since the last run; None where all was converted.
    """

    counts: dict[str, Any]
    rejects: list[Problem]
    problems: list[Problem]
    changes: Changes | None = None


def convert_corpus(
    project: Project | None,
    sources: Sequence[Path] = (),
    out: Path | None = None,
    *,
    workers: int = 1,
    encoding: str | None = None,
    format: str | None = None,
    id_prefixes: Sequence[str] = (),
    fields: str = "all",
    reprints: bool = True,
    anew: bool = False,
    dry_run: bool = False,
    progress: bool = False,
) -> ConvertReport:
    """Make documents, segments, sentences, stories, reprints, variants and rejects.

    Args:
        project: gives codebook, `sources.csv`, `corrections.csv` and defaults; None outside any project.
        sources: files and folders (default: the project's `corpus/sources`).
        out: the folder that gets the tables (default: the project's `corpus`).
        workers: processes; the tables are the same bytes for any number.
        encoding: encoding of files that are neither UTF-8 nor marked; a file's own row in `sources.csv` wins.
        format: read every file as this format. id_prefixes: see `spread_prefixes`.
        fields: `text` makes texts, hashes and what the sources state about them, but no segments, sentences, language,
            stories (their tables are empty). reprints: False leaves the tables of stories, reprints and variants empty.
        anew: convert all files, also those that are as they were when the tables were made.
        dry_run: convert and report, write nothing. progress: draw a bar, if stderr is a terminal.

    The caller holds the project's writer lock.

    Raises:
        UsageError: neither project nor sources and out; an unknown encoding or format.
        SourceError: a source that does not exist, a wrong row in `sources.csv` or `corrections.csv`.
    """
    if project is not None:
        sources, out = list(sources) or [project.sources], out or project.corpus
    if not sources or out is None:
        raise UsageError("outside a project, name the sources and --out DIR; or make a project: stancewire init DIR")
    if format is not None and format not in READERS:
        raise UsageError(f"unknown format {format!r}; known formats: {', '.join(READERS)}")
    if workers < 1:
        raise UsageError(f"--workers {workers}: give 1 or more")
    if encoding is not None:
        _check_encoding(encoding)
    if fields not in FIELDS:
        raise UsageError(f"--fields {fields!r}: give one of {', '.join(FIELDS)}")
    prefixes = spread_prefixes(id_prefixes, len(sources))
    found = find_sources(sources, ENDINGS, format)
    files = _files_to_read(found, name_documents(found, prefixes), prefixes)
    with contextlib.ExitStack() as stack:
        target = Path(stack.enter_context(tempfile.TemporaryDirectory())) if dry_run else out
        work = target / WORK
        conversion, facts = _prepare(project, sources, encoding, fields, work)
        work.mkdir(parents=True, exist_ok=True)
        run_of = _Run(project, conversion, facts, found, reprints and fields == "all", sources)
        before = None if anew or dry_run or len(sources) != 1 else read_state(work, run_of.rules)
        try:
            run_of.convert_all(files, workers, progress, before)
        except _Again:  # an id that stands twice belongs to the first of all sources, old or new
            run_of = _Run(project, conversion, facts, found, run_of.reprints, sources)
            run_of.convert_all(files, workers, progress, None)
        if not dry_run:
            run_of.write()
    rejects = _one_a_place(run_of.rejects)
    return ConvertReport(
        run_of.counts, [_as_problem(reject) for reject in rejects], sorted(run_of.problems), run_of.changes
    )


class _Again(Exception):
    """What was taken over from the last conversion does not fit; convert all anew."""


@dataclass
class _Run:
    """One conversion on its way: what was found, what came of it."""

    project: Project | None
    conversion: Conversion
    facts: Mapping[str, SourceFacts]
    found: FoundSources
    reprints: bool
    sources: Sequence[Path]
    accounts: list[Account] = field(default_factory=list)
    hashes: list[tuple[int, str, str]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    said: list[Reject | Problem] = field(default_factory=list)
    formats: Counter[str] = field(default_factory=Counter)
    encodings: Counter[str] = field(default_factory=Counter)
    corrected: set[str] = field(default_factory=set)
    judged: dict[str, set[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    changes: Changes | None = None
    tables: dict[str, tuple[TableSchema, pa.Table] | Written] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    candidates: str = ""

    @property
    def rules(self) -> str:
        """What all rows of the tables depend on, besides the files and what is known of each."""
        return f"{hash_lines([self.conversion.rules])} {self.reprints}"

    def convert_all(self, files: Sequence[SourceFile], workers: int, progress: bool, before: State | None) -> None:
        """Convert the files, but for those that are as they were, and make all tables."""
        self.judged = _judged_texts(self.project)
        self.keys = {file.source_path: file_key(self.conversion, file, self.facts) for file in files}
        if before is not None:
            # A record that was rejected since its id stood twice may be the only one now.
            self.changes = before.compare(self.keys)
            same = set(self.changes.same)
            self.hashes += [(0, name, before.hashes[name]) for name in self.changes.same if name in before.hashes]
            self._hear([item for name in self.changes.same for item in before.said.get(name, ())])
            if any(reject.check == "source-duplicate" for reject in self.rejects):
                raise _Again
            if same:
                self.accounts.append(
                    take_over(self.conversion.folder.parent, self.conversion.folder, "old", self.changes.same)
                )
            files = [file for file in files if file.source_path not in same]
        self.accounts += self.convert(files, workers, progress)
        self.make_tables(workers, before is not None)
        self.check(self.project is not None and any(s.resolve() == self.project.sources for s in self.sources))
        self.counts = self.count()

    def write(self) -> None:
        """Put the tables in their places, and remember what was done; the parts are not needed any more."""
        work = self.conversion.folder
        write_stage(work.parent, "convert", self.tables, _inputs(self.project, self.sources, self.hashes))
        remove(work)
        work.mkdir()
        if self.candidates:
            write_text(work.parent / CANDIDATES, self.candidates)
        else:
            remove(work.parent / CANDIDATES)
        if len(self.sources) == 1:
            written = {name: table.entry["sha256"] for name, table in self.tables.items() if isinstance(table, Written)}
            hashes = {source_path: sha256 for _, source_path, sha256 in self.hashes}
            write_state(work, self.rules, self.keys, hashes, self.said, self.counts, written)

    def convert(self, files: Sequence[SourceFile], workers: int, progress: bool) -> Iterator[Account]:
        """The account of each parcel, in order; parcels that a killed run finished are not converted again."""

        def parcels() -> Iterator[Parcel]:
            for parcel, sha256 in cut_parcels(self.conversion, files, self.facts):
                if sha256 is not None:
                    file = parcel.files[0]
                    self.hashes.append((file.root, file.source_path, sha256))
                yield parcel

        shown = (lambda account: account.n_bytes) if progress else None
        total = sum(file_size(file) for file in files) if progress else None
        for account in run(convert_parcel, parcels(), workers, shown, total, "B", self.conversion):
            self.hashes += account.hashes
            self._hear([*account.rejects, *account.problems])
            account.hashes, account.rejects, account.problems = [], [], []
            yield account

    def _hear(self, said: Sequence[Reject | Problem]) -> None:
        """Take in what single sources gave rise to; the next run is told it again where they are as they were."""
        self.said += said
        self.rejects += [item for item in said if isinstance(item, Reject)]
        self.problems += [item for item in said if isinstance(item, Problem)]

    def make_tables(self, workers: int, is_partial: bool) -> None:
        """All tables: those of documents written beside their places, the others made."""
        from .conversion.gather import write_table

        schemas = {name: read_table_schema(name, self.conversion.schemas) for name in CORPUS_TABLES}
        parts = self._parts()
        work = self.conversion.folder
        made: dict[str, tuple[TableSchema, pa.Table] | Written] = {}
        for name in PART_TABLES:
            seen = self._see if name == "documents" else None
            made[name] = write_table(parts, schemas[name], work / f"{name}.parquet", workers, seen)
            if is_partial and parts.rejects:
                raise _Again
        self.rejects += [*self.found.rejects, *parts.rejects]
        rows: dict[str, Sequence[Mapping[str, Any]]] = dict.fromkeys(REPRINT_TABLES, ())
        if self.reprints:
            rows = self._group_reprints({name: work / f"{name}.parquet" for name in PART_TABLES})
        rows = {**rows, "rejects": [vars(reject) for reject in _one_a_place(self.rejects)]}
        made |= {name: (schemas[name], make_table(schemas[name], rows[name])) for name in rows}
        self.tables = {name: made[name] for name in CORPUS_TABLES}
        if self.reprints:
            stories = made["stories"]
            assert not isinstance(stories, Written)
            paths = work / "documents.parquet", work / "segments.parquet"
            self.candidates = find_candidates(*paths, stories[1], work)

    def _parts(self) -> Parts:
        from .conversion.gather import Parts

        sizes = {name: [part[name] for account in self.accounts for part in account.parts] for name in PART_TABLES}
        return Parts(
            {
                name: [
                    part_path(self.conversion.folder, account.key, number, name)
                    for account in self.accounts
                    for number in range(len(account.parts))
                ]
                for name in PART_TABLES
            },
            {name: sum(rows for rows, _ in sizes[name]) for name in PART_TABLES},
            {name: sum(size for _, size in sizes[name]) for name in PART_TABLES},
        )

    def _see(self, documents: pa.Table) -> None:
        """Count documents as they are written."""
        self.formats.update(documents.column("format").to_pylist())
        self.encodings.update(documents.column("encoding").to_pylist())
        if self.conversion.corrections:
            self.corrected.update(self.conversion.corrections.keys() & set(documents.column("doc_id").to_pylist()))
        if self.judged:
            ids, texts = (documents.column(name).to_pylist() for name in ("doc_id", "text_sha256"))
            self.texts |= {doc_id: text for doc_id, text in zip(ids, texts, strict=True) if doc_id in self.judged}

    def _group_reprints(self, paths: Mapping[str, Path]) -> dict[str, Sequence[Mapping[str, Any]]]:
        """Stories, pairs and variants of what was written; the columns that grouping needs are read once."""
        from .reprints.stage import make_reprint_tables
        from .tables import read_columns

        grouped = make_reprint_tables(*(read_columns(paths[name], REPRINT_COLUMNS[name]) for name in PART_TABLES))
        return {name: grouped[name] for name in REPRINT_TABLES}

    def check(self, whole: bool) -> None:
        """Hold sources.csv and corrections.csv against what was read; `whole`: was all of the source root read?"""
        self.problems += [*self.found.warnings, *(check_judged(self.judged, self.texts) if whole else ())]
        own_roots = self.conversion.own_roots
        if not own_roots:
            return
        own = {source_path: sha256 for root, source_path, sha256 in self.hashes if root in own_roots}
        self.problems += check_listing(self.facts, self.found, own, whole)
        if whole:
            self.problems += _check_corrected(self.conversion, self.corrected)

    def count(self) -> dict[str, Any]:
        """The numbers of the closing summary."""
        rows = {n: t.entry["rows"] if isinstance(t, Written) else t[1].num_rows for n, t in self.tables.items()}
        rejects = _one_a_place(self.rejects)
        return {
            "read": rows["documents"] + len(rejects),
            "written": rows["documents"],
            "rejected": len(rejects),
            "ignored": len(self.found.ignored),
            "rejected_by": _by_name(reject.check for reject in rejects),
            "by_format": _by_name(self.formats),
            "by_encoding": _by_name(self.encodings),
            "rows": rows,
            "furniture_candidates": max(0, self.candidates.count("\n") - 1),
        }


def _judged_texts(project: Project | None) -> dict[str, set[str]]:
    """The texts (SHA-256) that current judgements were made on, by document; nothing where there are none yet."""
    if project is None or not project.table_path("judgements").is_file():
        return {}
    from .errors import TableError
    from .tables import read_table

    schema = read_table_schema("judgements", project.table_schemas)
    try:
        table = read_table(project.annotations, schema, ["doc_id", "status", "made_text_sha256"])
    except TableError:  # `build` or `validate` say what is wrong with it
        return {}
    found: dict[str, set[str]] = {}
    for doc_id, status, text in zip(*(column.to_pylist() for column in table.columns), strict=True):
        if status == "current" and text:
            found.setdefault(doc_id, set()).add(text)
    return found


def check_judged(judged: Mapping[str, set[str]], texts: Mapping[str, str]) -> list[Problem]:
    """Judgements whose document has another text now, or is gone; `texts`: SHA-256 of today's text by document."""
    problems = []
    for doc_id, made_on in sorted(judged.items()):
        if doc_id not in texts:
            message = "it has judgements, but is gone; put its source back, or its judgements go to quarantine"
        elif made_on != {texts[doc_id]}:
            message = "its text has changed since judgements were made on it; run: stancewire build, then look at them"
        else:
            continue
        problems.append(Problem("corpus/documents.parquet", doc_id, "judged-text", 1, message, "warning"))
    return problems


def _by_name(names: Any) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _check_encoding(encoding: str) -> None:
    try:
        find_encoding(encoding)
    except Undecodable as error:
        raise UsageError(f"--encoding: {error}") from None


def _prepare(
    project: Project | None, sources: Sequence[Path], encoding: str | None, fields: str, work: Path
) -> tuple[Conversion, Mapping[str, SourceFacts]]:
    """What all parcels are converted with, and what `sources.csv` knows of each file."""
    codebook = None
    corrections: dict[str, Any] = {}
    facts: Mapping[str, SourceFacts] = {}
    own_roots: frozenset[int] = frozenset()
    schemas = None
    if project is not None:
        from .codebook import read_codebook

        codebook = read_codebook(project.codebook_yaml)
        facts = read_sources_csv(project.sources_csv)
        corrections = {name: tuple(rows) for name, rows in read_corrections(project.corrections_csv).items()}
        own_roots = frozenset(number for number, source in enumerate(sources) if _base(source) == project.sources)
        schemas = project.table_schemas if project.table_schemas.is_dir() else None
    lexicon = Lexicon.for_codebook(codebook)
    words = (sorted(lexicon.furniture), sorted(lexicon.wires.items()), sorted(lexicon.outlets.items()))
    rules = repr((rules_sha256(), words, encoding, fields))
    return Conversion(lexicon, corrections, own_roots, encoding, fields, work, schemas, rules), facts


def _base(source: Path) -> Path:
    """The folder that source paths are relative to: the source itself, or the folder that the one file is in."""
    top = source.resolve()
    return top.parent if top.is_file() else top


def _files_to_read(found: FoundSources, names: Mapping[int, str], prefixes: Sequence[str]) -> list[SourceFile]:
    """Files under their documents' ids; one whose id is taken is left out, one of unknown format stays as it is."""
    return [
        replace(with_name(file, names.get(number, file.name)), prefix=prefixes[file.root])
        for number, file in enumerate(found.files)
        if number in names or file.format is None
    ]


def check_listing(
    facts: Mapping[str, SourceFacts], found: FoundSources, hashes: Mapping[str, str], whole: bool = True
) -> list[Problem]:
    """`sources.csv` against the files: each named one is there, unchanged, and each file is named.

    Args:
        hashes: source path -> SHA-256 of the files that were read.
        whole: was all of the source root read? If not, a file that is not among them is not missing.
    """
    problems = []
    refused = {reject.source_path for reject in found.rejects}
    for source_path, row in facts.items():
        if source_path not in hashes:
            if whole and source_path not in refused:
                message = f"there is no file {source_path}; put it back as it was received"
                problems.append(Problem("corpus/sources.csv", str(row.line), "source-missing", 1, message))
        elif row.sha256 and row.sha256 != hashes[source_path]:
            message = (
                f"the file {source_path} has the sha256 {hashes[source_path]}, but here stands {row.sha256}; "
                "put the file back as it was received, or give a new version a name of its own"
            )
            problems.append(Problem("corpus/sources.csv", str(row.line), "source-hash", 1, message))
    if whole:
        for source_path in sorted(set(hashes) - set(facts)):
            message = "it has no row in sources.csv; add one: its sha256, where it comes from, its rights"
            problems.append(Problem(source_path, "", "source-unlisted", 1, message, "warning"))
    return problems


def _check_corrected(conversion: Conversion, there: set[str]) -> list[Problem]:
    """Corrections of documents that are not there."""
    return [
        Problem(
            "corpus/corrections.csv",
            row.where.rpartition(" ")[2],
            "correction-place",
            1,
            f"there is no document {doc_id!r}; mend doc_id, or put its source back",
        )
        for doc_id, rows in conversion.corrections.items()
        if doc_id not in there
        for row in rows
    ]


def _one_a_place(rejects: Sequence[Reject]) -> list[Reject]:
    """Rejects by place; where two roots hold files of one path, or a file fails twice, the messages are joined."""
    by_place: dict[tuple[str, int], list[Reject]] = {}
    for reject in rejects:
        by_place.setdefault((reject.source_path, reject.record_no), []).append(reject)
    return [
        Reject(*place, same[0].check, " | ".join(reject.message for reject in same))
        for place, same in sorted(by_place.items())
    ]


def _as_problem(reject: Reject) -> Problem:
    place = "" if reject.record_no < 0 else f"record {reject.record_no}"
    return Problem(reject.source_path, place, reject.check, 1, reject.message)


def _inputs(project: Project | None, sources: Sequence[Path], hashes: Sequence[tuple[int, str, str]]) -> dict[str, str]:
    """Everything the tables were made from: a path without anything of this machine in it, and its SHA-256."""
    roots = []
    for base in map(_base, sources):
        inside = project is not None and base.is_relative_to(project.root)
        roots.append(base.relative_to(project.root).as_posix() if project is not None and inside else base.name)
    if len(hashes) <= MAX_LISTED:
        inputs = {f"{roots[root]}/{source_path}".removeprefix("./"): sha256 for root, source_path, sha256 in hashes}
    else:
        by_root: dict[int, list[str]] = {}
        for root, source_path, sha256 in hashes:
            by_root.setdefault(root, []).append(f"{sha256}  {source_path}\n")
        inputs = {f"{roots[root]}/": hash_lines(sorted(lines)) for root, lines in by_root.items()}
    if project is not None:
        for path in (project.sources_csv, project.corrections_csv, project.codebook_yaml):
            if path.is_file():
                inputs[project.relative(path)] = file_sha256(path)
    return inputs
