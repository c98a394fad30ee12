"""Stored exports back into a server: the latest state of every task, under its annotators.

Accounts, projects and tasks come by the ordinary push, which gives out again what was given out before, as it was.
Then each stored answer is entered in its annotator's own session, under the unique id it had, and everything is read
back. A task that has answers on the server is left alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..codebook import Round
from ..errors import StudioError
from ..project import Project
from .accounts import Accounts
from .client import Client, UnsureError
from .delivery import PushReport
from .environment import ADMIN, Say, quiet
from .exports import Given, latest_tasks, stored_givens
from .projection import DIFFERING
from .pull import is_changed, known_pseudonyms, stored_tasks
from .push import Push, bare_result
from .rooms import Room, check_data


def restore_all(
    project: Project,
    client: Client,
    *,
    exports: Path | None = None,
    task_pass: str | None = None,
    dry_run: bool = False,
    say: Say = quiet,
) -> PushReport:
    """Put the stored answers back; answers that are on the server already stay as they are.

    Args:
        exports: the stored exports to put back (default: the project's).
        task_pass: only this pass.

    Raises:
        StudioError: the server is away or refuses, or what it holds afterwards is not what was stored.
        ExportError: a stored file is broken.
    """
    root = project.exports if exports is None else exports
    givens = [given for given in stored_givens(root) if task_pass in (None, given.task_pass)]
    with Accounts(client, project.people_json) as accounts:
        push = Push(project, client, accounts, root, dry_run, say)
        for given in givens:
            stored = latest_tasks(root, given, project.schema)
            known = tuple(doc_id for doc_id in stored if doc_id in push.articles)
            for doc_id in stored.keys() - set(known):
                push.report.notes.append(
                    f"{given}: {doc_id} is not in the corpus; what was said of it stays in the stored exports"
                )
            shown = any(task["suggestions_shown"] for task in stored.values())
            partly = {doc_id for doc_id in known if push.showed_passages(given, stored[doc_id])}
            for which, documents in ((None, set(known) - partly), (DIFFERING, partly)):
                push.reprints = which
                if documents or which is None:
                    of_these = tuple(doc_id for doc_id in known if doc_id in documents)
                    push.run([Round(given.task_pass, given.round, (given.annotator_id,), shown, of_these)])
            if dry_run:
                push.report.counts["answers_restored"] += sum(len(stored[doc_id]["annotations"]) for doc_id in known)
            else:
                _restore_room(project, push, push.rooms[given], stored)
        return push.report


def _restore_room(project: Project, push: Push, room: Room, stored: Mapping[str, dict[str, Any]]) -> None:
    pseudonyms = known_pseudonyms(project)
    client, title = push.client, room.remote.title
    done = []
    for task in check_data(client.tasks(room.remote.id, title), room):
        before = stored.get(task["data"]["doc_id"])
        if before is None or not (before["annotations"] or before["drafts"]):
            continue
        if before["text_sha256"] != task["data"]["text_sha256"]:
            push.report.notes.append(
                f"{room.given}: the task of {before['doc_id']} shows another text; nothing is put back into it"
            )
            continue
        there = {str(item["unique_id"]) for item in task["annotations"]}
        if there - {name for item in before["annotations"] for name in unique_ids(item, task)}:
            push.report.counts["tasks_left_alone"] += 1
            continue
        push.say(f"{title}: putting back {before['doc_id']}")
        for answer in before["annotations"]:
            if there.isdisjoint(unique_ids(answer, task)):
                enter_answer(client, push.accounts, room.given, task, answer)
                push.report.counts["answers_restored"] += 1
        if not before["annotations"] and not task["drafts"]:
            for draft in before["drafts"]:
                enter_draft(client, push.accounts, room.given, task, draft)
                push.report.counts["drafts_restored"] += 1
        done.append(before["doc_id"])
    now = stored_tasks(check_data(client.tasks(room.remote.id, title), room), pseudonyms)
    for doc_id in done:
        if is_changed(stored[doc_id], now[doc_id], suggestions=False):
            raise StudioError(
                f"{title!r}: what the server holds of {doc_id!r} is not what was put back; see the task there, "
                "and the last stored "
                f"export of {room.given}"
            )


def enter_answer(
    client: Client, accounts: Accounts, given: Given, task: Mapping[str, Any], answer: Mapping[str, Any]
) -> None:
    """Enter one stored answer. Its unique id makes it safe to send again: the server takes an id once."""
    results = [with_meta(bare_result(result), task["data"]["codebook_version"]) for result in answer["result"]]
    body = {
        "result": results,
        "unique_id": answer["unique_id"],
        "lead_time": answer.get("lead_time"),
        "was_cancelled": answer["was_cancelled"],
        "ground_truth": bool(answer.get("ground_truth", False)),
        "parent_prediction": parent_prediction(results, task),
    }
    what = f"entering the answer of {answer['completed_by']} to {task['data']['doc_id']!r} ({given})"
    for unique_id in unique_ids(answer, task):
        body["unique_id"] = unique_id
        if post_answer(client, accounts, answer["completed_by"], int(task["id"]), body, what):
            return


def unique_ids(answer: Mapping[str, Any], task: Mapping[str, Any]) -> tuple[str, str]:
    """The id an answer had, and the one it gets where the server still has the old one in another project."""
    return answer["unique_id"], str(uuid.uuid5(uuid.NAMESPACE_OID, f"{answer['unique_id']} {task['project']}"))


def enter_draft(
    client: Client, accounts: Accounts, given: Given, task: Mapping[str, Any], draft: Mapping[str, Any]
) -> None:
    """Enter one stored draft, where it is known whose it is."""
    if "completed_by" not in draft:
        return
    results = [with_meta(bare_result(result), task["data"]["codebook_version"]) for result in draft["result"]]
    body = {"result": results, "lead_time": draft.get("lead_time") or 0.0}
    what = f"entering the draft of {draft['completed_by']} for {task['data']['doc_id']!r} ({given})"
    path = f"/api/tasks/{task['id']}/drafts"
    if draft["completed_by"] == ADMIN:
        client.post_as_admin(path, body, what)
    else:
        accounts[draft["completed_by"]].post(path, body, what)


def post_answer(
    client: Client, accounts: Accounts, annotator_id: str, task_id: int, body: dict[str, Any], what: str
) -> bool:
    """Enter an answer in its annotator's own session; False where the server has its unique id in another place.

    That id makes it safe to send again what got no clear answer: the server takes an id once.

    Raises:
        StudioError: the server refuses it, or three times gave no clear answer.
    """
    path = f"/api/tasks/{task_id}/annotations/"
    for attempt in (1, 2, 3):
        try:
            if annotator_id == ADMIN and client.is_embedded:
                client.post_as_admin(path, body, what)
            else:
                accounts[annotator_id].post(path, body, what)
            return True
        except UnsureError:
            if attempt == 3:
                raise
        except StudioError as error:
            if "unique id already exists" not in str(error):
                raise
            return attempt > 1  # then the attempt before had come through
    return False


def with_meta(result: dict[str, Any], codebook_version: str) -> dict[str, Any]:
    """A result that carries the codebook it was made under; what the server does not keep travels in `meta`."""
    return {**result, "meta": {"codebook_version": codebook_version, **result.get("meta", {})}}


def parent_prediction(results: list[dict[str, Any]], task: Mapping[str, Any]) -> int | None:
    """The suggestion that an answer began with, where any of its results says that it was suggested."""
    regions = {result["id"] for result in results if result.get("origin", "manual") != "manual"}
    for prediction in task["predictions"]:
        if regions & {result["id"] for result in prediction["result"]}:
            return int(prediction["id"])
    return None
