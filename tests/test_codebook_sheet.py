"""Labels and targets as one spreadsheet: what is not edited stays to the letter, and errors name row and column."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stancewire.cli import main
from stancewire.codebook import read_codebook
from stancewire.codebook.sheet import COLUMNS, sheet_bytes
from stancewire.codebook.spreadsheet import codebook_sheet, read_codebook_sheet, write_codebook_sheet
from stancewire.codebook.yaml_edit import edit_yaml
from stancewire.codebook.yaml_lines import parse_yaml
from stancewire.errors import CodebookError
from stancewire.project import Project

ROOT = Path(__file__).parents[1]
CODEBOOKS = {name: ROOT / path for name, path in {
    "shipped": "schema/codebook.yaml",
    "small": "tests/data/codebooks/small.yaml",
}.items()}
Rows = list[dict[str, str]]


def make_project(folder: Path, text: str) -> Project:
    project = Project(folder)
    project.schema.mkdir(parents=True)
    project.codebook_yaml.write_bytes(text.encode())
    return project


@pytest.fixture(params=sorted(CODEBOOKS))
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    return make_project(tmp_path / "project", CODEBOOKS[request.param].read_text(encoding="utf-8"))


@pytest.fixture
def small(tmp_path: Path) -> Project:
    return make_project(tmp_path / "small", CODEBOOKS["small"].read_text(encoding="utf-8"))


@pytest.fixture
def shipped(tmp_path: Path) -> Project:
    return make_project(tmp_path / "shipped", CODEBOOKS["shipped"].read_text(encoding="utf-8"))


def rows_of(data: bytes) -> Rows:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def saved(
    rows: Rows,
    delimiter: str = ",",
    end: str = "\r\n",
    quoting: int = csv.QUOTE_MINIMAL,
    encoding: str = "utf-8",
    columns: tuple[str, ...] = COLUMNS,
) -> bytes:
    """Rows as a spreadsheet program might save them."""
    written = io.StringIO()
    sheet = csv.DictWriter(written, columns, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    sheet.writeheader()
    sheet.writerows(rows)
    return written.getvalue().encode(encoding)


def edit(project: Project, change: Callable[[Rows], Rows | None]) -> Path:
    """The project's sheet, changed, beside it."""
    rows = rows_of(codebook_sheet(project))
    rows = change(rows) or rows
    path = project.root / "sheet.csv"
    path.write_bytes(saved(rows))
    return path


def row(rows: Rows, listed: str, id_: str) -> dict[str, str]:
    return next(item for item in rows if (item["list"], item["id"]) == (listed, id_))


def changed_lines(diff: str) -> list[str]:
    return [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]


# leaving and coming back


def test_sheet_has_a_row_for_each_label_target_and_entity(project: Project) -> None:
    codebook, rows = read_codebook(project.codebook_yaml), rows_of(codebook_sheet(project))
    assert [r["id"] for r in rows if r["list"] == "mention_labels"] == [label.id for label in codebook.mention_labels]
    assert [r["definition"] for r in rows if r["list"] == "targets"] == [t.definition for t in codebook.targets]
    assert [r["inverse_of"] for r in rows if r["list"] == "targets"] == [t.inverse_of or "" for t in codebook.targets]
    assert [r["aliases"] for r in rows if r["list"] == "entities"] == ["\n".join(e.aliases) for e in codebook.entities]
    n_examples = sum(len(target.examples) for target in codebook.targets)
    assert sum(r["examples"].count(" → ") for r in rows if r["list"] == "targets") >= n_examples > 0


HABITS: dict[str, Callable[[Rows], bytes]] = {
    "as written": saved,
    "with a mark": lambda rows: saved(rows, encoding="utf-8-sig"),
    "semicolons": lambda rows: saved(rows, ";"),
    "tabs": lambda rows: saved(rows, "\t"),
    "unicode text": lambda rows: saved(rows, "\t", encoding="utf-16"),
    "every cell quoted": lambda rows: saved(rows, quoting=csv.QUOTE_ALL),
    "line feeds": lambda rows: saved(rows, end="\n"),
    "its delimiter named": lambda rows: b"sep=;\r\n" + saved(rows, ";"),
    "an empty row and column": lambda rows: (
        saved([*rows, {}], columns=(*COLUMNS, "")) + b"," * len(COLUMNS) + b"\r\n"
    ),
    "columns in another order": lambda rows: saved(rows, columns=tuple(reversed(COLUMNS))),
    "CRLF in cells": lambda rows: saved([{k: v.replace("\n", "\r\n") for k, v in r.items()} for r in rows]),
    "the header in capitals": lambda rows: saved(rows).replace(b"list,id,name", b"List,ID,Name", 1),
}


