"""Which process is meant by a number, and how it is ended.

Process numbers are given out again. A process is therefore named by its number *and* by when it started; one that
does not match is somebody else's and is never touched.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

GRACE_SECONDS = 10.0


def process_identity(pid: int) -> str | None:
    """When process `pid` started, as an opaque string; None where no such process runs (a zombie does not)."""
    if os.name == "nt":
        return _windows_identity(pid)
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name, in parentheses, may hold spaces and parentheses itself; fields are counted from its end.
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{boot} {fields[19]}"
    done = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, env={"LC_ALL": "C"}, check=False
    )
    state, _, started = done.stdout.strip().partition(" ")
    return started.strip() if done.returncode == 0 and started and not state.startswith("Z") else None


def _windows_identity(pid: int) -> str | None:
    query = f"(Get-Process -Id {int(pid)}).StartTime.ToFileTimeUtc()"
    done = subprocess.run(["powershell", "-NoProfile", "-Command", query], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None if done.returncode == 0 else None


def stop_process(pid: int, identity: str | None) -> bool:
    """End the process and its group; first politely, after ten seconds by force. Whether it was running.

    Args:
        identity: what `process_identity` said when it was started; another process of that number is left alone.
    """
    if identity is None or process_identity(pid) != identity:
        _reap(pid)
        return False
    if os.name == "nt":
        subprocess.run(["taskkill", "/PID", str(pid), "/T", "/F"], capture_output=True, check=False)
        return True
    # It was started as the leader of a session of its own, so its group is it and its children.
    leads = os.getpgid(pid) == pid
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            if leads:
                os.killpg(pid, number)
            else:
                os.kill(pid, number)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline:
            _reap(pid)
            if process_identity(pid) != identity:
                return True
            time.sleep(0.05)
    return True


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)
