"""scripts/run.py: what it decides before it starts anything. No network, no real environment."""

import hashlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import run

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ["requirements.lock", "requirements-studio.lock"]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small checkout that run.py takes for its own, with installers that only leave traces."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\n[build-system]\nrequires = []\n[tool.hatch]\n[tool.ruff]\nline-length = 120\n'
    )
    (tmp_path / "requirements.lock").write_text("uv==1.0 \\\n    --hash=sha256:aa\n")
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "MAIN", tmp_path / ".venv")

    def make_venv(command, held, settings=None):
        assert command[1:3] == ["-m", "venv"]
        python = run.executable(Path(command[3]), "python")
        python.parent.mkdir(parents=True)
        python.touch()

    monkeypatch.setattr(run, "call", make_venv)
    monkeypatch.setattr(run, "install", lambda *args, **options: None)
    return tmp_path


def ensure_main(checkout):
    return run.ensure_environment(checkout / ".venv", checkout / "requirements.lock", install_project=True)


def forbid(*args, **options):
    raise AssertionError("nothing may be started or installed here")


def test_stamped_environment_starts_nothing(checkout, monkeypatch):
    python = ensure_main(checkout)
    monkeypatch.setattr(run, "call", forbid)
    monkeypatch.setattr(run, "install", forbid)
    monkeypatch.setattr(subprocess, "run", forbid)
    monkeypatch.setattr(subprocess, "Popen", forbid)
    assert ensure_main(checkout) == python == run.executable(checkout / ".venv", "python")


def test_stamp_names_lock_python_path_and_build(checkout):
    ensure_main(checkout)
    stamp = json.loads((checkout / ".venv" / "stamp.json").read_text())
    assert stamp["lock"] == hashlib.sha256((checkout / "requirements.lock").read_bytes()).hexdigest()
    assert stamp["python"].startswith(sys.implementation.cache_tag)
    assert stamp["path"] == str(checkout / ".venv")
    assert re.fullmatch("[0-9a-f]{64}", stamp["project"])


@pytest.mark.parametrize("change", ["lock", "build", "python gone", "moved", "damaged"])
def test_environment_is_rebuilt_when_something_differs(checkout, change):
    python = ensure_main(checkout)
    left = checkout / ".venv" / "left-by-the-old-one"
    left.touch()
    if change == "lock":
        (checkout / "requirements.lock").write_text("uv==2.0 \\\n    --hash=sha256:bb\n")
    elif change == "build":
        pyproject = checkout / "pyproject.toml"
        pyproject.write_text(pyproject.read_text().replace('"x"', '"y"'))
    elif change == "python gone":
        python.unlink()
    elif change == "moved":
        stamp = checkout / ".venv" / "stamp.json"
        stamp.write_text(stamp.read_text().replace(checkout.name, "elsewhere"))
    else:
        (checkout / ".venv" / "stamp.json").write_text("{")
    ensure_main(checkout)
    assert python.exists()
    assert not left.exists()


def test_settings_of_a_linter_rebuild_nothing(checkout, monkeypatch):
    ensure_main(checkout)
    monkeypatch.setattr(run, "call", forbid)
    pyproject = checkout / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("120", "100"))
    ensure_main(checkout)


def test_failed_set_up_leaves_no_stamp_and_the_next_one_ends_well(checkout, monkeypatch):
    ensure_main(checkout)
    (checkout / "requirements.lock").write_text("uv==2.0 \\\n    --hash=sha256:bb\n")

    def fail(*args, **options):
        raise run.SetupError("the network is away")

    with monkeypatch.context() as broken:
        broken.setattr(run, "install", fail)
        with pytest.raises(run.SetupError, match="network"):
            ensure_main(checkout)
        assert not (checkout / ".venv" / "stamp.json").exists()
    ensure_main(checkout)
    assert (checkout / ".venv" / "stamp.json").exists()


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_missing_venv_is_told_with_the_line_that_installs_it(checkout, monkeypatch, capsys, missing):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else real(name))
    assert run.main(["--version"]) == 1
    said = capsys.readouterr()
    assert "apt-get install python3-venv" in said.err
    assert not said.out
    assert not (checkout / ".venv").exists()


def test_programs_are_found_under_bin_and_on_windows_under_scripts(monkeypatch):
    directory = Path("environment")
    monkeypatch.setattr(run.os, "name", "posix")
    assert run.executable(directory, "uv") == directory / "bin" / "uv"
    monkeypatch.setattr(run.os, "name", "nt")
    assert run.executable(directory, "uv") == directory / "Scripts" / "uv.exe"


