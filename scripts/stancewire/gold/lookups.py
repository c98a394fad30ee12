"""What gold rows refer to (entities, targets, annotators), and what is joined (stances_wide, variant_stances)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..codebook import Campaign, Codebook

Row = dict[str, Any]

_FROM_DOCUMENT = ("title", "date", "outlet", "wire", "lang", "url")
_FROM_STORY = ("story_id", "is_story_head", "date_inferred", "wire_inferred")


def entity_rows(
    mentions: Sequence[Row], stances: Iterable[Row], judgements: Iterable[Row], codebook: Codebook
) -> list[Row]:
    """Entities that gold mentions, holders or vias refer to.

    A codebook entity has its own name and label; its aliases are the codebook's and the surfaces it occurs under. A
    local entity is named by its most frequent surface (names before nominals), labelled by its most frequent label;
    where gold has no mention of it, all judgements that ever named it are asked.
    """
    used = {row["entity_id"] for row in mentions if row["entity_id"]}
    for row in stances:
        used |= {row[column] for column in ("holder_entity_id", "via_entity_id") if row[column]}
    surfaces = _surfaces(mentions)
    if missing := used - set(surfaces):
        surfaces |= _surfaces(
            row for row in judgements if row["layer"] == "mention" and row["entity_id"] in missing and row["text"]
        )
    counts = Counter(row["entity_id"] for row in mentions)
    known = {entity.entity_id: entity for entity in codebook.entities}
    rows = []
    for entity_id in sorted(used):
        seen = surfaces.get(entity_id, Counter())
        names = Counter({surface: n for (surface, _, kind), n in seen.items() if kind == codebook.mention_kinds[0].id})
        entity = known.get(entity_id)
        if entity is not None:
            name, label, others = entity.name, entity.label, [*entity.aliases, *sorted(names)]
        else:
            said = Counter({surface: n for (surface, _, _), n in seen.items()})
            name = _most(names) or _most(said) or entity_id.rpartition("#")[2].replace("-", " ") or entity_id
            label = _most(_labels(seen)) or codebook.mention_labels[0].id
            others = sorted(names)
        aliases = [other.replace("|", " ") for other in dict.fromkeys(others) if other != name]
        rows.append(
            {
                "entity_id": entity_id,
                "name": name,
                "label": label,
                "aliases": "|".join(aliases) or None,
                "n_mentions": counts[entity_id],
            }
        )
    return rows


def _surfaces(mentions: Iterable[Row]) -> dict[str, Counter[tuple[str, str, str]]]:
    """entity_id -> how often it occurs under (surface, label, kind)."""
    found: dict[str, Counter[tuple[str, str, str]]] = {}
    for row in mentions:
        if row["entity_id"]:
            key = (" ".join(row["text"].split()), row["label"], row["kind"])
            found.setdefault(row["entity_id"], Counter())[key] += 1
    return found


def _labels(seen: Counter[tuple[str, str, str]]) -> Counter[str]:
    labels: Counter[str] = Counter()
    for (_, label, _), n in seen.items():
        labels[label] += n
    return labels


def _most(counts: Counter[str]) -> str | None:
    """The most frequent; of equals the longest, then the first by code points."""
    return min(counts, key=lambda value: (-counts[value], -len(value), value), default=None)


def target_rows(codebook: Codebook) -> list[Row]:
    """The codebook's targets."""
    return [
        {
            "target_id": target.id,
            "name": target.name,
            "definition": target.definition,
            "favor_means": target.favor_means,
            "against_means": target.against_means,
            "inverse_of": target.inverse_of,
        }
        for target in codebook.targets
    ]


def annotator_rows(campaign: Campaign) -> list[Row]:
    """Annotators and adjudicators, as campaign.yaml describes them."""
    return [
        {
            "annotator_id": about.annotator_id,
            "kind": about.kind,
            "model": about.model,
            "model_version": about.model_version,
            "instructions_sha256": about.instructions_sha256,
            "languages": " ".join(about.languages) or None,
            "training": about.training,
        }
        for about in campaign.annotators
    ]


def wide_rows(
    stances: Iterable[Row],
    documents: Mapping[str, Row],
    stories: Mapping[str, Row],
    sentences: Mapping[tuple[str, int], tuple[int, int]],
    texts: Mapping[str, str],
    entities: Iterable[Row],
    codebook: Codebook,
) -> list[Row]:
    """Stances with the document's metadata, its story, the names of target, holder and via, and the sentence's words.

    Args:
        sentences: (doc_id, sent_no) -> (start, end).
    """
    names = {row["entity_id"]: row["name"] for row in entities}
    targets = {target.id: target.name for target in codebook.targets}
    rows = []
    for stance in stances:
        doc_id = stance["doc_id"]
        at = None if stance["sent_no"] is None else sentences[doc_id, stance["sent_no"]]
        story = stories.get(doc_id, {"story_id": doc_id, "is_story_head": True})
        row = dict(stance)
        row["target"] = targets[stance["target_id"]]
        row["holder"] = _party_name(stance, "holder", names)
        row["via"] = None if stance["via_type"] == "none" else _party_name(stance, "via", names)
        row["sentence"] = None if at is None else texts[doc_id][at[0] : at[1]]
        row |= {column: documents[doc_id][column] for column in _FROM_DOCUMENT}
        rows.append(row | {column: story.get(column) for column in _FROM_STORY})
    return rows


def _party_name(stance: Row, role: str, names: Mapping[str, str]) -> str:
    """A holder's or via's name: the entity's, what was typed, else the type itself (`author`, `unnamed`, `other`)."""
    entity_id = stance[f"{role}_entity_id"]
    return names[entity_id] if entity_id else stance[f"{role}_text"] or stance[f"{role}_type"]


def variant_stance_rows(variants: Iterable[Row], stances: Iterable[Row]) -> list[Row]:
    """Which variants touch which evidence spans, on either side.

    A variant's words touch a span if they share a character with it; where a side has no words (they stand in the other
    witness only), its place touches a span that it is in or at the edge of.
    """
    by_document: dict[str, list[tuple[int, int, str]]] = {}
    for row in stances:
        by_document.setdefault(row["doc_id"], []).append((row["start"], row["end"], row["stance_id"]))
    for spans in by_document.values():
        spans.sort()
    rows = []
    for variant in variants:
        touched = {
            stance
            for side in ("a", "b")
            for stance in _touching(
                by_document.get(variant[f"doc_id_{side}"], []), variant[f"start_{side}"], variant[f"end_{side}"]
            )
        }
        key = {column: variant[column] for column in ("doc_id_a", "doc_id_b", "variant_no")}
        rows += [key | {"stance_id": stance} for stance in sorted(touched)]
    return rows


def _touching(spans: Sequence[tuple[int, int, str]], start: int, end: int) -> list[str]:
    if start == end:
        first_after = bisect_left(spans, (start + 1,))
        return [key for a, b, key in spans[:first_after] if a <= start <= b]
    return [key for a, b, key in spans[: bisect_left(spans, (end,))] if a < end and start < b]
