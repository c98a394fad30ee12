"""Running a stage over its shards, in this process or in several; the results come in the shards' order either way.

A stage is a plain function of one shard, at the top level of a module, whose argument and result can be pickled. It is
the same function for any number of workers, so the output is the same, too.
"""

from __future__ import annotations

import gc
import importlib
import importlib.abc
import os
import pickle
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

from ..errors import StancewireError, UsageError
from .collector import without_collector

if TYPE_CHECKING:
    from concurrent.futures import Future

Shard = TypeVar("Shard")
Result = TypeVar("Result")

# Shards under way for each worker: enough that none waits, few enough that results do not pile up in memory.
AHEAD = 3
# Workers give way to the process that writes what they made: it has one thread for that, and all wait for it at last.
WORKERS_NICE = 2


def cut_shards(items: Sequence[Shard], size: int) -> list[Sequence[Shard]]:
    """Runs of at most `size` neighbours."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def run(
    stage: Callable[..., Result],
    shards: Iterable[Shard],
    workers: Crew = 1,
    progress: Callable[[Result], int] | None = None,
    total: int | None = None,
    what: str = "",
    shared: Any = None,
    threads: int = 1,
) -> Iterator[Result]:
    """Results of `stage` for each shard, in the order of the shards.

    Args:
        shared: if not None, the stage is called as `stage(shared, shard)`; each process gets it once, not with every
            shard (which it is sent with: some kilobytes, rather than megabytes).
        workers: 1 runs in this process, and starts at once; more start as many processes; `Workers` that are there
            already (of a cluster, say) do it themselves.
        threads: of this process, where workers is 1: for a stage that is mostly numpy's, which does not hold the lock.
        progress: says how many items a result stands for; a bar is then drawn on stderr, if that is a terminal.
        total: items in all, where known. what: what the bar counts, e.g. `files`.

    Raises:
        UsageError: workers is below 1.
        StancewireError: a worker process died; an exception of the stage itself comes as it is.
    """
    if isinstance(workers, Workers):
        yield from workers.run(stage, shards, progress, total, what, shared)
        return
    if workers == 1 and threads > 1:
        here = stage if shared is None else partial(stage, shared)
        yield from shown(_run_threads(here, shards, threads), progress, total, what)
        return
    with Workers(workers) as pool:
        yield from pool.run(stage, shards, progress, total, what, shared)


def _run_threads(stage: Callable[[Shard], Result], shards: Iterable[Shard], threads: int) -> Iterator[Result]:
    from concurrent.futures import ThreadPoolExecutor

    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for shard in shards:
                waiting.append(pool.submit(stage, shard))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def usual_workers(most: int = 4) -> int:
    """Processes where nobody says how many: one for each processor that this process may use, but not more."""
    try:
        there = len(os.sched_getaffinity(0))
    except AttributeError:
        there = os.cpu_count() or 1
    return max(1, min(most, there))


@dataclass(frozen=True)
class Shelf:
    """Memory that all workers have, for what each of them needs and one of them makes; `lock` is held to fill it.

    `handle` is an open file without a name, empty at first.
    """

    handle: int
    lock: Any

    @classmethod
    def make(cls, context: Any) -> Shelf | None:
        """An empty one for processes that are to be forked; None where there is no such memory."""
        try:
            return cls(os.memfd_create("stancewire"), context.Lock())
        except (AttributeError, OSError):
            return None


class Workers:
    """The processes that work on shards; with one worker that is this process.

    They start at once, so that they are ready when the first shard is: make them before whatever else takes time.

    Args:
        workers: see `run`. module: what each process needs, imported once before they are forked, else by each.
        shares: call the module's `get_ready` with a `Shelf`, where the processes can have one.

    Raises:
        UsageError: workers is below 1.
    """

    def __init__(self, workers: int, module: str | None = None, shares: bool = False) -> None:
        if workers < 1:
            raise UsageError(f"--workers {workers}: give 1 or more")
        self.workers = workers
        self._pool: Any = None
        self._shelf: Shelf | None = None
        if workers > 1:
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor

            without_threads()
            if os.environ["OPENBLAS_NUM_THREADS"] == "1" and _start_method() == "fork":
                without_collector(importlib.import_module)(module or "numpy")  # once for all
            context = multiprocessing.get_context(_start_method())
            if shares and context.get_start_method() == "fork":
                self._shelf = Shelf.make(context)
            self._pool = ProcessPoolExecutor(workers, context, _begin, (module, self._shelf))
            self._pool.submit(_nothing)  # the first task starts the processes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if self._shelf is not None:
            os.close(self._shelf.handle)

    @property
    def crew(self) -> Crew:
        """Whom a later stage is given: as many processes anew, which then have what is imported by that time."""
        return self.workers

    def run(
        self,
        stage: Callable[..., Result],
        shards: Iterable[Shard],
        progress: Callable[[Result], int] | None = None,
        total: int | None = None,
        what: str = "",
        shared: Any = None,
    ) -> Iterator[Result]:
        """Results of `stage` for each shard, in the order of the shards (see the function `run`).

        Raises:
            StancewireError: a worker process died; an exception of the stage itself comes as it is.
        """
        if self._pool is None:
            results: Iterator[Result] = map(stage if shared is None else partial(stage, shared), shards)
        else:
            results = self._run_processes(stage, shards, None if shared is None else pickle.dumps(shared))
        yield from shown(results, progress, total, what)

    def _run_processes(
        self, stage: Callable[..., Result], shards: Iterable[Shard], shared: bytes | None
    ) -> Iterator[Result]:
        from concurrent.futures.process import BrokenProcessPool

        waiting: deque[Future[Result]] = deque()
        try:
            for shard in shards:
                waiting.append(self._pool.submit(with_shared, stage, shared, shard))
                if len(waiting) >= self.workers * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            message = "a worker process died (out of memory?); run the same command with fewer --workers"
            raise StancewireError(message) from None
        finally:
            for future in waiting:
                future.cancel()


# How many processes, or the workers that are there already.
Crew: TypeAlias = int | Workers


def _start_method() -> str:
    """`fork` on Linux while this process has one thread, since it is five times as quick; else `spawn`.

    A fork copies locks as they are. With one thread none of them is held by another, which the copy would lack; the
    threads that Arrow and numpy bring, if they are let, would be such (`without_threads`).
    """
    try:
        alone = sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1
    except OSError:
        alone = False
    return "fork" if alone else "spawn"


def use_system_memory() -> None:
    """Let Arrow take its memory from the system, unless the user has chosen: its own stores keep what was given back,
    some 40 MB in each process, and are no faster here. Of use before Arrow is imported."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


