"""Decisions: what an adjudicator wrote into `adjudications.jsonl`, one JSON object a line, appended and never edited.

    conflict_id        function of the judgements and the field
    judgement_ids      list of the judgements that it rests on
    layer, doc_id      where
    field, value       what was decided (values as `agreement.values` writes them)
    decided_by         the adjudicator's pseudonym
    reason             why, in words
    codebook_version   the codebook it was decided under
    decided_at         day, YYYY-MM-DD

Its `decision_id`, a function of conflict and value, is not written there but computed.

A decision wins over any count of votes, also in a field about which nobody differed. It is *stale* when one of its
judgements no longer votes (an edit is a new judgement): then it decides nothing, and the conflict is shown as stale
until someone decides again. Of several decisions on one thing the last line wins.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..agreement.values import DROP, KEEP, LAYER_FIELDS, parse_boundary
from ..codebook.model import Codebook
from ..errors import CodebookError, Problem
from ..project import Project, schema_directory
from ..tables import row_id

_KEYS = (
    "conflict_id",
    "judgement_ids",
    "layer",
    "doc_id",
    "field",
    "value",
    "decided_by",
    "reason",
    "codebook_version",
    "decided_at",
)


@dataclass(frozen=True)
class Decision:
    """One line of adjudications.jsonl; `line` is its number, from 1."""

    conflict_id: str
    judgement_ids: tuple[str, ...]
    layer: str
    doc_id: str
    field: str
    value: str
    decided_by: str
    reason: str
    codebook_version: str
    decided_at: datetime.date
    line: int

    @property
    def decision_id(self) -> str:
        """Function of conflict and value."""
        return row_id(self.conflict_id, self.value)

    def as_json(self) -> dict[str, Any]:
        """The decision as it stands in the file."""
        values = {key: getattr(self, key) for key in _KEYS}
        return values | {"judgement_ids": list(self.judgement_ids), "decided_at": self.decided_at.isoformat()}


def conflict_id(judgement_ids: Iterable[str], field: str) -> str:
    """The id of a conflict: of these judgements, about this field."""
    return row_id(*sorted(judgement_ids), field)


def read_decisions(path: Path) -> list[Decision]:
    """The decisions of a file, in order; none where there is no file.

    Raises:
        CodebookError: a line is not a decision; the message names it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise CodebookError(f"{path}: not UTF-8 (byte {error.start}); restore it from version control") from None
    return [parse_decision(line, f"{path}:{number}", number) for number, line in _lines(text)]


def standing_decisions(project: Project) -> list[Decision]:
    """The decisions of a project, but for those about withdrawn documents, which have no judgements any more.

    Raises:
        CodebookError: a line is not a decision. SourceError: withdrawn.csv cannot be used.
    """
    from ..sources import read_withdrawn

    withdrawn = read_withdrawn(project.withdrawn_csv)
    return [item for item in read_decisions(project.adjudications_jsonl) if item.doc_id not in withdrawn]


def _lines(text: str) -> list[tuple[int, str]]:
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def parse_decision(line: str, place: str, number: int) -> Decision:
    """One line as a decision.

    Raises:
        CodebookError: it is not JSON, or breaks schema/decision.schema.json.
    """
    try:
        value = json.loads(line)
    except ValueError as error:
        raise CodebookError(f"{place}: not a JSON object ({error}); one decision is one line") from None
    for message in schema_breaches(value):
        raise CodebookError(f"{place}: {message}; see schema/decision.schema.json")
    given = {key: value[key] for key in _KEYS}
    given["judgement_ids"] = tuple(value["judgement_ids"])
    given["decided_at"] = datetime.date.fromisoformat(value["decided_at"])
    return Decision(**given, line=number)


