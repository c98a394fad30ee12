"""Document stances counted in columns are those that merging unit by unit makes."""

from __future__ import annotations

import datetime
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stancewire.agreement.units import make_units
from stancewire.codebook import read_codebook
from stancewire.gold import counted
from stancewire.gold.ballots import make_ballots, most_frequent, plurality, vote_counts
from stancewire.gold.counted import CountedStances, count_stances
from stancewire.gold.decisions import Decision, DecisionIndex, conflict_id
from stancewire.gold.merge import merge_units
from stancewire.gold.rows import conflict_rows, document_stance_rows
from stancewire.gold.stage import write_gold
from stancewire.label_studio.model import PROJECTED
from stancewire.project import Project
from stancewire.tables import make_table, read_table, read_table_schema, row_id, write_stage

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "schema" / "tables"
RULES = read_codebook(ROOT / "schema" / "codebook.yaml").rules
DAY = datetime.datetime(2024, 5, 1, tzinfo=datetime.UTC)
BASE, OTHER, MIRROR = "us-japan-security-treaty", "us-japan-alliance", "us-withdrawal-from-treaty"
Row = dict[str, Any]


def judgement(doc_id: str, who: str, target: str, label: str, **other: Any) -> Row:
    row = dict.fromkeys(read_table_schema("judgements", SCHEMAS).arrow.names)
    row |= {"layer": "document_stance", "doc_id": doc_id, "annotator_id": who, "task_pass": "stances", "round": 1}
    row |= {"anchor": "same", "label": label, "target_id": target, "target_id_given": target, "origin": "manual"}
    row |= {"status": "current", "project": "p", "created_at": DAY, "updated_at": DAY, "codebook_version": "1"}
    row |= {"made_text_sha256": "0" * 64} | other
    row["judgement_id"] = row_id(*(row[name] for name in row if name != "judgement_id"))
    return row


def assignment(doc_id: str, who: str, round_: int = 1, state: str = "submitted") -> Row:
    row: Row = {"doc_id": doc_id, "task_pass": "stances", "round": round_, "annotator_id": who, "project": "p"}
    row |= {"state": state, "text_sha256": "0" * 64, "codebook_version": "1", "suggestions_shown": False}
    return row | {"seconds": None, "submitted_at": DAY if state == "submitted" else None}


ANSWERS = st.lists(
    st.tuples(
        st.sampled_from(["d1", "d2", "d3", "d4"]),
        st.sampled_from(["ann-a", "ann-b", "ann-c"]),
        st.sampled_from([BASE, BASE, OTHER]),
        st.sampled_from(["favor", "against", "neutral", "none"]),
        st.sampled_from(["plain"] * 8 + ["moved", "deleted", "projected", "mirror", "second round"]),
    ),
    max_size=30,
)
STATES = st.dictionaries(
    st.tuples(st.sampled_from(["d1", "d2", "d3", "d4"]), st.sampled_from(["ann-a", "ann-b", "ann-c"])),
    st.sampled_from(["submitted"] * 4 + ["skipped", "both"]),
    min_size=6,
)
KINDS: dict[str, Row] = {
    "plain": {},
    "moved": {"anchor": "moved"},
    "deleted": {"status": "deleted"},
    "projected": {"origin": "accepted", "suggested_by": f"{PROJECTED}1"},
    "mirror": {"target_id_given": MIRROR},
    "second round": {"round": 2},
}


def written(folder: Path, judgements: list[Row], assignments: list[Row]) -> None:
    schemas = {name: read_table_schema(name, SCHEMAS) for name in ("judgements", "assignments")}
    tables = {"judgements": judgements, "assignments": assignments}
    write_stage(folder, "judgements", {n: (s, make_table(s, tables[n])) for n, s in schemas.items()}, {})


def both_ways(
    judgements: list[Row], assignments: list[Row], decisions: list[Decision], method: str, sample: int
) -> tuple[list[list[Row]], list[list[Row]], CountedStances]:
    """(document stances, conflicts) unit by unit, and counted with the rest unit by unit; sorted."""
    index = DecisionIndex(decisions, frozenset(row["judgement_id"] for row in judgements if row["status"] == "current"))
    schemas = {name: read_table_schema(name, SCHEMAS) for name in ("document_stances", "conflicts")}
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), judgements, assignments)
        found = count_stances(Path(folder), schemas, decisions, method, sample)
    rest = [row for row in judgements if row["doc_id"] in found.aside]
    told = []
    for listed in (judgements, rest):
        outcomes = merge_units(make_units(listed, assignments, RULES), index, method)
        told.append([document_stance_rows(outcomes, method), conflict_rows(outcomes, {})])
    for at, schema in enumerate(schemas.values()):
        told[0][at] = make_table(schema, told[0][at]).to_pylist()
        told[1][at] = make_table(schema, found.with_rows(schema, told[1][at])).to_pylist()
    return told[0], told[1], found


