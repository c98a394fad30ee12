"""Each check finds the project that is broken in just its way, and no other check does; a valid project raises none.

`data/checks/<id>.json` says how the tiny project is broken:

    tables  table -> set, copy, add, drop, rename: rows chosen by `where`, changed `to` values, `shift`ed offsets, or a
            span of other `words`; `written`: by another writer, with a `compression` or `metadata` of its own
    files   path -> write, append, delete, regex; yaml, json: path -> values
    build   true: what is made from the codebook is made anew
    after   as files, but once the manifests and the descriptor have been written anew over the rest
    package table -> column -> value: all rows of a table of a text-free package, whose hashes are made anew over that
    valid   the neighbour: edits of these kinds that come near and are allowed, so that no check finds anything

A copied row may be made several `times`, each with a key and a region of its own, and `spread` over the text, so that
no two of them are one unit.
"""

from __future__ import annotations

import datetime
import itertools
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from tiny_project import make_tiny_project, span, text_of

from stancewire.checks.catalogue import CATALOGUE, find_check
from stancewire.checks.loading import MAX_LINES
from stancewire.checks.packaged import TEXT_FREE
from stancewire.cli import main
from stancewire.codebook import write_codebook_files
from stancewire.corpus import convert_corpus
from stancewire.errors import Problem, StancewireError, UsageError
from stancewire.gold.findings import validate_project
from stancewire.gold.stage import write_gold
from stancewire.project import ANNOTATION_TABLES, CORPUS_TABLES, Project
from stancewire.release.package import package_into, write_package, write_sums
from stancewire.release.state import data_files
from stancewire.release.verify import verify
from stancewire.tables import (
    content_sha256,
    file_sha256,
    make_table,
    read_manifest,
    read_table,
    read_table_schema,
    row_id,
    write_parquet,
)

FIXTURES = Path(__file__).parent / "data" / "checks"


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_project(tmp_path_factory.mktemp("valid") / "tiny").root


@pytest.fixture
def project(valid: Path, tmp_path: Path) -> Project:
    shutil.copytree(valid, tmp_path / "tiny")
    return Project(tmp_path / "tiny")


def break_project(project: Project, how: dict[str, Any]) -> None:
    for name, edits in how.get("tables", {}).items():
        edit_table(project, name, edits)
    edit_files(project, how.get("files", {}))
    for path, values in how.get("yaml", {}).items():
        edit_yaml(project.root / path, values)
    for path, value in how.get("json", {}).items():
        (project.root / path).parent.mkdir(parents=True)
        (project.root / path).write_text(json.dumps(value), encoding="utf-8")
    if how.get("build"):
        write_codebook_files(project)
    restamp(project)
    try:
        write_package(project)
    except StancewireError:
        restamp(project)  # what is broken cannot be packed; the descriptor stays as it was
    edit_files(project, how.get("after", {}))
    if "package" in how:
        edit_package(project, how["package"])


PACKAGE = "dist/package"


