"""codebook: check the one source of labels, and make all that is made from it.

stancewire codebook check    codebook, campaign and dataset description: each problem by line and key
stancewire codebook build    interfaces, guidelines, JSON Schemas, the tables' categories
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .output import add_json, emit, find_project, problem_lines

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `codebook` to the command line."""
    text = "Check the codebook, the one source of labels, or make all that is made from it."
    family = commands.add_parser("codebook", help=text, description=text)
    actions = family.add_subparsers(title="actions", metavar="ACTION", required=True)
    text = "Print every problem of codebook.yaml, campaign.yaml and dataset.yaml: line, key, nearest known name."
    check = actions.add_parser("check", help=text, description=text)
    add_json(check)
    check.set_defaults(run=run_check)
    text = "Make the labelling interfaces, the guidelines, the JSON Schemas and the tables' categories."
    build = actions.add_parser("build", help=text, description=text)
    build.add_argument("--check", action="store_true", help="write nothing; exit 1 where a made file differs")
    add_json(build)
    build.set_defaults(run=run_build)


def run_check(args: argparse.Namespace) -> int:
    """`codebook check`: exit 1 where there is a problem."""
    from ..codebook import check_campaign, check_codebook, check_dataset

    project = find_project(args)
    problems = check_codebook(project.codebook_yaml)
    for check, path in ((check_campaign, project.campaign_yaml), (check_dataset, project.dataset_yaml)):
        if path.exists():  # a new project may have neither yet
            problems += check(path)
    data = {"problems": [problem.as_json() for problem in problems]}
    emit(args, data, problem_lines(problems))
    return 1 if problems else 0


def run_build(args: argparse.Namespace) -> int:
    """`codebook build`: exit 1 with --check where a made file differs."""
    from ..codebook import read_codebook, write_codebook_files

    project = find_project(args)
    if args.check:
        result = write_codebook_files(project, dry_run=True)
    else:
        with project.writing():
            result = write_codebook_files(project)
    version = read_codebook(project.codebook_yaml).version
    changed = [project.relative(path) for path in result.changed]
    verb = "differs" if args.check else "written"
    lines = [f"{path}: {verb}" for path in changed]
    lines.append(f"codebook {version}: {len(changed)} {verb}, {len(result.same)} as they were")
    emit(args, {"codebook_version": version, "changed": changed, "same": len(result.same)}, lines)
    return 1 if args.check and changed else 0
