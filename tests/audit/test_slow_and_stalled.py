"""Slow is not stalled: one waits for a server and gives signs of life, the other gives none; nobody is lost by either."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cje_audit.audit import Audit
from cje_audit.audit.processes import alive, end_stuck
from cje_audit.domain.views import LiveView
from tests.pages.conftest import script

STALL_S = 4.0


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Audit]:
    monkeypatch.setenv("CJE_AUDIT_STALL_S", str(STALL_S))
    opened = Audit.open(tmp_path / "workspace")
    yield opened
    opened.close()


def until(audit: Audit, run: str, state: str) -> LiveView:
    """Wait until a run's worker is in a state, and return what the live page shows then."""
    deadline = time.monotonic() + 90
    while (view := audit.live(run)).worker != state:
        assert time.monotonic() < deadline, f"still {view.worker}"
        time.sleep(0.2)
    return view


def pid_of(audit: Audit, run: str) -> int:
    pid = audit._runs.get(run).pid
    assert pid is not None
    return pid


def test_a_server_that_does_not_answer_makes_a_run_slow(audit: Audit, tmp_path: Path) -> None:
    run = audit.launch(script(tmp_path, delay_s=600))
    view = until(audit, run, "slow")
    assert view.answer_age_s is not None and view.answer_age_s > STALL_S
    assert view.heartbeat_age_s is not None and view.heartbeat_age_s <= STALL_S
    assert (view.run.status, view.final) == ("running", False)
    audit.cancel(run)
    assert audit.wait(run, timeout_s=60).status == "cancelled"
    assert audit.live(run).answer_age_s is None


def test_a_run_that_gets_answers_is_neither(audit: Audit, tmp_path: Path) -> None:
    run = audit.launch(script(tmp_path, delay_s=0.3))
    seen = {until(audit, run, "alive").worker}
    while not (view := audit.live(run)).final:
        seen.add(view.worker)
        time.sleep(0.1)
    assert seen <= {"alive", "starting"}
    assert view.run.status == "complete"


def test_a_worker_that_stands_still_is_stalled_and_can_be_cancelled_and_resumed(audit: Audit, tmp_path: Path) -> None:
    run = audit.launch(script(tmp_path, delay_s=0.5))
    until(audit, run, "alive")
    pid = pid_of(audit, run)
    os.kill(pid, signal.SIGSTOP)
    view = until(audit, run, "stalled")
    assert view.heartbeat_age_s is not None and view.heartbeat_age_s > STALL_S
    assert audit.cancel(run).status == "cancelled"
    answered = audit.live(run).n_asked
    audit.resume(run)
    assert audit.wait(run, timeout_s=120).status == "complete"
    assert audit.live(run).n_asked >= answered


def test_only_the_runs_own_worker_is_ended() -> None:
    assert not end_stuck(os.getpid(), "20260101000000-abcdef")
    assert not end_stuck(None, "20260101000000-abcdef")


def test_a_process_that_was_given_the_workers_id_is_not_the_worker(audit: Audit, tmp_path: Path) -> None:
    run = audit.launch(script(tmp_path, delay_s=0.1))
    until(audit, run, "alive")
    os.kill(pid_of(audit, run), signal.SIGKILL)
    until(audit, run, "lost")
    view = audit.live(run)
    assert not [stage.name for stage in view.stages if stage.state == "running" or stage.eta_s is not None]
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        with closing(sqlite3.connect(audit.workspace / "workspace.sqlite")) as db, db:  # as if it had the worker's id
            db.execute("update run set pid = ? where id = ?", (other.pid, run))
            db.execute("update worker set pid = ? where run = ?", (other.pid, run))
        assert alive(other.pid)
        assert audit.live(run).worker == "lost"
        audit.resume(run)
        assert audit.wait(run, timeout_s=120).status == "complete"
        assert other.poll() is None
        other.communicate(b"\n")


def test_where_no_start_was_kept_the_id_must_do(audit: Audit, tmp_path: Path) -> None:
    run = audit.launch(script(tmp_path, delay_s=0.1))
    until(audit, run, "alive")
    with closing(sqlite3.connect(audit.workspace / "workspace.sqlite")) as db, db:  # as an earlier version left it
        assert db.execute("delete from worker where run = ?", (run,)).rowcount == 1
    assert audit.live(run).worker in ("alive", "slow")
    assert audit.wait(run, timeout_s=120).status == "complete"
