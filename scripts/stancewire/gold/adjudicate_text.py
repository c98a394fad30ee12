"""Adjudication in the terminal: one case after another, each decision kept as soon as it is made.

A, B, ...   take that version's value
1, 2, ...   take that choice
=WORDS      another value: for words of the text, these words (or START:END); for a holder or via, who it is
s           leave this case for later
q           stop; an end of the input stops, too
"""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Callable
from dataclasses import replace

from ..agreement.values import DROP, boundary_value, parse_boundary
from ..project import Project
from .adjudicate import admit, append_decisions
from .adjudication_project import adjudicator, case_title, version_rows
from .cases import Case, Wording, combination_fault, open_cases
from .decisions import Decision, conflict_id
from .evidence import Evidence, read_evidence
from .methods import Method, merged_methods
from .rows import reach

CONTEXT = 300  # characters shown on either side

Ask = Callable[[str], str]
Say = Callable[[str], None]


class _Later(Exception):
    """The case is left for later."""


def ask_cases(
    project: Project,
    by: str | None,
    method: Method | None,
    doc_id: str | None,
    today: datetime.date,
    ask: Ask = input,
    say: Say = print,
) -> int:
    """Ask for every open case; how many decisions were appended.

    Args:
        by: the adjudicator (default: the only one of the campaign). method: how votes are counted (default: as they
            were when gold was merged). ask, say: how it is talked with the person.

    Raises:
        UsageError: no such adjudicator, or several and none is named.
    """
    evidence = read_evidence(project)
    name = adjudicator(evidence, by)
    wording = Wording.of(evidence)
    cases = open_cases(evidence, method or merged_methods(project, evidence.codebook), doc_id)
    appended = 0
    say(f"{len(cases)} cases for {name}; A, B, ... or a number chooses, =WORDS is another value, s skips, q stops")
    for number, case in enumerate(cases, 1):
        say("")
        for line in case_lines(case, wording, f"{number} of {len(cases)}"):
            say(line)
        try:
            made = _ask_case(case, evidence, wording, name, today, ask, say)
        except _Later:
            continue
        except EOFError:
            break
        append_decisions(project.adjudications_jsonl, made)
        appended += len(made)
    return appended


def case_lines(case: Case, wording: Wording, heading: str) -> list[str]:
    """A case in words: the passage, then the versions side by side as a table."""
    start, end = reach(case.outcome)
    lines = [f"[{heading}] {case_title(case, wording)} \u00b7 {case.unit.doc_id}"]
    text = wording.texts[case.unit.doc_id]
    if start is not None and end is not None:
        before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
        lines += _wrapped(f"\u2026{before}[{text[start:end]}]{after}\u2026")
    else:
        lines += [line for block in text.split("\n\n") if block.strip() for line in _wrapped(block)]
    for what, said in version_rows(case, wording):
        cells = "   ".join(f"{version.name}: {value}" for version, value in zip(case.versions, said, strict=True))
        lines.append(f"  {what:12} {cells}")
    for item in case.earlier:
        lines.append(f"  decided once, of other judgements: {item.field} = {item.value} ({item.reason})")
    return lines


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), 100, initial_indent="  ", subsequent_indent="  ")


def _ask_case(
    case: Case, evidence: Evidence, wording: Wording, by: str, today: datetime.date, ask: Ask, say: Say
) -> list[Decision]:
    while True:
        chosen: dict[str, str] = {}
        for field in case.open_fields:
            if chosen.get("exists") != DROP:
                chosen[field] = _ask_field(case, field, evidence, wording, by, today, ask, say)
        fault = combination_fault({**case.settled, **chosen})
        if fault is None:
            break
        say(f"  {fault}; once more")
    reason = ""
    while not reason:
        reason = " ".join(_answer(ask, "  why? ").split())
    return [
        replace(_decision(case, field, value, by, evidence, today), reason=reason) for field, value in chosen.items()
    ]


def _ask_field(
    case: Case,
    field: str,
    evidence: Evidence,
    wording: Wording,
    by: str,
    today: datetime.date,
    ask: Ask,
    say: Say,
) -> str:
    choices = wording.choices(case, field)
    given = case.given(field)
    listed = [f"{number} {wording.words(case, field, value)}" for number, value in enumerate(choices, 1)]
    for line in _wrapped(f"{field}: " + " \u00b7 ".join(listed)):
        say(line)
    names = {name: value for value, versions in given.items() for name in versions}
    while True:
        answer = _answer(ask, f"  {field}? ").strip()
        value = _value(case, field, answer, choices, names, wording)
        if value is None:
            say(f"  {answer!r} is none of: {', '.join(names)}, 1-{len(choices)}, =WORDS, s, q")
            continue
        _, problems = admit(evidence, [_decision(case, field, value, by, evidence, today)], "")
        if not problems:
            return value
        say(f"  {problems[0].message}")


def _value(
    case: Case, field: str, answer: str, choices: list[str], names: dict[str, str], wording: Wording
) -> str | None:
    """What an answer means; None where it means nothing."""
    if answer.upper() in names:
        return names[answer.upper()]
    if answer.isdecimal() and 1 <= int(answer) <= len(choices):
        return choices[int(answer) - 1]
    if not answer.startswith("=") or not answer[1:].strip():
        return None
    words = answer[1:].strip()
    if field == "boundary":
        return _place(case, words, wording)
    if field in ("holder", "via") and words not in choices:
        return words if words.partition(":")[0] in ("entity", "other") else f"other:{words}"
    return words


def _place(case: Case, words: str, wording: Wording) -> str | None:
    """The place of words that stand but once near the case, or START:END as it is."""
    try:
        return boundary_value(*parse_boundary(words))
    except ValueError:
        pass
    start, end = reach(case.outcome)
    text = wording.texts[case.unit.doc_id]
    low, high = max(0, (start or 0) - CONTEXT), (end or 0) + CONTEXT
    found = text.find(words, low, high)
    if found < 0 or text.find(words, found + 1, high) >= 0:
        return None
    return boundary_value(found, found + len(words))


def _answer(ask: Ask, prompt: str) -> str:
    answer = ask(prompt)
    if answer.strip() == "s":
        raise _Later
    if answer.strip() == "q":
        raise EOFError
    return answer


def _decision(case: Case, field: str, value: str, by: str, evidence: Evidence, today: datetime.date) -> Decision:
    unit = case.unit
    return Decision(
        conflict_id=conflict_id(unit.judgement_ids, field),
        judgement_ids=unit.judgement_ids,
        layer=unit.layer,
        doc_id=unit.doc_id,
        field=field,
        value=value,
        decided_by=by,
        reason="",
        codebook_version=evidence.codebook.version,
        decided_at=today,
        line=0,
    )
