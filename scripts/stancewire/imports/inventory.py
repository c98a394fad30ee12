"""What an export holds, counted in a first reading, before anything is stored: controls, values, texts, offsets."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..label_studio.foreign import Said
from ..label_studio.offsets import canonical, counted_in


@dataclass
class Control:
    """One control of the export: what it holds, of spans or of whole texts, and how often which value."""

    kind: str
    of_spans: bool
    values: Counter[str] = field(default_factory=Counter)


@dataclass
class Inventory:
    """What all files of one import hold.

    Attributes:
        controls: by (name, of spans). texts: how many tasks hold the text of this SHA-256.
        counted: how many answers count their offsets in code points and in UTF-16 units, by their quotes.
        empty: places of tasks whose text is empty. refused: places and reasons of texts that cannot be stored.
        ours: tasks that were sent by stancewire. projects: numbers of the projects on their server.
    """

    controls: dict[tuple[str, bool], Control] = field(default_factory=dict)
    texts: Counter[bytes] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    empty: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    people: set[tuple[str, ...]] = field(default_factory=set)
    projects: set[int] = field(default_factory=set)
    ours: int = 0
    tasks: int = 0

    @property
    def offsets(self) -> str | None:
        """What the offsets of most answers count; None where no quote tells."""
        return self.counted.most_common(1)[0][0] if self.counted else None


    def add(self, other: Inventory) -> None:
        """Count what follows."""
        for key, control in other.controls.items():
            self.control(*key, control.kind).values.update(control.values)
        self.texts.update(other.texts)
        self.counted.update(other.counted)
        self.empty += other.empty
        self.refused += other.refused
        self.people |= other.people
        self.projects |= other.projects
        self.ours += other.ours
        self.tasks += other.tasks

    def control(self, name: str, of_spans: bool, kind: str) -> Control:
        """The control of this name; of this kind, where it was not met before."""
        found = self.controls.get((name, of_spans))
        if found is None:
            found = self.controls[name, of_spans] = Control(kind, of_spans)
        return found


def take_inventory(said: Iterable[Said]) -> Inventory:
    """Count what the texts' answers hold."""
    found = Inventory()
    for item in said:
        found.tasks += 1
        found.ours += item.own is not None
        found.projects |= set() if item.project is None else {item.project}
        reason = unstorable(item.text)
        if reason:
            found.refused.append((item.place, reason))
            continue
        text = canonical(item.text)
        found.texts[text_key(text)] += 1
        if not text.strip():
            found.empty.append(item.place)
        for answer in item.answers:
            found.people.add(answer.people)
            unit = counted_in(item.text, answer.marks)
            if unit is not None:
                found.counted[unit] += 1
            for mark in answer.marks:
                found.control(mark.control, mark.is_span, mark.kind).values.update(mark.values)
    return found


def text_key(text: str) -> bytes:
    """The hash under which equal texts meet."""
    return hashlib.sha256(text.encode("utf-8")).digest()


def unstorable(text: str) -> str | None:
    """Why a text cannot be a document, or None."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return f"its text holds a lone surrogate at {error.start}; mend it where it was made"
    return None
