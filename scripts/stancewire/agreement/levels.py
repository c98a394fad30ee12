"""What is said about agreement in words: whether it can mean anything, and how it stands to the codebook's levels.

A level is reported and warned about; it never stops anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .coefficients import LEAST_STORIES
from .shared import SharedUnits
from .units import Unit
from .values import Row

_MAIN = ("Krippendorff's alpha, nominal", "span F1, overlapping")


def meaning_notes(
    units: Sequence[Unit], stories: Mapping[str, str], names: Sequence[str], shared: SharedUnits | None = None
) -> list[str]:
    """What must be said before any figure: nothing to compare, nobody who met, too few stories to mean anything.

    Args:
        stories: doc_id -> story_id. names: all annotators who submitted anything. shared: what different annotators
            judged in different versions of a story.
    """
    if not units:
        return ["nothing was judged: there is no agreement to measure"]
    notes = []
    across = SharedUnits() if shared is None else shared
    documents = {unit.doc_id for unit in units}
    told = {stories.get(doc_id, doc_id) for doc_id in documents}
    together = {unit.doc_id for unit in units if len(unit.submitted) >= 2}
    met = {name for unit in units if len(unit.submitted) >= 2 for name in unit.submitted}
    alone = sorted(set(names) - met - across.annotators)
    if len(names) < 2:
        notes.append(f"one annotator only ({', '.join(names)}): agreement needs two")
    elif not together and not across.annotators:
        notes.append("no document was judged by two annotators: there is nothing to compare")
    elif alone:  # neither in a document nor in the sentences that its versions share
        shown = ", ".join(alone[:5]) + (f" and {len(alone) - 5} more" if len(alone) > 5 else "")
        notes.append(f"not compared, since they share no document with anybody: {shown}")
    for task_pass, number in sorted(across.sentences.items()):
        judged = (
            f"{_count(number, 'sentence')} that versions of {_count(len(across.stories), 'story', 'stories')} share"
        )
        notes.append(
            f"{task_pass}: {judged} were judged in different versions by different annotators, without projection; "
            "they are compared under “reprints shared sentences” and nowhere else"
        )
    if together and len(told) < LEAST_STORIES:
        found = f"{_count(len(documents), 'document')} of {_count(len(told), 'story', 'stories')}"
        notes.append(f"{found}: no coefficient below means anything about annotators or about news")
    return notes


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def level_lines(rows: Sequence[Row], levels: Mapping[str, float]) -> tuple[list[str], list[str]]:
    """How each layer's main measures stand to the codebook's levels: (all lines, those that are warnings)."""
    lines, warnings = [], []
    for row in rows:
        level = levels.get(row["layer"])
        if level is None or row["by"] != "all" or not row["measure"].startswith(_MAIN):
            continue
        if row["value"] is None:
            lines.append(f"level {level} of {row['layer']}: {row['measure']} is undefined")
        elif row["value"] < level:
            said = f"warning: {row['layer']}: {row['measure']} is {row['value']:.3f}, under the codebook's {level}"
            lines.append(said)
            warnings.append(said)
        else:
            lines.append(f"level {level} of {row['layer']}: {row['measure']} is {row['value']:.3f}, met")
    return lines, warnings
