"""A measure before it is added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .coefficients import Finish, Floats


@dataclass(frozen=True)
class Sums:
    """One measure as rows of numbers, and what turns their sum into the value.

    Attributes:
        measure: its full name. docs: the document of each row. n_units: units it rests on. undefined: why its value may
        be none. quadratic: further columns of the same rows, which add up with the squares of the stories' weights
        (`open_values`); the value is then made of the sums and these behind them.
    """

    measure: str
    docs: Sequence[str]
    per_row: Floats
    finish: Finish
    n_units: int
    undefined: str
    quadratic: Floats | None = None
