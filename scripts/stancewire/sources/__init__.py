"""Sources: files as they were received, and what is known of each.

`find_sources` lists the files below the roots, `read_sources` yields their records with their raw bytes, and
`read_sources_csv` says what is known beside. Nothing here looks into a text.
"""

from .columns import read_map
from .entries import ReadOptions
from .facts import NOTHING_KNOWN, SourceFacts, facts_by_file
from .files import base_of, find_sources
from .found import FoundSources, SourceFiles, stored_name
from .limits import Limits, read_limits
from .listing import read_sources_csv
from .model import LeftAside, Reject, SourceFile, SourceRecord
from .naming import refuse_doubles, spread_prefixes
from .readers import ENDINGS, READERS, is_json_lines, read_file, read_sources, read_span
from .withdrawn import Withdrawal, read_withdrawn

__all__ = [
    "ENDINGS",
    "NOTHING_KNOWN",
    "READERS",
    "FoundSources",
    "LeftAside",
    "Limits",
    "ReadOptions",
    "Reject",
    "SourceFacts",
    "SourceFile",
    "SourceFiles",
    "SourceRecord",
    "Withdrawal",
    "base_of",
    "facts_by_file",
    "find_sources",
    "is_json_lines",
    "read_file",
    "read_limits",
    "read_map",
    "read_sources",
    "read_sources_csv",
    "read_span",
    "read_withdrawn",
    "refuse_doubles",
    "spread_prefixes",
    "stored_name",
]
