"""`stancewire export`."""

from __future__ import annotations

import argparse
from pathlib import Path

# As exports.FORMATS, which is not imported before it is needed; a test holds the two together.
FORMATS = ("brat", "conll", "csv", "hugging-face", "label-studio", "spacy")


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this family's commands."""
    from .output import add_json

    parser = commands.add_parser(
        "export",
        help="the gold in the format of another tool",
        description=(
            "Write the gold of a project or a release as files of another tool: brat (standoff), conll (columns of "
            "tokens with the mentions' tags), csv (every table), hugging-face (a folder for load_dataset), "
            "label-studio (tasks with the gold as annotation), spacy (JSON lines). Where the corpus was split, each "
            "part gets a file of its own. What a format cannot hold is named."
        ),
    )
    parser.add_argument("format", choices=FORMATS, metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument("--of", metavar="PATH", help="a release folder or its zip instead of the project as it stands")
    parser.add_argument("--out", metavar="DIR", type=Path, help="the folder to write (default: dist/FORMAT)")
    parser.add_argument("--replace", action="store_true", help="replace what the folder holds")
    add_json(parser)
    parser.set_defaults(run=run_export)


def run_export(args: argparse.Namespace) -> int:
    """Export and report."""
    from ..corpus_view import open_corpus
    from ..exports import export_corpus
    from .output import emit, find_project

    corpus = open_corpus(args.of if args.of is not None else find_project(args).root)
    folder = args.out if args.out is not None else find_project(args).dist / args.format
    report = export_corpus(corpus, args.format, folder, args.replace)
    counts = ", ".join(f"{number} {name}" for name, number in report.counts.items())
    lines = [f"wrote {folder}: {len(report.files)} files ({counts})"]
    lines += [f"not in it: {note}" for note in report.notes]
    data = {"folder": str(folder), "files": report.files, "counts": dict(report.counts), "notes": report.notes}
    emit(args, data, lines)
    return 0
