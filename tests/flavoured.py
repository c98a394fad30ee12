"""The shipped corpus in both flavours, and an eye for words of articles that asks nothing of the code."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.parquet as pq

from stancewire.project import Project
from stancewire.release.package import package_into

ROOT = Path(__file__).parents[1]
VERSION = "9.9.9"
SIZE = 8
# Two ways to tell words: runs of letters and digits, and what stands between white space, without its edges.
WORDS = (
    lambda text: re.findall(r"[^\W_]+", text.casefold()),
    lambda text: [bare for word in text.casefold().split() if (bare := word.strip(".,;:!?\"'“”‘’()[]{}<>|`*"))],
)


def copy_of_the_seeds(folder: Path) -> Project:
    """The shipped project in a folder of its own, outside any repository."""
    for name in ("corpus", "annotations", "schema"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copyfile(ROOT / "datapackage.json", folder / "datapackage.json")
    return Project(folder)


def write_flavours(project: Project, folder: Path) -> tuple[Path, Path]:
    """Full and text-free packages of one version."""
    for flavour in ("full", "text-free"):
        package_into(project, folder / flavour, VERSION, flavour)
    return folder / "full", folder / "text-free"


def sources_of(project: Project) -> list[str]:
    """What must not be found: texts and metadata of documents, and their sources as they were received."""
    table = pq.ParquetFile(project.table_path("documents")).read(["text", "title", "dateline", "byline", "credit"])
    texts = [value for row in table.to_pylist() for value in row.values() if value]
    return texts + [path.read_text(encoding="utf-8", errors="replace") for path in project.sources.iterdir()]


def texts_in(path: Path) -> Iterator[tuple[str, str]]:
    """(place, text) of everything in a folder or zip: cells, CSV, JSON strings, and each file as a whole."""
    if path.is_file():
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    else:
        files = {item.relative_to(path).as_posix(): item.read_bytes() for item in path.rglob("*") if item.is_file()}
    for name, data in files.items():
        if name.endswith(".parquet"):
            import pyarrow as pa

            table = pq.ParquetFile(pa.BufferReader(data)).read()
            for column in table.column_names:
                for value in table.column(column).to_pylist():
                    if isinstance(value, str):
                        yield f"{name} {column}", value
            continue
        text = data.decode("utf-8")
        yield name, text
        yield f"{name} as one line", " ".join(text.split())
        if name.endswith((".json", ".jsonl")):
            for line in [text] if name.endswith(".json") else text.splitlines():
                yield from ((f"{name} (decoded)", value) for value in strings(json.loads(line)))


def strings(value: object) -> Iterator[str]:
    """All strings in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def find_runs(path: Path, sources: Iterable[str]) -> set[str]:
    """Places below `path` that hold 8 words of a source in a row."""
    sources = list(sources)
    found = set()
    for words in WORDS:
        known = {gram for source in sources for gram in grams(words(source))}
        assert known
        found |= {place for place, text in texts_in(path) if not known.isdisjoint(grams(words(text)))}
    return found


def grams(words: list[str]) -> Iterator[tuple[str, ...]]:
    """Each run of 8 words."""
    return zip(*(words[offset:] for offset in range(SIZE)), strict=False)
