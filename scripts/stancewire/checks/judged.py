"""Checks of judgements and of the gold made from them, by the rules of the codebook that no schema can state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import Problem
from .loading import Loaded, limited, table_file
from .rows import plain

_VALUES = {  # what a judgement of a layer must have
    "mention": ("label", "kind"),
    "stance": ("label", "target_id", "target_id_given", "holder_type", "via_type", "attribution"),
    "document_stance": ("label", "target_id", "target_id_given"),
    "flag": (),  # a comment on the document without a flag is a row of this layer too
}
_LABELS = {
    "mention": ("mentions", "label"),
    "stance": ("stances", "stance"),
    "document_stance": ("document_stances", "stance"),
}
_PARTIES = ("holder_type", "holder_entity_id", "holder_text", "via_type", "via_entity_id", "via_text")
_TOLERANCE = 1e-5  # shares of votes are rounded to 12 decimals, a model's chances to 6


def check_judgements(loaded: Loaded) -> list[Problem]:
    """Judgements: values, attribution, holder and source, folded targets, one current answer each, assignments."""
    found: list[Problem] = []
    path = table_file("judgements")
    found += limited("judgement-values", path, _wrong_values(loaded))
    found += limited("judgement-fold", path, _wrong_folds(loaded))
    found += limited("judgement-current", path, _doubled(loaded))
    found += limited("judgement-assignment", path, _unassigned(loaded))
    found += limited("author-attribution", path, _wrong_attributions(loaded, "judgements", "judgement_id"))
    found += limited("stance-attribution", table_file("stances"), _wrong_attributions(loaded, "stances", "stance_id"))
    for table, key in (("judgements", "judgement_id"), ("stances", "stance_id")):
        found += limited("judgement-holder", table_file(table), _wrong_parties(loaded, table, key))
    reasons = loaded.columns("quarantine", "judgement_id", "doc_id", "reason")
    found += limited(
        "quarantine-row", table_file("quarantine"), ((i, f"in {doc_id}: {why}") for i, doc_id, why in reasons)
    )
    return found


def _wrong_values(loaded: Loaded) -> Iterator[tuple[str, str]]:
    vocabulary = {
        layer: loaded.schemas[table].by_name[column].categories
        for layer, (table, column) in _LABELS.items()
        if table in loaded.schemas
    }
    columns = ("judgement_id", "layer", "doc_id", "anchor", "start", "label", *_columns_of_values())
    for row in loaded.columns("judgements", *columns):
        values = dict(zip(columns, row, strict=True))
        layer, words = values["layer"], vocabulary.get(values["layer"])
        missing = [name for name in _VALUES.get(layer, ()) if values[name] is None]
        if missing:
            yield values["judgement_id"], f"a {layer} in {values['doc_id']} has no {missing[0]}"
        elif words is not None and values["label"] not in words:
            yield values["judgement_id"], f"label {values['label']!r} is no label of layer {layer}: {', '.join(words)}"
        elif layer in ("mention", "stance") and (values["start"] is None) != (values["anchor"] == "lost"):
            yield values["judgement_id"], f"anchor is {values['anchor']}, and start is {values['start']}"


def _columns_of_values() -> list[str]:
    return sorted({name for names in _VALUES.values() for name in names} - {"label"})


def _wrong_attributions(loaded: Loaded, table: str, key: str) -> Iterator[tuple[str, str]]:
    for row_id, attribution, holder, via in loaded.columns(table, key, "attribution", "holder_type", "via_type"):
        if attribution is None or holder is None:
            continue
        if (attribution == "author") != (holder == "author"):
            yield row_id, f"attribution is {attribution}, and the holder is {holder}"
        elif holder == "author" and via not in (None, "none"):
            yield row_id, f"the author is the holder, and yet via is {via}"


def _wrong_parties(loaded: Loaded, table: str, key: str) -> Iterator[tuple[str, str]]:
    for row_id, *values in loaded.columns(table, key, *_PARTIES):
        for what, kind, entity, words in (("holder", *values[:3]), ("via", *values[3:])):
            if (kind == "entity") != (entity is not None):
                yield row_id, f"{what}_type is {kind}, and {what}_entity_id is {entity}"
            elif (kind == "other") != (words is not None):
                yield row_id, f"{what}_type is {kind}, and {what}_text is {words!r}"


def _wrong_folds(loaded: Loaded) -> Iterator[tuple[str, str]]:
    if "targets" not in loaded.tables:
        return
    base = dict(loaded.columns("targets", "target_id", "inverse_of"))
    for row_id, target, given in loaded.columns("judgements", "judgement_id", "target_id", "target_id_given"):
        if given is not None and target != (base.get(given) or given):
            yield row_id, f"target_id is {target}, but {given} folds onto {base.get(given) or given}"


_PLACE = ("annotator_id", "doc_id", "task_pass", "round")


def _doubled(loaded: Loaded) -> Iterator[tuple[str, str]]:
    seen: dict[tuple[Any, ...], str] = {}
    columns = ("judgement_id", "status", "layer", *_PLACE, "region_id", "flag", "target_id_given", *_PARTIES)
    for row in loaded.columns("judgements", *columns):
        values = dict(zip(columns, row, strict=True))
        if values["status"] != "current":
            continue
        layer, place = values["layer"], tuple(values[name] for name in _PLACE)
        asked = {
            "mention": ("region_id",),
            "stance": ("region_id", "target_id_given", *_PARTIES),
            "document_stance": ("target_id_given",),
            "flag": ("flag",),
        }.get(layer, ())
        question = (layer, *place, *(values[name] for name in asked))
        first = seen.setdefault(question, values["judgement_id"])
        if first != values["judgement_id"]:
            message = f"{place[0]} answers the same question in {place[1]} with judgement {first}"
            yield values["judgement_id"], message


def _unassigned(loaded: Loaded) -> Iterator[tuple[str, str]]:
    if "assignments" not in loaded.tables:
        return
    columns = ("doc_id", "task_pass", "round", "annotator_id")
    given = set(loaded.columns("assignments", *columns))
    for row_id, *task in loaded.columns("judgements", "judgement_id", *columns):
        if tuple(task) not in given:
            yield row_id, f"no assignment of {task[0]} to {task[3]} ({task[1]}, round {task[2]})"


def check_gold(loaded: Loaded) -> list[Problem]:
    """Gold: shares of votes add up, stances_wide repeats stances."""
    found: list[Problem] = []
    for table, key in (("stances", ("stance_id",)), ("document_stances", ("doc_id", "target_id"))):
        if table in loaded.tables:
            shares = [name for name in loaded.tables[table].column_names if name.startswith("p_")]
            found += limited("gold-shares", table_file(table), _wrong_shares(loaded, table, key, shares))
    if {"stances", "stances_wide"} <= set(loaded.tables):
        found += limited("gold-wide", table_file("stances_wide"), _wrong_wide(loaded))
    return found


def _wrong_shares(loaded: Loaded, table: str, key: tuple[str, ...], shares: list[str]) -> Iterator[tuple[str, str]]:
    for row in loaded.columns(table, *key, *shares):
        values = [value for value in row[len(key) :] if value is not None]
        total = sum(values)
        unvoted = total == 0  # a decision without any vote behind it
        if any(not 0 <= value <= 1 for value in values) or not (unvoted or abs(total - 1) <= _TOLERANCE):
            yield " ".join(row[: len(key)]), f"shares {values} add up to {total:.7g}"


def _wrong_wide(loaded: Loaded) -> Iterator[tuple[str, str]]:
    narrow, wide = loaded.tables["stances"], loaded.tables["stances_wide"]
    ids, wide_ids = narrow.column("stance_id").to_pylist(), wide.column("stance_id").to_pylist()
    for stance in sorted(set(ids) ^ set(wide_ids)):
        yield stance, f"stands in {'stances' if stance in set(ids) else 'stances_wide'} only"
    if ids != wide_ids:
        return
    for name in narrow.column_names:
        if name in wide.column_names and not plain(narrow.column(name)).equals(plain(wide.column(name))):
            ours, theirs = narrow.column(name).to_pylist(), wide.column(name).to_pylist()
            row = next(i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
            yield ids[row], f"{name} is {theirs[row]!r}, stances says {ours[row]!r}"
