"""Document stances of millions of judgements: counted in columns, the same rows as `merge` makes unit by unit.

    judgements ──► per document and target: votes by value ──► the most frequent ──► document_stances, conflicts

Counted here is what is plain: one current judgement an annotator, at its place, nothing projected, nothing decided. The
documents of which anything else is true are left to `merge_units`, and so is a sample of the rest: on that agreement is
measured. It is chosen by the hashes of document ids. DuckDB joins and groups, on disk where memory does not do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..agreement.values import Row
from ..label_studio.model import PROJECTED
from ..tables import TableSchema, shards_of
from ..tables.bulk_ids import row_ids
from .ballots import most_frequent
from .decisions import Decision

LARGE = 1_000_000  # judgements; fewer are merged unit by unit
SAMPLE = 100_000  # judgements on which the agreement of a counted layer is measured, roughly
COUNTED_LAYER = "document_stance"
COUNTED_METHODS = ("majority", "unanimous", "adjudicated")
MEMORY = "800MB"
_UNITS_AT_ONCE = 100_000

# Who voted on which document and target, by the rules of `agreement.units`; documents and voices as numbers.
_VOTES = """
CREATE TEMP TABLE latest AS
    SELECT doc_id, task_pass, annotator_id, max(round) AS round FROM read_parquet({assignments})
    WHERE state = 'submitted' GROUP BY ALL;
CREATE TEMP TABLE documents AS
    SELECT doc_id, count(*) FILTER (task_pass = 'stances') AS n_annotators, row_number() OVER ()::INTEGER AS document
    FROM latest GROUP BY doc_id;
CREATE TEMP TABLE voices AS
    SELECT doc_id, task_pass, annotator_id, round, document, row_number() OVER ()::INTEGER AS voice
    FROM latest JOIN documents USING (doc_id);
CREATE TEMP TABLE votes AS
    SELECT document, voice, target_id::ENUM ({targets}) AS target_id, label::ENUM ({values}) AS value, judgement_id,
           anchor <> 'same' OR task_pass <> 'stances'
               OR (origin <> 'manual' AND coalesce(suggested_by, '') LIKE '{projected}%') AS is_special
    FROM read_parquet({judgements}) JOIN voices USING (doc_id, task_pass, annotator_id, round)
    WHERE layer = 'document_stance' AND status = 'current'
"""
_UNITS = """
CREATE TEMP TABLE special AS
    SELECT document FROM votes WHERE is_special
    UNION SELECT document FROM votes GROUP BY document, voice, target_id HAVING count(*) > 1
    UNION SELECT document FROM documents WHERE list_contains(?, doc_id);
CREATE TEMP TABLE sampled AS
    SELECT document FROM documents SEMI JOIN votes USING (document) WHERE left(sha256(doc_id), 8) < ?;
CREATE TEMP TABLE aside AS SELECT document FROM special UNION SELECT document FROM sampled;
CREATE TEMP TABLE units AS
    SELECT document, target_id, {counts} FROM votes ANTI JOIN aside USING (document) GROUP BY document, target_id
"""
_TIES = """
SELECT doc_id, target_id::VARCHAR AS target_id, ids
FROM (SELECT document, target_id, list(judgement_id ORDER BY judgement_id) AS ids
      FROM votes JOIN undecided USING (document, target_id) GROUP BY ALL) JOIN documents USING (document)
