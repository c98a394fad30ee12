"""Suggestions from the head of the story: what gold says of it, proposed where its words stand in another version.

A mention is proposed where its words, or another known name of its entity, stand; a stance only where its evidence is
unchanged to the character. All else is listed for review and never sent. Each result's `meta` says where it came from,
and a judgement that came of it is no independent one (see `agreement.units`).

A task of another version shows only the segments in which it differs from the head, each whole, so that changed and new
sentences stand in their context; what the head says in the same words is annotated there:

    head       | headline | S1 S2 | S3 | S4 |
    version    | headline'| S1 s2'|      S4 | S5 |         its task: headline', S1 s2', S5
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..codebook.model import Codebook, Pass
from ..project import Project
from ..reprints import Witness, read_witnesses
from ..reprints.projection import REVIEW, SAME, Projection
from ..reprints.witness import READ_ROLES
from ..tables import find_in_manifest, read_table, read_table_schema, row_id
from ..text.view import View, make_view
from .model import PROJECTED
from .tasks import Article, Gold, Offer, offered_in_stance_pass

PROVIDER = f"{PROJECTED}1"
HEADS, DIFFERING = "heads", "differing"
Row = dict[str, Any]
Span = tuple[int, int]


@dataclass(frozen=True)
class ForReview:
    """A place where what was said of other words needs a person: canonical span of `doc_id`, None where it has none."""

    doc_id: str
    layer: str
    span: Span | None
    origin: str
    words: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.doc_id}:{self.span[0]}-{self.span[1]}" if self.span else self.doc_id
        return f"for review: {where}: {self.layer} “{self.words}” of {self.origin}: {self.reason}"


@dataclass
class Projector:
    """What the corpus knows of stories, read once; `review` fills with what could not be proposed."""

    project: Project
    codebook: Codebook
    gold: Gold
    review: list[ForReview] = field(default_factory=list)
    _differing: dict[str, frozenset[int]] = field(default_factory=dict)

    @cached_property
    def _stories(self) -> dict[str, Row]:
        return {row["doc_id"]: row for row in self._table("corpus", "stories").to_pylist()}

    @cached_property
    def _heads(self) -> dict[str, str]:
        """story_id -> its head."""
        return {row["story_id"]: row["doc_id"] for row in self._stories.values() if row["is_story_head"]}

    @cached_property
    def _corpus(self) -> dict[str, pa.Table]:
        """Documents, segments and sentences of the stories of two and more."""
        sizes: dict[str, int] = {}
        for row in self._stories.values():
            sizes[row["story_id"]] = sizes.get(row["story_id"], 0) + 1
        wanted = pa.array([doc_id for doc_id, row in self._stories.items() if sizes[row["story_id"]] > 1], pa.string())
        found = {}
        for name in ("documents", "segments", "sentences"):
            table = self._table("corpus", name)
            found[name] = table.filter(pc.is_in(table.column("doc_id").cast(pa.string()), value_set=wanted))
        return found

    @cached_property
    def _witnesses(self) -> dict[str, Witness]:
        return {w.doc_id: w for w in read_witnesses(*self._corpus.values())}

    @cached_property
    def _others(self) -> dict[str, list[Row]]:
        """doc_id -> its segments that are neither headline nor body, such as captions."""
        found: dict[str, list[Row]] = {}
        for row in self._corpus["segments"].to_pylist():
            if row["role"] not in READ_ROLES:
                found.setdefault(row["doc_id"], []).append(row)
        return found

    @cached_property
    def _stances(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        if find_in_manifest(self.project.annotations, "stances")[0] is not None:
            for row in self._table("annotations", "stances").to_pylist():
                found.setdefault(row["doc_id"], []).append(row)
        return found

    @cached_property
    def _names(self) -> dict[str, set[str]]:
        """What each entity is called: in the codebook, in its row of the entities, and in any gold mention of it."""
        names: dict[str, set[str]] = {}
        for entity in (*self.codebook.entities, *self.gold.entities.values()):
            names.setdefault(entity.entity_id, set()).update({entity.name, *entity.aliases})
        for mentions in self.gold.mentions.values():
            for mention in mentions:
                if mention.entity_id is not None:
                    names.setdefault(mention.entity_id, set()).add(mention.text)
        return names

    def _table(self, folder: str, name: str) -> pa.Table:
        return read_table(self.project.root / folder, read_table_schema(name, self.project.table_schemas))

    def head_of(self, doc_id: str) -> str:
        """The head of the document's story; itself where it is the head, or in no story."""
        row = self._stories.get(doc_id)
        return doc_id if row is None else self._heads.get(row["story_id"], doc_id)

    def is_merged(self, doc_id: str, task_pass: str) -> bool:
        """Was a pass of a document given out, and is it merged and nobody still at it?"""
        if task_pass == "entities":
            return doc_id in self.gold.merged
        return doc_id in self._finished_stances

    @cached_property
    def _finished_stances(self) -> set[str]:
        if find_in_manifest(self.project.annotations, "assignments")[0] is None:
            return set()
        rows = [row for row in self._table("annotations", "assignments").to_pylist() if row["task_pass"] == "stances"]
        still = {row["doc_id"] for row in rows if row["state"] in ("assigned", "draft")}
        return {row["doc_id"] for row in rows} - still

    def differing(self, doc_id: str) -> frozenset[int]:
        """The segments (seg_no) of a document that the head of its story does not have in the same words."""
        if doc_id not in self._differing:
            head = self.head_of(doc_id)
            has = {(row["role"], self._words(head, row)) for row in self._others.get(head, ())}
            new = [
                row["seg_no"]
                for row in self._others.get(doc_id, ())
                if (row["role"], self._words(doc_id, row)) not in has
            ]
            changed = [part.number for part in self._projection(doc_id).changed_paragraphs]
            self._differing[doc_id] = frozenset([*changed, *new])
        return self._differing[doc_id]

    def _words(self, doc_id: str, segment: Row) -> str:
        return self._witnesses[doc_id].text[segment["start"] : segment["end"]]

    def view(self, article: Article, task_pass: Pass) -> tuple[str, View]:
        """What a pass shows of a version that is not the head: the segments that differ from it."""
        differing = self.differing(article.doc_id)
        segments = [segment for segment in article.segments if segment.seg_no in differing]
        return make_view(article.text, segments, task_pass.roles)

    def offered(self, doc_id: str, offered: Sequence[Offer]) -> list[Offer]:
        """What is offered with a version: its own entities, and those of the head, whom passages not shown may name."""
        own = {alias for alias, _, _ in offered}
        more = offered_in_stance_pass(self.head_of(doc_id), self.gold)
        return [*offered, *(offer for offer in more if _here(offer[0], doc_id, own) is None)]

    def queued(
        self, doc_ids: Iterable[str], which: str, roles: Sequence[str] = READ_ROLES
    ) -> tuple[list[str], list[str]]:
        """Of these documents those to be queued, and those left out because nothing in them is new.

        Args:
            which: `heads`: the heads of stories; `differing`: the others that say anything in other words than the head
            does. roles: of the segments that count.
        """
        heads = [doc_id for doc_id in doc_ids if self.head_of(doc_id) == doc_id]
        if which == HEADS:
            return heads, []
        others = [doc_id for doc_id in doc_ids if self.head_of(doc_id) != doc_id]
        new = [doc_id for doc_id in others if self._shows_any(doc_id, roles)]
        return new, [doc_id for doc_id in others if doc_id not in set(new)]

    def _shows_any(self, doc_id: str, roles: Sequence[str]) -> bool:
        differing = self.differing(doc_id)
        read = {part.number for part in self._witnesses[doc_id].paragraphs} if {*READ_ROLES} & {*roles} else set()
        read |= {row["seg_no"] for row in self._others.get(doc_id, ()) if row["role"] in roles}
        return not differing.isdisjoint(read)

    def _projection(self, doc_id: str) -> Projection:
        return Projection(self._witnesses[self.head_of(doc_id)], self._witnesses[doc_id])

    # results

    def mentions(self, doc_id: str, view: View, offered: Iterable[str]) -> tuple[list[Row], list[Span]]:
        """Results of the entity interface for the head's gold mentions, and the view spans they take."""
        projection, known = self._projection(doc_id), set(offered)
        results: list[Row] = []
        taken: list[Span] = []
        for mention in self.gold.mentions.get(self.head_of(doc_id), ()):
            origin = f"{mention.doc_id}:{mention.start}-{mention.end}"
            names = self._names.get(mention.entity_id or "", ())
            landing = projection.land(mention.start, mention.end, names)
            span = None if landing is None else view.to_view(landing.start, landing.end)
            if landing is not None and landing.how == SAME and span is None:
                continue  # in a passage that does not differ
            if landing is None or landing.how == REVIEW or span is None:
                where = None if landing is None else (landing.start, landing.end)
                self._for_review(doc_id, "mention", where, origin, mention.text)
                continue
            meta = {"suggested_by": PROVIDER, "from": origin, "how": landing.how}
            place = {"start": span[0], "end": span[1]}
            region = row_id("suggestion", PROVIDER, doc_id, *span, mention.label)[:10]
            results.append(_result(region, "mention", "labels", place | {"labels": [mention.label]}, meta))
            results.append(_result(region, "kind", "choices", place | {"choices": [mention.kind]}, meta))
            if (entity := _here(mention.entity_id, doc_id, known)) is not None:
                results.append(_result(region, "entity", "choices", place | {"choices": [entity]}, meta))
            taken.append(span)
        return results, taken

    def stances(self, doc_id: str, view: View, offered: Iterable[str]) -> list[Row]:
        """Results of the stance interface for the head's gold stances whose evidence is unchanged."""
        projection, known = self._projection(doc_id), set(offered)
        regions: dict[tuple[Any, ...], list[str]] = {}
        origins: dict[tuple[Any, ...], str] = {}
        for row in self._stances.get(self.head_of(doc_id), ()):
            origin = f"{row['doc_id']}:{row['start']}-{row['end']}"
            landing = projection.land(row["start"], row["end"])
            span = None if landing is None or landing.how != SAME else view.to_view(landing.start, landing.end)
            if landing is not None and landing.how == SAME and span is None:
                continue  # in a passage that does not differ
            is_whole = landing is not None and landing.end - landing.start == row["end"] - row["start"]
            holder, via = _party(row, "holder", doc_id, known), _party(row, "via", doc_id, known)
            if span is None or not is_whole or holder is None or via is None or row["target_id"] == "other":
                where = None if landing is None else (landing.start, landing.end)
                reason = "its words are changed or gone" if span is None else "holder, source or target must be chosen"
                self._for_review(doc_id, "stance", where, origin, row["text"], reason)
                continue
            texts = (row["holder_text"] if holder == "other" else None, row["via_text"] if via == "other" else None)
            key = (span, row["target_id"], row["stance"], row["attribution"], via, *texts)
            regions.setdefault(key, []).append(holder)
            origins[key] = origin
        return [item for key, holders in regions.items() for item in _stance(doc_id, key, holders, origins[key])]

    def _for_review(
        self, doc_id: str, layer: str, where: Span | None, origin: str, words: str, reason: str = ""
    ) -> None:
        reason = reason or ("other words stand there" if where else "nothing stands for it")
        self.review.append(ForReview(doc_id, layer, where, origin, words, reason))