@pytest.mark.parametrize("habit", sorted(HABITS))
def test_sheet_that_was_not_edited_changes_nothing(project: Project, habit: str) -> None:
    before = project.codebook_yaml.read_bytes()
    path = project.root / "sheet.csv"
    path.write_bytes(HABITS[habit](rows_of(codebook_sheet(project))))
    result = write_codebook_sheet(project, path)
    assert (result.problems, result.changes, result.diff) == ((), (), "")
    assert project.codebook_yaml.read_bytes() == before


def test_codebook_in_crlf_and_with_a_mark_keeps_both(tmp_path: Path) -> None:
    text = "\ufeff" + CODEBOOKS["small"].read_text(encoding="utf-8").replace("\n", "\r\n")
    project = make_project(tmp_path / "project", text)
    write_codebook_sheet(project, edit(project, lambda rows: row(rows, "targets", "harbour").update(hotkey="9")))
    assert project.codebook_yaml.read_bytes().decode() == text.replace('hotkey: "1"\r\n    ex', 'hotkey: "9"\r\n    ex')


# edits


def test_only_what_is_edited_is_written(shipped: Project) -> None:
    path = edit(shipped, lambda rows: row(rows, "targets", "other").update(color="#123456", favor_means="For it."))
    result = write_codebook_sheet(shipped, path)
    assert changed_lines(result.diff) == [
        "-    favor_means: The holder is for the thing named in the comment.",
        "+    favor_means: For it.",
        '-    color: "#666666"',
        '+    color: "#123456"',
    ]
    assert [(c.column, c.new) for c in result.changes] == [("favor_means", "For it."), ("color", "#123456")]
    assert read_codebook(shipped.codebook_yaml).targets[-1].favor_means == "For it."


def test_comments_blank_lines_and_spelling_stay(tmp_path: Path) -> None:
    text = CODEBOOKS["small"].read_text(encoding="utf-8")
    text = text.replace("targets:\n", "targets:  # two of them\n  # the base\n", 1)
    text = text.replace("  - id: no-harbour\n", "\n  # its mirror\n  - id: no-harbour\n", 1)
    text = text.replace("That the harbour be built.\n", "'That the harbour be built.' # yes\n")
    text = text.replace('    hotkey: "2"\nstances:', '    hotkey: "2"  # rarely\n\n# what is said\nstances:', 1)
    project = make_project(tmp_path / "project", text)

    def change(rows: Rows) -> None:
        row(rows, "targets", "harbour").update(definition="That it be built: soon.", aliases="dock\nport, old")
        row(rows, "targets", "no-harbour").update(hotkey="")

    write_codebook_sheet(project, edit(project, change))
    expected = text.replace("'That the harbour be built.' # yes", '"That it be built: soon." # yes')
    keys = '    hotkey: "1"\n', '    aliases: [dock, "port, old"]\n', "    examples:"
    expected = expected.replace(keys[0] + keys[2], "".join(keys))
    assert project.codebook_yaml.read_text(encoding="utf-8") == expected.replace('    hotkey: "2"  # rarely\n', "")


