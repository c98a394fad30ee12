"""Editing a YAML file's text in place: lists of keyed items get other values, and all else stays to the letter.

Comments, order, blank lines and spelling of what is untouched stay; an item that is new or moved takes the lines that
are its own, with the comment right above it. What is written is read again and compared with what was meant, so an edit
that would touch anything else (through an anchor, say) is refused.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from .yaml_lines import YamlError, parse_yaml

WIDTH = 120
Items = Sequence[tuple[int | None, Mapping[str, Any]]]

# Words that need no quotes in any YAML, nor between brackets; those that some readers take for something else do.
_PLAIN = re.compile(r"[^\W\d_](?:[\w .'()/;-]*[\w.)])?|\d+\.\d+\.\d+")
_NOT_WORDS = re.compile(r"(?i:true|false|null|yes|no|on|off|y|n|nan|inf)")


def edit_yaml(text: str, lists: Mapping[str, Items], scalars: Mapping[str, str], order: Sequence[str]) -> str:
    """The text with other items in some of its top-level lists, and other words at some of its top-level keys.

    Args:
        lists: name -> its items: index of the old item (None: a new one), and its whole value.
        scalars: top-level key, which is there, -> its new words.
        order: keys of items in the order in which a new one is written.

    Raises:
        ValueError: the text is written in a way that cannot be edited without touching more than was meant.
    """
    crlf = "\r\n" in text
    if crlf and text.count("\r\n") != text.count("\n"):
        raise ValueError("some of its lines end in CRLF and some in LF; make them one kind")
    text = text.replace("\r\n", "\n")
    now = parse_yaml(text).value
    wanted = dict(now)
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    keys = {key.value: (key, value) for key, value in root.value}
    edits: list[tuple[int, int, str]] = []
    for name, items in lists.items():
        wanted[name] = [dict(item) for _, item in items]
        edits.append(_list_edit(text, keys.get(name), name, now.get(name), items, order))
    for name, words in scalars.items():
        wanted[name] = words
        node = keys[name][1]
        edits.append((node.start_mark.index, _end(text, node), _scalar(words)))
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written + text[end:]
    try:
        same = parse_yaml(text).value == wanted
    except YamlError as error:
        raise ValueError(str(error)) from None
    if not same:
        raise ValueError("more than that would change (is there an anchor, a tag or an unusual layout?)")
    return text.replace("\n", "\r\n") if crlf else text


def _list_edit(
    text: str, found: tuple[Any, Any] | None, name: str, now: Any, items: Items, order: Sequence[str]
) -> tuple[int, int, str]:
    if found is None:
        end = len(text.rstrip())
        return end, len(text), f"\n\n{name}:\n{_all_new(items, order)}\n"
    key, node = found
    parts = _parts(text, node) if isinstance(node, yaml.SequenceNode) and not node.flow_style else None
    if parts is None:
        return key.start_mark.index, _end(text, node), f"{name}:\n{_all_new(items, order)}"
    leads, starts, ends = parts
    blank = [lead for lead in leads[1:] if not lead.strip()]
    usual = max(blank, key=blank.count, default="")
    first = node.value[0]
    dash, indent = _dash_column(text, first), first.start_mark.column
    is_flow = bool(first.flow_style)
    written: list[str] = []
    for place, (old, item) in enumerate(items):
        if old is None:
            lead, body = usual, _new_item(item, dash, indent, is_flow, order)
        else:
            follows = place > 0 and items[place - 1][0] == old - 1
            lead = leads[old] if follows or leads[old].strip() else usual
            body = _edited_item(text, node.value[old], now[old], item, starts[old], ends[old], order)
        written.append((lead if place or lead.strip() else "") + body)
    return starts[0], ends[-1], "\n".join(written)


def _parts(text: str, node: Any) -> tuple[list[str], list[int], list[int]] | None:
    """Of each item: what stands between it and the one before; where its lines begin (a comment right above it
    included) and end. None where items share lines, or the like."""
    leads, starts, ends = [], [], []
    before = None
    for item in node.value:
        line = text.rfind("\n", 0, item.start_mark.index) + 1
        if not re.fullmatch(r"[ ]*-[ ]+", text[line : item.start_mark.index]):
            return None
        floor = line if before is None else before
        start = line
        while start > floor:
            above = text.rfind("\n", 0, start - 1) + 1
            if above < floor or not text[above:start].lstrip(" ").startswith("#"):
                break
            start = above
        leads.append("" if before is None else text[before:start])
        starts.append(start)
        ends.append(_line_end(text, _end(text, item)))
        before = min(ends[-1] + 1, len(text))
    return (leads, starts, ends) if starts else None


def _line_end(text: str, at: int) -> int:
    """The end of a line, its comment included, before what breaks it."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _end(text: str, node: Any) -> int:
    """Where a node's own words end: a block's mark stands only after the comments that follow it."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        start = node.start_mark.index
        return start + len(text[start : node.end_mark.index].rstrip())
    last = node.value[-1]
    return _end(text, last[1] if isinstance(last, tuple) else last)


def _dash_column(text: str, item: Any) -> int:
    line = text.rfind("\n", 0, item.start_mark.index) + 1
    return text.index("-", line) - line


def _edited_item(
    text: str,
    node: Any,
    old: Mapping[str, Any],
    item: Mapping[str, Any],
    start: int,
    end: int,
    order: Sequence[str],
) -> str:
    """An item's lines with other values: of a block the keys that differ, else the whole of it."""
    edits: list[tuple[int, int, str]] = []
    if old != item and (node.flow_style or not isinstance(node, yaml.MappingNode)):
        edits = [(node.start_mark.index, node.end_mark.index, _flow(item))]
    elif old != item:
        edits = _key_edits(text, node, old, item, order)
    body = text[start:end]
    for first, last, written in sorted(edits, reverse=True):
        body = body[: first - start] + written + body[last - start :]
    return body


