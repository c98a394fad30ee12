"""What the checks say about a few rows: the same checks, on the tables of one story alone."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable

import pyarrow as pa

from ..codebook import read_codebook
from ..errors import Problem, StancewireError
from ..project import ANNOTATION_TABLES, CORPUS_TABLES, Project
from ..tables import find_rows, read_table, read_table_schema
from . import decisions, guideline, judged, spans
from .decisions import ADJUDICATIONS
from .files import open_files
from .loading import Loaded

SMALL = ("targets",)  # of the tables that know no document, the one that these checks ask


def check_story(project: Project, doc_id: str) -> list[Problem]:
    """What the checks of rows say about a document and its reprints."""
    files = open_files(project.root)
    few = _of_story(project, doc_id)
    codebook = read_codebook(project.codebook_yaml)
    found = [
        *spans.check_spans(few),
        *judged.check_judgements(few),
        *judged.check_gold(few),
        *guideline.check_guideline(few, codebook, guideline.partly_shown(project, codebook, few)),
        *decisions.check_decisions(files, few),
    ]
    return sorted(set(found))


def problems_about(
    found: Iterable[Problem],
    doc_id: str,
    ids: Iterable[str],
    places: Iterable[tuple[int, int]],
    lines: Iterable[int] = (),
) -> list[Problem]:
    """Those problems and warnings whose place is one of these rows.

    Args:
        ids: ids of judgements, gold rows, conflicts, decisions. places: spans in the document.
        lines: of adjudications.jsonl.
    """
    wanted = set(ids) | {f"{doc_id}:{start}-{end}" for start, end in places}
    numbered = {str(line) for line in lines}
    return [item for item in found if item.place in (numbered if item.path == ADJUDICATIONS else wanted)]


def _of_story(project: Project, doc_id: str) -> Loaded:
    """The rows of the document and of its reprints: some checks compare them."""
    few = Loaded()
    for name in (*CORPUS_TABLES, *ANNOTATION_TABLES):
        with contextlib.suppress(StancewireError):  # what cannot be read, validate names
            few.schemas[name] = read_table_schema(name, project.table_schemas)
    documents = {doc_id}
    stories = _rows(project, few, "stories", "doc_id", [doc_id])
    if stories is not None and stories.num_rows:
        told = _rows(project, few, "stories", "story_id", stories.column("story_id").to_pylist())
        documents |= set(() if told is None else told.column("doc_id").to_pylist())
    for name, schema in few.schemas.items():
        column = next((key for key in ("doc_id", "doc_id_a") if key in schema.by_name), None)
        if column is not None:
            table = _rows(project, few, name, column, documents)
        elif name in SMALL:
            table = _rows(project, few, name, None, ())
        else:
            continue
        if table is not None:
            few.tables[name] = table
    return few


def _rows(project: Project, few: Loaded, name: str, column: str | None, values: Collection[str]) -> pa.Table | None:
    """Rows of a table, all of them without a column; None where it cannot be read."""
    if name not in few.schemas:
        return None
    folder = project.table_path(name).parent
    try:
        if column is None:
            return read_table(folder, few.schemas[name])
        return find_rows(folder, few.schemas[name], column, values)
    except StancewireError:
        return None
