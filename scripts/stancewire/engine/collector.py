"""Work on millions of small objects without the cycle collector, which would look through all of them again and again.

What is built here holds no cycles: counting references frees it.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")


def without_collector(function: Callable[Given, Made]) -> Callable[Given, Made]:
    """The function, run with the collector off; it is on again afterwards if it was on before, whatever happens."""

    @functools.wraps(function)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        if not gc.isenabled():
            return function(*args, **kwargs)
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            gc.enable()

    return run
