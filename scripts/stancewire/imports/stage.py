"""The stage `import`: exports of anyone's → stored exports of ours, append-only, from which `build` makes the rest.

An export is read twice: once to see what it holds (then an unknown label or text stops everything, with nothing
written), once to store it. What one annotator said of one document is one stored task; a later export of the same
project stores what changed since, and an answer that is gone from it as removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..codebook import read_campaign, read_codebook
from ..errors import ExportError
from ..judgements.places import Document
from ..judgements.volume import iter_documents
from ..label_studio.exports import settle_aside
from ..label_studio.offsets import canonical
from ..label_studio.tasks import read_articles
from ..project import Project
from ..tables import write_text
from .comparing import Comparison
from .fresh import add_sources, describe_annotators
from .inventory import Inventory, take_inventory, text_key, unstorable
from .joining import Joiner
from .mapping import LabelMapping, Roles, proposed_mapping
from .people import People
from .plain import count_run, runs_of
from .plan import LABEL_STUDIO, Import, ImportReport
from .store import Storing


def take_stock(plan: Import) -> Inventory:
    """What the files hold.

    Raises:
        ExportError: a file cannot be read, or is cut off.
    """
    if plan.format != LABEL_STUDIO:
        return take_inventory(plan.said())
    found = Inventory()
    with plan.processes(count_run.__module__) as pool:
        shown = (lambda counted: counted[1]) if plan.progress else None
        count = partial(count_run, plan.options.text_field)
        for counted, _ in pool.run(count, runs_of(plan.files), shown, plan.size, "bytes counted"):
            found.add(counted)
    return found


def import_files(
    project: Project,
    plan: Import,
    mapping: LabelMapping,
    *,
    add_texts: bool = False,
    accept_removals: bool = False,
    dry_run: bool = False,
    write_mapping: Path | None = None,
    fresh: Inventory | None = None,
) -> ImportReport:
    """Store what the files say in `annotations/exports`; the caller holds the project's writer lock.

    Args:
        add_texts: texts that the corpus does not have become sources of it, and the corpus is converted anew.
        accept_removals: believe that documents which a later export does not hold were removed from its project.
        write_mapping: write a mapping file to be filled in here, and import nothing.
        fresh: the inventory, where the project was just made for this import.

    Raises:
        ExportError: a file cannot be read, or holds a label or a text that the project does not know; then nothing is
            stored.
    """
    from ..corpus import convert_corpus

    settle_aside(project.exports_aside, project.exports)  # what a killed import left
    inventory = fresh or take_stock(plan)
    codebook = read_codebook(project.codebook_yaml)
    roles = Roles(codebook, mapping, inventory)
    report = ImportReport(source=plan.source)
    if write_mapping is not None:
        write_text(write_mapping, proposed_mapping(roles, inventory))
        report.notes.append(f"wrote {write_mapping}; fill it in, then import with --mapping {write_mapping}")
        return report
    _refuse_unknown(roles, inventory)
    _describe(inventory, report)
    if add_texts or fresh is not None:
        known = set() if fresh is not None else {text_key(canonical(document.text)) for document in _documents(project)}
        if not dry_run:
            report.counts["texts added"] = add_sources(project, plan.texts(), known, plan.day)
            convert_corpus(project, workers=plan.workers)
    joiner = Joiner(_documents(project), lambda: read_articles(project), codebook)
    if not add_texts:
        _refuse_strangers(plan, joiner)
    if dry_run:
        report.notes.append("nothing was stored: this was a dry run")
        return report
    people = People(project, plan.source, (a.annotator_id for a in read_campaign(project.campaign_yaml).annotators))
    passes = roles.passes(inventory)
    storing = Storing(roles, people, codebook.version, passes, inventory.offsets, plan.day)
    annotators = {people.of(names) for names in sorted(inventory.people)}
    people.save()  # before anything bears their pseudonyms, so that an import that is killed finds them again
    added = describe_annotators(project, annotators, passes, fresh is not None) if annotators else []
    if added and fresh is None:
        report.notes.append(f"campaign.yaml: described {', '.join(added)} as human; mend it where one is a model")
    Comparison(project, plan, storing, joiner, inventory, report, accept_removals).run(annotators)
    report.counts.update(storing.counts)
    if report.counts["answers counted in UTF-16 units"]:
        said = "count UTF-16 units by their quotes; their offsets were turned into code points"
        report.notes.append(f"{report.counts['answers counted in UTF-16 units']} answers {said}")
    return report


def _documents(project: Project) -> Iterator[Document]:
    return iter_documents(project.corpus, project.table_schemas)


def _refuse_unknown(roles: Roles, inventory: Inventory) -> None:
    unknown = roles.unknown(inventory)
    if unknown:
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        said = "say what it is in a mapping file: --write-mapping FILE makes one to fill in, --mapping FILE reads it"
        raise ExportError(f"{unknown[0]}{more}; {said}")


def _describe(inventory: Inventory, report: ImportReport) -> None:
    report.counts["tasks"] = inventory.tasks
    report.counts["texts"] = len(inventory.texts)
    repeated = sum(times > 1 for times in inventory.texts.values())
    if repeated:
        report.notes.append(f"{repeated} texts stand in several tasks; their answers are joined")
    if len(inventory.projects) > 1:
        first = ", ".join(map(str, sorted(inventory.projects)[:10]))
        listed = first if len(inventory.projects) <= 10 else f"{first}, ..."
        said = "are one import, in which an annotator's id is the same person everywhere"
        report.notes.append(f"tasks of {len(inventory.projects)} projects ({listed}) {said}")
    if inventory.empty:
        report.notes.append(f"{len(inventory.empty)} tasks have no text (the first: {inventory.empty[0]}); left out")
        report.counts["tasks without text"] = len(inventory.empty)
    for place, reason in inventory.refused:
        report.notes.append(f"left out {place}: {reason}")
    report.counts["tasks refused"] = len(inventory.refused)
    if len(inventory.people) == 1:
        report.notes.append("one annotator only: nothing can be said about agreement")
    if len(inventory.counted) > 1:
        report.notes.append(f"some answers count code points, some UTF-16 units: {dict(inventory.counted)}")


def _refuse_strangers(plan: Import, joiner: Joiner) -> None:
    if all(joiner.find(said) is not None for said in plan.texts() if _is_storable(said.text)):
        return
    strange = [
        said.place for said in plan.said() if _is_storable(said.text) and said.answers and joiner.find(said) is None
    ]
    if strange:
        said = "take them into the corpus with --add-texts, or make a project of their own with --into DIR"
        raise ExportError(f"{len(strange)} texts are not in the corpus (the first: {strange[0]}); {said}")


def _is_storable(text: str) -> bool:
    return bool(text.strip()) and not unstorable(text)
