"""Engine: how work is run and shown; nothing here knows what the work is."""

from .collector import without_collector
from .pile import Pile, Runs
from .run import (
    Crew,
    Shelf,
    Workers,
    cut_shards,
    keep_memory,
    leave_out_pandas,
    run,
    use_system_memory,
    usual_workers,
)
from .spill import Spill

__all__ = [
    "Crew",
    "Pile",
    "Runs",
    "Shelf",
    "Spill",
    "Workers",
    "cut_shards",
    "keep_memory",
    "leave_out_pandas",
    "run",
    "use_system_memory",
    "usual_workers",
    "without_collector",
]
