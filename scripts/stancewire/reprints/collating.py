"""Rows of the table `variants`: listed pairs, collated in any number of processes, as they are asked for.

Where many documents are copies, each two contents are collated once: what comes of those that are used again waits in a
file. All that is in memory is what is under way.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO, Any

import numpy as np

from ..engine import Crew, run
from .candidates import Numbers
from .runs import Runs, pack, unpack
from .stories import Grouping, headings_of
from .variants import collate
from .witness import Witness

PAIRS_PER_SHARD = 64

Row = dict[str, Any]


def variant_rows(witnesses: Sequence[Witness], grouping: Grouping, workers: Crew = 1) -> Iterator[Row]:
    """Rows of the table `variants`, sorted by key."""
    headings = headings_of(witnesses)
    with tempfile.TemporaryFile(dir=grouping.measured.folder, prefix="stancewire-") as file:
        again = _collate_repeated(witnesses, grouping, workers, file)
        places = (row for rows in again.blocks() for row in rows.tolist())
        waiting: deque[list[tuple[int, int, bytes | None]]] = deque()

        def shards() -> Iterator[list[tuple[Witness, Witness]]]:
            packed, start, length = next(places, (-1, 0, 0))
            pairs = grouping.listed_pairs()
            while some := list(islice(pairs, PAIRS_PER_SHARD)):
                shard, told = [], []
                for pair in some:
                    done = None
                    if packed == pair.a << 32 | pair.b:
                        file.seek(start)
                        done = file.read(length)
                        packed, start, length = next(places, (-1, 0, 0))
                    else:
                        shard.append((witnesses[pair.a], witnesses[pair.b]))
                    told.append((pair.a, pair.b, done))
                waiting.append(told)
                yield shard

        for collated in run(_collate_all, shards(), workers):
            fresh = iter(collated)
            for a, b, done in waiting.popleft():
                rows = next(fresh) if done is None else pickle.loads(done)  # which this run wrote, in a file of its own
                names = {"doc_id_a": headings[a].doc_id, "doc_id_b": headings[b].doc_id}
                yield from ({**row, **names} for row in rows)


def _collate_repeated(witnesses: Sequence[Witness], grouping: Grouping, workers: Crew, file: IO[bytes]) -> Runs:
    """Rows of a packed pair and the place in the file of what comes of it, for contents that meet in several pairs."""
    found = Runs(grouping.measured.folder, width=3, share=8)
    uses = _find_repeated(witnesses, grouping)
    if uses is None:
        return found
    waiting: deque[list[Any]] = deque()

    def shards() -> Iterator[list[tuple[Witness, Witness]]]:
        some: list[Any] = []
        for rows in uses.blocks():
            begins = np.flatnonzero(np.diff(rows[:, 0], prepend=~rows[0, 0]))
            ends = np.append(begins[1:], len(rows))
            several = ends - begins > 1
            for start, end in zip(begins[several].tolist(), ends[several].tolist(), strict=True):
                some.append((*(int(side[0]) for side in unpack(rows[start : start + 1, 0])), rows[start:end, 1].copy()))
                if len(some) == PAIRS_PER_SHARD:
                    waiting.append(some)
                    yield [(witnesses[a], witnesses[b]) for a, b, _ in some]
                    some = []
        waiting.append(some)
        yield [(witnesses[a], witnesses[b]) for a, b, _ in some]

    size = 0
    for collated in run(_collate_all, shards(), workers):
        for (_, _, pairs), rows in zip(waiting.popleft(), collated, strict=True):
            length = file.write(pickle.dumps(rows, pickle.HIGHEST_PROTOCOL))
            found.add(pairs, *(np.full(len(pairs), number, np.uint64) for number in (size, length)))
            size += length
    return found


def _find_repeated(witnesses: Sequence[Witness], grouping: Grouping) -> Runs | None:
    """Of the listed pairs with a copy in them: the packed contents, each by the first that has it, and the packed pair.

    None where there are no copies.
    """
    twins, folder = grouping.measured.twins, grouping.measured.folder
    copies = np.flatnonzero(twins != np.arange(len(twins), dtype=twins.dtype))
    if not len(copies):
        return None
    digests = Runs(folder, width=3, share=8)
    for number in np.union1d(copies, twins[copies]).tolist():
        digests.add(*np.frombuffer(_digest(witnesses[number]), np.uint64).reshape(2, 1), np.array([number], np.uint64))
    content: Numbers = np.arange(len(twins), dtype=np.int32)
    is_copied = np.zeros(len(twins), bool)
    for rows in digests.blocks():
        same = (rows[1:, :2] == rows[:-1, :2]).all(axis=1)
        begins = np.maximum.accumulate(np.where(np.append(False, same), 0, np.arange(len(rows))))
        numbers = rows[:, 2].view(np.int64)
        content[numbers] = numbers[begins]
        is_copied[numbers[np.append(False, same) | np.append(same, False)]] = True
    uses = Runs(folder, width=2, share=4)
    for rows in grouping.listed.blocks():
        a, b = unpack(rows[:, 0])
        some = is_copied[a] | is_copied[b]
        uses.add(pack(content[a[some]], content[b[some]]), rows[some, 0])
    return uses


def _digest(witness: Witness) -> bytes:
    """Equal for equal texts with equal paragraphs and sentences in one language."""
    places = [(part.number, part.start, part.end) for part in (*witness.paragraphs, *witness.sentences)]
    said = json.dumps([witness.text, witness.lang, len(witness.paragraphs), places])
    return hashlib.blake2b(said.encode(), digest_size=16).digest()


def _collate_all(pairs: Sequence[tuple[Witness, Witness]]) -> list[list[Row]]:
    return [collate(a, b) for a, b in pairs]
