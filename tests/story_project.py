"""A project whose corpus tells one story in several versions, for the tests of what versions share."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest
from merged_project import CAMPAIGN, TREATY

from stancewire.codebook import read_codebook
from stancewire.corpus import convert_corpus
from stancewire.judgements.stage import write_judgements
from stancewire.label_studio.model import Mark, Submission
from stancewire.label_studio.tasks import Article, article_view, read_articles
from stancewire.project import Project
from stancewire.tables import read_table, read_table_schema

HEAD = (
    "Ministers weigh the fishing pact",
    "Ada Berg told the Harbour Post that the pact of Vik has kept the peace since the war ended. "
    "She praised the crews of both countries.",
    "“The pact must stay,” Berg said in the long debate about the northern islands on Tuesday evening.",
    "Lind was against it, and his party wants out of the pact before the summer fishing season begins.",
    "The fleets of both countries meet every spring in the waters around the northern islands.",
)
OTHER = (
    "Ministers weigh fishing pact",  # changed
    HEAD[1],
    "“The pact must stay,” Berg told the chamber in the long debate about the northern islands on Tuesday.",  # changed
    HEAD[4],  # moved before what follows
    HEAD[3],
    "Both governments will meet again in the autumn to speak about cod.",  # new
)


def make_story_project(root: Path, **versions: tuple[str, ...]) -> Project:
    """A project of these versions (doc_id=paragraphs, the first of them the headline), converted by the real stage."""
    shutil.copytree(Path(__file__).parents[1] / "schema", root / "schema")
    project = Project(root)
    project.annotations.mkdir()
    project.campaign_yaml.write_text(CAMPAIGN, encoding="utf-8")
    (project.corpus / "sources").mkdir(parents=True)
    for doc_id, paragraphs in versions.items():
        (project.corpus / "sources" / f"{doc_id}.txt").write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")
    convert_corpus(project)
    stories = read_table(project.corpus, read_table_schema("stories", project.table_schemas)).to_pylist()
    assert len({row["story_id"] for row in stories}) == 1, stories
    return project


def head_of(project: Project) -> str:
    """The head of the project's story."""
    stories = read_table(project.corpus, read_table_schema("stories", project.table_schemas)).to_pylist()
    return next(row["doc_id"] for row in stories if row["is_story_head"])


def given_in(
    project: Project,
    doc_id: str,
    who: str,
    *said: tuple[str, dict[str, Any]],
    task_pass: str = "entities",
    **other: Any,
) -> Submission:
    """A submission of one version: (words, values by control) of each mark, at the first place of its words."""
    article = read_articles(project)[doc_id]
    text, view = article_view(article, read_codebook(project.codebook_yaml).pass_named(task_pass))
    return _submission(article, text, view.pieces, who, said, task_pass, other)


def _submission(
    article: Article, text: str, pieces: Any, who: str, said: Any, task_pass: str, other: dict[str, Any]
) -> Submission:
    from made_submissions import DAY

    marks = []
    for number, (words, values) in enumerate(said):
        given = tuple(
            sorted((name, (value,)) for name, value in values.items() if name not in ("origin", "suggested_by"))
        )
        start = text.index(words)
        end = start + len(words)
        around = text[max(0, start - 32) : start], text[end : end + 32]
        origin, provider = values.get("origin", "manual"), values.get("suggested_by")
        marks.append(Mark(f"r{number}", start, end, words, *around, given, origin, provider))
    made: dict[str, Any] = {
        "pulled": 1,
        "export_path": f"annotations/exports/{task_pass}-r1/{who}/0001.json",
        "doc_id": article.doc_id,
        "text_sha256": article.text_sha256,
        "task_pass": task_pass,
        "round": 1,
        "annotator_id": who,
        "project": f"{task_pass} {who}",
        "codebook_version": "1.0.0",
        "suggestions_shown": False,
        "state": "submitted",
        "view": pieces,
        "entities": ((f"{article.doc_id}#berg", "Berg", "PERSON"), (f"{article.doc_id}#lind", "Lind", "PERSON")),
        "marks": tuple(marks),
        "created_at": DAY,
        "updated_at": DAY,
        "seconds": 1.0,
    }
    return Submission(**(made | other))


def shown_only(submission: Submission, *numbers: int) -> Submission:
    """The same submission of a task that showed these segments (by seg_no) only; its marks must stand in them."""
    kept, position = [], 0
    for piece in submission.view:
        if piece.seg_no in numbers:
            kept.append((piece, dataclasses.replace(piece, view_start=position)))
            position += piece.end - piece.start + 2
    marks = []
    for mark in submission.marks:
        if mark.view_start is None:
            marks.append(mark)
            continue
        old, new = next(pair for pair in kept if pair[0].view_start <= mark.view_start < pair[0].view_end)
        shift = new.view_start - old.view_start
        marks.append(
            dataclasses.replace(mark, view_start=mark.view_start + shift, view_end=(mark.view_end or 0) + shift)
        )
    return dataclasses.replace(submission, view=tuple(new for _, new in kept), marks=tuple(marks))


def entity(label: str, **values: Any) -> dict[str, Any]:
    """What is chosen for a mention."""
    return {"label": label} | values


def stance(side: str, doc_id: str, holder: str = "berg", **values: Any) -> dict[str, Any]:
    """What is chosen for a stance, of an entity local to the version."""
    said = {"target": TREATY, "stance": side, "attribution": "reported", "holder": f"{doc_id}#{holder}"}
    return said | values


def judge(project: Project, patch: pytest.MonkeyPatch, *submissions: Submission) -> None:
    """Write the judgement tables from these submissions, as if they stood in stored exports."""
    import stancewire.label_studio.exports as exports

    patch.setattr(exports, "read_submissions", lambda *_: list(submissions))
    write_judgements(project)
