"""A Dask cluster in the place of processes: a real scheduler and real workers, the same bytes, errors in one line."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from stancewire.cli import main
from stancewire.conversion import parcels
from stancewire.corpus import convert_corpus
from stancewire.engine import cluster as engine_cluster
from stancewire.engine import run
from stancewire.engine.cluster import Cluster
from stancewire.errors import SourceError, StancewireError, UsageError
from stancewire.project import Project

pytestmark = pytest.mark.xdist_group("cluster")  # one cluster serves them all

ROOT = Path(__file__).parents[1]
FORMATS = ROOT / "tests" / "data" / "formats"
# What is different in Dask's processes; this module's stages can be imported there; who dies once is given up.
THERE = {
    "PYTHONHASHSEED": "7",
    "TZ": "Asia/Tokyo",
    "PYTHONPATH": str(Path(__file__).parent),
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
}


@contextlib.contextmanager
def dask_process(log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of Dask's command line, in a folder of its own; it ends with the block."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            cwd=log.parent,
            stdout=sink,
            stderr=sink,
            env=os.environ | THERE,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler without workers, on a free port."""
    import json

    folder = tmp_path_factory.mktemp("scheduler")
    known = folder / "scheduler.json"
    options = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(known)]
    with dask_process(folder / "log", *options) as process:
        while not (known.is_file() and known.read_text().endswith("}")):
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        yield str(json.loads(known.read_text())["address"])


