"""The progress display of a command with several steps: what runs, what came of it, how long it took."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator


class Steps:
    """Numbered steps on stderr.

        [3/9] sending the tasks ... 4 tasks, 31 suggestions (2.1 s)

    Args:
        total: how many steps there will be.
        quiet: print nothing (the caller prints JSON).
    """

    def __init__(self, total: int, quiet: bool = False) -> None:
        self.total = total
        self.quiet = quiet
        self.number = 0
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """One step; append to the list that it yields what came of it."""
        self.number += 1
        began = time.monotonic()
        self._print(f"[{self.number}/{self.total}] {what} ...", end="")
        result: list[str] = []
        try:
            yield result
        except BaseException:
            self._print(" failed")
            raise
        self.seconds[what] = time.monotonic() - began
        self._print(f" {', '.join(result) or 'done'} ({self.seconds[what]:.1f} s)")

    def _print(self, text: str, end: str = "\n") -> None:
        if not self.quiet:
            print(text, end=end, file=sys.stderr, flush=True)
