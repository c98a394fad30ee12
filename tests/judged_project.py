"""A project of any size whose annotators are generated: for measuring, and for what only many judgements show.

Each document has one paragraph of numbered sentences; annotators mark the same names and stances, with some left out,
some shifted by a word and some judged otherwise, all by a seed.
"""

from __future__ import annotations

import datetime
import random
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

from stancewire.gold.stage import write_gold
from stancewire.project import Project
from stancewire.tables import make_table, read_table_schema, row_id, write_stage

SCHEMA = Path(__file__).parents[1] / "schema"
TREATY = "us-japan-security-treaty"
Row = dict[str, Any]
CORPUS = ("documents", "segments", "sentences", "stories", "variants")
JUDGED = ("assignments", "judgements", "quarantine")
_PEOPLE = ("Ana Ruiz", "Bo Lee", "Cara Lind", "Dai Mori", "Eva Berg")
_SIDES = ("favor", "against", "neutral")
_DAY = datetime.datetime(2024, 5, 2, tzinfo=datetime.UTC)


def text_of(number: int, sentences: int) -> str:
    """The text of a document: every sentence names a person, who wants something of the pact."""
    return " ".join(
        f"{_PEOPLE[(number + at) % 5]} told aides that the old pact {number}-{at} must stay." for at in range(sentences)
    )


def make_judged_project(
    root: Path,
    documents: int,
    sentences: int = 8,
    annotators: int = 3,
    seed: int = 1,
    kind: str = "human",
    merge: bool = True,
) -> Project:
    """The project: corpus tables, judgements (about 2 x sentences x annotators a document), and gold."""
    shutil.copytree(SCHEMA, root / "schema")
    project = Project(root)
    letters = 2 if annotators <= 26**2 else 3
    names = [f"ann-{_letters(number, letters)}" for number in range(annotators)]
    about = "".join(f"  {name}: {{kind: {kind}}}\n" for name in names)
    project.annotations.mkdir()
    project.campaign_yaml.write_text(
        f"passes:\n  entities: {{rounds: [{{round: 1, annotators: [{', '.join(names)}]}}]}}\n"
        f"  stances: {{rounds: [{{round: 1, annotators: [{', '.join(names)}]}}]}}\n"
        f"annotators:\n{about}  adj-z: {{kind: human}}\nadjudicators: [adj-z]\n",
        encoding="utf-8",
    )
    rows: dict[str, list[Row]] = {name: [] for name in (*CORPUS, *JUDGED)}
    chance = random.Random(seed)
    for number in range(documents):
        _add_document(rows, number, sentences, names, chance)
    for stage, folder, wanted in (
        ("convert", project.corpus, CORPUS),
        ("judgements", project.annotations, JUDGED),
    ):
        made = {}
        for name in wanted:
            schema = read_table_schema(name, project.table_schemas)
            made[name] = (schema, make_table(schema, rows[name]))
        write_stage(folder, stage, made, {})
    if merge:
        write_gold(project)
    return project


def _letters(number: int, count: int) -> str:
    return "".join(chr(97 + number // 26**place % 26) for place in reversed(range(count)))


def _add_document(
    rows: dict[str, list[Row]], number: int, sentences: int, names: list[str], chance: random.Random
) -> None:
    doc_id, text = f"d{number:06}", text_of(number, sentences)
    digest = sha256(text.encode()).hexdigest()
    document: Row = {"doc_id": doc_id, "source_path": f"{doc_id}.txt", "format": "txt", "title": "A title"}
    document |= {"text": text, "n_chars": len(text), "n_words": len(text.split()), "n_sentences": sentences}
    document |= {"encoding": "utf-8", "encoding_score": 1.0, "raw_sha256": digest, "text_sha256": digest}
    rows["documents"].append(document | {"rights": "open", "date": datetime.date(2024, 5, 1)})
    rows["segments"].append({"doc_id": doc_id, "seg_no": 0, "role": "body", "start": 0, "end": len(text), "rule": "t"})
    rows["stories"].append({"doc_id": doc_id, "story_id": doc_id, "is_story_head": True})
    starts = [0] + [at + 2 for at, character in enumerate(text) if character == "." and at + 1 < len(text)]
    for at, start in enumerate(starts):
        end = text.index(".", start) + 1
        rows["sentences"].append({"doc_id": doc_id, "sent_no": at, "seg_no": 0, "start": start, "end": end})
    for name in names:
        for task_pass in ("entities", "stances"):
            task = {"doc_id": doc_id, "task_pass": task_pass, "round": 1, "annotator_id": name}
            rows["assignments"].append(
                task
                | {"project": f"{task_pass} {name}", "state": "submitted", "text_sha256": digest}
                | {"codebook_version": "1.0.0", "suggestions_shown": False, "seconds": 60.0, "submitted_at": _DAY}
            )
        rows["judgements"] += _judged(doc_id, number, text, digest, starts, name, chance)


def _judged(
    doc_id: str, number: int, text: str, digest: str, starts: list[int], name: str, chance: random.Random
) -> list[Row]:
    found = []
    for at, first in enumerate(starts):
        person = _PEOPLE[(number + at) % 5]
        entity = f"{doc_id}#{person.lower().replace(' ', '-')}"
        if chance.random() < 0.9:
            label = "ORG" if chance.random() < 0.1 else "PERSON"
            span = (first, first + len(person))
            found.append(_row(doc_id, text, digest, name, "mention", span, label=label, kind="name", entity_id=entity))
        if chance.random() < 0.7:
            start = text.index("the old", first) + (4 if chance.random() < 0.2 else 0)
            side = _SIDES[(at + (chance.random() < 0.15)) % 3]
            values = {"label": side, "target_id": TREATY, "target_id_given": TREATY, "attribution": "reported"}
            values |= {"holder_type": "entity", "holder_entity_id": entity, "via_type": "none"}
            found.append(_row(doc_id, text, digest, name, "stance", (start, text.index(".", start)), **values))
    side = ("none", "none", "neutral", "favor")[chance.randrange(4)]
    answer = {"label": side, "target_id": TREATY, "target_id_given": TREATY}
    return [*found, _row(doc_id, text, digest, name, "document_stance", None, **answer)]


def _row(
    doc_id: str, text: str, digest: str, name: str, layer: str, span: tuple[int, int] | None, **values: Any
) -> Row:
    task_pass = "entities" if layer == "mention" else "stances"
    start, end = span or (None, None)
    row: Row = {"layer": layer, "doc_id": doc_id, "annotator_id": name, "task_pass": task_pass, "round": 1}
    row |= {"region_id": f"{layer}-{start}", "start": start, "end": end, "anchor": "same"}
    row |= {"text": None if span is None else text[start:end], "made_start": start, "made_end": end}
    row |= {"made_text_sha256": digest, "origin": "manual", "status": "current", "project": f"{task_pass} {name}"}
    row |= {"created_at": _DAY, "updated_at": _DAY, "codebook_version": "1.0.0"} | values
    return row | {"judgement_id": row_id(doc_id, name, layer, start, *values.values())}
