"""Level 3: gold that reads otherwise than the guidelines ask. Warnings: language has exceptions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from ..codebook.model import Codebook
from ..errors import Problem
from .loading import Loaded, limited, table_file

QUOTE_MARKS = frozenset("\"“”„‟«»‹›「」『』‘’‚'")


def check_guideline(loaded: Loaded, codebook: Codebook) -> list[Problem]:
    """Articles, possessives, holders without a mention, quotes without marks, one surface with several labels."""
    mentions, stances = table_file("mentions"), table_file("stances")
    return [
        *limited("mention-article", mentions, _articles(loaded, codebook.rules.leading_articles)),
        *limited("mention-possessive", mentions, _possessives(loaded, codebook.rules.possessives)),
        *limited("holder-mentioned", stances, _unmentioned(loaded)),
        *limited("quote-marks", stances, _unquoted(loaded)),
        *limited("label-consistency", mentions, _inconsistent(loaded)),
    ]


def _articles(loaded: Loaded, articles: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for doc_id, start, end, text in loaded.columns("mentions", "doc_id", "start", "end", "text"):
        first = text.split(maxsplit=1)
        if len(first) == 2 and first[0].casefold() in articles:
            yield f"{doc_id}:{start}-{end}", f"{text!r} begins with {first[0]!r}"


def _possessives(loaded: Loaded, endings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for doc_id, start, end, text in loaded.columns("mentions", "doc_id", "start", "end", "text"):
        for ending in endings:
            if text.endswith(ending):
                yield f"{doc_id}:{start}-{end}", f"{text!r} ends in {ending!r}"
                break


def _unmentioned(loaded: Loaded) -> Iterator[tuple[str, str]]:
    mentioned = set(loaded.columns("mentions", "doc_id", "entity_id"))
    for doc_id, start, end, holder, via in loaded.columns(
        "stances", "doc_id", "start", "end", "holder_entity_id", "via_entity_id"
    ):
        for what, entity in (("holder", holder), ("via", via)):
            if entity is not None and (doc_id, entity) not in mentioned:
                yield f"{doc_id}:{start}-{end}", f"{what} {entity} has no mention in the document"


def _unquoted(loaded: Loaded) -> Iterator[tuple[str, str]]:
    for doc_id, start, end, attribution in loaded.columns("stances", "doc_id", "start", "end", "attribution"):
        text = loaded.texts.get(doc_id)
        if attribution == "direct_quote" and text is not None:
            around = text[max(0, start - 1) : end + 1]
            if QUOTE_MARKS.isdisjoint(around):
                yield f"{doc_id}:{start}-{end}", "a direct quote, but no quotation mark touches it"


def _inconsistent(loaded: Loaded) -> Iterator[tuple[str, str]]:
    stories = dict(loaded.columns("stories", "doc_id", "story_id"))
    labels: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    rows = sorted(loaded.columns("mentions", "doc_id", "start", "end", "text", "label"))
    for doc_id, _, _, text, label in rows:
        labels[stories.get(doc_id, doc_id), text.casefold()][label] += 1
    for doc_id, start, end, text, label in rows:
        counts = labels[stories.get(doc_id, doc_id), text.casefold()]
        usual = max(sorted(counts), key=counts.__getitem__)
        if label != usual:
            yield f"{doc_id}:{start}-{end}", f"{text!r} is {label} here, and {usual} elsewhere in the story"
