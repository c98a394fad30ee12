"""Said texts → stored tasks of ours: placed, mapped, pseudonymous.

One answer becomes a stored answer in each pass that its export's controls belong to: what says who or what is named in
`entities`, the rest in `stances`. The whole text is the task's view, as one piece. A span keeps its words as the export
quotes them where these are other words than the slice: then quarantine says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..label_studio.exports import CONTEXT
from ..label_studio.foreign import DRAFT, SKIPPED, Answer, Mark, Said
from ..label_studio.offsets import UNITS, counted_in, from_units, same_words, to_canonical
from ..tables import row_id
from ..text.view import Piece
from .mapping import DOCUMENT, ENTITY_PASS, IGNORE, RELATIONS, SPAN_ROLES, TEXT_ROLES, Roles
from .people import People

Task = dict[str, Any]
FARTHEST = 2**31 - 1  # what a column of places holds; no text is that long


@dataclass(frozen=True)
class Target:
    """The document that a said text is: its canonical text, and where the said (canonical) text stands in it."""

    doc_id: str
    text_sha256: str
    shown: str
    pieces: tuple[Piece, ...]

    @classmethod
    def whole(cls, doc_id: str, text: str, text_sha256: str, shown: str | None = None, shift: int = 0) -> Target:
        """A text shown as it is, or a part of it (`shown`) that begins at `shift`."""
        shown = text if shown is None else shown
        return cls(doc_id, text_sha256, shown, (Piece(0, shift, shift + len(shown), 0),) if shown else ())


@dataclass
class Storing:
    """How said texts are stored: the roles and people of one import, and what is counted on the way."""

    roles: Roles
    people: People
    codebook_version: str
    passes: tuple[str, ...]
    offsets: str | None
    day: str
    counts: Counter[str] = field(default_factory=Counter)

    def tasks(self, said: Said, target: Target) -> dict[tuple[str, int | None, str], Task]:
        """The stored tasks of one text by (pass, round, annotator); the round is None where the task was not ours."""
        found: dict[tuple[str, int | None, str], Task] = {}
        for answer in said.answers:
            person = self.people.of(answer.people)
            results = self._results(said, answer.marks, target, answer)
            self.counts[f"{answer.state} answers"] += 1
            for task_pass, round_ in self._given(said):
                task = found.get((task_pass, round_, person))
                if task is None:
                    task = found[task_pass, round_, person] = self._task(said, target)
                self._add(
                    task,
                    answer,
                    person,
                    _of_pass(results, task_pass, said.own is not None or len(self.passes) == 1),
                    target,
                )
        return found

    def _given(self, said: Said) -> list[tuple[str, int | None]]:
        if said.own is not None:
            return [(str(said.own["task_pass"]), int(said.own["round"]))]
        return [(name, None) for name in self.passes]

    def _task(self, said: Said, target: Target) -> Task:
        own = said.own or {}
        predictions = [
            {
                "model_version": self.people.without_addresses(name),
                "result": [result for _, result in self._results(said, marks, target, None)],
            }
            for name, marks in said.predictions
        ]
        return {
            "doc_id": target.doc_id,
            "text_sha256": target.text_sha256,
            "codebook_version": str(own.get("codebook_version", self.codebook_version)),
            "suggestions_shown": bool(own["suggestions_shown"]) if "suggestions_shown" in own else bool(predictions),
            "view": [[piece.view_start, piece.start, piece.end, piece.seg_no] for piece in target.pieces],
            "entities": [list(map(str, offer)) for offer in own.get("entities_offered", ())],
            "annotations": [],
            "predictions": predictions,
            "drafts": [],
        }

    def _add(self, task: Task, answer: Answer, person: str, results: list[Task], target: Target) -> None:
        created = answer.created or answer.updated or self.day
        common: Task = {
            "completed_by": person,
            "created_at": created,
            "updated_at": answer.updated or created,
            "lead_time": answer.seconds,
            "result": results,
        }
        if answer.state == DRAFT:
            task["drafts"].append(common)
            return
        number = len(task["annotations"])
        unique = answer.answer_id or row_id("imported", person, target.doc_id, number)
        common |= {"unique_id": unique, "was_cancelled": answer.state == SKIPPED, "ground_truth": answer.ground_truth}
        task["annotations"].append(common)

    def _results(
        self, said: Said, marks: Iterable[Mark], target: Target, answer: Answer | None
    ) -> list[tuple[str, Task]]:
        """(role, stored result) of each mark."""
        listed = list(marks)
        unit = counted_in(said.text, listed) or self.offsets
        in_units = unit == UNITS and len(said.text) != len(said.text.encode("utf-16-le")) // 2
        point, move = from_units(said.text), to_canonical(said.text)
        found: list[tuple[str, Task]] = []
        for mark in listed:
            role = self.roles.roles.get((mark.control, mark.is_span), IGNORE)
            if role == IGNORE:
                self.counts["ignored values"] += len(mark.values) or 1
                continue
            start, end, fault = mark.start, mark.end, mark.fault
            if end is not None and end > FARTHEST:
                start, end, fault = None, None, f"place {start}-{end} is outside any text"
            if in_units and start is not None and end is not None:
                first, last = point(start), point(end)
                if first is None or last is None:
                    fault = f"UTF-16 units {start}-{end} cut a character in two"
                start, end = first, last
            result = self._result(mark, role)
            if mark.is_span:
                self._place(result, mark, target, start, end, fault, move)
                self.counts["marked values"] += 1
            if role == "document_comment":  # a text has one comment, whatever number of controls it was written in
                comment = next((r for known, r in found if known == role), None)
                if comment is not None:
                    comment["value"]["text"] += result["value"]["text"]
                    continue
            found.append((role, result))
        if in_units and answer is not None and any(mark.is_span for mark in listed):
            self.counts["answers counted in UTF-16 units"] += 1
        return found

    def _result(self, mark: Mark, role: str) -> Task:
        name, kind, value = self._said(mark, role)
        result: Task = {"id": mark.mark_id, "from_name": name, "to_name": "text", "type": kind, "value": value}
        if mark.origin in ("prediction", "prediction-changed"):
            result["origin"] = mark.origin
            if mark.suggested_by:
                result["meta"] = {"suggested_by": self.people.without_addresses(str(mark.suggested_by))}
        else:
            result["origin"] = "manual"
        return result

    def _said(self, mark: Mark, role: str) -> tuple[str, str, Task]:
        """(our control, its type, its value)."""
        if role == RELATIONS:
            self.counts["relations"] += 1
            return "relation", "relation", {"text": [self.people.without_addresses(item) for item in mark.values]}
        given = [self.roles.read(role, label) or label for label in mark.values]
        given = [self.people.without_addresses(item) for item in given]
        if role.startswith(DOCUMENT):
            return "doc__" + role.removeprefix(DOCUMENT), "choices", {"choices": given}
        name = SPAN_ROLES.get(role) or TEXT_ROLES[role]
        if role in ("comment", "document_comment"):
            if mark.control not in ("comment", "span_comment"):
                given = [f"{mark.control}: {item}" for item in given]
            return name, "textarea", {"text": given}
        if role in ("entity_name", "holder_text", "via_text"):
            return name, "textarea", {"text": given}
        return (
            (name, "labels", {"labels": given})
            if role in ("mention", "target")
            else (name, "choices", {"choices": given})
        )

    def _place(
        self, result: Task, mark: Mark, target: Target, start: int | None, end: int | None, fault: str | None, move: Any
    ) -> None:
        quote = None if mark.quote is None else self.people.without_addresses(mark.quote)
        if start is None or end is None:
            result["meta"] = result.get("meta", {}) | {"place": fault}
            result["value"] |= {"start": 0, "end": 0}
            result |= {"quote": quote or "", "before": "", "after": ""}
            return
        start, end = move(start), move(end)
        words = target.shown[start:end]
        if mark.quote is None or same_words(words, mark.quote):
            quote = words
        result["value"] |= {"start": start, "end": end}
        result |= {
            "quote": quote,
            "before": target.shown[max(0, start - CONTEXT) : start],
            "after": target.shown[end : end + CONTEXT],
        }


def _of_pass(results: list[tuple[str, Task]], task_pass: str, is_only: bool) -> list[Task]:
    """The results that belong to a pass: all of them where it is the only one."""
    if is_only:
        return [result for _, result in results]
    named = {result["id"] for role, result in results if role in ENTITY_PASS}
    kept = []
    for role, result in results:
        in_entities = role in ENTITY_PASS or (role == "comment" and result["id"] in named)
        if in_entities == (task_pass == "entities"):
            kept.append(result)
    return kept
