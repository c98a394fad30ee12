"""Checks of documents against their sources: hashes, counts, raw byte ranges, sources.csv. Needs pyarrow alone."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..errors import Problem
from ..project import real_name, split_place, stored_name
from ..tables import MANIFEST
from .catalogue import problem
from .files import Files, is_safe_path, sha256
from .loading import Loaded, limited, one_line, read_json, table_file

SOURCES = "corpus/sources"
SOURCES_CSV = "corpus/sources.csv"
CORRECTIONS_CSV = "corpus/corrections.csv"
WITHDRAWN_CSV = "corpus/withdrawn.csv"


def read_csv(files: Files, path: str) -> tuple[list[tuple[int, dict[str, str]]], str]:
    """Rows of a CSV file with their last lines' numbers, and why it cannot be read (empty where it can)."""
    try:
        reader = csv.DictReader(io.StringIO(files.read(path).decode("utf-8-sig"), newline=""), strict=True)
        return [(reader.line_num, {k: v or "" for k, v in row.items() if k is not None}) for row in reader], ""
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return [], one_line(error)


def withdrawn_ids(files: Files) -> frozenset[str]:
    """The documents that are withdrawn; nothing where the list is missing or cannot be read."""
    if not files.has(WITHDRAWN_CSV):
        return frozenset()
    return frozenset(row.get("doc_id", "").strip() for _, row in read_csv(files, WITHDRAWN_CSV)[0]) - {""}


def withdrawn_places(files: Files) -> dict[str, str]:
    """Where withdrawn documents stand in the sources (`a.txt`, `lines.jsonl#17`), by id.

    As the last `convert` met them: a document whose source is gone is not among them.
    """
    value: Any = read_json(files, f"corpus/{MANIFEST}")
    for key in ("convert", "settings", "withdrawn"):
        value = value.get(key) if isinstance(value, dict) else None
    return {str(doc_id): str(place) for doc_id, place in value.items()} if isinstance(value, dict) else {}


def check_sources(files: Files) -> list[Problem]:
    """sources.csv against the files in corpus/sources, byte for byte."""
    prefix = f"{SOURCES}/"
    there = _sources_there(files)
    if not files.has(SOURCES_CSV):
        return [problem("source-unlisted", prefix + name, "", "there is no sources.csv") for name in sorted(there)]
    rows, error = read_csv(files, SOURCES_CSV)
    if error:
        return [problem("source-row", SOURCES_CSV, "", error)]
    found: list[Problem] = []
    listed: set[str] = set()
    for line, row in rows:
        path, expected = row.get("source_path", "").strip(), row.get("sha256", "").strip().lower()
        if not is_safe_path(path) or path in listed:
            message = f"source_path {path!r} is missing, repeated, or not relative to {SOURCES}"
            found.append(problem("source-row", SOURCES_CSV, line, message))
            continue
        listed.add(path)
        if path not in there and split_place(path, there):
            continue  # a member or a record: `check_records` looks at it
        if path not in there:
            found.append(problem("source-missing", prefix + path, "", f"named in {SOURCES_CSV}:{line}, but not there"))
        elif expected and sha256(files.read(source_file(path))) != expected:
            message = f"is not the file described in {SOURCES_CSV}:{line} (sha256 differs)"
            found.append(problem("source-hash", prefix + path, "", message))
    for name in sorted(there - listed):
        found.append(problem("source-unlisted", prefix + name, "", f"has no row in {SOURCES_CSV}"))
    return found


def _sources_there(files: Files) -> set[str]:
    """Paths of the sources, as tables store them."""
    names = (name.removeprefix(f"{SOURCES}/") for name in files.names_below(SOURCES))
    return {"/".join(map(stored_name, name.split("/"))) for name in names}


def check_records(files: Files, loaded: Loaded) -> list[Problem]:
    """Rows of sources.csv about single records: there is a document or a reject of that number, with those bytes.

    Which member of a packed file a document came from no table says; `convert` holds such rows against the members.
    """
    if not files.has(SOURCES_CSV) or not {"documents", "rejects"} <= set(loaded.tables):
        return []
    prefix = f"{SOURCES}/"
    there = _sources_there(files)
    rows = []
    for line, row in read_csv(files, SOURCES_CSV)[0]:
        place = split_place(row.get("source_path", "").strip(), there)
        if place is not None and place[1][:1] == "#":
            rows.append((line, place, row.get("sha256", "").strip().lower()))
    if not rows:
        return []
    hashes = {
        (path, f"#{n}"): h for path, n, h in loaded.columns("documents", "source_path", "record_no", "raw_sha256")
    }
    refused = {(path, f"#{number}") for path, number in loaded.columns("rejects", "source_path", "record_no")}
    left_out = set(withdrawn_places(files).values())
    found: list[Problem] = []
    for line, place, expected in rows:
        if "".join(place) in left_out:
            continue
        if place not in hashes and place not in refused:
            message = f"named in {SOURCES_CSV}:{line}, but there is no such record"
            found.append(problem("source-missing", prefix + "".join(place), "", message))
        elif expected and hashes.get(place, expected) != expected:
            message = f"is not the record described in {SOURCES_CSV}:{line} (sha256 differs)"
            found.append(problem("source-hash", prefix + "".join(place), "", message))
    return found


