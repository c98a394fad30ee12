"""Projects on the server: one for each pass, round and annotator, so that nobody sees another's work.

A project is found again by a marker in its description, never by its title or number. The marker holds the corpus's
name, so that several corpora can share a server.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..codebook import read_dataset
from ..codebook.model import Codebook
from ..errors import StudioError
from ..project import Project
from .client import COMPARED, Client, RemoteProject
from .exports import Given
from .suggestions import PROVIDER

TITLE_CHARACTERS = 50

_MARKER = re.compile(r"\[stancewire corpus=(\S+) pass=(\S+) round=(\d+) annotator=(\S+)\]")


@dataclass(frozen=True)
class Room:
    """One of our projects on the server."""

    given: Given
    remote: RemoteProject


def corpus_name(project: Project) -> str:
    """The name of the corpus, as `schema/dataset.yaml` has it; the folder's where there is none."""
    if project.dataset_yaml.is_file():
        return read_dataset(project.dataset_yaml).name
    return re.sub(r"\W+", "-", project.root.name.lower()).strip("-") or "corpus"


def find_rooms(client: Client, corpus: str) -> dict[Given, Room]:
    """Our projects on the server, by what they hold.

    Raises:
        StudioError: two projects bear the same marker (one was duplicated by hand).
    """
    rooms: dict[Given, Room] = {}
    for remote in client.projects():
        found = _MARKER.search(remote.description)
        if found is None or found.group(1) != corpus:
            continue
        given = Given(found.group(2), int(found.group(3)), found.group(4))
        if given in rooms:
            raise StudioError(
                f"two projects on {client.url} hold {given}: numbers {rooms[given].remote.id} and {remote.id}; "
                "delete the copy, "
                "or remove the [stancewire ...] line from its description"
            )
        rooms[given] = Room(given, remote)
    return rooms


def room_settings(project: Project, codebook: Codebook, given: Given, prefix: str, suggestions: bool) -> dict[str, Any]:
    """How a room is set up: interface, guidelines, who sees what.

    Raises:
        StudioError: the labelling interface was not made yet.
    """
    interface = project.labeling / f"{given.task_pass}.xml"
    if not interface.is_file():
        raise StudioError(f"{project.relative(interface)} is missing; make it: stancewire codebook build")
    guidelines = project.guidelines.read_text(encoding="utf-8") if project.guidelines.is_file() else ""
    tail = f" {given}"
    return {
        "title": prefix[: TITLE_CHARACTERS - len(tail)].rstrip() + tail,
        "description": _describe(corpus_name(project), given, guidelines),
        "label_config": interface.read_text(encoding="utf-8").strip(),  # as the server keeps it
        "maximum_annotations": 1,
        # Suggestions are shown in the label stream only with both of these.
        "show_collab_predictions": suggestions,
        "model_version": PROVIDER if suggestions else "",
        "show_skip_button": True,
        "enable_empty_annotation": True,  # an article without any mention is an answer
        "expert_instruction": guidelines_html(guidelines),
        "show_instruction": False,
        "sampling": "Sequential sampling",
    }


def _describe(corpus: str, given: Given, guidelines: str) -> str:
    """The description of a room, with its marker.

    The server rewrites HTML that it is given, so the guidelines themselves cannot be compared; their hash stands here.
    """
    edition = hashlib.sha256(guidelines.encode()).hexdigest()[:12]
    return (
        f"Pass {given.task_pass}, round {given.round}, for {given.annotator_id}. Guidelines {edition}. Stancewire "
        "finds "
        "this project by the following: "
        f"[stancewire corpus={corpus} pass={given.task_pass} round={given.round} annotator={given.annotator_id}]"
    )


def changed_settings(room: Room, wanted: dict[str, Any]) -> dict[str, Any]:
    """Those settings of a room that are not as wanted."""
    changed = {name: wanted[name] for name in COMPARED if (room.remote.settings[name] or "") != (wanted[name] or "")}
    if "description" in changed:
        changed["expert_instruction"] = wanted["expert_instruction"]
    return changed


def kept_version(room: Room, wanted: str) -> str:
    """Whose suggestions a room shows: where `suggest` let it show another provider's, these, else as wanted."""
    shown = str(room.remote.settings["model_version"] or "")
    family, mark, _ = shown.partition("/")
    return shown if wanted and mark and family != PROVIDER.partition("/")[0] else wanted


def guidelines_html(markdown: str) -> str:
    """The guidelines behind the button above the article: headings, lists, tables and paragraphs, all else as text."""
    blocks = []
    for block in re.split(r"\n\s*\n", re.sub(r"<!--.*?-->", "", markdown, flags=re.S)):
        lines = [line.rstrip() for line in block.strip("\n").split("\n")]
        heading = re.match(r"(#+)\s+(.*)", lines[0])
        if heading is not None:
            size = min(len(heading.group(1)) + 1, 5)
            blocks.append(f"<h{size}>{_inline(heading.group(2))}</h{size}>")
            lines = lines[1:]
        if not any(lines):
            continue
        if all(line.lstrip().startswith("|") for line in lines):
            rows = [line.strip().strip("|").split("|") for line in lines if set(line) - set("|-: ")]
            cells = ("".join(f"<td>{_inline(cell.strip())}</td>" for cell in row) for row in rows)
            blocks.append("<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>")
        elif re.match(r"\s*(?:[-*]|\d+\.)\s", lines[0]):
            items = re.split(r"\n(?=\s*(?:[-*]|\d+\.)\s)", "\n".join(lines))
            texts = (_inline(re.sub(r"^\s*(?:[-*]|\d+\.)\s+", "", item)) for item in items)
            blocks.append("<ul>" + "".join(f"<li>{text}</li>" for text in texts) + "</ul>")
        else:
            blocks.append(f"<p>{_inline(' '.join(lines))}</p>")
    return "".join(blocks)


def _inline(text: str) -> str:
    escaped = html.escape(" ".join(text.split()), quote=False)
    strong = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escaped)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", strong)


def check_data(tasks: Iterable[dict[str, Any]], room: Room) -> list[dict[str, Any]]:
    """Those tasks of a room that we sent; a task of another room or corpus refuses the whole.

    Raises:
        StudioError: a task says that it was given to somebody else.
    """
    ours = []
    for task in tasks:
        data = task["data"]
        if not isinstance(data, dict) or "doc_id" not in data or "text_sha256" not in data:
            continue  # entered by hand
        said = Given(str(data.get("task_pass")), int(data.get("round") or 0), str(data.get("annotator_id")))
        if said != room.given:
            raise StudioError(
                f"project {room.remote.title!r} holds a task of {said} ({data['doc_id']!r}): an export of another "
                "project was "
                "imported there; delete these tasks in Label Studio, then run this again"
            )
        ours.append(task)
    return ours
