"""The embedded Label Studio: on loopback, on SQLite, without outside calls, with secrets of its own.

    <checkout>/.studio/server/              its environment, made by scripts/run.py
    <checkout>/.studio/template-<version>/  a migrated empty database, copied for each new server
    <studio>/secrets.json                   administrator's password and token, Django's secret key (0600, random)
    <studio>/data/                          the database of this project's server
    <studio>/server.json                    the running process: pid, when it started, address
    <studio>/server.log                     what it says

`<studio>` is the project's `.studio`. Secrets go to the server by environment, never by arguments.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import StudioError
from ..tables import write_text
from .environment import (
    DATABASE,
    RUN,
    Say,
    last_line,
    place_database,
    quiet,
    read_secrets,
    remove,
    server_environment,
    server_python,
)
from .process import process_identity, stop_process

START_SECONDS = 300.0  # a first start was measured at up to 92 s on two slow cores

# A server that must not outlive us: it ends when the pipe to its stdin closes, however we ended.
_BOUND = """import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
from label_studio.server import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Studio:
    """A running embedded server: its address, the administrator's account, its process and log."""

    url: str
    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    pid: int
    log: Path


def start_server(
    studio: Path, *, port: int | None = None, bound: bool = False, fresh: bool = False, say: Say = quiet
) -> Studio:
    """Start the embedded server whose data lie in `studio`, or find it running.

    Args:
        studio: the project's `.studio` folder; made if missing.
        port: the port to listen on (default: the last one if it is free, else any free one).
        bound: the server ends with this process, also when this process is killed.
        fresh: begin with an empty database; the old one is deleted.
        say: told what is being waited for.

    Raises:
        StudioError: the port is taken, the environment cannot be made, or the server does not come up.
    """
    if fresh:
        stop_server(studio)
        for name in ("data", "server.json", "secrets.json"):
            remove(studio / name)
    running = find_server(studio)
    if running is not None:
        if port is not None and running.url != _address(port):
            raise StudioError(f"Label Studio already runs at {running.url}; stop it first: stancewire studio stop")
        _wait_until_ready(studio, running, None, say)
        return running
    stop_server(studio)  # one that runs without its secrets: two on one database would spoil it
    python = server_python(say)
    studio.mkdir(parents=True, exist_ok=True)
    place_database(studio, python, say)
    keys = read_secrets(studio)
    port = _choose_port(studio, port)
    log = studio / "server.log"
    if log.exists():
        os.replace(log, studio / "server.before.log")  # why it ended may stand there
    command = [str(python), "-c", _BOUND if bound else RUN, "start", "--no-browser", "--internal-host", "127.0.0.1"]
    command += ["--port", str(port), "--enable-legacy-api-token"]
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if bound else subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=studio,
            env=server_environment(studio / "data", keys),
            start_new_session=True,
        )
    identity = process_identity(process.pid)
    state = {"pid": process.pid, "identity": identity, "port": port, "url": _address(port)}
    write_text(studio / "server.json", json.dumps(state, indent=1) + "\n")
    started = Studio(_address(port), keys["email"], keys["password"], keys["token"], process.pid, log)
    _started[process.pid] = process
    try:
        _wait_until_ready(studio, started, process, say)
    except BaseException:
        stop_process(process.pid, identity)
        _forget(process.pid)
        raise
    return started


# Servers started by this process; a bound one ends when its stdin closes, so it must stay open as long as we live.
_started: dict[int, subprocess.Popen[bytes]] = {}


def find_server(studio: Path) -> Studio | None:
    """The running server of this folder; None where there is none (a stale server.json names nobody)."""
    try:
        state = json.loads((studio / "server.json").read_text(encoding="utf-8"))
        keys = json.loads((studio / "secrets.json").read_text(encoding="utf-8"))
        pid, identity = int(state["pid"]), state["identity"]
        found = Studio(state["url"], keys["email"], keys["password"], keys["token"], pid, studio / "server.log")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if identity is not None and process_identity(pid) == identity else None


def stop_server(studio: Path) -> bool:
    """Stop the server of this folder with its children; whether one was running.

    Only a process that started when server.json says is ended: a number given to another program since is left alone.
    """
    try:
        state = json.loads((studio / "server.json").read_text(encoding="utf-8"))
        pid, identity = int(state["pid"]), state["identity"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    stopped = stop_process(pid, identity)
    _forget(pid)
    return stopped


def _forget(pid: int) -> None:
    process = _started.pop(pid, None)
    if process is not None:
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


@contextlib.contextmanager
def running_server(studio: Path, *, fresh: bool = False, port: int | None = None, say: Say = quiet) -> Iterator[Studio]:
    """A server for the length of a `with` block, however the block or this process ends."""
    started = start_server(studio, port=port, bound=True, fresh=fresh, say=say)
    try:
        yield started
    finally:
        stop_server(studio)


def backup_database(studio: Path, to: Path) -> None:
    """Copy the database to `to`, consistent also while the server writes.

    Raises:
        StudioError: there is no database yet, or `to` exists.
    """
    database = studio / "data" / DATABASE
    if not database.is_file():
        raise StudioError(f"{database} does not exist: no server was started here; start one: stancewire studio start")
    if to.exists():
        raise StudioError(f"{to} exists and is not overwritten; name another file")
    to.parent.mkdir(parents=True, exist_ok=True)
    beside = to.with_name(f".{to.name}.writing")
    remove(beside)
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # it holds password hashes and tokens
    with contextlib.closing(sqlite3.connect(database)) as source, contextlib.closing(sqlite3.connect(beside)) as copy:
        source.backup(copy)
    os.replace(beside, to)


def _choose_port(studio: Path, port: int | None) -> int:
    if port is not None:
        if not _is_free(port):
            raise StudioError(f"port {port} is taken on 127.0.0.1; give another --port, or none for a free one")
        return port
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        last = int(json.loads((studio / "server.json").read_text(encoding="utf-8"))["port"])
        if _is_free(last):  # annotators keep addresses
            return last
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name != "nt":  # a port in TIME_WAIT is free; on Windows the option would share a busy one
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _wait_until_ready(studio: Path, server: Studio, process: subprocess.Popen[bytes] | None, say: Say) -> None:
    """Wait until /health answers and the administrator's token is taken: only then is it our server, and usable."""
    import httpx

    began = time.monotonic()
    with httpx.Client(base_url=server.url, timeout=10, trust_env=False) as http:
        while True:
            dead = process.poll() is not None if process is not None else find_server(studio) is None
            if dead:
                raise StudioError(
                    f"Label Studio ended while starting ({last_line(server.log)}); see {server.log}, then run "
                    "this again"
                )
            with contextlib.suppress(httpx.HTTPError):
                if http.get("/health").status_code == 200:
                    break
            if time.monotonic() - began > START_SECONDS:
                raise StudioError(
                    f"Label Studio at {server.url} was not ready after {START_SECONDS:.0f} s; see {server.log}"
                )
            say(f"waiting for Label Studio at {server.url}: {time.monotonic() - began:.0f} s")
            time.sleep(0.25)
        try:
            answer = http.get("/api/current-user/whoami", headers={"Authorization": f"Token {server.token}"})
        except httpx.HTTPError as error:
            raise StudioError(
                f"Label Studio at {server.url} went away while starting ({type(error).__name__})"
            ) from None
    if answer.status_code != 200:
        raise StudioError(
            f"the server at {server.url} does not take the token of {studio / 'secrets.json'} "
            f"({answer.status_code}): its "
            "database has another; restore that file, or begin with an empty one: stancewire studio start --fresh"
        )