@lru_cache(maxsize=1)
def _validator() -> Any:
    import jsonschema

    schema = json.loads((schema_directory() / "decision.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def schema_breaches(value: Any) -> list[str]:
    """What breaks the decision's schema, one line each."""
    errors = sorted(_validator().iter_errors(value), key=lambda error: [str(part) for part in error.absolute_path])
    found = []
    for error in errors:
        where = "/".join(str(part) for part in error.absolute_path)
        found.append(f"{where}: {error.message}" if where else error.message)
    if not found:
        try:
            datetime.date.fromisoformat(value["decided_at"])
        except (ValueError, KeyError, TypeError):
            found.append("decided_at: not a day (YYYY-MM-DD)")
    return found


class DecisionIndex:
    """The decisions that hold, found by the judgements they rest on.

    Args:
        decisions: in file order.
        voting: ids of the judgements that vote; a decision that rests on any other is stale.
    """

    def __init__(self, decisions: Sequence[Decision], voting: frozenset[str]) -> None:
        self.stale = {item.decision_id for item in decisions if not voting.issuperset(item.judgement_ids)}
        self._by_judgement: dict[tuple[str, str], list[Decision]] = {}
        for item in decisions:
            for judgement in item.judgement_ids:
                self._by_judgement.setdefault((judgement, item.field), []).append(item)
        self._judgements = frozenset(judgement for judgement, _ in self._by_judgement)

    def is_about(self, judgement_ids: Iterable[str]) -> bool:
        """Does any decision, stale ones too, rest on one of these judgements?"""
        return not self._judgements.isdisjoint(judgement_ids)

    def holding(self, judgement_ids: Sequence[str], field: str) -> Decision | None:
        """The last decision on this field, not stale, all of whose judgements the unit holds."""
        ids = set(judgement_ids)
        found = [
            item
            for item in self._about(judgement_ids, field)
            if self._holds(item) and ids.issuperset(item.judgement_ids)
        ]
        return max(found, key=lambda item: item.line, default=None)

    def stale_on(self, judgement_ids: Sequence[str], field: str) -> Decision | None:
        """The last stale decision that shares a judgement with this unit and field."""
        found = [item for item in self._about(judgement_ids, field) if not self._holds(item)]
        return max(found, key=lambda item: item.line, default=None)

    def _about(self, judgement_ids: Sequence[str], field: str) -> list[Decision]:
        return [item for judgement in judgement_ids for item in self._by_judgement.get((judgement, field), ())]

    def _holds(self, item: Decision) -> bool:
        return item.decision_id not in self.stale


def check_decisions(
    decisions: Sequence[Decision],
    judgements: Mapping[str, Mapping[str, Any]],
    texts: Mapping[str, str],
    entities: frozenset[str],
    codebook: Codebook,
    adjudicators: Iterable[str],
    path: str,
) -> list[Problem]:
    """What is wrong with decisions about to be appended.

    Args:
        judgements: judgement_id -> row, all of them. texts: doc_id -> canonical text.
        entities: every entity id that may be named. adjudicators: who may decide.
        path: the file they stand in, as it is printed.
    """
    allowed = sorted(adjudicators)
    problems = []
    for item in decisions:
        for check, message in _faults(item, judgements, texts, entities, codebook, allowed):
            problems.append(Problem(path, str(item.line), check, 2, message))
    return problems


def _faults(
    item: Decision,
    judgements: Mapping[str, Mapping[str, Any]],
    texts: Mapping[str, str],
    entities: frozenset[str],
    codebook: Codebook,
    adjudicators: Sequence[str],
) -> list[tuple[str, str]]:
    """(check, message) of each fault."""
    faults = []
    if item.decided_by not in adjudicators:
        known = ", ".join(adjudicators) or "it names none"
        faults.append(f"{item.decided_by!r} is no adjudicator of annotations/campaign.yaml ({known})")
    if item.conflict_id != conflict_id(item.judgement_ids, item.field):
        faults.append(
            "conflict_id is not that of these judgement_ids and this field; take it from: stancewire adjudicate --json"
        )
    unfit = []
    for judgement in item.judgement_ids:
        row = judgements.get(judgement)
        if row is None:
            unfit.append(f"judgement {judgement} does not exist; list the conflicts anew: stancewire adjudicate --json")
        elif row["status"] != "current" or row["anchor"] != "same":
            state = f"{row['status']}, place {row['anchor']}"
            unfit.append(f"judgement {judgement} no longer votes ({state}); list the conflicts anew")
        elif (row["layer"], row["doc_id"]) != (item.layer, item.doc_id):
            unfit.append(f"judgement {judgement} is of layer {row['layer']} in {row['doc_id']}")
    wrong = value_fault(item, texts.get(item.doc_id, ""), entities, codebook)
    if wrong:
        faults.append(wrong)
    return [("decision-format", fault) for fault in faults] + [("decision-judgement", fault) for fault in unfit]


def value_fault(item: Decision, text: str, entities: frozenset[str], codebook: Codebook) -> str | None:
    """Why the value cannot stand in this field, or None."""
    fields = LAYER_FIELDS.get(item.layer, ())
    if item.layer != "document_stance":
        fields = ("exists", "boundary", *fields)
    if item.field not in fields:
        return f"layer {item.layer} has no field {item.field!r} to decide ({', '.join(fields)})"
    if item.field == "boundary":
        return _boundary_fault(item.value, text)
    if item.field in ("holder", "via"):
        alone = ("author", "unnamed") if item.field == "holder" else ("none", "unnamed")
        return _party_fault(item, alone, entities)
    if item.field == "entity_id":
        return (
            None
            if item.value in entities
            else f"unknown entity {item.value!r}: not in the codebook, nor in this document"
        )
    stances = codebook.document_stances if item.layer == "document_stance" else codebook.stances
    choices = {
        "label": codebook.mention_labels,
        "kind": codebook.mention_kinds,
        "stance": stances,
        "attribution": codebook.attributions,
    }
    known = [KEEP, DROP] if item.field == "exists" else [choice.id for choice in choices[item.field]]
    return None if item.value in known else f"{item.field} cannot be {item.value!r}; known values: {', '.join(known)}"


def _boundary_fault(value: str, text: str) -> str | None:
    try:
        start, end = parse_boundary(value)
    except ValueError:
        return f"boundary {value!r} is not START:END"
    if not 0 <= start < end <= len(text):
        return f"boundary {value} does not lie within the text (0-{len(text)})"
    words = text[start:end]
    return f"boundary {value} has white space at its edge: {words!r}" if words != words.strip() else None


def _party_fault(item: Decision, alone: tuple[str, str], entities: frozenset[str]) -> str | None:
    kind, colon, rest = item.value.partition(":")
    if item.value in alone or (kind == "other" and colon and rest.strip()):
        return None
    if kind == "entity" and rest in entities:
        return None
    if kind == "entity":
        return f"unknown entity {rest!r}: not in the codebook, nor in this document"
    return f"{item.field} cannot be {item.value!r}; it is {alone[0]}, {alone[1]}, entity:ID or other:WORDS"
