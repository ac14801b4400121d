"""The live view: what a run is doing this moment, from the small SQLite side only."""

import json
import time

from cje_audit.audit.processes import worker_state
from cje_audit.domain.checks import STAGES
from cje_audit.domain.views import EventRow, LiveStage, LiveView, RunRow
from cje_audit.store.answers import AnswerStore
from cje_audit.store.workspace import ProgressRecord, RunRecord, Workspace, iso

ASKING = ("logging_policy", "target_policy", "judge")


def run_row(workspace: Workspace, record: RunRecord, stall_s: float) -> RunRow:
    """Return one line of the list of runs; a run whose worker is gone is shown as partial."""
    progress = workspace.progress(record.id)
    lost = worker_state(record, stall_s) == "lost"
    return RunRow(
        id=record.id,
        name=record.name,
        kind="launch" if record.kind == "launch" else "import",
        status="partial" if lost else record.status,  # type: ignore[arg-type]  # the table's CHECK names the same words
        created_at=record.created_iso,
        age_s=max(time.time() - record.created_at, 0.0),
        owner=record.owner,
        progress=_share(record, progress),
        sentence=record.sentence,
        verdicts=record.verdicts,
        error=_error(record, lost),
    )


def _error(record: RunRecord, lost: bool) -> str | None:
    if lost:
        return "The worker ended before the run was finished. Nothing that was stored is lost: resume the run."
    return None if record.error is None else str(json.loads(record.error)["sentence"])


def _share(record: RunRecord, progress: dict[str, ProgressRecord]) -> float | None:
    if record.status == "complete":
        return 1.0
    parts = [_stage_share(progress[s]) for s in STAGES if s in progress]
    return sum(parts) / len(STAGES) if parts else None


def _stage_share(record: ProgressRecord) -> float:
    if record.state == "done":
        return 1.0
    if not record.n_total or record.n_done is None:
        return 0.0
    return min(record.n_done / record.n_total, 1.0)


def live_view(workspace: Workspace, answers: AnswerStore, record: RunRecord, stall_s: float) -> LiveView:
    """Return the whole live view of a run."""
    now = time.time()
    events = workspace.events(record.id)
    counts = answers.counts(record.id)
    progress = workspace.progress(record.id)
    state = worker_state(record, stall_s)
    silence = _silence(record, progress, answers.last_end(record.id), now) if state == "alive" else None
    final = state in ("ended", "lost")
    reused = sum(p.n_reused for p in progress.values() if p.n_reused is not None)
    return LiveView(
        run=run_row(workspace, record, stall_s),
        stages=tuple(_stage(name, progress.get(name), now, final=final) for name in STAGES),
        failures=answers.failures_by_code(record.id),
        worker="slow" if silence is not None and silence > stall_s else state,
        heartbeat_age_s=None if record.heartbeat is None else max(now - record.heartbeat, 0.0),
        answer_age_s=silence,
        last_event_age_s=max(now - events[0].at, 0.0) if events else None,
        n_asked=counts.ok + counts.failed,
        n_reused=reused,
        possibly_paid_twice=counts.lost,
        events=tuple(EventRow(at=iso(e.at), stage=e.stage, text=e.text) for e in events),
        final=final,
    )


def _silence(
    record: RunRecord, progress: dict[str, ProgressRecord], last_end: float | None, now: float
) -> float | None:
    """Return for how many seconds no model has answered; None while none is being asked."""
    begun = [p.started for s, p in progress.items() if s in ASKING and p.state == "running" and p.started is not None]
    if record.kind != "launch" or not begun:
        return None
    return max(now - max(begun if last_end is None else [*begun, last_end]), 0.0)


def _stage(name: str, record: ProgressRecord | None, now: float, *, final: bool) -> LiveStage:
    """Return how far a stage is; one whose worker is gone is at work no more and waits for the run to be resumed."""
    if record is None:
        return LiveStage(name=name, state="waiting")
    state = "waiting" if final and record.state == "running" else record.state
    running = state == "running"
    elapsed = record.seconds if record.seconds is not None or record.started is None else now - record.started
    rate, eta = _rate(record, elapsed) if running else (None, None)
    return LiveStage(
        name=name,
        state=state,  # type: ignore[arg-type]  # written by this engine only
        n_total=record.n_total,
        n_done=record.n_done,
        n_failed=record.n_failed,
        n_reused=record.n_reused,
        rate_per_s=rate,
        eta_s=eta,
        seconds=elapsed,
    )


def _rate(record: ProgressRecord, elapsed: float | None) -> tuple[float | None, float | None]:
    """Return rows per second and seconds left, counting only rows that were really asked."""
    if elapsed is None or elapsed <= 0 or record.n_done is None:
        return None, None
    asked = record.n_done - (record.n_reused if record.n_reused is not None else 0)
    rate = asked / elapsed
    if rate <= 0 or record.n_total is None:
        return None, None
    return rate, max(record.n_total - record.n_done, 0) / rate
