"""The inputs of a conversion, as its manifest names them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..project import Project
from ..sources import base_of
from ..tables import file_sha256
from .ledger import Row

# Beyond this many source files the manifest has one hash over all of a root's files instead of one for each.
MAX_LISTED = 10_000


def list_inputs(project: Project | None, sources: Sequence[Path | str], rows: Iterator[Row]) -> dict[str, str]:
    """Everything the tables were made from: a path without anything of this machine in it, and its SHA-256.

    Of very many files it is one for each root: that of a line for each file in the order of their paths, `sha256`, two
    blanks, path. `validate` makes the same.
    """
    roots = []
    for base in map(base_of, sources):
        inside = project is not None and base.is_relative_to(project.root)
        roots.append(base.relative_to(project.root).as_posix() if project is not None and inside else base.name)
    inputs: dict[str, str] = {}
    by_root: dict[int, Any] = {}
    count = 0
    for root, source_path, _, sha256, _ in rows:
        if sha256 is None:
            continue
        count += 1
        by_root.setdefault(root, hashlib.sha256()).update(f"{sha256}  {source_path}\n".encode())
        if count <= MAX_LISTED:
            inputs[f"{roots[root]}/{source_path}".removeprefix("./")] = sha256
    if count > MAX_LISTED:
        inputs = {f"{roots[root]}/": hashed.hexdigest() for root, hashed in by_root.items()}
    if project is not None:
        for path in (project.sources_csv, project.corrections_csv, project.withdrawn_csv, project.codebook_yaml):
            if path.is_file():
                inputs[project.relative(path)] = file_sha256(path)
    return inputs
