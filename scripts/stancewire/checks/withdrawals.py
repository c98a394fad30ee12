"""Checks of `corpus/withdrawn.csv`: what it names was once a document, and is none any more. Needs pyarrow alone."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Problem
from ..tables import decode_parquet
from .files import Files
from .loading import Loaded, limited, table_file
from .packaged import ARCHIVE, RELEASES
from .texts import WITHDRAWN_CSV, read_csv, withdrawn_places


def check_withdrawn(files: Files, loaded: Loaded) -> list[Problem]:
    """Each withdrawn document is in no table, and was in the sources or in a release."""
    if not files.has(WITHDRAWN_CSV) or "documents" not in loaded.tables:
        return []
    return limited("withdrawn-document", WITHDRAWN_CSV, _wrong_rows(files, loaded))


def _wrong_rows(files: Files, loaded: Loaded) -> Iterator[tuple[int, str]]:
    there = {row[0] for row in loaded.columns("documents", "doc_id")}
    left_out = withdrawn_places(files)
    released: set[str] | None = None
    asked = False
    for line, row in read_csv(files, WITHDRAWN_CSV)[0]:
        doc_id = row.get("doc_id", "").strip()
        if doc_id in there:
            yield line, f"{doc_id!r} is still in the tables; run: stancewire build"
        elif doc_id and doc_id not in left_out:
            if not asked:
                released, asked = _released(files), True
            if released is not None and doc_id not in released:
                yield line, f"there is no document {doc_id!r}, and no release has one; mend doc_id, or take the row out"


def _released(files: Files) -> set[str] | None:
    """The documents of all releases; None where one is elsewhere, so that nobody can tell."""
    found: set[str] = set()
    for name in files.names_below(RELEASES):
        if name.endswith(f"/{ARCHIVE}"):
            return None
        if name.endswith(f"/{table_file('documents')}"):
            try:
                found |= set(decode_parquet(files.read(name), ["doc_id"]).column("doc_id").to_pylist())
            except (OSError, ValueError, KeyError):
                return None
    return found
