"""Raw JSON exports of any Label Studio server → said texts.

Read are snapshots and easy exports, of old and new versions: `completed_by` as an id, an object or nothing;
predictions as ids or objects; `completions` of the first versions; one object a line instead of an array. Files are
read task by task, so an export of any size takes the memory of its largest tasks.

    names of people      completed_by, annotations[].created_username, drafts[].user
    a region             results with one id; per-region choices and texts share it
    no region            choices, ratings and texts on the whole text
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..errors import ExportError
from .foreign import CHOICES, DRAFT, LABELS, RELATION, SKIPPED, SUBMITTED, WORDS, Answer, Mark, Said
from .splitting import read_objects

_OURS = ("doc_id", "text", "text_sha256", "task_pass", "round", "annotator_id", "codebook_version", "view")
_SKIPPED_KEYS = frozenset({"start", "end", "text", "globalOffsets", "startOffset", "endOffset", "labels", "choices"})


def read_label_studio(path: Path, text_field: str | None = None) -> Iterator[Said]:
    """The tasks of one export, in its order.

    Args:
        text_field: the key of `data` that holds the text (default: the only one that spans can be about).

    Raises:
        ExportError: it cannot be read, is cut off, is no raw export, or a task has no text.
    """
    for number, line in enumerate(read_objects(path), 1):
        yield read_said(line, path, number, text_field)


def read_said(data: bytes, path: Path, number: int, text_field: str | None = None) -> Said:
    """One task of an export, the `number`th of its file.

    Raises:
        ExportError: it is no task of a raw export, or has no text.
    """
    try:
        task = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ExportError(f"{path}: task {number} is not JSON in UTF-8 ({error}); export it again") from None
    return _said(task, f"{path.name}: task {number}", text_field)


class _Bare(msgspec.Struct):
    data: dict[str, Any]


_BARE = msgspec.json.Decoder(_Bare)


def read_texts(path: Path, text_field: str | None = None) -> Iterator[Said]:
    """The texts of one export, with their names, but without answers where these need not be read to find the text.

    Raises:
        ExportError: as `read_label_studio`.
    """
    for number, line in enumerate(read_objects(path), 1):
        try:
            data = _BARE.decode(line).data
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            data = {}
        text = data.get(text_field or "text")
        if isinstance(text, str):
            yield Said(text, name_of(data), f"{path.name}: task {number}", (), own=data if is_own(data) else None)
        else:
            yield read_said(line, path, number, text_field)


def is_own(data: Mapping[str, Any]) -> bool:
    """Was this the data of a task of ours?"""
    return all(name in data for name in _OURS)


def name_of(data: Mapping[str, Any]) -> str | None:
    """What an export calls a text; None where it has no name for it that means anything elsewhere."""
    named = data.get("doc_id") or data.get("document_id") or data.get("name")
    return str(named) if isinstance(named, str) and named.strip() else None


def _said(task: Any, place: str, text_field: str | None) -> Said:
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        said = "has no `data`: this is no raw JSON export (CSV, JSON_MIN and others lose data); export as JSON"
        raise ExportError(f"{place} {said}")
    data = task["data"]
    answers = task["annotations"] if isinstance(task.get("annotations"), list) else task.get("completions") or []
    drafts = task.get("drafts") or []
    predictions = [item for item in task.get("predictions") or [] if isinstance(item, dict)]
    suggested = {
        str(result.get("id")): str(item.get("model_version") or "")
        for item in predictions
        for result in item.get("result") or []
        if isinstance(result, dict)
    }
    own = data if is_own(data) else None
    return Said(
        text=_text(data, [*answers, *drafts, *predictions], place, text_field),
        name=name_of(data),
        place=place,
        answers=(
            *(answer_of(item, suggested) for item in in_order(answers)),
            *(answer_of(item, suggested, draft=True) for item in in_order(drafts) if item.get("annotation") is None),
        ),
        predictions=tuple(
            (str(item.get("model_version") or "unknown"), _marks(item.get("result"), {})) for item in predictions
        ),
        own=own,
        project=task["project"] if type(task.get("project")) is int else None,
    )


def in_order(items: Sequence[Any]) -> list[dict[str, Any]]:
    """Answers by their last change: the last one is the one that counts."""
    listed = [item for item in items if isinstance(item, dict)]
    return sorted(listed, key=lambda i: (str(i.get("updated_at") or i.get("created_at") or ""), _number(i.get("id"))))


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _text(data: Mapping[str, Any], items: Sequence[Any], place: str, text_field: str | None) -> str:
    """The text that spans are about: the field named, `text`, or the only string that is long enough to be one."""
    if text_field is not None or isinstance(data.get("text"), str):
        return sole_text(data, place, text_field)
    ends = [
        result["value"]["end"]
        for item in items
        if isinstance(item, dict)
        for result in item.get("result") or []
        if isinstance(result, dict)
        and isinstance(result.get("value"), dict)
        and isinstance(result["value"].get("end"), int)
    ]
    return sole_text(data, place, None, max(ends, default=1))


def sole_text(data: Mapping[str, Any], place: str, text_field: str | None, least: int = 1) -> str:
    """The field named, `text`, or the only string of at least so many characters.

    Raises:
        ExportError: there is none, or there are several.
    """
    if text_field is not None:
        if isinstance(data.get(text_field), str):
            return str(data[text_field])
        raise ExportError(f"{place} has no text in data.{text_field}; its fields are {', '.join(map(str, data))}")
    if isinstance(data.get("text"), str):
        return str(data["text"])
    texts = [name for name, value in data.items() if isinstance(value, str) and len(value) >= least]
    if len(texts) == 1:
        return str(data[texts[0]])
    strings = ", ".join(str(name) for name, value in data.items() if isinstance(value, str)) or "none"
    raise ExportError(f"{place}: which field of `data` is the text? name it with --text-field (texts: {strings})")


def answer_of(item: Mapping[str, Any], suggested: Mapping[str, str], draft: bool = False) -> Answer:
    """One annotation or draft; `suggested`: by region id, who suggested it."""
    return Answer(
        people=_people(item, draft),
        state=DRAFT if draft else SKIPPED if item.get("was_cancelled") or item.get("skipped") else SUBMITTED,
        marks=_marks(item.get("result"), suggested),
        created=_day(item.get("created_at")),
        updated=_day(item.get("updated_at")),
        seconds=item["lead_time"] if isinstance(item.get("lead_time"), int | float) else None,
        ground_truth=bool(item.get("ground_truth")),
        answer_id=str(item["unique_id"]) if item.get("unique_id") else None,
    )


def _people(item: Mapping[str, Any], draft: bool) -> tuple[str, ...]:
    """Every name of the annotator: an address first, then ids; one unknown annotator where there is none at all."""
    who: Any = item.get("user") if draft else item.get("completed_by")
    names: list[str] = []
    if isinstance(who, dict):
        names += [str(who["email"]).lower()] if who.get("email") else []
        names += [f"user {who['id']}"] if who.get("id") is not None else []
        names += [str(who["username"])] if who.get("username") and not names else []
    elif isinstance(who, int):
        names.append(f"user {who}")
    elif isinstance(who, str) and who.strip():
        names.append(who.strip().lower() if "@" in who else who.strip())
    created = item.get("created_username")
    if isinstance(created, str) and "@" in created and not any("@" in name for name in names):
        # "ana@example.org 3", or " Ana Ruiz, 3": only an address says who somebody is
        names.insert(0, next(word.strip(",<>") for word in created.split() if "@" in word).lower())
    return tuple(names) or ("unknown",)


def _day(value: Any) -> str | None:
    """The day of a time as Label Studio writes it; the first versions wrote seconds since 1970."""
    if isinstance(value, str) and len(value) >= 10 and value[4] == "-":
        return value[:10]
    if isinstance(value, int | float) and value > 0:
        import datetime

        return datetime.datetime.fromtimestamp(value, datetime.UTC).date().isoformat()
    return None


def _marks(results: Any, suggested: Mapping[str, str]) -> tuple[Mark, ...]:
    return tuple(
        mark
        for number, result in enumerate(results or [])
        if isinstance(result, dict)
        for mark in _result_marks(result, number, suggested)
    )


def _result_marks(result: Mapping[str, Any], number: int, suggested: Mapping[str, str]) -> Iterator[Mark]:
    kind = str(result.get("type") or "unknown")
    if "from_name" not in result:  # a relation: two ids, and perhaps labels
        ends = [str(result.get("from_id")), str(result.get("to_id"))]
        words = (*ends, *map(str, result.get("labels") or ()))
        yield Mark("-".join(ends), None, None, None, kind, RELATION, words)
        return
    value = result["value"] if isinstance(result.get("value"), dict) else {}
    start, end, fault = _place(value)
    quote = value.get("text") if isinstance(value.get("text"), str) and kind != "textarea" else None
    is_span = start is not None or fault is not None
    mark_id = str(result["id"]) if result.get("id") else f"{start}-{end}" if is_span else f"result-{number}"
    meta = result["meta"] if isinstance(result.get("meta"), dict) else {}
    origin = str(result.get("origin") or "manual")
    common: dict[str, Any] = {
        "mark_id": mark_id,
        "start": start,
        "end": end,
        "fault": fault,
        "quote": quote,
        "control": str(result["from_name"]),
        "origin": origin,
        "suggested_by": None if origin == "manual" else meta.get("suggested_by") or suggested.get(mark_id) or None,
    }
    given = _values(value, kind)
    for kind_of, values in given:
        yield Mark(kind=kind_of, values=values, **common)
    if isinstance(meta.get("text"), list) and meta["text"]:  # what was written beside the region
        yield Mark(kind=WORDS, values=tuple(map(str, meta["text"])), **common | {"control": "region note"})


def _place(value: Mapping[str, Any]) -> tuple[int | None, int | None, str | None]:
    """(start, end, why not): of HyperText the offsets into the whole text, where the server says them."""
    if "start" not in value and "end" not in value:
        return None, None, None
    both = value["globalOffsets"] if isinstance(value.get("globalOffsets"), dict) else value
    start, end = both.get("start"), both.get("end")
    if type(start) is int and type(end) is int and 0 <= start <= end:
        return start, end, None
    return None, None, f"place {json.dumps([start, end])} is none"


def _values(value: Mapping[str, Any], kind: str) -> list[tuple[str, tuple[str, ...]]]:
    """The values by what they are; a region that has a label control and no label keeps an empty one."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for name, given in value.items():
        if (name == kind and name.endswith("labels")) or name == "labels":
            found.append((LABELS, tuple(map(str, given or ()))))
        elif name == "choices":
            found.append((CHOICES, tuple(map(str, given if isinstance(given, list) else [given]))))
        elif name == "taxonomy":
            paths = given if isinstance(given, list) else []
            found.append((CHOICES, tuple("/".join(map(str, p)) if isinstance(p, list) else str(p) for p in paths)))
        elif name == "text" and kind == "textarea":
            found.append((WORDS, tuple(map(str, given if isinstance(given, list) else [given]))))
        elif name == "rating" or name == "number":
            found.append((WORDS, (str(given),)))
        elif name not in _SKIPPED_KEYS:
            found.append((WORDS, (f"{name}: {json.dumps(given, ensure_ascii=False, sort_keys=True)}",)))
    if not found:
        found.append((LABELS if kind.endswith("labels") else CHOICES if kind == "choices" else WORDS, ()))
    return found
