"""The words an annotator may choose, with older spellings: what the codebook calls them today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import process

from ..codebook.model import Choice, Codebook


@dataclass(frozen=True)
class Vocabulary:
    """One closed vocabulary: `what` it names, and every spelling (id or alias of an older codebook) with its id."""

    what: str
    ids: dict[str, str]

    @classmethod
    def of(cls, what: str, choices: Iterable[Choice]) -> Vocabulary:
        """The vocabulary of these choices; an id wins over another choice's alias."""
        listed = list(choices)
        ids = {alias: choice.id for choice in listed for alias in choice.aliases}
        return cls(what, ids | {choice.id: choice.id for choice in listed})

    def read(self, value: str) -> str | None:
        """Today's id of a spelling; None where the codebook knows none."""
        return self.ids.get(value)

    def unknown(self, value: str) -> str:
        """What is wrong with a value that `read` does not know, with the nearest that it does."""
        best = process.extractOne(value, list(self.ids), score_cutoff=60)
        hint = f"; nearest is {best[0]!r}" if best else ""
        return f"unknown {self.what} {value!r}{hint}"


class Terms:
    """All vocabularies of one codebook."""

    def __init__(self, codebook: Codebook) -> None:
        self.codebook = codebook
        self.labels = Vocabulary.of("mention label", codebook.mention_labels)
        self.kinds = Vocabulary.of("kind", codebook.mention_kinds)
        self.targets = Vocabulary.of("target", codebook.targets)
        self.stances = Vocabulary.of("stance", codebook.stances)
        self.document_stances = Vocabulary.of("document stance", codebook.document_stances)
        self.attributions = Vocabulary.of("attribution", codebook.attributions)
        self.flags = Vocabulary.of("flag", codebook.flags)

    def dated(self, reason: str, made_under: str) -> str:
        """A reason, with what to do where what it does not know was made under another codebook than today's."""
        today = self.codebook.version
        if made_under == today or not reason.startswith("unknown ") or reason.startswith("unknown entity "):
            return reason
        return (
            f"{reason} (made under codebook {made_under}, today's is {today}: if it was renamed, name the old spelling "
            "under aliases there)"
        )
