"""What comes back from annotators, as values: the one shape in which later rooms see it.

Label Studio's own words (task, result, region, from_name, completed_by) end in this room; a *submission* is one task
given out to one annotator, as one pull saw it, and a *mark* is one thing said in it.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from ..text.view import Piece

PROJECTED = "projection/"  # providers whose suggestions were carried over from another version of the story
STATES = ("assigned", "draft", "submitted", "skipped")


@dataclass(frozen=True)
class Mark:
    """One marked span with all that was chosen for it, or one document-level answer.

    Attributes:
        region_id: the span's id within its submission; all values of one span share one mark.
        view_start, view_end: half-open code points of the task view, as exported; None for a document-level answer.
        quote: the span's words, the slice of the task view; empty for a document-level answer.
        before, after: up to 32 characters of the task view on either side.
        values: (control, chosen values) sorted by control: label, kind, entity, entity_name, target, stance,
            attribution, holder, holder_text, via, via_text, comment; at document level flag, comment, doc__<target>.
        origin: manual, accepted (a suggestion as it stood) or edited (a suggestion, changed).
        suggested_by: provider and version of the suggestion behind it.
    """

    region_id: str
    view_start: int | None
    view_end: int | None
    quote: str
    before: str
    after: str
    values: tuple[tuple[str, tuple[str, ...]], ...]
    origin: str
    suggested_by: str | None

    def get(self, control: str) -> tuple[str, ...]:
        """The values of one control, in the order chosen; empty where nothing was."""
        return next((chosen for name, chosen in self.values if name == control), ())


@dataclass(frozen=True)
class Submission:
    """One task given out to one annotator, as one pull saw it.

    Attributes:
        pulled: sequence number of the stored file among those of the annotator, pass and round, from 1.
        export_path: that file, relative to the project.
        text_sha256: the canonical text the task was made from.
        state: assigned (nothing done), draft, submitted or skipped.
        view: the map of the task view, made when the task was sent.
        entities: what was offered: (entity_id, name, label).
        is_projected: was anything suggested that had been carried over from another version of the story?
        created_at, updated_at: days (UTC). seconds: working time; None where none was measured.
    """

    pulled: int
    export_path: str
    doc_id: str
    text_sha256: str
    task_pass: str
    round: int
    annotator_id: str
    project: str
    codebook_version: str
    suggestions_shown: bool
    state: str
    view: tuple[Piece, ...]
    entities: tuple[tuple[str, str, str], ...]
    marks: tuple[Mark, ...]
    created_at: datetime.date | None
    updated_at: datetime.date | None
    seconds: float | None
    is_projected: bool = False
