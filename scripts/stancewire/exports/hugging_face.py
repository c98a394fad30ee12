"""Hugging Face `datasets`: a folder that `load_dataset(FOLDER, NAME)` reads, with a card that names every feature.

    tokens             a sentence: words and IOB2 tags of the outermost mentions, as class labels
    stances            a row of stances_wide: an attributed stance with its sentence, target and holder
    document_stances   a document, a target, and the author's own stance towards it

Parts are the splits of the corpus; where it has none, all of it is `train`, as the library calls a whole.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..codebook.model import Codebook
from .gathered import GoldDocument
from .tokens import OUT, tag_sentences
from .writing import WHOLE, Target, part_of

_PARTS = {WHOLE: "train", "dev": "validation"}
_STANCE = ("stance_id", "doc_id", "story_id", "start", "end", "text", "sentence", "target_id", "target", "stance",
           "holder_type", "holder", "via_type", "via", "attribution")  # fmt: skip


def write_hugging_face(target: Target, documents: Sequence[GoldDocument], codebook: Codebook) -> None:
    """Write `<name>/<part>.jsonl` and the card."""
    labels = [label.id for label in codebook.mention_labels]
    tags = [OUT, *(f"{prefix}-{label}" for label in labels for prefix in "BI")]
    numbers = {tag: number for number, tag in enumerate(tags)}
    parts: dict[str, None] = {}
    for document in documents:
        part = _PARTS.get(part_of(document), part_of(document))
        parts[part] = None
        sentences, _ = tag_sentences(document)
        for sentence in sentences:
            outer = sentence.levels[0]
            target.line(
                f"tokens/{part}.jsonl",
                {
                    "doc_id": document.doc_id,
                    "story_id": document.story_id,
                    "sent_no": sentence.sent_no,
                    "tokens": list(sentence.words),
                    "ner_tags": [numbers[tag] for tag in outer],
                    "starts": [start for start, _ in sentence.places],
                    "ends": [end for _, end in sentence.places],
                },
            )
            target.report.counts["sentences"] += 1
        for row in document.stances:
            target.line(f"stances/{part}.jsonl", {name: row[name] for name in _STANCE})
            target.report.counts["stances"] += 1
        for target_id, stance in sorted(document.document_stances.items()):
            line = {"doc_id": document.doc_id, "story_id": document.story_id, "title": document.row["title"]}
            line |= {"target_id": target_id, "stance": stance, "text": document.text}
            target.line(f"document_stances/{part}.jsonl", line)
            target.report.counts["document stances"] += 1
    stances = [stance.id for stance in codebook.stances]
    answers = [stance.id for stance in codebook.document_stances]
    written = sorted(target.report.files)
    features = {
        "tokens": [
            *map(_text, ("doc_id", "story_id")), _number("sent_no"),
            {"name": "tokens", "sequence": "string"},
            {"name": "ner_tags", "sequence": {"class_label": {"names": _names(tags)}}},
            {"name": "starts", "sequence": "int64"}, {"name": "ends", "sequence": "int64"},
        ],
        "stances": [
            _number(name) if name in ("start", "end") else _label(name, stances) if name == "stance" else _text(name)
            for name in _STANCE
        ],
        "document_stances": [
            *map(_text, ("doc_id", "story_id", "title", "target_id")), _label("stance", answers), _text("text"),
        ],
    }  # fmt: skip
    held = {name: [part for part in parts if f"{name}/{part}.jsonl" in written] for name in features}
    card: dict[str, Any] = {
        "configs": [
            {
                "config_name": name,
                "data_files": [{"split": part, "path": f"{name}/{part}.jsonl"} for part in held[name]],
            }
            for name in features
            if held[name]
        ],
        "dataset_info": [
            {"config_name": name, "features": features[name]} for name in features if held[name]
        ],
    }  # fmt: skip
    target.write("README.md", f"---\n{json.dumps(card, ensure_ascii=False, indent=1)}\n---\n\n{_prose(codebook)}")


def _text(name: str) -> dict[str, Any]:
    return {"name": name, "dtype": "string"}


def _number(name: str) -> dict[str, Any]:
    return {"name": name, "dtype": "int64"}


def _label(name: str, names: Sequence[str]) -> dict[str, Any]:
    return {"name": name, "dtype": {"class_label": {"names": _names(names)}}}


def _names(names: Sequence[str]) -> dict[str, str]:
    return {str(number): name for number, name in enumerate(names)}


def _prose(codebook: Codebook) -> str:
    return (
        f"# {codebook.title}\n\nMade by `stancewire export hugging-face`. Offsets are half-open code points of a "
        "document's text. How the annotations came about, what they are worth and what may be done with them is said "
        "in the dataset card of the release; labels and targets are defined in its codebook "
        f"(version {codebook.version}).\n"
    )