@pytest.fixture(scope="module")
def cluster(scheduler: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers in processes of their own."""
    from distributed import Client

    folder = tmp_path_factory.mktemp("workers")
    options = ["worker", scheduler, "--nworkers", "2", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
    with dask_process(folder / "log", *options):
        with Client(scheduler, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
        yield scheduler


def double(number: int) -> int:
    return 2 * number


def add(shared: dict[str, int], number: int) -> tuple[int, int]:
    return number + shared["more"], os.getpid()


def fail(number: int) -> int:
    if number == 3:
        raise SourceError("the third is wrong")
    return number


def test_results_come_in_the_order_of_the_shards_from_other_processes(cluster: str) -> None:
    with Cluster(cluster) as workers:
        assert list(run(double, range(50), workers)) == [2 * number for number in range(50)]
        told = list(run(add, range(50), workers, shared={"more": 5}))
        assert [number for number, _ in told] == list(range(5, 55))
        processes = {process for _, process in told}
        assert os.getpid() not in processes and len(processes) == 2
        assert list(run(double, [], workers)) == []


def test_error_of_a_stage_comes_as_it_is_and_the_cluster_works_on(cluster: str) -> None:
    with Cluster(cluster) as workers:
        with pytest.raises(SourceError, match="the third is wrong"):
            list(run(fail, range(9), workers))
        assert list(run(double, [1], workers)) == [2]


def die(number: int) -> int:
    os._exit(number)


def test_work_that_kills_its_worker_is_told_and_the_cluster_works_on(cluster: str) -> None:
    with Cluster(cluster) as workers:
        with pytest.raises(StancewireError, match="died on the same work again and again"):
            list(run(die, [1], workers))
        assert list(run(double, range(9), workers)) == [2 * number for number in range(9)]


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet"))} | {
        "manifest": (folder / "manifest.json").read_bytes()
    }


@pytest.mark.parametrize("fields", ["all", "text"])
def test_cluster_makes_the_bytes_that_processes_make(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: str
) -> None:
    monkeypatch.setattr(parcels, "FILES_A_PARCEL", 3)
    monkeypatch.chdir(FORMATS.parent)  # the workers stand elsewhere
    shutil.copytree(ROOT / "corpus" / "sources", tmp_path / "seeds")
    sources: Sequence[Path | str] = [Path("formats"), "house_styles/*.txt", tmp_path / "seeds"]
    made = []
    for number, how in enumerate(({"workers": 1}, {"workers": 2}, {"scheduler": cluster})):
        out = tmp_path / f"out{number}"
        out.mkdir()
        prefixes = ["f/", "h/", "s/"]
        report = convert_corpus(None, sources, out, fields=fields, id_prefixes=prefixes, **how)  # type: ignore[arg-type]
        assert report.counts["written"] > 20
        made.append(snapshot(out))
    assert made[0] == made[1] == made[2]
    assert len(made[0]) == 8


def test_build_of_the_shipped_corpus_on_a_cluster_gives_the_committed_bytes(
    cluster: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = Project(tmp_path / "project")
    for name in ("corpus", "schema", "annotations"):
        shutil.copytree(ROOT / name, project.root / name)
    before = {
        path.relative_to(project.root): path.read_bytes() for path in project.root.rglob("*.parquet") if path.is_file()
    }
    for path in (*project.corpus.glob("*.parquet"), project.corpus / "manifest.json"):
        path.unlink()
    assert main(["--project", str(project.root), "build", "--scheduler", cluster]) == 0, capsys.readouterr()
    after = {
        path.relative_to(project.root): path.read_bytes() for path in project.root.rglob("*.parquet") if path.is_file()
    }
    assert after == before and len(before) > 20


def test_reprints_are_found_on_a_cluster_as_here(cluster: str, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["--project", str(ROOT), "reprints", "--json"]
    said = []
    for how in ([], ["--scheduler", cluster]):
        assert main([*call, *how]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] and '"stories"' in said[0]


# what is wrong, in one line


def test_storage_that_is_not_shared_is_told_before_anything_is_converted(cluster: str, tmp_path: Path) -> None:
    with Cluster(cluster) as workers:
        workers.check_shared(tmp_path, [FORMATS])
        assert list(tmp_path.iterdir()) == [], "no probe stays"
        with pytest.raises(StancewireError, match="does not see /nowhere/at/all as it is here"):
            workers.check_shared(tmp_path, [Path("/nowhere/at/all")])


def alike() -> dict[str, str]:
    return {"time zone": os.environ.get("TZ", "none")}


def only_there() -> dict[str, str]:
    if os.environ.get("TZ") == THERE["TZ"]:
        raise ModuleNotFoundError("No module named 'stancewire'")
    return {}


def test_other_installation_on_a_worker_is_told(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", THERE["TZ"])
    with Cluster(cluster, alike):
        pass
    monkeypatch.setenv("TZ", "UTC")
    with pytest.raises(StancewireError, match="has time zone Asia/Tokyo where this machine has UTC; install the same"):
        Cluster(cluster, alike)
    with pytest.raises(StancewireError, match=r"the scheduler of tcp://.* cannot run stancewire .*No module named"):
        Cluster(cluster, only_there)


def test_scheduler_without_workers_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import json

    monkeypatch.setattr(engine_cluster, "SECONDS", 1.0)
    known = tmp_path / "scheduler.json"
    options = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(known)]
    with dask_process(tmp_path / "log", *options) as process:
        while not (known.is_file() and known.read_text().endswith("}")):
            assert process.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.05)
        with pytest.raises(StancewireError, match="has no workers; start some: dask worker tcp://127"):
            Cluster(json.loads(known.read_text())["address"])


def test_scheduler_that_is_away_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine_cluster, "SECONDS", 0.5)
    call = ["convert", str(FORMATS / "table.csv"), "--out", str(tmp_path / "out"), "--scheduler", "tcp://127.0.0.1:9"]
    assert main(call) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("stancewire: no Dask scheduler answers at tcp://127.0.0.1:9")


@pytest.mark.parametrize("address", ["host:8786", "tcp://", "tcp://host", "/some/file", "tcp://a b:1"])
def test_what_is_no_address_is_wrong_usage(address: str) -> None:
    with pytest.raises(UsageError, match="--scheduler"):
        Cluster(address)


def test_missing_extra_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    call = ["convert", str(FORMATS / "table.csv"), "--out", str(tmp_path), "--scheduler", "tcp://127.0.0.1:8786"]
    assert main(call) == 1
    assert capsys.readouterr().err == (
        "stancewire: distributed is not installed; install it with: pip install 'stancewire[scale]'\n"
    )


def test_scheduler_goes_with_neither_workers_nor_a_dry_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["convert", str(FORMATS / "table.csv"), "--out", str(tmp_path), "--scheduler", "tcp://127.0.0.1:8786"]
    with pytest.raises(SystemExit, match="2"):
        main([*call, "--workers", "2"])
    assert main([*call, "--dry-run"]) == 2
    assert "leave out --scheduler" in capsys.readouterr().err