class _NoPandas(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("left out of this process")


def leave_out_pandas() -> None:
    """Keep Arrow from importing pandas, which it does when it first makes an array of a list, to ask whether that is a
    Series: 40 MB and a third of a second in each process. For processes of ours that hand nothing to pandas."""
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([None])  # Arrow asks once, and remembers
    finally:
        sys.meta_path.remove(finder)


def without_threads() -> None:
    """Let Arrow and numpy start no threads when they are imported, unless the user has chosen. Of use before they are.

    Each worker has a processor's share, and numpy's own threads take a twentieth of a second to start. Arrow brings a
    memory allocator with a thread that gives back what is free, also where another is used instead.
    """
    use_system_memory()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")


def keep_memory() -> None:
    """Let what is freed stay with the process, up to some 64 MB, where this C library can be told so (glibc).

    Else each array of some megabytes is asked of the system anew, which has to clear every page of it.
    """
    import ctypes

    trim_threshold, mmap_threshold = -1, -3
    try:
        library = ctypes.CDLL(None)
        library.mallopt(trim_threshold, 64 << 20)
        library.mallopt(mmap_threshold, 32 << 20)
    except (AttributeError, OSError, TypeError):
        return


def _begin(module: str | None, shelf: Shelf | None) -> None:
    """Make a process ready for its first shard."""
    gc.freeze()  # what a fork shares with the first process is not looked through, which would copy it
    use_system_memory()
    if hasattr(os, "nice"):
        os.nice(WORKERS_NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if module is not None:
        imported = importlib.import_module(module)
        if shelf is not None:
            imported.get_ready(shelf)
    if "pyarrow" in sys.modules:
        leave_out_pandas()


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, killed or not: nobody would give it work, or end it."""
    import multiprocessing.connection

    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _nothing() -> None:
    """A task that starts the processes."""


_shared: tuple[bytes, Any] = b"", None


def with_shared(stage: Callable[..., Result], shared: bytes | None, shard: Shard) -> Result:
    """A stage's result for one shard; what is shared comes pickled, and is unpickled once in a process."""
    global _shared
    if shared is None:
        return stage(shard)
    if _shared[0] != shared:
        _shared = shared, pickle.loads(shared)
    return stage(_shared[1], shard)


def shown(
    results: Iterable[Result], progress: Callable[[Result], int] | None, total: int | None, what: str
) -> Iterator[Result]:
    """The results, with a bar on stderr where one is asked for (see the function `run`)."""
    with _bar(progress is not None, total, what) as bar:
        for result in results:
            if bar is not None and progress is not None:
                bar.update(progress(result))
            yield result


def _bar(wanted: bool, total: int | None, what: str) -> AbstractContextManager[Any]:
    if not wanted or not sys.stderr.isatty():
        return nullcontext()
    from tqdm import tqdm

    return tqdm(total=total, unit=f" {what}", unit_scale=False, file=sys.stderr, leave=False, dynamic_ncols=True)
