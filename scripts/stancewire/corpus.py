"""The stage `convert`: sources → text → reprints → the tables of `corpus/`.

Each file is converted on its own (`convert_files`, in any number of processes); then reprints are grouped over all of
them, and the tables are written at once, with the hashes of everything that they were made from.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .engine import cut_shards, run
from .errors import Problem, UsageError
from .project import CORPUS_TABLES, Project
from .sources import (
    ENDINGS,
    NOTHING_KNOWN,
    READERS,
    FoundSources,
    Reject,
    SourceFacts,
    SourceFile,
    SourceRecord,
    find_sources,
    name_documents,
    read_file,
    read_sources_csv,
    spread_prefixes,
)
from .sources.files import with_name
from .tables import TableSchema, file_sha256, make_table, read_table_schema, write_stage
from .text import Decoded, Lexicon, Undecodable, decode, find_encoding, segment_text, split_sentences
from .text.corrections import (
    Correction,
    check_quotes,
    correct_metadata,
    correct_roles,
    read_corrections,
    sentence_places,
)
from .text.metadata import find_metadata
from .text.model import Segment, Sentence

if TYPE_CHECKING:
    import pyarrow as pa

FILES_PER_SHARD = 256


@dataclass(frozen=True)
class Conversion:
    """What every shard of one run is converted with.

    Attributes:
        facts: rows of `sources.csv` by source path. corrections: by document.
        own_roots: numbers of the roots that these two are about; a file of another root may have the same name.
        encoding: of files that are neither UTF-8 nor marked, and of which nothing else is known.
    """

    lexicon: Lexicon
    facts: Mapping[str, SourceFacts] = field(default_factory=dict)
    corrections: Mapping[str, Sequence[Correction]] = field(default_factory=dict)
    own_roots: frozenset[int] = frozenset()
    encoding: str | None = None


@dataclass
class ConvertedFiles:
    """What came of one shard: rows by table, the files' hashes by source path and root, rejects, warnings."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    segments: list[dict[str, Any]] = field(default_factory=list)
    sentences: list[dict[str, Any]] = field(default_factory=list)
    hashes: list[tuple[int, str, str]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    n_files: int = 0


@dataclass(frozen=True)
class ConvertReport:
    """What `convert` did.

    Attributes:
        counts: read, written, rejected, ignored; rejected_by, by_format, by_encoding, rows: each a count by name.
        rejects: one problem for each source or record that was refused (also rows of the table `rejects`).
        problems: all other problems and warnings.
    """

    counts: dict[str, Any]
    rejects: list[Problem]
    problems: list[Problem]


def convert_corpus(
    project: Project | None,
    sources: Sequence[Path] = (),
    out: Path | None = None,
    *,
    workers: int = 1,
    encoding: str | None = None,
    format: str | None = None,
    id_prefixes: Sequence[str] = (),
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
    prefixes = spread_prefixes(id_prefixes, len(sources))
    found = find_sources(sources, ENDINGS, format)
    names = name_documents(found, prefixes)
    conversion = _prepare(project, sources, encoding)
    files = _files_to_read(found, names)
    done = _convert_all(conversion, files, workers, progress)
    done.problems += found.warnings
    if project is not None and conversion.own_roots:
        whole = any(source.resolve() == project.sources for source in sources)
        own = {source_path: sha256 for root, source_path, sha256 in done.hashes if root in conversion.own_roots}
        done.problems += check_listing(conversion.facts, found, own, whole)
        done.problems += _check_corrected(conversion, done) if whole else []
    rejects = _one_a_place([*found.rejects, *done.rejects])
    tables = _make_tables(project, done, rejects, workers, None if dry_run or project is None else project.studio)
    if not dry_run:
        write_stage(out, "convert", tables, _inputs(project, sources, done.hashes))
    counts = _count(found, done, rejects, {name: table.num_rows for name, (_, table) in tables.items()})
    return ConvertReport(counts, [_as_problem(reject) for reject in rejects], sorted(done.problems))


def _check_encoding(encoding: str) -> None:
    try:
        find_encoding(encoding)
    except Undecodable as error:
        raise UsageError(f"--encoding: {error}") from None


def _prepare(project: Project | None, sources: Sequence[Path], encoding: str | None) -> Conversion:
    if project is None:
        return Conversion(Lexicon.for_codebook(None), encoding=encoding)
    from .codebook import read_codebook

    return Conversion(
        Lexicon.for_codebook(read_codebook(project.codebook_yaml)),
        read_sources_csv(project.sources_csv),
        read_corrections(project.corrections_csv),
        frozenset(number for number, source in enumerate(sources) if _base(source) == project.sources),
        encoding,
    )


def _base(source: Path) -> Path:
    """The folder that source paths are relative to: the source itself, or the folder that the one file is in."""
    top = source.resolve()
    return top.parent if top.is_file() else top


def _files_to_read(found: FoundSources, names: Mapping[int, str]) -> list[SourceFile]:
    """Files under their documents' ids; one whose id is taken is left out, one of unknown format stays as it is."""
    return [
        with_name(file, names.get(number, file.name))
        for number, file in enumerate(found.files)
        if number in names or file.format is None
    ]


def _convert_all(conversion: Conversion, files: Sequence[SourceFile], workers: int, progress: bool) -> ConvertedFiles:
    stage = partial(convert_files, conversion)
    shards = cut_shards(files, FILES_PER_SHARD if workers == 1 else max(1, min(FILES_PER_SHARD, len(files) // workers)))
    whole = ConvertedFiles()
    shown = (lambda part: part.n_files) if progress else None
    for part in run(stage, shards, workers, shown, len(files), "files"):
        for name in ("documents", "segments", "sentences", "hashes", "rejects", "problems"):
            getattr(whole, name).extend(getattr(part, name))
    whole.n_files = len(files)
    return whole


def convert_files(conversion: Conversion, files: Sequence[SourceFile]) -> ConvertedFiles:
    """Rows of documents, segments and sentences for some files; the same whatever other files there are."""
    done = ConvertedFiles(n_files=len(files))
    for file in files:
        came = read_file(file)
        done.rejects += came.rejects
        if came.sha256 is not None:
            done.hashes.append((file.root, file.source_path, came.sha256))
        for record in came.records:
            try:
                _convert_record(conversion, record, file.root in conversion.own_roots, done)
            except Undecodable as error:
                number = -1 if record.record_no is None else record.record_no
                done.rejects.append(Reject(record.source_path, number, error.check, str(error)))
    return done


def _convert_record(conversion: Conversion, record: SourceRecord, is_own: bool, done: ConvertedFiles) -> None:
    facts = conversion.facts.get(record.source_path, NOTHING_KNOWN) if is_own else NOTHING_KNOWN
    corrections = conversion.corrections.get(record.name, ()) if is_own else ()
    decoded = decode(record.raw, facts.encoding or record.declared or conversion.encoding)
    text = decoded.text
    check_quotes(text, corrections)
    segments = correct_roles(segment_text(text, conversion.lexicon), text, corrections)
    sentences = split_sentences(text, segments)
    breaks, joins = sentence_places(segments, sentences, corrections)
    if breaks or joins:
        sentences = split_sentences(text, segments, breaks, joins)
    metadata = correct_metadata(find_metadata(text, segments, facts, conversion.lexicon), corrections)
    body = {segment.seg_no for segment in segments if segment.role == "body"}
    done.documents.append(
        {
            "doc_id": record.name,
            "source_path": record.source_path,
            "record_no": record.record_no,
            "format": record.format,
            "extractor": None,
            **vars(metadata),
            "text": text,
            "n_chars": len(text),
            "n_words": sum(len(text[s.start : s.end].split()) for s in segments if s.role == "body"),
            "n_sentences": sum(sentence.seg_no in body for sentence in sentences),
            "encoding": decoded.encoding,
            "encoding_score": decoded.score,
            "raw_sha256": hashlib.sha256(record.raw).hexdigest(),
            "text_sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
            "rights": facts.rights,
            "license": facts.license,
        }
    )
    done.segments += _segment_rows(record.name, segments, decoded)
    done.sentences += _sentence_rows(record.name, sentences)
    done.problems += [
        Problem(record.source_path, "", doubt.check, 1, doubt.message, "warning") for doubt in decoded.doubts
    ]


def _segment_rows(doc_id: str, segments: Sequence[Segment], decoded: Decoded) -> list[dict[str, Any]]:
    rows = []
    for segment in segments:
        raw_start, raw_end = decoded.raw_map.to_raw(segment.start, segment.end)
        rows.append({"doc_id": doc_id, **vars(segment), "raw_start": raw_start, "raw_end": raw_end})
    return rows


def _sentence_rows(doc_id: str, sentences: Sequence[Sentence]) -> list[dict[str, Any]]:
    return [{"doc_id": doc_id, **vars(sentence)} for sentence in sentences]


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


def _check_corrected(conversion: Conversion, done: ConvertedFiles) -> list[Problem]:
    """Corrections of documents that are not there."""
    there = {row["doc_id"] for row in done.documents}
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


def _make_tables(
    project: Project | None, done: ConvertedFiles, rejects: Sequence[Reject], workers: int, scratch: Path | None
) -> dict[str, tuple[TableSchema, pa.Table]]:
    from .reprints.stage import make_reprint_tables

    directory = project.table_schemas if project is not None and project.table_schemas.is_dir() else None
    schemas = {name: read_table_schema(name, directory) for name in CORPUS_TABLES}
    rows: dict[str, Sequence[Mapping[str, Any]]] = {
        "documents": done.documents,
        "segments": done.segments,
        "sentences": done.sentences,
        "rejects": [vars(reject) for reject in rejects],
    }
    made = {name: make_table(schemas[name], rows[name]) for name in rows}
    remember = scratch / "reprints.npz" if scratch is not None else None
    grouped = make_reprint_tables(made["documents"], made["segments"], made["sentences"], workers, remember)
    made |= {name: make_table(schemas[name], grouped[name]) for name in ("stories", "reprints", "variants")}
    return {name: (schemas[name], made[name]) for name in CORPUS_TABLES}


def _inputs(project: Project | None, sources: Sequence[Path], hashes: Sequence[tuple[int, str, str]]) -> dict[str, str]:
    """Everything the tables were made from: a path without anything of this machine in it, and its SHA-256."""
    roots = []
    for base in map(_base, sources):
        inside = project is not None and base.is_relative_to(project.root)
        roots.append(base.relative_to(project.root).as_posix() if project is not None and inside else base.name)
    inputs = {f"{roots[root]}/{source_path}".removeprefix("./"): sha256 for root, source_path, sha256 in hashes}
    if project is not None:
        for path in (project.sources_csv, project.corrections_csv, project.codebook_yaml):
            if path.is_file():
                inputs[project.relative(path)] = file_sha256(path)
    return inputs


def _count(
    found: FoundSources, done: ConvertedFiles, rejects: Sequence[Reject], rows: Mapping[str, int]
) -> dict[str, Any]:
    def by_name(names: Any) -> dict[str, int]:
        return dict(sorted(Counter(names).items()))

    return {
        "read": len(found.files) + len(found.rejects) - sum(r.check == "source-duplicate" for r in found.rejects),
        "written": len(done.documents),
        "rejected": len(rejects),
        "ignored": len(found.ignored),
        "rejected_by": by_name(reject.check for reject in rejects),
        "by_format": by_name(row["format"] for row in done.documents),
        "by_encoding": by_name(row["encoding"] for row in done.documents),
        "rows": dict(rows),
    }