def check_corrections(files: Files, loaded: Loaded) -> list[Problem]:
    """Each quote of corrections.csv stands at its place; their form is `settings.check_lists`' affair."""
    if not files.has(CORRECTIONS_CSV) or "documents" not in loaded.tables:
        return []
    found: list[Problem] = []
    withdrawn = withdrawn_ids(files)
    for line, row in read_csv(files, CORRECTIONS_CSV)[0]:
        if row.get("doc_id") in withdrawn:
            continue
        text, start, end = loaded.texts.get(row.get("doc_id", "")), row.get("start", ""), row.get("end", "")
        if text is None:
            found.append(problem("correction-place", CORRECTIONS_CSV, line, f"no document {row.get('doc_id')!r}"))
        elif start.isdecimal() and end.isdecimal() and text[int(start) : int(end)] != row.get("quote"):
            message = f"the quote {row.get('quote')!r} does not stand at {start}-{end} of {row['doc_id']}"
            found.append(problem("correction-place", CORRECTIONS_CSV, line, message))
    return found


def check_rejects(loaded: Loaded) -> list[Problem]:
    """Sources that were refused: one warning each, with the reason."""
    columns = ("source_path", "record_no", "check", "message")
    rows = loaded.columns("rejects", *columns)
    found = ((f"{path}:{number}" if number else path, f"[{check}] {why}") for path, number, check, why in rows)
    return limited("reject-row", table_file("rejects"), found)


def check_documents(files: Files, loaded: Loaded) -> list[Problem]:
    """Documents against their source files, their own hashes and counts, and their segments' raw bytes.

    Where there are no sources, texts may be null: what is not there cannot be held against anything.
    """
    if "documents" not in loaded.tables:
        return []
    path = table_file("documents")
    found = limited("document-text", path, _wrong_texts(loaded))
    if files.names_below(SOURCES):
        found += limited("document-source", path, _wrong_hashes(files, loaded))
        found += limited("segment-bytes", table_file("segments"), _wrong_bytes(files, loaded))
    return found


def _wrong_texts(loaded: Loaded) -> Iterator[tuple[str, str]]:
    words: Counter[str] = Counter()
    body = set()
    for doc_id, seg_no, role, start, end in loaded.columns("segments", "doc_id", "seg_no", "role", "start", "end"):
        if role == "body":
            words[doc_id] += len(loaded.texts.get(doc_id, "")[start:end].split())
            body.add((doc_id, seg_no))
    sentences = Counter(d for d, n in loaded.columns("sentences", "doc_id", "seg_no") if (d, n) in body)
    columns = ("doc_id", "text", "text_sha256", "n_chars", "n_words", "n_sentences")
    for doc_id, text, digest, n_chars, n_words, n_sentences in loaded.columns("documents", *columns):
        if text is None:
            pass  # a text-free package, or one that was rebuilt in part: `withheld` looks at what can be seen
        elif hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != digest:
            yield doc_id, "text_sha256 is not that of the text"
        if text is not None and n_chars != len(text):
            yield doc_id, f"n_chars is {n_chars}, the text has {len(text)}"
        if text is not None and "segments" in loaded.tables and n_words != words[doc_id]:
            yield doc_id, f"n_words is {n_words}, the body has {words[doc_id]}"
        if {"segments", "sentences"} <= set(loaded.tables) and n_sentences != sentences[doc_id]:
            yield doc_id, f"n_sentences is {n_sentences}, the body has {sentences[doc_id]}"


def _wrong_hashes(files: Files, loaded: Loaded) -> Iterator[tuple[str, str]]:
    for doc_id, source, record_no, digest in loaded.columns(
        "documents", "doc_id", "source_path", "record_no", "raw_sha256"
    ):
        name = source_file(source)
        if not is_safe_path(name) or not files.has(name):
            yield doc_id, f"its source {source!r} is not in {SOURCES}"
        elif record_no is None and sha256(files.read(name)) != digest:
            yield doc_id, f"raw_sha256 is not that of {SOURCES}/{source}"


def source_file(source_path: str) -> str:
    """A document's source below the root, under its real name."""
    path = real_name(source_path)
    return path if path.startswith(f"{SOURCES}/") else f"{SOURCES}/{path}"


def _wrong_bytes(files: Files, loaded: Loaded) -> Iterator[tuple[str, str]]:
    columns = ("doc_id", "source_path", "record_no", "encoding", "raw_sha256")
    documents = {d: (s, e, h) for d, s, r, e, h in loaded.columns("documents", *columns) if r is None}
    previous, raw = "", b""
    for doc_id, seg_no, start, end, raw_start, raw_end in loaded.columns(
        "segments", "doc_id", "seg_no", "start", "end", "raw_start", "raw_end"
    ):
        if raw_start is None or doc_id not in documents or doc_id not in loaded.texts:
            continue
        source, encoding, digest = documents[doc_id]
        if doc_id != previous:
            name = source_file(source)
            previous, raw = doc_id, files.read(name) if is_safe_path(name) and files.has(name) else b""
            raw = raw if sha256(raw) == digest else b""
        if not raw:
            continue  # another file, or none: document-source says so
        try:
            words = raw[raw_start:raw_end].decode(encoding)
        except (UnicodeDecodeError, LookupError) as error:
            yield f"{doc_id}:{seg_no}", f"the bytes {raw_start}-{raw_end} of {source} do not decode ({one_line(error)})"
            continue
        if words.replace("\r\n", "\n").replace("\r", "\n") != loaded.texts[doc_id][start:end]:
            yield f"{doc_id}:{seg_no}", f"the bytes {raw_start}-{raw_end} of {source} are not its text"
