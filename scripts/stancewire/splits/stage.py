"""The table `splits` and its certificate, made from `annotations/splits.yaml`; a part of the stage gold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ..errors import Problem
from ..project import Project
from ..tables import read_table, read_table_schema
from .assign import Assignment, Member, assign
from .border import check_border
from .certificate import certificate_bytes, certify, reading_texts
from .settings import FILE, Settings, read_settings

Row = dict[str, Any]


@dataclass(frozen=True)
class Split:
    """A split as it was made: rows of the table, the certificate, and what a person should know."""

    settings: Settings
    rows: list[Row]
    certificate: dict[str, Any]
    assignment: Assignment
    problems: tuple[Problem, ...]

    @property
    def certificate_bytes(self) -> bytes:
        """The certificate's file."""
        return certificate_bytes(self.certificate)


def make_split(project: Project, targets: Mapping[str, Iterable[str]]) -> Split | None:
    """The split that `splits.yaml` asks for; None where there is no such file.

    Args:
        targets: doc_id -> targets that somebody takes a side on in it, for `stratify`.

    Raises:
        CodebookError: splits.yaml cannot be used. TableError: a corpus table is missing or stale.
    """
    settings = read_settings(project.splits_yaml)
    return None if settings is None else split_corpus(project, settings, targets)


def split_corpus(project: Project, settings: Settings, targets: Mapping[str, Iterable[str]]) -> Split:
    """The split of the corpus under some settings; nothing is written."""
    documents = _columns(project, "documents", "doc_id", "text", "date", "outlet")
    texts = reading_texts(
        [(doc_id, text) for doc_id, text, _, _ in documents],
        _columns(project, "segments", "doc_id", "role", "start", "end"),
    )
    stories = {doc_id: rest for doc_id, *rest in _columns(project, "stories", "doc_id", "story_id", "date_inferred")}
    doc_ids = sorted(texts)
    known = {doc_id: (date, outlet) for doc_id, _, date, outlet in documents}
    members = [
        Member(
            doc_id,
            stories[doc_id][0],
            known[doc_id][0] or stories[doc_id][1],
            known[doc_id][1],
            frozenset(targets.get(doc_id, ())),
        )
        for doc_id in doc_ids
    ]
    # Reprints that the weakest link kept in different stories would leak all the same: they stay together here.
    numbers = {story: number for number, story in enumerate(sorted({member.story_id for member in members}))}
    across = check_border([texts[doc_id] for doc_id in doc_ids], [numbers[member.story_id] for member in members])
    together = [(doc_ids[pair.a], doc_ids[pair.b]) for pair in across.leaks]
    together += _columns(project, "reprints", "doc_id_a", "doc_id_b")
    assignment = assign(members, together, settings)
    certificate, border, placed = certify(texts, assignment.part_of)
    problems = [Problem(FILE, "", "split-note", 2, note, "warning") for note in assignment.notes]
    for pair in border.leaks:
        said = f"{placed[pair.a]} and {placed[pair.b]} share {pair.containment:.2f} across the border"
        problems.append(Problem(FILE, "", "split-certificate", 1, said))
    rows = [
        {"doc_id": doc_id, "story_id": stories[doc_id][0], "split": part}
        for doc_id, part in sorted(assignment.part_of.items())
    ]
    return Split(settings, rows, certificate, assignment, tuple(problems))


def targets_of(stances: Iterable[Row], document_stances: Iterable[Row]) -> dict[str, set[str]]:
    """doc_id -> targets on which gold has a stance in it (`none` is no stance)."""
    found: dict[str, set[str]] = {}
    for row in chain(stances, (row for row in document_stances if row["stance"] != "none")):
        found.setdefault(row["doc_id"], set()).add(row["target_id"])
    return found


def _columns(project: Project, name: str, *columns: str) -> list[tuple[Any, ...]]:
    table = read_table(project.corpus, read_table_schema(name, project.table_schemas), list(columns))
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
