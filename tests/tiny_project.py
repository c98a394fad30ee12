"""A complete, valid project of two invented articles, small enough to break in every way.

`wire-1` has CRLF line ends and a character beyond the Basic Multilingual Plane before its body, so that code points,
bytes and UTF-16 units all differ; `local-1` is its reprint. The codebook is the repository's own.
"""

from __future__ import annotations

import datetime
import itertools
import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

from stancewire.codebook import read_codebook
from stancewire.project import ANNOTATION_TABLES, CORPUS_TABLES, Project
from stancewire.release.package import write_package
from stancewire.tables import file_sha256, make_table, read_table_schema, row_id, write_stage

SCHEMA = Path(__file__).parents[1] / "schema"
BODY = "The envoy praised the security treaty on Monday. “We keep it,” Ana Ruiz said."
SOURCES = {
    "wire-1": f"Treaty stays, Japan's envoy says 🕊\r\n\r\n{BODY}\r\n\r\nADVERTISEMENT\r\n",
    "local-1": "Treaty stays, Japan's envoy says\n\n" + BODY.replace("treaty on Monday", "pact Monday") + "\n",
}
ROLES = {"wire-1": ("headline", "body", "furniture"), "local-1": ("headline", "body")}
ANNOTATORS = ("ann-one", "ann-two")
ADJUDICATOR = "adj-one"
TARGET = "us-japan-security-treaty"
DAY = datetime.datetime(2024, 5, 2, tzinfo=datetime.UTC)
VERSION = read_codebook(SCHEMA / "codebook.yaml").version
Row = dict[str, Any]

CAMPAIGN = """\
passes:
  entities: {rounds: [{round: 1, annotators: [ann-one, ann-two], suggestions: true}]}
  stances: {rounds: [{round: 1, annotators: [ann-one, ann-two], suggestions: false}]}
annotators:
  ann-one: {kind: human, languages: [en], training: guidelines}
  ann-two: {kind: model, model: Parrot, model_version: "1", languages: [en], training: guidelines}
  adj-one: {kind: human, languages: [en], training: guidelines}
adjudicators: [adj-one]
"""
DATASET = """\
name: tiny
title: "Tiny: two invented articles"
description: A project for tests.
contributors:
  - {title: The tests, roles: [DataCurator]}
licences:
  annotations:
    name: CC-BY-4.0
    title: Creative Commons Attribution 4.0 International
    path: https://creativecommons.org/licenses/by/4.0/
  article_text:
    statement: The texts are invented, and yet not licensed.
keywords: [tests]
languages: [en]
"""


def text_of(doc_id: str) -> str:
    """The canonical text."""
    return SOURCES[doc_id].replace("\r\n", "\n")


def digest(text: str) -> str:
    """SHA-256 of a text."""
    return sha256(text.encode()).hexdigest()


def span(doc_id: str, words: str) -> Row:
    """The columns of a span, by its words."""
    start = text_of(doc_id).index(words)
    return {"doc_id": doc_id, "start": start, "end": start + len(words), "text": words}


def segments() -> list[Row]:
    """Blocks between blank lines, with their raw bytes."""
    rows = []
    for doc_id, raw in SOURCES.items():
        eol = "\r\n" if "\r\n" in raw else "\n"
        for number, block in enumerate(raw.rstrip().split(eol * 2)):
            before = raw[: raw.index(block)]
            first, start = len(before.encode()), len(before.replace("\r\n", "\n"))
            rows.append(
                {"doc_id": doc_id, "seg_no": number, "role": ROLES[doc_id][number], "rule": "test"}
                | {
                    "start": start,
                    "end": start + len(block),
                    "raw_start": first,
                    "raw_end": first + len(block.encode()),
                }
            )
    return rows


def sentences() -> list[Row]:
    """The headline, and the body's two sentences."""
    rows: list[Row] = []
    for segment in segments():
        if segment["role"] == "furniture":
            continue
        start, end = segment["start"], segment["end"]
        cuts = [start, end]
        if segment["role"] == "body":
            cuts.insert(1, text_of(segment["doc_id"]).index("“"))
        number = sum(row["doc_id"] == segment["doc_id"] for row in rows)
        for offset, (a, b) in enumerate(itertools.pairwise(cuts)):
            b -= 1 if b < end else 0
            rows.append({"doc_id": segment["doc_id"], "sent_no": number + offset, "seg_no": segment["seg_no"]})
            rows[-1] |= {"start": a, "end": b}
    return rows