@settings(max_examples=60, deadline=None)
@given(
    ANSWERS, STATES, st.sampled_from(["majority", "unanimous", "adjudicated"]), st.sampled_from([0, 5, 1000]), st.data()
)
def test_counted_rows_are_the_merged_rows(
    answers: Any, states: Any, method: str, sample: int, data: st.DataObject
) -> None:
    made = {}
    for doc_id, who, target, label, kind in answers:
        row = judgement(doc_id, who, target, label, **KINDS[kind])
        made[row["judgement_id"]] = row
    judgements = list(made.values())
    assignments = []
    for (doc_id, who), state in states.items():
        assignments.append(assignment(doc_id, who, 1, "submitted" if state == "both" else state))
        if state == "both":
            assignments.append(assignment(doc_id, who, 2))
    decisions = []
    if judgements and data.draw(st.booleans()):
        row = data.draw(st.sampled_from(judgements))
        ids = (row["judgement_id"],)
        conflict = conflict_id(ids, "stance")
        given_ = (conflict, ids, "document_stance", row["doc_id"], "stance", "favor", "boss", "why", "1")
        decisions = [Decision(*given_, DAY.date(), 1)]
    plain, columns, found = both_ways(judgements, assignments, decisions, method, sample)
    assert columns == plain
    assert found.n_sampled <= found.n_votes


def test_most_of_a_plain_table_is_counted(tmp_path: Path) -> None:
    """Without anything special and without a sample, no document is left to be merged unit by unit."""
    labels = ["favor", "against", "neutral"]
    judgements = [
        judgement(f"d{d}", f"ann-{who}", BASE, labels[(d * who) % 3]) for d in range(50) for who in range(1, 4)
    ]
    assignments = [assignment(f"d{d}", f"ann-{who}") for d in range(50) for who in range(1, 4)]
    plain, columns, found = both_ways(judgements, assignments, [], "majority", 0)
    assert columns == plain and not found.aside
    assert found.stances.num_rows + found.conflicts.num_rows == 50 and found.conflicts.num_rows > 5
    sampled = both_ways(judgements, assignments, [], "majority", 75)[2]
    assert 30 < sampled.n_sampled < 120 and sampled.aside == sampled.sampled
    assert sampled.reason.startswith(f"a sample of {sampled.n_sampled} of 150 judgements")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 3)), max_size=40))
def test_most_frequent_is_plurality(votes: list[tuple[int, int, int]]) -> None:
    ballots = make_ballots(votes, 6, 10, 4)
    assert most_frequent(vote_counts(ballots).astype(int)).tolist() == plurality(ballots).tolist()


def test_stage_writes_the_same_gold_where_stances_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("annotations", "corpus", "schema"):
        shutil.copytree(ROOT / name, tmp_path / "copy" / name)
    project = Project(tmp_path / "copy")
    names = ("mentions", "stances", "document_stances", "conflicts", "entities", "stances_wide", "variant_stances")

    def tables() -> dict[str, list[Row]]:
        found = {}
        for name in (*names, "agreement"):
            found[name] = read_table(project.annotations, read_table_schema(name, project.table_schemas)).to_pylist()
        return found

    before_report = write_gold(project)
    before = tables()
    assert before["document_stances"]
    monkeypatch.setattr(counted, "LARGE", 0)
    monkeypatch.setattr(counted, "SAMPLE", 0)
    report = write_gold(project)
    after = tables()
    assert {name: after[name] for name in names} == {name: before[name] for name in names}
    assert report.counts == before_report.counts | {"agreement": report.counts["agreement"]}
    rest = [row for row in after["agreement"] if row["layer"] != "document_stance"]
    assert rest == [row for row in before["agreement"] if row["layer"] != "document_stance"]
    about = [row["reason"] for row in after["agreement"] if row["layer"] == "document_stance"]
    assert all(reason.startswith("a sample of ") for reason in about)
