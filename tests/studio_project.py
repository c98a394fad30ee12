"""A small project to annotate: two invented articles, two annotators, the repository's own codebook and interfaces."""

from __future__ import annotations

import datetime
import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stancewire.project import Project
from stancewire.tables import make_table, read_table_schema, write_stage

SCHEMA = Path(__file__).parents[1] / "schema"
ANNOTATORS = ("ann-budofa", "ann-tegiru")

# (role, words); roles that no pass shows are left out of the task.
ARTICLES: dict[str, list[tuple[str, str]]] = {
    "harbour/a-1": [
        ("headline", "Trump 🕊 weighs the treaty"),
        ("furniture", "ADVERTISEMENT"),
        ("body", "TOKYO – Donald Trump told Bloomberg News that the security treaty with Japan was “unfair”."),
        ("caption", "Mark Esper speaks to sailors in Yokosuka."),
        (
            "body",
            "Trump's aides praised Japan. Takeshi Iwaya said: “We must keep the treaty.” "
            "Iwaya then left 👩‍✈️ for Osaka.",
        ),
    ],
    "b-2": [
        ("headline", "Ministers meet"),
        ("body", "Takeshi Iwaya met officials in Tokyo. Nobody spoke about North Korea."),
    ],
}

CAMPAIGN = """\
passes:
  entities: {{rounds: [{{round: 1, annotators: [{annotators}], suggestions: true}}]}}
  stances: {{rounds: [{{round: 1, annotators: [{annotators}], suggestions: false}}]}}
annotators:
{described}
adjudicators: []
server: {{title_prefix: Tests}}
"""

DATASET = """\
name: {name}
title: Tests
description: A project for tests.
contributors:
  - {{title: The tests, roles: [DataCurator]}}
licences:
  annotations:
    name: CC-BY-4.0
    title: Creative Commons Attribution 4.0 International
    path: https://creativecommons.org/licenses/by/4.0/
  article_text:
    statement: The texts are invented.
keywords: [tests]
languages: [en]
"""


def make_studio_project(
    root: Path, name: str, articles: dict[str, list[tuple[str, str]]] = ARTICLES, annotators: Sequence[str] = ANNOTATORS
) -> Project:
    """A project with corpus tables; its `name` keeps it apart from other projects on the same server."""
    project = Project(root)
    shutil.copytree(SCHEMA, project.schema)
    project.annotations.mkdir()
    described = "\n".join(f"  {one}: {{kind: human, languages: [en]}}" for one in annotators)
    project.campaign_yaml.write_text(CAMPAIGN.format(annotators=", ".join(annotators), described=described))
    project.dataset_yaml.write_text(DATASET.format(name=name))
    write_corpus(project, articles)
    return project


def write_corpus(project: Project, articles: dict[str, list[tuple[str, str]]]) -> None:
    """The tables documents and segments, and what other tables and stages ask for beside them."""
    documents, segments = [], []
    for doc_id, parts in articles.items():
        text = "\n".join(words for _, words in parts)
        place = 0
        for number, (role, words) in enumerate(parts):
            row = {"doc_id": doc_id, "seg_no": number, "role": role, "start": place, "end": place + len(words)}
            segments.append(row | {"rule": "test", "raw_start": None, "raw_end": None})
            place += len(words) + 1
        documents.append(_document(doc_id, text))
    stories = [{"doc_id": doc_id, "story_id": doc_id, "is_story_head": True} for doc_id in articles]
    tables = {"documents": documents, "segments": segments, "sentences": [], "stories": stories, "variants": []}
    made = {}
    for table, rows in tables.items():
        schema = read_table_schema(table, project.table_schemas)
        made[table] = (schema, make_table(schema, rows))
    write_stage(project.corpus, "convert", made, {})


def write_gold(
    project: Project,
    mentions: Sequence[tuple[str, str, str, str]],
    articles: dict[str, list[tuple[str, str]]] = ARTICLES,
) -> None:
    """Gold mentions (doc_id, words, label, entity_id), each at the first place of its words, and their entities."""
    texts = {doc_id: "\n".join(words for _, words in parts) for doc_id, parts in articles.items()}
    rows, entities = [], {}
    for number, (doc_id, words, label, entity_id) in enumerate(mentions):
        start = texts[doc_id].index(words)
        rows.append(
            {"mention_id": f"m{number}", "doc_id": doc_id, "start": start, "end": start + len(words), "text": words}
            | {
                "label": label,
                "kind": "name",
                "entity_id": entity_id,
                "is_outer": True,
                "n_votes": 2,
                "n_annotators": 2,
            }
            | {"decided_by": "unanimous"}
        )
        entities[entity_id] = {"entity_id": entity_id, "name": words, "label": label, "n_mentions": 1}
    made = {}
    for table, found in (("mentions", rows), ("entities", list(entities.values()))):
        schema = read_table_schema(table, project.table_schemas)
        made[table] = (schema, make_table(schema, found))
    write_stage(project.annotations, "gold", made, {})


def _document(doc_id: str, text: str) -> dict[str, Any]:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return {
        "doc_id": doc_id,
        "source_path": f"{doc_id}.txt",
        "format": "txt",
        "date": datetime.date(2024, 5, 1),
        "text": text,
        "n_chars": len(text),
        "n_words": len(text.split()),
        "n_sentences": 1,
        "encoding": "utf-8",
        "encoding_score": 1.0,
        "raw_sha256": digest,
        "text_sha256": digest,
        "rights": "unknown",
    }
