"""The labelled spans of a raw export as columns: one pass over the file, only what a span needs is decoded.

For exports of any size. Answers that were skipped and drafts are left out; a result without a labelled span is a row
without a label, so that nothing is lost unseen. `foreign_json.py` reads all there is, some fifty times slower.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ..errors import ExportError
from .foreign_json import sole_text
from .offsets import canonical, to_canonical
from .splitting import Run


class _Value(msgspec.Struct, gc=False):
    start: Any = None
    end: Any = None
    text: Any = None
    labels: Any = None


class _Result(msgspec.Struct, gc=False):
    id: Any = None
    from_name: Any = None
    origin: Any = None
    value: _Value | None = None


class _Answer(msgspec.Struct, gc=False):
    completed_by: Any = None
    updated_at: Any = None
    lead_time: Any = None
    was_cancelled: Any = None
    result: list[_Result] | None = None


class _Task(msgspec.Struct, gc=False):
    data: dict[str, Any]
    annotations: list[_Answer] | None = None


_DECODER = msgspec.json.Decoder(_Task)


@dataclass
class Columns:
    """Spans, one a position; a region with several labels is as many positions.

    Attributes:
        answers: (how many positions, doc_id, size of the text in code points, annotator_id, day, seconds) of each
            answer. `doc_id` is `text-` and 16 digits of the SHA-256 of the canonical text.
        start, end: half-open code points of the canonical text; None where there are none.
        words: what stands there, where it can. quote: the words as exported, where they are others.
        label: None where none is chosen. unlabelled: position -> control of results that are no labelled span.
    """

    answers: list[tuple[int, str, int, str, str | None, float | None]] = field(default_factory=list)
    region_id: list[Any] = field(default_factory=list)
    origin: list[Any] = field(default_factory=list)
    start: list[int | None] = field(default_factory=list)
    end: list[int | None] = field(default_factory=list)
    words: list[str | None] = field(default_factory=list)
    quote: list[Any] = field(default_factory=list)
    label: list[Any] = field(default_factory=list)
    unlabelled: dict[int, str] = field(default_factory=dict)


def span_columns(run: Run, text_field: str | None = None) -> Columns:
    """The spans of some tasks, in their order.

    Args:
        text_field: the key of `data` that holds the text (default: `text`, or the only string there).

    Raises:
        ExportError: a task is of another shape, or has no text.
    """
    found = Columns()
    for number, data in run.objects():
        try:
            task = _DECODER.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            said = "is no task of a raw JSON export (CSV, JSON_MIN and others lose data); export as JSON"
            raise ExportError(f"{run.path}: task {number} {said} ({error})") from None
        _add_task(found, task, sole_text(task.data, f"{run.path.name}: task {number}", text_field))
    return found


def _add_task(found: Columns, task: _Task, exported: str) -> None:
    text = canonical(exported)
    move = None if text == exported else to_canonical(exported)
    doc_id = "text-" + hashlib.sha256(text.encode()).hexdigest()[:16]
    for answer in task.annotations or ():
        if answer.was_cancelled or not answer.result:
            continue
        before = len(found.start)
        if move is not None or not _add_plain(found, answer.result, text):
            _add_any(found, answer.result, text, move or int)
        day = answer.updated_at[:10] if isinstance(answer.updated_at, str) else None
        seconds = float(answer.lead_time) if isinstance(answer.lead_time, int | float) else None
        added = len(found.start) - before
        found.answers.append((added, doc_id, len(text), _annotator(answer.completed_by), day, seconds))


def _add_plain(found: Columns, results: list[_Result], text: str) -> bool:
    """Add results column by column; False, with nothing added, unless each is a span with one label."""
    try:
        values = [result.value for result in results]
        starts, ends = [value.start for value in values], [value.end for value in values]  # type: ignore[union-attr]
        labels = [label for (label,) in [value.labels for value in values]]  # type: ignore[union-attr]
    except (AttributeError, TypeError, ValueError):
        return False
    if {*map(type, starts), *map(type, ends)} != {int} or set(map(type, labels)) != {str} or min(starts) < 0:
        return False
    words = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    quotes = [value.text for value in values]  # type: ignore[union-attr]
    if quotes == words:
        found.quote += [None] * len(words)
    else:
        found.quote += [None if said == there else said for said, there in zip(quotes, words, strict=True)]
    found.region_id += [result.id for result in results]
    found.origin += [result.origin for result in results]
    found.start += starts
    found.end += ends
    found.words += words
    found.label += labels
    return True


def _add_any(found: Columns, results: list[_Result], text: str, move: Callable[[int], int]) -> None:
    """Add results of any shape, one by one."""
    for result in results:
        value = result.value or _Value()
        start, end = value.start, value.end
        if type(start) is int and type(end) is int:
            start, end = move(start), move(end)
        else:
            start = end = None
        words = None if start is None or start < 0 else text[start:end]
        quote = value.text if isinstance(value.text, str) and value.text != words else None
        is_labelled = isinstance(value.labels, list)
        for label in (value.labels if is_labelled else None) or (None,):
            if start is None or not is_labelled:
                found.unlabelled[len(found.start)] = str(result.from_name or "a relation")
            found.region_id.append(result.id)
            found.origin.append(result.origin)
            found.start.append(start)
            found.end.append(end)
            found.words.append(words)
            found.quote.append(quote)
            found.label.append(label)


def _annotator(said: Any) -> str:
    """Who answered: named for the id on the server; where there is only an address, for its hash."""
    if isinstance(said, dict):
        said = said.get("id", said.get("email"))
    if isinstance(said, str):
        return f"annotator-{hashlib.sha256(said.lower().encode()).hexdigest()[:12]}"
    return "annotator-unknown" if said is None else f"annotator-{said}"
