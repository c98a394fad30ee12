"""`stancewire collate`: the witnesses of a story side by side, in the terminal or as a page."""

from __future__ import annotations

import argparse
from pathlib import Path

from .output import add_json, emit, find_project


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command of this family."""
    parser = commands.add_parser(
        "collate",
        help="the witnesses of a story side by side, with their variants and stances",
        description=(
            "Print the witnesses of a story side by side: variants in braces, numbered, * where they are substantive, "
            "then each with its kind, both readings and the stances whose words it touches. With --html the same as "
            "one page for the browser, which needs no network. `stancewire reprints` lists the stories."
        ),
    )
    parser.add_argument("story", metavar="STORY", help="a story_id or the doc_id of a witness, or how it begins")
    parser.add_argument("--base", metavar="DOC_ID", help="collate with this witness (default: the fullest version)")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write the page here (an existing file is replaced)")
    parser.add_argument("--width", metavar="N", type=int, help="columns of the terminal (default: as it is, else 120)")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Collate one story."""
    import shutil

    from ..errors import ProjectError
    from ..report.collation import read_collation
    from ..report.collation_page import collation_json, collation_page
    from ..report.columns import collation_lines
    from ..tables import write_text

    collation = read_collation(find_project(args), args.story, args.base)
    if args.html is None:
        width = args.width or shutil.get_terminal_size((120, 24)).columns
        emit(args, collation_json(collation), collation_lines(collation, width))
        return 0
    try:
        write_text(args.html, collation_page(collation))
    except OSError as error:
        raise ProjectError(f"{args.html} cannot be written ({error.strerror}); name another file") from None
    said = f"wrote {args.html}: {len(collation.versions)} witnesses, {len(collation.variants)} variants"
    emit(args, {"page": str(args.html)} | collation_json(collation), [said])
    return 0
