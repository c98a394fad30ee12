"""What the last conversion made of each file, so that the next touches only what was added, changed or removed.

It stands beside the tables in `.convert/state.arrow`, may be deleted, and is believed only while the rules are the same
and the tables are still those that it was written with. Rows of files that are as they were come from the old tables;
the tables are the same bytes as if all had been converted anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import Problem
from ..sources import Reject
from ..tables import file_sha256, read_manifest, shards_of
from .arrays import strings
from .parts import BUCKET, PART_TABLES, Account, Tally, bucket, part_path, value_bytes, write_arrow

Said = Reject | Problem | Tally
STATE = "state.arrow"
_SCHEMA = pa.schema([(name, pa.string()) for name in ("source_path", "key", "sha256", "said")])


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
    """Key, hash, rejects, problems and tallies of each file by source path; `counts` are those of the last report."""

    keys: dict[str, str]
    hashes: dict[str, str]
    said: dict[str, list[Said]]
    counts: dict[str, Any]

    def compare(self, keys: Mapping[str, str]) -> Changes:
        """The files of today, by source path and key, against those of the last conversion."""
        changes = Changes(removed=sorted(self.keys.keys() - keys.keys()))
        for source_path, key in keys.items():
            before = self.keys.get(source_path)
            kind = changes.added if before is None else changes.same if before == key else changes.changed
            kind.append(source_path)
        return changes


def write_state(
    folder: Path,
    rules: str,
    keys: Mapping[str, str],
    hashes: Mapping[str, str],
    said: Iterable[Said],
    counts: Mapping[str, Any],
    tables: Mapping[str, str],
) -> None:
    """Remember a conversion.

    Args:
        folder: the work folder. rules: what all rows depend on. tables: SHA-256 of the written tables, by name.
        said: rejects, problems and tallies of single sources; others are found anew each time.
    """
    by_path: dict[str, list[Any]] = {}
    for item in said:
        name = item.path if isinstance(item, Problem) else item.source_path
        by_path.setdefault(name, []).append(asdict(item))
    columns: list[list[str | None]] = [
        list(keys),
        list(keys.values()),
        [hashes.get(name) for name in keys],
        [json.dumps(by_path[name]) if name in by_path else None for name in keys],
    ]
    about = {"rules": rules, "counts": counts, "tables": dict(tables)}
    schema = _SCHEMA.with_metadata({"stancewire": json.dumps(about)})
    write_arrow(folder / STATE, [pa.Table.from_arrays(list(map(strings, columns)), schema=schema)])


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
    names, keys, hashes, said = (column.to_pylist() for column in table.columns)
    return State(
        dict(zip(names, keys, strict=True)),
        {name: sha256 for name, sha256 in zip(names, hashes, strict=True) if sha256 is not None},
        {name: [_read(item) for item in json.loads(items)] for name, items in zip(names, said, strict=True) if items},
        about["counts"],
    )


def _read(item: dict[str, Any]) -> Said:
    if "count" in item:
        return Tally(**item)
    return Reject(**item) if "source_path" in item else Problem(**item)


def take_over(directory: Path, folder: Path, key: str, same: Sequence[str]) -> Account:
    """The rows of files that are as they were, from the old tables of `directory`, as parts below `folder`."""
    account = Account(key)
    kept = pa.array(same, pa.string())
    gone: list[pa.Array] = []
    ids: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for name in PART_TABLES:
        path = directory / f"{name}.parquet"
        for number, file in enumerate(shards_of(path) if path.is_dir() else [path]):
            numbers[name] = number + 1
            size = [0, 0]

            def pieces(file: Path = file, name: str = name, size: list[int] = size) -> Iterable[pa.Table]:
                source = pq.ParquetFile(file)
                for group in range(max(1, source.num_row_groups)):
                    rows = source.read_row_group(group) if source.num_row_groups else source.read()
                    if name == "documents":
                        mine = pc.is_in(rows.column("source_path"), value_set=kept)
                        gone.append(rows.filter(pc.invert(mine)).column("doc_id").combine_chunks())
                        rows = rows.filter(mine)
                        ids.update((doc_id, bucket(doc_id)) for doc_id in rows.column("doc_id").to_pylist())
                    else:
                        lost = pa.concat_arrays(gone) if gone else pa.array([], pa.string())
                        rows = rows.filter(pc.invert(pc.is_in(rows.column("doc_id"), value_set=lost)))
                    size[0] += rows.num_rows
                    size[1] += value_bytes(rows)
                    places = pa.array([ids[doc_id] for doc_id in rows.column("doc_id").to_pylist()], pa.uint16())
                    yield rows.append_column(BUCKET, places)

            write_arrow(part_path(folder, key, number, name), pieces())
            while len(account.parts) <= number:
                account.parts.append({})
            account.parts[number][name] = size[0], size[1]
    return account
