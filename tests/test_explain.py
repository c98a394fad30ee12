"""Explain: any gold row, and what is not gold, down to its votes, its decision and the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from merged_project import ALLIANCE, TEXT, TREATY, decide, given_in, held, judge, make_project, said, table, usual

from stancewire.errors import UsageError
from stancewire.gold import explain, write_gold
from stancewire.gold.explain import explanation_lines
from stancewire.project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Merged: one mention decided, the rest as two annotators left it."""
    made = make_project(tmp_path / "project")
    judge(made, usual(), monkeypatch)
    decide(made, ids_of(made, "Lee"), "label", "PERSON", reason="Lee is a person, not a body.")
    write_gold(made)
    return made


def ids_of(project: Project, words: str) -> list[str]:
    return [row["judgement_id"] for row in table(project, "judgements") if row["text"] == words]


def row_of(project: Project, name: str, **values: Any) -> dict[str, Any]:
    (row,) = [row for row in table(project, name) if all(row[key] == value for key, value in values.items())]
    return row


def test_a_mention_is_explained_by_its_votes_and_its_decision(project: Project) -> None:
    row = row_of(project, "mentions", text="Lee")
    about = explain(project, row["mention_id"])
    assert (about["kind"], about["verdict"], about["decided_by"]) == ("mention", "gold", "adjudicated")
    assert TEXT.startswith(about["before"] + about["text"] + about["after"][:3])
    assert {(vote["annotator_id"], vote["label"]) for vote in about["votes"]} == {("ann-a", "PERSON"), ("ann-b", "ORG")}
    (label,) = [field for field in about["fields"] if field["field"] == "label"]
    assert (label["status"], label["value"], label["decision"]["decided_by"]) == ("decided", "PERSON", "adj-d")
    lines = explanation_lines(about)
    assert any("Lee is a person, not a body." in line for line in lines)
    assert any("ann-b 'Lee': ORG" in line and "manual, 2024-05-02, current" in line for line in lines)
    json.dumps(about)


def test_a_document_stance_is_named_by_document_and_target(project: Project) -> None:
    about = explain(project, f"d1/{TREATY}")
    assert (about["kind"], about["verdict"], about["text"]) == ("document_stance", "gold", None)
    assert explanation_lines(about)[0] == f"document_stance d1/{TREATY}: gold"
    assert explain(project, f"d1/{ALLIANCE}")["verdict"] == "undecided: stance"


def test_a_conflict_a_decision_and_a_judgement_lead_to_their_unit(project: Project) -> None:
    conflict = row_of(project, "conflicts", text="pact")
    about = explain(project, conflict["conflict_id"])
    assert (about["kind"], about["verdict"]) == ("conflict", "undecided: exists")
    decision = row_of(project, "adjudications")
    about = explain(project, decision["decision_id"])
    assert (about["kind"], about["text"], about["verdict"]) == ("decision", "Lee", "gold")
    about = explain(project, decision["conflict_id"])
    assert (about["kind"], about["text"]) == ("conflict", "Lee")
    about = explain(project, ids_of(project, "pact")[0])
    assert (about["kind"], about["judgement"]["annotator_id"]) == ("judgement", "ann-a")


def test_a_stance_shows_holder_via_and_every_field(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(project, [given_in(held("The pact must stay", via="unnamed"), task_pass="stances")], monkeypatch)
    write_gold(project)
    about = explain(project, row_of(project, "stances")["stance_id"])
    assert [field["field"] for field in about["fields"]] == [
        "exists", "boundary", "stance", "holder", "via", "attribution",
    ]  # fmt: skip
    assert (about["decided_by"], about["votes"][0]["via"]) == ("single", "unnamed")
    assert any("entity:d1#ana-ruiz, unnamed, direct_quote" in line for line in explanation_lines(about))


def test_a_judgement_that_does_not_vote_says_why(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = given_in(said("Lee", label="PERSON"), said("pact", label="LAW"), said(flag="hard"))
    second = given_in(said("Lee", label="ORG"), said(flag="hard"), pulled=2)
    again = given_in(said("Ana Ruiz", label="PERSON"), round=2)
    judge(project, [first, second, again], monkeypatch)
    write_gold(project)
    why = {}
    for row in table(project, "judgements"):
        about = explain(project, row["judgement_id"])
        why[row["text"], row["label"] or row["flag"]] = about["verdict"]
        assert explanation_lines(about)
    assert why == {
        ("Lee", "PERSON"): "does not vote: superseded",
        ("pact", "LAW"): "does not vote: deleted",
        (None, "hard"): "a flag: it is kept, and not voted on",
        ("Lee", "ORG"): "does not vote: the same annotator submitted round 2 of this document later",
        ("Ana Ruiz", "PERSON"): "gold",
    }
    stale = row_of(project, "adjudications")
    about = explain(project, stale["decision_id"])
    assert about["verdict"].startswith("stale")
    assert "so it is" not in "".join(explanation_lines(about))


def test_what_is_in_quarantine_is_explained_by_its_reason(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(project, [given_in(said("Lee", label="ROBOT"))], monkeypatch)
    write_gold(project)
    (row,) = table(project, "quarantine")
    about = explain(project, row["judgement_id"])
    assert about["verdict"] == f"in quarantine: {row['reason']}"
    assert "ROBOT" in explanation_lines(about)[0]


def test_a_dropped_unit_says_by_what(project: Project) -> None:
    (pact,) = ids_of(project, "pact")
    decide(project, [pact], "exists", "drop")
    write_gold(project)
    assert explain(project, pact)["verdict"] == "dropped by decision"


def test_an_unknown_id_is_answered_with_the_nearest(project: Project) -> None:
    row = row_of(project, "mentions", text="Lee")
    with pytest.raises(UsageError, match=row["mention_id"]):
        explain(project, row["mention_id"][:-1])
    with pytest.raises(UsageError, match=f"d1/{TREATY}"):
        explain(project, "d1/us-japan-security-treat")


def test_every_gold_row_can_be_explained(project: Project) -> None:
    keys = [row["mention_id"] for row in table(project, "mentions")]
    keys += [row["stance_id"] for row in table(project, "stances")]
    keys += [f"{row['doc_id']}/{row['target_id']}" for row in table(project, "document_stances")]
    assert keys
    for key in keys:
        about = explain(project, key)
        assert about["gold_id"] == key
        assert about["verdict"] == "gold"
