"""CoNLL columns and tables of item × annotator.

**CoNLL**: one token a line, its tag in the last column (or --column), an empty line after a sentence, `-DOCSTART-` or
`# newdoc` before a document. Tags are IOB1, IOB2 or IOBES/BILOU. The columns hold no text, so one is made: tokens
joined by a space, sentences by a line end.

**Table**: CSV or TSV with a header. Wide: a column `text` (or --text-field) and a column for each annotator. Long: the
columns `text`, `annotator` and `label`. A value is a label of the text as a whole; several are joined by a bar.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import ExportError
from ..label_studio.foreign import CHOICES, LABELS, SUBMITTED, Answer, Mark, Said
from .reading import Options, file_day, read_text

_NOT_PEOPLE = re.compile(r"(?i)^(id|item|item_id|doc_id|document|title|date|url|source|split|gold)$")


def read_conll(path: Path, options: Options) -> Iterator[Said]:
    """The documents of one file.

    Raises:
        ExportError: a line has too few columns, or a tag is none of these schemes.
    """
    who, day = options.annotator or path.stem, file_day(path)
    for number, (name, sentences) in enumerate(_documents(path, options.column), 1):
        text, marks = _text_and_marks(sentences)
        answer = Answer((who,), SUBMITTED, tuple(marks), day, day)
        yield Said(text, name or f"{path.stem}-{number}", f"{path.name}: document {number}", (answer,))


def _documents(path: Path, column: int | None) -> Iterator[tuple[str | None, list[list[tuple[str, str]]]]]:
    name: str | None = None
    sentences: list[list[tuple[str, str]]] = [[]]
    for number, line in enumerate(read_text(path).split("\n"), 1):
        line = line.rstrip("\r")
        new = re.match(r"#\s*newdoc(?:\s+id\s*=\s*(.*))?$", line)
        if line.startswith("-DOCSTART-") or new:
            if any(sentences):
                yield name, [sentence for sentence in sentences if sentence]
            name, sentences = (new[1] if new else None), [[]]
        elif not line.strip():
            sentences.append([])
        elif not (line.startswith("# ") and "\t" not in line):
            cells = line.split("\t") if "\t" in line else line.split()
            place = len(cells) - 1 if column is None else column - 1
            if len(cells) < 2 or place >= len(cells):
                raise ExportError(f"{path}:{number}: {len(cells)} columns; a token and a tag are needed (see --column)")
            token = cells[1] if cells[0].isdecimal() and len(cells) > 2 else cells[0]
            if not re.fullmatch(r"[OBIESLUM]|[BIESLUM]-.+|_|-", cells[place]):
                said = f"{path}:{number}: {cells[place]!r} is no tag like O, B-PER, I-PER"
                raise ExportError(f"{said}; name the column of the tags with --column")
            sentences[-1].append((token, cells[place]))
    if any(sentences):
        yield name, [sentence for sentence in sentences if sentence]


def _text_and_marks(sentences: list[list[tuple[str, str]]]) -> tuple[str, list[Mark]]:
    parts: list[str] = []
    marks: list[Mark] = []
    at = 0
    for sentence in sentences:
        begun: tuple[str, int, int] | None = None
        for token, tag in [*sentence, ("", "O")]:
            scheme, _, label = tag.partition("-")
            if begun is not None and (scheme not in "IEML" or not label or label != begun[0]):
                marks.append(_mark(begun))
                begun = None
            if label and scheme in "BIESLUM":
                begun = (label, at, at + len(token)) if begun is None else (label, begun[1], at + len(token))
                if scheme in "ESLU":
                    marks.append(_mark(begun))
                    begun = None
            at += len(token) + 1 if token else 0
        parts.append(" ".join(token for token, _ in sentence))
    return "\n".join(parts), marks


def _mark(span: tuple[str, int, int]) -> Mark:
    label, start, end = span
    return Mark(f"{start}-{end}-{label}", start, end, None, "tag", LABELS, (label,))


def read_item_table(path: Path, options: Options) -> Iterator[Said]:
    """The items of one table, each with its annotators' labels.

    Raises:
        ExportError: there is no text column, no annotator column, or a row has another number of cells.
    """
    source = read_text(path).removeprefix("\ufeff")
    first = source.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(source, newline=""), delimiter="\t" if "\t" in first else ",")
    header = next(reader, [])
    text_name = options.text_field or "text"
    if text_name not in header:
        known = ", ".join(header) or "none"
        raise ExportError(f"{path}:1: no column {text_name!r} (columns: {known}); name it with --text-field")
    is_long = "annotator" in header and "label" in header
    people = [name for name in header if name not in (text_name, "") and not _NOT_PEOPLE.match(name)]
    if not is_long and not people:
        raise ExportError(f"{path}:1: no column of an annotator beside {text_name!r}")
    named = next((name for name in ("doc_id", "item_id", "item", "id") if name in header), None)
    day = file_day(path)
    for cells in reader:
        place = f"{path.name}:{reader.line_num}"
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise ExportError(f"{path}:{reader.line_num}: {len(cells)} cells for {len(header)} columns (cut off?)")
        row = dict(zip(header, cells, strict=True))
        given = [(row["annotator"], row["label"])] if is_long else [(name, row[name]) for name in people]
        answers = tuple(
            Answer((who,), SUBMITTED, (_choice(path, label),), day, day) for who, label in given if label.strip()
        )
        name = row[named] if named and row[named].strip() else None
        yield Said(row[text_name], name, place, answers)


def _choice(path: Path, label: str) -> Mark:
    values = tuple(part.strip() for part in label.split("|") if part.strip())
    return Mark("label", None, None, None, path.stem, CHOICES, values)
