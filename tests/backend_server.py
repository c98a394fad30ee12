"""A server that speaks the predict protocol of Label Studio's ML backends, on loopback; tests say what it answers."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[dict[str, Any]], Any]


@dataclass
class Backend:
    """What the server was sent, and what it answers: a value (sent as JSON), bytes (as they are), or a status."""

    reply: Reply
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 200
    more_headers: dict[str, str] = field(default_factory=dict)
    write: Callable[[Any], None] | None = None  # writes the body itself, e.g. without end
    speak: Callable[[Any], None] | None = None  # writes all of the answer itself

    @property
    def texts(self) -> list[str]:
        """The texts that it was sent."""
        return [task["data"]["text"] for request in self.requests for task in request["tasks"]]


@contextlib.contextmanager
def backend_server(reply: Reply) -> Iterator[Backend]:
    """The server, at a free port."""
    backend = Backend(reply)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            backend.requests.append(body)
            backend.headers.append({"path": self.path, **dict(self.headers.items())})
            if backend.speak is not None:
                with contextlib.suppress(OSError):
                    backend.speak(self.wfile)
                return
            made = backend.reply(body)
            data = made if isinstance(made, bytes) else json.dumps(made).encode()
            self.send_response(backend.status)
            for name, value in backend.more_headers.items():
                self.send_header(name, value)
            if backend.write is None:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with contextlib.suppress(OSError):  # the client may have hung up
                if backend.write is None:
                    self.wfile.write(data)
                else:
                    backend.write(self.wfile)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    backend.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield backend
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def span(text: str, words: str, label: str, **more: Any) -> dict[str, Any]:
    """A mention at the first place of some words, as a backend suggests it."""
    start = text.index(words)
    value = {"start": start, "end": start + len(words), "text": words, "labels": [label]}
    return {"from_name": "mention", "to_name": "text", "type": "labels", "value": value, **more}


def each(make: Callable[[str], list[dict[str, Any]]], version: str | None = "toy-1.0") -> Reply:
    """Answers each task with what `make` finds in its text."""

    def reply(body: dict[str, Any]) -> dict[str, Any]:
        results = [{"result": make(task["data"]["text"]), "score": 0.5} for task in body["tasks"]]
        return {"results": results} | ({} if version is None else {"model_version": version})

    return reply
