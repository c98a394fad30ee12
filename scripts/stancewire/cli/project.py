"""`stancewire init`."""

from __future__ import annotations

import argparse
from pathlib import Path


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this family's commands."""
    text = "Make a new corpus project: codebook, schemas, folders, README."
    parser = commands.add_parser("init", help=text, description=text)
    parser.add_argument("directory", metavar="DIR", help="a folder that is empty or does not exist yet")
    parser.set_defaults(run=run_init)


def run_init(args: argparse.Namespace) -> int:
    """Make the project and all that is made from its codebook."""
    from ..codebook.build import write_codebook_files
    from ..new_project import make_project

    project = make_project(Path(args.directory))
    write_codebook_files(project)
    print(f"made {project.root}; next: put articles into {project.sources}, then run there: stancewire convert")
    return 0
