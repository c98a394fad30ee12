"""`merge`, `agree`, `adjudicate`, `explain`: from judgements to gold, and back from gold to its votes."""

from __future__ import annotations

import argparse
import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .output import add_json, emit, find_project, problem_lines, split_problems

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from ..project import Project

METHODS = ("majority", "unanimous", "dawid_skene", "mace", "adjudicated")

GROUPINGS = ("all", "suggestions", "target", "label", "holder-type", "annotator-pair", "round", "month", "reprints")


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this family."""
    merge = commands.add_parser(
        "merge",
        help="judgements + decisions → gold tables",
        description="Count the votes of all annotators, let decisions win, and write the gold tables. What the votes "
        "do not settle goes to the table conflicts; next: stancewire adjudicate.",
    )
    merge.add_argument(
        "--method",
        choices=METHODS,
        help="how the votes of every layer are counted (default: as the codebook says under gold, else majority)",
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
        help="list the open conflicts; have them decided in Label Studio, here, or by a file",
        description="List the conflicts that no decision settles, their versions side by side under neutral names. "
        "--push sends them to an adjudicator's project in Label Studio, --pull takes the answers in; --text asks here, "
        "one after another; --decide takes a file. Decisions are appended to annotations/adjudications.jsonl. "
        "Then: stancewire merge.",
    )
    adjudicate.add_argument(
        "--method",
        choices=METHODS,
        help="how the votes of every layer are counted (default: as they were when gold was merged)",
    )
    adjudicate.add_argument("--document", metavar="DOC_ID", help="only the conflicts of this document")
    how = adjudicate.add_mutually_exclusive_group()
    how.add_argument(
        "--push", action="store_true", help="send the open conflicts to Label Studio; twice changes nothing"
    )
    how.add_argument("--pull", action="store_true", help="take in what was decided in Label Studio")
    how.add_argument("--text", action="store_true", help="ask here, in the terminal; each decision is kept at once")
    how.add_argument(
        "--decide", metavar="FILE", type=Path, help="append the decisions of FILE (one JSON object a line)"
    )
    adjudicate.add_argument(
        "--by",
        metavar="PSEUDONYM",
        help="who decides; one of campaign.yaml's adjudicators (needed with --decide, and where there are several)",
    )
    adjudicate.add_argument("--dry-run", action="store_true", help="with --push: say what would be sent, send nothing")
    add_json(adjudicate)
    adjudicate.set_defaults(run=run_adjudicate)

    explain = commands.add_parser(
        "explain",
        help="one row: its text in context, every vote, who decided and why",
        description="Explain one gold row, or why there is none, down to its votes and the decision on it, with what "
        "checks say of it and the releases it was in.",
    )
    explain.add_argument(
        "id",
        metavar="ID",
        help="id of a mention, stance, conflict, decision or judgement, or DOC_ID/TARGET_ID, or DOC_ID:START-END for "
        "all that is, or is not, in gold at a place",
    )
    explain.add_argument("--html", metavar="FILE", type=Path, help="write it as one self-contained page, too")
    add_json(explain)
    explain.set_defaults(run=run_explain)


def run_merge(args: argparse.Namespace) -> int:
    """Merge and write the gold tables."""
    from ..gold.stage import write_gold
    from ..release.package import write_package

    project = find_project(args)
    with project.writing():
        report = write_gold(project, args.method, allow_few=args.allow_few)
        if project.datapackage_json.is_file():  # else there is nothing yet that could grow stale
            write_package(project)
    bad, warned = split_problems(report.problems)
    lines = [f"{name}: {count}" for name, count in report.counts.items()]
    if report.note:
        lines.append(f"note: {report.note}")
    if report.counts["open_conflicts"]:
        lines.append("next: stancewire adjudicate")
    emit(
        args,
        {"counts": report.counts, "note": report.note or None}
        | {"problems": [p.as_json() for p in bad], "warnings": [p.as_json() for p in warned]},
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
    notes = meaning_notes(units, stories, names, evidence.shared)
    levels, below = level_lines(rows, evidence.codebook.rules.agreement)
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
    for (layer, by, group), listed in groupby(rows, lambda row: (row["layer"], row["by"], row["group"])):
        measures = list(listed)
        lines.append(layer + ("" if by == "all" else f", {by} {group}"))
        reasons = {row["reason"] for row in measures}
        if len(reasons) == 1 and all(row["value"] is None for row in measures):
            lines.append(f"  nothing is defined, of {len(measures)} measures{_marks(measures[0]['reason'], notes)}")
            continue
        for row in measures:
            value = "undefined" if row["value"] is None else f"{row['value']:.3f}"
            if row["low"] is not None:
                value += f" [{row['low']:.3f}, {row['high']:.3f}]"
            rests = f"{row['n_units']} units, {row['n_stories']} stories, {row['n_annotators']} annotators"
            lines.append(f"  {row['measure']}: {value} ({rests}){_marks(row['reason'], notes)}")
    return lines + [f"[{number}] {reason}" for reason, number in notes.items()]


def _marks(reason: str | None, notes: dict[str, int]) -> str:
    """The numbers of a row's reasons."""
    found = [notes.setdefault(one, len(notes) + 1) for one in (reason or "").split("; ") if one]
    return "".join(f" [{number}]" for number in found)


