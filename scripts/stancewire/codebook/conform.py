"""Is a YAML file as its JSON Schema says? Findings name line, key and the nearest known name."""

from __future__ import annotations

import contextlib
import difflib
import json
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CodebookError, Problem
from ..project import schema_directory
from .yaml_lines import Place, YamlError, YamlFile, read_yaml

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_FOLDERS = ("schema", "annotations")


def shown_path(path: Path) -> str:
    """A path as messages name it: relative to the project, where it stands in one of a project's folders."""
    return "/".join(path.parts[-2:]) if path.parent.name in _FOLDERS else path.as_posix()


def shown_place(place: Iterable[str | int]) -> str:
    """A place inside a file as messages name it, e.g. `targets[2].inverse_of`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """How a message about an unknown word ends: the nearest known one, else all (if they are few)."""
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if not near:  # a difference of case alone can put words far apart
        near = [item for item in known if item.casefold() == word.casefold()][:1]
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(known)}" if 0 < len(known) <= 20 else ""


class Findings:
    """Problems of one YAML file, in the order in which they were found."""

    def __init__(self, path: Path, file: YamlFile) -> None:
        self.path = shown_path(path)
        self.file = file
        self.problems: list[Problem] = []

    def at(self, place: Place) -> str:
        """How a message names where a place stands."""
        return f"line {self.file.line(place)}"

    def add(self, check: str, level: int, place: Place, message: str) -> None:
        """Note a problem at a place of the file."""
        where = shown_place(place)
        said = f"{where}: {message}" if where else message
        self.problems.append(Problem(self.path, str(self.file.line(place)), check, level, said))


def read_conforming(path: Path, schema_name: str, prefix: str) -> tuple[YamlFile | None, list[Problem]]:
    """A YAML file, and how it breaks the schema `<schema_name>.schema.json`; None where it cannot be read at all.

    Check ids are `<prefix>-syntax`, `<prefix>-key`, `<prefix>-value`.
    """
    try:
        file = read_yaml(path)
    except FileNotFoundError:
        return None, [Problem(shown_path(path), "", f"{prefix}-syntax", 1, "there is no such file")]
    except YamlError as error:
        return None, [Problem(shown_path(path), str(error.line), f"{prefix}-syntax", 1, str(error))]
    findings = Findings(path, file)
    check_shape(findings, schema_name, prefix)
    return file, findings.problems


def check_shape(findings: Findings, schema_name: str, prefix: str) -> None:
    """Note how a file's value breaks the schema `<schema_name>.schema.json`."""
    for place, check, message in _breaches(findings.file.value, schema_name):
        findings.add(f"{prefix}-{check}", 1, place, message)


def raise_first(problems: list[Problem]) -> None:
    """Raise CodebookError for the first problem (by line), saying how many more there are."""
    if problems:
        first, *more = sorted(problems, key=lambda problem: int(problem.place or 0))
        where = f"{first.path}:{first.place}" if first.place else first.path
        rest = f" (and {len(more)} more; see: stancewire codebook check)" if more else ""
        raise CodebookError(f"{where}: {first.message}{rest}")


def _breaches(value: Any, schema_name: str) -> Iterator[tuple[Place, str, str]]:
    schema, conforms = _compiled((schema_directory() / f"{schema_name}.schema.json").read_text(encoding="utf-8"))
    # Loading jsonschema takes longer than all the rest, and it is only needed to word what is wrong.
    with contextlib.suppress(ValueError):  # a value that JSON has not
        if conforms(value):
            return
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(schema).iter_errors(value)
    for error in sorted(errors, key=lambda item: [str(part) for part in item.absolute_path]):
        yield from _worded(error)


@lru_cache(maxsize=8)
def _compiled(text: str) -> tuple[dict[str, Any], Callable[[Any], bool]]:
    """A schema, and the fast validator's word on it."""
    import jsonschema_rs

    schema = json.loads(text)
    return schema, jsonschema_rs.validator_for(schema).is_valid


def _worded(error: ValidationError) -> Iterator[tuple[Place, str, str]]:
    place: Place = tuple(error.absolute_path)
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    found: Any = error.instance
    rule: Any = error.validator_value
    if error.validator == "additionalProperties":
        known = list(schema.get("properties", ()))
        for key in found:
            if key not in known:
                yield (*place, key), "key", f"unknown key {key!r}{did_you_mean(key, known)}"
    elif error.validator == "required":
        missing = [key for key in rule if key not in found]  # one error stands for each; word it by its own message
        key = next(key for key in missing if repr(key) in error.message)
        yield place, "key", f"the key {key!r} is missing"
    elif error.validator == "enum":
        yield place, "value", f"{_short(found)} is not known{did_you_mean(str(found), map(str, rule))}"
    elif error.validator == "type":
        types = [rule] if isinstance(rule, str) else rule
        quotes = "; write it in quotes" if "string" in types and isinstance(found, int | float | bool) else ""
        expected = " or ".join(_TYPES[name] for name in types)
        yield place, "value", f"expected {expected}, found {_short(found)}{quotes}"
    elif error.validator in ("minItems", "minProperties"):
        yield place, "value", f"needs at least {rule} of these, found {len(found)}"
    elif error.validator == "uniqueItems":
        yield place, "value", "the same value stands twice"
    else:  # pattern, minimum, ...: the schema says in words what is expected
        yield place, "value", f"{_short(found)} is not {schema.get('description', 'allowed here')}"


_TYPES = {
    "string": "words",
    "array": "a list",
    "object": "keys with values",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "nothing (null)",
}


def _short(value: Any) -> str:
    text = "nothing" if value is None else repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
