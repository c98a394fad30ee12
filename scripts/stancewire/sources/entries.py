"""What a reader is given: a stream with a name, be it a file or something inside one, and what it may assume."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import IO, Any

from .facts import NOTHING_KNOWN, SourceFacts
from .limits import DEFAULT_LIMITS, Budget, Limits, read_all
from .model import Reject, SourceFile, SourceRecord


@dataclass(frozen=True)
class ReadOptions:
    """How sources are read.

    Attributes:
        limits: how much they may hold. columns: the columns that someone named, ours -> theirs.
        facts: what `sources.csv` knows of this file; an encoding there comes before any that a format states.
        encoding: of all that is not UTF-8 and that nothing else states the encoding of.
    """

    limits: Limits = DEFAULT_LIMITS
    columns: Mapping[str, str] = field(default_factory=dict)
    facts: SourceFacts = NOTHING_KNOWN
    encoding: str | None = None


DEFAULT_OPTIONS = ReadOptions()


class Numbers(Iterator[int]):
    """Numbers of records; `upcoming` is the next."""

    def __init__(self, upcoming: int = 0) -> None:
        self.upcoming = upcoming

    def __next__(self) -> int:
        self.upcoming += 1
        return self.upcoming - 1


@dataclass
class Entry:
    """A stream that holds one article or many.

    Attributes:
        file: the file on disk that all this is read from. stream: buffered, with `peek`; read once, from the start.
        format: what its name says. name: of the document that it is, or what its records' names begin with.
        member: its path inside the packed file; empty for the file itself.
        numbers: numbers of records, shared by everything within one file.
        budget: what may still come out of the packed file; made by the first layer.
        container: formats around it, outermost first.
    """

    file: SourceFile
    stream: IO[bytes]
    format: str | None
    name: str
    options: ReadOptions
    member: str = ""
    numbers: Numbers = field(default_factory=Numbers)
    budget: Budget | None = None
    container: tuple[str, ...] = ()

    def inside(self, kind: str, stream: IO[bytes], format: str | None, name: str, member: str = "") -> Entry:
        """An entry within this one, packed as `kind`."""
        return replace(
            self,
            stream=stream,
            format=format,
            name=name,
            member="/".join(part for part in (self.member, member) if part),
            budget=self.spend(),
            container=(*self.container, kind),
        )

    def vouched(self, record_no: int | None = None) -> str | None:
        """The encoding that `sources.csv` states for this file or member, or for a record in it."""
        return self.options.facts.within(self.member, record_no).encoding

    def spend(self) -> Budget:
        """The count of what came out of this packed file."""
        if self.budget is None:
            self.budget = Budget(self.options.limits)
        return self.budget

    def whole(self, format: str, raw: bytes | None = None) -> SourceRecord:
        """The entry as one article; `raw` where it has been read already.

        Raises:
            LimitReached: it is longer than an article may be.
        """
        raw = read_all(self.stream, self.options.limits) if raw is None else raw
        number = next(self.numbers) if self.container else None
        file, container, member = self.file.source_path, self.container, self.member
        return SourceRecord(
            file, number, format, self.name, raw, container=container, member=member, own_path=self.path
        )

    @property
    def path(self) -> str:
        """Of the member that this is, or of the file."""
        return self.member or self.file.source_path

    def record(self, format: str, name: str, raw: bytes, **stated: Any) -> SourceRecord:
        """One of the entry's records; `name` is its own name, or empty where it has none but its number."""
        number = next(self.numbers)
        name = self.file.prefix + clean_name(name) if name.strip() else f"{self.name}/{number}"
        file, container = self.file.source_path, self.container
        return SourceRecord(file, number, format, name, raw, container=container, member=self.member, **stated)

    def refuse(self, check: str, message: str) -> Reject:
        """One of the entry's records, refused; it takes a number too."""
        number = next(self.numbers)
        return Reject(self.file.source_path, number, check, f"{self.member}: {message}" if self.member else message)

    def refuse_whole(self, check: str, message: str) -> Reject:
        """The entry refused as a whole, or what is left of it."""
        if self.member:
            return self.refuse(check, message)
        return Reject(self.file.source_path, -1, check, message)


def clean_name(name: str) -> str:
    """A name from inside data as it is stored: control characters and literal escapes are percent-encoded."""
    name = re.sub(r"%(?=[0-9A-Fa-f]{2})", "%25", name.strip())
    # Python's stand-ins for bytes that are no UTF-8 become these bytes, as `stored_name` writes them.
    name = re.sub("[\x00-\x1f\x7f\udc80-\udcff]", lambda match: f"%{ord(match.group()) & 0xFF:02X}", name)
    return re.sub(
        "[\ud800-\udfff]",
        lambda match: "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "surrogatepass")),
        name,
    )
