"""`stancewire studio`, `push`, `status`, `pull`, `enter`: Label Studio."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import Problem
from .output import add_json, emit, find_project, split_problems

PASSES = ("entities", "stances")


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this family's commands."""
    _register_studio(commands)
    text = (
        "Send tasks to Label Studio: accounts, a project for each annotator, tasks, suggestions. Twice changes nothing."
    )
    push = commands.add_parser("push", help=text, description=text)
    push.add_argument("--pass", dest="task_pass", choices=PASSES, help="only this pass (default: all of campaign.yaml)")
    push.add_argument("--round", type=int, metavar="N", help="only this round")
    push.add_argument("--annotator", action="append", metavar="ID", help="only this annotator (may be repeated)")
    push.add_argument(
        "--restore",
        action="store_true",
        help="put what is stored back into an empty server, under its annotators and adjudicators",
    )
    push.add_argument(
        "--reprints",
        choices=("heads", "differing"),
        help="heads: only the fullest version of each story; differing: of the others only the passages that differ "
        "from it, with what was merged of it as suggestions where its words stand unchanged",
    )
    push.add_argument("--dry-run", action="store_true", help="say what would be sent, and send nothing")
    add_json(push)
    push.set_defaults(run=run_push)

    text = "Show how far each annotator and adjudicator is, and which conflicts are open."
    status = commands.add_parser("status", help=text, description=text)
    add_json(status)
    status.set_defaults(run=run_status)

    text = "Fetch what annotators did, store it under annotations/exports, and make the judgements tables."
    pull = commands.add_parser("pull", help=text, description=text)
    pull.add_argument("--pass", dest="task_pass", choices=PASSES, help="only this pass")
    pull.add_argument("--out", metavar="DIR", help="store into this folder instead, and make no tables")
    pull.add_argument("--restore", action="store_true", help="first put the stored exports back (see push --restore)")
    pull.add_argument(
        "--accept-deletions",
        action="store_true",
        help="believe a server on which all stored answers of a project are gone",
    )
    add_json(pull)
    pull.set_defaults(run=run_pull)

    text = "Enter prepared answers of an annotator who does not use a browser, in their own account."
    enter = commands.add_parser("enter", help=text, description=text)
    enter.add_argument("file", metavar="FILE", help="JSON: an object of documents with mentions, stances, ...")
    enter.add_argument("--pass", dest="task_pass", choices=PASSES, required=True, help="the pass they belong to")
    enter.add_argument("--annotator", metavar="ID", required=True, help="whose answers they are")
    enter.add_argument("--round", type=int, default=1, metavar="N", help="the round (default: 1)")
    enter.add_argument("--dry-run", action="store_true", help="only check them")
    add_json(enter)
    enter.set_defaults(run=run_enter)


