"""Reading a corpus in pandas: a project, a release folder or its zip.

    corpus = stancewire.open(".")
    corpus.stances_wide                # a DataFrame, read when first asked for; so every other table
    corpus.documents(body=True)        # the documents with a column `body`, the reading text
    corpus.carried("stances_wide")     # what gold says of the head of a story, where other versions say the same

Columns are those of `pd.read_parquet` on the same file; of a text-free release the quotes are null. A table
that is not the one its manifest or descriptor names is refused.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ReleaseError
from .project import ANNOTATION_TABLES, CORPUS_TABLES, Project

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

TABLES = (*CORPUS_TABLES, *ANNOTATION_TABLES)
JOINT = "\n\n"


class Corpus:
    """The tables of a project or a release as attributes, each a DataFrame read when first asked for."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._frames: dict[str, Any] = {}
        self._is_project = False
        if self.path.is_dir():
            from .checks.packaged import SUMS

            self._is_project = not (self.path / SUMS).is_file()
            if self._is_project:
                self.path = Project.find(self.path).root
        elif not self.path.exists():
            raise ReleaseError(f"{self.path} does not exist; name a project, a release folder or its zip")

    def __repr__(self) -> str:
        return f"stancewire.open({str(self.path)!r})"

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *TABLES]

    def __getattr__(self, name: str) -> Any:
        if name not in TABLES:
            known = f"{name!r} is no table; tables: {', '.join(TABLES)}"
            raise AttributeError(known)
        if name not in self._frames:
            frame = self.arrow(name).to_pandas()
            self._frames[name] = _documents_frame(frame, self) if name == "documents" else frame
        return self._frames[name]

    def arrow(self, name: str) -> pa.Table:
        """A table as Arrow.

        Raises:
            TableError, ReleaseError: it is missing, stale or damaged.
        """
        if self._is_project:
            from .tables import read_table, read_table_schema

            project = Project(self.path)
            return read_table(project.table_path(name).parent, read_table_schema(name, project.table_schemas))
        from .release.packages import open_package

        return open_package(self.path).table(name)

    def carried(self, name: str) -> pd.DataFrame:
        """Gold carried over from the heads of stories to what other versions say in the same words and nobody judged.

        Columns as in the table, and `carried_from`, the id of the head's row (see `gold.carried`): these are no
        judgements of the version, and no votes.

        Args:
            name: `mentions`, `stances` or `stances_wide`.

        Raises:
            ReleaseError: this is a release; what tasks showed is known in a project only.
            UsageError: another table.
        """
        if not self._is_project:
            raise ReleaseError(f"{self.path} is a release; open the project that it was made from")
        from .gold.carried import FROM, carried_rows
        from .tables import make_table, read_table_schema

        project = Project(self.path)
        rows = sorted(carried_rows(project, name), key=lambda row: (row["doc_id"], row["start"], row["end"], row[FROM]))
        schema = read_table_schema(name, project.table_schemas)
        frame = make_table(schema, [{k: v for k, v in row.items() if k != FROM} for row in rows]).to_pandas()
        key = schema.key[0]
        return frame.assign(**{FROM: frame[key].map({row[key]: row[FROM] for row in rows})})

    def require_texts(self) -> None:
        """Refuse what cannot be done without the words of the articles.

        Raises:
            ReleaseError: this is a text-free release, or one of which not all could be rebuilt.
        """
        missing = self.arrow("documents").column("text").null_count
        if missing:
            raise ReleaseError(
                f"{self.path} does not hold the texts of {missing} documents; put them back from your own copies: "
                f"stancewire rebuild {self.path} --sources DIR"
            )

    def bodies(self) -> dict[str, str]:
        """The reading text by document: its body segments joined by blank lines.

        Raises:
            ReleaseError: texts are withheld here (`require_texts`).
        """
        self.require_texts()
        texts = dict(zip(self.documents["doc_id"], self.documents["text"], strict=True))
        parts: dict[str, list[str]] = {doc_id: [] for doc_id in texts}
        segments = self.segments
        body = segments[segments["role"] == "body"]
        for doc_id, start, end in zip(body["doc_id"], body["start"], body["end"], strict=True):
            parts[doc_id].append(texts[doc_id][start:end])
        return {doc_id: JOINT.join(found) for doc_id, found in parts.items()}


def _documents_frame(frame: pd.DataFrame, corpus: Corpus) -> pd.DataFrame:
    """The documents as a frame that can also be called: `documents(body=True)` adds the reading text."""
    import pandas as pd

    class Documents(pd.DataFrame):
        """The table of documents; call it with `body=True` for a column `body`."""

        @property
        def _constructor(self) -> type[pd.DataFrame]:
            return pd.DataFrame  # what is derived from it is an ordinary frame

        def __call__(self, body: bool = False) -> pd.DataFrame:
            plain = pd.DataFrame(self)
            return plain.assign(body=plain["doc_id"].map(corpus.bodies())) if body else plain

    return Documents(frame)


def open_corpus(path: str | os.PathLike[str] = ".") -> Corpus:
    """Open a project, a release folder or its zip.

    Raises:
        ProjectError, ReleaseError: there is neither at `path`.
    """
    return Corpus(path)
