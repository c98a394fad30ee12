"""`convert` makes the corpus tables: exact for the seeds, the same bytes however it ran, and nothing lost silently."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from stancewire.cli import corpus as command
from stancewire.cli import main
from stancewire.corpus import convert_corpus
from stancewire.engine import cut_shards, run
from stancewire.errors import SourceError, StancewireError, UsageError
from stancewire.project import CORPUS_TABLES, Project
from stancewire.sources import READERS
from stancewire.tables import read_manifest, read_table, read_table_schema

ROOT = Path(__file__).parents[1]
STYLES = Path(__file__).parent / "data" / "house_styles"
GOLD = json.loads((Path(__file__).parent / "data" / "seed_gold.json").read_text(encoding="utf-8"))["documents"]
SOURCES_HEADER = "source_path,sha256,outlet,date,url,rights,license,encoding,received,note\n"
CORRECTIONS_HEADER = "doc_id,start,end,quote,field,value,reason,by,date\n"
ARTICLE = "Committee agrees on nothing\n\nThe committee met on Monday in the old town hall and agreed on nothing.\n"


def rows(directory: Path, name: str) -> list[dict]:
    return read_table(directory, read_table_schema(name)).to_pylist()


def files_of(directory: Path) -> dict[str, bytes]:
    found = (path for path in sorted(directory.iterdir()) if path.is_file() and path.name != ".stancewire.lock")
    return {path.name: path.read_bytes() for path in found}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of this repository's codebook, schemas and seeds, without made files."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "schema", root / "schema")
    shutil.copytree(ROOT / "corpus" / "sources", root / "corpus" / "sources")
    for name in ("sources.csv", "corrections.csv"):
        shutil.copy(ROOT / "corpus" / name, root / "corpus" / name)
    return Project(root)


def add(project: Project, name: str, raw: bytes | str, **facts: str) -> None:
    """A source file and its row in sources.csv."""
    data = raw.encode() if isinstance(raw, str) else raw
    (project.sources / name).write_bytes(data)
    cells = {"source_path": name, "sha256": hashlib.sha256(data).hexdigest()} | facts
    with open(project.sources_csv, "a", encoding="utf-8") as file:
        file.write(",".join(cells.get(column, "") for column in SOURCES_HEADER.strip().split(",")) + "\n")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of the two seeds."""
    out = tmp_path_factory.mktemp("seeds")
    report = convert_corpus(Project(ROOT), out=out)
    assert (report.rejects, report.problems) == ([], [])
    return out


def test_seed_documents_are_the_gold_answer(seeds: Path) -> None:
    found = {row["source_path"]: row for row in rows(seeds, "documents")}
    assert set(found) == {gold["meta"]["source_file"] for gold in GOLD}
    for gold in GOLD:
        meta, row = gold["meta"], found[gold["meta"]["source_file"]]
        raw = (ROOT / "corpus" / "sources" / meta["source_file"]).read_bytes()
        expected = {
            "doc_id": meta["source_file"].removesuffix(".txt"),
            "record_no": None,
            "format": "txt",
            "extractor": None,
            "title": meta["title"],
            "date_source": None if meta["date_published"] is None else "header",
            "outlet": None,
            "outlet_source": None,
            "dateline": None,
            "byline": None,
            "credit": None if meta["wire"] is None else meta["wire_evidence"]["text"],
            "wire": meta["wire"],
            "url": None,
            "lang": meta["language"],
            "text": raw.decode("utf-8"),
            "n_chars": gold["chars"],
            "n_words": gold["n_body_words"],
            "n_sentences": gold["n_body_sentences"],
            "encoding": "utf-8",
            "encoding_score": 1.0,
            "raw_sha256": gold["sha256"],
            "text_sha256": gold["sha256"],
            "rights": "unknown",
            "license": None,
        }
        assert {name: row[name] for name in expected} == expected
        assert (None if row["date"] is None else row["date"].isoformat()) == meta["date_published"]