def documents() -> list[Row]:
    """Both documents; only one has a date."""
    return [
        {
            "doc_id": doc_id,
            "source_path": f"{doc_id}.txt",
            "format": "text",
            "title": raw.split("\n")[0].strip(),
            "date": datetime.date(2024, 5, 1) if doc_id == "wire-1" else None,
            "date_source": "sources.csv" if doc_id == "wire-1" else None,
            "lang": "en",
            "lang_score": 1.0,
            "text": text_of(doc_id),
            "n_chars": len(text_of(doc_id)),
            "n_words": len(text_of(doc_id).split("\n\n")[1].split()),
            "n_sentences": 2,
            "encoding": "utf-8",
            "encoding_score": 1.0,
            "raw_sha256": digest(raw),
            "text_sha256": digest(text_of(doc_id)),
            "rights": "unknown",
        }
        for doc_id, raw in SOURCES.items()
    ]


def corpus_rows() -> dict[str, list[Row]]:
    """Rows of the corpus tables."""
    a, b = span("local-1", "pact Monday"), span("wire-1", "treaty on Monday")
    return {
        "documents": documents(),
        "segments": segments(),
        "sentences": sentences(),
        "stories": [
            {"doc_id": "wire-1", "story_id": "story", "is_story_head": True},
            {"doc_id": "local-1", "story_id": "story", "is_story_head": False}
            | {"date_inferred": datetime.date(2024, 5, 1), "inferred_from": "wire-1"},
        ],
        "reprints": [
            {"doc_id_a": "local-1", "doc_id_b": "wire-1", "story_id": "story", "jaccard": 0.6, "containment": 0.9}
            | {"aligned_share": 0.95, "method": "test"}
        ],
        "variants": [
            {"doc_id_a": "local-1", "doc_id_b": "wire-1", "variant_no": 0, "kind": "lexis", "substantive": False}
            | {f"{key}_a": a[key] for key in ("start", "end", "text")}
            | {f"{key}_b": b[key] for key in ("start", "end", "text")}
            | {"sent_no_a": 1, "sent_no_b": 1}
        ],
        "rejects": [],
    }


def judgement(layer: str, doc_id: str, annotator: str, words: str | None, **values: Any) -> Row:
    """One current judgement."""
    place = span(doc_id, words) if words else {"doc_id": doc_id}
    task_pass = "entities" if layer == "mention" else "stances"
    return (
        {"judgement_id": row_id(layer, doc_id, annotator, words), "layer": layer, "annotator_id": annotator}
        | place
        | {"made_start": place.get("start"), "made_end": place.get("end"), "made_text_sha256": digest(text_of(doc_id))}
        | {"task_pass": task_pass, "round": 1, "region_id": words and f"r-{words}".replace(" ", "-"), "anchor": "same"}
        | {"origin": "manual", "status": "current", "project": "tiny", "created_at": DAY, "updated_at": DAY}
        | {"codebook_version": VERSION}
        | values
    )


def holder(doc_id: str) -> Row:
    """Ana Ruiz, quoted directly."""
    return {"holder_type": "entity", "holder_entity_id": f"{doc_id}#ana-ruiz", "via_type": "none"} | {
        "attribution": "direct_quote"
    }


def law(doc_id: str) -> str:
    """How the treaty is called."""
    return "security treaty" if doc_id == "wire-1" else "security pact"


def judgements() -> list[Row]:
    """Both annotators agree, but for the pact in `local-1`, which one of them did not mark."""
    rows = []
    for doc_id in SOURCES:
        evidence = row_id(doc_id, *(span(doc_id, "We keep it")[key] for key in ("start", "end")))
        for annotator in ANNOTATORS:
            person = {"label": "PERSON", "kind": "name", "entity_id": f"{doc_id}#ana-ruiz"}
            rows.append(judgement("mention", doc_id, annotator, "Ana Ruiz", **person))
            if (doc_id, annotator) != ("local-1", "ann-two"):
                treaty = {"label": "LAW", "kind": "nominal", "entity_id": f"{doc_id}#treaty"}
                rows.append(judgement("mention", doc_id, annotator, law(doc_id), **treaty))
            about = {"label": "favor", "target_id": TARGET, "target_id_given": TARGET}
            stance = {"evidence_id": evidence, **about, **holder(doc_id)}
            rows.append(judgement("stance", doc_id, annotator, "We keep it", **stance))
            rows.append(judgement("document_stance", doc_id, annotator, None, **about | {"label": "none"}))
    return rows


