"""Level 3: gold that reads otherwise than the guidelines ask. Warnings: language has exceptions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator

from ..codebook.model import Codebook
from ..errors import Problem, StancewireError
from ..project import Project
from .loading import Loaded, limited, table_file
from .quotations import touches_quotation


def check_guideline(loaded: Loaded, codebook: Codebook, partly: Collection[str] = ()) -> list[Problem]:
    """Articles, possessives, nesting, holders without a mention, quotes without marks, one surface with two labels.

    Args:
        partly: documents of which tasks showed only what differs from another version of the story; what they name in
            other passages is mentioned there.
    """
    mentions, stances = table_file("mentions"), table_file("stances")
    return [
        *limited("mention-article", mentions, _articles(loaded, codebook.rules.leading_articles)),
        *limited("mention-possessive", mentions, _possessives(loaded, codebook.rules.possessives)),
        *limited("mention-nesting", mentions, _crossing(loaded, codebook.rules.nesting)),
        *limited("holder-mentioned", stances, _unmentioned(loaded, partly)),
        *limited("quote-marks", stances, _unquoted(loaded)),
        *limited("label-consistency", mentions, _inconsistent(loaded)),
    ]


def partly_shown(project: Project, codebook: Codebook, loaded: Loaded) -> frozenset[str]:
    """Documents of which somebody's task showed only what differs from another version of the story."""
    from ..judgements.versions import Versions

    given = [{"doc_id": doc_id} for (doc_id,) in loaded.columns("assignments", "doc_id")]
    try:
        return Versions(project, codebook, given).partly_shown
    except StancewireError:
        return frozenset()  # what it is made from is damaged, and other checks say so


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


def _crossing(loaded: Loaded, nesting: bool) -> Iterator[tuple[str, str]]:
    """Mentions that overlap another without holding it or standing in it; where nesting is not allowed, these too."""
    document: str | None = None
    open_: list[tuple[int, int, str]] = []
    rows = loaded.columns("mentions", "doc_id", "start", "end", "text")
    for doc_id, start, end, text in sorted(rows, key=lambda row: (row[0], row[1], -row[2])):
        if doc_id != document:
            document, open_ = doc_id, []
        open_ = [item for item in open_ if item[1] > start]
        for low, high, words in open_:
            if high < end:
                yield f"{doc_id}:{start}-{end}", f"{text!r} begins within {words!r} and ends outside it"
                break
            if not nesting and (low, high) != (start, end):
                yield f"{doc_id}:{start}-{end}", f"{text!r} stands within {words!r}, and the codebook allows no nesting"
                break
        open_.append((start, end, text))


def _unmentioned(loaded: Loaded, partly: Collection[str]) -> Iterator[tuple[str, str]]:
    mentioned = set(loaded.columns("mentions", "doc_id", "entity_id"))
    stories = dict(loaded.columns("stories", "doc_id", "story_id"))
    names: dict[tuple[str, str], set[str]] = defaultdict(set)  # what an entity is called in any version of a story
    for doc_id, entity, text in loaded.columns("mentions", "doc_id", "entity_id", "text"):
        if doc_id in stories and entity is not None:
            names[stories[doc_id], entity].add(text)
    for doc_id, start, end, holder, via in loaded.columns(
        "stances", "doc_id", "start", "end", "holder_entity_id", "via_entity_id"
    ):
        for what, entity in (("holder", holder), ("via", via)):
            if entity is None or (doc_id, entity) in mentioned:
                continue
            known = names.get((stories.get(doc_id, doc_id), entity), set()) if doc_id in partly else set()
            if not any(name in loaded.texts.get(doc_id, "") for name in known):
                yield f"{doc_id}:{start}-{end}", f"{what} {entity} has no mention in the document"


def _unquoted(loaded: Loaded) -> Iterator[tuple[str, str]]:
    for doc_id, start, end, attribution in loaded.columns("stances", "doc_id", "start", "end", "attribution"):
        text = loaded.texts.get(doc_id)
        if attribution == "direct_quote" and text is not None and not touches_quotation(text, start, end):
            yield f"{doc_id}:{start}-{end}", "a direct quote, but it neither lies inside nor touches quotation marks"


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
