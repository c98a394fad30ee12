"""Rebuilding: a text-free package and the articles give the full tables; what is missing stays null and is listed."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from flavoured import copy_of_the_seeds, find_runs, sources_of, write_flavours
from test_checks import edit_table, edit_yaml, restamp
from tiny_project import BODY, make_tiny_project, text_of

from stancewire.build import build_project
from stancewire.cli import main
from stancewire.codebook import write_codebook_files
from stancewire.corpus_view import open_corpus
from stancewire.errors import ReleaseError, SourceError
from stancewire.project import Project
from stancewire.release.freeze import release, write_zip
from stancewire.release.package import package_into
from stancewire.release.packages import open_package
from stancewire.release.rebuild import NOT_RECOVERED, Rebuilt, rebuild
from stancewire.release.state import TABLES
from stancewire.release.verify import verify
from stancewire.tables import make_table, read_table_schema, write_parquet

SEEDS = ("000_3a545f5dff7ed8e6", "001_6488bdc6352e6c22")


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


def assert_whole(made: Rebuilt, full: Path) -> None:
    """Everything is there, and every table and text file is, byte for byte, that of the full package."""
    assert made.is_whole and made.documents[0] == made.documents[1] and made.missing == {}
    assert sorted(made.equal) == sorted(TABLES)
    names = [path.relative_to(full).as_posix() for path in full.rglob("*") if path.is_file()]
    kept = [name for name in names if not name.startswith(("corpus/sources/", "annotations/exports/"))]
    others = {"README.md", "SHA256SUMS", "datapackage.json", "croissant.json"}
    for name in set(kept) - others:
        assert (made.folder / name).read_bytes() == (full / name).read_bytes(), name
    assert not (made.folder / NOT_RECOVERED).exists()
    assert [item for item in verify(made.folder).problems if item.severity == "problem"] == []


def settle(project: Project) -> None:
    """Edited tables as a stage would have written them."""
    for name in TABLES:
        schema = read_table_schema(name, project.table_schemas)
        path = project.table_path(name)
        write_parquet(path, make_table(schema, pq.ParquetFile(path).read().to_pylist()))
    restamp(project)


def rebuilt_of(project: Project, folder: Path) -> tuple[Rebuilt, Path]:
    """A project's text-free package rebuilt from its own sources, and its full package."""
    settle(project)
    full, free = write_flavours(project, folder)
    return rebuild(free, [project.sources], folder / "rebuilt"), full


# whole


def test_seeds_are_rebuilt_byte_for_byte(seeds: Project, flavours: tuple[Path, Path], tmp_path: Path) -> None:
    full, free = flavours
    made = rebuild(free, [seeds.sources], tmp_path / "rebuilt")
    assert_whole(made, full)
    assert made.rows == (581, 581)
    assert open_corpus(made.folder).stances_wide.equals(open_corpus(full).stances_wide)
    assert len(open_corpus(made.folder).documents(body=True)["body"]) == 2


