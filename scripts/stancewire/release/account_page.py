"""An account as one self-contained page: nothing is loaded from anywhere, and every word of data is escaped.

The page is built as a tree of elements and written by the standard library, which escapes all text and attributes; its
policy allows the one style sheet it holds, by hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..gold.explain import Explanation, chance_words
from ..tables import write_text
from .account import release_words

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .3rem; }
h3 { font-size: .95rem; margin: 1.2rem 0 .3rem; }
.verdict { font-weight: 600; } .small { font-size: .85rem; color: #555; margin: .3rem 0; }
blockquote { margin: .8rem 0; padding: .6rem 1rem; border-left: 4px solid #ccc; background: #f7f7f5;
  white-space: pre-wrap; overflow-wrap: anywhere; }
mark { background: #ffe08a; padding: 0 .1em; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td, th { border: 1px solid #d5d5d5; padding: .25rem .5rem; text-align: left; vertical-align: top;
  overflow-wrap: break-word; }
th { background: #f1f1ee; }
.open td { background: #fff4d6; } .reason { margin: .2rem 0 0; color: #333; }
@media (prefers-color-scheme: dark) {
  body { background: #1c1c1c; color: #e8e8e8; } blockquote, th { background: #2a2a2a; }
  .small, .reason { color: #bbb; } mark { background: #7a5f00; color: #fff; } .open td { background: #463a10; }
  td, th { border-color: #444; }
}
"""
_NOT_VALUES = ("exists", "boundary")

Element = ElementTree.Element


def write_page(path: Path, about: Explanation) -> None:
    """Write the page, beside and renamed."""
    write_text(path, account_html(about))


def account_html(about: Explanation) -> str:
    """The page of an account."""
    root = Element("html", lang="en")
    head = _add(root, "head")
    _add(head, "meta", charset="utf-8")
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ElementTree.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": policy})
    _add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _add(head, "title", f"{about['kind'].replace('_', ' ')} {about['id']}")
    _add(head, "style", _STYLE)
    body = _add(root, "body")
    _add(body, "h1", f"{about['kind'].replace('_', ' ')} {about['id']}")
    if about["kind"] == "place":
        _place(body, about)
        for unit in about["units"]:
            _add(body, "h2", f"{unit['kind'].replace('_', ' ')} {unit['id']}")
            _row(body, unit)
    else:
        _row(body, about)
    return "<!DOCTYPE html>\n" + ElementTree.tostring(root, encoding="unicode", method="html") + "\n"


def _add(
    parent: Element, tag: str, text: str | None = None, class_name: str | None = None, **attributes: str
) -> Element:
    given = ({"class": class_name} if class_name else {}) | attributes
    made = ElementTree.SubElement(parent, tag, given)
    made.text = None if text is None else _visible(text)
    return made


def _visible(text: str) -> str:
    """Control characters, which HTML forbids, as the replacement character."""
    return "".join(c if c in "\t\n" or not (ord(c) < 32 or 127 <= ord(c) < 160) else "\ufffd" for c in text)


def _passage(parent: Element, about: Explanation) -> None:
    if about.get("text") is not None:
        quote = _add(parent, "blockquote", "\u2026" + about["before"])
        _add(quote, "mark", about["text"]).tail = _visible(about["after"] + "\u2026")
    where = str(about.get("doc_id") or "")
    if about.get("start") is not None:
        where += f":{about['start']}-{about['end']}"
    target = f" \u00b7 target {about['target_id']}" if about.get("target_id") else ""
    _add(parent, "p", where + target, "small")


