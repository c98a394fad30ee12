#!/usr/bin/env python3
"""Sets Stancewire up, then runs it. It needs Python 3.11 or later with venv, and nothing else.

    python3 scripts/run.py pipeline         the main job, end to end, with an embedded Label Studio
    python3 scripts/run.py test [ARGS]      ruff, mypy, then pytest with ARGS
    python3 scripts/run.py COMMAND [ARGS]   any other command: `stancewire COMMAND ARGS`
    python3 scripts/run.py --version        only set up, and say what was set up
    python3 scripts/run.py studio-env       only set up the server's environment, and print where its Python is
    python3 scripts/run.py lock [UV ARGS]   make both lock files anew (for newer versions: lock --upgrade)

What is installed is what the lock files name, by hash. The first run makes `.venv`; later ones look at a stamp in it
and start at once, without any network. All words about the set-up go to stderr, so stdout is the command's own.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # before any import or syntax that an older Python does not know
    sys.exit("run.py: this is Python %d.%d, and Stancewire needs 3.11 or later; "
             "run it with one, e.g.: python3.11 scripts/run.py" % sys.version_info[:2])

import ast
import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MAIN = ROOT / ".venv"
SERVER = ROOT / ".studio" / "server"
STAMP = "stamp.json"


class SetupError(Exception):
    """The set-up cannot go on; the message says what to do."""


# --- Environments -----------------------------------------------------------------------------------------------------


def ensure_environment(directory: Path, lock: Path, *, install_project: bool = False) -> Path:
    """The Python of the environment in `directory`, which is made first unless its stamp says that it is up to date.

    Args:
        directory: where the environment is, or will be. It must be one that this script may delete.
        lock: the requirements to install, with hashes.
        install_project: whether the project itself goes in, editable.
    """
    wanted = stamp_for(directory, lock, install_project=install_project)
    python = executable(directory, "python")
    if is_current(directory, wanted):
        return python
    require_venv()
    with setup_lock(directory) as held:
        if is_current(directory, wanted):  # another run.py made it while this one waited
            return python
        started = time.monotonic()
        say(f"setting up {relative(directory)} from {lock.name}; this happens once")
        # The stamp goes first: an environment that was being removed, or made, when the power failed has none.
        (directory / STAMP).unlink(missing_ok=True)
        if directory.exists():
            shutil.rmtree(directory)
        # A venv made from within a venv would lean on the outer one, which this script may delete.
        base = getattr(sys, "_base_executable", None) or sys.executable
        call([base, "-m", "venv", str(directory)], held)
        install(python, directory, lock, held, install_project=install_project)
        write_stamp(directory, wanted)
        say(f"{relative(directory)} is ready after {time.monotonic() - started:.0f} s")
    return python


def install(python: Path, directory: Path, lock: Path, held: int, *, install_project: bool) -> None:
    """Install `lock`, and the project where asked, with uv, or with pip where uv cannot be had or fails."""
    wanted = ["--require-hashes", "--no-deps", "-r", str(lock)]  # no resolving: a lock is complete
    project = ["--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    settings = {**uv_settings(pip_settings(python), os.environ), "UV_COMPILE_BYTECODE": "1"}
    uv = find_uv(python, directory, lock, pip, held)
    if uv is not None:
        command = [str(uv), "pip", "install", "--python", str(python)]
        try:
            # What exists as source only is built with what the lock pins too.
            call([*command, *wanted, "--build-constraints", str(lock)], held, settings)
            if install_project:
                call([*command, *project], held, settings)
            return
        except SetupError as error:
            say(f"{error}; trying pip instead, which is slower")
    try:
        call([*pip, *wanted], held)
        if install_project:
            call([*pip, *project], held)
    except SetupError as error:
        raise SetupError(
            f"{error}; nothing else is left to try. Its reason stands above; `pip config list` shows the index in use, "
            "and what was fetched so far is kept, so simply run this again"
        ) from None


def find_uv(python: Path, directory: Path, lock: Path, pip: Sequence[str], held: int) -> Path | None:
    """The uv that the lock pins, installed into the environment; else the main environment's; else None."""
    pinned = locked_requirement(lock.read_text(encoding="utf-8"), "uv")
    if pinned is None:
        uv = executable(MAIN, "uv")
        return uv if uv.exists() else None
    listed = directory / "uv.txt"
    listed.write_text(pinned, encoding="utf-8")
    try:
        call([*pip, "--quiet", "--require-hashes", "--no-deps", "-r", str(listed)], held)
    except SetupError:
        return None
    uv = executable(directory, "uv")
    return uv if uv.exists() else None


def executable(directory: Path, name: str) -> Path:
    """A program in an environment: under `Scripts`, ending in .exe, on Windows, and under `bin` elsewhere."""
    return directory / "Scripts" / f"{name}.exe" if os.name == "nt" else directory / "bin" / name


