"""All that is made from the codebook: which files, with which contents, and whether they stand there already."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CodebookError
from ..project import Project
from ..tables import write_text
from .guidelines import guidelines_markdown
from .interface import interface_xml
from .json_schemas import made_schemas
from .model import Codebook
from .read import read_codebook
from .vocabulary import vocabularies


@dataclass(frozen=True)
class BuildResult:
    """What a build did, or would do: files `changed` and files that were already `same`."""

    changed: tuple[Path, ...]
    same: tuple[Path, ...]


def build_codebook_files(codebook: Codebook, schema_dir: Path) -> dict[Path, str]:
    """Every file made from the codebook, with its text: interfaces, guidelines, JSON Schemas, tables' categories.

    Table schemas are read from `schema_dir / "tables"`: only their categories are made, the rest is decided there.

    Raises:
        CodebookError: a table schema names a vocabulary that does not exist, or is not JSON.
    """
    schema_dir = Path(schema_dir)
    files = {}
    for item in codebook.passes:
        files[schema_dir / "labeling" / f"{item.name}.xml"] = interface_xml(codebook, item.name)
    files[schema_dir / "labeling" / "guidelines.md"] = guidelines_markdown(codebook)
    for name, schema in made_schemas(codebook).items():
        files[schema_dir / f"{name}.schema.json"] = _json(schema)
    known = vocabularies(codebook)
    for path in sorted((schema_dir / "tables").glob("*.json")):
        files[path] = _stamped(path, known)
    return files


def write_codebook_files(project: Project, dry_run: bool = False) -> BuildResult:
    """Write the made files that differ (each beside its place, then renamed); with `dry_run` only say which would.

    Raises:
        CodebookError: the codebook or a table schema cannot be read; then nothing is written.
    """
    changed, same = [], []
    for path, text in build_codebook_files(read_codebook(project.codebook_yaml), project.schema).items():
        if path.is_file() and path.read_bytes() == text.encode("utf-8"):
            same.append(path)
            continue
        changed.append(path)
        if not dry_run:
            write_text(path, text)
    return BuildResult(tuple(changed), tuple(same))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _stamped(path: Path, known: dict[str, tuple[str, ...]]) -> str:
    """A table schema with the categories of its closed vocabularies; the order of its keys stays."""
    try:
        descriptor = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CodebookError(f"schema/tables/{path.name}: not JSON ({error}); take it back from git") from None
    for field in descriptor["fields"]:
        name = field.get("stancewire:vocabulary")
        if name is None:
            continue
        if name not in known:
            raise CodebookError(
                f"schema/tables/{path.name}: {field['name']}: no vocabulary {name!r}; known: {', '.join(sorted(known))}"
            )
        if "constraints" in field:
            field["constraints"]["enum"] = list(known[name])
        else:  # before the vocabulary's name, where a reader looks for it
            items = list(field.items())
            at = [key for key, _ in items].index("stancewire:vocabulary")
            items.insert(at, ("constraints", {"enum": list(known[name])}))
            field.clear()
            field.update(items)
    return _json(descriptor)
