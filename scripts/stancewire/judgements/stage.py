"""The stage: stored exports → `assignments`, `judgements`, `quarantine`."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from ..codebook.model import Codebook
from ..errors import Problem
from ..label_studio.model import Submission
from ..project import Project
from ..tables import TableSchema, Written, file_sha256, make_table, read_table, read_table_schema, write_stage
from .history import assignment_row, by_assignment, settle
from .names import NameIndex
from .places import Document
from .reading import Reading, Row
from .rows import read_submission
from .terms import Terms
from .volume import LARGE, SpreadTable, read_buckets, stored_bytes

STAGE = "judgements"
TABLES = ("assignments", "judgements", "quarantine")


@dataclass
class Report:
    """What a stage did: rows written by table and other counts, what it found, and what a person should know."""

    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    note: str = ""


@dataclass
class Judgements:
    """The rows of the three tables, and what was found on the way."""

    assignments: list[Row] = field(default_factory=list)
    judgements: list[Row] = field(default_factory=list)
    quarantine: list[Row] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


def read_judgements(
    submissions: Iterable[Submission],
    documents: Iterable[Document],
    codebook: Codebook,
    models: frozenset[str] = frozenset(),
    withdrawn: frozenset[str] = frozenset(),
) -> Judgements:
    """All rows of all submissions, with their history.

    Args:
        submissions: as pulled, every state.
        models: annotators that are models; Label Studio's clock says nothing about them, so their `seconds` is null.
        withdrawn: documents that are in no table; what was said of them is counted, and stays in the exports.
    """
    terms, known = Terms(codebook), NameIndex(codebook.entities, codebook.rules)
    by_id = {document.doc_id: document for document in documents}
    found = Judgements()
    for (doc_id, task_pass, _, annotator_id), states in by_assignment(submissions).items():
        if doc_id in withdrawn:
            found.counts["withdrawn_assignments"] += 1
            continue
        document = by_id.get(doc_id)
        readings = [(state, _read_state(state, document, terms, known)) for state in states]
        judgements, quarantine = settle(readings)
        latest, reading = readings[-1]
        assignment = assignment_row(latest)
        if annotator_id in models:
            for row in (assignment, *judgements, *quarantine):
                row["seconds"] = None
        found.judgements += judgements
        found.quarantine += quarantine
        found.counts += reading.counts
        found.problems += reading.problems
        if document is not None:
            found.assignments.append(assignment)
            continue
        message = f"{annotator_id} ({task_pass}) was given a document that the corpus does not have: see quarantine"
        found.problems.append(Problem(latest.export_path, doc_id, "export-document", 2, message))
    return found


def _read_state(state: Submission, document: Document | None, terms: Terms, known: NameIndex) -> Reading:
    if state.state not in ("submitted", "skipped"):
        return Reading()  # a draft is unfinished: the assignment says so, and nothing of it is a judgement yet
    return read_submission(state, document, terms, known)


def read_documents(corpus: Path, schemas: Path) -> list[Document]:
    """Id, text and hash of every document of a corpus folder."""
    columns = ["doc_id", "text", "text_sha256"]
    table = read_table(corpus, read_table_schema("documents", schemas), columns)
    return [Document(**row) for row in table.to_pylist()]


def write_judgements(project: Project, out: Path | None = None, exports: Path | None = None) -> Report:
    """Write `assignments`, `judgements` and `quarantine` from the stored exports.

    Args:
        out: folder to write to (default: `annotations/`).
        exports: folder of stored exports (default: `annotations/exports`).

    Raises:
        StancewireError: codebook, campaign, corpus tables or exports cannot be read.
    """
    from ..codebook import read_campaign, read_codebook
    codebook = read_codebook(project.codebook_yaml)
    campaign = read_campaign(project.campaign_yaml)
    models = frozenset(about.annotator_id for about in campaign.annotators if about.kind == "model")
    folder, root = out or project.annotations, exports or project.exports
    documents_file = project.corpus / "documents.parquet"
    decided = (project.codebook_yaml, project.campaign_yaml, project.withdrawn_csv, documents_file)
    inputs = hash_inputs(project, decided) | _hash_exports(root)
    documents = {document.doc_id: document for document in read_documents(project.corpus, project.table_schemas)}
    schemas = {name: read_table_schema(name, project.table_schemas) for name in TABLES}
    parts = iter_judgements(project, exports, documents, codebook, models)
    if stored_bytes(root) > LARGE:
        return _write_large(parts, folder, schemas, inputs)
    (found,) = parts
    made = {name: (schema, make_table(schema, getattr(found, name))) for name, schema in schemas.items()}
    write_stage(folder, STAGE, made, inputs)
    counts = {name: table.num_rows for name, (_, table) in made.items()}
    counts["current"] = sum(row["status"] == "current" for row in found.judgements)
    return Report(counts | dict(sorted(found.counts.items())), sorted(found.problems))


def iter_judgements(
    project: Project,
    exports: Path | None,
    documents: Mapping[str, Document],
    codebook: Codebook,
    models: frozenset[str] = frozenset(),
) -> Iterator[Judgements]:
    """What `read_judgements` gives of all stored exports; of many, some documents' at a time.

    Raises:
        ExportError: a stored export cannot be read. SourceError: withdrawn.csv cannot be used.
    """
    from ..label_studio.exports import read_submissions
    from ..sources import read_withdrawn

    withdrawn = frozenset(read_withdrawn(project.withdrawn_csv))
    if stored_bytes(exports or project.exports) <= LARGE:
        submissions = read_submissions(project, exports)
        yield read_judgements(submissions, documents.values(), codebook, models, withdrawn)
        return
    for bucket in read_buckets(project, exports):
        judged = {submission.doc_id for submission in bucket}
        known = [documents[doc_id] for doc_id in judged if doc_id in documents]
        yield read_judgements(bucket, known, codebook, models, withdrawn)


def _write_large(
    readings: Iterator[Judgements], folder: Path, schemas: Mapping[str, TableSchema], inputs: Mapping[str, str]
) -> Report:
    """The same tables, with no more in memory than some documents' rows."""
    folder.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    problems: list[Problem] = []
    assignments = []
    current = 0
    with (
        tempfile.TemporaryDirectory(prefix="stancewire-judgements-") as parts,
        SpreadTable(schemas["judgements"], Path(parts)) as judgements,
        SpreadTable(schemas["quarantine"], Path(parts)) as quarantine,
    ):
        for found in readings:
            judgements.add(found.judgements)
            quarantine.add(found.quarantine)
            assignments.append(make_table(schemas["assignments"], found.assignments))
            current += sum(row["status"] == "current" for row in found.judgements)
            counts += found.counts
            problems += found.problems
        beside = {name: folder / f".{name}.parquet.writing" for name in ("judgements", "quarantine")}
        try:
            made: dict[str, tuple[TableSchema, pa.Table] | Written] = {
                "assignments": (schemas["assignments"], make_table(schemas["assignments"], _joined(assignments))),
                "judgements": judgements.write(beside["judgements"]),
                "quarantine": quarantine.write(beside["quarantine"]),
            }
            write_stage(folder, STAGE, made, inputs)
        finally:
            for path in beside.values():
                path.unlink(missing_ok=True)
    rows = {name: one.entry["rows"] if isinstance(one, Written) else one[1].num_rows for name, one in made.items()}
    return Report(rows | {"current": current} | dict(sorted(counts.items())), sorted(problems))


def _joined(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).combine_chunks()


def _hash_exports(folder: Path) -> dict[str, str]:
    """SHA-256 of each stored export, named as in the project, wherever the folder is."""
    paths = sorted(folder.rglob("*.json"), key=lambda path: path.as_posix())
    return {f"annotations/exports/{path.relative_to(folder).as_posix()}": file_sha256(path) for path in paths}


def hash_inputs(project: Project, paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of each input that exists, by its path relative to the project."""
    return {project.relative(path): file_sha256(path) for path in paths if path.is_file()}
