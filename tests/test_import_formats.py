"""Exports of other tools: each label arrives at its words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from foreign_exports import ANA, BO
from test_import import Row, rows, said

from stancewire.errors import ExportError
from stancewire.imports.into import import_into
from stancewire.imports.mapping import LabelMapping
from stancewire.imports.plan import READERS, plan_import
from stancewire.imports.reading import Options
from stancewire.label_studio.foreign import Said
from stancewire.project import Project


def bring(tmp_path: Path, path: Path, format: str, **options: Any) -> Project:
    return import_into(tmp_path / "made", plan_import([path], format, None, Options(**options)), LabelMapping())[0]


def read(path: Path, format: str, **options: Any) -> list[Said]:
    return list(READERS[format](path, Options(**options)))


def spans(found: Said) -> list[tuple[str, tuple[str, ...]]]:
    answer = found.answers[0]
    return [(found.text[m.start : m.end], m.values) for m in answer.marks if m.start is not None and m.end is not None]


def lines(path: Path, *items: Row) -> Path:
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), encoding="utf-8")
    return path


BRAT = """T1\tPerson 5 13\tAna Ruiz
T2\tPlace 25 29\tKure
T3\tPerson 5 8;18 21\tAna Lee
A1\tSure T1
M1\tMood T2 calm
N1\tReference T2 Wikidata:Q1\tKure
#1\tAnnotatorNotes T2\ta port
R1\tNear Arg1:T1 Arg2:T2
E1\tPerson:T1 Theme:T2
"""


def test_brat_standoff(tmp_path: Path) -> None:
    folder = tmp_path / "ann-far"
    folder.mkdir()
    (folder / "kure.txt").write_text(ANA, encoding="utf-8")
    (folder / "kure.ann").write_text(BRAT, encoding="utf-8")
    project = bring(tmp_path, folder, "brat")
    assert said(project) == [("Ana Ruiz", "Person"), ("Kure", "Place")]
    comments = {row["text"]: row["comment"] for row in rows(project, "judgements")}
    assert comments == {
        "Ana Ruiz": "Sure: yes",
        "Kure": "Mood: calm\nReference: Wikidata:Q1 Kure\nAnnotatorNotes: a port",
    }
    reasons = sorted(row["reason"] for row in rows(project, "quarantine"))
    assert len(reasons) == 3
    assert sum("relation" in reason for reason in reasons) == 2
    assert any("the export says 'Ana Lee'" in reason for reason in reasons)  # discontinuous: no one stretch of words
    assert [row["doc_id"] for row in rows(project, "documents")] == ["kure"]


def test_brat_without_its_text_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.ann").write_text("T1\tPerson 0 3\tAna\n")
    with pytest.raises(ExportError, match=r"a.txt is missing beside it"):
        read(tmp_path / "a.ann", "brat")
    (tmp_path / "a.txt").write_text("Ana")
    (tmp_path / "a.ann").write_text("T1\tPerson 0\n?")
    with pytest.raises(ExportError, match=r"a.ann:2"):
        read(tmp_path / "a.ann", "brat")


WEBANNO = """#FORMAT=WebAnno TSV 3.3
#T_SP=custom.Name|value|kind
#T_SP=custom.Sure
#T_RL=custom.Near|role|BT_custom.Name


#Text=🕊 Ana Ruiz met Lee\\_x.
1-1\t0-2\t🕊\t_\t_\t_\t_\t_\t
1-2\t3-6\tAna\tPerson[1]\tname[1]\t*\t_\t_\t
1-3\t7-11\tRuiz\tPerson[1]|Family\tname[1]|*\t_\t_\t_\t
1-4\t12-15\tmet\t_\t_\t_\t_\t_\t
1-5\t16-21\tLee\\_x\t*\tname\t_\tknows\t1-2[1_0]\t
1-6\t21-22\t.\t_\t_\t_\t_\t_\t

