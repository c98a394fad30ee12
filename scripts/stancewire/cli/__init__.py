"""The command line: thin, one module per family of commands, in the order of the work.

Exit codes: 0 done, 1 problems found or an error of ours (one line: what, where, what next), 2 wrong usage.
Each family module has `register(commands)`, which adds its parsers with `run=function(args) -> int`; functions import
what they need when they run, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Sequence

from ..errors import StancewireError

FAMILIES = (
    "project",
    "codebook",
    "corpus",
    "reprints",
    "collation",
    "studio",
    "suggest",
    "imports",
    "gold",
    "splits",
    "release",
    "exports",
    "report",
    "build",
    "bench",
)


_REMEDIES = {  # what the system refuses, and what a user can do about it
    errno.ENOSPC: "make room there, then run this again",
    errno.EACCES: "allow this user to read and write there, or name another place",
    errno.EPERM: "allow this user to read and write there, or name another place",
    errno.EROFS: "name a place that can be written to",
    errno.ENOTDIR: "a folder is needed there, and this is a file: name another place, or move it away",
    errno.EEXIST: "a folder is needed there, and this is a file: name another place, or move it away",
    errno.EISDIR: "a file is needed there, and this is a folder: name another place, or move it away",
}


def make_parser() -> argparse.ArgumentParser:
    """The whole command line as a parser."""
    parser = argparse.ArgumentParser(
        prog="stancewire",
        description=(
            "Turn raw news articles into a corpus that people annotate in Label Studio and researchers load in pandas."
        ),
        epilog=(
            "A first run, in this order: init, convert, codebook build, studio start, push --pass entities, pull, "
            "merge, push --pass stances, pull, adjudicate, merge, validate, release. "
            "`stancewire COMMAND --help` tells more."
        ),
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the program's version and exit")
    parser.add_argument(
        "--project", metavar="DIR", help="the project (default: the nearest folder upward with schema/codebook.yaml)"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for family in FAMILIES:
        importlib.import_module(f"{__name__}.{family}").register(commands)
    return parser


class _Version(argparse.Action):
    """Like `action="version"`, but the version is looked up when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from .. import __version__

        print(f"stancewire {__version__}")
        parser.exit()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code.

    Errors a user can mend are one line on stderr; an error of the program keeps its traceback.
    """
    args = make_parser().parse_args(argv)
    try:
        return int(args.run(args))
    except StancewireError as error:
        print(f"stancewire: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stancewire: stopped; run the same command again to go on", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output went away, e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.errno not in _REMEDIES:
            raise
        place = f": {os.fsdecode(error.filename)}" if error.filename else ""
        print(f"stancewire: {error.strerror}{place}; {_REMEDIES[error.errno]}", file=sys.stderr)
        return 1