def test_lock_keeps_others_out_until_it_is_given_back(tmp_path):
    directory = tmp_path / "not-made-yet" / "environment"
    with run.setup_lock(directory), open(directory.with_name("environment.lock"), "a+b") as other:
        assert not run.try_lock(other.fileno())
    with open(directory.with_name("environment.lock"), "a+b") as other:
        assert run.try_lock(other.fileno())


def test_lock_is_held_by_an_installer_that_outlives_run(tmp_path):
    directory = tmp_path / "environment"
    wait = [sys.executable, "-c", "input()"]
    with run.setup_lock(directory) as held:
        installer = subprocess.Popen(wait, stdin=subprocess.PIPE, pass_fds=(held,))
    with open(tmp_path / "environment.lock", "a+b") as other:
        assert not run.try_lock(other.fileno())
        installer.communicate(b"\n")
        assert run.try_lock(other.fileno())


def test_pip_config_command_beats_global_and_environment_beats_both():
    listing = "\n".join(
        [
            ":env:.find-links='/from/env'",
            "global.cert='/etc/certificates.pem'",
            "global.find-links='/from/global'",
            "global.index-url='https://global.invalid/simple'",
            "global.extra-index-url='\\nhttps://a.invalid/simple\\nhttps://b.invalid/simple'",
            "install.index-url='https://install.invalid/simple'",
            "download.index-url='https://download.invalid/simple'",
            "a line that is no setting",
        ]
    )
    assert run.parse_pip_config(listing) == {
        "cert": "/etc/certificates.pem",
        "find-links": "/from/env",
        "index-url": "https://install.invalid/simple",
        "extra-index-url": "\nhttps://a.invalid/simple\nhttps://b.invalid/simple",
    }


def test_uv_gets_the_index_that_pip_uses():
    pip = {
        "index-url": "https://user:secret@index.invalid/simple",
        "extra-index-url": "\nhttps://a.invalid/simple\nhttps://b.invalid/simple",
        "find-links": "/wheels https://c.invalid/wheels",
        "cert": "/etc/certificates.pem",
        "no-index": "true",
        "default-timeout": "180",
    }
    settings = run.uv_settings(pip, {})
    assert settings["UV_DEFAULT_INDEX"] == "https://user:secret@index.invalid/simple"
    assert settings["UV_INDEX"] == "https://a.invalid/simple https://b.invalid/simple"
    assert settings["UV_FIND_LINKS"] == f"{os.path.abspath('/wheels')},https://c.invalid/wheels"
    assert settings["SSL_CERT_FILE"] == "/etc/certificates.pem"
    assert settings["UV_NO_INDEX"] == "1"
    assert settings["UV_HTTP_TIMEOUT"] == "180"


def test_uv_settings_of_the_user_are_left_alone():
    pip = {"index-url": "https://pip.invalid/simple", "cert": "/pip.pem"}
    settings = run.uv_settings(pip, {"UV_DEFAULT_INDEX": "https://uv.invalid/simple", "SSL_CERT_FILE": "/user.pem"})
    assert "UV_DEFAULT_INDEX" not in settings
    assert "SSL_CERT_FILE" not in settings
    assert run.uv_settings({}, {}).keys() == {"UV_INDEX_STRATEGY", "UV_PYTHON_DOWNLOADS"}


def test_index_goes_to_uv_by_environment_and_a_failing_uv_gives_way_to_pip(tmp_path, monkeypatch, capsys):
    lock = tmp_path / "requirements.lock"
    lock.write_text("uv==1.0 \\\n    --hash=sha256:aa\n")
    directory = tmp_path / ".venv"
    uv = run.executable(directory, "uv")
    uv.parent.mkdir(parents=True)
    uv.touch()
    monkeypatch.setattr(run, "pip_settings", lambda python: {"index-url": "https://user:secret@index.invalid/simple"})
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    calls = []

    def record(command, held, settings=None):
        calls.append((command, settings or {}))
        if command[0] == str(uv):
            raise run.SetupError("uv failed")

    monkeypatch.setattr(run, "call", record)
    run.install(directory, lock, 0, install_project=False)
    (bootstrap, _), (by_uv, settings), (by_pip, _) = calls
    assert "--require-hashes" in bootstrap and bootstrap[-1] == str(directory / "uv.txt")
    assert settings["UV_DEFAULT_INDEX"] == "https://user:secret@index.invalid/simple"
    assert not any("secret" in word for word in by_uv)
    assert by_pip[1:4] == ["-m", "pip", "install"] and "--require-hashes" in by_pip
    said = capsys.readouterr().err
    assert "trying pip" in said and "secret" not in said


