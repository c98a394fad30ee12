"""`stancewire import`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

# As imports.plan.READERS, which is not imported before it is needed; a test holds the two together.
FORMATS = ("label-studio", "brat", "webanno", "doccano", "prodigy", "conll", "csv")


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this family's commands."""
    from .output import add_json

    parser = commands.add_parser(
        "import",
        help="Take in exports of any Label Studio server and of other tools.",
        description=(
            "Store what other people's exports say under annotations/exports, joined to the corpus by their texts, and "
            "make the judgements. An unknown label or text stops everything, with nothing stored. With --into, make a "
            "fresh project whose documents are the exports' texts and whose codebook holds their labels."
        ),
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="exports (for brat and WebAnno also folders)")
    parser.add_argument("--from", dest="format", choices=FORMATS, required=True, help="the tool that made them")
    parser.add_argument("--into", metavar="DIR", help="make a fresh project in this empty or new folder")
    parser.add_argument(
        "--mapping", metavar="FILE", help="YAML: what each control is, and how its labels are called here"
    )
    parser.add_argument("--write-mapping", metavar="FILE", help="write such a file to fill in, and import nothing")
    parser.add_argument(
        "--name", metavar="NAME", help="the project that they come from; a later export of it is known by this name"
    )
    parser.add_argument("--annotator", metavar="NAME", help="who made them, where the files do not say")
    parser.add_argument("--text-field", metavar="NAME", help="the field or column that holds the text")
    parser.add_argument("--column", metavar="N", type=int, help="the column of the tags in CoNLL files (default: last)")
    parser.add_argument("--add-texts", action="store_true", help="texts that the corpus does not have become sources")
    parser.add_argument(
        "--accept-removals", action="store_true", help="texts that a later export does not hold were removed on purpose"
    )
    parser.add_argument(
        "--table", metavar="OUT", help="only write the labelled spans of one raw Label Studio export as a Parquet table"
    )
    parser.add_argument(
        "--workers", metavar="N", type=int, help="processes for large exports (default: one a processor, 4 at most)"
    )
    parser.add_argument("--dry-run", action="store_true", help="read and check everything, store nothing")
    add_json(parser)
    parser.set_defaults(run=run_import)


def run_import(args: argparse.Namespace) -> int:
    """Import and report."""
    from ..engine import leave_out_pandas, use_system_memory, usual_workers
    from ..errors import UsageError
    from ..imports.into import import_into
    from ..imports.mapping import read_mapping
    from ..imports.plan import LARGE, plan_import
    from ..imports.reading import Options
    from ..imports.stage import import_files
    from .output import emit, find_project, problem_lines, split_problems

    if args.table:
        return _write_table(args)
    use_system_memory()
    options = Options(args.annotator, args.text_field, args.column)
    workers = usual_workers() if args.workers is None else args.workers
    files = [Path(name) for name in args.files]
    plan = plan_import(files, args.format, args.name, options, workers, progress=not args.json)
    if plan.size > LARGE:
        leave_out_pandas()
    mapping = read_mapping(Path(args.mapping) if args.mapping else None)
    problems: list[Any] = []
    if args.into:
        if args.dry_run or args.write_mapping or args.add_texts:
            raise UsageError("--into makes a project of its own; leave out --dry-run, --write-mapping and --add-texts")
        project, report = import_into(Path(args.into), plan, mapping)
    else:
        from ..judgements.stage import write_judgements

        project = find_project(args)
        with project.writing():
            report = import_files(
                project,
                plan,
                mapping,
                add_texts=args.add_texts,
                accept_removals=args.accept_removals,
                dry_run=args.dry_run,
                write_mapping=Path(args.write_mapping) if args.write_mapping else None,
            )
            if report.stored:
                made = write_judgements(project, workers=workers, progress=plan.progress)
                problems = made.problems
                report.counts["judgements"] = made.counts["judgements"]
                report.counts["in quarantine"] = made.counts["quarantine"]
    counts = {name: number for name, number in report.counts.items() if number}
    stored = [project.relative(path) for path in report.stored]
    lines = [f"{report.source}: " + ", ".join(f"{number} {name}" for name, number in counts.items())]
    lines += [*report.notes, *(f"stored {path}" for path in stored[:10])]
    lines += [f"and {len(stored) - 10} more files"] if len(stored) > 10 else []
    if counts.get("in quarantine"):
        lines.append("why each is in quarantine: annotations/quarantine.parquet, column reason; or stancewire validate")
    if args.into:
        lines.append(f"made {project.root}; next: read its schema/codebook.yaml, then run there: stancewire validate")
    elif report.stored:
        lines.append("next: stancewire merge")
    data = {"source": report.source, **counts, "stored": stored, "notes": report.notes}
    data |= {"problems": [problem.as_json() for problem in problems]}
    emit(args, data, [*lines, *(problem_lines(problems) if problems else [])])
    return 1 if split_problems(problems)[0] else 0


def _write_table(args: argparse.Namespace) -> int:
    """The quick way: one flat table, no project."""
    from ..engine import leave_out_pandas
    from ..errors import UsageError
    from ..imports.columnar import write_span_table
    from ..imports.plan import LARGE
    from .output import emit

    if args.format != "label-studio" or len(args.files) != 1 or args.into:
        raise UsageError("--table reads one raw export of Label Studio (--from label-studio), without --into")
    if Path(args.files[0]).is_file() and Path(args.files[0]).stat().st_size > LARGE:
        leave_out_pandas()
    scan = write_span_table(Path(args.files[0]), Path(args.table), text_field=args.text_field)
    lines = [f"{number:9}  {reason}" for reason, number in sorted(scan.reasons.items())]
    lines.append(
        f"wrote {args.table}: {scan.rows} rows, {sum(scan.reasons.values())} of them with a reason against them"
    )
    emit(args, {"table": args.table, "rows": scan.rows, "reasons": scan.reasons}, lines)
    return 0
