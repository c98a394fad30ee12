"""`schema/dataset.yaml`: title, description, contributors, licences, keywords; what no program can know of the data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Problem
from .conform import raise_first, read_conforming


@dataclass(frozen=True)
class Contributor:
    """A project or body that made the data (`title`), its `roles` as in DataCite, and a web address."""

    title: str
    roles: tuple[str, ...] = ()
    path: str | None = None


@dataclass(frozen=True)
class Licence:
    """A licence by SPDX `name`, `title` and web address."""

    name: str
    title: str
    path: str


@dataclass(frozen=True)
class Dataset:
    """The dataset as its curators describe it.

    `annotations_licence` covers every table without article text; `text_statement` says in words who owns the rest.
    """

    name: str
    title: str
    description: str
    contributors: tuple[Contributor, ...]
    annotations_licence: Licence
    text_statement: str
    keywords: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    homepage: str | None = None


def read_dataset(path: Path) -> Dataset:
    """The description in a YAML file.

    Raises:
        CodebookError: the file is missing or breaks `dataset.schema.json` (an e-mail address breaks it).
    """
    file, problems = read_conforming(Path(path), "dataset", "dataset")
    raise_first(problems)
    assert file is not None  # no problems: it was read
    return _dataset(file.value)


def check_dataset(path: Path) -> list[Problem]:
    """All problems of the description, in the order of its lines."""
    problems = read_conforming(Path(path), "dataset", "dataset")[1]
    return sorted(problems, key=lambda problem: int(problem.place or 0))


def _dataset(value: dict[str, Any]) -> Dataset:
    return Dataset(
        name=value["name"],
        title=" ".join(value["title"].split()),
        description=" ".join(value["description"].split()),
        contributors=tuple(
            Contributor(item["title"], tuple(item.get("roles", ())), item.get("path")) for item in value["contributors"]
        ),
        annotations_licence=Licence(**value["licences"]["annotations"]),
        text_statement=" ".join(value["licences"]["article_text"]["statement"].split()),
        keywords=tuple(value.get("keywords", ())),
        languages=tuple(value.get("languages", ())),
        homepage=value.get("homepage"),
    )
