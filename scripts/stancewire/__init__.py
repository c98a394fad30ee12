"""Stancewire: raw news articles → a corpus people annotate in Label Studio → gold tables researchers load in pandas."""

from __future__ import annotations

import os
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .corpus_view import Corpus

__version__ = metadata.version("stancewire")
__all__ = ["__version__", "open"]


def open(path: str | os.PathLike[str] = ".") -> Corpus:
    """A project, a release folder or a release zip as tables: `stancewire.open(".").stances_wide` is a DataFrame.

    Raises:
        StancewireError: there is no package at `path`, or a table of it is missing or damaged.
    """
    from .corpus_view import open_corpus

    return open_corpus(path)
