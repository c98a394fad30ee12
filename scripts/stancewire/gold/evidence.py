"""All that gold is made from, read once: judgements, decisions, corpus tables, codebook, campaign."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..agreement.measure import measure_agreement
from ..agreement.shared import SharedUnits, make_shared_units
from ..agreement.units import LAYER_PASS, Unit, make_rounds, make_units, may_vote
from ..codebook import Campaign, Codebook, read_campaign, read_codebook
from ..engine import without_collector
from ..judgements.shown import Shown, Task
from ..judgements.versions import Versions
from ..project import Project
from ..tables import find_rows, read_table, read_table_schema, shared_rows
from .counted import COUNTED_LAYER, CountedStances
from .decisions import Decision, DecisionIndex, standing_decisions
from .kept import KeptVotes, keep_votes, read_kept
from .merge import Outcome, merge_units
from .methods import Method, by_layer
from .models import MODEL_METHODS, ModelVotes, settle_by_model

Row = dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What gold is a function of.

    Attributes:
        texts: doc_id -> canonical text of the documents that anyone judged.
        versions: the stories that are told in several documents, and what was shown of these.
        counted: document stances that were counted in columns; their judgements are not among `judgements`.
        kept: what models made of these documents when they were merged, where this is not all there is to learn from.
    """

    codebook: Codebook
    campaign: Campaign
    judgements: list[Row]
    assignments: list[Row]
    decisions: list[Decision]
    texts: dict[str, str]
    versions: Versions
    counted: CountedStances | None = None
    kept: KeptVotes | None = None

    @property
    def index(self) -> DecisionIndex:
        """The decisions, with those that are stale."""
        return DecisionIndex(self.decisions, frozenset(row["judgement_id"] for row in self.judgements if may_vote(row)))

    def units(self, doc_id: str | None = None) -> list[Unit]:
        """The units of all documents, or of one."""
        shown, parts = self._shown, self.versions.parts
        if doc_id is None:
            return make_units(self.judgements, self.assignments, self.codebook.rules, shown=shown, parts=parts)
        judgements = [row for row in self.judgements if row["doc_id"] == doc_id]
        assignments = [row for row in self.assignments if row["doc_id"] == doc_id]
        return make_units(judgements, assignments, self.codebook.rules, shown=shown, parts=parts)

    @property
    def _shown(self) -> Mapping[Task, Shown]:
        return self.versions.shown

    @cached_property
    def shared(self) -> SharedUnits:
        """The units of sentences that stand in several versions of a story, judged there by different annotators."""
        return make_shared_units(self.judgements, self.assignments, self.codebook.rules, self.versions)

    def agreement(self, units: Sequence[Unit], stories: Mapping[str, str]) -> list[Row]:
        """Rows of the table `agreement` about units: all measures, by every grouping.

        Args:
            stories: doc_id -> story_id.
        """
        numbers = {row["round"] for row in self.assignments}
        made: Mapping[int, Sequence[Unit]]
        if len(numbers) == 1:  # then its units are all there are
            made = {numbers.pop(): units}
        else:
            made = make_rounds(
                self.judgements,
                self.assignments,
                self.codebook.rules,
                shown=self._shown,
                parts=self.versions.parts,
            )
        rounds = {number: self.measured(listed) for number, listed in made.items()}
        return self.told(
            measure_agreement(
                self.measured(units), stories, self.models, self.texts, self.codebook, rounds, self.shared.units
            )
        )

    def measured(self, units: Sequence[Unit]) -> Sequence[Unit]:
        """The units that agreement is measured on: all of them, of counted document stances the sample."""
        counted = self.counted
        if counted is None:
            return units
        return [unit for unit in units if unit.layer != COUNTED_LAYER or unit.doc_id in counted.sampled]

    def told(self, rows: list[Row]) -> list[Row]:
        """Rows of `agreement` that say where they are about a sample."""
        for row in rows:
            if self.counted is not None and row["layer"] == COUNTED_LAYER:
                row["reason"] = "; ".join(filter(None, (self.counted.reason, row["reason"])))
        return rows

    def outcomes(self, method: Method, doc_id: str | None = None) -> list[Outcome]:
        """What comes of the units under a method.

        Args:
            doc_id: of one document only; a model learns from all of them nevertheless, however few annotators are.
        """
        methods = by_layer(method)
        if MODEL_METHODS.keys().isdisjoint(methods.values()):
            return merge_units(self.units(doc_id), self.index, methods)
        if self.kept is not None:
            units = self.units(doc_id)
            models: ModelVotes | None = self.kept.of_units(units, methods)
            if models is None:
                raise ValueError("what models made of these units was not kept: read all of the evidence")
            return merge_units(units, self.index, methods, models)
        units = self.units()
        outcomes = merge_units(units, self.index, methods, settle_by_model(units, methods, allow_few=True))
        return [item for item in outcomes if doc_id is None or item.unit.doc_id == doc_id]

    @property
    def models(self) -> frozenset[str]:
        """Annotators that are models."""
        return frozenset(item.annotator_id for item in self.campaign.annotators if item.kind == "model")


