"""YAML read with care: plain values, and the line on which each of them stands.

What differs from PyYAML's own loading: only `true` and `false` are booleans (so `NO`, `no` and `on` stay strings, as
in YAML 1.2); dates stay strings; a key that stands twice is refused, and so are tags, and files that are too large, too
deep, or whose aliases multiply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 40
MAX_ALIASES = 100
MAX_VALUES = 2_000_000

Place = tuple[str | int, ...]
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's parser where PyYAML was built with it


class YamlError(ValueError):
    """A file that is not the YAML we read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class YamlFile:
    """A file's value, and the line (from 1) of each value in it by its place, e.g. ("targets", 2, "name")."""

    value: Any
    lines: dict[Place, int]

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest place around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


class _Loader(_Base):
    """Scalars of YAML 1.2's core schema, less the spellings that nobody means."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own name for it)


_SCALARS = {
    "bool": (r"true|false", "tf"),
    "null": (r"null|~|", "n~"),
    "int": (r"[-+]?[0-9]+", "-+0123456789"),
    "float": (r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
}
for _tag, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), [*_first] + ([""] if _tag == "null" else [])
    )


def read_yaml(path: Path) -> YamlFile:
    """Read one YAML file.

    Raises:
        FileNotFoundError: there is none.
        YamlError: it cannot be read as YAML, or passes a limit.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise YamlError(1, f"the file has {size} bytes, and at most {MAX_BYTES} are read")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise YamlError(line, "not UTF-8; save the file as UTF-8") from None
    return parse_yaml(text)


def parse_yaml(text: str) -> YamlFile:
    """As `read_yaml`, from a string."""
    try:
        _check_size(text)
        node = _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise YamlError(_line(mark), f"not YAML: {said}") from None
    except yaml.YAMLError as error:
        raise YamlError(1, f"not YAML: {' '.join(str(error).split())}") from None
    lines: dict[Place, int] = {}
    return YamlFile(None if node is None else _value(node, (), lines), lines)


def _check_size(text: str) -> None:
    """Refuse what is too deep or has too many aliases, before any of it is built."""
    depth = aliases = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = _line(event.start_mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise YamlError(line, f"nested more than {MAX_DEPTH} deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
            if aliases > MAX_ALIASES:
                raise YamlError(line, f"more than {MAX_ALIASES} aliases (*name)")


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
        return node
    finally:
        loader.dispose()


def _value(node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    line = _line(node.start_mark)
    lines.setdefault(place, line)
    if len(lines) > MAX_VALUES:
        raise YamlError(line, f"more than {MAX_VALUES} values")
    if len(place) > MAX_DEPTH:  # an alias that holds itself
        raise YamlError(line, f"nested more than {MAX_DEPTH} deep")
    if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
        result: dict[str, Any] = {}
        for key, item in node.value:
            here = _line(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError(here, "a key must be a plain word")
            if key.value in result:
                first = lines[(*place, key.value)]
                raise YamlError(here, f"the key {key.value!r} stands twice (first on line {first})")
            lines[(*place, key.value)] = here
            result[key.value] = _value(item, (*place, key.value), lines)
        return result
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return [_value(item, (*place, index), lines) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind == "str":
            return node.value
        if kind in _SCALARS and re.fullmatch(_SCALARS[kind][0], node.value):
            return _scalar(kind, node.value)
    raise YamlError(line, f"the tag {node.tag!r} is not read here; remove it")


def _scalar(kind: str, written: str) -> bool | int | float | None:
    if kind == "null":
        return None
    if kind == "bool":
        return written == "true"
    return int(written) if kind == "int" else float(written)


def _line(mark: Any) -> int:
    return 1 if mark is None else int(mark.line) + 1
