"""spaCy: one JSON object a document, from which a Doc is made in a few lines. Offsets are code points, as spaCy counts.

    for line in open("all.jsonl", encoding="utf-8"):
        item = json.loads(line)
        doc = nlp.make_doc(item["text"])
        spans = [doc.char_span(*place, label=label, alignment_mode="expand") for *place, label in item["mentions"]]
        doc.spans["mentions"] = spans

`entities` are the outermost mentions, which never overlap (for `doc.ents`); `mentions` are all, `stances` the evidence
spans labelled `stance:target`, `cats` the document's stances as text categories.
"""

from __future__ import annotations

from collections.abc import Iterable

from .gathered import DOCUMENT, GoldDocument
from .writing import Target, part_of

_META = tuple(name for name in DOCUMENT if name not in ("text", "text_sha256"))


def write_spacy(target: Target, documents: Iterable[GoldDocument]) -> None:
    """Write `<part>.jsonl` for each part."""
    for document in documents:
        mentions = [[row["start"], row["end"], row["label"]] for row in document.mentions]
        entities = [[row["start"], row["end"], row["label"]] for row in document.mentions if row["is_outer"]]
        stances = [
            [row["start"], row["end"], f"{row['stance']}:{row['target_id']}"]
            for row in document.stances
        ]  # fmt: skip
        cats = {f"{target_id}:{stance}": 1.0 for target_id, stance in sorted(document.document_stances.items())}
        target.line(
            f"{part_of(document)}.jsonl",
            {
                "text": document.text,
                "entities": entities,
                "mentions": mentions,
                "stances": stances,
                "sentences": [[row["start"], row["end"]] for row in document.sentences],
                "cats": cats,
                "meta": {name: document.row[name] for name in _META} | {"story_id": document.story_id},
            },
        )
        target.report.counts["documents"] += 1
        target.report.counts["mentions"] += len(mentions)
        target.report.counts["stances"] += len(stances)
