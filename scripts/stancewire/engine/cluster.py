"""The workers of an existing Dask cluster, in the place of this machine's processes: the same stage, the same bytes.

Nothing of a scheduler is here: shards go out through Dask's client, a few ahead of what the workers can do, and the
results come back in the shards' order. What a stage reads and writes are files, so all machines must have these under
the same paths; and they must have the same code and libraries, since rows depend on them. Both are looked at first.
"""

from __future__ import annotations

import os
import pickle
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

from ..errors import MissingExtra, StancewireError, UsageError
from .run import AHEAD, Crew, Result, Shard, Workers, shown, use_system_memory, with_shared

SECONDS = 30.0  # until the scheduler answers, and until it has a worker
_ADDRESS = re.compile(r"[a-z]+://[^\s/]+:\d+/?")

_one_at_a_time = threading.Lock()  # a worker may have threads; a stage is written for a process of its own


class Cluster(Workers):
    """The workers that a Dask scheduler has.

    Args:
        address: of the scheduler, e.g. `tcp://host:8786`. alike: a function of no arguments, at the top level of a
            module, whose answer (name -> version) must be the same on every machine.

    Raises:
        UsageError: that is no address.
        MissingExtra: distributed is not installed.
        StancewireError: no scheduler answers, it has no workers, or these have other code or libraries.
    """

    def __init__(self, address: str, alike: Callable[[], Mapping[str, str]] | None = None) -> None:
        if not _ADDRESS.fullmatch(address):
            raise UsageError(f"--scheduler {address!r}: give the address of a Dask scheduler, e.g. tcp://host:8786")
        try:
            import distributed
        except ImportError:
            raise MissingExtra("distributed", "scale") from None
        super().__init__(1)
        # What stays here (shards of tables, written in threads) has this machine to itself.
        self.workers = max(2, min(4, os.cpu_count() or 1))
        self.address = address
        self._distributed = distributed
        try:
            self._client = distributed.Client(address, timeout=SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            said = " ".join(str(error).split())[:120]
            raise StancewireError(
                f"no Dask scheduler answers at {address} ({said}); start one (dask scheduler), or correct --scheduler"
            ) from None
        try:
            self._client.wait_for_workers(1, timeout=SECONDS)
            if alike is not None:
                self._check_alike(alike)
        except TimeoutError:
            self._client.close()
            raise StancewireError(
                f"the scheduler at {address} has no workers; start some: dask worker {address} --nthreads 1"
            ) from None
        except BaseException:
            self._client.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    @property
    def crew(self) -> Crew:
        """The same workers."""
        return self

    def _check_alike(self, alike: Callable[[], Mapping[str, str]]) -> None:
        here = dict(alike())
        told: dict[str, Mapping[str, str]] = {}
        try:
            told["the scheduler"] = self._client.run_on_scheduler(alike)  # it unpacks what is sent through it
            told |= {f"the worker {worker}": there for worker, there in self._client.run(alike).items()}
        except Exception as error:  # what went wrong there comes as it likes
            who = "a worker" if told else "the scheduler"
            raise StancewireError(
                f"{who} of {self.address} cannot run stancewire ({' '.join(str(error).split())[:120]}); "
                "install the same lock there"
            ) from None
        for worker, there in sorted(told.items()):
            for name in sorted(here.keys() | there.keys()):
                if here.get(name) != there.get(name):
                    raise StancewireError(
                        f"{worker} has {name} {there.get(name)} where this machine has {here.get(name)}; "
                        "install the same lock there: rows depend on it"
                    )

    def check_shared(self, folder: Path, others: Iterable[Path] = ()) -> None:
        """Do all workers see what is written to a folder here, and the other files and folders?

        Raises:
            StancewireError: one does not.
        """
        probe, said = folder / f".{uuid4().hex}.probe", uuid4().hex
        probe.write_text(said, encoding="ascii")
        wanted = [str(path) for path in others]
        try:
            told: dict[str, str | None] = self._client.run(_first_unseen, str(probe), said, wanted)
        finally:
            probe.unlink(missing_ok=True)
        for worker, unseen in sorted(told.items()):
            if unseen is not None:
                place = folder if unseen == str(probe) else unseen
                raise StancewireError(
                    f"the worker {worker} does not see {place} as it is here; sources and tables must lie on storage "
                    "that all machines have under the same path"
                )

    def run(
        self,
        stage: Callable[..., Result],
        shards: Iterable[Shard],
        progress: Callable[[Result], int] | None = None,
        total: int | None = None,
        what: str = "",
        shared: Any = None,
    ) -> Iterator[Result]:
        """As `Workers.run`, on the cluster.

        Raises:
            StancewireError: the scheduler went away, or a shard ended every worker that had it; an exception of the
                stage itself comes as it is.
        """
        yield from shown(self._run_cluster(stage, shards, shared), progress, total, what)

    def _run_cluster(self, stage: Callable[..., Result], shards: Iterable[Shard], shared: Any) -> Iterator[Result]:
        from concurrent.futures import CancelledError

        from distributed.comm import CommClosedError

        waiting: deque[Any] = deque()
        try:
            held = None
            if shared is not None:  # once to each worker, not with every shard
                data = pickle.dumps(shared)
                held = self._client.scatter(data, broadcast=True, direct=False, hash=False)
            ahead = AHEAD * max(1, sum(self._client.nthreads().values()))
            for shard in shards:
                waiting.append(self._client.submit(_on_worker, stage, held, shard, pure=False))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except self._distributed.KilledWorker:
            message = f"workers of {self.address} died on the same work again and again (out of memory?)"
            raise StancewireError(f"{message}; give them more memory, then run this again: it goes on") from None
        except (CancelledError, CommClosedError):
            message = f"the scheduler at {self.address} went away; run this again: it goes on where it stopped"
            raise StancewireError(message) from None
        finally:
            for future in waiting:
                future.release()


def _on_worker(stage: Callable[..., Result], shared: bytes | None, shard: Shard) -> Result:
    with _one_at_a_time:
        use_system_memory()
        return with_shared(stage, shared, shard)


def _first_unseen(probe: str, said: str, others: Iterable[str]) -> str | None:
    """The first of these paths that this machine does not have; the probe must also say what was written."""
    try:
        is_there = Path(probe).read_text(encoding="ascii") == said
    except OSError:
        is_there = False
    return next((path for path in others if not os.path.exists(path)), None) if is_there else probe
