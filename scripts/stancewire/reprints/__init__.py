"""Reprints: which documents tell one story, and where its witnesses differ.

shingles → sketches → candidates → pairs → stories find them (`known` remembers what earlier runs found out); align →
frames → changes → classify → variants collate them; `stage` makes the tables `stories`, `reprints` and `variants`.
"""

from .align import StretchPair, align_stretches, pair_stretches
from .pairs import Pair
from .stage import make_reprint_tables
from .stories import Grouping, Story, group_witnesses
from .variants import apply_variants, collate
from .witness import Stretch, Witness, read_witnesses

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