def test_seed_segments_and_sentences_are_the_gold_answer(seeds: Path) -> None:
    segments, sentences = rows(seeds, "segments"), rows(seeds, "sentences")
    assert len(segments) == 23
    body_sentences = 0
    for gold in GOLD:
        doc_id = gold["meta"]["source_file"].removesuffix(".txt")
        own = [row for row in segments if row["doc_id"] == doc_id]
        keys = ("seg_no", "role", "start", "end", "raw_start", "raw_end")
        expected = [
            (s["segment"], s["role"], s["start"], s["end"], s["byte_start"], s["byte_end"]) for s in gold["segments"]
        ]
        assert [tuple(row[key] for key in keys) for row in own] == expected
        body = {row["seg_no"] for row in own if row["role"] == "body"}
        told = [row for row in sentences if row["doc_id"] == doc_id]
        assert [row["sent_no"] for row in told] == list(range(len(told)))
        found = [(row["seg_no"], row["start"], row["end"]) for row in told if row["seg_no"] in body]
        assert found == [
            (segment["segment"], s["start"], s["end"])
            for segment in gold["segments"]
            for s in segment.get("sentences", ())
        ]
        body_sentences += len(found)
    assert body_sentences == 22


def test_seeds_are_one_story_and_lend_what_the_source_does_not_state(seeds: Path) -> None:
    first, second = rows(seeds, "stories")
    assert first["story_id"] == second["story_id"]
    inferred = GOLD[0]["meta"]
    assert first["date_inferred"].isoformat() == inferred["date_inferred"]["value"]
    assert first["wire_inferred"] == inferred["wire_inferred"]["value"]
    assert first["inferred_from"] == second["doc_id"]
    assert (second["date_inferred"], second["wire_inferred"]) == (None, None)


def test_shipped_seeds_are_as_received() -> None:
    for gold in GOLD:
        raw = (ROOT / "corpus" / "sources" / gold["meta"]["source_file"]).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == gold["sha256"]


def test_manifest_names_all_inputs(seeds: Path) -> None:
    manifest = read_manifest(seeds)["convert"]
    assert set(manifest["tables"]) == set(CORPUS_TABLES)
    assert set(manifest["inputs"]) == {
        "corpus/sources.csv",
        "corpus/corrections.csv",
        "schema/codebook.yaml",
        *(f"corpus/sources/{gold['meta']['source_file']}" for gold in GOLD),
    }
    for path, sha256 in manifest["inputs"].items():
        assert hashlib.sha256((ROOT / path).read_bytes()).hexdigest() == sha256


def test_any_number_of_workers_and_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for path in STYLES.glob("*.txt"):
        shutil.copy(path, source)
    (source / "broken.txt").write_bytes(b"a\x00b")
    one = convert_corpus(None, [source], tmp_path / "one")
    two = convert_corpus(None, [source], tmp_path / "two", workers=2)
    # files one by one, last first
    single = sorted(source.glob("*.txt"), reverse=True)
    three = convert_corpus(None, single, tmp_path / "three")
    assert one == two == three
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two") == files_of(tmp_path / "three")
    assert one.counts["written"] >= 10


def test_environment_leaves_no_trace_in_the_bytes(tmp_path: Path, seeds: Path) -> None:
    environment = os.environ | {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "stancewire", "--project", str(ROOT), "convert", "--out", str(tmp_path / "o")],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "o") == files_of(seeds)
    assert "2 read, 2 written, 0 rejected" in done.stdout