def edit_package(project: Project, tables: dict[str, dict[str, str]]) -> None:
    """A text-free package of the project in which columns say something else, with hashes that fit."""
    folder = project.root / PACKAGE
    package_into(project, folder, "0.1.0", TEXT_FREE)
    described = json.loads((folder / "datapackage.json").read_bytes())
    for resource in described["resources"]:
        if resource["name"] in tables:
            schema = read_table_schema(resource["name"], folder / "schema/tables")
            path = folder / resource["path"]
            rows = [row | tables[resource["name"]] for row in pq.ParquetFile(path).read().to_pylist()]
            write_parquet(path, make_table(schema, rows))
            resource["hash"] = f"sha256:{file_sha256(path)}"
            resource["stancewire:content_sha256"] = content_sha256(schema, make_table(schema, rows))
    (folder / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    write_sums(folder)


def edit_table(project: Project, name: str, edits: dict[str, Any]) -> None:
    rows = rows_of(project, name)
    for edit in edits.get("set", ()):
        change(first_row(rows, edit["where"]), edit)
    for edit in edits.get("copy", ()):
        copied = dict(first_row(rows_of(project, edit.get("from", name)), edit["where"]))
        for number in range(edit.get("times", 0)):
            rows.append(change(dict(copied), edit) | numbered(name, number))
            if edit.get("spread"):
                rows[-1] |= nth_character(copied["doc_id"], number)
        if "times" in edit:
            rows.sort(key=lambda row: row["judgement_id"])
            continue
        rows.append(change(copied, edit))
    rows += edits.get("add", [])
    for edit in edits.get("drop", ()):
        rows.remove(first_row(rows, edit["where"]))
    schema = read_table_schema(name, project.table_schemas)
    plain = pa.schema([(f.name, pa.string() if f.categories is not None else f.arrow) for f in schema.fields])
    table = pa.Table.from_pylist(rows, schema=plain)
    for index, field in enumerate(schema.fields):
        if field.categories is not None:
            column = table.column(index).combine_chunks().dictionary_encode()
            table = table.set_column(index, field.name, column)
    renamed = edits.get("rename", {})
    table = table.rename_columns([renamed.get(n, n) for n in table.column_names])
    if "written" not in edits:
        write_parquet(project.table_path(name), table)
        return
    written = {"compression": "zstd"} | edits["written"]
    metadata = written.pop("metadata", None)
    pq.write_table(table.replace_schema_metadata(metadata), project.table_path(name), **written)


def rows_of(project: Project, name: str) -> list[dict[str, Any]]:
    return read_table(project.table_path(name).parent, read_table_schema(name, project.table_schemas)).to_pylist()


_copies = itertools.count(1)


def numbered(name: str, number: int) -> dict[str, Any]:
    assert name == "judgements"
    region = f"copy-{next(_copies)}-{number}"
    return {"judgement_id": row_id(region), "region_id": region}


def nth_character(doc_id: str, number: int) -> dict[str, Any]:
    """The columns of a span of one character that is not white space."""
    start = [at for at, character in enumerate(text_of(doc_id)) if not character.isspace()][number]
    return {"start": start, "end": start + 1, "text": text_of(doc_id)[start]}


def first_row(rows: list[dict[str, Any]], where: dict[str, Any]) -> dict[str, Any]:
    return next(row for row in rows if all(row[key] == value for key, value in where.items()))


def change(row: dict[str, Any], edit: dict[str, Any]) -> dict[str, Any]:
    row |= edit.get("to", {})
    for key, day in edit.get("day", {}).items():
        row[key] = datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.UTC)
    for key, by in edit.get("shift", {}).items():
        row[key] += by
    if "words" in edit:
        row |= span(row["doc_id"], edit["words"])
    return row


def edit_files(project: Project, edits: dict[str, dict[str, Any]]) -> None:
    for path, edit in edits.items():
        file = project.root / path
        if "write" in edit:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(edit["write"].encode())
        if "append" in edit:
            file.write_bytes(file.read_bytes() + edit["append"].encode())
        for pattern, replacement in edit.get("regex", ()):
            text, count = re.subn(pattern, replacement, file.read_text(encoding="utf-8"), count=1)
            assert count == 1, f"{path}: {pattern} is not there"
            file.write_bytes(text.encode())
        if edit.get("delete"):
            file.unlink()


def edit_yaml(file: Path, values: dict[str, Any]) -> None:
    document = yaml.safe_load(file.read_bytes())
    for key, value in values.items():
        place = document
        *path, last = [int(part) if part.isdecimal() else part for part in key.split(".")]
        for part in path:
            place = place[part]
        place[last] = value
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


def restamp(project: Project) -> None:
    """Manifests as a stage would have written them over what stands there now."""
    for folder in (project.corpus, project.annotations):
        manifest = read_manifest(folder)
        for part in manifest.values():
            part["inputs"] = {path: file_sha256(project.root / path) for path in part["inputs"]}
            for name, entry in part["tables"].items():
                if project.table_path(name).exists():
                    entry["sha256"] = file_sha256(project.table_path(name))
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_valid_project_raises_no_check(project: Project) -> None:
    assert validate_project(project) == []


def test_every_check_has_its_fixture() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(CATALOGUE)


@pytest.mark.parametrize("check", sorted(CATALOGUE))
def test_check_finds_its_fixture_and_no_other_does(check: str, project: Project) -> None:
    break_project(project, fixture(check))
    found = findings(check, project)
    assert {problem.check for problem in found} == {check}, "\n".join(map(str, found))
    for problem in found:
        assert (problem.level, problem.severity) == (CATALOGUE[check].level, CATALOGUE[check].severity)
        assert problem.path and "\n" not in str(problem)


def fixture(check: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / f"{check}.json").read_text(encoding="utf-8"))
    return found


