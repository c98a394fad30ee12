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

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (said before any import that an older Python does not know)
    sys.exit(
        f"run.py: this is Python {sys.version.split()[0]}, and Stancewire needs 3.11 or later; "
        "run it with one, for example: python3.11 scripts/run.py"
    )

import ast
import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAIN = ROOT / ".venv"
SERVER = ROOT / ".studio" / "server"
STAMP = "stamp.json"


class SetupError(Exception):
    """The set-up cannot go on; the message says what to do."""


def ensure_environment(directory: Path, lock: Path, *, install_project: bool = False) -> Path:
    """The Python of the environment in `directory`, which is made first unless its stamp says that it is up to date.

    Args:
        directory: where the environment is, or will be; whatever is there without the right stamp is deleted.
        lock: the requirements to install, with hashes.
        install_project: whether the project itself goes in, editable.
    """
    wanted = stamp_for(directory, lock, install_project=install_project)
    python = executable(directory, "python")
    if is_current(directory, wanted):
        return python
    if not all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        raise SetupError(
            f"this Python ({sys.executable}) cannot make environments, since venv or ensurepip is missing; install it "
            "(Debian, Ubuntu: apt-get install python3-venv), then run this again"
        )
    with setup_lock(directory) as held:
        if is_current(directory, wanted):  # another run.py made it while this one waited
            return python
        started = time.monotonic()
        say(f"setting up {directory.relative_to(ROOT)} from {lock.name}; this happens once")
        # The stamp goes first: an environment that was being removed, or made, when the power failed has none.
        (directory / STAMP).unlink(missing_ok=True)
        if directory.exists():
            shutil.rmtree(directory)
        # An environment made from within another would lean on it, and this script may delete the other.
        base = getattr(sys, "_base_executable", None) or sys.executable
        call([base, "-m", "venv", str(directory)], held)
        install(directory, lock, held, install_project=install_project)
        beside = directory / f"{STAMP}.tmp"  # then moved, so that a stamp is never there by half
        beside.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
        beside.replace(directory / STAMP)
        say(f"{directory.relative_to(ROOT)} is ready after {time.monotonic() - started:.0f} s")
    return python


