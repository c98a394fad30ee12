"""brat standoff: `DOC_ID.txt` with the canonical text, `DOC_ID.ann` with the gold, and brat's own configuration.

    T1  PERSON 0 5   Trump                    a mention
    A1  kind T1 name
    N1  Reference T1 Entity:donald-trump  Donald Trump
    T2  STANCE 10 42 would jeopardize ...     an evidence span; A, and #, on it what is said there
    #2  AnnotatorNotes T2  against us-japan-alliance; holder mark-esper; via unnamed; reported

Offsets are code points, half-open, as brat counts. A line break within a span is written as a space, as brat does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .gathered import GoldDocument, Row
from .writing import Target

STANCE = "STANCE"


def write_brat(target: Target, documents: Iterable[GoldDocument]) -> None:
    """Write a text and an annotation file for each document, in folders as their ids have them."""
    labels: set[str] = set()
    values: dict[str, set[str]] = {"kind": set(), "stance": set(), "target": set(), "attribution": set()}
    for document in documents:
        name = document.doc_id
        target.write(f"{name}.txt", document.text)
        lines = list(_lines(document, values))
        target.write(f"{name}.ann", "".join(f"{line}\n" for line in lines))
        labels.update(row["label"] for row in document.mentions)
        target.report.counts["documents"] += 1
        target.report.counts["mentions"] += len(document.mentions)
        target.report.counts["stances"] += len(document.stances)
    target.write("annotation.conf", _configuration(sorted(labels), values))


def _lines(document: GoldDocument, values: dict[str, set[str]]) -> Iterator[str]:
    number = attributes = 0
    said: list[tuple[str, str]]
    for row in document.mentions:
        number += 1
        yield _span(number, row["label"], row, document.text)
        said = [("kind", row["kind"])]
        if row["entity_id"]:
            yield f"N{number}\tReference T{number} Entity:{_word(row['entity_id'])}\t{_line(row['text'])}"
        for name, value in said:
            attributes += 1
            values[name].add(_word(value))
            yield f"A{attributes}\t{name} T{number} {_word(value)}"
    for row in document.stances:
        number += 1
        yield _span(number, STANCE, row, document.text)
        said = [("stance", row["stance"]), ("target", row["target_id"]), ("attribution", row["attribution"])]
        for name, value in said:
            attributes += 1
            values[name].add(_word(value))
            yield f"A{attributes}\t{name} T{number} {_word(value)}"
        note = f"holder {row['holder']}" + (f"; via {row['via']}" if row["via"] else "")
        yield f"#{number}\tAnnotatorNotes T{number}\t{_line(note)}"


def _span(number: int, label: str, row: Row, text: str) -> str:
    return f"T{number}\t{_word(label)} {row['start']} {row['end']}\t{_line(text[row['start'] : row['end']])}"


def _line(text: str) -> str:
    return re.sub(r"[\n\t]", " ", text)


def _word(value: str) -> str:
    """brat's names hold no white space."""
    return re.sub(r"\s", "_", value)


def _configuration(labels: list[str], values: dict[str, set[str]]) -> str:
    spans = "|".join(map(_word, labels)) or STANCE
    arguments = {"kind": spans, "stance": STANCE, "target": STANCE, "attribution": STANCE}
    attributes = [
        f"{name}\tArg:{arguments[name]}, Value:{'|'.join(sorted(found))}" for name, found in values.items() if found
    ]
    entities = "\n".join([*map(_word, labels), STANCE])
    return f"[entities]\n{entities}\n\n[relations]\n\n[events]\n\n[attributes]\n" + "\n".join(attributes) + "\n"
