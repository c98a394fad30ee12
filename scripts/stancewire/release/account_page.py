"""An account as one self-contained page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..gold.explain import Explanation, chance_words
from ..pages.elements import Html, element, page
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


def write_page(path: Path, about: Explanation) -> None:
    """Write the page, beside and renamed."""
    write_text(path, account_html(about))


def account_html(about: Explanation) -> str:
    """The page of an account."""
    return page(_named(about), _body(about), style=_STYLE)


def _named(about: Explanation) -> str:
    return f"{about['kind'].replace('_', ' ')} {about['id']}"


def _body(about: Explanation) -> Iterator[Html]:
    if about["kind"] != "place":
        yield from _row(about)
        return
    yield from _place(about)
    for unit in about["units"]:
        yield element("h2", _named(unit))
        yield from _row(unit)


def _said(text: str, class_name: str | None = None) -> Html:
    return element("p", text, attributes={"class": class_name} if class_name else None)


def _passage(about: Explanation) -> Iterator[Html]:
    if about.get("text") is not None:
        marked = element("mark", about["text"])
        yield element("blockquote", "\u2026" + about["before"], marked, about["after"] + "\u2026")
    where = str(about.get("doc_id") or "")
    if about.get("start") is not None:
        where += f":{about['start']}-{about['end']}"
    target = f" \u00b7 target {about['target_id']}" if about.get("target_id") else ""
    yield _said(where + target, "small")


def _table(names: Sequence[str], rows: Iterable[Html]) -> Html:
    return element("table", element("tr", [element("th", name) for name in names]), rows)


def _line(values: Iterable[Any]) -> Html:
    return element("tr", [element("td", "" if value is None else str(value)) for value in values])


def _place(about: Explanation) -> Iterator[Html]:
    yield _said(about["verdict"], "verdict")
    yield from _passage(about)
    rows = [(item["seg_no"], item["role"], ", ".join(item["shown_in"]) or "no pass") for item in about["segments"]]
    yield _table(("segment", "role", "shown in"), map(_line, rows))
    yield element("h3", "Who submitted the document")
    readers = [(name, ", ".join(who) or "nobody") for name, who in about["readers"].items()]
    yield _table(("pass", "annotators"), map(_line, readers))
    if about["others"] or about["quarantine"]:
        yield element("h3", "Marked here, and not voting")
        silent: list[Sequence[Any]] = [
            (item["annotator_id"], item["label"], item["text"], item["verdict"]) for item in about["others"]
        ]
        silent += [
            (item["annotator_id"], None, None, f"in quarantine: {item['reason']}") for item in about["quarantine"]
        ]
        yield _table(("annotator", "label", "words", "why"), map(_line, silent))


def _row(about: Explanation) -> Iterator[Html]:
    yield _said(about["verdict"], "verdict")
    yield from _passage(about)
    if "fields" in about:
        gold = f"gold row {about['gold_id']} ({about['decided_by']}), " if about["gold_id"] else ""
        yield _said(f"{gold}method {about['method']}, submitted by {', '.join(about['submitted'])}", "small")
        yield _table(("field", "value", "how", "votes"), map(_field, about["fields"]))
        yield element("h3", "Votes")
        asked = [item["field"] for item in about["fields"] if item["field"] not in _NOT_VALUES]
        yield _votes(about["votes"], asked)
        yield from (_said(f"mirror contradicts: {said}") for said in about.get("mirrors", ()))
    elif "judgement" in about:
        yield element("h3", "Judgement")
        yield _votes([about["judgement"]], ["label"])
    if "decision" in about:
        yield element("div", _decision(about["decision"], ""))
    if "checks" in about:
        yield element("h3", "Checks")
        found = [(i["check"], i["severity"], f"{i['path']}:{i['place']}", i["message"]) for i in about["checks"]]
        yield _table(("check", "", "where", "what"), map(_line, found)) if found else _said("none raised")
    if "releases" in about:
        yield element("h3", "Releases")
        yield from (_said(release_words(item)) for item in about["releases"])
        if not about["releases"]:
            yield _said("none yet")


def _field(item: Explanation) -> Html:
    votes = "; ".join(f"{value or 'none'}: {', '.join(names)}" for value, names in item["votes"].items())
    how: list[Html | str] = [item["status"]]
    if item["chances"] is not None and len(item["votes"]) > 1:
        how.append(_said(f"chances: {chance_words(item['chances'])}", "small"))
    for key, word in (("decision", ""), ("stale_decision", "stale: ")):
        if item[key] is not None:
            how += _decision(item[key], word)
    cells = (item["field"], "undecided" if item["value"] is None else item["value"], how, votes)
    return element(
        "tr", [element("td", cell) for cell in cells], attributes={"class": "open"} if item["value"] is None else None
    )


def _decision(item: Explanation, word: str) -> Iterator[Html]:
    yield _said(f"{word}{item['decided_by']} on {item['decided_at']}: {item['value']}", "small")
    yield _said(item["reason"], "reason")
    yield from (_said(f"answered in {path}", "small") for path in item.get("answered_in", ()))


def _votes(votes: Sequence[Explanation], fields: Sequence[str]) -> Html:
    rows = []
    for vote in votes:
        origin = vote["origin"] + (f" from {vote['suggested_by']}" if vote["suggested_by"] else "")
        when = vote["created_at"]
        if vote["updated_at"] != when:
            when += f", edited {vote['updated_at']}"
        values = [vote.get(name) for name in fields]
        rows.append((vote["annotator_id"], vote["text"], *values, vote["comment"], origin, when, vote["judgement_id"]))
    names = ("annotator", "words", *fields, "comment", "origin", "when", "judgement")
    return _table(names, map(_line, rows))