def test_rows_may_be_added_moved_and_removed(small: Project) -> None:
    def change(rows: Rows) -> Rows:
        first = next(n for n, r in enumerate(rows) if r["list"] == "targets")
        rows[first], rows[first + 1] = rows[first + 1], rows[first]
        new = dict.fromkeys(COLUMNS, "") | {"list": "targets", "id": "quay", "name": "the quay: new", "document": "no"}
        new |= {"definition": "That a quay be built. " * 9, "favor_means": "Yes", "against_means": "No"}
        new |= {"examples": "Ada [wants a quay]. → favor\nBo [doubts it]. → against → mildly"}
        rows.insert(first + 2, new)
        return [r for r in rows if r["id"] != "GPE" and r["id"] != "norway"]

    result = write_codebook_sheet(small, edit(small, change))
    assert not result.problems
    codebook = read_codebook(small.codebook_yaml)
    assert [target.id for target in codebook.targets] == ["no-harbour", "harbour", "quay"]
    quay = codebook.targets[2]
    assert (quay.name, quay.document) == ("the quay: new", False)
    assert quay.definition == " ".join(["That a quay be built."] * 9)
    assert [(e.text, e.note) for e in quay.examples][1] == ("Bo [doubts it].", "against → mildly")
    assert [label.id for label in codebook.mention_labels] == ["PERSON"]
    assert [entity.entity_id for entity in codebook.entities] == ["ada"]
    said = {(c.list, c.id, c.kind) for c in result.changes}
    assert said >= {("targets", "quay", "added"), ("mention_labels", "GPE", "removed"), ("targets", "harbour", "moved")}


def test_row_with_the_old_id_among_its_aliases_is_renamed(shipped: Project) -> None:
    path = edit(shipped, lambda rows: row(rows, "mention_labels", "FAC").update(id="BUILT", aliases="FAC"))
    result = write_codebook_sheet(shipped, path)
    assert changed_lines(result.diff) == ["-  - id: FAC", "+  - id: BUILT", "+    aliases: [FAC]"]
    assert {(c.kind, c.column) for c in result.changes} == {("changed", "id"), ("changed", "aliases")}


def test_new_id_without_the_old_one_among_its_aliases_is_asked_about(shipped: Project) -> None:
    path = edit(shipped, lambda rows: row(rows, "mention_labels", "FAC").update(id="BUILT"))
    assert "put the old one among its aliases" in read_codebook_sheet(shipped, path).advice


def test_list_without_rows_and_missing_columns_stay(shipped: Project) -> None:
    rows = [r for r in rows_of(codebook_sheet(shipped)) if r["list"] == "targets"]
    kept = ("list", "id", "hotkey")
    row(rows, "targets", "other")["hotkey"] = "9"
    path = shipped.root / "sheet.csv"
    path.write_bytes(saved([{name: r[name] for name in kept} for r in rows], columns=kept))
    assert changed_lines(write_codebook_sheet(shipped, path).diff) == ['-    hotkey: "5"', '+    hotkey: "9"']


def test_what_looks_like_a_formula_is_guarded_and_comes_back(small: Project) -> None:
    words = {"definition": "=2+2 is meant.", "favor_means": "-1 or less", "against_means": "'s a pity", "name": "@port"}
    path = edit(small, lambda rows: row(rows, "targets", "harbour").update(words))
    assert not write_codebook_sheet(small, path).problems  # as a person types them
    left = row(rows_of(codebook_sheet(small)), "targets", "harbour")
    assert [left[name] for name in words] == [f"'{said}" for said in words.values()]
    target = read_codebook(small.codebook_yaml).targets[0]
    assert [getattr(target, name) for name in words] == list(words.values())
    assert write_codebook_sheet(small, edit(small, lambda rows: None)).diff == ""


# the version


@pytest.mark.parametrize(
    ("listed", "id_", "cells", "advice"),
    [
        ("targets", "harbour", {"definition": "Another."}, "--new-version 1.0.0"),
        ("mention_labels", "GPE", {"hotkey": "8"}, "the version stays 0.1.0"),
        ("mention_labels", "GPE", {"color": "#000000", "aliases": "PLACE"}, "the version stays 0.1.0"),
        ("targets", "harbour", {"examples": "Bo [waits]. → neutral"}, "if these words change what is meant"),
        ("entities", "ada", {"aliases": "A. Berg"}, "the version stays 0.1.0"),
        ("entities", "ada", {"label": "GPE"}, "--new-version 1.0.0"),
    ],
)
def test_what_moves_the_version_is_said(
    small: Project, listed: str, id_: str, cells: dict[str, str], advice: str
) -> None:
    result = read_codebook_sheet(small, edit(small, lambda rows: row(rows, listed, id_).update(cells)))
    assert advice in result.advice
    assert result.version == "0.1.0"


