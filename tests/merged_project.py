"""A project in which two annotators judged one short invented article, for the tests of gold and explain.

It goes through the real stages, from submissions to tables; only the stored export files are left out.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from made_submissions import mark, submission

from stancewire.gold.decisions import conflict_id
from stancewire.judgements.stage import write_judgements
from stancewire.label_studio.model import Mark, Submission
from stancewire.project import Project
from stancewire.tables import make_table, read_table_schema, write_stage

TREATY, LEAVING, ALLIANCE = "us-japan-security-treaty", "us-withdrawal-from-treaty", "us-japan-alliance"
TEXT = "Ana Ruiz met Lee.\n\n\u201cThe pact must stay,\u201d Ruiz said, aides told us. Lee wants out of it."
SENTENCES = ((0, 17), (19, 62), (63, len(TEXT)))
CAMPAIGN = """\
passes:
  entities: {rounds: [{round: 1, annotators: [ann-a, ann-b]}]}
  stances: {rounds: [{round: 1, annotators: [ann-a, ann-b]}]}
annotators:
  ann-a: {kind: human, languages: [en, ja]}
  ann-b: {kind: model, model: Parrot, instructions_sha256: "%s"}
  ann-c: {kind: human}
  adj-d: {kind: human}
adjudicators: [adj-d]
""" % ("0" * 64)
Row = dict[str, Any]


def said(words: str | None = None, nth: int = 0, region: str = "", **values: Any) -> Mark:
    """A mark on the project's article."""
    return mark(words, TEXT, nth, region, **values)


def held(words: str, target: str = TREATY, side: str = "favor", **values: Any) -> Mark:
    """A stance on the project's article; by default Ruiz's, directly quoted."""
    given = {"target": target, "stance": side, "attribution": "direct_quote", "holder": "d1#ana-ruiz"} | values
    return said(words, **given)


def given_in(*marks: Mark, who: str = "ann-a", task_pass: str = "entities", **other: Any) -> Submission:
    """A submission of the project's article, which offers its own entities."""
    offered = (("d1#ana-ruiz", "Ana Ruiz", "PERSON"), ("d1#lee", "Lee", "PERSON"))
    made = submission(*marks, who=who, task_pass=task_pass, text=TEXT, **other)
    return dataclasses.replace(made, entities=offered)


def usual() -> list[Submission]:
    """Two annotators who agree on some things: one mention each alone, one stance held apart in its side and via."""
    return [
        given_in(said("Ana Ruiz", label="PERSON"), said("Lee", label="PERSON"), said("pact", label="LAW")),
        given_in(said("Ana Ruiz", label="PERSON"), said("Lee", label="ORG"), who="ann-b"),
        given_in(
            held("The pact must stay"), said(doc={TREATY: "none"}), said(doc={ALLIANCE: "neutral"}), task_pass="stances"
        ),
        given_in(
            held("pact must stay", side="neutral", via="other", via_text="aides"),
            held("wants out of it", LEAVING, attribution="reported", holder="d1#lee"),
            said(doc={TREATY: "none"}), said(doc={ALLIANCE: "favor"}), who="ann-b", task_pass="stances",
        ),
    ]  # fmt: skip


def make_project(root: Path) -> Project:
    """The project with its corpus tables, and no judgement yet."""
    shutil.copytree(Path(__file__).parents[1] / "schema", root / "schema")
    project = Project(root)
    project.annotations.mkdir()
    project.campaign_yaml.write_text(CAMPAIGN, encoding="utf-8")
    digest = sha256(TEXT.encode()).hexdigest()
    document: Row = {"doc_id": "d1", "source_path": "d1.txt", "format": "txt", "title": "A title", "text": TEXT}
    document |= {"n_chars": len(TEXT), "n_words": 1, "n_sentences": 2, "encoding": "utf-8", "encoding_score": 1.0}
    document |= {"raw_sha256": digest, "text_sha256": digest, "rights": "unknown", "date": datetime.date(2024, 5, 1)}
    at = TEXT.index("pact")
    variant: Row = {"doc_id_a": "d1", "doc_id_b": "d2", "start_a": at, "end_a": at + 4, "text_a": "pact"}
    variant |= {"variant_no": 0, "start_b": 0, "end_b": 4, "text_b": "deal", "kind": "lexis", "substantive": False}
    rows: dict[str, list[Row]] = {
        "documents": [document],
        "sentences": [
            {"doc_id": "d1", "sent_no": n, "seg_no": min(n, 1), "start": a, "end": b}
            for n, (a, b) in enumerate(SENTENCES)
        ],
        "stories": [{"doc_id": "d1", "story_id": "s1", "is_story_head": True}],
        "variants": [variant],
    }
    made = {}
    for name, listed in rows.items():
        schema = read_table_schema(name, project.table_schemas)
        made[name] = (schema, make_table(schema, listed))
    write_stage(project.corpus, "convert", made, {})
    return project


def judge(project: Project, submissions: Sequence[Submission], patch: pytest.MonkeyPatch) -> None:
    """Write the judgement tables from these submissions, as if they stood in stored exports."""
    import stancewire.label_studio.exports as exports

    patch.setattr(exports, "read_submissions", lambda *_: list(submissions))
    write_judgements(project)


def table(project: Project, name: str) -> list[Row]:
    """A written annotation table's rows."""
    from stancewire.gold.evidence import read_rows

    return read_rows(project, project.annotations, name)


def decide(project: Project, ids: Sequence[str], field: str, value: str, **other: Any) -> Row:
    """Append a decision, well formed but unchecked, and return it."""
    line: Row = {
        "conflict_id": conflict_id(ids, field),
        "judgement_ids": sorted(ids),
        "layer": "mention",
        "doc_id": "d1",
    }
    line |= {"field": field, "value": value, "decided_by": "adj-d", "reason": "so it is", "codebook_version": "1.0.0"}
    line |= {"decided_at": "2024-05-03"} | other
    with open(project.adjudications_jsonl, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    return line


def judge_crowd(root: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project judged by three annotators, of whom the third says what the first says."""
    project = make_project(root)
    third = [
        given_in(said("Ana Ruiz", label="PERSON"), said("Lee", label="PERSON"), who="ann-c"),
        given_in(held("The pact must stay"), said(doc={TREATY: "none"}), who="ann-c", task_pass="stances"),
    ]
    judge(project, [*usual(), *third], monkeypatch)
    return project
