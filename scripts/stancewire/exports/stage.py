"""The stage `export`: a corpus in the format of another tool, in a folder that is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

from ..codebook import read_codebook
from ..codebook.model import Codebook
from ..corpus_view import Corpus
from ..errors import UsageError
from .gathered import read_gold_documents
from .writing import ExportReport, writing_into

# What each is, for --help and messages.
FORMATS = {
    "brat": "standoff: a text and an annotation file for each document",
    "conll": "columns of tokens with IOB2 tags of the mentions",
    "csv": "every table, for spreadsheets and R",
    "hugging-face": "a folder for datasets.load_dataset",
    "label-studio": "tasks with the gold as annotation, for the project's interfaces",
    "spacy": "JSON lines of texts with spans and categories",
}


def export_corpus(corpus: Corpus, format: str, folder: Path, replace: bool = False) -> ExportReport:
    """Write a corpus as `format` into `folder`.

    Args:
        corpus: a project, a release folder or its zip, as `stancewire.open` gives it.
        replace: the folder may hold something, which is then replaced.

    Raises:
        UsageError: an unknown format; a folder that holds something; a format that needs the codebook, which a zip does
            not let be read. TableError, ReleaseError: a table is missing, stale or damaged.
    """
    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}; known formats: {', '.join(FORMATS)}")
    with writing_into(folder, replace) as target:
        if format == "csv":
            from .spreadsheets import write_csv_tables

            write_csv_tables(target, corpus)
        elif format == "spacy":
            from .spacy_json import write_spacy

            write_spacy(target, read_gold_documents(corpus))
        elif format == "brat":
            from .brat import write_brat

            write_brat(target, read_gold_documents(corpus))
        elif format == "conll":
            from .conll import write_conll

            write_conll(target, list(read_gold_documents(corpus)))
        elif format == "hugging-face":
            from .hugging_face import write_hugging_face

            write_hugging_face(target, list(read_gold_documents(corpus)), _codebook(corpus))
        else:
            from .label_studio_tasks import write_label_studio

            entities = corpus.arrow("entities").to_pylist()
            write_label_studio(target, read_gold_documents(corpus), _codebook(corpus), entities)
    return target.report


def _codebook(corpus: Corpus) -> Codebook:
    path = corpus.path / "schema" / "codebook.yaml"
    if not path.is_file():
        raise UsageError(f"{corpus.path} gives no schema/codebook.yaml, which this format needs; unpack the zip")
    return read_codebook(path)
