"""The codebook → JSON Schemas of what goes out and comes in: tasks, stored exports, decisions, rows of sources.csv.

They state formats. Whether a label is known is asked elsewhere: what was stored under an older codebook stays valid.
"""

from __future__ import annotations

from typing import Any

from .interface import MADE_BY
from .model import Codebook
from .vocabulary import vocabularies

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_WORDS = {"type": "string", "minLength": 1}
_TEXT = {"type": "string"}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_DAY = {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"}
_VERSION = {"type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+$"}
_PSEUDONYM = {"type": "string", "pattern": "^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$", "maxLength": 32}
_ROW_ID = {"type": "string", "pattern": "^[a-z2-7]{26}$"}
_MARKED_TEXT = {"type": "string", "pattern": "^[^\\ufeff\\r][^\\r]*$"}  # else offsets in the browser would not be ours
_COUNT = {"type": "integer", "minimum": 0}
_ROUND = {"type": "integer", "minimum": 1}


def made_schemas(codebook: Codebook) -> dict[str, dict[str, Any]]:
    """Schemas by name: task, export, adjudication, decision, sources."""
    known = vocabularies(codebook)
    return {
        "task": _task(codebook),
        "export": _export(codebook),
        "adjudication": _adjudication(codebook, known),
        "decision": _decision(known),
        "sources": _sources(known),
    }


def _object(properties: dict[str, Any], optional: tuple[str, ...] = (), closed: bool = True) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return (
        {"type": "object", "required": required}
        | ({"additionalProperties": False} if closed else {})
        | {"properties": properties}
    )


def _schema(title: str, description: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": _DRAFT, "$comment": MADE_BY, "title": title, "description": description} | body


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _row(*items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "prefixItems": list(items), "items": False, "minItems": len(items)}


def _described(schema: dict[str, Any], words: str) -> dict[str, Any]:
    return {"description": words} | schema


_VIEW = _described(
    _list(_row(_COUNT, _COUNT, _COUNT, _COUNT)),
    "the task's text as pieces of the canonical text: [view_start, start, end, seg_no], code points",
)
_OFFERED = _described(_list(_row(_WORDS, _WORDS, _WORDS)), "entities offered: [entity_id, name, label]")
_CHOICES = _list(_object({"value": _WORDS, "alias": _WORDS, "hotkey": _WORDS}, optional=("hotkey",)))


def _passes(codebook: Codebook) -> dict[str, Any]:
    return {"enum": [item.name for item in codebook.passes]}


def _when_pass(name: str, then: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"required": ["task_pass"], "properties": {"task_pass": {"const": name}}}, "then": then}


def _task(codebook: Codebook) -> dict[str, Any]:
    data = _object(
        {
            "doc_id": _WORDS,
            "text_sha256": _described(_SHA256, "SHA-256 of the canonical text, UTF-8"),
            "task_pass": _passes(codebook),
            "round": _ROUND,
            "annotator_id": _PSEUDONYM,
            "codebook_version": _VERSION,
            "suggestions_shown": {"type": "boolean"},
            "view": _VIEW,
            "text": _described(_MARKED_TEXT, "what is read and marked"),
            "meta_line": _described(_WORDS, "what is known of the article, as context"),
            "entities_offered": _OFFERED,
            "entities": _described(_CHOICES, "choices of the entity pass"),
            "holders": _described(_CHOICES | {"minItems": 1}, "choices of the stance pass"),
            "vias": _described(_CHOICES, "choices of the stance pass"),
        },
        optional=("entities", "holders", "vias"),
    )
    data["allOf"] = [
        _when_pass("entities", {"required": ["entities"]}),
        _when_pass("stances", {"required": ["holders", "vias"]}),
    ]
    return _schema("Task", "A task as it is sent to Label Studio.", _object({"data": data}))


def _export(codebook: Codebook) -> dict[str, Any]:
    span = {
        "if": {"required": ["value"], "properties": {"value": {"required": ["start"]}}},
        "then": {"required": ["quote", "before", "after"]},
    }
    chosen = {"labels": _list(_TEXT), "choices": _list(_TEXT), "text": _list(_TEXT)}
    value = _object({"start": _COUNT, "end": _COUNT} | chosen, optional=("start", "end", *chosen))
    value["dependentRequired"] = {"start": ["end"], "end": ["start"]}
    result = (
        _object(
            {
                "id": _WORDS,
                "from_name": _WORDS,
                "to_name": _WORDS,
                "type": _WORDS,
                "origin": _described(_WORDS, "manual, prediction or prediction-changed"),
                "value": _described(value, "half-open code points of the task's text; never the span's words"),
                "quote": _described(_TEXT, "the span's words, the slice of the task's text"),
                "before": _described(_TEXT | {"maxLength": 32}, "what stands before the span"),
                "after": _described(_TEXT | {"maxLength": 32}, "what stands after it"),
                "meta": {"type": "object"},
                "score": {"type": ["number", "null"]},
            },
            optional=("origin", "quote", "before", "after", "meta", "score"),
        )
        | span
    )
    annotation = _object(
        {
            "unique_id": _WORDS,
            "completed_by": _PSEUDONYM,
            "created_at": _DAY,
            "updated_at": _DAY,
            "lead_time": {"type": ["number", "null"]},
            "was_cancelled": {"type": "boolean"},
            "ground_truth": {"type": "boolean"},
            "result": _list({"$ref": "#/$defs/result"}),
        },
        optional=("lead_time", "ground_truth"),
    )
    prediction = _object(
        {"model_version": _TEXT, "score": {"type": ["number", "null"]}, "result": _list({"$ref": "#/$defs/result"})},
        optional=("model_version", "score"),
        closed=False,
    )
    draft = _object(
        {"completed_by": _PSEUDONYM, "result": _list({"$ref": "#/$defs/result"})},
        optional=("completed_by",),
        closed=False,
    )
    task = _object(
        {
            "doc_id": _WORDS,
            "text_sha256": _SHA256,
            "codebook_version": _VERSION,
            "suggestions_shown": {"type": "boolean"},
            "view": _VIEW,
            "entities": _OFFERED,
            "annotations": _list({"$ref": "#/$defs/annotation"}),
            "predictions": _list({"$ref": "#/$defs/prediction"}),
            "drafts": _list({"$ref": "#/$defs/draft"}),
        }
    )
    body = _object(
        {
            "format": {"const": "stancewire-export/1"},
            "sequence": _described(_ROUND, "the number in the file's name"),
            "task_pass": _passes(codebook),
            "round": _ROUND,
            "annotator_id": _PSEUDONYM,
            "project": _WORDS,
            "tasks": _list({"$ref": "#/$defs/task"}),
        }
    )
    body["$defs"] = {"task": task, "annotation": annotation, "prediction": prediction, "draft": draft, "result": result}
    return _schema("Stored export", "A file of annotations/exports: what one pull found changed.", body)


def _adjudication(codebook: Codebook, known: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    shapes = {name: shape for name, shape in _export(codebook)["$defs"].items() if name != "task"}
    fields = {"enum": list(known["conflict_fields"])}
    task = _object(
        {
            "case_id": _ROW_ID,
            "doc_id": _WORDS,
            "text_sha256": _SHA256,
            "codebook_version": _VERSION,
            "layer": {"enum": list(known["layers"])},
            "judgement_ids": _described(_list(_ROW_ID) | {"minItems": 1}, "the judgements that the case is about"),
            "open_fields": _described(_list(fields) | {"minItems": 1}, "what was asked"),
            "settled": _described({"type": "object", "propertyNames": fields}, "what was filled in, by field"),
            "offered": _described(
                {"type": "object", "additionalProperties": _list(_TEXT)}, "the values that could be chosen, by control"
            ),
            "view": _VIEW,
            "annotations": _list({"$ref": "#/$defs/annotation"}),
            "predictions": _list({"$ref": "#/$defs/prediction"}),
            "drafts": _list({"$ref": "#/$defs/draft"}),
        }
    )
    body = _object(
        {
            "format": {"const": "stancewire-adjudication/1"},
            "sequence": _described(_ROUND, "the number in the file's name"),
            "adjudicator_id": _PSEUDONYM,
            "project": _WORDS,
            "tasks": _list({"$ref": "#/$defs/task"}),
        }
    )
    body["$defs"] = {"task": task, **shapes}
    return _schema("Stored adjudication", "A file of annotations/adjudications: what one pull found changed.", body)


def _decision(known: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    body = _object(
        {
            "conflict_id": _ROW_ID,
            "judgement_ids": _described(
                _list(_ROW_ID) | {"minItems": 1, "uniqueItems": True}, "the judgements that the decision rests on"
            ),
            "layer": {"enum": list(known["layers"])},
            "doc_id": _WORDS,
            "field": {"enum": list(known["conflict_fields"])},
            "value": _described(_TEXT, "what was decided"),
            "decided_by": _PSEUDONYM,
            "reason": _described({"type": "string", "pattern": "\\S"}, "why, in a sentence"),
            "codebook_version": _VERSION,
            "decided_at": _DAY,
        }
    )
    return _schema("Decision", "A line of annotations/adjudications.jsonl.", body)


def _sources(known: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    cell = {"type": "string"}
    day = {"type": "string", "pattern": "^$|" + _DAY["pattern"]}
    body = _object(
        {
            "source_path": _described(
                {
                    "type": "string",
                    "pattern": "^(?!/)(?![A-Za-z][A-Za-z0-9+.-]*:)(?!(?:.*/)?\\.\\.(?:/|$))[^\\\\\\u0000]+$",
                },
                "the file, relative to corpus/sources, with forward slashes",
            ),
            "sha256": _described(cell | {"pattern": "^$|^[0-9A-Fa-f]{64}$"}, "SHA-256 of its bytes as received"),
            "outlet": _described(cell, "who published it"),
            "date": _described(day, "day of publication, YYYY-MM-DD"),
            "url": _described({"type": "string", "pattern": "^$|^https?://\\S+$"}, "where it was published"),
            "rights": _described({"enum": ["", *known["rights"]]}, "what may be done with the text; empty is unknown"),
            "license": _described(cell, "its licence, where it has one"),
            "encoding": _described(cell, "its encoding, where it is known"),
            "received": _described(day, "day on which the file came, YYYY-MM-DD"),
            "note": _described(cell, "what else is known of it"),
        },
        optional=("sha256", "outlet", "date", "url", "rights", "license", "encoding", "received", "note"),
    )
    return _schema("Source", "A row of corpus/sources.csv; an empty cell is unknown.", body)
