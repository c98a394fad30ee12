"""Answers of annotators who do not use a browser (language models), entered through the API in their own accounts.

A file holds an object of documents, each with what its annotator says:

    {"<doc_id>": {
        "mentions": [{"quote": "Trump", "occurrence": 2, "label": "PERSON", "kind": "name", "entity": "donald-trump"}],
        "stances": [{"quote": "...", "target": "...", "stance": "favor", "attribution": "direct_quote",
                     "holders": ["mark-esper"], "holder_text": null, "via": null, "via_text": null, "comment": null}],
        "document_stances": {"<target>": "none"},
        "flags": [], "comment": ""}}

A span is given by its `quote` (with `occurrence`, from 1, where the words stand more than once), or by `start` and
`end`, half-open code points of the task's text; both may be given and must then agree. Everything is checked before
anything is sent. Sending a file twice enters it once; an altered file changes the answer.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..codebook import read_codebook
from ..codebook.model import Choice, Codebook
from ..codebook.offers import AUTHOR, OTHER
from ..errors import Problem, StudioError, UsageError
from ..project import Project
from ..tables import row_id
from .accounts import Accounts
from .client import Client
from .exports import Given
from .restore import parent_prediction, post_answer
from .rooms import check_data, corpus_name, find_rooms

_KEYS = {
    "entities": {"mentions", "flags", "comment"},
    "stances": {"stances", "document_stances", "flags", "comment"},
}
_MENTION = {"quote", "occurrence", "start", "end", "label", "kind", "entity", "entity_name"}
_STANCE = {
    "quote",
    "occurrence",
    "start",
    "end",
    "target",
    "stance",
    "attribution",
    "holders",
    "holder_text",
    "via",
    "via_text",
    "comment",
}


@dataclass
class EnterReport:
    """What was entered: answers new, changed and already there; the problems because of which nothing was."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


