"""Judgements: every label anyone gave becomes a row, at its place, with its history; the rest is in quarantine."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_submissions import CODEBOOK, DAY, TEXT, document, mark, read, stance, submission, view_of, whole_view

from stancewire.codebook.model import Choice, Entity
from stancewire.errors import ExportError
from stancewire.judgements.names import fold_name, local_entity_id
from stancewire.judgements.places import Place, find_words, fold_space, place_span
from stancewire.judgements.stage import TABLES, read_judgements
from stancewire.project import schema_directory
from stancewire.tables import make_table, read_table_schema, row_id

Row = dict[str, Any]


def by_words(rows: list[Row]) -> dict[str, Row]:
    return {row["text"]: row for row in rows}


# places


def test_a_span_after_an_emoji_and_left_out_text_slices_to_its_words() -> None:
    found = read(submission(mark("Lee", label="PERSON"), mark("Ruiz", nth=1, label="PERSON")))
    for row in found.judgements:
        assert TEXT[row["start"] : row["end"]] == row["text"]
        assert (row["made_start"], row["made_end"], row["anchor"]) == (row["start"], row["end"], "same")
    assert TEXT.index("Ruiz\u2019s") in {row["start"] for row in found.judgements}


def test_edge_white_space_is_kept_in_the_judgement() -> None:
    found = read(submission(mark(" met ", label="ORG")))
    assert found.judgements[0]["text"] == " met "


def test_a_span_over_left_out_text_goes_to_quarantine() -> None:
    found = read(submission(mark("Lee.\n\n\u201cThe", label="PERSON")))
    (row,) = found.quarantine
    assert not found.judgements
    assert "left out" in row["reason"]
    assert (row["raw_start"], row["raw_end"]) == (15, 25)
    assert row.get("start") is None


@pytest.mark.parametrize(("start", "end", "why"), [(5, 5, "empty"), (0, 10_000, "outside"), (-1, 3, "outside")])
def test_a_span_outside_the_view_goes_to_quarantine(start: int, end: int, why: str) -> None:
    bad = dataclasses.replace(mark("Lee", label="PERSON"), view_start=start, view_end=end)
    (row,) = read(submission(bad)).quarantine
    assert why in row["reason"]


def test_a_slice_that_disagrees_with_its_quote_goes_to_quarantine() -> None:
    moved = dataclasses.replace(mark("Ruiz", label="PERSON"), view_start=0, view_end=4)
    (row,) = read(submission(moved)).quarantine
    assert row["reason"] == "the text has 'Ana' there, the export says 'Ruiz'"


def test_a_quote_that_differs_in_white_space_alone_is_the_same() -> None:
    same = dataclasses.replace(mark("Ana Ruiz", label="PERSON"), quote=" Ana\n Ruiz")
    assert [row["text"] for row in read(submission(same)).judgements] == ["Ana Ruiz"]


def test_marks_on_an_unknown_document_go_to_quarantine_and_the_document_is_named() -> None:
    lost = submission(mark("Lee", label="PERSON"), mark(doc={"pact": "favor"}), mark(flag="hard"), doc_id="nowhere")
    found = read(lost)
    assert not found.judgements
    assert not found.assignments
    assert sorted(row["layer"] for row in found.quarantine) == ["document_stance", "flag", "mention"]
    assert all("nowhere" in row["reason"] for row in found.quarantine)
    (problem,) = found.problems
    assert (problem.check, problem.severity, problem.place) == ("export-document", "problem", "nowhere")


@given(st.text(st.sampled_from(list("aé \n\u2028\u00a0\U0001f54a\u0301\x1cAD")), max_size=60), st.data())
def test_every_view_span_comes_back_to_the_words_it_showed(text: str, data: st.DataObject) -> None:
    view, pieces = view_of(text)
    if not view:
        return
    start = data.draw(st.integers(0, len(view) - 1))
    end = data.draw(st.integers(start + 1, len(view)))
    place = place_span(pieces, start, end, view[start:end], ("", ""), document(text).text_sha256, document(text))
    if isinstance(place, Place):
        assert fold_space(text[place.made_start : place.made_end]) == fold_space(view[start:end])
    else:
        assert isinstance(whole_view(text).to_text(start, end), str)


# changed texts


def test_a_text_changed_elsewhere_leaves_judgements_where_they_are() -> None:
    changed = TEXT + " So he said."
    (row,) = read(submission(mark("pact must stay", label="LAW")), text=changed).judgements
    assert row["anchor"] == "same"
    assert row["made_text_sha256"] != document(changed).text_sha256


def test_words_that_stand_elsewhere_are_moved_and_keep_where_they_were_made() -> None:
    changed = "Update. " + TEXT
    made = submission(mark("Ruiz", label="PERSON"), mark("Ruiz", nth=1, label="PERSON"))
    rows = read(made, text=changed).judgements
    assert [row["anchor"] for row in rows] == ["moved", "moved"]
    assert all(row["start"] == row["made_start"] + 8 for row in rows)
    assert all(changed[row["start"] : row["end"]] == row["text"] == "Ruiz" for row in rows)


def test_words_that_are_gone_are_lost_and_have_no_place() -> None:
    changed = TEXT.replace("pact", "deal")
    (row,) = read(submission(stance("The pact must stay"), task_pass="stances"), text=changed).judgements
    assert row["anchor"] == "lost"
    assert row.get("start") is None
    assert row.get("text") is None
    assert row["evidence_id"] is None
    assert (row["made_start"], row["label"]) == (TEXT.index("The pact"), "favor")


def test_of_several_places_the_one_whose_context_fits_is_found() -> None:
    text = "x Lee came by. y\n" + "He met Lee at noon."
    assert find_words(text, "Lee", ("He met ", " at noon."), 0) == (24, 27)
    assert find_words(text, "Lee", ("nothing like it", "nor this"), 0) is None
    assert find_words("only Lee here", "Lee", ("nothing", "alike"), 0) == (5, 8)
    assert find_words("nobody", "Lee", ("", ""), 0) is None


def test_a_changed_text_moves_no_id() -> None:
    made = submission(mark("Ruiz", label="PERSON"))
    before, after = read(made).judgements[0], read(made, text="Update. " + TEXT).judgements[0]
    assert before["judgement_id"] == after["judgement_id"]


# mentions and their entities


def test_an_entity_is_chosen_or_typed_or_found_by_its_surface() -> None:
    made = submission(
        mark("Ana Ruiz", label="PERSON"),
        mark("Lee", label="PERSON"),
        mark("Ruiz", nth=1, label="PERSON", kind="name"),
        mark("aide", label="PERSON", kind="nominal", entity_name="Ana Ruiz\u2019s aide"),
        mark("pact", label="LAW", entity="the-pact"),
        mark("Lee", nth=1, label="PERSON", entity_name="United States"),
    )
    found = {(row["start"], row["text"]): row["entity_id"] for row in read(made).judgements}
    assert found == {
        (0, "Ana Ruiz"): "d1#ana-ruiz",
        (TEXT.index("Lee"), "Lee"): "bo-lee",
        (TEXT.index("Ruiz\u2019s"), "Ruiz"): "d1#ana-ruiz",
        (TEXT.index("aide"), "aide"): "d1#ana-ruiz-s-aide",
        (TEXT.index("pact"), "pact"): "the-pact",
        (TEXT.rindex("Lee"), "Lee"): "us",
    }


def test_a_last_name_that_two_persons_share_is_neither() -> None:
    text = "Ana Ruiz and Leo Ruiz came. Ruiz spoke."
    made = submission(
        mark("Ana Ruiz", text, label="PERSON"),
        mark("Leo Ruiz", text, label="PERSON"),
        mark("Ruiz", text, nth=2, label="PERSON"),
        text=text,
    )
    rows = read(made, text=text).judgements
    assert {row["entity_id"] for row in rows} == {"d1#ana-ruiz", "d1#leo-ruiz", "d1#ruiz"}


def test_a_known_person_lends_a_last_name_only_where_named_in_full() -> None:
    codebook = dataclasses.replace(CODEBOOK, entities=(Entity("ida-moss", "Ida Moss", "PERSON"),))
    named, unnamed = "Ida Moss left. Moss cried.", "Moss cried."
    for text, entity in ((named, "ida-moss"), (unnamed, "d1#moss")):
        made = submission(mark("Moss", text, nth=text.count("Moss") - 1, label="PERSON"), text=text)
        assert read(made, text=text, codebook=codebook).judgements[0]["entity_id"] == entity


def test_spellings_of_one_name_share_a_key() -> None:
    rules = CODEBOOK.rules
    assert fold_name("The U.S.\u2019s", rules) == fold_name("US", rules) == "us"
    assert fold_name("  Kim   Jong\u2011un ", rules) == "kim jong-un"
    assert fold_name("The", rules) == "the"
    assert local_entity_id("a/b", "The \u6771\u4eac desk", rules) == "a/b#\u6771\u4eac-desk"
    assert local_entity_id("d", "?!", rules).startswith("d#")


def test_a_kind_that_was_not_chosen_is_name() -> None:
    assert read(submission(mark("Lee", label="PERSON"))).judgements[0]["kind"] == "name"


def test_spellings_of_an_older_codebook_are_read_and_move_no_id() -> None:
    made = submission(mark("Lee", label="PER"))
    (row,) = read(made).judgements
    assert row["label"] == "PERSON"
    other = dataclasses.replace(CODEBOOK, mention_labels=(Choice("HUMAN", "", "", aliases=("PER",)),))
    assert read(made, codebook=other).judgements[0]["judgement_id"] == row["judgement_id"]
    (answer,) = read(submission(mark(doc={"treaty": "favor"}), task_pass="stances")).judgements
    assert answer["target_id"] == "pact"


def test_a_label_that_today_s_codebook_lacks_says_under_which_it_was_made() -> None:
    made = submission(mark("Lee", label="STATUTE"), codebook_version="0.3.0")
    (row,) = read(made).quarantine
    assert row["reason"] == (
        "unknown mention label 'STATUTE' (made under codebook 0.3.0, today's is 1.0.0: if it was renamed, name the old "
        "spelling under aliases there)"
    )
    (row,) = read(submission(mark("Lee", label="STATUTE"))).quarantine
    assert row["reason"] == "unknown mention label 'STATUTE'"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (mark("Lee", label="PERSN"), "unknown mention label 'PERSN'; nearest is 'PERSON'"),
        (mark("Lee", label="PERSON", kind="thing"), "unknown kind 'thing'"),
        (mark("Lee", label="PERSON", entity="nobody"), "unknown entity 'nobody'"),
        (mark("Lee", kind="name"), "no label chosen"),
        (stance("Lee", target="moon"), "unknown target 'moon'"),
        (stance("Lee", side="maybe"), "unknown stance 'maybe'"),
        (stance("Lee", stance=()), "no stance chosen"),
        (stance("Lee", target=()), "no target chosen"),
        (stance("Lee", holder="nobody"), "unknown entity 'nobody'"),
        (stance("Lee", holder=()), "no holder chosen"),
        (stance("Lee", holder="other"), "nobody is named"),
        (stance("Lee", via="nobody"), "via: unknown entity 'nobody'"),
        (stance("Lee", via=("us", "bo-lee")), "2 values where one via is asked"),
        (stance("Lee", attribution=()), "no attribution chosen"),
        (mark(flag="odd"), "unknown flag 'odd'"),
        (mark(doc={"moon": "favor"}), "unknown target 'moon'"),
        (mark(doc={"pact": "maybe"}), "unknown document stance 'maybe'"),
        (mark(kind="name"), "belongs to a span"),
    ],
)
def test_what_the_codebook_does_not_know_goes_to_quarantine(bad: Any, why: str) -> None:
    task_pass = "entities" if bad.get("label") or (bad.get("kind") and bad.quote) else "stances"
    found = read(submission(bad, task_pass=task_pass))
    assert not found.judgements
    (row,) = found.quarantine
    assert why in row["reason"]
    assert row["status"] == "current"


# stances


def test_each_holder_of_a_span_is_a_row_and_they_share_region_and_evidence() -> None:
    made = stance("The pact must stay", holder=("bo-lee", "unnamed", "other"), holder_text="an old friend")
    rows = read(submission(made, task_pass="stances")).judgements
    assert {(r["holder_type"], r["holder_entity_id"], r["holder_text"]) for r in rows} == {
        ("entity", "bo-lee", None),
        ("unnamed", None, None),
        ("other", None, "an old friend"),
    }
    start = TEXT.index("The pact")
    assert {row["evidence_id"] for row in rows} == {row_id("evidence", "d1", start, start + 18)}
    assert len({row["region_id"] for row in rows}) == 1
    assert len({row["judgement_id"] for row in rows}) == 3


def test_one_unknown_holder_does_not_take_the_others_away() -> None:
    found = read(submission(stance("The pact", holder=("bo-lee", "nobody")), task_pass="stances"))
    assert [row["holder_entity_id"] for row in found.judgements] == ["bo-lee"]
    assert [row["holder_entity_id"] for row in found.quarantine] == ["nobody"]


def test_a_mirror_target_is_folded_and_what_was_chosen_is_kept() -> None:
    (row,) = read(submission(stance("wants out", target="leaving"), task_pass="stances")).judgements
    assert (row["target_id"], row["target_id_given"], row["label"]) == ("pact", "leaving", "against")


def test_the_authors_own_words_drop_what_hidden_controls_left_behind() -> None:
    made = stance("Lee wants out", attribution="author", holder="author", via="us", holder_text="someone", via_text="x")
    found = read(submission(made, task_pass="stances"))
    (row,) = found.judgements
    assert (row["via_type"], row["via_entity_id"], row["holder_text"]) == ("none", None, None)
    assert not found.problems
    assert found.counts == {"dropped_via": 1, "dropped_holder_text": 1, "dropped_via_text": 1}
    plain = stance("Lee wants out", attribution="author", holder="author")
    assert read(submission(plain, task_pass="stances")).judgements[0]["judgement_id"] == row["judgement_id"]


def test_attribution_author_alone_means_holder_author() -> None:
    (row,) = read(submission(stance("Lee wants out", attribution="author", holder=()), task_pass="stances")).judgements
    assert row["holder_type"] == "author"
    (row,) = read(submission(stance("Lee wants out", attribution=(), holder="author"), task_pass="stances")).judgements
    assert row["attribution"] == "author"


@pytest.mark.parametrize(
    ("holder", "attribution"),
    [(("author", "bo-lee"), "direct_quote"), (("author",), "reported"), (("bo-lee",), "author")],
)
def test_contradictory_holders_are_kept_with_a_warning(holder: tuple[str, ...], attribution: str) -> None:
    found = read(submission(stance("Lee wants out", holder=holder, attribution=attribution), task_pass="stances"))
    assert len(found.judgements) == len(holder)
    (problem,) = found.problems
    assert (problem.check, problem.severity) == ("author-attribution", "warning")


def test_entities_offered_with_the_task_are_known() -> None:
    made = submission(stance("The pact", holder="d1#aide", via="d1#aide"), task_pass="stances")
    offered = dataclasses.replace(made, entities=(("d1#aide", "aide", "PERSON"),))
    (row,) = read(offered).judgements
    assert (row["holder_entity_id"], row["via_type"], row["via_entity_id"]) == ("d1#aide", "entity", "d1#aide")
    assert read(made).quarantine


# the document as a whole


def test_a_document_stance_a_flag_and_a_comment_are_rows() -> None:
    made = submission(
        mark(doc={"pact": "none"}), mark(doc={"talks": "neutral"}), mark(flag=("hard", "furniture")),
        mark(comment="a hard one"), task_pass="stances",
    )  # fmt: skip
    rows = read(made).judgements
    assert {(r["target_id"], r["label"]) for r in rows if r["layer"] == "document_stance"} == {
        ("pact", "none"),
        ("talks", "neutral"),
    }
    assert {(r["flag"], r["comment"]) for r in rows if r["layer"] == "flag"} == {
        ("hard", "a hard one"),
        ("furniture", "a hard one"),
    }


def test_a_comment_without_a_flag_is_a_row_of_its_own() -> None:
    (row,) = read(submission(mark(comment=" why \n"))).judgements
    assert (row["layer"], row.get("flag"), row["comment"]) == ("flag", None, "why")
    assert not read(submission(mark(comment="  "))).judgements


# ids and history


def test_ids_do_not_depend_on_project_order_or_codebook_entities() -> None:
    marks = [mark("Lee", label="PERSON"), mark("Ana Ruiz", label="PERSON"), mark("pact", label="LAW")]
    first = {row["judgement_id"] for row in read(submission(*marks)).judgements}
    random.Random(1).shuffle(marks)
    known = dataclasses.replace(CODEBOOK, entities=())
    again = read(submission(*marks, project="another", seconds=3.0), codebook=known).judgements
    assert {row["judgement_id"] for row in again} == first
    assert {row["judgement_id"] for row in read(submission(*marks, who="ann-b")).judgements}.isdisjoint(first)


def test_a_region_that_stands_twice_is_two_rows() -> None:
    twice = mark("Lee", label="PERSON")
    rows = read(submission(twice, twice)).judgements
    assert len({row["judgement_id"] for row in rows}) == 2


def statuses(*states: Any) -> dict[tuple[str | None, str | None], str]:
    found = read(*states)
    return {(row.get("text"), row.get("label") or row.get("comment")): row["status"] for row in found.judgements}


def test_an_edit_is_a_new_id_and_supersedes_the_old() -> None:
    first = submission(mark("Lee", label="PERSON"), mark(doc={"pact": "favor"}), pulled=1)
    second = submission(mark("Lee", label="ORG"), mark(doc={"pact": "none"}), pulled=2)
    assert statuses(second, first) == {
        ("Lee", "PERSON"): "superseded",
        ("Lee", "ORG"): "current",
        (None, "favor"): "superseded",
        (None, "none"): "current",
    }


def test_a_mark_that_is_gone_is_deleted() -> None:
    first = submission(mark("Lee", label="PERSON"), mark("pact", label="LAW"), mark(doc={"pact": "favor"}), pulled=1)
    second = submission(mark("pact", label="LAW"), pulled=2)
    expected = {("Lee", "PERSON"): "deleted", ("pact", "LAW"): "current", (None, "favor"): "deleted"}
    assert statuses(first, second) == expected


def test_an_answer_taken_back_altogether_leaves_its_judgements_deleted() -> None:
    first = submission(mark("Lee", label="PERSON"), pulled=1)
    gone = submission(pulled=2, state="assigned", created_at=None, updated_at=None)
    assert statuses(first, gone) == {("Lee", "PERSON"): "deleted"}
    assert read(first, gone).assignments[0]["state"] == "assigned"


def test_an_edit_taken_back_is_the_first_judgement_again() -> None:
    states = [submission(mark("Lee", label=label), pulled=n) for n, label in enumerate(("PERSON", "ORG", "PERSON"), 1)]
    assert statuses(*states) == {("Lee", "PERSON"): "current", ("Lee", "ORG"): "superseded"}


def test_of_two_answers_in_one_pull_the_last_counts() -> None:
    first = submission(mark("Lee", label="PERSON", region="x"))
    second = submission(mark("pact", label="LAW", region="y"))
    assert statuses(first, second) == {("Lee", "PERSON"): "superseded", ("pact", "LAW"): "current"}


def test_drafts_make_no_judgements_and_skipped_ones_do_not_vote() -> None:
    draft = read(submission(mark("Lee", label="PERSON"), state="draft", created_at=None, updated_at=None))
    assert not draft.judgements
    assert draft.assignments[0]["state"] == "draft"
    assert draft.assignments[0]["submitted_at"] is None
    skipped = read(submission(mark("Lee", label="PERSON"), state="skipped"))
    assert [row["status"] for row in skipped.judgements] == ["deleted"]
    assert skipped.assignments[0]["state"] == "skipped"


def test_a_task_where_nothing_was_marked_is_an_assignment() -> None:
    (row,) = read(submission()).assignments
    assert (row["state"], row["submitted_at"].date(), row["seconds"]) == ("submitted", DAY, 12.0)


def test_the_seconds_of_a_model_are_null() -> None:
    found = read_judgements([submission(mark("Lee", label="PERSON"))], [document()], CODEBOOK, frozenset({"ann-a"}))
    assert found.assignments[0]["seconds"] is None
    assert found.judgements[0]["seconds"] is None


def test_a_submission_without_a_date_is_an_error_that_names_the_file() -> None:
    with pytest.raises(ExportError, match=r"0001\.json"):
        read(submission(mark("Lee", label="PERSON"), created_at=None, updated_at=None))


@settings(max_examples=40)
@given(st.permutations(range(6)))
def test_the_order_of_submissions_changes_nothing(order: list[int]) -> None:
    states = [
        submission(mark("Lee", label="PERSON"), pulled=1),
        submission(mark("Lee", label="ORG"), pulled=2),
        submission(mark("Lee", label="ORG"), who="ann-b"),
        submission(stance("The pact"), task_pass="stances"),
        submission(stance("The pact", side="against"), task_pass="stances", pulled=2),
        submission(mark("pact", label="NO"), who="ann-b", task_pass="entities", round=2),
    ]
    expected, found = read(*states), read(*(states[i] for i in order))
    for name in TABLES:
        assert getattr(found, name) == getattr(expected, name)


def test_all_rows_fit_their_tables() -> None:
    found = read(
        submission(mark("Lee", label="PERSON"), mark("x", TEXT.replace("met", "x"), label="ORG"), mark(flag="hard")),
        submission(stance("The pact", holder=("bo-lee", "nobody")), mark(doc={"pact": "none"}), task_pass="stances"),
    )
    for name in TABLES:
        schema = read_table_schema(name, schema_directory() / "tables")
        free = dataclasses.replace(schema, fields=tuple(_without_codebook(field) for field in schema.fields))
        assert make_table(free, getattr(found, name)).num_rows == len(getattr(found, name)) > 0


def _without_codebook(field: Any) -> Any:
    """The column without its closed vocabulary: the real codebook's targets are not those of these tests."""
    if field.name not in ("target_id", "target_id_given"):
        return field
    import pyarrow as pa

    return dataclasses.replace(field, categories=None, arrow=pa.string())
