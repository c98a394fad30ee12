"""The quick table says of labelled spans what an import says of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from foreign_exports import ANA, BO, annotation, result, span, task, write_export
from hypothesis import given, settings
from hypothesis import strategies as st

from stancewire.cli import main
from stancewire.errors import ExportError
from stancewire.imports import columnar
from stancewire.imports.columnar import read_span_batches, write_span_table
from stancewire.judgements.names import NameIndex
from stancewire.judgements.places import Document
from stancewire.judgements.rows import read_submission
from stancewire.judgements.terms import Terms
from stancewire.label_studio.model import Mark
from stancewire.tables import row_id
from stancewire.tables.bulk_ids import base32, row_ids
from stancewire.text.view import Piece

BENCH = Path(__file__).parent / "benchmarks" / "bench_import.py"


def table(path: Path, *labels: str) -> list[dict[str, object]]:
    return [row for batch in read_span_batches(path, labels) for row in batch.to_pylist()]


@given(st.binary(min_size=32, max_size=32))
def test_ids_are_written_as_base32(digest: bytes) -> None:
    import base64

    made = base32(np.frombuffer(digest, dtype=np.uint8).reshape(1, 32)).tobytes().decode()
    assert made == base64.b32encode(digest)[:26].decode().lower()


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), min_size=1, max_size=4), max_size=5))
def test_ids_of_many_keys_are_those_of_each(keys: list[list[str]]) -> None:
    import base64
    from hashlib import sha256

    joined = ["\x1f".join(key).encode() for key in keys]
    ids = row_ids(joined).to_pylist()
    assert ids == [row_id(*key) for key in keys]
    assert ids == [base64.b32encode(sha256(key).digest())[:26].decode().lower() for key in joined]


def test_judgement_ids_are_those_of_an_import(tmp_path: Path) -> None:
    from hashlib import sha256

    from made_submissions import CODEBOOK, submission

    path = write_export(tmp_path / "e.json", task(ANA, annotation(7, span(ANA, "Ana Ruiz", "PERSON"))))
    (row,) = table(path)
    digest = sha256(ANA.encode()).hexdigest()
    document = Document(f"text-{digest[:16]}", ANA, digest)
    start = ANA.index("Ana Ruiz")
    mark = Mark(str(row["region_id"]), start, start + 8, "Ana Ruiz", "", "", (("label", ("PERSON",)),), "manual", None)
    whole = (Piece(0, 0, len(ANA), 0),)
    given_ = submission(mark, who="annotator-7", doc_id=document.doc_id, text_sha256=digest, view=whole)
    reading = read_submission(given_, document, Terms(CODEBOOK), NameIndex((), CODEBOOK.rules))
    (judged,) = reading.judged
    assert not judged.quarantined
    for name in ("judgement_id", "doc_id", "annotator_id", "start", "end", "text", "label"):
        assert row[name] == judged.row[name], name


def test_every_mark_is_a_row_with_its_reason(tmp_path: Path) -> None:
    past, none = span(ANA, "Kure", "Place"), span(ANA, "Lee", "Place")
    past["value"]["end"] = 500
    none["value"]["labels"] = []
    two = span(ANA, "pact", "Place")
    two["value"]["labels"] = ["Person", "Law"]
    marks = [
        span(ANA, "Ana Ruiz", "Person"),
        past,
        none,
        two,
        span(ANA, "Lee", "Place", quote="Leo"),
        span(ANA, "Kure.\nShe", "Place", quote="Kure.\\nShe"),
        span(ANA, "met", "Place") | {"value": {"start": 9, "end": 9, "text": "", "labels": ["Place"]}},
        result("mood", "choices", {"choices": ["happy"]}),
        result("note", "textarea", {"text": ["one", "two"]}),
        {"type": "relation", "from_id": "a", "to_id": "b"},
    ]
    skipped = annotation(2, span(ANA, "Kure", "Place"), was_cancelled=True)
    path = write_export(tmp_path / "e.json", task(ANA, annotation(1, *marks), skipped), task(BO, annotation({"id": 3})))
    rows = table(path, "Person", "Place")
    assert len(rows) == 11
    assert sorted(str(row["reason"]) for row in rows) == [
        "None",
        "None",
        "None",
        "empty span",
        "no label chosen",
        "no labelled span: a relation",
        "no labelled span: mood",
        "no labelled span: note",
        "other words than the export says",
        "outside the task's text",
        "unknown mention label",
    ]
    assert len({row["judgement_id"] for row in rows if row["reason"] is None}) == 3
    assert row_id("x") not in {row["judgement_id"] for row in rows}


def test_table_command_writes_parquet_and_counts_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_export(tmp_path / "e.json", task(ANA, annotation(1, span(ANA, "Kure", "Place", quote="Kyoto"))))
    out = tmp_path / "spans.parquet"
    assert main(["import", str(path), "--from", "label-studio", "--table", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["reasons"]) == (1, {"other words than the export says": 1})
    assert out.is_file()


def test_cut_export_leaves_no_table(tmp_path: Path) -> None:
    path = write_export(tmp_path / "e.json", task(ANA, annotation(1, span(ANA, "Kure", "Place"))), task(BO))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ExportError, match="ends in the middle"):
        write_span_table(path, tmp_path / "spans.parquet")
    assert [item.name for item in tmp_path.iterdir()] == ["e.json"]


def test_benchmark_runs_and_finds_the_same_faults() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCH), "--tasks", "60", "--peer-tasks", "20", "--runs", "1"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "same findings" in done.stdout


def test_rows_are_the_same_for_two_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "BYTES_A_RUN", 1_000)
    tasks = [
        task(f"{number} {ANA}", annotation(who, span(f"{number} {ANA}", "Kure", "Place")))
        for number in range(12)
        for who in (1, "cara@example.org", {"id": 3, "email": "x@example.org"}, None)
    ]
    path = write_export(tmp_path / "e.json", *tasks)
    one = table(path, "Person")
    assert len(one) == 48 and len({row["annotator_id"] for row in one}) == 4
    two = [row for batch in read_span_batches(path, ["Person"], workers=2) for row in batch.to_pylist()]
    assert two == one
    assert "cara" not in str(one)


def test_odd_shapes_are_rows_and_no_crash(tmp_path: Path) -> None:
    odd = [
        span(ANA, "Kure", "Place") | {"id": 5},
        span(ANA, "Kure", "Place") | {"value": {"start": 10**30, "end": 10**31, "labels": ["Place"]}},
        span(ANA, "Kure", "Place") | {"value": {"start": -3, "end": 4, "text": ["x"], "labels": ["Place"]}},
        span(ANA, "Kure", "Place") | {"value": {"start": "/p[1]", "end": "/p[1]", "labels": ["Place"]}},
        {"id": "x", "from_name": "ner", "type": "labels", "value": None},
        {"id": "y", "from_name": "ner", "type": "labels"},
    ]
    path = write_export(tmp_path / "e.json", task(ANA, annotation(1, *odd), annotation(2, result=None)))
    rows = table(path)
    assert [row["reason"] for row in rows] == [
        None,
        "outside the task's text",
        "outside the task's text",
        *["no labelled span: ner"] * 3,
    ]
    assert rows[0]["region_id"] == "5"


def test_line_ends_and_byte_order_mark_move_places_as_an_import_does(tmp_path: Path) -> None:
    text = "\ufeffLate.\r\n" + ANA
    path = write_export(tmp_path / "e.json", task(text, annotation(1, span(text, "Kure", "Place"))))
    (row,) = table(path)
    assert (row["text"], row["reason"]) == ("Kure", None)
    assert row["start"] == ("Late.\n" + ANA).index("Kure")


def test_text_may_stand_in_another_field(tmp_path: Path) -> None:
    one = task(ANA, annotation(1, span(ANA, "Kure", "Place")))
    one["data"] = {"article": ANA, "note": "short"}
    path = write_export(tmp_path / "e.json", one)
    with pytest.raises(ExportError, match="--text-field"):
        table(path)
    (batch,) = read_span_batches(path, text_field="article")
    assert batch.column("text").to_pylist() == ["Kure"]


BROKEN = {
    "sound": {},
    "unknown label": {"labels": ["PERSN"]},
    "no label": {"labels": []},
    "past the end": {"end": 10_000},
    "before the text": {"start": -1},
    "backwards": {"start": 9, "end": 4},
    "other words": {"text": "nobody"},
    "space folded": {"text": "  Ana\\n Ruiz "},
}


@given(st.lists(st.sampled_from(sorted(BROKEN)), min_size=1, max_size=12))
@settings(deadline=None, max_examples=60)
def test_findings_are_those_of_jsonschema_row_by_row(kinds: list[str]) -> None:
    """The columns find a fault in just the regions in which a JSON Schema and a comparison of the slice find one."""
    import tempfile

    from jsonschema import Draft202012Validator

    labels = {"type": "array", "minItems": 1, "items": {"enum": ["PERSON"]}}
    place = {"type": "integer", "minimum": 0}
    schema = {"type": "object", "required": ["start", "end", "labels"]}
    validator = Draft202012Validator(schema | {"properties": {"start": place, "end": place, "labels": labels}})
    marks = [span(ANA, "Ana Ruiz", "PERSON") for _ in kinds]
    for kind, mark in zip(kinds, marks, strict=True):
        mark["value"] |= BROKEN[kind]
    expected = []
    for mark in marks:
        value = mark["value"]
        there = ANA[value["start"] : value["end"]]
        same = value["text"].replace("\\n", " ").split() == there.split()
        wrong = not validator.is_valid(value) or not value["start"] < value["end"] <= len(ANA) or not same
        expected.append(wrong)
    with tempfile.TemporaryDirectory() as folder:
        path = write_export(Path(folder) / "e.json", task(ANA, annotation(1, *marks)))
        assert [row["reason"] is not None for row in table(path, "PERSON")] == expected
