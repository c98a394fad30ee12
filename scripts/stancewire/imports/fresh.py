"""A fresh project from an export: its texts are the documents, its labels the codebook."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from ..errors import CodebookError
from ..label_studio.foreign import Said
from ..label_studio.offsets import canonical
from ..new_project import make_project
from ..project import Project, schema_directory
from ..sources.listing import COLUMNS, unsafe_path
from ..tables import write_text
from .inventory import Inventory, text_key, unstorable
from .mapping import DOCUMENT, LabelMapping, guess_role

STANCES = {"favor", "favour", "against", "neutral", "none"}
_NAME = re.compile(r"[^\s/.\x00-\x1f][^\\:\x00-\x1f]{0,150}")


def start_project(directory: Path, inventory: Inventory, mapping: LabelMapping) -> tuple[Project, LabelMapping]:
    """A new project with a codebook of the labels found, and the mapping grown by what was derived.

    Raises:
        UsageError: the folder is not empty.
    """
    project = make_project(directory)
    sections, grown = derive_sections(inventory, mapping)
    text = project.codebook_yaml.read_text(encoding="utf-8")
    write_text(project.codebook_yaml, with_sections(text, sections))
    return project, grown


def derive_sections(inventory: Inventory, mapping: LabelMapping) -> tuple[dict[str, str], LabelMapping]:
    """Sections of a codebook that holds every label of the export, and the mapping that leads to them.

    Labels of spans become mention labels, choices for whole texts flags; where all choices of a control are stances
    (favor, against, neutral, none) they become document stances on a target named for the control.
    """
    grown = LabelMapping(dict(mapping.controls), {role: dict(labels) for role, labels in mapping.labels.items()})
    found: dict[str, dict[str, list[str]]] = {"mention": {}, "target": {}, "flag": {}}
    for (name, of_spans), control in sorted(inventory.controls.items()):
        role = mapping.controls.get(name) or guess_role(name, control.kind, of_spans, control.values)
        if role == "flag" and name not in mapping.controls and {v.casefold() for v in control.values} <= STANCES:
            role = DOCUMENT + name
        if role.startswith(DOCUMENT):
            target = slug(role.removeprefix(DOCUMENT))
            found["target"].setdefault(target, [])
            grown.controls[name] = role = DOCUMENT + target
            spelt = {v: v.casefold().replace("favour", "favor") for v in control.values if v.casefold() in STANCES}
            grown.labels["document_stance"] = spelt | grown.labels.get("document_stance", {})
        if role not in found:
            continue
        for label in sorted(control.values):
            to = grown.labels.get(role, {}).get(label)
            if to is None:
                to = slug(label)
                grown.labels.setdefault(role, {})[label] = to
            aliases = found[role].setdefault(to, [])
            if label != to:
                aliases.append(label)
    sections = {}
    if found["mention"]:
        sections["mention_labels"] = "mention_labels:\n" + "".join(
            _choice(name, aliases, "labels") for name, aliases in sorted(found["mention"].items())
        )
    if found["target"]:
        sections["targets"] = "targets:\n" + "".join(
            _choice(name, aliases, "targets") for name, aliases in sorted(found["target"].items())
        )
    shipped = yaml.safe_load((schema_directory() / "codebook.yaml").read_text(encoding="utf-8"))
    flags = {flag["id"] for flag in shipped["flags"]}
    fresh = {name: aliases for name, aliases in found["flag"].items() if name not in flags}
    if fresh:
        sections["+flags"] = "".join(_choice(name, aliases, "flags") for name, aliases in sorted(fresh.items()))
    return sections, grown


def slug(label: str) -> str:
    """An id made from a label: its letters and digits as they are, the rest as hyphens."""
    made = re.sub(r"[^A-Za-z0-9]+", "-", label).strip("-")[:48].strip("-")
    if made and len(made) >= len(label.strip()) - 2 * len(re.findall(r"[^A-Za-z0-9]", label)) and label.isascii():
        return made
    return f"{made or 'label'}-{hashlib.sha256(label.encode()).hexdigest()[:6]}"


def _choice(name: str, aliases: Iterable[str], what: str) -> str:
    listed = sorted(set(aliases))
    lines = [
        f"  - id: {json.dumps(name)}",
        f"    name: {json.dumps(' '.join(listed[0].split()) if len(listed) == 1 else name, ensure_ascii=False)}",
        f"    definition: {json.dumps(f'Found in the imported export among its {what}; say here what it means.')}",
    ]
    if what == "targets":
        lines += ["    favor_means: The holder is for it.", "    against_means: The holder is against it."]
    if listed:
        lines.append(f"    aliases: {json.dumps(listed, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def with_sections(codebook: str, sections: dict[str, str]) -> str:
    """A codebook's text with some of its sections replaced (`+name`: added to)."""
    parts = re.split(r"^(?=[a-z_]+:)", codebook, flags=re.M)
    kept = [parts[0]]
    for part in parts[1:]:
        key = part.partition(":")[0]
        more = sections.get(f"+{key}")
        kept.append(
            sections[key] + "\n" if key in sections else part.rstrip("\n") + "\n" + more + "\n" if more else part
        )
    return "".join(kept)