def install(directory: Path, lock: Path, held: int, *, install_project: bool) -> None:
    """Install `lock`, and the project where asked, with uv, or with pip where uv cannot be had or fails."""
    python = str(executable(directory, "python"))
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    locked = ["--require-hashes", "--no-deps", "-r", str(lock)]  # no resolving: a lock is complete
    project = ["--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    uv = find_uv(directory, lock, pip, held)
    if uv is not None:
        # Compiling takes 6 s of the server's 10, and saves 3 s of each of its starts where Python may not do it then.
        settings = {**uv_settings(pip_settings(python), os.environ), "UV_COMPILE_BYTECODE": "1"}
        # uv ends with a list of all packages: at a terminal after its progress bar, elsewhere nobody needs it.
        quiet = [] if sys.stderr.isatty() else ["--quiet"]
        command = [str(uv), "pip", "install", *quiet, "--python", python]
        try:
            # What exists as source only is built with what the lock pins too.
            call([*command, *locked, "--build-constraints", str(lock)], held, settings)
            if install_project:
                call([*command, *project], held, settings)
            return
        except SetupError as error:
            say(f"{error}; trying pip instead, which is slower")
    try:
        call([*pip, *locked], held)
        if install_project:
            call([*pip, *project], held)
    except SetupError as error:
        hint = "its reason stands above. `pip config list` shows which index is asked; then run this again"
        raise SetupError(f"{error}; {hint}") from None


def find_uv(directory: Path, lock: Path, pip: Sequence[str], held: int) -> Path | None:
    """The uv that the lock pins, installed first; where it pins none, the main environment's; None if there is none."""
    pinned = locked_requirement(lock.read_text(encoding="utf-8"), "uv")
    if pinned is not None:
        listed = directory / "uv.txt"
        listed.write_text(pinned, encoding="utf-8")
        try:
            call([*pip, "--quiet", "--require-hashes", "--no-deps", "-r", str(listed)], held)
        except SetupError as error:  # a system that uv is not made for
            say(str(error))
    uv = executable(MAIN if pinned is None else directory, "uv")
    return uv if uv.exists() else None


def executable(directory: Path, name: str) -> Path:
    """A program in an environment: under `Scripts`, ending in .exe, on Windows, and under `bin` elsewhere."""
    return directory / "Scripts" / f"{name}.exe" if os.name == "nt" else directory / "bin" / name


def stamp_for(directory: Path, lock: Path, *, install_project: bool) -> dict[str, str]:
    """What decides whether an environment is up to date: its lock, the Python, its place, the project's own build."""
    stamp = {
        "lock": hashlib.sha256(lock.read_bytes()).hexdigest(),
        "python": f"{sys.implementation.cache_tag} {sysconfig.get_platform()}",
        "path": str(directory),
    }
    if install_project:
        project = read_pyproject()
        # The settings of linters and tests change nothing that is installed.
        built = [project["project"], project["build-system"], project["tool"]["hatch"]]
        stamp["project"] = hashlib.sha256(json.dumps(built, sort_keys=True).encode()).hexdigest()
    return stamp


def is_current(directory: Path, wanted: Mapping[str, str]) -> bool:
    """Whether the environment bears the stamp `wanted` and its Python is still there (an upgrade may remove it)."""
    try:
        found = json.loads((directory / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(found == wanted and executable(directory, "python").exists())


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
                say(f"waiting for another run.py, which is setting up {directory.name}")
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


def pip_settings(python: str) -> dict[str, str]:
    """What pip would use for an installation, from its files and environment; empty where pip does not say."""
    command = [python, "-m", "pip", "config", "list"]
    answer = subprocess.run(command, capture_output=True, text=True, env=installer_environment(), check=False)
    return parse_pip_config(answer.stdout)


def parse_pip_config(listing: str) -> dict[str, str]:
    """The settings in a `pip config list` that count for `pip install`: the global ones, its own, then PIP_*."""
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


def installer_environment() -> dict[str, str]:
    """The environment for installers, without what would send packages somewhere else than asked."""
    astray = ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "VIRTUAL_ENV")
    return {**{name: value for name, value in os.environ.items() if name not in astray}, "PIP_USER": "0"}


def call(command: Sequence[str], held: int | None, settings: Mapping[str, str] | None = None) -> None:
    """Run one step of the set-up, with all that it says on stderr, and the lock `held`; SetupError where it fails."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=2,
        cwd=ROOT,
        env={**installer_environment(), **(settings or {})},
        pass_fds=() if held is None or os.name == "nt" else (held,),
        check=False,
    )
    if done.returncode != 0:
        raise SetupError(f"`{shlex.join(command)}` failed with exit code {done.returncode}")


def run_to_end(command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> int:
    """Run a command to its end and return its exit code, as a shell counts it: 128 + the signal that ended it.

    A child rather than exec, which on Windows returns to the prompt at once. Signals go on to the child, which cleans
    up as it likes; only a Ctrl-C that was typed is not passed on, since the terminal sends it to both.
    """
    child: subprocess.Popen[bytes] | None = None

    def forward(number: int, _frame: object) -> None:
        typed = number == signal.SIGINT and sys.stdin is not None and sys.stdin.isatty()
        if child is not None and not typed:
            child.send_signal(number)

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What the caller has this script ignore (nohup, a background job), the child goes on ignoring.
    before = {n: signal.signal(n, forward) for n in numbers if signal.getsignal(n) != signal.SIG_IGN}
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
        if codes[-1] >= 128:  # stopped by a signal, and so is this run
            return codes[-1]
        if codes[-1]:
            say(f"{tool[0]} found problems (above): this run fails, whatever pytest says")
    codes.append(run_to_end([python, "-m", "pytest", *spread(arguments), *arguments], cwd=ROOT))
    return next((code for code in reversed(codes) if code), 0)


def spread(arguments: Sequence[str]) -> list[str]:
    """Options that share the tests out over all cores, unless somebody says how, wants a debugger or only a list."""
    own = ("-n", "--numprocesses", "--dist", "--pdb", "--trace", "--co")
    if any(argument.startswith(own) for argument in arguments):
        return []
    return ["-n", "auto", "--dist", "loadgroup"]


def make_locks(arguments: Sequence[str]) -> int:
    """Make both lock files anew, with the newest uv in a scratch environment: the locks may be what is broken."""
    with tempfile.TemporaryDirectory() as scratch:
        tool = Path(scratch)
        python = str(executable(tool, "python"))
        call([sys.executable, "-m", "venv", str(tool)], None)
        call([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"], None)
        settings = uv_settings(pip_settings(python), os.environ)
        for name in ("UV_INDEX", "UV_FIND_LINKS"):  # what one machine has beside the index must not shape a lock
            settings.pop(name, None)
        compile_lock = [str(executable(tool, "uv")), "pip", "compile", "--quiet", "--universal"]
        compile_lock += ["--python-version=3.11", "--generate-hashes", "--no-emit-index-url"]
        compile_lock += ["--custom-compile-command=python3 scripts/run.py lock"]
        project = [*(f"--extra={name}" for name in ("formats", "scale", "spacy", "studio", "test")), "--group=setup"]
        project += ["pyproject.toml", "-o", "requirements.lock"]
        # label-studio asks for `attr`, an abandoned package whose module attrs shadows: not worth running its setup.py.
        server = ["--no-emit-package=attr", "requirements-studio.in", "-o", "requirements-studio.lock"]
        for inputs in (project, server):
            call([*compile_lock, *arguments, *inputs], None, settings)
            say(f"{inputs[-1]} is made")
    return 0


def read_pyproject() -> dict[str, dict[str, object]]:
    """The tables of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    command, *rest = arguments or [""]
    try:
        if command in ("", "-h", "--help"):
            print(__doc__, flush=True)
            return run_stancewire(["--help"]) if command else 2
        if command == "--version":
            main_environment()
            project = read_pyproject()["project"]
            print(f"{project['name']} {project['version']}, Python {sys.version.split()[0]}, {MAIN.relative_to(ROOT)}")
            return 0
        if command == "test":
            return run_tests(rest)
        if command == "studio-env":
            print(ensure_environment(SERVER, ROOT / "requirements-studio.lock"))
            return 0
        if command == "lock":
            return make_locks(rest)
        return run_stancewire(arguments)
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("stopped; run it again to go on")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
