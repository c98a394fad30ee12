"""How commands print: lines for people, or with --json exactly one JSON object on stdout."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import Problem
from ..project import Project


def add_json(parser: argparse.ArgumentParser) -> None:
    """Give a command its --json option."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def add_scheduler(parser: argparse._ActionsContainer) -> None:
    """Give a command its --scheduler option, in the place of --workers."""
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="work on an existing Dask cluster instead of processes, e.g. tcp://host:8786 (extra: scale); all its "
        "machines need sources and tables on shared storage, under the same paths, and the same installation; same "
        "bytes. Start workers with --nthreads 1",
    )


def find_project(args: argparse.Namespace) -> Project:
    """The project that the command is about."""
    return Project.find(args.project)


def emit(args: argparse.Namespace, data: dict[str, Any], lines: Iterable[str]) -> None:
    """Print `data` as JSON where --json was given, else the lines."""
    if getattr(args, "json", False):
        print(json.dumps(data, ensure_ascii=False, indent=1, default=str))
    else:
        for line in lines:
            print(line)


def split_problems(problems: Sequence[Problem]) -> tuple[list[Problem], list[Problem]]:
    """Problems, which change the exit code, and warnings, which never do; each sorted by place."""
    ordered = sorted(problems)
    return [p for p in ordered if p.severity == "problem"], [p for p in ordered if p.severity == "warning"]


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """Problems first, then warnings marked as such, then the count of both."""
    bad, warned = split_problems(problems)
    lines = [str(problem) for problem in bad] + [f"warning: {problem}" for problem in warned]
    return [*lines, f"{_count(len(bad), 'problem')}, {_count(len(warned), 'warning')}"]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
