"""A new project is ready: its codebook is valid, its sources convert, it builds, and it validates."""

from __future__ import annotations

from pathlib import Path

import pytest

from stancewire.cli import main

ARTICLE = """Council backs the new bridge

The city council voted on Monday to build a bridge over the river.

"We need it," the mayor said after the vote. Critics called the plan too costly.
"""


def test_a_new_project_builds_and_validates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "my corpus"
    assert main(["init", str(root)]) == 0
    assert "next: put articles into" in capsys.readouterr().out
    (root / "corpus" / "sources" / "bridge.txt").write_text(ARTICLE, encoding="utf-8")
    for command in (["convert"], ["build"], ["validate"], ["verify"]):
        assert main(["--project", str(root), *command]) == 0, capsys.readouterr().out


def test_init_touches_nothing_that_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["init", str(tmp_path)]) == 2
    assert "is not an empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
