"""`annotations/splits.yaml`: how the corpus is split. Decided once; the table `splits` is made from it.

    by: story                  # story | time | outlet
    sizes: {train: 80, dev: 10, test: 10}
    seed: 0                    # which of the equally good splits (by story, by outlet)
    stratify: none             # none | target

Whatever it is split by, a story is never cut, nor are two stories that hold reprints of each other. *time*: the
earliest stories are train, the latest test. *outlet*: no outlet is in two parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CodebookError, Problem

PARTS = ("train", "dev", "test")
METHODS = ("story", "time", "outlet")
STRATIFY = ("none", "target")
LARGEST = 1_000_000_000
FILE = "annotations/splits.yaml"


@dataclass(frozen=True)
class Settings:
    """How to split; `sizes` are weights of train, dev and test, of which only their proportion counts."""

    by: str = "story"
    sizes: tuple[int, int, int] = (80, 10, 10)
    seed: int = 0
    stratify: str = "none"

    @property
    def shares(self) -> tuple[float, ...]:
        """Shares of train, dev and test, which add up to 1."""
        return tuple(size / sum(self.sizes) for size in self.sizes)

    def as_yaml(self) -> str:
        """The file that says this."""
        sizes = ", ".join(f"{part}: {size}" for part, size in zip(PARTS, self.sizes, strict=True))
        return (
            "# How the corpus is split; `stancewire merge` and `stancewire build` make the table splits from it.\n"
            f"by: {self.by}\nsizes: {{{sizes}}}\nseed: {self.seed}\nstratify: {self.stratify}\n"
        )


def read_settings(path: Path) -> Settings | None:
    """The settings in a file; None where there is none.

    Raises:
        CodebookError: it cannot be used; the message names line, key and what is known.
    """
    settings, problems = _read(path)
    if problems:
        first = problems[0]
        raise CodebookError(f"{first.path}:{first.place}: {first.message}")
    return settings


def check_settings_file(path: Path) -> list[tuple[int, str]]:
    """What is wrong with the file, with the line it stands on."""
    return [(int(problem.place), problem.message) for problem in _read(path)[1]]


def _read(path: Path) -> tuple[Settings | None, list[Problem]]:
    from ..codebook.yaml_lines import YamlError, read_yaml

    found: list[Problem] = []

    def fault(line: int, message: str) -> None:
        found.append(Problem(FILE, str(line), "split-settings", 1, message))

    try:
        file = read_yaml(path)
    except FileNotFoundError:
        return None, []
    except YamlError as error:
        fault(error.line, str(error))
        return None, found
    value = file.value
    if not isinstance(value, dict):
        fault(1, f"must have the keys {', '.join(_CHECKS)}")
        return None, found
    for key, given in value.items():
        if key not in _CHECKS:
            fault(file.line((key,)), f"unknown key {key!r}; known: {', '.join(_CHECKS)}")
        elif (said := _CHECKS[key](given)) is not None:
            fault(file.line((key,)), f"{key}: {said}")
    if found:
        return None, found
    plain = Settings()
    sizes = value.get("sizes", dict(zip(PARTS, plain.sizes, strict=True)))
    return Settings(
        value.get("by", plain.by),
        (sizes.get("train", 0), sizes.get("dev", 0), sizes.get("test", 0)),
        value.get("seed", plain.seed),
        value.get("stratify", plain.stratify),
    ), []


def _one_of(known: tuple[str, ...], given: Any) -> str | None:
    return None if given in known else f"{given!r} is not known; known: {', '.join(known)}"


def _whole(given: Any) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= LARGEST


def _sizes(given: Any) -> str | None:
    if not isinstance(given, dict) or not given or set(given) - set(PARTS):
        return f"must name some of {', '.join(PARTS)}"
    if not all(_whole(size) for size in given.values()) or not any(given.values()):
        return "must be whole numbers from 0, at least one above 0"
    return None


_CHECKS = {
    "by": lambda given: _one_of(METHODS, given),
    "sizes": _sizes,
    "seed": lambda given: None if _whole(given) else f"must be a whole number from 0 to {LARGEST}",
    "stratify": lambda given: _one_of(STRATIFY, given),
}
