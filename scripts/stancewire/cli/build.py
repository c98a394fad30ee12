"""`stancewire build` and `stancewire pipeline`."""

from __future__ import annotations

import argparse

from .output import add_json, add_scheduler, emit, find_project, problem_lines, split_problems


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this family's commands."""
    text = "Make every made file anew from what was received and decided; no server needed."
    parser = commands.add_parser(
        "build",
        help=text,
        description=text
        + " Sources, exports, decisions and releases are never touched; the result has the same bytes on any machine.",
    )
    crew = parser.add_mutually_exclusive_group()
    crew.add_argument("--workers", type=_positive, default=1, metavar="N", help="processes (default: 1)")
    add_scheduler(crew)
    add_json(parser)
    parser.set_defaults(run=run_build)

    text = "The main job end to end, with a real Label Studio, in a copy of the project."
    parser = commands.add_parser(
        "pipeline",
        help=text,
        description=text
        + " Converts the sources, sends the tasks to an embedded server, restores the shipped annotations into it,"
        " pulls them, and proves that every judgement and every table comes back as shipped. The checkout stays clean.",
    )
    parser.add_argument(
        "--serve", action="store_true", help="leave the server up, and print its address and the accounts"
    )
    parser.add_argument("--workers", type=_positive, default=1, metavar="N", help="processes (default: 1)")
    add_json(parser)
    parser.set_defaults(run=run_pipeline)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def run_build(args: argparse.Namespace) -> int:
    """Build, then print what was made; 1 where a source was rejected or an export is broken."""
    from ..build import N_STEPS, build_project
    from ..engine.steps import Steps

    report = build_project(find_project(args), args.workers, Steps(N_STEPS, quiet=args.json), args.scheduler)
    bad, warned = split_problems(report.problems)
    data = {
        "version": report.version,
        "rows": report.rows,
        "problems": [problem.as_json() for problem in bad],
        "warnings": [problem.as_json() for problem in warned],
    }
    made = f"made {len(report.rows)} tables, {sum(report.rows.values())} rows; data version {report.version}"
    emit(args, data, [*problem_lines(report.problems), made])
    return 1 if bad else 0


def run_pipeline(args: argparse.Namespace) -> int:
    """Run the pipeline, then print the proof and the places; 1 where anything differs from what is shipped."""
    from ..engine.steps import Steps
    from ..pipeline import N_STEPS, run_main_job

    report = run_main_job(find_project(args), args.workers, args.serve, Steps(N_STEPS, quiet=args.json))
    emit(args, report.as_json(), report.lines())
    return 1 if report.differences else 0
