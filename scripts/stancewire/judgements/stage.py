"""The stage: stored exports → `assignments`, `judgements`, `quarantine`."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from ..codebook.model import Codebook
from ..engine import Workers
from ..errors import Problem
from ..project import Project
from ..sources import read_withdrawn
from ..tables import TableSchema, Written, file_sha256, make_table, read_table_schema, write_stage
from .history import Judgements, read_judgements
from .places import Document
from .volume import LARGE, SpreadTable, fineness_for, iter_documents, read_buckets, spread_states, stored_bytes

if TYPE_CHECKING:
    from .columns import Asked

STAGE = "judgements"
TABLES = ("assignments", "judgements", "quarantine")


@dataclass
class Report:
    """What a stage did: rows written by table and other counts, what it found, and what a person should know."""

    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    note: str = ""


def read_documents(corpus: Path, schemas: Path) -> list[Document]:
    """Id, text and hash of every document of a corpus folder."""
    return list(iter_documents(corpus, schemas))


def write_judgements(
    project: Project,
    out: Path | None = None,
    exports: Path | None = None,
    workers: int = 1,
    progress: bool = False,
) -> Report:
    """Write `assignments`, `judgements` and `quarantine` from the stored exports.

    Args:
        out: folder to write to (default: `annotations/`).
        exports: folder of stored exports (default: `annotations/exports`).
        workers: processes that read many stored exports ; the tables are the same bytes for any number.
        progress: draw a bar then, if stderr is a terminal.

    Raises:
        StancewireError: codebook, campaign, corpus tables or exports cannot be read.
    """
    from ..codebook import read_campaign, read_codebook
    from ..label_studio.exports import read_submissions, settle_aside

    codebook = read_codebook(project.codebook_yaml)
    campaign = read_campaign(project.campaign_yaml)
    models = frozenset(about.annotator_id for about in campaign.annotators if about.kind == "model")
    folder, root = out or project.annotations, exports or project.exports
    settle_aside(project.exports_aside, project.exports)  # an import that was killed while it put in what was whole
    withdrawn = frozenset(read_withdrawn(project.withdrawn_csv))
    documents_file = project.corpus / "documents.parquet"
    decided = (project.codebook_yaml, project.campaign_yaml, project.withdrawn_csv, documents_file)
    inputs = hash_inputs(project, decided) | _hash_exports(root)
    schemas = {name: read_table_schema(name, project.table_schemas) for name in TABLES}
    if stored_bytes(root) > LARGE:
        from .columns import Asked

        asked = Asked(codebook, models, schemas, project.schema, fineness_for(stored_bytes(root)), withdrawn)
        return _write_large(project, root, asked, folder, inputs, workers, progress)
    documents = read_documents(project.corpus, project.table_schemas)
    found = read_judgements(read_submissions(project, exports), documents, codebook, models, withdrawn)
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
    project: Project,
    exports: Path,
    asked: Asked,
    folder: Path,
    inputs: Mapping[str, str],
    workers: int,
    progress: bool,
) -> Report:
    """The same tables, with no more in memory than some documents' rows."""
    from .columns import read_part

    folder.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    problems: list[Problem] = []
    assignments = []
    current = 0
    schemas, given = asked.schemas, asked.schemas["assignments"]
    with (
        Workers(workers, read_part.__module__) as pool,
        tempfile.TemporaryDirectory(prefix="stancewire-judgements-") as parts,
        SpreadTable(schemas["judgements"], Path(parts), asked.fineness) as judgements,
        SpreadTable(schemas["quarantine"], Path(parts), asked.fineness) as quarantine,
        spread_states(project, exports) as buckets,
    ):
        paths = list(buckets)
        shown = (lambda _: 1) if progress else None
        for found in pool.run(read_part, paths, shown, len(paths), "parts of the judgements", asked):
            judgements.add_spread(found.judgements)
            quarantine.add_spread(found.quarantine)
            assignments.append(found.assignments)
            current += found.current
            counts += found.counts
            problems += found.problems
        beside = {name: folder / f".{name}.parquet.writing" for name in ("judgements", "quarantine")}
        try:
            made: dict[str, tuple[TableSchema, pa.Table] | Written] = {
                "assignments": (given, make_table(given, pa.concat_tables(assignments))),
                "judgements": judgements.write(beside["judgements"], pool),
                "quarantine": quarantine.write(beside["quarantine"]),
            }
            write_stage(folder, STAGE, made, inputs)
        finally:
            for path in beside.values():
                path.unlink(missing_ok=True)
    rows = {name: one.entry["rows"] if isinstance(one, Written) else one[1].num_rows for name, one in made.items()}
    return Report(rows | {"current": current} | dict(sorted(counts.items())), sorted(problems))


def _hash_exports(folder: Path) -> dict[str, str]:
    """SHA-256 of each stored export, named as in the project, wherever the folder is."""
    paths = sorted(folder.rglob("*.json"), key=lambda path: path.as_posix())
    return {f"annotations/exports/{path.relative_to(folder).as_posix()}": file_sha256(path) for path in paths}


def hash_inputs(project: Project, paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of each input that exists, by its path relative to the project."""
    return {project.relative(path): file_sha256(path) for path in paths if path.is_file()}
