"""One conversion from its files to its tables: parcels out, parts in, tables written, and what came of it counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from dataclasses import fields as fields_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine import Crew, Workers
from ..errors import Problem
from ..project import CORPUS_TABLES, Project
from ..sources import FoundSources, Reject, SourceFacts, SourceFile, base_of
from ..tables import (
    TableSchema,
    Written,
    file_sha256,
    make_table,
    read_table_schema,
    remove,
    write_stage,
    write_text,
)
from .against import check_corrected, check_judged, check_listing, check_places, judged_texts
from .furniture import CANDIDATES, find_candidates
from .parcels import MAX_BYTES, Conversion, Parcel, cut_parcels, file_key, file_size, hash_lines
from .parts import PART_TABLES, Account, Tally, find_buckets, open_part, part_path
from .state import Changes, Place, Said, State, write_state
from .taken import Reused, take_over

if TYPE_CHECKING:
    import pyarrow as pa

    from .early import EarlyTables
    from .gather import Parts

# Beyond this many source files the manifest has one hash over all of a root's files instead of one for each.
MAX_LISTED = 10_000
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
    hashes: dict[Place, str] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    met: dict[str, Counter[str]] = field(default_factory=lambda: {"aside": Counter(), "columns": Counter()})
    listed: set[tuple[str, str]] = field(default_factory=set)
    formats: Counter[str] = field(default_factory=Counter)
    encodings: Counter[str] = field(default_factory=Counter)
    withdrawn: dict[str, str] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)
    judged: dict[str, set[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    keys: dict[Place, str] = field(default_factory=dict)
    reused: dict[str, Reused] = field(default_factory=dict)
    changes: Changes | None = None
    tables: dict[str, tuple[TableSchema, pa.Table] | Written] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    candidates: str = ""

    @property
    def rules(self) -> str:
        """What all rows of the tables depend on, besides the files and what is known of each."""
        return f"{hash_lines([self.conversion.rules])} {self.reprints}"

    def convert_all(self, files: Sequence[SourceFile], pool: Workers, progress: bool, before: State | None) -> None:
        """Convert the files, but for those that are as they were, and make all tables."""
        self.judged = judged_texts(self.project)
        if before is not None:  # else they are made as parcels are cut
            self.keys = {(file.root, file.source_path): file_key(self.conversion, file, self.facts) for file in files}
        written = None
        if before is None and (early := self._early(files, pool.workers > 1)) is not None:
            with early:
                for account in self.convert(files, pool, progress):
                    self.accounts.append(account)
                    early.add(account)
                written = early.finish()
            if written is None:
                self._forget_seen()
        elif before is None:
            self.accounts += self.convert(files, pool, progress)
        else:
            self._convert_changed(files, pool, progress, before)
        self.make_tables(pool, before is not None, written)
        self.check(self.project is not None and any(_is_folder(s, self.project.sources) for s in self.sources))
        self.counts = self.count()

    def _convert_changed(self, files: Sequence[SourceFile], pool: Workers, progress: bool, before: State) -> None:
        """Convert the files that are not as they were; take over the rows of the others, and shards that can stay.

        Raises:
            Again: a record that was rejected since its id stood twice may be the only one now.
        """
        self.changes = before.compare(self.keys, [base_of(source).name for source in self.sources])
        same = before.same_paths(self.keys)
        self.hashes |= {place: sha256 for place, sha256 in before.hashes.items() if place[1] in same}
        self._hear([item for name in sorted(same) for item in before.said.get(name, ())])
        if any(reject.check == "source-duplicate" for reject in self.rejects):
            raise Again
        new = list(self.convert([file for file in files if file.source_path not in same], pool, progress))
        work = self.conversion.folder
        changed: set[int] | None = {
            number
            for account in new
            for part_no, part in enumerate(account.parts)
            if part["documents"][0]
            for number in find_buckets(open_part(part_path(work, account.key, part_no, "documents"))).to_pylist()
        }
        self.accounts = new
        while same:
            old, self.reused = take_over(work.parent, work, "old", same, changed)
            self.accounts = [old, *new]
            if changed is None or self._shards_stay():
                break
            changed = None  # there are more or fewer shards now, so that all rows move

    def _shards_stay(self) -> bool:
        """Are the tables that are folders to be cut into as many shards as before?"""
        from .gather import shard_bits

        parts = self._parts()
        return all(shard_bits(parts.rows[name], parts.bytes[name]) == was.bits for name, was in self.reused.items())

    def write(self) -> None:
        """Put the tables in their places, and remember what was done; the parts are not needed any more."""
        work = self.conversion.folder
        inputs = _inputs(self.project, self.sources, self.hashes)
        settings = {"withdrawn": dict(sorted(self.withdrawn.items()))} if self.withdrawn else None
        write_stage(work.parent, "convert", self.tables, inputs, settings)
        remove(work)
        work.mkdir()
        if self.candidates:
            write_text(work.parent / CANDIDATES, self.candidates)
        else:
            remove(work.parent / CANDIDATES)
        parts = {name: self.tables[name] for name in PART_TABLES}
        written = {name: table.entry["sha256"] for name, table in parts.items() if isinstance(table, Written)}
        write_state(work, self.rules, self.keys, self.hashes, self.said, written)

    def convert(self, files: Sequence[SourceFile], pool: Workers, progress: bool) -> Iterator[Account]:
        """The account of each parcel, in order; parcels that a killed run finished are not converted again."""

        def parcels() -> Iterator[Parcel]:
            for parcel, sha256 in cut_parcels(self.conversion, files, self.facts, self.keys):
                if sha256 is not None:
                    file = parcel.files[0]
                    self.hashes[file.root, file.source_path] = sha256
                yield parcel

        if self.conversion.fields == "text":
            from .columnar import convert_parcel
        else:
            from .whole import convert_parcel
        shown = (lambda account: account.n_bytes) if progress else None
        total = sum(file_size(file) for file in files) if progress else None
        for account in pool.run(convert_parcel, parcels(), shown, total, "B", self.conversion):
            self.hashes.update(((root, source_path), sha256) for root, source_path, sha256 in account.hashes)
            self._hear([*account.rejects, *account.problems, *account.tallies])
            account.hashes, account.rejects, account.problems, account.tallies = [], [], [], []
            yield account

    def _hear(self, said: Sequence[Said]) -> None:
        """Take in what single sources gave rise to; the next run is told it again where they are as they were."""
        self.said += said
        self.rejects += [item for item in said if isinstance(item, Reject)]
        self.problems += [item for item in said if isinstance(item, Problem)]
        for item in said:
            if isinstance(item, Tally) and item.kind == "listed":
                self.listed.add((item.source_path, item.what))
            elif isinstance(item, Tally) and item.kind == "withdrawn":
                doc_id, _, place = item.what.partition("\n")
                self.withdrawn[doc_id] = item.source_path + place
            elif isinstance(item, Tally):
                self.met[item.kind][item.what] += item.count

    def _early(self, files: Sequence[SourceFile], beside: bool) -> EarlyTables | None:
        """The tables of documents, on their way; None where there is too much for one file anyway."""
        from .early import EarlyTables

        # A packed file has no size that says anything; the tables will be given up when there is too much.
        if sum(map(file_size, files)) > MAX_BYTES:
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
        self.rejects += [*self.found.rejects, *parts.rejects]
        rows: dict[str, Sequence[Mapping[str, Any]]] = dict.fromkeys(() if self.reprints else REPRINT_TABLES, ())
        made |= {name: (schemas[name], make_table(schemas[name], rows[name])) for name in rows}
        made["rejects"] = write_rows(
            map(_as_row, one_a_place(self.rejects)), schemas["rejects"], work / "rejects.parquet"
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
            self.problems += [Problem(path, "", CHECK, 2, message, "warning") for message in found.capped]
            return {
                name: write_rows(found.rows[name], schemas[name], work / f"{name}.parquet") for name in REPRINT_TABLES
            }

    def check(self, whole: bool) -> None:
        """Hold sources.csv and corrections.csv against what was read; `whole`: was all of the source root read?"""
        judged = {doc_id: texts for doc_id, texts in self.judged.items() if doc_id not in self.conversion.withdrawn}
        self.problems += [*self.found.warnings, *(check_judged(judged, self.texts) if whole else ())]
        own_roots = self.conversion.own_roots
        if not own_roots:
            return
        own = {source_path: sha256 for (root, source_path), sha256 in self.hashes.items() if root in own_roots}
        self.problems += check_listing(self.facts, self.found, own, whole)
        self.problems += check_places(self.facts, own, self.listed, self.rejects)
        if whole:
            self.problems += check_corrected(self.conversion, self.corrected)

    def count(self) -> dict[str, Any]:
        """The numbers of the closing summary."""
        rows = {n: t.entry["rows"] if isinstance(t, Written) else t[1].num_rows for n, t in self.tables.items()}
        rejects = one_a_place(self.rejects)
        n_files = len(self.found.files) + len(self.found.rejects)
        return {
            "read": n_files - sum(r.check == "source-duplicate" for r in self.found.rejects),
            "records": rows["documents"] + len(self.rejects) - len(self.found.rejects),
            "written": rows["documents"],
            "rejected": len(rejects),
            "ignored": len(self.found.ignored),
            "withdrawn": len(self.withdrawn),
            "rejected_by": _by_name(reject.check for reject in rejects),
            "by_format": _by_name(self.formats),
            "by_encoding": _by_name(self.encodings),
            "by_columns": _by_name(self.met["columns"]),
            "left_aside": _by_name(self.met["aside"]),
            "rows": rows,
            "furniture_candidates": max(0, self.candidates.count("\n") - 1),
        }


def _is_folder(source: Path | str, folder: Path) -> bool:
    return base_of(source) == folder and Path(source).is_dir()


def _by_name(names: Any) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _as_row(reject: Reject) -> dict[str, Any]:
    """A row of the table of rejects."""
    return {name: getattr(reject, name) for name in _REJECT}


def one_a_place(rejects: Sequence[Reject]) -> list[Reject]:
    """Rejects by place; where two roots hold files of one path, or a file fails twice, the messages are joined."""
    found: list[Reject] = []
    for reject in sorted(rejects, key=lambda reject: (reject.source_path, reject.record_no)):
        last = found[-1] if found else None
        if last is not None and (last.source_path, last.record_no) == (reject.source_path, reject.record_no):
            found[-1] = replace(last, message=f"{last.message} | {reject.message}")
        else:
            found.append(reject)  # as it is: there may be millions
    return found


def _inputs(project: Project | None, sources: Sequence[Path | str], hashes: Mapping[Place, str]) -> dict[str, str]:
    """Everything the tables were made from: a path without anything of this machine in it, and its SHA-256."""
    roots = []
    for base in map(base_of, sources):
        inside = project is not None and base.is_relative_to(project.root)
        roots.append(base.relative_to(project.root).as_posix() if project is not None and inside else base.name)
    if len(hashes) <= MAX_LISTED:
        inputs = {f"{roots[root]}/{path}".removeprefix("./"): sha256 for (root, path), sha256 in hashes.items()}
    else:
        by_root: dict[int, list[str]] = {}
        for (root, source_path), sha256 in hashes.items():
            by_root.setdefault(root, []).append(f"{sha256}  {source_path}\n")
        inputs = {f"{roots[root]}/": hash_lines(sorted(lines)) for root, lines in by_root.items()}
    if project is not None:
        for path in (project.sources_csv, project.corrections_csv, project.withdrawn_csv, project.codebook_yaml):
            if path.is_file():
                inputs[project.relative(path)] = file_sha256(path)
    return inputs