def read_answers(path: Path) -> dict[str, Any]:
    """The answers in a file.

    Raises:
        UsageError: the file cannot be read, or is not a JSON object of documents.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); name a file with answers") from None
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(answer, dict) for answer in found.values()):
        raise UsageError(f'{path} must hold an object of documents: {{"<doc_id>": {{"mentions": [...]}}}}')
    return found


def enter_answers(
    project: Project,
    client: Client,
    given: Given,
    answers: Mapping[str, Any],
    source: str = "answers",
    dry_run: bool = False,
) -> EnterReport:
    """Check the answers against the tasks as they were given out, and enter them as their annotator.

    Args:
        given: pass, round and annotator. answers: as described above. source: the file's name, for messages.

    Returns:
        a report; with problems in it, nothing was entered.

    Raises:
        StudioError: the tasks were not given out, or the server is away or refuses.
    """
    room = find_rooms(client, corpus_name(project)).get(given)
    if room is None:
        raise StudioError(
            f"{client.url} has no project of {given}; give it out first: stancewire push --pass {given.task_pass}"
        )
    tasks = {t["data"]["doc_id"]: t for t in check_data(client.tasks(room.remote.id, room.remote.title), room)}
    codebook = read_codebook(project.codebook_yaml)
    report = EnterReport()
    bodies = {}
    for doc_id, answer in answers.items():
        if doc_id not in tasks:
            message = f"no task of this document was given to {given}; known: {', '.join(sorted(tasks)) or 'none'}"
            report.problems.append(Problem(source, doc_id, "answer-document", 2, message))
            continue
        reader = _Reader(tasks[doc_id], given, codebook, source)
        bodies[doc_id] = reader.read(answer)
        report.problems += reader.problems
    if report.problems or dry_run:
        return report
    with Accounts(client, project.people_json) as accounts:
        for doc_id, results in bodies.items():
            report.counts[_enter(client, accounts, given, tasks[doc_id], results)] += 1
    return report


def _enter(
    client: Client, accounts: Accounts, given: Given, task: Mapping[str, Any], results: list[dict[str, Any]]
) -> str:
    """Enter one answer; says whether it was new, changed or already there."""
    account = accounts[given.annotator_id]
    what = f"entering the answer of {given.annotator_id} to {task['data']['doc_id']!r}"
    body: dict[str, Any] = {"result": results, "lead_time": None, "was_cancelled": False, "ground_truth": False}
    body["parent_prediction"] = parent_prediction(results, task)
    own = [item for item in task["annotations"] if item["completed_by"]["id"] == account.user_id]
    if not own:
        # Made from place and content: a second try of a send without an answer cannot enter it twice.
        name = json.dumps([str(given), task["data"]["doc_id"], task["id"], task["created_at"], results], sort_keys=True)
        body["unique_id"] = str(uuid.uuid5(uuid.NAMESPACE_OID, name))
        post_answer(client, accounts, given.annotator_id, int(task["id"]), body, what)
        return "entered"
    last = max(own, key=lambda item: (item["updated_at"], int(item["id"])))
    if last["result"] == results and not last["was_cancelled"]:
        return "already_there"
    account.patch(f"/api/annotations/{last['id']}/", body, what)
    return "changed"


class _Reader:
    """One document's answer, checked and turned into results of the labelling interface."""

    def __init__(self, task: Mapping[str, Any], given: Given, codebook: Codebook, source: str) -> None:
        self.data = task["data"]
        self.text: str = self.data["text"]
        self.given, self.codebook, self.source = given, codebook, source
        self.problems: list[Problem] = []
        self.results: list[dict[str, Any]] = []
        self.seen: Counter[tuple[Any, ...]] = Counter()
        self.suggested: dict[tuple[int, int], dict[str, dict[str, list[Any]]]] = {}  # place -> region -> values
        for prediction in task["predictions"]:
            for result in prediction["result"]:
                value = result["value"]
                regions = self.suggested.setdefault((value.get("start"), value.get("end")), {})
                said = value.get("labels") or value.get("choices") or value.get("text")
                regions.setdefault(result["id"], {})[result["from_name"]] = said

    def read(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        known = _KEYS[self.given.task_pass]
        for key in answer.keys() - known:
            self._problem(
                "", f"unknown key {key!r} in the pass {self.given.task_pass}; known: {', '.join(sorted(known))}"
            )
        for name, read, keys in (("mentions", self._mention, _MENTION), ("stances", self._stance, _STANCE)):
            if name in known:
                for number, item in enumerate(self._list(answer, name)):
                    self._read_item(f"{name}[{number}]", item, read, keys)
        if self.given.task_pass == "stances":
            self._document_stances(answer.get("document_stances") or {})
        flags = [str(flag) for flag in self._list(answer, "flags")]
        for flag in flags:
            self._known(f"flags[{flag}]", "flag", flag, self.codebook.flags)
        if flags:
            self._add(self._document_id("flag"), "flag", "choices", {"choices": flags})
        comment = answer.get("comment")
        if comment:
            self._add(self._document_id("comment"), "comment", "textarea", {"text": [str(comment)]})
        return self.results

    def _read_item(self, place: str, item: Any, read: Any, keys: set[str]) -> None:
        if not isinstance(item, dict):
            self._problem(place, "must be an object")
            return
        for key in item.keys() - keys:
            self._problem(place, f"unknown key {key!r}; known: {', '.join(sorted(keys))}")
        span = self._span(place, item)
        if span is not None:
            read(place, item, span)

    # mentions

    def _mention(self, place: str, item: Mapping[str, Any], span: tuple[int, int]) -> None:
        label = self._known(place, "label", item.get("label"), self.codebook.mention_labels)
        kind = self._known(place, "kind", item.get("kind", "name"), self.codebook.mention_kinds)
        entity, typed = item.get("entity"), item.get("entity_name")
        if entity is not None and typed:
            self._problem(place, "give entity (one that is offered) or entity_name (somebody else), not both")
        if entity is not None:
            self._offered(place, "entity", entity, self.data["entities"])
        values = {"mention": [label], "kind": [kind]}
        if entity is not None:
            values["entity"] = [entity]
        if typed:
            values["entity_name"] = [typed]
        self._add_all(*self._region_of(span, "mention", values), span, values)

    # stances

    def _stance(self, place: str, item: Mapping[str, Any], span: tuple[int, int]) -> None:
        target = self._known(place, "target", item.get("target"), self.codebook.targets)
        stance = self._known(place, "stance", item.get("stance"), self.codebook.stances)
        attribution = self._known(place, "attribution", item.get("attribution"), self.codebook.attributions)
        holders = item.get("holders")
        if not isinstance(holders, list) or not holders:
            self._problem(place, "holders must be a list of at least one: author, an offered entity, unnamed or other")
            holders = []
        for holder in holders:
            self._offered(place, "holder", holder, self.data["holders"])
        if (attribution == AUTHOR) != (holders == [AUTHOR]):
            self._problem(place, "attribution author if and only if the one holder is author")
        via = item.get("via")
        if via is not None:
            self._offered(place, "via", via, self.data["vias"])
            if attribution == AUTHOR:
                self._problem(place, "the author's own words have no via")
        for name, asked in (("holder_text", OTHER in holders), ("via_text", via == OTHER)):
            if bool(item.get(name)) != asked:
                self._problem(place, f"{name} is given if and only if {name.partition('_')[0]} is other")
        if target == OTHER and not item.get("comment"):
            self._problem(place, "the target other is named in the comment")
        values = {"target": [target], "stance": [stance], "attribution": [attribution], "holder": holders}
        values |= {"holder_text": [item.get("holder_text")], "via": [via], "via_text": [item.get("via_text")]}
        values["span_comment"] = [item.get("comment")]
        self._add_all(*self._region_of(span, "target", values), span, values)

    def _document_stances(self, said: Any) -> None:
        if not isinstance(said, dict):
            self._problem("document_stances", "must be an object of target: stance")
            return
        asked = [target.id for target in self.codebook.document_targets]
        for target in asked:
            if target not in said:
                self._problem(
                    "document_stances", f"target {target!r} is not answered (favor, against, neutral or none)"
                )
        for target, stance in said.items():
            if target not in asked:
                self._problem("document_stances", f"target {target!r} is not asked; asked: {', '.join(asked)}")
            self._known(f"document_stances[{target}]", "stance", stance, self.codebook.document_stances)
            control = f"doc__{target}"
            self._add(self._document_id(control), control, "choices", {"choices": [stance]})

    # spans and words

    def _span(self, place: str, item: Mapping[str, Any]) -> tuple[int, int] | None:
        quote, occurrence = item.get("quote"), item.get("occurrence")
        start, end = item.get("start"), item.get("end")
        if start is not None or end is not None:
            if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(self.text)):
                self._problem(place, f"start {start!r}, end {end!r} is no span of the task's text (0-{len(self.text)})")
                return None
            if quote is not None and self.text[start:end] != quote:
                self._problem(place, f"at {start}-{end} stands {self.text[start:end]!r}, not the quote {quote!r}")
                return None
            return start, end
        if not isinstance(quote, str) or not quote.strip():
            self._problem(place, "give quote, or start and end")
            return None
        places = list(_occurrences(self.text, quote))
        if not places:
            self._problem(place, f"the quote {quote!r} does not stand in the task's text; copy it exactly")
            return None
        if occurrence is None and len(places) > 1:
            self._problem(place, f"the quote {quote!r} stands {len(places)} times; give occurrence 1 to {len(places)}")
            return None
        number = 1 if occurrence is None else occurrence
        if not isinstance(number, int) or not 1 <= number <= len(places):
            self._problem(place, f"occurrence {number!r} of {quote!r}: it stands {len(places)} times")
            return None
        return places[number - 1], places[number - 1] + len(quote)

    def _known(self, place: str, what: str, value: Any, choices: Sequence[Choice]) -> str:
        ids = [choice.id for choice in choices]
        if value not in ids:
            self._problem(place, f"{what} {value!r} is not in the codebook; known: {', '.join(ids)}")
        return str(value)

    def _offered(self, place: str, what: str, value: Any, choices: Sequence[Mapping[str, Any]]) -> None:
        ids = [choice["alias"] for choice in choices]
        if value not in ids:
            self._problem(place, f"{what} {value!r} is not offered with this task; offered: {', '.join(ids)}")

    def _list(self, answer: Mapping[str, Any], name: str) -> list[Any]:
        found = [] if answer.get(name) is None else answer[name]
        if not isinstance(found, list):
            self._problem(name, "must be a list")
            return []
        return found

    def _problem(self, place: str, message: str) -> None:
        where = f"{self.data['doc_id']} {place}".strip()
        self.problems.append(Problem(self.source, where, "answer", 2, message))

    # results

    def _region_of(self, span: tuple[int, int], control: str, values: Mapping[str, list[Any]]) -> tuple[str, str]:
        """A region's id, and where it came from: what was suggested on these words is taken over, or altered.

        Of several suggestions there the one that says the same is taken, else one with the same label.
        """
        said = {name: sorted(given) for name, given in values.items() if _is_said(given)}
        free = {
            region: {name: sorted(given) for name, given in suggested.items()}
            for region, suggested in self.suggested.get(span, {}).items()
            if not self.seen[("suggestion", region)]
        }
        if not free:
            return self._region(span, {"target": "stance"}.get(control, control), values[control][0]), "manual"
        region = min(free, key=lambda key: (free[key] != said, free[key].get(control) != said.get(control), key))
        self.seen[("suggestion", region)] += 1
        return region, "prediction" if free[region] == said else "prediction-changed"

    def _region(self, span: tuple[int, int], *key: str) -> str:
        """A region's id: the same for the same words and label, so that an altered answer is seen as an edit."""
        ordinal = self.seen[(span, *key)]
        self.seen[(span, *key)] += 1
        return row_id("region", str(self.given), self.data["doc_id"], *span, *key, ordinal)[:10]

    def _document_id(self, control: str) -> str:
        return row_id("region", str(self.given), self.data["doc_id"], control)[:10]

    def _add_all(self, region: str, origin: str, span: tuple[int, int], values: Mapping[str, list[Any]]) -> None:
        for control, said in values.items():
            if _is_said(said):
                kind = {"mention": "labels", "target": "labels"}.get(control, "choices")
                if control in ("entity_name", "holder_text", "via_text", "span_comment"):
                    kind = "textarea"
                value = {"start": span[0], "end": span[1], "text" if kind == "textarea" else kind: said}
                self._add(region, control, kind, value, origin)

    def _add(self, region: str, control: str, kind: str, value: dict[str, Any], origin: str = "manual") -> None:
        result = {"id": region, "from_name": control, "to_name": "text", "type": kind, "value": value, "origin": origin}
        self.results.append(result)


def _is_said(values: Sequence[Any]) -> bool:
    return bool(values) and values[0] is not None and values[0] != ""


def _occurrences(text: str, quote: str) -> Iterator[int]:
    place = text.find(quote)
    while place >= 0:
        yield place
        place = text.find(quote, place + 1)
