"""What the embedded server needs before it starts: its Python, its secrets, an empty database, its environment
variables.

Migrating a new database takes up to a minute and a half, so it is done once for each server version; every new server
gets a copy of that template, which holds no account and no secret.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ..errors import StudioError
from .process import process_identity

ADMIN = "admin"
DATABASE = "label_studio.sqlite3"

# How the server's Python runs Label Studio; its arguments follow.
RUN = "import sys; from label_studio.server import main; sys.exit(main())"

Say = Callable[[str], None]

# What the server needs of our environment; anything else (a HOST, a PORT, someone's DJANGO_*) would steer it astray.
_PASSED_ON = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR") + (
    ("APPDATA", "COMSPEC", "LOCALAPPDATA", "PATHEXT", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "WINDIR")
    if os.name == "nt"
    else ()
)


def quiet(_message: str) -> None:
    """Say nothing."""


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
    remove(beside)
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
            "the embedded server is set up by scripts/run.py of a Stancewire checkout, and this is an installed "
            "package; "
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


def place_database(studio: Path, python: Path, say: Say = quiet) -> None:
    """Copy the template to `data` unless a database is there; a half-made copy of a killed run is thrown away."""
    data = studio / "data"
    if (data / DATABASE).is_file():
        return
    template = _template(python, studio, say)
    beside = studio / ".data.copying"
    remove(beside)
    remove(data)
    shutil.copytree(template, beside)
    beside.chmod(0o700)  # it will hold password hashes and tokens
    os.replace(beside, data)
    remove(studio / "secrets.json")  # of a database that is gone


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
            remove(old)
    making = home / f"{template.name}.making-{os.getpid()}"
    remove(making)
    making.mkdir(parents=True)
    keys = {"email": "", "password": "", "token": "", "secret_key": secrets.token_urlsafe(48)}
    environment = server_environment(making, keys)
    log = making / "making.log"
    with open(log, "wb") as sink:
        process = subprocess.Popen(
            [str(python), "-c", RUN, "version"],
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
        remove(making)
        raise
    if process.returncode != 0 or not (making / DATABASE).is_file():
        kept = home / "template.log"
        os.replace(log, kept)
        remove(making)
        raise StudioError(f"Label Studio could not prepare its database ({last_line(kept)}); see {kept}")
    log.unlink()
    try:
        os.replace(making, template)
    except OSError:  # another process was first, or a broken template stands there
        if not (template / DATABASE).is_file():
            remove(template)
            os.replace(making, template)
        else:
            remove(making)
    return template


def _server_version(python: Path) -> str:
    code = "import importlib.metadata as m; print(m.version('label-studio'))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StudioError(f"{python} has no label-studio; delete its environment and run this again")
    return done.stdout.strip()


def last_line(log: Path) -> str:
    """The last line of a log, for a message."""
    try:
        lines = [
            line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()
        ]
    except OSError:
        return "no log"
    return lines[-1][:200] if lines else "its log is empty"


def remove(path: Path) -> None:
    """Delete a file or a folder, or nothing."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