def require_venv() -> None:
    """Raise SetupError, with the line that installs it, where this Python cannot make environments."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SetupError(
            f"this Python ({sys.executable}) cannot make environments, since venv or ensurepip is missing. Install it "
            "(Debian, Ubuntu: apt-get install python3-venv), then run this again"
        )


# --- Stamps and locks -------------------------------------------------------------------------------------------------


def stamp_for(directory: Path, lock: Path, *, install_project: bool) -> dict[str, str]:
    """What decides whether an environment is up to date: its lock, the Python, its place, what pyproject.toml builds."""
    stamp = {
        "lock": hashlib.sha256(read_bytes(lock)).hexdigest(),
        "python": f"{sys.implementation.cache_tag} {sysconfig.get_platform()}",
        "path": str(directory),
    }
    if install_project:
        project = tomllib.loads(read_bytes(ROOT / "pyproject.toml").decode())
        # Settings of linters and tests change nothing that is installed.
        built = [project.get("project"), project.get("build-system"), project.get("tool", {}).get("hatch")]
        stamp["project"] = hashlib.sha256(json.dumps(built, sort_keys=True).encode()).hexdigest()
    return stamp


def is_current(directory: Path, wanted: Mapping[str, str]) -> bool:
    """Whether the environment bears the stamp `wanted` and its Python is still there (an upgrade may remove it)."""
    try:
        found = json.loads((directory / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(found == wanted and executable(directory, "python").exists())


def write_stamp(directory: Path, stamp: Mapping[str, str]) -> None:
    """Write the stamp beside, then move it, so that it is never there by half."""
    beside = directory / f"{STAMP}.tmp"
    beside.write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")
    beside.replace(directory / STAMP)


@contextlib.contextmanager
def setup_lock(directory: Path) -> Iterator[int]:
    """Hold the lock beside `directory`, waiting for whoever holds it; gives the open file's number.

    The system takes the lock back when the last process that has the file open ends. The installers get it too: where
    run.py alone is killed, the next one waits for an installer that lives on, instead of working against it.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    waiting = False
    with open(directory.with_name(f"{directory.name}.lock"), "a+b") as handle:
        while not try_lock(handle.fileno()):
            if not waiting:
                say(f"waiting for another run.py that is setting up {relative(directory)}")
            waiting = True
            time.sleep(0.2)
        yield handle.fileno()


def try_lock(number: int) -> bool:
    """Lock an open file against other processes; False where one of them holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(number, 0, os.SEEK_SET)
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def locked_requirement(lock: str, name: str) -> str | None:
    """The lines of one package in a lock file, with its hashes, or None where it is not in there."""
    found = re.search(rf"^{re.escape(name)}==[^\n]*\n(?:[ \t]+--hash=[^\n]*\n)*", lock, re.MULTILINE)
    return found.group() if found else None


# --- pip's settings, handed to uv, which does not read them -----------------------------------------------------------


def pip_settings(python: Path) -> dict[str, str]:
    """What pip would use for an installation, from its files and environment; empty where pip does not say."""
    command = [str(python), "-m", "pip", "config", "list"]
    answer = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False)
    return parse_pip_config(answer.stdout) if answer.returncode == 0 else {}


def parse_pip_config(listing: str) -> dict[str, str]:
    """The settings in a `pip config list` that count for `pip install`: global, then the command's, then PIP_*."""
    settings: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for name, value in re.findall(rf"^{section}\.([a-z-]+)=(.*)$", listing, re.MULTILINE):
            with contextlib.suppress(ValueError, SyntaxError):
                settings[name] = str(ast.literal_eval(value))
    return settings


def uv_settings(pip: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """pip's settings as uv's environment variables; what the user has set for uv is left alone.

    They go by environment, since an index address may hold a password, and every user of a machine can read argv.
    """
    links = (link if "://" in link else os.path.abspath(link) for link in pip.get("find-links", "").split())
    settings = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(links),
        "UV_NO_INDEX": "1" if pip.get("no-index", "").lower() in ("1", "true", "yes", "on") else "",
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": pip.get("timeout") or pip.get("default-timeout", ""),
        "SSL_CERT_FILE": pip.get("cert", ""),
        "SSL_CLIENT_CERT": pip.get("client-cert", ""),
        "ALL_PROXY": pip.get("proxy", ""),
        # uv takes a package from the first index that has any version of it; pip looks at them all. Hashes decide.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    return {name: value for name, value in settings.items() if value and not environ.get(name)}


# --- Running things ---------------------------------------------------------------------------------------------------


def clean_environment() -> dict[str, str]:
    """The environment for installers, without what would send packages somewhere else than asked."""
    astray = ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "VIRTUAL_ENV")
    return {**{name: value for name, value in os.environ.items() if name not in astray}, "PIP_USER": "0"}