def findings(check: str, project: Project) -> list[Problem]:
    """What the command that looks for this check finds."""
    if CATALOGUE[check].found_by == "convert":
        return convert_corpus(project).problems
    if CATALOGUE[check].found_by == "verify":
        return verify(project.root / PACKAGE).problems
    return validate_project(project)


@pytest.mark.parametrize("check", ["gold-repeat", "decision-overruled", "mirror-contradiction"])
def test_merge_finds_what_validate_finds_again_without_writing(check: str, project: Project) -> None:
    break_project(project, fixture(check))
    before = contents(project.root)
    found = validate_project(project)
    assert contents(project.root) == before
    assert [problem for problem in write_gold(project).problems if problem.check == check] == found


def test_what_cannot_be_merged_is_named_and_not_merged(project: Project) -> None:
    where = {"layer": "mention", "annotator_id": "ann-one", "doc_id": "wire-1", "label": "PERSON"}
    lost = {"where": where, "to": {"doc_id": "nowhere-1"}}
    break_project(project, {"tables": {"judgements": {"set": [lost]}}})
    assert {"foreign-key", "judgement-assignment"} <= {problem.check for problem in validate_project(project)}


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_every_check_has_its_neighbour() -> None:
    assert [check for check in sorted(CATALOGUE) if not fixture(check).get("valid")] == []


@pytest.mark.parametrize("check", sorted(CATALOGUE))
def test_valid_neighbour_of_a_check_raises_nothing(check: str, valid: Path, project: Project, tmp_path: Path) -> None:
    neighbour = fixture(check)["valid"]
    break_project(project, neighbour)
    shutil.copytree(valid, tmp_path / "same")
    break_project(Project(tmp_path / "same"), {"tables": {name: {} for name in neighbour.get("tables", ())}})
    assert contents(project.root) != contents(tmp_path / "same"), "the neighbour is the tiny project itself"
    assert findings(check, project) == []


def test_checks_of_the_guideline_only_warn() -> None:
    assert {check.severity for check in CATALOGUE.values() if check.level == 3} == {"warning"}


def test_unknown_check_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="text-slice"):
        find_check("text-slices")


ANSWERS = "annotations/adjudications/adj-one/0001.json"


def test_stored_answers_of_adjudicators_are_held_to_their_schema_and_name(project: Project) -> None:
    stored = {"format": "stancewire-adjudication/1", "sequence": 1, "adjudicator_id": "adj-one", "project": "P"}
    project.adjudications.joinpath("adj-one").mkdir(parents=True)
    file = project.root / ANSWERS

    def says(value: dict[str, Any]) -> list[str]:
        file.write_text(json.dumps(value), encoding="utf-8")
        write_package(project)
        return [f"{item.check} {item.message}" for item in validate_project(project) if item.path == ANSWERS]

    assert says(stored | {"tasks": []}) == []
    assert ANSWERS in data_files(project)  # received: a full release holds it
    assert says(stored) == ["export-format $: 'tasks' is a required property"]
    (misplaced,) = says(stored | {"tasks": [], "adjudicator_id": "adj-two"})
    assert misplaced == "export-format adjudicator_id is 'adj-two', the file's name says 'adj-one'"


