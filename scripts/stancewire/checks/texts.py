"""Checks of documents against their sources: hashes, counts, raw byte ranges, sources.csv. Needs pyarrow alone."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
from collections import Counter
from collections.abc import Iterator

from ..errors import Problem
from .catalogue import problem
from .files import Files, is_safe_path, sha256
from .loading import Loaded, limited, one_line, table_file

SOURCES = "corpus/sources"
SOURCES_CSV = "corpus/sources.csv"
CORRECTIONS_CSV = "corpus/corrections.csv"
RIGHTS = ("open", "permitted", "restricted", "unknown")
CORRECTION_COLUMNS = ("doc_id", "start", "end", "quote", "field", "value", "reason", "by", "date")


def read_csv(files: Files, path: str, needed: tuple[str, ...]) -> tuple[list[tuple[int, dict[str, str]]], str]:
    """Rows of a CSV file with their line numbers, and why it cannot be read (empty where it can)."""
    try:
        text = files.read(path).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            return [], f"column {missing[0]!r} is missing from the first line"
        return [(reader.line_num, {k: v or "" for k, v in row.items() if k is not None}) for row in reader], ""
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return [], one_line(error)


def check_sources(files: Files) -> list[Problem]:
    """sources.csv against the files in corpus/sources, byte for byte."""
    found: list[Problem] = []
    prefix = f"{SOURCES}/"
    there = {name.removeprefix(prefix) for name in files.names_below(SOURCES)}
    if not files.has(SOURCES_CSV):
        return [problem("source-unlisted", prefix + name, "", "there is no sources.csv") for name in sorted(there)]
    rows, error = read_csv(files, SOURCES_CSV, ("path", "sha256"))
    if error:
        return [problem("source-row", SOURCES_CSV, "", f"{error}; mend the file")]
    listed: set[str] = set()
    for line, row in rows:
        path, expected = row["path"], row["sha256"].lower()
        wrong = _wrong_source_row(row, listed)
        listed.add(path)
        if wrong:
            found.append(problem("source-row", SOURCES_CSV, line, wrong))
        elif path not in there:
            found.append(problem("source-missing", prefix + path, "", f"named in {SOURCES_CSV}:{line}, but not there"))
        elif expected and sha256(files.read(prefix + path)) != expected:
            message = f"is not the file described in {SOURCES_CSV}:{line} (sha256 differs)"
            found.append(problem("source-hash", prefix + path, "", message))
    for name in sorted(there - listed):
        found.append(problem("source-unlisted", prefix + name, "", f"has no row in {SOURCES_CSV}"))
    return found


def _wrong_source_row(row: dict[str, str], listed: set[str]) -> str:
    if not is_safe_path(row["path"]):
        return f"path {row['path']!r} must be relative to {SOURCES}, without '..'"
    if row["path"] in listed:
        return f"path {row['path']!r} stands on two rows"
    if row["sha256"] and (len(row["sha256"]) != 64 or set(row["sha256"].lower()) - set("0123456789abcdef")):
        return f"sha256 {row['sha256']!r} is not 64 hexadecimal digits"
    if row.get("rights") and row["rights"] not in RIGHTS:
        return f"rights {row['rights']!r} is not one of {', '.join(RIGHTS)}"
    for name in ("date", "received"):
        if row.get(name) and not _is_date(row[name]):
            return f"{name} {row[name]!r} is not a date like 2019-06-26"
    return ""


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def check_corrections(files: Files, loaded: Loaded) -> list[Problem]:
    """corrections.csv: its form, and each quote at its place."""
    if not files.has(CORRECTIONS_CSV):
        return []
    rows, error = read_csv(files, CORRECTIONS_CSV, CORRECTION_COLUMNS)
    if error:
        return [problem("correction-row", CORRECTIONS_CSV, "", f"{error}; mend the file")]
    found: list[Problem] = []
    for line, row in rows:
        if not row["field"] or not row["reason"] or not _is_date(row["date"]):
            message = "field, reason and date (like 2019-06-26) must be filled in"
            found.append(problem("correction-row", CORRECTIONS_CSV, line, message))
        elif (row["start"] or row["end"]) and not (row["start"].isdecimal() and row["end"].isdecimal()):
            found.append(problem("correction-row", CORRECTIONS_CSV, line, "start and end must be whole numbers"))
        elif "documents" in loaded.tables:
            text = loaded.texts.get(row["doc_id"])
            if text is None:
                found.append(problem("correction-place", CORRECTIONS_CSV, line, f"no document {row['doc_id']!r}"))
            elif row["start"] and text[int(row["start"]) : int(row["end"])] != row["quote"]:
                message = f"the quote {row['quote']!r} does not stand at {row['start']}-{row['end']} of {row['doc_id']}"
                found.append(problem("correction-place", CORRECTIONS_CSV, line, message))
    return found


def check_documents(files: Files, loaded: Loaded) -> list[Problem]:
    """Documents against their source files, their own hashes and counts, and their segments' raw bytes."""
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
        if role == "body" and doc_id in loaded.texts:
            words[doc_id] += len(loaded.texts[doc_id][start:end].split())
            body.add((doc_id, seg_no))
    sentences = Counter(d for d, n in loaded.columns("sentences", "doc_id", "seg_no") if (d, n) in body)
    columns = ("doc_id", "text", "text_sha256", "n_chars", "n_words", "n_sentences")
    for doc_id, text, digest, n_chars, n_words, n_sentences in loaded.columns("documents", *columns):
        if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != digest:
            yield doc_id, "text_sha256 is not that of the text"
        if n_chars != len(text):
            yield doc_id, f"n_chars is {n_chars}, the text has {len(text)}"
        if "segments" in loaded.tables and n_words != words[doc_id]:
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
            yield doc_id, f"raw_sha256 is not that of {name}"


def source_file(source_path: str) -> str:
    """A document's source below the root."""
    return source_path if source_path.startswith(f"{SOURCES}/") else f"{SOURCES}/{source_path}"


def _wrong_bytes(files: Files, loaded: Loaded) -> Iterator[tuple[str, str]]:
    columns = ("doc_id", "source_path", "record_no", "encoding")
    documents = {d: (source_file(s), e) for d, s, r, e in loaded.columns("documents", *columns) if r is None}
    previous, raw = "", b""
    for doc_id, seg_no, start, end, raw_start, raw_end in loaded.columns(
        "segments", "doc_id", "seg_no", "start", "end", "raw_start", "raw_end"
    ):
        if raw_start is None or doc_id not in documents:
            continue
        name, encoding = documents[doc_id]
        if doc_id != previous:
            previous, raw = doc_id, files.read(name) if is_safe_path(name) and files.has(name) else b""
        if not raw:
            continue  # document-source says so
        try:
            words = raw[raw_start:raw_end].decode(encoding)
        except (UnicodeDecodeError, LookupError) as error:
            yield f"{doc_id}:{seg_no}", f"the bytes {raw_start}-{raw_end} of {name} do not decode ({one_line(error)})"
            continue
        if words.replace("\r\n", "\n").replace("\r", "\n") != loaded.texts[doc_id][start:end]:
            yield f"{doc_id}:{seg_no}", f"the bytes {raw_start}-{raw_end} of {name} are not its text"
