"""The values that are compared, voted on and decided, each as one string.

exists       keep | drop
boundary     start:end, half-open code points of the canonical text, edge white space off
label, kind, entity_id, stance, attribution    the id itself (an empty string for a mention without entity)
holder       author | unnamed | entity:<entity_id> | other:<words typed>
via          none | unnamed | entity:<entity_id> | other:<words typed>
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

Row = dict[str, Any]
Party = tuple[str, str | None, str | None]

KEEP, DROP = "keep", "drop"

LAYER_FIELDS: dict[str, tuple[str, ...]] = {
    "mention": ("label", "kind", "entity_id"),
    "stance": ("stance", "holder", "via", "attribution"),
    "document_stance": ("stance",),
}
"""What annotators judge of a unit once it is found, in the order in which conflicts are listed."""


def field_value(row: Row, field: str) -> str:
    """The value of one field of a judgement row."""
    return value_getter(field)(row)


def value_getter(field: str) -> Callable[[Row], str]:
    """What gives the value of this field, row after row."""
    return _GETTERS[field]


def _plain(field: str) -> Callable[[Row], str]:
    def get(row: Row) -> str:
        return row[field] or ""

    return get


def _party(role: str) -> Callable[[Row], str]:
    names = itemgetter(f"{role}_type", f"{role}_entity_id", f"{role}_text")

    def get(row: Row) -> str:
        return party_value(names(row))

    return get


_GETTERS: dict[str, Callable[[Row], str]] = {
    "stance": lambda row: str(row["label"]),
    "holder": _party("holder"),
    "via": _party("via"),
    **{field: _plain(field) for field in ("label", "kind", "entity_id", "attribution")},
}


def party_value(party: Party) -> str:
    """A holder or via, given as (type, entity_id, text), as one string."""
    kind, entity_id, text = party
    if kind == "entity":
        return f"entity:{entity_id}"
    return f"other:{' '.join((text or '').split())}" if kind == "other" else str(kind)


def parse_party(value: str) -> Party:
    """(type, entity_id, text) of a holder or via; the reverse of `party_value`."""
    kind, _, rest = value.partition(":")
    if kind == "entity":
        return kind, rest, None
    return kind, None, (rest or None) if kind == "other" else None


def boundary_value(start: int, end: int) -> str:
    """A span as one string."""
    return f"{start}:{end}"


def parse_boundary(value: str) -> tuple[int, int]:
    """The span that `boundary_value` wrote.

    Raises:
        ValueError: it is not two numbers.
    """
    start, end = value.split(":")
    return int(start), int(end)
