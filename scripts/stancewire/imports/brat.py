"""brat standoff: `NAME.txt` with `NAME.ann` beside it; the folder they stand in names the annotator.

    T1  Label 0 4;9 12  words      a span; of a discontinuous one the reach, which the words do not fill: quarantine
    A1  Attribute T1 value         a choice for the span (M1 alike; without a value: yes)
    N1  Reference T1 Source:id     what the span is, as a note on it
    #1  AnnotatorNotes T1  words   a note
    R1  Relation Arg1:T1 Arg2:T2   a relation (* alike); E1 Label:T1 Role:T2 likewise, its label standing on its span

Offsets are code points.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import ExportError
from ..label_studio.foreign import CHOICES, LABELS, RELATION, SUBMITTED, WORDS, Answer, Mark, Said
from .reading import Options, file_day, read_text


def read_brat(path: Path, options: Options) -> Iterator[Said]:
    """The texts below a folder, or that of one .ann file.

    Raises:
        ExportError: a text is missing, or a line is no line of brat's.
    """
    found = sorted(path.rglob("*.ann")) if path.is_dir() else [path]
    if not found:
        raise ExportError(f"{path} holds no .ann file; name the folder with the .ann and .txt files")
    for file in found:
        text_file = file.with_suffix(".txt")
        if not text_file.is_file():
            raise ExportError(
                f"{file}: {text_file.name} is missing beside it, and without the text nothing has a place"
            )
        text = read_text(text_file)
        marks = tuple(_marks(file))
        who = options.annotator or file.resolve().parent.name or "brat"
        day = file_day(file)
        yield Said(text, file.stem, file.name, (Answer((who,), SUBMITTED, marks, day, day),))


def _marks(path: Path) -> Iterator[Mark]:
    spans: dict[str, tuple[int, int, str]] = {}
    later: list[tuple[str, list[str]]] = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        line = line.rstrip("\r")
        if not line.strip():
            continue
        mark_id, _, rest = line.partition("\t")
        parts = rest.split("\t")
        try:
            if mark_id.startswith("T"):
                label, _, places = parts[0].partition(" ")
                numbers = [int(word) for piece in places.split(";") for word in piece.split()]
                start, end = min(numbers), max(numbers)
                quote = parts[1] if len(parts) > 1 else ""
                spans[mark_id] = (start, end, quote)
                yield Mark(mark_id, start, end, quote or None, "label", LABELS, (label,))
            elif mark_id[:1] in "AMN#RE*":
                later.append((mark_id, [*parts[0].split(), *parts[1:]]))
            else:
                raise ValueError(f"begins with {mark_id!r}")
        except ValueError as error:
            raise ExportError(f"{path}:{number}: no line of brat standoff ({error}); mend it or export anew") from None
    for mark_id, words in later:
        yield from _about(mark_id, words, spans)


def _about(mark_id: str, words: list[str], spans: dict[str, tuple[int, int, str]]) -> Iterator[Mark]:
    about = words[1] if len(words) > 1 else ""
    kind = mark_id[0]
    if kind in "RE*":
        yield Mark(mark_id, None, None, None, "relation", RELATION, tuple(words))
    elif about in spans:
        start, end, quote = spans[about]
        if kind in "AM":
            values = tuple(words[2:]) or ("yes",)
            yield Mark(about, start, end, quote or None, words[0], CHOICES, values)
        else:
            yield Mark(about, start, end, quote or None, words[0], WORDS, (" ".join(words[2:]),))
    else:  # about a relation or an event: kept as what it says
        yield Mark(mark_id, None, None, None, "relation", RELATION, tuple(words))
