"""Running a stage over its shards, in this process or in several; the results come in the shards' order either way.

A stage is a plain function of one shard, at the top level of a module, whose argument and result can be pickled. It is
the same function for any number of workers, so the output is the same, too.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, TypeVar

from ..errors import StancewireError, UsageError

Shard = TypeVar("Shard")
Result = TypeVar("Result")

# Shards under way for each worker: enough that none waits, few enough that results do not pile up in memory.
AHEAD = 3


def cut_shards(items: Sequence[Shard], size: int) -> list[Sequence[Shard]]:
    """Runs of at most `size` neighbours."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def run(
    stage: Callable[..., Result],
    shards: Iterable[Shard],
    workers: int = 1,
    progress: Callable[[Result], int] | None = None,
    total: int | None = None,
    what: str = "",
    shared: Any = None,
    threads: int = 1,
) -> Iterator[Result]:
    """Results of `stage` for each shard, in the order of the shards.

    Args:
        shared: if not None, the stage is called as `stage(shared, shard)`; each process gets it once, not with every
            shard.
        workers: 1 runs in this process, and starts at once; more start as many processes.
        threads: of this process, where workers is 1: for a stage that is mostly numpy's, which does not hold the lock.
        progress: says how many items a result stands for; a bar is then drawn on stderr, if that is a terminal.
        total: items in all, where known. what: what the bar counts, e.g. `files`.

    Raises:
        UsageError: workers is below 1.
        StancewireError: a worker process died; an exception of the stage itself comes as it is.
    """
    if workers < 1:
        raise UsageError(f"--workers {workers}: give 1 or more")
    if workers == 1:
        here = stage if shared is None else partial(stage, shared)
        results = _run_here(here, shards) if threads == 1 else _run_threads(here, shards, threads)
    else:
        results = _run_processes(stage, shards, workers, shared)
    with _bar(progress is not None, total, what) as bar:
        for result in results:
            if bar is not None and progress is not None:
                bar.update(progress(result))
            yield result


def _run_here(stage: Callable[..., Result], shards: Iterable[Shard]) -> Iterator[Result]:
    for shard in shards:
        yield stage(shard)


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


_shared: Any = None


def _share(value: Any) -> None:
    global _shared
    _shared = value


def _with_shared(stage: Callable[..., Result], shard: Shard) -> Result:
    return stage(shard) if _shared is None else stage(_shared, shard)


def _run_processes(
    stage: Callable[..., Result], shards: Iterable[Shard], workers: int, shared: Any
) -> Iterator[Result]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    # `spawn` everywhere: a fork would copy the threads' locks of Arrow and numpy, held or not.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _share, (shared,))
    waiting: deque[Future[Result]] = deque()
    try:
        for shard in shards:
            waiting.append(pool.submit(_with_shared, stage, shard))
            if len(waiting) >= workers * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        message = "a worker process died (out of memory?); run the same command with fewer --workers"
        raise StancewireError(message) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _bar(wanted: bool, total: int | None, what: str) -> AbstractContextManager[Any]:
    if not wanted or not sys.stderr.isatty():
        return nullcontext()
    from tqdm import tqdm

    return tqdm(total=total, unit=f" {what}", unit_scale=False, file=sys.stderr, leave=False, dynamic_ncols=True)
