"""Sentences that versions of a story share: who judged which version, and what of it is compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from story_project import HEAD, OTHER, entity, given_in, head_of, judge, make_story_project, stance

from stancewire.agreement.levels import meaning_notes
from stancewire.agreement.shared import SharedUnits
from stancewire.gold.evidence import read_evidence
from stancewire.gold.stage import write_gold
from stancewire.label_studio.projection import PROVIDER
from stancewire.project import Project

PROJECTED = {"origin": "accepted", "suggested_by": PROVIDER}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = make_story_project(tmp_path, v1=HEAD, v2=OTHER)
    assert head_of(made) in ("v1", "v2")
    return made


def shared_of(project: Project) -> SharedUnits:
    return read_evidence(project).shared


def rows_of(project: Project, by: str = "reprints") -> list[dict[str, Any]]:
    evidence = read_evidence(project)
    stories = {"v1": "s", "v2": "s", "v3": "s"}
    return [row for row in evidence.agreement(evidence.units(), stories) if row["by"] == by]


def value(rows: list[dict[str, Any]], layer: str, measure: str) -> tuple[float | None, int]:
    (row,) = [row for row in rows if row["layer"] == layer and row["measure"].startswith(measure)]
    return row["value"], row["n_units"]


def test_what_two_said_of_two_versions_is_compared_in_the_sentences_they_share(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(
        project,
        monkeypatch,
        given_in(project, "v1", "ann-a", ("Ada Berg", entity("PERSON")), ("Harbour Post", entity("ORG")),
                 ("Lind", entity("PERSON")), ("Tuesday", entity("EVENT"))),
        given_in(project, "v2", "ann-b", ("Ada Berg", entity("PERSON")), ("Harbour Post", entity("FAC")),
                 ("Tuesday", entity("EVENT")), ("cod", entity("PRODUCT"))),
    )  # fmt: skip
    shared = shared_of(project)
    # The two sentences of the second paragraph, one moved before the other, and the moved one: four in all.
    assert shared.sentences == {"entities": 4}
    assert (len(shared.stories), shared.annotators) == (1, {"ann-a", "ann-b"})
    assert [(unit.votes[0].row["text"], len(unit.votes), unit.submitted) for unit in shared.units] == [
        ("Ada Berg", 2, ("ann-a", "ann-b")),
        ("Harbour Post", 2, ("ann-a", "ann-b")),
        ("Lind", 1, ("ann-a", "ann-b")),
    ], "neither what stands in a changed sentence nor what one version alone has"
    rows = rows_of(project)
    assert {row["group"] for row in rows} == {"shared sentences"}
    assert value(rows, "mention", "span F1, exact") == (0.8, 3)
    assert value(rows, "mention", "percent agreement: label") == (0.5, 2)
    assert value(rows, "mention", "share of units") == (pytest.approx(2 / 3), 3)
    assert rows[0]["n_annotators"] == 2 and rows[0]["n_stories"] == 1
    assert value(rows_of(project, "all"), "mention", "share of units")[0] is None, "they share no document"


def test_spans_are_compared_where_they_stand_in_one_of_the_versions(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(
        project,
        monkeypatch,
        given_in(
            project, "v1", "ann-a", ("wants out of the pact", stance("against", "v1", "lind")), task_pass="stances"
        ),
        given_in(
            project, "v2", "ann-b", ("his party wants out of the pact", stance("against", "v2", "lind")),
            task_pass="stances",
        ),
    )  # fmt: skip
    (unit,) = shared_of(project).units
    texts = read_evidence(project).texts
    for vote in unit.votes:
        assert texts[unit.doc_id][vote.row["start"] : vote.row["end"]] == vote.row["text"]
    rows = rows_of(project)
    assert value(rows, "stance", "span F1, overlapping") == (1, 1)
    assert value(rows, "stance", "span F1, exact") == (0, 1)
    assert value(rows, "stance", "percent agreement: holder") == (1, 1), "an entity local to each is called alike"


def test_a_span_over_two_sentences_is_compared_where_they_stand_together_in_both(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "since the war ended. She praised the crews"
    judge(
        project,
        monkeypatch,
        given_in(project, "v1", "ann-a", (long, stance("favor", "v1")), task_pass="stances"),
        given_in(project, "v2", "ann-b", (long, stance("favor", "v2")), task_pass="stances"),
    )
    assert value(rows_of(project), "stance", "span F1, exact") == (1, 1)


def test_a_span_that_leaves_the_shared_sentences_takes_them_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ann-a marks runs from a changed sentence into a shared one: their silence there says nothing."""
    text = "season begins.\n\nBoth governments"
    judge(
        project,
        monkeypatch,
        given_in(project, "v1", "ann-a", ("Lind", entity("PERSON")), ("Harbour Post", entity("ORG"))),
        given_in(project, "v2", "ann-b", (text, entity("LAW")), ("Harbour Post", entity("ORG"))),
    )
    assert [unit.votes[0].row["text"] for unit in shared_of(project).units] == ["Harbour Post"]