def call(command: Sequence[str], held: int, settings: Mapping[str, str] | None = None) -> None:
    """Run one step of the set-up, with all it says on stderr; raise SetupError where it fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=2,
            cwd=ROOT,
            env={**clean_environment(), **(settings or {})},
            pass_fds=() if os.name == "nt" else (held,),
            check=False,
        )
    except OSError as error:
        raise SetupError(f"{command[0]} does not start ({error.strerror})") from None
    if done.returncode != 0:
        step = " ".join(command[1:4] if command[1] == "-m" else [Path(command[0]).stem, *command[1:3]])
        raise SetupError(f"`{step}` failed with exit code {done.returncode}")


def run_to_end(command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> int:
    """Run a command to its end and return its exit code, as a shell counts it: 128 + the signal that ended it.

    A child rather than exec, which on Windows returns to the prompt at once. Signals go on to the child, which cleans
    up as it likes; only a terminal's Ctrl-C is not passed on, since the terminal sends it to both.
    """
    child: subprocess.Popen[bytes] | None = None

    def forward(number: int, _frame: object) -> None:
        typed = number == signal.SIGINT and sys.stdin is not None and sys.stdin.isatty()
        if child is not None and not typed:
            child.send_signal(number)

    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, forward) for number in numbers if signal.getsignal(number) != signal.SIG_IGN}
    try:
        child = subprocess.Popen(command, cwd=cwd, env=env)
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code


def say(message: str) -> None:
    """One line of ours on stderr."""
    print(f"run.py: {message}", file=sys.stderr, flush=True)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that every checkout has."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise SetupError(f"cannot read {relative(path)} ({error.strerror}); is this checkout complete?") from None


def relative(path: Path) -> str:
    """A path as it is printed: relative to the checkout where it lies in there."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


# --- Commands ---------------------------------------------------------------------------------------------------------


def main_environment() -> Path:
    """The Python of `.venv`, which is made or brought up to date first."""
    return ensure_environment(MAIN, ROOT / "requirements.lock", install_project=True)


def run_stancewire(arguments: Sequence[str]) -> int:
    """`stancewire ARGUMENTS` where the user stands: on the project there, or else on this checkout."""
    main_environment()
    environ = dict(os.environ)
    here = Path.cwd()
    if not any((folder / "schema" / "codebook.yaml").is_file() for folder in (here, *here.parents)):
        environ.setdefault("STANCEWIRE_PROJECT", str(ROOT))
    return run_to_end([str(executable(MAIN, "stancewire")), *arguments], env=environ)


def run_tests(arguments: Sequence[str]) -> int:
    """All three, whatever the first two say; pytest comes last, so that its closing line is the last line."""
    python = str(main_environment())
    codes = []
    for tool in (["ruff", "check", "."], ["mypy"]):
        say(" ".join(tool))
        codes.append(run_to_end([python, "-m", *tool], cwd=ROOT))
        if codes[-1] >= 128:  # stopped by a signal: so is this run
            return codes[-1]
        if codes[-1]:
            say(f"{tool[0]} found problems (above): this run will fail, whatever pytest says")
    codes.append(run_to_end([python, "-m", "pytest", *arguments], cwd=ROOT))
    return next((code for code in reversed(codes) if code), 0)


def make_locks(arguments: Sequence[str]) -> int:
    """Make both lock files anew, with the newest uv in a scratch environment: the locks may be what is broken."""
    require_venv()
    with tempfile.TemporaryDirectory() as scratch, open(Path(scratch) / "held", "wb") as handle:
        tool = Path(scratch) / "tool"
        python = executable(tool, "python")
        call([sys.executable, "-m", "venv", str(tool)], handle.fileno())
        call([str(python), "-m", "pip", "install", "--quiet", "uv"], handle.fileno())
        settings = uv_settings(pip_settings(python), os.environ)
        for name in ("UV_INDEX", "UV_FIND_LINKS"):  # what one machine has beside the index must not shape a lock
            settings.pop(name, None)
        options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
        options += ["--custom-compile-command", "python3 scripts/run.py lock", "--quiet", *arguments]
        project = ["pyproject.toml", "--extra", "studio", "--extra", "test", "--group", "setup"]
        # label-studio asks for `attr`, an abandoned package whose module attrs shadows: nobody's setup.py runs for that.
        server = ["requirements-studio.in", "--no-emit-package", "attr"]
        for lock, inputs in {"requirements.lock": project, "requirements-studio.lock": server}.items():
            command = [str(executable(tool, "uv")), "pip", "compile", *inputs, *options, "-o", lock]
            call(command, handle.fileno(), settings)
            say(f"{lock} is made")
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    command = arguments[0] if arguments else None
    try:
        if command is None:
            print(__doc__, file=sys.stderr)
            return 2
        if command in ("-h", "--help"):
            print(__doc__, flush=True)
            return run_stancewire(["--help"])
        if command == "--version":
            main_environment()
            project: dict[str, Any] = tomllib.loads(read_bytes(ROOT / "pyproject.toml").decode())["project"]
            print(f"{project['name']} {project['version']} on Python {sys.version.split()[0]}, in {relative(MAIN)}")
            return 0
        if command == "test":
            return run_tests(arguments[1:])
        if command == "studio-env":
            print(ensure_environment(SERVER, ROOT / "requirements-studio.lock"))
            return 0
        if command == "lock":
            return make_locks(arguments[1:])
        return run_stancewire(arguments)
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("stopped; run it again to go on")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
