"""Text: bytes into a canonical text, its segments, sentences and metadata; the task view and the way back.

All offsets are half-open, in Unicode code points of the canonical text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..on_demand import on_demand
from .decode import Decoded, Doubt, Undecodable, decode, find_encoding  # `decode` is a module, too: now, or never

if TYPE_CHECKING:
    from .lexicon import Lexicon, furniture_key
    from .model import Segment, Sentence
    from .raw_map import RawMap
    from .segments import segment_text
    from .sentences import split_sentences
    from .view import JOINT, Piece, View, make_view

__all__ = [
    "JOINT",
    "Decoded",
    "Doubt",
    "Lexicon",
    "Piece",
    "RawMap",
    "Segment",
    "Sentence",
    "Undecodable",
    "View",
    "decode",
    "find_encoding",
    "furniture_key",
    "make_view",
    "segment_text",
    "split_sentences",
]

__getattr__ = on_demand(
    __name__,
    {
        "lexicon": "Lexicon furniture_key",
        "model": "Segment Sentence",
        "raw_map": "RawMap",
        "segments": "segment_text",
        "sentences": "split_sentences",
        "view": "JOINT Piece View make_view",
    },
)
