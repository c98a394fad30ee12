"""`stancewire split` and `stancewire leaks`: train, dev and test without a story on both sides."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .output import add_json, emit, find_project, problem_lines, split_problems

if TYPE_CHECKING:
    from ..project import Project
    from ..splits.settings import Settings
    from ..splits.stage import Split


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this family."""
    split = commands.add_parser(
        "split",
        help="train, dev and test, never cutting a story in two",
        description=(
            "Decide how the corpus is split (annotations/splits.yaml) and make the table splits, with a certificate "
            "that says how close the closest pair of documents across the borders is; `stancewire verify` makes it "
            "again. Stories are never cut, nor are stories that hold reprints of each other. Without options what was "
            "decided before is made again, or 80:10:10 by story where nothing was."
        ),
    )
    split.add_argument(
        "--by",
        choices=("story", "time", "outlet"),
        help="story: any way that keeps the sizes; time: the earliest stories train, the latest test; "
        "outlet: no outlet in two parts (default: story)",
    )
    split.add_argument(
        "--sizes", type=_sizes, metavar="TRAIN,DEV,TEST", help="proportions of the parts (default: 80,10,10)"
    )
    split.add_argument("--seed", type=int, metavar="N", help="another seed is another split of the same sizes")
    split.add_argument(
        "--stratify", choices=("none", "target"), help="target: as many documents with each target in proportion"
    )
    split.add_argument("--replace", action="store_true", help="decide anew what was decided before")
    split.add_argument("--dry-run", action="store_true", help="say what would come of it; write nothing")
    add_json(split)
    split.set_defaults(run=run_split)

    leaks = commands.add_parser(
        "leaks",
        help="near-duplicates across anyone's train and test files",
        description=(
            "Look for texts of one file that are reprints of texts in another: Parquet, CSV, TSV or JSON lines, or one "
            "table with a column for its parts. Prints the pairs side by side; exits 1 where there are any. Needs no "
            "project."
        ),
    )
    leaks.add_argument("tables", nargs="+", metavar="TABLE", type=Path, help="train.csv test.csv ..., or one table")
    leaks.add_argument("--text", metavar="COLUMN", help="the column of the texts (default: text, body, article, ...)")
    leaks.add_argument("--id", metavar="COLUMN", help="the column that names a row (default: id, ..., else its number)")
    leaks.add_argument("--split", metavar="COLUMN", help="the column that says which part a row is in")
    leaks.add_argument("--show", metavar="N", type=int, default=10, help="pairs to print side by side (default: 10)")
    leaks.add_argument("--width", metavar="N", type=int, help="columns of the terminal (default: as it is, else 120)")
    add_json(leaks)
    leaks.set_defaults(run=run_leaks)


def _sizes(text: str) -> tuple[int, int, int]:
    parts = text.replace("/", ",").replace(":", ",").split(",")
    if len(parts) != 3 or not all(part.strip().isdecimal() for part in parts) or not any(map(int, parts)):
        raise argparse.ArgumentTypeError("must be three whole numbers, e.g. 80,10,10 (0 leaves a part out)")
    train, dev, test = map(int, parts)
    return train, dev, test


def run_split(args: argparse.Namespace) -> int:
    """Decide and make the splits."""
    from ..codebook import read_codebook
    from ..gold.methods import merged_methods
    from ..gold.stage import write_gold
    from ..release.package import write_package
    from ..splits.settings import FILE
    from ..splits.stage import split_corpus
    from ..tables import write_text

    project = find_project(args)
    settings = _decide(args, project)
    split = split_corpus(project, settings, _targets(project))
    bad, warned = split_problems(split.problems)
    if not args.dry_run and not bad:
        with project.writing():
            write_text(project.splits_yaml, settings.as_yaml())
            methods = merged_methods(project, read_codebook(project.codebook_yaml))
            write_gold(project, methods, allow_few=True)  # if they are few, that was allowed when it was merged
            if project.datapackage_json.is_file():
                write_package(project)
    data = {"certificate": split.certificate, "settings": _as_json(settings), "dry_run": args.dry_run}
    data |= {"problems": [p.as_json() for p in bad], "warnings": [p.as_json() for p in warned]}
    data["left_out"] = split.assignment.left_out
    is_written = not args.dry_run and not bad
    where = f"wrote {FILE}, annotations/splits.parquet and the certificate" if is_written else "nothing written"
    emit(args, data, [*_split_lines(split), *problem_lines(split.problems), where])
    return 1 if bad else 0


