"""`rebuild`: a text-free package made full again from the reader's own copies of the articles.

    documents (hashes) ──► copies (by bytes, then by text) ──► texts ──► every quote, held against its hash
    full schemas, tables, text files ──► a folder that `stancewire.open`, `verify` and pandas read

What there is no copy of stays null, and `not_recovered.csv` lists it with the reason. With all of them, every table is
byte for byte that of the full release. Sources and exports are not in it: they were never in the package.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..checks.files import is_safe_path, open_files, sha256
from ..checks.loading import table_file
from ..checks.packaged import REBUILT, TEXT_FREE
from ..checks.texts import CORRECTIONS_CSV, read_csv
from ..codebook import read_codebook, read_dataset
from ..errors import ReleaseError
from ..tables import file_sha256, write_bytes, write_parquet
from .copies import Copies, find_copies
from .descriptor import TableFile, contents_of, dump, make_descriptor
from .packages import FULL_CONTENTS, FULL_FILES, Package, open_package
from .restore import Restored, Restorer, Row, restore_changes
from .state import TABLES, describe_table
from .text_files import cut_file
from .text_free import SCHEMAS, dump_schema

NOT_RECOVERED = "not_recovered.csv"
_KEPT = ("corpus/", "annotations/", "schema/", "CITATION.cff")
_LISTED = ("doc_id", "source_path", "url", "raw_sha256", "text_sha256", "reason")


@dataclass
class Rebuilt:
    """What was recovered.

    Attributes:
        documents: how many are whole again, and of how many. rows: likewise of rows that had something withheld.
        tables: by name, rows recovered and rows that had something withheld. equal: tables that are, byte for byte,
            those of the full release.
        missing: documents that are not whole, with the reason. files: text files that could not be made whole.
        read: records of the reader's that were looked at. unread: files that could not be, with the reason.
    """

    folder: Path
    documents: tuple[int, int] = (0, 0)
    rows: tuple[int, int] = (0, 0)
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)
    equal: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    n_tables: int = 0
    read: int = 0
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Was everything recovered?"""
        return self.rows[0] == self.rows[1] and not self.missing and not self.files


