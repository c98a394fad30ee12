"""Text-free packages: no 8 words of a source anywhere, a hash for each quote, all else as in the full package."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flavoured import copy_of_the_seeds, find_runs, sources_of, write_flavours
from hypothesis import given
from hypothesis import strategies as st
from test_checks import edit_table, edit_yaml, restamp
from tiny_project import BODY, make_tiny_project, text_of

from stancewire.checks.files import open_files
from stancewire.checks.loading import load_tables
from stancewire.checks.splits import check_certificate
from stancewire.cli import main
from stancewire.codebook import write_codebook_files
from stancewire.corpus_view import open_corpus
from stancewire.errors import ReleaseError
from stancewire.pipeline import PipelineReport, compare_release
from stancewire.project import Project
from stancewire.release.flavours import (
    OWN_WORDS,
    QUOTES,
    default_flavour,
    free_entity_id,
    full_schema,
    text_free_schema,
)
from stancewire.release.freeze import release, write_zip
from stancewire.release.package import compare_packages, package_into, write_package
from stancewire.release.packages import open_package
from stancewire.release.places import Said, fill_places, hide_words
from stancewire.release.state import TABLES
from stancewire.release.verify import verify
from stancewire.tables import read_table_schema

LEFT_OUT = ("corpus/sources", "annotations/exports", "annotations/adjudications")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return copy_of_the_seeds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture(scope="module")
def flavours(seeds: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_flavours(seeds, tmp_path_factory.mktemp("flavours"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_project(tmp_path_factory.mktemp("tiny") / "tiny").root


@pytest.fixture
def project(tiny: Path, tmp_path: Path) -> Project:
    shutil.copytree(tiny, tmp_path / "tiny")
    return Project(tmp_path / "tiny")


def rows(package: Path, name: str) -> list[dict[str, Any]]:
    return open_package(package).table(name).to_pylist()


def text_free(project: Project, tmp_path: Path) -> Path:
    package_into(project, tmp_path / "free", "0.1.0", "text-free")
    return tmp_path / "free"


# what is not in it


def test_no_file_of_the_seeds_package_holds_8_words_of_a_source(
    seeds: Project, flavours: tuple[Path, Path], tmp_path: Path
) -> None:
    full, free = flavours
    sources = sources_of(seeds)
    write_zip(free, tmp_path / "free.zip", "free")
    assert find_runs(free, sources) == set()
    assert find_runs(tmp_path / "free.zip", sources) == set()
    seen = {place.split()[0].split("/")[0] for place in find_runs(full, sources)}
    assert {"corpus", "annotations", "csv"} <= seen  # the eye sees what is there


def test_every_quote_is_null_and_has_the_hash_of_what_it_was(flavours: tuple[Path, Path]) -> None:
    full, free = flavours
    n_quotes = 0
    for name, columns in QUOTES.items():
        for whole, bare in zip(rows(full, name), rows(free, name), strict=True):
            for column in columns:
                value = whole[column]
                assert bare[column] is None
                expected = None if value is None else hashlib.sha256(value.encode()).hexdigest()
                assert bare[f"{column}_sha256"] == expected
                n_quotes += value is not None
    assert n_quotes > 600


def test_all_other_values_are_those_of_the_full_package(flavours: tuple[Path, Path]) -> None:
    full, free = flavours
    for name in TABLES:
        withheld = {*QUOTES.get(name, ()), *OWN_WORDS.get(name, {})}
        whole = open_package(full).table(name)
        kept = [column for column in whole.column_names if column not in withheld]
        assert open_package(free).table(name).select(kept).equals(whole.select(kept)), name


def test_own_words_stay_but_for_places_where_they_quote(flavours: tuple[Path, Path]) -> None:
    full, free = flavours
    n_places = n_same = 0
    for whole, bare in zip(rows(full, "adjudications"), rows(free, "adjudications"), strict=True):
        assert (bare["reason_sha256"] is None) == (bare["reason"] == whole["reason"])
        n_same += bare["reason"] == whole["reason"]
        n_places += "⟦" in bare["reason"]
    assert n_places and n_same
    assert "corpus/documents.parquet" in (free / "SHA256SUMS").read_text()


def test_package_has_neither_sources_nor_exports(flavours: tuple[Path, Path]) -> None:
    full, free = flavours
    names = {path.relative_to(full).as_posix() for path in full.rglob("*") if path.is_file()}
    expected = {name for name in names if not name.startswith(tuple(f"{folder}/" for folder in LEFT_OUT))}
    assert {path.relative_to(free).as_posix() for path in free.rglob("*") if path.is_file()} == expected < names


def test_descriptor_dictionary_and_card_say_what_it_is(flavours: tuple[Path, Path]) -> None:
    _, free = flavours
    described = json.loads((free / "datapackage.json").read_bytes())
    assert described["stancewire:flavour"] == "text-free"
    for resource in described["resources"]:
        schema = read_table_schema(resource["name"], free / "schema/tables")
        assert [field["name"] for field in resource["schema"]["fields"]] == list(schema.by_name)
        assert {licence["name"] for licence in resource["licenses"]} == {"CC-BY-4.0"}
    assert "stancewire rebuild" in (free / "README.md").read_text(encoding="utf-8")
    assert "| text_sha256 |" in (free / "DATA_DICTIONARY.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_full_schema_can_be_had_back(name: str, seeds: Project) -> None:
    schema = read_table_schema(name, seeds.table_schemas)
    assert json.dumps(full_schema(text_free_schema(schema)).descriptor) == json.dumps(schema.descriptor)


def test_package_is_the_same_bytes_each_time(
    seeds: Project, flavours: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    package_into(seeds, tmp_path / "again", "9.9.9", "text-free")
    assert compare_packages(tmp_path / "again", flavours[1]) == []


# what can be done with it


def test_frictionless_finds_it_valid(flavours: tuple[Path, Path]) -> None:
    command = [str(Path(sys.executable).with_name("frictionless")), "validate", "datapackage.json"]
    done = subprocess.run(command, cwd=flavours[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "INVALID" not in done.stdout and done.stdout.count("VALID") >= len(TABLES)


def test_verify_finds_nothing_and_then_one_word(flavours: tuple[Path, Path], tmp_path: Path) -> None:
    assert verify(flavours[1]).problems == []
    shutil.copytree(flavours[1], tmp_path / "free")
    place = tmp_path / "free/annotations/campaign.yaml"
    place.write_bytes(place.read_bytes() + b"# security\n")
    assert {item.check for item in verify(tmp_path / "free").problems} == {"release-sums"}


def test_verify_holds_places_against_the_length_of_texts_that_are_not_there(
    project: Project, tmp_path: Path
) -> None:
    edit_table(project, "mentions", {"set": [{"where": {"doc_id": "wire-1"}, "to": {"end": 10_000}}]})
    edit_table(project, "sentences", {"set": [{"where": {"doc_id": "wire-1", "sent_no": 1}, "shift": {"start": -30}}]})
    restamp(project)
    found = {(item.check, item.place) for item in verify(text_free(project, tmp_path)).problems}
    assert {check for check, _ in found} == {"text-slice", "sentence-segment"}


def test_certificate_of_splits_is_not_held_against_texts_that_are_not_there(project: Project, tmp_path: Path) -> None:
    free = text_free(project, tmp_path)
    (free / "annotations/splits_certificate.json").write_text("{}")
    files = open_files(free)
    loaded, _ = load_tables(files, TABLES)
    (found,) = check_certificate(files, loaded)
    assert (found.severity, found.check) == ("warning", "split-certificate") and "stancewire rebuild" in found.message


def test_tables_open_in_pandas_and_what_needs_texts_says_so(
    flavours: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = open_corpus(flavours[1])
    assert len(corpus.stances_wide) and corpus.stances_wide["text"].isna().all()
    assert corpus.stances_wide["holder"].notna().all()
    with pytest.raises(ReleaseError, match=r"texts of 2 documents; put them back.*stancewire rebuild"):
        corpus.documents(body=True)
    assert main(["export", "spacy", "--of", str(flavours[1]), "--out", str(tmp_path / "out")]) == 1
    assert "stancewire rebuild" in capsys.readouterr().err
    assert main(["report", "--of", str(flavours[1]), "--out", str(tmp_path / "page.html")]) == 0


def test_diff_of_the_two_flavours_of_one_state_is_empty(
    flavours: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    full, free = map(str, flavours)
    for old, new, said in ((full, free, "full -> text-free"), (free, full, "text-free -> full")):
        assert main(["diff", old, new]) == 0
        out = capsys.readouterr().out
        assert out == f"0 changes, level none: 9.9.9 -> 9.9.9 ({said}, compared without texts)\n"


def test_diff_between_flavours_lists_changes_without_words(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package_into(project, tmp_path / "full", "0.1.0", "full")
    where = {"doc_id": "wire-1", "label": "PERSON"}
    edit_table(project, "mentions", {"set": [{"where": where, "to": {"label": "ORG"}}]})
    edit_table(project, "documents", {"set": [{"where": {"doc_id": "wire-1"}, "to": {"title": "Another"}}]})
    restamp(project)
    assert main(["diff", str(tmp_path / "full"), str(text_free(project, tmp_path)), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {(row["table"], row["column"]) for row in answer["changes"]} == {
        ("mentions", "label"), ("documents", "title_sha256"),
    }  # fmt: skip
    assert (answer["old_flavour"], answer["new_flavour"]) == ("full", "text-free")


# which flavour


@pytest.mark.parametrize(
    ("rights", "flavour"),
    [
        (["open", "permitted"], "full"),
        (["open", "unknown"], "text-free"),
        (["restricted"], "text-free"),
        ([], "full"),
    ],
)
def test_flavour_follows_from_rights(rights: list[str], flavour: str) -> None:
    assert default_flavour(rights) == flavour


def test_release_is_text_free_unless_all_is_open_or_full_is_asked_for(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--project", str(project.root), "release", "--dry-run"]) == 0
    assert "flavour: text-free, for the rights of some documents are not open (2 unknown)" in capsys.readouterr().out
    assert release(project, flavour="full", dry_run=True).flavour == "full"
    rights = [{"where": {"doc_id": doc_id}, "to": {"rights": "open"}} for doc_id in ("wire-1", "local-1")]
    edit_table(project, "documents", {"set": rights})
    restamp(project)
    write_package(project)
    assert release(project, dry_run=True).flavour == "full"
    assert release(project, flavour="text-free", dry_run=True).flavour == "text-free"


def test_build_and_pipeline_take_the_flavour_of_the_last_release(project: Project) -> None:
    made = release(project)
    assert (made.flavour, str(made.version)) == ("text-free", "0.1.0")
    assert verify(made.folder).problems == []
    write_package(project)  # as `build` does
    described = json.loads(project.datapackage_json.read_bytes())
    assert (described["version"], described["stancewire:release_flavour"]) == ("0.1.0", "text-free")
    report = PipelineReport(version="0.1.0")
    assert compare_release(project, project, report) == "0.1.0"
    assert report.differences == []
    with pytest.raises(ReleaseError, match=r"nothing has changed since release 0\.1\.0"):
        release(project)


def test_other_flavour_of_the_same_data_is_a_version_of_its_own(project: Project) -> None:
    release(project, flavour="full")
    lost = release(project, flavour="text-free")
    assert (lost.level, str(lost.version), lost.n_changes) == ("major", "0.2.0", 0)
    back = release(project, flavour="full")
    assert (back.level, str(back.version)) == ("minor", "0.3.0")
    assert compare_packages(project.releases / "0.1.0", project.releases / "0.3.0") != []
    assert rows(project.releases / "0.1.0", "documents") == rows(project.releases / "0.3.0", "documents")


def test_changes_since_a_text_free_release_are_told_without_words(project: Project) -> None:
    release(project)
    where = {"doc_id": "wire-1"}
    edit_table(project, "documents", {"set": [{"where": where, "to": {"title": "The envoy praised the treaty"}}]})
    edit_table(project, "stances", {"set": [{"where": where, "to": {"stance": "neutral"}}]})
    edit_table(project, "stances_wide", {"set": [{"where": where, "to": {"stance": "neutral"}}]})
    restamp(project)
    state = write_package(project)
    assert (state.label, state.level) == ("0.2.0-dev", "minor")
    assert {(row["table"], row["column"]) for row in state.changes} == {
        ("documents", "title_sha256"), ("stances", "stance"), ("stances_wide", "stance"),
    }  # fmt: skip


def test_changes_since_a_full_release_are_hashes_where_values_are_withheld(project: Project) -> None:
    release(project, flavour="full")
    edit_table(project, "documents", {"set": [{"where": {"doc_id": "wire-1"}, "to": {"title": "Another title"}}]})
    restamp(project)
    write_package(project)
    made = release(project)
    (row,) = rows(made.folder, "changes")
    assert row["column"] == "title" and row["new"] == f"sha256:{hashlib.sha256(b'Another title').hexdigest()}"
    assert re.fullmatch("sha256:[0-9a-f]{64}", row["old"])


# quotes in other people's words

QUOTE = "The envoy praised the security treaty on Monday"


def put_words(project: Project, words: str) -> None:
    """The words in a comment, a typed holder, a reason, an entity's name, and a reject."""
    where = {"layer": "stance", "doc_id": "wire-1"}
    edit_table(project, "judgements", {"set": [{"where": where, "to": {"comment": words}}]})
    edit_table(project, "adjudications", {"set": [{"where": {"doc_id": "local-1"}, "to": {"reason": words}}]})
    edit_table(project, "entities", {"set": [{"where": {"entity_id": "wire-1#treaty"}, "to": {"name": words}}]})
    reject = {"source_path": "x.txt", "record_no": -1, "check": "source-empty", "message": words}
    edit_table(project, "rejects", {"add": [reject]})
    restamp(project)


