"""One conversion from its files to its tables: parcels out, parts in, tables written, and what came of it counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine import Crew, Workers
from ..errors import Problem
from ..project import CORPUS_TABLES, Project
from ..sources import FoundSources, Reject, SourceFacts, SourceFiles, base_of
from ..tables import (
    TableSchema,
    Written,
    make_table,
    read_table_schema,
    remove,
    write_stage,
    write_text,
)
from .against import check_corrected, check_judged, check_listing, check_places, judged_texts
from .furniture import CANDIDATES, find_candidates
from .ledger import Ledger, Row
from .manifest import list_inputs
from .parcels import MAX_BYTES, Conversion, FileKeys, Parcel, cut_parcels, hash_lines
from .parts import PART_TABLES, Account, find_buckets, open_part, part_path
from .state import NEXT, STATE, Changes, Compared, State, read_said, write_state
from .taken import Reused, take_over
from .told import MOST_TOLD, Told, one_a_place

if TYPE_CHECKING:
    import pyarrow as pa

    from .early import EarlyTables
    from .gather import Parts

_REJECT = tuple(item.name for item in fields_of(Reject))
# Documents from which on reprints are collated by new processes: the old ones hold some 200 MB each of what they used.
FRESH_WORKERS = 20_000
REPRINT_TABLES = ("stories", "reprints", "variants")


class Again(Exception):
    """What was taken over from the last conversion does not fit; convert all anew."""


@dataclass
class Run:
    """One conversion on its way: what was found, what came of it."""

    project: Project | None
    conversion: Conversion
    facts: Mapping[str, SourceFacts]
    found: FoundSources
    reprints: bool
    sources: Sequence[Path | str]
    remember: Path | None = None
    accounts: list[Account] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    before: State | None = None
    compared: Compared | None = None
    told: Told = field(default_factory=Told)
    rejects: list[Reject] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rejected_by: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    encodings: Counter[str] = field(default_factory=Counter)
    corrected: set[str] = field(default_factory=set)
    judged: dict[str, set[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    reused: dict[str, Reused] = field(default_factory=dict)
    tables: dict[str, tuple[TableSchema, pa.Table] | Written] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    candidates: str = ""
    repeats: bool = False

    @property
    def rules(self) -> str:
        """What all rows of the tables depend on, besides the files and what is known of each."""
        return f"{hash_lines([self.conversion.rules])} {self.reprints}"

    @property
    def changes(self) -> Changes | None:
        """What became of the files since the last conversion; None where all were converted."""
        return self.compared.changes if self.compared is not None else None

    def convert_all(self, pool: Workers, progress: bool, before: State | None) -> None:
        """Convert the files, but for those that are as they were, and make all tables."""
        self.judged = judged_texts(self.project)
        written = None
        if before is None and (early := self._early(pool.workers > 1)) is not None:
            with early:
                for account in self.convert(self.found.files, pool, progress):
                    self.accounts.append(account)
                    early.add(account)
                written = early.finish()
            if written is None:
                self._forget_seen()
        elif before is None:
            self.accounts += self.convert(self.found.files, pool, progress)
        else:
            self._convert_changed(pool, progress, before)
        self.make_tables(pool, before is not None, written)
        self.check(self.project is not None and any(_is_folder(s, self.project.sources) for s in self.sources))
        self.counts = self.count()

    def _convert_changed(self, pool: Workers, progress: bool, before: State) -> None:
        """Convert the files that are not as they were; take over the rows of the others, and shards that can stay.

        Raises:
            Again: a record that was rejected since its id stood twice may be the only one now.
        """
        files = self.found.files
        compared = before.compare(
            files, FileKeys(self.conversion, self.facts), [base_of(source).name for source in self.sources]
        )
        self.before, self.compared = before, compared
        for row, kept in zip(before.rows(), compared.kept, strict=True):
            if kept and row[4] is not None:
                self.told.hear(read_said(row[4]))
        if self.told.checks["source-duplicate"]:
            raise Again
        others = SourceFiles()
        for file, is_same in zip(files, compared.same, strict=True):
            if not is_same:
                others.append(file)
        new = list(self.convert(others, pool, progress))
        work = self.conversion.folder
        changed: set[int] | None = {
            number
            for account in new
            for part_no, part in enumerate(account.parts)
            if part["documents"][0]
            for number in find_buckets(open_part(part_path(work, account.key, part_no, "documents"))).to_pylist()
        }
        self.accounts = new
        while compared.changes.same:
            old, self.reused = take_over(work.parent, work, "old", compared.gone, changed)
            self.accounts = [old, *new]
            if changed is None or self._shards_stay():
                break
            changed = None  # there are more or fewer shards now, so that all rows move

    def rows(self) -> Iterator[Row]:
        """What became of each file, in order: those that were converted, and those that are as they were."""
        if self.before is None or self.compared is None:
            return self.ledger.rows()
        new = self.ledger.rows()
        old = (row for row, kept in zip(self.before.rows(), self.compared.kept, strict=True) if kept)
        return (next(old if is_same else new) for is_same in self.compared.same)

    def _shards_stay(self) -> bool:
        """Are the tables that are folders to be cut into as many shards as before?"""
        from .gather import shard_bits

        parts = self._parts()
        return all(shard_bits(parts.rows[name], parts.bytes[name]) == was.bits for name, was in self.reused.items())

    def write(self) -> None:
        """Put the tables in their places, and remember what was done; the parts are not needed any more."""
        work = self.conversion.folder
        parts = {name: self.tables[name] for name in PART_TABLES}
        written = {name: table.entry["sha256"] for name, table in parts.items() if isinstance(table, Written)}
        inputs = list_inputs(self.project, self.sources, self.rows())
        withdrawn = self.told.withdrawn
        settings = {"withdrawn": dict(sorted(withdrawn.items()))} if withdrawn else None
        write_state(work / NEXT, self.rules, self.rows(), len(self.sources), written, self.repeats)
        write_stage(work.parent, "convert", self.tables, inputs, settings)
        for path in work.iterdir():
            if path.name != NEXT:
                remove(path)
        (work / NEXT).rename(work / STATE)
        if self.candidates:
            write_text(work.parent / CANDIDATES, self.candidates)
        else:
            remove(work.parent / CANDIDATES)

    def convert(self, files: SourceFiles, pool: Workers, progress: bool) -> Iterator[Account]:
        """The account of each parcel, in order; parcels that a killed run finished are not converted again."""

        def parcels() -> Iterator[Parcel]:
            for cut in cut_parcels(self.conversion, files, self.facts):
                self.ledger.expect(cut)
                yield cut.parcel

        if self.conversion.fields == "text":
            from .columnar import convert_parcel
        else:
            from .whole import convert_parcel
        shown = (lambda account: account.n_bytes) if progress else None
        for account in pool.run(convert_parcel, parcels(), shown, files.n_bytes, "B", self.conversion):
            self.ledger.enter(account)
            self.told.hear(chain(account.rejects, account.problems, account.tallies))
            account.hashes, account.rejects, account.problems, account.tallies = [], [], [], []
            yield account

    def _early(self, beside: bool) -> EarlyTables | None:
        """The tables of documents, on their way; None where there is too much for one file anyway."""
        from .early import EarlyTables

        # A packed file has no size that says anything; the tables will be given up when there is too much.
        if self.found.files.n_bytes > MAX_BYTES:
            return None
        work = self.conversion.folder
        schemas = {name: read_table_schema(name, self.conversion.schemas) for name in PART_TABLES}
        paths = {name: work / f"{name}.parquet" for name in PART_TABLES}
        return EarlyTables(work, schemas, paths, self._see, beside)

    def make_tables(self, pool: Workers, is_partial: bool, written: Mapping[str, Written] | None) -> None:
        """All tables: those of documents written beside their places, if they are not yet, the others made."""
        from .gather import write_rows, write_table

        schemas = {name: read_table_schema(name, self.conversion.schemas) for name in CORPUS_TABLES}
        parts = self._parts()
        work = self.conversion.folder
        made: dict[str, tuple[TableSchema, pa.Table] | Written] = dict(written or {})
        for name in PART_TABLES if written is None else ():
            seen = self._see if name == "documents" else None
            path, reused = work / f"{name}.parquet", self.reused.get(name)
            made[name] = write_table(parts, schemas[name], path, pool.workers, seen, reused)
            if is_partial and parts.rejects:
                raise Again
        self.told.rejects.add(self.found.rejects)
        self.told.rejects.add(parts.rejects)
        self.repeats = bool(parts.rejects)
        rows: dict[str, Sequence[Mapping[str, Any]]] = dict.fromkeys(() if self.reprints else REPRINT_TABLES, ())
        made |= {name: (schemas[name], make_table(schemas[name], rows[name])) for name in rows}
        made["rejects"] = write_rows(
            map(self._as_row, one_a_place(self.told.rejects)), schemas["rejects"], work / "rejects.parquet"
        )
        if self.reprints:
            made |= self._group_reprints(schemas, pool, parts.rows["documents"])
        self.tables = {name: made[name] for name in CORPUS_TABLES}
        if self.reprints:
            tables = [work / f"{name}.parquet" for name in ("documents", "segments", "stories")]
            self.candidates = find_candidates(tables[0], tables[1], tables[2], work)

    def _parts(self) -> Parts:
        from .gather import Parts

        sizes = {name: [part[name] for account in self.accounts for part in account.parts] for name in PART_TABLES}
        return Parts(
            {
                name: [
                    part_path(self.conversion.folder, account.key, number, name)
                    for account in self.accounts
                    for number, part in enumerate(account.parts)
                    if part[name][0]
                ]
                for name in PART_TABLES
            },
            {name: sum(rows for rows, _ in sizes[name]) + self._of_reused(name, "rows") for name in PART_TABLES},
            {name: sum(size for _, size in sizes[name]) + self._of_reused(name, "bytes") for name in PART_TABLES},
        )

    def _forget_seen(self) -> None:
        """What was counted of tables that were given up."""
        self.formats.clear()
        self.encodings.clear()
        self.corrected.clear()
        self.texts.clear()

    def _of_reused(self, name: str, what: str) -> int:
        return getattr(self.reused[name], what) if name in self.reused else 0

    def _see(self, documents: pa.Table) -> None:
        """Count documents as they are written."""
        for counted, name in ((self.formats, "format"), (self.encodings, "encoding")):
            for found in documents.column(name).value_counts().to_pylist():
                counted[found["values"]] += found["counts"]
        if self.conversion.corrections:
            self.corrected.update(self.conversion.corrections.keys() & set(documents.column("doc_id").to_pylist()))
        if self.judged:
            ids, texts = (documents.column(name).to_pylist() for name in ("doc_id", "text_sha256"))
            self.texts |= {doc_id: text for doc_id, text in zip(ids, texts, strict=True) if doc_id in self.judged}

    def _group_reprints(
        self, schemas: Mapping[str, TableSchema], pool: Workers, n_documents: int
    ) -> dict[str, Written]:
        """Stories, pairs and variants of what was written, written beside it; texts are read as they are needed."""
        from ..reprints.caps import CHECK
        from ..reprints.spool import Spool
        from ..reprints.stage import find_reprints
        from .gather import write_rows

        work = self.conversion.folder
        crew: Crew = pool
        if n_documents > FRESH_WORKERS:
            pool.close()
            crew = pool.crew
        with Spool({name: work / f"{name}.parquet" for name in PART_TABLES}, work) as witnesses:
            found = find_reprints(witnesses, crew, self.remember)
            path = "corpus/reprints.parquet"
            self.told.hear(Problem(path, "", CHECK, 2, message, "warning") for message in found.capped)
            return {
                name: write_rows(found.rows[name], schemas[name], work / f"{name}.parquet") for name in REPRINT_TABLES
            }

    def _as_row(self, reject: Reject) -> dict[str, Any]:
        """A row of the table of rejects, counted; the first are kept to be shown."""
        self.rejected_by[reject.check] += 1
        if len(self.rejects) < MOST_TOLD:
            self.rejects.append(reject)
        return {name: getattr(reject, name) for name in _REJECT}

    def check(self, whole: bool) -> None:
        """Hold sources.csv and corrections.csv against what was read; `whole`: was all of the source root read?"""
        told = self.told
        judged = {doc_id: texts for doc_id, texts in self.judged.items() if doc_id not in self.conversion.withdrawn}
        told.hear(chain(self.found.warnings, check_judged(judged, self.texts) if whole else ()))
        if own_roots := self.conversion.own_roots:
            own = ((path, sha256) for root, path, _, sha256, _ in self.rows() if root in own_roots and sha256)
            read: dict[str, str] = {}
            told.hear(check_listing(self.facts, self.found, own, read, whole))
            told.hear(check_places(self.facts, read, told.listed, told.rejects))
            if whole:
                told.hear(check_corrected(self.conversion, self.corrected))
        self.problems = told.all_problems()

    def count(self) -> dict[str, Any]:
        """The numbers of the closing summary."""
        rows = {n: t.entry["rows"] if isinstance(t, Written) else t[1].num_rows for n, t in self.tables.items()}
        n_files = len(self.found.files) + len(self.found.rejects)
        return {
            "read": n_files - sum(r.check == "source-duplicate" for r in self.found.rejects),
            "records": rows["documents"] + len(self.told.rejects) - len(self.found.rejects),
            "written": rows["documents"],
            "rejected": rows["rejects"],
            "ignored": len(self.found.ignored),
            "withdrawn": len(self.told.withdrawn),
            "rejected_by": _by_name(self.rejected_by),
            "by_format": _by_name(self.formats),
            "by_encoding": _by_name(self.encodings),
            "by_columns": _by_name(self.told.met["columns"]),
            "left_aside": _by_name(self.told.met["aside"]),
            "rows": rows,
            "furniture_candidates": max(0, self.candidates.count("\n") - 1),
        }


def _is_folder(source: Path | str, folder: Path) -> bool:
    return base_of(source) == folder and Path(source).is_dir()


def _by_name(names: Any) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
