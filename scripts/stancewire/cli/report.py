"""`stancewire report`."""

from __future__ import annotations

import argparse
from pathlib import Path

from .output import add_json, emit, find_project


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command of this family."""
    parser = commands.add_parser(
        "report",
        help="the corpus at a glance, as one page with plots",
        description=(
            "Write one self-contained HTML page on a project or a release: stances by target and holder, documents by "
            "month and outlet, variants, mentions, agreement. It needs no network. With --json its numbers instead."
        ),
    )
    parser.add_argument("--of", metavar="PATH", help="a release folder or its zip instead of the project as it stands")
    parser.add_argument("--out", metavar="FILE", type=Path, help="the page to write (default: dist/report.html)")
    add_json(parser)
    parser.set_defaults(run=run_report)


def run_report(args: argparse.Namespace) -> int:
    """Write the page."""
    from ..corpus_view import open_corpus
    from ..errors import ProjectError
    from ..release.packages import open_package
    from ..report.overview import read_overview
    from ..report.overview_page import overview_page
    from ..tables import write_text

    source = args.of if args.of is not None else find_project(args).root
    overview = read_overview(open_corpus(source))
    descriptor = open_package(Path(source)).descriptor
    path = args.out if args.out is not None else find_project(args).dist / "report.html"
    about = [str(descriptor.get(name) or "") for name in ("title", "description", "version")]
    try:
        write_text(path, overview_page(about[0], about[1], about[2], overview))
    except OSError as error:
        raise ProjectError(f"{path} cannot be written ({error.strerror}); name another file with --out") from None
    emit(args, {"page": str(path)} | overview.as_json(), [f"wrote {path}"])
    return 0
