"""How much a difference weighs: the level of change between two packages (see `versions`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .diff import Change
from .packages import Package
from .versions import Level, highest

_CODEBOOK = "schema/codebook.yaml"
_MEANINGS = ("definition", "favor_means", "against_means", "inverse_of", "label")


def change_level(old: Package, new: Package, changes: Sequence[Change]) -> Level:
    """The level that the change from `old` to `new` has; `none` where the contents are equal, whatever the flavour."""
    if old.full_contents is not None and old.full_contents == new.full_contents:
        return "none"
    return highest(["patch", *_row_levels(changes), *_schema_levels(old, new), *_meaning_levels(old, new)])


def _row_levels(changes: Sequence[Change]) -> Iterator[Level]:
    for row in changes:
        whole = row["key"] == "*"
        lost_text = row["table"] == "documents" and (row["change"] == "removed" or row["column"] == "text_sha256")
        yield "major" if (whole and row["change"] == "removed") or lost_text else "minor"


def _schema_levels(old: Package, new: Package) -> Iterator[Level]:
    for name in old.resources:
        if name not in new.resources:
            continue
        before, after = old.schema(name), new.schema(name)
        if before.key != after.key:
            yield "major"
        for column, field in before.by_name.items():
            other = after.by_name.get(column)
            if other is None:
                continue
            if (field.type, field.description) != (other.type, other.description):
                yield "major"
            if field.categories != other.categories:
                gone = set(field.categories or ()) - set(other.categories or ())
                yield "major" if gone else "minor"


def _meaning_levels(old: Package, new: Package) -> Iterator[Level]:
    if old.full_file_sha256(_CODEBOOK) == new.full_file_sha256(_CODEBOOK):
        return  # the places that stand for words in it may be others
    before, after = _meanings(old), _meanings(new)
    for choice, meaning in before.items():
        if choice not in after or after[choice] != meaning:
            yield "major"
    if set(after) - set(before):
        yield "minor"


def _meanings(package: Package) -> dict[tuple[str, str], Any]:
    """What the codebook of a package says each choice means."""
    import yaml

    if not package.files.has(_CODEBOOK):
        return {}
    try:
        codebook = yaml.safe_load(package.files.read(_CODEBOOK))
    except yaml.YAMLError:
        return {}
    found: dict[tuple[str, str], Any] = {}
    for section, choices in (codebook if isinstance(codebook, dict) else {}).items():
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and "id" in choice:
                found[section, str(choice["id"])] = tuple(str(choice.get(name)) for name in _MEANINGS)
    return found
