"""The embedded Label Studio: on loopback, on SQLite, without outside calls, with secrets of its own.

    <checkout>/.studio/server/              its environment, made by scripts/run.py
    <checkout>/.studio/template-<version>/  a migrated empty database, copied for each new server (migrating takes a minute)
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
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import StudioError
from ..tables import write_text
from .process import process_identity, stop_process

ADMIN = "admin"
DATABASE = "label_studio.sqlite3"
START_SECONDS = 300.0  # a first start was measured at up to 92 s on two slow cores

Say = Callable[[str], None]

# What the server needs of our environment; anything else (a HOST, a PORT, someone's DJANGO_*) would steer it astray.
_PASSED_ON = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR") + (
    ("APPDATA", "COMSPEC", "LOCALAPPDATA", "PATHEXT", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "WINDIR")
    if os.name == "nt"
    else ()
)

# A server that must not outlive us: it ends when the pipe to its stdin closes, however we ended.
_BOUND = """import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
from label_studio.server import main
sys.exit(main())
"""
_FREE = "import sys; from label_studio.server import main; sys.exit(main())"


@dataclass(frozen=True)
class Studio:
    """A running embedded server: its address, the administrator's account, its process and log."""

    url: str
    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    pid: int
    log: Path


def quiet(_message: str) -> None:
    """Say nothing."""


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
            _remove(studio / name)
    running = find_server(studio)
    if running is not None:
        if port is not None and running.url != _address(port):
            raise StudioError(f"Label Studio already runs at {running.url}; stop it first: stancewire studio stop")
        _wait_until_ready(studio, running, None, say)
        return running
    python = server_python(say)
    studio.mkdir(parents=True, exist_ok=True)
    _place_database(studio, python, say)
    keys = read_secrets(studio)
    port = _choose_port(studio, port)
    log = studio / "server.log"
    command = [str(python), "-c", _BOUND if bound else _FREE, "start", "--no-browser", "--internal-host", "127.0.0.1"]
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
    _remove(beside)
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # it holds password hashes and tokens
    with contextlib.closing(sqlite3.connect(database)) as source, contextlib.closing(sqlite3.connect(beside)) as copy:
        source.backup(copy)
    os.replace(beside, to)


def read_secrets(studio: Path) -> dict[str, str]:
    """The server's secrets: random, made once, in a file only its owner can read."""
    path = studio / "secrets.json"
    try:
        keys: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        if {"email", "password", "token", "secret_key"} <= keys.keys():
            return keys
    except FileNotFoundError:
        pass
    except ValueError:
        raise StudioError(f"{path} is not JSON; restore it, or begin anew: stancewire studio start --fresh") from None
    keys = {
        "email": f"{ADMIN}@annotators.invalid",
        "password": secrets.token_urlsafe(24),
        "token": secrets.token_hex(20),
        "secret_key": secrets.token_urlsafe(48),
    }
    write_private(path, json.dumps(keys, indent=1) + "\n")
    return keys


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, beside its place and then moved."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.writing")
    _remove(beside)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as sink:
        sink.write(text)
        sink.flush()
        os.fsync(sink.fileno())
    os.replace(beside, path)


