"""The two seed articles as corpus tables, with the segments and sentences of the gold alignment."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pyarrow as pa

ROOT = Path(__file__).parents[1]
GOLD: dict[str, Any] = json.loads((ROOT / "tests/data/reprint_gold.json").read_text(encoding="utf-8"))
SEEDS = {"a": "000_3a545f5dff7ed8e6", "b": "001_6488bdc6352e6c22"}

DOCUMENTS = pa.schema([
    ("doc_id", pa.string()),
    ("text", pa.large_string()),
    ("n_words", pa.int64()),
    ("date", pa.date32()),
    ("wire", pa.string()),
    ("lang", pa.string()),
])  # fmt: skip
SEGMENTS = pa.schema([
    ("doc_id", pa.string()),
    ("seg_no", pa.int32()),
    ("role", pa.dictionary(pa.int32(), pa.string())),
    ("start", pa.int64()),
    ("end", pa.int64()),
])  # fmt: skip
SENTENCES = pa.schema([
    ("doc_id", pa.string()),
    ("sent_no", pa.int32()),
    ("seg_no", pa.int32()),
    ("start", pa.int64()),
    ("end", pa.int64()),
])  # fmt: skip


def seed_text(side: str) -> str:
    """The canonical text of seed a or b."""
    return (ROOT / "corpus/sources" / f"{SEEDS[side]}.txt").read_bytes().decode("utf-8")


def seed_tables() -> tuple[pa.Table, pa.Table, pa.Table]:
    """Tables documents, segments and sentences of the seeds."""
    documents, segments, sentences = [], [], []
    for side, doc_id in SEEDS.items():
        stated = {"date": datetime.date(2019, 6, 26), "wire": "Bloomberg News"} if side == "b" else {}
        own = sorted((row for row in GOLD["paragraph_pairs"] if row[side]), key=lambda row: row[side]["segment"])
        text = seed_text(side)
        told = [row[side] for row in GOLD["sentence_pairs"] if row[side]]
        told += [row[side] for row in own if row["type"] == "headline"]
        for row in own:
            place = row[side]
            segments.append({"doc_id": doc_id, "seg_no": place["segment"], "role": row["type"]} | _span(place))
        for sent_no, place in enumerate(sorted(told, key=lambda place: place["start"])):
            holder = next(row for row in own if row[side]["start"] <= place["start"] < row[side]["end"])
            seg_no = holder[side]["segment"]
            sentences.append({"doc_id": doc_id, "sent_no": sent_no, "seg_no": seg_no} | _span(place))
        bodies = [row[side] for row in own if row["type"] == "body"]
        n_words = sum(len(text[place["start"] : place["end"]].split()) for place in bodies)
        documents.append({"doc_id": doc_id, "text": text, "n_words": n_words, "lang": "en"} | stated)
    return (
        pa.Table.from_pylist(documents, schema=DOCUMENTS),
        pa.Table.from_pylist(segments, schema=SEGMENTS),
        pa.Table.from_pylist(sentences, schema=SENTENCES),
    )


def _span(place: dict[str, int]) -> dict[str, int]:
    return {"start": place["start"], "end": place["end"]}


def plain_tables(texts: dict[str, str], **columns: dict[str, Any]) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Tables of documents whose paragraphs, parted by line breaks, are all body; no sentences are told."""
    documents = [
        {"doc_id": doc_id, "text": text, "n_words": len(text.split()), "lang": "en"}
        | {name: values.get(doc_id) for name, values in columns.items()}
        for doc_id, text in texts.items()
    ]
    segments = []
    for doc_id, text in texts.items():
        start = 0
        for line in text.split("\n"):
            if line.strip():
                seg_no = sum(row["doc_id"] == doc_id for row in segments[-50:])
                segments.append(
                    {"doc_id": doc_id, "seg_no": seg_no, "role": "body", "start": start, "end": start + len(line)}
                )
            start += len(line) + 1
    return (
        pa.Table.from_pylist(documents, schema=DOCUMENTS),
        pa.Table.from_pylist(segments, schema=SEGMENTS),
        SENTENCES.empty_table(),
    )
