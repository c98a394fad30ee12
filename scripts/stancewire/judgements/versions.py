"""The stories that are told in several documents, as judgements need them; read when first asked for.

Where no story with a judged document has a second one, nothing is read but the table `stories`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..codebook.model import Codebook
from ..project import Project
from ..reprints import Witness, read_witnesses
from ..reprints.witness import READ_ROLES
from ..tables import find_in_manifest, read_table, read_table_schema
from .shown import Shown, Span, Task, shown_in

Row = dict[str, Any]


class Versions:
    """Documents of stories of two and more, of those that were given out to somebody."""

    def __init__(
        self, project: Project, codebook: Codebook, assignments: Iterable[Row], exports: Path | None = None
    ) -> None:
        self.project, self.codebook, self._exports = project, codebook, exports
        self._given = {row["doc_id"] for row in assignments}

    @cached_property
    def stories(self) -> Mapping[str, tuple[str, bool]]:
        """doc_id -> its story, and whether it is the head of it."""
        if find_in_manifest(self.project.corpus, "stories")[0] is None:
            return {}
        rows = self._table("stories", ["doc_id", "story_id", "is_story_head"]).to_pylist()
        sizes = Counter(row["story_id"] for row in rows)
        return {
            row["doc_id"]: (row["story_id"], row["is_story_head"])
            for row in rows
            if sizes[row["story_id"]] > 1 and row["doc_id"] in self._given
        }

    @cached_property
    def shown(self) -> Mapping[Task, Shown]:
        """What each assignment of these documents showed, as far as the stored exports say it of today's text.

        Raises:
            ExportError: a stored export cannot be read.
        """
        from ..label_studio import exports

        if not self.stories:
            return {}
        table = self._of(self.stories, "documents", ["doc_id", "text_sha256"])
        texts = dict(zip(*(column.to_pylist() for column in table.columns), strict=True))
        return shown_in(exports.read_submissions(self.project, self._exports), texts)

    @cached_property
    def parts(self) -> Mapping[str, Sequence[Span]]:
        """doc_id -> those of its segments that the stance pass shows, and of which a story's versions are made."""
        if not self.stories:
            return {}
        asked = {role for one in self.codebook.passes if one.name == "stances" for role in one.roles} & {*READ_ROLES}
        found: dict[str, list[Span]] = {}
        for row in self._of(self.stories, "segments", ["doc_id", "role", "start", "end"]).to_pylist():
            if row["role"] in asked and row["start"] < row["end"]:
                found.setdefault(row["doc_id"], []).append((row["start"], row["end"]))
        return found

    @property
    def partly_shown(self) -> frozenset[str]:
        """Documents of which an assignment did not show all `parts`."""
        return frozenset(
            doc_id
            for (doc_id, *_), shown in self.shown.items()
            if not all(shown.covers(*part) for part in self.parts.get(doc_id, ()))
        )

    def witnesses(self, doc_ids: Iterable[str]) -> dict[str, Witness]:
        """These documents as witnesses of their stories."""
        chosen = set(doc_ids)
        tables = [self._of(chosen, name) for name in ("documents", "segments", "sentences")]
        return {witness.doc_id: witness for witness in read_witnesses(*tables)}

    def _table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        schema = read_table_schema(name, self.project.table_schemas)
        return read_table(self.project.corpus, schema, columns and list(columns))

    def _of(self, doc_ids: Iterable[str], name: str, columns: Sequence[str] | None = None) -> pa.Table:
        table = self._table(name, columns)
        wanted = pa.array(sorted(doc_ids), pa.string())
        return table.filter(pc.is_in(table.column("doc_id").cast(pa.string()), value_set=wanted))