@without_collector
def read_evidence(
    project: Project,
    judgements: Path | None = None,
    doc_ids: Collection[str] | None = None,
    exports: Path | None = None,
    counted: CountedStances | None = None,
) -> Evidence:
    """Read it all, or what concerns some documents.

    Args:
        judgements: folder of the tables `judgements` and `assignments` (default: `annotations/`).
        doc_ids: only judgements, assignments, decisions and texts of these documents; then a model cannot learn what it
            learns from all of them.
        exports: folder of stored exports (default: `annotations/exports`).
        counted: document stances that need not be read, since they are counted already.

    Raises:
        StancewireError: a table is missing or stale, or codebook, campaign or decisions cannot be read.
    """
    folder = judgements or project.annotations
    if counted is None:
        rows = read_rows(project, folder, "judgements", doc_ids)
    else:
        others = {layer for layer in (*LAYER_PASS, "flag") if layer != COUNTED_LAYER}
        rows = read_rows(project, folder, "judgements", others, "layer")
        left = read_rows(project, folder, "judgements", counted.aside)
        rows += [row for row in left if row["layer"] == COUNTED_LAYER]
    judged = {row["doc_id"] for row in rows}
    if counted is not None:
        doc_ids = judged
    schema, columns = read_table_schema("documents", project.table_schemas), ["doc_id", "text"]
    if doc_ids is None:
        documents = read_table(project.corpus, schema, columns)
    else:
        documents = find_rows(project.corpus, schema, "doc_id", judged, columns)
    codebook = read_codebook(project.codebook_yaml)
    assignments = read_rows(project, folder, "assignments", doc_ids)
    decisions = standing_decisions(project)
    return Evidence(
        codebook=codebook,
        campaign=read_campaign(project.campaign_yaml),
        judgements=rows,
        assignments=assignments,
        decisions=(
            decisions if doc_ids is None or counted is not None else [d for d in decisions if d.doc_id in doc_ids]
        ),
        texts=dict(_pairs(documents, judged)),
        versions=Versions(project, codebook, assignments, exports),
        counted=counted,
    )


def evidence_on(project: Project, doc_ids: Collection[str], methods: Mapping[str, str]) -> Evidence:
    """What the gold of some documents rests on, merged by these methods.

    Where one of them is a model, what it made of these documents is taken from what was kept when they were merged;
    where nothing was, all of the evidence is read, and what the model makes of it is kept.

    Raises:
        StancewireError: as `read_evidence`.
    """
    if MODEL_METHODS.keys().isdisjoint(methods.values()):
        return read_evidence(project, doc_ids=doc_ids)
    kept = read_kept(project, methods, doc_ids)
    if kept is not None:
        evidence = replace(read_evidence(project, doc_ids=doc_ids), kept=kept)
        if kept.of_units(evidence.units(), methods) is not None:
            return evidence
    evidence = read_evidence(project)
    units = evidence.units()
    votes = settle_by_model(units, methods, allow_few=True)
    keep_votes(project, units, votes, methods)
    return replace(evidence, kept=KeptVotes.of_votes(units, votes, methods, doc_ids))


def _pairs(documents: pa.Table, wanted: set[str]) -> Iterable[tuple[str, str]]:
    for key, text in zip(documents.column("doc_id"), documents.column("text"), strict=True):
        if key.as_py() in wanted:
            yield key.as_py(), text.as_py()


def read_rows(
    project: Project, folder: Path, name: str, wanted: Collection[str] | None = None, column: str = "doc_id"
) -> list[Row]:
    """A table's rows as plain dicts: all, or those whose `column` is one of those wanted."""
    schema = read_table_schema(name, project.table_schemas)
    table = read_table(folder, schema) if wanted is None else find_rows(folder, schema, column, wanted)
    return shared_rows(table)
