"""Reprints: which documents tell one story, and where its witnesses differ.

shingles → sketches → sketched → candidates → pairs → groups → stories find them (`known` remembers what earlier runs
found out); align → frames → changes → classify → variants → collating compare their words; `stage` makes the tables
`stories`, `reprints` and `variants`. `runs`, `records` and `spool` keep on disk what would grow with the corpus.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .align import StretchPair, align_stretches, pair_stretches
    from .pairs import Pair
    from .stage import make_reprint_tables
    from .stories import Grouping, Story, group_witnesses
    from .variants import apply_variants, collate
    from .witness import Stretch, Witness, read_witnesses

_ROOMS = {
    "align": ("StretchPair", "align_stretches", "pair_stretches"),
    "pairs": ("Pair",),
    "stage": ("make_reprint_tables",),
    "stories": ("Grouping", "Story", "group_witnesses"),
    "variants": ("apply_variants", "collate"),
    "witness": ("Stretch", "Witness", "read_witnesses"),
}
_HOME = {name: module for module, names in _ROOMS.items() for name in names}

__all__ = [
    "Grouping",
    "Pair",
    "Story",
    "Stretch",
    "StretchPair",
    "Witness",
    "align_stretches",
    "apply_variants",
    "collate",
    "group_witnesses",
    "make_reprint_tables",
    "pair_stretches",
    "read_witnesses",
]


def __getattr__(name: str) -> Any:
    """Each name from its module, imported when it is first asked for: `verify` hashes texts without rapidfuzz."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
