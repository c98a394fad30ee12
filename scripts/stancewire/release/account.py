"""The whole account of a row: how it came about (`gold.explain`), what checks say of it, in which releases it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..checks.about import check_story, problems_about
from ..errors import Problem
from ..gold.explain import Explanation, explain, explanation_lines
from ..gold.explain_place import explain_place, parse_place, place_lines
from ..gold.findings import check_merge_of
from ..label_studio.case_exports import find_answers
from ..project import Project
from .appearances import find_appearances


def account(project: Project, asked: str) -> Explanation:
    """All that is known of an id, or of a place given as `DOC_ID:START-END`, as plain values.

    Raises:
        UsageError: there is no such id, document or place; the message names the nearest.
        StancewireError: something it is read from is missing or stale.
    """
    place = parse_place(asked)
    if place is None:
        about = explain(project, asked)
        doc_id = about.get("doc_id") or about["judgement"]["doc_id"]
        _complete(project, about, doc_id, [*check_story(project, doc_id), *check_merge_of(project, doc_id)])
        return about
    about = explain_place(project, *place)
    doc_id = about["doc_id"]
    found = [*check_story(project, doc_id), *check_merge_of(project, doc_id)] if about["units"] else []
    for unit in about["units"]:
        _complete(project, unit, about["doc_id"], found)
    return about


def _complete(project: Project, about: Explanation, doc_id: str, found: list[Problem]) -> None:
    """Add `checks` and `releases` to the explanation of one row."""
    votes = [*about.get("votes", ()), *([about["judgement"]] if "judgement" in about else [])]
    ids = {about["id"], *(vote["judgement_id"] for vote in votes)} | (
        {about["gold_id"]} if about.get("gold_id") else set()
    )
    lines = set()
    for item in _decisions(about):
        item["answered_in"] = find_answers(project, item["decided_by"], item["judgement_ids"], item["field"])
        ids |= {item["decision_id"], item["conflict_id"]}
        lines.add(item["line"])
    ids |= {field["conflict_id"] for field in about.get("fields", ())}
    spans = {(item["start"], item["end"]) for item in (about, *votes) if item.get("start") is not None}
    about["checks"] = [item.as_json() for item in problems_about(found, doc_id, ids, spans, lines)]
    about["releases"] = list(_releases(project, about, votes))


def _decisions(about: Explanation) -> Iterator[dict[str, Any]]:
    if "decision" in about:
        yield about["decision"]
    for field in about.get("fields", ()):
        for key in ("decision", "stale_decision"):
            if field[key] is not None:
                yield field[key]


def _releases(project: Project, about: Explanation, votes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The gold row's, where there is one; else those of the judgements."""
    if about.get("gold_id"):
        yield from find_appearances(project, about["layer"], about["gold_id"])
    else:
        for vote in {vote["judgement_id"]: vote for vote in votes}.values():
            yield from find_appearances(project, "judgement", vote["judgement_id"])


def account_lines(about: Explanation) -> list[str]:
    """An account in words, for a terminal."""
    if about["kind"] == "place":
        lines = place_lines(about)
        for unit in about["units"]:
            lines += ["", *explanation_lines(unit), *_more_lines(unit)]
        return lines
    return [*explanation_lines(about), *_more_lines(about)]


def _more_lines(about: Explanation) -> list[str]:
    lines = []
    if "checks" in about:
        lines.append("  checks: " + ("none raised" if not about["checks"] else ""))
        lines += [
            f"    {item['path']}:{item['place']}: [{item['check']}] {item['message']}" for item in about["checks"]
        ]
    if "releases" in about:
        lines.append("  releases: " + ("none yet" if not about["releases"] else ""))
        lines += [f"    {release_words(item)}" for item in about["releases"]]
    return [line.rstrip() for line in lines]


def release_words(item: dict[str, Any]) -> str:
    """One release in words."""
    row = f"{item['table']} row {item['key']}"
    if item["there"] is None:
        return f"{item['release']}: not known: {item['reason']}"
    if not item["there"]:
        return f"{item['release']}: no {row}"
    said = ", ".join(f"{name} {value}" for name, value in item["values"].items() if value is not None)
    return f"{item['release']}: {row}: {said}"
