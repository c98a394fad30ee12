"""What the last conversion made of each file, so that the next touches only what was added, changed or removed.

It stands beside the tables in `.convert/state.arrow`, may be deleted, and is believed only while the rules are the same
and the tables are still those that it was written with. Rows of files that are as they were come from the old tables;
the tables are the same bytes as if all had been converted anew. Tables do not tell roots apart: where two roots have
files of one path, these are converted again together.

The state and the files of today come in the same order, so that they are compared like two sorted lists.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import Problem
from ..sources import Reject, SourceFile, SourceFiles
from ..tables import file_sha256, read_manifest
from .arrays import strings
from .ledger import Row
from .parts import Tally, write_arrow
from .told import Said

STATE = "state.arrow"
NEXT = "state.next"  # of a run that has not put its tables in their places
_SCHEMA = pa.schema([(name, pa.string()) for name in ("root", "source_path", "key", "sha256", "said")])
_ROWS = 10_000  # written at a time


@dataclass
class Changes:
    """What became of the files since the last conversion: source paths, and how many are the same."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    same: int = 0

    @property
    def is_none(self) -> bool:
        """Are all files as they were?"""
        return not (self.added or self.changed or self.removed)


@dataclass
class Compared:
    """The files of today against those of the last conversion.

    Attributes:
        same: by number of today's files, 1 where all files of its path, in whatever root, are as they were.
        kept: the same by number of the state's rows. gone: source paths of the rows that are not kept.
    """

    changes: Changes
    same: bytearray
    kept: bytearray
    gone: list[str]


@dataclass
class State:
    """The state of a folder; `n_roots` of the conversion that it is of."""

    path: Path
    n_rows: int
    n_roots: int

    def rows(self) -> Iterator[Row]:
        """What became of each file, in the order of roots and paths."""
        with pa.OSFile(str(self.path)) as source, pa.ipc.open_file(source) as file:
            for number in range(file.num_record_batches):
                roots, *others = (column.to_pylist() for column in file.get_batch(number).columns)
                yield from zip(map(int, roots), *others, strict=True)

    def compare(self, files: SourceFiles, key_of: Callable[[SourceFile], str], names: Sequence[str]) -> Compared:
        """The files of today against it; `names`, of the roots, stand before their paths where there are several."""
        same, kept, gone = bytearray(len(files)), bytearray(self.n_rows), []
        found: dict[str, list[tuple[int, str]]] = {"added": [], "changed": [], "removed": []}

        def now(root: int) -> Iterator[tuple[str, int, int, str, int]]:
            mine = (item for item in enumerate(files) if item[1].root == root)
            return ((file.source_path, 1, root, key_of(file), number) for number, file in mine)

        def before(root: int) -> Iterator[tuple[str, int, int, str, int]]:
            mine = (item for item in enumerate(self.rows()) if item[1][0] == root)
            return ((row[1], 0, root, row[2], number) for number, row in mine)

        by_path = merge(*map(before, range(self.n_roots)), *map(now, range(len(names))))
        for path, group in groupby(by_path, itemgetter(0)):
            both = list(group)
            was, today = [item for item in both if not item[1]], [item for item in both if item[1]]
            if [item[2:4] for item in was] == [item[2:4] for item in today]:
                for _, is_now, _, _, number in both:
                    (same if is_now else kept)[number] = 1
                continue
            if was:
                gone.append(path)
            roots = {item[2] for item in was}, {item[2] for item in today}
            found["removed"] += [(root, path) for root in roots[0] - roots[1]]
            found["added"] += [(root, path) for root in roots[1] - roots[0]]
            found["changed"] += [(root, path) for root in roots[1] & roots[0]]
        shown = {kind: [_named(place, names) for place in sorted(places)] for kind, places in found.items()}
        return Compared(Changes(**shown, same=same.count(1)), same, kept, gone)


def _named(place: tuple[int, str], names: Sequence[str]) -> str:
    root, source_path = place
    return f"{names[root]}/{source_path}" if len(names) > 1 and root < len(names) else source_path


def write_state(
    path: Path, rules: str, rows: Iterable[Row], n_roots: int, tables: Mapping[str, str], repeats: bool
) -> None:
    """Remember a conversion.

    Args:
        rules: what all rows depend on. tables: SHA-256 of the written tables, by name.
        repeats: did ids stand twice, in whatever files? Then no file stands for itself, and all are converted again.
    """
    about = {"rules": rules, "tables": dict(tables), "roots": n_roots, "repeats": repeats}
    schema = _SCHEMA.with_metadata({"stancewire": json.dumps(about)})

    def pieces() -> Iterator[pa.Table]:
        left = iter(rows)
        piece = list(islice(left, _ROWS))
        while True:
            roots, *others = zip(*piece, strict=True) if piece else ((),) * len(_SCHEMA)
            yield pa.Table.from_arrays([strings([*map(str, roots)]), *map(strings, others)], schema=schema)
            piece = list(islice(left, _ROWS))
            if not piece:
                return

    write_arrow(path, pieces())


def read_state(folder: Path, rules: str) -> State | None:
    """What was remembered; None where it is of no use: other rules, ids that stood twice, tables that have changed."""
    path = folder / STATE
    try:
        with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
            about = json.loads(file.schema.metadata[b"stancewire"])
            n_rows = sum(file.get_batch(number).num_rows for number in range(file.num_record_batches))
            state = State(path, n_rows, about["roots"])
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        return None
    if about["rules"] != rules or about.get("repeats", True):
        return None
    manifest = read_manifest(folder.parent).get("convert", {}).get("tables", {})
    for name, sha256 in about["tables"].items():
        table = folder.parent / f"{name}.parquet"
        if not table.exists() or manifest.get(name, {}).get("sha256") != sha256 or file_sha256(table) != sha256:
            return None
    return state


def read_said(said: str) -> list[Said]:
    """What was said of a file, of its row."""
    return [_read(item) for item in json.loads(said)]


def _read(item: dict[str, Any]) -> Said:
    if "count" in item:
        return Tally(**item)
    return Reject(**item) if "source_path" in item else Problem(**item)
