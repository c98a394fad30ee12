"""Added documents: what an earlier run found out is used, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from reprint_seeds import plain_tables
from test_reprints import article, edited, text_of

from stancewire.reprints import known as known_module
from stancewire.reprints import make_reprint_tables, stage
from stancewire.reprints.groups import group_texts
from stancewire.reprints.known import Known
from stancewire.reprints.pairs import Measured

OLD = [text_of(edited(article(n // 3), n, 0.04)) for n in range(90)] + ["", "one line", "one line"]
NEW = [text_of(edited(article(n), 1000 + n, 0.04)) for n in range(20, 35)] + [OLD[4], "one line", "other"]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts were hashed, call by call."""
    calls: list[int] = []
    sketch, hold = known_module.sketch_batch, Measured.hold

    def sketch_counted(texts: list[str]) -> object:
        calls.append(len(texts))
        return sketch(texts)

    def hold_counted(self: Measured, numbers: list[int]) -> None:
        wanted = list(numbers)
        calls.append(len(wanted))
        hold(self, wanted)

    monkeypatch.setattr(known_module, "sketch_batch", sketch_counted)
    monkeypatch.setattr(Measured, "hold", hold_counted)
    return calls


@pytest.mark.parametrize(
    "texts",
    [OLD, OLD + NEW, NEW + OLD, OLD[:40], OLD[::-1] + NEW],
    ids=["same", "added", "before", "fewer", "turned"],
)
def test_the_outcome_is_that_of_a_first_run(texts: list[str], tmp_path: Path) -> None:
    path = tmp_path / "deep" / "known.npz"
    group_texts(OLD, known=Known.nothing()).measured.remember().write(path)
    plain, again = group_texts(texts), group_texts(texts, known=Known.read(path))
    assert again.groups == plain.groups
    assert again.pairs == plain.pairs
    assert again.refused == plain.refused
    assert again.measured.bounded == plain.measured.bounded
    assert len(plain.groups) > 5
    assert [p.name for p in path.parent.iterdir()] == ["known.npz"]


def test_only_added_texts_are_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    known = group_texts(OLD, known=Known.nothing()).measured.remember()
    calls = counted(monkeypatch)
    group_texts(OLD, known=known)
    assert sum(calls) == 0
    group_texts(OLD + NEW[:1], known=known)
    assert 2 <= sum(calls) <= 8, "the new one, and those of its story"


def test_what_cannot_be_used_is_as_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "known.npz"
    assert len(Known.read(path).digests) == 0
    path.write_bytes(b"PK\x03\x04 no archive")
    assert len(Known.read(path).digests) == 0
    known = group_texts(OLD, known=Known.nothing()).measured.remember()
    known.write(path)
    assert len(Known.read(path).digests) == len(set(OLD))
    path.write_bytes(path.read_bytes()[:-200])
    assert len(Known.read(path).digests) == 0
    known.write(path)
    monkeypatch.setattr(known_module, "VERSION", known_module.VERSION + 1)
    assert len(Known.read(path).digests) == 0


def test_nothing_is_remembered_unasked() -> None:
    with pytest.raises(ValueError, match="digests are kept only where"):
        group_texts(OLD[:3]).measured.remember()


def test_the_stage_remembers_large_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = plain_tables({f"d{n:03}": text for n, text in enumerate(OLD)})
    path = tmp_path / "reprints.npz"
    plain = make_reprint_tables(*tables, remember=path)
    assert not path.exists(), "few documents are not worth it"
    monkeypatch.setattr(stage, "REMEMBERED", 50)
    assert make_reprint_tables(*tables, remember=path) == plain
    calls = counted(monkeypatch)
    assert make_reprint_tables(*tables, remember=path) == plain
    assert sum(calls) == 0
    more = plain_tables({f"e{n:03}": text for n, text in enumerate(OLD + NEW)})
    assert make_reprint_tables(*more, remember=path) == make_reprint_tables(*more)
