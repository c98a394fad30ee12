"""Sentences that stand alike in several versions of a story, judged there by different annotators.

Who judged one version and who judged another have both judged the sentences that the two share. Where they did so
independently, these sentences are doubly annotated, and what the two marked in them is compared:

    version 1   (ann-a)    | S1 | S2 | S3 |           shared: S1, S3
    version 2   (ann-b)    | S1 | s2'| S3 | S4 |      compared: ann-a in version 1 with ann-b in version 2, on S1 and S3

A sentence is shared where alignment with the first judged version (the head of the story, else the first by doc_id)
leaves it unchanged to the character, or where it stands alike, once, in two others. A span is carried over with its
sentence; one that runs over several is where they stand together in both; where they do not, it is set aside, and its
sentences with it. Names of entities local to a document are compared by what follows their document.

**Nothing is compared twice.** Annotators are put into groups in which no two judged a common version of the story (what
they think of that is compared there, in all the other rows), and each is in one group; so every vote counts once. An
assignment in which anything was suggested that had been carried over from another version is no independent one and is
left out, with all that was said in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..codebook.model import Rules
from ..judgements.shown import Shown, Span, Task
from ..reprints import Stretch, Witness
from ..reprints.projection import Projection
from .units import LAYER_PASS, Unit, is_projected, latest_rounds, span_units, trimmed
from .values import Row

_ENTITIES = ("entity_id", "holder_entity_id", "via_entity_id")


class Stories(Protocol):
    """What is asked of `judgements.versions.Versions`."""

    @property
    def stories(self) -> Mapping[str, tuple[str, bool]]: ...
    @property
    def shown(self) -> Mapping[Task, Shown]: ...
    def witnesses(self, doc_ids: Iterable[str]) -> dict[str, Witness]: ...


@dataclass
class SharedUnits:
    """The units, and what they rest on.

    Attributes:
        units: each stands at its sentence's place in one of the versions. sentences: how many were compared, by pass.
        stories, annotators: those compared.
    """

    units: list[Unit] = field(default_factory=list)
    sentences: Counter[str] = field(default_factory=Counter)
    stories: set[str] = field(default_factory=set)
    annotators: set[str] = field(default_factory=set)


Home = tuple[str, int]  # the document in whose code points a shared sentence is compared, and its place there


@dataclass(frozen=True)
class _Shared:
    """One version's copy of a shared sentence; `number`, `home_number` are its sent_no here and at home."""

    home: Home
    home_number: int
    number: int
    start: int
    end: int

    @property
    def shift(self) -> int:
        """From the version's code points to the home's."""
        return self.home[1] - self.start


def make_shared_units(
    judgements: Iterable[Row], assignments: Iterable[Row], rules: Rules, versions: Stories
) -> SharedUnits:
    """The units of shared sentences, by story, group of annotators, layer, target and place.

    Args:
        judgements, assignments: rows of these tables, in any order.
        versions: the stories told in several documents.
    """
    made = SharedUnits()
    stories = versions.stories
    if not stories:
        return made
    rows = [row for row in judgements if row["doc_id"] in stories]
    rounds, _ = latest_rounds(row for row in assignments if row["doc_id"] in stories)
    leaning = {_task(row) for row in rows if is_projected(row)}
    leaning |= {task for task, shown in versions.shown.items() if shown.is_projected}
    told: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    for (doc_id, task_pass), names in rounds.items():
        own = {name: number for name, number in names.items() if (doc_id, task_pass, number, name) not in leaning}
        if own:
            told.setdefault((stories[doc_id][0], task_pass), {})[doc_id] = own
    by_task: dict[Task, list[Row]] = {}
    for row in rows:
        if row["status"] == "current" and row["layer"] in LAYER_PASS and row["layer"] != "document_stance":
            by_task.setdefault(_task(row), []).append(row)
    groups = {key: _groups(documents) for key, documents in told.items()}
    wanted = {doc_id for key, documents in told.items() if groups[key] for doc_id in documents}
    witnesses = versions.witnesses(wanted) if wanted else {}
    for (story_id, task_pass), documents in sorted(told.items()):
        if not groups[story_id, task_pass]:
            continue
        order = sorted(documents, key=lambda doc_id: (not stories[doc_id][1], doc_id))
        shared = _shared_sentences(order, witnesses)
        for group in groups[story_id, task_pass]:
            voices = [_Voice(name, task_pass, documents, order, shared, by_task, versions.shown) for name in group]
            _add(made, story_id, task_pass, voices, rules)
    return made


def _task(row: Row) -> Task:
    return row["doc_id"], row["task_pass"], row["round"], row["annotator_id"]


def _groups(documents: Mapping[str, Mapping[str, int]]) -> list[list[str]]:
    """Annotators, each once, so that no two of a group judged the same version; groups of one are left out."""
    judged: dict[str, set[str]] = {}
    for doc_id, names in documents.items():
        for name in names:
            judged.setdefault(name, set()).add(doc_id)
    groups: list[tuple[list[str], set[str]]] = []
    for name, own in sorted(judged.items()):
        for members, taken in groups:
            if taken.isdisjoint(own):
                members.append(name)
                taken |= own
                break
        else:
            groups.append(([name], set(own)))
    return [members for members, _ in groups if len(members) > 1]


