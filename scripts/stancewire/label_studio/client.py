"""One client for any Label Studio server: few calls, no hidden retries, errors in one line without secrets.

The SDK sends a failed write up to three times, and nothing on the server is idempotent; so writes are sent once
(`max_retries=0`). Where it is not known whether a write happened, `UnsureError` is raised: the caller then lists what
is there, by our own ids, and sends what is missing.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra, StudioError
from ..project import Project
from .environment import ADMIN
from .server import find_server

if TYPE_CHECKING:
    import httpx

READ_SECONDS = 60.0
WRITE_SECONDS = 300.0  # an import of a large batch on a busy SQLite
EXPORT_SECONDS = 600.0

# Everything in one answer, people and predictions in full: what a stored export is made from.
_WHOLE = {name: {"only_id": False} for name in ("annotations__completed_by", "predictions", "drafts")}


class UnsureError(StudioError):
    """A write got no clear answer: it may have happened or not. List what is there before sending it again."""


@dataclass(frozen=True)
class RemoteProject:
    """A project on the server: its id there, and the settings that we compare."""

    id: int
    title: str
    description: str
    settings: dict[str, Any]


def connect(project: Project) -> Client:
    """A client for the server that LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY name, else for the embedded one.

    Raises:
        StudioError: one of the two is set without the other, no embedded server runs, or the server refuses the key.
        MissingExtra: label-studio-sdk is not installed.
    """
    url, key = os.environ.get("LABEL_STUDIO_URL", "").strip(), os.environ.get("LABEL_STUDIO_API_KEY", "").strip()
    if bool(url) != bool(key):
        given, missing = (
            ("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY") if url else ("LABEL_STUDIO_API_KEY", "LABEL_STUDIO_URL")
        )
        raise StudioError(f"{given} is set and {missing} is not; set both for a server of your own, or neither")
    if url:
        client = Client(url, key)
    else:
        running = find_server(project.studio)
        if running is None:
            raise StudioError(
                f"no Label Studio runs for {project.root}; start it with: stancewire studio start "
                "(or set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY for another server)"
            )
        client = Client(running.url, running.token, log=running.log)
    client.check()
    return client


class Client:
    """What this package asks of a server.

    Args:
        url: the server's address. key: a legacy token or a personal access token.
        log: the server's log, named in messages about failures, where it is ours.
    """

    def __init__(self, url: str, key: str, log: Path | None = None, timeout: float = READ_SECONDS) -> None:
        try:
            import httpx
            import label_studio_sdk.core.api_error
            from label_studio_sdk.client import LabelStudio
        except ImportError:
            raise MissingExtra("label-studio-sdk", "studio") from None
        if not url.startswith(("http://", "https://")):
            raise StudioError(f"LABEL_STUDIO_URL is {url!r}; it must begin with http:// or https://")
        self.url = url.rstrip("/")
        self.log = log
        self._api_error = label_studio_sdk.core.api_error.ApiError
        self._httpx = httpx
        self._secrets = [key]
        # A proxy of the environment must not come between us and a loopback address.
        local = self.url.split("://")[1].split("/")[0].rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]")
        self._trust_env = not local
        http = httpx.Client(timeout=timeout, follow_redirects=True, trust_env=self._trust_env)
        self._http = http
        with self.asking("signing in"):
            self._sdk = LabelStudio(base_url=self.url, api_key=key, max_retries=0, httpx_client=http)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_embedded(self) -> bool:
        """Whether the server is the one this project started."""
        return self.log is not None

    # what went wrong, in one line

    @contextlib.contextmanager
    def asking(self, what: str, write: bool = False) -> Iterator[None]:
        """Turn the failures of one call into a StudioError: what, where, what next; never a key or a password."""
        try:
            yield
        except self._api_error as error:
            raise self._answered(what, error.status_code or 0, error.body, write) from None
        except self._httpx.TimeoutException:
            kind = UnsureError if write else StudioError
            raise kind(f"Label Studio at {self.url} did not answer in time while {what}; {self._again()}") from None
        except self._httpx.ConnectError:
            start = "stancewire studio start" if self.is_embedded else "check LABEL_STUDIO_URL and the server"
            raise StudioError(
                f"Label Studio at {self.url} is away (connection refused) while {what}; start it ({start}), then "
                "run the "
                "same command again"
            ) from None
        except self._httpx.HTTPError as error:
            kind = UnsureError if write else StudioError
            raise kind(
                f"the connection to Label Studio at {self.url} broke while {what} ({type(error).__name__}); "
                f"{self._again()}"
            ) from None

    def check_answer(self, what: str, answer: httpx.Response, write: bool = False) -> Any:
        """The JSON of an answer to a plain request, or a StudioError for one that is not a success."""
        if answer.is_success:
            try:
                return answer.json() if answer.content else None
            except ValueError:
                raise StudioError(
                    f"{self.url} answered something other than JSON while {what}; is it a Label Studio?"
                ) from None
        try:
            body: Any = answer.json()
        except ValueError:
            body = None
        raise self._answered(what, answer.status_code, body, write)

    def _answered(self, what: str, status: int, body: Any, write: bool) -> StudioError:
        if status == 401:
            whose = "the token in .studio/secrets.json" if self.is_embedded else "LABEL_STUDIO_API_KEY"
            return StudioError(
                f"Label Studio at {self.url} does not accept the key (401) while {what}; check {whose} "
                "(Account & Settings in Label Studio shows a valid one)"
            )
        if status == 403:
            return StudioError(f"Label Studio at {self.url} forbids {what} (403); use the key of an administrator")
        if status >= 500 or status in (408, 429):
            kind = UnsureError if write else StudioError
            return kind(f"Label Studio at {self.url} failed ({status}) while {what}; {self._again()}")
        return StudioError(f"Label Studio at {self.url} refused {what} ({status}): {self._reason(body)}")

    def _again(self) -> str:
        return (
            f"see {self.log}, then " if self.log is not None else ""
        ) + "run the same command again: it goes on where it stopped"

    def _reason(self, body: Any) -> str:
        """The server's own words, short and without anything secret."""
        if isinstance(body, dict):
            body = body.get("validation_errors") or body.get("detail") or body
        said = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)
        for secret in self._secrets:
            said = said.replace(secret, "...")
        said = " ".join(said.split())
        return said if len(said) <= 300 else said[:297] + "..."

    # reading

    def check(self) -> None:
        """Ask for one thing that needs the key.

        Raises:
            StudioError: the server is away, or does not take the key.
        """
        with self.asking("signing in"):
            self._sdk.users.whoami()

    def projects(self) -> list[RemoteProject]:
        """All projects of the server."""
        with self.asking("listing the projects"):
            listed: Any = self._sdk.projects.list(page_size=1000)
            return [self._remote(item) for item in listed]

    def _remote(self, item: Any) -> RemoteProject:
        settings = {name: getattr(item, name, None) for name in COMPARED}
        return RemoteProject(item.id, item.title or "", item.description or "", settings)

    def tasks(self, project_id: int, title: str) -> list[dict[str, Any]]:
        """Every task of a project with its annotations, predictions and drafts, in full, as the server tells it.

        By snapshot export, which is the fastest way and the only one that neither pages nor leaves anything out.
        """
        what = f"exporting {title!r}"
        exports = self._sdk.projects.exports
        for attempt in (1, 2, 3):
            with self.asking(what):
                options: Any = _WHOLE
                made = exports.create(project_id, serialization_options=options)
                number, status, began = int(made.id or 0), made.status, time.monotonic()
                while status in ("created", "in_progress") and time.monotonic() - began < EXPORT_SECONDS:
                    time.sleep(0.5)
                    status = exports.get(project_id, number).status
                if status != "completed":
                    if attempt < 3:  # on SQLite, another writer can make one fail
                        continue
                    raise StudioError(f"Label Studio at {self.url} could not finish {what} ({status}); {self._again()}")
                content = b"".join(exports.download(project_id, number, export_type="JSON"))
                with contextlib.suppress(self._api_error):
                    exports.delete(project_id, number)  # a copy on the server that nobody reads again
                break
        try:
            found: list[dict[str, Any]] = json.loads(content)
        except ValueError:
            raise StudioError(
                f"Label Studio at {self.url} sent a broken answer while {what}; {self._again()}"
            ) from None
        return sorted(found, key=lambda task: int(task["id"]))

    # writing

    def create_project(self, **settings: Any) -> RemoteProject:
        """Make a project."""
        with self.asking(f"making project {settings['title']!r}", write=True):
            return self._remote(self._sdk.projects.create(**settings))

    def update_project(self, project_id: int, title: str, **settings: Any) -> None:
        """Change settings of a project; to set the same ones again does no harm."""
        with self.asking(f"updating project {title!r}", write=True):
            self._sdk.projects.update(project_id, **settings)

    def import_tasks(self, project_id: int, title: str, data: Sequence[dict[str, Any]]) -> None:
        """Send bare tasks: what comes along with them can be lost on SQLite without a word."""
        with self.asking(f"sending {len(data)} tasks to {title!r}", write=True):
            options: Any = {"max_retries": 0, "timeout_in_seconds": int(WRITE_SECONDS)}
            request: Any = [{"data": item} for item in data]
            answer = self._sdk.projects.import_tasks(project_id, request=request, request_options=options)
        if answer.task_count != len(data):
            raise UnsureError(
                f"Label Studio took {answer.task_count} of {len(data)} tasks for {title!r}; {self._again()}"
            )

    def import_predictions(self, project_id: int, title: str, predictions: Sequence[dict[str, Any]]) -> int:
        """Send predictions for tasks that are there; how many the server says it made (it skips bad ones silently)."""
        with self.asking(f"sending suggestions for {len(predictions)} tasks to {title!r}", write=True):
            options: Any = {"max_retries": 0, "timeout_in_seconds": int(WRITE_SECONDS)}
            request: Any = list(predictions)
            answer = self._sdk.projects.import_predictions(project_id, request=request, request_options=options)
        return int(answer.created or 0)

    def update_task(self, task_id: int, data: dict[str, Any]) -> None:
        """Replace the data of a task."""
        with self.asking(f"updating the task of {data.get('doc_id')!r}", write=True):
            self._sdk.tasks.update(str(task_id), data=data)

    def delete_task(self, task_id: int) -> None:
        """Delete a task; only ever a surplus copy without annotations."""
        with self.asking("deleting a task that was sent twice", write=True):
            self._sdk.tasks.delete(str(task_id))

    def delete_prediction(self, prediction_id: int) -> None:
        """Delete a prediction; only ever a surplus copy."""
        with self.asking("deleting a suggestion that was sent twice", write=True):
            self._sdk.predictions.delete(prediction_id)

    def addresses(self) -> set[str]:
        """The addresses of all members, in lower case."""
        with self.asking("listing the accounts"):
            return {str(user.email).lower() for user in self._sdk.users.list()}

    def invite_path(self) -> str:
        """Where a new member signs up: a secret, since whoever has it can join."""
        path: str = self.get_json("/api/invite", "asking for an invitation")["invite_url"]
        self._secrets.append(path)
        return path

    def get_json(self, path: str, what: str) -> Any:
        """A plain request under our key."""
        with self.asking(what):
            return self.check_answer(what, self._http.get(self.url + path, headers=self._key()))

    def post_as_admin(self, path: str, body: dict[str, Any], what: str) -> Any:
        """A plain write under our key."""
        with self.asking(what, write=True):
            return self.check_answer(what, self._http.post(self.url + path, json=body, headers=self._key()), write=True)

    def _key(self) -> dict[str, str]:
        # The SDK knows how a personal access token becomes the short-lived one that requests bear.
        return {"Authorization": self._sdk._client_wrapper.get_headers()["Authorization"]}

    def browser(self) -> httpx.Client:
        """A fresh session without our key, for signing in as somebody else."""
        return self._httpx.Client(base_url=self.url, timeout=READ_SECONDS, trust_env=self._trust_env)


# The settings of a project that we set, and set again where somebody changed them.
COMPARED = (
    "title",
    "description",
    "label_config",
    "maximum_annotations",
    "show_collab_predictions",
    "model_version",
    "show_skip_button",
    "enable_empty_annotation",
    "show_instruction",
    "sampling",
)

__all__ = ["ADMIN", "COMPARED", "Client", "RemoteProject", "UnsureError", "connect"]
