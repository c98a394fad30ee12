"""Tables that are written while sources are still read: the same bytes, and nothing left where writing fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stancewire.conversion import gather, parcels
from stancewire.corpus import WORK, convert_corpus
from stancewire.tables import ParquetFile, parquet

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))
from news_files import write_json_lines


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many parcels, and many row groups, of few articles."""
    monkeypatch.setattr(parcels, "BYTES_A_PARCEL", 20_000)
    monkeypatch.setattr(parquet, "BLOCK_ROWS", 16)
    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", 48)


def write_lines(folder: Path, count: int) -> None:
    """Ten articles a file, which is a parcel."""
    for first in range(0, count, 10):
        write_json_lines(folder / f"{first:04}.jsonl", 10, first=first)


@pytest.mark.usefixtures("small")
def test_lines_in_many_parcels_give_the_same_bytes_for_any_number_of_workers(tmp_path: Path) -> None:
    write_lines(tmp_path / "in", 300)
    found = []
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        convert_corpus(None, [tmp_path / "in"], out, fields="text", workers=workers)
        found.append([(out / name).read_bytes() for name in ("documents.parquet", "manifest.json")])
    assert found[0] == found[1]
    about = pq.ParquetFile(pa.BufferReader(found[0][0])).metadata
    assert about.num_row_groups > 5
    assert all(about.row_group(number).num_rows == 48 for number in range(about.num_row_groups - 1))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_table_that_cannot_be_written_leaves_the_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    write_lines(tmp_path / "in", 60)
    out = tmp_path / "out"
    convert_corpus(None, [tmp_path / "in"], out, fields="text")
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    write_lines(tmp_path / "in", 90)
    write = ParquetFile.write

    def fail(self: ParquetFile, table: pa.Table) -> None:
        if self.rows > 20:
            raise OSError("no room")
        write(self, table)

    with monkeypatch.context() as patch:
        patch.setattr(gather.ParquetFile, "write", fail)
        with pytest.raises(OSError, match="no room"):
            convert_corpus(None, [tmp_path / "in"], out, fields="text", workers=workers, anew=True)
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before
    assert not list((out / WORK).glob("*.parquet"))
    convert_corpus(None, [tmp_path / "in"], out, fields="text", workers=workers)
    assert pq.ParquetFile(out / "documents.parquet").metadata.num_rows == 90


@pytest.mark.parametrize("module", ["columnar", "records"])
def test_what_workers_need_is_imported_without_a_thread(module: str) -> None:
    """A process with one thread can be forked; Arrow and numpy would each start one."""
    code = (
        "from stancewire.engine.run import _start_method, without_threads; without_threads(); "
        f"import stancewire.conversion.{module}, stancewire.conversion.run, stancewire.conversion.early; "
        "print(_start_method())"
    )
    bare = {name: value for name, value in os.environ.items() if "THREADS" not in name and "MALLOC" not in name}
    done = subprocess.run([sys.executable, "-c", code], env=bare, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.strip() == ("fork" if sys.platform == "linux" else "spawn")
