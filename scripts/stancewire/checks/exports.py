"""Checks of stored exports and decisions as files: their schemas, their names, what was left behind in them."""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..codebook.model import Codebook
from ..errors import Problem, StancewireError
from ..project import Project
from .catalogue import problem
from .decisions import ADJUDICATIONS, decision_lines
from .files import Files
from .loading import Loaded, limited, one_line, read_json

EXPORTS = "annotations/exports"
ADJUDICATED = "annotations/adjudications"
_NAME = re.compile(
    rf"{EXPORTS}/(?P<task_pass>[^/]+)-r(?P<round>\d+)/(?P<annotator_id>[^/]+)/(?P<sequence>\d{{4,}})\.json"
)
_ANSWERS = re.compile(rf"{ADJUDICATED}/(?P<adjudicator_id>[^/]+)/(?P<sequence>\d{{4,}})\.json")


def check_exports(files: Files) -> list[Problem]:
    """Stored exports, answers and adjudications.jsonl against their JSON Schemas, stored files against their names."""
    found = list(_check_stored(files, EXPORTS, "export", _NAME))
    found += _check_stored(files, ADJUDICATED, "adjudication", _ANSWERS)
    lines = _broken_decisions(files, _Schema(files, "decision"))
    return found + limited("decision-format", ADJUDICATIONS, lines)


def _check_stored(files: Files, root: str, schema: str, names: re.Pattern[str]) -> Iterator[Problem]:
    breaks = _Schema(files, schema)
    numbers: dict[str, list[int]] = {}
    for path in files.names_below(root):
        if not path.endswith(".json"):
            continue
        value = _load(files, path)
        message = breaks.message(value) or _misnamed(path, value, names)
        if message:
            yield problem("export-format", path, "", message)
        folder, _, name = path.rpartition("/")
        numbers.setdefault(folder, []).extend([int(name[:-5])] if name[:-5].isdecimal() else [])
    for folder, present in numbers.items():
        for missing in sorted(set(range(1, max(present, default=0) + 1)) - set(present)):
            yield problem("export-format", f"{folder}/{missing:04}.json", "", "is missing from the series")


def _load(files: Files, path: str) -> Any:
    gc.disable()  # collecting while JSON is read triples the time
    try:
        return read_json(files, path)
    finally:
        gc.enable()


def _misnamed(path: str, value: Any, names: re.Pattern[str]) -> str:
    match = names.fullmatch(path)
    if not match and names is _ANSWERS:
        return f"is not named {ADJUDICATED}/<adjudicator>/<NNNN>.json"
    if not match:
        return f"is not named {EXPORTS}/<pass>-r<round>/<annotator>/<NNNN>.json"
    for key, text in match.groupdict().items():
        said = value.get(key)
        if str(said) != (str(int(text)) if key == "sequence" else text):
            return f"{key} is {said!r}, the file's name says {text!r}"
    return ""


def _broken_decisions(files: Files, schema: _Schema) -> Iterator[tuple[int, str]]:
    for number, decision in decision_lines(files):
        message = "is no JSON object" if decision is None else schema.message(decision)
        if message:
            yield number, message


class _Schema:
    """A JSON Schema of the project: the fast validator finds what breaks it, the other one says how."""

    def __init__(self, files: Files, name: str) -> None:
        self.path = f"schema/{name}.schema.json"
        self.schema = read_json(files, self.path)
        self._fast: Any = None

    def message(self, value: Any) -> str:
        """How a value breaks the schema, in one line; empty where it does not."""
        import jsonschema_rs

        if self.schema is None:
            return f"{self.path} is missing or no JSON; run: stancewire codebook build"
        if value is None:
            return "is no JSON"
        if self._fast is None:
            self._fast = jsonschema_rs.validator_for(self.schema)
        return "" if self._fast.is_valid(value) else self._worded(value)

    def _worded(self, value: Any) -> str:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import best_match

        error = best_match(Draft202012Validator(self.schema).iter_errors(value))
        if error is None:
            return f"breaks {self.path}"
        text = error.message if len(error.message) <= 160 else error.message[:157] + "..."
        return f"{error.json_path}: {one_line(ValueError(text))}"


def check_readings(project: Project, loaded: Loaded, codebook: Codebook) -> list[Problem]:
    """What reading the stored exports anew finds: documents that are gone, choices left behind by hidden controls."""
    from ..judgements.stage import Document, iter_judgements

    columns = ("doc_id", "text", "text_sha256")
    documents = {row[0]: Document(*row) for row in loaded.columns("documents", *columns)}
    found: list[Problem] = []
    counts: Counter[str] = Counter()
    try:
        for reading in iter_judgements(project, None, documents, codebook):
            found += [item for item in reading.problems if item.check == "export-document"]
            counts += reading.counts
    except StancewireError:
        return []  # check_exports says what is wrong with them
    for name, count in sorted(counts.items()):
        if name.startswith("dropped_") and count:
            control = name.removeprefix("dropped_")
            message = f"{count} values of the hidden control {control!r} were left behind; they are dropped"
            found.append(problem("export-leftover", EXPORTS, control, message))
    return found