def test_two_runs_do_not_write_to_one_folder_but_each_to_its_own(tmp_path: Path, project: Project) -> None:
    add(project, "good.txt", ARTICLE)
    (tmp_path / "taken").mkdir()

    def convert(*options: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "stancewire", "--project", str(project.root), "convert", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        return done.returncode, done.stderr

    with project.writing(), Project(tmp_path / "taken").writing():
        assert convert("--out", "free") == (0, "")
        for options in (
            (),
            ("--out", "project/inside"),
            ("--out", "free", "--map", "title=headline"),
            ("--out", "taken"),
        ):
            status, said = convert(*options)
            assert (status, said.count("\n")) == (1, 1) and "another stancewire command is writing to" in said
    assert (tmp_path / "free" / "manifest.json").is_file()
    assert [path.name for path in (tmp_path / "taken").iterdir()] == [".stancewire.lock"]


def test_what_the_system_refuses_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.txt").write_text(ARTICLE, encoding="utf-8")
    for out in ("in.txt", "in.txt/below"):
        assert main(["convert", str(tmp_path / "in.txt"), "--out", str(tmp_path / out)]) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and f"{tmp_path / out}; a folder is needed there, and this is a file" in said


def test_bad_sources_are_rejects_and_the_rest_is_converted(project: Project) -> None:
    add(project, "empty.txt", b"")
    add(project, "blank.txt", b" \n\n")
    add(project, "binary.txt", b"MZ\x00\x01")
    add(project, "encoding.txt", "café".encode("cp1252"), encoding="cp12525")
    add(project, "page.docm", b"x")
    add(project, "good.txt", ARTICLE)
    report = convert_corpus(project)
    assert {row["source_path"]: row["check"] for row in rows(project.corpus, "rejects")} == {
        "binary.txt": "source-binary",
        "blank.txt": "source-empty",
        "empty.txt": "source-empty",
        "encoding.txt": "source-encoding",
        "page.docm": "source-format",
    }
    assert report.counts["written"] == 3
    assert report.counts["rejected_by"] == {
        "source-binary": 1,
        "source-empty": 2,
        "source-encoding": 1,
        "source-format": 1,
    }
    assert [problem for problem in report.problems if problem.severity == "problem"] == []
    assert "did you mean" in next(
        r["message"] for r in rows(project.corpus, "rejects") if r["check"] == "source-encoding"
    )


def test_rejects_change_the_exit_code_unless_allowed(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    add(project, "empty.txt", b"")
    base = ["--project", str(project.root), "convert"]
    assert main(base) == 1
    out = capsys.readouterr().out
    assert "rejected: empty.txt: [1 source-empty]" in out
    assert "3 read, 2 written, 1 rejected" in out
    assert main([*base, "--allow-rejects"]) == 0


def test_json_is_one_object_with_all_counts(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    add(project, "empty.txt", b"")
    assert main(["--project", str(project.root), "convert", "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["read"], data["written"], data["rejected"]) == (3, 2, 1)
    assert data["by_format"] == {"txt": 2}
    assert data["by_encoding"] == {"utf-8": 2}
    assert data["rejects"][0]["check"] == "source-empty"


def test_dry_run_writes_nothing(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(project.root.rglob("*"))
    assert main(["--project", str(project.root), "convert", "--dry-run"]) == 0
    assert "2 would be written" in capsys.readouterr().out
    assert sorted(project.root.rglob("*")) == before


def test_works_outside_any_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STANCEWIRE_PROJECT", raising=False)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(ARTICLE, encoding="utf-8")
    assert main(["convert", "in", "--out", "out", "--id-prefix", "gull/"]) == 0
    assert [row["doc_id"] for row in rows(tmp_path / "out", "documents")] == ["gull/a"]
    assert read_manifest(tmp_path / "out")["convert"]["inputs"].keys() == {"in/a.txt"}


@pytest.mark.parametrize("arguments", [["convert"], ["convert", "in"], ["convert", "--out", "out"]])
def test_without_project_sources_and_out_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STANCEWIRE_PROJECT", raising=False)
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith("stancewire: no project at")


def test_two_roots_with_one_name_need_prefixes(tmp_path: Path) -> None:
    for root in ("one", "two"):
        (tmp_path / root).mkdir()
        (tmp_path / root / "a.txt").write_text(ARTICLE + root, encoding="utf-8")
    roots = [tmp_path / "one", tmp_path / "two"]
    report = convert_corpus(None, roots, tmp_path / "o")
    assert report.counts["rejected_by"] == {"source-duplicate": 1}
    assert len(rows(tmp_path / "o", "rejects")) == 1
    assert convert_corpus(None, roots, tmp_path / "p", id_prefixes=["x/", "y/"]).rejects == []
    assert [row["doc_id"] for row in rows(tmp_path / "p", "documents")] == ["x/a", "y/a"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "--workers 0"),
        ({"encoding": "cp12525"}, "--encoding: unknown encoding"),
        ({"format": "x"}, "known formats: txt"),
    ],
)
def test_wrong_option_is_a_usage_error(tmp_path: Path, options: dict, message: str) -> None:
    (tmp_path / "a.txt").write_text(ARTICLE, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        convert_corpus(None, [tmp_path / "a.txt"], tmp_path / "o", **options)
    assert not (tmp_path / "o").exists()


def test_unknown_format_is_refused_by_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["convert", "--format", "wordperfect"])
    assert caught.value.code == 2
    assert tuple(READERS) == command.FORMATS


def test_changed_missing_and_unlisted_sources_are_reported(project: Project) -> None:
    (project.sources / GOLD[0]["meta"]["source_file"]).write_text(ARTICLE, encoding="utf-8")
    (project.sources / GOLD[1]["meta"]["source_file"]).unlink()
    (project.sources / "new.txt").write_text(ARTICLE + "It rained.\n", encoding="utf-8")
    report = convert_corpus(project)
    found = {(p.check, p.severity) for p in report.problems}
    assert found == {("source-hash", "problem"), ("source-missing", "problem"), ("source-unlisted", "warning")}
    changed = next(p for p in report.problems if p.check == "source-hash")
    assert GOLD[0]["sha256"] in changed.message
    assert hashlib.sha256(ARTICLE.encode()).hexdigest() in changed.message


def test_files_of_another_root_are_not_those_of_sources_csv(project: Project, tmp_path: Path) -> None:
    name = GOLD[0]["meta"]["source_file"]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_text(ARTICLE, encoding="utf-8")
    report = convert_corpus(project, [tmp_path / "in"], tmp_path / "out")
    assert (report.counts["written"], report.problems) == (1, [])


def test_part_of_the_sources_may_be_converted_elsewhere(project: Project, tmp_path: Path) -> None:
    report = convert_corpus(project, [project.sources / GOLD[1]["meta"]["source_file"]], tmp_path / "out")
    assert (report.counts["written"], report.problems) == (1, [])


def test_facts_of_sources_csv_reach_the_document(project: Project) -> None:
    add(
        project,
        "mut.txt",
        "Bürgermeisterin lehnt ab\n\nSie sagte am Montag in der alten Halle „nein“ zu allem.\n".encode("cp1252"),
        outlet="Der Bote",
        date="2020-02-03",
        url="https://bote.example/1",
        rights="permitted",
        license="CC-BY-4.0",
        encoding="cp1252",
    )
    convert_corpus(project)
    row = next(row for row in rows(project.corpus, "documents") if row["doc_id"] == "mut")
    assert (row["outlet"], row["outlet_source"], str(row["date"]), row["date_source"]) == (
        "Der Bote",
        "sources_csv",
        "2020-02-03",
        "sources_csv",
    )
    assert (row["url"], row["rights"], row["license"], row["encoding"], row["lang"]) == (
        "https://bote.example/1",
        "permitted",
        "CC-BY-4.0",
        "cp1252",
        "de",
    )


def test_encoding_option_serves_what_is_neither_utf8_nor_listed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Командир\n\nКомандир уехал в среду, и никто не знает куда.".encode("koi8-r"))
    (tmp_path / "b.txt").write_text(ARTICLE, encoding="utf-8")
    report = convert_corpus(None, [tmp_path], tmp_path / "o", encoding="KOI8-R")
    assert report.counts["by_encoding"] == {"koi8-r": 1, "utf-8": 1}


def test_corrections_reach_the_tables(project: Project) -> None:
    add(project, "a.txt", ARTICLE + "\nGull Club. It rained.\n")
    text = ARTICLE + "\nGull Club. It rained.\n"
    club, agreed = text.index("Gull Club."), text.index("and agreed")
    lines = [
        f"a,{club},{club + 10},Gull Club.,role,furniture,a club banner,c-1,2024-05-01",
        "a,17,27,on nothing,title,Nothing agreed,the paper's own correction,c-1,2024-05-01",
        f"a,{agreed},{agreed + 10},and agreed,sentence_break,break,two statements,c-1,2024-05-01",
    ]
    project.corrections_csv.write_text(CORRECTIONS_HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    report = convert_corpus(project)
    assert [p for p in report.problems if p.severity == "problem"] == []
    segments = [row for row in rows(project.corpus, "segments") if row["doc_id"] == "a"]
    assert [(row["role"], row["rule"]) for row in segments][2:] == [("furniture", "correction"), ("body", "paragraph")]
    document = next(row for row in rows(project.corpus, "documents") if row["doc_id"] == "a")
    assert (document["title"], document["n_sentences"]) == ("Nothing agreed", 3)


def test_wrong_correction_stops_convert_and_leaves_the_old_tables(project: Project) -> None:
    convert_corpus(project)
    before = files_of(project.corpus)
    doc_id = GOLD[0]["meta"]["source_file"].removesuffix(".txt")
    line = f"{doc_id},0,3,xyz,role,body,because,c-1,2024-05-01\n"
    project.corrections_csv.write_text(CORRECTIONS_HEADER + line, encoding="utf-8")
    with pytest.raises(SourceError, match=r"corrections\.csv line 2: the quote 'xyz'"):
        convert_corpus(project)
    project.corrections_csv.write_bytes(before["corrections.csv"])
    assert files_of(project.corpus) == before


def test_correction_of_an_unknown_document_is_a_problem(project: Project) -> None:
    project.corrections_csv.write_text(CORRECTIONS_HEADER + "nix,,,,title,X,because,c-1,2024-05-01\n", encoding="utf-8")
    (problem,) = convert_corpus(project).problems
    assert (problem.check, problem.place, problem.severity) == ("correction-place", "2", "problem")


def test_doubtful_encoding_is_a_warning_and_exit_0(project: Project) -> None:
    add(project, "naive.txt", "The minister’s “naïve” move — a first — pleased no one at all.".encode("cp1252"))
    assert main(["--project", str(project.root), "convert"]) == 0
    row = next(row for row in rows(project.corpus, "documents") if row["doc_id"] == "naive")
    assert row["encoding_score"] < 0.8


def test_second_run_writes_the_same_bytes(project: Project) -> None:
    convert_corpus(project)
    before = files_of(project.corpus)
    convert_corpus(project)
    assert files_of(project.corpus) == before


def double(number: int) -> int:
    if number < 0:
        raise SourceError("negative")
    if number > 1000:
        os._exit(3)
    return number * 2


@pytest.mark.parametrize("workers", [1, 2])
def test_engine_gives_results_in_order(workers: int) -> None:
    assert list(run(double, range(20), workers)) == [number * 2 for number in range(20)]


@pytest.mark.parametrize("workers", [1, 2])
def test_engine_hands_on_what_a_stage_raises(workers: int) -> None:
    with pytest.raises(SourceError, match="negative"):
        list(run(double, [1, -1, 2], workers))


def test_engine_says_when_a_worker_died() -> None:
    with pytest.raises(StancewireError, match="fewer --workers"):
        list(run(double, [1, 2000], 2))


def test_engine_draws_a_bar_only_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(run(double, [1], 1, progress=lambda _: 1, total=1, what="files")) == [2]
    assert capsys.readouterr() == ("", "")
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(run(double, [1], 1, progress=lambda _: 1, total=1, what="files")) == [2]
    assert "files" in terminal.getvalue()
    assert capsys.readouterr().out == ""


def test_shards_are_runs_of_neighbours() -> None:
    assert cut_shards([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]
    assert cut_shards([], 2) == []


def test_tables_have_the_schema_even_when_nothing_was_converted(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    report = convert_corpus(None, [tmp_path / "in"], tmp_path / "o")
    assert report.counts["written"] == 0
    table = read_table(tmp_path / "o", read_table_schema("documents"))
    assert table.num_rows == 0
    assert table.schema.field("text").type == pa.large_string()
