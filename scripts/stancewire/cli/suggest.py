"""`stancewire suggest`: pre-annotations from a provider, as predictions."""

from __future__ import annotations

import argparse
from pathlib import Path

from .output import add_json, emit, find_project
from .studio import PASSES, progress

MOST_REASONS = 20  # listed; all are counted


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this family's command."""
    text = (
        "Ask a provider what it would mark, and send that to the tasks that are there as predictions, never as "
        "annotations. A text leaves this machine only for an address that is given here; of the answers only what "
        "stands on the task's words under the codebook's labels is used, and the rest is told. Annotators see the last "
        "provider's suggestions; twice changes nothing. After another push, run it again for the new tasks. A server's "
        "key is read from the environment: STANCEWIRE_PROVIDER_TOKEN."
    )
    parser = commands.add_parser("suggest", help="pre-annotations from a provider, as predictions", description=text)
    parser.add_argument("--pass", dest="task_pass", choices=PASSES, required=True, help="the pass")
    parser.add_argument(
        "--provider",
        required=True,
        metavar="WHO",
        help="codebook (known names, as push suggests them), spacy:MODEL (an installed model, or its folder), or "
        "http(s)://ADDRESS of a server that speaks the predict protocol of Label Studio's ML backends",
    )
    parser.add_argument(
        "--name",
        metavar="NAME",
        help="what the provider is called in the tables, as NAME/MODEL-VERSION (default: spacy, http)",
    )
    parser.add_argument("--round", type=int, metavar="N", help="only this round")
    parser.add_argument("--annotator", action="append", metavar="ID", help="only this annotator (may be repeated)")
    parser.add_argument("--document", action="append", metavar="DOC_ID", help="only this document (may be repeated)")
    parser.add_argument(
        "--again", action="store_true", help="ask also where the provider suggested already, e.g. for a new model"
    )
    parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS", help="for one answer (default: 120)")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="write what is suggested to this file (JSON lines); no Label Studio"
    )
    parser.add_argument("--dry-run", action="store_true", help="ask nobody, send nothing; say what would be asked")
    add_json(parser)
    parser.set_defaults(run=run_suggest)


def run_suggest(args: argparse.Namespace) -> int:
    """Ask, check, send."""
    from contextlib import closing

    from ..codebook import read_codebook
    from ..errors import UsageError
    from ..label_studio.client import connect
    from ..label_studio.providers import make_provider
    from ..label_studio.suggest import (
        Suggesting,
        SuggestReport,
        json_lines,
        rounds_with_suggestions,
        suggest_documents,
        suggest_pass,
    )
    from ..label_studio.tasks import read_gold
    from ..tables import write_text

    if not 0 < args.timeout <= 86_400:
        raise UsageError(f"--timeout {args.timeout:g}: give more than 0 seconds, and no more than a day")
    if args.out is not None and args.dry_run:
        raise UsageError("--out writes a file and --dry-run writes nothing: give one of them")
    project = find_project(args)
    codebook = read_codebook(project.codebook_yaml)
    earlier = [mention for found in read_gold(project).mentions.values() for mention in found]
    report = SuggestReport()
    made = make_provider(args.provider, codebook, args.task_pass, earlier, args.name, args.timeout)
    with closing(made) as provider, progress() as say:
        suggesting = Suggesting(codebook, provider, args.task_pass, report, say)
        if args.out is not None:
            write_text(args.out, json_lines(suggest_documents(project, suggesting, args.document)))
            where = str(args.out)
        else:
            rounds = rounds_with_suggestions(project, args.task_pass, args.round, args.annotator)
            with project.writing(), connect(project) as client:
                suggest_pass(
                    project,
                    client,
                    suggesting,
                    rounds,
                    annotators=args.annotator,
                    documents=args.document,
                    again=args.again,
                    dry_run=args.dry_run,
                )
                where = client.url
    listed = report.reasons.most_common()
    lines = [f"left out {count}: {reason}" for reason, count in listed[:MOST_REASONS]]
    lines += [f"left out for {len(listed) - MOST_REASONS} other reasons"] if len(listed) > MOST_REASONS else []
    verb = f"would be asked of {provider.name}" if args.dry_run else f"{provider.name} → {where}"
    counts = dict(sorted(report.counts.items()))
    data = {"provider": provider.name, "to": where, **counts, "notes": report.notes, "left_out": dict(listed)}
    emit(args, data, [*report.notes, *lines, f"{verb}: {report}"])
    return 0
