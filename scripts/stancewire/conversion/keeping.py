"""`convert --keep-raw`: what is converted is first copied to where the collection's own sources are."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from ..errors import UsageError
from ..project import Project
from ..sources import ENDINGS, base_of, find_sources, read_sources_csv
from ..sources.keep import Kept, keep_sources
from ..sources.listing import COLUMNS, unsafe_place
from ..sources.readers import open_source
from ..sources.remote import is_address

SOURCES = "sources"


def keep_raw(
    project: Project | None, sources: Sequence[Path | str], prefixes: Sequence[str], out: Path, format: str | None
) -> Kept:
    """Copy sources into `out/sources`, and name them in the project's `sources.csv` where that is about this folder.

    Raises:
        UsageError: a source and the folder lie within each other. SourceError: see `find_sources`, `keep_sources`.
    """
    folder = out / SOURCES
    own = folder.resolve()
    for source, prefix in zip(sources, prefixes, strict=True):
        base = base_of(source)
        overlap = not is_address(source) and (own.is_relative_to(base) or base.is_relative_to(own))
        if overlap and (base != own or prefix):
            raise UsageError(
                f"--keep-raw: {folder} and the source {source} lie within each other; name the source alone, or "
                "another --out"
            )
    found = find_sources(sources, ENDINGS, format)
    kept = keep_sources(found.files, prefixes, folder, open_source)
    # What is refused in the folder itself is told when it is converted.
    kept.rejects += [reject for reject in found.rejects if own not in map(base_of, sources)]
    if project is not None and own == project.sources:
        _list(project, {**kept.there, **kept.copied})
    return kept


def _list(project: Project, hashes: dict[str, str]) -> None:
    """Add a row with its sha256 for each kept file that `sources.csv` does not name, and whose name it can hold."""
    known = read_sources_csv(project.sources_csv)
    new = sorted(name for name in set(hashes) - set(known) if not unsafe_place(name) and name == name.strip())
    if not new:
        return
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    for source_path in new:
        facts = {"source_path": source_path, "sha256": hashes[source_path], "note": "kept by convert"}
        writer.writerow([facts.get(name, "") for name in COLUMNS])
    from ..tables import write_text

    before = project.sources_csv.read_text(encoding="utf-8") if project.sources_csv.is_file() else ""
    before = before or ",".join(COLUMNS) + "\n"
    write_text(project.sources_csv, before + ("" if before.endswith("\n") else "\n") + sheet.getvalue())
