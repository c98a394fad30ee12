"""How much a source may hold before it is refused; every stream from a packed file is counted against these.

A packed file is never unpacked to disk: what is read of it goes through `Guarded`, which stops at the limit.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import IO

from ..errors import SourceError, UsageError


@dataclass(frozen=True)
class Limits:
    """Named limits; `convert --limit NAME=VALUE` changes one.

    Attributes:
        record_bytes: one article: a file, an archive's member, a line, a row, a page.
        unpacked_bytes: all that comes out of one packed file, archives within archives included.
        unpacked_ratio: bytes that come out for each packed byte; counted once `ratio_free_bytes` came out, since a
            short text of one character packs very well. Text packs 3 to 20 times, a bomb a thousand times.
        archive_members: entries of one archive. archive_depth: packed files within packed files.
    """

    record_bytes: int = 32 << 20
    unpacked_bytes: int = 1 << 40
    unpacked_ratio: int = 250
    ratio_free_bytes: int = 8 << 20
    archive_members: int = 10_000_000
    archive_depth: int = 4


DEFAULT_LIMITS = Limits()


def read_limits(given: list[str]) -> Limits:
    """Limits with some changed, each written NAME=VALUE (whole numbers).

    Raises:
        UsageError: no such limit, or no such number.
    """
    known = [field.name for field in fields(Limits)]
    limits = DEFAULT_LIMITS
    for item in given:
        name, _, value = item.partition("=")
        if name not in known or not value.isdecimal() or int(value) < 1:
            raise UsageError(f"--limit {item}: write NAME=NUMBER with one of {', '.join(known)}")
        limits = replace(limits, **{name: int(value)})
    return limits


class LimitReached(SourceError):
    """A source holds more than it may; the message names the limit."""


def over_record_limit(limits: Limits) -> str:
    """The message for an article that is too long."""
    return (
        f"one article of more than {limits.record_bytes} bytes; split it, or raise the limit: "
        "--limit record_bytes=NUMBER"
    )


def read_all(stream: IO[bytes], limits: Limits) -> bytes:
    """The rest of a stream that is one article.

    Raises:
        LimitReached: it is longer than an article may be.
    """
    raw = stream.read(limits.record_bytes + 1)
    if len(raw) > limits.record_bytes:
        raise LimitReached(over_record_limit(limits))
    return raw


class Budget:
    """What may still come out of one packed file."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.n_bytes = 0

    def take(self, n_bytes: int) -> None:
        """Count bytes that came out.

        Raises:
            LimitReached: there are too many.
        """
        self.n_bytes += n_bytes
        if self.n_bytes > self.limits.unpacked_bytes:
            raise LimitReached(
                f"more than {self.limits.unpacked_bytes} bytes come out of this packed file; split it, or raise the "
                "limit: --limit unpacked_bytes=NUMBER"
            )


class Guarded(io.RawIOBase):
    """What comes out of a decompressor, counted.

    Args:
        inner: the unpacked stream. consumed: how many packed bytes it has taken so far.
    """

    def __init__(self, inner: IO[bytes], budget: Budget, consumed: Callable[[], int]) -> None:
        self.inner = inner
        self.budget = budget
        self.consumed = consumed
        self.n_bytes = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """The next bytes, counted.

        Raises:
            LimitReached: they are too many, in all or for the packed bytes that they came from.
        """
        data = self.inner.read(len(buffer))
        buffer[: len(data)] = data
        self.n_bytes += len(data)
        self.budget.take(len(data))
        limits = self.budget.limits
        if self.n_bytes > limits.ratio_free_bytes and self.n_bytes > limits.unpacked_ratio * max(1, self.consumed()):
            raise LimitReached(
                f"it unpacks to more than {limits.unpacked_ratio} times its size, as no text does; if it is sound, "
                "raise the limit: --limit unpacked_ratio=NUMBER"
            )
        return len(data)


def guard(inner: IO[bytes], budget: Budget, consumed: Callable[[], int]) -> io.BufferedReader:
    """A buffered reader (with `peek`) over a decompressor, counted."""
    return io.BufferedReader(Guarded(inner, budget, consumed), 1 << 16)
