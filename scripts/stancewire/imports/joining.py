"""Which document of the corpus a said text is: joined on the text itself, never on a task's id.

A said text is a document's if it is the same text (line ends and byte order mark aside), the same but for white space
at its edges, or exactly what one of the passes shows of it. Where the corpus holds one text twice, a name decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..codebook.model import Codebook
from ..judgements.places import Document
from ..label_studio.foreign import Said
from ..label_studio.offsets import canonical
from ..label_studio.tasks import Article, article_view, stored_view
from ..text.view import Piece
from .inventory import text_key
from .store import Target

WholeTexts = Mapping[bytes, str]  # SHA-256 of a canonical text -> its document, where no other is like it


@dataclass(frozen=True)
class _Known:
    """What is remembered of a document: the hash of its text, and how many characters of white space it begins with."""

    digest: bytes
    left: int


class Joiner:
    """Documents by text; the texts themselves are not held, unless a said text is none of them as a whole.

    Args:
        documents: of the corpus. articles: reads them all with their segments; called when a view has to be known.
    """

    def __init__(
        self, documents: Iterable[Document], articles: Callable[[], Mapping[str, Article]], codebook: Codebook
    ) -> None:
        self._read_articles, self._codebook = articles, codebook
        self._known: dict[str, _Known] = {}
        self._by_text: dict[bytes, list[str]] = {}
        for document in documents:
            core = document.text.strip()
            digest = bytes.fromhex(document.text_sha256)
            self._known[document.doc_id] = _Known(digest, len(document.text) - len(document.text.lstrip()))
            key = digest if len(core) == len(document.text) else text_key(core)
            self._by_text.setdefault(key, []).append(document.doc_id)

    @cached_property
    def articles(self) -> Mapping[str, Article]:
        """All documents with their texts and segments."""
        return self._read_articles()

    @cached_property
    def _by_view(self) -> dict[bytes, list[tuple[str, tuple[Piece, ...]]]]:
        found: dict[bytes, list[tuple[str, tuple[Piece, ...]]]] = {}
        for doc_id, article in self.articles.items():
            for task_pass in self._codebook.passes:
                text, view = article_view(article, task_pass)
                found.setdefault(text_key(text), []).append((doc_id, view.pieces))
        return found

    def whole_texts(self) -> WholeTexts:
        """The documents that `find` gives, whatever its name, for a text that is all of theirs."""
        alone = (doc_ids[0] for doc_ids in self._by_text.values() if len(doc_ids) == 1)
        return {self._known[doc_id].digest: doc_id for doc_id in alone}

    def find(self, said: Said) -> Target | None:
        """The document and how its text was shown; None where the corpus has no such text."""
        shown = canonical(said.text)
        own = self._own(said, shown)
        if own is not None:
            return own
        core = shown.strip()
        doc_id = self._named(self._by_text.get(text_key(core), []), said.name) if core else None
        if doc_id is not None:
            known = self._known[doc_id]
            left = len(shown) - len(shown.lstrip())
            piece = Piece(left, known.left, known.left + len(core), 0)
            if text_key(shown) == known.digest:
                piece = Piece(0, 0, len(shown), 0)
            return Target(doc_id, known.digest.hex(), shown, (piece,))
        found = dict(reversed(self._by_view.get(text_key(shown), [])))
        doc_id = self._named(list(reversed(found)), said.name)
        if doc_id is None or not shown:
            return None
        return Target(doc_id, self.articles[doc_id].text_sha256, shown, found[doc_id])

    def _own(self, said: Said, shown: str) -> Target | None:
        """The document of a task that was ours, where its text is still the same."""
        data = said.own
        article = self.articles.get(str(data["doc_id"])) if data is not None else None
        if data is None or article is None or data["text_sha256"] != article.text_sha256:
            return None
        pieces = tuple(Piece(*piece) for piece in data["view"])
        if stored_view(article, data["view"])[0] != shown:
            return None
        return Target(article.doc_id, article.text_sha256, shown, pieces)

    def _named(self, doc_ids: list[str], name: str | None) -> str | None:
        return name if name in doc_ids else next(iter(doc_ids), None)
