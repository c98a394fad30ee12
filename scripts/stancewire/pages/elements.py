"""A page as elements that escape what they hold.

Text never becomes markup: an element's children are escaped unless they are elements themselves; control characters,
which HTML forbids, become the replacement character. The page holds no script, loads nothing, and its one style sheet
is let in by its hash.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence

from .policy import content_policy

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
"""How a page looks unless it says otherwise."""

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Html(str):
    """Markup, which may stand in a page as it is; any other string is escaped."""

    __slots__ = ()


Child = str | Iterable[str]


def element(tag: str, *children: Child, attributes: Mapping[str, object] | None = None) -> Html:
    """One element; children are strings (escaped), elements, or iterables of them."""
    given = "".join(f' {name}="{_escape(str(value))}"' for name, value in (attributes or {}).items())
    return Html(f"<{tag}{given}>{''.join(_inner(child) for child in children)}</{tag}>")


def _inner(child: Child) -> str:
    if isinstance(child, Html):
        return child
    return _escape(child) if isinstance(child, str) else "".join(_inner(item) for item in child)


def _escape(text: str) -> str:
    return html.escape(_CONTROLS.sub("\ufffd", text))


def page(title: str, *body: Child, style: str = STYLE) -> str:
    """The whole page."""
    policy = html.escape(content_policy(style))
    head = element(
        "head",
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", title),
        Html(f"<style>{style}</style>"),
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
