"""`merge`, `agree`, `adjudicate`, `explain`: from judgements to gold, and back from gold to its votes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .output import add_json, emit, find_project, problem_lines, split_problems

if TYPE_CHECKING:
    from argparse import _SubParsersAction

METHODS = ("majority", "unanimous", "dawid_skene", "mace", "adjudicated")

GROUPINGS = ("all", "suggestions", "target", "label", "holder-type", "annotator-pair", "round", "month")


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this family."""
    merge = commands.add_parser(
        "merge",
        help="judgements + decisions → gold tables",
        description="Count the votes of all annotators, let decisions win, and write the gold tables. What the votes "
        "do not settle goes to the table conflicts; next: stancewire adjudicate.",
    )
    merge.add_argument(
        "--method", choices=METHODS, default=METHODS[0], help="how votes are counted (default: %(default)s)"
    )
    merge.add_argument(
        "--allow-few",
        action="store_true",
        help="let dawid_skene and mace learn from fewer than three annotators (their chances then mean little)",
    )
    add_json(merge)
    merge.set_defaults(run=run_merge)

    agree = commands.add_parser(
        "agree",
        help="how far annotators agree: what they found, and how they judged it",
        description="Print how far annotators found the same spans and judged alike what both found, with the units "
        "each figure rests on, and the reason where one is undefined.",
    )
    agree.add_argument(
        "--by", choices=GROUPINGS, metavar="GROUPING", help=f"only this grouping: {', '.join(GROUPINGS)} (default: all)"
    )
    agree.add_argument(
        "--report", metavar="FILE", type=Path, help="write one self-contained HTML page: disagreements, worst first"
    )
    add_json(agree)
    agree.set_defaults(run=run_agree)

    adjudicate = commands.add_parser(
        "adjudicate",
        help="list the open conflicts, or take decisions in",
        description="List the conflicts that no decision settles, their versions side by side under neutral names; or, "
        "with --decide and --by, check decisions and append them to annotations/adjudications.jsonl. "
        "Then: stancewire merge.",
    )
    adjudicate.add_argument(
        "--method", choices=METHODS, default=METHODS[0], help="how votes are counted (default: %(default)s)"
    )
    adjudicate.add_argument("--document", metavar="DOC_ID", help="only the conflicts of this document")
    adjudicate.add_argument(
        "--decide", metavar="FILE", type=Path, help="append the decisions of FILE (one JSON object a line)"
    )
    adjudicate.add_argument("--by", metavar="PSEUDONYM", help="who decided; one of campaign.yaml's adjudicators")
    add_json(adjudicate)
    adjudicate.set_defaults(run=run_adjudicate)

    explain = commands.add_parser(
        "explain",
        help="one row: its text in context, every vote, who decided and why",
        description="Explain one gold row, or why there is none, down to its votes and the decision on it.",
    )
    explain.add_argument(
        "id", metavar="ID", help="id of a mention, stance, conflict, decision or judgement, or DOC_ID/TARGET_ID"
    )
    add_json(explain)
    explain.set_defaults(run=run_explain)


def run_merge(args: argparse.Namespace) -> int:
    """Merge and write the gold tables."""
    from ..gold.stage import write_gold

    project = find_project(args)
    with project.writing():
        report = write_gold(project, args.method, allow_few=args.allow_few)
    bad, warned = split_problems(report.problems)
    lines = [f"{name}: {count}" for name, count in report.counts.items()]
    if report.counts["open_conflicts"]:
        lines.append("next: stancewire adjudicate")
    emit(
        args,
        {"counts": report.counts, "problems": [p.as_json() for p in bad], "warnings": [p.as_json() for p in warned]},
        [*lines, *problem_lines(report.problems)],
    )
    return 1 if bad else 0


