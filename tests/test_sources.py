"""Sources are found in a fixed order, named after themselves, and refused with a reason when they cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stancewire.engine import pile
from stancewire.errors import SourceError, UsageError
from stancewire.sources import (
    ENDINGS,
    READERS,
    Reject,
    SourceFile,
    SourceRecord,
    find_sources,
    read_file,
    read_sources,
    read_sources_csv,
    refuse_doubles,
    spread_prefixes,
    stored_name,
)
from stancewire.sources.listing import COLUMNS, unsafe_path
from stancewire.sources.model import stamp_of

HEADER = ",".join(COLUMNS)


def put(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def ids(*roots: Path, prefixes: tuple[str, ...] = ()) -> list[str]:
    found = find_sources(roots, ENDINGS, prefixes=spread_prefixes(prefixes, len(roots)))
    return sorted(file.name for file in found.files)


def test_document_is_named_by_its_path_without_the_ending(tmp_path: Path) -> None:
    put(tmp_path, "b.txt", "2019/06/a.v2.txt", "ä 1.TXT")
    assert ids(tmp_path) == ["2019/06/a.v2", "b", "ä 1"]


def test_files_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    """Not in that of folders, so that today's files and those of an older state can be compared side by side."""
    names = ["a/b.txt", "a-b.txt", "a.txt", "a/b/c.txt", "a/b-c.txt", "a0.txt", "A.txt", "ä.txt"]
    names += ["a/\x01.txt", "é/z.txt"]
    put(tmp_path, *names)
    (tmp_path / "caf\udce9").mkdir()
    (tmp_path / "caf\udce9" / "x.txt").write_bytes(b"x")
    found = [file.source_path for file in find_sources([tmp_path], ENDINGS).files]
    assert found == sorted(found) and len(found) == len(names) + 1 and "caf%E9/x.txt" in found
    pattern = [file.source_path for file in find_sources([tmp_path / "*"], ENDINGS).files]
    assert pattern == found
    assert [file.source_path for file in find_sources([f"{tmp_path}/**/*.txt"], ENDINGS).files] == found
    assert [file.source_path for file in find_sources([f"{tmp_path}/**"], ENDINGS).files] == found


def test_more_files_than_are_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pile, "CHUNK", 7)
    monkeypatch.setattr(pile, "IN_MEMORY", 100)
    put(tmp_path, *(f"{number % 5}/{number:03}.txt" for number in range(100)))
    files = find_sources([tmp_path], ENDINGS).files
    assert len(files) == 100 and files.n_bytes == sum(path.stat().st_size for path in tmp_path.rglob("*.txt"))
    first, second = iter(files), iter(files)
    assert [next(first), next(first)] == [next(second), next(second)]  # two who read do not disturb each other
    assert list(first) == list(second) == list(files)[2:]
    assert {file.stamp for file in files} == {stamp_of(path.stat()) for path in tmp_path.rglob("*.txt")}


@given(st.lists(st.lists(st.integers(0, 30), max_size=12)))
def test_runs_are_read_in_the_order_of_all(runs: list[list[int]]) -> None:
    found: pile.Runs[tuple[int, int]] = pile.Runs(lambda value: value[0])
    for number, run in enumerate(runs):
        found.add([(value, number) for value in run])
    expected = sorted(((value, number) for number, run in enumerate(runs) for value in run), key=lambda value: value[0])
    assert list(found) == expected and len(found) == len(expected)


def test_single_file_is_a_source(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "b.txt")
    found = find_sources([tmp_path / "b.txt"], ENDINGS)
    assert [(file.source_path, file.name) for file in found.files] == [("b.txt", "b")]


def test_missing_source_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no source"):
        find_sources([tmp_path / "nowhere"], ENDINGS)


def test_hidden_files_are_left_aside_and_counted(tmp_path: Path) -> None:
    put(tmp_path, ".DS_Store", ".git/x.txt", "a.txt")
    found = find_sources([tmp_path], ENDINGS)
    assert [file.source_path for file in found.files] == ["a.txt"]
    assert found.ignored == [".DS_Store", ".git"]


def test_names_that_are_not_utf8_are_percent_encoded(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))).write_bytes(b"x")
    assert ids(tmp_path) == ["caf%E9"]


def test_stored_names_never_collide() -> None:
    assert stored_name(b"caf\xe9") == "caf%E9"
    assert stored_name("caf%E9") == "caf%25E9"
    assert stored_name("100%") == "100%"
    assert stored_name("a\nb\x1f\x7f") == "a%0Ab%1F%7F"
    assert stored_name("café") == "café"


