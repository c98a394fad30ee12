"""codebook: check the one source of labels, and make all that is made from it.

stancewire codebook check    codebook, campaign and dataset description: each problem by line and key
stancewire codebook build    interfaces, guidelines, JSON Schemas, the tables' categories
stancewire codebook preview  each pass's interface as a page, on an example document
stancewire codebook to-csv, from-csv    labels, targets and entities as one spreadsheet, and back
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .output import add_json, emit, find_project, problem_lines

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `codebook` to the command line."""
    text = "Check the codebook, the one source of labels, or make all that is made from it."
    family = commands.add_parser("codebook", help=text, description=text)
    actions = family.add_subparsers(title="actions", metavar="ACTION", required=True)
    text = "Print every problem of codebook.yaml, campaign.yaml and dataset.yaml: line, key, nearest known name."
    check = actions.add_parser("check", help=text, description=text)
    add_json(check)
    check.set_defaults(run=run_check)
    text = "Make the labelling interfaces, the guidelines, the JSON Schemas and the tables' categories."
    build = actions.add_parser("build", help=text, description=text)
    build.add_argument("--check", action="store_true", help="write nothing; exit 1 where a made file differs")
    add_json(build)
    build.set_defaults(run=run_build)
    text = (
        "Write each pass's labelling interface, as the codebook makes it, as a page that needs no server: with a "
        "document of the corpus, labels, keys, choices, suggestions and guidelines."
    )
    preview = actions.add_parser("preview", help="the interfaces as pages to look at", description=text)
    preview.add_argument("--pass", dest="task_pass", choices=("entities", "stances"), help="only this pass")
    preview.add_argument("--document", metavar="DOC_ID", help="the document to show (default: the first)")
    preview.add_argument("--out", metavar="DIR", type=Path, help="the folder to write to (default: dist/preview)")
    preview.add_argument(
        "--screenshots",
        action="store_true",
        help="also pictures (PNG) from a real Label Studio in a real browser, as the task is opened and with a span "
        "selected (extras: studio, screenshots; a Chromium)",
    )
    add_json(preview)
    preview.set_defaults(run=run_preview)
    _register_sheet(actions)


def _register_sheet(actions: _SubParsersAction[argparse.ArgumentParser]) -> None:
    text = (
        "Write labels, targets and entities as one spreadsheet (CSV, UTF-8): a row each; in a cell with several values "
        "(aliases, examples) one on each line, an example as `text → note`. Edit it, then: codebook from-csv."
    )
    leave = actions.add_parser("to-csv", help="labels and targets as one spreadsheet", description=text)
    leave.add_argument("file", metavar="FILE", help="the file to write; what stands there is not overwritten")
    add_json(leave)
    leave.set_defaults(run=run_to_csv)
    text = (
        "Take an edited spreadsheet back into schema/codebook.yaml: only what differs is written; comments and order "
        "of all else stay. Of a list that has rows, the rows are all there is: a row deleted is a label removed. Keys, "
        "colours, order, older spellings and entities do not move the codebook's version; what labels and targets mean "
        "does."
    )
    back = actions.add_parser("from-csv", help="the edited spreadsheet back into the codebook", description=text)
    back.add_argument("file", metavar="FILE", help="the spreadsheet, saved as CSV (commas, semicolons or tabs)")
    back.add_argument("--new-version", metavar="X.Y.Z", help="set the codebook's version, too")
    back.add_argument("--dry-run", action="store_true", help="show what would change, line by line, and write nothing")
    add_json(back)
    back.set_defaults(run=run_from_csv)


def run_check(args: argparse.Namespace) -> int:
    """`codebook check`: exit 1 where there is a problem."""
    from ..codebook import check_campaign, check_codebook, check_dataset

    project = find_project(args)
    problems = check_codebook(project.codebook_yaml)
    for check, path in ((check_campaign, project.campaign_yaml), (check_dataset, project.dataset_yaml)):
        if path.exists():  # a new project may have neither yet
            problems += check(path)
    data = {"problems": [problem.as_json() for problem in problems]}
    emit(args, data, problem_lines(problems))
    return 1 if problems else 0


