"""Engine: how work is run and shown; nothing here knows what the work is."""

from .collector import without_collector
from .pile import Pile, Runs
from .run import Shelf, Workers, cut_shards, run, use_system_memory, usual_workers
from .spill import Spill

__all__ = [
    "Pile",
    "Runs",
    "Shelf",
    "Spill",
    "Workers",
    "cut_shards",
    "run",
    "use_system_memory",
    "usual_workers",
    "without_collector",
]