def server_environment(data: Path, keys: dict[str, str]) -> dict[str, str]:
    """The server's whole environment: where its data lie, its secrets, and no outside calls."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed_on | {
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "LABEL_STUDIO_USERNAME": keys["email"],
        "LABEL_STUDIO_PASSWORD": keys["password"],
        "LABEL_STUDIO_USER_TOKEN": keys["token"],
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_FEATURE_FLAGS_OFFLINE": "true",
        "SECRET_KEY": keys["secret_key"],
        "DJANGO_DB": "sqlite",
        "DEBUG": "false",
        "LOG_LEVEL": "WARNING",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
    }


def server_python(say: Say = quiet) -> Path:
    """The Python of the server's environment, which scripts/run.py makes first where it must (about a gigabyte).

    `STANCEWIRE_STUDIO_PYTHON` names another one, where Label Studio is already installed.

    Raises:
        StudioError: there is no checkout to set it up from, or the set-up fails.
    """
    given = os.environ.get("STANCEWIRE_STUDIO_PYTHON")
    if given:
        return Path(given)
    script = Path(__file__).resolve().parents[2] / "run.py"
    if not script.is_file():
        raise StudioError(
            "the embedded server is set up by scripts/run.py of a Stancewire checkout, and this is an installed package; "
            "set STANCEWIRE_STUDIO_PYTHON to a Python with label-studio, or LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY"
        )
    if not (script.parents[1] / ".studio" / "server").is_dir():
        say("installing Label Studio into an environment of its own (once, about a gigabyte)")
    done = subprocess.run([sys.executable, str(script), "studio-env"], stdout=subprocess.PIPE, text=True, check=False)
    python = Path(done.stdout.strip().splitlines()[-1]) if done.returncode == 0 and done.stdout.strip() else None
    if python is None or not python.exists():
        raise StudioError(
            "the server's environment could not be made (its reason stands above); "
            f"try it alone: {sys.executable} {script} studio-env"
        )
    return python


def _place_database(studio: Path, python: Path, say: Say) -> None:
    """Copy the template to `data` unless a database is there; a half-made copy of a killed run is thrown away."""
    data = studio / "data"
    if (data / DATABASE).is_file():
        return
    template = _template(python, studio, say)
    beside = studio / ".data.copying"
    _remove(beside)
    _remove(data)
    shutil.copytree(template, beside)
    beside.chmod(0o700)  # it will hold password hashes and tokens
    os.replace(beside, data)
    _remove(studio / "secrets.json")  # of a database that is gone


def _template(python: Path, studio: Path, say: Say) -> Path:
    """The migrated empty database of this server version, without any account; made where it is not there yet."""
    version = _server_version(python)
    checkout = python.absolute().parents[2]
    home = checkout if checkout.name == ".studio" else studio
    template = home / f"template-{version}"
    if (template / DATABASE).is_file():
        return template
    for old in home.glob("template-*.making-*"):
        if process_identity(int(old.name.rpartition("-")[2])) is None:
            _remove(old)
    making = home / f"{template.name}.making-{os.getpid()}"
    _remove(making)
    making.mkdir(parents=True)
    keys = {"email": "", "password": "", "token": "", "secret_key": secrets.token_urlsafe(48)}
    environment = server_environment(making, keys)
    log = making / "making.log"
    with open(log, "wb") as sink:
        process = subprocess.Popen(
            [str(python), "-c", _FREE, "version"],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=making,
        )
    began = time.monotonic()
    try:
        while process.poll() is None:
            say(f"preparing an empty database, once for each server version: {time.monotonic() - began:.0f} s")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
    except BaseException:
        process.kill()
        process.wait()
        _remove(making)
        raise
    if process.returncode != 0 or not (making / DATABASE).is_file():
        kept = home / "template.log"
        os.replace(log, kept)
        _remove(making)
        raise StudioError(f"Label Studio could not prepare its database ({_last_line(kept)}); see {kept}")
    log.unlink()
    try:
        os.replace(making, template)
    except OSError:  # another process was first, or a broken template stands there
        if not (template / DATABASE).is_file():
            _remove(template)
            os.replace(making, template)
        else:
            _remove(making)
    return template


def _server_version(python: Path) -> str:
    code = "import importlib.metadata as m; print(m.version('label-studio'))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StudioError(f"{python} has no label-studio; delete its environment and run this again")
    return done.stdout.strip()


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
                    f"Label Studio ended while starting ({_last_line(server.log)}); see {server.log}, then run this again"
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
            f"the server at {server.url} does not take the token of {studio / 'secrets.json'} ({answer.status_code}): its "
            "database has another; restore that file, or begin with an empty one: stancewire studio start --fresh"
        )


def _last_line(log: Path) -> str:
    try:
        lines = [
            line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()
        ]
    except OSError:
        return "no log"
    return lines[-1][:200] if lines else "its log is empty"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def end_on_sigterm() -> None:
    """Turn SIGTERM into SystemExit, so that `with` blocks close what they opened."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
