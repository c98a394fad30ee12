"""`schema/codebook.yaml` → `Codebook`. All that can be wrong in it is found at once, by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import Problem
from .conform import Findings, raise_first, read_conforming
from .meaning import check_meaning
from .model import (
    Choice,
    Codebook,
    Entity,
    Example,
    GoldSettings,
    Pass,
    Rules,
    Target,
    Walkthrough,
    WorkedMention,
    WorkedStance,
)


def read_codebook(path: Path) -> Codebook:
    """The codebook in a YAML file.

    Raises:
        CodebookError: the file is missing, is not YAML, breaks `codebook.schema.json`, or contradicts itself; the
            message names line, key and the nearest known name, and how many more problems there are.
    """
    value, problems = _read(Path(path))
    raise_first(problems)
    return make_codebook(value)


def check_codebook(path: Path) -> list[Problem]:
    """All problems of a codebook, in the order of its lines; none where it can be read."""
    problems = _read(Path(path))[1]
    return sorted(problems, key=lambda problem: int(problem.place or 0))


def _read(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    file, problems = read_conforming(path, "codebook", "codebook")
    if file is not None and not problems:  # what it means can only be asked of a file that has the right shape
        findings = Findings(path, file)
        check_meaning(findings)
        problems = findings.problems
    return ({} if file is None else file.value), problems


def make_codebook(value: dict[str, Any]) -> Codebook:
    """A codebook from its plain value, which conforms to the schema."""
    return Codebook(
        version=value["version"],
        title=_line(value["title"]),
        introduction=_line(value["introduction"]),
        mention_labels=_choices(value["mention_labels"]),
        mention_kinds=_choices(value["mention_kinds"]),
        targets=tuple(_target(item) for item in value["targets"]),
        stances=_choices(value["stances"]),
        document_stances=_choices(value["document_stances"]),
        attributions=_choices(value["attributions"]),
        holder_types=_choices(value["holder_types"]),
        via_types=_choices(value["via_types"]),
        flags=_choices(value["flags"]),
        passes=tuple(
            Pass(
                name=item["name"],
                title=_line(item["title"]),
                roles=tuple(item["roles"]),
                purpose=_line(item.get("purpose", "")),
                rules=_lines(item.get("rules", ())),
            )
            for item in value["passes"]
        ),
        entities=tuple(
            Entity(item["entity_id"], item["name"], item["label"], tuple(item.get("aliases", ())))
            for item in value.get("entities", ())
        ),
        rules=_rules(value.get("rules", {})),
        gold=_gold(value.get("gold", {})),
        furniture=tuple(value.get("furniture", ())),
        wires=tuple(value.get("wires", {}).items()),
        outlets=tuple(value.get("outlets", ())),
        doubt=_lines(value.get("doubt", ())),
        walkthrough=_walkthrough(value["walkthrough"]) if "walkthrough" in value else None,
    )


def _line(text: str) -> str:
    """Folded and literal scalars alike become one paragraph."""
    return " ".join(text.split())


def _lines(texts: Any) -> tuple[str, ...]:
    return tuple(_line(text) for text in texts)


def _choice_values(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": item["id"],
        "name": _line(item["name"]),
        "definition": _line(item["definition"]),
        "hotkey": item.get("hotkey"),
        "color": item.get("color"),
        "examples": _examples(item.get("examples", ())),
        "counter_examples": _examples(item.get("counter_examples", ())),
        "borderline": _examples(item.get("borderline", ())),
        "aliases": tuple(item.get("aliases", ())),
    }


def _choices(items: list[dict[str, Any]]) -> tuple[Choice, ...]:
    return tuple(Choice(**_choice_values(item)) for item in items)


def _target(item: dict[str, Any]) -> Target:
    return Target(
        **_choice_values(item),
        favor_means=_line(item["favor_means"]),
        against_means=_line(item["against_means"]),
        inverse_of=item.get("inverse_of"),
        document=item.get("document", "inverse_of" not in item),
    )


def _examples(items: Any) -> tuple[Example, ...]:
    return tuple(Example(_line(item["text"]), _line(item["note"])) for item in items)


def _rules(item: dict[str, Any]) -> Rules:
    default = Rules()
    return Rules(
        mention_overlap=float(item.get("mention_overlap", default.mention_overlap)),
        stance_overlap=float(item.get("stance_overlap", default.stance_overlap)),
        agreement=tuple(_levels(item.get("agreement", {}))),
        leading_articles=tuple(item.get("leading_articles", ())),
        possessives=tuple(item.get("possessives", ())),
        nesting=item.get("nesting", default.nesting),
    )


def _levels(given: dict[str, Any]) -> Iterator[tuple[str, str, str, float]]:
    for layer, metrics in given.items():
        for metric, fields in metrics.items() if isinstance(metrics, dict) else (("", metrics),):
            for field, level in fields.items() if isinstance(fields, dict) else (("", fields),):
                yield layer, metric, field, float(level)


def _gold(item: dict[str, Any]) -> GoldSettings:
    given = dict(item)
    method, allow_few = given.pop("method", GoldSettings.method), given.pop("allow_few", False)
    return GoldSettings(method, tuple(given.items()), allow_few)


def _walkthrough(item: dict[str, Any]) -> Walkthrough:
    return Walkthrough(
        paragraphs=_lines(item["paragraphs"]),
        mentions=tuple(
            WorkedMention(_line(m["text"]), m["label"], m.get("kind", "name"), m["entity"], _line(m["why"]))
            for m in item["mentions"]
        ),
        stances=tuple(
            WorkedStance(
                text=_line(s["text"]),
                target=s["target"],
                stance=s["stance"],
                attribution=s["attribution"],
                holders=tuple(s["holders"]),
                via=s.get("via", ""),
                why=_line(s["why"]),
                comment=_line(s.get("comment", "")),
            )
            for s in item["stances"]
        ),
        documents=tuple((d["target"], d["stance"], _line(d["why"])) for d in item["documents"]),
        not_marked=_examples(item.get("not_marked", ())),
    )
