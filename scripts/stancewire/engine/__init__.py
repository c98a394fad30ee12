"""Engine: how work is run and shown; nothing here knows what the work is."""

from .run import Workers, cut_shards, run

__all__ = ["Workers", "cut_shards", "run"]
