"""What we export comes back as the same judgements, whatever was marked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_project import SCHEMA, TARGET, make_tiny_project

from stancewire.corpus import convert_corpus
from stancewire.imports.mapping import LabelMapping
from stancewire.imports.plan import plan_import
from stancewire.imports.stage import import_files
from stancewire.judgements.stage import write_judgements
from stancewire.label_studio.exports import Given, read_export, stored_givens, write_export
from stancewire.label_studio.tasks import article_view, read_articles, stored_view
from stancewire.project import Project
from stancewire.tables import read_table, read_table_schema

ROOT = Path(__file__).parents[1]
Row = dict[str, Any]


def raw_export(project: Project) -> list[Row]:
    """The stored exports as a server would export them raw: whole texts, addresses, quotes in `value.text`."""
    articles, tasks = read_articles(project), []
    for stored in stored_givens(project.exports):
        for path in sorted(stored.folder(project.exports).glob("*.json")):
            for task in read_export(path, stored, project.schema)["tasks"]:
                tasks.append(raw_task(task, stored, stored_view(articles[task["doc_id"]], task["view"])[0], len(tasks)))
    return tasks


def raw_task(task: Row, stored: Given, text: str, number: int) -> Row:
    data = {name: task[name] for name in ("doc_id", "text_sha256", "codebook_version", "suggestions_shown", "view")}
    data |= {"task_pass": stored.task_pass, "round": stored.round, "annotator_id": stored.annotator_id}
    data |= {"text": text, "meta_line": "x", "entities_offered": task["entities"]}
    answers = [
        answer
        | {"completed_by": {"id": 1, "email": f"{answer['completed_by']}@annotators.invalid"}, "id": place}
        | {"result": [raw_result(item) for item in answer["result"]]}
        for place, answer in enumerate(task["annotations"])
    ]
    suggestions = [
        item | {"id": place, "result": [raw_result(r) for r in item["result"]]}
        for place, item in enumerate(task["predictions"])
    ]
    return {"id": number, "project": 1, "data": data, "annotations": answers, "predictions": suggestions, "drafts": []}


def raw_result(item: Row) -> Row:
    made = {key: value for key, value in item.items() if key not in ("quote", "before", "after")}
    if "start" in item["value"]:
        made["value"] = item["value"] | (
            {} if "text" in item["value"] else {"text": item["quote"].replace("\n", "\\n")}
        )
    return made


def judged(project: Project) -> list[Row]:
    found = []
    for name in ("judgements", "quarantine", "assignments"):
        schema = read_table_schema(name, project.table_schemas)
        for row in read_table(project.annotations, schema).to_pylist():
            row.pop("project")
            found.append(row)
    return found


def brought_back(project: Project, folder: Path) -> list[Row]:
    """The judgements after the stored exports were turned into a raw export, deleted, and imported."""
    path = folder / "raw.json"
    path.write_text(json.dumps(raw_export(project), ensure_ascii=False), encoding="utf-8")
    shutil.rmtree(project.exports)
    with project.writing():
        import_files(project, plan_import([path], "label-studio"), LabelMapping())
        write_judgements(project)
    return judged(project)


def test_shipped_annotations_come_back_the_same(tmp_path: Path) -> None:
    for name in ("annotations", "corpus", "schema"):
        shutil.copytree(ROOT / name, tmp_path / "copy" / name)
    project = Project(tmp_path / "copy")
    before = judged(project)
    assert len(before) > 100
    assert brought_back(project, tmp_path) == before


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_tiny_project(tmp_path_factory.mktemp("own") / "tiny")
    shutil.rmtree(project.exports)
    convert_corpus(project)
    return project


LABELS = st.sampled_from(["PERSON", "LAW", "GPE"])
STANCE = st.fixed_dictionaries(
    {
        "target": st.sampled_from([TARGET, "us-withdrawal-from-treaty"]),
        "stance": st.sampled_from(["favor", "against"]),
        "attribution": st.sampled_from(["direct_quote", "reported", "author"]),
        "holder": st.lists(st.sampled_from(["author", "unnamed"]), max_size=2, unique=True),
        "span_comment": st.text("ab \u00e9", max_size=5),
    }
)
PLACES = st.tuples(st.integers(0, 120), st.integers(0, 60))


def control(name: str, value: str | list[str], place: Row) -> Row:
    kind = "labels" if name in ("mention", "target") else "textarea" if name == "span_comment" else "choices"
    key = {"labels": "labels", "textarea": "text", "choices": "choices"}[kind]
    said = {key: value if isinstance(value, list) else [value]}
    return (
        {"from_name": name, "to_name": "text", "type": kind, "origin": "manual"}
        | place
        | {"value": place["value"] | said}
    )


def stored_task(project: Project, doc_id: str, stored: Given, marks: list[tuple[tuple[int, int], Any]]) -> Row:
    article = read_articles(project)[doc_id]
    from stancewire.codebook import read_codebook

    codebook = read_codebook(SCHEMA / "codebook.yaml")
    text, view = article_view(article, codebook.pass_named(stored.task_pass))
    results = []
    for number, ((start, length), said) in enumerate(marks):
        end = start + length
        place = {"id": f"m{number}", "value": {"start": start, "end": end}, "quote": text[start:end]}
        place |= {"before": text[max(0, start - 32) : start], "after": text[end : end + 32]}
        named = {"mention": said} if isinstance(said, str) else {key: v for key, v in said.items() if v}
        results += [control(name, value, place) for name, value in named.items()]
    annotation = {"unique_id": "u", "completed_by": stored.annotator_id, "created_at": "2024-05-02"}
    annotation |= {"updated_at": "2024-05-03", "lead_time": 2.5, "was_cancelled": False, "ground_truth": False}
    return {
        "doc_id": doc_id,
        "text_sha256": article.text_sha256,
        "codebook_version": codebook.version,
        "suggestions_shown": False,
        "view": [[piece.view_start, piece.start, piece.end, piece.seg_no] for piece in view.pieces],
        "entities": [],
        "annotations": [annotation | {"result": results}],
        "predictions": [],
        "drafts": [],
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mentions=st.lists(st.tuples(PLACES, LABELS), max_size=6),
    stances=st.lists(st.tuples(PLACES, STANCE), max_size=4),
    doc_id=st.sampled_from(["wire-1", "local-1"]),
)
def test_any_marks_come_back_the_same(tiny: Project, tmp_path: Path, mentions: Any, stances: Any, doc_id: str) -> None:
    for task_pass, marks in (("entities", mentions), ("stances", stances)):
        stored = Given(task_pass, 1, "ann-one")
        task = stored_task(tiny, doc_id, stored, marks)
        write_export(tiny.exports, stored, "tiny", [task], tiny.schema)
    write_judgements(tiny)
    before = judged(tiny)
    assert len(before) >= 2 + len(mentions) + len(stances)
    assert brought_back(tiny, tmp_path) == before
    shutil.rmtree(tiny.exports)
