"""`schema/dataset.yaml`: title, description, contributors, licences, keywords; what no program can know of the data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

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
    `columns` say which column of the sources is what, ours -> theirs; those that are not named are guessed.
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
    columns: Mapping[str, str] = field(default_factory=dict)


def read_dataset(path: Path) -> Dataset:
    """The description in a YAML file.

    Raises:
        CodebookError: the file is missing or breaks `dataset.schema.json` (an e-mail address breaks it).
    """
    file, problems = read_conforming(Path(path), "dataset", "dataset")
    raise_first(problems)
    assert file is not None  # no problems: it was read
    return _dataset(file.value)


def keep_columns(path: Path, columns: Mapping[str, str]) -> None:
    """Write column names into the file, as one line, beside those that stand there; its other lines stay as they are.

    Raises:
        CodebookError: the file is missing or breaks its schema.
    """
    kept = {**read_dataset(path).columns, **columns}
    flow = yaml.safe_dump(kept, default_flow_style=True, sort_keys=True, allow_unicode=True, width=10_000).strip()
    line = f"columns: {flow}"
    text = path.read_text(encoding="utf-8")
    changed, n_found = re.subn(r"^columns:[^\n]*(?:\n[ \t]+[^\n]*)*", lambda _: line, text, count=1, flags=re.MULTILINE)
    if not n_found:
        comment = "# Which column of the sources is what (ours: theirs); what is not named here is guessed."
        changed = f"{text.rstrip()}\n{comment}\n{line}\n"
    if changed != text:
        beside = path.with_name(f"{path.name}.tmp")
        beside.write_text(changed, encoding="utf-8")
        beside.replace(path)


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
        columns=dict(value.get("columns", {})),
    )