def test_whatever_touches_what_was_set_aside_is_set_aside(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """ann-b's first span leaves the shared sentences; the second stands in a sentence that it touches."""
    judge(
        project,
        monkeypatch,
        given_in(project, "v1", "ann-a", ("Lind", entity("PERSON"))),
        given_in(
            project, "v2", "ann-b", ("season begins.\n\nBoth governments", entity("LAW")), ("Lind", entity("PERSON"))
        ),
    )
    assert shared_of(project).units == [] and shared_of(project).sentences == {"entities": 3}


def test_no_comparison_is_made_twice(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    one = ("Ada Berg", entity("PERSON"))
    both = [given_in(project, doc_id, who, one) for doc_id in ("v1", "v2") for who in ("ann-a", "ann-b")]
    judge(project, monkeypatch, *both)
    assert shared_of(project).units == [] and rows_of(project) == [], "they met in both documents"
    judge(project, monkeypatch, *both[:2], both[2])
    assert shared_of(project).units == [], "they met in the first"
    judge(project, monkeypatch, *both[:2], given_in(project, "v2", "ann-c", one), given_in(project, "v2", "ann-d", one))
    units = shared_of(project).units
    assert sorted(unit.submitted for unit in units) == [("ann-a", "ann-c"), ("ann-b", "ann-d")]
    assert sum(len(unit.votes) for unit in units) == 4, "every vote counts once"


def test_what_was_projected_is_not_independent(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = given_in(project, "v1", "ann-a", ("Ada Berg", entity("PERSON")))
    accepted = ("Ada Berg", entity("PERSON", **PROJECTED))
    judge(project, monkeypatch, plain, given_in(project, "v2", "ann-b", accepted, ("Harbour Post", entity("ORG"))))
    assert shared_of(project).units == [], "nor what was marked beside it"
    deleted = given_in(project, "v2", "ann-b", ("Harbour Post", entity("ORG")), is_projected=True)
    judge(project, monkeypatch, plain, deleted)
    assert shared_of(project).units == [], "nor what is left where all projected suggestions were deleted"


def test_votes_stay_in_their_own_version(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(
        project,
        monkeypatch,
        given_in(project, "v1", "ann-a", ("Ada Berg", entity("PERSON"))),
        given_in(project, "v2", "ann-b", ("Ada Berg", entity("LAW"))),
    )
    write_gold(project)
    evidence = read_evidence(project)
    assert all(len(unit.submitted) == 1 for unit in evidence.units())
    assert [outcome.decided_by for outcome in evidence.outcomes("majority")] == ["single"] * 2


def test_the_note_says_what_is_compared_and_who_was_never_met(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(
        project,
        monkeypatch,
        given_in(project, "v1", "ann-a", ("Ada Berg", entity("PERSON"))),
        given_in(project, "v2", "ann-b", ("Ada Berg", entity("LAW"))),
    )
    units, shared = read_evidence(project).units(), shared_of(project)
    notes = meaning_notes(units, {}, ["ann-a", "ann-b"], shared)
    (note,) = [note for note in notes if "share" in note]
    assert note.startswith("entities: 4 sentences that versions of 1 story share were judged in different versions")
    assert any("nothing to compare" in note for note in meaning_notes(units, {}, ["ann-a", "ann-b"]))
    assert not any("nothing to compare" in note for note in notes)


def test_versions_share_sentences_that_the_head_does_not_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = "Both governments will meet again in the autumn to speak about cod and herring in Bergen."
    project = make_story_project(tmp_path, v1=HEAD, v2=(*HEAD[1:], new), v3=(HEAD[0], *HEAD[2:], new))
    judge(
        project,
        monkeypatch,
        given_in(project, "v1", "ann-c", ("Ada Berg", entity("PERSON"))),
        given_in(project, "v2", "ann-a", ("Bergen", entity("GPE"))),
        given_in(project, "v3", "ann-b", ("Bergen", entity("GPE"))),
    )
    found = {unit.votes[0].row["text"]: unit.submitted for unit in shared_of(project).units}
    assert found["Bergen"] == ("ann-a", "ann-b")
    assert found["Ada Berg"] == ("ann-a", "ann-c")
