"""Does a value conform to one of the made JSON Schemas? The fast validator, compiled once per schema file."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import CodebookError
from ..project import schema_directory


def first_fault(value: Any, schemas: Path, name: str) -> tuple[str, str] | None:
    """Where and how `value` first breaks `<name>.schema.json`: (place, message); None where it conforms.

    Args:
        schemas: the project's schema folder; where it has no such file, the one that travels with the package counts.

    Raises:
        CodebookError: the schema file cannot be read.
    """
    path = schemas / f"{name}.schema.json"
    if not path.is_file():
        path = schema_directory() / f"{name}.schema.json"
    for error in _validator(path, path.stat().st_mtime_ns if path.is_file() else 0).iter_errors(value):
        return "/".join(str(part) for part in error.instance_path), " ".join(error.message.split())
    return None


@lru_cache(maxsize=4)
def _validator(path: Path, _changed: int) -> Any:
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise CodebookError(f"{path} cannot be read ({error}); make it: stancewire codebook build") from None
