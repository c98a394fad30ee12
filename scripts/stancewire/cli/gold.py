"""`merge`, `agree`, `adjudicate`, `explain`: from judgements to gold, and back from gold to its votes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .output import add_json, emit, find_project, problem_lines, split_problems

if TYPE_CHECKING:
    from argparse import _SubParsersAction

METHODS = ("majority", "unanimous")


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
    add_json(merge)
    merge.set_defaults(run=run_merge)

    agree = commands.add_parser(
        "agree",
        help="how far annotators agree: what they found, and how they judged it",
        description="Print how far annotators found the same spans and judged alike what both found, with the units "
        "each figure rests on, and the reason where one is undefined.",
    )
    agree.add_argument(
        "--by", choices=("all", "label", "target", "suggestions"), help="only this grouping (default: all of them)"
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
    from ..release.package import write_package

    project = find_project(args)
    with project.writing():
        report = write_gold(project, args.method)
        if project.datapackage_json.is_file():  # else there is nothing yet that could grow stale
            write_package(project)
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
    from ..agreement.measure import measure_agreement
    from ..gold.evidence import read_evidence, read_rows

    project = find_project(args)
    evidence = read_evidence(project)
    stories = {row["doc_id"]: row["story_id"] for row in read_rows(project, project.corpus, "stories")}
    rows = measure_agreement(evidence.units(), stories, evidence.models)
    if args.by:
        rows = [row for row in rows if row["by"] == args.by]
    below = _below_levels(rows, dict(evidence.codebook.rules.agreement))
    emit(args, {"agreement": rows, "below_level": below}, [*_agreement_lines(rows), *below])
    return 0


def _below_levels(rows: list[dict[str, Any]], levels: dict[str, float]) -> list[str]:
    """The codebook's least agreement by layer: said, never enforced."""
    said = []
    for row in rows:
        level = levels.get(row["layer"])
        main = row["measure"].startswith("Krippendorff") or row["measure"].startswith("span F1, overlapping")
        if level is not None and main and row["by"] == "all" and row["value"] is not None and row["value"] < level:
            said.append(
                f"warning: {row['layer']}: {row['measure']} is {row['value']:.3f}, under the codebook's {level}"
            )
    return said


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
