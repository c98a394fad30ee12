"""A large JSON file is read object by object, wherever its pieces are cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stancewire.errors import ExportError
from stancewire.label_studio import splitting
from stancewire.label_studio.splitting import read_objects, read_runs

WORDS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(['"', "\\", '\\"}', "}{", "],[", "🕊"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(WORDS, VALUES, max_size=4), max_size=6)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_=OBJECTS, space=st.sampled_from(["", " ", "\n", " \r\n\t"]), array=st.booleans(), size=st.integers(1, 40))
def test_any_objects_come_back_whatever_the_size_of_a_piece(
    tmp_path: Path, given_: list[dict[str, Any]], space: str, array: bool, size: int
) -> None:
    listed = [json.dumps(item, ensure_ascii=len(space) % 2 == 0) for item in given_]
    text = f"{space}[{space}" + f"{space},{space}".join(listed) + f"{space}]{space}" if array else "\n".join(listed)
    path = tmp_path / "e.json"
    path.write_text(text or " ", encoding="utf-8")
    before, splitting.BUFFER = splitting.BUFFER, size
    try:
        assert [json.loads(data) for data in read_objects(path)] == given_
        runs = [item for run in read_runs(path, size) for item in run.objects()]
    finally:
        splitting.BUFFER = before
    assert [number for number, _ in runs] == list(range(1, len(given_) + 1))
    assert [json.loads(data) for _, data in runs] == given_


@pytest.mark.parametrize(
    "content, said",
    [
        ('[{"a": 1}', "ends in the middle"),
        ('[{"a": 1}, {"b": "x', "ends in the middle"),
        ('[{"a": 1},', "ends in the middle"),
        ('{"a": 1}\n{"b":', "ends in the middle"),
        ('[{"a": 1} {"b": 2}]', "expected a comma"),
        ('[{"a": 1}] {"b": 2}', "something follows"),
        ('{"a": 1}]', "bracket"),
        ("id,text\n1,x\n", "cannot be read as JSON"),
        ('[{"a": nan}]', "cannot be read as JSON"),
        ('[{"a": "\\ud800"}]', "lone surrogate"),
        ('[{"a": "\\ud800 and more words after it"}, {"b": 1}]', "lone surrogate"),
        ("", "is empty"),
    ],
)
def test_what_is_no_whole_json_says_so_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "e.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ExportError, match=said) as raised:
        list(read_objects(path))
    assert "\n" not in str(raised.value)


def test_every_cut_of_an_export_is_an_error(tmp_path: Path) -> None:
    whole = json.dumps([{"id": 1, "data": {"text": 'a "b" 🕊'}}, {"id": 2, "data": {"text": "c"}}], ensure_ascii=False)
    data, path = whole.encode(), tmp_path / "e.json"
    for size in range(1, len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(ExportError):
            list(read_objects(path))


def test_a_task_beyond_the_limit_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "BUFFER", 64)
    monkeypatch.setattr(splitting, "LARGEST_TASK", 1 << 10)
    path = tmp_path / "e.json"
    path.write_text(json.dumps([{"text": "x" * 10_000}]))
    with pytest.raises(ExportError, match="holds a task of more than"):
        list(read_objects(path))


def test_only_a_piece_is_in_memory(tmp_path: Path) -> None:
    """A file of 60 MB is read in a few: the greatest buffer is what a piece and a task take."""
    import tracemalloc

    path = tmp_path / "e.json"
    with open(path, "w", encoding="utf-8") as sink:
        for number in range(3000):
            sink.write(("," if number else "[") + json.dumps({"id": number, "text": "word " * 4000}))
        sink.write("]")
    read: Callable[[], int] = lambda: sum(len(data) for data in read_objects(path))  # noqa: E731
    tracemalloc.start()
    assert read() > 59_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000
