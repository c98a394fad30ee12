"""`stancewire validate`, `verify`, `release`, `diff`, `rebuild`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .output import add_json, emit, find_project, problem_lines, split_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..errors import Problem
    from ..release.packages import Package

MOST_LINES = 20  # of documents or files that are named one by one


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
    more = (
        " Without --flavour it is text-free, unless every document is open or permitted (`rights` in sources.csv): "
        "offsets, labels and hashes, without sources, exports, or 8 words of an article in a row anywhere."
    )
    parser = commands.add_parser("release", help="freeze a version of the data", description=text + more)
    parser.add_argument("version", nargs="?", metavar="VERSION", help="default: what the changes ask for")
    parser.add_argument(
        "--flavour",
        choices=["full", "text-free"],
        help="full: with the articles' texts, also where rights are unclear; text-free: never with them",
    )
    parser.add_argument("--dry-run", action="store_true", help="check everything and say the version; write nothing")
    add_json(parser)
    parser.set_defaults(run=run_release)

    text = "Put the articles' words back into a text-free release, from your own copies of the articles."
    parser = commands.add_parser(
        "rebuild",
        help="a text-free release made full from your own copies",
        description=text
        + " Copies are found by their bytes, then by their texts, whatever they are called and in any format that"
        " `convert` reads; each quote is checked against its hash. Exits 0 where all was recovered, 1 where a part.",
    )
    parser.add_argument("package", metavar="PACKAGE", help="a text-free release: its folder or zip")
    parser.add_argument(
        "--sources", nargs="+", required=True, metavar="DIR", help="files, folders and patterns with your copies"
    )
    parser.add_argument(
        "--out", metavar="DIR", help="the folder to write (default: NAME-VERSION-rebuilt here); never one that is there"
    )
    add_json(parser)
    parser.set_defaults(run=run_rebuild)

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
    did = "would write" if args.dry_run else "wrote"
    lines = [
        f"{did} {folder} ({made.level} change, {made.n_changes} changed values)",
        f"flavour: {made.flavour}{_why(made.closed, args.flavour)}",
    ]
    if archive is not None:
        lines.append(f"the package is too large for git; publish {archive}")
    if not args.dry_run:
        lines += ["now commit it:", f"  git add {' '.join(made.to_commit)}"]
        lines += [f"  git commit -m 'Release data {made.version}' && git tag data-{made.version}"]
    data = {"version": str(made.version), "level": made.level, "changes": made.n_changes, "folder": folder}
    data |= {"flavour": made.flavour, "closed": made.closed}
    emit(args, data | {"archive": archive, "commit": list(made.to_commit), "dry_run": args.dry_run}, lines)
    return 0


def _why(closed: dict[str, int], asked: str | None) -> str:
    """Why a release has its flavour, where nobody asked for it."""
    if asked is not None:
        return ""
    if not closed:
        return ", for every document is open or permitted"
    kinds = " and ".join(f"{count} {kind}" for kind, count in closed.items())
    return f", for the rights of some documents are not open ({kinds}); if you may publish the texts: --flavour full"


def run_rebuild(args: argparse.Namespace) -> int:
    """Rebuild a text-free release; 1 where a part of it could not be recovered."""
    from ..release.rebuild import NOT_RECOVERED, rebuild, share

    out = None if args.out is None else Path(args.out)
    made = rebuild(Path(args.package), args.sources, out)
    lines = [f"not recovered: {doc_id}: {reason}" for doc_id, reason in list(made.missing.items())[:MOST_LINES]]
    if len(made.missing) > MOST_LINES:
        lines.append(f"and {len(made.missing) - MOST_LINES} more documents: see {made.folder / NOT_RECOVERED}")
    lines += [f"not read: {path}: {reason}" for path, reason in list(made.unread.items())[:MOST_LINES]]
    lines += [f"not as it was: {path} keeps places where words stood" for path in made.files]
    lines += [
        f"documents recovered: {share(made.documents)}; rows that quote them: {share(made.rows)}",
        f"tables that equal those of the full release byte for byte: {len(made.equal)} of {made.n_tables}",
        f"wrote {made.folder}",
    ]
    counts = {"documents": list(made.documents), "rows": list(made.rows), "tables": made.tables}
    data = {"folder": str(made.folder), "whole": made.is_whole} | counts | {"equal": made.equal}
    emit(args, data | {"missing": made.missing, "files": made.files, "read": made.read, "unread": made.unread}, lines)
    return 0 if made.is_whole else 1


def run_diff(args: argparse.Namespace) -> int:
    """Print how two versions differ."""
    from ..checks.packaged import TEXT_FREE
    from ..release.diff import diff_packages
    from ..release.levels import change_level
    from ..release.text_free import comparable

    old, new = _package(args, args.old), _package(args, args.new)
    was, now = old.flavour, new.flavour
    flavours = f" ({was} -> {now}, compared without texts)" if TEXT_FREE in (was, now) and was != now else ""
    old, new = comparable(old, new)
    changes = diff_packages(old, new, new.version)
    level = change_level(old, new, changes)
    lines = [_change_line(row) for row in changes]
    summary = f"{len(changes)} changes, level {level}: {old.version} -> {new.version}{flavours}"
    about = {"old": old.version, "new": new.version, "old_flavour": was, "new_flavour": now, "level": level}
    emit(args, about | {"changes": changes}, [*lines, summary])
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
