"""Gold: judgements and written decisions merged into the tables that researchers use, and the account of every row."""

from .decisions import Decision, read_decisions
from .explain import explain
from .merge import Outcome, merge_units
from .methods import METHODS
from .stage import write_gold

__all__ = ["METHODS", "Decision", "Outcome", "explain", "merge_units", "read_decisions", "write_gold"]
