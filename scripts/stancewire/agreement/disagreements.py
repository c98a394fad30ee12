"""The disagreement report: a page for the weekly meeting, what annotators see differently, worst first, in context.

How badly a unit is disputed is, over its fields, the share of vote pairs that differ, times the field's weight: a
stance taken for the opposite weighs most, a boundary least. It orders the page, and is no measure of anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from ..pages.elements import Html, element, page, table
from ..pages.plots import dot_plot, heat_map
from .judged import SCALE
from .units import Unit, Vote
from .values import LAYER_FIELDS, Row, field_value

CONTEXT = 200  # characters on either side
MOST_UNITS, MOST_PAIRS = 300, 60
WEIGHTS = {"exists": 1.5, "boundary": 0.5, "label": 2.0, "kind": 0.5, "entity_id": 1.0, "stance": 3.0, "holder": 2.0}
WEIGHTS |= {"via": 1.0, "attribution": 1.0}
_FIELDS = {"exists": "found by some only", "boundary": "its words", "entity_id": "entity"}
_PLOTTED = ("span F1, ", "tuple F1", "token F1", "share of units", "percent", "Krippendorff", "Cohen", "Gwet", "Fleiss")


def disputed(unit: Unit) -> dict[str, float]:
    """Of each field in dispute: its weight times the share of vote pairs that differ (stances: by their distance)."""
    found = {}
    voters, marked = len(unit.voters), len(unit.votes)
    if unit.layer != "document_stance":
        pairs = voters * (voters - 1) / 2
        found["exists"] = marked * (voters - marked) / pairs if pairs else 0.0
        found["boundary"] = _differing(Counter((vote.start, vote.end) for vote in unit.votes))
    for field in LAYER_FIELDS[unit.layer]:
        said = Counter(field_value(vote.row, field) for vote in unit.votes)
        found[field] = _stances_apart(said) if field == "stance" else _differing(said)
    return {field: WEIGHTS[field] * share for field, share in found.items() if share > 0}


def _differing(said: Counter[object] | Counter[str] | Counter[tuple[int | None, int | None]]) -> float:
    votes = said.total()
    same = sum(n * (n - 1) for n in said.values())
    return 1 - same / (votes * (votes - 1)) if votes > 1 else 0.0


def _stances_apart(said: Counter[str]) -> float:
    """Share of pairs that differ; favor and against count whole, other differences half."""
    pairs = said.total() * (said.total() - 1) / 2
    apart = 0.0
    for (one, n), (other, m) in combinations(sorted(said.items()), 2):
        opposite = abs(SCALE.get(one, 0.0) - SCALE.get(other, 0.0)) == 2
        apart += n * m * (1.0 if opposite else 0.5)
    return apart / pairs if pairs else 0.0


def worst_first(units: Iterable[Unit]) -> list[tuple[float, Unit, dict[str, float]]]:
    """Units in dispute with what they are worth and their disputed fields, the worst first."""
    found = [(sum(fields.values()), unit, fields) for unit in units if (fields := disputed(unit))]
    return sorted(found, key=lambda item: (-item[0], item[1].doc_id, item[1].layer, item[1].judgement_ids))


def disagreement_page(
    units: Sequence[Unit], rows: Sequence[Row], texts: Mapping[str, str], notes: Sequence[str], title: str
) -> str:
    """The report as one HTML page.

    Args:
        rows: of the table `agreement`. texts: doc_id -> canonical text. notes: what must be said before any figure.
    """
    listed = worst_first(units)
    count = f"{len(listed)} of {len(units)} units are disputed"
    if len(listed) > MOST_UNITS:
        count += f"; the {MOST_UNITS} worst are shown"
    shown = [_unit(number, *item, texts) for number, item in enumerate(listed[:MOST_UNITS], 1)]
    return page(
        f"Disagreements: {title}",
        [element("p", note.removeprefix("warning: "), attributes={"class": "warning"}) for note in notes],
        element("h2", "Where they differ"),
        _overview(units, listed),
        element("h2", "What annotators see differently, worst first"),
        element("p", count + "."),
        shown,
        element("h2", "How far they agree"),
        _figures(rows),
        _pairs(rows),
    )


def _overview(units: Sequence[Unit], listed: Sequence[tuple[float, Unit, dict[str, float]]]) -> Html:
    """A row a layer: units, those in dispute, and in which fields how often."""
    cells = []
    for layer in LAYER_FIELDS:
        whole = sum(unit.layer == layer for unit in units)
        fields = Counter(field for _, unit, disputed_ in listed if unit.layer == layer for field in disputed_)
        worst = sum(unit.layer == layer for _, unit, _ in listed)
        said = ", ".join(f"{_FIELDS.get(field, field)} {count}" for field, count in fields.most_common())
        if whole:
            cells.append([layer.replace("_", " "), str(whole), str(worst), f"{worst / whole:.0%}", said])
    return table(["layer", "units", "disputed", "share", "in what, how often"], cells)


def _pairs(rows: Sequence[Row]) -> list[Html]:
    """Who sees things like whom: a row a layer and pair of annotators, those least alike first."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        if row["by"] == "annotator pair":
            found.setdefault((row["layer"], row["group"]), {})[row["measure"]] = row
    cells = []
    for (layer, pair), measures in found.items():
        f1 = measures.get("span F1, overlapping")
        judged = measures.get(f"percent agreement: {LAYER_FIELDS[layer][0]}")
        if f1 is not None and judged is not None:
            value = -1.0 if f1["value"] is None else f1["value"]
            cells.append((layer, value, [layer, pair, str(f1["n_units"]), _number(f1), _number(judged)]))
    if not cells:
        return []
    headings = ["layer", "pair", "units", "found: span F1, overlapping", "judged: percent agreement, label or stance"]
    listed = [cell for *_, cell in sorted(cells)[:MOST_PAIRS]]
    return [element("h3", "Who sees things like whom"), table(headings, listed)]


