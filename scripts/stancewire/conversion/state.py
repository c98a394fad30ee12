"""What the last conversion made of each file, so that the next touches only what was added, changed or removed.

It stands beside the tables in `.convert/state.arrow`, may be deleted, and is believed only while the rules are the same
and the tables are still those that it was written with. Rows of files that are as they were come from the old tables;
the tables are the same bytes as if all had been converted anew. Tables do not tell roots apart: where two roots have
files of one path, these are converted again together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import Problem
from ..sources import Reject
from ..tables import file_sha256, read_manifest
from .arrays import strings
from .parts import Tally, as_json, write_arrow

Said = Reject | Problem | Tally
STATE = "state.arrow"
_SCHEMA = pa.schema([(name, pa.string()) for name in ("root", "source_path", "key", "sha256", "said")])
_ROWS = 10_000  # written at a time
# A file: the number of its root and its path below that.
Place = tuple[int, str]


@dataclass
class Changes:
    """Source paths by what became of the files since the last conversion."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)

    @property
    def is_none(self) -> bool:
        """Are all files as they were?"""
        return not (self.added or self.changed or self.removed)


@dataclass
class State:
    """Key and hash of each file, and what was said of it (rejects, problems, tallies) by source path."""

    keys: dict[Place, str]
    hashes: dict[Place, str]
    said: dict[str, list[Said]]

    def same_paths(self, keys: Mapping[Place, str]) -> set[str]:
        """Source paths of which all files, in whatever root, are as they were."""
        before, now = _by_path(self.keys), _by_path(keys)
        return {path for path, files in now.items() if before.get(path) == files}

    def compare(self, keys: Mapping[Place, str], names: Sequence[str]) -> Changes:
        """The files of today against those of the last conversion; `names`, of the roots, stand before their paths."""
        same = self.same_paths(keys)
        changes = Changes(removed=sorted(_named(place, names) for place in self.keys.keys() - keys.keys()))
        for place in keys:
            before = self.keys.get(place)
            kind = changes.same if place[1] in same else changes.added if before is None else changes.changed
            kind.append(_named(place, names))
        return changes


def _by_path(keys: Mapping[Place, str]) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for (root, source_path), key in keys.items():
        found.setdefault(source_path, []).append((root, key))
    return {path: sorted(files) for path, files in found.items()}


def _named(place: Place, names: Sequence[str]) -> str:
    root, source_path = place
    return f"{names[root]}/{source_path}" if len(names) > 1 and root < len(names) else source_path


def write_state(
    folder: Path,
    rules: str,
    keys: Mapping[Place, str],
    hashes: Mapping[Place, str],
    said: Iterable[Said],
    tables: Mapping[str, str],
) -> None:
    """Remember a conversion.

    Args:
        folder: the work folder. rules: what all rows depend on. tables: SHA-256 of the written tables, by name.
        said: rejects, problems and tallies of single sources; others are found anew each time.
    """
    by_path: dict[str, list[Said]] = {}
    for item in said:
        name = item.path if isinstance(item, Problem) else item.source_path
        by_path.setdefault(name, []).append(item)
    about = {"rules": rules, "tables": dict(tables)}
    schema = _SCHEMA.with_metadata({"stancewire": json.dumps(about)})

    def pieces() -> Iterator[pa.Table]:
        places = list(keys)
        for start in range(0, max(1, len(places)), _ROWS):
            piece = places[start : start + _ROWS]
            columns: list[list[str | None]] = [
                [str(root) for root, _ in piece],
                [source_path for _, source_path in piece],
                [keys[place] for place in piece],
                [hashes.get(place) for place in piece],
                # Of files of one path all stands with the first.
                [json.dumps(list(map(as_json, by_path.pop(name)))) if name in by_path else None for _, name in piece],
            ]
            yield pa.Table.from_arrays([strings(column) for column in columns], schema=schema)

    write_arrow(folder / STATE, pieces())


def read_state(folder: Path, rules: str) -> State | None:
    """What was remembered; None where there is nothing, other rules, or tables that are no longer the same."""
    try:
        with pa.OSFile(str(folder / STATE)) as source:
            table = pa.ipc.open_file(source).read_all()
        about = json.loads(table.schema.metadata[b"stancewire"])
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        return None
    if about["rules"] != rules:
        return None
    manifest = read_manifest(folder.parent).get("convert", {}).get("tables", {})
    for name, sha256 in about["tables"].items():
        path = folder.parent / f"{name}.parquet"
        if not path.exists() or manifest.get(name, {}).get("sha256") != sha256 or file_sha256(path) != sha256:
            return None
    roots, names, keys, hashes, said = (column.to_pylist() for column in table.columns)
    places = [(int(root), name) for root, name in zip(roots, names, strict=True)]
    return State(
        dict(zip(places, keys, strict=True)),
        {place: sha256 for place, sha256 in zip(places, hashes, strict=True) if sha256 is not None},
        {name: [_read(item) for item in json.loads(items)] for name, items in zip(names, said, strict=True) if items},
    )


def _read(item: dict[str, Any]) -> Said:
    if "count" in item:
        return Tally(**item)
    return Reject(**item) if "source_path" in item else Problem(**item)
