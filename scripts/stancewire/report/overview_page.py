"""The overview of a corpus as one self-contained page: bars of counts, agreement, and what they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..pages.elements import Html, element, page, table
from ..pages.plots import dot_plot, figure, shape
from .overview import STANCES, Bars, Measured, Overview

# Blue and vermilion differ for every kind of colour vision; each part also bears its number, and the key its name.
_COLOURS = {"favor": "#0072b2", "against": "#d55e00", "neutral": "#8a8a8a", "none": "#d0d0d0"}
_OTHERS = ("#0072b2", "#a6cbe3")
_DARK = ("#0072b2", "#d55e00", "#8a8a8a")
_LEFT, _WIDTH, _STEP = 300, 520, 26


def overview_page(title: str, description: str, version: str, overview: Overview) -> str:
    """The page.

    Args:
        title, description, version: of the data, as its descriptor has them.
    """
    return page(title, *_body(description, version, overview))


def _body(description: str, version: str, overview: Overview) -> Iterator[Html]:
    yield element("p", description)
    yield element("p", f"Data version {version}.", attributes={"class": "quiet"})
    yield from _who(overview.annotators)
    yield table(("what", "number"), [(name, f"{number:,}") for name, number in overview.facts])
    yield element("h2", "Stances")
    yield from _bars("Attributed stances by target", overview.targets, STANCES[:3])
    yield from _bars("Attributed stances by holder", overview.holders, STANCES[:3])
    yield from _bars("How the words are given", overview.attributions, ("directly", "through a source"))
    yield from _bars("The articles' own stance by target", overview.documents, STANCES)
    yield element("h2", "Documents")
    yield from _bars("Documents by month", overview.months, ("documents",))
    if overview.n_undated:
        yield element("p", f"{overview.n_undated} without a date.", attributes={"class": "quiet"})
    yield from _bars("Documents by outlet", overview.outlets, ("documents",))
    yield from _bars("Where versions of a story differ", overview.kinds, ("substantive", "formal"))
    yield from _bars("Mentions by label", overview.mentions, ("mentions",))
    yield element("h2", "Agreement")
    yield from _agreement(overview.agreement)


def _who(annotators: Mapping[str, int]) -> Iterator[Html]:
    if not annotators:
        return
    if set(annotators) == {"model"}:
        said = "All annotations were made by language models. No human has reviewed them."
        yield element("p", said, attributes={"class": "warning"})
        return
    counted = ", ".join(f"{number} {kind}" for kind, number in annotators.items())
    yield element("p", f"Annotators by kind: {counted}.")


def _bars(title: str, bars: Bars, parts: Sequence[str]) -> Iterator[Html]:
    if not bars.rows:
        return
    colours = {part: _COLOURS.get(part, _OTHERS[number % 2]) for number, part in enumerate(parts)}
    most = max(sum(counts.values()) for _, counts in bars.rows)
    drawn: list[Html] = []
    top = 8
    if len(parts) > 1:
        at = _LEFT
        for part in parts:
            drawn.append(shape("rect", x=at, y=4, width=12, height=12, fill=colours[part]))
            drawn.append(element("text", part, attributes={"x": at + 17, "y": 14}))
            at += 40 + 7 * len(part)
        top = 30
    for number, (name, counts) in enumerate(bars.rows):
        y = top + _STEP * number
        shown = name if len(name) <= 40 else name[:39] + "…"
        label = {"x": _LEFT - 10, "y": y + 15, "text-anchor": "end"}
        drawn.append(element("text", shown, element("title", name), attributes=label))
        x = float(_LEFT)
        for part in parts:
            count = counts.get(part, 0)
            if not count:
                continue
            width = count / most * _WIDTH
            place = {"x": round(x, 1), "y": y, "width": round(width, 1), "height": _STEP - 6}
            said = f"{name}: {count} {part}"
            drawn.append(element("rect", element("title", said), attributes=place | {"fill": colours[part]}))
            if width >= 7 * len(str(count)) + 6:
                ink = "#fff" if colours[part] in _DARK else "#1a1a1a"
                middle = {"x": round(x + width / 2, 1), "y": y + 14, "text-anchor": "middle", "fill": ink}
                drawn.append(element("text", str(count), attributes=middle))
            x += width
        total = {"x": round(x + 6, 1), "y": y + 14}
        drawn.append(element("text", f"{sum(counts.values()):,}", attributes=total))
    yield figure(title, drawn, _LEFT + _WIDTH + 60, top + _STEP * len(bars.rows) + 4)
    if bars.n_left:
        yield element("p", f"and {bars.n_left} more with fewer.", attributes={"class": "quiet"})


def _agreement(measured: Sequence[Measured]) -> Iterator[Html]:
    rows = [(f"{m.layer}: {m.measure}", m.value, m.low, m.high) for m in measured if m.value is not None]
    if rows:
        yield dot_plot("Found alike, judged alike", [(n, v, low, high) for n, v, low, high in rows if v is not None])
    reasons = dict.fromkeys(m.reason for m in measured if m.reason)
    for reason in reasons:
        yield element("p", f"{reason[:1].upper()}{reason[1:]}.", attributes={"class": "quiet"})