@pytest.mark.parametrize(
    "words",
    [
        f"As it says: “{QUOTE}. “We keep it,” Ana Ruiz said.",
        QUOTE.upper() + " “WE KEEP IT,” ANA RUIZ SAID",
        QUOTE.replace(" ", "  ") + " we keep it",
        QUOTE.replace(" ", "\n") + "\nwe keep it",
        f"{BODY} {BODY}",
    ],
)
def test_quotes_in_own_words_leave_no_8_words(words: str, project: Project, tmp_path: Path) -> None:
    put_words(project, words)
    free = text_free(project, tmp_path)
    assert find_runs(free, sources_of(project)) == set()
    for name, column in (("judgements", "comment"), ("adjudications", "reason"), ("entities", "name")):
        held = [row for row in rows(free, name) if row[f"{column}_sha256"] is not None]
        assert [row[f"{column}_sha256"] for row in held] == [hashlib.sha256(words.encode()).hexdigest()]
        filled = held[0][column] and fill_places(held[0][column], text_of)
        assert filled in (None, words)


def test_places_stand_where_the_words_stood(project: Project, tmp_path: Path) -> None:
    put_words(project, f"He says: {QUOTE}, and means it.")
    start = text_of("wire-1").index(QUOTE)
    (row,) = [row for row in rows(text_free(project, tmp_path), "judgements") if row["comment"]]
    assert row["comment"] == f"He says: ⟦wire-1:{start}-{start + len(QUOTE)}⟧, and means it."


