"""Sequences whose items are made each time they are asked for: kept, they would double the corpus."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeVar, overload

Item = TypeVar("Item", covariant=True)


class Made(Sequence[Item]):
    """A sequence of which `make` makes one item; a slice is a list of these."""

    @abstractmethod
    def make(self, number: int) -> Item:
        """The item of a number.

        Raises:
            IndexError: there is none.
        """

    @overload
    def __getitem__(self, at: int) -> Item: ...

    @overload
    def __getitem__(self, at: slice) -> list[Item]: ...

    def __getitem__(self, at: int | slice) -> Item | list[Item]:
        if isinstance(at, slice):
            return [self.make(number) for number in range(*at.indices(len(self)))]
        return self.make(at)
