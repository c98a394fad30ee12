"""What is said about agreement in words: whether it can mean anything, and how it stands to the codebook's levels.

A level is reported and warned about; it never stops anything. The codebook gives one a layer, for overlapping spans' F1
and nominal alpha of every field, or levels by metric (`METRICS`), and of a judged one by field:

    agreement: {mention: 0.8, stance: {found_f1: 0.5, judged_alpha: {stance: 0.8, holder: 0.7}}}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .coefficients import LEAST_STORIES
from .shared import SharedUnits
from .units import Unit
from .values import Row

METRICS = {
    "found_f1": ("span F1, overlapping",),
    "found_f1_exact": ("span F1, exact",),
    "found_token_f1": ("token F1",),
    "found_tuple_f1": ("tuple F1", "overlapping spans"),
    "found_tuple_f1_exact": ("tuple F1", "exact spans"),
    "found_share": ("share of units marked",),
    "judged_percent": ("percent agreement",),
    "judged_alpha": ("Krippendorff's alpha, nominal",),
    "judged_alpha_ordinal": ("Krippendorff's alpha, ordinal",),
    "judged_alpha_interval": ("Krippendorff's alpha, interval",),
    "judged_cohen": ("Cohen's kappa", "Cohen's kappa, mean over annotator pairs"),
    "judged_fleiss": ("Fleiss' kappa",),
    "judged_ac1": ("Gwet's AC1",),
}
"""The codebook's short names of metrics: words of the measure (found), or all that it may be called (judged)."""
FEW = "; with fewer than ten stories no coefficient means anything"
Level = tuple[str, str, str, float]


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


def level_lines(rows: Sequence[Row], levels: Iterable[Level]) -> tuple[list[str], list[str]]:
    """How each layer's measures stand to the codebook's levels: (all lines, those that are warnings).

    Args:
        rows: of the table `agreement`. levels: (layer, metric, field, level), as `Rules.agreement` has them.
    """
    lines, warnings = [], []
    whole = [row for row in rows if row["by"] == "all"]
    for layer, metric, field, level in levels:
        measured = [row for row in whole if row["layer"] == layer and _is_meant(row["measure"], metric, field)]
        for row in measured:
            about = f"{layer}: {row['measure']}"
            few = FEW if row["n_stories"] < LEAST_STORIES else ""
            if row["value"] is None:
                lines.append(f"level {level:g} of {about} is undefined ({row['reason']})")
            elif row["value"] < level:
                lines.append(f"warning: {about} is {row['value']:.3f}, under the codebook's {level:g}{few}")
                warnings.append(lines[-1])
            else:
                lines.append(f"level {level:g} of {about} is {row['value']:.3f}, met{few}")
        if not measured and metric:
            lines.append(f"level {level:g} of {layer}: {' of '.join(filter(None, (metric, field)))} was not measured")
    return lines, warnings


def _is_meant(measure: str, metric: str, field: str) -> bool:
    kind, colon, of_field = measure.partition(": ")
    if metric == "":
        return kind == "Krippendorff's alpha, nominal" or kind.startswith("span F1, overlapping")
    names = METRICS[metric]
    if metric.startswith("found"):
        return not colon and all(name in kind for name in names)
    return kind in names and (not field or of_field == field)