def test_words_that_are_no_quote_stay(project: Project, tmp_path: Path) -> None:
    words = "The envoy praised the treaty, I think; the other reading is a plain report of what he did."
    put_words(project, words)
    free = text_free(project, tmp_path)
    assert words in [row["comment"] for row in rows(free, "judgements")]
    assert words in [row["reason"] for row in rows(free, "adjudications")]


def test_codebook_that_quotes_gets_places(project: Project, tmp_path: Path) -> None:
    edit_yaml(project.codebook_yaml, {"targets.0.definition": f"What is meant by: {QUOTE}."})
    write_codebook_files(project)
    restamp(project)
    free = text_free(project, tmp_path)
    assert find_runs(free, sources_of(project)) == set()
    assert "⟦" in (free / "schema/codebook.yaml").read_text(encoding="utf-8")
    assert verify(free).problems == []


def test_words_that_no_place_can_stand_for_stop_the_release(project: Project) -> None:
    edit_yaml(project.dataset_yaml, {"description": f"{QUOTE.title()}."})
    write_package(project)
    with pytest.raises(ReleaseError, match=r"schema/dataset\.yaml quotes an article.*--flavour full"):
        release(project)
    edit_yaml(project.dataset_yaml, {"description": f"{QUOTE}."})
    write_package(project)
    with pytest.raises(ReleaseError, match=r"CITATION\.cff holds words"):
        release(project, dry_run=True)
    with pytest.raises(ReleaseError, match=r"CITATION\.cff holds words of (wire|local)-1 \('The envoy praised.*no 8"):
        release(project)
    assert not project.releases.exists() or list(project.releases.iterdir()) == []