"""


@dataclass(frozen=True)
class CountedStances:
    """What was counted.

    Attributes:
        stances, conflicts: rows of `document_stances` and `conflicts`.
        aside: documents whose stances were not counted. sampled: those of them that are the sample.
        n_votes: judgements that vote, in all; n_sampled: in the sample.
    """

    stances: pa.Table
    conflicts: pa.Table
    aside: frozenset[str]
    sampled: frozenset[str]
    n_votes: int
    n_sampled: int

    @property
    def reason(self) -> str:
        """What the rows of `agreement` say of the sample."""
        return f"a sample of {self.n_sampled} of {self.n_votes} judgements, by the hashes of their documents' ids"

    def with_rows(self, schema: TableSchema, rows: list[Row]) -> pa.Table | list[Row]:
        """Rows of a gold table, and those that were counted."""
        own = {"document_stances": self.stances, "conflicts": self.conflicts}.get(schema.name)
        if own is None:
            return rows
        plain = pa.schema([_plain(schema).field(name) for name in own.column_names])
        return pa.concat_tables([pa.Table.from_pylist(rows, schema=plain), own])


def count_stances(
    folder: Path,
    schemas: dict[str, TableSchema],
    decisions: Sequence[Decision],
    method: str,
    sample: int | None = None,
    memory: str = MEMORY,
    apart: Collection[str] = (),
) -> CountedStances:
    """Settle the document stances of the tables `judgements` and `assignments` in a folder.

    Args:
        schemas: those of `document_stances` and `conflicts`. method: one of COUNTED_METHODS.
        sample: judgements to leave to `merge_units`, roughly (default: SAMPLE).
        apart: documents that are not plain for another reason: somebody was shown a part of them alone.
    """
    import duckdb

    fields = schemas["document_stances"].by_name
    targets, values = (tuple(fields[name].categories or ()) for name in ("target_id", "stance"))
    filled = {
        **{name: _listed(folder / f"{name}.parquet") for name in ("judgements", "assignments")},
        "targets": ", ".join(f"'{target}'" for target in targets),
        "values": ", ".join(f"'{value}'" for value in values),
        "counts": ", ".join(f"count(*) FILTER (value = '{value}') AS \"{value}\"" for value in values),
        "projected": PROJECTED,
    }
    decided = sorted({*apart, *(item.doc_id for item in decisions if item.layer == COUNTED_LAYER)})
    stances, conflicts, undecided = [], [], []
    with duckdb.connect(config={"memory_limit": memory, "threads": 2, "preserve_insertion_order": False}) as database:
        for statement in _VOTES.format(**filled).split(";"):
            database.execute(statement)
        n_votes = _number(database, "SELECT count(*) FROM votes")
        wanted = SAMPLE if sample is None else sample
        below = "g" if wanted >= n_votes else f"{int(2**32 * wanted / n_votes):08x}"
        given: list[list[Any]] = [[decided], [below], [], []]
        for statement, asked in zip(_UNITS.format(**filled).split(";"), given, strict=True):
            database.execute(statement, asked)
        units = "SELECT * REPLACE (target_id::VARCHAR AS target_id) FROM units JOIN documents USING (document)"
        for batch in database.sql(units).to_arrow_reader(_UNITS_AT_ONCE):
            table = np.column_stack([batch.column(value).to_numpy() for value in values])
            chosen = _chosen(table, method)
            settled = np.flatnonzero(chosen >= 0)
            if method != "adjudicated":  # there, only what somebody decided about is gold
                rows = batch.take(pa.array(settled))
                stances.append(_stance_rows(rows, table[settled], chosen[settled], values, method))
            undecided.append(batch.select(["document", "target_id"]).take(pa.array(np.flatnonzero(chosen < 0))))
        if undecided:
            database.register("named", pa.Table.from_batches(undecided))
            kinds = f"target_id::ENUM ({filled['targets']}) AS target_id"
            database.execute(f"CREATE TEMP TABLE undecided AS SELECT document, {kinds} FROM named")
            conflicts = [_conflict_rows(batch) for batch in database.sql(_TIES).to_arrow_reader(_UNITS_AT_ONCE)]
        aside, sampled = (_ids(database, name) for name in ("aside", "sampled"))
        n_sampled = _number(database, "SELECT count(*) FROM votes SEMI JOIN sampled USING (document)")
    return CountedStances(
        _joined(schemas["document_stances"], _STANCE_COLUMNS, stances),
        _joined(schemas["conflicts"], _CONFLICT_COLUMNS, conflicts),
        aside,
        sampled,
        n_votes,
        n_sampled,
    )


def _listed(path: Path) -> str:
    """A table's files as DuckDB's list of names."""
    parts = shards_of(path) if path.is_dir() else [path]
    return "[" + ", ".join("'" + str(part).replace("'", "''") + "'" for part in parts) + "]"


def _number(database: Any, query: str) -> int:
    return int(database.execute(query).fetchone()[0])


def _ids(database: Any, table: str) -> frozenset[str]:
    return frozenset(
        row[0] for row in database.execute(f"SELECT doc_id FROM {table} JOIN documents USING (document)").fetchall()
    )


def _chosen(table: npt.NDArray[np.int64], method: str) -> npt.NDArray[np.int64]:
    """The number of the value that the counted votes of each unit settle on; -1 where they do not."""
    best = most_frequent(table)
    if method == "majority":
        return best
    return np.where((table > 0).sum(axis=1) == 1, best, -1)


_STANCE_COLUMNS = ["doc_id", "target_id", "method", "stance", "p_favor", "p_against", "p_neutral", "p_none",
                   "n_votes", "n_annotators", "decided_by"]  # fmt: skip
_CONFLICT_COLUMNS = ["conflict_id", "layer", "doc_id", "start", "end", "text", "target_id", "field", "judgement_ids",
                     "status"]  # fmt: skip


def _plain(schema: TableSchema) -> pa.Schema:
    return pa.schema([(f.name, f.arrow if f.categories is None else pa.string()) for f in schema.fields])


def _joined(schema: TableSchema, names: list[str], tables: list[pa.Table]) -> pa.Table:
    shape = pa.schema([_plain(schema).field(name) for name in names])
    return pa.concat_tables([shape.empty_table(), *(table.select(names).cast(shape) for table in tables)])


def _stance_rows(
    units: pa.RecordBatch,
    table: npt.NDArray[np.int64],
    chosen: npt.NDArray[np.int64],
    values: Sequence[str],
    method: str,
) -> pa.Table:
    votes = table.sum(axis=1)
    annotators = units.column("n_annotators").to_numpy()
    by = np.where(annotators == 1, 0, np.where((table > 0).sum(axis=1) == 1, 1, 2))
    shares = {f"p_{value}": table[:, number] / np.maximum(votes, 1) for number, value in enumerate(values)}
    columns = {
        "doc_id": units.column("doc_id"),
        "target_id": units.column("target_id"),
        "method": pa.array([method], pa.string()).take(pa.array(np.zeros(len(by), np.int64))),
        "stance": pa.array(list(values), pa.string()).take(pa.array(chosen)),
        **{name: pa.array(shares[name]) for name in _STANCE_COLUMNS if name.startswith("p_")},
        "n_votes": pa.array(votes),
        "n_annotators": pa.array(annotators),
        "decided_by": pa.array(["single", "unanimous", "majority"]).take(pa.array(by)),
    }
    return pa.table(columns)


def _conflict_rows(batch: pa.RecordBatch) -> pa.Table:
    ids = pc.binary_join(batch.column("ids"), "\x1f").to_pylist()  # in their order already
    made = row_ids(f"{joined}\x1fstance".encode() for joined in ids)
    count = len(made)
    return pa.table(
        {
            "conflict_id": made,
            "layer": pa.array(["document_stance"] * count, pa.string()),
            "doc_id": batch.column("doc_id"),
            "start": pa.nulls(count, pa.int64()),
            "end": pa.nulls(count, pa.int64()),
            "text": pa.nulls(count, pa.string()),
            "target_id": batch.column("target_id"),
            "field": pa.array(["stance"] * count, pa.string()),
            "judgement_ids": pc.binary_join(batch.column("ids"), " "),
            "status": pa.array(["open"] * count, pa.string()),
        }
    )
