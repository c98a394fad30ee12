"""`stancewire bench STEP`: side-by-side benchmarks, which stand in tests/benchmarks of a checkout."""

from __future__ import annotations

import argparse
from pathlib import Path


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command of this family."""
    parser = commands.add_parser(
        "bench",
        help="side-by-side benchmarks (in a checkout)",
        description=(
            "Run tests/benchmarks/bench_STEP.py of the checkout that this program is installed from: ourselves and our "
            "peers on the same data in the same run, each in a process of its own. Peers are installed into "
            ".studio/bench. `stancewire bench STEP --help` tells the options of one benchmark."
        ),
    )
    parser.add_argument("step", metavar="STEP", help="what to measure, e.g. reprints")
    parser.add_argument(
        "rest", metavar="...", nargs=argparse.REMAINDER, help="options of the benchmark, e.g. --sizes 20000 100000"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the benchmark in a process of its own; returns its exit code."""
    import subprocess
    import sys

    script = find_benchmark(Path(__file__).resolve().parents[3], args.step)
    return subprocess.run([sys.executable, str(script), *args.rest], check=False).returncode


def find_benchmark(root: Path, step: str) -> Path:
    """The script of one benchmark.

    Raises:
        UsageError: there is no checkout around the program, or it has no such benchmark.
    """
    from ..errors import UsageError

    folder = root / "tests" / "benchmarks"
    known = sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))
    if not known:
        raise UsageError(f"no benchmarks at {folder}; run this in a checkout: python3 scripts/run.py bench {step}")
    if step not in known:
        raise UsageError(f"no benchmark {step!r}; there are: {', '.join(known)}")
    return folder / f"bench_{step}.py"