def test_added_label_raises_the_minor_version_and_it_can_be_set(small: Project) -> None:
    def change(rows: Rows) -> Rows:
        new = dict.fromkeys(COLUMNS, "") | {"list": "mention_labels", "id": "ORG", "name": "ORG"}
        new["definition"] = "Bodies."
        return [rows[0], new, *rows[1:]]

    path = edit(small, change)
    assert "--new-version 0.2.0" in read_codebook_sheet(small, path).advice
    result = write_codebook_sheet(small, path, "0.2.0")
    assert changed_lines(result.diff) == [
        "-version: 0.1.0",
        "+version: 0.2.0",
        "+  - {id: ORG, name: ORG, definition: Bodies.}",
    ]
    assert (result.advice, read_codebook(small.codebook_yaml).version) == ("", "0.2.0")


@pytest.mark.parametrize("version", ["0.0.9", "2", "1.0.0-beta"])
def test_version_that_falls_or_is_none_is_refused(small: Project, version: str) -> None:
    with pytest.raises(CodebookError, match="--new-version"):
        read_codebook_sheet(small, edit(small, lambda rows: None), version)


# errors


@pytest.mark.parametrize(
    ("listed", "id_", "cells", "place", "message"),
    [
        ("mention_labels", "GPE", {"hotkey": "F 1"}, "row 3, column hotkey (J)", "is not a key"),
        ("mention_labels", "GPE", {"hotkey": "1"}, "row 3, column hotkey (J)", "'1' is taken on row 2"),
        ("mention_labels", "GPE", {"id": "PERSON"}, "row 3, column id (B)", "'PERSON' stands already on row 2"),
        ("mention_labels", "GPE", {"definition": "  "}, "row 3, column definition (D)", "the cell is empty"),
        ("mention_labels", "GPE", {"favor_means": "x"}, "row 3, column favor_means (E)", "has no favor_means"),
        ("mention_labels", "GPE", {"name": "a\x07b"}, "row 3, column name (C)", "control character"),
        ("mention_labels", "GPE", {"list": "mention_label"}, "row 3, column list (A)", "mean 'mention_labels'?"),
        ("mention_labels", "GPE", {"id": ""}, "row 3, column id (B)", "the id is empty"),
        ("targets", "no-harbour", {"inverse_of": "harbor"}, "row 7, column inverse_of (G)", "did you mean 'harbour'?"),
        ("targets", "no-harbour", {"document": "perhaps"}, "row 7, column document (H)", "neither yes nor no"),
        ("targets", "harbour", {"examples": "Ada [wants it]."}, "row 6, column examples (M)", "is no example"),
        ("targets", "harbour", {"examples": "Ada [wants. → x"}, "row 6, column examples (M)", "brackets"),
        ("stances", "neutral", {"id": "neutrall"}, "row 10, column id (B)", "did you mean 'neutral'?"),
        ("entities", "ada", {"label": "PERSN"}, "row 29, column label (I)", "did you mean 'PERSON'?"),
    ],
)
def test_errors_name_row_and_column(
    small: Project, listed: str, id_: str, cells: dict[str, str], place: str, message: str
) -> None:
    before = small.codebook_yaml.read_bytes()
    result = write_codebook_sheet(small, edit(small, lambda rows: row(rows, listed, id_).update(cells)))
    assert {problem.path for problem in result.problems} == {"sheet.csv"}
    assert result.problems[0].place == place
    assert message in result.problems[0].message
    assert small.codebook_yaml.read_bytes() == before


def test_error_outside_the_sheet_names_the_line_of_the_codebook(shipped: Project) -> None:
    path = edit(shipped, lambda rows: [r for r in rows if r["id"] != "north-korea-denuclearization"])
    problems = write_codebook_sheet(shipped, path).problems
    lines = shipped.codebook_yaml.read_text(encoding="utf-8").splitlines()
    assert {problem.path for problem in problems} == {"schema/codebook.yaml"}
    assert all("north-korea-denuclearization" in lines[int(problem.place) - 1] for problem in problems)


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        (b"", "row 1", "the column 'list' is missing"),
        (b"list,name\r\ntargets,x\r\n", "row 1", "the column 'id' is missing"),
        (b"list,id,definiton\r\n", "row 1, column C", "did you mean 'definition'?"),
        (b"list,id,id\r\n", "row 1, column C", "stands twice"),
        (b"list,id,name\r\ntargets,harbour,Caf\xe9\r\n", "line 2", "not UTF-8"),
        (b'list,id,name\r\ntargets,harbour,"a"b\r\n', "row 2", "not CSV"),
        (b"list,id,name\r\ntargets,harbour,a,b\r\n", "row 2", "4 cells, and the header has 3"),
        (b"\xff\xfeabc", "line 1", "not UTF-8"),
    ],
)
def test_files_that_are_no_sheet_are_refused(small: Project, data: bytes, place: str, message: str) -> None:
    path = small.root / "sheet.csv"
    path.write_bytes(data)
    result = write_codebook_sheet(small, path)
    assert result.problems[0].place == place
    assert message in result.problems[0].message