def test_correction_gives_its_quote_as_a_place(project: Project, tmp_path: Path) -> None:
    start = text_of("wire-1").index("ADVERTISEMENT")
    line = f"wire-1,{start},{start + 13},ADVERTISEMENT,role,furniture,a line of the page,adj-one,2024-05-03\n"
    project.corrections_csv.write_text("doc_id,start,end,quote,field,value,reason,by,date\n" + line)
    restamp(project)
    written = (text_free(project, tmp_path) / "corpus/corrections.csv").read_text(encoding="utf-8")
    assert "ADVERTISEMENT" not in written and f"⟦wire-1:{start}-{start + 13}⟧" in written


def test_quarantined_words_become_the_place_where_they_stand(project: Project, tmp_path: Path) -> None:
    copied = {"reason": "its place is lost", "anchor": "lost", "start": None, "end": None}
    edits = [
        {"from": "judgements", "where": {"layer": "mention", "doc_id": "wire-1"}}
        | {"to": copied | {"judgement_id": f"q{number}", "text": text, "made_start": None, "made_end": None}}
        for number, text in enumerate(("Ana Ruiz", "words of another text"))
    ]
    edit_table(project, "quarantine", {"copy": edits})
    restamp(project)
    placed, lost = rows(text_free(project, tmp_path), "quarantine")
    start = text_of("wire-1").index("Ana Ruiz")
    assert placed["text"] == f"⟦wire-1:{start}-{start + 8}⟧"
    assert lost["text"] is None and lost["text_sha256"] is not None


