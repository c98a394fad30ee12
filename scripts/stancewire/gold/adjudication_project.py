"""Adjudication through Label Studio: open cases become tasks, and submitted answers become decisions.

What is shown is a passage: the paragraphs around the thing judged (for the stance of a document the whole view of the
pass), and all versions side by side. Nothing is asked twice: a case that is decided, or begun by anyone, is not sent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..agreement.units import LAYER_PASS, may_vote
from ..agreement.values import DROP, boundary_value, parse_boundary
from ..codebook.adjudication_interface import OTHER_SPAN
from ..codebook.offers import OTHER
from ..errors import Problem, UsageError
from ..label_studio.adjudication import pull_answers, push_cases
from ..label_studio.case_tasks import COMMENT, NOTHING, CaseAnswer, CaseTask
from ..label_studio.client import Client
from ..label_studio.delivery import PushReport
from ..label_studio.environment import Say, quiet
from ..label_studio.tasks import Article, read_articles
from ..project import Project
from ..text.view import View, make_view
from .adjudicate import admit, append_decisions
from .cases import Case, Wording, combination_fault, open_cases
from .decisions import Decision, conflict_id
from .evidence import Evidence, read_evidence
from .methods import Method, merged_methods
from .rows import reach

PASSAGE = 600  # characters wanted on either side of the thing judged; whole paragraphs where they are not longer
ON_SERVER = "Label Studio"  # the place that problems of answers name

_SAID_BY = "said by"  # the row of how many said so, where versions are put together
_SAID = {"exists": "in the data?", "boundary": "words", "entity_id": "entity", "attribution": "whose words"}


def send_cases(
    project: Project,
    client: Client,
    by: str | None,
    method: Method | None = None,
    doc_id: str | None = None,
    dry_run: bool = False,
    say: Say = quiet,
) -> PushReport:
    """Send the open cases to an adjudicator's project.

    Args:
        by: the adjudicator's pseudonym (default: the only one of the campaign).
        method: how votes are counted (default: as they were when gold was merged).

    Raises:
        UsageError: no such adjudicator, or several and none is named.
        StudioError: the server is away, refuses, or lost something.
    """
    evidence = read_evidence(project)
    name = adjudicator(evidence, by)
    articles, wording = read_articles(project), Wording.of(evidence)
    methods = method or merged_methods(project, evidence.codebook)
    cases = [case_task(case, articles[case.unit.doc_id], wording) for case in open_cases(evidence, methods, doc_id)]
    return push_cases(project, client, name, cases, doc_id, dry_run, say)


def adjudicator(evidence: Evidence, by: str | None) -> str:
    """The adjudicator meant.

    Raises:
        UsageError: there is no such one, or it does not go without saying.
    """
    known = evidence.campaign.adjudicators
    if by is None and len(known) == 1:
        return known[0]
    if by in known:
        return str(by)
    listed = ", ".join(known) or "it names none"
    wrong = "name one of several with --by" if by is None and known else f"{by!r} is no adjudicator"
    raise UsageError(f"{wrong}; adjudicators of annotations/campaign.yaml: {listed}")


def case_task(case: Case, article: Article, wording: Wording) -> CaseTask:
    """A case as it is sent."""
    passage, view = passage_of(case, article, wording)
    fields = [item.field for item in case.outcome.fields]
    options = {field: _options(case, field, wording) for field in fields}
    spans = []
    for number, version in enumerate(case.versions):
        place = view.to_view(*parse_boundary(version.values["boundary"])) if "boundary" in version.values else None
        if place is not None:
            spans.append((number, *place))
    return CaseTask(
        case_id=case.case_id,
        doc_id=case.unit.doc_id,
        text_sha256=article.text_sha256,
        layer=case.unit.layer,
        judgement_ids=case.unit.judgement_ids,
        codebook_version=wording.codebook.version,
        title=case_title(case, wording) + f" \u00b7 {article.meta_line}",
        passage=passage,
        pieces=view.pieces,
        versions=tuple(version.name for version in case.versions),
        rows=tuple(version_rows(case, wording)),
        spans=tuple(spans),
        options=options,
        settled=case.settled,
        open_fields=case.open_fields,
    )


def case_title(case: Case, wording: Wording) -> str:
    """What a case is about."""
    layer = case.unit.layer.replace("_", " ")
    names = {target.id: target.name for target in wording.codebook.targets}
    target = case.unit.target_id
    return layer if target is None else f"{layer} on: {names.get(target, target)}"


def version_rows(case: Case, wording: Wording) -> Iterable[tuple[str, tuple[str, ...]]]:
    """A row a field: what it is, and what each version says; then the annotators' comments."""
    for item in case.outcome.fields:
        cells = tuple(
            wording.words(case, item.field, version.values[item.field]) if item.field in version.values else NOTHING
            for version in case.versions
        )
        if item.field == "exists":
            cells = tuple("not marked" if version.values["exists"] == DROP else "marked" for version in case.versions)
        yield _SAID.get(item.field, item.field), cells
    if any(version.times > 1 for version in case.versions):
        yield _SAID_BY, tuple(str(version.times) for version in case.versions)
    if any(version.comment for version in case.versions):
        yield COMMENT, tuple(" ".join((version.comment or "").split()) for version in case.versions)