def run_build(args: argparse.Namespace) -> int:
    """`codebook build`: exit 1 with --check where a made file differs."""
    from ..codebook import read_codebook, write_codebook_files

    project = find_project(args)
    if args.check:
        result = write_codebook_files(project, dry_run=True)
    else:
        with project.writing():
            result = write_codebook_files(project)
    version = read_codebook(project.codebook_yaml).version
    changed = [project.relative(path) for path in result.changed]
    verb = "differs" if args.check else "written"
    lines = [f"{path}: {verb}" for path in changed]
    lines.append(f"codebook {version}: {len(changed)} {verb}, {len(result.same)} as they were")
    emit(args, {"codebook_version": version, "changed": changed, "same": len(result.same)}, lines)
    return 1 if args.check and changed else 0


def run_preview(args: argparse.Namespace) -> int:
    """`codebook preview`."""
    from ..codebook import read_codebook
    from ..label_studio.example import example_task
    from ..report.interface_page import interface_page
    from ..tables import write_text

    project = find_project(args)
    codebook = read_codebook(project.codebook_yaml)
    folder = args.out if args.out is not None else project.dist / "preview"
    pages = []
    names = [item.name for item in codebook.passes if args.task_pass in (None, item.name)]
    examples = {name: example_task(project, codebook, name, args.document) for name in names}
    taken: dict[str, list[Path]] = {}
    if args.screenshots:
        from ..label_studio.screenshots import take_screenshots
        from .studio import progress

        with progress() as say:
            taken = take_screenshots(codebook, examples, folder, say)
    for task_pass, example in examples.items():
        path = folder / f"{task_pass}.html"
        write_text(path, interface_page(codebook, task_pass, example.data, example.suggested, example.note))
        about = {"pass": task_pass, "doc_id": example.data["doc_id"], "page": str(path), "note": example.note}
        pages.append({**about, "screenshots": [str(picture) for picture in taken.get(task_pass, ())]})
    lines = [f"{page['page']}: {page['pass']} on {page['doc_id']}. {page['note']}".rstrip(". ") for page in pages]
    lines += [f"{picture}: {name}" for name, pictures in taken.items() for picture in pictures]
    emit(args, {"pages": pages}, lines)
    return 0


def run_to_csv(args: argparse.Namespace) -> int:
    """`codebook to-csv`."""
    from ..codebook.spreadsheet import codebook_sheet
    from ..tables import write_bytes

    project, path = find_project(args), Path(args.file)
    data = codebook_sheet(project)
    if path.exists() and path.read_bytes() != data:
        raise UsageError(f"{path} is there already and says something else; move it away, or name another file")
    write_bytes(path, data)
    emit(args, {"file": str(path)}, [f"{path}: written; edit it, then: stancewire codebook from-csv {path}"])
    return 0


def run_from_csv(args: argparse.Namespace) -> int:
    """`codebook from-csv`: exit 1 where the sheet has a problem."""
    from ..codebook.spreadsheet import read_codebook_sheet, write_codebook_sheet

    project, path = find_project(args), Path(args.file)
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file; make it with: stancewire codebook to-csv {path}")
    if args.dry_run:
        result = read_codebook_sheet(project, path, args.new_version)
    else:
        with project.writing():
            result = write_codebook_sheet(project, path, args.new_version)
    problems = list(result.problems)
    data = {
        "codebook_version": result.version,
        "changes": [vars(change) for change in result.changes],
        "problems": [problem.as_json() for problem in problems],
        "diff": result.diff,
        "advice": result.advice,
    }
    if problems:
        emit(args, data, problem_lines(problems))
        return 1
    lines = [str(change) for change in result.changes]
    lines += result.diff.splitlines() if args.dry_run else []
    lines += [result.advice] if result.advice else []
    if not result.diff:
        lines.append("nothing differs")
    else:
        done = "would be" if args.dry_run else "now"
        next_ = "" if args.dry_run else "; next: stancewire codebook build"
        count = "1 change" if len(result.changes) == 1 else f"{len(result.changes)} changes"
        lines.append(f"{project.relative(project.codebook_yaml)}: {count} {done} written{next_}")
    emit(args, data, lines)
    return 0