#Text=In Kure.
2-1\t24-26\tIn\t_\t_\t_\t_\t_\t
2-2\t27-31\tKure\tPlace\t*\t_\t_\t_\t
2-3\t31-32\t.\t_\t_\t_\t_\t_\t
"""


def test_webanno_tsv_counts_utf_16_units_and_joins_tokens(tmp_path: Path) -> None:
    path = tmp_path / "annotation" / "port.txt" / "far.tsv"
    path.parent.mkdir(parents=True)
    path.write_text(WEBANNO, encoding="utf-8")
    (found,) = read(path, "webanno")
    assert found.text == "🕊 Ana Ruiz met Lee_x.\n\nIn Kure."
    assert (found.name, found.answers[0].people) == ("port", ("far",))
    assert ("Ana Ruiz", ("Person",)) in spans(found)
    assert ("Ruiz", ("Family",)) in spans(found)
    assert ("Kure", ("Place",)) in spans(found)
    assert ("Ana", ("Sure",)) in spans(found)
    assert ("Lee_x", ()) in spans(found)  # a span without a label: quarantine says so
    assert sum(mark.kind == "relation" for mark in found.answers[0].marks) == 2
    with pytest.raises(ExportError, match="no WebAnno TSV 3"):
        read(lines(tmp_path / "other.tsv", {}), "webanno")


def test_doccano(tmp_path: Path) -> None:
    near = {"id": 1, "from_id": 7, "to_id": 8, "type": "near"}
    entities = [
        {"id": 7, "label": "Person", "start_offset": 5, "end_offset": 13},
        {"id": 8, "label": "Place", "start_offset": 25, "end_offset": 29},
    ]
    path = lines(
        tmp_path / "far.jsonl",
        {"id": 1, "text": ANA, "entities": entities, "relations": [near], "Comments": ["odd"]},
        {"id": 2, "text": BO, "label": [[0, 6, "Person"], [0, 99, "Place"]]},
        {"id": 3, "data": "Nothing here.", "label": ["dull"]},
    )
    project = bring(tmp_path, path, "doccano")
    assert said(project) == [("Ana Ruiz", "Person"), ("Bo Lee", "Person"), ("Kure", "Place")]
    assert {(row["flag"], row["comment"]) for row in rows(project, "judgements") if row["layer"] == "flag"} == {
        ("dull", None), (None, "odd")
    }  # fmt: skip
    assert len(rows(project, "quarantine")) == 2
    assert len({row["annotator_id"] for row in rows(project, "assignments")}) == 1


def test_prodigy_skips_what_was_not_accepted(tmp_path: Path) -> None:
    person = {"start": 0, "end": 6, "label": "Person", "token_start": 0, "token_end": 1}
    one = {"text": BO, "spans": [person], "answer": "accept", "_annotator_id": "a-far", "_timestamp": 1714557600}
    path = lines(
        tmp_path / "set.jsonl",
        one,
        one | {"_annotator_id": "b-far", "answer": "reject"},
        one | {"_annotator_id": "c-far", "answer": "ignore"},
        {"text": ANA, "options": [], "accept": ["pro", "con"], "answer": "accept", "_session_id": "s-far"},
    )
    project = bring(tmp_path, path, "prodigy")
    states = [row["state"] for row in rows(project, "assignments")]
    assert sorted(states) == ["skipped", "skipped", "submitted", "submitted"]
    current = [row for row in rows(project, "judgements") if row["status"] == "current"]
    assert {row["label"] or row["flag"] for row in current} == {"Person", "pro", "con"}
    assert {row["created_at"].year for row in current if row["label"]} == {2024}


CONLL = """-DOCSTART- -X- O O

Ana\tNNP\tB-PER
Ruiz\tNNP\tI-PER
met\tVBD\tO
Lee\tNNP\tB-PER
Bo\tNNP\tB-PER

Kure\tNNP\tS-LOC
-DOCSTART- -X- O O

Bo\tNNP\tI-PER
Lee\tNNP\tE-PER
"""


def test_conll_columns_make_a_text(tmp_path: Path) -> None:
    path = tmp_path / "far.conll"
    path.write_text(CONLL, encoding="utf-8")
    first, second = read(path, "conll")
    assert first.text == "Ana Ruiz met Lee Bo\nKure"
    assert spans(first) == [("Ana Ruiz", ("PER",)), ("Lee", ("PER",)), ("Bo", ("PER",)), ("Kure", ("LOC",))]
    assert spans(second) == [("Bo Lee", ("PER",))]
    assert first.answers[0].people == ("far",)
    with pytest.raises(ExportError, match=r"far.conll:3: 'NNP' is no tag"):
        read(path, "conll", column=2)


def test_table_of_items_and_annotators(tmp_path: Path) -> None:
    path = tmp_path / "the pact.csv"
    path.write_text(f'id,text,far,near\nd1,"{ANA}",favor,against\nd2,{BO},none,\n', encoding="utf-8")
    project = bring(tmp_path, path, "csv")
    judged = {(row["doc_id"], row["target_id"], row["label"]) for row in rows(project, "judgements")}
    assert judged == {("d1", "the-pact", "favor"), ("d1", "the-pact", "against"), ("d2", "the-pact", "none")}
    assert len(rows(project, "assignments")) == 3  # an empty cell is no answer
    assert not re.search(r"\bfar\b", project.campaign_yaml.read_text(encoding="utf-8"))  # it may be in a pseudonym


def test_long_table(tmp_path: Path) -> None:
    path = tmp_path / "mood.tsv"
    path.write_text(f"text\tannotator\tlabel\n{BO}\tfar\tsad\n{BO}\tnear\tsad|dull\n", encoding="utf-8")
    project = bring(tmp_path, path, "csv")
    assert sorted(row["flag"] for row in rows(project, "judgements")) == ["dull", "sad", "sad"]


@pytest.mark.parametrize("format", ["doccano", "prodigy"])
def test_cut_line_is_named(tmp_path: Path, format: str) -> None:
    path = tmp_path / "cut.jsonl"
    path.write_text('{"text": "a"}\n{"text": "b", "la')
    with pytest.raises(ExportError, match=r"cut.jsonl:2: not JSON"):
        read(path, format)


def test_table_without_text_or_with_short_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,far\n1,x\n")
    with pytest.raises(ExportError, match="no column 'text'"):
        read(path, "csv")
    path.write_text("id,text,far\n1,x,y\n2,z\n")
    with pytest.raises(ExportError, match=r"t.csv:3: 2 cells for 3 columns"):
        read(path, "csv")