def test_validate_prints_place_level_and_check(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    break_project(project, json.loads((FIXTURES / "document-text.json").read_text(encoding="utf-8")))
    assert main(["--project", str(project.root), "validate"]) == 1
    first, explained, last = capsys.readouterr().out.splitlines()
    assert explained.startswith("[document-text] text_sha256 and the counts of a document are those of its text. Run:")
    assert first.startswith("corpus/documents.parquet:wire-1: [1 document-text] n_chars is 1")
    assert last == "1 problem, 0 warnings"


def test_validate_json_is_one_object_and_warnings_exit_0(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    break_project(project, json.loads((FIXTURES / "mention-article.json").read_text(encoding="utf-8")))
    assert main(["--project", str(project.root), "validate", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["counts"] == {"problems": 0, "warnings": 1}
    assert answer["checks"] == len(CATALOGUE)
    assert answer["warnings"][0]["check"] == "mention-article"


# Two words that are no label, by ann-two; one damaged export, of ann-one; a count of nobody's; an article, in gold.
BY_MANY = {
    "tables": {
        "judgements": {
            "set": [
                {"where": {"layer": "mention", "annotator_id": "ann-two", "doc_id": doc_id}, "to": {"label": "PLACE"}}
                for doc_id in ("wire-1", "local-1")
            ]
        },
        "documents": {"set": [{"where": {"doc_id": "wire-1"}, "to": {"n_chars": 1}}]},
        "mentions": {"set": [{"where": {"doc_id": "wire-1", "label": "LAW"}, "words": "the security treaty"}]},
    },
    "files": {"annotations/exports/entities-r1/ann-one/0001.json": {"regex": [['"sequence": 1', '"sequence": 2']]}},
}
COUNTED = {
    "annotator": [
        ("-", "document-text", 1),
        ("-", "mention-article", 1),
        ("ann-one", "export-format", 1),
        ("ann-two", "judgement-values", 2),
    ],
    "document": [
        ("-", "export-format", 1),
        ("local-1", "judgement-values", 1),
        ("wire-1", "document-text", 1),
        ("wire-1", "judgement-values", 1),
        ("wire-1", "mention-article", 1),
    ],
}


@pytest.mark.parametrize("by", ["annotator", "document"])
def test_validate_counts_findings_by_whose_they_are(
    by: str, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    break_project(project, BY_MANY)
    assert main(["--project", str(project.root), "validate", "--by", by]) == 1
    *lines, last = capsys.readouterr().out.splitlines()
    assert [tuple(line.split()) for line in lines] == [(who, str(n), check) for who, check, n in COUNTED[by]]
    assert last == "4 problems, 1 warning"
    assert main(["--project", str(project.root), "validate", "--by", by, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["findings"] == [{by: who, "check": check, "findings": n} for who, check, n in COUNTED[by]]
    assert answer["counts"] == {"problems": 4, "warnings": 1}


@pytest.mark.parametrize(("by", "who"), [("annotator", "ann-one"), ("document", "wire-1")])
def test_validate_by_counts_what_a_listing_cuts(
    by: str, who: str, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    where = {"layer": "mention", "annotator_id": "ann-one", "doc_id": "wire-1", "label": "PERSON"}
    copies = {"where": where, "times": MAX_LINES + 5, "to": {"label": "PLACE"}}
    break_project(project, {"tables": {"judgements": {"copy": [copies]}}})
    assert main(["--project", str(project.root), "validate", "--by", by]) == 1
    counted, last = capsys.readouterr().out.splitlines()
    assert counted.split() == [who, str(MAX_LINES + 5), "judgement-values"]
    assert last == f"{MAX_LINES + 5} problems, 0 warnings"


@pytest.mark.parametrize("by", ["annotator", "document"])
def test_validate_by_exits_0_over_warnings_and_over_nothing(
    by: str, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--project", str(project.root), "validate", "--by", by]) == 0
    assert capsys.readouterr().out == "0 problems, 0 warnings\n"
    break_project(project, fixture("quarantine-row"))
    assert main(["--project", str(project.root), "validate", "--by", by]) == 0
    counted, last = capsys.readouterr().out.splitlines()
    row = rows_of(project, "quarantine")[0]
    assert counted.split() == [row["annotator_id" if by == "annotator" else "doc_id"], "1", "quarantine-row"]
    assert last == "0 problems, 1 warning"


@pytest.mark.parametrize("check", [*sorted(CATALOGUE), "all"])
def test_validate_explains(check: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--explain", check]) == 0
    assert "What to do: " in capsys.readouterr().out


def test_many_findings_of_one_check_are_cut_and_counted(project: Project) -> None:
    rows = rows_of(project, "entities")
    extra = [rows[0] | {"entity_id": f"zz{number:03}", "name": None} for number in range(50)]
    schema = read_table_schema("entities", project.table_schemas)
    table = pa.Table.from_pylist(rows + extra, schema=pa.schema([(f.name, f.arrow) for f in schema.fields]))
    write_parquet(project.table_path("entities"), table)
    restamp(project)
    found = [problem for problem in validate_project(project) if problem.check == "table-null"]
    assert len(found) == 1 and "50 rows" in found[0].message


def test_all_tables_are_checked(project: Project) -> None:
    for name in (*CORPUS_TABLES, *ANNOTATION_TABLES):
        project.table_path(name).unlink()
    missing = {problem.path for problem in validate_project(project) if problem.check == "table-missing"}
    assert len(missing) == len(CORPUS_TABLES) + len(ANNOTATION_TABLES)