def _shared_sentences(order: Sequence[str], witnesses: Mapping[str, Witness]) -> dict[str, list[_Shared]]:
    """Of each version its sentences that another has too, in text order."""
    first = witnesses[order[0]]
    found: dict[str, list[_Shared]] = {doc_id: [] for doc_id in order}
    with_first: dict[int, Stretch] = {}
    alone: dict[str, tuple[str, Stretch]] = {}  # words -> where they stood first
    met: set[Home] = set()
    for doc_id in order[1:]:
        witness = witnesses[doc_id]
        pairs = Projection(first, witness).unchanged_sentences
        with_first |= {one.start: one for one, _ in pairs}
        found[doc_id] += [_shared(order[0], one, there) for one, there in pairs]
        taken = {there.start for _, there in pairs}
        times = Counter(witness.text[one.start : one.end] for one in witness.sentences)
        for one in witness.sentences:
            words = witness.text[one.start : one.end]
            if one.start in taken or times[words] > 1:
                continue
            home, stood = alone.setdefault(words, (doc_id, one))
            if home == doc_id:
                continue
            found[doc_id].append(_shared(home, stood, one))
            if (home, stood.start) not in met:
                met.add((home, stood.start))
                found[home].append(_shared(home, stood, stood))
    found[order[0]] = [_shared(order[0], one, one) for one in with_first.values()]
    return {doc_id: sorted(listed, key=lambda item: item.start) for doc_id, listed in found.items()}


def _shared(home: str, at_home: Stretch, here: Stretch) -> _Shared:
    return _Shared((home, at_home.start), at_home.number, here.number, here.start, here.end)


class _Voice:
    """What one annotator said of shared sentences, each in the first version in which they were shown it."""

    def __init__(
        self,
        name: str,
        task_pass: str,
        documents: Mapping[str, Mapping[str, int]],
        order: Sequence[str],
        shared: Mapping[str, Sequence[_Shared]],
        judged: Mapping[Task, Sequence[Row]],
        shown: Mapping[Task, Shown],
    ) -> None:
        self.name = name
        self.heard: set[Home] = set()  # the sentences that they had the chance to judge
        self.rows: list[Row] = []
        self.runs: list[tuple[str, Span]] = []  # home document, what of it stands together in the version
        for doc_id in order:
            if name not in documents[doc_id]:
                continue
            task = (doc_id, task_pass, documents[doc_id][name], name)
            view = shown.get(task)
            own = [
                item
                for item in shared[doc_id]
                if item.home not in self.heard and (view is None or view.covers(item.start, item.end))
            ]
            self._listen(judged.get(task, ()), own)

    def _listen(self, rows: Sequence[Row], own: list[_Shared]) -> None:
        runs = _runs(own)
        if any(row["start"] is None for row in rows):
            return  # nobody knows where that stands: it may be in any of these sentences
        placed: list[tuple[Row, _Shared, set[Home]]] = []
        torn: set[Home] = set()
        for row in rows:
            start, end = trimmed(row)
            touched = {item.home for item in own if item.start < end and start < item.end}
            run = next((items for items in runs if items[0].start <= start and end <= items[-1].end), None)
            if run is not None and touched and row["anchor"] == "same":
                placed.append((row, run[0], touched))
            else:
                torn |= touched
        while more := {home for _, _, touched in placed if torn & touched for home in touched} - torn:
            torn |= more
        heard = [item for item in own if item.home not in torn]
        self.rows += [_moved(row, at) for row, at, touched in placed if touched.isdisjoint(torn)]
        self.heard |= {item.home for item in heard}
        self.runs += [
            (items[0].home[0], (items[0].home[1], items[-1].home[1] + items[-1].end - items[-1].start))
            for items in _runs(heard)
        ]


def _runs(items: Sequence[_Shared]) -> list[list[_Shared]]:
    """Sentences cut where they no longer stand together alike in both texts."""
    runs: list[list[_Shared]] = []
    for item in items:
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and (last.home[0], last.shift) == (item.home[0], item.shift)
            and (last.number + 1, last.home_number + 1) == (item.number, item.home_number)
        ):
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _moved(row: Row, at: _Shared) -> Row:
    """A judgement at its place in the home's text."""
    moved = row | {"doc_id": at.home[0], "start": row["start"] + at.shift, "end": row["end"] + at.shift}
    here = f"{row['doc_id']}#"
    for name in _ENTITIES:
        if (moved[name] or "").startswith(here):
            moved[name] = f"{at.home[0]}#{moved[name].removeprefix(here)}"
    return moved


def _add(made: SharedUnits, story_id: str, task_pass: str, voices: Sequence[_Voice], rules: Rules) -> None:
    """The units of one group of annotators, and their counts."""
    asked = Counter(home for voice in voices for home in voice.heard)
    doubly = {home for home, times in asked.items() if times > 1}
    if not doubly:
        return
    made.sentences[task_pass] += len(doubly)
    made.stories.add(story_id)
    made.annotators |= {voice.name for voice in voices if not doubly.isdisjoint(voice.heard)}
    views: dict[str, dict[str, list[Span]]] = {}
    said: dict[tuple[str, str, str], list[Row]] = {}
    for voice in voices:
        for home_doc, span in sorted(voice.runs):
            views.setdefault(home_doc, {}).setdefault(voice.name, []).append(span)
        for row in voice.rows:
            said.setdefault((row["doc_id"], row["layer"], row["target_id"] or ""), []).append(row)
    for (home_doc, layer, target), rows in sorted(said.items()):
        seen = views.get(home_doc, {})
        frame = (layer, home_doc, target or None, tuple(sorted(seen)), False)
        least = rules.mention_overlap if layer == "mention" else rules.stance_overlap
        units = span_units(rows, frame, least, frozenset(), seen)
        made.units += [unit for unit in units if len(unit.submitted) > 1]