def annotation_rows() -> dict[str, list[Row]]:
    """Rows of the annotation tables but for `changes`, which the package makes."""
    votes = {"n_votes": 2, "n_annotators": 2, "decided_by": "unanimous"}
    mentions, stances, wide, document_stances = [], [], [], []
    for document in documents():
        doc_id = document["doc_id"]
        for words, label, kind, entity in (
            ("Ana Ruiz", "PERSON", "name", f"{doc_id}#ana-ruiz"),
            (law(doc_id), "LAW", "nominal", f"{doc_id}#treaty"),
        ):
            place = span(doc_id, words)
            key = {"mention_id": row_id(*place.values(), label), "label": label, "kind": kind, "entity_id": entity}
            sent_no = 2 if words == "Ana Ruiz" else 1
            mentions.append(place | key | votes | {"sent_no": sent_no, "is_outer": True})
        place = span(doc_id, "We keep it")
        stance = place | holder(doc_id) | votes | {"target_id": TARGET, "stance": "favor", "sent_no": 2}
        stance |= {"stance_id": row_id(*place.values()), "evidence_id": row_id(doc_id, place["start"], place["end"])}
        stance |= {"p_favor": 1.0, "p_against": 0.0, "p_neutral": 0.0, "method": "majority"}
        stances.append(stance)
        story = next(row for row in corpus_rows()["stories"] if row["doc_id"] == doc_id)
        wide.append(
            stance
            | {"sentence": BODY[BODY.index("“") :], "target": "The treaty", "holder": "Ana Ruiz"}
            | {key: value for key, value in story.items() if key != "inferred_from"}
            | {key: document[key] for key in ("title", "date", "lang")}
        )
        document_stances.append(
            {"doc_id": doc_id, "target_id": TARGET, "stance": "none", "p_favor": 0.0, "p_against": 0.0}
            | {"p_neutral": 0.0, "p_none": 1.0, "method": "majority"}
            | votes
        )
    codebook = read_codebook(SCHEMA / "codebook.yaml")
    decision = decision_line()
    return {
        "assignments": [
            {"doc_id": doc_id, "task_pass": task_pass, "round": 1, "annotator_id": annotator, "project": "tiny"}
            | {"state": "submitted", "text_sha256": digest(text_of(doc_id)), "codebook_version": VERSION}
            | {"suggestions_shown": task_pass == "entities", "submitted_at": DAY}
            | {"seconds": 31.5 if annotator == "ann-one" else None}
            for doc_id in SOURCES
            for task_pass in ("entities", "stances")
            for annotator in ANNOTATORS
        ],
        "judgements": judgements(),
        "quarantine": [],
        "mentions": mentions,
        "stances": stances,
        "document_stances": document_stances,
        "conflicts": [
            {key: decision[key] for key in ("conflict_id", "layer", "doc_id", "field")}
            | span("local-1", "security pact")
            | {"judgement_ids": " ".join(decision["judgement_ids"]), "status": "decided"}
        ],
        "adjudications": [
            decision
            | {"decision_id": row_id("decision"), "judgement_ids": " ".join(decision["judgement_ids"])}
            | {"decided_at": DAY, "stale": False}
        ],
        "entities": [
            {"entity_id": row["entity_id"], "name": row["text"], "label": row["label"], "n_mentions": 1}
            for row in mentions
        ],
        "targets": [
            {
                "target_id": target.id,
                "name": target.name,
                "definition": target.definition,
                "inverse_of": target.inverse_of,
            }
            | {"favor_means": target.favor_means, "against_means": target.against_means}
            for target in codebook.targets
        ],
        "annotators": [
            {"annotator_id": "ann-one", "kind": "human", "languages": "en"},
            {"annotator_id": "ann-two", "kind": "model", "model": "Parrot", "model_version": "1", "languages": "en"},
            {"annotator_id": ADJUDICATOR, "kind": "human", "languages": "en"},
        ],
        "agreement": [
            {"layer": "mention", "measure": "span F1", "by": "all", "group": "all", "value": 0.857142857143}
            | {"n_units": 4, "n_stories": 1, "n_annotators": 2, "reason": "fewer than ten stories"}
        ],
        "variant_stances": [],
        "splits": [{"doc_id": doc_id, "story_id": "story", "split": "train"} for doc_id in SOURCES],
        "stances_wide": wide,
    }


