"""The embedded server: starts, stops, heals itself, keeps its secrets, and never ends anybody else's process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stancewire.errors import StudioError
from stancewire.label_studio import environment
from stancewire.label_studio.environment import (
    DATABASE,
    place_database,
    read_secrets,
    server_environment,
    server_python,
    write_private,
)
from stancewire.label_studio.process import process_identity, stop_process
from stancewire.label_studio.server import (
    Studio,
    backup_database,
    find_server,
    start_server,
    stop_server,
)

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def sleeper() -> object:
    process = subprocess.Popen(SLEEP, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def write_state(studio: Path, pid: int, identity: str | None, port: int = 1) -> None:
    studio.mkdir(parents=True, exist_ok=True)
    state = {"pid": pid, "identity": identity, "port": port, "url": f"http://127.0.0.1:{port}"}
    (studio / "server.json").write_text(json.dumps(state))


def test_process_is_stopped_with_its_children(sleeper: subprocess.Popen[bytes]) -> None:
    identity = process_identity(sleeper.pid)
    assert identity is not None
    assert stop_process(sleeper.pid, identity)
    assert process_identity(sleeper.pid) is None
    assert not stop_process(sleeper.pid, identity)


def test_stale_number_is_never_killed(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    write_state(tmp_path, sleeper.pid, "another boot 12345")
    read_secrets(tmp_path)
    assert find_server(tmp_path) is None
    assert not stop_server(tmp_path)
    assert sleeper.poll() is None, "the process that has the number now still runs"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', "null"])
def test_broken_state_file_names_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / "server.json").write_text(content)
    assert find_server(tmp_path) is None and not stop_server(tmp_path)


def test_secrets_are_random_private_and_kept(tmp_path: Path) -> None:
    keys, other = read_secrets(tmp_path / "a"), read_secrets(tmp_path / "b")
    assert keys == read_secrets(tmp_path / "a")
    assert all(keys[name] != other[name] for name in ("password", "token", "secret_key"))
    assert (tmp_path / "a" / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_private_file_is_private_also_where_an_open_one_stood(tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    path.write_text("{}")
    path.chmod(0o644)
    write_private(path, "{}\n")
    assert path.stat().st_mode & 0o777 == 0o600


def test_environment_of_the_server_makes_no_outside_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PORT", "DJANGO_DB", "LABEL_STUDIO_API_KEY", "POSTGRE_HOST", "SENTRY_DSN", "DATABASE_NAME"):
        monkeypatch.setenv(name, "astray")
    made = server_environment(tmp_path, read_secrets(tmp_path))
    assert "astray" not in made.values()
    assert made["COLLECT_ANALYTICS"] == made["LATEST_VERSION_CHECK"] == "false" and made["SENTRY_DSN"] == ""


def test_set_up_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STANCEWIRE_STUDIO_PYTHON", raising=False)
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(StudioError, match="could not be made") as error:
        server_python()
    assert "studio-env" in str(error.value)


def test_template_that_was_killed_halfway_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / ".studio" / "server" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        "#!/bin/sh\n"
        'made="$LABEL_STUDIO_BASE_DATA_DIR/label_studio.sqlite3"\n'
        'case "$2" in *importlib*) echo 1.2.3 ;; *) echo made > "$made" ;; esac\n'
    )
    python.chmod(0o755)
    home = tmp_path / ".studio"
    (home / "template-1.2.3.making-999999999").mkdir()
    (home / "template-1.2.3").mkdir()  # without a database
    studio = tmp_path / "project"
    (studio / ".data.copying").mkdir(parents=True)
    place_database(studio, python)
    assert (studio / "data" / DATABASE).read_text() == "made\n"
    assert (studio / "data").stat().st_mode & 0o777 == 0o700
    assert sorted(p.name for p in home.iterdir()) == ["server", "template-1.2.3"]
    assert not (studio / ".data.copying").exists()
    monkeypatch.setattr(environment, "_template", None)  # a database that is there is kept
    place_database(studio, python)


def test_template_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    python = tmp_path / ".studio" / "server" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\ncase "$2" in *importlib*) echo 1.2.3 ;; *) echo disk full; exit 3 ;; esac\n')
    python.chmod(0o755)
    with pytest.raises(StudioError, match="disk full"):
        place_database(tmp_path / "project", python)
    assert sorted(p.name for p in (tmp_path / ".studio").iterdir()) == ["server", "template.log"]


@pytest.mark.studio
class TestRunningServer:
    """What only a real server shows."""

    def test_no_secret_in_the_arguments(self, studio_server: Studio) -> None:
        command = Path(f"/proc/{studio_server.pid}/cmdline")
        if not command.exists():
            pytest.skip("this system has no /proc")
        arguments = command.read_bytes().decode()
        assert "label_studio" in arguments
        assert studio_server.password not in arguments and studio_server.token not in arguments
        assert studio_server.password not in repr(studio_server) and studio_server.token not in repr(studio_server)

    def test_log_holds_no_secret(self, studio_server: Studio) -> None:
        text = studio_server.log.read_text(encoding="utf-8")
        keys = read_secrets(studio_server.log.parent)
        assert not [name for name in ("password", "token", "secret_key") if keys[name] in text]
        assert studio_server.log.stat().st_mode & 0o777 == 0o600

    def test_only_loopback_is_listened_on(self, studio_server: Studio) -> None:
        port = int(studio_server.url.rpartition(":")[2])
        table = Path("/proc/net/tcp")
        if not table.exists():
            pytest.skip("this system has no /proc")
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
        listening = [row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]
        assert listening == ["0100007F"]

    def test_starting_twice_finds_it_running(self, studio_server: Studio) -> None:
        assert start_server(studio_server.log.parent) == studio_server
        with pytest.raises(StudioError, match="already runs at"):
            start_server(studio_server.log.parent, port=1)

    def test_backup_is_a_whole_private_copy(self, studio_server: Studio, tmp_path: Path) -> None:
        copy = tmp_path / "copy.sqlite3"
        backup_database(studio_server.log.parent, copy)
        assert copy.stat().st_mode & 0o777 == 0o600
        with sqlite3.connect(copy) as database:
            assert ("admin@annotators.invalid",) in database.execute("select email from htx_user").fetchall()
        database.close()
        with pytest.raises(StudioError, match="not overwritten"):
            backup_database(studio_server.log.parent, copy)

    def test_busy_port_is_an_error_and_leaves_nothing(self, studio_server: Studio, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with pytest.raises(StudioError, match="is taken"):
                start_server(tmp_path / ".studio", port=taken.getsockname()[1])
        assert find_server(tmp_path / ".studio") is None

    def test_killed_server_starts_again_with_its_data_and_lost_secrets_are_told(
        self, studio_server: Studio, tmp_path: Path
    ) -> None:
        studio = tmp_path / ".studio"
        first = start_server(studio, bound=True)
        os.killpg(first.pid, signal.SIGKILL)
        while process_identity(first.pid) is not None:
            time.sleep(0.05)
        assert find_server(studio) is None
        again = start_server(studio, bound=True)
        assert (again.url, again.token) == (first.url, first.token) and again.pid != first.pid
        assert stop_server(studio) and not stop_server(studio)
        kept = (studio / "secrets.json").read_bytes()
        (studio / "secrets.json").unlink()
        with pytest.raises(StudioError, match="--fresh"):
            start_server(studio, bound=True)
        assert find_server(studio) is None, "and the server that nobody can use is stopped"
        (studio / "secrets.json").write_bytes(kept)
        assert start_server(studio, bound=True).token == first.token
        assert stop_server(studio)

    def test_bound_server_ends_with_its_parent_however_that_ends(self, studio_server: Studio, tmp_path: Path) -> None:
        studio = tmp_path / ".studio"
        code = (
            "import sys, time; from pathlib import Path\n"
            "from stancewire.label_studio.server import start_server\n"
            "print(start_server(Path(sys.argv[1]), bound=True).pid, flush=True); time.sleep(600)"
        )
        with subprocess.Popen([sys.executable, "-c", code, str(studio)], stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            assert process_identity(pid) is not None
            parent.kill()
        deadline = time.monotonic() + 10
        while process_identity(pid) is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process_identity(pid) is None
