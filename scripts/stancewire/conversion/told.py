"""What sources gave rise to: rejects, problems and tallies, counted, in order, and on disk where they are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

from ..engine import Runs
from ..errors import Problem
from ..sources import Reject
from .parts import Tally

Said = Reject | Problem | Tally
# Of one check; all rejects stand in their table, and all that was said of a file in the state.
MOST_TOLD = 10_000


@dataclass
class Told:
    """What was said in one conversion.

    Attributes:
        met: tallies by kind and what was met. listed: file and place of the rows of `sources.csv` that were met.
        withdrawn: documents that were met and left out, and where. checks: how many rejects each check gave.
    """

    rejects: Runs[Reject] = field(default_factory=lambda: Runs(attrgetter("source_path", "record_no")))
    problems: Runs[Problem] = field(default_factory=lambda: Runs(attrgetter(*Problem.__dataclass_fields__)))
    met: dict[str, Counter[str]] = field(default_factory=lambda: {"aside": Counter(), "columns": Counter()})
    listed: set[tuple[str, str]] = field(default_factory=set)
    withdrawn: dict[str, str] = field(default_factory=dict)
    checks: Counter[str] = field(default_factory=Counter)

    def hear(self, said: Iterable[Said]) -> None:
        """Take in what single sources gave rise to."""
        rejects: list[Reject] = []
        problems: list[Problem] = []
        for item in said:
            if isinstance(item, Reject):
                rejects.append(item)
                self.checks[item.check] += 1
            elif isinstance(item, Problem):
                problems.append(item)
            elif item.kind == "listed":
                self.listed.add((item.source_path, item.what))
            elif item.kind == "withdrawn":
                doc_id, _, place = item.what.partition("\n")
                self.withdrawn[doc_id] = item.source_path + place
            else:
                self.met[item.kind][item.what] += item.count
        self.rejects.add(rejects)
        self.problems.add(problems)

    def all_problems(self) -> list[Problem]:
        """Problems in order; of a check that very many sources fail the first, and how many more there are."""
        found, more = [], Counter[tuple[str, int, str]]()
        seen: Counter[str] = Counter()
        for problem in self.problems:
            seen[problem.check] += 1
            if seen[problem.check] <= MOST_TOLD:
                found.append(problem)
            else:
                more[problem.check, problem.level, str(problem.severity)] += 1
        for (check, level, severity), count in sorted(more.items()):
            message = f"{count} more sources say the same as these {MOST_TOLD}"
            found.append(Problem("", "", check, level, message, "warning" if severity == "warning" else "problem"))
        return found


def one_a_place(rejects: Iterable[Reject]) -> Iterator[Reject]:
    """Rejects that come by place; of files of one path in two roots, or of one that fails twice, they are joined."""
    last: Reject | None = None
    for reject in rejects:
        if last is not None and (last.source_path, last.record_no) == (reject.source_path, reject.record_no):
            last = replace(last, message=f"{last.message} | {reject.message}")
            continue
        if last is not None:
            yield last
        last = reject
    if last is not None:
        yield last


def first_of(rejects: Sequence[Reject]) -> list[Reject]:
    """By place, for those who want to see some."""
    return list(one_a_place(sorted(rejects, key=attrgetter("source_path", "record_no"))))