def test_links_out_of_the_root_are_rejected(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", "secret.txt")
    root = put(tmp_path / "root", "a.txt", "sub/b.txt")
    (root / "out.txt").symlink_to(outside / "secret.txt")
    (root / "outdir").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "broken.txt").symlink_to(root / "nowhere.txt")
    (root / "circle.txt").symlink_to(root / "circle.txt")
    (root / "inside.txt").symlink_to(root / "a.txt")
    found = find_sources([root], ENDINGS)
    assert [file.source_path for file in found.files] == ["a.txt", "inside.txt", "sub/b.txt"]
    assert {(r.source_path, r.check) for r in found.rejects} == {
        (name, "source-link") for name in ("out.txt", "outdir", "loop", "broken.txt", "circle.txt")
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipe_is_rejected_without_opening_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    found = find_sources([tmp_path], ENDINGS)
    assert [(r.source_path, r.check) for r in found.rejects] == [("pipe.txt", "source-unreadable")]


def test_two_formats_of_one_name_keep_their_endings(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "a.TXT", "b.txt")
    found = find_sources([tmp_path], ENDINGS)
    assert [file.name for file in found.files] == ["a.TXT", "a.txt", "b"]
    (warning,) = found.warnings
    assert warning.severity == "warning"
    assert "a.TXT, a.txt" in warning.message


def test_duplicate_id_is_a_reject_that_names_both_places(tmp_path: Path) -> None:
    one, two = put(tmp_path / "one", "a.txt", "b.txt"), put(tmp_path / "two", "a.txt")
    found = find_sources([one, two], ENDINGS)
    refuse_doubles(found)
    assert [file.name for file in found.files] == ["a", "b"]
    (reject,) = found.rejects
    assert (reject.source_path, reject.check) == ("a.txt", "source-duplicate")
    assert "source 1" in reject.message and "source 2" in reject.message


def test_prefixes_keep_roots_apart(tmp_path: Path) -> None:
    one, two = put(tmp_path / "one", "a.txt"), put(tmp_path / "two", "a.txt")
    assert ids(one, two, prefixes=("x/", "y/")) == ["x/a", "y/a"]
    with pytest.raises(UsageError, match="2 --id-prefix for 3 sources"):
        spread_prefixes(["a", "b"], 3)


def test_unknown_ending_is_a_reject_that_says_what_to_do(tmp_path: Path) -> None:
    put(tmp_path, "a.docm", "README")
    came = list(read_sources(find_sources([tmp_path], ENDINGS).files))
    assert [(r.check, r.source_path) for r in came if isinstance(r, Reject)] == [
        ("source-format", "README"),
        ("source-format", "a.docm"),
    ]
    assert all("--format" in r.message for r in came if isinstance(r, Reject))


def test_format_may_be_given_for_any_ending(tmp_path: Path) -> None:
    put(tmp_path, "a.article")
    (record,) = read_sources(find_sources([tmp_path], ENDINGS, "txt").files)
    assert isinstance(record, SourceRecord)
    assert (record.name, record.raw, record.record_no) == ("a", b"a.article", None)


def test_unreadable_file_is_a_reject(tmp_path: Path) -> None:
    gone = SourceFile(tmp_path / "gone.txt", "gone.txt", 0, "txt", "gone")
    came = read_file(gone)
    assert (came.sha256, came.records) == (None, ())
    assert came.rejects[0].check == "source-unreadable"


def test_every_ending_has_a_reader() -> None:
    assert set(ENDINGS.values()) == set(READERS)


def test_sources_csv_is_read_by_path(tmp_path: Path) -> None:
    path = tmp_path / "sources.csv"
    path.write_text(
        f"{HEADER}\na.txt,{'0' * 64},Gull,2019-06-26,https://x.example/a,open,CC0,cp1252,2020-01-01,\nb/c.txt,,,,,,,,,\n"
    )
    found = read_sources_csv(path)
    assert (found["a.txt"].outlet, found["a.txt"].rights, found["a.txt"].encoding) == ("Gull", "open", "cp1252")
    assert (found["b/c.txt"].rights, found["b/c.txt"].sha256, found["b/c.txt"].line) == ("unknown", None, 3)
    assert read_sources_csv(tmp_path / "none.csv") == {}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("../a.txt,,,,,,,,,", "leads out"),
        ("/etc/passwd,,,,,,,,,", "not relative"),
        ("https://x.example/a.txt,,,,,,,,,", "not relative"),
        ("C:a.txt,,,,,,,,,", "not relative"),
        ("a\\b.txt,,,,,,,,,", "not relative"),
        (",x,,,,,,,,", "empty"),
        ("a.txt,123,,,,,,,,", "64 hexadecimal"),
        ("a.txt,,,26 June,,,,,,", "no day"),
        ("a.txt,,,,ftp://x,,,,,", "no http"),
        ("a.txt,,,,,mine,,,,", "open, permitted, restricted, unknown"),
        ("a.txt,,,,,,,,2020-13-01,", "no day"),
        ("ok.txt,,,,,,,,,", "on line 2 already"),
        ("a.txt,,", "3 values for 10 columns"),
    ],
)
def test_wrong_row_of_sources_csv_is_refused_with_its_line(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "sources.csv"
    path.write_text(f"{HEADER}\nok.txt,,,,,,,,,\n{row}\n")
    with pytest.raises(SourceError, match=rf"sources\.csv line 3: .*{message}"):
        read_sources_csv(path)


def test_misspelt_column_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "sources.csv"
    path.write_text(HEADER.replace("outlet", "outlett") + "\n")
    with pytest.raises(SourceError, match="did you mean 'outlet'"):
        read_sources_csv(path)


def test_sources_csv_must_be_utf8(tmp_path: Path) -> None:
    path = tmp_path / "sources.csv"
    path.write_bytes(HEADER.encode() + b"\ncaf\xe9.txt,,,,,,,,,\n")
    with pytest.raises(SourceError, match="not UTF-8"):
        read_sources_csv(path)


@pytest.mark.parametrize("path", ["a.txt", "2019/06/a b.txt", "caf%E9.txt", "a..b/c.txt"])
def test_safe_paths_pass(path: str) -> None:
    assert unsafe_path(path) == ""
