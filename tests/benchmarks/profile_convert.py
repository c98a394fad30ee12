"""Where `convert` spends processor time, by step: one run in this process, with one worker.

    python tests/benchmarks/profile_convert.py SOURCES --out DIR [--fields text] ...

The last line of its output is a JSON object: step -> seconds, from the costliest on. A signal comes after every 2 ms of
processor time, and all that went by since the one before belongs to the step whose function is innermost: Python hears
of a signal when a call into C is over, so that long ones are counted in full, in the function that made them.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections import Counter
from types import FrameType

SECONDS = 0.002
# Steps by the module, or by single functions of it, that do them: the first that fits a frame, inner frames first.
STEPS = (
    ("imports", ("importlib._bootstrap", "importlib._bootstrap_external")),
    ("Parquet: encode, zstd 3, write", ("stancewire.tables.parquet",)),
    ("content hash of the table", ("stancewire.tables.content",)),
    ("cut the files, hash them", ("stancewire.sources.spans", "stancewire.conversion.parcels")),
    ("lines of JSON: parse, check UTF-8", ("stancewire.sources.line_blocks", "stancewire.sources.known_lines")),
    ("words, characters, doubts", ("stancewire.text.columnwise",)),
    ("metadata", ("stancewire.text.stated_columns", "stancewire.text.metadata", "stancewire.text.dates")),
    ("titles", ("stancewire.conversion.blocks:_with_titles", "stancewire.conversion.blocks:_lines_of")),
    ("two hashes of each record; columns", ("stancewire.conversion.blocks", "stancewire.conversion.arrays")),
    ("parts to disk and back", ("stancewire.conversion.parts",)),
    ("language", ("stancewire.text.language",)),
    ("records: read, decode, rows", ("stancewire.conversion", "stancewire.text.prepare", "stancewire.text.decode")),
    ("read the sources", ("stancewire.sources",)),
    ("segments, roles, sentences", ("stancewire.text",)),
    ("tables and manifest", ("stancewire.tables",)),
)


def step_of(frame: FrameType | None) -> str:
    """The step that the innermost frame known to us belongs to."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        for step, places in STEPS:
            for place in places:
                name, _, function = place.partition(":")
                if (module == name or module.startswith(f"{name}.")) and function in ("", frame.f_code.co_name):
                    return step
        frame = frame.f_back
    return "everything else"


class Sampled:
    """Processor seconds by step, of what runs inside."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._last = 0.0

    def _take(self, _: int, frame: FrameType | None) -> None:
        now = time.process_time()
        self.seconds[step_of(frame)] += now - self._last
        self._last = now

    def __enter__(self) -> Sampled:
        self._last = time.process_time()
        signal.signal(signal.SIGPROF, self._take)
        signal.setitimer(signal.ITIMER_PROF, SECONDS, SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.seconds["everything else"] += time.process_time() - self._last


def main() -> int:
    """Convert what the command line says, and print the steps."""
    with Sampled() as sampled:
        from stancewire.cli import main as stancewire

        code = stancewire(["convert", *sys.argv[1:], "--workers", "1"])
    print(json.dumps({step: round(seconds, 3) for step, seconds in sampled.seconds.most_common()}))
    return code


if __name__ == "__main__":
    raise SystemExit(main())
