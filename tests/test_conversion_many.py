"""Very many files: what is kept of each lies on disk, what is shown of them is bounded, and nothing of it is lost."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stancewire.conversion import ledger, run, state, told
from stancewire.conversion.state import State, write_state
from stancewire.corpus import convert_corpus
from stancewire.engine import pile
from stancewire.sources import SourceFile, SourceFiles

DOUBTFUL = "Wind\n\nThe fa\u00e7ade of the town hall shook.\n".encode("cp1252")


@pytest.fixture
def few_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pile, "CHUNK", 7)
    monkeypatch.setattr(pile, "IN_MEMORY", 500)
    monkeypatch.setattr(state, "_ROWS", 9)
    for module in (told, run):
        monkeypatch.setattr(module, "MOST_TOLD", 4)


def many(folder: Path) -> Path:
    """Sixty files: empty ones, ones of doubtful encoding, and sound ones, in folders whose names sort oddly."""
    for number in range(60):
        path = folder / ("a", "a-b", "a.b", "b")[number % 4] / f"{number:02}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((b"", DOUBTFUL, f"Rain {number}\n\nIt rained.\n".encode())[number % 3])
    return folder


@pytest.mark.usefixtures("few_in_memory")
def test_all_is_counted_and_some_of_it_shown(tmp_path: Path) -> None:
    source = many(tmp_path / "in")
    first = convert_corpus(None, [source], tmp_path / "o", fields="text")
    assert first.counts["rejected_by"] == {"source-empty": 20} and first.counts["written"] == 40
    assert len(first.rejects) == 4 and first.n_rejects == 20
    rejects = pd.read_parquet(tmp_path / "o" / "rejects.parquet")
    assert len(rejects) == 20 and rejects["source_path"].is_monotonic_increasing
    assert [problem.path for problem in first.rejects] == rejects["source_path"][:4].tolist()
    doubts = [problem for problem in first.problems if problem.check == "encoding-doubtful"]
    assert len(doubts) == 5 and doubts[-1].path == "" and doubts[-1].message.startswith("16 more sources")
    before = {path.name: path.read_bytes() for path in (tmp_path / "o").glob("*.parquet")}
    again = convert_corpus(None, [source], tmp_path / "o", fields="text", workers=2)
    assert again.changes is not None and again.changes.is_none and again.changes.same == 60
    assert (again.counts, again.rejects, again.problems) == (first.counts, first.rejects, first.problems)
    assert {path.name: path.read_bytes() for path in (tmp_path / "o").glob("*.parquet")} == before
    (source / "a" / "00.txt").write_bytes(b"No longer empty.\n")
    (source / "b" / "03.txt").unlink()
    (source / "a-b" / "new.txt").write_bytes(b"")
    third = convert_corpus(None, [source], tmp_path / "o", fields="text")
    assert third.changes is not None and third.changes.same == 58
    assert (third.changes.added, third.changes.changed) == (["a-b/new.txt"], ["a/00.txt"])
    assert third.changes.removed == ["b/03.txt"]
    anew = convert_corpus(None, [source], tmp_path / "anew", fields="text")
    assert (third.counts, third.rejects, third.problems) == (anew.counts, anew.rejects, anew.problems)
    for path in (tmp_path / "anew").glob("*.parquet"):
        assert path.read_bytes() == (tmp_path / "o" / path.name).read_bytes(), path.name


def test_a_list_of_files_is_not_held_in_memory() -> None:
    files = SourceFiles()
    tracemalloc.start()
    try:
        for number in range(60_000):
            place = f"2019/{number // 1000:05}/{number:08}.txt"
            files.append(SourceFile(f"/data/news/{place}", place, 0, "txt", place[:-4], stamp=(300, number << 128)))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(files) == 60_000 and files.n_bytes == 60_000 * 300
    assert most < 12 << 20  # as objects they would be five times as much, and grow with their number
    assert sum(1 for _ in files) == 60_000


PLACES = st.tuples(st.integers(0, 2), st.sampled_from(["a.txt", "a/b.txt", "a-b.txt", "b.txt", "\u00e9.txt"]))


@given(st.dictionaries(PLACES, st.sampled_from("xyz")), st.dictionaries(PLACES, st.sampled_from("xyz")))
def test_state_is_compared_like_two_dictionaries(
    tmp_path_factory: pytest.TempPathFactory, was: dict[tuple[int, str], str], now: dict[tuple[int, str], str]
) -> None:
    path = tmp_path_factory.mktemp("state") / "state.arrow"
    rows: list[ledger.Row] = [(*place, was[place], None, None) for place in sorted(was)]
    write_state(path, "rules", rows, 3, {}, False)
    files = SourceFiles()
    for root, source_path in sorted(now):
        files.append(SourceFile(now[root, source_path], source_path, root, "txt", source_path))
    before = State(path, len(rows), 3)
    assert list(before.rows()) == rows
    found = before.compare(files, lambda file: str(file.path), ["one", "two", "three"])

    def by_path(places: dict[tuple[int, str], str], name: str) -> set[tuple[int, str]]:
        return {(root, key) for (root, path), key in places.items() if path == name}

    same = {name for _, name in now if by_path(now, name) == by_path(was, name)}
    names = {(root, name): f"{('one', 'two', 'three')[root]}/{name}" for root, name in {**was, **now}}
    assert [bool(is_same) for is_same in found.same] == [name in same for _, name in sorted(now)]
    assert [bool(kept) for kept in found.kept] == [name in same for _, name in sorted(was)]
    assert found.changes.added == [names[place] for place in sorted(now.keys() - was.keys())]
    assert found.changes.removed == [names[place] for place in sorted(was.keys() - now.keys())]
    changed = [names[place] for place in sorted(now.keys() & was.keys()) if place[1] not in same]
    assert found.changes.changed == changed
    assert set(found.gone) == {name for _, name in was} - same
