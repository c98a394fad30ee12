"""`stancewire convert`."""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..conversion.state import Changes
    from ..corpus import ConvertReport
    from ..project import Project

# As sources.readers.READERS, which is not imported before it is needed; a test holds the two together.
FORMATS = (
    *("txt", "html", "json", "jsonl", "csv", "tsv", "parquet", "warc", "nitf", "newsml", "docx", "rtf"),
    *("zip", "tar", "gz", "zst"),
)


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this family's commands."""
    from .output import add_json, add_scheduler

    parser = commands.add_parser(
        "convert",
        help="Read the sources and make the corpus tables.",
        description=(
            "Read articles (default: corpus/sources) in any known format, packed or not, and make the tables "
            "documents, segments, sentences, stories, reprints, variants and rejects (default: in corpus/). What "
            "cannot be read is a row in rejects, with the reason; the rest is converted. Works outside a project, "
            "too, when SOURCES and --out are given."
        ),
    )
    parser.add_argument(
        "sources", metavar="SOURCES", nargs="*", help="files, folders, patterns, fsspec URLs (default: corpus/sources)"
    )
    parser.add_argument("--out", metavar="DIR", help="the folder that gets the tables (default: corpus)")
    parser.add_argument("--format", choices=FORMATS, help="read every file as this format, whatever its ending")
    parser.add_argument(
        "--encoding",
        metavar="E",
        help="encoding of files that are neither UTF-8 nor marked, e.g. cp1252 (column encoding of sources.csv wins)",
    )
    parser.add_argument(
        "--id-prefix",
        metavar="P",
        action="append",
        default=[],
        help="put before each document's id; give it once, or once for each of SOURCES in their order",
    )
    crew = parser.add_mutually_exclusive_group()
    crew.add_argument("--workers", metavar="N", type=int, default=1, help="processes (default: 1); same bytes for any")
    add_scheduler(crew)
    parser.add_argument(
        "--map",
        metavar="OURS=THEIRS",
        action="append",
        default=[],
        help="columns of tables and JSON, e.g. title=headline,text=body; kept in schema/dataset.yaml",
    )
    parser.add_argument(
        "--limit",
        metavar="NAME=NUMBER",
        action="append",
        default=[],
        help="raise or lower a limit on what one source may hold, e.g. record_bytes=1000000",
    )
    parser.add_argument(
        "--fields",
        choices=("all", "text"),
        default="all",
        help=(
            "text: only texts, hashes and what the sources state (no segments, sentences, language, reprints); n_words "
            "then counts the words of the whole text, else those of the body (default: all)"
        ),
    )
    parser.add_argument(
        "--no-reprints",
        action="store_true",
        help="do not look for reprints, which holds all texts in memory; stories, reprints and variants stay empty",
    )
    parser.add_argument(
        "--anew", action="store_true", help="convert all files, also those that have not changed since the last run"
    )
    parser.add_argument(
        "--keep-raw",
        action="store_true",
        help="copy SOURCES, byte for byte, into corpus/sources (DIR/sources with --out) and convert that folder; "
        "an --id-prefix like gull/ is put before their paths. Without it they stay where they are",
    )
    parser.add_argument("--allow-rejects", action="store_true", help="exit 0 although some sources were rejected")
    parser.add_argument("--dry-run", action="store_true", help="convert and report, but write nothing")
    add_json(parser)
    parser.set_defaults(run=run_convert)


