"""Small exports as other servers and tools write them; all texts are invented."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

ANA = "\u00abAh\u00bb Ana Ruiz met Lee in Kure.\nShe praised the pact."
BO = "Bo Lee left early."
Row = dict[str, Any]

_number = itertools.count(1)


def result(control: str, kind: str, value: Row, **other: Any) -> Row:
    """One result of a raw export."""
    return {"id": f"r{next(_number)}", "from_name": control, "to_name": "text", "type": kind, "value": value} | other


def span(text: str, words: str, label: str, quote: str | None = None, shift: int = 0) -> Row:
    """A labelled span on the first occurrence of these words."""
    start = text.index(words) + shift
    value = {"start": start, "end": start + len(words), "text": words if quote is None else quote, "labels": [label]}
    return result("ner", "labels", value)


def annotation(who: Any, *results: Row, day: str = "2024-05-01", **other: Any) -> Row:
    """One annotation of a raw export."""
    time = f"{day}T10:00:00.000000Z"
    made = {"id": next(_number), "completed_by": who, "created_at": time, "updated_at": time, "lead_time": 3.5}
    return made | {"was_cancelled": False, "ground_truth": False, "result": list(results)} | other


def task(text: str, *annotations: Row, **other: Any) -> Row:
    """One task of a raw export."""
    made = {"id": next(_number), "data": {"text": text}, "annotations": list(annotations), "predictions": []}
    return made | {"drafts": [], "project": 1} | other


def write_export(path: Path, *tasks: Row) -> Path:
    """A raw export."""
    path.write_text(json.dumps(tasks, ensure_ascii=False), encoding="utf-8")
    return path
