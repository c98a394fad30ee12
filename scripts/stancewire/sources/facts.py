"""What is known of a source beside its bytes: of a file, and of single members and records within it.

A row of `sources.csv` may name a file (`2019/a.txt`), a member of a packed file (`pages.zip!2019/a.html`, also a folder
or an archive within it: `pages.zip!2019`), or a record by its number as `documents.record_no` gives it
(`lines.jsonl#17`, `pages.zip#3`). What is known of a file holds for all that is in it; what is known of less wins,
value by value.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ..project import split_place


@dataclass(frozen=True)
class SourceFacts:
    """One row of `sources.csv`, or nothing known.

    Attributes:
        line: of the row in the file; 0 where there is none.
        inside: rows of members and records of this file, by what stands behind its path (`!2019/a.html`, `#17`).
    """

    sha256: str | None = None
    outlet: str | None = None
    date: datetime.date | None = None
    url: str | None = None
    rights: str = "unknown"
    license: str | None = None
    encoding: str | None = None
    line: int = 0
    inside: Mapping[str, SourceFacts] = field(default_factory=dict)

    @cached_property
    def values(self) -> tuple[Any, ...]:
        """All that documents depend on: other values, other rows."""
        inner = tuple((place, facts.sha256, facts.values) for place, facts in sorted(self.inside.items()))
        return self.outlet, self.date, self.url, self.rights, self.license, self.encoding, inner

    def rows_of(self, member: str, record_no: int | None) -> Iterator[tuple[str, SourceFacts]]:
        """The rows about a member or record, the least precise first."""
        if not self.inside:
            return
        parts = member.split("/") if member else []
        places = ["!" + "/".join(parts[: number + 1]) for number in range(len(parts))]
        if record_no is not None:
            places.append(f"#{record_no}")
        yield from ((place, self.inside[place]) for place in places if place in self.inside)

    def within(self, member: str, record_no: int | None) -> SourceFacts:
        """What is known of a member or record: what its own rows leave open, those around it and the file's say."""
        known = self
        for _, row in self.rows_of(member, record_no):
            known = replace(
                known,
                outlet=row.outlet or known.outlet,
                date=row.date or known.date,
                url=row.url or known.url,
                rights=row.rights if row.rights != "unknown" else known.rights,
                license=row.license or known.license,
                encoding=row.encoding or known.encoding,
            )
        return known


NOTHING_KNOWN = SourceFacts()


def facts_by_file(rows: Mapping[str, SourceFacts], files: Collection[str]) -> dict[str, SourceFacts]:
    """The rows of `sources.csv` by the file that they are about; one whose file is not there keeps its own path."""
    found: dict[str, SourceFacts] = {}
    inside: dict[str, dict[str, SourceFacts]] = {}
    for source_path, row in rows.items():
        place = split_place(source_path, files)
        if place is None or not place[1]:
            found[source_path] = row
        else:
            inside.setdefault(place[0], {})[place[1]] = row
    for path, rows_inside in inside.items():
        found[path] = replace(found.get(path, NOTHING_KNOWN), inside=rows_inside)
    return found
