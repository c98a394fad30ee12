"""Stancewire: raw news articles → a corpus people annotate in Label Studio → gold tables researchers load in pandas."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
    from .corpus_view import Corpus

__all__ = ["__version__", "open"]


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import metadata  # which takes longer to load than the rest of a small command

    return metadata.version("stancewire")


def open(path: str | os.PathLike[str] = ".") -> Corpus:
    """A project, a release folder or a release zip as tables: `stancewire.open(".").stances_wide` is a DataFrame.

    Raises:
        StancewireError: there is no package at `path`, or a table of it is missing or damaged.
    """
    from .corpus_view import open_corpus

    return open_corpus(path)
