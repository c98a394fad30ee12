"""`stancewire init`: a new corpus project, ready for its first sources.

The new codebook starts from the one that travels with the package (labels, stances, attributions, holders and their
definitions), with the parts that belong to one corpus (targets, entities, lists) replaced by an example to overwrite.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from .errors import UsageError
from .project import Project, schema_directory
from .tables import write_text

_OWN_SECTIONS = {
    "version": "version: 0.1.0\n",
    "title": "title: My corpus\n",
    "introduction": (
        "introduction: >-\n  Say in a few sentences what this corpus is, and what its annotators are asked to find.\n"
    ),
    "targets": (
        "targets:\n"
        "  - id: example-target\n"
        "    name: Example target\n"
        "    definition: What the stances of this corpus are about; replace it, and add others.\n"
        "    favor_means: The holder wants it, supports it, or calls it good.\n"
        "    against_means: The holder opposes it, wants it ended, or calls it bad.\n"
        '    hotkey: "1"\n'
        '    color: "#0072b2"\n'
    ),
    "entities": "entities: []\n",
    "doubt": "doubt: []\n",
    "walkthrough": "",
    "furniture": "furniture: []\n",
    "outlets": "outlets: []\n",
}

_README = """# {name}

A corpus made with Stancewire. `stancewire --help` names the commands in the order of the work.

1. Put articles into `corpus/sources/`, and what you know of them (outlet, date, rights) into `corpus/sources.csv`.
2. Edit `schema/codebook.yaml` (what may be annotated) and `annotations/campaign.yaml` (who annotates what).
3. `stancewire codebook build`, `stancewire convert`, `stancewire studio start`, `stancewire push --pass entities`.
"""

_DATASET = """\
name: {name}
title: {name}
description: >-
  Say what this dataset is.
keywords: [news, stance]
contributors:
  - title: The makers of {name}
    roles: [DataCurator]
licences:
  annotations:
    name: CC-BY-4.0
    title: Creative Commons Attribution 4.0 International
    path: https://creativecommons.org/licenses/by/4.0/
  article_text:
    statement: >-
      The texts of the articles belong to their publishers. They are not licensed here.
"""

_IGNORED = ".studio/\n.convert/\ndist/\n.stancewire.lock\n.*.writing\nannotations/people.json\n"


def make_project(directory: Path) -> Project:
    """Make a new project in `directory`, which must be empty or not exist yet.

    Raises:
        UsageError: the folder holds something already; nothing in it is touched.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory} is not an empty folder; name a new one")
    project = Project(directory)
    shipped = schema_directory()
    for source in sorted([*shipped.glob("*.schema.json"), *shipped.glob("tables/*.json")]):
        write_text(project.schema / source.relative_to(shipped), source.read_text(encoding="utf-8"))
    write_text(project.codebook_yaml, starter_codebook((shipped / "codebook.yaml").read_text(encoding="utf-8")))
    name = re.sub(r"[^a-z0-9]+", "-", project.root.name.lower()).strip("-") or "corpus"
    write_text(project.schema / "dataset.yaml", _DATASET.format(name=name))
    write_text(project.campaign_yaml, _campaign())
    write_text(project.root / "README.md", _README.format(name=name))
    write_text(project.root / ".gitignore", _IGNORED)
    write_text(project.sources_csv, "source_path,sha256,outlet,date,url,rights,license,encoding,received,note\n")
    write_text(project.corrections_csv, "doc_id,start,end,quote,field,value,reason,by,date\n")
    project.sources.mkdir(parents=True)
    return project


def starter_codebook(shipped: str) -> str:
    """The shipped codebook's text with the sections of one corpus replaced by an example."""
    sections = re.split(r"^(?=[a-z_]+:)", shipped, flags=re.M)
    kept = [sections[0]]
    for section in sections[1:]:
        key = section.partition(":")[0]
        kept.append(_OWN_SECTIONS[key] + "\n" if key in _OWN_SECTIONS else section)
    return "".join(kept)


def _campaign() -> str:
    first, second = (f"ann-{_pseudonym()}" for _ in range(2))
    return (
        "# Who annotates what. People appear under random pseudonyms only.\n"
        "passes:\n"
        "  entities:\n"
        f"    rounds:\n      - round: 1\n        annotators: [{first}, {second}]\n        suggestions: true\n"
        "  stances:\n"
        f"    rounds:\n      - round: 1\n        annotators: [{first}, {second}]\n        suggestions: false\n"
        "annotators:\n"
        f"  {first}: {{kind: human, languages: [en]}}\n"
        f"  {second}: {{kind: human, languages: [en]}}\n"
        "adjudicators: []\n"
        "server:\n  title_prefix: Stancewire\n"
    )


def _pseudonym() -> str:
    """Three random syllables: easy to say, and nobody's initials."""
    return "".join(secrets.choice("bdfgklmnprstvz") + secrets.choice("aeiou") for _ in range(3))
