"""What was converted against what is written about it: `sources.csv`, `corrections.csv`, judgements on older texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from ..errors import Problem
from ..project import Project
from ..sources import FoundSources, Reject, SourceFacts
from ..tables import read_table_schema
from .parcels import Conversion


def judged_texts(project: Project | None) -> dict[str, set[str]]:
    """The texts (SHA-256) that current judgements were made on, by document; nothing where there are none yet."""
    if project is None or not project.table_path("judgements").is_file():
        return {}
    from ..errors import TableError
    from ..tables import read_table

    schema = read_table_schema("judgements", project.table_schemas)
    try:
        table = read_table(project.annotations, schema, ["doc_id", "status", "made_text_sha256"])
    except TableError:  # `build` or `validate` say what is wrong with it
        return {}
    found: dict[str, set[str]] = {}
    for doc_id, status, text in zip(*(column.to_pylist() for column in table.columns), strict=True):
        if status == "current" and text:
            found.setdefault(doc_id, set()).add(text)
    return found


def check_judged(judged: Mapping[str, set[str]], texts: Mapping[str, str]) -> list[Problem]:
    """Judgements whose document has another text now, or is gone; `texts`: SHA-256 of today's text by document."""
    problems = []
    for doc_id, made_on in sorted(judged.items()):
        if doc_id not in texts:
            message = "it has judgements, but is gone; put its source back, or its judgements go to quarantine"
        elif made_on != {texts[doc_id]}:
            message = "its text has changed since judgements were made on it; run: stancewire build, then look at them"
        else:
            continue
        problems.append(Problem("corpus/documents.parquet", doc_id, "judged-text", 1, message, "warning"))
    return problems


def check_listing(
    facts: Mapping[str, SourceFacts],
    found: FoundSources,
    read: Iterable[tuple[str, str]],
    hashes: dict[str, str],
    whole: bool = True,
) -> Iterator[Problem]:
    """`sources.csv` against the files: each named one is there, unchanged, and each file is named.

    Args:
        read: source path and SHA-256 of the files that were read. hashes: gets those of the files that it names.
        whole: was all of the source root read? If not, a file that is not among them is not missing.
    """
    for source_path, sha256 in read:
        row = facts.get(source_path)
        if row is not None:
            hashes[source_path] = sha256
        if whole and (row is None or not row.line):
            message = "it has no row in sources.csv; add one: its sha256, where it comes from, its rights"
            yield Problem(source_path, "", "source-unlisted", 1, message, "warning")
    refused = {reject.source_path for reject in found.rejects}
    for source_path, row in facts.items():
        if source_path not in hashes:
            if whole and source_path not in refused:
                message = f"there is no file {source_path}; put it back as it was received"
                yield Problem("corpus/sources.csv", str(row.line), "source-missing", 1, message)
        elif row.sha256 and row.sha256 != hashes[source_path]:
            message = (
                f"the file {source_path} has the sha256 {hashes[source_path]}, but here stands {row.sha256}; "
                "put the file back as it was received, or give a new version a name of its own"
            )
            yield Problem("corpus/sources.csv", str(row.line), "source-hash", 1, message)


def check_places(
    facts: Mapping[str, SourceFacts],
    hashes: Mapping[str, str],
    listed: Collection[tuple[str, str]],
    rejects: Iterable[Reject],
) -> list[Problem]:
    """Rows of `sources.csv` about members and records that are not in their files.

    Args:
        hashes: of the files that were read. listed: file and place of the rows that were met.
        rejects: a record that was refused is there, and so may be the members of a file that could not be read on.
    """
    refused: dict[str, set[int]] = {}
    inside = {source_path for source_path, row in facts.items() if row.inside}
    for reject in rejects if inside else ():
        if reject.source_path in inside:
            refused.setdefault(reject.source_path, set()).add(reject.record_no)
    problems = []
    for source_path, row in facts.items():
        if source_path not in hashes or -1 in refused.get(source_path, ()):
            continue
        there = {f"#{number}" for number in refused.get(source_path, ())}
        for place, inner in row.inside.items():
            if place not in there and (source_path, place) not in listed:
                message = (
                    f"no article was read from {source_path}{place}; name a member as FILE!PATH, a record as "
                    "FILE#NUMBER (record_no of documents), or take the row out"
                )
                problems.append(Problem("corpus/sources.csv", str(inner.line), "source-missing", 1, message))
    return problems


def check_corrected(conversion: Conversion, there: set[str]) -> list[Problem]:
    """Corrections of documents that are not there."""
    return [
        Problem(
            "corpus/corrections.csv",
            row.where.rpartition(" ")[2],
            "correction-place",
            1,
            f"there is no document {doc_id!r}; mend doc_id, or put its source back",
        )
        for doc_id, rows in conversion.corrections.items()
        if doc_id not in there and doc_id not in conversion.withdrawn
        for row in rows
    ]