def _figures(rows: Sequence[Row]) -> list[Html]:
    whole = [row for row in rows if row["by"] == "all"]
    made: list[Html] = []
    notes: dict[str, int] = {}
    for layer in dict.fromkeys(row["layer"] for row in whole):
        of_layer = [row for row in whole if row["layer"] == layer]
        plotted = [row for row in of_layer if row["measure"].startswith(_PLOTTED)]
        points = [
            (row["measure"], row["value"], row["low"], row["high"]) for row in plotted if row["value"] is not None
        ]
        between = ", with 95% intervals over stories" if any(low is not None for _, _, low, _ in points) else ""
        made.append(element("h3", layer.replace("_", " ")))
        if points:
            made.append(dot_plot(f"{layer.replace('_', ' ')}: agreement{between}", points))
        made += _confusions(of_layer)
        cells = []
        for row in plotted:
            marks = [notes.setdefault(said, len(notes) + 1) for said in (row["reason"] or "").split("; ") if said]
            remarks = " ".join(f"[{mark}]" for mark in marks)
            cells.append([row["measure"], _number(row), str(row["n_units"]), str(row["n_stories"]), remarks])
        made.append(table(["measure", "value", "units", "stories", "remarks"], cells))
    made += [element("p", f"[{number}] {said}", attributes={"class": "quiet"}) for said, number in notes.items()]
    return made


def _number(row: Row) -> str:
    if row["value"] is None:
        return "undefined"
    between = "" if row["low"] is None else f" [{row['low']:.3f}, {row['high']:.3f}]"
    return f"{row['value']:.3f}{between}"


def _confusions(rows: Sequence[Row]) -> list[Html]:
    fields: dict[str, dict[tuple[str, str], float]] = {}
    for row in rows:
        kind, _, rest = row["measure"].partition(": ")
        if kind.startswith("confusion") and row["value"] is not None:
            field, _, values = rest.partition(": ")
            one, _, other = values.partition(" / ")
            fields.setdefault(field, {})[one, other] = row["value"]
    made = []
    for field, shares in fields.items():
        names = list(dict.fromkeys(name for pair in sorted(shares) for name in pair))
        if len(names) > 1:
            made.append(heat_map(f"{field}: share of judgement pairs that say this and that", names, shares))
    return made


def _unit(number: int, score: float, unit: Unit, fields: Mapping[str, float], texts: Mapping[str, str]) -> Html:
    about = f"{number}. {unit.layer.replace('_', ' ')} in {unit.doc_id}"
    if unit.target_id is not None:
        about += f", on {unit.target_id}"
    worst = sorted(fields, key=lambda field: (-fields[field], field))
    silent = sorted(set(unit.voters) - {vote.annotator_id for vote in unit.votes})
    body: list[Html] = [
        element("h3", about),
        element(
            "p",
            f"differs in {', '.join(_FIELDS.get(field, field) for field in worst)} (weight {score:.2f})",
            attributes={"class": "quiet"},
        ),
    ]
    if unit.layer != "document_stance":
        body += _contexts(unit, texts.get(unit.doc_id, ""))
    names = LAYER_FIELDS[unit.layer]
    cells = [
        [vote.annotator_id, *(_cell(vote, field, fields) for field in names), vote.row.get("comment") or ""]
        for vote in unit.votes
    ]
    if unit.layer != "document_stance":
        cells += [[name, *["marked nothing" if i == 0 else "" for i in range(len(names))], ""] for name in silent]
    body.append(table(["annotator", *(field.removesuffix("_id") for field in names), "comment"], cells))
    return element("article", body)


def _cell(vote: Vote, field: str, disputed_: Mapping[str, float]) -> str:
    """A value as it is read: entities without their document; marked where the field is in dispute."""
    value = field_value(vote.row, field) or "none"
    if field in ("entity_id", "holder", "via"):
        value = value.removeprefix("entity:").rpartition("#")[2]
    return element("span", value, attributes={"class": "differs"}) if field in disputed_ else value


def _before(text: str, start: int) -> str:
    """What stands before a place, cut at white space."""
    words = text[max(0, start - CONTEXT) : start]
    return words if start <= CONTEXT else "\u2026" + words[words.find(" ") + 1 :]


def _after(text: str, end: int) -> str:
    """What stands after a place, cut at white space."""
    words = text[end : end + CONTEXT]
    return words if end + CONTEXT >= len(text) else (words.rpartition(" ")[0] or words) + "\u2026"


def _contexts(unit: Unit, text: str) -> list[Html]:
    """The words in context, once for each way of marking them, with those who marked them so."""
    places: dict[tuple[int, int], list[str]] = {}
    for vote in unit.votes:
        places.setdefault(_place(vote), []).append(vote.annotator_id)
    made = []
    for (start, end), names in sorted(places.items()):
        context = [_before(text, start), element("mark", text[start:end]), _after(text, end)]
        made.append(element("p", ", ".join(names) + ":", attributes={"class": "quiet"}))
        made.append(element("p", context, attributes={"class": "context", "dir": "auto"}))
    return made


def _place(vote: Vote) -> tuple[int, int]:
    return vote.start or 0, vote.end or 0
