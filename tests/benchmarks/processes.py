"""Commands that are measured: each in a process of its own, from start to end, with the memory that all of it held."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Competitor:
    """A command, the seconds that its runs took, and the most memory that it and its children held at once."""

    name: str
    command: list[str]
    seconds: list[float] = field(default_factory=list)
    peak: int = 0

    @property
    def median(self) -> float:
        """Median of the seconds."""
        return statistics.median(self.seconds)


def descendants(pid: int) -> Iterator[int]:
    """A process and its children's children; nothing where the system does not tell (not Linux)."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from descendants(int(child))


def resident(pid: int) -> int:
    """Resident bytes of a process: a page that several share counts in parts (PSS), so that sums are what is in use."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except (OSError, IndexError, ValueError):
        pass
    try:  # a kernel without it: shared pages count in each process
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def environment() -> dict[str, str]:
    """As a user's: Python keeps the modules that it has compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure(competitor: Competitor, output: Path) -> None:
    """Run it once, its output taken away before."""
    for path in (output, output.with_name(output.name + "-logs")):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    began = time.perf_counter()
    command, quiet = competitor.command, subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=subprocess.PIPE, env=environment()) as process:
        while True:
            try:
                _, said = process.communicate(timeout=0.1)
                break
            except subprocess.TimeoutExpired:
                competitor.peak = max(competitor.peak, sum(map(resident, descendants(process.pid))))
    if process.returncode:
        raise SystemExit(f"{competitor.name} failed ({process.returncode}):\n{said.decode(errors='replace')[-2000:]}")
    competitor.seconds.append(time.perf_counter() - began)
