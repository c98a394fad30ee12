"""What a text-free package holds: tables without words of articles, and text files with places in their stead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from ..checks.decisions import ADJUDICATIONS
from ..checks.files import Files, sha256
from ..checks.loading import table_file
from ..checks.packaged import TEXT_FREE
from ..errors import ReleaseError
from ..tables import TableSchema, content_sha256, make_table
from .descriptor import NOT_CONTENT, contents_of
from .flavours import (
    ENTITY_IDS,
    LISTS_COLUMNS,
    LONG,
    OWN_WORDS,
    QUOTES,
    free_entity_id,
    hash_column,
    text_free_schema,
    value_sha256,
    withheld_columns,
)
from .packages import FULL_CONTENTS, FULL_FILES, OverlaidFiles, Package, data_paths
from .places import Said, hide_words, place_of
from .text_files import Cut, cut_file

LEFT_OUT = ("corpus/sources/", "annotations/exports/", "annotations/adjudications/")
SCHEMAS = "schema/tables/"
Tables = dict[str, tuple[TableSchema, pa.Table]]
_Put = Callable[[str | None], None]


@dataclass(frozen=True)
class TextFree:
    """The contents of a text-free package.

    Attributes:
        tables: schema and rows by name. files: bytes by path, table schemas included.
        full_sha256: of files in which words were replaced, what they were.
    """

    tables: Tables
    files: dict[str, bytes]
    full_sha256: dict[str, str]

    @property
    def contents(self) -> str:
        """Hash over what makes the data what it is."""
        rows = {table_file(name): content_sha256(*table) for name, table in self.tables.items()}
        named = {table_file(name) for name in NOT_CONTENT}
        return contents_of(
            {path: digest for path, digest in rows.items() if path not in named},
            {path: sha256(data) for path, data in self.files.items()},
        )


def make_text_free(tables: Mapping[str, tuple[TableSchema, pa.Table]], files: Mapping[str, bytes]) -> TextFree:
    """The text-free contents of a package, from its tables and its other files (`kept_files`).

    Raises:
        ReleaseError: a file quotes an article in a way that no place can stand for.
    """
    rows = {name: dict(zip(table.column_names, table.columns, strict=True)) for name, (_, table) in tables.items()}
    free = {name: text_free_schema(schema) for name, (schema, _) in tables.items()}
    kept = {path: data for path, data in files.items() if not path.startswith(SCHEMAS)}
    said: list[Said] = []
    puts: list[_Put] = []
    for name, columns in rows.items():
        if name == "quarantine":
            _place_quarantined(columns, tables)
        else:
            _withhold_quotes(name, columns)
        if name == "rejects":
            _withhold_columns(columns)
        _hash_ids(name, columns)
        _collect_own_words(name, columns, said, puts)
        if name == "changes":
            _withhold_changes(columns)
    texts = {path: text for path, data in kept.items() if (text := _as_text(data)) is not None}
    cuts = {path: cut_file(path, text) for path, text in texts.items()}
    for path, cut in cuts.items():
        said += [replace(item, text=_free_decision(item.text)) if path == ADJUDICATIONS else item for item in cut.said]
    hidden = hide_words(said, _documents(tables))
    for put, value in zip(puts, hidden, strict=False):
        put(value)
    changed: dict[str, str] = {}
    position = len(puts)
    for path, cut in cuts.items():
        made = _join(path, cut, hidden[position : position + len(cut.said)])
        position += len(cut.said)
        if made != texts[path]:
            changed[path], kept[path] = sha256(kept[path]), made.encode("utf-8")
    made_tables = {name: (free[name], _made(free[name], columns)) for name, columns in rows.items()}
    kept |= {f"{SCHEMAS}{name}.json": dump_schema(schema) for name, schema in free.items()}
    return TextFree(made_tables, dict(sorted(kept.items())), changed)


def dump_schema(schema: TableSchema) -> bytes:
    """A table schema as the codebook room writes it."""
    return (json.dumps(schema.descriptor, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def comparable(old: Package, new: Package) -> tuple[Package, Package]:
    """Two packages as they can be compared: where one is text-free, the other as it would be without its texts."""
    if TEXT_FREE not in (old.flavour, new.flavour):
        return old, new
    return _without_texts(old), _without_texts(new)


def _without_texts(package: Package) -> Package:
    return package if package.flavour == TEXT_FREE else view_of(package, data_paths(package.files))


def view_of(package: Package, paths: Iterable[str]) -> Package:
    """A full package as its text-free one would be; `paths` are those of its other files."""
    tables = {
        name: (package.schema(name), package.table(name)) for name in package.resources if name not in NOT_CONTENT
    }
    return as_package(package, make_text_free(tables, kept_files(package.files, paths)))


def kept_files(files: Files, paths: Iterable[str]) -> dict[str, bytes]:
    """Bytes of those files that a text-free package holds, too."""
    return {path: files.read(path) for path in paths if not path.startswith(LEFT_OUT)}


def as_package(package: Package, made: TextFree) -> Package:
    """Text-free contents as a package that can be compared."""
    resources = [
        {"name": name, "path": table_file(name), "stancewire:content_sha256": content_sha256(*table)}
        for name, table in made.tables.items()
    ]
    given = dict(package.descriptor) | {"resources": resources, "stancewire:contents_sha256": made.contents}
    given |= {FULL_CONTENTS: package.full_contents, FULL_FILES: made.full_sha256}
    return _Held(package.where, OverlaidFiles(package.files, made.files), given, made.tables)


@dataclass
class _Held(Package):
    """A package whose tables are in memory."""

    tables: Tables | None = None

    def schema(self, name: str) -> TableSchema:
        assert self.tables is not None
        return self.tables[name][0]

    def table(self, name: str) -> pa.Table:
        assert self.tables is not None
        return self.tables[name][1]


def _documents(tables: Mapping[str, tuple[TableSchema, pa.Table]]) -> Iterator[tuple[str, str]]:
    """Id and text of each document, for as long as it is looked at."""
    for batch in tables["documents"][1].select(["doc_id", "text"]).to_batches(max_chunksize=1_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _join(path: str, cut: Cut, hidden: Sequence[str | None]) -> str:
    made = [cut.quotes.get(number, piece) for number, piece in enumerate(hidden)]
    if None in made:
        words = " ".join(cut.said[made.index(None)].text.split())[:60]
        raise ReleaseError(
            f"{path} quotes an article in other letters or across lines ({words!r}), so that no place can stand for "
            "the words; quote less, or run: stancewire release --flavour full"
        )
    return cut.join([piece for piece in made if piece is not None])


def _values(columns: dict[str, Any], name: str) -> list[Any]:
    if not isinstance(columns[name], list):
        columns[name] = columns[name].to_pylist()
    return columns[name]


def _withhold_quotes(table: str, columns: dict[str, Any]) -> None:
    for name in QUOTES.get(table, ()):
        values = _values(columns, name)
        columns[hash_column(name)] = [None if value is None else value_sha256(value) for value in values]
        columns[name] = [None] * len(values)


def _place_quarantined(columns: dict[str, Any], tables: Mapping[str, tuple[TableSchema, pa.Table]]) -> None:
    """The words of quarantined rows, which may have no offsets: their place where they stand in their document."""
    names = ("doc_id", "text", "start", "end", "made_start", "made_end")
    waiting: dict[str, list[int]] = {}
    for row, (doc_id, value) in enumerate(zip(_as_list(columns["doc_id"]), _values(columns, "text"), strict=True)):
        if value is not None:
            waiting.setdefault(doc_id, []).append(row)
    values = dict(zip(names, (_as_list(columns[name]) for name in names), strict=True))
    placed: list[str | None] = [None] * len(values["text"])
    for doc_id, text in _documents(tables) if waiting else ():
        for row in waiting.get(doc_id, ()):
            words = values["text"][row]
            places = [(values[f"{made}start"][row], values[f"{made}end"][row]) for made in ("", "made_")]
            if not any(start is not None and text[start:end] == words for start, end in places):
                at = text.find(words)
                placed[row] = place_of(doc_id, at, at + len(words)) if at >= 0 and words else None
    columns["text_sha256"] = [None if value is None else value_sha256(value) for value in values["text"]]
    columns["text"] = placed


def _withhold_columns(columns: dict[str, Any]) -> None:
    """Withhold what rejects say of columns: of a table without a header these may be words of an article."""
    messages = _values(columns, "message")
    withheld = [check == LISTS_COLUMNS for check in _as_list(columns["check"])]
    marked = list(zip(messages, withheld, strict=True))
    columns["message_sha256"] = [value_sha256(message) if is_out else None for message, is_out in marked]
    columns["message"] = [None if is_out else message for message, is_out in marked]


def _collect_own_words(table: str, columns: dict[str, Any], said: list[Said], puts: list[_Put]) -> None:
    """Note the own words of a table; what is put in their place comes later."""
    for name, least in OWN_WORDS.get(table, {}).items():
        values = _values(columns, name)
        hashes = columns.setdefault(hash_column(name), [None] * len(values))
        doc_ids = _own_documents(columns, len(values))
        for row, value in enumerate(values):
            if value is not None:
                said.append(Said(value, doc_ids[row], least, LONG))
                puts.append(_put_value(values, hashes, row))


def _own_documents(columns: dict[str, Any], n_rows: int) -> list[str | None]:
    if "doc_id" in columns:
        return _as_list(columns["doc_id"])
    if "entity_id" in columns:
        return [key.rpartition("#")[0] or None for key in _as_list(columns["entity_id"])]
    return [None] * n_rows


def _as_list(column: Any) -> list[Any]:
    return column if isinstance(column, list) else column.to_pylist()


def _put_value(values: list[Any], hashes: list[Any], row: int) -> _Put:
    def put(hidden: str | None) -> None:
        if hidden != values[row]:
            hashes[row], values[row] = value_sha256(values[row]), hidden

    return put


def _hash_ids(table: str, columns: dict[str, Any]) -> None:
    for name in ENTITY_IDS:
        if name in columns:
            columns[name] = [value and free_entity_id(value) for value in _values(columns, name)]
    if table == "adjudications":
        columns["value"] = [_free_decision(value) for value in _values(columns, "value")]


def _free_decision(value: str) -> str:
    kind, sign, entity_id = value.partition(":")
    return f"{kind}:{free_entity_id(entity_id)}" if sign and kind == "entity" else value


def _withhold_changes(columns: dict[str, Any]) -> None:
    """Old and new values of what is withheld as hashes, as long values are anyway; entity ids as elsewhere."""
    tables, names = (columns[name].to_pylist() for name in ("table", "column"))
    for side in ("old", "new"):
        values = zip(tables, names, _values(columns, side), strict=True)
        columns[side] = [value and _free_change(table, name, value) for table, name, value in values]
    keys = zip(tables, _values(columns, "key"), strict=True)
    columns["key"] = [free_entity_id(key) if table == "entities" else key for table, key in keys]


def _free_change(table: str, column: str, value: str) -> str:
    if column in ENTITY_IDS:
        return free_entity_id(value)
    return f"sha256:{value_sha256(value)}" if column in withheld_columns(table) and not _is_hash(value) else value


def _is_hash(value: str) -> bool:
    return re.fullmatch("sha256:[0-9a-f]{64}", value) is not None


def _made(schema: TableSchema, columns: dict[str, Any]) -> pa.Table:
    made = {}
    for field in schema.fields:
        column = columns[field.name]
        plain = pa.string() if field.categories is not None else field.arrow
        made[field.name] = pa.array(column, plain) if isinstance(column, list) else column
    return make_table(schema, pa.table(made))


def _as_text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
