"""Which documents go to which part. What must stay together is a unit; units are assigned whole.

Nothing here depends on the order of the corpus: units are ordered by their size, then by a hash of seed and name.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .settings import PARTS, Settings


@dataclass(frozen=True)
class Member:
    """One document as splitting needs it; `targets` are those of its stances."""

    doc_id: str
    story_id: str
    date: datetime.date | None = None
    outlet: str | None = None
    targets: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Assignment:
    """doc_id -> part; documents that could not be placed, with the reason; what a person should know."""

    part_of: dict[str, str]
    left_out: dict[str, str]
    notes: tuple[str, ...] = ()


@dataclass
class _Unit:
    members: list[Member]
    counts: dict[str, int] = field(default_factory=dict)  # documents ("") and documents a target

    @property
    def name(self) -> str:
        return min(member.doc_id for member in self.members)

    @property
    def first_day(self) -> datetime.date | None:
        return min((member.date for member in self.members if member.date is not None), default=None)


def assign(members: Sequence[Member], together: Iterable[tuple[str, str]], settings: Settings) -> Assignment:
    """Assign documents to parts.

    Args:
        together: pairs of doc_ids that must not be parted, besides those of one story.
    """
    notes: list[str] = []
    left_out: dict[str, str] = {}
    links = [*together]
    if settings.by == "outlet":
        left_out = {member.doc_id: "its outlet is not known" for member in members if member.outlet is None}
        first: dict[str, str] = {}
        links += [(first.setdefault(m.outlet, m.doc_id), m.doc_id) for m in members if m.outlet is not None]
    units = _units([member for member in members if member.doc_id not in left_out], links)
    if settings.by == "time":
        for unit in units:
            if unit.first_day is None:
                left_out |= {member.doc_id: "its story has no date" for member in unit.members}
        units = [unit for unit in units if unit.first_day is not None]
        parts = _by_time(units, settings)
    else:
        parts = _by_need(units, settings)
    part_of = {member.doc_id: part for unit, part in zip(units, parts, strict=True) for member in unit.members}
    if left_out:
        reason = next(iter(left_out.values()))
        notes.append(f"{len(left_out)} of {len(members)} documents are in no part: {reason}")
    if settings.stratify == "target" and not any(member.targets for member in members):
        notes.append("no document has a stance in gold: there is no target to stratify by; first: stancewire merge")
    notes += _size_notes(units, part_of, settings)
    return Assignment(part_of, left_out, tuple(notes))


def _units(members: Sequence[Member], links: Iterable[tuple[str, str]]) -> list[_Unit]:
    """Documents of one story and linked ones together, sorted by the first name in each."""
    root = {member.doc_id: member.doc_id for member in members}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    first: dict[str, str] = {}
    stories = [(first.setdefault(member.story_id, member.doc_id), member.doc_id) for member in members]
    for one, two in [*stories, *links]:
        if one in root and two in root:
            low, high = sorted((find(one), find(two)))
            root[high] = low
    units: dict[str, _Unit] = {}
    for member in members:
        unit = units.setdefault(find(member.doc_id), _Unit([]))
        unit.members.append(member)
        for target in ("", *member.targets):
            unit.counts[target] = unit.counts.get(target, 0) + 1
    return sorted(units.values(), key=lambda unit: unit.name)


def _by_need(units: Sequence[_Unit], settings: Settings) -> list[str]:
    """Each unit, the largest first, goes where it brings the counts nearest to what is wanted.

    Nearest in the sum, over parts and counts, of (have - want)^2 / want: of documents, and with `stratify` of documents
    a target.
    """
    counted = {""} | ({key for unit in units for key in unit.counts} if settings.stratify == "target" else set())
    total = {key: sum(unit.counts.get(key, 0) for unit in units) for key in counted}
    shares = {part: share for part, share in zip(PARTS, settings.shares, strict=True) if share > 0}
    have = {part: dict.fromkeys(counted, 0) for part in shares}

    def cost(unit: _Unit, part: str) -> float:
        grown = 0.0
        for key in sorted(counted.intersection(unit.counts)):
            size, want = unit.counts[key], shares[part] * total[key]
            grown += (size * size + 2 * size * (have[part][key] - want)) / want
        return grown

    chosen: dict[int, str] = {}
    for number in sorted(range(len(units)), key=lambda n: (-units[n].counts[""], _shuffled(units[n], settings))):
        part = min(shares, key=lambda name: (round(cost(units[number], name), 9), PARTS.index(name)))
        chosen[number] = part
        for key in counted.intersection(units[number].counts):
            have[part][key] += units[number].counts[key]
    return [chosen[number] for number in range(len(units))]


def _shuffled(unit: _Unit, settings: Settings) -> bytes:
    return hashlib.sha256(f"{settings.seed}\x1f{unit.name}".encode("utf-8", "surrogatepass")).digest()


def _by_time(units: Sequence[_Unit], settings: Settings) -> list[str]:
    """Units in the order of their first day, cut where the shares say; units of one day stay together."""
    days: dict[datetime.date, int] = {}
    for unit in units:
        day = unit.first_day
        assert day is not None
        days[day] = days.get(day, 0) + len(unit.members)
    total = sum(days.values())
    part_of: dict[datetime.date, str] = {}
    before = 0
    for day in sorted(days):
        middle = (before + days[day] / 2) / total
        before += days[day]
        reached = 0.0
        for part, share in zip(PARTS, settings.shares, strict=True):
            reached += share
            if share > 0 and middle <= reached + 1e-9:
                part_of[day] = part
                break
    return [part_of[unit.first_day] for unit in units if unit.first_day is not None]


def _size_notes(units: Sequence[_Unit], part_of: Mapping[str, str], settings: Settings) -> list[str]:
    """Parts that are empty although they were asked for, or far from their size because something hangs together."""
    if not part_of:
        return ["no document is in any part"]
    notes = []
    for part, share in zip(PARTS, settings.shares, strict=True):
        have = sum(found == part for found in part_of.values())
        if share > 0 and not have:
            notes.append(f"{part} is empty: {len(units)} {'unit' if len(units) == 1 else 'units'} to share out")
    largest = max(units, key=lambda unit: (len(unit.members), unit.name))
    if len(largest.members) > max(1, max(settings.shares) * len(part_of)):
        notes.append(
            f"{len(largest.members)} of {len(part_of)} documents hang together (by stories"
            f"{', outlets' if settings.by == 'outlet' else ''} and reprints; {largest.name!r} is one), so that the "
            "sizes cannot be kept"
        )
    if settings.by == "time":
        notes += _late_notes(units, part_of)
    return notes


def _late_notes(units: Sequence[_Unit], part_of: Mapping[str, str]) -> list[str]:
    """A story that began in time for train may have reprints from days that are test's."""
    first_days = [
        unit.first_day for unit in units if unit.first_day is not None and part_of[unit.members[0].doc_id] == "test"
    ]
    if not first_days:
        return []
    border = min(first_days)
    late = [m for u in units for m in u.members if m.date and m.date >= border and part_of[m.doc_id] != "test"]
    said = f"{len(late)} documents are from {border} or later and yet not in test: their stories began before"
    return [said] if late else []
