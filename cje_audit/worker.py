"""The detached process that executes one run: it alone writes the run's tables, and it outlives browser and server."""

import json
import logging
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

from cje_audit.domain.errors import AuditError
from cje_audit.domain.report import Report
from cje_audit.stages.asking import FailedFast
from cje_audit.stages.base import StopRequested, StopSignal
from cje_audit.stages.runner import run_stages
from cje_audit.store.answers import AnswerStore
from cje_audit.store.workspace import Workspace

HEARTBEAT_S, REQUEST_S = 1.0, 0.2
COMPLETE, FAILED, STOPPED = 0, 1, 3
LOG = logging.getLogger("cje_audit.worker")
STOPPED_AS = {"cancel": "cancelled", "pause": "partial", "budget": "partial"}
STOPPED_TEXT = {
    "cancel": "The run was cancelled; finished answers are kept.",
    "pause": "The run is paused; resume goes on from here.",
    "budget": "The cost cap (max_cost) was reached: the run is paused with the code budget. Raise it and resume.",
}
RAISE_CAP = "Run: cje-audit resume RUN --max-cost AMOUNT"


def work(root: Path, run: str) -> int:
    """Execute a run to its end; return `COMPLETE`, `STOPPED`, or `FAILED` (also when another worker holds it)."""
    workspace = Workspace(root)
    answers = AnswerStore(root / "answers.sqlite")
    pid = os.getpid()
    if not workspace.claim(run, pid):
        LOG.error("run %s is held by another worker", run)
        return FAILED
    stop = StopSignal()
    beat = threading.Thread(target=_beat, args=(root, run, pid, stop), daemon=True)
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set("pause"))
    beat.start()
    try:
        return _execute(workspace, answers, run, stop)
    finally:
        workspace.release(run, pid)
        answers.close()


def _beat(root: Path, run: str, pid: int, stop: StopSignal) -> None:
    """Write the heartbeat and pass on what people ask; on a connection of its own."""
    workspace = Workspace(root)
    beat_at = float("-inf")
    while True:
        if time.monotonic() - beat_at >= HEARTBEAT_S:
            beat_at = time.monotonic()
            workspace.heartbeat(run, pid)
        request = workspace.requested(run)
        if request is not None:
            stop.set(request)
        time.sleep(REQUEST_S)


def _execute(workspace: Workspace, answers: AnswerStore, run: str, stop: StopSignal) -> int:
    lost = answers.mark_lost(run)
    if lost:
        workspace.event(run, f"{lost} requests were in flight when an earlier worker ended; they may be paid twice.")
    try:
        report = run_stages(workspace, answers, workspace.get(run), stop)
    except StopRequested as stopped:
        text = STOPPED_TEXT[stopped.reason]
        capped = AuditError(text, what_to_do=RAISE_CAP) if stopped.reason == "budget" else None
        _end(workspace, run, STOPPED_AS[stopped.reason], text, capped)
        return STOPPED
    except FailedFast as error:
        _end(
            workspace,
            run,
            "failed",
            str(error),
            AuditError(str(error), what_to_do="Resume, or set on_failure: mark_missing."),
        )
        return FAILED
    except AuditError as error:
        LOG.exception("the run failed")
        _end(workspace, run, "failed", error.sentence, error)
        return FAILED
    except Exception as error:
        LOG.exception("the run failed")
        plain = AuditError(
            f"The run stopped on an unexpected error ({type(error).__name__}).",
            what_to_do=f"Resume it; if it happens again, report {workspace.run_dir(run) / 'worker.log'}.",
        )
        _end(workspace, run, "failed", plain.sentence, plain)
        return FAILED
    _complete(workspace, run, report)
    return COMPLETE


def _end(workspace: Workspace, run: str, status: str, text: str, error: AuditError | None = None) -> None:
    document = None if error is None else json.dumps(error.document(), ensure_ascii=False)
    for stage, record in workspace.progress(run).items():
        if record.state == "running":
            workspace.set_progress(run, replace(record, state="failed" if status == "failed" else "waiting"))
            workspace.event(run, text, stage)
    workspace.update(run, status=status, finished_at=time.time(), error=document, request=None)
    workspace.event(run, text)


def _complete(workspace: Workspace, run: str, report: Report) -> None:
    verdicts = {p.name: str(p.verdict) for p in report.policies}
    workspace.update(
        run,
        status="complete",
        finished_at=time.time(),
        sentence=report.summary.sentence,
        verdicts=verdicts,
        error=None,
        request=None,
    )
    workspace.event(run, "The run is complete.")
