"""What every format is written from: a document with its sentences, segments and gold, gathered from the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..corpus_view import Corpus

Row = dict[str, Any]
DOCUMENT = ("doc_id", "title", "date", "outlet", "url", "lang", "text", "text_sha256", "rights", "license")
AT_ONCE = 4096


@dataclass(frozen=True)
class GoldDocument:
    """One document and all gold on it.

    Attributes:
        row: its columns `DOCUMENT`. sentences, segments: rows in text order.
        mentions, stances: rows in text order, of two that begin together the longer first.
        document_stances: stance by target. story_id: None where the corpus has no table of stories for it.
        split: train, dev or test; None where the corpus was not split.
    """

    row: Row
    sentences: tuple[Row, ...]
    segments: tuple[Row, ...]
    mentions: tuple[Row, ...]
    stances: tuple[Row, ...]
    document_stances: Mapping[str, str]
    story_id: str | None
    split: str | None

    @property
    def doc_id(self) -> str:
        """Its id."""
        return str(self.row["doc_id"])

    @property
    def text(self) -> str:
        """The canonical text, to which all offsets refer."""
        return str(self.row["text"])


def read_gold_documents(corpus: Corpus) -> Iterator[GoldDocument]:
    """The documents of a corpus in the order of their ids.

    Raises:
        TableError, ReleaseError: a table is missing, stale or damaged; texts are withheld (a text-free release).
    """
    corpus.require_texts()
    sentences = _by_document(corpus, "sentences", ("doc_id", "sent_no", "seg_no", "start", "end"))
    segments = _by_document(corpus, "segments", ("doc_id", "seg_no", "role", "start", "end", "rule"))
    mentions = _by_document(corpus, "mentions")
    stances = _by_document(corpus, "stances_wide")
    answers: dict[str, dict[str, str]] = {}
    for row in corpus.arrow("document_stances").select(["doc_id", "target_id", "stance"]).to_pylist():
        answers.setdefault(row["doc_id"], {})[row["target_id"]] = row["stance"]
    stories = _lookup(corpus, "stories", "story_id")
    splits = _lookup(corpus, "splits", "split")
    for batch in corpus.arrow("documents").select(list(DOCUMENT)).to_batches(AT_ONCE):
        for row in batch.to_pylist():
            doc_id = row["doc_id"]
            yield GoldDocument(
                row,
                tuple(sentences.get(doc_id, ())),
                tuple(segments.get(doc_id, ())),
                tuple(mentions.get(doc_id, ())),
                tuple(stances.get(doc_id, ())),
                answers.get(doc_id, {}),
                stories.get(doc_id),
                splits.get(doc_id),
            )


def _by_document(corpus: Corpus, name: str, columns: tuple[str, ...] | None = None) -> dict[str, list[Row]]:
    table = corpus.arrow(name)
    found: dict[str, list[Row]] = {}
    for row in (table if columns is None else table.select(list(columns))).to_pylist():
        found.setdefault(row["doc_id"], []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row["start"], -row["end"]))
    return found


def _lookup(corpus: Corpus, name: str, column: str) -> dict[str, str]:
    table = corpus.arrow(name)
    return dict(zip(table.column("doc_id").to_pylist(), table.column(column).to_pylist(), strict=True))
