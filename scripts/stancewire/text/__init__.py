"""Text: bytes into a canonical text, its segments, sentences and metadata; the task view and the way back.

All offsets are half-open, in Unicode code points of the canonical text.
"""

from .decode import Decoded, Doubt, Undecodable, decode, find_encoding
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
