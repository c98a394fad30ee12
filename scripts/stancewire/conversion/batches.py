"""Records of files that one process has to read from the start, handed out in batches for others to work on.

How many records are in an archive's member, where a page of a packed crawl begins and whether a line ends a row of CSV
is known only to who has read all before. Reading takes little; what is made of the records is most of the work.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..sources import ReadOptions, SourceFile, SourceRecord, read_sources
from ..sources.readers import READERS, Item, format_of
from ..sources.sniff import HEAD_BYTES

BYTES_A_BATCH = 2 << 20
ITEMS_A_BATCH = 1000
# One record a file, or cut into spans.
_OTHERS = ("txt", "html", "docx", "rtf", "jsonl", "parquet")


def is_read_in_batches(file: SourceFile) -> bool:
    """Is it a file on this machine of many records, which cannot be cut?"""
    if file.address is not None:
        return False
    try:
        with open(file.path, "rb") as stream:
            return format_of(file, stream.read(HEAD_BYTES)) in READERS.keys() - set(_OTHERS)
    except OSError:  # reading it will say what is wrong
        return False


def read_batches(file: SourceFile, options: ReadOptions) -> Iterator[tuple[list[Item], int]]:
    """What its reader gives, some at a time, with the bytes of these records; the same batches each time.

    Raises:
        MissingExtra: the format's own package is not installed.
    """
    batch: list[Item] = []
    size = 0
    for item in read_sources([file], options):
        batch.append(item)
        if isinstance(item, SourceRecord):
            size += len(item.raw)
        if size >= BYTES_A_BATCH or len(batch) == ITEMS_A_BATCH:
            yield batch, size
            batch, size = [], 0
    if batch:
        yield batch, size
