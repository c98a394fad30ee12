"""Which document of the corpus a said text is: joined on the text itself, never on a task's id.

A said text is a document's if it is the same text (line ends and byte order mark aside), the same but for white space
at its edges, or exactly what one of the passes shows of it. Where the corpus holds one text twice, a name decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..codebook.model import Codebook
from ..label_studio.foreign import Said
from ..label_studio.offsets import canonical
from ..label_studio.tasks import Article, article_view, stored_view
from ..text.view import Piece
from .inventory import text_key
from .store import Target

WholeTexts = Mapping[bytes, str]  # SHA-256 of a canonical text -> its document, where no other is like it


class Joiner:
    """Documents by text.

    Args:
        articles: all documents of the corpus by doc_id.
    """

    def __init__(self, articles: Mapping[str, Article], codebook: Codebook) -> None:
        self.articles = articles
        self._by_text: dict[bytes, list[str]] = {}
        self._by_view: dict[bytes, list[tuple[str, tuple[Piece, ...]]]] = {}
        for doc_id, article in articles.items():
            self._by_text.setdefault(text_key(article.text.strip()), []).append(doc_id)
            for task_pass in codebook.passes:
                text, view = article_view(article, task_pass)
                self._by_view.setdefault(text_key(text), []).append((doc_id, view.pieces))

    def whole_texts(self) -> WholeTexts:
        """The documents that `find` gives, whatever its name, for a text that is all of theirs."""
        alone = (doc_ids[0] for doc_ids in self._by_text.values() if len(doc_ids) == 1)
        return {bytes.fromhex(self.articles[doc_id].text_sha256): doc_id for doc_id in alone}

    def find(self, said: Said) -> Target | None:
        """The document and how its text was shown; None where the corpus has no such text."""
        shown = canonical(said.text)
        own = self._own(said, shown)
        if own is not None:
            return own
        core = shown.strip()
        doc_id = self._named(self._by_text.get(text_key(core), []), said.name) if core else None
        if doc_id is not None:
            article = self.articles[doc_id]
            left = len(shown) - len(shown.lstrip())
            start = len(article.text) - len(article.text.lstrip())
            piece = Piece(left, start, start + len(core), 0)
            if shown == article.text:
                piece = Piece(0, 0, len(shown), 0)
            return Target(doc_id, article.text_sha256, shown, (piece,))
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
