"""The stage `convert`: sources → text → reprints → the tables of `corpus/`.

Each file is converted on its own (`convert_files`, in any number of processes); then reprints are grouped over all of
them, and the tables are written at once, with the hashes of everything that they were made from.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    ReadOptions,
    Reject,
    SourceFacts,
    SourceFile,
    SourceRecord,
    base_of,
    find_sources,
    name_documents,
    read_file,
    read_sources_csv,
    spread_prefixes,
)
from .sources.files import with_name
from .tables import TableSchema, file_sha256, make_table, read_table_schema, write_stage
from .text import Lexicon, RawMap, Undecodable, find_encoding, split_sentences
from .text.corrections import (
    Correction,
    check_quotes,
    correct_metadata,
    correct_roles,
    read_corrections,
    sentence_places,
)
from .text.metadata import find_metadata, rights_of
from .text.model import Segment, Sentence
from .text.prepare import prepare

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
        reading: limits and columns for the readers.
    """

    lexicon: Lexicon
    facts: Mapping[str, SourceFacts] = field(default_factory=dict)
    corrections: Mapping[str, Sequence[Correction]] = field(default_factory=dict)
    own_roots: frozenset[int] = frozenset()
    encoding: str | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)


@dataclass
class ConvertedFiles:
    """What came of one shard: rows by table, the files' hashes by source path and root, rejects, warnings.

    `aside` counts what is no article, by kind; `columns` records by the columns that they were read from.
    """

    documents: list[dict[str, Any]] = field(default_factory=list)
    segments: list[dict[str, Any]] = field(default_factory=list)
    sentences: list[dict[str, Any]] = field(default_factory=list)
    hashes: list[tuple[int, str, str]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    aside: Counter[str] = field(default_factory=Counter)
    columns: Counter[str] = field(default_factory=Counter)
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
    sources: Sequence[Path | str] = (),
    out: Path | None = None,
    *,
    workers: int = 1,
    encoding: str | None = None,
    format: str | None = None,
    id_prefixes: Sequence[str] = (),
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
        encoding: encoding of files that are neither UTF-8 nor marked; a file's own row in `sources.csv` wins.
        format: read every file as this format. id_prefixes: see `spread_prefixes`.
        reading: limits, and columns that win over the project's own (`schema/dataset.yaml`).
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
    conversion = _prepare(project, sources, encoding, reading or ReadOptions())
    files = _files_to_read(found, names, prefixes)
    done = _convert_all(conversion, files, workers, progress)
    done.problems += found.warnings
    if project is not None and conversion.own_roots:
        whole = any(_is_folder(source, project.sources) for source in sources)
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


def _prepare(
    project: Project | None, sources: Sequence[Path | str], encoding: str | None, reading: ReadOptions
) -> Conversion:
    if project is None:
        return Conversion(Lexicon.for_codebook(None), encoding=encoding, reading=reading)
    from .codebook import read_codebook, read_dataset

    if project.dataset_yaml.is_file():
        reading = replace(reading, columns={**read_dataset(project.dataset_yaml).columns, **reading.columns})
    return Conversion(
        Lexicon.for_codebook(read_codebook(project.codebook_yaml)),
        read_sources_csv(project.sources_csv),
        read_corrections(project.corrections_csv),
        frozenset(number for number, source in enumerate(sources) if base_of(source) == project.sources),
        encoding,
        reading,
    )


def _is_folder(source: Path | str, folder: Path) -> bool:
    return base_of(source) == folder and Path(source).is_dir()


def _files_to_read(found: FoundSources, names: Mapping[int, str], prefixes: Sequence[str]) -> list[SourceFile]:
    """Files under their documents' ids; one whose id is taken is left out, one of unknown format stays as it is."""
    return [
        with_name(file, names.get(number, file.name), prefixes[file.root])
        for number, file in enumerate(found.files)
        if number in names or file.format is None
    ]


def _convert_all(conversion: Conversion, files: Sequence[SourceFile], workers: int, progress: bool) -> ConvertedFiles:
    stage = partial(convert_files, conversion)
    shards = cut_shards(files, FILES_PER_SHARD if workers == 1 else max(1, min(FILES_PER_SHARD, len(files) // workers)))
    whole = ConvertedFiles()
    shown = (lambda part: part.n_files) if progress else None
    taken: dict[str, str] = {}
    for part in run(stage, shards, workers, shown, len(files), "files"):
        _refuse_taken_ids(part, taken)
        for name in ("documents", "segments", "sentences", "hashes", "rejects", "problems"):
            getattr(whole, name).extend(getattr(part, name))
        whole.aside += part.aside
        whole.columns += part.columns
    whole.n_files = len(files)
    return whole


def _refuse_taken_ids(part: ConvertedFiles, taken: dict[str, str]) -> None:
    """Take out documents whose id an earlier shard has, with a reject that names both places."""
    refused = set()
    for row in part.documents:
        place = _place(row["source_path"], row["record_no"])
        first = taken.setdefault(row["doc_id"], place)
        if first is not place:
            refused.add(row["doc_id"])
            part.rejects.append(_duplicate(row["doc_id"], row["source_path"], row["record_no"], first))
    if refused:
        for name in ("documents", "segments", "sentences"):
            setattr(part, name, [row for row in getattr(part, name) if row["doc_id"] not in refused])


def _place(source_path: str, record_no: int | None) -> str:
    return source_path if record_no is None else f"{source_path} record {record_no}"


def _duplicate(doc_id: str, source_path: str, record_no: int | None, first: str) -> Reject:
    message = (
        f"its id {doc_id!r} is that of {first} already: this is {_place(source_path, record_no)}; "
        "give one of them another id, or each source an --id-prefix"
    )
    return Reject(source_path, -1 if record_no is None else record_no, "source-duplicate", message)


def convert_files(conversion: Conversion, files: Sequence[SourceFile]) -> ConvertedFiles:
    """Rows of documents, segments and sentences for some files; the same whatever other files there are."""
    done = ConvertedFiles(n_files=len(files))
    ids: dict[str, str] = {}
    for file in files:
        is_own = file.root in conversion.own_roots
        facts = conversion.facts.get(file.source_path, NOTHING_KNOWN) if is_own else NOTHING_KNOWN
        came = read_file(file, replace(conversion.reading, encoding=facts.encoding or conversion.encoding))
        done.aside.update(item.why for item in came.aside)
        done.rejects += came.rejects
        if came.sha256 is not None:
            done.hashes.append((file.root, file.source_path, came.sha256))
        for record in came.records:
            place = _place(record.source_path, record.record_no)
            if first := ids.get(record.name):
                done.rejects.append(_duplicate(record.name, record.source_path, record.record_no, first))
                continue
            try:
                _convert_record(conversion, record, is_own, done)
                ids[record.name] = place
                done.columns[record.columns] += bool(record.columns)
            except Undecodable as error:
                number = -1 if record.record_no is None else record.record_no
                done.rejects.append(Reject(record.source_path, number, error.check, str(error)))
    return done


def _convert_record(conversion: Conversion, record: SourceRecord, is_own: bool, done: ConvertedFiles) -> None:
    facts = conversion.facts.get(record.source_path, NOTHING_KNOWN) if is_own else NOTHING_KNOWN
    corrections = conversion.corrections.get(record.name, ()) if is_own else ()
    prepared = prepare(record, facts.encoding or record.declared or conversion.encoding, conversion.lexicon)
    text = prepared.text
    check_quotes(text, corrections)
    segments = correct_roles(prepared.segments, text, corrections)
    sentences = split_sentences(text, segments)
    breaks, joins = sentence_places(segments, sentences, corrections)
    if breaks or joins:
        sentences = split_sentences(text, segments, breaks, joins)
    metadata = correct_metadata(find_metadata(text, segments, facts, conversion.lexicon, prepared.stated), corrections)
    body = {segment.seg_no for segment in segments if segment.role == "body"}
    done.documents.append(
        {
            "doc_id": record.name,
            "source_path": record.source_path,
            "record_no": record.record_no,
            "format": record.format,
            "extractor": prepared.extractor,
            **vars(metadata),
            "text": text,
            "n_chars": len(text),
            "n_words": sum(len(text[s.start : s.end].split()) for s in segments if s.role == "body"),
            "n_sentences": sum(sentence.seg_no in body for sentence in sentences),
            "encoding": prepared.encoding,
            "encoding_score": prepared.score,
            "raw_sha256": hashlib.sha256(record.raw).hexdigest(),
            "text_sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
            "rights": rights_of(facts, prepared.stated),
            "license": facts.license or prepared.stated.license or None,
        }
    )
    done.segments += _segment_rows(record.name, segments, prepared.raw_map)
    done.sentences += _sentence_rows(record.name, sentences)
    done.problems += [
        Problem(record.source_path, "", doubt.check, 1, doubt.message, "warning") for doubt in prepared.doubts
    ]


def _segment_rows(doc_id: str, segments: Sequence[Segment], raw_map: RawMap | None) -> list[dict[str, Any]]:
    rows = []
    for segment in segments:
        raw_start, raw_end = (None, None) if raw_map is None else raw_map.to_raw(segment.start, segment.end)
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


def _inputs(
    project: Project | None, sources: Sequence[Path | str], hashes: Sequence[tuple[int, str, str]]
) -> dict[str, str]:
    """Everything the tables were made from: a path without anything of this machine in it, and its SHA-256."""
    roots = []
    for base in map(base_of, sources):
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
        "records": len(done.documents) + len(done.rejects),
        "written": len(done.documents),
        "rejected": len(rejects),
        "ignored": len(found.ignored),
        "rejected_by": by_name(reject.check for reject in rejects),
        "by_format": by_name(row["format"] for row in done.documents),
        "by_encoding": by_name(row["encoding"] for row in done.documents),
        "by_columns": dict(sorted((+done.columns).items())),
        "left_aside": dict(sorted(done.aside.items())),
        "rows": dict(rows),
    }