def test_locked_requirement_is_one_package_with_all_its_hashes():
    uv = "uv==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    lock = f"uv-x==3 \\\n    --hash=sha256:cc\n{uv}    # via x\nw==2 \\\n    --hash=sha256:dd\n"
    assert run.locked_requirement(lock, "uv") == uv
    assert run.locked_requirement(lock, "u") is None


@pytest.mark.parametrize("ended", ["exit 3", "SIGTERM", "SIGINT"])
@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to pass on")
def test_exit_codes_and_signals_pass_through(ended):
    child = "import sys; sys.exit(3)" if ended == "exit 3" else "import time; print('up', flush=True); time.sleep(60)"
    # A shell's background job ignores Ctrl-C, and these tests may be one.
    listen = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"import run, signal, sys; {listen}; sys.exit(run.run_to_end([sys.executable, '-c', {child!r}]))"
    outer = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    if ended == "exit 3":
        outer.communicate(timeout=30)
        assert outer.returncode == 3
        return
    assert outer.stdout.readline() == b"up\n"
    outer.send_signal(getattr(signal, ended))
    outer.communicate(timeout=30)
    assert outer.returncode == 128 + getattr(signal, ended)


def test_interrupted_set_up_ends_with_130(checkout, monkeypatch, capsys):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "call", interrupt)
    assert run.main(["validate"]) == 130
    assert "again" in capsys.readouterr().err


@pytest.mark.parametrize("inside", [True, False])
def test_command_works_on_the_project_where_the_user_stands_else_on_the_checkout(checkout, monkeypatch, inside):
    project = checkout / "elsewhere"
    (project / "schema").mkdir(parents=True)
    (project / "below").mkdir()
    if inside:
        (project / "schema" / "codebook.yaml").touch()
    monkeypatch.chdir(project / "below")
    monkeypatch.delenv("STANCEWIRE_PROJECT", raising=False)
    started = []
    monkeypatch.setattr(run, "run_to_end", lambda command, env: started.append((command, env)) or 0)
    assert run.main(["validate", "--json"]) == 0
    ((command, environ),) = started
    assert command == [str(run.executable(checkout / ".venv", "stancewire")), "validate", "--json"]
    assert environ.get("STANCEWIRE_PROJECT") == (None if inside else str(checkout))


@pytest.mark.parametrize(("codes", "expected"), [([0, 0, 0], 0), ([1, 0, 0], 1), ([0, 1, 0], 1), ([1, 1, 5], 5)])
def test_test_runs_all_three_and_fails_if_any_does(checkout, monkeypatch, codes, expected):
    tools = []

    def answer(command, cwd):
        assert cwd == checkout
        tools.append(command[2:])
        return codes[len(tools) - 1]

    monkeypatch.setattr(run, "run_to_end", answer)
    assert run.main(["test", "-k", "offsets"]) == expected
    assert tools == [["ruff", "check", "."], ["mypy"], ["pytest", *run.spread([]), "-k", "offsets"]]


@pytest.mark.parametrize("given", [["-n0"], ["-n", "4"], ["--pdb"], ["--collect-only", "-q"], ["--dist=no", "-v"]])
def test_who_says_how_tests_are_shared_out_is_heard(given: list[str]) -> None:
    assert run.spread(given) == []
    assert run.spread(["-m", "not studio", "-x"]) == ["-n", "auto", "--dist", "loadgroup"]


def test_without_a_command_it_says_how_it_is_used_and_sets_nothing_up(checkout, capsys):
    assert run.main([]) == 2
    assert "run.py pipeline" in capsys.readouterr().out
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("name", LOCKS)
def test_locks_hold_only_hashed_versions_and_name_no_host_or_folder(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"(^|[\s=])(/|[A-Za-z]:\\)", text, re.MULTILINE)
    packages = re.findall(r"^[a-z0-9].*$", text, re.MULTILINE)
    assert len(packages) > 50
    for line in packages:
        assert re.fullmatch(r"[a-z0-9-]+==\S+( ; .+)? \\", line), line
    assert run.locked_requirement(text, "label-studio-sdk") is not None


def test_requirements_lock_holds_what_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["setup"]]
    for extra in ("studio", "test"):
        asked += project["project"]["optional-dependencies"][extra]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for requirement in asked:
        name = re.match(r"[A-Za-z0-9_.-]+", requirement).group().lower()
        assert run.locked_requirement(lock, name) is not None, f"{name} is missing: python3 scripts/run.py lock"
