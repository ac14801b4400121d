"""Starting workers and telling whether one still lives."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from cje_audit.domain.views import WorkerState
from cje_audit.store.process_start import process_start
from cje_audit.store.workspace import FINAL, RunRecord

_children: dict[int, "subprocess.Popen[bytes]"] = {}

START_S = 20.0


def spawn(root: Path, run: str, log: Path) -> int:
    """Start the run's worker in a session of its own; return its process id."""
    with log.open("ab") as sink:
        child = subprocess.Popen(
            [sys.executable, "-m", "cje_audit", "worker", run, "--workspace", str(root)],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    _children[child.pid] = child
    return child.pid


def alive(pid: int, started: str | None = None) -> bool:
    """Whether a process runs; one that ended but was not reaped does not, nor one that `started` at another time."""
    child = _children.get(pid)
    if child is not None:
        return child.poll() is None
    return _exists(pid) and not _is_zombie(pid) and _is_the_same(pid, started)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_the_same(pid: int, started: str | None) -> bool:
    """Whether a process is the one that `started` then; where either time is unknown, the id must do."""
    return started is None or process_start(pid) in (None, started)


def _is_zombie(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[:1] == ["Z"]


def end_stuck(pid: int | None, run: str) -> bool:
    """End a worker that gives no sign of life; False where the process cannot be shown to be this run's worker."""
    try:
        told = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    if pid is None or b"worker" not in told or run.encode() not in told:
        return False
    os.kill(pid, signal.SIGKILL)
    return True


def worker_state(record: RunRecord, stall_s: float) -> WorkerState:
    """Return whether a run's worker is starting, alive, stalled (no heartbeat), lost (process gone) or ended."""
    now = time.time()
    if record.status in FINAL:
        return "ended"
    if record.pid is None:
        queued_at = record.created_at if record.heartbeat is None else record.heartbeat
        return "starting" if record.status == "queued" and now - queued_at < START_S else "lost"
    if not alive(record.pid, record.pid_started):
        return "lost"
    if record.status == "queued":
        return "starting"
    fresh = record.heartbeat is not None and now - record.heartbeat <= stall_s
    return "alive" if fresh else "stalled"
