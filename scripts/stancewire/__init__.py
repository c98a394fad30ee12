"""Stancewire: raw news articles → a corpus people annotate in Label Studio → gold tables researchers load in pandas."""

from importlib import metadata

__version__ = metadata.version("stancewire")
