"""When a process started: only with its start does an id name one process, since ids are given out again."""

import os
import subprocess
from pathlib import Path

PROC = Path("/proc")
STARTED = 19  # the field starttime of /proc/PID/stat (its 22nd), counted after the name: clock ticks since the boot
PS_S = 5.0


def process_start(pid: int) -> str | None:
    """Return when a process started, in the words of the system, only to be compared; None where nobody can tell."""
    return from_proc(pid) if (PROC / "self" / "stat").exists() else from_ps(pid)


def from_proc(pid: int, proc: Path = PROC) -> str | None:
    """Return the boot and the clock ticks since, as Linux tells them."""
    try:
        stat = (proc / f"{pid}" / "stat").read_text(encoding="utf-8", errors="replace")
        boot = (proc / "sys" / "kernel" / "random" / "boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return f"{boot} {stat.rpartition(')')[2].split()[STARTED]}"


def from_ps(pid: int) -> str | None:
    """Return the date and second, as `ps` tells them on macOS; in English and UTC, whoever asks."""
    command = ["ps", "-o", "lstart=", "-p", f"{pid}"]
    env = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PS_S, check=False, env=env)
    except (OSError, subprocess.SubprocessError):
        return None
    return " ".join(done.stdout.split()) or None
