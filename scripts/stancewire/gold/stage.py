"""The stage: judgements and decisions → gold tables, agreement, and what is joined from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..agreement.units import contradictions
from ..codebook import Codebook, read_codebook
from ..engine import without_collector
from ..errors import Problem
from ..judgements.stage import Report, hash_inputs
from ..judgements.versions import Versions
from ..project import CORPUS_TABLES, Project
from ..splits.stage import make_split, targets_of
from ..tables import (
    file_sha256,
    find_in_manifest,
    make_table,
    read_table,
    read_table_schema,
    shared_rows,
    write_bytes,
    write_stage,
)
from . import counted as columns
from .counted import COUNTED_LAYER, COUNTED_METHODS, CountedStances, count_stances
from .decisions import Decision, DecisionIndex, standing_decisions
from .evidence import Evidence, Row, read_evidence
from .kept import keep_votes
from .lookups import annotator_rows, entity_rows, target_rows, variant_stance_rows, wide_rows
from .merge import Outcome, merge_units
from .methods import STAGE, Method, by_layer, codebook_methods, evidence_notes, few_notes, method_notes
from .models import LEAST_ANNOTATORS, MODEL_METHODS, settle_by_model
from .reliability import reliability_rows
from .rows import adjudication_rows, conflict_rows, document_stance_rows, mention_rows, mirror_words, stance_rows

OTHERS = ("changes",)  # made empty here, for as long as no other stage has made them


def gold_rows(
    evidence: Evidence, outcomes: Sequence[Outcome], corpus: dict[str, list[Row]], methods: Mapping[str, str]
) -> tuple[dict[str, list[Row]], list[Problem]]:
    """Rows of every gold table, and what was found on the way.

    Args:
        outcomes: of all units, merged by `methods` (layer -> method).
        corpus: rows of documents (those judged, metadata only), sentences, stories and variants.
    """
    texts, codebook, decisions = evidence.texts, evidence.codebook, evidence.decisions
    sentences: dict[str, list[tuple[int, int, int]]] = {}
    for row in corpus["sentences"]:
        sentences.setdefault(row["doc_id"], []).append((row["start"], row["end"], row["sent_no"]))
    for spans in sentences.values():
        spans.sort()
    mentions, found = mention_rows(outcomes, texts, sentences)
    stances, more = stance_rows(outcomes, texts, sentences, methods["stance"])
    entities = entity_rows(mentions, stances, evidence.judgements, codebook)
    places = {(row["doc_id"], row["sent_no"]): (row["start"], row["end"]) for row in corpus["sentences"]}
    documents = {row["doc_id"]: row for row in corpus["documents"]}
    stories = {row["doc_id"]: row for row in corpus["stories"]}
    story_ids = {doc_id: row["story_id"] for doc_id, row in stories.items()}
    tables = {
        "mentions": mentions,
        "stances": stances,
        "document_stances": document_stance_rows(outcomes, methods["document_stance"]),
        "conflicts": conflict_rows(outcomes, texts),
        "adjudications": adjudication_rows(decisions, evidence.index),
        "entities": entities,
        "targets": target_rows(codebook),
        "annotators": annotator_rows(evidence.campaign),
        "agreement": evidence.agreement([outcome.unit for outcome in outcomes], story_ids),
        "stances_wide": wide_rows(stances, documents, stories, places, texts, entities, codebook),
        "variant_stances": variant_stance_rows(corpus["variants"], stances),
    }
    problems = [*found, *more, *decision_problems(outcomes, decisions, evidence.index)]
    return tables, problems + mirror_problems(evidence.judgements)


def decision_problems(
    outcomes: Sequence[Outcome], decisions: Sequence[Decision], index: DecisionIndex
) -> list[Problem]:
    """Decisions that decide nothing: stale ones, overruled ones, and those whose judgements are no longer one unit."""
    used = {item.decision.line for outcome in outcomes for item in outcome.fields if item.decision is not None}
    last = {(item.conflict_id, item.field): item for item in decisions}
    problems = []
    for item in decisions:
        later = last[item.conflict_id, item.field]
        if item.decision_id in index.stale:
            message = "rests on a judgement that no longer votes; decide again: stancewire adjudicate"
            check = "decision-stale"
        elif later.line != item.line:
            if later.value == item.value:
                continue
            message, check = (
                f"overruled by line {later.line}: {later.value!r} instead of {item.value!r}",
                "decision-overruled",
            )
        elif item.line not in used:
            message = "decides nothing: its judgements are no longer one unit, or a later decision covers them"
            check = "decision-overruled"
        else:
            continue
        place = f"{item.line}"
        problems.append(
            Problem(
                "annotations/adjudications.jsonl", place, check, 2, f"decision {item.decision_id} {message}", "warning"
            )
        )
    return problems


def mirror_problems(judgements: Sequence[Row]) -> list[Problem]:
    """Annotators whose answers on a target and on its mirror contradict each other."""
    problems = []
    for base, mirror in contradictions(judgements):
        place = f"{base['annotator_id']} {base['doc_id']}"
        message = f"{mirror_words(base, mirror)}; the first one votes: ask the annotator"
        problems.append(Problem("annotations/judgements.parquet", place, "mirror-contradiction", 3, message, "warning"))
    return problems


def read_corpus(project: Project, doc_ids: set[str]) -> dict[str, list[Row]]:
    """The corpus rows that gold is joined with: of the documents given; stories and variants whole."""
    columns = ["doc_id", "title", "date", "outlet", "wire", "lang", "url"]
    found: dict[str, list[Row]] = {}
    for name, wanted in (("documents", columns), ("sentences", None), ("stories", None), ("variants", None)):
        table = read_table(project.corpus, read_table_schema(name, project.table_schemas), wanted)
        rows = shared_rows(table)
        found[name] = [row for row in rows if row["doc_id"] in doc_ids] if name in ("documents", "sentences") else rows
    return found


@without_collector
def write_gold(
    project: Project,
    method: Method | None = None,
    out: Path | None = None,
    judgements: Path | None = None,
    allow_few: bool = False,
    exports: Path | None = None,
) -> Report:
    """Write every gold table, agreement included.

    Args:
        method: one of `methods.METHODS`, or layer -> method (default: what the codebook asks for); decisions win over
            all of them.
        out: folder to write to (default: `annotations/`).
        judgements: folder of the judgement tables (default: `out`).
        allow_few: let a model learn from fewer than three annotators.
        exports: folder of stored exports, which say what each task showed (default: `annotations/exports`).

    Raises:
        UsageError: there is no such method, or it is a model and there are fewer than three annotators.
        StancewireError: something it is made from is missing, stale or cannot be read.
    """
    folder = out or project.annotations
    source = judgements or folder
    codebook = read_codebook(project.codebook_yaml)
    usual = codebook_methods(codebook)
    methods = usual if method is None else by_layer(method)
    counted = _count_large(project, source, methods, codebook, exports)
    evidence = read_evidence(project, source, exports=exports, counted=counted)
    units = evidence.units()
    models = settle_by_model(units, methods, allow_few or evidence.codebook.gold.allow_few)
    outcomes = merge_units(units, evidence.index, methods, models)
    corpus = read_corpus(project, set(evidence.texts))
    rows, problems = gold_rows(evidence, outcomes, corpus, methods)
    stories = {row["doc_id"]: row["story_id"] for row in corpus["stories"]}
    measured = set(map(id, evidence.measured(units)))
    about = [outcome for outcome in outcomes if id(outcome.unit) in measured]
    rows["agreement"] += evidence.told(reliability_rows(about, models.learnt, stories, evidence.models))
    more = [] if counted is None else _iter_rows(counted.stances.select(["doc_id", "target_id", "stance"]))
    split = make_split(project, targets_of(rows["stances"], chain(rows["document_stances"], more)))
    rows["splits"] = [] if split is None else split.rows
    problems += [] if split is None else split.problems
    for name in OTHERS:
        if find_in_manifest(folder, name)[0] in (None, STAGE):
            rows[name] = []
    made: dict[str, Any] = {}
    for name, listed in rows.items():
        schema = read_table_schema(name, project.table_schemas)
        made[name] = (schema, make_table(schema, listed if counted is None else counted.with_rows(schema, listed)))
    settings = {} if methods == usual else {"methods": methods}
    write_stage(folder, STAGE, made, _inputs(project, source), settings)
    if (folder, source, exports) == (project.annotations, project.annotations, None):
        keep_votes(project, units, models, methods)
    certificate = folder / project.splits_certificate.name
    if split is None:
        certificate.unlink(missing_ok=True)
    else:
        write_bytes(certificate, split.certificate_bytes)
    counts = {name: table.num_rows for name, (_, table) in made.items()}
    if in_part := len(evidence.versions.partly_shown & set(evidence.texts)):
        counts["documents_judged_in_part"] = in_part  # gold has nothing on the rest of them: see `carried`
    counts["open_conflicts"] = sum(row["status"] != "decided" for row in rows["conflicts"])
    counts["open_conflicts"] += 0 if counted is None else counted.conflicts.num_rows
    notes = [*evidence_notes(units), *few_notes(units, methods, MODEL_METHODS, LEAST_ANNOTATORS)]
    notes += method_notes(methods, usual)
    return Report(counts, sorted(problems), "; ".join(notes))


def _count_large(
    project: Project, source: Path, methods: Mapping[str, str], codebook: Codebook, exports: Path | None
) -> CountedStances | None:
    """The document stances, counted in columns, where there are so many judgements that this is needed."""
    _, entry = find_in_manifest(source, "judgements")
    method = methods[COUNTED_LAYER]
    if entry is None or int(str(entry["rows"])) <= columns.LARGE or method not in COUNTED_METHODS:
        return None
    schemas = {name: read_table_schema(name, project.table_schemas) for name in ("document_stances", "conflicts")}
    given = read_table(source, read_table_schema("assignments", project.table_schemas), ["doc_id"]).to_pylist()
    partly = Versions(project, codebook, given, exports).partly_shown
    return count_stances(source, schemas, standing_decisions(project), method, apart=partly)


def _iter_rows(table: pa.Table) -> Iterator[Row]:
    for batch in table.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def _inputs(project: Project, source: Path) -> dict[str, str]:
    tables = [
        project.table_path(name) for name in CORPUS_TABLES if name in ("documents", "sentences", "stories", "variants")
    ]
    decided = [project.adjudications_jsonl, project.campaign_yaml, project.codebook_yaml, project.withdrawn_csv]
    if project.splits_yaml.is_file():
        decided += [project.splits_yaml, project.table_path("segments")]
    inputs = hash_inputs(project, [*decided, *tables])
    for name in ("assignments", "judgements"):  # named as in the project, wherever they were read
        inputs[f"annotations/{name}.parquet"] = file_sha256(source / f"{name}.parquet")
    return inputs
