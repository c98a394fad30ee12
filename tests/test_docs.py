"""What is written for users is true: README commands parse and run, every command teaches, names agree."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from stancewire.cli import make_parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def code_blocks(text: str, language: str) -> list[str]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.S | re.M)
    return [code for name, code in blocks if name == language]


def subcommands(
    parser: argparse.ArgumentParser, path: tuple[str, ...] = ()
) -> dict[tuple[str, ...], argparse.ArgumentParser]:
    found = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                found[(*path, name)] = child
                found |= subcommands(child, (*path, name))
    return found


COMMANDS = subcommands(make_parser())


def readme_command_lines() -> list[str]:
    lines = [line.split("  #")[0] for block in code_blocks(README, "") for line in block.splitlines()]
    parts = [part.strip() for line in lines for part in line.split("&&")]
    commands = [p.removeprefix("python3 scripts/run.py ") for p in parts if p.startswith("python3 scripts/run.py ")]
    return commands + [p.removeprefix("stancewire ") for p in parts if p.startswith("stancewire ")]


def test_readme_shows_commands() -> None:
    assert len(readme_command_lines()) >= 10


@pytest.mark.parametrize("line", [line for line in readme_command_lines() if line.split()[0] != "test"])
def test_readme_command_parses(line: str) -> None:
    make_parser().parse_args(shlex.split(line))


@pytest.mark.parametrize("code", code_blocks(README, "python"))
def test_readme_python_runs(code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # In this process: one that ends at once may be aborted by threads of Arrow that are still at work.
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    printed = capsys.readouterr().out
    assert "favor" in printed or "against" in printed


@pytest.mark.parametrize("path", sorted(COMMANDS), ids=" ".join)
def test_every_command_teaches(path: tuple[str, ...]) -> None:
    parser = COMMANDS[path]
    assert parser.description, f"stancewire {' '.join(path)} has no description"
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            assert action.help, f"stancewire {' '.join(path)}: {action.option_strings or action.dest} has no help"


@pytest.mark.parametrize("path", [p for p in sorted(COMMANDS) if len(p) == 1], ids=" ".join)
def test_every_command_is_documented(path: tuple[str, ...]) -> None:
    texts = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert re.search(rf"stancewire\s{path[0]}\b|run\.py {path[0]}\b|`{path[0]}[` ]", texts), f"{path[0]} is nowhere"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from stancewire.cli import make_parser; make_parser().format_help(); "
        "print([m for m in ('pandas', 'pyarrow', 'duckdb', 'label_studio_sdk', 'httpx', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_versions_agree() -> None:
    from stancewire import __version__

    assert f"version: {__version__}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