def passage_of(case: Case, article: Article, wording: Wording) -> tuple[str, View]:
    """The words shown, with the way back: paragraphs around the unit, or all that the pass shows of the document."""
    task_pass = wording.codebook.pass_named(LAYER_PASS[case.unit.layer])
    start, end = reach(case.outcome)
    if start is None or end is None:
        return make_view(article.text, article.segments, task_pass.roles)
    low, high = start - PASSAGE, end + PASSAGE
    shown = []
    for segment in article.segments:
        if segment.end <= low or segment.start >= high:
            continue
        if segment.role not in task_pass.roles and not (segment.start < end and start < segment.end):
            continue  # furniture stays away, unless the span itself stands there
        first, last = segment.start, segment.end
        if last - first > 2 * PASSAGE:  # a document of one endless paragraph
            first, last = _cut(article.text, max(first, low), min(last, high), (first, last))
        shown.append(segment._replace(start=first, end=last))
    return make_view(article.text, shown, {segment.role for segment in shown})  # type: ignore[arg-type]


def _cut(text: str, first: int, last: int, whole: tuple[int, int]) -> tuple[int, int]:
    """A cut within a paragraph, moved outwards to the next white space."""
    while first > whole[0] and not text[first - 1].isspace():
        first -= 1
    while last < whole[1] and not text[last].isspace():
        last += 1
    return first, last


def _options(case: Case, field: str, wording: Wording) -> tuple[tuple[str, str], ...]:
    listed = wording.choices(case, field)
    if field == "boundary":
        listed = [*listed, OTHER_SPAN]
    if field in ("holder", "via"):
        listed = [*listed, OTHER]
    return option_words(case, field, listed, wording)


def option_words(
    case: Case, field: str, values: Iterable[str], wording: Wording
) -> tuple[tuple[str, str], ...]:
    """(value, words) of what may be chosen, with the versions that say so; two of the same words are told apart."""
    given = case.given(field)
    listed = []
    for value in values:
        if value == OTHER_SPAN and field == "boundary":
            listed.append((value, "other words: press 0, then drag over them"))
        elif value == OTHER and field in ("holder", "via"):
            listed.append((value, "other\u2026"))
        else:
            names = f"  [{', '.join(given[value])}]" if value in given else ""
            listed.append((value, wording.words(case, field, value) + names))
    return tuple(_distinct(listed))