def rebuild(package: Path, sources: Sequence[Path | str], out: Path | None = None) -> Rebuilt:
    """Make a text-free package full again, as a new folder.

    Args:
        package: its folder or zip. sources: files, folders and patterns that hold copies of the articles.
        out: the folder to write (default: `<name>-<version>-rebuilt` in the working directory).

    Raises:
        ReleaseError: it is damaged or not text-free, or there is something at `out`.
        SourceError: a source does not exist.
    """
    given = open_package(package)
    if given.flavour != TEXT_FREE:
        raise ReleaseError(f"{package} is no text-free package (its flavour is {given.flavour}): it holds its texts")
    _refuse_damaged(package)
    folder = out or Path(f"{given.descriptor.get('name')}-{given.version}-rebuilt")
    if folder.exists():
        raise ReleaseError(f"{folder} is there already; name another folder with --out")
    beside = folder.with_name(f".{folder.name}.writing")
    shutil.rmtree(beside, ignore_errors=True)  # of an earlier run that was killed
    try:
        made = _rebuild_into(given, sources, beside)
        os.rename(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    made.folder = folder
    return made


def _refuse_damaged(package: Path) -> None:
    from .verify import verify

    problems = [item for item in verify(package).problems if item.severity == "problem"]
    if problems:
        raise ReleaseError(f"{package} is damaged ({problems[0]}); get it again, and see: stancewire verify {package}")


def _rebuild_into(package: Package, sources: Sequence[Path | str], folder: Path) -> Rebuilt:
    files = package.files
    for name in files.names():
        if name.startswith(_KEPT) and not name.startswith(SCHEMAS) and not name.endswith(".parquet"):
            write_bytes(folder / name, files.read(name))
    documents = package.table("documents").drop_columns(["text"]).to_pylist()
    columns = read_dataset(folder / "schema/dataset.yaml").columns
    messages = frozenset(_column(package, "rejects", "message_sha256")) - {None}
    copies = find_copies(documents, sources, columns, messages)
    texts = {doc_id: copy.text for doc_id, copy in copies.of.items()}
    places = zip(*(_column(package, "sentences", n) for n in ("doc_id", "sent_no", "start", "end")), strict=True)
    candidates = partial(_candidates, _metadata(package, folder, copies), _corrected(folder, texts))
    sentences = {(doc, number): (a, b) for doc, number, a, b in places}
    restorer = Restorer(texts, candidates, sentences, copies.messages)
    made = Rebuilt(folder, read=copies.n_read, unread=copies.unread)
    names = [name for name in TABLES if name != "changes"]
    tables = {name: restorer.restore(package.schema(name), package.table(name)) for name in names}
    restorer.restore_ids(tables, read_codebook(folder / "schema/codebook.yaml").rules)
    tables["changes"] = Restored(package.schema("changes"), package.table("changes").to_pylist())
    restore_changes(tables["changes"], tables, restorer.plain_id)
    made.files = _fill_files(package, folder, restorer)
    written = _write_tables(package, folder, tables, made)
    made.missing = {
        row["doc_id"]: copies.reasons.get(row["doc_id"], "its text is there, but a column beside it is not what it was")
        for number, row in enumerate(tables["documents"].rows)
        if number in tables["documents"].lost
    }
    made.documents = len(documents) - len(made.missing), len(documents)
    _describe(package, folder, written, made)
    return made


def _column(package: Package, table: str, name: str) -> list[Any]:
    return package.table(table).column(name).to_pylist()


def _metadata(package: Package, folder: Path, copies: Copies) -> dict[str, Any]:
    """What texts and copies state about their documents, by the rules of `convert`."""
    from ..sources import NOTHING_KNOWN
    from ..text import Lexicon
    from ..text.metadata import find_metadata
    from ..text.model import Segment

    lexicon = Lexicon.for_codebook(read_codebook(folder / "schema/codebook.yaml"))
    segments: dict[str, list[Segment]] = {}
    columns = ("doc_id", "seg_no", "role", "start", "end", "rule")
    for doc_id, *values in zip(*(_column(package, "segments", name) for name in columns), strict=True):
        segments.setdefault(doc_id, []).append(Segment(*values))
    return {
        doc_id: find_metadata(
            copy.text, segments.get(doc_id, ()), NOTHING_KNOWN, lexicon, copy.stated, lambda _: (None, None)
        )
        for doc_id, copy in copies.of.items()
    }


def _corrected(folder: Path, texts: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """What `corrections.csv` sets columns of documents to."""
    from .places import fill_places

    rows, _ = read_csv(open_files(folder), CORRECTIONS_CSV)
    return {(row["doc_id"], row["field"]): fill_places(row["value"], texts.get) or "" for _, row in rows}


def _candidates(
    metadata: Mapping[str, Any], corrected: Mapping[tuple[str, str], str], doc_id: str, column: str
) -> list[str | None]:
    stated = getattr(metadata[doc_id], column, None) if doc_id in metadata else None
    return [corrected.get((doc_id, column)), stated]


def _fill_files(package: Package, folder: Path, restorer: Restorer) -> list[str]:
    """Put words back into text files; those that are not what they were keep their places, and are named."""
    from .places import fill_places

    lost = []
    for path, digest in package.descriptor.get(FULL_FILES, {}).items():
        if not path.startswith(_KEPT) or not is_safe_path(path) or not package.files.has(path):
            raise ReleaseError(f"{package.where}: its descriptor names {path!r}, which is no file of it; get it again")
        text = package.files.read(path).decode("utf-8")
        cut = cut_file(path, text)
        filled = [fill_places(item.text, restorer.texts.get) for item in cut.said]
        if None not in filled:
            data = cut.join([restorer.plain_id(piece) for piece in filled if piece is not None]).encode("utf-8")
            if sha256(data) == digest:
                write_bytes(folder / path, data)
                continue
        lost.append(path)
    return lost


def _write_tables(package: Package, folder: Path, tables: Mapping[str, Restored], made: Rebuilt) -> list[TableFile]:
    from .csv_tables import csv_bytes
    from .package import FULL_HASH

    written = []
    for name in TABLES:
        restored, resource = tables[name], package.resources[name]
        schema, table = restored.make()
        path = folder / table_file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(path, table)
        write_bytes(folder / f"{SCHEMAS}{name}.json", dump_schema(schema))
        write_bytes(folder / "csv" / f"{name}.csv", csv_bytes(table))
        written.append(describe_table(schema, table, path))
        if f"sha256:{written[-1].sha256}" == resource.get(FULL_HASH):
            made.equal.append(name)
        if restored.held:
            made.tables[name] = len(restored.held) - len(restored.lost), len(restored.held)
    recovered, held = (sum(counts[side] for counts in made.tables.values()) for side in (0, 1))
    made.rows, made.n_tables = (recovered, held), len(written)
    return written


def _describe(package: Package, folder: Path, written: list[TableFile], made: Rebuilt) -> None:
    from .card import data_dictionary
    from .package import DESCRIPTOR, write_sums

    if made.missing:
        rows = {row["doc_id"]: row for row in package.table("documents").drop_columns(["text"]).to_pylist()}
        write_bytes(folder / NOT_RECOVERED, _listed(rows, made.missing))
    files = open_files(folder)
    others = {name: file_sha256(folder / name) for name in files.names() if _is_data(name)}
    contents = contents_of({table.path: table.content_sha256 for table in written}, others)
    about = {
        FULL_CONTENTS: package.full_contents,
        "stancewire:rebuilt": {"documents": list(made.documents), "rows": list(made.rows), "equal": made.equal},
    }
    created = str(package.descriptor["created"])[:10] if "created" in package.descriptor else None
    dataset = read_dataset(folder / "schema/dataset.yaml")
    descriptor = make_descriptor(dataset, written, package.version, created, contents, REBUILT, about)
    write_bytes(folder / DESCRIPTOR, dump(descriptor))
    write_bytes(folder / "DATA_DICTIONARY.md", data_dictionary([table.schema for table in written]).encode())
    write_bytes(folder / "README.md", _card(dataset.title, dataset.text_statement, package, made).encode())
    write_sums(folder)


def _is_data(name: str) -> bool:
    return name.startswith(_KEPT) and not name.endswith(".parquet") and name != "CITATION.cff"


def _listed(rows: Mapping[str, Row], missing: Mapping[str, str]) -> bytes:
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerow(_LISTED)
    for doc_id, reason in missing.items():
        writer.writerow([*(rows[doc_id][name] for name in _LISTED[:-1]), reason])
    return b"\xef\xbb\xbf" + sink.getvalue().encode("utf-8")


def _card(title: str, statement: str, package: Package, made: Rebuilt) -> str:
    return f"""\
# {title}, rebuilt

Version {package.version}, made from its text-free package and copies of the articles: {share(made.documents)} of the
documents and {share(made.rows)} of the rows that quote them are as in the full release. What is not there is null, and
listed in `{NOT_RECOVERED}`. Sources and exports are in neither package.

{statement} Do not pass this folder on without their leave. `DATA_DICTIONARY.md` explains each column, `CITATION.cff`
says how to cite the dataset.
"""


def share(counts: tuple[int, int]) -> str:
    """A share in words: `3 of 4 (75%)`."""
    done, whole = counts
    percent = 100 * done / whole if whole else 100.0
    return f"{done:,} of {whole:,} ({percent:.4g}%)"