def _key_edits(
    text: str, node: Any, old: Mapping[str, Any], item: Mapping[str, Any], order: Sequence[str]
) -> list[tuple[int, int, str]]:
    column = node.start_mark.column
    places = {key.value: (key, value) for key, value in node.value}
    edits: dict[int, tuple[int, int, str]] = {}
    for name, (key, value) in places.items():
        begin, end = key.start_mark.index, _end(text, value)
        if name not in item:
            line = text.rfind("\n", 0, begin)
            edits[begin] = (line, _line_end(text, end), "")
        elif item[name] != old[name]:
            is_block = isinstance(value, yaml.ScalarNode) and value.style in (">", "|")
            alone = not text[end : _line_end(text, end)].strip()
            written = _pair(name, item[name], column, is_block and alone, alone)
            edits[begin] = (begin, end, written.lstrip(" "))
    for name in _in_order(item, order):
        if name not in places:
            rank = _rank(name, order)
            earlier = [key for key in places if key in item and _rank(key, order) <= rank]
            after = max(earlier or [next(iter(places))], key=lambda key: places[key][0].start_mark.index)
            at = _line_end(text, _end(text, places[after][1]))
            lines = _pair(name, item[name], column)
            first, last, written = edits.get(-at, (at, at, ""))
            edits[-at] = (first, last, f"{written}\n{lines}")
    return list(edits.values())


def _all_new(items: Items, order: Sequence[str]) -> str:
    return "\n".join(_new_item(item, 2, 4, False, order) for _, item in items)


def _new_item(item: Mapping[str, Any], dash: int, column: int, is_flow: bool, order: Sequence[str]) -> str:
    ordered = _in_order(item, order)
    head = " " * dash + "-" + " " * (column - dash - 1)
    if is_flow:
        return head + _flow(ordered)
    return head + "\n".join(_pair(name, value, column) for name, value in ordered.items()).lstrip(" ")


def _in_order(item: Mapping[str, Any], order: Sequence[str]) -> dict[str, Any]:
    return {name: item[name] for name in sorted(item, key=lambda name: _rank(name, order))}


def _rank(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def _pair(name: str, value: Any, column: int, as_block: bool = False, may_fold: bool = True) -> str:
    """A key with its value, in lines from `column` on; words too long for a line are folded, where they may be."""
    pad = " " * column
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        lines = [f"{pad}{name}:"]
        for item in value:
            pairs = [f"{key}: {json.dumps(words, ensure_ascii=False)}" for key, words in item.items()]
            lines += [f"{pad}  {'- ' if number == 0 else '  '}{pair}" for number, pair in enumerate(pairs)]
        return "\n".join(lines)
    if isinstance(value, list):
        line = f"{pad}{name}: {_flow(value)}"
        if len(line) <= WIDTH:
            return line
        return "\n".join([f"{pad}{name}:", *(f"{pad}  - {_scalar(words)}" for words in value)])
    line = f"{pad}{name}: {_scalar(value)}"
    if not isinstance(value, str) or (len(line) <= WIDTH and not as_block) or not may_fold:
        return line
    if value != " ".join(value.split()):
        return line
    folded = textwrap.wrap(value, WIDTH - column - 2, break_long_words=False, break_on_hyphens=False)
    return "\n".join([f"{pad}{name}: >-", *(f"{pad}  {part}" for part in folded)])


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(held)}" for name, held in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str) and (not _PLAIN.fullmatch(value) or _NOT_WORDS.fullmatch(value)):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else json.dumps(value)