def _distinct(listed: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Two entities of one name are told apart by their ids."""
    seen: set[str] = set()
    for value, words in listed:
        shown = words if words not in seen else f"{words} ({value})"
        seen.add(shown)
        yield value, shown


# answers to decisions


@dataclasses.dataclass(frozen=True)
class Taken:
    """What a pull came to: decisions appended, problems, notes, tasks by what became of them, files stored."""

    appended: tuple[Decision, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    counts: Mapping[str, int]
    stored: tuple[Path, ...] = ()


def take_answers(project: Project, client: Client) -> Taken:
    """Store what adjudicators said on the server, and append what they decided to `adjudications.jsonl`.

    A task whose answer has a problem is left out, with the problem; the others are taken in. What was taken in before
    is not taken again, also where somebody has decided otherwise since.

    Raises:
        StudioError: the server is away, or has no adjudication project of this corpus.
    """
    answers, counts, stored = pull_answers(project, client)
    evidence = read_evidence(project)
    voting = {row["judgement_id"] for row in evidence.judgements if may_vote(row)}
    appended: list[Decision] = []
    problems: list[Problem] = []
    notes: list[str] = []
    for answer in sorted(answers, key=lambda item: (item.day, item.number)):
        made = answer_decisions(answer, evidence)
        if isinstance(made, str):
            problems.append(Problem(ON_SERVER, answer.place, "decision-format", 2, made))
            continue
        fresh, found = _fresh(answer, made, (*evidence.decisions, *appended), notes)
        if fresh and not voting.issuperset(answer.judgement_ids):
            message = (
                "what it decides was judged anew since, and is not taken in; stancewire adjudicate --push asks what is "
                "open now, and this task may be deleted"
            )
            problems.append(Problem(ON_SERVER, answer.place, "decision-judgement", 2, message, "warning"))
            continue
        fresh, more = admit(evidence, fresh, ON_SERVER)
        found += [dataclasses.replace(problem, place=answer.place) for problem in more]
        problems += found
        if not found:
            appended += fresh
    if appended:
        append_decisions(project.adjudications_jsonl, appended)
    return Taken(tuple(appended), tuple(problems), tuple(notes), counts, tuple(stored))


def _fresh(
    answer: CaseAnswer, made: Iterable[Decision], standing: Iterable[Decision], notes: list[str]
) -> tuple[list[Decision], list[Problem]]:
    """Those decisions of an answer that nobody wrote down yet; and where they contradict another adjudicator's.

    An adjudicator may change their mind: a later answer of their own overrules an earlier one.
    """
    known = {_words(item) for item in standing}
    last = {item.conflict_id: item for item in standing}
    fresh, problems = [], []
    for item in made:
        before = last.get(item.conflict_id)
        if before is not None and before.value == item.value:
            continue
        if _words(item) in known and before is not None:
            notes.append(
                f"{answer.place}: {item.field} {item.value!r} was taken in before; {before.decided_by} decided "
                f"{before.value!r} since, and that stands"
            )
        elif before is not None and (before.decided_by != item.decided_by or before.decided_at > item.decided_at):
            problems.append(_contradiction(answer, item, before))
        else:
            fresh.append(item)
    return fresh, problems


def _contradiction(answer: CaseAnswer, item: Decision, before: Decision) -> Problem:
    message = (
        f"decides {item.field} {item.value!r}, but {before.decided_by} decided {before.value!r} on "
        f"{before.decided_at.isoformat()}; agree with them, then write it down: stancewire adjudicate --decide FILE"
    )
    return Problem(ON_SERVER, answer.place, "decision-contradiction", 2, message)


def answer_decisions(answer: CaseAnswer, evidence: Evidence) -> list[Decision] | str:
    """The decisions of an answer: every open field, and agreed ones that were changed; or what is wrong with it."""
    values = dict(answer.values)
    if not answer.reason:
        return f"no reason is given; write one in the task and submit it again ({answer.place})"
    if values.get("exists") == DROP:
        values = {"exists": DROP}
    elif OTHER_SPAN in values.get("boundary", ""):
        if not isinstance(answer.marked, tuple):
            why = answer.marked or "none are marked"
            return f"other words were chosen, but {why}; mark them with the label Other words, and submit again"
        values["boundary"] = boundary_value(*_without_edges(evidence.texts.get(answer.doc_id, ""), *answer.marked))
    dropped = values.get("exists") == DROP
    missing = [field for field in answer.open_fields if field not in values and not dropped]
    if missing:
        return f"nothing is chosen for {', '.join(missing)}; choose, and submit again"
    fault = combination_fault({**answer.settled, **values})
    if fault is not None:
        return fault + "; correct the task and submit it again"
    return [
        _decision(answer, field, value)
        for field, value in values.items()
        if field in answer.open_fields or answer.settled.get(field) != value
    ]


def _without_edges(text: str, start: int, end: int) -> tuple[int, int]:
    words = text[start:end]
    return end - len(words.lstrip()), start + len(words.rstrip())


def _decision(answer: CaseAnswer, field: str, value: str) -> Decision:
    return Decision(
        conflict_id=conflict_id(answer.judgement_ids, field),
        judgement_ids=answer.judgement_ids,
        layer=answer.layer,
        doc_id=answer.doc_id,
        field=field,
        value=value,
        decided_by=answer.decided_by,
        reason=answer.reason,
        codebook_version=answer.codebook_version,
        decided_at=answer.day,
        line=0,
    )


def _words(item: Decision) -> tuple[str, ...]:
    return (item.conflict_id, item.value, item.decided_by, item.reason, item.decided_at.isoformat())
