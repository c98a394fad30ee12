"""Segments and sentences of the documents of a part, as columns that become Arrow tables without a row between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..text.batch import Analysed, Analyser
from ..text.corrections import Correction
from ..text.lexicon import Lexicon
from ..text.prepare import Prepared

if TYPE_CHECKING:
    from ..text.scan import Bools, Places
    from .waiting_line import WaitingLine


class Pieces:
    """The pieces of a part's documents, which are numbered as they come."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._analyser = Analyser(lexicon)
        self.clear()

    def clear(self) -> None:
        """Forget the documents so far."""
        self._n_docs = 0
        self._segments: list[dict[str, pa.Array]] = []
        self._sentences: list[dict[str, pa.Array]] = []

    def add(
        self, prepared: Sequence[Prepared | WaitingLine], corrections: Mapping[int, Sequence[Correction]]
    ) -> Analysed:
        """Take apart the next documents.

        Args:
            corrections: decided for single ones, by their number among these.

        Raises:
            SourceError: a correction does not fit its text.
        """
        analysed = self._analyser.analyse([one.text for one in prepared], [one.blocks for one in prepared], corrections)
        rows, sentences = analysed.segments, analysed.sentences
        raw_starts, raw_ends = _find_raw(prepared, rows.docs, rows.starts, rows.ends)
        self._segments.append(
            {
                "doc": _numbers(rows.docs + self._n_docs), "seg_no": _numbers(rows.seg_nos),
                "role": _words(rows.listed, 0, rows.kinds), "start": _numbers(rows.starts), "end": _numbers(rows.ends),
                "raw_start": raw_starts, "raw_end": raw_ends, "rule": _words(rows.listed, 1, rows.kinds),
            }
        )  # fmt: skip
        self._sentences.append(
            {
                "doc": _numbers(sentences.docs + self._n_docs), "sent_no": _numbers(sentences.sent_nos),
                "seg_no": _numbers(sentences.seg_nos), "start": _numbers(sentences.starts),
                "end": _numbers(sentences.ends),
            }
        )  # fmt: skip
        self._n_docs += len(prepared)
        return analysed

    def tables(self, doc_ids: Sequence[str]) -> dict[str, pa.Table]:
        """Rows of the documents so far, whose ids are given in the order they came in."""
        ids = pa.array(doc_ids, pa.string())
        found = {}
        for name, batches in (("segments", self._segments), ("sentences", self._sentences)):
            rows = pa.concat_tables([pa.table(batch) for batch in batches])
            names = ids.take(rows.column("doc").combine_chunks())
            found[name] = rows.drop_columns("doc").append_column("doc_id", names)
        return found


def _find_raw(
    prepared: Sequence[Prepared | WaitingLine], docs: Places, starts: Places, ends: Places
) -> tuple[pa.Array, pa.Array]:
    """The byte ranges of segments, null where a text was not read from bytes as they stand."""
    raw_starts, raw_ends = starts.copy(), ends.copy()
    unknown = np.zeros(len(prepared), np.bool_)
    shifts = np.zeros(len(prepared), np.int64)
    for number, one in enumerate(prepared):
        places = one.raw_map
        if places is None:
            unknown[number] = True
        elif places.starts is None or places.ends is None:
            shifts[number] = places.shift
        else:
            first, last = np.searchsorted(docs, (number, number + 1))
            raw_starts[first:last] = places.starts[starts[first:last]]
            raw_ends[first:last] = places.ends[ends[first:last] - 1]
    known = ~unknown[docs]
    return _numbers(raw_starts + shifts[docs], known), _numbers(raw_ends + shifts[docs], known)


def _words(listed: Sequence[tuple[str, str]], which: int, kinds: Places) -> pa.Array:
    """Roles or rules, given as numbers of pairs, as an Arrow array."""
    return pa.array([pair[which] for pair in listed], pa.string()).take(_numbers(kinds))


def _numbers(values: Places, known: Bools | None = None) -> pa.Array:
    """Numbers as an Arrow array over the same memory, null where they are not `known`."""
    valid = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(pa.int64(), len(values), [valid, pa.py_buffer(np.ascontiguousarray(values))])