def _decide(args: argparse.Namespace, project: Project) -> Settings:
    """What is decided now: what was, with the options given.

    Raises:
        UsageError: something else was decided before, and --replace is not given.
    """
    from dataclasses import replace

    from ..errors import UsageError
    from ..splits.settings import FILE, Settings, read_settings

    before = None if args.replace else read_settings(project.splits_yaml)
    options = {name: getattr(args, name) for name in ("by", "sizes", "seed", "stratify")}
    settings = replace(before or Settings(), **{name: value for name, value in options.items() if value is not None})
    if before is not None and settings != before and not args.dry_run:
        decided = ", ".join(before.as_yaml().splitlines()[1:])
        raise UsageError(f"{FILE} says otherwise ({decided}); models may rest on it: to decide anew, add --replace")
    return settings


def _targets(project: Project) -> dict[str, set[str]]:
    from ..gold.evidence import read_rows
    from ..splits.stage import targets_of
    from ..tables import find_in_manifest

    stances, document_stances = (
        read_rows(project, project.annotations, name) if find_in_manifest(project.annotations, name)[0] else []
        for name in ("stances", "document_stances")
    )
    return targets_of(stances, document_stances)


def _as_json(settings: Settings) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(settings) | {"sizes": list(settings.sizes)}


def _split_lines(split: Split) -> Iterator[str]:
    said = split.certificate
    for part, count in said["documents"].items():
        stories = len({row["story_id"] for row in split.rows if row["split"] == part})
        yield f"{part:>5}: {count} documents, {stories} {'story' if stories == 1 else 'stories'}"
    closest = said["closest_pair"]
    if closest is None:
        yield f"certificate: {said['checked_pairs']} pairs across the borders share enough to be measured"
    else:
        yield (
            f"certificate: {said['checked_pairs']} pairs measured across the borders, largest containment "
            f"{said['largest_containment']:.2f} ({closest[0]} - {closest[1]}), {said['leaks']} leaks"
        )


def run_leaks(args: argparse.Namespace) -> int:
    """Look for leaks between tables."""
    import shutil

    from ..report.leaks import leak_lines, pair_json
    from ..splits.border import METHOD, check_border
    from ..splits.foreign import read_tables

    read = read_tables(args.tables, args.text, args.id, args.split)
    number = {part: at for at, part in enumerate(read.parts)}
    texts = [entry.text for entry in read.entries]
    border = check_border(texts, [number[entry.part] for entry in read.entries])
    width = args.width or shutil.get_terminal_size((120, 24)).columns
    lines = list(leak_lines(border, read.entries, read.parts, args.show, width)) if not args.json else []
    if read.n_empty:
        lines.append(f"{read.n_empty} rows without a text were left aside")
    if len(read.parts) < 2:
        lines.append(f"there is only one part: {', '.join(read.parts) or 'none'}; nothing can leak")
    data = {
        "method": METHOD,
        "parts": {part: sum(entry.part == part for entry in read.entries) for part in read.parts},
        "rows_without_text": read.n_empty,
        "checked_pairs": border.n_checked,
        "largest_containment": None if border.closest is None else round(border.closest.containment, 12),
        "leaks": [pair_json(pair, read.entries, border) for pair in border.leaks],
    }
    emit(args, data, lines)
    return 1 if border.leaks else 0
