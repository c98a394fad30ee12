"""WebAnno TSV 3 (WebAnno, INCEpTION): one token a line, its layers' features in columns.

    #FORMAT=WebAnno TSV 3.3
    #T_SP=webanno.custom.Stance|target|value       a span layer with its features
    #Text=One sentence.
    1-1 ⇥ 0-3 ⇥ One ⇥ PER[1]|ORG ⇥ ...             `_` nothing, `*` no value, [n] one span over several tokens

Offsets count UTF-16 units from the beginning of the document. The text is put together from the `#Text` lines; between
two of them stand as many line ends as the offsets leave room for. The annotator is the file's name where it stands in a
folder named for its document (as both programs export them), else the folder's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ExportError
from ..label_studio.foreign import CHOICES, LABELS, RELATION, SUBMITTED, Answer, Mark, Said
from ..label_studio.offsets import from_units
from .reading import Options, file_day, read_text

_ESCAPES = {"t": "\t", "n": "\n", "r": "\r"}
_CELL = re.compile(r"(?<!\\)\|")
_NUMBERED = re.compile(r"(?s)(.*?)(?<!\\)\[(\d+)\]")


@dataclass
class _Layer:
    name: str
    kind: str
    features: list[str]
    column: int


@dataclass
class _Document:
    """What the lines say, in UTF-16 units."""

    layers: list[_Layer] = field(default_factory=list)
    parts: list[tuple[int, str]] = field(default_factory=list)
    spans: dict[tuple[str, str], tuple[int, int, list[str]]] = field(default_factory=dict)
    relations: list[tuple[str, str]] = field(default_factory=list)


def read_webanno(path: Path, options: Options) -> Iterator[Said]:
    """The document of one file, or of each .tsv file below a folder.

    Raises:
        ExportError: a file is no WebAnno TSV 3, or a line of it is broken.
    """
    files = sorted(path.rglob("*.tsv")) if path.is_dir() else [path]
    if not files:
        raise ExportError(f"{path} holds no .tsv file; name the folder of the export")
    for file in files:
        found = _parse(file)
        text = _text(found)
        point = from_units(text)
        marks = []
        for (layer, span_id), (start, end, values) in found.spans.items():
            about = next(item for item in found.layers if item.name == layer)
            a, b = point(start), point(end)
            fault = None if a is not None and b is not None else f"UTF-16 units {start}-{end} cut a character in two"
            for number, value in enumerate(values):
                name = about.features[number] if about.features else layer
                given = () if value in ("*", "_") else (_plain(value),)
                given = given if about.features else (layer,)  # a layer without features says all by its name
                if given or number == 0:
                    kind = LABELS if number == 0 else CHOICES
                    control = layer if number == 0 else f"{layer}.{name}"
                    marks.append(Mark(f"{layer}-{span_id}", a, b, None, control, kind, given, fault=fault))
        for number, (layer, said) in enumerate(found.relations):
            marks.append(Mark(f"{layer}-{number}", None, None, None, layer, RELATION, (layer, said)))
        day = file_day(file)
        who, name = _who(file, options)
        yield Said(text, name, file.name, (Answer((who,), SUBMITTED, tuple(marks), day, day),))


def _who(file: Path, options: Options) -> tuple[str, str]:
    """(annotator, document)."""
    folder = file.resolve().parent
    if folder.parent.name in ("annotation", "curation") or folder.name.endswith((".txt", ".tsv", ".xmi")):
        return options.annotator or file.stem, folder.name.rsplit(".", 1)[0]
    return options.annotator or folder.name or "unknown", file.stem


def _parse(path: Path) -> _Document:
    text = read_text(path).replace("\r\n", "\n")
    lines = text.split("\n")
    if not lines[0].removeprefix("\ufeff").startswith("#FORMAT=WebAnno TSV 3"):
        raise ExportError(f"{path}:1: no WebAnno TSV 3 (begins with {lines[0][:40]!r}); export it as WebAnno TSV 3")
    found = _Document()
    column, said = 3, []
    for number, line in enumerate(lines[1:], 2):
        if line.startswith(("#T_SP=", "#T_RL=", "#T_CH=")):
            name, *features = line[6:].split("|")
            layer = _Layer(name.rsplit(".", 1)[-1], line[3:5], features, column)
            found.layers.append(layer)
            column += max(1, len(features))
        elif line.startswith("#Text="):
            said.append(line[6:])
        elif line and not line.startswith("#"):
            cells = line.split("\t")
            place = re.fullmatch(r"(\d+)-(\d+)", cells[1]) if len(cells) >= 3 else None
            if place is None:
                raise ExportError(f"{path}:{number}: no token line of WebAnno TSV 3 (cut off?); export it again")
            start, end = int(place[1]), int(place[2])
            if said:  # the first token after #Text: the sentence begins where this token does
                sentence = _unescape("\n".join(said))
                lead = sentence.find(_unescape(cells[2]))
                found.parts.append((start - max(0, _units(sentence[: max(0, lead)])), sentence))
                said = []
            _token(found, cells, start, end, number)
    return found


def _token(found: _Document, cells: list[str], start: int, end: int, number: int) -> None:
    for layer in found.layers:
        for offset in range(max(1, len(layer.features))):
            cell = cells[layer.column + offset] if layer.column + offset < len(cells) else "_"
            if cell in ("_", ""):
                continue
            for order, value in enumerate(_CELL.split(cell)):
                if layer.kind != "SP":
                    if value not in ("*", "_"):
                        found.relations.append((layer.name, value))
                    continue
                numbered = _NUMBERED.fullmatch(value)
                span_id = numbered[2] if numbered else f"{number}.{order}"
                key = (layer.name, span_id)
                first, last, values = found.spans.get(key, (start, end, []))
                values += ["*"] * (offset + 1 - len(values))
                values[offset] = numbered[1] if numbered else value
                found.spans[key] = (min(first, start), max(last, end), values)


def _text(found: _Document) -> str:
    text, length = [], 0
    for start, sentence in sorted(found.parts):
        text.append("\n" * max(0, start - length) + sentence)
        length = max(start, length) + _units(sentence)
    return "".join(text)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text)


def _plain(value: str) -> str:
    return _unescape(value)
