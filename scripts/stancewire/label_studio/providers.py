"""Who can suggest: the codebook's own names, a spaCy model, or a server behind an address (see `ml_backend`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from ..codebook.interface import interface_xml
from ..codebook.model import Codebook
from ..errors import MissingExtra, ProviderError, UsageError
from .ml_backend import SECONDS, MlBackend, clean_version
from .proposals import Answer, Asked
from .suggestions import PROVIDER, Recognizer, prediction_results
from .tasks import GoldMention

FAMILY = re.compile(r"[a-z][a-z0-9-]{1,30}")
RESERVED = ("names", "projection")
BUILT_IN = "codebook"


class Provider(Protocol):
    """Who suggests; `name` for messages, `family` what the versions in the tables begin with (`family/version`)."""

    name: str
    family: str

    def propose(self, asked: Sequence[Asked]) -> list[Answer]:
        """An answer for each task."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


def make_provider(
    given: str,
    codebook: Codebook,
    task_pass: str,
    earlier: Iterable[GoldMention] = (),
    family: str | None = None,
    seconds: float = SECONDS,
) -> Provider:
    """The provider that `--provider` names.

    Args:
        given: `codebook`, `spacy:MODEL` or an address. earlier: gold mentions, which the built-in one knows, too.
        family: another beginning of the versions than `spacy` or `http`.

    Raises:
        UsageError: there is no such provider, or it cannot suggest in this pass.
        ProviderError, MissingExtra: it cannot be had.
    """
    if family is not None and (not FAMILY.fullmatch(family) or family in RESERVED):
        raise UsageError(f"--name {family!r}: small letters, digits and hyphens, and none of {', '.join(RESERVED)}")
    kind, _, rest = given.partition(":")
    if given.startswith(("http://", "https://")):
        return MlBackend(given, family or "http", interface_xml(codebook, task_pass), seconds)
    if given != BUILT_IN and not (kind == "spacy" and rest):
        raise UsageError(f"--provider {given!r}: give codebook, spacy:MODEL, or the address of an ML backend")
    if task_pass != "entities":
        raise UsageError(f"--provider {given}: it finds names; in the pass {task_pass} only a server can suggest")
    if given == BUILT_IN:
        if family is not None:
            raise UsageError("--name is for spaCy and servers; the codebook's suggestions have their own")
        return BuiltIn(codebook, earlier)
    return SpacyModel(rest, family or "spacy")


class BuiltIn:
    """What `push` suggests by itself: the codebook's entities and earlier gold mentions, found by their names."""

    name, family = BUILT_IN, PROVIDER.partition("/")[0]

    def __init__(self, codebook: Codebook, earlier: Iterable[GoldMention]) -> None:
        self._recognizer = Recognizer(codebook, earlier)

    def propose(self, asked: Sequence[Asked]) -> list[Answer]:
        """The suggestions for each task, as they are sent."""
        return [Answer(PROVIDER, self._found(item), checked=True) for item in asked]

    def _found(self, asked: Asked) -> list[dict[str, Any]]:
        found = self._recognizer.suggest(asked.doc_id, asked.text)
        return prediction_results(asked.doc_id, found, [choice["alias"] for choice in asked.offered["entities"]])

    def close(self) -> None:
        """It holds nothing."""


class SpacyModel:
    """Entities that a spaCy model finds, under the model's labels.

    Raises:
        MissingExtra: spaCy is not installed.
        ProviderError: there is no such model.
    """

    def __init__(self, model: str, family: str = "spacy") -> None:
        try:
            import spacy
        except ImportError:
            raise MissingExtra("spacy", "spacy") from None
        try:
            self._model = spacy.load(model)
        except (OSError, ValueError) as error:
            said = " ".join(str(error).split())[:160]
            raise ProviderError(f"spaCy cannot load {model!r} ({said}); install it, or give its folder") from None
        about = self._model.meta
        self.name = f"{about['lang']}_{about['name']}"
        self.family = family
        self._version = f"{family}/" + clean_version("-".join([self.name, about["version"]]))

    def propose(self, asked: Sequence[Asked]) -> list[Answer]:
        """The entities of each task's text.

        Raises:
            ProviderError: a text is longer than the model takes.
        """
        longest = max(asked, key=lambda item: len(item.text), default=None)
        if longest is not None and len(longest.text) > self._model.max_length:
            raise ProviderError(
                f"{longest.doc_id}: {len(longest.text):,} code points, and {self.name} takes at most "
                f"{self._model.max_length:,}; leave it out: name the others with --document"
            )
        documents = self._model.pipe(item.text for item in asked)
        return [Answer(self._version, [_result(entity) for entity in document.ents]) for document in documents]

    def close(self) -> None:
        """It holds nothing that is not memory."""


def _result(entity: Any) -> dict[str, Any]:
    place = {"start": entity.start_char, "end": entity.end_char, "text": entity.text}
    return {"from_name": "mention", "type": "labels", "value": {**place, "labels": [entity.label_]}}
