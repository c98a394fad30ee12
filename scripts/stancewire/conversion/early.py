"""Tables that are written while parcels are still being converted: where documents come in the order of their ids, as
most sources have them, little is left to do when the last one is read.

The parts stay on disk until all is written. Where one does not follow the part before it, or there is more than one
file should hold, what was written is given up, and `gather` makes the tables from the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from ..tables import TableSchema, Written
from .gather import OneFile, concat, shard_bits
from .parts import PART_TABLES, Account, open_part, part_path


class EarlyTables:
    """Tables on their way.

    Args:
        folder: of the parts. schemas: by table. paths: the files to make. seen: is shown the documents as they come.
        beside: write in a thread of its own (Arrow lets go of the interpreter), for there are workers to wait for.
    """

    def __init__(
        self,
        folder: Path,
        schemas: Mapping[str, TableSchema],
        paths: Mapping[str, Path],
        seen: Callable[[pa.Table], None],
        beside: bool,
    ) -> None:
        self.folder = folder
        self.schemas = schemas
        self.is_on = True
        self._files = {
            name: OneFile(paths[name], schemas[name], seen if name == "documents" else None, beside)
            for name in PART_TABLES
        }
        self._thread = ThreadPoolExecutor(1) if beside else None
        self._waiting: list[Future[None]] = []
        self._sizes = {name: [0, 0] for name in PART_TABLES}
        self._last: str | None = None

    def add(self, account: Account) -> None:
        """Write what came of the next parcel."""
        for part in account.parts:
            for name, (rows, n_bytes) in part.items():
                self._sizes[name][0] += rows
                self._sizes[name][1] += n_bytes
        if any(shard_bits(rows, n_bytes) is not None for rows, n_bytes in self._sizes.values()):
            self.is_on = False
        if not self.is_on:
            return
        if self._thread is None:
            self._write(account.key, account.parts)
        else:
            self._waiting.append(self._thread.submit(self._write, account.key, account.parts))

    def _write(self, key: str, parts: list[dict[str, tuple[int, int]]]) -> None:
        for number, part in enumerate(parts):
            if not self.is_on:
                return
            documents = open_part(part_path(self.folder, key, number, "documents"))
            ids = documents.column("doc_id")
            if self._last is not None and self._last >= ids[0].as_py():
                self.is_on = False
                return
            self._last = ids[-1].as_py()
            for name in PART_TABLES:
                if part[name][0]:
                    rows = documents if name == "documents" else open_part(part_path(self.folder, key, number, name))
                    self._files[name].write(concat(self.schemas[name], [rows]))

    def finish(self) -> dict[str, Written] | None:
        """The written tables; None where they were given up, and another way has to be gone."""
        if self._thread is not None:
            self._thread.shutdown(wait=True)
            for future in self._waiting:
                future.result()
        if not self.is_on:
            return None
        written = {name: file.close() for name, file in self._files.items()}
        self._files.clear()
        return written

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take away what was not finished."""
        self.is_on = False
        if self._thread is not None:
            self._thread.shutdown(wait=True)
        for file in self._files.values():
            file.give_up()