def decision_line() -> Row:
    """The decision that the pact is a mention after all."""
    rested_on = [row_id("mention", "local-1", "ann-one", "security pact")]
    return {
        "conflict_id": row_id(*rested_on, "exists"),
        "judgement_ids": rested_on,
        "layer": "mention",
        "doc_id": "local-1",
        "field": "exists",
        "value": "keep",
        "decided_by": ADJUDICATOR,
        "reason": "It names the treaty.",
        "codebook_version": VERSION,
        "decided_at": "2024-05-03",
    }


def write_stored_export(project: Project) -> None:
    """One pull of one task, submitted and empty."""
    task = {"doc_id": "wire-1", "text_sha256": digest(text_of("wire-1")), "codebook_version": VERSION}
    task |= {"suggestions_shown": True, "view": [[0, 0, 26, 0]], "entities": [], "predictions": [], "drafts": []}
    annotation = {"unique_id": "u1", "completed_by": "ann-one", "created_at": "2024-05-02", "updated_at": "2024-05-02"}
    annotation |= {"lead_time": 31.5, "was_cancelled": False, "ground_truth": False, "result": []}
    value = {"format": "stancewire-export/1", "sequence": 1, "task_pass": "entities", "round": 1}
    value |= {"annotator_id": "ann-one", "project": "tiny", "tasks": [task | {"annotations": [annotation]}]}
    path = project.exports / "entities-r1" / "ann-one" / "0001.json"
    path.parent.mkdir(parents=True)
    path.write_text(
        json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline=""
    )


def make_tiny_project(root: Path) -> Project:
    """The whole project below `root`, with its package written."""
    shutil.copytree(SCHEMA, root / "schema")
    project = Project(root)
    project.sources.mkdir(parents=True)
    project.annotations.mkdir()
    for doc_id, raw in SOURCES.items():
        (project.sources / f"{doc_id}.txt").write_bytes(raw.encode())
    lines = ["source_path,sha256,outlet,date,url,rights,license,encoding,received,note"]
    lines += [f"{doc_id}.txt,{digest(raw)},,,,unknown,,,2024-05-01," for doc_id, raw in SOURCES.items()]
    project.sources_csv.write_text("\n".join(lines) + "\n", encoding="utf-8")
    project.corrections_csv.write_text("doc_id,start,end,quote,field,value,reason,by,date\n", encoding="utf-8")
    project.campaign_yaml.write_text(CAMPAIGN, encoding="utf-8")
    project.dataset_yaml.write_text(DATASET, encoding="utf-8")
    project.adjudications_jsonl.write_text(json.dumps(decision_line()) + "\n", encoding="utf-8")
    write_stored_export(project)
    write_tables(project, "convert", CORPUS_TABLES, corpus_rows(), [project.sources_csv, project.codebook_yaml])
    gold = [name for name in ANNOTATION_TABLES if name != "changes"]
    write_tables(project, "gold", gold, annotation_rows(), [project.codebook_yaml, project.campaign_yaml])
    write_package(project)
    return project


def write_tables(project: Project, stage: str, names: Any, rows: dict[str, list[Row]], inputs: list[Path]) -> None:
    """Make and write the tables of one stage."""
    schemas = {name: read_table_schema(name, project.table_schemas) for name in names}
    made = {name: (schema, make_table(schema, rows[name])) for name, schema in schemas.items()}
    folder = project.table_path(next(iter(names))).parent
    write_stage(folder, stage, made, {project.relative(path): file_sha256(path) for path in inputs})
