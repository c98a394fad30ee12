"""Checks of what refers to judgements: decisions and conflicts; and that no split cuts a story. Needs pyarrow alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..errors import Problem
from .files import Files
from .loading import Loaded, limited, table_file
from .texts import withdrawn_ids

ADJUDICATIONS = "annotations/adjudications.jsonl"


def decision_lines(files: Files) -> Iterator[tuple[int, Any]]:
    """(line number, decision) of adjudications.jsonl; None for a line that is no JSON object."""
    if not files.has(ADJUDICATIONS):
        return
    for number, line in enumerate(files.read(ADJUDICATIONS).split(b"\n"), 1):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
            yield number, value if isinstance(value, dict) else None


def check_decisions(files: Files, loaded: Loaded) -> list[Problem]:
    """Judgements that decisions and conflicts name exist; decisions are not stale; splits keep stories whole."""
    found: list[Problem] = []
    if "judgements" in loaded.tables:
        known = {row[0] for row in loaded.columns("judgements", "judgement_id")}
        known |= {row[0] for row in loaded.columns("quarantine", "judgement_id")}
        found += limited("decision-judgement", ADJUDICATIONS, _unknown_in_lines(files, known))
        for check, table, key in (
            ("decision-judgement", "adjudications", "decision_id"),
            ("conflict-judgement", "conflicts", "conflict_id"),
        ):
            found += limited(check, table_file(table), _unknown_in_table(loaded, table, key, known))
    stale = [
        (decision, "rests on a judgement that is no longer current; decide again: stancewire adjudicate")
        for decision, is_stale in loaded.columns("adjudications", "decision_id", "stale")
        if is_stale
    ]
    found += limited("decision-stale", table_file("adjudications"), stale)
    found += limited("split-story", table_file("splits"), _cut_stories(loaded))
    return found


def _unknown_in_lines(files: Files, known: set[str]) -> Iterator[tuple[int, str]]:
    withdrawn = withdrawn_ids(files)
    for number, decision in decision_lines(files):
        if decision and decision.get("doc_id") in withdrawn:
            continue
        named = decision.get("judgement_ids") if decision else None
        for judgement in named.split() if isinstance(named, str) else named if isinstance(named, list) else ():
            if judgement not in known:
                yield number, f"rests on judgement {judgement!r}, which does not exist"


def _unknown_in_table(loaded: Loaded, table: str, key: str, known: set[str]) -> Iterator[tuple[str, str]]:
    for row, named in loaded.columns(table, key, "judgement_ids"):
        for judgement in (named or "").split():
            if judgement not in known:
                yield row, f"names judgement {judgement!r}, which does not exist"


def _cut_stories(loaded: Loaded) -> Iterator[tuple[str, str]]:
    stories = dict(loaded.columns("stories", "doc_id", "story_id"))
    split_of: dict[str, str] = {}
    for doc_id, story, split in loaded.columns("splits", "doc_id", "story_id", "split"):
        if stories.get(doc_id, story) != story:
            yield doc_id, f"splits says story {story}, stories says {stories[doc_id]}"
        elif split_of.setdefault(story, split) != split:
            yield doc_id, f"story {story} is in {split_of[story]} and in {split}"
