"""In which releases a row stands, and with which values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import ReleaseError
from ..project import Project
from .packages import Package, find_release, release_versions

_KEYS = {
    "mention": ("mentions", ("mention_id",)),
    "stance": ("stances", ("stance_id",)),
    "document_stance": ("document_stances", ("doc_id", "target_id")),
    "judgement": ("judgements", ("judgement_id",)),
}
_SHOWN = {
    "mention": ("label", "kind", "entity_id", "decided_by"),
    "stance": ("stance", "attribution", "decided_by"),
    "document_stance": ("stance", "decided_by"),
    "judgement": ("label", "status"),
}


def find_appearances(project: Project, kind: str, key: str) -> list[dict[str, Any]]:
    """One item a release, the oldest first: its version, whether the row is there, and what it says.

    `there` is None, with the reason, where a release's tables cannot be read here (its zip is elsewhere).

    Args:
        kind: mention, stance, document_stance (key `doc_id/target_id`) or judgement.
    """
    table, columns = _KEYS[kind]
    values = key.rsplit("/", 1) if len(columns) == 2 else [key]
    wanted = dict(zip(columns, values, strict=True))
    found = []
    for version in release_versions(project):
        about: dict[str, Any] = {"release": str(version), "table": table, "key": key}
        try:
            row = _row(find_release(project, str(version)), table, wanted)
        except ReleaseError as error:
            found.append(about | {"there": None, "reason": str(error)})
            continue
        about["there"] = row is not None
        if row is not None:
            about["values"] = {name: row[name] for name in _SHOWN[kind] if name in row}
        found.append(about)
    return found


def _row(package: Package, name: str, wanted: Mapping[str, str]) -> dict[str, Any] | None:
    table = package.table(name)
    for column, value in wanted.items():
        if column not in table.column_names:
            return None
        table = table.filter(pc.equal(table.column(column).cast(pa.large_string()), value))
    rows = table.to_pylist()
    return rows[0] if rows else None