def _table(parent: Element, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Element:
    table = _add(parent, "table")
    head = _add(table, "tr")
    for name in names:
        _add(head, "th", name)
    for row in rows:
        line = _add(table, "tr")
        for value in row:
            _add(line, "td", "" if value is None else str(value))
    return table


def _place(body: Element, about: Explanation) -> None:
    _add(body, "p", about["verdict"], "verdict")
    _passage(body, about)
    rows = [(item["seg_no"], item["role"], ", ".join(item["shown_in"]) or "no pass") for item in about["segments"]]
    _table(body, ("segment", "role", "shown in"), rows)
    _add(body, "h3", "Who submitted the document")
    _table(body, ("pass", "annotators"), [(name, ", ".join(who) or "nobody") for name, who in about["readers"].items()])
    if about["others"] or about["quarantine"]:
        _add(body, "h3", "Marked here, and not voting")
        silent: list[Sequence[Any]] = [
            (item["annotator_id"], item["label"], item["text"], item["verdict"]) for item in about["others"]
        ]
        silent += [
            (item["annotator_id"], None, None, f"in quarantine: {item['reason']}") for item in about["quarantine"]
        ]
        _table(body, ("annotator", "label", "words", "why"), silent)


def _row(body: Element, about: Explanation) -> None:
    _add(body, "p", about["verdict"], "verdict")
    _passage(body, about)
    if "fields" in about:
        gold = f"gold row {about['gold_id']} ({about['decided_by']}), " if about["gold_id"] else ""
        _add(body, "p", f"{gold}method {about['method']}, submitted by {', '.join(about['submitted'])}", "small")
        _fields(body, about)
        _add(body, "h3", "Votes")
        _votes(body, about["votes"], [item["field"] for item in about["fields"] if item["field"] not in _NOT_VALUES])
        for said in about.get("mirrors", ()):
            _add(body, "p", f"mirror contradicts: {said}")
    elif "judgement" in about:
        _add(body, "h3", "Judgement")
        _votes(body, [about["judgement"]], ["label"])
    if "decision" in about:
        _decision(_add(body, "div"), about["decision"], "")
    if "checks" in about:
        _add(body, "h3", "Checks")
        if about["checks"]:
            rows = [(i["check"], i["severity"], f"{i['path']}:{i['place']}", i["message"]) for i in about["checks"]]
            _table(body, ("check", "", "where", "what"), rows)
        else:
            _add(body, "p", "none raised")
    if "releases" in about:
        _add(body, "h3", "Releases")
        for item in about["releases"]:
            _add(body, "p", release_words(item))
        if not about["releases"]:
            _add(body, "p", "none yet")


def _fields(body: Element, about: Explanation) -> None:
    table = _table(body, ("field", "value", "how", "votes"), [])
    for item in about["fields"]:
        line = _add(table, "tr", class_name="open" if item["value"] is None else None)
        votes = "; ".join(f"{value or 'none'}: {', '.join(names)}" for value, names in item["votes"].items())
        _add(line, "td", item["field"])
        _add(line, "td", "undecided" if item["value"] is None else item["value"])
        how = _add(line, "td", item["status"])
        _add(line, "td", votes)
        if item["chances"] is not None and len(item["votes"]) > 1:
            _add(how, "p", f"chances: {chance_words(item['chances'])}", "small")
        for key, word in (("decision", ""), ("stale_decision", "stale: ")):
            if item[key] is not None:
                _decision(how, item[key], word)


def _decision(parent: Element, item: Explanation, word: str) -> None:
    _add(parent, "p", f"{word}{item['decided_by']} on {item['decided_at']}: {item['value']}", "small")
    _add(parent, "p", item["reason"], "reason")
    for path in item.get("answered_in", ()):
        _add(parent, "p", f"answered in {path}", "small")


def _votes(body: Element, votes: Sequence[Explanation], fields: Sequence[str]) -> None:
    rows = []
    for vote in votes:
        origin = vote["origin"] + (f" from {vote['suggested_by']}" if vote["suggested_by"] else "")
        when = vote["created_at"]
        if vote["updated_at"] != when:
            when += f", edited {vote['updated_at']}"
        values = [vote.get(name) for name in fields]
        rows.append((vote["annotator_id"], vote["text"], *values, vote["comment"], origin, when, vote["judgement_id"]))
    _table(body, ("annotator", "words", *fields, "comment", "origin", "when", "judgement"), rows)
