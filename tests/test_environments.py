"""What runs where little is installed, and that the tables read the same under pandas 2 and 3."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import missing

import run

ROOT = Path(__file__).parents[1]
PANDAS_3 = ROOT / "tests" / "data" / "requirements-pandas3.lock"

READ_ALL = """
import pathlib, sys
import pandas as pd
import stancewire
assert pd.__version__.startswith(sys.argv[1] + "."), pd.__version__
paths = [path for folder in ("corpus", "annotations") for path in sorted(pathlib.Path(folder).glob("*.parquet"))]
for path in paths:
    table = pd.read_parquet(path)
    print(path, len(table), list(table.columns))
documents = pd.read_parquet("corpus/documents.parquet").set_index("doc_id")["text"]
stances = pd.read_parquet("annotations/stances_wide.parquet")
assert all(documents[row.doc_id][row.start:row.end] == row.text for row in stances.itertuples())
print(stances.groupby(["target", "stance"], observed=True).size().to_dict())
print(len(stancewire.open(".").documents(body=True)))
"""


@pytest.fixture(scope="module")
def pandas_3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pandas 3 in it, to be put before the environment's own."""
    folder = tmp_path_factory.mktemp("pandas3")
    uv = run.executable(Path(sys.prefix), "uv")
    command = [str(uv), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder), "--no-deps"]
    settings = run.uv_settings(run.pip_settings(sys.executable), os.environ)
    done = subprocess.run(
        [*command, "--require-hashes", "-r", str(PANDAS_3)],
        env={**run.installer_environment(), **settings},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        missing("pandas 3", f"the package index must be in reach to install it ({done.stderr.strip()[:200]})")
    return folder


def read_all(major: str, *before: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, before))}
    command = [sys.executable, "-c", READ_ALL, major]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tables_read_the_same_under_pandas_2_and_3(pandas_3: Path) -> None:
    assert read_all("2") == read_all("3", pandas_3)


def test_all_but_label_studio_runs_without_its_sdk(tmp_path: Path) -> None:
    for name in ("corpus", "schema", "annotations"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("people.json", "releases"))
    code = (
        "import sys\n"
        "sys.modules['label_studio_sdk'] = sys.modules['httpx'] = None\n"
        "from stancewire.cli import main\n"
        f"at = ['--project', {str(tmp_path)!r}]\n"
        "for command in (['convert'], ['build'], ['validate'], ['merge'], ['verify'], ['codebook', 'check'],\n"
        "                ['agree'], ['reprints'], ['release', '--flavour', 'full']):\n"
        "    code = main([*at, *command])\n"
        "    assert code == 0, (command, code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
