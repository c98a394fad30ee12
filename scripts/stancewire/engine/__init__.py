"""Engine: how work is run and shown; nothing here knows what the work is."""

from .collector import without_collector
from .run import cut_shards, run
from .spill import Spill

__all__ = ["Spill", "cut_shards", "run", "without_collector"]
