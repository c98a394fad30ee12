"""A story collated: its witnesses side by side, where they differ, and which stances stand on what differs.

One witness is the *base* (the head of the story, unless another is named); every other one is collated with it. A
witness has a siglum, as in an edition: A is the base. Places are half-open code points of the canonical texts.
"""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import UsageError
from ..gold.carried import FROM, carried_rows
from ..project import Project
from ..reprints import Stretch, Witness, collate, pair_stretches, read_witnesses
from ..tables import find_in_manifest, read_table, read_table_schema

Row = dict[str, Any]
Span = tuple[int, int]
TURNED = {"insertion": "deletion", "deletion": "insertion"}


@dataclass(frozen=True)
class Version:
    """A witness with what a reader wants to know of it; `inferred` names the columns that a reprint has lent."""

    siglum: str
    witness: Witness
    title: str
    outlet: str | None
    date: datetime.date | None
    wire: str | None
    url: str | None
    is_head: bool
    inferred: tuple[str, ...]

    @property
    def doc_id(self) -> str:
        """The document's name."""
        return self.witness.doc_id


@dataclass(frozen=True)
class Place:
    """Where a variant stands in one witness; `text` is empty where that witness has no words for it."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Variant:
    """A difference between the base and one other witness.

    Attributes:
        label: number of the variant, with the siglum before it where there are more than two witnesses.
        siglum: the other witness. variant_no: its number in the table `variants`.
        kind: as in `variants`, read from the base to the other (insertion: words that the other has more).
        stances: ids of the stances whose evidence it touches, on either side.
    """

    label: str
    siglum: str
    variant_no: int
    kind: str
    substantive: bool
    base: Place
    other: Place
    stances: tuple[str, ...]


@dataclass(frozen=True)
class Stance:
    """An attributed stance of the gold tables, in one witness; `carried` over from the head where nobody judged it."""

    stance_id: str
    siglum: str
    start: int
    end: int
    text: str
    stance: str
    holder: str
    target: str
    via: str | None
    carried: bool


@dataclass(frozen=True)
class Collation:
    """All of it.

    Attributes:
        versions: the base first. rows: of each row the paragraphs (canonical spans) of each version, which correspond;
            every paragraph of every version is in exactly one row, in the order of its text.
        variants: by version, then by place in the base. stances: by version and place.
    """

    story_id: str
    versions: tuple[Version, ...]
    rows: tuple[tuple[tuple[Span, ...], ...], ...]
    variants: tuple[Variant, ...]
    stances: tuple[Stance, ...]

    def marks(self, siglum: str) -> list[tuple[Place, Variant]]:
        """The variants that are seen in one version, each with its place there."""
        if siglum == self.versions[0].siglum:
            return [(variant.base, variant) for variant in self.variants]
        return [(variant.other, variant) for variant in self.variants if variant.siglum == siglum]

    def counts(self) -> dict[str, int]:
        """Variants by kind, the most frequent first."""
        found: dict[str, int] = {}
        for variant in self.variants:
            found[variant.kind] = found.get(variant.kind, 0) + 1
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def read_collation(project: Project, story: str, base: str | None = None) -> Collation:
    """Collate a story of the corpus.

    Args:
        story: a story_id or the doc_id of one of its witnesses; the beginning is enough where only one begins so.
        base: doc_id of the witness that the others are collated with (default: the story's head).

    Raises:
        UsageError: there is no such story, several begin so, or the base is none of its witnesses.
        TableError: a corpus table is missing or stale.
    """
    stories = _rows(project, "stories")
    story_id = find_story(stories, story)
    members = {row["doc_id"]: row for row in stories if row["story_id"] == story_id}
    head = next(doc_id for doc_id, row in members.items() if row["is_story_head"])
    if base is not None and base not in members:
        raise UsageError(f"{base!r} is no witness of story {story_id}; its witnesses: {', '.join(sorted(members))}")
    first = base or head
    documents, segments, sentences = (
        _of(read_table(project.corpus, read_table_schema(name, project.table_schemas)), members)
        for name in ("documents", "segments", "sentences")
    )
    witnesses = {witness.doc_id: witness for witness in read_witnesses(documents, segments, sentences)}
    told = {row["doc_id"]: row for row in documents.drop_columns(["text"]).to_pylist()}
    ordered = [first, *(doc_id for doc_id in sorted(members) if doc_id != first)]
    versions = tuple(
        _version(make_siglum(number), witnesses[doc_id], told[doc_id], members[doc_id])
        for number, doc_id in enumerate(ordered)
    )
    return collate_versions(story_id, versions, _read_stances(project, members, story_id))


def collate_versions(story_id: str, versions: Sequence[Version], stances: Iterable[Row] = ()) -> Collation:
    """The collation of versions, the first being the base.

    Args:
        stances: rows of `stances_wide` (those of other documents are left aside).
    """
    sigla = {version.doc_id: version.siglum for version in versions}
    listed = tuple(
        sorted(
            (_stance(row, sigla[row["doc_id"]]) for row in stances if row["doc_id"] in sigla),
            key=lambda stance: (stance.siglum, stance.start, -stance.end, stance.stance_id),
        )
    )
    variants: list[Variant] = []
    for version in versions[1:]:
        prefix = version.siglum if len(versions) > 2 else ""
        for number, row in enumerate(_pair_rows(versions[0], version), 1):
            variants.append(_variant(f"{prefix}{number}", versions[0].siglum, version.siglum, row, listed))
    return Collation(story_id, tuple(versions), align_rows(versions), tuple(variants), listed)


def find_story(stories: Sequence[Row], name: str) -> str:
    """The story_id that is meant by an id, its beginning, or a doc_id or its beginning.

    Raises:
        UsageError: none or several are.
    """
    ids = {row["story_id"] for row in stories}
    for row in stories:
        if row["doc_id"] == name:
            return str(row["story_id"])
    if name in ids:
        return name
    begun = {row["story_id"] for row in stories if row["story_id"].startswith(name) or row["doc_id"].startswith(name)}
    found = sorted(begun) if name else []
    if len(found) == 1:
        return str(found[0])
    if len(found) > 1:
        raise UsageError(f"{len(found)} stories begin with {name!r}, e.g. {found[0]} and {found[1]}; write more")
    near = difflib.get_close_matches(name, [*ids, *(row["doc_id"] for row in stories)], n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UsageError(f"no story or document {name!r}; {hint}`stancewire reprints` lists the stories")


def make_siglum(number: int) -> str:
    """A, B, ... Z, AA, AB, ... for 0, 1, ... 25, 26, 27, ..."""
    siglum = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, len(ascii_uppercase))
        siglum = ascii_uppercase[rest] + siglum
    return siglum


def align_rows(versions: Sequence[Version]) -> tuple[tuple[tuple[Span, ...], ...], ...]:
    """Rows of corresponding paragraphs; see `Collation.rows`. Moved paragraphs stand where their own text has them."""
    base = versions[0].witness
    anchors: list[dict[int, tuple[int, ...]]] = []  # of each other version: its paragraph -> paragraphs of the base
    for version in versions[1:]:
        number_a = {part: n for n, part in enumerate(base.paragraphs)}
        number_b = {part: n for n, part in enumerate(version.witness.paragraphs)}
        found: dict[int, tuple[int, ...]] = {}
        for pair in pair_stretches(base.text, base.paragraphs, version.witness.text, version.witness.paragraphs):
            if pair.a and pair.b and not pair.is_moved:
                found |= {number_b[part]: tuple(number_a[own] for own in pair.a) for part in pair.b}
        anchors.append(found)
    group_of = _join_paragraphs(len(base.paragraphs), [own for found in anchors for own in found.values()])
    n_groups = max(group_of, default=-1) + 1
    cells: list[dict[int, list[Span]]] = [{} for _ in versions]  # slots: 2g + 1 is group g, 2g the gap before it
    for part, group in zip(base.paragraphs, group_of, strict=True):
        cells[0].setdefault(2 * group + 1, []).append((part.start, part.end))
    for cell, version, found in zip(cells[1:], versions[1:], anchors, strict=True):
        slots = _slots(version.witness.paragraphs, {n: 2 * group_of[own[0]] + 1 for n, own in found.items()})
        for part, slot in zip(version.witness.paragraphs, slots, strict=True):
            cell.setdefault(slot, []).append((part.start, part.end))
    rows = (tuple(tuple(cell.get(slot, ())) for cell in cells) for slot in range(2 * n_groups + 1))
    return tuple(row for row in rows if any(row))


def _join_paragraphs(count: int, together: Iterable[Sequence[int]]) -> list[int]:
    """Of each paragraph of the base its group: those that one paragraph of a version stands for are in one."""
    joined = [False] * count  # with the one before
    for numbers in together:
        for number in range(min(numbers) + 1, max(numbers) + 1):
            joined[number] = True
    groups, group = [], -1
    for is_joined in joined:
        group += not is_joined
        groups.append(group)
    return groups


def _slots(parts: Sequence[Stretch], anchored: Mapping[int, int]) -> list[int]:
    """The slot of each paragraph: its anchor's, or for one without the gap that follows what precedes it."""
    after = [0] * len(parts)
    following = 10**9
    for number in range(len(parts) - 1, -1, -1):
        following = anchored.get(number, following)
        after[number] = following
    slots, last = [], -1
    for number in range(len(parts)):
        slot = anchored.get(number)
        if slot is None:
            slot = last if after[number] == last else last + (last % 2)
            slot = max(slot, 0)
        slots.append(slot)
        last = slot
    return slots


def _pair_rows(base: Version, other: Version) -> list[Row]:
    """Rows of `variants` of two versions as base and other, in order of their place in the base."""
    if base.doc_id < other.doc_id:
        named = {"base": "a", "other": "b"}
        rows = collate(base.witness, other.witness)
    else:
        named = {"base": "b", "other": "a"}
        rows = collate(other.witness, base.witness)
    turned = [
        {"variant_no": row["variant_no"], "substantive": row["substantive"]}
        | {"kind": row["kind"] if named["base"] == "a" else TURNED.get(row["kind"], row["kind"])}
        | {side: Place(*(row[f"{what}_{name}"] for what in ("start", "end", "text"))) for side, name in named.items()}
        for row in rows
    ]
    return sorted(turned, key=lambda row: (row["base"].start, row["other"].start, -row["base"].end, row["variant_no"]))


def _variant(label: str, base: str, other: str, row: Row, stances: Sequence[Stance]) -> Variant:
    touched = [
        stance.stance_id
        for stance in stances
        for siglum, place in ((base, row["base"]), (other, row["other"]))
        if stance.siglum == siglum and touches(place, stance)
    ]
    return Variant(
        label,
        other,
        row["variant_no"],
        row["kind"],
        row["substantive"],
        row["base"],
        row["other"],
        tuple(dict.fromkeys(touched)),
    )


def touches(place: Place, stance: Stance) -> bool:
    """Does a variant touch an evidence span? As in `variant_stances`: an empty place does at the span's edges too."""
    if place.start == place.end:
        return stance.start <= place.start <= stance.end
    return stance.start < place.end and place.start < stance.end


def _version(siglum: str, witness: Witness, document: Row, story: Row) -> Version:
    inferred = tuple(
        name for name in ("date", "wire") if document[name] is None and story[f"{name}_inferred"] is not None
    )
    return Version(
        siglum,
        witness,
        document["title"] or witness.doc_id,
        document["outlet"],
        document["date"] or story["date_inferred"],
        document["wire"] or story["wire_inferred"],
        document["url"],
        story["is_story_head"],
        inferred,
    )


def _stance(row: Row, siglum: str) -> Stance:
    given = {name: row[name] for name in ("stance_id", "start", "end", "text", "stance", "holder", "target", "via")}
    return Stance(siglum=siglum, carried=FROM in row, **given)


def _rows(project: Project, name: str) -> list[Row]:
    rows: list[Row] = read_table(
        project.table_path(name).parent, read_table_schema(name, project.table_schemas)
    ).to_pylist()
    return rows


def _of(table: pa.Table, doc_ids: Iterable[str]) -> pa.Table:
    """The rows of these documents."""
    return table.filter(pc.is_in(table.column("doc_id").cast(pa.string()), value_set=pa.array(sorted(doc_ids))))


def _read_stances(project: Project, doc_ids: Iterable[str], story_id: str) -> list[Row]:
    """The stances of these documents, those included that are carried over; none before anything is merged."""
    if find_in_manifest(project.annotations, "stances_wide")[0] is None:
        return []
    table = read_table(project.annotations, read_table_schema("stances_wide", project.table_schemas))
    rows: list[Row] = _of(table, doc_ids).to_pylist()
    return rows + carried_rows(project, "stances_wide", {story_id})
