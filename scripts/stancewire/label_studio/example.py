"""The task that a preview shows: of one document, made as `push` makes it, with the suggestions that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..codebook import read_campaign
from ..codebook.model import Codebook
from ..errors import UsageError
from ..project import Project
from ..text.model import Segment
from .exports import Given
from .suggestions import Recognizer, prediction_results
from .tasks import (
    Article,
    article_view,
    make_task,
    offered_in_entity_pass,
    offered_in_stance_pass,
    read_articles,
    read_gold,
)

ANNOTATOR = "ann-preview"


@dataclass(frozen=True)
class Example:
    """A task's data, the results suggested with it, and what is to be said of it."""

    data: dict[str, Any]
    suggested: list[dict[str, Any]]
    note: str


def example_task(project: Project, codebook: Codebook, task_pass: str, doc_id: str | None = None) -> Example:
    """The task of a document (default: the first of the corpus; without a corpus the codebook's own example).

    Raises:
        UsageError: the corpus has no such document; or there is neither a corpus nor an example.
        TableError: the corpus tables are stale.
    """
    has_corpus = project.table_path("documents").exists()
    if not has_corpus and (doc_id is not None or codebook.walkthrough is None):
        raise UsageError("there is no corpus to show a document of; make it first: stancewire convert")
    articles = read_articles(project) if has_corpus else {}
    if has_corpus:
        doc_id = doc_id if doc_id is not None else min(articles, default="")
        if doc_id not in articles:
            raise UsageError(f"the corpus has no document {doc_id!r} (it has {len(articles)}); see corpus/documents")
        article = articles[doc_id]
    else:
        article = _walkthrough(codebook)
    view = article_view(article, codebook.pass_named(task_pass))
    gold, note = read_gold(project), "" if has_corpus else "There is no corpus yet: this is the codebook's own example."
    if task_pass == "stances" and article.doc_id in gold.merged:
        offered = offered_in_stance_pass(article.doc_id, gold)
    else:
        offered = offered_in_entity_pass(view[0], codebook)
        if task_pass == "stances":
            said = "Its entity pass is not merged yet: the codebook's entities are offered, not the document's own."
            note = f"{note} {said}".strip()
    shows = _shows_suggestions(project, task_pass)
    data = make_task(article, Given(task_pass, 1, ANNOTATOR), view, offered, codebook.version, shows)
    suggested: list[dict[str, Any]] = []
    if shows and task_pass == "entities":
        earlier = [mention for found in gold.mentions.values() for mention in found]
        found = Recognizer(codebook, earlier).suggest(article.doc_id, view[0])
        suggested = prediction_results(article.doc_id, found, [alias for alias, _, _ in offered])
    return Example(data, suggested, note)


def _shows_suggestions(project: Project, task_pass: str) -> bool:
    if not project.campaign_yaml.is_file():
        return task_pass == "entities"
    rounds = [item for item in read_campaign(project.campaign_yaml).rounds if item.task_pass == task_pass]
    return any(item.suggestions for item in rounds)


def _walkthrough(codebook: Codebook) -> Article:
    """The invented article of the guidelines: its first paragraph is the headline."""
    assert codebook.walkthrough is not None
    segments, text = [], ""
    for number, paragraph in enumerate(codebook.walkthrough.paragraphs):
        start = len(text) + 2 * (number > 0)
        text += ("\n\n" if number else "") + paragraph
        segments.append(Segment(number, "body" if number else "headline", start, len(text), "example"))
    return Article("example", text, "0" * 64, "example", tuple(segments))