def test_entity_id_that_spells_many_words_is_hashed() -> None:
    long = "wire-1#three-people-familiar-with-the-matter-in-tokyo"
    assert re.fullmatch(r"wire-1#sha256-[0-9a-f]{16}", free_entity_id(long))
    for entity_id in ("wire-1#ana-ruiz", "donald-trump", "us-japan-treaty-of-mutual-cooperation-and-security-of-1960"):
        assert free_entity_id(entity_id) == entity_id


TEXTS = {
    "a": "one two three four five six seven eight nine ten",
    "b": "Zwei, drei — vier; fünf. Sechs? Sieben acht neun",
}


def test_places_are_of_the_own_document_first() -> None:
    texts = {"other": TEXTS["a"], "own": TEXTS["a"]}
    said = Said(f"He wrote {TEXTS['a']}!", "own", 5, 7)
    assert hide_words([said], texts.items()) == ["He wrote ⟦own:0-48⟧!"]
    assert hide_words([Said("one two three four five", "own", 5, 7)], texts.items()) == ["⟦own:0-23⟧"]
    assert hide_words([Said("one two three four five", None, 7, 7)], texts.items()) == ["one two three four five"]


@given(
    st.lists(
        st.one_of(
            st.sampled_from([*TEXTS["a"].split(), *TEXTS["b"].split(), TEXTS["a"][8:40], TEXTS["b"][6:]]),
            st.text(alphabet="ab⟦⟧:-1 \n.", max_size=4),
        ),
        max_size=30,
    )
)
def test_what_was_hidden_can_be_filled_in_and_is_short_enough(parts: list[str]) -> None:
    words = " ".join(parts)
    (hidden,) = hide_words([Said(words, "a", 5, 7)], TEXTS.items())
    if hidden is None:
        return
    if "⟦" not in words:
        assert fill_places(hidden, TEXTS.get) == words
    for text, least in ((TEXTS["a"], 5), (TEXTS["b"], 7)):
        own = re.findall(r"[^\W_]+", text.casefold())
        runs = {tuple(own[at : at + least]) for at in range(len(own) - least + 1)}
        for piece in re.split(r"⟦[^⟦⟧]*:\d+-\d+⟧", hidden):
            found = re.findall(r"[^\W_]+", piece.casefold())
            assert not runs & {tuple(found[at : at + least]) for at in range(len(found))}
