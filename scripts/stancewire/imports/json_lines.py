"""doccano and Prodigy: one JSON object a line, one text a object. Offsets are code points.

doccano    text (old: data), label or labels [[start, end, label]] or [label], entities [{id, start_offset,
           end_offset, label}], relations [{from_id, to_id, type}], Comments; the file is named for its annotator
Prodigy    text, spans [{start, end, label}], relations [{head_span, child_span, label}], label, accept, answer
           (accept; reject and ignore are skips), _annotator_id or _session_id, _timestamp
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import ExportError
from ..label_studio.foreign import CHOICES, LABELS, RELATION, SKIPPED, SUBMITTED, WORDS, Answer, Mark, Said
from .reading import Options, file_day, needed, read_lines


def read_doccano(path: Path, options: Options) -> Iterator[Said]:
    """The texts of one doccano file.

    Raises:
        ExportError: a line is no JSON object, or has no text or no readable span.
    """
    who, day = options.annotator or path.stem, file_day(path)
    for number, item in read_lines(path):
        name = options.text_field or ("text" if "text" in item or "data" not in item else "data")
        text = needed(item, name, path, number)
        person = str(item["username"]) if isinstance(item.get("username"), str) else who
        marks = tuple(_doccano_marks(item, f"{path}:{number}"))
        yield Said(text, None, f"{path.name}:{number}", (Answer((person,), SUBMITTED, marks, day, day),))


def _doccano_marks(item: dict[str, Any], place: str) -> Iterator[Mark]:
    labels = item.get("label", item.get("labels")) or ()
    for given in [labels] if isinstance(labels, str) else labels:
        if isinstance(given, list) and len(given) == 3 and type(given[0]) is int and type(given[1]) is int:
            yield _span(f"{given[0]}-{given[1]}", given[0], given[1], str(given[2]))
        elif isinstance(given, str | int):
            yield Mark(f"label-{given}", None, None, None, "label", CHOICES, (str(given),))
        else:
            raise ExportError(f"{place}: {str(given)[:60]} is neither [start, end, label] nor a label; export it again")
    for entity in item.get("entities") or ():
        mark_id = str(entity.get("id", f"{entity.get('start_offset')}-{entity.get('end_offset')}"))
        yield _span(mark_id, entity.get("start_offset"), entity.get("end_offset"), str(entity.get("label")))
    yield from _relations(item.get("relations") or (), ("from_id", "to_id", "type"))
    for name in ("Comments", "comments"):
        for number, comment in enumerate(item.get(name) or ()):
            yield Mark(f"comment-{number}", None, None, None, "comment", WORDS, (str(comment),))


def _span(mark_id: str, start: Any, end: Any, label: str, quote: str | None = None) -> Mark:
    fault = None
    if not (type(start) is int and type(end) is int and 0 <= start <= end):
        fault, start, end = f"place {start}-{end} is none", None, None
    return Mark(mark_id, start, end, quote, "label", LABELS, (label,), fault=fault)


def _relations(items: Any, keys: tuple[str, str, str]) -> Iterator[Mark]:
    for number, item in enumerate(items):
        words = tuple(str(item.get(key)) for key in keys)
        yield Mark(str(item.get("id", f"relation-{number}")), None, None, None, "relation", RELATION, words)


def read_prodigy(path: Path, options: Options) -> Iterator[Said]:
    """The texts of one Prodigy file.

    Raises:
        ExportError: a line is no JSON object, or has no text.
    """
    day = file_day(path)
    for number, item in read_lines(path):
        text = needed(item, options.text_field or "text", path, number)
        who = options.annotator or item.get("_annotator_id") or item.get("_session_id") or "unknown"
        made = item.get("_timestamp")
        when = day
        if isinstance(made, int | float) and made > 0:
            when = datetime.datetime.fromtimestamp(made, datetime.UTC).date().isoformat()
        state = SUBMITTED if item.get("answer", "accept") == "accept" else SKIPPED
        answer = Answer((str(who),), state, tuple(_prodigy_marks(item, text)), when, when)
        meta = item["meta"] if isinstance(item.get("meta"), dict) else {}
        name = meta.get("doc_id") if isinstance(meta.get("doc_id"), str) else None
        yield Said(text, name, f"{path.name}:{number}", (answer,))


def _prodigy_marks(item: dict[str, Any], text: str) -> Iterator[Mark]:
    for span in item.get("spans") or ():
        quote = span.get("text") if isinstance(span.get("text"), str) else None
        mark_id = str(span.get("id", f"{span.get('start')}-{span.get('end')}"))
        yield _span(mark_id, span.get("start"), span.get("end"), str(span.get("label", "")), quote)
    for number, item_ in enumerate(item.get("relations") or ()):
        ends = [item_.get(name) or {} for name in ("head_span", "child_span")]
        words = tuple(f"{end.get('start')}-{end.get('end')}" for end in ends)
        yield Mark(f"relation-{number}", None, None, None, "relation", RELATION, (*words, str(item_.get("label"))))
    chosen = [str(value) for value in item.get("accept") or ()]
    chosen += [item["label"]] if isinstance(item.get("label"), str) and not item.get("spans") else []
    if chosen:
        yield Mark("choice", None, None, None, "choice", CHOICES, tuple(chosen))
    for name in ("user_input", "comment"):
        if isinstance(item.get(name), str) and item[name].strip():
            yield Mark(name, None, None, None, name, WORDS, (item[name],))
