"""What goes wrong between us and a server is one line: what, where, what next; and never a key or a password."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from studio_project import make_studio_project

from stancewire.cli import main
from stancewire.errors import StudioError
from stancewire.label_studio.accounts import read_people
from stancewire.label_studio.client import Client, UnsureError, connect
from stancewire.project import Project

KEY = "0123456789abcdef0123456789abcdef01234567"
Answer = tuple[int, Any]


class Server(http.server.ThreadingHTTPServer):
    """Answers every request alike, and counts them."""

    daemon_threads = True
    answer: Callable[[str], Answer]
    asked: list[str]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class Handler(http.server.BaseHTTPRequestHandler):
    """See Server."""

    def _answer(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.asked.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, body = server.answer(f"{self.command} {self.path}")
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.asked = []
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{server.server_port}", KEY, timeout=1) as made:
        yield made


def said(error: pytest.ExceptionInfo[StudioError]) -> str:
    message = str(error.value)
    assert "\n" not in message and KEY not in message and "http://127.0.0.1" in message
    return message


def test_wrong_key(server: Server, client: Client) -> None:
    server.answer = lambda _: (401, {"detail": "Invalid token."})
    with pytest.raises(StudioError, match="does not accept the key") as error:
        client.check()
    assert "LABEL_STUDIO_API_KEY" in said(error)


def test_missing_right(server: Server, client: Client) -> None:
    server.answer = lambda _: (403, {"detail": "no"})
    with pytest.raises(StudioError, match="administrator") as error:
        client.projects()
    said(error)


def test_failing_server_is_asked_once_and_a_write_is_unsure(server: Server, client: Client) -> None:
    server.answer = lambda _: (500, {"detail": "boom", "exc_info": f"token {KEY}"})
    with pytest.raises(UnsureError, match=r"failed \(500\)") as error:
        client.import_tasks(1, "Tests", [{"doc_id": "d1"}])
    assert "run the same command again" in said(error)
    assert len(server.asked) == 1, "a write is never repeated blindly"
    with pytest.raises(StudioError, match=r"failed \(500\)") as reading:
        client.projects()
    assert not isinstance(reading.value, UnsureError)


def test_server_too_slow(server: Server, client: Client) -> None:
    def sleep(_: str) -> Answer:
        time.sleep(1.5)
        return 200, {}

    server.answer = sleep
    with pytest.raises(StudioError, match="did not answer in time") as error:
        client.check()
    said(error)


def test_server_away() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}", KEY) as client, pytest.raises(StudioError, match="refused") as error:
        client.check()
    assert "start it" in said(error)


def test_refusal_quotes_the_reason_without_the_key(server: Server, client: Client) -> None:
    server.answer = lambda _: (400, {"validation_errors": {"title": [f"too long, {KEY}"]}})
    with pytest.raises(StudioError, match="too long") as error:
        client.create_project(title="x" * 60)
    assert "400" in said(error)


def test_something_else_than_label_studio(server: Server, client: Client) -> None:
    server.answer = lambda _: (200, b"<html>hello</html>")
    with pytest.raises(StudioError) as error:
        client.get_json("/api/invite", "asking")
    assert "is it a Label Studio?" in said(error)


def test_fewer_tasks_than_sent_is_unsure(server: Server, client: Client) -> None:
    server.answer = lambda _: (201, {"task_count": 1, "annotation_count": 0, "prediction_count": 0, "duration": 0.1})
    with pytest.raises(UnsureError, match="took 1 of 2"):
        client.import_tasks(1, "Tests", [{"doc_id": "d1"}, {"doc_id": "d2"}])


@pytest.fixture
def project(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    return make_studio_project(tmp_path / "project", "tests")


def test_no_server_names_the_command_that_starts_one(project: Project) -> None:
    with pytest.raises(StudioError, match="stancewire studio start"):
        connect(project)


@pytest.mark.parametrize("name", ["LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"])
def test_half_an_address_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, KEY)
    with pytest.raises(StudioError, match="set both") as error:
        connect(project)
    assert KEY not in str(error.value)


def test_address_needs_a_scheme(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABEL_STUDIO_URL", "localhost:8080")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", KEY)
    with pytest.raises(StudioError, match="http://"):
        connect(project)


@pytest.mark.parametrize("command", [["push"], ["pull"], ["status"], ["push", "--restore"]])
@pytest.mark.parametrize("status", [401, 500])
def test_command_ends_in_one_line(
    project: Project,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    status: int,
) -> None:
    server.answer = lambda _: (status, {"detail": "no"})
    monkeypatch.setenv("LABEL_STUDIO_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", KEY)
    assert main(["--project", str(project.root), *command]) == 1
    output = capsys.readouterr()
    assert (
        output.out == "" and len(output.err.splitlines()) == 1 and str(status) in output.err and KEY not in output.err
    )
    assert not project.exports.exists() and not project.people_json.exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"ann-one": "secret"}'])
def test_broken_private_file_is_named_and_not_quoted(project: Project, content: str) -> None:
    project.people_json.write_text(content)
    with pytest.raises(StudioError, match=r"people\.json") as error:
        read_people(project.people_json)
    assert "secret" not in str(error.value)
