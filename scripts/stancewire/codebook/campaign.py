"""`annotations/campaign.yaml`: who annotates which pass in which round, and what kind of annotator each one is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Problem
from .conform import Findings, did_you_mean, raise_first, read_conforming
from .yaml_lines import Place, YamlFile

DEFAULT_PREFIX = "Stancewire"


@dataclass(frozen=True)
class Round:
    """One round of a pass: every one of `annotators` judges every one of `documents` (None: all), unseen by the others.

    `suggestions` says whether suggested marks are shown to them.
    """

    task_pass: str
    round: int
    annotators: tuple[str, ...]
    suggestions: bool = False
    documents: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Annotator:
    """Who judges, under a pseudonym; `kind` is human or model, `model` and `model_version` are a model's alone.

    `instructions_sha256` is that of the guidelines that were followed, since those in the project move on.
    """

    annotator_id: str
    kind: str
    model: str | None = None
    model_version: str | None = None
    languages: tuple[str, ...] = ()
    training: str | None = None
    instructions_sha256: str | None = None


@dataclass(frozen=True)
class Campaign:
    """The whole plan: rounds in the order of the file, annotators (adjudicators included) by pseudonym."""

    rounds: tuple[Round, ...]
    annotators: tuple[Annotator, ...]
    adjudicators: tuple[str, ...] = ()
    title_prefix: str = DEFAULT_PREFIX

    def annotator(self, annotator_id: str) -> Annotator:
        """The annotator of this pseudonym; KeyError where there is none."""
        return {item.annotator_id: item for item in self.annotators}[annotator_id]


def read_campaign(path: Path) -> Campaign:
    """The campaign in a YAML file.

    Raises:
        CodebookError: the file is missing, breaks `campaign.schema.json`, or names an annotator it does not describe;
            the message names line, key and the nearest known name.
    """
    value, problems = _read(Path(path))
    raise_first(problems)
    return _campaign(value)


def check_campaign(path: Path) -> list[Problem]:
    """All problems of a campaign, in the order of its lines."""
    return sorted(_read(Path(path))[1], key=lambda problem: int(problem.place or 0))


def _read(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    file, problems = read_conforming(path, "campaign", "campaign")
    if file is not None and not problems:
        problems = _check_names(path, file)
    return ({} if file is None else file.value), problems


def _check_names(path: Path, file: YamlFile) -> list[Problem]:
    findings = Findings(path, file)
    known = list(file.value["annotators"])
    named: list[tuple[Place, str]] = [
        (("adjudicators", index), name) for index, name in enumerate(file.value.get("adjudicators", ()))
    ]
    for task_pass, item in file.value["passes"].items():
        seen: set[int] = set()
        for index, entry in enumerate(item["rounds"]):
            place: Place = ("passes", task_pass, "rounds", index)
            if entry["round"] in seen:
                findings.add("campaign-duplicate", 2, (*place, "round"), f"round {entry['round']} stands twice")
            seen.add(entry["round"])
            named += [((*place, "annotators", number), name) for number, name in enumerate(entry["annotators"])]
    for place, name in named:
        if name not in known:
            message = f"{name!r} is not described under annotators{did_you_mean(name, known)}"
            findings.add("campaign-reference", 2, place, message)
    return findings.problems


def _campaign(value: dict[str, Any]) -> Campaign:
    return Campaign(
        rounds=tuple(
            Round(
                task_pass=task_pass,
                round=entry["round"],
                annotators=tuple(entry["annotators"]),
                suggestions=entry.get("suggestions", False),
                documents=tuple(entry["documents"]) if "documents" in entry else None,
            )
            for task_pass, item in value["passes"].items()
            for entry in item["rounds"]
        ),
        annotators=tuple(
            Annotator(
                annotator_id=name,
                kind=item["kind"],
                model=item.get("model"),
                model_version=item.get("model_version"),
                languages=tuple(item.get("languages", ())),
                training=item.get("training"),
                instructions_sha256=item.get("instructions_sha256"),
            )
            for name, item in value["annotators"].items()
        ),
        adjudicators=tuple(value.get("adjudicators", ())),
        title_prefix=value.get("server", {}).get("title_prefix", DEFAULT_PREFIX),
    )
