"""Label Studio JSON: the gold as tasks with one annotation each, for the project's own labelling interfaces.

`entities.json` and `stances.json` hold what each pass shows. Made for a server of one's own, where the gold is to be
seen or gone on with: import the file into a project that has the interface of the same name from `schema/labeling`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ..codebook.model import Codebook, Pass
from ..label_studio.exports import Given
from ..label_studio.tasks import Article, make_task
from ..tables import row_id
from ..text.model import Segment
from ..text.view import View, make_view
from .gathered import GoldDocument, Row
from .writing import Target

GOLD = "gold"


def write_label_studio(
    target: Target, documents: Iterable[GoldDocument], codebook: Codebook, entities: Iterable[Row]
) -> None:
    """Write one file a pass."""
    known = {row["entity_id"]: (row["entity_id"], row["name"], row["label"]) for row in entities}
    tasks: dict[str, list[dict[str, Any]]] = {task_pass.name: [] for task_pass in codebook.passes}
    for document in documents:
        article = _article(document)
        named = dict.fromkeys(row["entity_id"] for row in document.mentions)
        offered = [known[entity_id] for entity_id in named if entity_id in known]
        for task_pass in codebook.passes:
            view = make_view(article.text, article.segments, task_pass.roles)
            if not view[0]:
                target.report.notes.append(f"{document.doc_id} has nothing to show in the pass {task_pass.name}")
                continue
            given = Given(task_pass.name, 1, GOLD)
            data = make_task(article, given, view, offered, codebook.version, False)
            results = _results(document, task_pass, view[1], codebook, target)
            tasks[task_pass.name].append({"data": data, "annotations": [{"result": results, "ground_truth": False}]})
            target.report.counts["tasks"] += 1
    for name, made in tasks.items():
        target.write(f"{name}.json", json.dumps(made, ensure_ascii=False, indent=1) + "\n")


def _article(document: GoldDocument) -> Article:
    row = document.row
    line = " · ".join(str(row[name]) for name in ("date", "outlet", "doc_id") if row[name] is not None)
    segments = tuple(Segment(s["seg_no"], s["role"], s["start"], s["end"], s["rule"]) for s in document.segments)
    return Article(document.doc_id, document.text, row["text_sha256"], line, segments)


def _results(
    document: GoldDocument, task_pass: Pass, view: View, codebook: Codebook, target: Target
) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    is_entities = task_pass.name == "entities"
    for row in document.mentions if is_entities else document.stances:
        place = view.to_view(row["start"], row["end"])
        if place is None:
            target.report.notes.append(
                f"{document.doc_id}:{row['start']}-{row['end']} lies outside what the pass {task_pass.name} shows"
            )
            continue
        region = row_id("export", row["mention_id" if is_entities else "stance_id"])[:10]
        values = _mention(row) if is_entities else _stance(row)
        results += [_result(region, control, kind, said, place) for control, kind, said in values]
        target.report.counts["mentions" if is_entities else "stances"] += 1
    if not is_entities:
        for item in codebook.document_targets:
            stance = document.document_stances.get(item.id)
            if stance is not None:
                region = row_id("export", document.doc_id, item.id)[:10]
                results.append(_result(region, f"doc__{item.id}", "choices", stance, None))
    return results


def _mention(row: Row) -> Sequence[tuple[str, str, str]]:
    found = [("mention", "labels", row["label"]), ("kind", "choices", row["kind"])]
    return [*found, ("entity", "choices", row["entity_id"])] if row["entity_id"] else found


def _stance(row: Row) -> Sequence[tuple[str, str, str]]:
    found = [
        ("target", "labels", row["target_id"]),
        ("stance", "choices", row["stance"]),
        ("attribution", "choices", row["attribution"]),
        ("holder", "choices", row["holder_entity_id"] or row["holder_type"]),
    ]
    if row["via_type"] != "none":
        found.append(("via", "choices", row["via_entity_id"] or row["via_type"]))
    words = [(name, "textarea", row[name]) for name in ("holder_text", "via_text") if row[name]]
    return [*found, *words]


def _result(region: str, control: str, kind: str, said: str, place: tuple[int, int] | None) -> dict[str, Any]:
    value: dict[str, Any] = {} if place is None else {"start": place[0], "end": place[1]}
    value["text" if kind == "textarea" else kind] = [said]
    return {"id": region, "from_name": control, "to_name": "text", "type": kind, "value": value, "origin": "manual"}