def _register_studio(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "The embedded Label Studio of this project, on 127.0.0.1."
    studio = commands.add_parser("studio", help=text, description=text)
    actions = studio.add_subparsers(title="actions", metavar="ACTION", required=True)

    text = "Start it (the first time it is installed, which takes some minutes) and print its address and account."
    start = actions.add_parser("start", help=text, description=text)
    start.add_argument("--port", type=int, metavar="N", help="the port (default: the last one, else any free one)")
    start.add_argument("--fresh", action="store_true", help="begin with an empty database; the old one is deleted")
    start.add_argument(
        "--show-password", action="store_true", help="print the administrator's password (else: where it stands)"
    )
    add_json(start)
    start.set_defaults(run=run_start)

    text = "Stop it."
    stop = actions.add_parser("stop", help=text, description=text)
    add_json(stop)
    stop.set_defaults(run=run_stop)

    text = "Say whether it runs, and where; exit code 1 where it does not."
    status = actions.add_parser("status", help=text, description=text)
    add_json(status)
    status.set_defaults(run=run_studio_status)

    text = "Copy its database, also while it runs, to a file that only you can read."
    backup = actions.add_parser("backup", help=text, description=text)
    backup.add_argument("file", nargs="?", metavar="FILE", help="default: .studio/backups/<time>.sqlite3")
    add_json(backup)
    backup.set_defaults(run=run_backup)


def run_start(args: argparse.Namespace) -> int:
    """Start the embedded server, or find it running."""
    from ..label_studio.server import start_server

    project = find_project(args)
    with project.writing(), progress() as say:
        started = start_server(project.studio, port=args.port, fresh=args.fresh, say=say)
    accounts = project.studio / "secrets.json"
    data = {"running": True, "url": started.url, "email": started.email, "pid": started.pid, "secrets": str(accounts)}
    lines = [f"Label Studio runs at {started.url} (process {started.pid}, log {project.relative(started.log)})"]
    if args.show_password:
        lines.append(f"administrator: {started.email}, password: {started.password}")
    else:
        lines.append(f"administrator: {started.email}, password in {project.relative(accounts)}")
    lines.append(f"annotators' passwords stand in {project.relative(project.people_json)} after a push")
    emit(args, data, lines)
    return 0


def run_stop(args: argparse.Namespace) -> int:
    """Stop the embedded server."""
    from ..label_studio.server import stop_server

    stopped = stop_server(find_project(args).studio)
    emit(args, {"stopped": stopped}, ["Label Studio is stopped" if stopped else "Label Studio was not running"])
    return 0


def run_studio_status(args: argparse.Namespace) -> int:
    """Say whether the embedded server runs."""
    from ..label_studio.server import find_server

    found = find_server(find_project(args).studio)
    if found is None:
        emit(args, {"running": False}, ["Label Studio is not running; start it with: stancewire studio start"])
        return 1
    emit(
        args,
        {"running": True, "url": found.url, "pid": found.pid},
        [f"Label Studio runs at {found.url} (process {found.pid})"],
    )
    return 0


def run_backup(args: argparse.Namespace) -> int:
    """Copy the database of the embedded server."""
    from ..label_studio.server import DATABASE, backup_database

    project = find_project(args)
    name = time.strftime("%Y%m%dT%H%M%SZ.sqlite3", time.gmtime())
    to = Path(args.file) if args.file else project.studio / "backups" / name
    backup_database(project.studio, to)
    back = f"to go back: stancewire studio stop, then copy it over .studio/data/{DATABASE}"
    emit(args, {"backup": str(to)}, [f"copied the database to {project.relative(to)}; {back}"])
    return 0


def run_push(args: argparse.Namespace) -> int:
    """Give out tasks, or put stored answers back."""
    from ..gold.adjudication_restore import restore_adjudication
    from ..label_studio.client import connect
    from ..label_studio.push import push_pass
    from ..label_studio.restore import restore_all

    project = find_project(args)
    with project.writing(), connect(project) as client, progress() as say:
        if args.restore:
            report = restore_all(project, client, task_pass=args.task_pass, dry_run=args.dry_run, say=say)
            if args.task_pass is None:
                decided = restore_adjudication(project, client, args.dry_run, say)
                report.counts += decided.counts
                report.notes += decided.notes
        else:
            report = push_pass(
                project,
                client,
                args.task_pass,
                args.round,
                annotators=args.annotator,
                dry_run=args.dry_run,
                say=say,
                reprints=args.reprints,
            )
    counts = dict(sorted(report.counts.items()))
    verb = "would be done on" if args.dry_run else "on"
    summary = f"{verb} {client.url}: {report}" + ("" if report.changed else " (nothing changed)")
    review = [vars(item) for item in report.review]
    data = {"url": client.url, "changed": report.changed, **counts, "notes": report.notes, "for_review": review}
    emit(args, data, [*map(str, report.review), *report.notes, summary])
    return 0


def run_status(args: argparse.Namespace) -> int:
    """Show progress by project."""
    from ..gold.adjudication_status import adjudication_status, status_lines
    from ..label_studio.client import connect
    from ..label_studio.pull import read_progress

    project = find_project(args)
    with connect(project) as client:
        rows = read_progress(project, client)
        adjudication = adjudication_status(project, client)
    lines = [
        f"{row['task_pass']:9} r{row['round']}  {row['annotator_id']:14} {row['submitted']:5} of {row['tasks']} "
        f"submitted, {row['draft']} begun, {row['skipped']} skipped  {row['url']}"
        for row in rows
    ]
    emit(
        args,
        {"url": client.url, "projects": rows, "adjudication": adjudication},
        [*lines, *status_lines(adjudication)] or [f"{client.url} has no project of this corpus; run: stancewire push"],
    )
    return 0


def run_pull(args: argparse.Namespace) -> int:
    """Store what changed on the server, then make the judgements tables."""
    from ..gold.adjudication_restore import restore_adjudication
    from ..label_studio.client import connect
    from ..label_studio.pull import pull_all
    from ..label_studio.restore import restore_all

    project = find_project(args)
    out = Path(args.out).resolve() if args.out else None
    with project.writing():
        with connect(project) as client, progress() as say:
            if args.restore:
                restore_all(project, client, task_pass=args.task_pass, say=say)
                if args.task_pass is None:
                    restore_adjudication(project, client, say=say)
            report = pull_all(
                project,
                client,
                out=out,
                task_pass=args.task_pass,
                accept_deletions=args.accept_deletions,
                say=say,
            )
        stored = [project.relative(path) for path in report.stored]
        counts = dict(sorted(report.counts.items()))
        lines = [*report.notes, *(f"stored {path}" for path in stored)]
        lines.append(str(report))
        data = {"url": client.url, "stored": stored, **counts, "notes": report.notes}
        problems: list[Problem] = []
        if out is None:
            from ..judgements.stage import write_judgements

            made = write_judgements(project)
            problems, warnings = split_problems(made.problems)
            lines += [str(problem) for problem in (*problems, *warnings)]
            lines.append(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in made.counts.items()))
            data |= {"tables": made.counts, "problems": [p.as_json() for p in (*problems, *warnings)]}
    emit(args, data, lines)
    return 1 if problems else 0


def run_enter(args: argparse.Namespace) -> int:
    """Enter prepared answers."""
    from ..label_studio.client import connect
    from ..label_studio.enter import enter_answers, read_answers
    from ..label_studio.exports import Given

    project = find_project(args)
    answers = read_answers(Path(args.file))
    given = Given(args.task_pass, args.round, args.annotator)
    with project.writing(), connect(project) as client:
        report = enter_answers(project, client, given, answers, source=args.file, dry_run=args.dry_run)
    lines = [str(problem) for problem in report.problems]
    if report.problems:
        lines.append(f"{len(report.problems)} problems; nothing was entered")
    else:
        counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(report.counts.items()))
        lines.append(f"{given}: {counts or f'{len(answers)} answers are in order'}")
    emit(args, {**report.counts, "problems": [problem.as_json() for problem in report.problems]}, lines)
    return 1 if report.problems else 0


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Says what is being waited for, on one line of stderr that is gone in the end; at a terminal only."""

    def say(message: str) -> None:
        print(f"\r\x1b[2K{message}", end="", file=sys.stderr, flush=True)

    if not sys.stderr.isatty():
        yield lambda _message: None
        return
    try:
        yield say
    finally:
        say("")
