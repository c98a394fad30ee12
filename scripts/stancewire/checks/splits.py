"""Checks of the certificate of the splits: made again, it says the same, and nothing leaks."""

from __future__ import annotations

import json
from typing import Any

from ..errors import Problem
from .catalogue import problem
from .files import Files
from .loading import Loaded, limited

SETTINGS = "annotations/splits.yaml"
CERTIFICATE = "annotations/splits_certificate.json"


def check_certificate(files: Files, loaded: Loaded) -> list[Problem]:
    """The certificate against a new one over documents, segments and splits; nothing where there are no splits.

    Needs numpy; without it one warning says that the certificate was not made again.
    """
    if not files.has(CERTIFICATE):
        if files.has(SETTINGS):
            said = "is missing, although splits.yaml asks for splits; run: stancewire merge"
            return [problem("split-certificate", CERTIFICATE, "", said)]
        return []
    if not {"documents", "segments", "splits"} <= set(loaded.tables):
        return []  # said already
    try:
        stated: Any = json.loads(files.read(CERTIFICATE))
    except (OSError, ValueError, RecursionError):
        stated = None
    try:
        from ..splits.certificate import certify, differing, reading_texts
    except ImportError as error:
        said = f"was not made again: it needs {error.name}, which is not installed"
        return [Problem(CERTIFICATE, "", "split-certificate", 1, said, "warning")]
    documents = list(loaded.columns("documents", "doc_id", "text"))
    if any(text is None for _, text in documents):
        said = "was not made again: texts are withheld here; put them back with: stancewire rebuild"
        return [Problem(CERTIFICATE, "", "split-certificate", 1, said, "warning")]
    texts = reading_texts(
        documents,
        list(loaded.columns("segments", "doc_id", "role", "start", "end")),
    )
    part_of = dict(loaded.columns("splits", "doc_id", "split"))
    if not set(part_of) <= set(texts) or None in texts.values():
        return []  # foreign-key or text checks say so
    found, border, doc_ids = certify(texts, part_of)
    problems = [problem("split-certificate", CERTIFICATE, "", said) for said in differing(stated, found)]
    leaks = (
        (f"{doc_ids[pair.a]} - {doc_ids[pair.b]}", f"a reprint across the border (containment {pair.containment:.2f})")
        for pair in border.leaks
    )
    return problems + limited("split-certificate", "annotations/splits.parquet", leaks)