def _here(entity_id: str | None, doc_id: str, known: set[str]) -> str | None:
    """An entity as it is offered with a document: a local one by its name there."""
    if entity_id is None or entity_id in known:
        return entity_id
    _, mark, slug = entity_id.rpartition("#")
    local = f"{doc_id}#{slug}"
    return local if mark and local in known else None


def _party(row: Row, role: str, doc_id: str, known: set[str]) -> str | None:
    """Holder or via as a choice of the interface; None where it cannot be chosen there. `none` is no via."""
    kind = str(row[f"{role}_type"])
    return _here(row[f"{role}_entity_id"], doc_id, known) if kind == "entity" else kind


def _stance(doc_id: str, key: tuple[Any, ...], holders: Sequence[str], origin: str) -> list[Row]:
    (start, end), target, stance, attribution, via, holder_text, via_text = key
    meta = {"suggested_by": PROVIDER, "from": origin, "how": SAME}
    region = row_id("suggestion", PROVIDER, doc_id, *(str(part) for part in key))[:10]
    values: list[tuple[str, str, list[str]]] = [
        ("target", "labels", [target]),
        ("stance", "choices", [stance]),
        ("attribution", "choices", [attribution]),
        ("holder", "choices", sorted(holders)),
    ]
    values += [("via", "choices", [via])] if via != "none" else []
    values += [("holder_text", "text", [holder_text])] if holder_text else []
    values += [("via_text", "text", [via_text])] if via_text else []
    return [
        _result(region, control, "textarea" if kind == "text" else kind, {"start": start, "end": end, kind: said}, meta)
        for control, kind, said in values
    ]


def _result(region: str, control: str, kind: str, value: Row, meta: Row) -> Row:
    return {"id": region, "from_name": control, "to_name": "text", "type": kind, "value": value, "meta": dict(meta)}
