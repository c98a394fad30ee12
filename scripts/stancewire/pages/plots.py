"""Plots for pages, as SVG: dots with intervals, squares of shares, and the figure that any drawing stands in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .elements import Html, element

LETTER = 6.6  # width of a letter of a plot's names, in the plot's units: what wide sans-serif faces need


def dot_plot(title: str, rows: Sequence[tuple[str, float, float | None, float | None]]) -> Html:
    """Values on a scale from 0 to 1 (less, where one is), with their intervals.

    Args:
        rows: name, value, lower and upper end of its interval (None where there is none).
    """
    least = min([0.0, *(value if low is None else low for _, value, low, _ in rows)])
    height, width = 24 * len(rows) + 30, 400
    left = round(24 + LETTER * max((len(name) for name, *_ in rows), default=0))

    def x(value: float) -> float:
        return round(left + (value - least) / (1 - least) * width, 1)

    drawn: list[Html] = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = x(tick)
        drawn.append(shape("line", x1=at, x2=at, y1=4, y2=height - 22, stroke="#ddd"))
        drawn.append(element("text", f"{tick:g}", attributes={"x": at, "y": height - 6, "text-anchor": "middle"}))
    for number, (name, value, low, high) in enumerate(rows):
        y = 24 * number + 18
        drawn.append(element("text", name, attributes={"x": left - 12, "y": y + 4, "text-anchor": "end"}))
        if low is not None and high is not None:
            drawn.append(shape("line", x1=x(low), x2=x(high), y1=y, y2=y, stroke="#0b5394", **{"stroke-width": 3}))
        drawn.append(shape("circle", cx=x(value), cy=y, r=5, fill="#0b5394"))
    return figure(title, drawn, left + width + 20, height)


def heat_map(title: str, names: Sequence[str], shares: Mapping[tuple[str, str], float]) -> Html:
    """A square of shares, each written in its cell; darker is more. Pairs have no order: both halves show them."""
    side, left, top = 72, 130, 26
    most = max(shares.values(), default=0) or 1
    drawn: list[Html] = []
    for i, one in enumerate(names):
        y = top + side * i
        drawn.append(element("text", one, attributes={"x": left - 8, "y": y + side / 2 + 4, "text-anchor": "end"}))
        middle = {"x": left + side * i + side / 2, "y": top - 8, "text-anchor": "middle"}
        drawn.append(element("text", one, attributes=middle))
        for j, other in enumerate(names):
            share = shares.get((one, other), shares.get((other, one), 0.0))
            strength = share / most
            place = {"x": left + side * j, "y": y, "width": side - 2, "height": side - 2}
            drawn.append(shape("rect", fill="#0b5394", **{"fill-opacity": round(strength, 3)}, **place))
            at = {"x": left + side * (j + 0.5) - 1, "y": y + side / 2 + 4, "text-anchor": "middle"}
            ink = "#fff" if strength > 0.5 else "#1a1a1a"
            drawn.append(element("text", f"{share:.3f}", attributes=at | {"fill": ink}))
    return figure(title, drawn, left + side * len(names) + 10, top + side * len(names) + 4)


def shape(tag: str, **attributes: object) -> Html:
    """A drawn element without words."""
    return element(tag, attributes=attributes)


def figure(title: str, drawn: Sequence[Html], width: float, height: float) -> Html:
    """A drawing with its title, for the eye and for who has it read aloud."""
    size = {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
    drawing = element("svg", element("title", title), drawn, attributes={"role": "img", **size})
    return element("figure", element("figcaption", title), drawing)
