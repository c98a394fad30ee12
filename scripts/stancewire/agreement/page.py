"""A self-contained HTML page: elements that escape what they hold, a policy that forbids the network, plots as SVG.

Text never becomes markup: an element's children are escaped unless they are elements themselves. The page holds no
script, loads nothing, and its one style sheet is let in by its hash.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from html import escape

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a;
  background: #fff }
h1, h2, h3 { line-height: 1.2 } h2 { margin-top: 2.5rem } h3 { margin-top: 2rem; font-size: 1.05rem }
table { border-collapse: collapse; margin: .5rem 0 } th, td { text-align: left; padding: .2rem .8rem .2rem 0;
  vertical-align: top; border-bottom: 1px solid #ddd }
td.number { text-align: right; font-variant-numeric: tabular-nums }
mark { background: #ffe08a; color: inherit } p.context { white-space: pre-wrap; margin: .2rem 0 .2rem 1rem }
p.warning { border-left: .3rem solid #b25000; padding-left: .8rem } .quiet { color: #595959 }
td .differs { background: #fbe0d0; padding: 0 .25rem }
article { border-top: 1px solid #bbb } figure { margin: 1rem 0 } figcaption { font-weight: 600 }
svg { max-width: 100%; height: auto } svg text { font: 12px system-ui, sans-serif }
""".strip()


LETTER = 6.6  # width of a letter of a plot's names, in the plot's units: what wide sans-serif faces need


class Html(str):
    """Markup, which may stand in a page as it is; any other string is escaped."""

    __slots__ = ()


Child = str | Iterable[str]


def element(tag: str, *children: Child, attributes: Mapping[str, object] | None = None) -> Html:
    """One element; children are strings (escaped), elements, or iterables of them."""
    given = "".join(f' {name}="{escape(str(value))}"' for name, value in (attributes or {}).items())
    return Html(f"<{tag}{given}>{''.join(_inner(child) for child in children)}</{tag}>")


def _inner(child: Child) -> str:
    if isinstance(child, Html):
        return child
    return escape(child) if isinstance(child, str) else "".join(_inner(item) for item in child)


def page(title: str, *body: Child) -> str:
    """The whole page."""
    digest = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", title),
        Html(f"<style>{STYLE}</style>"),
    )
    content = element("html", head, element("body", element("h1", title), *body), attributes={"lang": "en"})
    return f"<!DOCTYPE html>\n{content}\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """A table of text cells; those that read as numbers stand right."""
    head = element("tr", [element("th", heading, attributes={"scope": "col"}) for heading in headings])
    return element("table", element("thead", head), element("tbody", [_table_row(row) for row in rows]))


def _table_row(cells: Sequence[str]) -> Html:
    return element(
        "tr", [element("td", cell, attributes={"class": "number"} if _is_number(cell) else {}) for cell in cells]
    )


def _is_number(cell: str) -> bool:
    return cell[:1].isdigit() or (cell[:1] in "-\u2212" and cell[1:2].isdigit())


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