def test_codebook_with_anchors_is_not_edited_where_more_would_change(tmp_path: Path) -> None:
    text = CODEBOOKS["small"].read_text(encoding="utf-8")
    text = text.replace("favor_means: It should be built.", "favor_means: &yes It should be built.")
    text = text.replace("against_means: It should.", "against_means: *yes")
    project = make_project(tmp_path / "project", text)
    assert write_codebook_sheet(project, edit(project, lambda rows: None)).diff == ""
    path = edit(project, lambda rows: row(rows, "targets", "no-harbour").update(against_means="Something else."))
    with pytest.raises(CodebookError, match="cannot be edited in place"):
        write_codebook_sheet(project, path)
    assert project.codebook_yaml.read_text(encoding="utf-8") == text


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=60)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(CODEBOOKS)), st.data())
def test_any_words_come_back_as_they_were_typed(which: str, data: st.DataObject) -> None:
    text = CODEBOOKS[which].read_text(encoding="utf-8")
    value = parse_yaml(text).value
    items = [(number, dict(item)) for number, item in enumerate(value["targets"])]
    number = data.draw(st.integers(0, len(items) - 1))
    words = " ".join(data.draw(WORDS | st.sampled_from(["no", "12", "- a", "a: b", "x #y", "~", "!t", "*a"])).split())
    aliases = [" ".join(alias.split()) or "x" for alias in data.draw(st.lists(WORDS, max_size=4))]
    items[number][1].update(definition=words or "x", aliases=aliases, name=words[:20].strip() or "y")
    order = data.draw(st.permutations(items))
    edited = edit_yaml(text, {"targets": order}, {}, COLUMNS)
    expected = value | {"targets": [item for _, item in order]}
    assert parse_yaml(edited).value == expected
    assert rows_of(sheet_bytes(expected))


# the commands


def test_commands_write_show_and_refuse(small: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "codebook.csv"
    call = ["--project", str(small.root), "codebook"]
    assert main([*call, "to-csv", str(path)]) == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbflist,id,name")
    assert main([*call, "to-csv", str(path)]) == 0, "the same bytes do no harm"
    path.write_bytes(path.read_bytes().replace(b"Places.", b"Cities."))
    assert main([*call, "to-csv", str(path)]) == 2
    assert "is there already" in capsys.readouterr().err
    before = small.codebook_yaml.read_bytes()
    assert main([*call, "from-csv", str(path), "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "-  - {id: GPE, name: GPE, definition: Places." in shown
    assert "raise its version (0.1.0)" in shown
    assert small.codebook_yaml.read_bytes() == before
    assert main([*call, "from-csv", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(c["list"], c["id"], c["column"], c["new"]) for c in told["changes"]] == [
        ("mention_labels", "GPE", "definition", "Cities.")
    ]
    assert b"definition: Cities." in small.codebook_yaml.read_bytes()
    path.write_bytes(path.read_bytes().replace(b"GPE,GPE", b"GPE,", 1))
    assert main([*call, "from-csv", str(path)]) == 1
    assert "sheet" not in capsys.readouterr().out
    assert main([*call, "from-csv", str(tmp_path / "none.csv")]) == 2


def test_edited_codebook_still_builds(shipped: Project, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "schema" / "tables", shipped.table_schemas)
    write_codebook_sheet(shipped, edit(shipped, lambda rows: row(rows, "targets", "other").update(name="Else")))
    assert main(["--project", str(shipped.root), "codebook", "build"]) == 0
    assert 'value="Else"' in (shipped.labeling / "stances.xml").read_text(encoding="utf-8")
