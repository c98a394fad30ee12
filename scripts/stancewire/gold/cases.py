"""Cases: what an adjudicator is asked. One case is one unit with all its open fields together.

Who said what is not shown: the versions of a case are called A, B, ... in an order that does not follow the annotators,
and that is the same wherever the case is shown. Silence is a version too, where it is open whether the thing exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..agreement.units import Unit, Vote
from ..agreement.values import DROP, KEEP, boundary_value, field_value, parse_boundary, parse_party
from ..codebook.adjudication_interface import version_label
from ..codebook.model import Codebook
from ..codebook.offers import NO_HOLDERS
from ..tables import row_id
from .decisions import Decision
from .evidence import Evidence
from .merge import FieldOutcome, Outcome
from .methods import Method

MOST_VERSIONS = 8  # side by side; beyond, those that say the same are put together


@dataclass(frozen=True)
class Version:
    """What one annotator said of a unit, under a neutral name.

    Attributes:
        values: field -> value; for silence only `exists`.
        comment: what the annotator wrote beside it. times: how many said the same, where versions are put together.
    """

    name: str
    values: Mapping[str, str]
    comment: str | None
    times: int = 1


@dataclass(frozen=True)
class Case:
    """A unit with open fields.

    Attributes:
        open_fields: those to decide, in the order of the merge.
        earlier: stale decisions on them.
    """

    outcome: Outcome
    open_fields: tuple[str, ...]
    versions: tuple[Version, ...]
    earlier: tuple[Decision, ...]

    @property
    def unit(self) -> Unit:
        """The unit itself."""
        return self.outcome.unit

    @property
    def case_id(self) -> str:
        """Function of what is asked and of all that is shown as settled: a case that changes is another one."""
        settled = (f"{item.field}={item.value}" for item in self.outcome.fields if item.field not in self.open_fields)
        return row_id("case", *self.unit.judgement_ids, *self.open_fields, *settled)

    @property
    def settled(self) -> dict[str, str]:
        """Fields that are settled, with their values."""
        return {
            item.field: item.value
            for item in self.outcome.fields
            if item.field not in self.open_fields and item.value is not None
        }

    @cached_property
    def fields(self) -> dict[str, FieldOutcome]:
        """The unit's fields by name."""
        return {item.field: item for item in self.outcome.fields}

    def given(self, field: str) -> dict[str, list[str]]:
        """The values that the versions give a field, each with the versions' names."""
        found: dict[str, list[str]] = {}
        for version in self.versions:
            if field in version.values:
                found.setdefault(version.values[field], []).append(version.name)
        return found


def open_cases(evidence: Evidence, method: Method = "majority", doc_id: str | None = None) -> list[Case]:
    """The units of which a field is neither settled by votes nor by a decision, in the order of the units."""
    return cases_of(evidence.outcomes(method, doc_id))


def cases_of(outcomes: Iterable[Outcome]) -> list[Case]:
    """The cases among merged units."""
    cases = []
    for outcome in outcomes:
        items = [item for item in outcome.conflicts if item.status != "decided"]
        if items:
            earlier = tuple(item.stale for item in items if item.stale is not None)
            cases.append(Case(outcome, tuple(item.field for item in items), versions_of(outcome), earlier))
    return cases


def versions_of(outcome: Outcome) -> tuple[Version, ...]:
    """What each annotator who speaks for or against the unit said; of many, what is said alike is one version."""
    unit = outcome.unit
    votes = {vote.annotator_id: vote for vote in unit.votes}
    asked = unit.voters if unit.layer != "document_stance" else tuple(votes)
    about = unit.judgement_ids if len(asked) <= MOST_VERSIONS else (row_id(*unit.judgement_ids),)  # of many: once
    names = sorted(asked, key=lambda name: row_id(*about, votes[name].judgement_id if name in votes else name))
    fields = [item.field for item in outcome.fields]
    said = [_said(votes.get(name), fields) for name in names]
    if len(said) <= MOST_VERSIONS:
        return tuple(Version(version_label(number), *given) for number, given in enumerate(said))
    alike: dict[tuple[tuple[str, str], ...], list[str | None]] = {}
    for values, comment in said:
        alike.setdefault(tuple(values.items()), []).append(comment)
    return tuple(
        Version(version_label(number), dict(values), next(filter(None, comments), None), len(comments))
        for number, (values, comments) in enumerate(alike.items())
    )


def _said(vote: Vote | None, fields: Sequence[str]) -> tuple[dict[str, str], str | None]:
    if vote is None:
        return {"exists": DROP}, None
    values = {}
    for field in fields:
        if field == "exists":
            values[field] = KEEP
        elif field == "boundary":
            values[field] = boundary_value(vote.start or 0, vote.end or 0)
        else:
            values[field] = field_value(vote.row, field)
    return values, vote.row["comment"]