def test_command_says_the_share_and_exits_0(
    seeds: Project, flavours: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rebuilt"
    assert main(["rebuild", str(flavours[1]), "--sources", str(seeds.sources), "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "documents recovered: 2 of 2 (100%); rows that quote them: 581 of 581 (100%)",
        f"tables that equal those of the full release byte for byte: {len(TABLES)} of {len(TABLES)}",
        f"wrote {out}",
    ]
    assert main(["verify", str(out)]) == 0


def test_zip_of_a_package_is_rebuilt_too(seeds: Project, flavours: tuple[Path, Path], tmp_path: Path) -> None:
    write_zip(flavours[1], tmp_path / "free.zip", "free")
    assert_whole(rebuild(tmp_path / "free.zip", [seeds.sources], tmp_path / "rebuilt"), flavours[0])


def as_it_was(folder: Path, texts: dict[str, str]) -> None:
    for number, text in enumerate(texts.values()):
        (folder / f"{number}.txt").write_bytes(text.encode())


def utf_16_with_other_line_ends(folder: Path, texts: dict[str, str]) -> None:
    for number, text in enumerate(texts.values()):
        (folder / f"article {number}.TXT").write_bytes(text.replace("\n", "\r\n").encode("utf-16"))


def without_its_last_line_break(folder: Path, texts: dict[str, str]) -> None:
    for number, text in enumerate(texts.values()):
        (folder / f"{number}.md.txt").write_text(text.rstrip("\n"), encoding="utf-8", newline="")


def lines_of_json(folder: Path, texts: dict[str, str]) -> None:
    lines = [json.dumps({"id": number, "text": text}) for number, text in enumerate(texts.values())]
    (folder / "all.jsonl").write_text("\n".join(lines) + "\n")


def an_archive(folder: Path, texts: dict[str, str]) -> None:
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        for number, text in enumerate(texts.values()):
            archive.writestr(f"deep/{number}.txt", text)


@pytest.mark.parametrize(
    "kept_as", [as_it_was, utf_16_with_other_line_ends, without_its_last_line_break, lines_of_json, an_archive]
)
def test_copies_are_found_by_what_they_say(
    kept_as: Any, seeds: Project, flavours: tuple[Path, Path], tmp_path: Path
) -> None:
    texts = {row["doc_id"]: row["text"] for row in rows(flavours[0], "documents")}
    (tmp_path / "mine").mkdir()
    kept_as(tmp_path / "mine", texts)
    (tmp_path / "mine" / "000_3a545f5dff7ed8e6.txt").write_text("Its name, and another text.\n")
    assert_whole(rebuild(flavours[1], [tmp_path / "mine"], tmp_path / "rebuilt"), flavours[0])


def rows_of_rejects(project: Project) -> list[dict[str, Any]]:
    return pq.ParquetFile(project.table_path("rejects")).read().to_pylist()


def test_articles_of_every_format_are_rebuilt(tmp_path: Path) -> None:
    """Pages, agency XML, Word, tables, archives: their texts, and what their markup states about them."""
    assert main(["init", str(tmp_path / "formats")]) == 0
    project = Project(tmp_path / "formats")
    others = shutil.ignore_patterns("README.md", "sources.csv", "answer.json")
    shutil.copytree(Path(__file__).parent / "data/formats", project.sources, ignore=others, dirs_exist_ok=True)
    prose = "He said, after a long pause, that nobody knew, or wished to know, what it was that they had seen\n"
    (project.sources / "headless.csv").write_text(prose + prose.replace("He", "She"))
    build_project(project)
    (refused,) = rows_of_rejects(project)
    assert "after a long pause" in refused["message"]
    full, free = write_flavours(project, tmp_path)
    assert find_runs(free, sources_of(project)) == set()
    made = rebuild(free, [project.sources], tmp_path / "rebuilt")
    assert made.documents[1] > 50
    assert_whole(made, full)


def test_legacy_encoding_is_tried_where_the_package_names_it(project: Project, tmp_path: Path) -> None:
    """Bytes that are no UTF-8, too few to be told surely: the package says how they were read."""
    raw = "Café € §\n".encode("iso8859_15")
    from hashlib import sha256

    from stancewire.release.copies import find_copies

    text = raw.decode("iso8859_15")
    document = {"doc_id": "c", "raw_sha256": sha256(raw).hexdigest(), "encoding": "iso8859-15", "extractor": None}
    document |= {"text_sha256": sha256(text.encode()).hexdigest()}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/c.txt").write_bytes(raw)
    found = find_copies([document], [tmp_path / "mine"], {})
    assert {key: copy.text for key, copy in found.of.items()} == {"c": text}


# what is not a slice of its own row


def test_own_words_ids_and_quarantine_come_back(project: Project, tmp_path: Path) -> None:
    quote = "The envoy praised the security treaty on Monday"
    long = "praised the security treaty on Monday. “We keep it"
    entity_id = "wire-1#praised-the-security-treaty-on-monday-we-keep-it"
    start = text_of("wire-1").index(long)
    place = {"start": start, "end": start + len(long), "text": long}
    mention = {"layer": "mention", "doc_id": "wire-1", "annotator_id": "ann-one", "label": "LAW"}
    made = {"made_start": place["start"], "made_end": place["end"], "entity_id": entity_id}
    edit_table(project, "judgements", {"set": [{"where": mention, "to": place | made}]})
    where = {"doc_id": "wire-1", "label": "LAW"}
    edit_table(project, "mentions", {"set": [{"where": where, "to": {"entity_id": entity_id}}]})
    restamp(project)
    entity = {"entity_id": entity_id, "name": long, "aliases": f"{quote}|the treaty"}
    edit_table(project, "entities", {"set": [{"where": {"entity_id": "wire-1#treaty"}, "to": entity}]})
    decided = {"value": f"entity:{entity_id}", "reason": f"\"{quote}\" names it:\n{BODY}"}
    edit_table(project, "adjudications", {"set": [{"where": {"doc_id": "local-1"}, "to": decided}]})
    lost = {"reason": "lost", "anchor": "lost", "judgement_id": "q1", "text": quote, "comment": f"Why, {quote}!"}
    nowhere = dict.fromkeys(("start", "end", "made_start", "made_end"))
    copied = {"from": "judgements", "where": mention, "to": nowhere | lost}
    edit_table(project, "quarantine", {"copy": [copied]})
    edit_yaml(project.codebook_yaml, {"targets.0.definition": f"What is meant by: {quote}."})
    write_codebook_files(project)
    line = json.loads(project.adjudications_jsonl.read_text().splitlines()[0]) | decided
    project.adjudications_jsonl.write_text(json.dumps(line, ensure_ascii=False) + "\n", encoding="utf-8")
    row = f"wire-1,{start},{start + len(long)},{long},title,{quote},it says: {quote},adj-one,2024-05-03\n"
    project.corrections_csv.write_text("doc_id,start,end,quote,field,value,reason,by,date\n" + row, encoding="utf-8")
    restamp(project)
    rebuilt, full = rebuilt_of(project, tmp_path)
    free = tmp_path / "text-free"
    assert entity_id not in {row["entity_id"] for row in rows(free, "entities")}
    assert entity_id in {row["entity_id"] for row in rows(rebuilt.folder, "entities")}
    assert "⟦" in (free / "annotations/adjudications.jsonl").read_text(encoding="utf-8")
    assert_whole(rebuilt, full)


def test_changes_get_their_new_values_back(project: Project, tmp_path: Path) -> None:
    release(project, flavour="full")
    where = {"layer": "stance", "doc_id": "wire-1"}
    edit_table(project, "judgements", {"set": [{"where": where, "to": {"comment": "Japan's envoy says 🕊"}}]})
    restamp(project)
    rebuilt, full = rebuilt_of(project, tmp_path)
    (row,) = rows(full, "changes")
    assert (row["column"], row["old"], row["new"]) == ("comment", None, "Japan's envoy says 🕊")
    assert rows(tmp_path / "text-free", "changes")[0]["new"].startswith("sha256:")
    assert_whole(rebuilt, full)


def test_value_that_stands_nowhere_stays_null_and_is_counted(project: Project, tmp_path: Path) -> None:
    edit_table(project, "documents", {"set": [{"where": {"doc_id": "wire-1"}, "to": {"title": "Made up elsewhere"}}]})
    restamp(project)
    made, _ = rebuilt_of(project, tmp_path)
    assert not made.is_whole and made.documents == (1, 2)
    assert made.missing == {"wire-1": "its text is there, but a column beside it is not what it was"}
    (row,) = [row for row in rows(made.folder, "documents") if row["doc_id"] == "wire-1"]
    assert row["title"] is None and row["text"] == text_of("wire-1")


# in part


def test_part_is_rebuilt_and_the_rest_listed(
    flavours: tuple[Path, Path], seeds: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full, free = flavours
    out = tmp_path / "rebuilt"
    source = seeds.sources / f"{SEEDS[0]}.txt"
    assert main(["rebuild", str(free), "--sources", str(source), "--out", str(out), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["documents"] == [1, 2] and answer["missing"] == {SEEDS[1]: "no copy of it was found"}
    assert 0 < answer["rows"][0] < answer["rows"][1] == 581
    assert answer["files"] == ["annotations/adjudications.jsonl"]
    listed = list(csv.DictReader(io.StringIO((out / NOT_RECOVERED).read_bytes().decode("utf-8-sig"), newline="")))
    assert [(row["doc_id"], row["reason"]) for row in listed] == [(SEEDS[1], "no copy of it was found")]
    assert [item for item in verify(out).problems if item.severity == "problem"] == []
    for name in ("documents", "mentions", "stances", "stances_wide", "judgements", "variants"):
        for whole, part in zip(rows(full, name), rows(out, name), strict=True):
            assert list(whole) == list(part)
            mine = SEEDS[1] not in (whole.get("doc_id"), whole.get("doc_id_b"))
            if mine and name != "judgements":  # a comment may quote the other version
                assert part == whole
            elif "doc_id" in whole:
                assert part.get("text") is None or mine
            else:
                assert (part["text_a"], part["text_b"]) == (whole["text_a"], None)
    targets = "annotations/targets.parquet"
    assert (out / targets).read_bytes() == (full / targets).read_bytes()


def test_nothing_is_recovered_from_nothing(flavours: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    made = rebuild(flavours[1], [tmp_path / "mine"], tmp_path / "rebuilt")
    assert (made.documents, made.rows[0]) == ((0, 2), 0)
    assert set(made.missing) == set(SEEDS)
    assert [item for item in verify(made.folder).problems if item.severity == "problem"] == []


def test_copy_that_gives_another_text_is_named(project: Project, tmp_path: Path) -> None:
    """Its bytes are those that were received, but they are read otherwise here: the extractor is another one now."""
    text = text_of("wire-1").replace("praised", "PRAISED")
    edits = [{"where": {"doc_id": "wire-1"}, "to": {"text": text, "extractor": "old 1.0"}}]
    edit_table(project, "documents", {"set": edits})
    restamp(project)
    made, _ = rebuilt_of(project, tmp_path)
    assert made.missing["wire-1"] == "wire-1.txt has its bytes, but gives another text here (then: old 1.0)"


# refused


def test_what_cannot_be_rebuilt_is_refused(
    flavours: tuple[Path, Path], seeds: Project, tmp_path: Path
) -> None:
    full, free = flavours
    with pytest.raises(ReleaseError, match=r"no text-free package \(its flavour is full\)"):
        rebuild(full, [seeds.sources], tmp_path / "out")
    (tmp_path / "there").mkdir()
    with pytest.raises(ReleaseError, match="there already; name another folder with --out"):
        rebuild(free, [seeds.sources], tmp_path / "there")
    with pytest.raises(SourceError):
        rebuild(free, [tmp_path / "nowhere"], tmp_path / "out")
    shutil.copytree(free, tmp_path / "damaged")
    with open(tmp_path / "damaged/annotations/mentions.parquet", "ab") as file:
        file.write(b"x")
    with pytest.raises(ReleaseError, match=r"is damaged .*mentions\.parquet"):
        rebuild(tmp_path / "damaged", [seeds.sources], tmp_path / "out")
    assert not (tmp_path / "out").exists() and not (tmp_path / ".out.writing").exists()


def test_place_of_the_result_is_named_for_the_dataset(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package_into(project, tmp_path / "free", "0.1.0", "text-free")
    monkeypatch.chdir(tmp_path)
    assert rebuild(tmp_path / "free", [project.sources]).folder == Path("tiny-0.1.0-rebuilt")
