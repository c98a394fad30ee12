"""What an export of somebody else's says, as values: the one shape in which every importer hands it on.

A *said* text is a text with its answers, an answer is what one annotator said of it once, and a mark is one value, or
the values of one control, for a span or for the text as a whole. Marks that share an id are about one span. Offsets
are as the export has them; `offsets.py` says what they count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SUBMITTED, SKIPPED, DRAFT = "submitted", "skipped", "draft"

# What a control holds, by which its role is guessed and its values are read.
LABELS, CHOICES, WORDS, RELATION = "labels", "choices", "words", "relation"


@dataclass(frozen=True)
class Mark:
    """One control's values for one span, or for the text as a whole.

    Attributes:
        mark_id: the span's id in its answer; made from the place where the export has none.
        start, end: half-open, as exported; None where nothing is marked.
        fault: why the place is none, where the export gives one that cannot be read.
        quote: the span's words as exported, None where they are not.
        control: the control's (column's, layer's) own name. kind: LABELS, CHOICES, WORDS or RELATION.
        origin: manual, prediction or prediction-changed.
    """

    mark_id: str
    start: int | None
    end: int | None
    quote: str | None
    control: str
    kind: str
    values: tuple[str, ...]
    origin: str = "manual"
    fault: str | None = None
    suggested_by: str | None = None

    @property
    def is_span(self) -> bool:
        """Is it about a span (though perhaps one that cannot be placed)?"""
        return self.start is not None or self.fault is not None


@dataclass(frozen=True)
class Answer:
    """What one annotator said of one text, once.

    Attributes:
        people: every name by which the export knows the annotator: an address, an id on its server, a folder.
        state: SUBMITTED, SKIPPED or DRAFT.
        created, updated: days, YYYY-MM-DD; None where the export has none.
        answer_id: its own id, None where it has none.
    """

    people: tuple[str, ...]
    state: str
    marks: tuple[Mark, ...]
    created: str | None = None
    updated: str | None = None
    seconds: float | None = None
    ground_truth: bool = False
    answer_id: str | None = None


@dataclass(frozen=True)
class Said:
    """One text with its answers.

    Attributes:
        text: as exported, with whatever line ends it has.
        name: the export's name of the text; None where it has none that means anything elsewhere.
        place: where in which file it stands, for messages.
        predictions: (who suggests, marks) of each suggestion that the export holds in full.
        own: the data of the task, where it was one of ours. project: its project on its server.
    """

    text: str
    name: str | None
    place: str
    answers: tuple[Answer, ...]
    predictions: tuple[tuple[str, tuple[Mark, ...]], ...] = ()
    own: dict[str, Any] | None = field(default=None, compare=False)
    project: int | None = None
