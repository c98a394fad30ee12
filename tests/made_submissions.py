"""Small submissions, codebook and rows for the tests of judgements, agreement and gold; all texts are invented."""

from __future__ import annotations

import datetime
from hashlib import sha256
from typing import Any

from stancewire.codebook.model import Choice, Codebook, Entity, Pass, Rules, Target
from stancewire.judgements.places import Document
from stancewire.judgements.stage import read_judgements
from stancewire.label_studio.model import Mark, Submission
from stancewire.text.view import Piece, View

TEXT = "Ana Ruiz \U0001f54a met Lee.\n\nAD\n\n\u201cThe pact must stay,\u201d Ruiz\u2019s aide said.\nLee wants out."
DAY = datetime.date(2024, 5, 2)
Row = dict[str, Any]


def choices(*ids: str, **aliases: tuple[str, ...]) -> tuple[Choice, ...]:
    """Choices named by their ids."""
    return tuple(Choice(key, key, "", aliases=aliases.get(key, ())) for key in ids)


CODEBOOK = Codebook(
    version="1.0.0",
    title="",
    introduction="",
    mention_labels=choices("PERSON", "ORG", "GPE", "LAW", PERSON=("PER",)),
    mention_kinds=choices("name", "nominal"),
    targets=(
        Target("pact", "The pact", "", aliases=("treaty",)),
        Target("leaving", "Leaving the pact", "", inverse_of="pact"),
        Target("talks", "Talks", ""),
    ),
    stances=choices("favor", "against", "neutral"),
    document_stances=choices("favor", "against", "neutral", "none"),
    attributions=choices("author", "direct_quote", "indirect_quote", "reported"),
    holder_types=choices("author", "entity", "unnamed", "other"),
    via_types=choices("none", "entity", "unnamed", "other"),
    flags=choices("furniture", "hard"),
    passes=(Pass("entities", "", ("headline", "body")), Pass("stances", "", ("headline", "body"))),
    entities=(
        Entity("bo-lee", "Bo Lee", "PERSON", ("Lee",)),
        Entity("us", "United States", "GPE", ("U.S.",)),
        Entity("the-pact", "The pact", "LAW", ()),
    ),
    rules=Rules(leading_articles=("the", "a", "an"), possessives=("'s", "\u2019s")),
)


def document(text: str = TEXT, doc_id: str = "d1") -> Document:
    """A document of this text."""
    return Document(doc_id, text, sha256(text.encode()).hexdigest())


def view_of(text: str = TEXT) -> tuple[str, tuple[Piece, ...]]:
    """The view of a text made of blocks between blank lines, without blocks that are just AD, and its map."""
    pieces, shown, at, position = [], [], 0, 0
    for number, block in enumerate(text.split("\n\n")):
        if block != "AD":
            pieces.append(Piece(position, at, at + len(block), number))
            shown.append(block)
            position += len(block) + 2
        at += len(block) + 2
    return "\n\n".join(shown), tuple(pieces)


def mark(words: str | None = None, text: str = TEXT, nth: int = 0, region: str = "", **values: Any) -> Mark:
    """A mark on the nth occurrence of these words of the view (None: a document-level answer); values by control.

    A document stance is given as doc={target: stance}.
    """
    doc = values.pop("doc", {})
    given = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in values.items()}
    given |= {f"doc__{target}": (stance,) for target, stance in doc.items()}
    listed = tuple(sorted(given.items()))
    if words is None:
        return Mark(region or "+".join(given), None, None, "", "", "", listed, "manual", None)
    view, _ = view_of(text)
    start = -1
    for _ in range(nth + 1):
        start = view.index(words, start + 1)
    end = start + len(words)
    before, after = view[max(0, start - 32) : start], view[end : end + 32]
    return Mark(region or f"r-{start}-{end}", start, end, words, before, after, listed, "manual", None)


def submission(*marks: Mark, who: str = "ann-a", task_pass: str = "entities", **other: Any) -> Submission:
    """A submission of document d1 by one annotator."""
    text = other.pop("text", TEXT)
    values: Row = {
        "pulled": 1,
        "export_path": f"annotations/exports/{task_pass}-r1/{who}/0001.json",
        "doc_id": "d1",
        "text_sha256": sha256(text.encode()).hexdigest(),
        "task_pass": task_pass,
        "round": 1,
        "annotator_id": who,
        "project": f"{task_pass} {who}",
        "codebook_version": "1.0.0",
        "suggestions_shown": False,
        "state": "submitted",
        "view": view_of(text)[1],
        "entities": (),
        "marks": marks,
        "created_at": DAY,
        "updated_at": DAY,
        "seconds": 12.0,
    }
    return Submission(**(values | other))


def read(*submissions: Submission, text: str = TEXT, codebook: Codebook = CODEBOOK) -> Any:
    """The judgements of submissions of one document of this text."""
    return read_judgements(submissions, [document(text)], codebook)


def stance(words: str, target: Any = "pact", side: str = "favor", **values: Any) -> Mark:
    """A stance mark; by default a direct quote of Lee."""
    given = {"target": target, "stance": side, "attribution": "direct_quote", "holder": "bo-lee"} | values
    return mark(words, **given)


def whole_view(text: str = TEXT) -> View:
    """The view as `text.view` has it."""
    shown, pieces = view_of(text)
    return View(pieces, len(shown))
