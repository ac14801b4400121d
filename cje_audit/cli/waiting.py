"""Waiting for a run: progress bars on a terminal, and the exit code at its end."""

import sys
import time

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cje_audit.audit import Audit
from cje_audit.cli.output import STDERR
from cje_audit.domain.checks import STAGES, CheckStatus, Verdict
from cje_audit.domain.errors import AuditError
from cje_audit.domain.report import Report
from cje_audit.domain.views import LiveView, RunRow

POLL_S = 0.1
DONE, SPEAKS, USAGE, INTERRUPTED = 0, 1, 2, 3


def follow(audit: Audit, run: str) -> RunRow:
    """Wait for a run's end, with progress bars when stderr is a terminal; Ctrl-C pauses the run.

    Raises
    ------
    AuditError
        When the run failed, with the run's own sentence.
    """
    try:
        row = _with_bars(audit, run) if sys.stderr.isatty() else audit.wait(run)
    except KeyboardInterrupt:
        audit.pause(run)
        STDERR.print("Pausing; everything finished is kept.")
        row = audit.wait(run, timeout_s=10)
    if row.status == "failed":
        document = audit.failure_document(run)
        raise AuditError(**document) if document is not None else AuditError("The run failed.")
    return row


def _with_bars(audit: Audit, run: str) -> RunRow:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=STDERR) as bars:
        tasks = {name: bars.add_task(name, total=None, start=False, note="") for name in STAGES}
        while True:
            view = audit.live(run)
            _draw(bars, tasks, view)
            if view.final:
                return audit.wait(run)
            time.sleep(POLL_S)


def _draw(bars: Progress, tasks: dict[str, TaskID], view: LiveView) -> None:
    for stage in view.stages:
        if stage.state == "waiting":
            continue
        bars.start_task(tasks[stage.name])
        note = f"{stage.n_failed} failed" if stage.n_failed else ""
        bars.update(tasks[stage.name], total=stage.n_total, completed=stage.n_done, note=note)


def exit_code(row: RunRow, report: Report | None, *, exit_zero: bool) -> int:
    """Return the contract's exit code of a run that has ended."""
    if row.status != "complete" or report is None:
        return INTERRUPTED
    return SPEAKS if speaks(report) and not exit_zero else DONE


def speaks(report: Report) -> bool:
    """Whether a check fails or a policy is refused."""
    refused = any(p.verdict in (Verdict.REFUSE, Verdict.NOT_EVALUATED) for p in report.policies)
    return refused or any(c.status is CheckStatus.FAIL for c in report.checks())
