"""What models made of the units is kept from merging, and says the same as learning from all of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from judged_project import make_judged_project

from stancewire.gold import evidence as evidence_module
from stancewire.gold.evidence import read_rows
from stancewire.gold.findings import validate_project
from stancewire.gold.kept import FOLDER
from stancewire.gold.stage import write_gold
from stancewire.project import Project
from stancewire.release.account import account
from stancewire.tables import make_table, read_table_schema, write_stage


@pytest.fixture
def by_model(tmp_path: Path) -> Project:
    project = make_judged_project(tmp_path / "judged", 6, merge=False)
    write_gold(project, {"mention": "mace", "stance": "dawid_skene"})
    return project


def kept_files(project: Project) -> list[str]:
    folder = project.annotations / FOLDER
    return sorted(path.name for path in folder.glob("*.parquet"))


def asked_of(project: Project) -> Iterator[str]:
    """Ids and places of some of everything."""
    for name, column in (("mentions", "mention_id"), ("stances", "stance_id"), ("judgements", "judgement_id")):
        yield from [row[column] for row in read_rows(project, project.annotations, name)][::17]
    for row in read_rows(project, project.annotations, "document_stances")[:2]:
        yield f"{row['doc_id']}/{row['target_id']}"
    yield from ("d000001:0-60", "d000004:20-200")


@pytest.fixture
def no_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    def learn(*_: Any, **__: Any) -> None:
        pytest.fail("a model learnt from all judgements")

    monkeypatch.setattr(evidence_module, "settle_by_model", learn)


def test_explain_says_the_same_with_what_was_kept_and_without(
    by_model: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list(asked_of(by_model))
    assert len(asked) > 15
    (file,) = kept_files(by_model)
    learnt = []
    for one in asked:
        (by_model.annotations / FOLDER / file).unlink()
        learnt.append(account(by_model, one))
        assert kept_files(by_model) == [file], "explain keeps what it had to learn"
    monkeypatch.setattr(evidence_module, "settle_by_model", lambda *_, **__: pytest.fail("learnt anew"))
    read = []
    monkeypatch.setattr(
        evidence_module, "read_rows", lambda *given, plain=read_rows: read.append(given) or plain(*given)
    )
    assert [account(by_model, one) for one in asked] == learnt
    assert read and all(len(given) > 3 and len(given[3]) == 1 for given in read), "rows of one document alone are read"


def test_a_model_says_how_probable_it_finds_each_value(by_model: Project, no_learning: None) -> None:
    rows = [row for row in read_rows(by_model, by_model.annotations, "stances") if row["decided_by"] == "model"]
    about = [account(by_model, row["stance_id"]) for row in rows[:20]]
    fields = [field for item in about for field in item["fields"] if field["field"] == "stance"]
    assert len(fields) == len(rows[:20]) > 3
    for field, row in zip(fields, rows, strict=False):
        assert {value: round(chance, 6) for value, chance in field["chances"].items()} == {
            value: row[f"p_{value}"] for value in field["chances"]
        }
    assert any(field["status"] == "settled by dawid_skene" for field in fields)
    counted = account(by_model, f"{rows[0]['doc_id']}/us-japan-security-treaty")
    assert [field["chances"] for field in counted["fields"]] == [None], "counted by majority"


def test_other_judgements_are_learnt_from_anew(by_model: Project) -> None:
    (before,) = kept_files(by_model)
    made = {}
    for name in ("assignments", "judgements", "quarantine"):
        schema = read_table_schema(name, by_model.table_schemas)
        rows = [row for row in read_rows(by_model, by_model.annotations, name) if row["doc_id"] != "d000005"]
        made[name] = (schema, make_table(schema, rows))
    write_stage(by_model.annotations, "judgements", made, {})
    account(by_model, read_rows(by_model, by_model.annotations, "judgements")[0]["judgement_id"])
    (after,) = kept_files(by_model)
    assert after != before, "the old file is found no more, and taken away"


def test_git_ignores_what_is_kept(by_model: Project) -> None:
    subprocess.run(["git", "init", "-q", str(by_model.root)], check=True)
    command = ["git", "-C", str(by_model.root), "status", "--short", "--untracked-files=all"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "annotations/judgements.parquet" in said and FOLDER not in said


def test_merged_by_votes_nothing_is_kept(by_model: Project) -> None:
    write_gold(by_model, "majority")
    assert kept_files(by_model) == []


def test_what_was_half_written_is_learnt_anew(by_model: Project) -> None:
    one = read_rows(by_model, by_model.annotations, "stances")[0]["stance_id"]
    told = account(by_model, one)
    (file,) = (by_model.annotations / FOLDER).glob("*.parquet")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert account(by_model, one) == told
    assert file.read_bytes() == whole


def test_gold_elsewhere_keeps_nothing_here(by_model: Project, tmp_path: Path) -> None:
    (before,) = kept_files(by_model)
    write_gold(by_model, "mace", out=tmp_path / "beside", judgements=by_model.annotations)
    assert kept_files(by_model) == [before]
    assert not (tmp_path / "beside" / FOLDER).exists()


@pytest.mark.parametrize("method", ["mace", "dawid_skene"])
def test_chances_of_a_model_pass_the_check_of_shares(tmp_path: Path, method: str) -> None:
    project = make_judged_project(tmp_path / "judged", 40, merge=False)
    write_gold(project, method)
    rows = read_rows(project, project.annotations, "stances")
    assert any(round(row["p_favor"] + row["p_against"] + row["p_neutral"], 9) != 1 for row in rows), "rounded apart"
    assert not [item for item in validate_project(project) if item.check == "gold-shares"]