@dataclass(frozen=True)
class Wording:
    """How values are put into words, and what may be chosen besides what the versions say.

    Attributes:
        names: entity_id -> the name it is shown under.
        local: doc_id -> entities that anyone named in it.
        silent: entities of a kind that neither holds a stance nor reports one.
    """

    codebook: Codebook
    texts: Mapping[str, str]
    names: Mapping[str, str]
    local: Mapping[str, tuple[str, ...]]
    silent: frozenset[str]

    @classmethod
    def of(cls, evidence: Evidence) -> Wording:
        """From the codebook's names, and for local entities the words by which they are mentioned most."""
        surfaces: dict[str, Counter[str]] = {}
        labels: dict[str, Counter[str]] = {}
        local: dict[str, dict[str, None]] = {}
        for row in evidence.judgements:
            for column in ("entity_id", "holder_entity_id", "via_entity_id"):
                if row[column]:
                    local.setdefault(row["doc_id"], {})[row[column]] = None
            if row["layer"] == "mention" and row["entity_id"] and row["text"]:
                weight = 2 if row["kind"] == "name" else 1
                surfaces.setdefault(row["entity_id"], Counter())[" ".join(row["text"].split())] += weight
                labels.setdefault(row["entity_id"], Counter())[row["label"]] += 1
        names = {
            key: max(found.items(), key=lambda item: (item[1], len(item[0]), item[0]))[0]
            for key, found in surfaces.items()
        }
        kinds = {key: found.most_common(1)[0][0] for key, found in labels.items()}
        for entity in evidence.codebook.entities:
            names[entity.entity_id], kinds[entity.entity_id] = entity.name, entity.label
        silent = frozenset(key for key, label in kinds.items() if label in NO_HOLDERS)
        offered = {doc_id: tuple(sorted(found)) for doc_id, found in local.items()}
        return cls(evidence.codebook, evidence.texts, names, offered, silent)

    def name(self, entity_id: str) -> str:
        """The name of an entity; its id where nothing better is known."""
        return self.names.get(entity_id, entity_id.rpartition("#")[2])

    def words(self, case: Case, field: str, value: str) -> str:
        """A value as a person reads it."""
        if field == "exists":
            return "yes, keep it" if value == KEEP else "no, leave it out"
        if field == "boundary":
            start, end = parse_boundary(value)
            return f"\u201c{' '.join(self.texts[case.unit.doc_id][start:end].split())}\u201d"
        if field == "entity_id":
            return self.name(value) if value else "no entity"
        if field in ("holder", "via"):
            kind, entity_id, text = parse_party(value)
            return self.name(entity_id) if entity_id else text or kind
        return self._choice_names(case, field).get(value, value)

    def _choice_names(self, case: Case, field: str) -> dict[str, str]:
        book = self.codebook
        stances = book.document_stances if case.unit.layer == "document_stance" else book.stances
        listed = {
            "label": book.mention_labels,
            "kind": book.mention_kinds,
            "stance": stances,
            "attribution": book.attributions,
        }[field]
        return {choice.id: choice.name for choice in listed}

    def choices(self, case: Case, field: str) -> list[str]:
        """The values that may be chosen: those of the versions first, then the others.

        For a holder or via, any other words may be typed besides; for a boundary, any other words marked.
        """
        given = [value for value in case.given(field) if value or field != "entity_id"]
        entities = self.local.get(case.unit.doc_id, ())
        rest: Iterable[str] = ()
        if field == "exists":
            return [KEEP, DROP]
        if field == "holder":
            rest = ("author", *(f"entity:{key}" for key in self._who(entities)), "unnamed")
        elif field == "via":
            rest = ("none", *(f"entity:{key}" for key in self._who(entities)), "unnamed")
        elif field == "entity_id":
            rest = (*entities, *(entity.entity_id for entity in self.codebook.entities))
        elif field != "boundary":
            return list(self._choice_names(case, field))
        return list(dict.fromkeys([*given, *rest]))

    def _who(self, entities: Iterable[str]) -> Iterable[str]:
        return sorted((key for key in entities if key not in self.silent), key=lambda key: self.name(key).casefold())


def combination_fault(values: Mapping[str, str]) -> str | None:
    """Why the values of one stance do not go together, or None: an author's own words have no other source."""
    if values.get("exists") == DROP or "holder" not in values:
        return None
    author = values["holder"] == "author"
    if author != (values.get("attribution") == "author"):
        return (
            f"holder {values['holder']} and attribution {values.get('attribution')} do not go together: the words are "
            "the author's if and only if the author is the holder"
        )
    if author and values.get("via") != "none":
        return f"the holder is the author, and yet via is {values.get('via')}; it must be none"
    return None
