"""What the checks say about a few rows: the same checks, on the tables of one story alone."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from ..codebook import read_codebook
from ..errors import Problem
from ..project import ANNOTATION_TABLES, CORPUS_TABLES, Project
from . import decisions, guideline, judged, spans
from .decisions import ADJUDICATIONS
from .files import open_files
from .loading import Loaded, check_manifests, load_tables


def check_story(project: Project, doc_id: str) -> list[Problem]:
    """What the checks of rows say about a document and its reprints."""
    files = open_files(project.root)
    loaded, _ = load_tables(files, (*CORPUS_TABLES, *ANNOTATION_TABLES), check_manifests(files)[1])
    few = _of_story(loaded, doc_id)
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


def _of_story(loaded: Loaded, doc_id: str) -> Loaded:
    """The rows of the document and of its reprints: some checks compare them."""
    stories = dict(loaded.columns("stories", "doc_id", "story_id"))
    documents = {key for key, story in stories.items() if story == stories.get(doc_id, "")} | {doc_id}
    few = Loaded(schemas=loaded.schemas)
    for name, table in loaded.tables.items():
        column = next((key for key in ("doc_id", "doc_id_a") if key in table.column_names), None)
        if column is None:
            few.tables[name] = table
        else:
            values = table.column(column).cast(pa.large_string())
            few.tables[name] = table.filter(pc.is_in(values, value_set=pa.array(sorted(documents), pa.large_string())))
    return few
