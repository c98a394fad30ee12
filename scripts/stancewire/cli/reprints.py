"""`stancewire reprints`: the stories of the corpus with their versions, recomputed from documents and segments."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from .output import add_json, add_scheduler, emit, find_project

if TYPE_CHECKING:
    from ..engine import Crew
    from ..reprints import Pair, Story, Witness


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command of this family."""
    parser = commands.add_parser(
        "reprints",
        help="which documents tell one story, and how much they share",
        description=(
            "Find the stories of the corpus anew and print those of two versions and more: each member, with * at the "
            "head (the fullest version), then each pair with the Jaccard index and the containment of its word 5-grams "
            "and the share of the shorter text's words that stand in the longer in the same order. Reads "
            "corpus/documents and corpus/segments, writes nothing: the tables stories, reprints and variants are made "
            "by convert."
        ),
    )
    add_json(parser)
    crew = parser.add_mutually_exclusive_group()
    crew.add_argument("--workers", metavar="N", type=int, default=1, help="processes (default: 1); same outcome")
    add_scheduler(crew)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the stories; 0 also where there are none."""
    from ..checks.catalogue import problem
    from ..reprints import group_witnesses, read_witnesses
    from ..reprints.caps import CHECK, describe_caps
    from ..reprints.witness import NO_SENTENCES
    from ..tables import read_table, read_table_schema

    project = find_project(args)
    documents, segments = [
        read_table(project.corpus, read_table_schema(name, project.table_schemas), columns)
        for name, columns in (
            ("documents", ["doc_id", "date", "wire", "lang", "text", "n_words"]),
            ("segments", ["doc_id", "seg_no", "role", "start", "end"]),
        )
    ]
    witnesses = read_witnesses(documents, segments, NO_SENTENCES)
    with ExitStack() as stack:
        crew: Crew = args.workers
        if args.scheduler is not None:
            from ..conversion.parcels import machine
            from ..engine.cluster import Cluster

            crew = stack.enter_context(Cluster(args.scheduler, machine))
        grouping = group_witnesses(witnesses, crew)
    pairs: dict[int, list[Pair]] = {}
    for pair in grouping.pairs:
        pairs.setdefault(grouping.story_of[pair.a], []).append(pair)
    stories = [
        _story(witnesses, story, pairs.get(number, []))
        for number, story in enumerate(grouping.stories)
        if len(story.members) > 1
    ]
    apart = [_pair(witnesses, pair) for pair in grouping.across]
    capped = [*describe_caps(witnesses, grouping)]
    data = {
        "documents": len(witnesses),
        "stories": stories,
        "kept_apart": apart,
        "problems": [problem(CHECK, "corpus/reprints.parquet", "", said).as_json() for said in capped],
    }
    emit(args, data, _lines(data, capped))
    return 0


def _story(witnesses: list[Witness], story: Story, pairs: list[Pair]) -> dict[str, Any]:
    return {
        "story_id": story.story_id,
        "head": witnesses[story.head].doc_id,
        "members": [witnesses[number].doc_id for number in story.members],
        "pairs": [_pair(witnesses, pair) for pair in pairs],
    }


def _pair(witnesses: list[Witness], pair: Pair) -> dict[str, Any]:
    shares = {name: round(getattr(pair, name), 12) for name in ("jaccard", "containment", "aligned_share")}
    return {"doc_id_a": witnesses[pair.a].doc_id, "doc_id_b": witnesses[pair.b].doc_id} | shares


def _lines(data: dict[str, Any], capped: list[str]) -> Iterator[str]:
    for story in data["stories"]:
        yield story["story_id"]
        for member in story["members"]:
            yield f"  {'*' if member == story['head'] else ' '} {member}"
        for pair in story["pairs"]:
            yield "    " + _pair_line(pair)
    for pair in data["kept_apart"]:
        yield "alike, but in different stories: " + _pair_line(pair)
    for message in capped:
        yield f"warning: {message}"
    number = len(data["stories"])
    yield f"{data['documents']} documents, {number} {'story' if number == 1 else 'stories'} of two versions or more"


def _pair_line(pair: dict[str, Any]) -> str:
    return (
        f"{pair['doc_id_a']} - {pair['doc_id_b']}: jaccard {pair['jaccard']:.2f}, "
        f"containment {pair['containment']:.2f}, aligned {pair['aligned_share']:.2f}"
    )
