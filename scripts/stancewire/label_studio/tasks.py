"""Tasks: what is shown to an annotator, made from the corpus tables.

A task shows the segments whose roles its pass lists, joined by blank lines (the task view), with a line of metadata
as context and the entities that may be chosen. The map of the view travels in the task's data, so that a span can be
placed in the canonical text whatever happens to the corpus meanwhile.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..codebook import entity_choices, holder_choices, via_choices
from ..codebook.model import Codebook, Entity, Pass
from ..project import Project
from ..tables import read_table, read_table_schema
from ..text.model import Segment
from ..text.view import Piece, View, make_view
from .conforming import first_fault
from .exports import Given

MOST_OFFERED = 40  # a longer list of entities is slower than typing the name

Offer = tuple[str, str, str]


@dataclass(frozen=True)
class Article:
    """One document as tasks need it; `meta_line` is what is known of it, as context."""

    doc_id: str
    text: str
    text_sha256: str
    meta_line: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class GoldMention:
    """A gold mention: code points of the canonical text, its words, label, kind and entity."""

    doc_id: str
    start: int
    end: int
    text: str
    label: str
    kind: str
    entity_id: str | None


@dataclass(frozen=True)
class Gold:
    """What the merged entity pass says: mentions by document in text order, entities by id, documents merged."""

    mentions: Mapping[str, tuple[GoldMention, ...]]
    entities: Mapping[str, Entity]
    merged: frozenset[str]


def read_articles(project: Project) -> dict[str, Article]:
    """All documents of the corpus tables, by doc_id.

    Raises:
        TableError: the tables are missing or stale; the message names the command that makes them.
    """
    columns = ["doc_id", "text", "text_sha256", "title", "date", "outlet", "wire"]
    documents = read_table(project.corpus, read_table_schema("documents", project.table_schemas), columns)
    columns = ["doc_id", "seg_no", "role", "start", "end", "rule"]
    segments: dict[str, list[Segment]] = {}
    for row in read_table(project.corpus, read_table_schema("segments", project.table_schemas), columns).to_pylist():
        segments.setdefault(row.pop("doc_id"), []).append(Segment(**row))
    return {
        row["doc_id"]: Article(
            doc_id=row["doc_id"],
            text=row["text"],
            text_sha256=row["text_sha256"],
            meta_line=" · ".join(
                str(row[name]) for name in ("date", "outlet", "wire", "doc_id") if row[name] is not None
            ),
            segments=tuple(sorted(segments.get(row["doc_id"], ()), key=lambda segment: segment.start)),
        )
        for row in documents.to_pylist()
    }


def read_gold(project: Project) -> Gold:
    """The gold of the entity pass; empty where nothing was merged yet.

    Raises:
        TableError: the tables are there and stale.
    """
    path = project.table_path("mentions")
    if not path.is_file():
        return Gold({}, {}, frozenset())
    schemas = project.table_schemas
    names = ["doc_id", "start", "end", "text", "label", "kind", "entity_id"]
    rows = read_table(project.annotations, read_table_schema("mentions", schemas), names).to_pylist()
    mentions: dict[str, list[GoldMention]] = {}
    for row in rows:
        mentions.setdefault(row["doc_id"], []).append(GoldMention(**row))
    entities = {
        row["entity_id"]: Entity(row["entity_id"], row["name"], row["label"], tuple((row["aliases"] or "").split("|")))
        for row in read_table(project.annotations, read_table_schema("entities", schemas)).to_pylist()
    }
    merged = set(mentions)
    if project.table_path("assignments").is_file():  # an article without any mention is merged too
        names = ["doc_id", "task_pass", "state"]
        given = read_table(project.annotations, read_table_schema("assignments", schemas), names).to_pylist()
        entity_pass = [row for row in given if row["task_pass"] == "entities"]
        open_ones = {row["doc_id"] for row in entity_pass if row["state"] in ("assigned", "draft")}
        merged |= {row["doc_id"] for row in entity_pass} - open_ones
    in_order = {
        doc_id: tuple(sorted(found, key=lambda m: (m.start, -m.end, m.label))) for doc_id, found in mentions.items()
    }
    return Gold(in_order, entities, frozenset(merged))


def offered_in_entity_pass(text: str, codebook: Codebook) -> list[Offer]:
    """The entities of the codebook that the text names, in its order; the rest after them while the list stays "
    "short."""
    places = {entity.entity_id: _first_place(text, entity) for entity in codebook.entities}
    named = [entity for entity in codebook.entities if places[entity.entity_id] is not None]
    named.sort(key=lambda entity: places[entity.entity_id] or 0)
    rest = [entity for entity in codebook.entities if places[entity.entity_id] is None]
    offered = named + rest if len(named) + len(rest) <= MOST_OFFERED else named
    return [(entity.entity_id, entity.name, entity.label) for entity in offered]


def offered_in_stance_pass(doc_id: str, gold: Gold) -> list[Offer]:
    """The entities of the document's gold mentions, in the order in which the text first names them."""
    ids = dict.fromkeys(m.entity_id for m in gold.mentions.get(doc_id, ()) if m.entity_id in gold.entities)
    return [
        (entity.entity_id, entity.name, entity.label) for entity in (gold.entities[i] for i in ids if i is not None)
    ]


def _first_place(text: str, entity: Entity) -> int | None:
    places = [
        match.start()
        for name in (entity.name, *entity.aliases)
        if (match := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)) is not None
    ]
    return min(places, default=None)


def make_task(
    article: Article,
    given: Given,
    view: tuple[str, View],
    offered: Sequence[Offer],
    codebook_version: str,
    suggestions_shown: bool,
) -> dict[str, Any]:
    """The data of one task (see task.schema.json)."""
    text, pieces = view[0], view[1].pieces
    data: dict[str, Any] = {
        "doc_id": article.doc_id,
        "text": text,
        "meta_line": article.meta_line,
        "text_sha256": article.text_sha256,
        "task_pass": given.task_pass,
        "round": given.round,
        "annotator_id": given.annotator_id,
        "codebook_version": codebook_version,
        "suggestions_shown": suggestions_shown,
        "view": [[piece.view_start, piece.start, piece.end, piece.seg_no] for piece in pieces],
        "entities_offered": [list(offer) for offer in offered],
    }
    if given.task_pass == "entities":
        data["entities"] = entity_choices(offered)
    else:
        data["holders"] = holder_choices(offered)
        data["vias"] = via_choices(offered)
    return data


def article_view(article: Article, task_pass: Pass) -> tuple[str, View]:
    """What a pass shows of an article, and the way back."""
    return make_view(article.text, article.segments, task_pass.roles)


def stored_view(article: Article, pieces: Iterable[Sequence[int]]) -> tuple[str, View]:
    """The view that a stored export describes, of the same text; later rules for roles do not change it."""
    kept = tuple(Piece(*piece) for piece in pieces)
    n_chars = kept[-1].view_end if kept else 0
    text = "\n\n".join(article.text[piece.start : piece.end] for piece in kept)
    return text, View(kept, n_chars)


def task_fault(data: Mapping[str, Any], schemas: Path) -> str | None:
    """Why a task cannot be sent, or None.

    A lone surrogate would be taken, and from then on every export of the whole project would fail.
    """
    try:
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as surrogate:
        return f"its text holds a lone surrogate ({surrogate.object[surrogate.start]!r}); mend the source"
    if not data["text"]:
        return f"no segment has a role that the pass {data['task_pass']} shows"
    fault = first_fault({"data": data}, schemas, "task")
    return None if fault is None else f"it breaks task.schema.json at {fault[0]}: {fault[1][:160]}"
