"""Gold of the head of a story, carried over to the other versions where these say the same and nobody was asked.

Where only what differs was given out, or nothing since nothing differs, gold has no rows on what a version says in the
head's own words. Nobody has judged it there, so these are no gold rows, and stand in no table: they are made when asked
for, each naming the row that it was carried over from. Carried is what stands in unchanged sentences alone, and only to
places that no submitted task of the pass showed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ..agreement.values import Party
from ..codebook import read_codebook
from ..errors import UsageError
from ..judgements.reading import evidence_id
from ..judgements.shown import Span
from ..judgements.versions import Versions
from ..project import Project
from ..reprints import Stretch, Witness
from ..reprints.projection import SAME, Projection
from ..tables import find_in_manifest
from .evidence import read_rows
from .rows import mention_id, stance_id

Row = dict[str, Any]

PASSES = {"mentions": "entities", "stances": "stances", "stances_wide": "stances"}
FROM = "carried_from"
_STATED = ("title", "date", "outlet", "wire", "lang", "url")
_INFERRED = ("is_story_head", "date_inferred", "wire_inferred")


def carried_rows(project: Project, name: str, story_ids: Collection[str] | None = None) -> list[Row]:
    """Rows of a gold table, carried over to other versions of their stories.

    Args:
        name: `mentions`, `stances` or `stances_wide`. story_ids: only of these stories (default: of all).

    Returns:
        rows with the columns of the table, places in the version they were carried to, and `carried_from`: the id of
        the row of the head. Votes and who decided are the head's.

    Raises:
        UsageError: another table. StancewireError: a table or a stored export is missing, stale or cannot be read.
    """
    if name not in PASSES:
        raise UsageError(f"{name!r} cannot be carried over; known: {', '.join(PASSES)}")
    needed = (name, "assignments")
    if any(find_in_manifest(project.annotations, one)[0] is None for one in needed):
        return []
    told = [
        row
        for row in read_rows(project, project.corpus, "stories")
        if story_ids is None or row["story_id"] in story_ids
    ]
    heads = {row["story_id"]: row["doc_id"] for row in told if row["is_story_head"]}
    gold: dict[str, list[Row]] = {}
    for row in read_rows(project, project.annotations, name):
        gold.setdefault(row["doc_id"], []).append(row)
    others = [row for row in told if not row["is_story_head"] and heads[row["story_id"]] in gold]
    if not others:
        return []
    doc_ids = {row["doc_id"] for row in others} | {heads[row["story_id"]] for row in others}
    versions = Versions(project, read_codebook(project.codebook_yaml), [{"doc_id": doc_id} for doc_id in doc_ids])
    witnesses = versions.witnesses(doc_ids)
    judged = _judged_spans(read_rows(project, project.annotations, "assignments"), PASSES[name], versions, witnesses)
    documents: dict[str, Row] = {}
    if name == "stances_wide":
        documents = {row["doc_id"]: row for row in read_rows(project, project.corpus, "documents")}
    found: list[Row] = []
    for row in sorted(others, key=lambda row: str(row["doc_id"])):
        head, other = witnesses[heads[row["story_id"]]], witnesses[row["doc_id"]]
        about = {column: documents[other.doc_id][column] for column in _STATED} if documents else {}
        about |= {column: row[column] for column in _INFERRED} if documents else {}
        found += (carried | about for carried in _carry(gold[head.doc_id], head, other, judged.get(other.doc_id, ())))
    return found


def _judged_spans(
    assignments: Sequence[Row], task_pass: str, versions: Versions, witnesses: Mapping[str, Witness]
) -> dict[str, list[Span]]:
    """doc_id -> what submitted tasks of the pass showed; all of it where that is not known."""
    found: dict[str, list[Span]] = {}
    for row in assignments:
        if row["doc_id"] in witnesses and row["task_pass"] == task_pass and row["state"] == "submitted":
            task = (row["doc_id"], task_pass, row["round"], row["annotator_id"])
            known = versions.shown.get(task)
            spans = [(0, len(witnesses[row["doc_id"]].text))] if known is None else known.spans
            found.setdefault(row["doc_id"], []).extend(spans)
    return found


def _carry(rows: Sequence[Row], head: Witness, other: Witness, judged: Sequence[Span]) -> Iterator[Row]:
    projection = Projection(head, other)
    unchanged = {one.start for one, _ in projection.unchanged_sentences}
    for row in rows:
        start, end = row["start"], row["end"]
        landing = projection.land(start, end)
        touched = [one for one in head.sentences if one.start < end and start < one.end]
        if landing is None or landing.how != SAME or not touched or any(one.start not in unchanged for one in touched):
            continue
        if any(low < landing.end and landing.start < high for low, high in judged):
            continue
        yield _row_at(row, other.doc_id, (landing.start, landing.end), _sent_no(other.sentences, landing.start))


def _sent_no(sentences: Sequence[Stretch], place: int) -> int | None:
    return next((one.number for one in sentences if one.start <= place < one.end), None)


def _row_at(row: Row, doc_id: str, span: Span, sent_no: int | None) -> Row:
    moved = row | {"doc_id": doc_id, "start": span[0], "end": span[1], "sent_no": sent_no}
    if "mention_id" in row:
        return moved | {"mention_id": mention_id(doc_id, *span, row["label"]), FROM: row["mention_id"]}
    key = stance_id(doc_id, *span, row["target_id"], _party(row, "holder"), _party(row, "via"))
    return moved | {"stance_id": key, "evidence_id": evidence_id(doc_id, *span), FROM: row["stance_id"]}


def _party(row: Row, role: str) -> Party:
    return row[f"{role}_type"], row[f"{role}_entity_id"], row[f"{role}_text"]