def run_adjudicate(args: argparse.Namespace) -> int:
    """List open conflicts, have them decided, or append decisions."""
    from ..errors import UsageError
    from ..gold.adjudicate import conflict_lines, open_conflicts
    from ..gold.evidence import read_evidence
    from ..gold.methods import merged_methods

    if args.decide is not None and args.by is None:
        raise UsageError("--decide FILE and --by PSEUDONYM go together")
    if args.by is not None and not (args.push or args.text or args.decide):
        raise UsageError("--by PSEUDONYM goes with --push, --text or --decide FILE")
    if args.dry_run and not args.push:
        raise UsageError("--dry-run goes with --push")
    if args.text and args.json:
        raise UsageError("--text talks with a person; leave --json out")
    project = find_project(args)
    for chosen, run in ((args.decide, _decide), (args.push, _push), (args.pull, _pull), (args.text, _ask)):
        if chosen:
            return run(args, project)
    evidence = read_evidence(project)
    methods = args.method or merged_methods(project, evidence.codebook)
    conflicts = open_conflicts(evidence, methods, args.document)
    lines = [line for conflict in conflicts for line in (*conflict_lines(conflict), "")]
    count = f"{len(conflicts)} open conflict{'' if len(conflicts) == 1 else 's'}"
    if conflicts:
        count += (
            "; decide in Label Studio (--push, --pull), here (--text), or with lines of "
            '{"conflict_id": ..., "value": ..., "reason": ...}: --decide FILE --by PSEUDONYM'
        )
    emit(args, {"conflicts": conflicts}, [*lines, count])
    return 0


def _push(args: argparse.Namespace, project: Project) -> int:
    from ..gold.adjudication_project import send_cases
    from ..label_studio.client import connect
    from .studio import progress

    with project.writing(), connect(project) as client, progress() as say:
        report = send_cases(project, client, args.by, args.method, args.document, args.dry_run, say)
    verb = "would be done on" if args.dry_run else "on"
    summary = f"{verb} {client.url}: {report}" + ("" if report.changed else " (nothing changed)")
    counts = dict(sorted(report.counts.items()))
    data = {"url": client.url, "changed": report.changed, **counts, "notes": report.notes}
    emit(args, data, [*report.notes, summary])
    return 0


def _pull(args: argparse.Namespace, project: Project) -> int:
    from ..gold.adjudication_project import take_answers
    from ..label_studio.client import connect

    with project.writing(), connect(project) as client:
        taken = take_answers(project, client)
    counts = ", ".join(f"{count} {name}" for name, count in taken.counts.items() if count)
    stored = [project.relative(path) for path in taken.stored]
    lines = [*taken.notes, *(f"stored {path}" for path in stored), f"tasks: {counts or 'none'}"]
    lines.append(f"{len(taken.appended)} decisions appended")
    if taken.appended:
        lines[-1] += "; next: stancewire merge"
    if taken.problems:
        lines += problem_lines(taken.problems)
    data: dict[str, Any] = {"appended": [item.decision_id for item in taken.appended], "tasks": dict(taken.counts)}
    data |= {"stored": stored, "notes": list(taken.notes), "problems": [item.as_json() for item in taken.problems]}
    emit(args, data, lines)
    return 1 if split_problems(taken.problems)[0] else 0


def _ask(args: argparse.Namespace, project: Project) -> int:
    from ..gold.adjudicate_text import ask_cases

    with project.writing():
        done = ask_cases(project, args.by, args.method, args.document, _today())
    print(f"{done} decisions appended" + ("; next: stancewire merge" if done else ""))
    return 0


def _today() -> datetime.date:
    # a decision is a record of what a person did today; nothing made depends on this clock
    return datetime.datetime.now(datetime.UTC).date()


def _decide(args: argparse.Namespace, project: Project) -> int:
    from ..gold.adjudicate import take_in

    with project.writing():
        fresh, problems = take_in(project, args.decide, args.by, _today())
    done = f"{len(fresh)} decisions appended" + ("; next: stancewire merge" if fresh else "")
    lines = problem_lines(problems) if problems else [done]
    emit(args, {"appended": [item.decision_id for item in fresh], "problems": [p.as_json() for p in problems]}, lines)
    return 1 if problems else 0


def run_explain(args: argparse.Namespace) -> int:
    """Explain one row or place."""
    from ..release.account import account, account_lines

    about = account(find_project(args), args.id)
    lines = account_lines(about)
    if args.html is not None:
        from ..release.account_page import write_page

        write_page(args.html, about)
        lines = [*lines, f"written to {args.html}"]
    emit(args, about, lines)
    return 0
