"""Converting at scale: the same bytes however it ran, shards beyond a size, resumed after a kill, only what changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stancewire.checks.project_checks import check_project
from stancewire.conversion import gather, records, whole
from stancewire.conversion.furniture import CANDIDATES
from stancewire.conversion.parts import bucket
from stancewire.conversion.state import STATE
from stancewire.corpus import WORK, convert_corpus
from stancewire.project import Project
from stancewire.sources import Limits, ReadOptions, readers
from stancewire.sources.spans import Span
from stancewire.tables import read_manifest, read_table, read_table_schema

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))
from news_files import make_article, write_files, write_json_lines

ROOT = Path(__file__).parents[1]
TABLES = ("documents", "segments", "sentences", "stories", "reprints", "variants", "rejects")


def files_of(directory: Path) -> dict[str, bytes]:
    """All files but the lock and those of the work folder, which are no part of the corpus."""
    found = (path for path in sorted(directory.rglob("*")) if path.is_file() and path.name != ".stancewire.lock")
    return {str(path.relative_to(directory)): path.read_bytes() for path in found if WORK not in path.parts}


def rows(directory: Path, name: str) -> list[dict]:
    return read_table(directory, read_table_schema(name)).to_pylist()


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """Sixty text files of several styles and encodings."""
    write_files(tmp_path / "in", 60)
    return tmp_path / "in"


def test_articles_are_the_same_for_one_number_and_seed() -> None:
    assert make_article(7) == make_article(7)
    assert make_article(7) != make_article(7, seed=2)
    assert {make_article(number).encoding for number in range(60)} >= {"utf-8", "cp1252", "utf-16"}


def test_files_and_json_lines_of_one_article_give_one_text(tmp_path: Path, articles: Path) -> None:
    write_json_lines(tmp_path / "a.jsonl", 60)
    convert_corpus(None, [articles], tmp_path / "f")
    convert_corpus(None, [tmp_path / "a.jsonl"], tmp_path / "j")
    from_files, from_lines = ({row["doc_id"]: row for row in rows(tmp_path / name, "documents")} for name in "fj")
    same = [name for name, row in from_files.items() if row["encoding"].startswith("utf")]
    assert len(same) > 40 and from_files.keys() == from_lines.keys()
    n_equal = 0
    for name in same:
        words, line_words, title = from_files[name]["text"], from_lines[name]["text"], from_lines[name]["title"]
        if words[: len(title)] == title:
            n_equal += from_files[name]["text_sha256"] == from_lines[name]["text_sha256"]
        else:  # a title that the text does not begin with is put before it
            assert line_words == f"{title}\n\n{words}"
    assert n_equal > 30
    line = (tmp_path / "a.jsonl").read_bytes().split(b"\n")[5]
    document = next(row for row in from_lines.values() if row["record_no"] == 5)
    assert document["raw_sha256"] == hashlib.sha256(line).hexdigest()
    assert (document["title"], str(document["date"])) == (json.loads(line)["title"], json.loads(line)["date"])


def test_large_table_is_a_folder_sharded_by_the_hash_of_its_documents(
    tmp_path: Path, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert_corpus(None, [articles], tmp_path / "one")
    monkeypatch.setattr(gather, "MAX_ROWS", 100)
    monkeypatch.setattr(gather, "SHARD_ROWS", 100)
    convert_corpus(None, [articles], tmp_path / "sharded")
    assert (tmp_path / "sharded" / "documents.parquet").is_file()
    for name in ("segments", "sentences"):
        folder = tmp_path / "sharded" / f"{name}.parquet"
        shards = sorted(folder.iterdir())
        assert len(shards) in (4, 8, 16)
        for number, shard in enumerate(shards):
            ids = pd.read_parquet(shard)["doc_id"]
            assert {bucket(doc_id) * len(shards) >> 16 for doc_id in ids} <= {number}
            assert ids.is_monotonic_increasing
        keys = ["doc_id", "seg_no" if name == "segments" else "sent_no"]
        whole = pd.read_parquet(tmp_path / "one" / f"{name}.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(folder).sort_values(keys, ignore_index=True), whole)
        assert read_table(tmp_path / "sharded", read_table_schema(name)).num_rows == len(whole)
    entry = read_manifest(tmp_path / "sharded")["convert"]["tables"]["segments"]
    assert entry["rows"] == len(pd.read_parquet(tmp_path / "one" / "segments.parquet"))


def test_a_folder_gives_way_to_a_file_and_back(
    tmp_path: Path, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert_corpus(None, [articles], tmp_path / "o")
    one = files_of(tmp_path / "o")
    with monkeypatch.context() as patched:
        patched.setattr(gather, "MAX_ROWS", 10)
        convert_corpus(None, [articles], tmp_path / "o", anew=True)
        assert (tmp_path / "o" / "documents.parquet").is_dir()
    convert_corpus(None, [articles], tmp_path / "o", anew=True)
    assert files_of(tmp_path / "o") == one


def test_any_number_of_workers_gives_the_same_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, articles: Path
) -> None:
    monkeypatch.setattr(gather, "MAX_ROWS", 10)
    for workers in (1, 2):
        convert_corpus(None, [articles], tmp_path / str(workers), workers=workers)
    assert files_of(tmp_path / "1") == files_of(tmp_path / "2")
    assert (tmp_path / "1" / "documents.parquet").is_dir()


@pytest.mark.parametrize("most", [2_000_000, 5])
def test_id_that_stands_twice_is_a_reject_that_names_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(gather, "MAX_ROWS", most)
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        write_json_lines(tmp_path / "in" / f"{name}.jsonl", 12)
    report = convert_corpus(None, [tmp_path / "in"], tmp_path / "o")
    assert (report.counts["written"], report.counts["rejected_by"]) == (12, {"source-duplicate": 12})
    assert {row["source_path"] for row in rows(tmp_path / "o", "documents")} == {"a.jsonl"}
    first = rows(tmp_path / "o", "rejects")[0]
    assert "is that of a.jsonl record 0 already: this is b.jsonl record 0" in first["message"]
    counts = pd.DataFrame(rows(tmp_path / "o", "segments")).groupby("doc_id")["seg_no"].agg(["count", "max"])
    assert (counts["count"] == counts["max"] + 1).all()  # none of the second's


def test_wrong_lines_are_rejects_and_the_rest_is_converted(tmp_path: Path) -> None:
    lines = [b'{"text": "A boat\\n\\nThe boat sank on Monday."}', b"{", b"[1]", b"", b'{"text": 3}', b'{"text": ""}']
    lines += [b'{"text": "\\ud800"}', b'{"id": "z", "text": "Rain fell."}']
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    report = convert_corpus(None, [tmp_path / "a.jsonl"], tmp_path / "o")
    assert [(row["doc_id"], row["record_no"]) for row in rows(tmp_path / "o", "documents")] == [("a/0", 0), ("z", 7)]
    assert [row["record_no"] for row in rows(tmp_path / "o", "rejects")] == [1, 2, 4, 5, 6]
    assert report.counts["rejected"] == 5


def test_killed_run_is_taken_up_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    write_files(tmp_path / "in", 400)
    convert_corpus(None, [tmp_path / "in"], tmp_path / "whole", reprints=False)
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "stancewire", "convert", str(tmp_path / "in"), "--out", str(out), "--no-reprints"]
    with subprocess.Popen([*command, "--workers", "2"], start_new_session=True, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and len(list((out / WORK).glob("*.json"))) < 2:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    finished = {path: path.stat().st_mtime_ns for path in (out / WORK).glob("*.json")}
    assert finished and not (out / "manifest.json").exists()
    newest = max(path.stat().st_mtime_ns for path in (out / WORK).iterdir())
    convert_corpus(None, [tmp_path / "in"], out, reprints=False)
    assert files_of(out) == files_of(tmp_path / "whole")
    assert newest and [path.name for path in (out / WORK).iterdir()] == [STATE]


@pytest.mark.skipif(sys.platform != "linux", reason="children are asked of /proc")
def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    write_files(tmp_path / "in", 400)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "stancewire", "convert", str(tmp_path / "in"), "--out", str(out), "--no-reprints"]
    with subprocess.Popen([*command, "--workers", "2"], stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not list((out / WORK).glob("*.json")):
            time.sleep(0.02)
        tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
        workers = [Path(f"/proc/{child}/stat") for task in tasks for child in task.read_text().split()]
        process.kill()  # itself alone; its workers hear nothing of it but the end of their pipe
    assert len(workers) >= 2
    while time.monotonic() < deadline and any(map(_is_alive, workers)):
        time.sleep(0.02)
    assert not any(map(_is_alive, workers))


def _is_alive(stat: Path) -> bool:
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_parcels_of_a_killed_run_are_not_converted_again(
    tmp_path: Path, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stancewire.conversion.run.write_stage", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        convert_corpus(None, [articles], tmp_path / "o")
    monkeypatch.undo()
    monkeypatch.setattr("stancewire.conversion.whole._take_file", lambda *_: pytest.fail("read again"))
    assert convert_corpus(None, [articles], tmp_path / "o").counts["written"] == 60


def change(articles: Path) -> None:
    """One file added, one changed, one removed."""
    shutil.copy(articles / "00000" / "00000001.txt", articles / "00000" / "new.txt")
    (articles / "00000" / "00000002.txt").write_bytes(b"A new text\n\nThe council met again on Monday.\n")
    (articles / "00000" / "00000003.txt").unlink()


@pytest.mark.parametrize("most", [2_000_000, 10])
def test_second_run_touches_only_what_changed_and_gives_the_same_bytes(
    tmp_path: Path, articles: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(gather, "MAX_ROWS", most)
    (articles / "empty.txt").write_bytes(b"")
    first = convert_corpus(None, [articles], tmp_path / "o")
    assert first.changes is None
    change(articles)
    read: list[str] = []
    original = records.read_sources

    def watched(files: list, *options: object) -> object:
        read.extend(file.source_path for file in files)
        return original(files, *options)

    monkeypatch.setattr(records, "read_sources", watched)
    report = convert_corpus(None, [articles], tmp_path / "o")
    assert report.changes is not None
    assert report.changes.added == ["00000/new.txt"]
    assert report.changes.changed == ["00000/00000002.txt"]
    assert report.changes.removed == ["00000/00000003.txt"]
    assert sorted(read) == ["00000/00000002.txt", "00000/new.txt"]
    anew = convert_corpus(None, [articles], tmp_path / "anew")
    assert files_of(tmp_path / "o") == files_of(tmp_path / "anew")
    assert (report.counts, report.rejects, report.problems) == (anew.counts, anew.rejects, anew.problems)
    assert report.counts["rejected_by"] == {"source-empty": 1}


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of each table and shard."""
    found = (path for path in sorted(folder.rglob("*.parquet")) if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def test_shards_without_a_change_are_the_same_files_afterwards(
    tmp_path: Path, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Documents in 16 shards, sentences in more: a table's number of shards is its own.
    monkeypatch.setattr(gather, "MAX_ROWS", 10)
    monkeypatch.setattr(gather, "SHARD_ROWS", 5)
    options = {"reprints": False}
    convert_corpus(None, [articles], tmp_path / "o", **options)
    numbers = {name: len(list((tmp_path / "o" / f"{name}.parquet").iterdir())) for name in TABLES[:3]}
    assert numbers["documents"] == 16 < numbers["sentences"]
    before = stamps(tmp_path / "o")
    again = convert_corpus(None, [articles], tmp_path / "o", **options)
    assert again.changes is not None and again.changes.is_none and stamps(tmp_path / "o") == before
    change(articles)
    report = convert_corpus(None, [articles], tmp_path / "o", **options)
    assert report.changes is not None and report.changes.same == 58
    after = stamps(tmp_path / "o")
    ids = [f"00000/{name}" for name in ("new", "00000002", "00000003")]
    touched = set()
    for name, number in numbers.items():
        width = len(f"{number - 1:x}")
        touched |= {f"{name}.parquet/{bucket(doc_id) * number >> 16:0{width}x}.parquet" for doc_id in ids}
    assert {place for place in before if before[place] != after[place]} == touched
    anew = convert_corpus(None, [articles], tmp_path / "anew", **options)
    assert files_of(tmp_path / "o") == files_of(tmp_path / "anew")
    assert report.counts == anew.counts


def test_more_shards_than_before_are_all_written(
    tmp_path: Path, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "MAX_ROWS", 10)
    monkeypatch.setattr(gather, "SHARD_ROWS", 32)
    write_files(tmp_path / "more", 90)
    convert_corpus(None, [articles], tmp_path / "o", reprints=False)
    assert len(list((tmp_path / "o" / "documents.parquet").iterdir())) == 2
    for path in sorted((tmp_path / "more").rglob("*.txt"))[60:]:
        shutil.copy(path, articles / path.relative_to(tmp_path / "more"))
    report = convert_corpus(None, [articles], tmp_path / "o", reprints=False)
    assert report.changes is not None and report.changes.same == 60
    assert len(list((tmp_path / "o" / "documents.parquet").iterdir())) == 4
    convert_corpus(None, [articles], tmp_path / "anew", reprints=False)
    assert files_of(tmp_path / "o") == files_of(tmp_path / "anew")


@pytest.mark.parametrize("most", [2_000_000, 10])
def test_several_roots_are_incremental_too(
    tmp_path: Path, articles: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Also where two of them have files of one path, which no table tells apart."""
    monkeypatch.setattr(gather, "MAX_ROWS", most)
    write_files(tmp_path / "two", 30, seed=2)
    (tmp_path / "two" / "bad.txt").write_bytes(b"")
    roots, options = [articles, tmp_path / "two"], {"id_prefixes": ["gull/", "crow/"]}
    first = convert_corpus(None, roots, tmp_path / "o", **options)
    assert first.changes is None and first.counts["written"] == 90
    read: list[tuple[int, str]] = []
    original = records.read_sources

    def watched(files: list, *given: object) -> object:
        read.extend((file.root, file.source_path) for file in files)
        return original(files, *given)

    monkeypatch.setattr(records, "read_sources", watched)
    again = convert_corpus(None, roots, tmp_path / "o", **options)
    assert again.changes is not None and again.changes.is_none and read == [] and again.counts == first.counts
    (tmp_path / "two" / "00000" / "00000002.txt").write_bytes(b"A new text\n\nThe council met again on Monday.\n")
    (tmp_path / "two" / "00000" / "00000003.txt").unlink()
    (articles / "00000" / "new.txt").write_bytes(b"Another text\n\nThe council met again on Tuesday.\n")
    report = convert_corpus(None, roots, tmp_path / "o", **options)
    assert report.changes is not None
    assert report.changes.added == ["in/00000/new.txt"]
    assert report.changes.removed == ["two/00000/00000003.txt"]
    # The other root's files of these paths are read again with them.
    pairs = [(0, "00000/00000002.txt"), (0, "00000/00000003.txt"), (0, "00000/new.txt"), (1, "00000/00000002.txt")]
    assert sorted(read) == pairs
    assert set(report.changes.changed) >= {"two/00000/00000002.txt"}
    anew = convert_corpus(None, roots, tmp_path / "anew", **options)
    assert files_of(tmp_path / "o") == files_of(tmp_path / "anew")
    assert (report.counts, report.rejects, report.problems) == (anew.counts, anew.rejects, anew.problems)
    assert convert_corpus(None, roots, tmp_path / "o", id_prefixes=["a/", "b/"]).counts["written"] == 90
    assert {row["doc_id"][:2] for row in rows(tmp_path / "o", "documents")} == {"a/", "b/"}


def test_run_that_finds_all_as_it_was_reads_nothing(
    tmp_path: Path, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = convert_corpus(None, [articles], tmp_path / "o")
    before = files_of(tmp_path / "o")
    monkeypatch.setattr("stancewire.conversion.whole._take_file", lambda *_: pytest.fail("an unchanged file is read"))
    again = convert_corpus(None, [articles], tmp_path / "o")
    assert again.changes is not None and again.changes.is_none
    assert (again.counts, files_of(tmp_path / "o")) == (first.counts, before)


def test_changed_table_or_other_settings_convert_all_anew(tmp_path: Path, articles: Path) -> None:
    convert_corpus(None, [articles], tmp_path / "o")
    assert convert_corpus(None, [articles], tmp_path / "o", fields="text").changes is None
    convert_corpus(None, [articles], tmp_path / "o")
    shutil.copy(tmp_path / "o" / "rejects.parquet", tmp_path / "o" / "documents.parquet")
    assert convert_corpus(None, [articles], tmp_path / "o").changes is None


def test_text_alone_has_no_segments_and_the_same_hashes(tmp_path: Path, articles: Path) -> None:
    convert_corpus(None, [articles], tmp_path / "all")
    report = convert_corpus(None, [articles], tmp_path / "text", fields="text")
    columns = ("doc_id", "text", "text_sha256", "raw_sha256", "encoding", "n_chars")
    wanted, found = (
        [[row[name] for name in columns] for row in rows(tmp_path / kind, "documents")] for kind in ("all", "text")
    )
    assert wanted == found
    assert {name: report.counts["rows"][name] for name in TABLES[1:]} == dict.fromkeys(TABLES[1:], 0)


def test_lines_of_many_stories_are_candidates_and_approval_changes_roles_alone(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    shutil.copytree(ROOT / "schema", project.schema)
    project.sources.mkdir(parents=True)
    for number in range(8):
        words = " ".join(f"word{number}x{place}" for place in range(60))
        furniture = f"Join {number}0 readers of our circle"
        text = f"Council meets again {number}\n\nThe harbour {words}.\n\n{furniture}\n\nIt rained {words}."
        (project.sources / f"{number}.txt").write_text(text, encoding="utf-8")
        for copy in range(3):  # reprints: one story, whatever is in them
            sentence = "The minister denied all of it on Monday"
            wire = " ".join(f"wire{place}" for place in range(60))
            (project.sources / f"r{number}-{copy}.txt").write_text(f"Minister denies it\n\n{sentence}\n\nHe {wire}.\n")
    convert_corpus(project)
    candidates = pd.read_csv(project.corpus / CANDIDATES)
    assert candidates[["key", "stories", "documents", "role"]].values.tolist() == [
        ["council meets again 0", 8, 8, "headline"],
        ["join 0 readers of our circle", 8, 8, "body"],
    ]
    before = rows(project.corpus, "segments")
    text = project.codebook_yaml.read_text(encoding="utf-8")
    approved = text.replace("\nfurniture: []\n", "\nfurniture: [Join 10 readers of our circle]\n")
    assert approved != text
    project.codebook_yaml.write_text(approved, encoding="utf-8")
    convert_corpus(project)
    after = rows(project.corpus, "segments")
    place = ("doc_id", "seg_no", "start", "end")
    assert [[row[name] for name in place] for row in before] == [[row[name] for name in place] for row in after]
    moved = {(a["role"], b["role"]) for a, b in zip(before, after, strict=True) if a["role"] != b["role"]}
    assert moved == {("body", "furniture")}
    assert pd.read_csv(project.corpus / CANDIDATES)["key"].tolist() == ["council meets again 0"]


def test_changed_text_with_judgements_is_a_warning(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    for name in ("schema", "corpus", "annotations"):
        shutil.copytree(ROOT / name, project.root / name, ignore=shutil.ignore_patterns("releases"))
    assert convert_corpus(project).problems == []
    first, second = sorted(project.sources.glob("*.txt"))
    first.write_text(first.read_text(encoding="utf-8") + "It rained.\n", encoding="utf-8")
    second.unlink()
    told = [problem for problem in convert_corpus(project).problems if problem.check == "judged-text"]
    assert [(p.place, p.severity) for p in told] == [(first.stem, "warning"), (second.stem, "warning")]
    assert "has changed since judgements were made" in told[0].message and "is gone" in told[1].message


def mixed(folder: Path) -> Path:
    """Sources of many formats, packed ones and a crawl among them, and JSON lines long enough to be cut."""
    shutil.copytree(ROOT / "tests" / "data" / "formats", folder)
    for name in ("README.md", "articles.json", "sources.csv"):
        (folder / name).unlink()
    # One name before the ending for each, so that a file that comes or goes does not rename another.
    for path in sorted(folder.iterdir()):
        path.rename(folder / f"{path.name.split('.')[-1]}-{path.name}")
    write_json_lines(folder / "zz.jsonl", 40)
    return folder


def test_all_formats_are_incremental_too_and_every_count_is_that_of_a_new_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = mixed(tmp_path / "in")
    monkeypatch.setattr("stancewire.conversion.parcels.BYTES_A_PARCEL", 4096)
    first = convert_corpus(None, [source], tmp_path / "o", workers=2)
    assert first.counts["left_aside"] and first.counts["by_columns"] and len(first.counts["by_format"]) >= 10
    assert first.counts["rejected_by"].keys() <= {"source-duplicate"}
    kept = files_of(tmp_path / "o")
    again = convert_corpus(None, [source], tmp_path / "o")
    assert files_of(tmp_path / "o") == kept and again.counts == first.counts
    next(source.glob("*html-council.html")).unlink()
    with open(source / "zz.jsonl", "ab") as lines:
        lines.write(make_article(40).as_json())
    third = convert_corpus(None, [source], tmp_path / "o")
    anew = convert_corpus(None, [source], tmp_path / "anew", workers=2)
    assert files_of(tmp_path / "o") == files_of(tmp_path / "anew")
    assert (third.counts, third.rejects, third.problems) == (anew.counts, anew.rejects, anew.problems)


def test_manifest_of_very_many_files_has_one_hash_of_all_and_validate_believes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path / "project")
    shutil.copytree(ROOT / "schema", project.schema)
    (project.sources / "sub").mkdir(parents=True)
    names = [b"a.txt", b"sub/b.txt", b"caf\xe9.txt", b"100%41.txt", b"c d.txt"]
    for name in names:
        path = Path(os.fsdecode(os.fsencode(project.sources) + b"/" + name))
        path.write_bytes(b"Rain fell on the harbour of " + name.hex().encode() + b".\n")
    (project.sources / "link.txt").symlink_to(project.sources / "nothing.txt")

    def stale() -> list[str]:
        found = [problem.message for problem in check_project(project) if problem.check == "table-stale"]
        return [message.partition(";")[0] for message in found]

    convert_corpus(project)
    assert len(read_manifest(project.corpus)["convert"]["inputs"]) == len(names) + 1 and stale() == []
    monkeypatch.setattr("stancewire.conversion.manifest.MAX_LISTED", len(names) - 1)
    convert_corpus(project, anew=True)
    inputs = read_manifest(project.corpus)["convert"]["inputs"]
    assert list(inputs) == ["corpus/sources/", "schema/codebook.yaml"] and stale() == []
    changed = "files below corpus/sources/ have changed since"
    (project.sources / "a.txt").write_bytes(b"Snow fell on the harbour.\n")
    assert stale() == [changed]
    convert_corpus(project)
    assert stale() == [] and read_manifest(project.corpus)["convert"]["inputs"] != inputs
    (project.sources / "a.txt").rename(project.sources / "z.txt")
    assert stale() == [changed]


def test_spans_of_json_lines_give_the_bytes_of_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_json_lines(tmp_path / "a.jsonl", 1500)
    convert_corpus(None, [tmp_path / "a.jsonl"], tmp_path / "whole", reprints=False)
    monkeypatch.setattr("stancewire.conversion.parcels.BYTES_A_PARCEL", 1 << 20)
    cut: list[Span] = []
    original = whole._read
    monkeypatch.setattr(whole, "_read", lambda file, span: cut.append(span) or original(file, span))
    convert_corpus(None, [tmp_path / "a.jsonl"], tmp_path / "cut", reprints=False)
    assert len(cut) >= 2 and cut[0].first_record == 0 < cut[1].first_record
    assert files_of(tmp_path / "whole") == files_of(tmp_path / "cut")


@pytest.mark.parametrize("fields", ["all", "text"])
def test_row_groups_of_parquet_give_the_bytes_of_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: str
) -> None:
    articles = [json.loads(make_article(number).as_json()) for number in range(120)]
    for number in (7, 50):
        articles[number]["text"] = ""  # a row that is refused has a number, too
    table = pa.Table.from_pylist([{name: row[name] for name in ("id", "title", "text", "date")} for row in articles])
    (tmp_path / "in").mkdir()
    pq.write_table(table, tmp_path / "in" / "a.parquet", row_group_size=10)
    whole = convert_corpus(None, [tmp_path / "in"], tmp_path / "whole", fields=fields, reprints=False)
    assert whole.counts["written"] == 118 and whole.counts["rejected_by"] == {"source-empty": 2}
    monkeypatch.setattr("stancewire.conversion.parcels.BYTES_A_PARCEL", 20_000)
    cut: list[tuple[int, int, int]] = []
    original = readers.read_groups
    monkeypatch.setattr(records, "read_groups", lambda *given: cut.append(given[1:4]) or original(*given))
    report = convert_corpus(None, [tmp_path / "in"], tmp_path / "cut", fields=fields, reprints=False)
    assert len(cut) > 3 and cut[0][2] == 0 and all(start * 10 == first for start, _, first in cut)
    assert files_of(tmp_path / "cut") == files_of(tmp_path / "whole") and report.counts == whole.counts
    convert_corpus(None, [tmp_path / "in"], tmp_path / "two", fields=fields, reprints=False, workers=2)
    assert files_of(tmp_path / "two") == files_of(tmp_path / "whole")
    raw = (tmp_path / "in" / "a.parquet").read_bytes()
    (tmp_path / "in" / "a.parquet").write_bytes(raw[:-50])  # without its list of contents
    broken = convert_corpus(None, [tmp_path / "in"], tmp_path / "broken", fields=fields, reprints=False)
    assert [(p.path, p.check) for p in broken.rejects] == [("a.parquet", "source-damaged")]


def test_columns_and_limits_of_another_run_are_not_believed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    line = {"text": "The boat sank on Monday.", "body": "Rain fell over the old harbour again."}
    (tmp_path / "in" / "a.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")

    def texts(reading: ReadOptions) -> list[str]:
        convert_corpus(None, [tmp_path / "in"], tmp_path / "o", reading=reading)
        return [row["text"] for row in rows(tmp_path / "o", "documents")]

    assert texts(ReadOptions()) == [line["text"]]
    assert texts(ReadOptions(columns={"text": "body"})) == [line["body"]]
    assert texts(ReadOptions(Limits(record_bytes=10))) == []


def test_what_stands_behind_an_address_is_read_each_time(tmp_path: Path) -> None:
    import fsspec

    system = fsspec.filesystem("memory")
    for words in ("The boat sank on Monday.", "Rain fell on the harbour"):  # of one length
        system.pipe("/stancewire-news/a.txt", words.encode())
        report = convert_corpus(None, ["memory://stancewire-news"], tmp_path / "o")
        assert [row["text"] for row in rows(tmp_path / "o", "documents")] == [words]
    assert report.changes is not None and report.changes.changed == ["a.txt"]


def test_correction_of_a_record_converts_its_file_anew(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    shutil.copytree(ROOT / "schema", project.schema)
    project.sources.mkdir(parents=True)
    (project.sources / "a.txt").write_text('{"id": "r", "text": "The boat sank on Monday."}\n', encoding="utf-8")
    (project.sources / "b.txt").write_text("Rain fell on the harbour.\n", encoding="utf-8")
    convert_corpus(project)
    name = next(row["doc_id"] for row in rows(project.corpus, "documents") if row["source_path"] == "a.txt")
    project.corrections_csv.write_text(
        f"doc_id,start,end,quote,field,value,reason,by,date\n{name},,,,outlet,Gazette,seen in print,,\n",
        encoding="utf-8",
    )
    convert_corpus(project)
    assert {row["doc_id"]: row["outlet"] for row in rows(project.corpus, "documents")} == {name: "Gazette", "b": None}