def run_agree(args: argparse.Namespace) -> int:
    """Measure agreement on the judgements as they are."""
    from ..agreement.disagreements import disagreement_page
    from ..agreement.levels import level_lines, meaning_notes
    from ..gold.evidence import read_evidence, read_rows

    project = find_project(args)
    evidence = read_evidence(project)
    stories = {row["doc_id"]: row["story_id"] for row in read_rows(project, project.corpus, "stories")}
    units = evidence.units()
    rows = evidence.agreement(units, stories)
    names = sorted({row["annotator_id"] for row in evidence.assignments if row["state"] == "submitted"})
    notes = meaning_notes(units, stories, names)
    levels, below = level_lines(rows, dict(evidence.codebook.rules.agreement))
    if args.report is not None:
        title = evidence.codebook.title or project.root.name
        args.report.write_text(
            disagreement_page(units, rows, evidence.texts, [*notes, *below], title), encoding="utf-8", newline="\n"
        )
    if args.by:
        rows = [row for row in rows if row["by"] == args.by.replace("-", " ")]
    lines = [f"note: {note}" for note in notes] + _agreement_lines(rows) + levels
    if args.report is not None:
        lines.append(f"disagreements, worst first: {args.report}")
    emit(args, {"agreement": rows, "notes": notes, "levels": levels, "below_level": below}, lines)
    return 0


def _agreement_lines(rows: list[dict[str, Any]]) -> list[str]:
    """The table in words; a reason that several rows share is said once, below, under its number."""
    lines: list[str] = []
    notes: dict[str, int] = {}
    group = None
    for row in rows:
        if group != (row["layer"], row["by"], row["group"]):
            group = (row["layer"], row["by"], row["group"])
            lines.append(row["layer"] + ("" if row["by"] == "all" else f", {row['by']} {row['group']}"))
        value = "undefined" if row["value"] is None else f"{row['value']:.3f}"
        if row["low"] is not None:
            value += f" [{row['low']:.3f}, {row['high']:.3f}]"
        marks = [notes.setdefault(reason, len(notes) + 1) for reason in (row["reason"] or "").split("; ") if reason]
        rests = f"{row['n_units']} units, {row['n_stories']} stories, {row['n_annotators']} annotators"
        lines.append(f"  {row['measure']}: {value} ({rests}){''.join(f' [{number}]' for number in marks)}")
    return lines + [f"[{number}] {reason}" for reason, number in notes.items()]


def run_adjudicate(args: argparse.Namespace) -> int:
    """List open conflicts, or append decisions."""
    from ..errors import UsageError
    from ..gold.adjudicate import conflict_lines, open_conflicts
    from ..gold.evidence import read_evidence

    if (args.decide is None) != (args.by is None):
        raise UsageError("--decide FILE and --by PSEUDONYM go together")
    project = find_project(args)
    if args.decide is not None:
        return _decide(args, project)
    conflicts = open_conflicts(read_evidence(project), args.method, args.document)
    lines = [line for conflict in conflicts for line in (*conflict_lines(conflict), "")]
    count = f"{len(conflicts)} open conflict{'' if len(conflicts) == 1 else 's'}"
    if conflicts:
        count += (
            '; decide with lines of {"conflict_id": ..., "value": ..., "reason": ...}: --decide FILE --by PSEUDONYM'
        )
    emit(args, {"conflicts": conflicts}, [*lines, count])
    return 0


def _decide(args: argparse.Namespace, project: Any) -> int:
    import datetime

    from ..gold.adjudicate import take_in

    with project.writing():
        # a decision is a record of what a person did today; nothing made depends on this clock
        fresh, problems = take_in(project, args.decide, args.by, datetime.datetime.now(datetime.UTC).date())
    lines = problem_lines(problems) if problems else [f"{len(fresh)} decisions appended; next: stancewire merge"]
    emit(args, {"appended": [item.decision_id for item in fresh], "problems": [p.as_json() for p in problems]}, lines)
    return 1 if problems else 0


def run_explain(args: argparse.Namespace) -> int:
    """Explain one row."""
    from ..gold.explain import explain, explanation_lines

    about = explain(find_project(args), args.id)
    emit(args, about, explanation_lines(about))
    return 0