def run_convert(args: argparse.Namespace) -> int:
    """Convert and report; 1 where a source was rejected or a problem found."""
    from pathlib import Path

    from ..engine import use_system_memory

    use_system_memory()
    from ..corpus import convert_corpus
    from ..sources import ReadOptions, read_limits, read_map
    from .output import emit, problem_lines, split_problems

    project = _project(args)
    columns = read_map(args.map)
    writes = project is not None and not args.dry_run
    with contextlib.nullcontext() if args.dry_run else _sole_writer(project, args.out, bool(columns)):
        report = convert_corpus(
            project,
            args.sources,
            Path(args.out) if args.out else None,
            workers=args.workers,
            scheduler=args.scheduler,
            encoding=args.encoding,
            format=args.format,
            id_prefixes=args.id_prefix,
            fields=args.fields,
            reprints=not args.no_reprints,
            anew=args.anew,
            keep_raw=args.keep_raw,
            dry_run=args.dry_run,
            progress=not args.json,
            reading=ReadOptions(read_limits(args.limit), columns),
        )
        if project is not None and writes and columns:
            from ..codebook import keep_columns

            keep_columns(project.dataset_yaml, columns)
    bad, _ = split_problems(report.problems)
    failed = bool(bad) or (bool(report.rejects) and not args.allow_rejects)
    data: dict[str, Any] = {
        **report.counts,
        "changes": None if report.changes is None else vars(report.changes),
        "kept": None if report.kept is None else {"copied": len(report.kept.copied), "there": len(report.kept.there)},
        "dry_run": args.dry_run,
        "rejects": [problem.as_json() for problem in report.rejects],
        "problems": [problem.as_json() for problem in report.problems],
    }
    lines = [f"rejected: {problem}" for problem in report.rejects[:MAX_SHOWN]]
    if report.n_rejects > MAX_SHOWN:
        where = "all are in the table rejects" + (", or say --json" if report.n_rejects == len(report.rejects) else "")
        lines.append(f"rejected: {report.n_rejects - MAX_SHOWN} more; {where}")
    lines += problem_lines(report.problems)
    emit(args, data, [*lines, *summary_lines(report, args.dry_run)])
    return 1 if failed else 0


def _sole_writer(
    project: Project | None, out: str | None, keeps_columns: bool
) -> contextlib.AbstractContextManager[None]:
    """The lock of what this run writes to: the project, or where nothing in it changes, the folder of `--out`."""
    from pathlib import Path

    from ..project import Project

    folder = Path(out).resolve() if out else None
    if project is not None and (folder is None or keeps_columns or folder.is_relative_to(project.root)):
        return project.writing()
    if folder is None:
        return contextlib.nullcontext()
    folder.mkdir(parents=True, exist_ok=True)
    return Project(folder).writing()


def _project(args: argparse.Namespace) -> Project | None:
    """The project; None only where there is none and the command line names all that is needed."""
    from ..errors import ProjectError
    from .output import find_project

    try:
        return find_project(args)
    except ProjectError:
        if args.project or not (args.sources and args.out):
            raise
        return None


def reprints_missing(rows: dict[str, int]) -> bool:
    """Every document has a row in `stories`, unless grouping was left out."""
    return rows["documents"] > 0 and rows["stories"] == 0


MAX_NAMED = 10
MAX_SHOWN = 100


def _change_lines(changes: Changes) -> list[str]:
    """Files added, changed and removed since the last run, the first of each by name."""
    lines = [f"  {changes.same} files are as they were; only the others were read"]
    for title in ("added", "changed", "removed"):
        names = getattr(changes, title)
        if names:
            more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
            lines.append(f"  {title} {len(names)}: {', '.join(names[:MAX_NAMED])}{more}")
    return lines


def summary_lines(report: ConvertReport, dry_run: bool = False) -> list[str]:
    """The closing summary: read, written, rejected by reason, by format, by encoding."""
    counts = report.counts
    written = "would be written" if dry_run else "written"
    lines = [f"{counts['read']} read, {counts['written']} {written}, {counts['rejected']} rejected"]
    if report.kept is not None:
        lines.append(f"  {len(report.kept.copied)} sources copied, {len(report.kept.there)} were kept already")
    if report.changes is not None:
        lines += _change_lines(report.changes)
    if counts["ignored"]:
        lines[0] += f", {counts['ignored']} hidden files left aside"
    if counts["withdrawn"]:
        lines.append(f"  {counts['withdrawn']} documents were left out: corpus/withdrawn.csv names them")
    shown = (
        ("rejected", "rejected_by"),
        ("by format", "by_format"),
        ("by encoding", "by_encoding"),
        ("left aside, since no articles", "left_aside"),
        ("columns read (change with --map)", "by_columns"),
    )
    for title, key in shown:
        if counts[key]:
            lines.append(f"  {title}: " + ", ".join(f"{name} {number}" for name, number in counts[key].items()))
    if counts["furniture_candidates"]:
        lines.append(
            f"  {counts['furniture_candidates']} lines come again in many stories (furniture_candidates.csv): put what "
            "is furniture under `furniture` in schema/codebook.yaml"
        )
    if reprints_missing(counts["rows"]):
        lines.append("  reprints were not looked for: stories, reprints and variants are empty")
    lines.append("  rows: " + ", ".join(f"{name} {number}" for name, number in counts["rows"].items()))
    return lines
