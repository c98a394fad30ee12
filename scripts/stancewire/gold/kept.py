"""What models made of every unit, kept from merging: so that one row is explained without learning from all of them.

It stands in `annotations/.merge/<key>.parquet`, one row a unit, in the order of documents. It may be deleted, git
ignores it, and it is never part of a release. The key is a function of all that a model learns from (judgements,
assignments, what tasks showed, the codebook, the methods, this tool's version): once any of it is another, so is the
name, and the old file is not found. A unit that is not in the file, for whatever reason, makes the reader learn anew.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .. import __version__
from ..agreement.units import Unit
from ..agreement.values import LAYER_FIELDS
from ..judgements.stage import hash_inputs
from ..project import Project
from ..tables import ParquetFile, file_sha256, find_in_manifest, remove, row_id, write_text
from .methods import by_layer
from .models import MODEL_METHODS, ModelVotes, Settled, likeliest

FOLDER = ".merge"
_SCHEMA = pa.schema([("doc_id", pa.string()), ("unit", pa.string()), ("said", pa.string())])
_FORMAT = "1"
_ROWS = 50_000  # written at a time
Chances = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class KeptVotes:
    """What models made of some documents' units: by unit, field -> chances."""

    said: Mapping[str, Mapping[str, Chances]]
    methods: Mapping[str, str]

    @classmethod
    def of_votes(
        cls, units: Sequence[Unit], votes: ModelVotes, methods: Mapping[str, str], doc_ids: Collection[str]
    ) -> KeptVotes:
        """Of some documents, from what models made of all units."""
        of_these = ((number, unit) for number, unit in enumerate(units) if unit.doc_id in doc_ids)
        return cls({_unit_key(unit): _said(number, unit, votes) for number, unit in of_these}, dict(methods))

    def of_units(self, units: Sequence[Unit], methods: Mapping[str, str]) -> ModelVotes | None:
        """As `models.settle_by_model` has it, without what it learnt about annotators.

        None where it was not kept of all these units, or was kept of other methods.
        """
        if dict(methods) != dict(self.methods):
            return None
        settled: dict[tuple[int, str], Settled] = {}
        for number, unit in enumerate(units):
            if methods[unit.layer] not in MODEL_METHODS:
                continue
            said = self.said.get(_unit_key(unit))
            if said is None:
                return None
            for field, chances in said.items():
                settled[number, field] = likeliest((value, chance) for value, chance in chances)
        return ModelVotes(settled, ())


def keep_votes(project: Project, units: Sequence[Unit], votes: ModelVotes, methods: Mapping[str, str]) -> None:
    """Keep what models made of all units; what was kept before is taken away.

    Where nothing can be written (a checkout that is only read), nothing is kept: it is a matter of time alone.
    """
    folder = project.annotations / FOLDER
    with contextlib.suppress(OSError):
        if not votes.settled:
            remove(folder)
            return
        folder.mkdir(exist_ok=True)
        write_text(folder / ".gitignore", "*\n")
        path = _path(project, methods)
        beside = folder / f".{path.name}.{os.getpid()}.writing"
        try:
            with ParquetFile(beside, _SCHEMA) as file:
                chosen = [(n, unit) for n, unit in enumerate(units) if methods[unit.layer] in MODEL_METHODS]
                chosen.sort(key=lambda item: item[1].doc_id)
                for at in range(0, len(chosen), _ROWS):
                    rows = [_row(n, unit, votes) for n, unit in chosen[at : at + _ROWS]]
                    file.write(pa.Table.from_pylist(rows, _SCHEMA))
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        for old in folder.glob("*.parquet"):
            if old != path:
                old.unlink(missing_ok=True)


def read_kept(project: Project, methods: Mapping[str, str], doc_ids: Collection[str]) -> KeptVotes | None:
    """What was kept of these documents, None where nothing was that today's judgements and methods would give."""
    path = _path(project, methods)
    wanted = pa.array(sorted(doc_ids), pa.string())
    said = {}
    try:
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                held = file.metadata.row_group(number).column(0).statistics
                known = held is not None and held.has_min_max
                if known and not any(held.min <= doc_id <= held.max for doc_id in doc_ids):
                    continue
                group = file.read_row_group(number)
                for row in group.filter(pc.is_in(group.column("doc_id"), value_set=wanted)).to_pylist():
                    said[row["unit"]] = json.loads(row["said"])
    except (pa.ArrowException, OSError, ValueError, KeyError):  # none, or half of one: it is learnt anew
        return None
    return KeptVotes(said, dict(methods))


def _row(number: int, unit: Unit, votes: ModelVotes) -> dict[str, str]:
    said = json.dumps(_said(number, unit, votes), ensure_ascii=False, separators=(",", ":"))
    return {"doc_id": unit.doc_id, "unit": _unit_key(unit), "said": said}


def _said(number: int, unit: Unit, votes: ModelVotes) -> dict[str, Chances]:
    fields = ("exists", "boundary", *LAYER_FIELDS[unit.layer])
    return {field: votes.settled[number, field].shares for field in fields if (number, field) in votes.settled}


def _unit_key(unit: Unit) -> str:
    return row_id(unit.layer, *unit.judgement_ids)


def _path(project: Project, methods: Mapping[str, str]) -> Path:
    made = [_FORMAT, __version__, *(f"{layer}={name}" for layer, name in sorted(by_layer(methods).items()))]
    for folder, names in (
        (project.annotations, ("judgements", "assignments")),
        (project.corpus, ("documents", "segments", "stories")),
    ):
        entries = (find_in_manifest(folder, name)[1] for name in names)
        made += ["" if entry is None else str(entry["sha256"]) for entry in entries]
    made += hash_inputs(project, [project.codebook_yaml]).values()
    for export in sorted(project.exports.rglob("*.json")):  # they say what each task showed
        made += [project.relative(export), file_sha256(export)]
    return project.annotations / FOLDER / f"{row_id(*made)}.parquet"
