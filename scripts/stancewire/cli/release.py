"""`stancewire validate`, `verify`, `release`, `diff`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .output import add_json, emit, find_project, problem_lines, split_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..errors import Problem
    from ..release.packages import Package


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this family's commands."""
    text = "Run every check on the project; prints `place: [level check-id] message`, exits 1 where there are problems."
    parser = commands.add_parser("validate", help="every check on the whole project", description=text)
    parser.add_argument("--explain", metavar="CHECK", help="say what a check asks for, instead (`all` for every check)")
    parser.add_argument(
        "--by",
        choices=["annotator", "document"],
        help="count findings by annotator or document, instead of listing them",
    )
    add_json(parser)
    parser.set_defaults(run=run_validate)

    text = "Find one changed byte, offset or row in a project, a release folder or its zip. Needs pyarrow alone."
    parser = commands.add_parser("verify", help="is everything still what its hashes say?", description=text)
    parser.add_argument("path", nargs="?", metavar="PATH", help="what to verify (default: the project)")
    add_json(parser)
    parser.set_defaults(run=run_verify)

    text = "Freeze the data as a release in corpus/releases/VERSION, which never changes, and say what to commit."
    parser = commands.add_parser("release", help="freeze a version of the data", description=text)
    parser.add_argument("version", nargs="?", metavar="VERSION", help="default: what the changes ask for")
    parser.add_argument(
        "--flavour", choices=["full"], help="full: with the articles' texts, also where rights are unclear"
    )
    parser.add_argument("--dry-run", action="store_true", help="check everything and say the version; write nothing")
    add_json(parser)
    parser.set_defaults(run=run_release)

    text = "List how two versions of the data differ, row by row and value by value."
    parser = commands.add_parser("diff", help="how two versions differ", description=text)
    parser.add_argument("old", metavar="OLD", help="a version of this project, a folder or a zip")
    parser.add_argument("new", metavar="NEW", help="likewise; `.` is the project as it stands")
    add_json(parser)
    parser.set_defaults(run=run_diff)


def run_validate(args: argparse.Namespace) -> int:
    """Run every check, or explain one."""
    from ..checks.catalogue import CATALOGUE, find_check

    if args.explain is not None:
        checks = list(CATALOGUE.values()) if args.explain == "all" else [find_check(args.explain)]
        data = {"checks": [vars(check) for check in checks]}
        emit(args, data, (check.explain() for check in checks))
        return 0
    from ..gold.findings import validate_project

    project = find_project(args)
    if args.by is not None:
        from ..checks.findings import count_findings
        from ..checks.loading import every_line

        with every_line():
            found = validate_project(project)
        counted = count_findings(project, found, args.by)
        keys = (args.by, "check", "findings")
        width = max((len(name) for name, *_ in counted), default=0)
        lines = [f"{name:{width}}  {number:6}  {check}" for name, check, number in counted]
        data = {"findings": [dict(zip(keys, row, strict=True)) for row in counted]} | {
            "counts": _report(found)["counts"]
        }
        emit(args, data, [*lines, problem_lines(found)[-1]])
        return 1 if split_problems(found)[0] else 0
    found = validate_project(project)
    *listed, summary = problem_lines(found)
    explained = [f"[{check}] {CATALOGUE[check].line} {_sentence(CATALOGUE[check].remedy)}" for check in _checks(found)]
    emit(args, _report(found) | {"checks": len(CATALOGUE)}, [*listed, *explained, summary])
    return 1 if split_problems(found)[0] else 0


def _checks(found: Sequence[Problem]) -> list[str]:
    """The checks that found something, each once, problems first."""
    bad, warned = split_problems(found)
    return list(dict.fromkeys(problem.check for problem in (*bad, *warned)))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _report(found: Sequence[Problem]) -> dict[str, Any]:
    problems, warnings = split_problems(found)
    return {
        "problems": [problem.as_json() for problem in problems],
        "warnings": [problem.as_json() for problem in warnings],
        "counts": {"problems": len(problems), "warnings": len(warnings)},
    }


def run_verify(args: argparse.Namespace) -> int:
    """Verify a project or a release."""
    from ..release.verify import verify

    path = Path(args.path) if args.path is not None else find_project(args).root
    result = verify(path)
    seen = {"kind": result.kind, "tables": result.n_tables, "rows": result.n_rows}
    summary = f"{result.kind}: {result.n_tables} tables, {result.n_rows} rows"
    emit(args, {"path": str(path)} | seen | _report(result.problems), [*problem_lines(result.problems), summary])
    return 1 if split_problems(result.problems)[0] else 0


def run_release(args: argparse.Namespace) -> int:
    """Freeze a release."""
    from ..release.freeze import release

    project = find_project(args)
    made = release(project, args.version, args.flavour, args.dry_run)
    folder = project.relative(made.folder)
    archive = None if made.archive is None else project.relative(made.archive)
    lines = [
        f"{'would write' if args.dry_run else 'wrote'} {folder} ({made.level} change, {made.n_changes} changed values)"
    ]
    if archive is not None:
        lines.append(f"the package is too large for git; publish {archive}")
    if not args.dry_run:
        lines += ["now commit it:", f"  git add {' '.join(made.to_commit)}"]
        lines += [f"  git commit -m 'Release data {made.version}' && git tag data-{made.version}"]
    data = {"version": str(made.version), "level": made.level, "changes": made.n_changes, "folder": folder}
    emit(args, data | {"archive": archive, "commit": list(made.to_commit), "dry_run": args.dry_run}, lines)
    return 0


def run_diff(args: argparse.Namespace) -> int:
    """Print how two versions differ."""
    from ..release.diff import diff_packages
    from ..release.levels import change_level

    old, new = _package(args, args.old), _package(args, args.new)
    changes = diff_packages(old, new, new.version)
    level = change_level(old, new, changes)
    lines = [_change_line(row) for row in changes]
    summary = f"{len(changes)} changes, level {level}: {old.version} -> {new.version}"
    emit(args, {"old": old.version, "new": new.version, "level": level, "changes": changes}, [*lines, summary])
    return 0


def _change_line(row: dict[str, Any]) -> str:
    place = f"{row['table']} {row['key']}"
    if row["change"] != "changed":
        return f"{row['change']}: {place}" + (f" {row['column']}" if row["column"] != "*" else "")
    return f"changed: {place} {row['column']}: {row['old']!r} -> {row['new']!r}"


def _package(args: argparse.Namespace, name: str) -> Package:
    from ..release.packages import find_release, open_package

    if Path(name).exists():
        return open_package(Path(name))
    return find_release(find_project(args), name)
