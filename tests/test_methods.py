"""The method of merging: the codebook's, layer by layer, or a command's; and gold recomputed by anyone."""

from __future__ import annotations

import gc
import json
import shutil
from pathlib import Path

import pytest
from merged_project import decide, judge, judge_crowd, make_project, table, usual

from stancewire.cli import main
from stancewire.codebook import read_codebook
from stancewire.errors import UsageError
from stancewire.gold import METHODS, stage, write_gold
from stancewire.gold.evidence import read_evidence
from stancewire.gold.methods import by_layer, codebook_methods, merged_methods
from stancewire.gold.stage import gold_rows, read_corpus
from stancewire.project import Project
from stancewire.tables import make_table, read_table_schema


@pytest.fixture
def crowded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three annotators, of whom the third says what the first says."""
    return judge_crowd(tmp_path / "project", monkeypatch)


MIXED = {"mention": "mace", "stance": "dawid_skene", "document_stance": "unanimous"}


@pytest.mark.parametrize("method", [*METHODS, MIXED], ids=lambda method: method if isinstance(method, str) else "mixed")
def test_any_method_recomputed_from_the_shipped_judgements_gives_the_shipped_rows(
    crowded: Project, method: str | dict[str, str], tmp_path: Path
) -> None:
    ids = [row["judgement_id"] for row in table(crowded, "judgements") if row["text"] == "Lee"]
    decide(crowded, ids, "label", "ORG", layer="mention")
    ask_for(crowded, method)
    write_gold(crowded)  # as `build` does: by the codebook
    shipped = {path.name: path.read_bytes() for path in crowded.annotations.glob("*.parquet")}
    methods = by_layer(method)
    assert {row["method"] for row in table(crowded, "stances")} <= {methods["stance"]}
    assert {row["method"] for row in table(crowded, "document_stances")} <= {methods["document_stance"]}

    other = Project(tmp_path / "elsewhere")  # anyone: what was received and decided, and the judgements; no gold
    shutil.copytree(crowded.root, other.root)
    for name in {path.stem for path in other.annotations.glob("*.parquet")} - {"judgements", "assignments"}:
        other.table_path(name).unlink()
    write_gold(other)
    again = {path.name: path.read_bytes() for path in other.annotations.glob("*.parquet")}
    assert again == {name: data for name, data in shipped.items() if name != "quarantine.parquet"}
    rows = {name: table(crowded, name) for name in ("mentions", "stances", "document_stances", "conflicts")}
    evidence = read_evidence(other)
    outcomes = evidence.outcomes(method)
    found, _ = gold_rows(evidence, outcomes, read_corpus(other, set(evidence.texts)), methods)
    for name, listed in rows.items():
        schema = read_table_schema(name, other.table_schemas)
        assert make_table(schema, found[name]).to_pylist() == listed


def ask_for(project: Project, method: str | dict[str, str]) -> None:
    given = {"method": method} if isinstance(method, str) else method
    with project.codebook_yaml.open("a", encoding="utf-8") as file:
        file.write(f"\ngold: {json.dumps(given)}\n")


def test_merge_follows_the_codebook_unless_told_otherwise_and_says_so(
    crowded: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    ask_for(crowded, {"stance": "unanimous"})
    command = ["--project", str(crowded.root)]
    assert main([*command, "merge"]) == 0
    assert "note:" not in capsys.readouterr().out
    book = read_codebook(crowded.codebook_yaml)
    assert merged_methods(crowded, book) == codebook_methods(book) != by_layer("mace")
    assert main([*command, "merge", "--method", "mace"]) == 0
    said = capsys.readouterr().out
    assert (
        "merged otherwise than the codebook asks (mention by mace, not majority; stance by mace, not unanimous" in said
    )
    assert merged_methods(crowded, book) == by_layer("mace")
    row = table(crowded, "mentions")[0]
    assert main([*command, "explain", row["mention_id"]]) == 0
    assert "method mace, gold row" in capsys.readouterr().out
    write_gold(crowded)
    assert merged_methods(crowded, book) == codebook_methods(book)


def test_a_model_of_the_codebook_refuses_two_annotators_unless_it_allows_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path / "project")
    ask_for(project, {"stance": "dawid_skene"})
    judge(project, usual(), monkeypatch)
    with pytest.raises(UsageError, match=r"stance has 2.*allow_few: true"):
        write_gold(project)
    text = project.codebook_yaml.read_text(encoding="utf-8")
    project.codebook_yaml.write_text(text.replace('gold: {"', 'gold: {"allow_few": true, "'), encoding="utf-8")
    write_gold(project)
    assert {row["decided_by"] for row in table(project, "mentions")} <= {"unanimous", "majority"}


def test_a_method_or_layer_that_is_none_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no method 'vote'; known methods: majority, unanimous"):
        by_layer("vote")
    with pytest.raises(UsageError, match="no layer 'flag' is merged; known layers: mention, stance"):
        by_layer({"flag": "mace"})


def test_the_collector_is_off_while_gold_is_made_and_on_again_afterwards(
    crowded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    whole = stage.gold_rows
    monkeypatch.setattr(stage, "gold_rows", lambda *given: seen.append(gc.isenabled()) or whole(*given))
    assert gc.isenabled()
    write_gold(crowded)
    assert seen == [False] and gc.isenabled()
    monkeypatch.setattr(stage, "gold_rows", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_gold(crowded)
    assert gc.isenabled()