def add_sources(project: Project, said: Iterable[Said], known: set[bytes], day: str) -> int:
    """Write each text that is not `known` (keys of canonical texts) as a source, with a row in sources.csv; how many.

    A text is named for what the export calls it, where that is a name and no other text has it, else for its hash. One
    that stands there already, from an import that was killed, is left as it is.
    """
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    written = 0
    for item in said:
        if unstorable(item.text):
            continue
        text = canonical(item.text)
        if not text.strip() or text_key(text) in known:
            continue
        known.add(text_key(text))
        data = text.encode("utf-8")
        digest = hashlib.sha256(data).hexdigest()
        path = _source_path(project, item.name, digest, data)
        if not (project.sources / path).is_file():
            _write_source(project.sources / path, data)
        facts = {"source_path": path, "sha256": digest, "rights": "unknown", "received": day, "note": "imported"}
        writer.writerow([facts.get(name, "") for name in COLUMNS])
        written += 1
    if written:
        if hasattr(os, "sync"):
            os.sync()  # all at once: to wait for the disk after each takes longer than all the rest
        before = project.sources_csv.read_text(encoding="utf-8") if project.sources_csv.is_file() else ""
        before = before or ",".join(COLUMNS) + "\n"
        write_text(project.sources_csv, before + ("" if before.endswith("\n") else "\n") + rows.getvalue())
    return written


def _write_source(path: Path, data: bytes) -> None:
    """Write a file beside its place and rename, so that none is half there; it is not flushed to disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.writing")
    try:
        beside.write_bytes(data)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _source_path(project: Project, name: str | None, digest: str, data: bytes) -> str:
    if name is not None and _NAME.fullmatch(name) and not unsafe_path(f"{name}.txt"):
        parts = name.split("/")
        if not any(part.startswith(".") or part != part.strip() for part in parts):
            path = project.sources / f"{name}.txt"
            if not path.exists() or (path.is_file() and path.read_bytes() == data):
                return f"{name}.txt"
    return f"text-{digest[:16]}.txt"


def describe_annotators(project: Project, annotators: Iterable[str], passes: Iterable[str], fresh: bool) -> list[str]:
    """Put annotators that `campaign.yaml` does not know into it; who was added.

    A fresh project's campaign is written anew, with a first round of its own annotators. In another project they are
    only described: no round gives them tasks.

    Raises:
        CodebookError: the file's `annotators` cannot be grown by a line each.
    """
    path = project.campaign_yaml
    text = path.read_text(encoding="utf-8")
    known = (yaml.safe_load(text) or {}).get("annotators") or {}
    new = sorted(name for name in set(annotators) if name not in known or fresh)
    if not new:
        return []
    if fresh:
        lines = ["# Who annotates what. People appear under random pseudonyms only.", "passes:"]
        for task_pass in ("entities", "stances"):
            if task_pass in passes:
                rounds = f"[{{round: 1, annotators: [{', '.join(new)}], suggestions: false}}]"
                lines.append(f"  {task_pass}: {{rounds: {rounds}}}")
        lines += ["annotators:", *(f"  {name}: {{kind: human}}" for name in new)]
        write_text(path, "\n".join([*lines, "adjudicators: []", "server:", "  title_prefix: Stancewire", ""]))
        return new
    grown, count = re.subn(
        r"(?m)^annotators:[ \t]*\n", lambda m: m[0] + "".join(f"  {name}: {{kind: human}}\n" for name in new), text
    )
    if count != 1:
        listed = ", ".join(new)
        raise CodebookError(f"{path}: add {listed} under `annotators` by hand (kind: human), then import again")
    write_text(path, grown)
    return new
